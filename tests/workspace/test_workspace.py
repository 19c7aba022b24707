"""Finished work is found again only if it is whole."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from votd.media.workspace.workspace import Key, LocalWorkspace

KEY = Key("encode", 1, {"source": "aa"}, {"crf": 23})


def put(workspace: LocalWorkspace, text: str = "film", key: Key = KEY) -> Path:
    """Finish a piece of work of two files."""
    with workspace.scratch() as scratch:
        (scratch / "work" / "720p").mkdir(parents=True)
        (scratch / "work" / "720p" / "a.m4s").write_text(text)
        (scratch / "work" / "b.mp4").write_text(text * 2)
        return workspace.put(key, scratch / "work")


def test_finished_work_is_found_again(tmp_path: Path) -> None:
    """Another process with the same key gets the same files."""
    put(LocalWorkspace(tmp_path))
    found = LocalWorkspace(tmp_path).get(KEY)
    assert found is not None
    assert (found / "720p" / "a.m4s").read_text() == "film"


@pytest.mark.parametrize(
    "other",
    [
        Key("audio", 1, {"source": "aa"}, {"crf": 23}),
        Key("encode", 2, {"source": "aa"}, {"crf": 23}),
        Key("encode", 1, {"source": "ab"}, {"crf": 23}),
        Key("encode", 1, {"source": "aa"}, {"crf": 24}),
    ],
)
def test_every_part_of_the_key_counts(tmp_path: Path, other: Key) -> None:
    """Another step, version, input or parameter is other work."""
    workspace = LocalWorkspace(tmp_path)
    put(workspace)
    assert workspace.get(other) is None


@pytest.mark.parametrize("damage", ["changed", "cut", "missing", "no entry"])
def test_damaged_work_is_made_again(tmp_path: Path, damage: str) -> None:
    """A file that changed, was cut or went away makes the whole entry worthless, and it can be put again."""
    workspace = LocalWorkspace(tmp_path)
    folder = put(workspace)
    file = folder / "720p" / "a.m4s"
    match damage:
        case "changed":
            file.write_text("flim")
        case "cut":
            file.write_text("fil")
        case "missing":
            file.unlink()
        case _:
            (folder / "entry.json").unlink()
    assert workspace.get(KEY) is None
    assert put(workspace) == workspace.get(KEY)


def test_the_first_of_two_equal_works_stays(tmp_path: Path) -> None:
    """Two at the same work end with one entry, and both get it."""
    workspace = LocalWorkspace(tmp_path)
    first = put(workspace, "one")
    second = put(workspace, "two")
    assert first == second
    assert (second / "b.mp4").read_text() == "oneone"


def hold(root: Path, ready: Path) -> None:
    """Hold a scratch folder and a lock until killed."""
    workspace = LocalWorkspace(root)
    lock = workspace.try_lock("source")
    with workspace.scratch() as scratch:
        (scratch / "half").write_text("x")
        ready.write_text(str(bool(lock)))
        time.sleep(60)


def test_what_a_killed_owner_left_is_swept(tmp_path: Path) -> None:
    """After kill -9 the lock is free and the scratch folder goes with the next one; before it, both stay."""
    ready = tmp_path / "ready"
    child = multiprocessing.get_context("spawn").Process(target=hold, args=(tmp_path / "w", ready))
    child.start()
    while not ready.exists():
        assert child.is_alive(), "the owner died before it held anything: run python -m pytest from the root"
        time.sleep(0.02)
    workspace = LocalWorkspace(tmp_path / "w")
    with workspace.scratch():
        assert len(list((tmp_path / "w" / "scratch").glob("*.lock"))) == 2
    assert workspace.try_lock("source") is None
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    with workspace.scratch():
        assert len(list((tmp_path / "w" / "scratch").glob("*.lock"))) == 1
    assert not list((tmp_path / "w" / "scratch").iterdir())
    assert workspace.try_lock("source") is not None
