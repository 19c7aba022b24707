"""Judge which paragraph each moment of a talk is put in, against labels made by hand, sentence by sentence.

    python tests/bench_passages.py [--held-out] [--misses] [--fit]

The figure is the share of spoken seconds in a right paragraph (one of those that the label names) or rightly in none.
The clock is made: 15 characters a second, a quarter of a second after a sentence; every word has the label of the
sentence that it was written in, wherever the transcript is cut. Two people labelled each talk (``labels.yaml``, with
their guide), a third decided where they differed; how far the two agree is printed, by length of text. Against: none
everywhere; the best paragraph of each sentence, with no path; words alone, as where the model of meaning is not
installed. Each talk is heard clean, and with every tenth word misheard. Labels name paragraphs of a talk's first
article; its others are not judged.

``--fit`` finds the middle of what news means (``meaning.npz``), fits the weights of ``media/articles/passages.py`` and
the direction of asides (``voice.npz``) on the talks that may be looked at, and says what comes of it where each tenth
is judged by the others alone: the plain run cannot.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from articles.bed.load import HERE, SOURCE, Talk, bed, indexed, lede_of, misheard

from votd.media.articles import meaning, passages
from votd.media.articles.link import earlier
from votd.media.articles.passages import BOTH, Sentence, Signs, Weights, aligned, likeliest, scores, sentences, signs
from votd.media.model import Article, Transcript, Utterance, Word

WRONG = 0.1
BACK = 0.8  # a speaker may go back more than those of the bed: judged by the others it costs nothing
ROUNDS, AGAIN, STEP, RIDGE, FOLDS = 150, 60, 0.1, 0.5, 10
EMITTED, WEIGHTS = 12, 15
LEDES = 400
Path_ = tuple[int | None, ...]
Labels = Sequence[frozenset[int]]


@dataclass(frozen=True, slots=True)
class Case:
    """One talk as it was heard once; ``labels`` has one for each word."""

    talk: Talk
    article: Article
    said: tuple[Sentence, ...]
    labels: Labels
    earlier: Mapping[str, float]

    @property
    def texts(self) -> list[str]:
        return [sentence.text for sentence in self.said]

    @property
    def signs(self) -> Signs:
        return signs(self.texts, self.article.paragraphs, self.talk.language, self.article.language, self.earlier)

    def right(self, at: Path_) -> tuple[int, int]:
        """Return the milliseconds that are right, and all."""
        labels = iter(self.labels)
        found = [
            (word.end_ms - word.start_ms, one, next(labels))
            for s, one in zip(self.said, at, strict=True)
            for word in s.words
        ]
        return sum(ms for ms, one, label in found if _is(one, label)), sum(ms for ms, _, _ in found)


def _is(paragraph: int | None, label: frozenset[int]) -> bool:
    return not label if paragraph is None else paragraph + 1 in label


def cases(half: str, wrong: float) -> list[Case]:
    """Return the labelled talks of a half, so many of their words misheard."""
    whole = bed(half)
    index = indexed(whole)
    articles = {article.file: article for article in whole.articles}
    made = []
    for talk in whole.talks:
        if talk.right and all(label is not None for label, _ in talk.sentences):
            story = yaml.safe_load((HERE / half / f"{talk.name}.yaml").read_text("utf-8"))
            article = articles[f"{talk.name}/{story['commentary']['article'][0]}"]
            others = " ".join(other.text for other in whole.talks if other.language == talk.language).split()
            said, labels = heard(talk, wrong, others)
            made.append(Case(talk, article, said, labels, earlier(index, article, [SOURCE])))
    return made


def heard(talk: Talk, wrong: float, others: Sequence[str]) -> tuple[tuple[Sentence, ...], Labels]:
    """Speak a talk's words on the clock, and cut it as the product does; with the label of each word."""
    at, words, labels = 0, [], []
    for number, (label, text) in enumerate(talk.sentences):
        for word in misheard(text, wrong, number, others).split():
            end = at + round((len(word) + 1) * 1000 / 15)
            words.append(Word(at, end, word, 1.0))
            labels.append(label or frozenset())
            at = end
        at += 250
    whole = Utterance(0, at, " ".join(word.text for word in words), tuple(words))
    return sentences(Transcript(talk.language, 1.0, at, (whole,))), labels


# --- what is compared -----------------------------------------------------------------------------------------


def product(one: Case) -> Path_:
    """Do as a publish does."""
    return aligned(one.texts, one.article.paragraphs, one.talk.language, one.article.language, one.earlier)


def none(one: Case) -> Path_:
    """Put nothing anywhere."""
    return (None,) * len(one.said)


def pathless(one: Case) -> Path_:
    """Take what each sentence alone is likest to."""
    best = scores(one.signs, BOTH, passages.voice()).argmax(1)
    return tuple(None if at == len(one.article.paragraphs) else int(at) for at in best)


def words_alone(one: Case) -> Path_:
    """Do as a publish does where the model of meaning is not installed."""
    with patch.object(meaning, "available", lambda: False):
        return product(one)


