"""Link what was said to the article that it is about, or to none.

Candidates come from the index: per language the two dozen that share most words with the talk, where the talk's day is
known of its days and of the weeks around it. ``rank`` compares each with the talk. A conditional logit (McFadden 1974)
makes of the figures the probability that a candidate is the right article: the candidates of a language share one
probability among them and *none of them*, so that of two turns told alike neither has more than half of it. It decides:
``linked`` above a threshold at which, over folds, one talk of a hundred was linked wrong at most (of stories written at
like length); a ``review`` by a person where any is likely; else ``none``. Where both days are known, an article of
other days is never linked, however near it comes: it is an earlier turn of the story. One story has an article in each
language, so these are no rivals.

The weights and thresholds in ``link.toml`` are made by ``tests/fit_link.py`` from the talks of ``tests/articles/bed``
that may be looked at; ``tests/bench_link.py --held-out`` states what they come to on the others. There are four sets:
with and without dates, and each for what little can be known, an article of a few lines or a folder of few articles;
between little and much the two are mixed.
"""

import datetime as dt
import math
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from votd.media.articles.evidence import evidence
from votd.media.articles.index import Index, Known, Window, alone
from votd.media.articles.rank import FEATURES, ONE_STORY, SAME_NEWS, Matrix, Rarity, Said, features, likeness
from votd.media.articles.title import headline
from votd.media.articles.words import READ, is_figure, terms
from votd.media.model import Article, Candidate, Link

EACH = 24
"""Candidates in each language, of the talk's days and of all; and what may be earlier turns of an article's story."""
MANY, SHORT = 300, 90
"""Of fewer articles in a language, or of fewer words, less can be known; they are judged by weights of their own."""
MIXED = 2
"""From half to twice as much, what is little and what is much are mixed: one article more decides nothing."""
REVIEW = 0.2
"""The probability of all of a language's candidates, together, from which a person is asked."""
LEAST_WORDS = 20
"""Words that a talk and an article's paragraphs must have to be linked by a machine: a headline alone is soon said."""
BEFORE_DAYS, AFTER_DAYS = 30, 3
"""The window around the talk's day from which candidates, and so rivals, are taken."""
EARLIER_DAYS = 150
"""How far before an article the earlier turns of its story are looked for."""
TWICE = 2
"""How many times likelier an article must be than others of its language: what two tell alike, a person decides."""
CONTESTED, CLEARLY = 0.5, 10
"""The probability from which a candidate in another language makes a link doubtful, unless the odds of the linked are
so many times its own."""
SAME_STORY_DAYS = 2
SAME_STORY = 0.25
"""The least cosine of what two articles of one story have in common: on the bed such pairs have 0.32 and more."""
FREQUENT, FREQUENT_SHARE, FEW = 50, 0.02, 8
"""A term that more articles have, and a larger share of them, is asked for only where there are too few others."""
LISTED = 5
SAME_ARTICLE = 0.8


@dataclass(frozen=True, slots=True)
class Judge:
    """One set of weights, in the order of ``FEATURES``, and the probability from which an article is linked."""

    weights: tuple[float, ...]
    constant: float
    linked: float

    def level(self, row: Matrix) -> float:
        """Return the log of how much likelier an article is than none."""
        return self.constant + sum(weight * float(value) for weight, value in zip(self.weights, row, strict=True))


def link(index: Index, said: Said, sources: Sequence[str], *, sure_of_day: bool = True) -> Link:
    """Find the article of a talk among those of the sources; best first, five at most.

    Without words the answer is ``none`` with no candidates, whatever the title says. Where nothing of the talk's days
    is linked, articles of any day are looked at: for review alone, unless the day was only presumed.
    """
    found = _verdict(said, _judged(index, said, sources))
    if said.day is None or found.status == "linked":
        return found
    undated = replace(said, day=None)
    other = _verdict(undated, _judged(index, undated, sources))
    if not sure_of_day and other.status == "linked":
        return other
    if found.status == "none" and other.status != "none":
        return Link("review", tuple(replace(one, linked=False) for one in other.candidates))
    return found


def _telling_terms(index: Index, wanted: Collection[str]) -> list[str]:
    """Return the terms that are worth a search, the rarest first: what many articles have decides nothing."""
    most = max(FREQUENT, len(index) * FREQUENT_SHARE)
    having = index.frequencies(wanted)
    rare = sorted(having, key=lambda term: (having[term], term))
    telling = [term for term in rare if having[term] <= most]
    return telling if len(telling) >= FEW else rare[:FEW]


