"""Link what was said to the article that it is about, or to none.

How far a transcript and an article speak of the same thing is one number, their *overlap*::

    overlap = shared / √(said · told) · age + TITLE_SHARE · named

``shared``  the weight of the terms that both have (see ``words``: stems, figures, names by their sound). A term weighs
            by its rarity, log(1 + articles / articles with it), so that what every candidate says decides nothing. A
            folder of thirty knows little about rarity and a folder of one nothing, so 40 articles of an imagined
            background, in which the words of ``common_words.txt`` are frequent, are counted in.
``said``    the weight of all that was said: commentary on something else shares little of it.
``told``    the weight of all that the article tells: an article on a neighbouring story shares the people and the
            place, but has figures and facts of its own that nobody spoke of. Dividing by both is the cosine of two
            sets; it keeps a long article from winning by its length. Neither counts for more than three times the
            other, so that a live blog or a rambling speaker is not ruled out.
``age``     1 up to two days apart, falling to 0.7 within a month, where both dates are known. Never less: dates of
            old videos are often wrong, and what was said counts for more.
``named``   how much of the video's own title stands in the article's headline, where a title is given.

The score is the overlap on a logistic scale, centred between the wrong and the right best candidates of the bed
below. It reads like a confidence and keeps the order, but is no measured probability.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from votd.media.articles.title import headline
from votd.media.articles.words import is_common, is_figure, is_year, terms
from votd.media.model import Article, Candidate, Link, LinkStatus, Transcript

# Chosen on 18 commentaries, 13 of them with an article, against 59 articles, 45 of which surround one summit and war:
# whole, halved, doubled by digression, with 25 and 40 % of the words wrong; with the right article, without it, and
# with one candidate alone. Best candidates that were wrong overlapped by 0.30 at most (half of them under 0.14), right
# ones in the same language and with no words wrong by 0.37 at least (half of them over 0.49). Of three commentaries
# written after that, two were linked (0.50, 0.56), and one that paraphrases loosely was not (0.19).
LINKED = 0.34
"""What the overlap must reach where nothing else tells of the matter at all."""
LINKED_AHEAD, LEAD_SHARE = 0.40, 0.5
"""What the overlap and half of its lead over the next article must reach together: a misheard talk overlaps less with
everything, so its lead says more than its overlap. Wrong best candidates of the bed reached 0.35 at most, with 0 to
25 % of the words wrong; of the right ones at 10 to 25 %, this links four in a hundred more than LINKED alone."""
REVIEW = 0.20
MARGIN = 0.25
"""How far, as a share of the best overlap, the next article must stay behind: two versions of a story are a choice."""
MIN_SHARED = 8
"""Terms that are not common and must be shared before anything is linked: a few words prove nothing."""

LISTED = 5
BACKGROUND = 40
COMMON_SHARE = 0.25
RARE_SHARE = 0.02
FIGURE_WEIGHT = 1.5
TITLE_SHARE = 0.1
BOILERPLATE_ARTICLES = 3
LENGTH_RATIO = 3
SAME_ARTICLE = 0.8
_MIDDLE, _SLOPE = 0.28, 0.03  # of the logistic scale
_AGE_FLOOR, _AGE_FREE_DAYS, _AGE_DAYS = 0.7, 2, 7

Weigh = Callable[[str], float]
Terms = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Rated:
    """One article compared: its overlap, the number of uncommon terms shared, and its terms."""

    article: Article
    overlap: float
    shared: int
    terms: Terms


def link(
    transcript: Transcript, articles: Sequence[Article], *, title: str | None = None, date: dt.date | None = None
) -> Link:
    """Compare a transcript with every article; the first five come back, best first, equal ones in the given order.

    ``title`` and ``date`` are the video's, where they are known. Without words or articles the answer is ``none``
    with no candidates, whatever the title says.
    """
    said = terms(transcript.text)
    if not said:
        return Link("none", ())
    told = [terms(text) for text in _texts(articles)]
    weigh = _rarity(told)
    rated = [
        _rate(article, said, own, weigh, title=title, date=date)
        for article, own in zip(articles, told, strict=True)
        if own
    ]
    best = sorted((one for one in rated if one.overlap > 0), key=lambda one: -one.overlap)
    return Link(_verdict(best), tuple(Candidate(one.article, _score(one.overlap)) for one in best[:LISTED]))


def _texts(articles: Sequence[Article]) -> list[str]:
    """Return what each article says: headline and paragraphs, without those that several others have too.

    A paragraph that stands under three headlines is the site's, whatever it says. Copies of one article have the same
    headline and do not make each other's text boilerplate.
    """
    headlines = [headline(article.title) for article in articles]
    seen: dict[str, set[str]] = {}
    for article, head in zip(articles, headlines, strict=True):
        for paragraph in article.paragraphs:
            seen.setdefault(paragraph, set()).add(head)
    return [
        "\n\n".join([f"{head}.", *(p for p in article.paragraphs if len(seen[p]) < BOILERPLATE_ARTICLES)])
        for article, head in zip(articles, headlines, strict=True)
    ]


def _rarity(told: Sequence[Terms]) -> Weigh:
    """Return what a term weighs among these articles and an imagined background."""
    having = Counter(term for own in told for term in own)

    @cache
    def weigh(term: str) -> float:
        usual = COMMON_SHARE if is_common(term) or is_year(term) else RARE_SHARE
        rarity = math.log(1 + (len(told) + BACKGROUND) / (1 + having[term] + BACKGROUND * usual))
        return rarity * FIGURE_WEIGHT if is_figure(term) else rarity

    return weigh


def _rate(
    article: Article, said: Terms, told: Terms, weigh: Weigh, *, title: str | None, date: dt.date | None
) -> _Rated:
    both = [term for term in said if term in told]
    overlap = _cosine(sum(map(weigh, both)), sum(map(weigh, said)), sum(map(weigh, told)))
    overlap = overlap * _age(article.date, date) + TITLE_SHARE * _named(article.title, title, weigh)
    return _Rated(article, min(overlap, 1.0), sum(not is_common(term) for term in both), told)


def _cosine(shared: float, said: float, told: float) -> float:
    return shared / math.sqrt(min(said, LENGTH_RATIO * told) * min(told, LENGTH_RATIO * said))


def _age(published: dt.date | None, spoken: dt.date | None) -> float:
    if published is None or spoken is None:
        return 1.0
    days = max(0, abs((published - spoken).days) - _AGE_FREE_DAYS)
    return _AGE_FLOOR + (1 - _AGE_FLOOR) * math.exp(-days / _AGE_DAYS)


def _named(published: str, given: str | None, weigh: Weigh) -> float:
    """Return the share of the video's title, by weight, that stands in an article's headline."""
    wanted = terms(headline(given or ""))
    if not wanted:
        return 0.0
    found = terms(headline(published))
    return sum(weigh(term) for term in wanted if term in found) / sum(map(weigh, wanted))


def _verdict(best: Sequence[_Rated]) -> LinkStatus:
    if not best or best[0].overlap < REVIEW:
        return "none"
    first = best[0]
    rival = next((one.overlap for one in best[1:] if not _same(one, first)), 0.0)
    alone = first.overlap - rival >= MARGIN * first.overlap
    enough = first.overlap >= LINKED or (rival and first.overlap + LEAD_SHARE * (first.overlap - rival) >= LINKED_AHEAD)
    return "linked" if enough and alone and first.shared >= MIN_SHARED else "review"


def _same(one: _Rated, other: _Rated) -> bool:
    """Tell whether two candidates are one article, as where a folder holds its text and its page: no rivals then."""
    if one.article.url is not None and one.article.url == other.article.url:
        return True
    both = len(one.terms.keys() & other.terms.keys())
    return both >= SAME_ARTICLE * len(one.terms.keys() | other.terms.keys())


def _score(overlap: float) -> float:
    return round(1 / (1 + math.exp((_MIDDLE - overlap) / _SLOPE)), 4)
