"""Fit the linker's weights and thresholds on the half of the bed that may be looked at; writes link.toml.

Run it after a change of ``rank``, ``words`` or of the bed: ``python tests/fit_link.py`` (half an hour on two cores).
The weights are learnt from each talk twice, with its article there and with it taken away: among all the news; among a
quarter of it or less, in other words and other errors; among articles of which only the first lines are there, as feeds
have them; in a folder that has its story and little else; and from talks that read their article aloud, or half of it,
which none of the bed does. No article is told by its length (``load.evened``): in most of the bed the right ones are
longer than the other turns, and that must not be what finds them. What can be known well and what cannot is fitted
apart, as ``link.known`` tells them. A threshold is the lowest probability at which, over folds that share no story, no
more than WRONG of the talks were linked wrong, in whichever of these ways most were; of stories written at like length,
since the talks of the others tell more of what was cut.

Figures that speak for an article can weigh nothing against it, and the reverse. Without days a few of them may
(EITHER_WAY): recaps tell more of an earlier article than other talks tell of their own, and where no day parts these
two, how much of an article is told does.
"""

import hashlib
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from articles.bed.load import SOURCE, Bed, Talk, bed, evened, indexed, said_of, variants

from votd.media.articles import link
from votd.media.articles.index import Index, Known
from votd.media.articles.link import TWICE, candidates, compared, known, probabilities
from votd.media.articles.rank import DAYS, FEATURES, OF_A_STORY, Said
from votd.media.model import Article

FOLDS, RIDGE = 10, 1.0
SEEDS = (1, 3)
"""Each talk is heard with other errors, among other news that was generated."""
PARTS = 4
WRONG = 0.01
"""The share of talks that may be linked wrong, over the folds."""
EVEN_WORDS = 175
"""The least words of all articles of a story that was written at like length."""
LEAST = 0.5
"""The lowest threshold there can be: nothing is linked that is likelier to be wrong."""
SOME = ("0% wrong", "10% wrong", "whisper")
FOLDERS, LENGTHS = (0, 12, 60), (1, 2, 3, None)
"""Other articles in the folders, and the paragraphs that the articles there have."""
FEW, RIVALS = "few_articles", "rivals"
CONTEXT = (RIVALS, FEW, *DAYS, "same_language")
"""Figures that tell of the circumstances, and so neither for nor against an article."""
AGAINST = ("other",)
EITHER_WAY = ("lede", "sure_facts", "covered", "new_told")
"""Figures for an article that may weigh against it too, where no days are known."""
STEPS, CLOSE = 60, 1e-6
"""Newton's steps at most, and the change of the loss at which they end."""


@dataclass(frozen=True, slots=True)
class Case:
    """One talk as it was heard once: a row of figures for each article of its days, which are right, scant, of whom."""

    talk: Talk
    rows: np.ndarray
    right: np.ndarray
    scant: np.ndarray
    tongue: np.ndarray
    dated: bool
    way: str = ""
    removed: bool = False


Heard = tuple[Index, Talk, Said]


def main() -> None:
    """Fit the four sets of weights."""
    jobs = [(name, part) for part in range(PARTS) for name in KINDS]
    with ProcessPoolExecutor() as pool:
        cases = [case for some in pool.map(cases_of, *zip(*jobs, strict=True)) for case in some]
        halves = [[case for case in cases if case.dated is dated] for dated in (True, False)]
        parts = [section for some in pool.map(sections, halves, (True, False)) for section in some]
    head = "# Made by tests/fit_link.py from tests/articles/bed/dev; the weights are for the figures of rank.py.\n\n"
    Path(link.__file__).with_name("link.toml").write_text(head + "\n".join(parts), encoding="utf-8")


def cases_of(kind: str, part: int) -> list[Case]:
    """Compare every fourth talk with its candidates, in one of the ways, with its day and without."""
    made = []
    for index, talk, said in KINDS[kind](part):
        made += [*both(index, talk, said), *both(index, talk, replace(said, day=None))]
    return [replace(case, way=kind) for case in made]


@cache
def news(seed: int) -> Bed:
    """Return all that may be looked at, no article told by its length."""
    return evened(bed("dev", seed), seed)


def some(seed: int, part: int) -> Bed:
    """Return every fourth talk among all the articles."""
    return replace(news(seed), talks=news(seed).talks[part::PARTS])


