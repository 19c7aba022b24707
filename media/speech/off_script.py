"""Recognise what is spoken off the script: the stretches of speech that none of its words claims."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from votd.media.model import Finding, Recognition
from votd.media.speech.follow import speech_ms
from votd.media.speech.words import Heard, Region

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
OFF_SCRIPT_MS = 1000  # less speech that no word claims is a breath, or a word's own end
MARGIN_MS = 200
OFF_SCRIPT = 1_000_000  # numbers of segments: those of the script are its sentences
UNFIT = 0.65
"""Mean word probability below which what is recognised is not the language that is spoken.

Measured with base on ad-libs of espeak-ng and flite: up to 0.59 in Macedonian, Bulgarian, Serbian, Albanian and badly
heard French (43 % of the words wrong and more), from 0.74 in German, Italian and English (14 %, at most 22 %).
"""


def recognised(
    hear: Callable[["np.ndarray"], Recognition],
    samples: "np.ndarray",
    spoken: Sequence[Heard],
    speech: Sequence[Region],
) -> tuple[list[Heard], list[Finding]]:
    """Recognise the stretches of speech that no word of the script claims."""
    duration_ms = len(samples) * 1000 // RATE
    ends = [0, *(word.end_ms for word in spoken)]
    starts = [*(word.start_ms for word in spoken), duration_ms]
    between: list[Heard] = []
    told: list[Finding] = []
    for number, (low, high) in enumerate(zip(ends, starts, strict=True)):
        if speech_ms(speech, low, high) < OFF_SCRIPT_MS:
            continue
        around = _Gap(max(0, low - MARGIN_MS), low, high, min(duration_ms, high + MARGIN_MS), OFF_SCRIPT + number)
        part = samples[around.from_ms * RATE // 1000 : around.to_ms * RATE // 1000]
        made = hear(part)
        fresh = _fresh(_within(made, around), spoken[max(0, number - 3) : number], spoken[number : number + 3])
        told += [_shifted(finding, around.from_ms) for finding in made.findings]
        if fresh:
            kept, finding = _judged(fresh, speech_ms(speech, low, high))
            between += kept
            told.append(finding)
    return between, told


def _judged(fresh: list[Heard], heard_ms: int) -> tuple[list[Heard], Finding]:
    """Return what is shown of recognised words, all or nothing, and the finding that tells of them."""
    text = " ".join(word.text.strip() for word in fresh)
    start, end = fresh[0].start_ms, fresh[-1].end_ms
    sure = sum(word.probability for word in fresh) / len(fresh)
    unclaimed = f"{heard_ms / 1000:.1f} s of speech fit no word of the script"
    if sure < UNFIT:
        why = f"{unclaimed}, and the model does not understand it (mean probability {sure:.2f}): left out."
        return [], Finding("off_script", start, end, text, "", why)
    return fresh, Finding("off_script", start, end, text, text, f"{unclaimed}: recognised.")


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stretch between two words of the script, and what is heard around it."""

    from_ms: int
    low_ms: int
    high_ms: int
    to_ms: int
    segment: int


def _within(made: Recognition, gap: _Gap) -> list[Heard]:
    """Return the recognised words of a gap at their times in the whole, those of the margins left out."""
    found = []
    for word in made.transcript.words:
        start, end = word.start_ms + gap.from_ms, word.end_ms + gap.from_ms
        if gap.low_ms <= (start + end) / 2 <= gap.high_ms:
            start, end = max(start, gap.low_ms), min(end, gap.high_ms)
            found.append(Heard(gap.segment, start, end, f" {word.text}", word.probability or 0.0))
    return found


def _fresh(found: list[Heard], before: Sequence[Heard], after: Sequence[Heard]) -> list[Heard]:
    """Leave out what the script's words beside the gap say already."""
    for count in range(min(len(before), len(found)), 0, -1):
        if [_plain(word) for word in before[-count:]] == [_plain(word) for word in found[:count]]:
            found = found[count:]
            break
    for count in range(min(len(after), len(found)), 0, -1):
        if [_plain(word) for word in after[:count]] == [_plain(word) for word in found[-count:]]:
            return found[:-count]
    return found


def _plain(word: Heard) -> str:
    return "".join(letter for letter in word.text.casefold() if letter.isalnum())


def _shifted(finding: Finding, by_ms: int) -> Finding:
    return replace(finding, start_ms=finding.start_ms + by_ms, end_ms=finding.end_ms + by_ms)
