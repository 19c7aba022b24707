"""Compare a talk with the articles that could be its own, as figures that ``link`` weighs.

What decides between the turns of one story is not what they share but what only one of them tells. So each term is
weighed by its rarity in the news and by how few of the *candidates* have it (a rarity within the story), and every
figure is given a second time as its lead over the best rival in the same language. An article of the talk's days has
no rivals but those of its days; one of other days, for which only a person can decide, has all. How many rivals and
how many articles there are is said too: where there are few, less is known of what is rare.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from votd.media.articles.index import Known
from votd.media.articles.meaning import Vector
from votd.media.articles.title import headline, subject
from votd.media.articles.when import of_today
from votd.media.articles.words import by_sentence, is_common, is_figure, is_year, terms

Weigh = Callable[[str], float]
Terms = Mapping[str, int]

BACKGROUND = 40
"""Articles of an imagined background that are counted in: a folder of one knows nothing of rarity."""
COMMON_SHARE, RARE_SHARE = 0.25, 0.02
FIGURE_WEIGHT = 1.5
LEAST_NAMED = 2
"""One word that a file's name and a headline share is chance."""
SAME_NEWS = range(-1, 3)
"""How many days after its article a commentary can come: both are made of one day's news, and published as they can."""
OWN = ("story_said", "story_told", "said", "gist", "figures", "meaning", "named", "lede", "today")
MEANING = OWN.index("meaning")
DAYS = ("same_day", "next_day", "two_days")
FEATURES = (
    *OWN,
    *(f"lead_{name}" for name in OWN),
    "stands_out",
    "new_said",
    "rivals",
    "few_articles",
    *DAYS,
    "same_language",
)
ONE_STORY = 0.1
"""The cosine from which two articles are turns of one story."""
USUAL_SPREAD, AS_RIVALS = 0.06, 3
"""How far meanings lie apart (a standard deviation), counted as so many rivals where there are few."""


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
        return Counter(term for _, each in self._sentences for term in each)

    @cached_property
    def of_today(self) -> frozenset[str]:
        """Return the terms of those sentences that tell of today."""
        today = of_today([sentence for sentence, _ in self._sentences])
        return frozenset(term for (_, each), now in zip(self._sentences, today, strict=True) if now for term in each)

    @cached_property
    def named(self) -> Terms:
        return terms(subject((self.title or "").replace("_", " ").replace("-", " ")))

    @cached_property
    def _sentences(self) -> list[tuple[str, list[str]]]:
        return by_sentence(self.text)

    def is_same_news(self, one: Known) -> bool:
        """Tell whether by their days the talk and an article can be about one day's news; unknown days can."""
        age = self._age(one)
        return age is None or age in SAME_NEWS

    def days(self, one: Known) -> list[float]:
        """Return ``DAYS``: how much older the article is."""
        age = self._age(one)
        return [float(age == days) for days in range(len(DAYS))]

    def days_from(self, one: Known) -> int:
        """Return how many days lie between the talk and the article, 0 where nobody knows."""
        return abs(self._age(one) or 0)

    def _age(self, one: Known) -> int | None:
        day = one.article.date
        return None if self.day is None or day is None else self.day - day.toordinal()


@dataclass(frozen=True)
class Rarity:
    """What a term weighs, called with it: log(1 + articles / articles with it), figures half as much again."""

    articles: int
    having: Mapping[str, int]
    _known: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, term: str) -> float:
        """Return the weight."""
        if term not in self._known:
            usual = COMMON_SHARE if is_common(term) or is_year(term) else RARE_SHARE
            least = 1 + self.having.get(term, 0) + BACKGROUND * usual
            rare = math.log(1 + (self.articles + BACKGROUND) / least)
            self._known[term] = rare * FIGURE_WEIGHT if is_figure(term) else rare
        return self._known[term]

    def expected(self, term: str) -> float:
        """Return the weight of what was said if it is a word at all.

        What no article has was likely misheard; less likely where there are few articles.
        """
        share = 1.0 if term in self.having else BACKGROUND / (self.articles + BACKGROUND)
        return share * self(term)


def features(said: Said, candidates: Sequence[Known], weigh: Rarity) -> Vector:
    """Return a row of ``FEATURES`` for each candidate; candidates of a language are each other's rivals."""
    rows = np.zeros((len(candidates), len(FEATURES)), np.float32)
    for tongue in {one.tongue for one in candidates}:
        at = [i for i, one in enumerate(candidates) if one.tongue == tongue]
        rows[at] = _rivals(said, [candidates[i] for i in at], weigh)
    return rows


