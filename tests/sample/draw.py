"""The brushes of the sample's picture: colours, type, easing and a few shapes, on a skia canvas of 1280x720."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import skia

WIDTH, HEIGHT, RATE = 1280, 720, 25

INK, NAVY, INDIGO, ICE = 0xFF060B1C, 0xFF0C1636, 0xFF24347A, 0xFFEAF1FF
CORAL, AMBER, TEAL, MINT = 0xFFFF5A3C, 0xFFFFB238, 0xFF0E6F6B, 0xFF7FE3CF
SAND, STONE, WINE, PLUM = 0xFFF5ECDD, 0xFF8B93A7, 0xFF4A0D2B, 0xFF1D0F3D

Canvas = Any  # skia ships no types
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of a shot: seconds since its cut, seconds of the whole shot, and how loud the voice is (0 to 1)."""

    t: float
    length: float
    level: float


Shot = Callable[[Canvas, Moment], None]


def _face(package: str, name: str) -> Any:
    typeface = skia.Typeface.MakeFromFile(str(files(package).joinpath("files", name)))
    if typeface is None:
        raise SystemExit(f"The font {name} cannot be read: install {package.replace('_', '-')}.")
    return typeface


FACES = {
    "bold": _face("font_manrope", "Manrope-ExtraBold.ttf"),
    "plain": _face("font_manrope", "Manrope-SemiBold.ttf"),
    "serif": _face("font_source_serif_pro", "SourceSerifPro-SemiboldIt.ttf"),
}


def ease(t: float, start: float = 0.0, length: float = 0.7) -> float:
    """Return 0 before start, 1 after start + length (seconds), and a soft arrival between."""
    x = min(1.0, max(0.0, (t - start) / length))
    return float(1 - (1 - x) ** 3)


def faded(colour: int, alpha: float) -> int:
    """Return the colour with its opacity multiplied by alpha (0 to 1)."""
    return (round((colour >> 24) * min(1.0, max(0.0, alpha))) << 24) | (colour & 0xFFFFFF)


def paint(colour: int, width: float = 0.0, blur: float = 0.0) -> Any:
    """Return a paint that fills, or strokes where a width (pixels) is given, softened by blur (pixels)."""
    made = skia.Paint(AntiAlias=True, Color=colour, Dither=True)
    if width:
        made.setStyle(skia.Paint.kStroke_Style)
        made.setStrokeWidth(width)
        made.setStrokeCap(skia.Paint.kRound_Cap)
    if blur:
        made.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return made


def gradient(start: Point, end: Point, *colours: int) -> Any:
    """Return a paint that runs through the colours from one point to the other."""
    made = skia.Paint(AntiAlias=True, Dither=True)
    made.setShader(skia.GradientShader.MakeLinear([skia.Point(*start), skia.Point(*end)], list(colours)))
    return made


def halo(centre: Point, radius: float, colour: int) -> Any:
    """Return a paint that shines from the centre and is gone at the radius (pixels)."""
    made = skia.Paint(AntiAlias=True, Dither=True)
    made.setShader(skia.GradientShader.MakeRadial(skia.Point(*centre), radius, [colour, faded(colour, 0)]))
    return made


def fill(canvas: Canvas, top: int, bottom: int) -> None:
    """Cover the frame with a slanted gradient."""
    canvas.drawPaint(gradient((0, 0), (WIDTH * 0.3, HEIGHT), top, bottom))


def box(canvas: Canvas, x: float, y: float, width: float, height: float, colour: int | Any, radius: float = 0) -> None:
    """Draw a rectangle, rounded where a radius is given, in a colour or with a paint."""
    brush = paint(colour) if isinstance(colour, int) else colour
    canvas.drawRoundRect(skia.Rect.MakeXYWH(x, y, width, height), radius, radius, brush)


def line(canvas: Canvas, points: Sequence[Point], brush: Any, close: bool = False) -> None:
    """Draw straight lines through the points."""
    canvas.drawPath(shape(points, close), brush)


def shape(points: Sequence[Point], close: bool = True) -> Any:
    """Return the path through the points."""
    path = skia.Path()
    path.addPoly([skia.Point(x, y) for x, y in points], close)
    return path


def text_width(text: str, size: float, face: str = "bold", spacing: float = 0) -> float:
    """Return the width of a line of text in pixels."""
    return float(skia.Font(FACES[face], size).measureText(text)) + spacing * len(text)


def write(
    canvas: Canvas,
    text: str,
    at: Point,
    size: float,
    colour: int = ICE,
    face: str = "bold",
    spacing: float = 0,
    align: float = 0,
) -> None:
    """Write a line on its baseline; align 0 starts at the point, 0.5 centres on it, 1 ends there."""
    font, brush = skia.Font(FACES[face], size), paint(colour)
    font.setSubpixel(True)
    x, y = at[0] - align * text_width(text, size, face, spacing), at[1]
    if not spacing:
        canvas.drawString(text, x, y, font, brush)
        return
    for letter in text:
        canvas.drawString(letter, x, y, font, brush)
        x += font.measureText(letter) + spacing


def rise(canvas: Canvas, text: str, at: Point, size: float, amount: float, **style: Any) -> None:
    """Write a line that comes up out of nothing; amount 0 is hidden, 1 is in place."""
    colour = faded(style.pop("colour", ICE), amount)
    write(canvas, text, (at[0], at[1] + 24 * (1 - amount)), size, colour, **style)
