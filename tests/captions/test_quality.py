"""Verdicts on cues and the counts of what they could not meet."""

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from votd.media.captions.quality import judge
from votd.media.model import CaptionStyle, Cue, Finding, FindingKind, Quality, Transcript, Utterance, Word

CONFIG = Path(__file__).parents[2] / "config" / "captions.toml"
STYLE = CaptionStyle(**tomllib.loads(CONFIG.read_text("utf-8"))["style"])
CUES = (Cue(0, 2000, ("One two.",)), Cue(3000, 5000, ("Three four.",)))


def said(*probabilities: float | None) -> Transcript:
    """Say four words, two a cue."""
    starts = (0, 1000, 3000, 4000)
    words = tuple(Word(at, at + 900, "word", p) for at, p in zip(starts, probabilities, strict=True))
    return Transcript("en", 1.0, 9000, (Utterance(0, 5000, "", words),))


@pytest.mark.parametrize(
    ("probabilities", "verdicts"),
    [
        ((0.9, 0.9, 0.9, 0.9), ("good", "good")),
        ((0.9, 0.2, 0.1, 0.2), ("good", "doubtful")),
        ((None, None, 0.3, None), ("good", "good")),
        ((None, None, None, None), ("good", "good")),
    ],
)
def test_unsure_words_make_a_cue_doubtful(probabilities: tuple[float | None, ...], verdicts: tuple[str, ...]) -> None:
    """Fail if a cue of unlikely words is called good, or one unlikely word or a person's word makes it doubtful."""
    told, quality = judge(CUES, said(*probabilities), (), STYLE)
    assert tuple(one.verdict for one in told) == verdicts
    assert quality.doubtful == verdicts.count("doubtful") / 2


@pytest.mark.parametrize(
    ("kind", "used", "verdict"),
    [
        ("doubtful", "three", "doubtful"),
        ("loop", "three", "doubtful"),
        ("invented", "three", "doubtful"),
        ("off_script", "three", "doubtful"),
        ("not_spoken", "three", "doubtful"),
        ("name", "three", "good"),
        ("language", "three", "good"),
        ("loop", "", "good"),
    ],
)
def test_findings_that_stand_make_a_cue_doubtful(kind: FindingKind, used: str, verdict: str) -> None:
    """Fail if a finding whose words still stand is forgotten, or one that was mended counts."""
    told, _ = judge(CUES, said(0.9, 0.9, 0.9, 0.9), (Finding(kind, 3500, 4000, "three", used, "why"),), STYLE)
    assert [one.verdict for one in told] == ["good", verdict]
    assert bool(told[1].why) == (verdict == "doubtful")


def test_what_could_not_be_met_is_counted() -> None:
    """Fail if a cue that breaks a rule is not counted."""
    made = (
        Cue(0, 500, ("Yes.",)),
        Cue(540, 2540, ("x" * 43,)),
        Cue(2740, 4740, ("x" * 41, "x" * 41)),
        Cue(4820, 12_000, ("Slow.",)),
    )
    nobody = Transcript("en", 1.0, 12_000, ())
    expected = Quality(cues=4, doubtful=0.0, too_short=1, too_long=1, fast=2, too_fast=1, bad_gaps=2, long_lines=1)
    assert judge(made, nobody, (), STYLE, Fraction(25))[1] == expected


def test_no_cues() -> None:
    """Fail if silence cannot be judged."""
    assert judge((), said(0.1, 0.1, 0.1, 0.1), (), STYLE) == ((), Quality(0, 0.0, 0, 0, 0, 0, 0, 0))
