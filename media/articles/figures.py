"""Figures in a text and what they count, however they are written: ``30,000``, ``thirty thousand``, ``3,2 милиони``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from votd.media.articles.numerals import JOINED, LONGEST, PERCENT, numerals, value
from votd.media.articles.words import stem

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
        number, end = value([token for _, token in tokens[at : at + LONGEST]])
        if end == 0 or number is None:
            at += 1
            continue
        unit = _unit([token for _, token in tokens[at + end : at + end + 3]])
        if unit and not (1900 <= number <= 2100 and end == 1 and number == int(number)):
            yield Figure(number, unit, tokens[at][0], tokens[at + end - 1][0])
        at += end


def _unit(tokens: Sequence[str]) -> str:
    for token in tokens:
        if token in PERCENT:
            return "%"
        if token in _BETWEEN:
            continue
        if not token.isalpha() or len(token) < 3 or token in numerals() or token in JOINED:
            return ""
        return stem(token)
    return ""
