"""Judge what Whisper heard by its own figures: loops, invented sentences, low confidence. Pure.

A verdict is a suspicion: ``recognise.py`` listens once more before anything is dropped. Thresholds were set on one half
of the clips in ``tests/speech/faults`` and measured on the other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from votd.media.speech import ghosts
from votd.media.speech.words import Heard, Region

LEAST_WORDS = 3  # one or two, cut off from their sentence, have low probabilities in clean speech too
MOST_COMPRESSION = 2.4  # Whisper's own limit
MOST_LETTERS_S = 25.0  # the fastest speakers say about 20
MANY, SOME = 7, 3  # repetitions that nobody says; that are looked at twice
LEAST_LOG_PROB, LEAST_PROBABILITY = -0.8, 0.4
INVENTED = 2.5  # points
STUTTER = re.compile(r"([^\W\d_]{1,12}?)\1{3,}")
STUTTER_LETTERS = 8
LONGEST_UNIT = 12  # words of a repeated phrase

Kind = Literal["loop", "invented", "doubtful"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One of Whisper's segments with its figures; those from ``log_prob`` on are its whole 30 s window's.

    ``language`` is Whisper's word for what it was told; ``sounds`` what the window sounds like, with a probability.
    """

    text: str
    words: tuple[Heard, ...]
    log_prob: float
    no_speech: float
    compression: float
    temperature: float
    language: str = ""
    sounds: tuple[str, float] = ("", 0.0)

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        return max(self.words[-1].end_ms, self.start_ms + 1)

    @property
    def probability(self) -> float:
        """Return the mean of its words' probabilities."""
        return sum(word.probability for word in self.words) / len(self.words)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is suspected of a piece, and the sentence that says why, with figures."""

    kind: Kind
    why: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A phrase said several times in a row: ``count`` times, over the words from ``first`` to before ``last``."""

    unit: str
    count: int
    first: int
    last: int


def judge(pieces: Sequence[Piece], speech: Sequence[Region]) -> tuple[Verdict | None, ...]:
    """Return a verdict for each piece, ``None`` where nothing is suspected.

    ``speech`` is where voice detection hears somebody, pauses of a quarter of a second left out.
    """
    echoes = _echoes(pieces)
    return tuple(
        _loop(piece, speech, echo) or _invented(piece, speech) or _doubtful(piece)
        for piece, echo in zip(pieces, echoes, strict=True)
    )


def real(piece: Piece, speech: Sequence[Region]) -> bool:
    """Say whether a repetition that was heard twice alike may be taken for the speaker's own."""
    return (
        not STUTTER.search(plain(piece.text))
        and piece.probability >= 0.5
        and _letters_s(piece) <= MOST_LETTERS_S
        and covered(piece, speech) >= 0.6
        and piece.temperature < 0.4
    )


def score(pieces: Sequence[Piece], verdicts: Sequence[Verdict | None], speech: Sequence[Region], ms: int) -> float:
    """Return how good a reading of ``ms`` of speech is: the share that sound words explain, times their probability.

    What loops or is invented counts against it, so that hearing nothing (0) is better than nonsense.
    """
    total = 0.0
    for piece, verdict in zip(pieces, verdicts, strict=True):
        said = sum(_within(word.start_ms, word.end_ms, speech) for word in piece.words)
        bad = verdict is not None and verdict.kind != "doubtful"
        total += said * (-0.5 if bad else piece.probability)
    return total / max(ms, 1)


