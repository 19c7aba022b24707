"""When cues are shown: rules of duration, gaps and shot changes."""

import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from votd.media.captions.timing import Spoken, timed
from votd.media.model import CaptionStyle

CONFIG = Path(__file__).parents[2] / "config" / "captions.toml"
STYLE = CaptionStyle(**tomllib.loads(CONFIG.read_text("utf-8"))["style"])
DURATION = 60_000


def times(*told: tuple[int, int, int], shots: tuple[int, ...] = (), rate: int = 25) -> list[tuple[int, int]]:
    """Time cues given as (start, end, characters)."""
    return timed([Spoken(*one) for one in told], DURATION, STYLE, shots, Fraction(rate))


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ([(1000, 3000, 20)], 3000),
        ([(1000, 1100, 4)], 1834),
        ([(1000, 3000, 40)], 3353),
        ([(1000, 3000, 60)], 3500),
        ([(1000, 9000, 60)], 8000),
        ([(1000, 1100, 4), (1500, 4000, 20)], 1500),
    ],
    ids=["speech", "short", "easy reading", "lingers half a second", "longest", "no room"],
)
def test_ends(told: list[tuple[int, int, int]], end: int) -> None:
    """Fail if a cue ends with its speech though it is too short or fast, or later than it may."""
    assert times(*told)[0] == (1000, end)


@pytest.mark.parametrize(
    ("pause", "gap"),
    [(0, 0), (79, 0), (80, 80), (81, 80), (120, 80), (300, 80), (499, 80), (500, 500), (501, 501), (2000, 2000)],
)
def test_gaps(pause: int, gap: int) -> None:
    """Fail if a gap is neither none, nor two frames, nor half a second and more."""
    (_, end), (start, _) = times((1000, 3000, 20), (3000 + pause, 6000, 20))
    assert start - end == gap


def test_two_frames_follow_the_frame_rate() -> None:
    """Fail if two frames last as long at 30 as at 25 a second."""
    (_, end), (start, _) = times((1000, 3000, 20), (3300, 6000, 20), rate=30)
    assert start - end == 67


@pytest.mark.parametrize(
    ("start", "shown"),
    [(5000, 5000), (5500, 5000), (5501, 5501), (4999, 5000), (4667, 5000), (4640, 4500), (4501, 4500), (4500, 4500)],
)
def test_starts_near_a_cut(start: int, shown: int) -> None:
    """Fail if a start within half a second of a cut is not moved onto it, or to half a second before it."""
    assert times((start, start + 3000, 20), shots=(5000,))[0][0] == shown


@pytest.mark.parametrize(("end", "shown"), [(4499, 4499), (4500, 4920), (5300, 4920), (5500, 4920), (5501, 5501)])
def test_ends_near_a_cut(end: int, shown: int) -> None:
    """Fail if an end within half a second of a cut is not two frames before it."""
    assert times((2000, end, 20), shots=(5000,))[0][1] == shown


def test_a_cut_takes_no_reading_time() -> None:
    """Fail if a cut makes a cue too short to be read."""
    assert times((4700, 5100, 20), shots=(5000,)) == [(4700, 5600)]


def test_cues_meet_at_a_cut() -> None:
    """Fail if two cues around a cut do not part there, two frames before it."""
    assert times((2000, 5100, 40), (5150, 8000, 40), shots=(5000,)) == [(2000, 4920), (5000, 8000)]


cue = st.tuples(st.integers(0, 3000), st.integers(1, 8000), st.integers(1, 84))


@given(st.lists(cue, min_size=1, max_size=20), st.lists(st.integers(0, 40_000)), st.sampled_from([24, 25, 30, 50, 60]))
@settings(deadline=None)
def test_order_holds_for_any_times(told: list[tuple[int, int, int]], shots: list[int], rate: int) -> None:
    """Fail if cues overlap, leave the media or end before they start, with any cuts."""
    at, spoken = 0, []
    for pause, length, characters in told:
        spoken.append(Spoken(at + pause, at + pause + length, characters))
        at += pause + length
    made = timed(spoken, at, STYLE, shots, Fraction(rate))
    bounds = [moment for times in made for moment in times]
    assert bounds == sorted(bounds)
    assert all(start < end for start, end in made)
    assert bounds[0] >= 0
    assert bounds[-1] <= at
    assert all(end - start <= STYLE.max_duration_ms for start, end in made)


def test_nothing_to_time() -> None:
    """Fail if no cues give times."""
    assert timed([], 1000, replace(STYLE, max_lines=1), (), Fraction(25)) == []
