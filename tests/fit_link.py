"""Fit the linker's weights and thresholds on the half of the bed that may be looked at; writes link.toml, meaning.npz.

Run it after a change of ``rank``, ``words`` or of the bed: ``python tests/fit_link.py`` (three quarters of an hour).
The weights are learnt from each talk twice, with its article there and with it taken away; among all the news, and in
a folder that has its story and little else, where the articles may be short and the talk one that reads them aloud. A
threshold is the lowest probability at which, over folds that share no story, no more than WRONG of the talks as they
are (a third without an article) were linked wrong.
"""

import hashlib
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from articles.bed.load import SOURCE, Bed, Talk, bed, embed, indexed, said_of, variants

from votd.media.articles import meaning
from votd.media.articles.index import Index, Known
from votd.media.articles.link import candidates, compared
from votd.media.articles.meaning import speech_vectors
from votd.media.articles.rank import FEATURES, Said
from votd.media.model import Article

HERE = Path(meaning.__file__).parent
FOLDS, RIDGE = 10, 3.0
SEEDS = (1, 3)
"""Each talk is heard with other errors, among other news that was made."""
WRONG = 0.0075
REVIEW = 0.10
IN_FOLDERS = ("0% wrong", "10% wrong", "whisper")
FOLDERS, LENGTHS = (0, 12, 60), (1, 2, 3, None)
"""Other articles in the folders, and the paragraphs that the articles there have."""


@dataclass(frozen=True, slots=True)
class Case:
    """One talk as it was heard once: a row of figures for each article of its days, and which of them are right."""

    talk: Talk
    rows: np.ndarray
    right: np.ndarray
    removed: bool = False


def main() -> None:
    """Fit the four sets of weights."""
    write_means([a for a in bed("dev").articles if a.language in ("en", "mk")])
    spoken: dict[tuple[str, str], Said] = {}
    heard: list[tuple[Index, Talk, Said]] = []
    for seed in SEEDS:
        half = bed("dev", seed)
        index = indexed(half)
        embed(index)
        for talk in half.talks:
            few = folder(half, talk, seed)
            small = indexed(few)
            embed(small)
            heard += [(small, talk, read_aloud(one)) for one in few.articles if one.file in talk.right]
            for how, text in variants(talk, half.talks, seed):
                said = spoken.get((talk.name, text)) or said_of(talk, text, dated=True, meaning=True)
                spoken[talk.name, text] = said
                heard += [(one, talk, said) for one in (index, small) if one is index or how in IN_FOLDERS]
    parts = []
    for means in (False, True):
        for dated in (True, False):
            name = f"{'dated' if dated else 'undated'}{'' if means else '_words'}"
            cases = [
                case
                for index, talk, said in heard
                for case in both(index, talk, asked_of(said, dated=dated, means=means))
            ]
            parts.append(section(name, cases))
            print(parts[-1].split("weights")[0], file=sys.stderr)
    head = "# Made by tests/fit_link.py from tests/articles/bed/dev; the weights are for the figures of rank.py.\n\n"
    (HERE / "link.toml").write_text(head + "\n".join(parts), encoding="utf-8")


def folder(half: Bed, talk: Talk, seed: int) -> Bed:
    """Return a talk's story and a few other articles, all of them whole or all of them short."""
    chance = random.Random(f"{talk.name} {seed}")
    own = [one for one in half.articles if one.file.startswith(f"{talk.name}/")]
    others = [one for one in half.articles if one not in own]
    length = chance.choice(LENGTHS)
    found = (*own, *chance.sample(others, chance.choice(FOLDERS)))
    return Bed((talk,), tuple(replace(one, paragraphs=one.paragraphs[:length]) for one in found))


def read_aloud(article: Article) -> Said:
    """Return an article as a talk that reads it, which no talk of the bed does."""
    assert article.date is not None
    text = " ".join((article.title, *article.paragraphs))
    return Said(text, article.language, None, article.date.toordinal(), speech_vectors(text, article.language))


def asked_of(said: Said, *, dated: bool, means: bool) -> Said:
    """Return a talk without its day or without what it means."""
    return replace(said, day=said.day if dated else None, vectors=said.vectors if means else None)


def write_means(articles: Sequence[object]) -> None:
    """Write what the news means in the middle, a row for each language."""
    meaning._means = lambda: {"en": np.zeros(384, np.float32)}  # type: ignore[assignment]  # not centred yet
    made = {}
    for language in ("en", "mk"):
        own = [a for a in articles if a.language == language]  # type: ignore[attr-defined]
        made[language] = meaning.article_vectors(own[:400]).mean(0)
    np.savez(HERE / "meaning.npz", **made)
    meaning._means = lambda: made  # type: ignore[assignment]


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
    return Case(talk, rows[can], right[can])


def section(name: str, cases: Sequence[Case]) -> str:
    """Fit one set, find its threshold over the folds, and write it."""
    tried = [
        best
        for fold in range(FOLDS)
        for weights in [fit([c for c in cases if fold_of(c.talk) != fold])]
        for best in (judged(weights, c) for c in cases if fold_of(c.talk) == fold and not c.removed)
    ]
    linked = threshold(tried)
    kept = sum(right for score, right in tried if score >= linked)
    wrong = sum(not right for score, right in tried if score >= linked)
    having = sum(bool(c.talk.right) for c in cases if not c.removed)
    weights = fit(cases)
    lines = [f"{feature} = {value:.4f}" for feature, value in zip(FEATURES, weights[:-1], strict=True)]
    return (
        f"[{name}]\n# over the folds: {kept} of {having} talks linked right, {wrong} of {len(tried)} wrong\n"
        f"constant = {weights[-1]:.4f}\nlinked = {linked:.3f}\nreview = {REVIEW}\n\n[{name}.weights]\n"
        + "\n".join(lines)
        + "\n"
    )


def judged(weights: np.ndarray, case: Case) -> tuple[float, bool]:
    """Return the probability of a talk's best article, and whether that is right."""
    if not len(case.rows):
        return 0.0, False
    scores = predict(weights, case.rows)
    best = int(np.argmax(scores))
    return float(scores[best]), bool(case.right[best])


def threshold(tried: Sequence[tuple[float, bool]]) -> float:
    """Return the lowest threshold with no more than the allowed share of wrong links above it."""
    wrong = sorted((score for score, right in tried if not right), reverse=True)
    return max(0.5, wrong[int(WRONG * len(tried))] + 0.005)


def fold_of(talk: Talk) -> int:
    """Return the fold of a story, the same every time."""
    return int(hashlib.sha256(talk.name.encode()).hexdigest(), 16) % FOLDS


def fit(cases: Sequence[Case]) -> np.ndarray:
    """Fit a logistic regression with a ridge (Newton's method); return a weight for each figure, and the constant."""
    rows = np.vstack([c.rows for c in cases if len(c.rows)])
    right = np.concatenate([c.right for c in cases if len(c.rows)]).astype(float)
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
