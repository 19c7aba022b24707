"""Publish one version: immutable objects first, its record last of them, then the pointers.

Whoever reads the store at any moment finds a whole old version or a whole new one. The layout:

    latest.json                       → the video of the greatest (date, first published)
    index.json                        → every video
    feed.xml, sitemap.xml             the same for feed readers and search engines, where there is a public address
    videos/ID/current.json            → the version that stands
    videos/ID/VERSION/record.json     and what else belongs to this version
    media/SOURCE_SHA256/KEY-ATTEMPT/  what was encoded, shared by versions

Only the pointers and what is derived from the index ever change, each by compare-and-swap. A version is whole once its
``record.json`` stands: a run that was killed before has left objects that no record names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from votd.media import errors
from votd.media.delivery.store import Store
from votd.media.delivery.syndication import feed, sitemap
from votd.media.delivery.upload import upload
from votd.media.process import Progress
from votd.media.record import Current, Index, IndexEntry, Record

LATEST = "latest.json"
INDEX = "index.json"
FEED = "feed.xml"
SITEMAP = "sitemap.xml"
SWAP_TRIES = 20

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publish did. ``changed`` is false where this version stood already, pointers and all."""

    record: Record
    changed: bool
    uploaded: int


def version_folder(id_: str, version: str) -> str:
    """Return where a version's own objects stand."""
    return f"videos/{id_}/{version}"


def current_record(store: Store, id_: str) -> Record | None:
    """Return the record that stands for an id, or ``None`` where the id was never published."""
    pointer = store.read(_current_key(id_))
    if pointer is None:
        return None
    return _record(store, _parsed(Current, pointer.data, _current_key(id_)).record)


def index(store: Store) -> Index:
    """Return every video of the store, newest first."""
    pointer = store.read(INDEX)
    return _parsed(Index, pointer.data, INDEX) if pointer else Index()


def publish(
    store: Store,
    record: Record,
    objects: Mapping[str, Path | bytes],
    before: Record | None,
    progress: Progress,
    *,
    public: str | None = None,
) -> Publication:
    """Make ``record`` the version that stands; ``objects`` are the immutable files that it needs, by key.

    ``public`` is the store's public address, without which there is no feed and no sitemap.
    ``before`` is the record that this one was made on top of. Where the same version stands already, its own times win
    over those of ``record``. Raises ``Unavailable`` where the store is out of reach, or where somebody published
    another version of this id meanwhile: nothing is half published then, and a new run builds on what stands.
    """
    uploaded = upload(store, objects, progress=progress)
    key = f"{version_folder(record.id, record.version)}/record.json"
    made = store.create(key, record.model_dump_json(indent=2).encode() + b"\n")
    standing = record if made else _record(store, key)
    pointed = _point(store, standing, key, before)
    if public:
        pointed |= _swap(store, FEED, lambda _: feed(index(store), public))
        pointed |= _swap(store, SITEMAP, lambda _: sitemap(index(store), public))
    return Publication(standing, made or pointed or uploaded > 0, uploaded + made)


def _current_key(id_: str) -> str:
    return f"videos/{id_}/current.json"


def _record(store: Store, key: str) -> Record:
    found = store.read(key)
    if found is None:
        raise errors.ToolFailed(f"The store names {key}, and it is not there.")
    return _parsed(Record, found.data, key)


def _parsed(kind: type[M], data: bytes, key: str) -> M:
    try:
        return kind.model_validate_json(data)
    except ValueError as e:
        raise errors.ToolFailed(f"{key} in the store is damaged, or was not written by this version of votd.") from e


def _point(store: Store, record: Record, key: str, before: Record | None) -> bool:
    """Swap the three pointers where they do not name this record yet; tell whether one of them moved.

    Each try reads what a pointer is derived from after that pointer's own tag: of two publishers, the one that swaps
    last knows what both did.
    """
    current = _current_key(record.id)
    pointer = Current(id=record.id, date=record.date, version=record.version, record=key)

    def on_top(old: bytes | None) -> bytes:
        stands = _parsed(Current, old, current).version if old else None
        if stands not in (None, record.version, before.version if before else None):
            raise errors.Unavailable(f"{record.id} was published by somebody else meanwhile. Run it again.")
        return _json(pointer)

    def listed(old: bytes | None) -> bytes:
        now = current_record(store, record.id)
        assert now is not None  # we have just pointed at it
        return _json(_with_entry(_parsed(Index, old, INDEX) if old else Index(), now))

    moved = _swap(store, current, on_top)
    moved |= _swap(store, INDEX, listed)
    return _swap(store, LATEST, lambda _: _json(_latest(index(store)))) or moved


def _with_entry(old: Index, record: Record) -> Index:
    others = [v for v in old.videos if v.id != record.id]
    entry = IndexEntry(
        id=record.id,
        date=record.date,
        published_at=record.published_at,
        title=record.title,
        source_sha256=record.source.sha256,
        articles=tuple(article.url for article in record.articles if article.url),
        version=record.version,
        record=f"{version_folder(record.id, record.version)}/record.json",
        description=record.description,
        commentator=record.commentator,
        rubric=record.rubric,
        language=record.language,
        duration_ms=record.duration_ms,
        size=(record.source.width, record.source.height),
        page=record.page,
        embed=record.embed,
        mp4=record.mp4,
        poster=record.share_image or record.poster,
    )
    return Index(videos=tuple(sorted([*others, entry], key=lambda v: (v.date, v.published_at, v.id), reverse=True)))


def _latest(videos: Index) -> Current:
    first = videos.videos[0]
    return Current(id=first.id, date=first.date, version=first.version, record=first.record)


def _swap(store: Store, key: str, new: Callable[[bytes | None], bytes]) -> bool:
    for _ in range(SWAP_TRIES):
        old = store.read(key)
        data = new(old.data if old else None)
        if old and old.data == data:
            return False
        if store.swap(key, data, old.tag if old else None):
            return True
    raise errors.Unavailable(f"{key} in the store keeps changing under our hands. Try again in a minute.")


def _json(value: Index | Current) -> bytes:
    return value.model_dump_json(indent=2).encode() + b"\n"
