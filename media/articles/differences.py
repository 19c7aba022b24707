"""What a commentary and its article tell differently, for an editor to see before a reader does.

Only what can be compared is: a passage's sentence with its paragraph, a figure with another of the same thing, the day
of the week, the name of who holds an office. Rounding is no difference. Where the recogniser was unsure, or where the
two sound alike, a word that was misheard is the likelier story, and the sentence says so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

from votd.media.articles.figures import Figure, figures
from votd.media.articles.passages import Sentence
from votd.media.articles.words import sound, stem
from votd.media.model import Difference, Word

Kind = Literal["name", "figure", "date", "quote"]
AROUND = 2
"""Sentences before and after, whose paragraphs a figure is compared with too."""
ROUNDED = 0.1
"""A spoken figure may be so far from the written one: "six million" for 6.2."""
FARTHEST = 3
UNSURE = 0.5
QUOTED, SAME_QUOTE, LEAST_QUOTE = 0.7, 0.95, 6
_TEENS = {(13, 30), (14, 40), (15, 50), (16, 60), (17, 70), (18, 80), (19, 90)}
_WEEK = (
    "monday понеделник понеделникот",
    "tuesday вторник вторникот",
    "wednesday среда средата",
    "thursday четврток четвртокот",
    "friday петок петокот",
    "saturday сабота саботата",
    "sunday недела неделата",
)
_DAYS = {form: number for number, forms in enumerate(_WEEK) for form in forms.split()}
_WEEKS = frozenset({"недела", "неделата"})
"""A week, too: a Sunday only after "во"."""
_OFFICES = re.compile(
    r"\b((?i:minister|mayor|president|director|coach|prosecutor|ambassador|commissioner|judge|"
    r"министер\w*|градоначални\w+|претседател\w*|директор\w*|обвинител\w*|амбасадор\w*))\s+"
    r"((?:[A-ZČŠŽА-ЯЃЅЈЉЊЌЏ][\w'’-]+\s+)?[A-ZČŠŽА-ЯЃЅЈЉЊЌЏ][\w'’-]+)"
)
_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»]{20,})[\"”“»]")


def differences(
    said: Sequence[Sentence], at: Sequence[int | None], paragraphs: Sequence[str]
) -> tuple[Difference, ...]:
    """Compare each sentence with the paragraph that it tells (``None``: none); in the order of the talk."""
    found: list[Difference] = []
    told = [(index, one) for index, text in enumerate(paragraphs) for one in figures(text.split())]
    holders = _holders(paragraphs)
    for number, (sentence, paragraph) in enumerate(zip(said, at, strict=True)):
        around = [one for one in at[max(0, number - AROUND) : number + AROUND + 1] if one is not None]
        found += _figures(sentence, sorted(set(around), key=lambda one: one != paragraph), told, paragraphs)
        if paragraph is None:
            continue
        found += _days(sentence, paragraph, paragraphs[paragraph])
        found += _offices(sentence, paragraph, holders)
        found += _quotes(sentence, paragraph, paragraphs[paragraph])
    return tuple(found)


def _figures(
    sentence: Sentence, around: Sequence[int], told: Sequence[tuple[int, Figure]], paragraphs: Sequence[str]
) -> Iterator[Difference]:
    for spoken in figures([word.text for word in sentence.words]):
        same = [(index, one) for index, one in told if one.unit == spoken.unit]
        close = [(index, one) for index, one in same if index in around and _comparable(one.value, spoken.value)]
        if not close or any(_near(one.value, spoken.value) for _, one in same):
            continue
        paragraph, closest = min(close, key=lambda each: abs(each[1].value - spoken.value))
        words = sentence.words[spoken.first : spoken.last + 2]
        written = " ".join(paragraphs[paragraph].split()[closest.first : closest.last + 2]).rstrip(",.;")
        yield _difference("figure", words, paragraph, written, _misheard(spoken, closest, words))


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= ROUNDED * max(one, other) and (max(one, other) > 20 or one == other)


def _comparable(one: float, other: float) -> bool:
    """Tell figures of one kind from those that only have the unit in common: 48 square metres and 3,900."""
    return max(one, other) <= FARTHEST * min(one, other)


def _misheard(spoken: Figure, written: Figure, words: Sequence[Word]) -> bool:
    pair = (min(spoken.value, written.value), max(spoken.value, written.value))
    return pair in _TEENS or _unsure(words)


def _days(sentence: Sentence, paragraph: int, text: str) -> Iterator[Difference]:
    written = _week(text)
    before = ""
    for word in sentence.words:
        said = _week(word.text, before)
        if said and written and said[0][1] not in {day for _, day in written}:
            yield _difference("date", (word,), paragraph, written[0][0], _unsure((word,)))
        before = word.text


def _week(text: str, before: str = "") -> list[tuple[str, int]]:
    """Return the days of the week that a text names and which they are, Monday 0; ``before`` is the word before it."""
    found = []
    for last, token in pairwise((before, *re.findall(r"\w+", text))):
        day = _DAYS.get(token.lower())
        if day is not None and (token.lower() not in _WEEKS or last.lower() == "во"):
            found.append((token, day))
    return found


def _holders(paragraphs: Sequence[str]) -> dict[str, list[str]]:
    """Return who holds each office in the whole article, by the office's stem, in reading order."""
    holders: dict[str, list[str]] = {}
    for text in paragraphs:
        for office, name in _OFFICES.findall(text):
            holders.setdefault(stem(office), []).append(name)
    return holders


def _offices(sentence: Sentence, paragraph: int, holders: Mapping[str, Sequence[str]]) -> Iterator[Difference]:
    for office, name in _OFFICES.findall(sentence.text):
        known = holders.get(stem(office), [])
        last = name.split()[-1]
        words = tuple(word for word in sentence.words if last in word.text)
        if not known or not words or any(stem(last) == stem(part) for one in known for part in one.split()):
            continue
        closest = max(known, key=lambda one: SequenceMatcher(None, sound(last), sound(one.split()[-1])).ratio())
        alike = SequenceMatcher(None, sound(last), sound(closest.split()[-1])).ratio() >= 0.6
        yield _difference("name", words, paragraph, closest, alike or _unsure(words))


def _quotes(sentence: Sentence, paragraph: int, text: str) -> Iterator[Difference]:
    """Compare what is quoted with a sentence that says nearly the same."""
    spoken = [stem(token) for token in re.findall(r"\w+", sentence.text.lower())]
    for quote in _QUOTE.findall(text):
        written = [stem(token) for token in re.findall(r"\w+", quote.lower())]
        same = sum(block.size for block in SequenceMatcher(None, spoken, written, autojunk=False).get_matching_blocks())
        if len(written) >= LEAST_QUOTE and QUOTED * len(written) <= same < SAME_QUOTE * len(written):
            yield _difference("quote", sentence.words, paragraph, quote, _unsure(sentence.words))


def _unsure(words: Sequence[Word]) -> bool:
    known = [word.probability for word in words if word.probability is not None]
    return bool(known) and min(known) < UNSURE


def _difference(
    kind: Literal["name", "figure", "date", "quote"],
    words: Sequence[Word],
    paragraph: int,
    written: str,
    misheard: bool,
) -> Difference:
    """Put both places side by side; ``misheard`` where the recogniser may be to blame."""
    said = " ".join(word.text for word in words).rstrip(",.;")
    likely = "it may have been misheard" if misheard else "one of the two is wrong"
    why = f"The talk says “{said}”, the article “{written}”: {likely}."
    return Difference(kind, words[0].start_ms, words[-1].end_ms, said, paragraph, written, why)
