"""Put one version together from what the stages made: its key, its record and its objects. Pure but for its scratch."""

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from votd.flows.facts import Facts
from votd.media.captions import webvtt
from votd.media.delivery.publish import version_folder
from votd.media.model import CaptionTrack, CueVerdict, Encoding, MediaInfo, Quality, Recognition, Transcript
from votd.media.player.page import page, page_digest, player_file
from votd.media.player.structured import absolute, oembed, structured
from votd.media.record import (
    Record,
    RecordArticle,
    RecordCaptions,
    RecordChapter,
    RecordLoudness,
    RecordRendition,
    RecordSpeech,
    Source,
)
from votd.media.schema import canonical, dump
from votd.media.video import dash, hls
from votd.media.video.ladder import display_size

ENCODING = "encoding.json"
STEPS = {"source": 1, "probe": 2, "audio": 2, "encode": 2, "transcript": 2, "names": 1, "version": 4, "verify": 1}
"""The number of each step: raise it when what the step makes changes. Every video is a new version then, and what the
step made is made again; ``version`` is what is written below. The page counts by its own digest."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished encode: its measured tracks, its folder here, and its folder in the store.

    Without a ``folder`` all of it stands in the store already.
    """

    encoding: Encoding
    folder: Path | None
    place: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far a machine's track can be trusted, a verdict for each of its cues; one that was not published too."""

    track: CaptionTrack
    withheld: bool
    quality: Quality
    verdicts: tuple[CueVerdict, ...]


@dataclass(frozen=True, slots=True)
class Speech:
    """What was said and what will be read.

    ``recognitions`` are the machine's, the second a translation; ``tracks`` what is read, a person's or made from them.
    ``doubts`` are sentences for the producer; ``again`` is true where the night should try once more.
    """

    transcript: Transcript | None = None
    tracks: tuple[CaptionTrack, ...] = ()
    model: str | None = None
    script: float | None = None
    doubts: tuple[str, ...] = ()
    again: bool = False
    recognitions: tuple[Recognition, ...] = ()
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that one version is made of; ``public`` is the store's public address, where it has one."""

    facts: Facts
    source: Source
    encoded: Encoded
    speech: Speech
    articles: tuple[RecordArticle, ...]
    language: str | None
    chapters: tuple[RecordChapter, ...] = ()
    public: str | None = None


def measured(sha256: str, info: MediaInfo) -> Source:
    """Return what the record says of a source."""
    video = info.video
    assert video is not None  # judged before anything was encoded
    width, height = display_size(video)
    return Source(
        sha256=sha256,
        width=width,
        height=height,
        frame_rate=round(float(video.frame_rate), 3),
        duration_ms=max(info.duration_ms, info.available_ms),  # a header may promise too little
    )


def version(parts: Parts) -> str:
    """Return the key of a version: the hash of what it is made of, and of nothing else.

    Scores are left out: they move when other candidates come and go.
    """
    said = parts.speech
    made_of = [
        STEPS,
        page_digest(),
        parts.source.sha256,
        parts.encoded.place,
        {name: str(value) for name, value in dataclasses.asdict(parts.facts).items()},
        parts.language,
        [hashlib.sha256(dump(track)).hexdigest() for track in said.tracks],
        said.transcript and hashlib.sha256(dump(said.transcript)).hexdigest(),
        [said.model, said.script] if said.tracks else None,
        [a.model_dump(mode="json", exclude={"score", "basis"}) for a in parts.articles],
        [c.model_dump() for c in parts.chapters],
        parts.public,
    ]
    return hashlib.sha256(canonical(made_of)).hexdigest()[:16]


def assemble(
    parts: Parts, scratch: Path, published_at: dt.datetime | None, now: dt.datetime
) -> tuple[Record, dict[str, Path | bytes]]:
    """Write a version's own files into ``scratch``; return its record and every object that it needs, by key."""
    folder = version_folder(parts.facts.id, version(parts))
    captions = _captions(parts, scratch, folder)
    record = _record(parts, folder, [c for c, _ in captions], published_at or now, now)
    root = "../" * (folder.count("/") + 1)
    player, script = player_file()
    own: dict[str, Path | bytes] = {
        f"{folder}/{path.relative_to(scratch)}": path for path in scratch.rglob("*") if path.is_file()
    }
    base = f"{root}{parts.encoded.place}/"
    encoding = _spoken(parts)
    own[f"{folder}/master.m3u8"] = hls.master_playlist(encoding, base, [s for _, s in captions]).encode()
    whole = [dataclasses.replace(s, uri=c.vtt.removeprefix(f"{folder}/")) for c, s in captions]
    own[f"{folder}/manifest.mpd"] = dash.mpd(encoding, base, whole).encode()
    if parts.speech.transcript:
        own[f"{folder}/transcript.json"] = dump(parts.speech.transcript)
    said = parts.speech.transcript.text if parts.speech.transcript else None
    own[record.page] = page(record, root, player, public=parts.public, transcript=said).encode()
    own[f"{folder}/embed.html"] = page(record, root, player, public=parts.public, alone=True).encode()
    if parts.public:
        address = absolute(parts.public)
        own[f"{folder}/structured.json"] = _json(structured(record, address, said))
        own[f"{folder}/oembed.json"] = _json(oembed(record, address))
    return record, {**_media(parts.encoded), player: script, **own}


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"


