"""A person's cues against what was heard: whose times stand, what changed, which changes are names."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votd.media.captions.compare import Change, changes, names, transcript
from votd.media.errors import BadRequest
from votd.media.model import Cue, Transcript, Utterance, Word


def heard(text: str, start_ms: int = 0, each_ms: int = 500) -> Transcript:
    """Make what a recogniser heard: words of one length, each with its probability."""
    words = tuple(
        Word(start_ms + at * each_ms, start_ms + (at + 1) * each_ms, word, 0.5) for at, word in enumerate(text.split())
    )
    end_ms = words[-1].end_ms
    return Transcript("en", 0.9, 60_000, (Utterance(start_ms, end_ms, text, words),))


def test_unchanged_words_keep_their_times() -> None:
    """Fail if a corrected word moves its neighbours, or keeps the recogniser's probability."""
    before = heard("today Andy Navi spoke here.", 1000)
    after = transcript([Cue(900, 3600, ("Today Andonovic", "spoke here."))], before, "en", 60_000)
    assert after.words == (
        Word(1000, 1500, "Today", 0.5),
        Word(1500, 2500, "Andonovic", None),
        Word(2500, 3000, "spoke", 0.5),
        Word(3000, 3500, "here.", 0.5),
    )
    assert after.utterances[0].text == "Today Andonovic spoke here."
    assert (after.utterances[0].start_ms, after.utterances[0].end_ms) == (900, 3600)
    assert after.language_probability == 0.9


def test_new_words_are_spread_by_length() -> None:
    """Fail if words without anything heard are not shared out over their cue."""
    after = transcript([Cue(0, 1004, ("abc abcdef", "a"))], None, "mk", 60_000)
    assert after.words == (Word(0, 301, "abc", None), Word(301, 902, "abcdef", None), Word(902, 1004, "a", None))
    assert (after.language, after.language_probability) == ("mk", 1.0)


def test_a_word_heard_elsewhere_is_another() -> None:
    """Fail if the same word at another time gives its time to this one."""
    after = transcript([Cue(10_000, 11_000, ("hello",))], heard("hello"), "en", 60_000)
    assert after.words == (Word(10_000, 11_000, "hello", None),)


def test_more_words_than_milliseconds() -> None:
    """Fail if a cue too short for its words loses one, or a word lasts no time."""
    after = transcript([Cue(5, 8, ("a b c d e",))], None, "en", 60_000)
    assert [(word.start_ms, word.end_ms, word.text) for word in after.words] == [
        (5, 6, "a"),
        (6, 7, "b c"),
        (7, 8, "d e"),
    ]


def test_cues_out_of_order_are_refused() -> None:
    """Fail if cues that overlap become words that do."""
    with pytest.raises(BadRequest, match="overlap"):
        transcript([Cue(0, 1000, ("a",)), Cue(500, 2000, ("b",))], None, "en", 60_000)


token = st.sampled_from(["the", "The", "Macron", "a", "—", "не", "over."])
some_words = st.lists(token, min_size=1, max_size=12)


@given(
    old=some_words,
    cues=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900), some_words), max_size=8),
    each_ms=st.integers(1, 400),
    duration=st.integers(1, 6000),
)
def test_words_are_in_order_inside_their_cues(
    old: list[str], cues: list[tuple[int, int, list[str]]], each_ms: int, duration: int
) -> None:
    """Fail if any word overlaps another, lasts no time, leaves its cue or the media, or is lost."""
    made, at = [], 0
    for gap, length, texts in cues:
        made.append(Cue(at + gap, at + gap + length, tuple(texts)))
        at += gap + length
    after = transcript(made, heard(" ".join(old), 100, each_ms), "en", duration)
    shown = [cue for cue in made if cue.start_ms < duration]
    assert [utterance.text for utterance in after.utterances] == [" ".join(cue.lines) for cue in shown]
    for utterance in after.utterances:
        assert utterance.text == " ".join(word.text for word in utterance.words)
        assert utterance.start_ms <= utterance.words[0].start_ms
        assert utterance.words[-1].end_ms <= utterance.end_ms <= duration
    assert all(word.start_ms < word.end_ms for word in after.words)
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(after.words))


def test_changes_tell_what_was_put_where() -> None:
    """Fail if a correction, an omission or a capital inside a sentence is not told, or an unchanged word is."""
    before = heard("today Andy Navi met macron again again. the end")
    after = transcript([Cue(0, 5000, ("Today Andonovic met Macron again.", "The end, friends"))], before, "en", 60_000)
    told = [(change.heard, change.corrected) for change in changes(before, after)]
    assert told == [("Andy Navi", "Andonovic"), ("macron", "Macron"), ("again.", ""), ("", "friends")]
    assert changes(before, before) == ()


@pytest.mark.parametrize(
    ("corrected", "opens", "expected"),
    [
        ("Andonovic", False, ("Andonovic",)),
        ("Andonovic", True, ()),
        ("said Emmanuel Macron, who met Olaf Scholz's", False, ("Emmanuel Macron", "Olaf Scholz")),
        ("over. The president Ursula von der Leyen", False, ("Ursula von der Leyen",)),
        ("рече Сашко Андоновиќ во", False, ("Сашко Андоновиќ",)),
        ("and I think", False, ()),
        ("30,000 men", False, ()),
    ],
)
def test_names(corrected: str, opens: bool, expected: tuple[str, ...]) -> None:
    """Fail if a name is not offered to the glossary, or a word that only begins a sentence is."""
    assert names([Change(0, "x", corrected, opens)]) == expected


def test_names_are_offered_once() -> None:
    """Fail if a name that was corrected twice is offered twice."""
    assert names([Change(0, "x", "Macron"), Change(9, "y", "Macron.")]) == ("Macron",)
