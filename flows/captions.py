"""The captions of one video: what a person gave, and what is made of what was heard. Pure, but for reading files."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

from votd.config import profiles
from votd.config.settings import Settings
from votd.flows.assemble import Encoded, Judgement, Speech
from votd.flows.request import Request
from votd.flows.speech import UNDETERMINED, primary, script_of, track_label, unquestioned, untold
from votd.media.captions import compare
from votd.media.captions.cues import cues
from votd.media.captions.quality import judge
from votd.media.captions.read import Read, read
from votd.media.model import CaptionOrigin, CaptionTrack, MediaInfo, Recognition
from votd.media.source.names import shown


@dataclass(frozen=True, slots=True)
class Given:
    """What a person laid beside a video, read: captions by file name and language, and the script's paragraphs."""

    captions: tuple[tuple[str, str | None, Read], ...]
    script: tuple[str, ...] | None
    duration_ms: int


def given(request: Request, info: MediaInfo) -> Given:
    """Read it before hours of work are done; WebVTT and named languages first. Raises ``RejectedSource``."""
    assert info.video is not None  # judged before
    rate = info.video.frame_rate
    files = sorted(request.captions or (), key=lambda each: (each[0].suffix.lower() != ".vtt", each[1] is None))
    captions = tuple((shown(file.name), tag, read(file, info.available_ms, rate)) for file, tag in files)
    return Given(captions, script_of(request.script) if request.script else None, info.available_ms)


def persons(beside: Given, spoken: str | None) -> Speech:
    """Make the tracks of a person's files; those in the language that is ``spoken`` are the transcript too."""
    if spoken is None and len(beside.captions) == 1:
        spoken = beside.captions[0][1]  # what else could it be
    tracks: dict[str, CaptionTrack] = {}
    doubts: list[str] = []
    transcript = None
    for name, named, found in beside.captions:
        tag = named or spoken or UNDETERMINED
        if tag.lower() in tracks:
            doubts.append(f"{name} is left aside: there are other captions in this language.")
            continue
        own = spoken is None or primary(tag) == primary(spoken)
        kind: Literal["captions", "subtitles"] = "captions" if own else "subtitles"
        tracks[tag.lower()] = CaptionTrack(tag, kind, track_label(tag, "human"), "human", found.cues)
        doubts += [f"{name}: {note}" for note in found.notes]
        if own and transcript is None:
            transcript = compare.transcript(found.cues, None, tag, beside.duration_ms)
    return Speech(transcript, tuple(tracks.values()), doubts=tuple(doubts))


def captioned(speech: Speech, encoded: Encoded, settings: Settings) -> Speech:
    """Make the tracks of what was recognised; those of a person stay as they are. No speech gives an empty one."""
    judged = [_judged(heard, speech, encoded, settings) for heard in speech.recognitions if not untold(heard)]
    tracks, transcript, doubts = list(speech.tracks), speech.transcript, list(speech.doubts)
    for judgement in judged:
        if judgement.withheld:
            share = judgement.quality.doubtful
            doubts.append(f"{judgement.track.label} is withheld: {share:.0%} of it is doubtful.")
            transcript = None if judgement.track.kind == "captions" else transcript
        elif judgement.track.language.lower() not in {track.language.lower() for track in tracks}:
            tracks.append(judgement.track)
    tracks.sort(key=lambda track: track.kind)  # captions before subtitles: the first one is the default
    return dataclasses.replace(
        speech, transcript=transcript, tracks=tuple(tracks), doubts=tuple(doubts), judgements=tuple(judged)
    )


def _judged(heard: Recognition, speech: Speech, encoded: Encoded, settings: Settings) -> Judgement:
    video, said = encoded.encoding.video[0], heard.transcript
    assert video.width and video.height and video.frame_rate  # every video track is measured
    style = profiles.caption_style(portrait=video.height > video.width)
    read_along = cues(said, style, profiles.word_classes(said.language), encoded.encoding.shots, video.frame_rate)
    # An aligner's probabilities tell what was spoken, not what is right: the script is.
    sure = said if heard.script is None else unquestioned(said)
    verdicts, quality = judge(read_along, sure, heard.findings, style, video.frame_rate)
    translated = heard is not speech.recognitions[0]
    origin: CaptionOrigin = "translated" if translated else "machine" if heard.script is None else "script"
    kind: Literal["captions", "subtitles"] = "subtitles" if translated else "captions"
    share = round(quality.doubtful, 3)
    track = CaptionTrack(said.language, kind, track_label(said.language, origin), origin, read_along, share)
    withheld = origin != "script" and settings.withhold and share > settings.doubtful
    return Judgement(track, withheld, quality, verdicts)
