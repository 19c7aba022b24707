"""Alignment with the real base model on the two samples; the voices with known word times are in another file."""

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from votd.media.model import Recognition
from votd.media.speech import script, weights
from votd.media.speech.align import align

SAMPLES = Path(__file__).parents[1] / "sample"
RIVER = SAMPLES / "macedonian"
# tests/sample/make.py knows where it put each sentence: the first audible moments of the nineteen, in ms.
SENTENCES = (
    *(3646, 5825, 10791, 15481, 22150, 24467, 28940, 30666, 35651, 42250, 45090, 51255, 56602, 59172),
    *(64995, 69235, 71870, 74120, 78398),
)
# tests/sample/macedonian/make.py prints when the words begin, in ms.
RIVER_WORDS = (
    *(500, 862, 1575, 1832, 2011, 3147, 3477, 4018, 4455, 4611, 4921, 5261, 5439, 5980, 6371, 7210, 7529, 7694),
    *(8158, 8447, 8823, 9147, 9421, 9738, 10440, 10536, 11735, 12108, 12287, 12610, 12847, 13023, 13889, 14038),
    *(14389, 14813, 15218, 15525, 16375, 16631, 16779, 17197, 18132, 18517, 19003, 19385, 19565, 19735, 20214),
    *(20683, 20955),
)


@pytest.fixture(scope="module")
def whisper() -> Any:
    """Load the base model once."""
    from faster_whisper import WhisperModel

    folder = weights.find("base", Path("~/.cache/votd").expanduser())
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)


def sound(ffmpeg: str, video: Path) -> np.ndarray:
    """Return a video's sound as Whisper wants it."""
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(video), "-vn", "-ar", "16000", "-ac", "1", "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout, dtype=np.float32)


def assert_orderly(made: Recognition) -> None:
    """Check what every transcript promises."""
    edges = [edge for word in made.transcript.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= made.transcript.duration_ms
    assert all(word.start_ms < word.end_ms and 0 <= word.probability <= 1 for word in made.transcript.words)


def test_the_sample_with_its_script(whisper: Any, ffmpeg: str) -> None:
    """Fail if a word of the commentary is lost or changed, or a sentence begins where nobody begins it."""
    paragraphs = script.read((SAMPLES / "commentary.txt").read_bytes())
    told: list[float] = []
    made = align(whisper, sound(ffmpeg, SAMPLES / "sample.mp4"), paragraphs, "en", "base", told.append)
    assert_orderly(made)
    assert made.transcript.text == " ".join(paragraphs)
    assert (made.script, made.findings, made.model) == (1.0, (), "base")
    starts = [utterance.start_ms for utterance in made.transcript.utterances]
    assert len(starts) == len(SENTENCES)
    errors = np.abs(np.subtract(starts, SENTENCES))
    assert np.median(errors) <= 60 and errors.max() <= 200
    assert told == sorted(told) and 0.5 < told[-1] <= 1


def test_a_language_that_the_model_cannot_recognise(whisper: Any, ffmpeg: str) -> None:
    """Fail if the Macedonian sample does not get its own words at their times, its language told by its letters."""
    paragraphs = script.read((RIVER / "andonovik-reka.txt").read_bytes())
    made = align(whisper, sound(ffmpeg, RIVER / "andonovik-reka.mp4"), paragraphs, None, "base", lambda share: None)
    assert_orderly(made)
    assert made.transcript.text == " ".join(paragraphs)
    assert (made.transcript.language, made.script) == ("mk", 1.0)
    errors = np.abs(np.subtract([word.start_ms for word in made.transcript.words], RIVER_WORDS))
    assert np.median(errors) <= 60 and np.percentile(errors, 95) <= 200


def test_a_language_that_the_model_does_not_know(whisper: Any, ffmpeg: str) -> None:
    """Fail if speech off the script ends the alignment of a language that Whisper has no name for."""
    paragraphs = ("\n".join(script.read((SAMPLES / "commentary.txt").read_bytes())).split(". ", 3)[1] + ".",)
    speech = sound(ffmpeg, SAMPLES / "sample.mp4")[: 18 * 16_000]
    made = align(whisper, speech, paragraphs, "rup", "base", lambda share: None)
    assert (made.transcript.language, made.script) == ("rup", 1.0)
    assert any(finding.kind == "off_script" for finding in made.findings)


def test_a_script_of_something_else(whisper: Any, ffmpeg: str) -> None:
    """Fail if a wrong script's words are shown, or what was said instead is not."""
    paragraphs = script.read((Path(__file__).parent / "scripts" / "bread.txt").read_bytes())
    speech = sound(ffmpeg, SAMPLES / "sample.mp4")[: 30 * 16_000]
    made = align(whisper, speech, paragraphs, "en", "base", lambda share: None)
    assert made.script is not None and made.script < 0.05
    assert "words were found in the speech" in made.findings[0].why
    assert "the conversation about the war" in made.transcript.text
    assert not re.search("bread|loaf|baker", made.transcript.text)


def test_silence(whisper: Any) -> None:
    """Fail if a script finds words where nobody speaks."""
    made = align(
        whisper, np.zeros(16_000 * 5, dtype=np.float32), ("Nobody says this.",), "en", "base", lambda share: None
    )
    assert made.transcript.utterances == () and made.script == 0
