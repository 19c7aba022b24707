"""The guard's single rules, as tables; the figures over recorded clips are in test_faults.py."""

import zlib

import pytest

from votd.media.speech import ghosts
from votd.media.speech.again import Suspect, decide
from votd.media.speech.guard import Piece, Verdict, covered, judge, repeat, score
from votd.media.speech.words import Heard, Region


def piece(
    text: str, start_ms: int = 0, step_ms: int = 300, probability: float = 0.8, temperature: float = 0.0
) -> Piece:
    """Make a piece of evenly timed words, with the compression that Whisper would compute."""
    words = tuple(
        Heard(0, start_ms + at * step_ms, start_ms + (at + 1) * step_ms - 10, f" {word}", probability)
        for at, word in enumerate(text.split())
    )
    compression = len(text.encode()) / len(zlib.compress(text.encode()))
    return Piece(f" {text}", words, -0.3, 0.05, compression, temperature)


EVERYWHERE = (Region(0, 600_000),)


@pytest.mark.parametrize(
    ("text", "unit", "count"),
    [
        ("no no no", "no", 3),
        ("a b a b a b c", "a b", 3),
        ("so we go on and we go on and we go on", "we go on and", 2),
        ("x y y y y z", "y", 4),
    ],
)
def test_repeats(text: str, unit: str, count: int) -> None:
    """Fail if a phrase said in a row is not counted."""
    found = repeat(text.split())
    assert found and (found.unit, found.count) == (unit, count)


def test_no_repeat() -> None:
    """Fail if words that do not come in a row are a repetition."""
    assert repeat(["the", "cat", "and", "the", "dog", "and", "a", "bird"]) is None
    assert repeat([]) is None


@pytest.mark.parametrize(
    ("suspect", "kind"),
    [
        (piece("тететете"), "loop"),
        (piece("Слугава јајајајајајаја"), "loop"),
        (piece("no " * 12), "loop"),
        (piece("and then we went home " * 4, step_ms=40), "loop"),
        (piece("he said no no no no", probability=0.2), "loop"),
        (piece("bla, bla, bla. Yes.", temperature=0.8), "loop"),
        (piece("..."), "invented"),
        (piece("the vote was close", probability=0.3), "doubtful"),
    ],
    ids=lambda value: value.text.strip()[:20] if isinstance(value, Piece) else value,
)
def test_suspected(suspect: Piece, kind: str) -> None:
    """Fail if a fault is not suspected of what it is, or not explained in one sentence."""
    (verdict,) = judge([suspect], EVERYWHERE)
    assert verdict and verdict.kind == kind
    assert verdict.why.endswith(".") and "\n" not in verdict.why


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, we will not sign it.",
        "Wait, wait, wait, wait, who told you that?",
        "Four more years! Four more years! Four more years!",
        "Thank you.",
        "Thanks for watching, and see you tomorrow.",
        "1,000,000,000 and 100000000 people",
        "10 9 8 7 6 5 4 3 2 1",
        "Subtitles by the national library were shown.",
    ],
)
def test_people_say_so(text: str) -> None:
    """Fail if what people say, at their pace and with speech under it, is suspected."""
    assert judge([piece(text)], EVERYWHERE) == (None,)


@pytest.mark.parametrize("text", ["You", "Thank you.", "Thanks for watching!", "Subtitles by the Amara.org community"])
def test_a_ghost_needs_speech(text: str) -> None:
    """Fail if a sentence that Whisper likes to invent stands where nobody speaks."""
    (verdict,) = judge([piece(text, 5000)], (Region(0, 4000),))
    assert verdict and verdict.kind == "invented"


def test_the_same_segment_again_and_again() -> None:
    """Fail if a loop over several segments is not seen in each."""
    echoes = [piece("It is a problem.", 3000 * at, step_ms=200) for at in range(4)]
    verdicts = judge([piece("So it began.", 0), *echoes], (Region(0, 3000),))
    assert [verdict and verdict.kind for verdict in verdicts[2:]] == ["loop"] * 3


@pytest.mark.parametrize(
    ("text", "least"),
    [("Untertitel der Amara.org-Community", 2.5), ("Субтитры сделал кто-то", 2.5), ("thank you", 1.0), ("Skopje", 0.0)],
)
def test_priors(text: str, least: float) -> None:
    """Fail if a credit weighs less than a farewell, or a sentence of the day anything."""
    assert ghosts.prior(text) == least


def test_coverage_and_score() -> None:
    """Fail if words over silence count as explained speech, or nonsense is better than nothing."""
    said = piece("one two three four")
    assert covered(said, (Region(0, 600),)) == pytest.approx(0.5, abs=0.05)
    assert score([said], [None], EVERYWHERE, 1200) > 0.7
    assert score([said], [Verdict("loop", "")], EVERYWHERE, 1200) < 0


def suspect(first: Piece, kind: str) -> Suspect:
    """Put one piece under suspicion."""
    return Suspect((first,), (Verdict(kind, "Why."),), first.start_ms, first.end_ms)  # type: ignore[arg-type]


def test_the_better_reading_stays() -> None:
    """Fail if a surer second reading is not taken, or a worse one is."""
    poor, good = piece("der foot waz cloze", probability=0.3), piece("the vote was close", probability=0.9)
    used, finding = decide(suspect(poor, "doubtful"), [good], EVERYWHERE)
    assert used == [good]
    assert finding and (finding.heard, finding.used) == ("der foot waz cloze", "the vote was close")
    used, finding = decide(suspect(poor, "doubtful"), [piece("foot", probability=0.3)], EVERYWHERE)
    assert used == [poor] and finding and finding.used == finding.heard and "marked" in finding.why


@pytest.mark.parametrize("reading", [None, [], [piece("no " * 9)]], ids=["unheard", "nothing", "a loop again"])
def test_a_loop_is_dropped(reading: list[Piece] | None) -> None:
    """Fail if a loop stands because nothing better was heard."""
    used, finding = decide(suspect(piece("no " * 12), "loop"), reading, EVERYWHERE)
    assert used == [] and finding and finding.used == "" and finding.why.endswith("It was left out.")


def test_a_loop_heard_twice_alike_was_said() -> None:
    """Fail if a chant that two hearings give alike, at a speaker's pace, is dropped or shown as a fault."""
    chant = piece("four more years " * 8, step_ms=350)
    assert decide(suspect(chant, "loop"), [chant], EVERYWHERE) == ([chant], None)
    squeezed = piece("four more years " * 8, step_ms=30)
    assert decide(suspect(squeezed, "loop"), [squeezed], EVERYWHERE)[0] == []
