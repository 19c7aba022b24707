"""What a text says, as terms that two texts can share although one was spoken, misheard or in another language.

A term is a stem (``summit``), a figure (``#30000``), a large one as one rounds it (``~30000``), what a figure counts
(``#63truck``) or a name by its sound (``@mkrn``). A name is counted as its stem and as its sound, and so weighs double.
Words of one meaning in English and Macedonian are one stem where ``dictionary.txt`` has them: meaning alone tells the
subject across languages, not the story. Phrases are no terms: two neighbouring stems as a term kept fewer right links
at the same number of wrong ones, since one misheard word breaks two of them.
"""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path

from votd.media.articles.numerals import LONGEST, PERCENT, numerals, value

READ = frozenset(("en", "mk", "bg", "sq", "sr", "hr", "bs"))
"""The languages whose stop words are known. In another one any two texts share much, and it means nothing."""
STEM_LETTERS = 6
LITTLE, MUCH = 2, 3
"""How much may come after the letters that two words of one meaning begin with: after the shorter, the longer."""
_LEAST_FIGURE, _LEAST_ROUNDED = 10, 1000
_MIN_SOUND = 3
_SENTENCE = re.compile(r"(?<=[.!?…:;])[\"”“’')\]]*\s+")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d[\d.,]*\d|\d|%")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
# Macedonian puts the article at the end, and the plural before it. Three letters stay.
_MACEDONIAN = (
    re.compile(r"(?<=...)(?:ovite|evite|inja|ite|ata|ta|to|ot|te)$"),
    re.compile(r"(?<=...)(?:[oe]vi|[aeiou]+)$"),
)
_ENGLISH = (re.compile(r"(?<=...)(?<!s)s$"), re.compile(r"(?<=...)[aeiouy]+$"))
# What is spelt otherwise in a word that both languages have: "inspector", "инспектор".
_SPELT = (
    (re.compile("ph"), "f"),
    (re.compile("c(?![eiyh])|q|ck"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("w"), "v"),
    (re.compile("y"), "i"),
    (re.compile(r"(.)\1"), r"\1"),
)
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
    """Count the terms of a text; stop words, figures below ten that count nothing, and single letters are no terms."""
    found: Counter[str] = Counter()
    for _, one in by_sentence(text):
        found.update(one)
    return found


def by_sentence(text: str) -> list[tuple[str, list[str]]]:
    """Return each sentence with its terms."""
    sentences = _sentences(text)
    names = _names([tokens for _, tokens in sentences])
    return [(sentence, list(_terms_of(tokens, names))) for sentence, tokens in sentences]


def by_paragraph(paragraphs: Sequence[str]) -> list[list[str]]:
    """Return the terms of each paragraph; what is a name in one of them is one in all."""
    parts = [[tokens for _, tokens in _sentences(text)] for text in paragraphs]
    names = _names([tokens for part in parts for tokens in part])
    return [[term for tokens in part for term in _terms_of(tokens, names)] for part in parts]


def _sentences(text: str) -> list[tuple[str, list[str]]]:
    """Return each sentence with its words, figures and signs of percent."""
    return [(part, _TOKEN.findall(part)) for part in _SENTENCE.split(unicodedata.normalize("NFC", text))]


def is_common(term: str) -> bool:
    """Tell whether a stem stands in much of the news anyway."""
    return term in _common_stems()


def is_figure(term: str) -> bool:
    """Tell whether a term is a figure, rounded or not, or what one counts."""
    return term.startswith(("#", "~"))


def is_year(term: str) -> bool:
    """Tell whether a term is a figure that is likely a year of our time."""
    return bool(re.fullmatch(r"#(?:19|20)\d\d", term))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Reduce a word to what survives its endings; of words of one meaning to that of the dictionary's first.

    Lower case, Latin letters, no ending, the first six letters: a fixed prefix is a poor stemmer for any one language,
    but it serves English and Macedonian alike, and a wrongly recognised ending costs nothing.
    """
    whole = _whole(word)
    return _meaning(word, whole) or whole[:STEM_LETTERS]


def _meaning(word: str, whole: str) -> str | None:
    """Return what stands for the longest beginning of a word, of six letters or all, that the dictionary has.

    Else what stands for the first in it that has the same six letters, if little comes after what both have.
    """
    known, begun = _meanings()[_is_cyrillic(word)]
    for end in range(len(whole), min(len(whole), STEM_LETTERS) - 1, -1):
        if whole[:end] in known:
            return known[whole[:end]]
    like = begun.get(whole[:STEM_LETTERS], "")
    both = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(whole, like, strict=False)))
    least, most = sorted((len(whole), len(like)))
    return known[like] if both >= STEM_LETTERS and least - both <= LITTLE and most - both <= MUCH else None


def _whole(word: str) -> str:
    """Return a word in plain Latin letters, spelt as both languages would, without its ending."""
    endings = _MACEDONIAN if _is_cyrillic(word) else _ENGLISH
    word = latin(re.split("['’]", word.lower())[0])
    for ending in endings:
        word = ending.sub("", word)
    for pattern, letters in _SPELT:
        word = pattern.sub(letters, word)
    return word


def _is_cyrillic(word: str) -> bool:
    return bool(_CYRILLIC.search(word))


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """Reduce a name to its consonants as they sound: ``Scholz`` and ``Шолц`` are both ``sls``."""
    word = latin(re.split("['’]", word.lower())[0])
    for pattern, letters in _SOUNDS:
        word = pattern.sub(letters, word)
    return word


def latin(word: str) -> str:
    """Write a lower-case word in plain Latin letters."""
    known = _letters()
    return "".join(known[letter] if letter in known else _bare(letter) for letter in unicodedata.normalize("NFC", word))


def _bare(letter: str) -> str:
    """Return a letter without its marks; a mark that stands alone is nothing."""
    if letter.isascii():
        return letter
    return "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))


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


def _terms_of(tokens: Sequence[str], names: set[str]) -> Iterator[str]:
    lower = [token.lower() for token in tokens]
    at = 0
    while at < len(tokens):
        if tokens[at][0].isdecimal() or lower[at] in numerals():
            number, used = value(lower[at : at + LONGEST])
            if number is not None:
                at += used
                yield from _figures(number, lower[at : at + 2])
                continue
        yield from _word(tokens[at], lower[at], names)
        at += 1


def _word(token: str, lower: str, names: set[str]) -> Iterator[str]:
    if not token[0].isalpha() or len(token) == 1 or lower in stop_words():
        return
    term = stem(token)
    if not term:  # signs that are letters of nothing, as a soft sign alone
        return
    yield term
    if lower in names and not is_common(term):
        heard = sound(token)
        if len(heard) >= _MIN_SOUND:
            yield f"@{heard}"


def _figures(number: float, after: Sequence[str]) -> Iterator[str]:
    """Yield what a number is found by; ``after`` are the next words, one of which may be what it counts."""
    written = f"{number:.3f}".rstrip("0").rstrip(".")
    if number >= _LEAST_FIGURE or "." in written:
        yield f"#{written}"
    if number >= _LEAST_ROUNDED:
        yield f"~{int(float(f'{number:.0e}'))}"
    counted = next((word for word in after if word in PERCENT or word not in stop_words()), "")
    if number >= 2 and (counted in PERCENT or counted[:1].isalpha()):
        yield f"#{written}{stem('percent' if counted in PERCENT else counted)}"


def _lines(name: str) -> Iterator[list[str]]:
    """Read a word list beside this file: words between spaces, comments after ``#``."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return (line.split() for line in text.splitlines() if line and not line.startswith("#"))


@cache
def stop_words() -> frozenset[str]:
    """Return the words that every text has, of the languages that are known, in lower case."""
    return frozenset(word for line in _lines("stop_words.txt") for word in line)


@cache
def _common_stems() -> frozenset[str]:
    """Return the stems of everyday words; a meaning is one where half of its English words or more are."""
    words = [word for line in _lines("common_words.txt") for word in line]
    everyday = {_whole(word) for word in words if not _is_cyrillic(word)}
    members: dict[str, list[bool]] = {}
    for whole, one in _meanings()[False][0].items():
        members.setdefault(one, []).append(whole in everyday)
    return frozenset(
        one for one in map(stem, words) if one not in members or sum(members[one]) * 2 >= len(members[one])
    )


_Meanings = tuple[dict[str, str], dict[str, str]]


@cache
def _meanings() -> tuple[_Meanings, _Meanings]:
    """Return what stands for each word that the dictionary has, and for the beginnings of these; English, Macedonian.

    English words are one where the first translation of one is any of the other's: "firm" and "company" are "фирма".
    """
    english: dict[str, str] = {}
    macedonian: dict[str, str] = {}
    for word, *translated in _lines("dictionary.txt"):
        own, others = _whole(word), [_whole(one) for one in translated]
        one = macedonian.get(others[0]) or english.get(own) or own
        english.setdefault(own, one)
        for other in others:
            macedonian.setdefault(other, one)
    return (english, _beginnings(english)), (macedonian, _beginnings(macedonian))


def _beginnings(known: Mapping[str, str]) -> dict[str, str]:
    """Return the first of the words with each six letters at its beginning, of those that have more."""
    begun: dict[str, str] = {}
    for whole in known:
        if len(whole) > STEM_LETTERS:
            begun.setdefault(whole[:STEM_LETTERS], whole)
    return begun


def fingerprint() -> int:
    """Return 31 bits that change with the lists beside this file: what was reduced by these is then out of date."""
    names = ("stop_words.txt", "common_words.txt", "dictionary.txt", "letters.txt", "numerals.txt")
    return zlib.crc32(b"".join(Path(__file__).with_name(name).read_bytes() for name in names)) >> 1


@cache
def _letters() -> dict[str, str]:
    return {cyrillic: "" if letters == "-" else letters for cyrillic, letters in _lines("letters.txt")}
