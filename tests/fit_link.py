"""Fit the linker's weights and thresholds on the half of the bed that may be looked at; writes link.toml, meaning.npz.

Run it after a change of ``rank`` or of the bed: ``python tests/fit_link.py``. A threshold is the lowest probability at
which, over folds that share no story, no more than WRONG of all talks were linked to a wrong article. With
its day, each talk is tried again with its article taken away; without one, an older turn of the story cannot be told
from it then.
"""

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from articles.bed.load import SOURCE, Talk, bed, embed, indexed, said_of, variants

from votd.media.articles import meaning
from votd.media.articles.index import Index
from votd.media.articles.link import compared, figures_of, is_same_news
from votd.media.articles.rank import FEATURES, Said

HERE = Path(meaning.__file__).parent
FOLDS, RIDGE = 5, 1.0
WRONG = 0.005
REVIEW = 0.10


@dataclass(frozen=True, slots=True)
class Case:
    """One talk as it was heard once: a row of figures for each candidate, and which of them are right."""

    talk: Talk
    rows: np.ndarray
    right: np.ndarray
    there: bool
    can: np.ndarray
    """Which of them the days allow to be linked."""
    removed: bool = False


def main() -> None:
    """Fit the four sets of weights."""
    half = bed("dev")
    write_means([a for a in half.articles if a.language in ("en", "mk")])
    index = indexed(half)
    texts = [(talk, text) for talk in half.talks for _, text in variants(talk, half.talks, 1)]
    parts = []
    for name, dated, means in (
        ("dated_words", True, False),
        ("undated_words", False, False),
        ("dated", True, True),
        ("undated", False, True),
    ):
        if means:
            embed(index)
        cases = [
            one
            for talk, text in texts
            for one in both(index, talk, said_of(talk, text, dated=dated, meaning=means))
            if dated or not one.removed
        ]
        parts.append(section(name, cases))
        print(parts[-1].split("weights")[0], file=sys.stderr)
    head = "# Made by tests/fit_link.py from tests/articles/bed/dev; the weights are for the figures of rank.py.\n\n"
    (HERE / "link.toml").write_text(head + "\n".join(parts), encoding="utf-8")


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
    found, rows = compared(index, said, [SOURCE])
    right = np.array([one.article.file in talk.right for one in found], bool)
    can = np.array([is_same_news(said, one.article) for one in found], bool)
    yield Case(talk, rows.astype(float), right, bool(talk.right), can)
    if right.any():
        rest = [one for one in found if one.article.file not in talk.right]
        yield Case(
            talk,
            figures_of(index, said, rest).astype(float),
            np.zeros(len(rest), bool),
            False,
            can[~right],
            removed=True,
        )


def section(name: str, cases: Sequence[Case]) -> str:
    """Fit one set, find its threshold over the folds, and write it."""
    tried = []
    for fold in range(FOLDS):
        weights = fit([c for c in cases if fold_of(c.talk) != fold])
        for one in (c for c in cases if fold_of(c.talk) == fold):
            if one.can.any():
                scores = np.where(one.can, predict(weights, one.rows), 0.0)
                best = int(np.argmax(scores))
                tried.append((scores[best], bool(one.right[best])))
    linked = threshold(tried, len(tried))
    kept = sum(right for score, right in tried if score >= linked)
    wrong = sum(not right for score, right in tried if score >= linked)
    having = sum(c.there for c in cases)
    weights = fit(cases)
    lines = [f"{feature} = {value:.4f}" for feature, value in zip(FEATURES, weights[:-1], strict=True)]
    return (
        f"[{name}]\n# over the folds: {kept} of {having} talks linked right, {wrong} of {len(tried)} wrong\n"
        f"constant = {weights[-1]:.4f}\nlinked = {linked:.3f}\nreview = {REVIEW}\n\n[{name}.weights]\n"
        + "\n".join(lines)
        + "\n"
    )


def threshold(tried: Sequence[tuple[float, bool]], count: int) -> float:
    """Return the lowest threshold with no more than the allowed share of wrong links above it."""
    wrong = sorted((score for score, right in tried if not right), reverse=True)
    allowed = int(WRONG * count)
    return max(0.5, float(wrong[allowed]) + 0.005) if len(wrong) > allowed else 0.5


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
