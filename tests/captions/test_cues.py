"""Cues: every word once, within the limits, broken where a reader expects it."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from votd.media.captions.cues import cues, lines
from votd.media.errors import BadRequest
from votd.media.model import CaptionStyle, Transcript, Utterance, Word, WordClasses

CONFIG = Path(__file__).parents[2] / "config" / "captions.toml"
STYLE = CaptionStyle(**tomllib.loads(CONFIG.read_text("utf-8"))["style"])


def word_classes(language: str) -> WordClasses:
    """Read a language's word classes as they ship."""
    table = tomllib.loads(CONFIG.with_name(f"words.{language}.toml").read_text("utf-8"))
    phrases = frozenset(part.strip() for part in table.pop("phrases").split("|"))
    ready = {name: tuple(v) if isinstance(v, list) else frozenset(v.split()) for name, v in table.items()}
    return WordClasses(**{**ready, "language": language, "phrases": phrases})


ENGLISH = word_classes("en")

texts = st.text(alphabet="abcдеж漢.,!?'<>&-0 \u00a0", min_size=1, max_size=12) | st.sampled_from(
    ["x" * 60, "end.", "…"]
)
timed = st.tuples(st.integers(0, 4000) | st.just(0), st.integers(1, 9000) | st.integers(1, 300), texts)


def transcript(words: list[Word], duration_ms: int) -> Transcript:
    """Wrap words as one utterance."""
    told = (Utterance(words[0].start_ms, words[-1].end_ms, "", tuple(words)),) if words else ()
    return Transcript("en", 1.0, duration_ms, told)


def spoken(told: list[tuple[int, int, str]]) -> list[Word]:
    """Make words from (pause, length, text)."""
    words, at = [], 0
    for pause, length, text in told:
        words.append(Word(at + pause, at + pause + length, text, 0.9))
        at += pause + length
    return words


def said(text: str, word_ms: int = 300, pause_ms: int = 100) -> list[Word]:
    """Make evenly spoken words."""
    return spoken([(pause_ms, word_ms, word) for word in text.split()])


@given(st.lists(timed, max_size=60), st.integers(0, 3000))
@settings(deadline=None, max_examples=300)
@example([(0, 20000, "stretched"), (0, 1, "b.")], 0)
def test_limits_hold_for_any_words(told: list[tuple[int, int, str]], rest: int) -> None:
    """Fail if a word is lost, doubled or moved, or a cue breaks a limit, for any words in order."""
    words = spoken(told)
    duration = (words[-1].end_ms if words else 0) + rest
    made = cues(transcript(words, duration), STYLE)
    shown = " ".join(line for cue in made for line in cue.lines)
    assert shown.replace(" ", "") == "".join(word.text for word in words if word.text.strip()).replace(" ", "")
    starts = {word.start_ms for word in words}
    for cue, limit in zip(made, [*(cue.start_ms for cue in made), duration][1:], strict=True):
        assert cue.start_ms in starts
        assert 0 <= cue.start_ms < cue.end_ms <= limit
        assert cue.end_ms - cue.start_ms <= STYLE.max_duration_ms
        assert cue.end_ms - cue.start_ms >= STYLE.min_duration_ms or cue.end_ms == limit
        assert 1 <= len(cue.lines) <= STYLE.max_lines
        for line in cue.lines:
            assert len(line) <= STYLE.max_line_length or any(line == word.text.strip(" ") for word in words)


def test_a_long_pause_parts_cues() -> None:
    """Fail if words stand together that are further apart than the style allows."""
    gap = STYLE.max_gap_ms
    together = cues(transcript(spoken([(0, 900, "one"), (gap, 900, "two")]), 9000), STYLE)
    apart = cues(transcript(spoken([(0, 900, "one"), (gap + 1, 900, "two")]), 9000), STYLE)
    assert [cue.lines for cue in together] == [("one two",)]
    assert [cue.lines for cue in apart] == [("one",), ("two",)]


def test_a_passage_reads_well() -> None:
    """Fail if a commentary is not cut at sentences, then clauses, then before conjunctions and verbs."""
    text = (
        "One sentence spoken in Paris has changed the conversation about the war. "
        "Olaf Scholz was in the room, and so was David Cameron, and neither of them came to promise an army. "
        "In Washington sixty billion dollars of help has passed the Senate and is waiting there in the House."
    )
    assert [cue.lines for cue in cues(transcript(said(text), 60_000), STYLE, ENGLISH)] == [
        ("One sentence spoken in Paris has changed", "the conversation about the war."),
        ("Olaf Scholz was in the room,", "and so was David Cameron,"),
        ("and neither of them came", "to promise an army."),
        ("In Washington sixty billion dollars", "of help has passed the Senate"),
        ("and is waiting there in the House.",),
    ]


