"""``votd correct``: a person's captions for a video that stands, and what derives from them; no media is touched."""

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from votd.config.settings import Settings
from votd.flows.assemble import Parts
from votd.flows.facts import Facts
from votd.flows.steps import UNDETERMINED, Steps, glossary, track_label
from votd.media import errors
from votd.media.captions import compare
from votd.media.captions.compare import Change
from votd.media.captions.read import read
from votd.media.delivery import publish as delivery
from votd.media.delivery.publish import Publication
from votd.media.model import CaptionTrack, Transcript
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
    found = read(file, standing.duration_ms, Fraction(standing.renditions[0].frame_rate).limit_denominator(1001))
    kept = await steps.kept_speech(standing)
    tag = _language(language, file, standing)
    spoken = tag == standing.language or not kept.transcript or tag == kept.transcript.language
    before = kept.transcript if spoken else None
    after = compare.transcript(found.cues, before, tag, standing.duration_ms)
    track = CaptionTrack(
        tag, "captions" if spoken else "subtitles", track_label(tag, "corrected"), "corrected", found.cues
    )
    speech = dataclasses.replace(
        kept, transcript=after if spoken else kept.transcript, tracks=_with(track, kept.tracks)
    )
    parts = Parts(
        facts=_facts(standing),
        source=standing.source,
        encoded=await steps.kept_encode(standing),
        speech=speech,
        articles=standing.articles,
        language=standing.language or (tag if spoken else None),
    )
    done = await steps.publish(parts, standing)
    changed = compare.changes(before or Transcript(tag, 1.0, standing.duration_ms, ()), after) if before else ()
    return Correction(done, changed, compare.names(changed), found.notes)


def learn(settings: Settings, names: tuple[str, ...]) -> tuple[str, ...]:
    """Add names to the glossary; return those that were new."""
    known = set(glossary(settings))
    fresh = tuple(name for name in names if name not in known)
    if fresh:
        settings.glossary_file.parent.mkdir(parents=True, exist_ok=True)
        with settings.glossary_file.open("a", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in fresh))
    return fresh


def _language(given: str | None, file: Path, standing: Record) -> str:
    middle = file.stem.rpartition(".")[2] if "." in file.stem else None
    tags = [captions.language for captions in standing.captions]
    if given or middle in tags:
        return given or str(middle)
    if standing.language or len(tags) == 1:
        return standing.language or tags[0]
    shown = ", ".join(tags) or UNDETERMINED
    raise errors.BadRequest(f"Say which captions these are with --language; the video has {shown}.")


def _with(track: CaptionTrack, tracks: tuple[CaptionTrack, ...]) -> tuple[CaptionTrack, ...]:
    """Put a track in the place of its language's, or first; an empty one that said "no speech" goes."""
    others = tuple(t for t in tracks if t.language not in (track.language, UNDETERMINED))
    return (track, *others) if track.kind == "captions" else (*others, track)


def _facts(standing: Record) -> Facts:
    return Facts(
        id=standing.id,
        date=standing.date,
        title=standing.title,
        description=standing.description,
        commentator=standing.commentator,
        rubric=standing.rubric,
    )
