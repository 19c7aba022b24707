"""Numbers as they are written and as they are said: ``30,000``, ``thirty thousand``, ``3,2 милиони``."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

JOINED = frozenset({"and", "и"})
LONGEST = 12
"""Words that a number may have."""
LARGEST = 1e15
"""A row of digits beyond this counts nothing that the news tells."""
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?)", re.ASCII)
_WRITTEN = re.compile(rf"\d+(?:[.,]\d+)?|{_GROUPED.pattern}", re.ASCII)
"""No date ("15.05.2026"), no version, no superscript."""
PERCENT = frozenset({"percent", "%", "per", "отсто", "проценти", "процент"})


def value(tokens: Sequence[str]) -> tuple[float | None, int]:
    """Read a number where lower-case tokens begin; return it and how many it took, ``(None, 0)`` where none stands.

    A numeral joins one before it only where it can: "twenty one", no "twenty one two", and "in 2025 five people" is a
    year and five people.
    """
    whole, part, used, read, written = 0.0, 0.0, 0, False, False
    for token in tokens:
        said = numerals().get(token)
        if _WRITTEN.fullmatch(token) and not read:
            part, read, written = _digits(token), True, True
        elif said is not None and said[1] and read:
            part = (part or 1) * said[0]
            if said[0] >= 1000:
                whole, part, written = whole + part, 0.0, False
        elif said is not None and not said[1] and not written and part % _room(said[0]) == 0:
            part, read = part + said[0], True
        elif not (token in JOINED and read):
            break
        used += 1
    while used and tokens[used - 1] in JOINED:
        used -= 1
    return (whole + part, used) if read and whole + part < LARGEST else (None, 0)


def _room(number: float) -> int:
    """Return what a numeral's predecessor must be a multiple of: of ten for units, of a hundred for tens, and so on."""
    return 10 if number < 10 else 100 if number < 100 else 1000


def _digits(token: str) -> float:
    """Read digits; groups of three after a point or a comma are thousands, any other is a fraction."""
    if _GROUPED.fullmatch(token):
        mark = "," if "," in token and token.find(",") < (token.find(".") if "." in token else len(token)) else "."
        return float(token.replace(mark, "").replace(",", "."))
    return float(token.replace(",", "."))


@cache
def numerals() -> dict[str, tuple[float, bool]]:
    """Return each numeral's value, and whether it multiplies."""
    text = Path(__file__).with_name("numerals.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {word: (float(number.lstrip("x")), number.startswith("x")) for word, number in rows}
