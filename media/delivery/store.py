"""Where published objects stand: what every store promises, their keys and types, and the stores' addresses.

Rights
    A store needs to list, read and create objects under its address, and to replace pointers. It deletes nothing,
    sets no access rules and makes no bucket: who may read what is published is the web server's or bucket's matter.
Behaviour
    An object is either there as a whole or not at all, for every reader and after every crash. ``create`` never
    overwrites: of several writers of one key exactly one is told ``True``, in whatever process or machine it runs.
    ``swap`` is the only way to change an object and does so only if nobody else did since it was read. There is no
    order between keys: publish the immutable objects first and the pointer last.
    Errors are those of ``errors``: ``BadRequest`` where a person must change the address, the rights or the key,
    ``Unavailable`` where the same call may succeed later, ``ToolFailed`` where what must be there is not.
    All methods may be called from several threads at once.
Limits
    A key is relative, at most 1,024 bytes of printable text, without ``..``, backslashes and names that begin with
    a dot (those are the stores' own). No key may be the folder of another one: S3 could, a directory cannot. An
    object has at most 5 GiB, the most that S3 takes in one request. A directory keeps no headers: whoever serves
    it asks ``content_type``.
"""

import contextlib
import errno
import io
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, Protocol

from votd.media import errors

Checksum = Literal["when_supported", "when_required"]

IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control of what ``create`` makes."""

POINTER = "no-cache"
"""Cache-Control of what ``swap`` makes: kept, but asked about before every use."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".m3u8": "application/vnd.apple.mpegurl",  # RFC 8216, section 4
    ".m4s": "video/iso.segment",  # ISO/IEC 23009-1
    ".mp4": "video/mp4",
    ".mpd": "application/dash+xml",
    ".png": "image/png",
    ".srt": "application/x-subrip; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".xml": "application/xml",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An object's bytes as read, and a tag that changes with them; tags of two stores do not compare."""

    data: bytes
    tag: str


class Store(Protocol):
    """What publishing needs of a store; the module's docstring says what each one promises."""

    address: str
    """The store as shown to people, without secrets."""

    def list(self, prefix: str) -> dict[str, int]:
        """Return key and size in bytes of every object whose key starts with ``prefix`` (``""``: all)."""

    def read(self, key: str) -> Snapshot | None:
        """Return a small object, or ``None`` where there is none."""

    def fetch(self, key: str, to: Path) -> None:
        """Download an object to a file, whole or not at all; ``ToolFailed`` where there is none."""

    def create(self, key: str, source: Path | bytes) -> bool:
        """Make an immutable object; ``False``: one with this key stands already and was left as it is."""

    def swap(self, key: str, data: bytes, tag: str | None) -> bool:
        """Replace a pointer that still has ``tag`` (``None``: make it if absent); ``False``: it has not."""


def open_store(
    address: str, *, endpoint: str | None = None, path_style: bool = False, checksum: Checksum = "when_supported"
) -> Store:
    """Return the store of an address: ``file:FOLDER``, ``file:///FOLDER``, a bare folder or ``s3://BUCKET/PREFIX``.

    A folder is taken literally (no percent-decoding) and made by the first write. The options are S3's alone.
    Nothing is connected to yet. Raises ``BadRequest``.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", address)
    if address.startswith("s3://"):
        from votd.media.delivery.s3 import S3Store  # noqa: PLC0415 (boto3 takes 0.3 s to import)

        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        return S3Store(bucket, prefix.rstrip("/"), endpoint=endpoint, path_style=path_style, checksum=checksum)
    from votd.media.delivery.directory import DirectoryStore  # noqa: PLC0415 (it imports this module)

    folder = address.removeprefix("file:")
    if folder.startswith("///"):
        folder = folder[2:]
    if not folder or folder.startswith("//") or "\0" in folder or (scheme and scheme[1] != "file"):
        # The address itself is not repeated: somebody may have put a password into it.
        raise errors.BadRequest("The store's address must be file:FOLDER, a folder, or s3://BUCKET/PREFIX.")
    return DirectoryStore(Path(folder))


def check_key(key: str) -> None:
    """Refuse a key that could mean something else to some store; raises ``BadRequest``."""
    names = key.split("/")
    plain = key.isprintable() and "\\" not in key and len(key.encode()) <= 1024  # S3's limit
    if not plain or any(not name or name.startswith(".") or len(name.encode()) > 255 for name in names):
        raise errors.BadRequest(f"{key[:80]!a} cannot be the key of a published object.")


def content_type(key: str) -> str:
    """Return the media type of a key by its extension."""
    return _TYPES.get(PurePosixPath(key).suffix.lower(), "application/octet-stream")


@contextlib.contextmanager
def opened(source: Path | bytes) -> Iterator[BinaryIO]:
    """Open what is to be published; raises ``ToolFailed`` where it is gone."""
    try:
        stream: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except OSError as e:
        raise errors.ToolFailed(f"{Path(str(source)).name} was to be published but cannot be read.") from e
    with stream:
        yield stream


@contextlib.contextmanager
def arriving(to: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only once it is complete."""
    draft = to.with_name(f".{uuid.uuid4().hex}.part")
    with explained(f"the folder for {to.name}"):
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            draft.replace(to)
        finally:
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn the errors of a filesystem into ours, with ``place`` in the sentence."""
    try:
        yield
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.Unavailable(f"The disk of {place} is full: make room, then try again.") from e
        if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise errors.BadRequest(f"The rights to {place} are missing: grant them or name another folder.") from e
        if e.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
            reason = f"Something in {place} is a link, a file or a folder where it must not be: move it away."
            raise errors.BadRequest(reason) from e
        raise errors.Unavailable(f"{place} does not work now ({e.strerror}): look at its disk.") from e
