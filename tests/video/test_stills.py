"""The storyboard's grid, and the choice of a poster."""

from fractions import Fraction
from pathlib import Path

import pytest

from votd.media.model import Rendition
from votd.media.video.stills import STILLS, best, grid, printed, share_args, shots, storyboard

WIDE = Rendition("720p", 1280, 720, Fraction(25), 23, 3_000_000)
TALL = Rendition("720p", 720, 1280, Fraction(30000, 1001), 23, 3_000_000)


@pytest.mark.parametrize(
    ("frames", "rendition", "expected"),
    [
        (1, WIDE, (50, 1, 1, 1, 192, 108)),
        (51, WIDE, (50, 2, 2, 1, 192, 108)),
        (25 * 60, WIDE, (50, 30, 10, 3, 192, 108)),
        (25 * 200, WIDE, (50, 100, 10, 10, 192, 108)),
        (25 * 201, WIDE, (75, 67, 10, 7, 192, 108)),
        (25 * 4 * 3600, WIDE, (3600, 100, 10, 10, 192, 108)),
        (1800, TALL, (60, 30, 10, 3, 108, 192)),
    ],
)
def test_grid(frames: int, rendition: Rendition, expected: tuple[int, ...]) -> None:
    """Show a picture every two seconds, and never more than a hundred."""
    made = grid(frames, rendition)
    assert (made.step, made.count, made.columns, made.rows, made.width, made.height) == expected


def test_storyboard() -> None:
    """Name each tile by its time and its place, row after row, to the end of the video."""
    lines = storyboard(grid(25 * 21, WIDE), "storyboard.jpg").split("\n")
    assert lines[:4] == ["WEBVTT", "", "00:00:00.000 --> 00:00:02.000", "storyboard.jpg#xywh=0,0,192,108"]
    assert lines[-3:] == ["00:00:20.000 --> 00:00:21.000", "storyboard.jpg#xywh=0,108,192,108", ""]


PRINTED = """frame:0    pts:0       pts_time:0
lavfi.scd.mafd=0.000
lavfi.signalstats.YAVG=16.2
lavfi.odd=word
frame:50   pts:50      pts_time:2.002
lavfi.scd.time=2.002
lavfi.signalstats.YAVG=120
"""


def test_printed() -> None:
    """Read ffmpeg's numbers by frame, and when a new shot begins."""
    assert [*printed(PRINTED)] == [
        {"pts_time": 0.0, "scd.mafd": 0.0, "signalstats.YAVG": 16.2},
        {"pts_time": 2.002, "scd.time": 2.002, "signalstats.YAVG": 120.0},
    ]
    assert shots(PRINTED) == (2002,)
    assert [*printed("")] == []


GOOD = {"YLOW": 40.0, "YHIGH": 190.0, "YAVG": 118.0}


def frame(at: float, blur: float = 3, mafd: float = 0.5, **luma: float) -> dict[str, float]:
    """Describe a candidate, a good one unless told otherwise."""
    values = {f"signalstats.{name}": value for name, value in (GOOD | luma).items()}
    return {"pts_time": at, "blur": blur, "scd.mafd": mafd, **values}


@pytest.mark.parametrize(
    "worse",
    [
        frame(4, YLOW=16, YHIGH=18, YAVG=16.5),
        frame(4, YLOW=230, YHIGH=235, YAVG=234),
        frame(4, YLOW=110, YHIGH=125),
        frame(4, YLOW=20, YHIGH=70, YAVG=40),
        frame(4, blur=9),
        frame(4, mafd=12),
        frame(7.8),
        frame(0),
        frame(20),
    ],
    ids=["black", "white", "flat", "in a fade", "blurred", "in motion", "at a cut", "first", "last"],
)
def test_poster(worse: dict[str, float]) -> None:
    """Prefer a sharp, well exposed, quiet picture to any other, wherever it stands."""
    for scores in ([worse, frame(12)], [frame(12), worse]):
        assert scores[best(scores, (8000,), 20_000)] == frame(12)


def test_the_first_of_equals() -> None:
    """Take the earlier of two that are as good, and something where there is nothing to choose."""
    assert best([frame(4), frame(6)], (), 20_000) == 0
    assert best([frame(0, YAVG=16)], (), 40) == 0


@pytest.mark.parametrize(("rendition", "blurred"), [(WIDE, False), (TALL, True)])
def test_share(rendition: Rendition, blurred: bool) -> None:
    """Crop a wide picture, and show a tall one whole over itself."""
    arguments = share_args("ffmpeg", Path("/w/poster.jpg"), rendition, Path("/w/share.jpg"))
    filters = arguments[arguments.index("-filter_complex") + 1]
    assert "crop=1200:630" in filters
    assert ("gblur" in filters and "overlay" in filters) is blurred
    assert STILLS.share == "share.jpg"
