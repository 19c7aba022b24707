"""A drop that is copied slowly is waited for; one whose copy stops half way is refused, and holds nobody up."""

import asyncio
import contextlib
import hashlib
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from votd.flows.drops import DropResult, publish_drop
from votd.flows.inbox import Drop, Inbox
from votd.flows.watch import ask_for_each
from votd.media.record import Record

CUT = r"Only [\d.]+ of 4(\.0)? s are in the file: it looks cut off\. Export it again\."


@pytest.fixture
def film(make_clip: Callable[..., Path], ffmpeg: str, tmp_path: Path) -> bytes:
    """Return a faststart MP4, whose beginning promises all of it."""
    to = tmp_path / "faststart.mp4"
    copy = ["-i", str(make_clip("silent.mp4", audio=False)), "-c", "copy", "-movflags", "+faststart", str(to)]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *copy], check=True)
    return to.read_bytes()


@contextlib.contextmanager
def writing(to: Path, pieces: list[tuple[bytes, float]]) -> Iterator[None]:
    """Append to a file, piece by piece, with a pause after each, while the test goes on."""

    def write() -> None:
        with to.open("wb", buffering=0) as file:
            for piece, pause in pieces:
                file.write(piece)
                time.sleep(pause)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        writer.join()


async def watched(house: Any, inbox: Inbox, done: Callable[[], bool]) -> list[DropResult]:
    """Publish as the watcher asks, without Prefect between them, until something is so."""
    results: list[DropResult] = []

    async def ask(drop: Drop) -> bool:
        results.append(await publish_drop(inbox, drop.name, articles=(), publish=house.tell))
        return True

    watcher = asyncio.create_task(ask_for_each(inbox, ask))
    async with asyncio.timeout(120):
        while not done():  # noqa: ASYNC110 - what is waited for is a file
            await asyncio.sleep(0.05)
    watcher.cancel()
    await asyncio.wait([watcher])
    return results


def test_a_slow_writer_is_published_whole(house: Any, film: bytes) -> None:
    """Also where it rests for longer than a drop must: the half was looked at, and waited for."""
    inbox = Inbox(house.home, attempts=3, settle_s=0.4)
    size = len(film) // 8 + 1
    parts = [film[start : start + size] for start in range(0, len(film), size)]
    pauses = [0.1, 0.1, 0.1, 2.0, 0.1, 0.1, 0.1, 0]
    with writing(inbox.folder / "slow.mp4", list(zip(parts, pauses, strict=True))):
        results = asyncio.run(watched(house, inbox, (house.home / "done" / "slow.mp4").exists))
    assert {result.state for result in results[:-1]} == {"growing"}
    assert results[-1].state == "published"
    [entry] = house.json("index.json")["videos"]
    assert entry["source_sha256"] == hashlib.sha256(film).hexdigest()
    assert Record.model_validate(house.json(entry["record"])).duration_ms == 4000
    assert not list((house.home / "rejected").iterdir())


def test_a_copy_that_stops_is_refused_and_the_next_file_is_published(house: Any, film: bytes) -> None:
    """The reason stands beside it; it was waited for as long as a copy may rest."""
    inbox = Inbox(house.home, attempts=3, settle_s=0.7)
    half, rest = film[: len(film) // 2], film[len(film) // 2 :]
    reason = house.home / "rejected" / "half.mp4.reason.txt"
    with writing(inbox.folder / "half.mp4", [(half[:-5000], 0.1), (half[-5000:], 0)]):
        (inbox.folder / "whole.mp4").write_bytes(half + rest)
        results = asyncio.run(
            watched(house, inbox, lambda: reason.exists() and (house.home / "done" / "whole.mp4").exists())
        )
    states = {name: [r.state for r in results if r.name == name] for name in ("half.mp4", "whole.mp4")}
    assert states["whole.mp4"] == ["published"]
    assert states["half.mp4"][-1] == "rejected"
    assert set(states["half.mp4"][:-1]) == {"growing"}
    assert re.fullmatch(CUT, reason.read_text().strip())
    assert len(house.json("index.json")["videos"]) == 1
