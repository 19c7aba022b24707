"""Compare a talk with the articles that could be its own, as figures that ``link`` weighs.

Each term is weighed by its rarity in the news. What decides between the turns of one story is not what they share but
what only one of them tells, and whether another candidate tells what this one does not. A talk that remembers a
story's earlier turns shares more words with them than with its own article; so where days are known an article is
credited with what its story tells in all, and with its earlier turns that the talk tells of. How many rivals and how
many articles there are is said too: where there are few, less is known of what is rare.

What the texts mean, as vectors of multilingual-e5-small, was a figure too: over folds of the bed it kept no more right
links than the rest did alone, and cost more than they all.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from votd.media.articles.index import Known, first_part
from votd.media.articles.title import headline, subject
from votd.media.articles.when import of_today
from votd.media.articles.words import READ, by_sentence, is_common, is_figure, is_year, terms

Matrix = np.ndarray[Any, np.dtype[np.float32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
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
DAYS = ("same_day", "next_day", "two_days")
OF_A_STORY = ("story_said", "earlier", "earlier_same")
"""What speaks for an article by what other turns of its story tell; of use where days tell which turn is which."""
FEATURES = (
    "said",
    "said_share",
    "said_figures",
    "gist",
    "figures",
    "named",
    "headline",
    "lede",
    "facts",
    "sure_facts",
    "covered",
    "told",
    "today",
    "new_said",
    "new_told",
    "other",
    *OF_A_STORY,
    "rivals",
    "few_articles",
    *DAYS,
    "same_language",
)
COVERED = 0.3
"""The share of a paragraph's words that must be said for it to count as told."""
ONE_STORY = 0.1
"""The cosine from which two articles are turns of one story."""
RARE = 1.5
"""A term counts as what another candidate tells by its weight above this."""


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

    def is_foreign(self, one: Known) -> bool:
        """Tell whether an article is in another language: less will do for it, so not where the talk's is not known."""
        tongue = first_part(self.language)
        return tongue in READ and tongue != one.tongue

    def days(self, one: Known) -> list[float]:
        """Return ``DAYS``: how much older the article is."""
        age = self._age(one)
        return [float(age == days) for days in range(len(DAYS))]

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
    if not candidates:
        return np.zeros((0, len(FEATURES)), np.float32)
    alike = likeness(candidates, weigh) >= ONE_STORY
    tongue = np.array([one.tongue for one in candidates])
    rival = tongue[:, None] == tongue
    other, of_a_story = _others(said, candidates, weigh, rival, alike)
    can = np.array([said.is_same_news(one) for one in candidates])
    talks = {name: _talk(said, [one for one in candidates if one.tongue == name], weigh) for name in {*tongue}}
    rows = []
    for at, one in enumerate(candidates):
        new = _new(one, [candidates[int(i)] for i in np.flatnonzero(alike[at] & rival[at])])
        rivals = int((rival[at] & (can | (not can[at]))).sum()) - 1
        few = BACKGROUND / (spoken[one.tongue] + BACKGROUND)
        context = [math.log(1 + rivals), few, *said.days(one), float(not said.is_foreign(one))]
        rows.append([*_own(talks[one.tongue], one, new), other[at], *of_a_story[at], *context])
    return np.array(rows, np.float32)


