"""What a text says, as terms that two texts can share although one was spoken, misheard or written in another script.

A term is a stem (``summit``), a figure (``#30000``) or a name by its sound (``@mkrn``). A name is counted as its stem
and as its sound, and so weighs double. Phrases are no terms: measured, two neighbouring stems as a term kept fewer
right links at the same number of wrong ones, since one misheard word breaks two of them.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

STEM_LETTERS = 6
_MIN_FIGURE_DIGITS = 2
_MIN_SOUND = 3
_SENTENCE = re.compile(r"(?<=[.!?…:;])[\"”“’')\]]*\s+")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
# What sounds alike across English spelling and a transliterated Cyrillic name; applied in this order.
_SOUNDS = (
    (re.compile(r"sch|sh|zh|dzh|ts|tz|z|c(?=[eiy])"), "s"),
    (re.compile(r"ck|ch|kj|q|c|x"), "k"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"w"), "v"),
    (re.compile(r"gj|dj"), "g"),
    (re.compile(r"(?!^)[aeiouyjh]"), ""),
    (re.compile(r"^[aeiouyj]"), "a"),
    (re.compile(r"(.)\1+"), r"\1"),
)


def terms(text: str) -> Counter[str]:
    """Count the terms of a text; stop words, single digits and single letters are no terms."""
    sentences = [_TOKEN.findall(sentence) for sentence in _SENTENCE.split(text)]
    names = _names(sentences)
    found: Counter[str] = Counter()
    for sentence in sentences:
        found.update(_terms_of(sentence, names))
    return found


def is_common(term: str) -> bool:
    """Tell whether a stem stands in much of the news anyway."""
    return term in _common_stems()


def is_figure(term: str) -> bool:
    """Tell whether a term is a figure."""
    return term.startswith("#")


def is_year(term: str) -> bool:
    """Tell whether a term is a figure that is likely a year of our time."""
    return bool(re.fullmatch(r"#(?:19|20)\d\d", term))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Reduce a word to what survives its endings: lower case, Latin letters, no possessive, the first six letters.

    A fixed prefix is a poor stemmer for any one language, but it serves English and Macedonian, which puts articles
    and cases at a word's end, alike, and a wrongly recognised ending costs nothing.
    """
    word = latin(re.split("['’]", word.lower())[0])
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:STEM_LETTERS]


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """Reduce a name to its consonants as they sound: ``Scholz`` and ``Шолц`` are both ``sls``."""
    word = latin(re.split("['’]", word.lower())[0])
    for pattern, letters in _SOUNDS:
        word = pattern.sub(letters, word)
    return word


def latin(word: str) -> str:
    """Write a lower-case word in Latin letters."""
    return "".join(_letters().get(letter, letter) for letter in word)


def _names(sentences: list[list[str]]) -> set[str]:
    """Find the words that stand capitalised where no sentence begins.

    Where nothing does (a recogniser without capitals) every word may be a name; in a line that capitalises most of
    its words none need be.
    """
    inner = [token for sentence in sentences for token in sentence[1:] if token[0].isalpha()]
    capitalised = [token for token in inner if token[0].isupper()]
    if not capitalised or len(capitalised) * 2 > len(inner):
        return {token.lower() for sentence in sentences for token in sentence}
    return {token.lower() for token in capitalised}


def _terms_of(sentence: list[str], names: set[str]) -> Iterator[str]:
    for token in sentence:
        term = _figure(token) or _content(token)
        if not term:
            continue
        yield term
        if token.lower() in names and not is_common(term) and not is_figure(term):
            heard = sound(token)
            if len(heard) >= _MIN_SOUND:
                yield f"@{heard}"


def _content(token: str) -> str:
    word = token.lower()
    if len(word) == 1 or word in _stop_words() or token[0].isdigit():
        return ""
    return stem(word)


def _figure(token: str) -> str:
    token = _number_words().get(token.lower(), token)
    if not token[0].isdigit():
        return ""
    digits = re.sub("[.,]", "", token) if _THOUSANDS.fullmatch(token) else token.replace(",", ".")
    return f"#{digits}" if len(digits) >= _MIN_FIGURE_DIGITS else ""


def _lines(name: str) -> Iterator[list[str]]:
    """Read a word list beside this file: words between spaces, comments after ``#``."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return (line.split() for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word for line in _lines("stop_words.txt") for word in line)


@cache
def _common_stems() -> frozenset[str]:
    return frozenset(stem(word) for line in _lines("common_words.txt") for word in line)


@cache
def _number_words() -> dict[str, str]:
    """Return the numerals of two digits: smaller ones say little, larger ones are put together of several words."""
    return {word: value for word, value in _lines("numerals.txt") if value.isdigit() and 10 < int(value) < 100}


@cache
def _letters() -> dict[str, str]:
    return {cyrillic: "" if letters == "-" else letters for cyrillic, letters in _lines("letters.txt")}
