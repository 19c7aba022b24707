"""Recognition with the real base model on real sound; what can go wrong before it hears is in test_recogniser.py."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from votd.flows.speech import user_cache
from votd.media.errors import BadRequest
from votd.media.model import Transcript
from votd.media.speech import recognise, weights

SAMPLE = Path(__file__).parents[1] / "sample" / "sample.mp4"
RATE = 16_000
OPENING = "good evening from"  # tests/sample/commentary.txt


@pytest.fixture(scope="module")
def whisper() -> Any:
    """Load the real base model once."""
    from faster_whisper import WhisperModel

    return WhisperModel(str(weights.find("base", user_cache())), device="cpu", compute_type="int8", cpu_threads=2)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Return the first twelve seconds of the sample's commentary."""
    import imageio_ffmpeg

    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(SAMPLE), "-t", "12", "-vn"]
    done = subprocess.run([*argv, "-ar", "16000", "-ac", "1", "-f", "s16le", "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, "<i2").astype(np.float32) / 32768


def silence(seconds: float) -> np.ndarray:
    """Make silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def ignore(share: float) -> None:
    """Take a progress that nobody looks at."""


def assert_orderly(transcript: Transcript) -> None:
    """Check what every transcript promises."""
    edges = [edge for word in transcript.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert all(word.start_ms < word.end_ms and 0 <= (word.probability or 0) <= 1 for word in transcript.words)
    assert edges[0] >= 0 and edges[-1] <= transcript.duration_ms
    assert transcript.text == " ".join(word.text for word in transcript.words)


def test_speech(speech: np.ndarray, whisper: Any) -> None:
    """Fail if the sample's opening is not recognised, in its language, with words in order and progress told."""
    told: list[float] = []
    made = recognise.recognise(whisper, speech, None, "base", told.append)
    transcript = made.transcript
    assert (transcript.language, transcript.duration_ms, made.model) == ("en", len(speech) // 16, "base")
    assert transcript.language_probability > 0.5
    assert transcript.text.lower().replace(",", "").startswith(OPENING)
    assert len(transcript.words) > 20
    assert_orderly(transcript)
    assert told == sorted(told) and 0.5 < told[-1] <= 1
    assert not [found for found in made.findings if found.kind in {"loop", "invented", "language"}]


def test_a_long_silence_stretches_no_word(speech: np.ndarray, whisper: Any) -> None:
    """Fail if a word or an utterance reaches into the forty seconds of silence between two talks."""
    talk = speech[: 6 * RATE]
    both = np.concatenate([talk, silence(40), talk])
    transcript = recognise.recognise(whisper, both, "en-GB", "base", ignore).transcript
    assert (transcript.language, transcript.language_probability) == ("en-GB", 1.0)
    assert_orderly(transcript)
    pad = 500  # voice detection leaves 400 ms around speech
    assert not [word for word in transcript.words if word.start_ms < 46_000 - pad and word.end_ms > 6000 + pad]
    assert not [told for told in transcript.utterances if told.start_ms < 6000 + pad and told.end_ms > 46_000 - pad]
    assert transcript.text.lower().count("evening from") == 2


@pytest.mark.parametrize("seconds", [20, 0.1, 0])
def test_silence(seconds: float, whisper: Any) -> None:
    """Fail if silence has words or a language, or is a failure."""
    made = recognise.recognise(whisper, silence(seconds), None, "base", ignore)
    assert made.transcript == Transcript("und", 0.0, round(seconds * 1000), ())
    assert made.findings == ()
    assert recognise.detect(whisper, silence(seconds)) == ("und", 0.0)


def test_silence_keeps_a_declared_language(whisper: Any) -> None:
    """Fail if the language that the newsroom declared is lost where nobody speaks."""
    made = recognise.recognise(whisper, silence(3), "mk", "base", ignore)
    assert made.transcript == Transcript("mk", 1.0, 3000, ())


def test_a_language_that_whisper_does_not_know(whisper: Any) -> None:
    """Fail if it is heard as another one."""
    with pytest.raises(BadRequest, match="does not know the language 'tlh'"):
        recognise.recognise(whisper, silence(1), "tlh", "base", ignore)


def test_detection(speech: np.ndarray, whisper: Any) -> None:
    """Fail if plain English after a silence is not told."""
    language, probability = recognise.detect(whisper, np.concatenate([silence(35), speech]))
    assert language == "en" and probability > 0.8


def test_translation_is_english(speech: np.ndarray, whisper: Any) -> None:
    """Fail if a translation's transcript is in any other language than English."""
    transcript = recognise.translate(whisper, speech[: 6 * RATE], "de", "base", ignore).transcript
    assert transcript.language == "en" and transcript.words
