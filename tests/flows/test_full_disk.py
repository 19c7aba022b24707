"""A full disk costs one sentence: no child, no scratch and no half bundle stay; with room again it publishes.

The disk is a small tmpfs in a mount namespace of its own, which takes no rights: the commands run in it, and the test
looks in through its holder's ``/proc``.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.all

Desk = Any  # of conftest.py, which nobody can import
MOMENT_S = 120


@dataclass(frozen=True)
class Disk:
    """A small disk: ``path`` is where the commands have it, ``seen`` where the test has it."""

    path: Path
    seen: Path
    before: tuple[str, ...]

    def fill(self, leave: int = 0) -> None:
        """Be the other writer, who takes everything but some bytes."""
        status = os.statvfs(self.seen)
        wanted = status.f_bavail * status.f_frsize - leave
        with contextlib.suppress(OSError), (self.seen / "other").open("wb", buffering=0) as file:
            while wanted > 0 and (written := file.write(bytes(min(wanted, 1 << 20)))):
                wanted -= written

    def make_room(self) -> None:
        """Take away what the other writer wrote."""
        (self.seen / "other").unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Disk]]:
    """Return a maker of one disk of so many MB."""
    with contextlib.ExitStack() as stack:

        def make(megabytes: int) -> Disk:
            path = tmp_path / "disk"
            path.mkdir()
            mount = f"mount -t tmpfs -o size={megabytes}m none '{path}' && echo up && exec sleep infinity"
            argv = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", mount]
            holder = stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
            stack.callback(holder.kill)
            assert holder.stdout
            if holder.stdout.readline() != b"up\n":
                pytest.fail("This test needs user namespaces with a tmpfs mount: run it where unshare -rm works.")
            enter = ("nsenter", "--target", str(holder.pid), "--user", "--mount", "--preserve-credentials")
            return Disk(path, Path(f"/proc/{holder.pid}/root{path}"), enter)

        yield make


@pytest.fixture(scope="module")
def clip(make_clip: Callable[..., Path]) -> Path:
    """Return a clip whose transcoding takes some seconds."""
    return make_clip("tone12.mp4", seconds=12, size="960x540")


def test_too_little_room_is_said_with_numbers_before_anything_is_encoded(
    make_desk: Callable[..., Desk], small_disk: Callable[[int], Disk], clip: Path, tmp_path: Path
) -> None:
    """What the encode may need and what there is; once there is room the same command publishes."""
    disk = small_disk(200)
    desk = make_desk(tmp_path, home=disk.path / "home", before=disk.before)
    seen = make_desk(tmp_path, home=disk.seen / "home")
    disk.fill(leave=8 << 20)
    said = desk.refused(clip, 4)
    assert said.startswith("votd: The encode may need ")
    assert said.endswith(" MB free: make room.")
    assert not seen.finished("encode")
    assert not seen.scratch()
    assert not desk.site.exists() or not desk.objects()
    disk.make_room()
    stages = desk.publish(clip)
    assert stages["copy in"]
    seen.published_once()


def test_a_disk_that_fills_up_under_an_encode(
    make_desk: Callable[..., Desk],
    small_disk: Callable[[int], Disk],
    clip: Path,
    tmp_path: Path,
    wait_until: Callable[..., None],
) -> None:
    """ffmpeg may end as if all were well; the run does not: one sentence, and nothing of it stays."""
    disk = small_disk(200)
    desk = make_desk(tmp_path, home=disk.path / "home", before=disk.before)
    seen = make_desk(tmp_path, home=disk.seen / "home")
    running = desk.start(clip)
    wait_until(lambda: seen.scratch("*/made/*/00001.m4s*"), MOMENT_S, running)
    disk.fill()
    _, err = running.communicate(timeout=300)
    first, *tail = err.splitlines()
    assert running.returncode == 4, err
    assert first == "votd: The disk is full: make room and run it again."
    assert all(line.startswith("    ") for line in tail), err
    assert not desk.alive()
    assert not seen.finished("encode")
    assert not seen.scratch()
    assert not list(desk.temporary.iterdir())
    assert not desk.site.exists() or not desk.objects()
    disk.make_room()
    desk.publish(clip)
    seen.published_once()


def test_a_store_without_room(
    make_desk: Callable[..., Desk], small_disk: Callable[[int], Disk], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """The version that stands stands, and nothing leads to what is half there; the re-run uploads the rest."""
    disk = small_disk(60)
    desk = make_desk(tmp_path, site=disk.path / "site", before=disk.before)
    seen = make_desk(tmp_path, site=disk.seen / "site")
    desk.publish(make_clip("tone.mp4"), "--date", "2026-11-01")
    before = {key: (seen.site / key).read_bytes() for key in seen.objects()}
    disk.fill(leave=300_000)
    later = make_clip("later.mp4", seconds=6)
    with desk.start(later, "--date", "2026-11-02") as running:
        _, err = running.communicate(timeout=300)
    assert running.returncode == 3, err
    assert re.fullmatch(r"votd: The disk of \S+ is full: make room[^\n]+[.]\n", err), err
    assert {key: (seen.site / key).read_bytes() for key in before} == before
    seen.reachable()
    assert not list((disk.seen / "site" / ".votd").glob("*.new"))
    assert not desk.scratch()
    assert not desk.alive()
    disk.make_room()
    stages = desk.publish(later, "--date", "2026-11-02")
    assert [name for name in ("copy in", "examine", "audio", "transcode") if not stages[name]] == []
    seen.reachable()
    assert len(list(seen.site.glob("videos/*/current.json"))) == 2
