"""A hand-drawn outline of Europe, coarse on purpose, as a field of dots."""

from functools import cache

import skia
from draw import Canvas, Point, paint, shape

# Longitude and latitude in degrees, a point every few hundred kilometres.
MAINLAND = """24.5,65.8 29,66 31,69.8 40,67.5 41,66.3 34,66.5 35,64 40,64.6 45,66 60,68 60,46 48,46 47,43 49,41 45,40
41.5,41.5 38,44.3 37.5,45.3 39,47.1 35,46.3 36.5,45.4 33.5,44.5 32.6,45.5 31,46.6 29.6,45.3 28.6,43.8 27.8,42.5
28.1,41.6 29,41.2 26.5,40.2 24,40.7 23,40.4 23.8,38 23,36.6 21.5,37 20.5,39 19.4,41 19.3,42 16.5,43.5 13.7,45 12.4,45.4
12.4,44.2 14,42.5 16,41.8 18.4,40.2 17,40.4 16.5,39 16,38 15.7,40 13.5,41.2 10.5,42.8 9.8,44 8.5,44.3 6.5,43.2 4,43.5
3.1,42.3 0.5,40.6 -0.3,39 -0.8,37.8 -2.2,36.8 -5.5,36.1 -6.4,36.9 -8.9,37 -9.4,38.8 -8.8,41.5 -9,43 -7.8,43.7 -1.8,43.4
-1.2,46 -4.6,48.3 -1.6,48.7 -1.5,49.6 1.5,50.3 3,51.3 4.7,53 7,53.6 8.7,54 8.2,57 10.5,57.6 10.8,56.3 9.8,54.8 11,54
14,54 18.5,54.7 21,55.5 21.3,57.5 24,57.2 23.6,59.2 28,59.6 30,60 25,60.2 22,60.2 21.3,61.5 21.5,63.2"""
ISLANDS = (
    """5.5,58.5 5,62 11,65 15,68.5 21,70.3 28,71 31,69.8 29,66 24.5,65.8 21.5,63.5 17.3,61.5 18.8,60 16.5,57 14.3,55.5
    12.8,55.6 11.2,59 10.5,59.2 8,58""",
    """-5.5,50.1 1,51 1.6,52.7 0,53.5 -1.6,55.5 -2,57.5 -3.2,58.6 -5,58.5 -6,56.5 -4.8,54.8 -3,54 -4.5,53.2 -4.2,52.4
    -5,51.8 -3,51.4""",
    "-6,52.2 -9.8,51.6 -9.5,53.8 -8,55.2 -5.8,54.5",
    "26.3,39.3 29,41 33,42 36,41.5 41.5,41.5 60,41 60,34 36,34 36,36.5 31,36.5 27.5,37",
    "12.5,38 15.5,38.2 15.2,36.8",
    "8.4,40.9 9.6,40.9 9.6,39.2 8.6,39",
    "8.7,42.6 9.5,42.6 9.2,41.5",
    "-6,35.8 -2,35.2 3,36.8 10,37.3 11,34 -6,34",
)
UKRAINE = """
22.2,48.4 24,50.5 23.7,51.6 30.5,51.4 33,52.3 36,50.4 40,49.6 39.8,47.9 38.2,47.1 35,46.3 36.5,45.4 33.5,44.5
32.6,45.5 31,46.6 29.6,45.3 28.3,45.5 30,46.4 28.2,48.2 26.6,48.3 24.9,47.7 22.9,48"""

CITIES: dict[str, Point] = {
    "Paris": (2.35, 48.86),
    "Kyiv": (30.5, 50.45),
    "Berlin": (13.4, 52.52),
    "London": (-0.13, 51.51),
    "Skopje": (21.43, 42.0),
    "Prague": (14.42, 50.09),
    "Madrid": (-3.7, 40.42),
    "Rome": (12.5, 41.9),
    "Warsaw": (21.01, 52.23),
    "Stockholm": (18.07, 59.33),
    "Athens": (23.73, 37.98),
}
WEST, NORTH, SCALE, SQUEEZE = -22.0, 61.5, 29.0, 0.64  # degrees at the frame's corner, pixels a degree, cos(50 degrees)
GRID = 11.0  # pixels between dots


def place(lon_lat: Point) -> Point:
    """Return where a longitude and latitude (degrees) lie on the canvas."""
    return (lon_lat[0] - WEST) * SCALE * SQUEEZE, (NORTH - lon_lat[1]) * SCALE


def _outline(points: str) -> skia.Path:
    pairs = (point.split(",") for point in points.split())
    return shape([place((float(lon), float(lat))) for lon, lat in pairs])


@cache
def _dots() -> tuple[list[skia.Point], list[skia.Point]]:
    land, country = [_outline(MAINLAND), *map(_outline, ISLANDS)], _outline(UKRAINE)
    grid = [(column * GRID + (row % 2) * GRID / 2, row * GRID * 0.87) for row in range(-2, 90) for column in range(122)]
    inside = [(x, y) for x, y in grid if country.contains(x, y)]
    others = [(x, y) for x, y in grid if not country.contains(x, y) and any(path.contains(x, y) for path in land)]
    return [skia.Point(*dot) for dot in others], [skia.Point(*dot) for dot in inside]


def dotted(canvas: Canvas, land: int, country: int) -> None:
    """Draw Europe as dots, Ukraine's in a colour of their own."""
    for dots, colour in zip(_dots(), (land, country), strict=True):
        canvas.drawPoints(skia.Canvas.PointMode.kPoints_PointMode, dots, paint(colour, 6.4))
