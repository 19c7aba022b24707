"""Doubtful names: found by their sound, judged by a second hearing, on what the real model heard."""

from pathlib import Path

import pytest

from votd.media import schema
from votd.media.model import Recognition, Transcript, Utterance, Word
from votd.media.speech import names
from votd.media.speech.sounds import distance, plain

TALKS = Path(__file__).parent / "commentaries"
STORY = ("Andonovic", "Sloboden Pechat", "Skopje", "Albin Kurti", "Olaf Scholz", "Emmanuel Macron", "Ukraine", "Bitola")


def recognised(*said: tuple[str, float]) -> Recognition:
    """Make a recognition of one utterance, each word 400 ms long."""
    words = tuple(Word(at * 400, at * 400 + 400, text, sure) for at, (text, sure) in enumerate(said))
    text = " ".join(word.text for word in words)
    duration = 400 * len(words)
    return Recognition(Transcript("en", 1.0, duration, (Utterance(0, duration, text, words),)), "base")


def heard(talk: str) -> Recognition:
    """Return the base model's first hearing of a talk."""
    return schema.load(Recognition, (TALKS / f"{talk}.heard.json").read_bytes())


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Bytola", "Bitola", 0, 0.01),
        ("Anton Novik", "Andonovic", 0, names.SAME),
        ("Андоновиќ", "Andonović", 0, names.SAME),
        ("Скопје", "Skopje", 0, 0),
        ("Bulk grade", "Belgrade", 0, names.ALIKE),
        ("All our shalts", "Olaf Scholz", 0, names.ALIKE),
        ("Meanwhile", "Macron", names.ALIKE, 1),
        ("Andy", "Andonovic", names.ALIKE, 1),
        ("Europe", "Viktor Orban", names.ALIKE, 1),
        ("", "Skopje", 1, 1),
    ],
)
def test_distance_is_of_sounds(one: str, other: str, least: float, most: float) -> None:
    """What sounds alike is near in any spelling and script; what only shares letters is far."""
    assert least <= distance(one, other) <= most
    assert distance(one, other) == distance(other, one)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([("in", 0.9), ("Bytola.", 0.6)], "in Bitola."),
        ([("am", 0.9), ("Ando", 0.4), ("Novich,", 0.7)], "am Andonovic,"),
        ([("for", 0.9), ("Slobodan", 0.6), ("Petchot.", 0.4)], "for Sloboden Pechat."),
        ([("in", 0.9), ("Andonovich's", 0.5), ("words", 0.9)], "in Andonovic's words"),
        ([("the", 0.9), ("scope", 0.5), ("of", 0.9)], "the scope of"),
        ([("too", 0.9), ("curt", 0.4), ("with", 0.9)], "too curt with"),
        ([("a", 0.9), ("Scope", 0.95), ("of", 0.9)], "a Scope of"),
        ([("the", 0.9), ("Ukrainian", 0.97), ("army", 0.9)], "the Ukrainian army"),
        ([("the", 0.9), ("Kurtis", 0.95), ("army", 0.9)], "the Kurtis army"),
        ([("Scope", 0.5), ("matters", 0.9)], "Scope matters"),
    ],
)
def test_a_name_of_the_same_sound_is_spelled_right(said: list[tuple[str, float]], text: str) -> None:
    """Only where the recogniser wrote an unsure name; punctuation and possessives stay, words heard well too."""
    made = names.spelled(recognised(*said), STORY)
    assert made.transcript.text == text
    assert (len(made.findings) == 1) is (text != recognised(*said).transcript.text)
    assert all(word.start_ms < word.end_ms for word in made.transcript.words)
    assert made.transcript.utterances[0].end_ms == 400 * len(said)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ("and Olaf Scholz was there", "and Olaf Scholz was there"),
        ("and Olaf Scholz is here, Emmanuel Macron, Skopje", "and Olaf Scholz was there"),
        ("and Emmanuel Macron was there", "and all our shalts was there"),
        ("and some old salts was there", "and all our shalts was there"),
        ("", "and all our shalts was there"),
    ],
)
def test_only_a_name_on_the_doubtful_run_is_taken(second: str, text: str) -> None:
    """Invented names, other words and what follows them are dropped."""
    first = recognised(("and", 0.9), ("all", 0.5), ("our", 0.1), ("shalts", 0.5), ("was", 0.9), ("there", 0.9))
    words = [Word(at * 300, at * 300 + 300, word, 0.7) for at, word in enumerate(second.split())]
    made = names.judged(first, names.Window(0, 0, 6, STORY), words)
    assert made.transcript.text == text


def test_names_are_written_in_the_script_of_the_speech() -> None:
    """A Cyrillic name is transliterated for Latin speech; a Latin one is left out of Cyrillic speech."""
    assert "Skopje" in names.targets(["Скопје"], "Good evening")
    assert names.targets(["Skopje", "Битола"], "Добра вечер") == ("Битола",)


@pytest.mark.parametrize("talk", ["sample", "cinema", "dialogue", "handball", "motorway"])
def test_windows_are_few_and_short(talk: str) -> None:
    """At most four a minute, each under a third of a minute and with at most eight names."""
    first = heard(talk)
    found = names.windows(first, STORY)
    assert len(found) <= max(2, first.transcript.duration_ms * 4 // 60_000)
    for window in found:
        words = first.transcript.utterances[window.utterance].words[window.start : window.end]
        assert words[-1].end_ms - words[0].start_ms <= 20_000
        assert 1 <= len(window.names) <= 8


@pytest.mark.parametrize("talk", ["foreign-bread", "foreign-stars"])
def test_other_subjects_stay_as_they_were_heard(talk: str) -> None:
    """Names of other stories change nothing."""
    first = heard(talk)
    assert names.spelled(first, STORY) == first


def test_folding_leaves_letters_and_digits() -> None:
    """Marks, case, script, spaces and punctuation are gone."""
    assert plain("Љубомир Đoković-2!") == "ljubomirdjokovich2"
