"""Measure the linker: ``--held-out`` on the half of the bed that nobody looks at, ``--scale`` on 100,000 articles.

Without a flag it is the half that the weights were fitted on, which says little. A talk is heard clean, with words put
wrong, and (where it was spoken) as Whisper heard it; with its day and without any dates.
"""

import argparse
import functools
import math
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from articles.bed.filler import daily
from articles.bed.load import SOURCE, Talk, bed, evened, indexed, lede_of, said_of, variants

from votd.media.articles import meaning
from votd.media.articles.index import Index, Known
from votd.media.articles.link import candidates, link
from votd.media.articles.rank import Rarity, Said, Terms, Weigh
from votd.media.model import Article, Link

SCALE, A_DAY, SEED = 100_000, 200, 2
SCRAPS, SCRAP_WORDS = 12, 12
"""What is added to each generated article, and of how many words."""
LEDES: dict[Article, meaning.Vector] = {}


@dataclass(frozen=True, slots=True)
class Case:
    """One talk as it was heard once, and what became of it."""

    talk: Talk
    heard: str
    dated: bool
    said: Said
    link: Link

    @property
    def linked(self) -> bool:
        return self.link.status == "linked"

    @property
    def right(self) -> bool:
        return self.linked and all(one.article.file in self.talk.right for one in self.link.linked)

    @property
    def among_three(self) -> bool:
        return any(one.article.file in self.talk.right for one in self.link.candidates[:3])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure how well talks find their articles.")
    parser.add_argument("--held-out", action="store_true", help="the half that decides; look at it once")
    parser.add_argument("--scale", action="store_true", help=f"{SCALE:,} generated articles: time and memory")
    given = parser.parse_args()
    if given.scale:
        scale()
        return
    half = evened(bed("held_out" if given.held_out else "dev"), SEED)
    having = sum(bool(talk.right) for talk in half.talks)
    print(f"{len(half.talks)} talks, {having} with an article, {len(half.articles)} articles")
    index = indexed(half)
    asked = [
        (talk, heard, said_of(talk, text, dated=True))
        for talk in half.talks
        for heard, text in variants(talk, half.talks, SEED)
    ]
    cases = [
        Case(talk, heard, dated, one, link(index, one, [SOURCE]))
        for talk, heard, said in asked
        for dated, one in ((True, said), (False, replace(said, day=None)))
    ]
    table(cases)
    reliability(cases)
    others(index, cases)


