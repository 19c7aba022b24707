"""Which paragraph of the article each moment of the talk is about, and which moments are about none.

Every sentence is compared with every paragraph: by the words that few paragraphs share, and figures once more; by
meaning, as it stands out of the talk's other sentences; and by place, since a talk goes through its article more or
less in order. A remark ("Forty-eight hours!") is about what was just told, so each sentence is also compared together
with the one before it. Against that stands what an aside has for itself: it sounds otherwise than news ("my grandfather
used to say"), it takes its time, the speaker speaks of himself and to his listeners, or he remembers what only earlier
turns of the story told. To stay costs nothing, to go on or to come out of an aside little, to go back more, so that a
speaker may tell the story in his own order; what a sentence tells is what it tells on the likely paths together.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from votd.media.articles import meaning
from votd.media.articles.meaning import Vector
from votd.media.articles.words import is_common, is_figure, terms
from votd.media.model import Passage, Transcript, Word

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Steps = np.ndarray[Any, np.dtype[np.int_]]

_END = ".!?…"
_LONGEST = 40  # words of a sentence: a recogniser may write none of the points
_PAUSE_MS = 1500


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign counts, and what moving costs; all on one scale, the logarithm of odds.

    ``words``, ``standout`` (the meaning, against that of the talk's other sentences), ``context`` (the meaning together
    with the sentence before), ``place`` and ``figures`` speak for a paragraph; ``aside`` (always), ``voice`` (how it
    sounds), ``person`` (each word of the speaker and his listeners), ``length`` (the logarithm of its words, above a
    usual sentence's), ``topic`` (how near it is to the whole article: above that a paragraph must stand out) and
    ``earlier`` (what only earlier turns of the story tell) for none, ``question`` against none. To go on to a later
    paragraph costs ``ahead``, to an earlier one, or after an aside to the same, ``back``; to tell anything after an
    aside ``again`` besides.
    """

    words: float
    standout: float
    context: float
    place: float
    figures: float
    aside: float
    voice: float
    person: float
    length: float
    topic: float
    earlier: float
    question: float
    ahead: float
    back: float
    again: float


# Made by tests/bench_passages.py --fit: a conditional random field (Lafferty 2001) over the labelled talks to look at,
# as they were said and with every tenth word misheard; ``back`` lowered by a fifth, since a speaker may go back more
# than those of the bed. Each tenth of 286 talks judged by the others: 81 % of the seconds are right, 80 % where words
# are misheard (74 and 73 without meaning). What is wrong is mostly whether a remark upon what was told is an aside.
BOTH = Weights(
    words=1.09,
    standout=0.81,
    context=3.02,
    place=0.53,
    figures=0.97,
    aside=1.20,
    voice=2.05,
    person=0.21,
    length=0.16,
    topic=1.62,
    earlier=0.93,
    question=-0.93,
    ahead=1.51,
    back=1.86,
    again=1.21,
)
WORDS_ALONE = Weights(
    words=2.06,
    standout=0.00,
    context=0.00,
    place=0.97,
    figures=0.71,
    aside=0.90,
    voice=0.00,
    person=0.43,
    length=0.06,
    topic=0.00,
    earlier=1.09,
    question=-0.52,
    ahead=1.34,
    back=2.21,
    again=1.37,
)

