"""Follow a script through the speech, window after window; pure: the attention itself is asked through ``Place``.

Whisper's attention gives every word of a text a time, spoken or not. What was not spoken shows: its words have
probabilities near zero and no length, since the path hurries over them. Speech that no word of the text fits shows
as well: the next word is stretched over it. Both were measured on voices in two languages, one of which the model
cannot recognise; a sentence's mean tells them apart, a single word does not.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from votd.media.speech.script import Unit
from votd.media.speech.words import Region

WINDOW_MS = 30_000  # what Whisper hears at once
EDGE_MS = 700  # a word that ends so near a window's end may go on behind it
STEP_MS = 12_000  # how far to go on where nothing fits; a sentence of 18 s is then still seen whole
LOOK_AHEAD = 4  # how many windows' worth of text are tried where nothing fits
AHEAD_WORDS = 80
ROUNDS = 8
FLOOR, NEUTRAL = -7.0, -3.0  # log probabilities: of a word that is worth nothing, of one that proves nothing
LOST_RUN = 3  # so many words running without length inside a sentence were not spoken


@dataclass(frozen=True, slots=True)
class Timed:
    """A word of a unit as the attention placed it."""

    start_ms: int
    end_ms: int
    probability: float


@dataclass(frozen=True, slots=True)
class Said:
    """A word of the script that was spoken: its unit, its place in it, and its times."""

    unit: int
    word: int
    timed: Timed


Placed = tuple[Timed, ...]
Place = Callable[[int, Sequence[Unit]], Sequence[Placed]]
"""Align units (as many from the first on as one pass takes) to the window that starts at so many milliseconds."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A unit that was spoken in the window at hand."""

    unit: int
    words: Placed


def follow(
    units: Sequence[Unit], place: Place, speech: Sequence[Region], progress: Callable[[int], None]
) -> list[Said]:
    """Return the script's words that were spoken, in order; ``speech`` are regions parted at short pauses.

    ``progress`` is told how far in the sound (ms) the work is.
    """
    said: list[Said] = []
    at, following = _next_start(speech, 0), 0
    while at is not None and following < len(units):
        progress(at)
        found, back = _settled(_spoken(units, following, at, place), at, speech)
        if found:
            said += [word for one in found for word in _words(one)]
            following = found[-1].unit + 1
            at = _next_start(speech, max(found[-1].words[-1].end_ms, at + 1))
        else:
            at = _next_start(speech, at + STEP_MS)
        at = back if back is not None else at
    return said


def value(words: Sequence[Timed]) -> float:
    """Sum what words prove: above zero that they were spoken, below that they were not."""
    return sum(
        FLOOR - NEUTRAL if word.end_ms <= word.start_ms else max(FLOOR, math.log(max(word.probability, 1e-9))) - NEUTRAL
        for word in words
    )


def speech_ms(speech: Sequence[Region], start_ms: int, end_ms: int) -> int:
    """Return for how much of a stretch somebody speaks."""
    return sum(max(0, min(end_ms, region.end_ms) - max(start_ms, region.start_ms)) for region in speech)


def longest_ms(word: str) -> int:
    """Return how long a word may last: slow, stressed and with its vowels drawn."""
    return 700 + 100 * sum(letter.isalnum() for letter in word)


def last_start(speech: Sequence[Region], end_ms: int) -> int | None:
    """Return the last pause's end before a moment."""
    starts = [region.start_ms for region in speech if region.start_ms < end_ms - 40]
    return starts[-1] if starts else None


def _spoken(units: Sequence[Unit], first: int, at: int, place: Place) -> list[tuple[_Found, Unit]]:
    """Return the units that were spoken in a window: from the next one on, else from further on in the text."""
    start = first
    for _ in range(LOOK_AHEAD):
        found = _pruned(units, start, at, place)
        found = _proved(found, first)
        if found:
            return [(one, units[one.unit]) for one in found]
        start = _ahead(units, start)
        if start >= len(units):
            break
    return []


def _ahead(units: Sequence[Unit], start: int) -> int:
    words = 0
    while start < len(units) and words < AHEAD_WORDS:
        words += len(units[start].words)
        start += 1
    return start


def _pruned(units: Sequence[Unit], first: int, at: int, place: Place) -> list[_Found]:
    """Take out what was not spoken until every unit up to the last one that was is one that was.

    Of neighbours that do not fit the last stays for another round: the others may have taken its time.
    """
    out: set[int] = set()
    for _ in range(ROUNDS):
        chosen = [unit for unit in range(first, len(units)) if unit not in out][:40]
        placed = place(at, [units[unit] for unit in chosen])
        found = [_Found(unit, words) for unit, words in zip(chosen, placed, strict=False)]
        while found and value(found[-1].words) <= 0:
            found.pop()
        wrong = [value(one.words) <= 0 for one in found]
        if not any(wrong):
            return found
        for here, one in enumerate(found):
            if wrong[here] and (wrong[here + 1] or here == 0 or not wrong[here - 1]):
                out.add(one.unit)
    return []


def _proved(found: Sequence[_Found], first: int) -> list[_Found]:
    """Keep what is found as long as it proves more the more of the text is leapt over: chance finds short sentences."""
    kept: list[_Found] = []
    following = first
    for here, one in enumerate(found):
        leapt = one.unit - following
        proof = sum(value(other.words) for other in found[here : here + 3])
        if leapt and proof < 3 + 2 * leapt:
            break
        kept.append(one)
        following = one.unit + 1
    return kept


def _settled(
    spoken: Sequence[tuple[_Found, Unit]], at: int, speech: Sequence[Region]
) -> tuple[list[_Found], int | None]:
    """Return the units whose times are final, and from where to listen again if that is known better than their end.

    A unit whose first words are stretched over speech comes after something off script: it is placed anew from the
    pause before it. The last one may go on behind the window.
    """
    settled: list[_Found] = []
    for one, unit in spoken:
        stretched = _stretched(one, unit, speech)
        again = last_start(speech, stretched) if stretched is not None else None
        if again is not None and again > at + 500:
            return settled, again
        settled.append(one)
    end = at + WINDOW_MS - EDGE_MS
    if len(settled) > 1 and settled[-1].words[-1].end_ms > end and speech_ms(speech, end, speech[-1].end_ms):
        settled.pop()
    return settled, None


def _stretched(one: _Found, unit: Unit, speech: Sequence[Region]) -> int | None:
    """Return where the last of a unit's first words ends that is stretched over speech, if one is."""
    ends = [
        timed.end_ms
        for timed, word in zip(one.words[:3], unit.words, strict=False)
        if speech_ms(speech, timed.start_ms, timed.end_ms) > longest_ms(word)
    ]
    return ends[-1] if ends else None


def _words(one: _Found) -> Iterable[Said]:
    """Return a unit's words without the runs in it that have no length."""
    empty = [word.end_ms <= word.start_ms for word in one.words]
    for here, timed in enumerate(one.words):
        low = high = here
        while low > 0 and empty[low - 1]:
            low -= 1
        while high + 1 < len(empty) and empty[high + 1]:
            high += 1
        if not (empty[here] and high - low + 1 >= LOST_RUN):
            yield Said(one.unit, here, timed)


def _next_start(speech: Sequence[Region], at: int) -> int | None:
    """Return where speech begins or goes on from a moment; ``None`` where there is none worth a word."""
    for region in speech:
        if region.end_ms > at + 150:
            return max(at, region.start_ms)
    return None
