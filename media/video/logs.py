"""Read what ffmpeg says while it works and when it ends. Pure."""

import re

from votd.media.model import Loudness

# What ends ffmpeg over a source. A packet that cannot be decoded is logged too, and ends nothing by itself.
DAMAGE = (
    "Error opening input: Invalid data found",
    "Format not on whitelist",
    "moov atom not found",
    "Decode error rate",
)
# What ffmpeg says with -loglevel level+… of a packet that it could not read or decode, and went on.
COMPLAINT = re.compile(r"\[error\]|corrupt|concealing")
SILENCE_LUFS = -70.0  # the absolute gate of EBU R128: nothing was louder


def share_done(line: str, duration_ms: int) -> float | None:
    """Return the share, 0 to 1, that a line of ``-progress`` tells, ``None`` for the other lines."""
    key, _, value = line.partition("=")
    if key != "out_time_us" or not value.strip().isdigit():  # "N/A" before the first packet
        return None
    return min(1.0, int(value) / 1000 / max(1, duration_ms))


def loudness(log: str) -> Loudness:
    """Read the summary of the ebur128 filter; raises ``ValueError`` where there is none."""
    integrated, peak = (re.findall(rf"^\s*{name}:\s+(\S+) {unit}", log, re.MULTILINE) for name, unit in _VALUES)
    if not integrated or not peak:
        raise ValueError("no summary of ebur128")
    lufs, dbtp = float(integrated[-1]), float(peak[-1])
    return Loudness(lufs if lufs > SILENCE_LUFS else None, dbtp if dbtp > float("-inf") else None)


_VALUES = (("I", "LUFS"), ("Peak", "dBFS"))


def is_complaint(line: str) -> bool:
    """Tell whether a decoder or a demuxer reports damage in a line of ffmpeg's log."""
    return bool(COMPLAINT.search(line))


def is_damage(log: str) -> bool:
    """Tell whether ffmpeg ended because of the source."""
    return any(sentence in log for sentence in DAMAGE)


def is_full_disk(log: str) -> bool:
    """Tell whether ffmpeg ran out of room, which it says for some of its files only."""
    return "No space left on device" in log