def _spoken(parts: Parts) -> Encoding:
    """Give the first sound the language of the speech where it says none, and no other one has it."""
    encoding = parts.encoded.encoding
    if not encoding.audio or encoding.audio[0].language or parts.language in {t.language for t in encoding.audio}:
        return encoding
    first = dataclasses.replace(encoding.audio[0], language=parts.language)
    return dataclasses.replace(encoding, audio=(first, *encoding.audio[1:]))


def _captions(parts: Parts, scratch: Path, folder: str) -> list[tuple[RecordCaptions, hls.SubtitleTrack]]:
    made: list[tuple[RecordCaptions, hls.SubtitleTrack]] = []
    longest = max(s.duration for s in parts.encoded.encoding.video[0].segments)
    segment_ms = round(longest * 1000 / parts.encoded.encoding.video[0].timescale)
    for track in parts.speech.tracks:
        (scratch / "captions").mkdir(exist_ok=True)
        files = webvtt.write(
            track, scratch / "captions", duration_ms=parts.encoded.encoding.duration_ms, segment_ms=segment_ms
        )
        entry = RecordCaptions(
            language=track.language,
            kind=track.kind,
            label=track.label,
            vtt=f"{folder}/captions/{files.vtt}",
            srt=f"{folder}/captions/{files.srt}",
            origin=track.origin,
            doubtful=track.doubtful,
        )
        uri = f"captions/{files.hls}"
        made.append((entry, hls.SubtitleTrack(uri=uri, language=track.language, name=track.label, default=not made)))
    return made


def _record(
    parts: Parts, folder: str, captions: Sequence[RecordCaptions], published_at: dt.datetime, now: dt.datetime
) -> Record:
    facts, place, said, encoding = parts.facts, parts.encoded.place, parts.speech, parts.encoded.encoding
    return Record(
        id=facts.id,
        version=version(parts),
        date=facts.date,
        published_at=published_at,
        updated_at=now,
        title=facts.title,
        description=facts.description,
        commentator=facts.commentator,
        rubric=facts.rubric,
        duration_ms=encoding.duration_ms,
        language=parts.language,
        source=parts.source,
        hls=f"{folder}/master.m3u8",
        dash=f"{folder}/manifest.mpd",
        mp4=f"{place}/{encoding.mp4}",
        poster=f"{place}/{encoding.stills.poster}",
        share_image=f"{place}/{encoding.stills.share}",
        storyboard=f"{place}/{encoding.stills.storyboard}",
        loudness=_loudness(encoding),
        renditions=_renditions(parts.encoded),
        captions=tuple(captions),
        transcript=f"{folder}/transcript.json" if said.transcript else None,
        articles=parts.articles,
        speech=RecordSpeech(model=said.model, script=said.script) if said.model and said.tracks else None,
        page=f"{folder}/index.html",
        chapters=parts.chapters,
        embed=f"{folder}/embed.html",
        structured=f"{folder}/structured.json" if parts.public else None,
        oembed=f"{folder}/oembed.json" if parts.public else None,
    )


def _loudness(encoding: Encoding) -> RecordLoudness | None:
    """Return the first sound's, which is what a player starts with."""
    if not encoding.sounds:
        return None
    sound = encoding.sounds[0]
    return RecordLoudness(
        integrated_lufs=sound.result.integrated_lufs,
        true_peak_dbtp=sound.result.true_peak_dbtp,
        target_lufs=sound.level.target_lufs,
    )


def _renditions(encoded: Encoded) -> tuple[RecordRendition, ...]:
    made = []
    audio = encoded.encoding.audio[0] if encoded.encoding.audio else None
    for track in encoded.encoding.video:
        peak, average = hls.bitrates(track, audio)
        assert track.width and track.height and track.frame_rate  # every video track is measured
        made.append(
            RecordRendition(
                width=track.width,
                height=track.height,
                frame_rate=round(float(track.frame_rate), 3),
                codecs=",".join([track.codec, *([audio.codec] if audio else [])]),
                bitrate=average,
                peak_bitrate=peak,
                playlist=f"{encoded.place}/{track.name}/index.m3u8",
            )
        )
    return tuple(made)


def _media(encoded: Encoded) -> dict[str, Path | bytes]:
    """List what an encode publishes: its tracks, its MP4, its stills, and the notes from which a version is made."""
    if encoded.folder is None:
        return {}
    encoding, stills = encoded.encoding, encoded.encoding.stills
    names = [ENCODING, encoding.mp4, stills.poster, stills.share, stills.sprite, stills.storyboard]
    for track in (*encoding.video, *encoding.audio):
        files = (hls.PLAYLIST, track.init, *(segment.name for segment in track.segments))
        names += [f"{track.name}/{name}" for name in files]
    names += [f"{track.name}/{hls.I_FRAMES}" for track in encoding.video]
    return {f"{encoded.place}/{name}": encoded.folder / name for name in names}
