"""Rule 16: measure the loudness of what was published, with ffmpeg's EBU R128 meter."""

import re
from collections.abc import Sequence
from pathlib import Path

from votd.media import process
from votd.media.errors import ToolFailed
from votd.media.verify.report import Finding

TOLERANCE_LU = 0.5
PEAK_DBTP = -1.0
_MEMORY = 2 << 30
_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+|-inf|nan) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^\s+Peak:\s+(-?[\d.]+|-?inf|nan) dBFS", re.MULTILINE)


async def finding(
    name: str, parts: Sequence[Path], target: float | None, seconds: float, *, ffmpeg: str, scratch: Path
) -> Finding:
    """Judge one audio track; ``parts`` are its initialization segment and its segments in order."""
    joined = scratch / "audio.mp4"
    with joined.open("wb") as out:
        for part in parts:
            out.write(part.read_bytes())
    try:
        log = await process.run(arguments(ffmpeg, joined), _limits(seconds), confined=process.Confined(reads=(joined,)))
    except ToolFailed as e:
        return Finding("16", name, False, f"its sound cannot be decoded: {e}")
    finally:
        joined.unlink()
    loudness, peak = _INTEGRATED.search(log), _PEAK.search(log)
    if loudness is None or peak is None:
        return Finding("16", name, False, "ffmpeg measured nothing in it")
    return judge(name, float(loudness[1]), float(peak[1]), target)


def judge(name: str, loudness: float, peak: float, target: float | None) -> Finding:
    """Judge LUFS and dBTP against a target in LUFS; without one the level is the source's."""
    found = f"{loudness:.1f} LUFS, {peak:.1f} dBTP"
    if target is None:
        return Finding("16", name, True, f"{found}, kept as it came")
    right = abs(loudness - target) <= TOLERANCE_LU + 1e-6 and peak <= PEAK_DBTP
    return Finding("16", name, right, f"{found}; the target is {target:.1f} ± {TOLERANCE_LU}, at most {PEAK_DBTP:.0f}")


def arguments(ffmpeg: str, file: Path) -> list[str]:
    """Return the command that logs integrated loudness and true peak."""
    safe = ["-protocol_whitelist", "file", "-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2"]
    measure = ["-vn", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    head = [ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", "-threads", "1"]
    return [*head, *safe, "-i", f"file:{file}", *measure]


def _limits(seconds: float) -> process.Limits:
    """A minute of sound takes half a CPU second; the clock only ends what hangs."""
    return process.Limits(wall_s=120 + seconds, cpu_s=30 + int(seconds / 10), memory=_MEMORY, file_size=0)
