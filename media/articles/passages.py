"""Which paragraph of the article each moment of the talk is about, and which moments are about none.

Every sentence is compared with every paragraph: by the words that few paragraphs share, and by meaning (of the sentence
alone, and with its neighbours, since "he says it isn't about money" tells nothing by itself). The best path through
paragraphs and digressions is found with Viterbi's algorithm: to stay costs nothing, to go on to the next paragraph
little, to jump more, so that a speaker may tell the story in his own order.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from votd.media.articles import meaning
from votd.media.articles.meaning import Vector
from votd.media.articles.words import is_common, is_figure, terms
from votd.media.model import Passage, Transcript, Word

_END = ".!?…"
_LONGEST = 40  # words of a sentence: a recogniser may write none of the points
_PAUSE_MS = 1500


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign counts, what a digression has to beat, and what moving costs; all on one scale."""

    words: float
    alone: float
    around: float
    digression: float
    jump: float
    leave: float


# Chosen on three labelled talks of tests/articles/bed/dev; not measured on others yet.
BOTH = Weights(words=0.2, alone=6, around=4, digression=3, jump=0.8, leave=0.4)
WORDS_ALONE = Weights(words=0.5, alone=0, around=0, digression=1.5, jump=0.8, leave=0.4)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A spoken sentence, by its words."""

    words: tuple[Word, ...]

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.words[-1].end_ms

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def passages(said: Sequence[Sentence], at: Sequence[int | None]) -> tuple[Passage, ...]:
    """Return the stretches of speech that tell a paragraph, in their order; ``at`` is what ``aligned`` found.

    Sentences that follow each other on one paragraph are one passage.
    """
    found: list[Passage] = []
    before: int | None = None
    for sentence, paragraph in zip(said, at, strict=True):
        if paragraph is not None and paragraph == before:
            found[-1] = Passage(paragraph, found[-1].start_ms, sentence.end_ms)
        elif paragraph is not None:
            found.append(Passage(paragraph, sentence.start_ms, sentence.end_ms))
        before = paragraph
    return tuple(found)


def aligned(
    said: Sequence[str], paragraphs: Sequence[str], language: str | None, told: str | None
) -> tuple[int | None, ...]:
    """Return the paragraph of each sentence, ``None`` for a digression."""
    if not said or not paragraphs:
        return (None,) * len(said)
    weights = BOTH if meaning.available() else WORDS_ALONE
    return best_path(likeness(said, paragraphs, language, told, weights), weights)


def likeness(
    said: Sequence[str], paragraphs: Sequence[str], language: str | None, told: str | None, weights: Weights
) -> Vector:
    """Return how like each sentence (row) is to each paragraph (column)."""
    found = weights.words * shared_words(said, paragraphs)
    if not meaning.available():
        return found
    rows = meaning.text_vectors(paragraphs, told, query=False)
    alone = meaning.text_vectors(said, language, query=True)
    around = meaning.text_vectors(
        [" ".join(said[max(0, i - 1) : i + 2]) for i in range(len(said))], language, query=True
    )
    return np.asarray(found + weights.alone * (alone @ rows.T) + weights.around * (around @ rows.T))


def shared_words(said: Sequence[str], paragraphs: Sequence[str]) -> Vector:
    """Return the weight of the terms that a sentence and a paragraph share; what all paragraphs have weighs little."""
    told = [terms(text) for text in paragraphs]
    having = Counter(term for one in told for term in one)

    def weigh(term: str) -> float:
        kind = 0.4 if is_common(term) else 1.5 if is_figure(term) else 1.0
        return kind * math.log(1 + len(paragraphs) / having[term])

    spoken = [terms(text) for text in said]
    return np.array([[sum(weigh(term) for term in one if term in p) for p in told] for one in spoken], np.float32)


def best_path(like: Vector, weights: Weights) -> tuple[int | None, ...]:
    """Find the path of the highest sum (Viterbi 1967); the last state is the digression."""
    count = like.shape[1]
    score = np.hstack([like, np.full((len(like), 1), weights.digression)])
    move = np.full((count + 1, count + 1), -weights.jump)
    move[:, count] = move[count, :] = -weights.leave
    for at in range(count - 1):
        move[at, at + 1] = -weights.jump / 2
    np.fill_diagonal(move, 0)
    best, back = score[0], []
    for row in score[1:]:
        ways = best[:, None] + move
        back.append(ways.argmax(0))
        best = ways.max(0) + row
    path = [int(best.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return tuple(at if at < count else None for at in reversed(path))


def sentences(transcript: Transcript) -> tuple[Sentence, ...]:
    """Cut a transcript at the ends of its sentences, at long pauses, and where a sentence would never end."""
    found: list[Sentence] = []
    run: list[Word] = []
    words = transcript.words
    for at, word in enumerate(words):
        run.append(word)
        after = words[at + 1] if at + 1 < len(words) else None
        pause = after is None or after.start_ms - word.end_ms >= _PAUSE_MS
        if pause or len(run) >= _LONGEST or word.text.rstrip('"”“’»)').endswith(tuple(_END)):
            found.append(Sentence(tuple(run)))
            run = []
    return tuple(found)
