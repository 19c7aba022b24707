"""What ffmpeg's output tells."""

import pytest

from votd.media.model import Loudness
from votd.media.video import logs

SUMMARY = """
[Parsed_ebur128_2 @ 0x5581] Summary:

  Integrated loudness:
    I:         {integrated} LUFS
    Threshold: -31.9 LUFS

  Loudness range:
    LRA:         0.0 LU
    Threshold: -41.9 LUFS
    LRA low:   -21.9 LUFS
    LRA high:  -21.8 LUFS

  True peak:
    Peak:      {peak} dBFS
size=     188KiB time=00:00:06.00 bitrate= 256.1kbits/s
"""


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("out_time_us=3000000", 0.5),
        ("out_time_us=9000000", 1.0),
        ("out_time_us=0", 0.0),
        ("out_time_us=N/A", None),
        ("out_time_us=-9223372036854775807", None),
        ("out_time_ms=3000000", None),
        ("total_size=N/A", None),
        ("progress=end", None),
        ("", None),
    ],
)
def test_progress(line: str, share: float | None) -> None:
    """Tell a share from the one line that has it, and nothing from the others."""
    assert logs.share_done(line, 6000) == share


@pytest.mark.parametrize(
    ("integrated", "peak", "expected"),
    [
        ("-21.8", "-16.0", Loudness(-21.8, -16.0)),
        ("-70.0", "-inf", Loudness(None, None)),
        ("-70.0", "-80.3", Loudness(None, -80.3)),
        ("nan", "-inf", Loudness(None, None)),
    ],
)
def test_loudness(integrated: str, peak: str, expected: Loudness) -> None:
    """Read both figures; silence has none."""
    assert logs.loudness(SUMMARY.format(integrated=integrated, peak=peak)) == expected


def test_no_loudness() -> None:
    """Fail where the filter gave no summary."""
    with pytest.raises(ValueError, match="summary"):
        logs.loudness("Conversion failed!")


@pytest.mark.parametrize(
    ("log", "damage", "full"),
    [
        ("[in#0 @ 0x1] Error opening input: Invalid data found when processing input", True, False),
        ("[in#0 @ 0x1] Format not on whitelist 'mov,mp4'", True, False),
        ("[mov @ 0x1] moov atom not found", True, False),
        ("[dec:aac @ 0x1] Decode error rate 1 exceeds maximum 0.666667", True, False),
        ("[in#0 @ 0x1] Error opening input: No such file or directory", False, False),
        ("[dec:h264 @ 0x1] Error submitting packet to decoder: Invalid data found when processing input", False, False),
        ("[out#0/tee @ 0x1] Error muxing a packet: No space left on device", False, True),
    ],
)
def test_blame(log: str, damage: bool, full: bool) -> None:
    """Blame the source only for what ends ffmpeg because of it."""
    assert (logs.is_damage(log), logs.is_full_disk(log)) == (damage, full)
