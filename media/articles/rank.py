"""Compare a talk with the articles that could be its own, as figures that ``link`` weighs.

What decides between the turns of one story is not what they share but what only one of them tells. So each term is
weighed by its rarity in the news and by how few of the *candidates* have it (a rarity within the story), and every
of these figures is given a second time as its lead over the best rival in the same language. An article of the talk's
days has no rivals but those of its days; one of other days, for which only a person can decide, has all. What a talk
tells stands together: several words of one sentence in one paragraph say more than as many far apart. How many rivals
and how many articles there are is said too: where there are few, less is known of what is rare.

What the texts mean, as vectors of multilingual-e5-small, was a figure too: over folds of the bed it kept no more right
links than the rest did alone, and cost more than they all.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np

from votd.media.articles.index import Known
from votd.media.articles.title import headline, subject
from votd.media.articles.when import of_today
from votd.media.articles.words import by_sentence, is_common, is_figure, is_year, terms

Matrix = np.ndarray[Any, np.dtype[np.float32]]
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
OWN = (
    "story_said",
    "story_told",
    "said",
    "gist",
    "figures",
    "named",
    "lede",
    "today",
    "headline",
    "facts",
    "sure_facts",
    "covered",
    "new_told",
)
NO_LEAD = ("said", "figures", "named", "sure_facts")
DAYS = ("same_day", "next_day", "two_days")
FEATURES = (
    *OWN,
    *(f"lead_{name}" for name in OWN if name not in NO_LEAD),
    "new_said",
    "rivals",
    "few_articles",
    *DAYS,
    "same_language",
)
COVERED = 0.3
"""The share of a paragraph's words that must be said for it to count as told."""
ONE_STORY = 0.1
"""The cosine from which two articles are turns of one story."""


@dataclass(frozen=True)
class Said:
    """What is known of a talk. ``title`` is the video's, or its file's name; ``day`` counts as ``date.toordinal``."""

    text: str
    language: str | None
    title: str | None = None
    day: int | None = None

    @cached_property
    def terms(self) -> Terms:
        return Counter(term for _, each in self._sentences for term in each)

    @cached_property
    def of_today(self) -> frozenset[str]:
        """Return the terms of those sentences that tell of today."""
        today = of_today([sentence for sentence, _ in self._sentences])
        return frozenset(term for (_, each), now in zip(self._sentences, today, strict=True) if now for term in each)

    @cached_property
    def sentences(self) -> tuple[frozenset[str], ...]:
        """Return the terms of each sentence."""
        return tuple(frozenset(each) for _, each in self._sentences)

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


def features(said: Said, candidates: Sequence[Known], weigh: Rarity, spoken: Mapping[str, int]) -> Matrix:
    """Return a row of ``FEATURES`` for each candidate; candidates of a language are each other's rivals.

    ``spoken`` counts the articles there are in each language.
    """
    rows = np.zeros((len(candidates), len(FEATURES)), np.float32)
    for tongue in {one.tongue for one in candidates}:
        at = [i for i, one in enumerate(candidates) if one.tongue == tongue]
        rows[at] = _rivals(said, [candidates[i] for i in at], weigh, spoken[tongue])
    return rows


def _rivals(said: Said, rivals: Sequence[Known], weigh: Rarity, articles: int) -> Matrix:
    having = Counter(term for one in rivals for term in one.terms)
    spread = math.log(len(rivals) + 1)

    @cache
    def within(term: str) -> float:
        return weigh(term) * math.log((len(rivals) + 1) / max(1, having[term])) / spread

    alike = _alike(rivals, having, weigh)
    mates = [[rivals[int(i)] for i in np.flatnonzero(near >= ONE_STORY)] for near in alike]
    new = [_new(one, its) for one, its in zip(rivals, mates, strict=True)]
    spoken, expected = (sum(map(how, said.terms)) or 1.0 for how in (weigh, weigh.expected))
    talk = _Talk(said, weigh, within, spoken, expected)
    own = np.array([_own(talk, one, terms) for one, terms in zip(rivals, new, strict=True)], np.float32)
    can = np.array([said.is_same_news(one) for one in rivals])
    few = BACKGROUND / (articles + BACKGROUND)
    language = (said.language or "").partition("-")[0]
    best, rest = np.zeros_like(own), []
    for at, one in enumerate(rivals):
        others = can.copy() if can[at] else np.ones_like(can)
        others[at] = False
        best[at] = own[others].max(0, initial=0.0)
        new_said = math.sqrt(sum(weigh(term) for term in new[at] if term in said.terms))
        count = math.log(1 + int(others.sum()))
        rest.append([new_said, count, few, *said.days(one), float(one.tongue == language)])
    leads = [at for at, name in enumerate(OWN) if name not in NO_LEAD]
    return np.hstack([own, (own - best)[:, leads], np.array(rest, np.float32)])