def test_fast_speech_is_cut_where_it_can_be_read() -> None:
    """Fail if a good break outranks the reading speed: the pause after the second word is the only time there is."""
    told = spoken([(0, 400, "This"), (0, 400, "matters"), (900, 250, "considerably"), (0, 900, "more.")])
    made = cues(transcript(told, 9000), STYLE)
    assert all(len(" ".join(cue.lines)) * 1000 <= STYLE.reading_speed * (cue.end_ms - cue.start_ms) for cue in made)


def test_portrait_pictures_have_shorter_lines() -> None:
    """Fail if the style for portrait pictures does not hold."""
    style = replace(STYLE, **tomllib.loads(CONFIG.read_text("utf-8"))["portrait"])
    made = cues(transcript(said("He was honest about the rest of it, and we should be too."), 60_000), style, ENGLISH)
    assert [cue.lines for cue in made] == [
        ("He was honest", "about the rest of it,"),
        ("and we should be too.",),
    ]


def test_cues_part_at_a_cut() -> None:
    """Fail if cues on both sides of a shot change do not meet there."""
    told = spoken(
        [(0, 2900, "They-came-to-Paris-on-the-first-of-May."), (150, 2000, "They-left-it-on-the-second-of-June.")]
    )
    made = cues(transcript(told, 60_000), STYLE, shots=[3000])
    assert [(cue.start_ms, cue.end_ms) for cue in made] == [(0, 2920), (3000, 5059)]


def test_more_than_two_lines_are_refused() -> None:
    """Fail if a style of three lines is taken."""
    with pytest.raises(ValueError, match="one line or two"):
        replace(STYLE, max_lines=3)


def test_a_short_word_is_shown_long_enough() -> None:
    """Fail if a lone short word flashes by though nothing follows it."""
    (cue,) = cues(transcript([Word(1000, 1100, "Yes.", 0.9)], 5000), STYLE)
    assert (cue.start_ms, cue.end_ms) == (1000, 1000 + STYLE.min_duration_ms)


def test_a_stretched_word_is_cut() -> None:
    """Fail if a word that lasts half a minute keeps its cue on the screen."""
    (cue,) = cues(transcript([Word(0, 30_000, "So", 0.9)], 40_000), STYLE)
    assert (cue.start_ms, cue.end_ms) == (0, STYLE.max_duration_ms)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Good evening from Skopje.", ("Good evening from Skopje.",)),
        (
            "The generals say that Europe will wait for the American voters.",
            ("The generals say that Europe", "will wait for the American voters."),
        ),
        (
            "Twenty leaders sat around his table, and they did not agree.",
            ("Twenty leaders sat around his table,", "and they did not agree."),
        ),
        (
            "Донесе ли некој одлука? Не, никој не вети војска таму.",
            ("Донесе ли некој одлука?", "Не, никој не вети војска таму."),
        ),
        ("word " + "x" * 60, ("word", "x" * 60)),
    ],
)
def test_line_breaks(text: str, broken: tuple[str, ...]) -> None:
    """Fail if a block is not broken after punctuation, or near its middle with the longer line below."""
    assert lines(text.split(), STYLE) == broken


def test_one_line_style() -> None:
    """Fail if a style of one line gets two."""
    style = replace(STYLE, max_lines=1, max_line_length=24)
    made = cues(transcript(said("He was honest about the rest of it, and we should be too."), 60_000), style)
    assert all(len(cue.lines) == 1 and len(cue.lines[0]) <= 24 for cue in made)


def test_nothing_said() -> None:
    """Fail if silence gives a cue."""
    assert cues(transcript([], 5000), STYLE) == ()


@pytest.mark.parametrize(
    "words",
    [
        [Word(0, 500, "a", 1), Word(400, 900, "b", 1)],
        [Word(900, 950, "a", 1), Word(0, 100, "b", 1)],
        [Word(5, 5, "a", 1)],
        [Word(900, 1001, "a", 1)],
        [Word(-1, 10, "a", 1)],
    ],
    ids=["overlap", "order", "empty", "beyond", "negative"],
)
def test_disorderly_words_are_refused(words: list[Word]) -> None:
    """Fail if cues are made from a transcript whose times cannot be."""
    with pytest.raises(BadRequest, match="out of order"):
        cues(transcript(words, 1000), STYLE)
