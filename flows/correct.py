"""``votd correct``: a person's captions for a video that stands, and what derives from them; no media is touched."""

import asyncio
import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from votd.config.settings import Settings
from votd.flows.relink import standing_parts
from votd.flows.request import language_of
from votd.flows.speech import UNDETERMINED, glossary, track_label
from votd.flows.steps import Steps
from votd.media import errors
from votd.media.captions import compare
from votd.media.captions.compare import Change
from votd.media.captions.read import read
from votd.media.delivery import publish as delivery
from votd.media.delivery.publish import Publication
from votd.media.model import CaptionTrack
from votd.media.record import Record


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction came to: ``names`` are those among the changed words that look like names."""

    published: Publication
    changes: tuple[Change, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]


async def correct(id_: str, file: Path, language: str | None, steps: Steps) -> Correction:
    """Publish a new version of a video with the captions of ``file``, WebVTT or SubRip.

    The language is the one given, else the one in the file's name, else the only track's. Raises ``BadRequest`` for an
    id or a language that is not there, ``RejectedSource`` for a file that cannot be read.
    """
    if not file.is_file():
        raise errors.BadRequest(f"There is no file {file}.")
    standing = delivery.current_record(steps.store, id_)
    if standing is None:
        raise errors.BadRequest(f"There is no video {id_} at {steps.address}: votd status lists what there is.")
    found = await asyncio.to_thread(
        read, file, standing.duration_ms, Fraction(standing.renditions[0].frame_rate).limit_denominator(1001)
    )
    if not found.cues:
        raise errors.RejectedSource(f"{file.name} has no captions in it: nothing was changed.")
    kept = await steps.kept_speech(standing)
    tag = _language(language, file, standing)
    said = kept.transcript.language if kept.transcript and kept.transcript.utterances else standing.language
    spoken = said in (None, tag)
    before = kept.transcript if spoken else None
    after = compare.transcript(found.cues, before, tag, standing.duration_ms)
    track = CaptionTrack(
        tag, "captions" if spoken else "subtitles", track_label(tag, "corrected"), "corrected", found.cues
    )
    tracks = _with(track, kept.tracks)
    speech = dataclasses.replace(kept, transcript=after if spoken else kept.transcript, tracks=tracks)
    if spoken:  # no word of the transcript is the recogniser's alone any more
        speech = dataclasses.replace(speech, model=None, script=None)
    parts = dataclasses.replace(
        await standing_parts(steps, standing, speech), language=standing.language or (tag if spoken else None)
    )
    done = await steps.publish(parts, standing)
    changed = compare.changes(before, after) if before else ()
    return Correction(done, changed, compare.names(changed), found.notes)


def learn(settings: Settings, names: tuple[str, ...]) -> tuple[str, ...]:
    """Add names to the glossary; return those that were new."""
    known, file = set(glossary(settings)), settings.glossary_file
    fresh = tuple(name for name in names if name not in known)
    if fresh:
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8-sig").rstrip("\n").splitlines() if file.exists() else []
        whole = file.with_name(f"{file.name}.part")
        whole.write_text("\n".join([*before, *fresh]) + "\n", encoding="utf-8")
        whole.replace(file)
    return fresh


def _language(given: str | None, file: Path, standing: Record) -> str:
    tags = [captions.language for captions in standing.captions if captions.language != UNDETERMINED]
    tag = given or language_of(file) or standing.language or (tags[0] if len(tags) == 1 else None)
    if tag is None:
        raise errors.BadRequest("Say in which language these captions are: --language mk.")
    return tag


def _with(track: CaptionTrack, tracks: tuple[CaptionTrack, ...]) -> tuple[CaptionTrack, ...]:
    """Put a track in the place of its language's, or first; an empty one that said "no speech" goes."""
    others = tuple(t for t in tracks if t.language.lower() != track.language.lower() and t.language != UNDETERMINED)
    return (track, *others) if track.kind == "captions" else (*others, track)
