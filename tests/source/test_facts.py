"""Rates, languages and turns, out of libav's words."""

from fractions import Fraction

import pytest

from votd.media.source import facts

NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, None),
        ("", None),
        ("und", None),
        ("zxx", None),
        ("mkd", "mk"),
        ("mac", "mk"),
        ("MKD", "mk"),
        ("eng", "en"),
        ("srp", "sr"),
        ("sqi", "sq"),
        ("alb", "sq"),
        ("deu", "de"),
        ("ger", "de"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("rup", "rup"),
        ("en", "en"),
        ("eng-GB", "en-GB"),
        ("sr-Cyrl", "sr-Cyrl"),
        ("<b>", None),
        ("```", None),
    ],
)
def test_language(code: str | None, expected: str | None) -> None:
    """Give BCP 47's two letters where there are such, and nothing for what names no language."""
    assert facts.language(code) == expected


@pytest.mark.parametrize(
    ("base", "average", "measured", "expected"),
    [
        (Fraction(25), Fraction(25), Fraction(25), Fraction(25)),
        (NTSC, NTSC, Fraction(2997, 100), NTSC),
        (Fraction(100), Fraction(100), Fraction(100), Fraction(100)),
        # whole milliseconds of a short Matroska file
        (Fraction(19001, 317), Fraction(19001, 317), Fraction(59), Fraction(60000, 1001)),
        # 0.1 % apart: only the measured rate can tell
        (Fraction(24), FILM, FILM, FILM),
        # a cut left a gap
        (Fraction(25), Fraction(25), Fraction(238, 10), Fraction(25)),
        # interlaced: the base counts fields
        (Fraction(50), Fraction(25), Fraction(25), Fraction(25)),
        # a telephone's variable rate
        (Fraction(90000), Fraction(2991, 100), Fraction(2991, 100), NTSC),
        (Fraction(30), Fraction(600, 29), Fraction(1190, 59), Fraction(1190, 59)),
        # the header is wrong
        (Fraction(50), Fraction(50), Fraction(25), Fraction(25)),
        # one frame
        (Fraction(30), Fraction(30), None, Fraction(30)),
        (None, None, None, Fraction(25)),
        # never nought, whatever lies between two frames
        (Fraction(25), Fraction(1, 36000), Fraction(1, 36000), Fraction(1, 1001)),
    ],
)
def test_frame_rate(
    base: Fraction | None, average: Fraction | None, measured: Fraction | None, expected: Fraction
) -> None:
    """Take the constant rate where all agree, else the measured one at its nearest standard."""
    assert facts.frame_rate(base, average, measured) == expected


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [("0.00", 0), ("-0.00", 0), ("90.00", 270), ("-90.00", 90), ("180.00", 180), ("-180.00", 180), ("nan", 0)],
)
def test_rotation(degrees: str, expected: int) -> None:
    """Turn libav's anticlockwise degrees of the one stream into clockwise ones."""
    dump = [
        "  Stream #0:0(und): Audio: aac",
        "  Stream #0:1[0x2](und): Video: h264",
        "    Side data:",
        f"      Display Matrix: rotation of {degrees} degrees",
        "  Stream #0:10: Video: png",
        "      Display Matrix: rotation of 45.00 degrees and more",
    ]
    assert facts.rotation(dump, 1) == expected
    assert facts.rotation(dump, 0) == 0
    assert facts.rotation(dump, 10) == 0