def _rivals(said: Said, rivals: Sequence[Known], weigh: Rarity) -> Vector:
    having = Counter(term for one in rivals for term in one.terms)
    spread = math.log(len(rivals) + 1)

    @cache
    def within(term: str) -> float:
        return weigh(term) * math.log((len(rivals) + 1) / max(1, having[term])) / spread

    own = np.array([_own(said, one, weigh, within) for one in rivals], np.float32)
    can = np.array([said.is_same_news(one) for one in rivals])
    meant = np.array([one.vector is not None for one in rivals])
    alike = _alike(rivals, having, weigh)
    few = BACKGROUND / (weigh.articles + BACKGROUND)
    language = (said.language or "").partition("-")[0]
    best, rest = np.zeros_like(own), []
    for at, one in enumerate(rivals):
        others = can.copy() if can[at] else np.ones_like(can)
        others[at] = False
        best[at] = own[others].max(0, initial=0.0)
        stands_out = _deviation(own[at, MEANING], own[others & meant, MEANING]) if meant[at] else 0.0
        new_said = _new_said(said, one, [rivals[int(i)] for i in np.flatnonzero(alike[at] >= ONE_STORY)], weigh)
        count = math.log(1 + int(others.sum()))
        rest.append([stands_out, new_said, count, few, *said.days(one), float(one.tongue == language)])
    return np.hstack([own, own - best, np.array(rest, np.float32)])


def _alike(rivals: Sequence[Known], having: Terms, weigh: Weigh) -> Vector:
    """Return the cosine of what each two of them tell; of each with itself nothing.

    Only terms that two of them have are multiplied, so that a long text of junk costs no more than its length.
    """
    column = {term: at for at, term in enumerate(term for term, count in having.items() if count > 1)}
    told = np.zeros((len(rivals), len(column)), np.float32)
    for at, one in enumerate(rivals):
        shared = [term for term in one.terms if term in column]
        told[at, [column[term] for term in shared]] = [weigh(term) for term in shared]
        told[at] /= math.sqrt(sum(weigh(term) ** 2 for term in one.terms) or 1.0)
    found = told @ told.T
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def _new_said(said: Said, one: Known, mates: Sequence[Known], weigh: Weigh) -> float:
    """Return how much was said of what an article tells and no other turn of its story does."""
    both = (term for term in one.terms if term in said.terms)
    return math.sqrt(sum(weigh(term) for term in both if not any(term in mate.terms for mate in mates)))


def _deviation(value: float, others: Vector) -> float:
    """Return by how many standard deviations a value is above the others' mean."""
    if not len(others):
        return 0.0
    spread = (others.var() * len(others) + USUAL_SPREAD**2 * AS_RIVALS) / (len(others) + AS_RIVALS)
    return float((value - others.mean()) / math.sqrt(spread))


def _own(said: Said, one: Known, weigh: Rarity, within: Weigh) -> list[float]:
    both = {term: weigh(term) for term in said.terms if term in one.terms}
    story = {term: within(term) for term in both}
    today = sum(weight for term, weight in story.items() if term in said.of_today)
    spoken = sum(map(weigh, said.terms)) or 1.0
    told = sum(map(weigh, one.terms)) or 1.0
    expected = sum(map(weigh.expected, said.terms)) or 1.0
    often = {term: weigh(term) * math.log(count) for term, count in one.terms.items() if count > 1}
    figures = [term for term in one.terms if is_figure(term)]
    return [
        sum(story.values()) / math.sqrt(spoken),
        sum(story.values()) / math.sqrt(told),
        sum(both.values()) / math.sqrt(expected),
        sum(weight for term, weight in often.items() if term in said.terms) / (sum(often.values()) or 1.0),
        _share(figures, said.terms, weigh),
        _meaning(said, one),
        _named(said.named, terms(_headed(one)), weigh),
        _share(one.lede, said.terms, within),
        (2 * today - sum(story.values())) / math.sqrt(told),
    ]


def _meaning(said: Said, one: Known) -> float:
    """Return how near the talk's two nearest parts are to the article's headline and lede."""
    if said.vectors is None or one.vector is None:
        return 0.0
    return float(np.sort(said.vectors @ one.vector)[-2:].mean())


def _headed(one: Known) -> str:
    """Return an article's headline; where it has the rubric, without the commentator, whom all his talks share."""
    title = one.article.title
    return headline(title) if headline(title) == title.strip() else subject(title)


def _named(wanted: Terms, found: Terms, weigh: Weigh) -> float:
    return _share(wanted, found, weigh) if len(wanted.keys() & found.keys()) >= LEAST_NAMED else 0.0


def _share(wanted: Collection[str], found: Terms, weigh: Weigh) -> float:
    whole = sum(map(weigh, wanted))
    return sum(weigh(term) for term in wanted if term in found) / whole if whole else 0.0
