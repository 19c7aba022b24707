"""Run ffmpeg within limits, tell how far it is, and blame the source for what is the source's fault."""

import subprocess
from collections.abc import Sequence
from functools import cache

from votd.media import process
from votd.media.errors import BadRequest, RejectedSource, ToolFailed
from votd.media.model import MediaInfo
from votd.media.process import Limits, Progress
from votd.media.video import logs

GIB = 1 << 30


async def run(arguments: Sequence[str], limits: Limits, info: MediaInfo, progress: Progress) -> str:
    """Run ffmpeg over a source; return the end of its log.

    Raises ``RejectedSource`` where it blames the source, ``ToolFailed`` for everything else.
    """

    def on_line(line: str) -> None:
        done = logs.share_done(line, longest_ms(info))
        if done is not None:
            progress(done)

    try:
        return await process.run(arguments, limits, on_line)
    except ToolFailed as e:
        if logs.is_full_disk(e.tail):
            raise ToolFailed("The disk is full: make room and run it again.", e.command, e.tail) from e
        if logs.is_damage(e.tail):
            raise RejectedSource("The file is damaged and cannot be decoded. Export it again.") from e
        raise


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
