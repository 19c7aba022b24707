"""Figures in a text and what they count, however they are written: ``30,000``, ``thirty thousand``, ``3,2 милиони``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from votd.media.articles.words import stem

_PERCENT = {"percent", "%", "per", "отсто", "проценти", "процент"}
_CURRENCIES = {"evra": "euro", "evro": "euro", "denari": "denar", "dolari": "dollar", "dolar": "dollar"}
_JOINED = {"and", "и"}
_BETWEEN = {"of", "the", "a", "new", "other", "more", "од", "нови", "други", "уште"}
_WORD = re.compile(r"\d[\d.,]*|%|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, the stem of what it counts (empty: nothing that one can tell), and the words that say it, from 0."""

    value: float
    unit: str
    first: int
    last: int


def figures(words: Sequence[str]) -> Iterator[Figure]:
    """Yield the figures of a text that was cut at its spaces; years and ordinals are none."""
    tokens = [(at, token) for at, word in enumerate(words) for token in _WORD.findall(word.lower())]
    at = 0
    while at < len(tokens):
        value, end = _value([token for _, token in tokens[at:]])
        if end == 0 or value is None:
            at += 1
            continue
        unit = _unit([token for _, token in tokens[at + end : at + end + 3]])
        if unit and not (1900 <= value <= 2100 and end == 1 and value == int(value)):
            yield Figure(value, unit, tokens[at][0], tokens[at + end - 1][0])
        at += end


def _value(tokens: Sequence[str]) -> tuple[float | None, int]:
    """Read a number at the beginning; return it and how many tokens it took."""
    whole, part, used, read = 0.0, 0.0, 0, False
    for token in tokens:
        said = _numerals().get(token)
        if token[0].isdigit() and not part:
            part, read = _digits(token), True
        elif said is not None and said[1] and read:
            part = (part or 1) * said[0]
            if said[0] >= 1000:
                whole, part = whole + part, 0.0
        elif said is not None and not said[1] and (not part or (said[0] < 10 <= part % 100) or (said[0] < 100 <= part)):
            part, read = part + said[0], True
        elif not (token in _JOINED and read):
            break
        used += 1
    while used and tokens[used - 1] in _JOINED:
        used -= 1
    return (whole + part if read else None), used if read else 0


def _digits(token: str) -> float:
    """Read digits; groups of three after a point or a comma are thousands, any other is a fraction."""
    token = token.rstrip(".,")
    grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", token)
    parts = re.split("[.,]", token)
    return float("".join(parts) if grouped or len(parts) > 2 else ".".join(parts))


def _unit(tokens: Sequence[str]) -> str:
    for token in tokens:
        if token in _PERCENT:
            return "%"
        if token in _BETWEEN:
            continue
        if not token.isalpha() or len(token) < 3 or token in _numerals() or token in _JOINED:
            return ""
        return _CURRENCIES.get(stem(token), stem(token))
    return ""


@cache
def _numerals() -> dict[str, tuple[float, bool]]:
    """Return each numeral's value, and whether it multiplies."""
    text = Path(__file__).with_name("numerals.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {word: (float(value.lstrip("x")), value.startswith("x")) for word, value in rows}
