"""What is no video is refused in one sentence, within seconds, and nothing else is touched or read."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from votd.flows.drops import publish_drop
from votd.flows.inbox import Inbox
from votd.flows.outcome import Outcome
from votd.flows.request import Request

VOTD = str(Path(sys.executable).with_name("votd"))


def text(path: Path, clip: Path) -> None:
    """Write a text file named .mp4."""
    path.write_text("This is no video.\n" * 100)


def without_moov(path: Path, clip: Path) -> None:
    """Cut a plain MP4 before its moov, which stands at the end."""
    data = clip.read_bytes()
    path.write_bytes(data[: data.rindex(b"moov") - 4])


def half(path: Path, clip: Path) -> None:
    """Cut a faststart MP4 in the middle: its moov says that all is well."""
    import imageio_ffmpeg

    whole = path.with_name("whole.mov")
    copy = [
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(clip),
        "-c",
        "copy",
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
        str(whole),
    ]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *copy], check=True)
    data = whole.read_bytes()
    whole.unlink()
    path.write_bytes(data[: len(data) // 2])


def sound(path: Path, clip: Path) -> None:
    """Keep only the sound."""
    import imageio_ffmpeg

    copy = ["-nostdin", "-v", "error", "-i", str(clip), "-vn", "-c", "copy", "-f", "mp4", str(path)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *copy], check=True)


def empty(path: Path, clip: Path) -> None:
    """Write nothing."""
    path.touch()


def playlist(path: Path, clip: Path) -> None:
    """Point at another video, as a playlist named .mp4."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{clip}\n#EXT-X-ENDLIST\n")


def concat(path: Path, clip: Path) -> None:
    """Point at another video, as a script of ffmpeg's concat demuxer."""
    path.write_text(f"ffconcat version 1.0\nfile 'file:{clip}'\n")


def directory(path: Path, clip: Path) -> None:
    """Make a folder."""
    path.mkdir()


def fifo(path: Path, clip: Path) -> None:
    """Make a pipe that nobody writes to."""
    os.mkfifo(path)


def link(path: Path, clip: Path) -> None:
    """Point at another video by a symbolic link."""
    path.symlink_to(clip)


BAD = [text, without_moov, half, sound, empty, playlist, concat, directory, fifo, link]


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_publish_refuses_it_in_one_sentence(
    make: Callable[[Path, Path], None], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """The exit code is 1, the sentence says what to do, the store does not even come into being."""
    bad = tmp_path / "bad.mp4"
    make(bad, make_clip("tone.mp4"))
    start = time.monotonic()
    ran = subprocess.run(
        [VOTD, "publish", str(bad), "--to", f"file:{tmp_path / 'site'}", "--direct"],
        env=os.environ | {"VOTD_HOME": str(tmp_path / "home")},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout == ""
    assert re.fullmatch(r"votd: [^\n]+[.]\n", ran.stderr), ran.stderr
    assert "Traceback" not in ran.stderr
    assert not [p for p in (tmp_path / "site").rglob("*") if p.is_file()]
    assert not list((tmp_path / "home" / "workspace" / "scratch").iterdir())
    print(f"{make.__name__}: {time.monotonic() - start:.1f} s: {ran.stderr.strip()}")


def test_in_the_inbox_each_is_rejected_and_the_next_is_published(make_clip: Callable[..., Path], house: Any) -> None:
    """Ten bad drops and a good one: ten reasons, one video."""
    inbox = Inbox(house.home, attempts=3, settle_s=0.001)  # whose copy has stopped long ago
    for make in BAD:
        make(inbox.folder / f"{make.__name__}.mp4", make_clip("tone.mp4"))
    good = inbox.folder / "zz good.mp4"
    good.write_bytes(make_clip("tone.mp4").read_bytes())

    async def publish(request: Request) -> Outcome:
        outcome: Outcome = await house.tell(request)
        return outcome

    async def all_of_them() -> list[str]:
        return [(await publish_drop(inbox, d.name, articles=(), publish=publish)).state for d in inbox.waiting()]

    states = asyncio.run(all_of_them())
    assert states == ["rejected"] * len(BAD) + ["published"]
    reasons = sorted((house.home / "rejected").glob("*.reason.txt"))
    assert [r.name for r in reasons] == sorted(f"{make.__name__}.mp4.reason.txt" for make in BAD)
    assert all(re.fullmatch(r"[^\n]+[.]\n", r.read_text()) for r in reasons)
    assert [p.name for p in (house.home / "done").iterdir()] == ["zz good.mp4"]
    assert len(house.json("index.json")["videos"]) == 1