def repeat(words: Sequence[str]) -> Repeat | None:
    """Return the phrase that is repeated most often in a row, up to twelve words long; time: linear in the words."""
    best: Repeat | None = None
    for size in range(1, min(LONGEST_UNIT, len(words) // 2) + 1):
        same = 0
        for at in range(size, len(words) + 1):
            if at < len(words) and words[at] == words[at - size]:
                same += 1
                continue
            count = same // size + 1
            if count > (best.count if best else 1):
                first = at - size - same
                best = Repeat(" ".join(words[first : first + size]), count, first, at)
            same = 0
    return best


def covered(piece: Piece, speech: Sequence[Region]) -> float:
    """Return the share of a piece's words' time in which voice detection hears somebody."""
    said = sum(max(word.end_ms - word.start_ms, 1) for word in piece.words)
    return min(1.0, sum(_within(word.start_ms, word.end_ms, speech) for word in piece.words) / said)


def _loop(piece: Piece, speech: Sequence[Region], echo: int) -> Verdict | None:
    stutter = max((found[0] for found in STUTTER.finditer(plain(piece.text))), key=len, default="")
    if len(stutter) >= STUTTER_LETTERS:
        return Verdict("loop", f"'{stutter[:20]}' is one syllable over and over ({len(stutter)} letters).")
    parts = ((word, part) for word in piece.words for part in plain(word.text).split())
    told = [(word, part) for word, part in parts if not part.isdigit()]  # 1,000,000 is no loop
    found = repeat([part for _, part in told])
    if found and found.count >= SOME:
        run = [word for word, _ in told[found.first : found.last]]
        bad = _bad_repeat(piece, run, speech)
        if found.count >= MANY or bad:
            why = bad or f"the words' probability is {piece.probability:.2f}"
            return Verdict("loop", f"'{found.unit[:40]}' comes {found.count} times in a row, and {why}.")
    if echo >= SOME and (bad := _bad_repeat(piece, piece.words, speech) or ("it is too often" if echo >= 5 else "")):
        return Verdict("loop", f"The same words come in {echo} segments in a row, and {bad}.")
    if piece.compression > MOST_COMPRESSION:
        return Verdict("loop", f"The window's text repeats itself (compression {piece.compression:.1f}).")
    return None


def _bad_repeat(piece: Piece, run: Sequence[Heard], speech: Sequence[Region]) -> str:
    """Return what speaks against a repetition being said aloud, empty where nothing does."""
    ms = max(run[-1].end_ms - run[0].start_ms, 1)
    speed = sum(len(word.text.strip()) for word in dict.fromkeys(run)) * 1000 / ms
    said = sum(_within(word.start_ms, word.end_ms, speech) for word in dict.fromkeys(run)) / ms
    probability = sum(word.probability for word in run) / len(run)
    if speed > MOST_LETTERS_S:
        return f"at {speed:.0f} letters a second"
    if said < 0.4:
        return f"somebody speaks in only {said:.0%} of its time"
    if probability < 0.4:
        return f"the words' probability is {probability:.2f}"
    if piece.temperature >= 0.4:
        return f"it took a temperature of {piece.temperature:.1f}"
    return ""


def _echoes(pieces: Sequence[Piece]) -> list[int]:
    """Return for each piece how many in a row, itself included, have the same words."""
    counts: list[int] = []
    for words, same in groupby(plain(piece.text) for piece in pieces):
        number = len(list(same))
        counts += [number if words else 1] * number
    return counts


def _invented(piece: Piece, speech: Sequence[Region]) -> Verdict | None:
    """Add up points: no single figure tells an invented sentence from a mumbled one."""
    if not plain(piece.text):
        return Verdict("invented", "No word stands in it.")
    prior, said, speed = ghosts.prior(piece.text), covered(piece, speech), _letters_s(piece)
    points = (
        prior
        + _step(-said, (-0.05, 3.0), (-0.25, 2.0), (-0.5, 1.0), (-0.75, 0.0), below=-1.0)
        + _step(speed, (45, 2.5), (30, 1.5), (MOST_LETTERS_S, 1.0), below=0.0)
        + _step(-piece.probability, (-0.15, 1.5), (-0.35, 1.0), (-0.7, 0.0), below=-1.0)
        + _step(piece.no_speech, (0.6, 1.5), (0.3, 0.5), (0.1, 0.0), below=-0.5)
        + (0.5 if piece.log_prob < LEAST_LOG_PROB or piece.temperature >= 0.6 else 0.0)
    )
    if points < INVENTED:
        return None
    known = "a sentence that Whisper is known to invent; " if prior else ""
    figures = f"speech under {said:.0%}, {speed:.0f} letters a second, probability {piece.probability:.2f}"
    return Verdict("invented", f"Likely invented: {known}{figures}, no-speech {piece.no_speech:.2f}.")


def _doubtful(piece: Piece) -> Verdict | None:
    mumbled = len(piece.words) >= LEAST_WORDS and piece.probability < LEAST_PROBABILITY
    if piece.log_prob >= LEAST_LOG_PROB and not mumbled:
        return None
    figures = f"mean probability {piece.probability:.2f}, log probability {piece.log_prob:.2f}"
    return Verdict("doubtful", f"The recogniser is unsure: {figures}.")


def _step(value: float, *steps: tuple[float, float], below: float) -> float:
    """Return the points of the first limit that a value reaches, from the highest."""
    return next((points for limit, points in steps if value >= limit), below)


def _letters_s(piece: Piece) -> float:
    return len(plain(piece.text)) * 1000 / max(piece.end_ms - piece.start_ms, 100)


def plain(text: str) -> str:
    """Return the letters and figures of a text in lower case, words parted by one space."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _within(start_ms: int, end_ms: int, regions: Sequence[Region]) -> int:
    return sum(max(0, min(end_ms, region.end_ms) - max(start_ms, region.start_ms)) for region in regions)
