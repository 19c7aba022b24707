"""Names heard again by the real base model."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from votd.media import schema
from votd.media.model import Recognition
from votd.media.speech import weights
from votd.media.speech.respell import respell

TALKS = Path(__file__).parent / "commentaries"


@pytest.fixture(scope="module")
def whisper() -> Any:
    """Return the base model."""
    from faster_whisper import WhisperModel

    folder = weights.find("base", Path("~/.cache/votd").expanduser())
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)


def heard(talk: str) -> Recognition:
    """Return the base model's first hearing of a talk."""
    return schema.load(Recognition, (TALKS / f"{talk}.heard.json").read_bytes())


def sound(ffmpeg: str, talk: str) -> np.ndarray:
    """Decode a talk."""
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", str(TALKS / f"{talk}.opus"), "-ar", "16000", "-ac", "1"]
    made = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(made, "<i2").astype(np.float32) / 32768


def test_nothing_is_decoded_where_nothing_is_doubtful() -> None:
    """Without a doubtful name, or with a script, no model is needed."""
    first = heard("foreign-bread")
    nothing = np.zeros(0, np.float32)
    assert respell(None, nothing, first, ["Ursula von der Leyen"], lambda share: None) == first
    script = replace(heard("dialogue"), script=0.9)
    assert respell(None, nothing, script, ["Belgrade"], lambda share: None) == script


@pytest.mark.all
def test_a_second_hearing_finds_names(whisper: Any, ffmpeg: str) -> None:
    """What the first pass half heard is right afterwards; every change is told, and nothing else changes."""
    told: list[float] = []
    first = heard("dialogue")
    made = respell(whisper, sound(ffmpeg, "dialogue"), first, ["Belgrade", "Albin Kurti"], told.append)
    changes = {finding.heard: finding.used for finding in made.findings}
    assert changes["Bulk grade"] == "Belgrade"
    assert changes["Curdy"] == "Kurti"
    text = first.transcript.text
    for finding in made.findings:
        text = text.replace(finding.heard, finding.used, 1)
    assert made.transcript.text == text
    assert told[-1] == 1.0
    edges = [edge for word in made.transcript.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)


@pytest.mark.all
@pytest.mark.parametrize("talk", ["foreign-bread", "foreign-stars"])
def test_foreign_talks_show_no_names(talk: str, whisper: Any, ffmpeg: str) -> None:
    """Names of other stories are heard nowhere, although windows are doubted."""
    story = ["Andonovic", "Skopje", "Albin Kurti", "Filip Kuzmanovski", "Pelister", "Tetovo", "Saturnin", "Orban"]
    made = respell(whisper, sound(ffmpeg, talk), heard(talk), story, lambda share: None)
    assert made.transcript == heard(talk).transcript
