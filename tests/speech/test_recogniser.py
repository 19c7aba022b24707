"""The caller's side of recognition: one child for many files, whose errors come back as they were raised."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from votd.media.errors import BadRequest, Unavailable
from votd.media.model import Recognition
from votd.media.speech.recogniser import Recogniser, Sound

SAMPLE = Path(__file__).parents[1] / "sample" / "sample.mp4"
WAV = ("-vn", "-ar", "16000", "-ac", "1", "-c:a", "pcm_s16le")


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


@pytest.fixture
def silence(ffmpeg: str, tmp_path: Path) -> Path:
    """Make a second of silence."""
    wav, source = tmp_path / "silence.wav", "anullsrc=sample_rate=16000:channel_layout=mono:duration=1"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, *WAV, str(wav)], check=True)
    return wav


def transcribed(sound: Sound, cache: Path, told: list[float] | None = None) -> Recognition:
    """Run one transcription to its end."""

    async def run() -> Recognition:
        async with Recogniser(cache, 2) as ear:
            to = sound.wav.with_suffix(".heard.json")
            return await ear.transcribe(sound, to, (told if told is not None else []).append)

    return asyncio.run(run())


def test_speech_with_its_progress(speech: Path, cache: Path) -> None:
    """The sample's opening comes back through the child, and how far it is was told on the way."""
    told: list[float] = []
    heard = transcribed(Sound(speech, "base", None), cache, told)
    assert heard.model == "base" and heard.transcript.language == "en"
    assert heard.transcript.text.lower().replace(",", "").startswith("good evening from")
    assert told == sorted(told) and 0.5 < told[-1] <= 1


def test_one_child_answers_many_requests(speech: Path, silence: Path, cache: Path) -> None:
    """What it loaded stays: two files, an error between them, and another kind of request, by one process."""

    async def run() -> None:
        async with Recogniser(cache, 2) as ear:
            first = await ear.transcribe(Sound(speech, "base", "en"), speech.with_suffix(".1.json"), lambda _: None)
            child = ear._worker._child
            with pytest.raises(BadRequest):
                await ear.transcribe(Sound(silence, "bass", None), silence.with_suffix(".json"), lambda _: None)
            nothing = await ear.transcribe(Sound(silence, "base", "mk"), silence.with_suffix(".json"), lambda _: None)
            assert (await ear.language(Sound(speech, "base", None), lambda _: None))[0] == "en"
            kept = await ear.respell(
                Sound(speech, "base", "en"), first, (), speech.with_suffix(".2.json"), lambda _: None
            )
            assert ear._worker._child is child and child is not None
        assert first.transcript.words and kept == first
        assert (nothing.transcript.language, nothing.transcript.utterances) == ("mk", ())
        assert child.returncode is not None

    asyncio.run(run())


def test_refusals(silence: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if the child's own errors do not come back as they were raised there."""
    with pytest.raises(BadRequest, match="does not know the language 'tlh'"):
        transcribed(Sound(silence, "base", "tlh"), cache)
    with pytest.raises(BadRequest, match="There is no model 'bass'"):
        transcribed(Sound(silence, "bass", None), cache)
    with pytest.raises(BadRequest, match="not a 16 kHz mono"):
        transcribed(Sound(Path(__file__), "base", None), cache)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match="'large-v3' is not on this machine"):
        transcribed(Sound(silence, "large-v3", None), cache)


def test_a_folder_with_broken_weights(silence: Path, cache: Path, tmp_path: Path) -> None:
    """Fail if weights that cannot be loaded are anything but a request to name others."""
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(BadRequest, match="cannot be loaded"):
        transcribed(Sound(silence, str(tmp_path), None), cache)
