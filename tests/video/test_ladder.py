"""The choice of renditions."""

from fractions import Fraction

import pytest

from votd.config.profiles import ladder
from votd.media.model import Rendition, VideoStream
from votd.media.video.ladder import display_size, lowest_level, output_rate, progressive, renditions

FAST = ladder("fast")


def video(
    width: int, height: int, *, aspect: Fraction = Fraction(1), rotation: int = 0, rate: Fraction = Fraction(25)
) -> VideoStream:
    """Describe a source of 10 s."""
    return VideoStream(0, "h264", width, height, aspect, rotation, rate, 250, 250, 10_000, "yuv420p", False)


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        (video(1920, 1080), ["1920x1080", "1280x720", "960x540", "640x360", "416x234"]),
        (video(3840, 2160), ["1920x1080", "1280x720", "960x540", "640x360", "416x234"]),
        (video(1280, 720), ["1280x720", "960x540", "640x360", "416x234"]),
        (video(1080, 1920), ["1080x1920", "720x1280", "540x960", "360x640", "234x416"]),
        (video(640, 360, rotation=90), ["360x640", "234x416"]),
        (video(640, 360, rotation=270), ["360x640", "234x416"]),
        (video(640, 360, rotation=180), ["640x360", "416x234"]),
        (video(720, 576, aspect=Fraction(64, 45)), ["960x540", "640x360", "416x234"]),
        (video(853, 479), ["642x360", "416x234"]),
        (video(320, 180), ["320x180"]),
        (video(161, 91), ["160x90"]),
        (video(16, 16), ["16x16"]),
        (video(1000, 1000), ["720x720", "540x540", "360x360", "234x234"]),
    ],
)
def test_sizes(source: VideoStream, sizes: list[str]) -> None:
    """Make the rungs on the short edge that need no upscale, even, upright and in one shape."""
    made = renditions(source, FAST)
    assert [f"{rendition.width}x{rendition.height}" for rendition in made] == sizes
    assert [rendition.name for rendition in made] == [f"{min(r.width, r.height)}p" for r in made]
    width, height = display_size(source)
    for rendition in made:
        assert rendition.width % 2 == rendition.height % 2 == 0
        assert rendition.width <= width and rendition.height <= height
        assert abs(rendition.width - rendition.height * width / height) <= 2


def test_small_source_keeps_the_smallest_rungs_quality() -> None:
    """Encode a source below the ladder as its smallest rung would be."""
    (only,) = renditions(video(320, 180), FAST)
    assert (only.crf, only.max_bitrate) == (FAST.rungs[-1].crf, FAST.rungs[-1].max_bitrate)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Fraction(25), Fraction(25)),
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        (Fraction(60000, 1001), Fraction(60000, 1001)),
        (Fraction(30), Fraction(30)),
        (Fraction(359640, 12001), Fraction(30000, 1001)),
        (Fraction(120), Fraction(60)),
        (Fraction(120000, 1001), Fraction(60000, 1001)),
        (Fraction(240), Fraction(60)),
        (Fraction(90), Fraction(45)),
        (Fraction(15), Fraction(15)),
        (Fraction(1), Fraction(8)),
        (Fraction(1, 30), Fraction(128, 15)),
    ],
)
def test_rates(rate: Fraction, expected: Fraction) -> None:
    """Keep rational rates, halve what is too fast, double slides."""
    assert output_rate(rate, 60) == expected


@pytest.mark.parametrize(
    ("source", "name"),
    [(video(1920, 1080), "720p"), (video(1080, 1920), "720p"), (video(640, 360), "360p"), (video(320, 180), "180p")],
)
def test_progressive(source: VideoStream, name: str) -> None:
    """Offer 720p as the download, or the largest below it."""
    assert progressive(renditions(source, FAST)).name == name


@pytest.mark.parametrize(("rate", "cap"), [(25, 6_000_000), (30, 6_000_000), (50, 7_800_000), (60, 7_800_000)])
def test_caps_follow_the_frame_rate(rate: int, cap: int) -> None:
    """Allow more bits to more pictures."""
    assert renditions(video(1920, 1080, rate=Fraction(rate)), FAST)[0].max_bitrate == cap


@pytest.mark.parametrize(
    ("size", "rate", "cap", "level"),
    [
        ((1920, 1080), 25, 6_000_000, 40),
        ((1920, 1080), 60, 7_800_000, 42),
        ((1280, 720), 25, 3_500_000, 31),
        ((1280, 720), 60, 4_500_000, 32),
        ((416, 234), 25, 300_000, 13),
        ((640, 360), 25, 14_000_000, 31),
        ((8192, 4320), 60, 6_000_000, 52),
    ],
)
def test_lowest_level(size: tuple[int, int], rate: int, cap: int, level: int) -> None:
    """Name the level that size, speed and cap need."""
    assert lowest_level(Rendition("", *size, Fraction(rate), 23, cap)) == level
