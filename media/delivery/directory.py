"""The store in a directory: for a web server's folder, a mounted share, and everything that runs without S3."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from votd.media import errors
from votd.media.delivery.store import Snapshot, arriving, check_key, explained, opened

_OWN = ".votd"  # the directory store's own folder: its lock, and drafts on the same filesystem as the objects
_DRAFT_S = 86_400  # a draft that nobody wrote to for a day was left by a killed process
_CHUNK = 1 << 20


class DirectoryStore:
    """Objects as files (0644) in folders (0755) under a root that the first write makes.

    Each object is written beside its place, synced and renamed into it under one lock, which holds between
    processes and, where its filesystem's ``flock`` does, between machines. Links inside the root are never followed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.address = f"file:{self._root}"

    def list(self, prefix: str) -> dict[str, int]:
        """See ``Store.list``; links, special files and hidden names are no objects."""
        check_key(prefix + "x")
        folder = prefix.rpartition("/")[0]
        found: dict[str, int] = {}
        with explained(self.address), contextlib.suppress(FileNotFoundError), self._folder(folder) as at:
            for path, folders, names, inner in os.fwalk(".", dir_fd=at, onerror=_unless_gone):
                folders[:] = [name for name in folders if not name.startswith(".")]
                for name in names:
                    key = str(PurePosixPath(folder, path, name))
                    size = _size(name, inner)
                    if size is not None and key.startswith(prefix):
                        found[key] = size
        return found

    def read(self, key: str) -> Snapshot | None:
        """See ``Store.read``; the tag is the SHA-256 of the content."""
        check_key(key)
        with self._explained(key), self._object(key) as stream:
            data = stream.read() if stream else None
        return None if data is None else Snapshot(data, _tag(data))

    def fetch(self, key: str, to: Path) -> None:
        """See ``Store.fetch``."""
        check_key(key)
        with self._explained(key), self._object(key) as stream:
            if stream is None:
                raise errors.ToolFailed(f"{key} is missing in {self.address}.")
            with arriving(to) as out:
                shutil.copyfileobj(stream, out, _CHUNK)

    def create(self, key: str, source: Path | bytes) -> bool:
        """See ``Store.create``."""
        check_key(key)
        with self._explained(key):
            with self._object(key) as standing:
                if standing:
                    return False
            return self._put(key, source, None)

    def swap(self, key: str, data: bytes, tag: str | None) -> bool:
        """See ``Store.swap``."""
        check_key(key)
        with self._explained(key):
            return self._put(key, data, tag)

    def _put(self, key: str, source: Path | bytes, tag: str | None) -> bool:
        """Write a draft, then give it its name if what stands there still has ``tag``."""
        self._root.mkdir(parents=True, exist_ok=True)
        folder, _, name = key.rpartition("/")
        with self._folder(_OWN, make=True) as own, _draft(own, source) as draft, self._folder(folder, make=True) as at:
            with _locked(own):
                if not self._still(key, tag):
                    return False
                os.rename(draft, name, src_dir_fd=own, dst_dir_fd=at)
            os.fsync(at)
        return True

    def _explained(self, key: str) -> AbstractContextManager[None]:
        return explained(f"{self.address}/{key}")

    def _still(self, key: str, tag: str | None) -> bool:
        with self._object(key) as standing:
            if standing is None or tag is None:
                return standing is None and tag is None
            return _tag(standing.read()) == tag

    @contextlib.contextmanager
    def _object(self, key: str) -> Iterator[BinaryIO | None]:
        """Open an object for reading; ``None`` where there is none."""
        folder, _, name = key.rpartition("/")
        file = None
        with contextlib.suppress(FileNotFoundError), self._folder(folder) as at:
            # NONBLOCK: a FIFO that somebody put there would hang us otherwise.
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
        if file is None:
            yield None
            return
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise IsADirectoryError(errno.EISDIR, "no plain file")
        with os.fdopen(file, "rb") as stream:
            yield stream

    @contextlib.contextmanager
    def _folder(self, path: str, make: bool = False) -> Iterator[int]:
        """Open a folder under the root, name by name, so that no link can lead out between check and use."""
        at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in path.split("/") if path else ():
                if make:
                    _make_folder(name, at)
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
                os.close(at)
                at = inner
            yield at
        finally:
            os.close(at)


def _make_folder(name: str, at: int) -> None:
    """Make a folder that the web server may read, whatever our umask; synced, or its files could be lost with it."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=at)
        os.chmod(name, 0o755, dir_fd=at)  # noqa: S103 (what is published is for everybody)
        os.fsync(at)


@contextlib.contextmanager
def _draft(own: int, source: Path | bytes) -> Iterator[str]:
    """Copy an object to a nameless place on the same filesystem, synced; take it away unless it was renamed."""
    _sweep(own)
    draft = f"{uuid.uuid4().hex}.new"
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=own)
        with opened(source) as stream, os.fdopen(file, "wb") as out:
            os.fchmod(file, 0o644)
            shutil.copyfileobj(stream, out, _CHUNK)
            out.flush()
            os.fsync(file)
        yield draft
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=own)


def _sweep(own: int) -> None:
    """Remove the drafts that killed processes left."""
    for name in os.listdir(own):
        with contextlib.suppress(FileNotFoundError):
            if name.endswith(".new") and os.stat(name, dir_fd=own).st_mtime < time.time() - _DRAFT_S:
                os.unlink(name, dir_fd=own)


@contextlib.contextmanager
def _locked(own: int) -> Iterator[None]:
    """Hold the store's lock; the kernel frees it when we die."""
    file = os.open("lock", os.O_RDWR | os.O_CREAT, 0o644, dir_fd=own)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _size(name: str, at: int) -> int | None:
    """Return a file's size, or ``None`` where it is no object or went away while we looked."""
    with contextlib.suppress(FileNotFoundError):
        status = os.stat(name, dir_fd=at, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and not name.startswith("."):
            return status.st_size
    return None


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