# The speaker and his listeners. A language that is not here has none, and its sentences lose that sign.
_PERSONS = (
    "i me my mine myself we us our ours you your yours",
    "јас ме мене ми мој моја мое мои мојот мојата моето моите ние нас нам нè наш наша наше наши",
    "вие вас вам ви ваш ваша ваше ваши",
)
_PERSON = frozenset(word for line in _PERSONS for word in line.split())
_MOST_PERSONS = 3
_USUAL_LENGTH = 2.5  # the logarithm of the words of a sentence in the middle
_LEAST_SHARED = 0.5
_MOST_EARLIER = 2.0  # rare terms of earlier turns: more of them say no more
_USUAL_SPREAD = 0.188  # how a talk's nearness to a paragraph differs from sentence to sentence; mean of the bed
_LIKE_ALL, _LIKE_USUAL = 20, 12  # as how many sentences what is known beforehand counts: of the mean, of the spread
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”“’»)]*\s+")


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
    said: Sequence[str],
    paragraphs: Sequence[str],
    language: str | None,
    told: str | None,
    earlier: Mapping[str, float],
) -> tuple[int | None, ...]:
    """Return the paragraph of each sentence, ``None`` for a digression.

    ``language`` is the talk's, ``told`` the article's; ``earlier`` is what ``link.earlier`` found.
    """
    if not said or not paragraphs:
        return (None,) * len(said)
    weights = BOTH if meaning.available() else WORDS_ALONE
    return likeliest(scores(signs(said, paragraphs, language, told, earlier), weights, voice()), weights)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for a paragraph (a row for each sentence, a column for each paragraph), and for none.

    ``vectors`` has a row for each sentence; nothing where meaning is not available, and what comes of it is zero.
    """

    words: Vector
    standout: Vector
    context: Vector
    place: Vector
    figures: Vector
    vectors: Vector
    person: Vector
    length: Vector
    topic: Vector
    earlier: Vector
    question: Vector


def signs(
    said: Sequence[str],
    paragraphs: Sequence[str],
    language: str | None,
    told: str | None,
    earlier: Mapping[str, float],
) -> Signs:
    """Compare each sentence with each paragraph."""
    words, figures = shared(said, paragraphs)
    standout, context, topic, vectors = _meant(said, paragraphs, language, told)
    place = -np.abs(_middles(len(said))[:, None] - _middles(len(paragraphs)))
    person = [min(_MOST_PERSONS, sum(word in _PERSON for word in _WORD.findall(text.lower()))) for text in said]
    persons = np.array(person, np.float32)
    length = np.array([math.log(len(_WORD.findall(text)) + 1) - _USUAL_LENGTH for text in said], np.float32)
    question = np.array([text.rstrip().endswith("?") for text in said], np.float32)
    remembered = [min(_MOST_EARLIER, sum(earlier.get(term, 0.0) for term in terms(text))) for text in said]
    before = np.array(remembered, np.float32)
    ours, counted = _to_scale(np.sqrt(words)), np.sqrt(figures)
    return Signs(ours, standout, context, place, counted, vectors, persons, length, topic, before, question)


def _to_scale(words: Vector) -> Vector:
    """Measure shared words by what a sentence of this talk has at best: across languages all share fewer."""
    return np.asarray(words / max(_LEAST_SHARED, float(words.max(1).mean())))


def _meant(
    said: Sequence[str], paragraphs: Sequence[str], language: str | None, told: str | None
) -> tuple[Vector, Vector, Vector, Vector]:
    """Return what comes of meaning: ``standout``, ``context``, ``topic`` and ``vectors`` of the signs.

    A paragraph that is near to everything tells little (Conneau 2018 on hubs): of what is near to it together with the
    sentence before, half of its mean is taken away.
    """
    count = len(said)
    if not meaning.available():
        none = np.zeros((count, len(paragraphs)), np.float32)
        return none, none, none[:, 0], np.zeros((count, 0), np.float32)
    together = [said[0], *(f"{before} {text}" for before, text in pairwise(said))]
    vectors = meaning.text_vectors([*said, *together], language, query=True)
    near, topic = _nearness(vectors, paragraphs, told)
    return _standing_out(near[:count]), near[count:] - near.mean(0) / 2, topic[:count], vectors[:count]


def _nearness(vectors: Vector, paragraphs: Sequence[str], told: str | None) -> tuple[Vector, Vector]:
    """Return how near each is to each paragraph, to the whole of it and to the nearest of its sentences; and to all."""
    parts = [[part for part in _SENTENCE.split(text) if part] or [text] for text in paragraphs]
    texts = list(dict.fromkeys([*paragraphs, *(part for some in parts for part in some)]))
    row = {text: at for at, text in enumerate(texts)}
    written = meaning.text_vectors(texts, told, query=False)
    to, whole = vectors @ written.T, [row[text] for text in paragraphs]
    near = to[:, whole] + np.stack([to[:, [row[part] for part in some]].max(1) for some in parts], 1)
    middle = written[whole].mean(0)
    return np.asarray(near), np.asarray(vectors @ (middle / np.linalg.norm(middle)))


def _standing_out(near: Vector) -> Vector:
    """Measure how near each sentence is to a paragraph by the mean and the spread of the talk's sentences there.

    Few sentences have neither for sure: the mean leans to that of all paragraphs, the spread to the usual one (Efron
    and Morris 1975), so that one sentence alone is still near to its paragraph.
    """
    count, mean = len(near), near.mean(0)
    level = near.mean() + count / (count + _LIKE_ALL) * (mean - near.mean())
    spread = np.sqrt((count * near.var(0) + _LIKE_USUAL * _USUAL_SPREAD**2) / (count + _LIKE_USUAL))
    return np.asarray((near - level) / spread)


def _middles(count: int) -> Vector:
    """Return where each of so many lies between the beginning and the end."""
    return np.asarray((np.arange(count, dtype=np.float32) + 0.5) / max(1, count))


def scores(found: Signs, weights: Weights, sounds: Vector) -> Vector:
    """Return what speaks for each paragraph at each sentence; the last column for none."""
    like = weights.words * found.words + weights.standout * found.standout + weights.context * found.context
    like = like + weights.place * found.place + weights.figures * found.figures
    aside = weights.aside + weights.person * found.person + weights.length * found.length
    aside = aside + weights.topic * found.topic + weights.earlier * found.earlier + weights.question * found.question
    if found.vectors.size:
        aside = aside + weights.voice * (found.vectors @ sounds)
    return np.hstack([like, aside[:, None]])


@cache
def voice() -> Vector:
    """Return the direction in which asides lie from what is told of the news, of length one."""
    with np.load(Path(__file__).with_name("voice.npz")) as kept:
        return np.asarray(kept["voice"], np.float32)


def shared(said: Sequence[str], paragraphs: Sequence[str]) -> tuple[Vector, Vector]:
    """Return the weight of the terms that a sentence and a paragraph share, and that of the figures among them alone.

    What all paragraphs have weighs little.
    """
    told = [terms(text) for text in paragraphs]
    having = Counter(term for one in told for term in one)
    both = [[[term for term in one if term in own] for own in told] for one in map(terms, said)]

    def rare(term: str) -> float:
        return math.log(1 + len(paragraphs) / having[term])

    def weigh(term: str) -> float:
        return rare(term) * (0.4 if is_common(term) else 1.5 if is_figure(term) else 1.0)

    words = [[sum(map(weigh, some)) for some in row] for row in both]
    figures = [[sum(map(rare, filter(is_figure, some))) for some in row] for row in both]
    return np.array(words, np.float32), np.array(figures, np.float32)


def likeliest(score: Vector, weights: Weights) -> tuple[int | None, ...]:
    """Return what each sentence most likely tells, of all paths together (forward and backward, Rabiner 1989).

    The last column of ``score`` is for an aside. There is a state for each paragraph, and one for an aside after each
    of them, and before all. The best single path (Viterbi 1967) is right in one second of a hundred less on the bed.
    """
    count = score.shape[1] - 1
    states = np.hstack([score[:, :count], np.repeat(score[:, count:], count + 1, 1)]).astype(float)
    move = np.exp(-(moves(count) @ np.array([weights.ahead, weights.back, weights.again]))) * allowed(count)
    ahead, behind = both_ways(np.exp(states - states.max(1, keepdims=True)), move)
    each = ahead * behind
    sure = np.hstack([each[:, :count], each[:, count:].sum(1, keepdims=True)])
    return tuple(int(at) if at < count else None for at in sure.argmax(1))


def both_ways(here: Vector, move: Vector) -> tuple[Vector, Vector]:
    """Return how likely each state is by what was said until then, and how likely what follows it is; to a scale.

    ``here`` has sentences first and states last; between them there may be many talks.
    """
    ahead, behind = np.zeros_like(here), np.ones_like(here)
    for at in range(len(here)):
        ahead[at] = here[at] * (ahead[at - 1] @ move if at else move[len(move) // 2])
        ahead[at] /= ahead[at].sum(-1, keepdims=True)
    for at in reversed(range(len(here) - 1)):
        behind[at] = (here[at + 1] * behind[at + 1]) @ move.T
        behind[at] /= behind[at].sum(-1, keepdims=True)
    return ahead, behind


def moves(count: int) -> Vector:
    """Return what each move from state to state is: ahead, back, again out of an aside.

    The state in the middle is before all; from there the first paragraph is not ahead.
    """
    step = _steps(count)
    telling = np.arange(len(step)) < count
    asides = ~telling[:, None]
    kinds = np.stack([step > 0, (step < 0) | (asides & (step == 0)), np.broadcast_to(asides, step.shape)], 2)
    kinds[count, 0, 0] = False
    return np.asarray(kinds & telling[None, :, None], np.float32)


def allowed(count: int) -> Flags:
    """Tell which moves there are: into an aside only after the paragraph that was told last."""
    step = _steps(count)
    return np.asarray((np.arange(len(step)) < count)[None] | (step == 0))


def _steps(count: int) -> Steps:
    """Return by how many paragraphs each move goes ahead; before all is one before the first."""
    last = np.array([*range(count), *range(-1, count)])
    return np.asarray(last[None] - last[:, None])


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
