"""Who a video is: its id for ever, and what is known and said about it."""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from slugify import slugify

from votd.flows.request import Request
from votd.media.record import Index, Record

SLUG_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Identity:
    """The id that a source's bytes got when they were first seen, with the date and the stem of that day."""

    id: str
    date: dt.date
    stem: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the record says of a video that is not measured in it."""

    id: str
    date: dt.date
    title: str
    description: str | None
    commentator: str | None
    rubric: str | None


def identify(request: Request, sha256: str, index: Index, notes: Path, today: dt.date) -> Identity:
    """Find the id of a source, or give it one and note it in the folder ``notes``.

    The store knows best, then our own notes (of a source that was seen and never published); only then is it new.
    """
    note = notes / f"{sha256}.json"
    stem = request.video.stem
    for video in index.videos:
        if video.source_sha256 == sha256:
            return Identity(video.id, video.date, stem)
    if note.is_file():
        known = json.loads(note.read_text(encoding="utf-8"))
        return Identity(known["id"], dt.date.fromisoformat(known["date"]), known["stem"])
    date = request.date or request.seen or today
    slug = slugify(request.title or stem, max_length=SLUG_LENGTH, word_boundary=True) or "video"
    identity = Identity(f"{date.isoformat()}-{slug}", date, stem)
    fresh = note.with_suffix(".part")
    fresh.write_text(json.dumps({"id": identity.id, "date": date.isoformat(), "stem": stem}), encoding="utf-8")
    fresh.replace(note)
    return identity


def facts(
    request: Request, identity: Identity, standing: Record | None, headline: str | None, rubric: str | None
) -> Facts:
    """Decide what the record will say: the request, else the linked article's ``headline``, else what stood before."""
    return Facts(
        id=identity.id,
        date=request.date or identity.date,
        title=request.title or headline or (standing.title if standing else identity.stem),
        description=request.description,
        commentator=request.commentator,
        rubric=rubric,
    )
