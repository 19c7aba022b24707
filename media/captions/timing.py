"""When cues are shown; pure. Rules 20–22 come from the Netflix Timed Text Style Guide (timing, gaps, shot changes).

A cue starts with its first word and stands as long as it takes to read, up to half a second after its last word. What
outranks what where they conflict: order, duration, reading speed, gaps, shot changes.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from votd.media.model import CaptionStyle

GAP_FRAMES = 2
NEAR_MS = 500
"""Twelve frames at 24 fps, half the frame rate at any: nearer to a cut, and in gaps shorter than it, rules apply."""
ONTO_CUT_MS = 8.5 * 1000 / 24
"""A start up to eight frames (of 24) before a cut moves onto it, an earlier one away from it, to twelve."""
EASY_SPEED = 0.85
"""The share of the highest reading speed that a cue is given where the next one leaves room."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of one cue: when the first starts, when the last ends, how many characters they have."""

    start_ms: int
    end_ms: int
    characters: int


def timed(
    told: Sequence[Spoken], duration_ms: int, style: CaptionStyle, shots: Sequence[int], frame_rate: Fraction
) -> list[tuple[int, int]]:
    """Return when each cue starts and ends: in order, without overlap, inside the media.

    ``told`` are in order and do not overlap; ``shots`` are the moments at which a new shot begins, in ms.
    """
    rules = _Rules(style, sorted(set(shots)), ceil(GAP_FRAMES * 1000 / frame_rate))
    starts = _starts(told, duration_ms, rules)
    nexts = [*starts, duration_ms][1:]
    ends = [_end(*it, rules) for it in zip(told, starts, nexts, strict=True)]
    made = [_unflickered(*it, rules) for it in zip(told, starts, ends, nexts, strict=True)]
    return list(zip(starts, [*made[:-1], *ends[-1:]], strict=True))


@dataclass(frozen=True, slots=True)
class _Rules:
    """What all cues of a track share: the style, where shots change, and how long two frames last."""

    style: CaptionStyle
    cuts: Sequence[int]
    gap_ms: int


def _starts(told: Sequence[Spoken], duration_ms: int, rules: _Rules) -> list[int]:
    """Move starts that are near a cut, where the cue and the one before it keep time enough to be read."""
    starts, style = [spoken.start_ms for spoken in told], rules.style
    bounds = [*starts, duration_ms]
    for at, spoken in enumerate(told if rules.cuts else ()):
        wanted = _near_start(spoken.start_ms, rules.cuts)
        if wanted == spoken.start_ms or wanted < 0:
            continue
        before = at == 0 or _readable(told[at - 1], starts[at - 1], min(wanted, _latest(told[at - 1], style)), style)
        if before and _readable(spoken, wanted, min(bounds[at + 1], _latest(spoken, style)), style):
            starts[at] = wanted
    return starts


def _latest(spoken: Spoken, style: CaptionStyle) -> int:
    return spoken.end_ms + style.max_linger_ms


def _near_start(start: int, cuts: Sequence[int]) -> int:
    cut = _nearest(start, cuts)
    if cut is None or abs(start - cut) > NEAR_MS or start == cut - NEAR_MS:
        return start
    return cut if start > cut - ONTO_CUT_MS else cut - NEAR_MS


def _nearest(moment: int, cuts: Sequence[int]) -> int | None:
    at = bisect_left(cuts, moment)
    return min(cuts[max(at - 1, 0) : at + 1], key=lambda cut: abs(cut - moment), default=None)


def _readable(spoken: Spoken, start: int, end: int, style: CaptionStyle) -> bool:
    shown = end - start
    long_enough = style.min_duration_ms <= shown <= style.max_duration_ms
    return long_enough and spoken.characters * 1000 <= style.reading_speed * shown


def _end(spoken: Spoken, start: int, following: int, rules: _Rules) -> int:
    """Choose the end: what the cue needs, then two frames before a cut that is near."""
    latest = min(following, start + rules.style.max_duration_ms)
    wanted = min(_needed(spoken, start, rules.style), latest)
    cut = _nearest(wanted, rules.cuts)
    if cut is None or abs(wanted - cut) > NEAR_MS:
        return wanted
    before_cut = cut - rules.gap_ms
    return before_cut if before_cut <= latest and _readable(spoken, start, before_cut, rules.style) else wanted


def _needed(spoken: Spoken, start: int, style: CaptionStyle) -> int:
    """Return the end that speech, the shortest duration and easy reading ask for."""
    easy = start + ceil(spoken.characters * 1000 / (style.reading_speed * EASY_SPEED))
    return max(spoken.end_ms, min(easy, _latest(spoken, style)), start + style.min_duration_ms)


def _unflickered(spoken: Spoken, start: int, end: int, following: int, rules: _Rules) -> int:
    """Make the gap before the next cue none, two frames, or half a second and more (rule 20)."""
    left, longest = following - end, start + rules.style.max_duration_ms
    chained, apart = following - rules.gap_ms, following - NEAR_MS
    if left == rules.gap_ms or left >= NEAR_MS:
        return end
    if left < rules.gap_ms:
        # Where speech goes on up to the next cue, or the time is needed, there is no gap at all.
        can_part = chained >= spoken.end_ms and _readable(spoken, start, chained, rules.style)
        return chained if can_part else min(following, longest)
    if apart >= spoken.end_ms and _readable(spoken, start, apart, rules.style):
        return apart
    return chained if chained <= longest else end
