"""Alignment against voices that know when they say each word (scripts/README.md): times, cuts and ad-libs."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "scripts"))
import alignment

pytestmark = pytest.mark.all


@pytest.fixture(scope="module")
def whisper() -> Any:
    """Load the base model once, and make sure of the voices."""
    if missing := alignment.missing_voices():
        pytest.fail(missing)
    return alignment.load()


@pytest.mark.parametrize("case", alignment.CASES, ids=lambda case: f"{case.text}-{case.voice}")
def test_word_starts(whisper: Any, case: alignment.Case) -> None:
    """Fail if words are lost, begin late or early, or drift towards the end (issue 5, acceptance 7)."""
    speech = alignment.speak(case, alignment.sentences(case))
    made, _ = alignment.aligned(whisper, case, speech)
    found = alignment.errors(made, speech)
    known = sum(start is not None for line in speech.starts for start in line)
    assert found.words >= 0.99 * known
    assert made.script is not None and made.script >= 0.99
    assert found.median <= 60 and found.most <= 200
    assert found.last <= found.first + 20


@pytest.mark.parametrize("case", alignment.SPOKEN, ids=lambda case: f"{case.text}-{case.voice}")
def test_a_third_of_the_sentences_is_not_spoken(whisper: Any, case: alignment.Case) -> None:
    """Fail if more than one in fifty of the words that nobody says is shown, or three running."""
    left_out, made, _ = alignment.cut(whisper, case, seed=1)
    assert left_out.shown <= 0.02 * left_out.words and left_out.running < 3
    assert left_out.lost <= 0.05 * left_out.spoken
    assert made.script == pytest.approx(left_out.true_share, abs=0.04)
    assert any(finding.kind == "not_spoken" for finding in made.findings)


@pytest.mark.parametrize("place", [0, 5], ids=["at the start", "in the middle"])
@pytest.mark.parametrize(
    "case", [case for case in alignment.SPOKEN if case.language == "en"], ids=lambda case: case.voice
)
def test_an_ad_lib(whisper: Any, case: alignment.Case, place: int) -> None:
    """Fail if what is spoken off script is not recognised, or costs the script its words."""
    wer, made, _ = alignment.ad_lib(whisper, case, place)
    assert wer <= 0.15
    assert made.script is not None and made.script >= 0.98


def test_an_ad_lib_that_the_model_does_not_understand(whisper: Any) -> None:
    """Fail if what base makes of Macedonian is shown, is not told, or costs the script its words."""
    case = alignment.CASES[-1]
    lines = alignment.sentences(case)
    speech = alignment.speak(case, [*lines[:5], *alignment.AD_LIB_MK, *lines[5:]])
    made, _ = alignment.aligned(whisper, case, speech)
    told = [finding for finding in made.findings if finding.kind == "off_script"]
    assert told and all(finding.heard and not finding.used for finding in told)
    assert made.script is not None and made.script >= 0.98
    assert {word.text for word in made.transcript.words} <= set(" ".join(lines).split())


def test_long_enough(whisper: Any) -> None:
    """Fail if no commentary is longer than eight minutes: drift would not show."""
    long = alignment.speak(alignment.CASES[0], alignment.sentences(alignment.CASES[0]))
    assert len(long.samples) > 8 * 60 * 16_000
