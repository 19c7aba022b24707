"""What is refused before anything is decoded, and what must not be."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from votd.media.errors import RejectedSource
from votd.media.model import AudioStream, MediaInfo, VideoStream
from votd.media.source.judge import judge

VIDEO = VideoStream(
    index=0,
    codec="h264",
    width=1920,
    height=1080,
    sample_aspect_ratio=Fraction(1),
    rotation=0,
    frame_rate=Fraction(25),
    frames=1550,
    declared_frames=1550,
    duration_ms=62_000,
    pixel_format="yuv420p",
    encrypted=False,
)
AUDIO = AudioStream(index=1, codec="aac", sample_rate=48_000, channels=2, language=None, duration_ms=62_000)
INFO = MediaInfo(
    container="mov",
    size=1_000_000,
    duration_ms=62_000,
    available_ms=62_000,
    streams=2,
    title=None,
    video=VIDEO,
    audio=(AUDIO,),
)
HOUR = 3_600_000


def info(video: dict[str, Any], **file: Any) -> MediaInfo:
    """Return a sound file's facts with some changed."""
    return replace(INFO, video=replace(VIDEO, **video), **file)


@pytest.mark.parametrize(
    "good",
    [
        INFO,
        replace(INFO, audio=()),
        info({}, available_ms=61_100),
        info({}, available_ms=70_000),
        info({"frames": 1548}),
        info({"declared_frames": None}),
        info({"frames": 1, "declared_frames": 1, "duration_ms": 40}, duration_ms=40, available_ms=40),
        info({"frames": 1, "declared_frames": None, "duration_ms": 0}),
        info({"frames": 1, "declared_frames": 1, "duration_ms": 62_000}),
        info({"frames": 4, "declared_frames": 4, "frame_rate": Fraction(1, 15)}),
        info({"width": 853, "height": 479}),
        info({"width": 720, "height": 576, "sample_aspect_ratio": Fraction(64, 45)}),
        info({"width": 4320, "height": 8192}),
        info({"frame_rate": Fraction(240), "frames": 14_880, "declared_frames": 14_880}),
        info({"frames": 360_000, "duration_ms": 4 * HOUR}, duration_ms=4 * HOUR, available_ms=4 * HOUR),
        replace(INFO, streams=64),
    ],
)
def test_accepts(good: MediaInfo) -> None:
    """Let an awkward but legitimate file through."""
    judge(good)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (replace(INFO, video=None), "has sound but no picture"),
        (replace(INFO, video=None, audio=()), "neither picture nor sound"),
        (info({"encrypted": True}), "encrypted"),
        (info({"frames": 0}), "no pictures in it: it looks cut off"),
        (info({}, available_ms=31_000), "Only 31 of 62 s are in the file: it looks cut off. Export it again."),
        (info({}, duration_ms=2400, available_ms=1360), "Only 1 of 2 s are in the file"),
        (info({}, duration_ms=2400, available_ms=1300), "Only 1 of 2 s are in the file"),
        (info({}, duration_ms=1999, available_ms=900), "Only 1 of 2 s are in the file"),
        (info({}, duration_ms=1400, available_ms=0), "Only 0 of 1 s are in the file"),
        (info({"frames": 775}), "Only 775 of 1550 frames are in the file"),
        (info({"width": 16384, "height": 16000}), "16384×16000"),
        (info({"width": 4400, "height": 8192}), "at most 8192×4320"),
        (info({"width": 8200, "height": 100}), "at most 8192×4320"),
        (info({"sample_aspect_ratio": Fraction(255)}), "489600×1080"),
        (info({"sample_aspect_ratio": Fraction(1, 255)}), "at least 16×16"),
        (info({"width": 16, "height": 8}), "at least 16×16"),
        (info({"frame_rate": Fraction(1000)}), "1000 frames/s"),
        (info({"frames": 60_000, "declared_frames": None}), "968 frames/s"),
        (info({"frames": 2, "declared_frames": 2, "duration_ms": HOUR}), "only 2 frames in 3600 s"),
        (info({}, duration_ms=10 * HOUR, available_ms=10 * HOUR), "10.0 hours, and at most 4"),
        (info({}, duration_ms=2**31 * 1000), "596523.2 hours"),
        (info({}, available_ms=5 * HOUR), "5.0 hours"),
        (info({}, duration_ms=0, available_ms=0), "no time at all"),
        (info({}, duration_ms=-5), "no time at all"),
        (replace(INFO, streams=200), "200 streams, and at most 64"),
    ],
)
def test_refuses(bad: MediaInfo, reason: str) -> None:
    """Refuse a file beyond a limit, with the limit in a sentence or two that end in what to do."""
    with pytest.raises(RejectedSource) as refused:
        judge(bad)
    assert reason in str(refused.value)
    assert str(refused.value).endswith(".")
