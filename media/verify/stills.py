"""Storyboards and JPEGs: cues, and the size that a JPEG's frame header states (ITU-T T.81, B.2.2). Pure."""

import re
from dataclasses import dataclass

_TIME = r"(?:(\d+):)?(\d\d):(\d\d)\.(\d{3})"
_CUE = re.compile(rf"^{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?$")
_XYWH = re.compile(r"^([^#\s]+)#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$")
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Tile:
    """One cue of a storyboard, in milliseconds and pixels of the sprite ``uri``."""

    start_ms: int
    end_ms: int
    uri: str
    x: int
    y: int
    width: int
    height: int


def tiles(vtt: str) -> list[Tile]:
    """Read a storyboard; raises ``ValueError``."""
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", vtt):
        raise ValueError("it does not begin with WEBVTT")
    lines, found = vtt.splitlines(), []
    for number, line in enumerate(lines):
        if "-->" not in line:
            continue
        times, place = _CUE.match(line), _XYWH.match(lines[number + 1] if number + 1 < len(lines) else "")
        if not times or not place:
            raise ValueError(f"the cue {line!r} has no times, or no #xywh= after them")
        start, end = _ms(*times.groups()[:4]), _ms(*times.groups()[4:])
        x, y, width, height = (int(value) for value in place.groups()[1:])
        found.append(Tile(start, end, place[1], x, y, width, height))
    return found


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a whole JPEG; raises ``ValueError``."""
    if data[:2] != b"\xff\xd8" or data[-2:] != b"\xff\xd9":
        raise ValueError("it is no JPEG, or cut off")
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAME_HEADERS:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        at += 2 + length
    raise ValueError("it has no frame header")


def _ms(hours: str | None, minutes: str, seconds: str, thousandths: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)
