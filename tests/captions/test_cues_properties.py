"""What holds for the cues of any words: acceptance 1 of the captions' issue."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from votd.media.captions.cues import cues
from votd.media.model import CaptionStyle, Transcript, Utterance, Word

CONFIG = Path(__file__).parents[2] / "config" / "captions.toml"
STYLE = CaptionStyle(**tomllib.loads(CONFIG.read_text("utf-8"))["style"])
Told = list[tuple[int, int, str]]

texts = (
    st.text(alphabet="abcдеж漢字.,!?'<>&-–0 \u00a0\u200fאבع\n", min_size=1, max_size=12)
    | st.sampled_from(["x" * 60, "y" * 300, "end.", "…", "-", "Mr.", "и", "the", "ß" * 42, "a" * 43])
    | st.text(min_size=1, max_size=5)
)
pauses = st.just(0) | st.integers(0, 4000) | st.integers(0, 20_000_000)
lengths = st.just(1) | st.integers(1, 300) | st.integers(1, 30_000)
told_words = st.lists(st.tuples(pauses, lengths, texts), max_size=60)


def transcript(told: Told, rest: int, language: str = "en") -> Transcript:
    """Make words from (pause, length, text)."""
    words, at = [], 0
    for pause, length, text in told:
        words.append(Word(at + pause, at + pause + length, text, 0.9))
        at += pause + length
    return Transcript(language, 1.0, at + rest, (Utterance(0, at, "", tuple(words)),) if words else ())


def shown(texts: Sequence[str]) -> str:
    """Return texts without white space."""
    return "".join("".join(texts).split())


@given(told_words, st.integers(0, 3000), st.lists(st.integers(0, 100_000), max_size=20), st.sampled_from([42, 24]))
@settings(deadline=None, max_examples=400)
@example([(0, 20000, "stretched"), (0, 1, "b.")], 0, [], 42)
@example([(0, 1, "a")] * 3000, 0, [], 42)
@example([(0, 1, "w" * 300)] * 40, 0, [10], 24)
@example([(3_600_000, 200, "hour.")] * 3, 0, [3_600_100], 42)
def test_limits_hold_for_any_words(told: Told, rest: int, shots: list[int], width: int) -> None:
    """Fail if a word is lost, doubled or moved, or a cue overlaps, leaves the media or breaks a limit."""
    said = transcript(told, rest)
    style = replace(STYLE, max_line_length=width)
    made = cues(said, style, shots=shots, frame_rate=Fraction(30000, 1001))
    assert shown([line for cue in made for line in cue.lines]) == shown([word.text for word in said.words])
    whole = {" ".join(word.text.split()) for word in said.words}
    for cue, limit in zip(made, [*(cue.start_ms for cue in made), said.duration_ms][1:], strict=True):
        assert 0 <= cue.start_ms < cue.end_ms <= limit
        assert cue.end_ms - cue.start_ms <= style.max_duration_ms
        assert 1 <= len(cue.lines) <= style.max_lines
        assert all(len(line) <= width or " ".join(line.split()) in whole for line in cue.lines)


@given(told_words, st.integers(0, 3000))
@settings(deadline=None, max_examples=200)
def test_times_without_cuts(told: Told, rest: int) -> None:
    """Fail if a cue does not start with its first word, is short though there is room, or a gap flickers."""
    said = transcript(told, rest)
    made = cues(said, STYLE)
    starts = {word.start_ms for word in said.words}
    for cue, limit in zip(made, [*(cue.start_ms for cue in made), said.duration_ms][1:], strict=True):
        assert cue.start_ms in starts
        assert cue.end_ms - cue.start_ms >= STYLE.min_duration_ms or cue.end_ms == limit
    for one, two in pairwise(made):
        gap = two.start_ms - one.end_ms
        assert gap in (0, 80) or gap >= 500 or one.end_ms - one.start_ms > STYLE.max_duration_ms - 500


@given(st.lists(st.sampled_from(["one", "two,", "three.", "a", "considerable", "Paris"]), max_size=40))
@settings(deadline=None)
def test_words_spoken_at_leisure_meet_every_rule(words: list[str]) -> None:
    """Fail if a cue is too short, too long or too fast where the speech leaves time for all of it."""
    made = cues(transcript([(60, 70 * len(word) + 60, word) for word in words], 5000), STYLE)
    for cue in made:
        assert STYLE.min_duration_ms <= cue.end_ms - cue.start_ms <= STYLE.max_duration_ms
        assert sum(map(len, cue.lines)) * 1000 <= STYLE.reading_speed * (cue.end_ms - cue.start_ms)


@given(told_words)
@settings(deadline=None, max_examples=100)
def test_languages_without_spaces(told: Told) -> None:
    """Fail if Japanese words are lost, or parted by spaces that nobody writes."""
    said = transcript([(pause, length, "漢" * len(text)) for pause, length, text in told], 0, "ja")
    made = cues(said, STYLE)
    assert "".join(line for cue in made for line in cue.lines) == "".join(word.text for word in said.words)