def table(cases: Sequence[Case]) -> None:
    """Print right and wrong links for each way of hearing."""
    print(f"{'':24}{'right':>14}{'no recaps':>14}{'wrong links':>14}{'≤ (95 %)':>10}{'review, among 3':>18}")
    groups: dict[tuple[bool, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.dated, case.heard].append(case)
    for (dated, heard), each in sorted(groups.items(), reverse=True):
        having = [case for case in each if case.talk.right]
        plain = [case for case in having if case.talk.kind == "plain"]
        wrong = sum(case.linked and not case.right for case in each)
        asked = [case for case in having if case.link.status == "review"]
        print(
            f"{'with dates' if dated else 'without dates':14}{heard:>10}"
            f"{_share([c.right for c in having]):>14}{_share([c.right for c in plain]):>14}"
            f"{wrong:>8} of {len(each):<3}{upper(wrong, len(each)):>9.1%}{_share([c.among_three for c in asked]):>18}"
        )
    wrong = sum(case.linked and not case.right for case in cases)
    print(
        f"wrong links in all: {wrong} of {len(cases)}, at most {upper(wrong, len(cases)):.2%} (Clopper-Pearson, 95 %)"
    )


def reliability(cases: Sequence[Case]) -> None:
    """Print how often the best candidate was right, for each tenth of its probability."""
    bins: dict[int, list[bool]] = defaultdict(list)
    scores: dict[int, list[float]] = defaultdict(list)
    for case in cases:
        if best := case.link.best:
            at = min(9, int(best.score * 10))
            bins[at].append(best.article.file in case.talk.right)
            scores[at].append(best.score)
    print("probability   said   were right")
    for at in sorted(bins):
        said, were = sum(scores[at]) / len(scores[at]), sum(bins[at]) / len(bins[at])
        print(f"{at / 10:.1f}-{(at + 1) / 10:.1f}      {said:6.1%}   {were:6.1%}  ({len(bins[at])})")


def others(index: Index, cases: Sequence[Case]) -> None:
    """Print what BM25 alone and meaning alone keep of all these cases where they link no more wrong ones."""

    def by_words(said: Said, found: Sequence[Known]) -> list[float]:
        having = index.frequencies({*said.terms, *(term for one in found for term in one.terms)})
        weigh = Rarity(len(index), having)
        spoken = math.sqrt(sum(map(weigh, said.terms)) or 1)
        length = sum(sum(one.terms.values()) for one in found) / max(1, len(found))
        return [bm25(said.terms, one.terms, weigh, length) / spoken for one in found]

    def by_meaning(said: Said, found: Sequence[Known]) -> list[float]:
        return [float((parts_of(said) @ meant(one)).mean()) for one in found]

    print(f"right links at the same number of wrong ones{'votd':>10}{'BM25 alone':>14}{'meaning alone':>16}")
    for dated in (True, False):
        own = [case for case in cases if case.dated is dated]
        wrong = sum(case.linked and not case.right for case in own)
        kept = [alone(index, own, rate, wrong) for rate in (by_words, by_meaning)]
        name = f"{'with dates' if dated else 'without dates'}, {wrong} wrong"
        right = sum(case.right for case in own)
        having = sum(bool(case.talk.right) for case in own)
        print(f"{name:38}{right:>8} of {having:<5}{kept[0]:>6}{kept[1]:>14}")


@functools.cache
def parts_of(said: Said) -> meaning.Vector:
    """Return what some sixty words each of a talk mean: one that digresses is near its article in places only."""
    words = said.text.split()
    count = max(1, len(words) // 60)
    parts = [" ".join(words[len(words) * i // count : len(words) * (i + 1) // count]) for i in range(count)]
    return meaning.text_vectors(parts, said.language, query=True)


def meant(one: Known) -> meaning.Vector:
    """Return what an article's headline and lede mean; each is embedded once."""
    article = one.article
    if article not in LEDES:
        LEDES[article] = meaning.text_vectors([lede_of(article)], article.language, query=False)[0]
    return LEDES[article]


def bm25(said: Terms, told: Terms, weigh: Weigh, mean_length: float) -> float:
    """Score an article for what was said (Robertson and Zaragoza 2009; k1 1.2, b 0.75)."""
    length = 0.25 + 0.75 * sum(told.values()) / mean_length
    return sum(weigh(term) * told[term] * 2.2 / (told[term] + 1.2 * length) for term in said if term in told)


def alone(index: Index, cases: Sequence[Case], rate: Callable[[Said, Sequence[Known]], list[float]], wrong: int) -> int:
    """Count what one score alone links right at the threshold that leaves so many wrong; the days count as ours do."""
    tried = []
    for case in cases:
        found = [one for one in candidates(index, case.said, [SOURCE]) if case.said.is_same_news(one)]
        if found:
            scores = rate(case.said, found)
            best = int(np.argmax(scores))
            tried.append((scores[best], found[best].article.file in case.talk.right))
    missed = sorted((score for score, right in tried if not right), reverse=True)
    least = missed[wrong] if wrong < len(missed) else -1.0
    return sum(right for score, right in tried if score > least)


def scale() -> None:
    """Build an index of generated articles and ask it; their making counts as building."""
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder) / "articles.sqlite")
        begun, batch = time.perf_counter(), []
        for number, article in enumerate(worded(daily(SCALE, 5, days=1500)), 1):
            batch.append((article.file, "", article))
            if len(batch) == 1000:
                index.put("s", batch)
                batch = []
            if number % (SCALE // 4) == 0:
                print(f"{number:9,} articles  {time.perf_counter() - begun:6.1f} s")
        asked = [(talk, dated) for talk in bed("dev").talks[:10] for dated in (True, False)]

        took = [
            _timed(functools.partial(link, index, said_of(talk, talk.text, dated=dated), ["s"]))
            for talk, dated in asked
        ]
        print(f"link {np.median(took):5.2f} s in the middle, {max(took):.2f} at most; {_memory()}")
        day = [(f"new-{a.file}", "", replace(a, file=f"new-{a.file}")) for a in worded(daily(A_DAY, 6))]
        print(f"a day's {A_DAY}: {_timed(functools.partial(index.put, 's', day)):.1f} s; {_memory()}")


def worded(articles: Iterable[Article]) -> Iterator[Article]:
    """Add a paragraph of scraps from what was written: generated news has a few hundred words, real news has them all.

    So that a talk asks for as many terms, each of as many articles, as it would of real news.
    """
    chance, written = random.Random(SEED), defaultdict[str | None, list[list[str]]](list)
    for one in bed("dev").articles:
        written[one.language] += [text.split() for text in one.paragraphs if "/" in one.file]
    for article in articles:
        scraps = [chance.choice(written[article.language]) for _ in range(SCRAPS)]
        starts = [chance.randrange(max(1, len(words) - SCRAP_WORDS)) for words in scraps]
        told = [word for words, at in zip(scraps, starts, strict=True) for word in words[at : at + SCRAP_WORDS]]
        yield replace(article, paragraphs=(*article.paragraphs, " ".join(told)))


def _memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"


def _timed(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def upper(wrong: int, count: int) -> float:
    """Return the upper bound of a share (Clopper and Pearson 1934), one-sided 95 %."""
    low, high = wrong / max(1, count), 1.0
    for _ in range(60):
        middle = (low + high) / 2
        chance = sum(math.comb(count, k) * middle**k * (1 - middle) ** (count - k) for k in range(wrong + 1))
        low, high = (middle, high) if chance > 0.05 else (low, middle)
    return high


def _share(found: Sequence[bool]) -> str:
    return f"{Counter(found)[True]} of {len(found)}" + (f" {sum(found) / len(found):.0%}" if found else "")


if __name__ == "__main__":
    sys.exit(main())
