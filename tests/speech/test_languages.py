"""Languages: tags, sisters, and which is spoken where."""

import pytest

from votd.media.speech.languages import Run, Stretch, kin, name, runs, tag, together, told, whispers


@pytest.mark.parametrize(("bcp47", "word"), [("en-GB", "en"), ("nb", "no"), ("jv", "jw"), ("MK", "mk"), ("fil", "tl")])
def test_whispers_words(bcp47: str, word: str) -> None:
    """Fail if a declared language does not reach Whisper under the name that it knows."""
    assert whispers(bcp47) == word


def test_names_and_tags() -> None:
    """Fail if a reader is given codes where there is a name, or a page a tag that is none."""
    assert (tag("jw"), tag("en"), name("mk"), name("haw")) == ("jv", "en", "Macedonian", "'haw'")
    assert kin("mk", "bg") and kin("en", "en") and not kin("en", "de")


def test_the_mean_of_windows_wins() -> None:
    """Fail if one sure window outvotes three."""
    heard = [{"la": 0.6, "mk": 0.3}, {"mk": 0.7}, {"mk": 0.8}]
    language, probability = together(heard)
    assert language == "mk" and probability == pytest.approx(0.6)


def test_a_refuge_is_believed_only_where_it_is_sure() -> None:
    """Fail if speech that Whisper does not know becomes Latin, or a fair detection is refused."""
    assert told("en", 0.5) and told("la", 0.9)
    assert not told("la", 0.6) and not told("en", 0.49)


def stretches(*given: tuple[int, dict[str, float]]) -> list[Stretch]:
    """Make stretches one after the other from their lengths in seconds."""
    made, at = [], 0
    for seconds, sounds in given:
        made.append(Stretch(at, at + seconds * 1000, sounds))
        at += seconds * 1000
    return made


EN, DE, UNSURE = {"en": 0.95}, {"de": 0.9, "en": 0.05}, {"nl": 0.4, "de": 0.3, "en": 0.1}


@pytest.mark.parametrize(
    ("each", "found"),
    [
        (stretches((5, EN), (5, EN)), [(0, 10, "en")]),
        (stretches((5, EN), (5, DE), (5, EN)), [(0, 5, "en"), (5, 10, "de"), (10, 15, "en")]),
        (stretches((5, EN), (4, UNSURE), (5, DE)), [(0, 5, "en"), (5, 14, "de")]),
        (stretches((5, EN), (4, UNSURE), (5, EN)), [(0, 14, "en")]),
        (stretches((5, EN), (2, DE), (5, EN)), [(0, 12, "en")]),
        (stretches((9, DE)), [(0, 9, "de")]),
        ([], []),
    ],
    ids=["one", "between", "unsure beside it", "unsure alone", "too short", "all of it", "nothing"],
)
def test_runs(each: list[Stretch], found: list[tuple[int, int, str]]) -> None:
    """Fail if a second language is missed, or made of an unsure or short stretch."""
    assert [(run.start_ms // 1000, run.end_ms // 1000, run.language) for run in runs(each, "en")] == found


def test_a_sister_is_no_second_language() -> None:
    """Fail if Macedonian that sounds like Bulgarian is taken for two languages."""
    assert runs(stretches((5, {"mk": 0.9}), (9, {"bg": 0.95})), "mk") == (Run(0, 14_000, "mk", 0.95),)