def among(half: Bed, seed: int, ways: Sequence[str] | None = None) -> Iterator[Heard]:
    """Yield the talks as they were heard, among the articles."""
    index = indexed(half)
    every = bed("dev", seed).talks
    for talk in half.talks:
        for how, text in variants(talk, every, seed):
            if ways is None or how in ways:
                yield index, talk, said_of(talk, text, dated=True)


def aloud(half: Bed) -> Iterator[Heard]:
    """Yield talks that read their article, or half of it, among all the articles."""
    index = indexed(half)
    articles = {one.file: one for one in half.articles}
    for talk in half.talks:
        for one in (articles[file] for file in sorted(talk.right)):
            yield index, talk, read_aloud(one)
            yield index, talk, read_aloud(replace(one, paragraphs=one.paragraphs[: max(1, len(one.paragraphs) // 2)]))


def in_folders(half: Bed, seed: int) -> Iterator[Heard]:
    """Yield the talks in folders of few articles, and talks that read their article, which none of the bed does."""
    for talk in half.talks:
        few = folder(half, talk, seed)
        for one in few.articles:
            if one.file in talk.right:
                yield indexed(few), talk, read_aloud(one)
        yield from among(few, seed, SOME)


def quarter(half: Bed, part: int) -> Bed:
    """Return every fourth talk with its story, among few generated articles or many."""
    talks = half.talks[part::PARTS]
    own = {talk.name for talk in talks}
    made = [one for one in half.articles if "/" not in one.file]
    stories = [one for one in half.articles if one.file.partition("/")[0] in own]
    return Bed(talks, (*stories, *made[part :: PARTS * 2**part]))


def shortened(half: Bed, seed: int) -> Bed:
    """Return the articles as a feed has them, all with one paragraph or all with two."""
    length = random.Random(f"{half.talks[0].name} {seed}").choice((1, 2))
    return Bed(half.talks, tuple(replace(one, paragraphs=one.paragraphs[:length]) for one in half.articles))


def folder(half: Bed, talk: Talk, seed: int) -> Bed:
    """Return a talk's story and a few other articles, all of them whole or all of them short."""
    chance = random.Random(f"{talk.name} {seed}")
    own = [one for one in half.articles if one.file.startswith(f"{talk.name}/")]
    others = [one for one in half.articles if one not in own]
    length = chance.choice(LENGTHS)
    found = (*own, *chance.sample(others, chance.choice(FOLDERS)))
    return Bed((talk,), tuple(replace(one, paragraphs=one.paragraphs[:length]) for one in found))


def read_aloud(article: Article) -> Said:
    """Return an article as a talk that reads it."""
    assert article.date is not None
    return Said(" ".join((article.title, *article.paragraphs)), article.language, None, article.date.toordinal())


KINDS: dict[str, Callable[[int], Iterator[Heard]]] = {
    "all": lambda part: among(some(SEEDS[0], part), SEEDS[0], SOME),
    "aloud": lambda part: aloud(some(SEEDS[0], part)),
    "folders": lambda part: in_folders(some(SEEDS[0], part), SEEDS[0]),
    "other folders": lambda part: in_folders(some(SEEDS[1], part), SEEDS[1]),
    "quarter": lambda part: among(quarter(news(SEEDS[1]), part), SEEDS[1]),
    "short": lambda part: among(shortened(quarter(news(SEEDS[1]), part), SEEDS[1]), SEEDS[1], SOME),
}


def both(index: Index, talk: Talk, said: Said) -> Iterator[Case]:
    """Compare one talk with its candidates; and with those that are left where its article is not there."""
    found = candidates(index, said, [SOURCE])
    yield case(index, talk, said, found)
    if any(one.article.file in talk.right for one in found):
        rest = [one for one in found if one.article.file not in talk.right]
        yield replace(case(index, talk, said, rest), removed=True)


def case(index: Index, talk: Talk, said: Said, found: Sequence[Known]) -> Case:
    """Compare one talk with these articles, and keep those that it may be linked to."""
    rows = compared(index, said, found).astype(float)
    can = np.array([said.is_same_news(one) for one in found], bool)
    right = np.array([one.article.file in talk.right for one in found], bool)
    spoken = index.spoken()
    scant = np.array([known(one, spoken[one.tongue]) < 0.5 for one in found], bool)
    tongue = np.array([one.tongue for one in found], dtype="U3")
    return Case(talk, rows[can], right[can], scant[can], tongue[can], said.day is not None)


def sections(cases: Sequence[Case], dated: bool) -> list[str]:
    """Fit two sets, find their thresholds over the folds, and write them."""
    tried = [
        (c, *judged(weights, c))
        for fold in range(FOLDS)
        for weights in [fit([c for c in cases if fold_of(c.talk) != fold], dated)]
        for c in cases
        if fold_of(c.talk) == fold and not c.removed and len(c.rows)
    ]
    made = []
    for scant, weights in enumerate(fit(cases, dated)):
        own = [(c, score, right) for c, score, right, is_so in tried if is_so == scant]
        ways = {way: [(score, right) for c, score, right in own if c.way == way and is_even(c.talk)] for way in KINDS}
        linked = max(map(threshold, ways.values()))
        kept, wrong = (sum(right == wanted and score >= linked for _, score, right in own) for wanted in (True, False))
        title = f"{'dated' if dated else 'undated'}{'_scant' if scant else ''}"
        lines = [f"{feature} = {value:.4f}" for feature, value in zip(FEATURES, weights[:-1], strict=True)]
        made.append(
            f"[{title}]\n# over the folds: {kept} talks linked right and {wrong} wrong, of {len(own)}\n"
            f"constant = {weights[-1]:.4f}\nlinked = {linked:.3f}\n\n[{title}.weights]\n" + "\n".join(lines) + "\n"
        )
        print(made[-1].split("constant")[0], file=sys.stderr)
    return made


@cache
def is_even(talk: Talk) -> bool:
    """Tell whether a talk's story was written at like length, so that little that it speaks of was cut away."""
    own = [one for one in bed("dev").articles if one.file.startswith(f"{talk.name}/")]
    return bool(own) and all(sum(len(text.split()) for text in one.paragraphs) >= EVEN_WORDS for one in own)


Weights = tuple[np.ndarray, np.ndarray]


def judged(weights: Weights, one: Case) -> tuple[float, bool, bool]:
    """Return the probability of a talk's best article, whether that is right, and whether it is a scant one.

    Where a rival contests it that is as if nothing were likely.
    """
    levels = np.where(one.scant, *(one.rows @ each[:-1] + each[-1] for each in reversed(weights)))
    scores = np.zeros(len(levels))
    for tongue in {*one.tongue}:
        scores[one.tongue == tongue] = probabilities(levels[one.tongue == tongue].tolist())
    best = int(np.argmax(scores))
    rivals = one.tongue == one.tongue[best]
    rivals[best] = False
    contested = scores[best] < TWICE * scores[rivals].max(initial=0)
    return 0.0 if contested else float(scores[best]), bool(one.right[best]), bool(one.scant[best])


def threshold(tried: Sequence[tuple[float, bool]]) -> float:
    """Return the lowest threshold with no more than the allowed share of wrong links above it."""
    wrong = sorted((score for score, right in tried if not right), reverse=True)
    allowed = int(WRONG * len(tried))
    return max(LEAST, wrong[allowed] + 0.005) if len(wrong) > allowed else LEAST


def fold_of(talk: Talk) -> int:
    """Return the fold of a story, the same every time."""
    return int(hashlib.sha256(talk.name.encode()).hexdigest(), 16) % FOLDS


def fit(cases: Sequence[Case], dated: bool) -> Weights:
    """Fit what is known well and what is scant, each by itself."""
    some = [c for c in cases if len(c.rows)]
    names = [f"{at:6} {tongue}" for at, c in enumerate(some) for tongue in c.tongue.tolist()]
    group = np.unique(names, return_inverse=True)[1]
    order = np.argsort(group, kind="stable")
    group = group[order]
    rows = np.vstack([c.rows for c in some])[order]
    right, scant = (np.concatenate([getattr(c, what) for c in some])[order] for what in ("right", "scant"))
    removed = np.concatenate([np.full(len(c.rows), c.removed) for c in some])[order]
    made = []
    for is_scant in (False, True):
        own = (scant == is_scant) & ~np.isin(group, group[right & (scant != is_scant)])  # there the other set is right
        weights = logit(rows[own], right[own], group[own], bounds(dated, is_scant))
        made.append(as_often(weights, right[own], group[own], removed[own]))
    return made[0], made[1]


def as_often(weights: np.ndarray, right: np.ndarray, group: np.ndarray, removed: np.ndarray) -> np.ndarray:
    """Return the weights with the constant for articles that are there as often as in the talks that were left whole.

    Talks whose article was taken away show what is none; but of none there are then more than there would be, which
    moves the constant (King and Zeng 2001, Logistic regression in rare events data, prior correction).
    """
    _, starts = np.unique(group, return_index=True)
    some, taken = (np.logical_or.reduceat(flags, starts) for flags in (right, removed))
    seen, true = (float(np.log(share / (1 - share))) for share in (some.mean(), some[~taken].mean()))
    return np.append(weights[:-1], weights[-1] + true - seen)


def logit(rows: np.ndarray, right: np.ndarray, group: np.ndarray, limits: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Fit a conditional logit with a ridge and limits; return a weight for each figure, and the constant.

    The rows of a group share a probability with none of them (McFadden 1974, Conditional logit analysis of qualitative
    choice behavior); the steps are Newton's, projected (Bertsekas 1982, Projected Newton methods).
    """
    scale, middle = rows.std(0), rows.mean(0)
    scale[scale < 1e-9] = 1e9  # a figure that never moves weighs nothing
    design = np.hstack([(rows - middle) / scale, np.ones((len(rows), 1))])
    low, high = limits
    _, starts, of = np.unique(group, return_index=True, return_inverse=True)

    def shares(weights: np.ndarray, among: np.ndarray, none: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of each row in its group, and the log of the group's sum."""
        level = np.where(among, design @ weights, -np.inf)
        top = np.maximum(np.maximum.reduceat(level, starts), 0.0)
        odds = np.exp(level - top[of])
        whole = np.add.reduceat(odds, starts) + none * np.exp(-top)
        return odds / np.maximum(whole, 1e-300)[of], np.log(np.maximum(whole, 1e-300)) + top

    some = np.logical_or.reduceat(right, starts)
    ridge = np.r_[np.full(len(FEATURES), RIDGE), 0.0]

    def loss(weights: np.ndarray) -> float:
        wanted = np.where(some, shares(weights, right, 0.0)[1], 0.0)
        return float((shares(weights, np.ones_like(right), 1.0)[1] - wanted).sum() + ridge @ weights**2 / 2)

    weights, now = np.zeros(design.shape[1]), np.inf
    for _ in range(STEPS):
        guess = shares(weights, np.ones_like(right), 1.0)[0]
        slope = design.T @ (guess - shares(weights, right, 0.0)[0]) + ridge * weights
        means = np.add.reduceat(guess[:, None] * design, starts)
        bend = (design * guess[:, None]).T @ design - means.T @ means + np.diag(ridge + 1e-6)
        held = ((weights <= low) & (slope > 0)) | ((weights >= high) & (slope < 0))
        step = np.zeros_like(weights)
        step[~held] = np.linalg.solve(bend[np.ix_(~held, ~held)], slope[~held])
        before, size = now, 1.0
        while (now := loss(tried := np.clip(weights - size * step, low, high))) > before and size > CLOSE:
            size /= 2
        weights = tried
        if before - now < CLOSE * max(1.0, abs(now)):
            break
    raw = weights[:-1] / scale
    return np.append(raw, weights[-1] - raw @ middle)


def bounds(dated: bool, scant: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest weight of each figure, and of the constant.

    How many articles there are says nothing where there are many: learnt from a few sizes, it misleads at others. Nor
    does how many rivals, where no days choose among them: there are as many as there can be.
    """
    low, high = np.zeros(len(FEATURES) + 1), np.full(len(FEATURES) + 1, np.inf)
    for at, name in enumerate((*FEATURES, "constant")):
        if not scant and (name == FEW or (name == RIVALS and not dated)):
            high[at] = 0.0
        elif name in (*CONTEXT, "constant") or (name in EITHER_WAY and not dated):
            low[at] = -np.inf
        elif name in AGAINST:
            low[at], high[at] = -np.inf, 0.0
        elif name in OF_A_STORY and not dated:
            high[at] = 0.0
    return low, high


if __name__ == "__main__":
    main()
