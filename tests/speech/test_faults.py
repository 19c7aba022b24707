"""The guard against Whisper's faults: real and planted ones, and clean speech, from figures and from sound.

``faults/README.md`` says where the clips come from. ``python -m pytest -s tests/speech/test_faults.py`` prints the
figures of both halves.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from votd.flows.speech import user_cache
from votd.media.model import Recognition
from votd.media.speech import guard, recognise, weights
from votd.media.speech.guard import Piece
from votd.media.speech.words import Heard, Region

FAULTS = Path(__file__).parent / "faults"
RATE = 16_000
MOST_FALSE, LEAST_FOUND = 0.05, 0.9


def clips(half: str) -> list[dict[str, Any]]:
    """Read one half of the recorded clips."""
    read: list[dict[str, Any]] = json.loads((FAULTS / f"{half}.json").read_text(encoding="utf-8"))
    return read


def judged(clip: dict[str, Any]) -> list[str | None]:
    """Return the kind of verdict for each of a clip's pieces."""
    pieces = [
        Piece(each["text"], tuple(Heard(at, *word) for word in each["words"]), *(each[name] for name in FIGURES))
        for at, each in enumerate(clip["pieces"])
    ]
    speech = [Region(*region) for region in clip["speech"]]
    return [verdict and verdict.kind for verdict in guard.judge(pieces, speech)]


FIGURES = ("log_prob", "no_speech", "compression", "temperature")
BAD = {"loop", "invented"}


@pytest.mark.parametrize("half", ["dev", "held_out"])
def test_faults_are_found_and_clean_speech_stands(half: str) -> None:
    """Fail if less than nine in ten faulty clips are found with every planted piece, or one in twenty clean is hit."""
    clean = [clip for clip in clips(half) if clip["kind"] == "clean"]
    faulty = [clip for clip in clips(half) if clip["kind"] != "clean"]
    hit = [clip["name"] for clip in clean if BAD & set(judged(clip))]
    missed = [clip["name"] for clip in faulty if not all(judged(clip)[at] in BAD for at in clip["planted"])]
    doubtful = [clip["name"] for clip in clean if "doubtful" in judged(clip)]
    print(f"\n{half}: {len(faulty) - len(missed)}/{len(faulty)} found, missed {missed};", end=" ")
    print(f"{len(hit)}/{len(clean)} false alarms {hit}; {len(doubtful)} clean but doubtful {doubtful}")
    assert len(missed) <= (1 - LEAST_FOUND) * len(faulty)
    assert len(hit) <= MOST_FALSE * len(clean)


def test_there_are_enough_clips() -> None:
    """Fail if a half shrinks until its figures mean nothing."""
    both = [*clips("dev"), *clips("held_out")]
    assert sum(clip["kind"] == "clean" for clip in both) >= 80
    assert sum(clip["kind"] != "clean" for clip in both) >= 40
    assert sum(clip["kind"] != "clean" and clip["how"] == "real" for clip in both) >= 15


# --- with the real model ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whisper() -> Any:
    """Load the real base model once."""
    from faster_whisper import WhisperModel

    return WhisperModel(str(weights.find("base", user_cache())), device="cpu", compute_type="int8", cpu_threads=2)


def heard(whisper: Any, samples: np.ndarray, language: str | None = None) -> Recognition:
    """Recognise samples."""
    return recognise.recognise(whisper, samples.astype(np.float32), language, "base", lambda share: None)


def tones(seconds: float, *pitches: float) -> np.ndarray:
    """Make a chord that swells and fades twice a second."""
    at = np.arange(round(seconds * RATE)) / RATE
    return 0.1 * sum(np.sin(2 * np.pi * pitch * at) for pitch in pitches) * (0.6 + 0.4 * np.sin(4 * np.pi * at))


