"""Make the clips of the matrix: pictures and sounds whose every value is known, drawn with numpy and encoded for real.

Times are seconds as Fractions, pictures are arrays of height × width (× 3) bytes.
"""

import subprocess
import wave
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

Picture = np.ndarray[Any, np.dtype[Any]]
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "8", "-pix_fmt", "yuv420p", "-bf", "2")
AAC = ("-c:a", "aac", "-b:a", "128k")
PCM_RATE = 48_000

BARE = "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown:range=unknown"
"""Takes every colour tag away, as most exports have none."""


def matrix(standard: str, after: str = BARE) -> tuple[str, str]:
    """Return the filter that turns RGB into limited-range 4:2:0 by a standard's matrix, and then changes the tags."""
    return "-vf", f"scale=out_color_matrix={standard}:out_range=tv,format=yuv420p,{after}"


CORNERS = {
    "top left": (200, 60, 60),
    "top right": (60, 170, 60),
    "bottom left": (60, 60, 200),
    "bottom right": (190, 180, 70),
}
"""Inside both the gamuts and the ranges of every standard, so that a right path brings them back."""


@dataclass(frozen=True)
class Maker:
    """Runs the real ffmpeg; every clip goes into ``folder``."""

    ffmpeg: str
    folder: Path

    def __call__(self, name: str, *arguments: str) -> Path:
        """Run ffmpeg with plain arguments; the file's name comes last."""
        path = self.folder / name
        subprocess.run([self.ffmpeg, "-nostdin", "-v", "error", "-y", *arguments, str(path)], check=True)
        return path

    def drawn(
        self,
        name: str,
        pictures: Iterable[Picture],
        rate: Fraction = Fraction(25),
        *,
        pixels: str = "rgb24",
        size: tuple[int, int] | None = None,
        inputs: Sequence[str] = (),
        encode: Sequence[str] = H264,
    ) -> Path:
        """Encode pictures given as raw frames; ``size`` is needed where an array does not show it (planar pixels)."""
        frames = iter(pictures)
        first = next(frames)
        size = size or (first.shape[1], first.shape[0])
        raw = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "pipe:0"]
        path = self.folder / name
        command = [self.ffmpeg, "-v", "error", "-y", *raw, *inputs, *encode, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            assert child.stdin
            for picture in (first, *frames):
                child.stdin.write(picture.tobytes())
            child.stdin.close()
            assert child.wait() == 0, command
        return path


# --- pictures ----------------------------------------------------------------------------------


def corners(width: int, height: int) -> Picture:
    """Draw four quarters of different colours (``CORNERS``)."""
    picture = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    picture[:top, :left], picture[:top, left:] = CORNERS["top left"], CORNERS["top right"]
    picture[top:, :left], picture[top:, left:] = CORNERS["bottom left"], CORNERS["bottom right"]
    return picture


def square(width: int, height: int, across: int, down: int) -> Picture:
    """Draw a white rectangle in the middle of black, in coded pixels."""
    picture = np.zeros((height, width, 3), np.uint8)
    x, y = (width - across) // 2, (height - down) // 2
    picture[y : y + down, x : x + across] = 255
    return picture


def patches(values: Sequence[int], width: int = 320, height: int = 180) -> Picture:
    """Draw grey patches side by side, one byte each."""
    row = np.repeat(np.array(values, np.uint8), width // len(values))
    return np.tile(row, (height, 1))


def bar(at: float, width: int = 320, height: int = 180, thick: int = 24) -> Picture:
    """Draw a white vertical bar whose left edge is at column ``at``."""
    picture = np.full((height, width), 40, np.uint8)
    picture[:, round(at) : round(at) + thick] = 220
    return picture


def woven(columns: Callable[[Fraction], float], rate: Fraction, count: int, *, top_first: bool) -> Iterator[Picture]:
    """Interlace a moving bar: the two fields of each frame show two moments, half a frame apart."""
    for number in range(count):
        moments = number / rate, (number + Fraction(1, 2)) / rate
        first, second = (bar(columns(moment)) for moment in moments)
        frame = first.copy()
        frame[1 if top_first else 0 :: 2] = second[1 if top_first else 0 :: 2]
        yield frame


def ten_bit(luma: Sequence[int], chroma: Sequence[tuple[int, int]], width: int = 320, height: int = 180) -> Picture:
    """Draw vertical patches as one frame of planar 10-bit 4:2:0, from code values."""
    each = width // len(luma)
    y = np.tile(np.repeat(np.array(luma, "<u2"), each), (height, 1))
    u, v = (
        np.tile(np.repeat(np.array(plane, "<u2"), each // 2), (height // 2, 1)) for plane in zip(*chroma, strict=True)
    )
    return np.concatenate([plane.ravel() for plane in (y, u, v)])


# --- sound -------------------------------------------------------------------------------------


def tone(seconds: float, frequency: float, rate: int = PCM_RATE, level: float = 0.3) -> Picture:
    """Make a sine."""
    return level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def beeps(seconds: float, onsets: Iterable[Fraction], rate: int = PCM_RATE, frequency: float = 1000) -> Picture:
    """Make silence with beeps of a tenth of a second that begin exactly at ``onsets``."""
    sound = np.zeros(round(seconds * rate))
    for onset in onsets:
        start = round(onset * rate)
        beep = tone(0.1, frequency, rate, level=0.6)[: max(0, len(sound) - start)]
        sound[start : start + len(beep)] = beep
    return sound


def wav(path: Path, channels: Sequence[Picture], rate: int = PCM_RATE) -> Path:
    """Write channels as 16-bit PCM."""
    data = (np.stack(channels, axis=1) * 32767).round().astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data.tobytes())
    return path


# --- both --------------------------------------------------------------------------------------


def flash_times(rate: Fraction, seconds: int) -> list[Fraction]:
    """Return when the flashes and beeps are: at the first frame of each whole second but the first."""
    return [Fraction(-int(-second * rate // 1)) / rate for second in range(1, seconds)]


def flash_beep(
    make: Maker,
    name: str,
    rate: Fraction = Fraction(25),
    seconds: int = 4,
    *,
    picture_s: Fraction | None = None,
    sound_s: float | None = None,
    channels: int = 1,
    sample_rate: int = PCM_RATE,
    size: tuple[int, int] = (320, 180),
    encode: Sequence[str] = (*H264, *AAC),
) -> Path:
    """Make a clip whose picture flashes for four frames whenever its sound beeps (``flash_times``)."""
    times = flash_times(rate, seconds)
    sound = beeps(sound_s or seconds, times, sample_rate)
    voice = wav(make.folder / f"{name}.wav", [sound] * channels, sample_rate)
    lit = {int(time * rate) + more for time in times for more in range(4)}
    count = int((picture_s or seconds) * rate)
    frames = (np.full(size[::-1], 230 if number in lit else 30, np.uint8) for number in range(count))
    return make.drawn(name, frames, rate, pixels="gray", inputs=["-i", str(voice)], encode=encode)
