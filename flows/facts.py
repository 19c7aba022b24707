"""Who a video is: its id for ever, and what is known and said about it."""

import contextlib
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from slugify import slugify

from votd.flows.request import Request
from votd.media.record import Index, Record
from votd.media.source.names import cleaned

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


def noted(note: Path, request: Request, today: dt.date) -> Identity:
    """Return the identity that was noted for a source when it was first seen; note it where this is the first time."""
    with contextlib.suppress(OSError, ValueError, KeyError):  # none yet, or cut off by a power failure
        known = json.loads(note.read_text(encoding="utf-8"))
        return Identity(known["id"], dt.date.fromisoformat(known["date"]), known["stem"])
    date, stem = request.date or today, cleaned(request.video.stem)
    slug = slugify(request.title or stem, max_length=SLUG_LENGTH, word_boundary=True) or "video"
    identity = Identity(f"{date.isoformat()}-{slug}", date, stem)
    fresh = note.with_suffix(".part")
    fresh.write_text(json.dumps({"id": identity.id, "date": date.isoformat(), "stem": stem}), encoding="utf-8")
    fresh.replace(note)
    return identity


def identify(given: Identity, sha256: str, index: Index) -> Identity:
    """Return the identity under which the store knows a source, else the one that was ``given`` to it here."""
    for video in index.videos:
        if video.source_sha256 == sha256:
            return Identity(video.id, video.date, given.stem)
    return given


def facts(
    request: Request, identity: Identity, standing: Record | None, headline: str | None, rubric: str | None
) -> Facts:
    """Decide what the record will say: the request's words, else the linked article's ``headline`` or the file's stem;
    what only a person can know stays from the version that stands for the same bytes.
    """
    return Facts(
        id=identity.id,
        date=request.date or identity.date,
        title=cleaned(request.title or headline or identity.stem) or identity.id,
        description=request.description or (standing.description if standing else None),
        commentator=request.commentator or (standing.commentator if standing else None),
        rubric=rubric,
    )


def facts_of(standing: Record) -> Facts:
    """Return what a record says of its video that is not measured in it."""
    return Facts(
        id=standing.id,
        date=standing.date,
        title=standing.title,
        description=standing.description,
        commentator=standing.commentator,
        rubric=standing.rubric,
    )