def _others(
    said: Said, candidates: Sequence[Known], weigh: Rarity, rival: Flags, alike: Flags
) -> tuple[Matrix, Matrix]:
    """Return what the talk tells that a rival tells and the candidate does not; and ``OF_A_STORY``."""
    words = [term for term in said.terms if any(term in one.terms for one in candidates)]
    has = np.array([[term in one.terms for term in words] for one in candidates], np.float32)
    weight = np.array([weigh(term) for term in words], np.float32)
    spoken = sum(map(weigh.expected, said.terms)) or 1.0
    rare = sum(max(0.0, weigh.expected(term) - RARE) for term in said.terms) or 1.0
    beyond = ((1 - has) * np.maximum(weight - RARE, 0)) @ has.T  # of each by each: what the second has beyond the first
    other = np.sqrt(np.where(rival, beyond, 0).max(1, initial=0) / rare)
    story = alike | np.eye(len(candidates), dtype=bool)
    story_said = np.sqrt((story.astype(np.float32) @ has > 0) @ weight / spoken)
    days = np.array([one.article.date.toordinal() if one.article.date else np.nan for one in candidates])
    turn = np.where(alike & (days[None, :] < days[:, None]), np.sqrt(has @ weight / spoken)[None, :], 0)
    return other, np.stack([story_said, turn.max(1, initial=0), np.where(rival, turn, 0).max(1, initial=0)], axis=1)


def _talk(said: Said, rivals: Sequence[Known], weigh: Rarity) -> "_Talk":
    having = Counter(term for one in rivals for term in one.terms)
    whole = math.log(len(rivals) + 1)
    within = {term: weigh(term) * math.log((len(rivals) + 1) / count) / whole for term, count in having.items()}
    spoken, expected = (sum(map(how, said.terms)) or 1.0 for how in (weigh, weigh.expected))
    today = sum(map(weigh.expected, said.of_today)) or 1.0
    figures = {term: weigh.expected(term) for term in said.terms if is_figure(term)}
    return _Talk(said, weigh, within, spoken, expected, today, figures)


def likeness(candidates: Sequence[Known], weigh: Weigh) -> Matrix:
    """Return the cosine of what each two of them tell; of each with itself nothing.

    Only terms that two of them have are multiplied, so that a long text of junk costs no more than its length.
    """
    having = Counter(term for one in candidates for term in one.terms)
    column = {term: at for at, term in enumerate(term for term, count in having.items() if count > 1)}
    told = np.zeros((len(candidates), len(column)), np.float32)
    for at, one in enumerate(candidates):
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
    """A talk; what terms weigh in the news and among the candidates of a language; sums of what was said; figures."""

    said: Said
    weigh: Rarity
    within: Mapping[str, float]
    spoken: float
    expected: float
    today: float
    figures: Mapping[str, float]


def _own(talk: _Talk, one: Known, new: Collection[str]) -> list[float]:
    """Return the figures up to ``new_told``: sums and shares of what both tell, mostly as roots."""
    said, weigh = talk.said, talk.weigh
    both = {term: weigh(term) for term in said.terms if term in one.terms}
    story = {term: talk.within[term] for term in both}
    often = {term: weigh(term) * math.log(count) for term, count in one.terms.items() if count > 1}
    figures = [term for term in one.terms if is_figure(term)]
    facts = [_facts(sentence, one.parts, story) for sentence in said.sentences]
    shares = [_share(part, said.terms, weigh) for part in one.parts[1:]] or [0.0]
    return [
        sum(both.values()) / math.sqrt(talk.expected),
        sum(map(weigh.expected, both)) / talk.expected,
        sum(weight for term, weight in talk.figures.items() if term in both) / (sum(talk.figures.values()) or 1.0),
        math.sqrt(sum(weight for term, weight in often.items() if term in said.terms) / (sum(often.values()) or 1.0)),
        math.sqrt(_share(figures, said.terms, weigh)),
        _named(said.named, terms(_headed(one)), weigh),
        math.sqrt(_share(one.parts[0], said.terms, weigh)),
        _share(one.lede, said.terms, talk.within.__getitem__),
        sum(beside for beside, _ in facts) / math.sqrt(talk.spoken),
        sum(beside for _, beside in facts) / math.sqrt(talk.spoken),
        sum(share > COVERED for share in shares) / len(shares),
        sum(map(math.sqrt, shares)) / len(shares),
        sum(weight for term, weight in both.items() if term in said.of_today) / talk.today,
        math.sqrt(sum(weigh(term) for term in new if term in said.terms)),
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
