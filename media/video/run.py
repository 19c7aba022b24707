"""Run ffmpeg within limits, tell how far it is, and blame the source for what is the source's fault."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from votd.media import process
from votd.media.errors import BadRequest, RejectedSource, ToolFailed
from votd.media.model import MediaInfo
from votd.media.process import Confined, Limits, Progress
from votd.media.video import logs

GIB = 1 << 30
IDLE_S = 600
"""Seconds without a frame more, after which nothing more will come; an MP4.s index is moved in silence too."""


@dataclass(frozen=True, slots=True)
class Said:
    """What ffmpeg said of its work: the end of its log, and how many lines of it report damage in the source."""

    log: str
    complaints: int


async def run(
    arguments: Sequence[str], limits: Limits, confined: Confined, duration_ms: int, progress: Progress
) -> Said:
    """Run ffmpeg over a source of ``duration_ms``; tell how far it is, and end it when it gets no further.

    Raises ``RejectedSource`` where it blames the source, ``ToolFailed`` for everything else.
    """
    complaints, best = 0, -1.0

    def on_line(line: str) -> bool:
        nonlocal best
        done = logs.share_done(line, duration_ms)
        if done is None:
            return False
        progress(done)
        further, best = done > best, max(done, best)
        return further

    def on_error(line: str) -> None:
        nonlocal complaints
        complaints += logs.is_complaint(line)

    limits = replace(limits, idle_s=IDLE_S)
    try:
        log = await process.run(arguments, limits, on_line, on_error=on_error, confined=confined)
    except ToolFailed as e:
        if logs.is_full_disk(e.tail):
            raise ToolFailed("The disk is full: make room and run it again.", e.command, e.tail) from e
        if logs.is_damage(e.tail):
            raise RejectedSource("The file is damaged and cannot be decoded. Export it again.") from e
        raise
    return Said(log, complaints)


def longest_ms(info: MediaInfo) -> int:
    """Return how long a source may last: headers can promise too little as well as too much."""
    return max(info.duration_ms, info.available_ms)


@cache
def version(ffmpeg: str) -> str:
    """Return ffmpeg's own version, as it stands in its first line."""
    try:
        said = subprocess.run(
            [ffmpeg, "-version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except FileNotFoundError as e:
        raise BadRequest(f"{ffmpeg} is not installed.") from e
    except (OSError, subprocess.SubprocessError) as e:
        raise ToolFailed(f"{ffmpeg} does not run: {e}.") from e
    return said.partition("version ")[2].split(" ")[0]
