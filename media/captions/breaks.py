"""How strongly neighbouring words hold together, that is, what a break between them would cost; pure.

0 where a sentence ends, 100 where a break would be wrong. The order is that of the BBC Subtitle Guidelines ("Line
breaks") and the Netflix Timed Text Style Guide (English, I.8): after punctuation, before conjunctions and prepositions,
elsewhere, within a phrase. Punctuation serves any language, ``WordClasses`` add what grammar knows.
"""

import re
from collections.abc import Sequence

from votd.media.captions.classes import (
    ADJECTIVE,
    ADVERB,
    ARTICLE,
    CONJUNCTION,
    DETERMINER,
    GENITIVE,
    GRAMMAR,
    INTENSIFIER,
    LEADER,
    NUMBER,
    OPENER,
    PARTICLE,
    PREPOSITION,
    PRONOUN,
    SUBJECT,
    SUBORDINATOR,
    TITLE,
    UNIT,
    VERB,
    Seen,
    eye,
)
from votd.media.model import WordClasses

SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।")
HALF_STOPS = (";", ":", "–", "—", "；", "：", "؛")
COMMAS = (",", "、", "，", "،")
CLOSERS = "\"'”’»)]“"
DASHES = frozenset("-–—")
INITIALS = re.compile(r"(?:[^\W\d_]\.)+")  # J. or U.S. or p.m.
NO_VOWEL = re.compile(r"[^\W\d_aeiouyаеиоу]{1,4}\.", re.IGNORECASE)  # Mr. Dr. бр. г.

SENTENCE, HALF_STOP, CLAUSE, COMMA, LISTED = 0, 6, 8, 14, 22
LOOSE, WRONG = 60, 100


def bonds(texts: Sequence[str], classes: WordClasses | None = None) -> list[int]:
    """Return what a break before each of these words costs, and, last, after them all.

    ``texts`` are words that are not empty. 0 is a sentence's end, and nothing else is.
    """
    see = eye(classes)
    words = [see(text) for text in texts]
    phrases = classes.phrases if classes else frozenset()
    abbreviations = classes.abbreviations if classes else frozenset()
    found = [SENTENCE] * (len(words) + 1)
    before = None
    for at in range(1, len(words)):
        one, two = words[at - 1], words[at]
        stop = _stop(one, two, abbreviations)
        after = words[at + 1] if at + 1 < len(words) else None
        if stop == COMMA:
            found[at] = _comma(one, two, after)
        elif stop is not None:
            found[at] = stop
        elif classes is None:
            found[at] = _bare(one, two)
        else:
            found[at] = _grammar(before, one, two, after, phrases)
        before = one
    return found


# --- punctuation -----------------------------------------------------------------------------------------


def _stop(one: Seen, two: Seen, abbreviations: frozenset[str]) -> int | None:
    """Say how strongly punctuation parts two words: ``None`` where there is none that does."""
    if not two.bare and two.text not in DASHES:
        return WRONG  # a mark, a bracket or a sign of its own stays with what is before it
    ends = one.text.rstrip(CLOSERS) or one.text
    if ends.endswith(SENTENCE_ENDS):
        return _full_stop(ends, two, abbreviations)
    if two.text in DASHES:
        return WRONG
    if one.text in DASHES or ends.endswith(HALF_STOPS):
        return HALF_STOP
    return COMMA if ends.endswith(COMMAS) else None


def _full_stop(ends: str, two: Seen, abbreviations: frozenset[str]) -> int | None:
    """Tell a sentence's end from an abbreviation's point, and from a question within a sentence."""
    goes_on = two.text.lstrip("\"'“„«(")[:1].islower()
    if not ends.endswith("."):
        return COMMA if goes_on else SENTENCE
    if goes_on and not ends.endswith(".."):
        return None
    bare = ends.lstrip("\"'“„«(").lower()
    if bare[:-1] in abbreviations or INITIALS.fullmatch(bare) or NO_VOWEL.fullmatch(bare):
        return None
    return COMMA if goes_on else SENTENCE


def _comma(one: Seen, two: Seen, after: Seen | None) -> int:
    """Tell clauses from lists, and from dates and addresses (May 4, 1847)."""
    if two.kind & NUMBER and one.kind & (NUMBER | UNIT):
        return 80
    if two.kind & (OPENER | SUBJECT | PRONOUN | LEADER):
        return CLAUSE
    if after and (two.text.endswith(COMMAS) or after.text.endswith(COMMAS) or after.kind & CONJUNCTION):
        return LISTED
    return COMMA


