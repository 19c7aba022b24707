"""Awkward but legitimate pictures: what is published is measured against what was drawn."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import CORNERS, H264, Maker, Picture, corners, matrix, patches, square, woven
from measure import Published, combing, extent, middles, off, position, quarters, shown

pytestmark = pytest.mark.all
Publish = Callable[[Path], Published]
CLOSE = 8
"""8-bit steps of a colour: rounding twice to 4:2:0 and an encoder at CRF 23 cost up to half of it."""


def same_corners(picture: Picture, reference: Picture) -> None:
    """Assert that the four quarters have the colours of those of a reference of any size."""
    found, drawn = quarters(picture), quarters(reference)
    assert {name: off(found[name], drawn[name]) for name in CORNERS} == pytest.approx(
        dict.fromkeys(CORNERS, 0), abs=CLOSE
    )


# --- shape -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation(degrees: int, suffix: str, make: Maker, publish: Publish) -> None:
    """A display matrix turns the picture once, anticlockwise, and is gone afterwards."""
    drawn = corners(320, 180)
    lying = make.drawn("lying.mp4", [drawn] * 50, encode=(*H264, *matrix("bt601")))
    turned = make(f"turned.{suffix}", "-display_rotation:v:0", str(degrees), "-i", str(lying), "-c", "copy")
    picture = shown(publish(turned))[25]
    assert picture.shape[:2] == ((180, 320) if degrees == 180 else (320, 180))
    same_corners(picture, np.rot90(drawn, degrees // 90))


@pytest.mark.parametrize(
    ("width", "height", "ratio", "expected"),
    [(352, 288, "16/11", (512, 288)), (720, 240, "8/9", (640, 240)), (320, 240, "3/4", (240, 240))],
)
def test_square_pixels(
    width: int, height: int, ratio: str, expected: tuple[int, int], make: Maker, publish: Publish
) -> None:
    """What was a square on the screen is a square in square pixels."""
    aspect = Fraction(ratio)
    drawn = square(width, height, across=round(120 / aspect), down=120)
    published = publish(make.drawn("wide.mp4", [drawn] * 50, encode=(*H264, "-vf", f"setsar={ratio}")))
    picture = shown(published)[25]
    scale = picture.shape[0] / expected[1]
    assert picture.shape[1] == pytest.approx(expected[0] * scale, abs=1)
    across, down = extent(picture.mean(2))
    assert (across, down) == pytest.approx((120 * scale, 120 * scale), abs=2)


@pytest.mark.parametrize("size", [(853, 479), (321, 181), (479, 853), (180, 320), (64, 64)])
def test_odd_and_upright_sizes(size: tuple[int, int], make: Maker, publish: Publish) -> None:
    """No edge is lost or green, and the shape is kept within the rounding to even numbers."""
    drawn = corners(*size)
    clip = make.drawn("odd.mkv", [drawn] * 50, encode=("-c:v", "ffv1", "-pix_fmt", "yuv420p"))
    picture = shown(publish(clip))[25]
    height, width = picture.shape[:2]
    assert width % 2 == height % 2 == 0
    assert width / height == pytest.approx(size[0] / size[1], rel=2 / min(width, height))
    same_corners(picture, drawn)
    edges = {"top left": picture[0, 4], "top right": picture[4, -1], "bottom left": picture[-1, 4]}
    assert all(off(colour, CORNERS[name]) <= 2 * CLOSE for name, colour in edges.items()), edges


# --- colour ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "encoded", "tags"),
    [
        ((320, 180), "bt601", ""),
        ((720, 576), "bt601", ""),
        ((1280, 720), "bt709", ""),
        ((320, 180), "bt709", "bt709"),
        ((1280, 720), "bt601", "smpte170m"),
        ((1280, 720), "bt601", "bt470bg"),
    ],
)
def test_colour_matrix(size: tuple[int, int], encoded: str, tags: str, make: Maker, publish: Publish) -> None:
    """Tags are believed; where there are none, small pictures are BT.601 and HD ones BT.709."""
    drawn = corners(*size)
    after = f"setparams=colorspace={tags}:color_primaries={tags}:color_trc={tags}" if tags else None
    encode = (*H264, *(matrix(encoded, after) if after else matrix(encoded)))
    same_corners(shown(publish(make.drawn("colour.mp4", [drawn] * 25, encode=encode)))[12], drawn)


def test_full_range(make: Maker, publish: Publish) -> None:
    """Greys of 0 to 255 become 16 to 235, black and white included."""
    greys = (0, 16, 128, 235, 255)
    full = ("-vf", "scale=in_range=pc:out_range=pc,format=yuv420p,setparams=range=pc", *H264)
    published = publish(make.drawn("full.mp4", [patches(greys)] * 50, pixels="gray", encode=full))
    shown(published)
    expected = [round(16 + 219 * grey / 255) for grey in greys]
    assert middles(published.video().luma()[25][1], len(greys)) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv422p10le", "gbrp"])
def test_other_pixels(pixels: str, make: Maker, publish: Publish) -> None:
    """4:4:4, 4:2:2 in ten bits, and RGB itself become 8-bit 4:2:0 of the same colours."""
    drawn = corners(320, 180)
    codec = ("-c:v", "ffv1") if pixels == "gbrp" else ("-c:v", "libx264", "-crf", "8", "-preset", "veryfast")
    same_corners(shown(publish(make.drawn("other.mkv", [drawn] * 25, encode=(*codec, "-pix_fmt", pixels))))[12], drawn)


# --- movement ----------------------------------------------------------------------------------


def moving(moment: Fraction) -> float:
    """Return the column of a bar that crosses the picture in three seconds."""
    return 20 + 80 * float(moment)


@pytest.mark.parametrize("top_first", [True, False], ids=["top", "bottom"])
@pytest.mark.parametrize("codec", ["h264", "mpeg2"])
def test_interlaced(codec: str, top_first: bool, make: Maker, publish: Publish) -> None:
    """No comb is left, and the bar is where one of the two fields of each frame has it."""
    rate, count = Fraction(25), 75
    order = "tff" if top_first else "bff"
    flags = ("-vf", f"setfield={order},format=yuv420p", "-flags", "+ilme+ildct")
    x264 = (*H264, "-x264-params", f"{order}=1")
    encode = (*(x264 if codec == "h264" else ("-c:v", "mpeg2video", "-q:v", "2")), *flags)
    drawn = list(woven(moving, rate, count, top_first=top_first))
    name = "woven.mp4" if codec == "h264" else "woven.ts"
    published = publish(make.drawn(name, drawn, pixels="gray", encode=encode))
    shown(published)
    frames = published.video().luma()
    left, woven_comb = max(combing(picture) for _, picture in frames[2:-2]), combing(drawn[30].astype(int))
    print(codec, order, "combing", round(left, 2), "of", round(woven_comb, 2))
    assert left < 0.5
    assert woven_comb > 1
    gone = [position(picture) - moving(time) for time, picture in frames[2:-2]]
    print("position off by", round(min(gone), 2), "to", round(max(gone), 2))
    assert all(-1.5 < each < 1.6 + 1.5 for each in gone)  # 1.6 columns in half a frame


def test_progressive_pictures_are_left_alone(make: Maker, publish: Publish) -> None:
    """Detail of single rows, which a deinterlacer would blur, stays where nothing is interlaced."""
    lines = np.tile(np.array([[60], [60], [180], [180]], np.uint8), (45, 320))
    published = publish(make.drawn("lines.mp4", [lines] * 50, pixels="gray", encode=(*H264, "-crf", "1")))
    luma = published.video().luma()[25][1]
    assert combing(luma) > 0.8 * combing(lines.astype(int)) * 219 / 255


def test_a_change_of_size_in_the_middle(make: Maker, publish: Publish) -> None:
    """Every picture keeps the first one's size, is filled to its edges, and none is missing."""
    drawn = corners(320, 180)
    parts = [
        make.drawn(
            f"{size}.ts",
            [np.kron(drawn, np.ones((size, size, 1), np.uint8))] * 50,
            encode=(*H264, *matrix("bt601"), *offset),
        )
        for size, offset in ((1, ()), (2, ("-output_ts_offset", "2.08")))
    ]
    joined = make.folder / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    pictures = shown(publish(joined))
    assert len(pictures) == pytest.approx(100, abs=1)
    for number in (20, 75):
        same_corners(pictures[number], drawn)
    assert off(pictures[75][-3, -3], CORNERS["bottom right"]) <= 2 * CLOSE
