"""How far cues can be trusted, and which rules they could not meet; pure.

The limits are the style's, those of gaps the Netflix Timed Text Style Guide's; gaps are counted in whole frames.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

from votd.media.model import CaptionStyle, Cue, CueVerdict, Finding, Quality, Transcript

DOUBTS = {
    "doubtful": "the recogniser is not sure of it",
    "loop": "it repeats itself",
    "invented": "it may be invented",
    "off_script": "it is not in the script",
    "not_spoken": "it may not have been spoken",
}
"""The kinds of findings that make a cue doubtful, and what each says of it."""


def judge(
    cues: Sequence[Cue],
    transcript: Transcript,
    findings: Sequence[Finding],
    style: CaptionStyle,
    frame_rate: Fraction = Fraction(25),
) -> tuple[tuple[CueVerdict, ...], Quality]:
    """Return a verdict on each cue, and the counts of what could not be met.

    A cue is doubtful where a finding whose words still stand overlaps it, or its words' mean probability is below the
    style's limit; words without a probability are sure.
    """
    standing = [finding for finding in findings if finding.kind in DOUBTS and finding.used.strip()]
    verdicts = tuple(
        _verdict(cue, probability, standing, style.doubtful_below)
        for cue, probability in zip(cues, _probabilities(cues, transcript), strict=True)
    )
    return verdicts, replace(_counts(cues, style, frame_rate), doubtful=_share(verdicts))


def _verdict(cue: Cue, probability: float | None, standing: Sequence[Finding], least: float) -> CueVerdict:
    for finding in standing:
        if finding.start_ms < cue.end_ms and finding.end_ms > cue.start_ms:
            return CueVerdict("doubtful", probability, DOUBTS[finding.kind])
    if probability is not None and probability < least:
        return CueVerdict("doubtful", probability, f"its words' mean probability is {probability:.2f}")
    return CueVerdict("good", probability, "")


def _share(verdicts: Sequence[CueVerdict]) -> float:
    return fmean(verdict.verdict == "doubtful" for verdict in verdicts) if verdicts else 0.0


def _probabilities(cues: Sequence[Cue], transcript: Transcript) -> list[float | None]:
    """Return the mean probability of each cue's words: those whose middle comes before the next cue starts."""
    starts = [cue.start_ms for cue in cues]
    heard: list[list[float]] = [[] for _ in cues]
    unsure = [False] * len(cues)
    for word in transcript.words if cues else ():
        at = max(bisect_right(starts, (word.start_ms + word.end_ms) // 2) - 1, 0)
        heard[at].append(1.0 if word.probability is None else word.probability)
        unsure[at] |= word.probability is not None
    return [fmean(values) if values and known else None for values, known in zip(heard, unsure, strict=True)]


def _counts(cues: Sequence[Cue], style: CaptionStyle, frame_rate: Fraction) -> Quality:
    durations = [cue.end_ms - cue.start_ms for cue in cues]
    speeds = [sum(map(len, cue.lines)) * 1000 / shown for cue, shown in zip(cues, durations, strict=True)]
    gaps = [(two.start_ms - one.end_ms) * frame_rate / 1000 for one, two in pairwise(cues)]
    return Quality(
        cues=len(cues),
        doubtful=0.0,
        too_short=sum(shown < style.min_duration_ms for shown in durations),
        too_long=sum(shown > style.max_duration_ms for shown in durations),
        fast=sum(speed > style.reading_speed for speed in speeds),
        too_fast=sum(speed > style.top_speed for speed in speeds),
        bad_gaps=sum(_is_bad(gap, frame_rate) for gap in gaps),
        long_lines=sum(any(len(line) > style.max_line_length for line in cue.lines) for cue in cues),
    )


def _is_bad(frames: Fraction, frame_rate: Fraction) -> bool:
    """Say whether a gap is too small to be seen as one, or 3 to half a second's frames less one (rule 20)."""
    return 0 < round(frames) < 2 or 3 <= round(frames) <= frame_rate / 2 - 1