def _bare(one: Seen, two: Seen) -> int:
    """Judge two words of a language without word classes: names, figures, the point of an abbreviation."""
    if one.text.endswith("."):
        return 90
    if one.kind & NUMBER:
        return 85
    return 70 if one.capital and two.capital else 50


# --- grammar ---------------------------------------------------------------------------------------------

# What a word waits for: (what it is, what may follow more freely, the cost before that, the cost before anything else).
# The first row that fits counts, in each table.
WAITS = (
    (ARTICLE, 0, WRONG, WRONG),
    (PREPOSITION | CONJUNCTION | SUBJECT | LEADER, 0, 95, 95),
    (SUBORDINATOR, 0, 88, 88),
    (PRONOUN, LEADER | VERB, 90, 50),
    (DETERMINER, LEADER | SUBJECT, 60, 95),
    (INTENSIFIER, 0, 80, 80),
    (NUMBER, GRAMMAR, 40, 80),
    (ADJECTIVE, GRAMMAR | VERB | ADVERB, 40, 85),
)
WAITS_BEFORE_OPENER = (
    (ARTICLE, WRONG),
    (CONJUNCTION | SUBORDINATOR, 85),
    (LEADER, 65),
    (SUBJECT, 90),
    (INTENSIFIER, 45),
)
# How well a line begins with a word, less is better.
BEGINS = (
    (SUBORDINATOR, 18),
    (PREPOSITION | SUBJECT, 28),
    (LEADER, 38),
    (NUMBER, 55),
    (ARTICLE | DETERMINER | PRONOUN, 42),
    (VERB, 34),
    (ADVERB | INTENSIFIER, 46),
)


def _grammar(before: Seen | None, one: Seen, two: Seen, after: Seen | None, phrases: frozenset[str]) -> int:
    """Take the stronger of what the word before leans on and what the word after begins."""
    if f"{one.bare} {two.bare}" in phrases:
        return 92
    begins = _begins(one, two, after)
    if before and before.kind & VERB and one.kind & PARTICLE and not one.kind & PREPOSITION:
        return max(begins, 40)  # turned down | a part: the particle is the verb's
    return max(_leans(one, two), begins)


def _leans(one: Seen, two: Seen) -> int:
    """Say how strongly ``one`` waits for what follows it: the article for its noun, the number for its unit."""
    a, b = one.kind, two.kind
    measure, title = a & NUMBER and b & (UNIT | NUMBER), a & TITLE and two.capital
    if measure or title or (one.text.endswith(".") and not b & GRAMMAR):
        return WRONG
    if one.capital and two.capital and not (a | b) & GRAMMAR:
        return 90
    if one.bare.endswith(("'s", "s'")) and not a & GRAMMAR:
        return 40 if b & GRAMMAR else WRONG
    if b & OPENER and not b & (LEADER | ARTICLE):
        return _before_opener(a, b)
    fitting = (freely if b & free else cost for kind, free, freely, cost in WAITS if a & kind)
    return next(fitting, 0)


def _before_opener(a: int, b: int) -> int:
    """Judge a word before a conjunction or preposition: articles, and those that open something too, still wait."""
    stacked = b & PREPOSITION and not a & PARTICLE  # from behind
    asked = b & SUBORDINATOR and not b & PREPOSITION  # over who
    if a & PREPOSITION and (stacked or asked):
        return 60
    return next((cost for kind, cost in WAITS_BEFORE_OPENER if a & kind), 0)


def _begins(one: Seen, two: Seen, after: Seen | None) -> int:
    """Say how well a line may begin with ``two``."""
    a, b = one.kind, two.kind
    if b & PARTICLE and (not b & PREPOSITION or (after and after.kind & OPENER and not a & NUMBER)):
        return 75
    if b & CONJUNCTION:
        return _conjunction(after)
    if b & GENITIVE:
        return 34 if a & (VERB | LEADER | ADVERB) else 60
    if b & NUMBER and a & UNIT:
        return 90  # May 4
    if a & UNIT and two.capital and not b:
        return 32  # in 1967 | Swedes: a date stands before its sentence
    rest = 46 if a & (VERB | ADVERB | UNIT) else LOOSE
    return next((cost for kind, cost in BEGINS if b & kind), rest)


def _conjunction(after: Seen | None) -> int:
    """Part clauses and long members, but not two words joined by one (bread and cheese)."""
    if after is None or (not after.kind & GRAMMAR and after.text[-1:] in ".,;:!?…"):
        return 52
    return 20 if after.kind & (SUBJECT | LEADER | SUBORDINATOR | VERB) else 26