WAYS: dict[str, Callable[[Case], Path_]] = {
    "votd": product,
    "none": none,
    "no path": pathless,
    "words alone": words_alone,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure how well moments find their paragraphs.")
    parser.add_argument("--held-out", action="store_true", help="the half that decides; look at it once")
    parser.add_argument("--misses", action="store_true", help="print the sentences that are wrong; not held out")
    parser.add_argument("--fit", action="store_true", help="fit the weights, and judge each talk by the others")
    given = parser.parse_args()
    if given.fit:
        fit_all()
        return
    agreement("held_out" if given.held_out else "dev")
    for wrong in (0.0, WRONG):
        table(cases("held_out" if given.held_out else "dev", wrong), wrong, misses=given.misses and not given.held_out)


def agreement(half: str) -> None:
    """Print in what share of the text two people put a sentence in the same paragraph, or both in none."""
    both = yaml.safe_load((HERE / "labels.yaml").read_text("utf-8"))
    same = whole = 0
    for talk in bed(half).talks:
        if own := both.get(talk.name):
            labels = ([_label(text) for text in own[who].split()] for who in ("first", "second"))
            for first, second, (_, text) in zip(*labels, talk.sentences, strict=True):
                same += len(text) if first & second or first == second else 0
                whole += len(text)
    print(f"two people agree on {same / max(1, whole):.1%}")


def _label(text: str) -> frozenset[int]:
    return frozenset(int(number) for number in text.strip("-").split(",") if number)


def table(talks: Sequence[Case], wrong: float, *, misses: bool) -> None:
    """Print each talk and all."""
    print(f"\n{len(talks)} talks, {wrong:.0%} of the words wrong\n{'':28}", *(f"{name:>12}" for name in WAYS))
    sums = {name: np.zeros(2) for name in WAYS}
    begun, took = time.process_time(), 0.0
    for one in talks:
        row = []
        for name, way in WAYS.items():
            begun = time.process_time()
            at = way(one)
            took += time.process_time() - begun if name == "votd" else 0
            sums[name] += one.right(at)
            row.append(np.divide(*one.right(at)))
            if misses and name == "votd":
                show(one, at)
        print(f"{one.talk.name:28}", *(f"{share:12.1%}" for share in row))
    print(f"{'all':28}", *(f"{right / whole:12.1%}" for right, whole in sums.values()))
    print(f"{took / len(talks):.2f} s of CPU for a talk of {sums['votd'][1] / len(talks) / 1000:.0f} s in the middle")


def show(one: Case, at: Path_) -> None:
    """Print what is wrong in a talk."""
    for sentence, found, label in zip(one.said, at, labels_of(one), strict=True):
        if not _is(found, label):
            print(f"  {'-' if found is None else found + 1!s:>3} for {sorted(label) or '-'!s:8} {sentence.text}")


def labels_of(one: Case) -> list[frozenset[int]]:
    """Return the label of each sentence as it was cut: that of most of its words."""
    labels = iter(one.labels)
    return [Counter(next(labels) for _ in sentence.words).most_common(1)[0][0] for sentence in one.said]


# --- the fit --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """What the fit needs of a case: its signs, the label of each sentence, and the moves there are."""

    case: Case
    signs: Signs
    labels: Labels

    @property
    def count(self) -> int:
        return self.signs.words.shape[1]

    def right(self) -> np.ndarray:
        """Tell which states are right at each sentence."""
        asides = self.count + 1
        return np.array([[at + 1 in own for at in range(self.count)] + [not own] * asides for own in self.labels])


def write_means() -> None:
    """Write what the news means in the middle, a row for each language."""
    made = {}
    with patch.object(meaning, "_means", lambda: {"en": np.zeros(384, np.float32)}):  # not centred yet
        for language in ("en", "mk"):
            ledes = [lede_of(one) for one in bed("dev").articles if one.language == language]
            made[language] = meaning.text_vectors(ledes[:LEDES], language, query=False).mean(0)
    np.savez(Path(meaning.__file__).with_name("meaning.npz"), **made)
    meaning._means.cache_clear()


def fit_all() -> None:
    """Fit with meaning and without, judge each tenth of the talks by the others, and write the direction."""
    write_means()
    samples = [Sample(one, one.signs, labels_of(one)) for wrong in (0.0, WRONG) for one in cases("dev", wrong)]
    names = list(dict.fromkeys(one.case.talk.name for one in samples))
    for title, means in (("BOTH", True), ("WORDS_ALONE", False)):
        begun = fit(samples, direction(samples), means, ROUNDS, np.zeros(WEIGHTS))
        found = (f"{name}={value:.2f}" for name, value in asdict(weights_of(begun, means)).items())
        print(f"{title} = Weights({', '.join(found)})", flush=True)
        sums: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros(2))
        for fold in range(FOLDS):
            own = {*names[fold::FOLDS]}
            rest = [one for one in samples if one.case.talk.name not in own]
            sounds = direction(rest)
            weights = weights_of(fit(rest, sounds, means, AGAIN, begun), means)
            half = len(samples) // 2
            for at, one in enumerate(samples):
                if one.case.talk.name in own:
                    got = one.case.right(likeliest(scores(one.signs, weights, sounds), weights))
                    sums["clean" if at < half else "misheard", one.case.talk.kind] += got
        told = {key: f"{right / whole:.1%}" for key, (right, whole) in sorted(sums.items())}
        print("  judged by the others:", told, flush=True)
        for heard in ("clean", "misheard"):
            right, whole = sum(value for key, value in sums.items() if key[0] == heard)
            print(f"  {heard}: {right / whole:.1%}", flush=True)
    np.savez(Path(passages.__file__).with_name("voice.npz"), voice=direction(samples))


