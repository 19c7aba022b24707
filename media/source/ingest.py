"""Copy a dropped file into our own folder, and refuse what is not a plain, whole file."""

import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from votd.media.errors import BadRequest, CutOff, RejectedSource, Unavailable
from votd.media.source.names import shown

BLOCK = 1 << 20
LARGEST = 100 << 30
"""Bytes: the longest video that is taken, four hours, at 60 Mbit/s, the rate of a high-definition camera."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def ingest(file: Path, to: Path, limit: int = LARGEST) -> str:
    """Copy ``file`` to the new file ``to`` and return the SHA-256 of its bytes in hex.

    ``limit`` is in bytes. Raises ``RejectedSource`` for what is no plain, whole file or changes while it is read,
    ``BadRequest`` for what is not there, ``Unavailable`` for a full disk or one that cannot be read now. Whatever
    is raised, ``to`` is not left behind.
    """
    name = shown(file.name)
    source = _opened(file, name)
    try:
        before = os.fstat(source)
        _check(source, before, name, limit)
        _check_room(before.st_size, to.parent, name)
        with to.open("xb", buffering=0) as copy:
            try:
                digest = _copy(source, copy, before.st_size, name)
                _check_unchanged(before, os.fstat(source), copy.tell(), name)
            except BaseException:
                to.unlink()
                raise
    finally:
        os.close(source)
    return digest


def _opened(file: Path, name: str) -> int:
    """Open without following a link, nor waiting for a pipe's other end."""
    try:
        return os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as e:
        raise BadRequest(f"{name} is not there. Check its path.") from e
    except PermissionError as e:
        raise RejectedSource(f"{name} may not be read. Give it read permission and drop it again.") from e
    except OSError as e:
        if e.errno == errno.ELOOP:
            raise RejectedSource(f"{name} is a link. Drop the video file itself.") from e
        if e.errno == errno.ENAMETOOLONG:
            raise BadRequest(f"{name} is longer than a name can be. Check its path.") from e
        if e.errno in (errno.ENXIO, errno.ENODEV):
            raise RejectedSource(f"{name} is a socket or a device. Drop a video file.") from e
        raise Unavailable(f"{name} cannot be opened now: {e.strerror}. Try again later.") from e


def _check(source: int, facts: os.stat_result, name: str, limit: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        kind = _KINDS.get(stat.S_IFMT(facts.st_mode), "no file")
        raise RejectedSource(f"{name} is {kind}. Drop a video file.")
    if not facts.st_size:
        raise CutOff(f"{name} is empty. Copy it again.")
    if facts.st_size > limit:
        raise RejectedSource(
            f"{name} has {_gb(facts.st_size)}, and at most {_gb(limit)} are taken. Export it at a lower bit rate."
        )
    if _is_sparse(source, facts):
        raise CutOff(f"{name} is mostly holes: its copying has not ended well. Copy it again.")


def _is_sparse(source: int, facts: os.stat_result) -> bool:
    """Tell a file that holds under half of what it says; compression and late allocation also give few blocks."""
    if facts.st_blocks * 512 >= facts.st_size // 2:  # st_blocks counts 512 bytes whatever the file system does
        return False
    try:
        first_hole = os.lseek(source, 0, os.SEEK_HOLE)
    except OSError:  # a file system that knows of no holes
        return False
    os.lseek(source, 0, os.SEEK_SET)
    return first_hole < facts.st_size


def _check_room(size: int, folder: Path, name: str) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise Unavailable(f"{name} needs {_gb(size)}, but the disk has only {_gb(free)} free. Make room on it.")


def _copy(source: int, copy: BinaryIO, size: int, name: str) -> str:
    """Copy at most one block more than ``size``, so that a file which grows for ever ends too."""
    digest, done = hashlib.sha256(), 0
    try:
        while done <= size and (block := os.read(source, BLOCK)):
            digest.update(block)
            done += len(block)
            while block:  # an unbuffered write may take only a part, such as the last bytes of a disk
                block = block[copy.write(block) :]
    except OSError as e:
        full = e.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full. Make room on it" if full else f"{e.strerror}. Try again later"
        raise Unavailable(f"{name} could not be copied: {reason}.") from e
    return digest.hexdigest()


def _check_unchanged(before: os.stat_result, after: os.stat_result, copied: int, name: str) -> None:
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same or copied != before.st_size:
        raise CutOff(f"{name} changed while it was being read. Drop it again once it is whole.")


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size} bytes"
