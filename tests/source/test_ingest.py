"""Only a plain, whole file is copied in."""

import hashlib
import os
import resource
import socket
import threading
from pathlib import Path

import pytest

from votd.media.errors import BadRequest, RejectedSource, Unavailable
from votd.media.source import ingest as module
from votd.media.source.ingest import BLOCK, ingest

HOSTILE = "a\n\u202e" + "b" * 200 + ".mp4"


def test_copies_every_byte_and_gives_their_hash(tmp_path: Path) -> None:
    """Copy a file of more than two blocks, whatever its name."""
    data = os.urandom(2 * BLOCK + 17)
    (tmp_path / HOSTILE).write_bytes(data)
    assert ingest(tmp_path / HOSTILE, tmp_path / "copy") == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "copy").read_bytes() == data


def test_never_writes_over_a_file(tmp_path: Path) -> None:
    """Fail where the copy's name is taken, and leave what is there."""
    (tmp_path / "clip.mp4").write_bytes(b"new")
    (tmp_path / "copy").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        ingest(tmp_path / "clip.mp4", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"old"


def make(kind: str, path: Path) -> None:
    """Put something other than a whole file at a path."""
    if kind == "link":
        (path.parent / "real.mp4").write_bytes(b"data")
        path.symlink_to("real.mp4")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)  # relative, since a socket's path may have only 108 bytes
    elif kind == "empty":
        path.touch()
    elif kind == "sparse":
        with path.open("wb") as file:
            file.write(b"start")
            file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("link", "is a link"),
        ("pipe", "is a pipe"),
        ("folder", "is a folder"),
        ("socket", "is a socket"),
        ("empty", "is empty"),
        ("sparse", "mostly holes"),
    ],
)
def test_refuses_what_is_no_plain_file(kind: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse it at once, with a sentence that names it, and leave no copy."""
    monkeypatch.chdir(tmp_path)
    make(kind, tmp_path / "clip\n.mp4")
    with pytest.raises(RejectedSource, match=rf"^clip\\u{{a}}\.mp4 .*{reason}.*\.$"):
        ingest(tmp_path / "clip\n.mp4", tmp_path / "copy", limit=1 << 50)
    assert not (tmp_path / "copy").exists()


def test_refuses_a_device(tmp_path: Path) -> None:
    """Refuse a device."""
    with pytest.raises(RejectedSource, match="zero is a device"):
        ingest(Path("/dev/zero"), tmp_path / "copy")


@pytest.mark.parametrize("path", ["gone.mp4", "file/clip.mp4", "x" * 300])
def test_a_missing_file_is_the_callers_mistake(path: str, tmp_path: Path) -> None:
    """Blame the command for a path that leads nowhere."""
    (tmp_path / "file").touch()
    with pytest.raises(BadRequest, match="Check its path"):
        ingest(tmp_path / path, tmp_path / "copy")


def test_refuses_an_unreadable_file(tmp_path: Path) -> None:
    """Refuse a file without read permission; root, who may read all, becomes nobody for that."""
    (tmp_path / "clip.mp4").write_bytes(b"data")
    (tmp_path / "clip.mp4").chmod(0)
    me = os.geteuid()
    try:
        if me == 0:
            os.seteuid(65534)
        with pytest.raises(RejectedSource, match="permission"):
            ingest(tmp_path / "clip.mp4", tmp_path / "copy")
    finally:
        os.seteuid(me)


def test_refuses_a_file_over_the_limit(tmp_path: Path) -> None:
    """Name both sizes."""
    (tmp_path / "clip.mp4").write_bytes(b"12345")
    with pytest.raises(RejectedSource, match="has 5 bytes, and at most 4 bytes"):
        ingest(tmp_path / "clip.mp4", tmp_path / "copy", limit=4)


def test_a_full_disk_is_worth_another_try(tmp_path: Path) -> None:
    """Say how much is needed and how much there is."""
    with pytest.raises(Unavailable, match=r"needs 1000000000\.0 GB, but the disk has only .* free"):
        module._check_room(10**18, tmp_path, "clip.mp4")


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Remove what was written when the system refuses the rest."""
    (tmp_path / "clip.mp4").write_bytes(bytes(3 * BLOCK))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK + 5, hard))
        with pytest.raises(Unavailable, match=r"^clip\.mp4 could not be copied"):
            ingest(tmp_path / "clip.mp4", tmp_path / "copy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "copy").exists()


def test_refuses_a_file_that_grows_meanwhile(tmp_path: Path) -> None:
    """Refuse a file whose writer is still at work, without reading after it for ever."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(16 * BLOCK))
    done = threading.Event()

    def grow() -> None:
        with clip.open("ab", buffering=0) as file:
            while not done.is_set():
                file.write(b"more")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(RejectedSource, match="changed while it was being read"):
            ingest(clip, tmp_path / "copy")
    finally:
        done.set()
        writer.join()
    assert not (tmp_path / "copy").exists()