def direction(samples: Sequence[Sample]) -> np.ndarray:
    """Return where asides lie from what is told of the news: between the two means, of length one."""
    rows = np.vstack([one.signs.vectors for one in samples])
    aside = np.array([not label for one in samples for label in one.labels])
    way = rows[aside].mean(0) - rows[~aside].mean(0)
    return np.asarray(way / np.linalg.norm(way), np.float32)


def weights_of(values: np.ndarray, means: bool) -> Weights:
    """Name the values; without meaning four of them stay out, and to go back costs less than the bed says."""
    keep = np.array([1, means, means, 1, 1, 1, means, 1, 1, means, 1, 1, 1, BACK, 1])
    return Weights(*(round(float(value), 2) for value in values * keep))


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of as many paragraphs side by side: figures of each sentence, talk and state, and what may be where.

    A shorter talk begins later. What is before it is of the aside before all, which costs nothing and counts nothing.
    """

    rows: np.ndarray
    right: np.ndarray
    free: np.ndarray
    kinds: np.ndarray
    walls: np.ndarray


def batches(samples: Sequence[Sample], sounds: np.ndarray, means: bool) -> list[Batch]:
    """Put together the samples of as many paragraphs."""
    return [
        batch([one for one in samples if one.count == count], sounds, means)
        for count in sorted({one.count for one in samples})
    ]


def batch(some: Sequence[Sample], sounds: np.ndarray, means: bool) -> Batch:
    """Put together these samples."""
    count, longest = some[0].count, max(len(one.labels) for one in some)
    states = 2 * count + 1
    rows = np.zeros((longest, len(some), states, EMITTED))
    before = np.arange(states) == count
    right, free = (np.tile(before, (longest, len(some), 1)) for _ in range(2))
    for at, one in enumerate(some):
        begins = longest - len(one.labels)
        rows[begins:, at], right[begins:, at], free[begins:, at] = features(one, sounds, means), one.right(), True
    return Batch(rows, right, free, -passages.moves(count), np.where(passages.allowed(count), 0.0, -np.inf))


def fit(samples: Sequence[Sample], sounds: np.ndarray, means: bool, rounds: int, values: np.ndarray) -> np.ndarray:
    """Raise the likelihood of the right paths (a conditional random field, Lafferty 2001) by Adam (Kingma 2015)."""
    made = batches(samples, sounds, means)
    first, second = np.zeros(WEIGHTS), np.zeros(WEIGHTS)
    for number in range(1, rounds + 1):
        slope = -RIDGE * values
        for one in made:
            slope += expected(one, values, one.right) - expected(one, values, one.free)
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        step = STEP * (1 if number < rounds * 2 / 3 else 0.3)
        values = values + step * (first / (1 - 0.9**number)) / (np.sqrt(second / (1 - 0.99**number)) + 1e-8)
    return values


def features(one: Sample, sounds: np.ndarray, means: bool) -> np.ndarray:
    """Return what each of the weights but those of moves counts, at each sentence in each state."""
    found, count = one.signs, one.count
    zero, always = np.zeros_like(found.words), np.ones_like(found.length)
    standout, context = (found.standout, found.context) if means else (zero, zero)
    sound, topic = (found.vectors @ sounds, found.topic) if means else (zero[:, 0], zero[:, 0])
    like = np.stack([found.words, standout, context, found.place, found.figures], 2)
    aside = np.stack([always, sound, found.person, found.length, topic, found.earlier, found.question], 1)
    rows = np.zeros((len(like), 2 * count + 1, EMITTED))
    rows[:, :count, : like.shape[2]] = like
    rows[:, count:, like.shape[2] :] = aside[:, None]
    return rows


def expected(one: Batch, values: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Return how much of each sign the paths through the open states hold in the mean (forward and backward)."""
    move = np.exp(one.kinds @ values[EMITTED:] + one.walls)
    here = one.rows @ values[:EMITTED]
    here = np.exp(here - here.max(-1, keepdims=True)) * open_
    ahead, behind = passages.both_ways(here, move)
    node = ahead * behind
    node /= node.sum(-1, keepdims=True)
    edges = ahead[:-1, :, :, None] * move * (here[1:] * behind[1:])[:, :, None]
    edges /= edges.sum((-2, -1), keepdims=True)
    edge = edges.sum((0, 1))
    edge[len(move) // 2] += node[0].sum(0)
    return np.concatenate([np.einsum("nts,ntsk->k", node, one.rows), np.einsum("ab,abk->k", edge, one.kinds)])


if __name__ == "__main__":
    main()