def candidates(index: Index, said: Said, sources: Sequence[str]) -> list[Known]:
    """Return what could be the talk's article, in no order that means anything."""
    rare = _telling_terms(index, said.terms)
    return _without_copies(index.telling(rare, _window_of(said, sources), EACH))


def _window_of(said: Said, sources: Sequence[str]) -> Window:
    """Return when a talk's article may have been written: in the weeks around it, on its own days above all.

    A talk that remembers much shares more words with a dozen older articles than with its own.
    """
    if said.day is None:
        return Window(tuple(sources))
    day = dt.date.fromordinal(min(max(said.day, BEFORE_DAYS + 1), dt.date.max.toordinal() - AFTER_DAYS))
    near, far = (
        (day - dt.timedelta(before), day + dt.timedelta(after))
        for before, after in ((SAME_NEWS[-1], -SAME_NEWS[0]), (BEFORE_DAYS, AFTER_DAYS))
    )
    return Window(tuple(sources), *far, near)


def earlier(index: Index, article: Article, sources: Sequence[str]) -> dict[str, float]:
    """Return what the earlier turns of an article's story tell and it does not: terms, by their rarity, 1 the greatest.

    Turns are articles of the months before it, in its language, that share enough with it, but are no copies of it.
    There are none without a day, or in a language whose stop words are not known. Figures are left out: one that has
    changed since is what a talk may have wrong, and has to be compared.
    """
    if article.date is None or article.date.toordinal() <= EARLIER_DAYS:
        return {}
    own = alone(article)
    if own.tongue not in READ:
        return {}
    days = (article.date - dt.timedelta(EARLIER_DAYS), article.date - dt.timedelta(1))
    window = Window(tuple(sources), *days, undated=False)
    found = index.telling(_telling_terms(index, own.terms), window, EACH)
    turns = [one for one in found if one.tongue == own.tongue and not _same(own, one)]
    weigh = _rarity(index, {term for one in (own, *turns) for term in one.terms})
    alike = likeness((own, *turns), weigh)[0, 1:] >= ONE_STORY
    told = {term for at in np.flatnonzero(alike) for term in turns[int(at)].terms}
    whole = " ".join((f"{headline(article.title)}.", *article.paragraphs))
    itself = terms(whole).keys() | terms(whole.lower()).keys()  # whatever has no capitals may be heard as a name
    rarest = weigh("")
    return {term: weigh(term) / rarest for term in told - itself if not is_figure(term)}


def _without_copies(found: Sequence[Known]) -> list[Known]:
    """Leave one of an article that lies there twice, as its text and as its page: copies are no rivals."""
    kept: list[Known] = []
    for one in sorted(found, key=lambda known: known.id):
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return kept


def _same(one: Known, other: Known) -> bool:
    if one.tongue != other.tongue:
        return False
    if one.article.url is not None and one.article.url == other.article.url:
        return True
    less, more = sorted((len(one.terms), len(other.terms)))
    if less < SAME_ARTICLE * more:
        return False
    both = len(one.terms.keys() & other.terms.keys())
    return both >= SAME_ARTICLE * (less + more - both)


def compared(index: Index, said: Said, found: Sequence[Known]) -> Matrix:
    """Return a row of ``FEATURES`` for each of these articles."""
    weigh = _rarity(index, {term for one in found for term in one.terms} | {*said.terms, *said.named})
    return features(said, found, weigh, index.spoken())


def _rarity(index: Index, wanted: Collection[str]) -> Rarity:
    return Rarity(len(index), index.frequencies(wanted))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate, how likely it is the right one, whether its day allows it, and what that is enough for."""

    one: Known
    score: float
    can: bool
    linked: bool
    review: bool

    @property
    def order(self) -> tuple[bool, float, str]:
        """Return what sorts the linked ones first, and the likely ones."""
        return not self.linked, -self.score, self.one.article.file


def _judged(index: Index, said: Said, sources: Sequence[str]) -> list[_Judged]:
    """Return the candidates, the best first: those of the talk's days among each other, the rest as if undated."""
    if not said.terms:
        return []
    found = candidates(index, said, sources)
    spoken = index.spoken()
    can = [said.is_same_news(one) for one in found]
    rated = [
        _rated(said, one, row, spoken[one.tongue]) for one, row in zip(found, compared(index, said, found), strict=True)
    ]
    judged = []
    for at, one in enumerate(found):
        rivals = [i for i, each in enumerate(found) if each.tongue == one.tongue and (can[i] or not can[at])]
        shares = probabilities([rated[i][0] for i in rivals])
        score = shares[rivals.index(at)]
        words = min(len(said.text.split()), one.words)
        linked = can[at] and words >= LEAST_WORDS and one.tongue in READ and score >= rated[at][1]
        judged.append(_Judged(one, score, can[at], linked, review=sum(shares) >= REVIEW))
    return sorted(judged, key=lambda each: each.order)