def _alike(rivals: Sequence[Known], having: Terms, weigh: Weigh) -> Matrix:
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


def _new(one: Known, mates: Sequence[Known]) -> frozenset[str]:
    """Return what an article tells and no other turn of its story does."""
    return frozenset(term for term in one.terms if not any(term in mate.terms for mate in mates))


@dataclass(frozen=True, slots=True)
class _Talk:
    """A talk, what its terms weigh in the news and within the story, and their sums."""

    said: Said
    weigh: Rarity
    within: Weigh
    spoken: float
    expected: float


def _own(talk: _Talk, one: Known, new: Collection[str]) -> list[float]:
    said, weigh, within = talk.said, talk.weigh, talk.within
    both = {term: weigh(term) for term in said.terms if term in one.terms}
    story = {term: within(term) for term in both}
    today = sum(weight for term, weight in story.items() if term in said.of_today)
    told = sum(map(weigh, one.terms)) or 1.0
    often = {term: weigh(term) * math.log(count) for term, count in one.terms.items() if count > 1}
    figures = [term for term in one.terms if is_figure(term)]
    facts = [_facts(sentence, one.parts, story) for sentence in said.sentences]
    paragraphs = one.parts[1:]
    covered = sum(_share(part, said.terms, weigh) > COVERED for part in paragraphs)
    return [
        sum(story.values()) / math.sqrt(talk.spoken),
        sum(story.values()) / math.sqrt(told),
        sum(both.values()) / math.sqrt(talk.expected),
        sum(weight for term, weight in often.items() if term in said.terms) / (sum(often.values()) or 1.0),
        _share(figures, said.terms, weigh),
        _named(said.named, terms(_headed(one)), weigh),
        _share(one.lede, said.terms, within),
        (2 * today - sum(story.values())) / math.sqrt(told),
        _share(one.parts[0], said.terms, weigh),
        sum(beside for beside, _ in facts) / math.sqrt(talk.spoken),
        sum(beside for _, beside in facts) / math.sqrt(talk.spoken),
        covered / max(1, len(paragraphs)),
        _share(new, said.terms, weigh),
    ]


def _facts(
    sentence: Collection[str], parts: Sequence[Collection[str]], story: Mapping[str, float]
) -> tuple[float, float]:
    """Return what a sentence shares with the part that it shares most with, beside one term, and beside two."""
    shared = [term for term in sentence if term in story]
    one = two = 0.0
    if len(shared) > 1:
        for part in parts:
            weights = sorted((story[term] for term in shared if term in part), reverse=True)
            one, two = max(one, sum(weights[1:])), max(two, sum(weights[2:]))
    return one, two


def _headed(one: Known) -> str:
    """Return an article's headline; where it has the rubric, without the commentator, whom all his talks share."""
    title = one.article.title
    return headline(title) if headline(title) == title.strip() else subject(title)


def _named(wanted: Terms, found: Terms, weigh: Weigh) -> float:
    return _share(wanted, found, weigh) if len(wanted.keys() & found.keys()) >= LEAST_NAMED else 0.0


def _share(wanted: Collection[str], found: Terms, weigh: Weigh) -> float:
    whole = sum(map(weigh, wanted))
    return sum(weigh(term) for term in wanted if term in found) / whole if whole else 0.0
