"""Numbers as they are written and as they are said: ``30,000``, ``thirty thousand``, ``3,2 милиони``."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

JOINED = frozenset({"and", "и"})
PERCENT = frozenset({"percent", "%", "per", "отсто", "проценти", "процент"})


def value(tokens: Sequence[str]) -> tuple[float | None, int]:
    """Read a number where lower-case tokens begin; return it and how many it took, ``(None, 0)`` where none stands."""
    whole, part, used, read = 0.0, 0.0, 0, False
    for token in tokens:
        said = numerals().get(token)
        if token[0].isdigit() and not part:
            part, read = _digits(token), True
        elif said is not None and said[1] and read:
            part = (part or 1) * said[0]
            if said[0] >= 1000:
                whole, part = whole + part, 0.0
        elif said is not None and not said[1] and (not part or (said[0] < 10 <= part % 100) or (said[0] < 100 <= part)):
            part, read = part + said[0], True
        elif not (token in JOINED and read):
            break
        used += 1
    while used and tokens[used - 1] in JOINED:
        used -= 1
    return (whole + part if read else None), used if read else 0


def _digits(token: str) -> float:
    """Read digits; groups of three after a point or a comma are thousands, any other is a fraction."""
    token = token.rstrip(".,")
    grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", token)
    parts = re.split("[.,]", token)
    return float("".join(parts) if grouped or len(parts) > 2 else ".".join(parts))


@cache
def numerals() -> dict[str, tuple[float, bool]]:
    """Return each numeral's value, and whether it multiplies."""
    text = Path(__file__).with_name("numerals.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {word: (float(number.lstrip("x")), number.startswith("x")) for word, number in rows}
