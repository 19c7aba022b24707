"""Recognition with the real base model on real sound."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from votd.media.errors import BadRequest, Unavailable
from votd.media.model import Transcript
from votd.media.speech.recognise import transcribe

SAMPLE = Path(__file__).parents[1] / "sample" / "sample.mp4"
WAV = ("-vn", "-ar", "16000", "-ac", "1", "-c:a", "pcm_s16le")
OPENING = "good evening from"  # tests/sample/commentary.txt


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a cache that the joined model goes into once; pytest would keep its 145 MB."""
    folder = tmp_path_factory.mktemp("cache")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def speech(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first twelve seconds of the sample's commentary."""
    wav = tmp_path_factory.mktemp("speech") / "speech.wav"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-i", str(SAMPLE), "-t", "12", *WAV, str(wav)], check=True)
    return wav


def silence(ffmpeg: str, path: Path, seconds: float) -> Path:
    """Make a silent WAV."""
    source = f"anullsrc=sample_rate=16000:channel_layout=mono:duration={seconds}"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, *WAV, str(path)], check=True)
    return path


def recognise(
    wav: Path, cache: Path, model: str = "base", language: str | None = None, told: list[float] | None = None
) -> Transcript:
    """Run one transcription to its end."""
    told = [] if told is None else told
    to = wav.with_suffix(".transcript.json")
    return asyncio.run(transcribe(wav, model, to=to, language=language, cache=cache, threads=2, progress=told.append))


def assert_orderly(transcript: Transcript) -> None:
    """Check what every transcript promises."""
    edges = [edge for word in transcript.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert all(word.start_ms < word.end_ms and 0 <= word.probability <= 1 for word in transcript.words)
    assert edges[0] >= 0 and edges[-1] <= transcript.duration_ms
    assert transcript.text == " ".join(word.text for word in transcript.words)


def test_speech(speech: Path, cache: Path) -> None:
    """Fail if the sample's opening is not recognised, in its language, with words in order and progress told."""
    told: list[float] = []
    transcript = recognise(speech, cache, told=told)
    assert (transcript.language, transcript.duration_ms) == ("en", 12_000)
    assert transcript.language_probability > 0.5
    assert transcript.text.lower().replace(",", "").startswith(OPENING)
    assert len(transcript.words) > 20
    assert_orderly(transcript)
    assert told == sorted(told) and 0.5 < told[-1] <= 1


def test_a_long_silence_stretches_no_word(ffmpeg: str, speech: Path, cache: Path, tmp_path: Path) -> None:
    """Fail if a word or an utterance reaches into the forty seconds of silence between two talks."""
    gap, both = silence(ffmpeg, tmp_path / "gap.wav", 40), tmp_path / "both.wav"
    inputs = ["-t", "6", "-i", str(speech), "-i", str(gap), "-t", "6", "-i", str(speech)]
    graph = "[0:a][1:a][2:a]concat=n=3:v=0:a=1"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *inputs, "-filter_complex", graph, *WAV, str(both)], check=True)
    transcript = recognise(both, cache, language="en-GB")
    assert (transcript.language, transcript.language_probability) == ("en-GB", 1.0)
    assert_orderly(transcript)
    pad = 500  # voice detection leaves 400 ms around speech
    assert not [word for word in transcript.words if word.start_ms < 46_000 - pad and word.end_ms > 6000 + pad]
    assert not [told for told in transcript.utterances if told.start_ms < 6000 + pad and told.end_ms > 46_000 - pad]
    assert transcript.text.lower().count("evening from") == 2


@pytest.mark.parametrize("seconds", [20, 0.1])
def test_silence(seconds: float, ffmpeg: str, cache: Path, tmp_path: Path) -> None:
    """Fail if silence has words or a language, or is a failure."""
    transcript = recognise(silence(ffmpeg, tmp_path / "silence.wav", seconds), cache)
    assert transcript == Transcript("und", 0.0, round(seconds * 1000), ())


def test_silence_keeps_a_declared_language(ffmpeg: str, cache: Path, tmp_path: Path) -> None:
    """Fail if the language that the newsroom declared is lost where nobody speaks."""
    transcript = recognise(silence(ffmpeg, tmp_path / "silence.wav", 3), cache, language="mk")
    assert transcript == Transcript("mk", 1.0, 3000, ())


def test_refusals(ffmpeg: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if the child's own errors do not come back as they were raised there."""
    wav = silence(ffmpeg, tmp_path / "silence.wav", 1)
    with pytest.raises(BadRequest, match="does not know the language 'tlh'"):
        recognise(wav, cache, language="tlh")
    with pytest.raises(BadRequest, match="There is no model 'bass'"):
        recognise(wav, cache, model="bass")
    with pytest.raises(BadRequest, match="not a 16 kHz mono"):
        recognise(Path(__file__), cache)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match="'large-v3' is not on this machine"):
        recognise(wav, cache, model="large-v3")


def test_a_folder_with_broken_weights(ffmpeg: str, cache: Path, tmp_path: Path) -> None:
    """Fail if weights that cannot be loaded are anything but a request to name others."""
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(BadRequest, match="cannot be loaded"):
        recognise(silence(ffmpeg, tmp_path / "silence.wav", 1), cache, model=str(tmp_path))
