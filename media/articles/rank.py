"""Compare a talk with the articles that could be its own, as figures that ``link`` weighs.

What decides between the turns of one story is not what they share but what only one of them tells. So beside the
usual cosine each term is weighed a second time, by how few of the *candidates* have it (a rarity within the story), and
every figure is given a second time as its lead over the best other article in the same language.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePath

import numpy as np

from votd.media.articles.index import Known
from votd.media.articles.meaning import Vector
from votd.media.articles.title import headline
from votd.media.articles.words import is_common, is_figure, is_year, terms

Weigh = Callable[[str], float]
Terms = Mapping[str, int]

BACKGROUND = 40
"""Articles of an imagined background that are counted in: a folder of one knows nothing of rarity."""
COMMON_SHARE, RARE_SHARE = 0.25, 0.02
FIGURE_WEIGHT = 1.5
LENGTH_RATIO = 3
OWN = ("story_said", "story_told", "cosine", "bm25", "meaning", "meaning_best", "named", "lede")
DAYS = ("same_day", "two_days", "days", "later")
FEATURES = (*OWN, *(f"lead_{name}" for name in OWN), *DAYS, "same_language", "rubric")


@dataclass(frozen=True)
class Said:
    """What is known of a talk. ``title`` is the video's, or its file's name; ``vectors`` has a row for each part."""

    text: str
    language: str | None
    title: str | None = None
    day: int | None = None
    vectors: Vector | None = None

    @cached_property
    def terms(self) -> Terms:
        return terms(self.text)

    @cached_property
    def named(self) -> Terms:
        return terms(headline(PurePath(self.title or "").name.replace("_", " ").replace("-", " ")))


def rarity(articles: int, having: Mapping[str, int]) -> Weigh:
    """Return what a term weighs: log(1 + articles / articles with it), figures half as much again."""

    @cache
    def weigh(term: str) -> float:
        usual = COMMON_SHARE if is_common(term) or is_year(term) else RARE_SHARE
        rare = math.log(1 + (articles + BACKGROUND) / (1 + having.get(term, 0) + BACKGROUND * usual))
        return rare * FIGURE_WEIGHT if is_figure(term) else rare

    return weigh


def bm25(said: Terms, told: Terms, weigh: Weigh, mean_length: float) -> float:
    """Score an article for what was said (Robertson and Zaragoza 2009; k1 1.2, b 0.75)."""
    length = 0.25 + 0.75 * sum(told.values()) / mean_length
    return sum(weigh(term) * told[term] * 2.2 / (told[term] + 1.2 * length) for term in said if term in told)


def features(said: Said, candidates: Sequence[Known], weigh: Weigh, mean_length: float) -> Vector:
    """Return a row of ``FEATURES`` for each candidate; candidates of a language are each other's rivals."""
    rows = np.zeros((len(candidates), len(FEATURES)), np.float32)
    for tongue in {one.tongue for one in candidates}:
        at = [i for i, one in enumerate(candidates) if one.tongue == tongue]
        rows[at] = _rivals(said, [candidates[i] for i in at], weigh, mean_length)
    return rows


def _rivals(said: Said, rivals: Sequence[Known], weigh: Weigh, mean_length: float) -> Vector:
    having = Counter(term for one in rivals for term in one.terms)
    spread = math.log(len(rivals) + 1)

    @cache
    def within(term: str) -> float:
        return weigh(term) * math.log((len(rivals) + 1) / max(1, having[term])) / spread

    own = np.array([_own(said, one, weigh, within, mean_length) for one in rivals], np.float32)
    rest = [np.max(np.delete(own, i, 0), 0) if len(rivals) > 1 else np.zeros(len(OWN)) for i in range(len(rivals))]
    others = np.array([_other(said, one) for one in rivals], np.float32)
    return np.hstack([own, own - np.array(rest, np.float32), others])


def _own(said: Said, one: Known, weigh: Weigh, within: Weigh, mean_length: float) -> list[float]:
    both = [term for term in said.terms if term in one.terms]
    spoken = sum(map(weigh, said.terms)) or 1.0
    told = sum(map(weigh, one.terms)) or 1.0
    story = sum(map(within, both))
    near = _near(said, one)
    return [
        story / math.sqrt(spoken),
        story / math.sqrt(told),
        sum(map(weigh, both)) / math.sqrt(min(spoken, LENGTH_RATIO * told) * min(told, LENGTH_RATIO * spoken)),
        bm25(said.terms, one.terms, weigh, mean_length) / math.sqrt(spoken),
        *near,
        _share(said.named, terms(headline(one.article.title)), weigh),
        _share(one.lede, said.terms, within),
    ]


def _near(said: Said, one: Known) -> tuple[float, float]:
    """Return how near the meaning of the talk's parts is to the article's: their mean, and that of the best two."""
    if said.vectors is None or one.vector is None:
        return 0.0, 0.0
    each = np.sort(said.vectors @ one.vector)
    return float(each.mean()), float(each[-2:].mean())


def _share(wanted: Terms, found: Terms, weigh: Weigh) -> float:
    whole = sum(map(weigh, wanted))
    return sum(weigh(term) for term in wanted if term in found) / whole if whole else 0.0


def _other(said: Said, one: Known) -> list[float]:
    age = None if said.day is None or one.article.date is None else said.day - one.article.date.toordinal()
    dated = [0.0] * 4 if age is None else [age in (0, 1), age == 2, 3 <= age <= 5 or age == -1, age < -1]
    rubric = headline(one.article.title) != one.article.title
    return [*map(float, dated), float(one.tongue == (said.language or "").partition("-")[0]), float(rubric)]
