"""The times of a person's cues: what players cannot take is mended, with a note each; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from votd.media.captions.markup import escaped
from votd.media.captions.notes import Notes
from votd.media.errors import RejectedSource
from votd.media.model import Cue

FILM, CINEMA, PAL = Fraction(24000, 1001), Fraction(24), Fraction(25)
DRIFTS = ((FILM, PAL), (CINEMA, PAL))
"""Made for the first rate, the video has the second. The other way round a file ends early, as many do; and between
23.976 and 24 it is off by 1 ms a second: neither can be told for sure."""
LANDING_MS = 3000
"""Speech that goes on to the video's end: the last cue must come to lie in its last seconds, or its last hundredth."""
GRID_CUES = 10
TOO_SHORT_MS = 200
"""Less than that of a cue before the next one begins cannot be read: the two become one."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One cue as it stands in a file; its times may be anything. ``line`` is that of the times, from 1."""

    line: int
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    markup: tuple[str, ...]
    settings: str


def mended(
    cues: Sequence[Timed], name: str, duration_ms: int, frame_rate: Fraction | None, notes: Notes
) -> tuple[Cue, ...]:
    """Return cues in order, without overlap, inside the media.

    Raises ``RejectedSource`` where more than half of them lie after its end.
    """
    if not cues:
        return ()
    timed = _sorted(_undrifted(cues, duration_ms, frame_rate, notes), notes)
    inside = _inside(timed, name, duration_ms, notes)
    apart = _apart(inside, notes)
    return tuple(Cue(cue.start_ms, cue.end_ms, cue.lines, cue.markup, cue.settings) for cue in apart)


def _undrifted(cues: Sequence[Timed], duration_ms: int, frame_rate: Fraction | None, notes: Notes) -> Sequence[Timed]:
    """Bring a file that was timed for another frame rate to this video, where that is sure.

    It is where a cue starts after the video's end and a known ratio brings the last one just inside, or where all
    times stand on the frames of the other rate.
    """
    last = max(cue.end_ms for cue in cues)
    if last <= duration_ms or (frame_rate and not _near(frame_rate, PAL) and not _near(frame_rate, 2 * PAL)):
        return cues
    beyond = max(cue.start_ms for cue in cues) >= duration_ms
    landing = duration_ms - max(LANDING_MS, duration_ms // 100)
    for made_for, shown in sorted(DRIFTS, key=lambda rates: not _on_grid(cues, rates[0])):
        ratio = made_for / shown
        sure = _on_grid(cues, made_for) and not _on_grid(cues, shown)
        if last * ratio <= duration_ms and (sure or (beyond and last * ratio >= landing)):
            rate = f"{float(made_for):.5g}" if sure else "23.976 or 24"
            notes.add(0, f"The file was timed for {rate} frames a second: its times were brought to 25.")
            return [
                replace(cue, start_ms=round(cue.start_ms * ratio), end_ms=round(cue.end_ms * ratio)) for cue in cues
            ]
    return cues


def _near(rate: Fraction, known: Fraction) -> bool:
    return abs(rate - known) < Fraction(1, 100)


def _on_grid(cues: Sequence[Timed], rate: Fraction) -> bool:
    """Say whether every start is a frame's time at this rate, within the millisecond that it was rounded to."""
    frame = 1000 / rate
    return len(cues) >= GRID_CUES and all(abs(cue.start_ms - round(cue.start_ms / frame) * frame) <= 1 for cue in cues)


def _sorted(cues: Sequence[Timed], notes: Notes) -> list[Timed]:
    latest = cues[0].start_ms
    for cue in cues:
        if cue.start_ms < latest:
            notes.add(cue.line, "the cue starts before the one above it: they were put in order.")
        latest = max(latest, cue.start_ms)
    return sorted(cues, key=lambda cue: cue.start_ms)


def _inside(cues: Sequence[Timed], name: str, duration_ms: int, notes: Notes) -> list[Timed]:
    """Leave out what can never be seen, and cut what can be seen in part."""
    after = [cue for cue in cues if cue.start_ms >= duration_ms]
    if 2 * len(after) > len(cues):
        raise RejectedSource(
            f"{name}, line {after[0].line}: {len(after)} of {len(cues)} cues start after the video's end "
            f"({duration_ms / 1000:.1f} s). Give the file that belongs to this video."
        )
    for cue in after:
        notes.add(cue.line, "the cue starts after the video's end and was left out.")
    return [_cut(cue, duration_ms, notes) for cue in cues if cue.start_ms < duration_ms and _shown(cue, notes)]


def _shown(cue: Timed, notes: Notes) -> bool:
    if cue.end_ms <= 0:
        notes.add(cue.line, "the cue ends before the video begins and was left out.")
    return cue.end_ms > 0


def _cut(cue: Timed, duration_ms: int, notes: Notes) -> Timed:
    if cue.start_ms < 0:
        notes.add(cue.line, "the cue starts before the video: its start was moved by {by}.", -cue.start_ms)
    if cue.end_ms > duration_ms:
        notes.add(cue.line, "the cue ends {by} after the video: its end was moved.", cue.end_ms - duration_ms)
    return replace(cue, start_ms=max(cue.start_ms, 0), end_ms=min(cue.end_ms, duration_ms))


def _apart(cues: Sequence[Timed], notes: Notes) -> list[Timed]:
    """End each cue where the next one starts; cues that start together become one."""
    kept: list[Timed] = []
    for cue in cues:
        last = kept[-1] if kept else None
        if last is None or last.end_ms <= cue.start_ms:
            kept.append(cue)
        elif cue.start_ms - last.start_ms < TOO_SHORT_MS:
            notes.add(cue.line, "the cue starts with the one above it: the two were made one.")
            kept[-1] = _together(last, cue)
        else:
            by = last.end_ms - cue.start_ms
            notes.add(last.line, "the cue overlaps the next one by {by}: its end was moved.", by)
            kept[-1] = replace(last, end_ms=cue.start_ms)
            kept.append(cue)
    return kept


def _together(one: Timed, two: Timed) -> Timed:
    markup: tuple[str, ...] = ()
    if one.markup or two.markup:
        markup = tuple(line for cue in (one, two) for line in cue.markup or map(escaped, cue.lines))
    return replace(one, end_ms=max(one.end_ms, two.end_ms), lines=one.lines + two.lines, markup=markup)