def melody(seconds: float) -> np.ndarray:
    """Play plucked notes, two a second."""
    at = np.arange(RATE // 2) / RATE
    notes = [262, 294, 330, 349, 392, 440, 494, 523] * 99
    played = [0.3 * np.sin(2 * np.pi * note * at) * np.exp(-4 * at) for note in notes[: round(seconds * 2)]]
    return np.concatenate(played)


NOISE = np.random.default_rng(5).standard_normal(25 * RATE)
SOUNDS = {
    "silence": np.zeros(25 * RATE),
    "white noise": 0.05 * NOISE,
    "brown noise": 0.2 * np.cumsum(NOISE - NOISE.mean()) / np.abs(np.cumsum(NOISE - NOISE.mean())).max(),
    "chord": tones(25, 261.6, 329.6, 392.0),
    "melody": melody(25),
    "hum": tones(25, 50, 100),
}


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("language", [None, "en", "mk"])
def test_nobody_speaks(sound: str, language: str | None, whisper: Any) -> None:
    """Fail if silence, noise or music have words."""
    made = heard(whisper, SOUNDS[sound], language)
    assert made.transcript.utterances == ()
    assert made.transcript.language == (language or "und")


def spoken(command: Sequence[str], folder: Path) -> np.ndarray:
    """Run a synthesiser that writes ``said.wav`` in a folder; return its sound at 16 kHz."""
    import imageio_ffmpeg

    subprocess.run(command, cwd=folder, check=True)
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", "said.wav", "-ar", str(RATE)]
    raw = subprocess.run([*argv, "-ac", "1", "-f", "s16le", "-"], cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32768


def flite(text: str, folder: Path, voice: str = "slt") -> np.ndarray:
    """Speak English with flite."""
    return spoken(["flite", "-voice", voice, "-t", text, "-o", "said.wav"], folder)


def espeak(text: str, voice: str, folder: Path) -> np.ndarray:
    """Speak any language with espeak-ng."""
    return spoken(["espeak-ng", "-v", voice, "-s", "140", "-w", "said.wav", text], folder)


ENGLISH = "The parliament voted last night on a new budget, and nobody in the chamber was happy with it."
RIVER = "Farmers along the river say that the water has not been this low for thirty years."
GERMAN = "Die Bundesregierung hat heute einen neuen Haushalt vorgestellt, und die Opposition kritisiert ihn scharf."
MACEDONIAN = "Владата вчера го усвои новиот буџет, но опозицијата најави протести пред Собранието."


@pytest.mark.all
def test_speech_silence_speech(whisper: Any, tmp_path: Path) -> None:
    """Fail if forty seconds of silence, or of music, hold a word, or a word beside them is lost."""
    before, after = flite(ENGLISH, tmp_path), flite(RIVER, tmp_path, "rms")
    for between in (np.zeros(40 * RATE), melody(40)):
        made = heard(whisper, np.concatenate([before, between, after]))
        start_ms, end_ms = len(before) // 16, (len(before) + len(between)) // 16
        assert not [w for w in made.transcript.words if w.end_ms > start_ms + 500 and w.start_ms < end_ms - 500]
        assert "happy with it" in made.transcript.text and "low for 30 years" in made.transcript.text
        assert made.findings == ()


@pytest.mark.all
@pytest.mark.parametrize("text", ["No, no, no, we will not sign it.", "Four more years! " * 4, "Thank you."])
def test_what_is_really_said_again_stands(text: str, whisper: Any, tmp_path: Path) -> None:
    """Fail if a repetition that a speaker says, or a sentence that Whisper likes to invent, is dropped."""
    made = heard(whisper, flite(text, tmp_path), "en")
    assert len(made.transcript.words) >= len(text.split()) * 0.75
    assert not [found for found in made.findings if found.kind != "doubtful"]


@pytest.mark.all
def test_a_language_that_cannot_be_told(whisper: Any, tmp_path: Path) -> None:
    """Fail if speech that sounds a little like Latin gets captions, or nobody is told why there are none."""
    made = heard(whisper, espeak(MACEDONIAN, "mk", tmp_path))
    assert (made.transcript.language, made.transcript.utterances) == ("und", ())
    (found,) = made.findings
    assert found.kind == "language" and "could not be told" in found.why


@pytest.mark.all
def test_leading_music_is_no_language(whisper: Any, tmp_path: Path) -> None:
    """Fail if the language is sought in half a minute of music and not in the speech after it."""
    sound = np.concatenate([melody(35), flite(ENGLISH, tmp_path)]).astype(np.float32)
    language, probability = recognise.detect(whisper, sound)
    assert language == "en" and probability > 0.8
    assert recognise.detect(whisper, melody(20).astype(np.float32)) == ("und", 0.0)


@pytest.mark.all
def test_two_languages_each_in_its_own(whisper: Any, tmp_path: Path) -> None:
    """Fail if German after English is told in English, or the stretch is not shown."""
    english = np.concatenate([flite(ENGLISH, tmp_path), flite(RIVER, tmp_path, "rms")])
    both = np.concatenate([english, *[espeak(GERMAN, "de", tmp_path)] * 2])
    made = heard(whisper, both)
    assert made.transcript.language == "en"
    (found,) = [found for found in made.findings if found.kind == "language"]
    assert abs(found.start_ms - len(english) // 16) < 1500 and found.end_ms > len(both) // 16 - 1500
    assert "German" in found.why and "hat heute" in made.transcript.text
    declared = heard(whisper, both, "en")
    assert declared.transcript.language == "en"
    (shown,) = [found for found in declared.findings if found.kind == "language"]
    assert "German" in shown.why and shown.heard == shown.used
