"""The storyboard's grid, the choice of a poster, and the picture that social networks show. Pure."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as fp

from votd.media.model import Rendition, Stills
from votd.media.video.command import compiled

STILLS = Stills("poster.jpg", "share.jpg", "storyboard.jpg", "storyboard.vtt")
CANDIDATE = "candidate-%05d.jpg"
THUMBNAIL = "thumbnail-%05d.jpg"

COLUMNS = 10
MOST_TILES = 100
SHORTEST_STEP_S = 2
TILE_EDGE = 192
SHARE_SIZE = (1200, 630)
"""What the Open Graph's readers crop to."""
WIDE = 1.5

MARGIN = 0.05
"""The share of a video at its beginning and its end where titles and fades are."""
NEAR_CUT_MS = 500


@dataclass(frozen=True, slots=True)
class Grid:
    """A storyboard: every ``step``-th of ``frames`` frames, ``count`` in all, each ``width``×``height``."""

    step: int
    frames: int
    rate: Fraction
    width: int
    height: int

    @property
    def count(self) -> int:
        return -(-self.frames // self.step)

    @property
    def columns(self) -> int:
        return min(COLUMNS, self.count)

    @property
    def rows(self) -> int:
        return -(-self.count // COLUMNS)

    def ms(self, number: int) -> int:
        """Return when the tile ``number`` begins."""
        return round(min(number * self.step, self.frames) * 1000 / self.rate)


def grid(frames: int, rendition: Rendition) -> Grid:
    """Lay out the storyboard of a video: a picture every two seconds, and at most a hundred."""
    rate = rendition.frame_rate
    seconds = max(SHORTEST_STEP_S, math.ceil(frames / rate / MOST_TILES))
    scale = Fraction(TILE_EDGE, max(rendition.width, rendition.height))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in (rendition.width, rendition.height))
    return Grid(max(1, round(seconds * rate)), frames, rate, width, height)


def storyboard(grid: Grid, image: str) -> str:
    """Write the WebVTT that names each tile by its place in the image (Media Fragments URI, ``#xywh``)."""
    lines = ["WEBVTT", ""]
    for number in range(grid.count):
        row, column = divmod(number, COLUMNS)
        place = f"{image}#xywh={column * grid.width},{row * grid.height},{grid.width},{grid.height}"
        lines += [f"{_clock(grid.ms(number))} --> {_clock(grid.ms(number + 1))}", place, ""]
    return "\n".join(lines)


# --- which moment is the poster ----------------------------------------------------------------------


def printed(text: str) -> Iterator[dict[str, float]]:
    """Read what ffmpeg's ``metadata`` filter printed: a mapping for each frame, ``pts_time`` among it."""
    values: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("frame:"):
            if values:
                yield values
            values = {"pts_time": float(line.rpartition("pts_time:")[2])}
        elif match := re.fullmatch(r"lavfi\.([\w.]+)=(-?[\d.]+)", line):
            values[match[1]] = float(match[2])
    if values:
        yield values


def shots(text: str) -> tuple[int, ...]:
    """Return when each new shot begins, in ms, from the change detector's lines."""
    return tuple(round(frame["scd.time"] * 1000) for frame in printed(text) if "scd.time" in frame)


def best(scores: Sequence[Mapping[str, float]], cuts: Sequence[int], duration_ms: int) -> int:
    """Return which candidate makes the best poster; ``scores`` are theirs in order, ``cuts`` in ms."""

    def worth(number: int) -> tuple[float, int]:
        return appeal(scores[number], cuts, duration_ms), -number

    return max(range(len(scores)), key=worth, default=0)


def appeal(score: Mapping[str, float], cuts: Sequence[int], duration_ms: int) -> float:
    """Say how good a poster a frame makes: well exposed, rich in contrast, sharp, and nothing in motion.

    ``score`` has signalstats' luma (``YAVG``, ``YLOW`` and ``YHIGH``: the 10th and 90th of 100), blurdetect's width of
    edges in pixels (from 0, sharp) and scdet's difference to the frame before (``mafd``, 0 to 100).
    """
    low, high, average = (score.get(f"signalstats.{name}", 0.0) for name in ("YLOW", "YHIGH", "YAVG"))
    contrast = min(1.0, (high - low) / 120)
    exposure = 1 - min(1.0, abs(average - 120) / 105)
    sharpness = 1 - min(1.0, score.get("blur", 10.0) / 10)
    still = 1 - min(1.0, score.get("scd.mafd", 0.0) / 10)
    at = round(score["pts_time"] * 1000)
    near_cut = any(abs(at - cut) < NEAR_CUT_MS for cut in cuts)
    at_edge = not MARGIN * duration_ms <= at <= (1 - MARGIN) * duration_ms
    return 2 * contrast + 2 * exposure + 2 * sharpness + still - near_cut - at_edge


# --- the picture for sharing --------------------------------------------------------------------------


def share_args(ffmpeg: str, poster: Path, top: Rendition, to: Path) -> list[str]:
    """Return the command that makes 1200×630 of the poster.

    A wide one loses a little above and below; any other stands whole over a blurred copy of itself.
    """
    width, height = SHARE_SIZE
    image = fp.input(f"file:{poster}", f="jpeg_pipe", protocol_whitelist="file")
    if top.width >= WIDE * top.height:
        made = _filled(image)
    else:
        parts = image.filter_multi_output("split")
        behind = _filled(parts[0]).filter("gblur", sigma=24).filter("eq", brightness=-0.1)
        whole = {"force_original_aspect_ratio": "decrease", "force_divisible_by": 2}
        made = fp.filter([behind, parts[1].filter("scale", width, height, **whole)], "overlay", "(W-w)/2", "(H-h)/2")
    made = made.filter("format", "yuvj420p")
    output = fp.output(made, f"file:{to}", f="image2", update=1, map_metadata=-1, **{"q:v": 3, "frames:v": 1})
    return compiled(output, ffmpeg, "-loglevel", "warning")


def sprite_args(ffmpeg: str, folder: Path, grid: Grid, to: Path) -> list[str]:
    """Return the command that lays the thumbnails in ``folder`` side by side."""
    pattern = f"{str(folder).replace('%', '%%')}/{THUMBNAIL}"
    images = fp.input(f"file:{pattern}", f="image2", framerate=1, start_number=1, protocol_whitelist="file")
    made = images.filter("tile", f"{grid.columns}x{grid.rows}")
    output = fp.output(made, f"file:{to}", f="image2", update=1, map_metadata=-1, **{"q:v": 5, "frames:v": 1})
    return compiled(output, ffmpeg, "-loglevel", "warning")


def _filled(image: Any) -> Any:
    image = image.filter("scale", *SHARE_SIZE, force_original_aspect_ratio="increase")
    return image.filter("crop", *SHARE_SIZE)


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"
