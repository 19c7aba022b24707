"""Finished work, kept by what it was made from, and verified before it is used again.

A machine, or several, never do the same work twice: an entry's key is its step, the step's version, the hashes of
its inputs and its parameters. The seam is narrow, since other machines will share it: ``get`` to a local folder and
``put``. What is here can be deleted at any time; it is then made again.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from votd.media import errors
from votd.media.schema import canonical

ENTRY = "entry.json"


@dataclass(frozen=True)
class Key:
    """What a piece of finished work was made from. ``inputs`` are hashes; ``parameters`` plain JSON data."""

    step: str
    version: int
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Return the key as 32 hexadecimal digits."""
        parts = [self.step, self.version, dict(self.inputs), dict(self.parameters)]
        return hashlib.sha256(canonical(parts)).hexdigest()[:32]


class Workspace(Protocol):
    """Where finished work is found again."""

    def get(self, key: Key) -> Path | None:
        """Return a local, read-only folder with the verified files of an entry, or ``None``."""
        ...

    def put(self, key: Key, folder: Path) -> Path:
        """Keep the files of a finished scratch folder, which is gone afterwards; return where they stand now."""
        ...


class LocalWorkspace:
    """A workspace in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("finished", "scratch", "locks", "ids", "reports"):
            try:
                (root / name).mkdir(parents=True, exist_ok=True)
            except OSError as e:
                raise errors.BadRequest(f"The folder {root} cannot be used: {e.strerror}.") from e

    def get(self, key: Key) -> Path | None:
        folder = self._place(key)
        if not folder.is_dir():
            return None
        if _sound(folder):
            return folder
        self.discard(folder)
        return None

    def put(self, key: Key, folder: Path) -> Path:
        files = {name: {"size": size, "sha256": digest} for name, size, digest in _measure(folder)}
        text = json.dumps({"step": key.step, "inputs": dict(key.inputs), "files": files}, indent=1)
        (folder / ENTRY).write_text(text, encoding="utf-8")
        place = self._place(key)
        place.parent.mkdir(exist_ok=True)
        try:
            folder.rename(place)
        except OSError:  # somebody was faster
            if kept := self.get(key):
                shutil.rmtree(folder)
                return kept
            folder.rename(place)
        return place

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Lend an empty folder on the same file system; whatever is left of it goes at the end.

        What killed owners left is swept first: an owner holds a lock, and the kernel frees it when the owner dies.
        """
        self._sweep()
        folder = self.root / "scratch" / secrets.token_hex(8)
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder.mkdir()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                folder.with_suffix(".lock").unlink(missing_ok=True)

    def try_lock(self, name: str) -> IO[str] | None:
        """Take a lock that dies with its owner; ``None`` while somebody else holds it. Close it to give it back."""
        return take_lock(self.root / "locks" / f"{name}.lock")

    def _place(self, key: Key) -> Path:
        return self.root / "finished" / key.step / key.digest

    def discard(self, folder: Path) -> None:
        """Take away a finished work that proved faulty: whoever needs it makes it again."""
        with self.scratch() as grave, contextlib.suppress(OSError):
            folder.rename(grave / "damaged")

    def _sweep(self) -> None:
        for mark in (self.root / "scratch").glob("*.lock"):
            if lock := take_lock(mark):
                with lock:
                    shutil.rmtree(mark.with_suffix(""), ignore_errors=True)
                    mark.unlink(missing_ok=True)


def take_lock(path: Path) -> IO[str] | None:
    """Take an advisory lock on a file, made where it is missing; ``None`` while somebody else holds it."""
    handle = path.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _measure(folder: Path) -> Iterator[tuple[str, int, str]]:
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(parent, name)
            yield str(path.relative_to(folder)), path.stat().st_size, file_sha256(path)


def _sound(folder: Path) -> bool:
    """Tell whether every file of an entry is there, with its size and hash."""
    try:
        files = json.loads((folder / ENTRY).read_text(encoding="utf-8"))["files"]
        paths = {folder / name: facts for name, facts in files.items()}
        return all(p.stat().st_size == f["size"] and file_sha256(p) == f["sha256"] for p, f in paths.items())
    except (OSError, ValueError, KeyError):
        return False