def _rated(said: Said, one: Known, row: Matrix, articles: int) -> tuple[float, float]:
    """Return the log of how much likelier an article is than none, and the probability from which it is linked."""
    dated = said.is_same_news(one) and said.day is not None and one.article.date is not None
    much = known(one, articles)
    full, scant = (_judges()[f"{'dated' if dated else 'undated'}{kind}"] for kind in ("", "_scant"))
    return (
        much * full.level(row) + (1 - much) * scant.level(row),
        much * full.linked + (1 - much) * scant.linked,
    )


def known(one: Known, articles: int) -> float:
    """Return how much can be known of an article among so many of its language, from 0 to 1; below a half is scant."""
    shares = (articles / MANY, one.words / SHORT)
    return min(min(1.0, max(0.0, 0.5 + 0.5 * math.log(max(share, 1e-9), MIXED))) for share in shares)


def probabilities(levels: Sequence[float]) -> list[float]:
    """Return how likely each of these rivals is, and so that none of them is: what the sum leaves of one."""
    highest = max(0.0, *levels)
    odds = [math.exp(level - highest) for level in levels]
    whole = sum(odds) + math.exp(-highest)
    return [one / whole for one in odds]


def _verdict(said: Said, judged: Sequence[_Judged]) -> Link:
    """Link the first, and those in other languages that tell the same; where others contest it, a person decides."""
    linked: list[_Judged] = []
    for each in judged:
        if each.linked and all(_together(each.one, other.one) for other in linked):
            linked.append(each)
    if linked and any(_doubts(each, linked) for each in judged):
        linked = []
    linked = [one for one in linked if not any(_rivals(each, one) for each in judged)]
    listed = [*linked, *(each for each in judged if each not in linked)][:LISTED]
    found = tuple(
        Candidate(each.one.article, round(each.score, 4), evidence(said, each.one), linked=each in linked)
        for each in listed
    )
    if linked:
        return Link("linked", found)
    return Link("review" if any(each.review for each in judged) else "none", found)


def _doubts(each: _Judged, linked: Sequence[_Judged]) -> bool:
    """Tell whether a candidate makes the first link doubtful, as its rival or as another story in another language."""
    first = linked[0]
    if each.one.tongue == first.one.tongue:
        return _rivals(each, first)
    if each in linked or not each.can or each.score < CONTESTED:
        return False
    if _odds(first.score) >= CLEARLY * _odds(each.score):
        return False
    return not any(_together(each.one, other.one) for other in linked)


def _rivals(each: _Judged, one: _Judged) -> bool:
    """Tell whether another candidate in a linked one's language, of the talk's days too, is about as likely."""
    return each is not one and each.can and each.one.tongue == one.one.tongue and one.score < TWICE * each.score


def _odds(score: float) -> float:
    return score / max(1e-12, 1 - score)


def _together(one: Known, other: Known) -> bool:
    """Tell whether two articles can be one day's news in two languages: near in time, and alike in what they tell."""
    if one.tongue == other.tongue or len(one.terms.keys() & other.terms.keys()) < SAME_STORY * math.sqrt(
        len(one.terms) * len(other.terms)
    ):
        return False
    if one.article.date is None or other.article.date is None:
        return True
    return abs((one.article.date - other.article.date).days) <= SAME_STORY_DAYS


@cache
def _judges() -> dict[str, Judge]:
    read = tomllib.loads(Path(__file__).with_name("link.toml").read_text(encoding="utf-8"))
    return {
        name: Judge(tuple(one["weights"][f] for f in FEATURES), one["constant"], one["linked"])
        for name, one in read.items()
    }
