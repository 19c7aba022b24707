"""The cases of forced alignment and what is measured on them, for test_align_voices.py and bench_align.py."""

import difflib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import jiwer
import numpy as np

from votd.media.model import Recognition
from votd.media.speech import script, weights
from votd.media.speech.align import align

HERE = Path(__file__).parent
MINUTE = 60_000
AD_LIB = (
    "By the way, someone has just sent me a message about this.",
    "A viewer writes that the old depot is still standing behind the market.",
    "Thank you for that, I did not know it, and I will certainly go and have a look next week.",
)
AD_LIB_MK = (
    "Патем, некој штотуку ми прати порака за ова.",
    "Еден гледач пишува дека старото депо сѐ уште стои зад пазарот.",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A commentary, a voice of speak.py (or a recording's name) and its language."""

    text: str
    voice: str
    language: str


CASES = (
    Case("mine", "espeak:en-us@112", "en"),
    Case("library", "espeak:en-gb-x-rp", "en"),
    Case("tram", "flite:slt", "en"),
    Case("bread", "flite:rms", "en"),
    Case("stadium", "stadium.ogg", "en"),
    Case("reka", "espeak:mk", "mk"),
)
SPOKEN = tuple(case for case in CASES if ":" in case.voice)


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound as Whisper wants it, what is said in it, and when its words begin (ms; ``None`` where nobody knows)."""

    samples: np.ndarray
    sentences: tuple[str, ...]
    starts: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of word starts in ms, and those of the first and the last minute."""

    words: int
    median: float
    most: float
    worst: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Cut:
    """Sentences that were not spoken: their words, how many are shown, running; and spoken words that are lost."""

    words: int
    shown: int
    running: int
    lost: int
    spoken: int
    true_share: float


def load(threads: int = 2) -> Any:
    """Load the base model."""
    from faster_whisper import WhisperModel

    folder = weights.find("base", Path("~/.cache/votd").expanduser())
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)


def missing_voices() -> str:
    """Say which machine is missing, or nothing."""
    missing = [name for name in ("espeak-ng", "flite") if not shutil.which(name)]
    return f"Install the voices that this needs: apt-get install {' '.join(missing)}" if missing else ""


def paragraphs(case: Case) -> tuple[str, ...]:
    """Return the script of a case."""
    return script.read((HERE / f"{case.text}.txt").read_bytes())


def sentences(case: Case) -> tuple[str, ...]:
    """Return the sentences of a case."""
    grouped = groupby(script.units(paragraphs(case)), key=lambda unit: unit.sentence)
    return tuple(" ".join(word for unit in units for word in unit.words) for _, units in grouped)


def speak(case: Case, said: Sequence[str]) -> Speech:
    """Speak sentences with a case's voice, or take its recording."""
    if case.voice.endswith(".ogg"):
        return _recorded(case, said)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        argv = [sys.executable, str(HERE / "speak.py"), case.voice, str(wav)]
        told = subprocess.run(argv, input="\n".join(said), text=True, stdout=subprocess.PIPE, check=True).stdout
        with wave.open(str(wav)) as file:
            data = file.readframes(file.getnframes())
    samples = np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768
    return Speech(samples, tuple(said), tuple(tuple(json.loads(line)) for line in told.splitlines()))


def _recorded(case: Case, said: Sequence[str]) -> Speech:
    form = ["-ar", "16000", "-ac", "1", "-f", "f32le", "-"]
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(HERE / case.voice), *form]
    samples = np.frombuffer(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout, dtype=np.float32)
    starts = json.loads((HERE / f"{case.text}.json").read_text())
    return Speech(
        samples,
        tuple(said),
        tuple((start, *[None] * (len(line.split()) - 1)) for start, line in zip(starts, said, strict=True)),
    )


def aligned(whisper: Any, case: Case, speech: Speech) -> tuple[Recognition, float]:
    """Align a case's whole script to a speech; also return CPU seconds for a minute of sound."""
    began = time.process_time()
    made = align(whisper, speech.samples, paragraphs(case), case.language, "base", lambda share: None)
    return made, (time.process_time() - began) / (len(speech.samples) / 16_000 / 60)


def errors(made: Recognition, speech: Speech) -> Errors:
    """Compare word starts with the truth, over the spoken words that are there."""
    true = [(word, at) for line, times in zip(speech.sentences, speech.starts, strict=True)
            for word, at in zip(line.split(), times, strict=True)]  # fmt: skip
    got = made.transcript.words
    pairs = _same([word for word, _ in true], [word.text for word in got])
    known = [(at, abs(got[there].start_ms - at)) for here, there in pairs if (at := true[here][1]) is not None]
    all_of = np.array([error for _, error in known])
    end = known[-1][0]
    first = [error for at, error in known if at < MINUTE]
    last = [error for at, error in known if at > end - MINUTE]
    median, most, worst = np.median(all_of), np.percentile(all_of, 95), all_of.max()
    return Errors(len(known), float(median), float(most), float(worst), float(np.median(first)), float(np.median(last)))


def cut(whisper: Any, case: Case, seed: int) -> tuple[Cut, Recognition, float]:
    """Leave a third of the sentences out of the sound, and count which words of the script are shown."""
    lines = sentences(case)
    out = set(random.Random(seed).sample(range(len(lines)), len(lines) // 3))
    made, cost = aligned(whisper, case, speak(case, [line for at, line in enumerate(lines) if at not in out]))
    words = [(at in out, word) for at, line in enumerate(lines) for word in line.split()]
    shown = {here for here, _ in _same([word for _, word in words], [word.text for word in made.transcript.words])}
    wrong = [left_out and here in shown for here, (left_out, _) in enumerate(words)]
    running = max((sum(1 for _ in run) for is_wrong, run in groupby(wrong) if is_wrong), default=0)
    left = sum(left_out for left_out, _ in words)
    lost = sum(not left_out and here not in shown for here, (left_out, _) in enumerate(words))
    return Cut(left, sum(wrong), running, lost, len(words) - left, 1 - left / len(words)), made, cost


def ad_lib(whisper: Any, case: Case, place: int) -> tuple[float, Recognition, float]:
    """Speak a quarter of a minute off the script before a sentence; return its word error rate."""
    lines = sentences(case)
    made, cost = aligned(whisper, case, speak(case, [*lines[:place], *AD_LIB, *lines[place:]]))
    heard = " ".join(finding.used for finding in made.findings if finding.kind == "off_script")
    return float(jiwer.wer(_plain(" ".join(AD_LIB)), _plain(heard))), made, cost


def _same(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    blocks = difflib.SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return [(block.a + at, block.b + at) for block in blocks for at in range(block.size)]


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum() or letter.isspace())
