"""From what Whisper heard to a transcript's words; pure.

Whisper's word times overlap here and there, and with voice detection on, words beside a long silence reach into it.
What comes out of ``utterances`` is in order: 0 ≤ start < end ≤ duration, no overlap, at least 1 ms each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from votd.media.model import Utterance, Word

MAX_PAUSE_MS = 2000
"""A longer pause parts utterances; voice detection sees no silence below it (faster-whisper's own value)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One of Whisper's words, raw: a leading space means that it does not belong to the word before it."""

    segment: int
    start_ms: int
    end_ms: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of audio in which somebody speaks."""

    start_ms: int
    end_ms: int


def utterances(heard: Iterable[Heard], regions: Sequence[Region], duration_ms: int) -> tuple[Utterance, ...]:
    """Turn Whisper's words into utterances; without ``regions`` no word is clamped."""
    words = [word for word in glue(heard) if word.text.strip()]
    return tuple(group(mend(clamp(words, regions), duration_ms)))


def glue(heard: Iterable[Heard]) -> list[Heard]:
    """Join what Whisper parts inside a word: "30" and ",000", "anti" and "-war"; the doubt of the worst part stays."""
    words: list[Heard] = []
    for part in heard:
        last = words[-1] if words else None
        if last and last.segment == part.segment and part.text and not part.text[0].isspace():
            probability = min(last.probability, part.probability)
            words[-1] = replace(last, end_ms=part.end_ms, text=last.text + part.text, probability=probability)
        else:
            words.append(part)
    return words


def clamp(words: Iterable[Heard], regions: Sequence[Region]) -> list[Heard]:
    """Cut each word to the speech region that it shares most with, so that none is stretched over a silence."""
    clamped, at = [], 0
    for word in words:
        while at < len(regions) and regions[at].end_ms <= word.start_ms:
            at += 1
        near = [region for region in regions[at : at + 2] if region.start_ms < word.end_ms]
        best = max(near, key=lambda region: _shared(word, region), default=None)
        if best and _shared(word, best) > 0:
            word = replace(  # noqa: PLW2901 - the same word, cut
                word, start_ms=max(word.start_ms, best.start_ms), end_ms=min(word.end_ms, best.end_ms)
            )
        clamped.append(word)
    return clamped


def mend(words: Sequence[Heard], duration_ms: int) -> list[Heard]:
    """Put words in order inside the media: later starts give way first, then ends."""
    words = words[:duration_ms]  # there is a millisecond for each
    starts: list[int] = []
    for word in words:
        starts.append(max(word.start_ms, starts[-1] + 1 if starts else 0))
    limit = duration_ms
    for at in reversed(range(len(starts))):
        starts[at] = limit = min(starts[at], limit - 1)
    mended = []
    for word, (start, following) in zip(words, pairwise([*starts, duration_ms]), strict=True):
        mended.append(replace(word, start_ms=start, end_ms=min(max(word.end_ms, start + 1), following)))
    return mended


def group(words: Iterable[Heard]) -> Iterable[Utterance]:
    """Make an utterance of each segment; one that spans a long silence becomes two."""
    run: list[Heard] = []
    for word in words:
        if run and (word.segment != run[-1].segment or word.start_ms - run[-1].end_ms > MAX_PAUSE_MS):
            yield _utterance(run)
            run = []
        run.append(word)
    if run:
        yield _utterance(run)


def _utterance(run: Sequence[Heard]) -> Utterance:
    words = tuple(Word(word.start_ms, word.end_ms, word.text.strip(), word.probability) for word in run)
    return Utterance(words[0].start_ms, words[-1].end_ms, " ".join(word.text for word in words), words)


def _shared(word: Heard, region: Region) -> int:
    return min(word.end_ms, region.end_ms) - max(word.start_ms, region.start_ms)
