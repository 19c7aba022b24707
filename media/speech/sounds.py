"""How alike two spellings sound, for names that a recogniser wrote down by ear.

A name is folded to Latin letters, then to sounds: what an English ear writes in many ways (``ch``, ``sh``; ``ck``,
``k``; ``v``, ``w``) becomes one letter each. Two rows of sounds are compared by a weighted edit distance, in which
vowels are cheap (a foreign name's vowels are what the ear loses first) and related consonants cost less than strangers.
"""

import re
import unicodedata
from functools import lru_cache

_LATIN = "a b v g gj d e zh z dz i j k l lj m n nj o p r s t kj u f h c ch dz sh dj ch j sht a i - e ju ja i ji je g"
_CYRILLIC = dict(zip("абвгѓдежзѕијклљмнњопрстќуфхцчџшђћйщъыьэюяіїєґ", _LATIN.split(), strict=True)) | {"ь": ""}
_MARKS = {"đ": "dj", "ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "č": "ch", "ć": "ch", "š": "sh"}
_MARKLESS = str.maketrans(_MARKS | {"ž": "zh"})
# In this order; one capital stands for one sound: S for sh, zh and ch, X for what Slavic "c" and "ts" are.
_SOUNDS = (
    (re.compile(r"tsch|tch|sch|dzh|ch|cz|sh|zh|sz"), "S"),
    (re.compile(r"c(?=[eiy])|tz|ts|dz"), "X"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"ck|kh|q|c"), "k"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"w"), "v"),
    (re.compile(r"gh(?=[^aeiou]|$)"), ""),
    (re.compile(r"y(?=[aeiou])"), "j"),
    (re.compile(r"[iy]"), "i"),
    (re.compile(r"(.)\1+"), r"\1"),
)
_VOWELS = frozenset("aeiou")
_KIN = tuple(
    frozenset(kin) for kin in ("bpvf", "td", "kgX", "szSX", "tXS", "Sj", "jg", "mn", "lr", "dS", "ji", "vu", "kh", "kS")
)
_KIN_COST, _VOWEL_COST, _SILENT_COST, _LOST_COST = 0.4, 0.25, 0.25, 0.8


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """Fold a text to lower-case Latin letters without marks, digits kept; nothing else is left, spaces neither."""
    text = "".join(_CYRILLIC.get(letter, letter) for letter in text.lower()).translate(_MARKLESS)
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if letter.isascii() and letter.isalnum())


def transliterated(name: str) -> str:
    """Write a Cyrillic name in Latin letters, its capitals kept."""
    return "".join(
        latin.capitalize() if letter.isupper() else latin
        for letter in name
        for latin in [_CYRILLIC.get(letter.lower(), letter.lower())]
    )


@lru_cache(maxsize=50_000)
def sounds(text: str) -> str:
    """Return the row of sounds of a name or a run of words."""
    row = plain(text)
    for pattern, sound in _SOUNDS:
        row = pattern.sub(sound, row)
    return row


@lru_cache(maxsize=200_000)
def distance(one: str, other: str) -> float:
    """Return how far two texts are apart by their sound: 0 alike, 1 nothing in common."""
    a, b = sounds(one), sounds(other)
    if not a or not b:
        return 1.0
    above = [0.0]
    for sound in b:
        above.append(above[-1] + _lost(sound))
    for x in a:
        row = [above[0] + _lost(x)]
        for at, y in enumerate(b):
            row.append(min(above[at + 1] + _lost(x), row[at] + _lost(y), above[at] + _changed(x, y)))
        above = row
    return min(1.0, above[-1] / max(_weight(a), _weight(b)))


def _lost(sound: str) -> float:
    if sound in _VOWELS:
        return _VOWEL_COST
    return _SILENT_COST if sound in "hj" else _LOST_COST


def _changed(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        return _VOWEL_COST * 0.8
    return _KIN_COST if any(one in kin and other in kin for kin in _KIN) else 1.0


def _weight(row: str) -> float:
    return sum(0.5 if sound in _VOWELS else 1.0 for sound in row)
