"""What a word can be, looked up in ``WordClasses``; pure. A word may be several things, hence bits of one number."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from votd.media.model import WordClasses

(
    ARTICLE, DETERMINER, PREPOSITION, CONJUNCTION, SUBORDINATOR, SUBJECT, PRONOUN, LEADER, INTENSIFIER, PARTICLE, TITLE,
    NUMBER, UNIT, ADVERB, ADJECTIVE, VERB, GENITIVE,
) = (1 << bit for bit in range(17))  # fmt: skip
OPENER = PREPOSITION | CONJUNCTION | SUBORDINATOR
GRAMMAR = ARTICLE | DETERMINER | OPENER | SUBJECT | PRONOUN | LEADER

FIGURE = re.compile(r"[€$£¥+-]?\d[\d.,:/]*(?:%|-?[^\W\d]{1,2})?")
EDGES = re.compile(r"^\W+|\W+$")
MARKS = "„“”\"'’«»()[].,;:!?…"
SHORTEST_INFLECTED = 5
"""Letters; shorter words end as adjectives and verbs do by chance."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A word as the rules see it: as shown, its letters in lower case, what it can be, and if it has a capital."""

    text: str
    bare: str
    kind: int
    capital: bool


@lru_cache(maxsize=8)
def eye(classes: WordClasses | None) -> Callable[[str], Seen]:
    """Return a function that looks words up, the frequent ones once."""
    kinds = _kinds(classes) if classes else {}

    @lru_cache(maxsize=20_000)
    def see(text: str) -> Seen:
        bare = EDGES.sub("", text).lower().replace("’", "'")
        kind = kinds.get(bare, 0)
        if FIGURE.fullmatch(text.strip(MARKS)):
            kind |= NUMBER
        elif not kind and classes:
            kind = _by_ending(bare, classes)
        return Seen(text, bare, kind, text.lstrip(MARKS + "-–—¿¡")[:1].isupper())

    return see


def _kinds(classes: WordClasses) -> dict[str, int]:
    lists = {
        ARTICLE: classes.articles,
        DETERMINER: classes.determiners,
        PREPOSITION: classes.prepositions,
        GENITIVE: classes.genitives,
        CONJUNCTION: classes.conjunctions,
        SUBORDINATOR: classes.subordinators,
        SUBJECT: classes.subjects,
        PRONOUN: classes.pronouns,
        LEADER: classes.leaders,
        INTENSIFIER: classes.intensifiers,
        PARTICLE: classes.particles,
        TITLE: classes.titles,
        NUMBER: classes.numbers,
        UNIT: classes.units,
        ADVERB: classes.adverbs,
        ADJECTIVE: classes.adjectives,
        VERB: classes.verbs,
    }
    found: dict[str, int] = {}
    for kind, words in lists.items():
        for word in words:
            found[word] = found.get(word, 0) | kind
    return found


def _by_ending(bare: str, classes: WordClasses) -> int:
    if len(bare) < SHORTEST_INFLECTED:
        return 0
    if bare.endswith(classes.adjective_endings):
        return ADJECTIVE
    return VERB if bare.endswith(classes.verb_endings) else 0
