"""Fit the linker's weights and thresholds on the half of the bed that may be looked at; writes link.toml.

Run it after a change of ``rank``, ``words`` or of the bed: ``python tests/fit_link.py`` (five minutes). The weights
are learnt from each talk twice, with its article there and with it taken away: among all the news; among a quarter of
it, in other words and other errors; among articles of which only the first lines are there, as feeds have them; and in
a folder that has its story and little else, where the talk may read its article aloud. What can be known well and what
cannot is fitted apart, as ``link.is_scant`` tells them. A threshold is the lowest probability, one half at least, at
which, over folds that share no story, no more than WRONG of the talks were linked wrong.
"""

import hashlib
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from articles.bed.load import SOURCE, Bed, Talk, bed, indexed, said_of, variants

from votd.media.articles import link
from votd.media.articles.index import Index, Known
from votd.media.articles.link import candidates, compared, is_scant
from votd.media.articles.rank import FEATURES, Said
from votd.media.model import Article

FOLDS, RIDGE = 10, 1.0
SEEDS = (1, 3)
"""Each talk is heard with other errors, among other news that was made."""
PARTS = 4
WRONG = 0.0075
REVIEW = 0.10
SOME = ("0% wrong", "10% wrong", "whisper")
FOLDERS, LENGTHS = (0, 12, 60), (1, 2, 3, None)
"""Other articles in the folders, and the paragraphs that the articles there have."""


@dataclass(frozen=True, slots=True)
class Case:
    """One talk as it was heard once: a row of figures for each article of its days, which are right, and scant."""

    talk: Talk
    rows: np.ndarray
    right: np.ndarray
    scant: np.ndarray
    removed: bool = False


Heard = tuple[Index, Talk, Said]


def main() -> None:
    """Fit the four sets of weights."""
    whole, other = (bed("dev", seed) for seed in SEEDS)
    heard = [*among(whole, SEEDS[0]), *in_folders(whole, SEEDS[0]), *in_folders(other, SEEDS[1])]
    for part in range(PARTS):
        some = quarter(other, part)
        heard += among(some, SEEDS[1])
        heard += among(shortened(some, SEEDS[1]), SEEDS[1], SOME)
    parts = []
    for dated in (True, False):
        cases = [
            case
            for index, talk, said in heard
            for case in both(index, talk, said if dated else replace(said, day=None))
        ]
        parts += sections("dated" if dated else "undated", cases)
    head = "# Made by tests/fit_link.py from tests/articles/bed/dev; the weights are for the figures of rank.py.\n\n"
    Path(link.__file__).with_name("link.toml").write_text(head + "\n".join(parts), encoding="utf-8")


def among(half: Bed, seed: int, ways: Sequence[str] | None = None) -> Iterator[Heard]:
    """Yield the talks as they were heard, among all the articles."""
    index = indexed(half)
    every = bed("dev", seed).talks
    for talk in half.talks:
        for how, text in variants(talk, every, seed):
            if ways is None or how in ways:
                yield index, talk, said_of(talk, text, dated=True)


def in_folders(half: Bed, seed: int) -> Iterator[Heard]:
    """Yield the talks in folders of few articles, and talks that read their article, which none of the bed does."""
    for talk in half.talks:
        few = folder(half, talk, seed)
        for one in few.articles:
            if one.file in talk.right:
                yield indexed(few), talk, read_aloud(one)
        yield from among(few, seed, SOME)


def quarter(half: Bed, part: int) -> Bed:
    """Return some of the stories, and some of the other news."""
    talks = tuple(half.talks[part::PARTS])
    names = {talk.name for talk in half.talks}
    own = {talk.name for talk in talks}
    news = [one for one in half.articles if one.file.partition("/")[0] not in names]
    stories = [one for one in half.articles if one.file.partition("/")[0] in own]
    return Bed(talks, (*stories, *news[part::PARTS]))


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
    scant = np.array([is_scant(one, spoken[one.tongue]) for one in found], bool)
    return Case(talk, rows[can], right[can], scant[can])


def sections(name: str, cases: Sequence[Case]) -> list[str]:
    """Fit two sets, find their thresholds over the folds, and write them."""
    tried = [
        best
        for fold in range(FOLDS)
        for weights in [fit([c for c in cases if fold_of(c.talk) != fold])]
        for best in (judged(weights, c) for c in cases if fold_of(c.talk) == fold and not c.removed)
    ]
    made = []
    for scant, weights in enumerate(fit(cases)):
        own = [(score, right) for score, right, is_so in tried if is_so == scant]
        linked = threshold(own)
        kept, wrong = (sum(right == wanted and score >= linked for score, right in own) for wanted in (True, False))
        title = f"{name}{'_scant' if scant else ''}"
        lines = [f"{feature} = {value:.4f}" for feature, value in zip(FEATURES, weights[:-1], strict=True)]
        made.append(
            f"[{title}]\n# over the folds: {kept} talks linked right and {wrong} wrong, of {len(own)}\n"
            f"constant = {weights[-1]:.4f}\nlinked = {linked:.3f}\nreview = {REVIEW}\n\n[{title}.weights]\n"
            + "\n".join(lines)
            + "\n"
        )
        print(made[-1].split("constant")[0], file=sys.stderr)
    return made


Weights = tuple[np.ndarray, np.ndarray]


def judged(weights: Weights, one: Case) -> tuple[float, bool, bool]:
    """Return the probability of a talk's best article, whether that is right, and whether it is a scant one."""
    if not len(one.rows):
        return 0.0, False, False
    scores = np.where(one.scant, predict(weights[1], one.rows), predict(weights[0], one.rows))
    best = int(np.argmax(scores))
    return float(scores[best]), bool(one.right[best]), bool(one.scant[best])


def threshold(tried: Sequence[tuple[float, bool]]) -> float:
    """Return the lowest threshold with no more than the allowed share of wrong links above it."""
    wrong = sorted((score for score, right in tried if not right), reverse=True)
    allowed = int(WRONG * len(tried))
    return max(0.5, wrong[allowed] + 0.005) if len(wrong) > allowed else 0.5


def fold_of(talk: Talk) -> int:
    """Return the fold of a story, the same every time."""
    return int(hashlib.sha256(talk.name.encode()).hexdigest(), 16) % FOLDS


def fit(cases: Sequence[Case]) -> Weights:
    """Fit what is known well and what is scant, each by itself."""
    some = [c for c in cases if len(c.rows)]
    rows, right, scant = (
        np.vstack([c.rows for c in some]),
        np.concatenate([c.right for c in some]),
        np.concatenate([c.scant for c in some]),
    )
    return regression(rows[~scant], right[~scant]), regression(rows[scant], right[scant])


def regression(rows: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Fit a logistic regression with a ridge (Newton's method); return a weight for each figure, and the constant."""
    scale, middle = rows.std(0), rows.mean(0)
    scale[scale < 1e-9] = 1e9  # a figure that never moves weighs nothing
    design = np.hstack([(rows - middle) / scale, np.ones((len(rows), 1))])
    weights = np.zeros(design.shape[1])
    ridge = np.diag([RIDGE] * (len(weights) - 1) + [0.0])
    for _ in range(50):
        guess = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (guess - right) + ridge @ weights
        bend = (design * (guess * (1 - guess) + 1e-9)[:, None]).T @ design + ridge + 1e-9 * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    raw = weights[:-1] / scale
    return np.append(raw, weights[-1] - raw @ middle)


def predict(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the probability of each row."""
    return 1 / (1 + np.exp(-np.clip(rows @ weights[:-1] + weights[-1], -30, 30)))


if __name__ == "__main__":
    main()
