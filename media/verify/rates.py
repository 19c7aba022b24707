"""Bit rates as RFC 8216bis defines them (4.4.6.2), from bytes and seconds. Pure."""

from collections.abc import Sequence
from fractions import Fraction

Piece = tuple[int, Fraction]
"""Bytes and seconds of one segment."""


def average(pieces: Sequence[Piece]) -> Fraction:
    """Return bit/s over everything."""
    return _rate(sum(size for size, _ in pieces), sum((length for _, length in pieces), Fraction(0)))


def peak(pieces: Sequence[Piece], target: int) -> Fraction:
    """Return the highest bit/s of contiguous segments that last 0.5 to 1.5 target durations together.

    Where no such run of segments is there, for the video is shorter, it is the average.
    """
    highest = Fraction(0)
    for first in range(len(pieces)):
        size, length = 0, Fraction(0)
        for more, longer in pieces[first:]:
            size, length = size + more, length + longer
            if 2 * length > 3 * target:
                break
            if 2 * length >= target:
                highest = max(highest, _rate(size, length))
    return highest or average(pieces)


def off(declared: int | Fraction | None, measured: Fraction) -> float:
    """Return by what share a declared figure misses the measured one; 1 where nothing is declared."""
    if not declared or not measured:
        return 1.0
    return float(min(abs(declared / measured - 1), Fraction(1000)))


def _rate(size: int, length: Fraction) -> Fraction:
    return 8 * size / length if length else Fraction(0)
