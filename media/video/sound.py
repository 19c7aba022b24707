"""Which sounds are published, how loud, and the filters that make them so. Pure.

The target is a setting: AES TD1008 asks for -18 LUFS of streamed speech; true peaks stay under -1 dBTP (EBU R128 s2).
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as fp

from votd.media.model import AudioStream, Level, Loudness, MediaInfo
from votd.media.video.command import compiled, source_input

SAMPLE_RATE = 48_000
AAC_FRAME = 1024
SPEECH_RATE = 16_000
MOST_DBTP = -1.0
CEILING_DBTP = -2.0
"""Where a limiter begins with: AAC's own errors add to peaks."""
OVERSAMPLED_RATE = 192_000
"""A limiter at four times the rate sees the peaks between samples (ITU-R BS.1770, annex 2)."""
QUIETEST_LUFS = -50.0
"""Less is a room without a voice: raised to the target, only its noise would be heard."""
SHORTEST_MS = 3000
"""R128 integrates blocks of 400 ms: a shorter sound's figure is a matter of chance."""
CLOSE_LU = 0.3
MOST_TRIES = 5
AS_IT_CAME = Level(0.0, None, None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every sound of a video is to be: as loud, as dense and as long."""

    target_lufs: float
    bitrate: int
    seconds: Fraction


def published(info: MediaInfo, language: str | None) -> tuple[AudioStream, ...]:
    """Return one sound of each language: that of ``language`` first, which is heard and played first, else the first.

    Those that say no language count as one.
    """
    main = _primary(language)
    first = [stream for stream in info.audio if main and _primary(stream.language) == main]
    chosen: dict[str, AudioStream] = {}
    for stream in (*first, *info.audio):
        chosen.setdefault(_primary(stream.language), stream)
    return tuple(chosen.values())


def _primary(language: str | None) -> str:
    return (language or "").partition("-")[0].lower()


def first_level(stream: AudioStream, found: Loudness, target_lufs: float) -> Level:
    """Return the static gain that brings a sound to the target; silence and the very short keep their level."""
    loud, peak = found.integrated_lufs, found.true_peak_dbtp
    if loud is None or peak is None or loud < QUIETEST_LUFS or stream.duration_ms < SHORTEST_MS:
        return AS_IT_CAME
    gain = round(target_lufs - loud, 2)
    return Level(gain, CEILING_DBTP if peak + gain > CEILING_DBTP else None, target_lufs)


def next_level(level: Level, found: Loudness) -> Level | None:
    """Return the level to try after one that came out as ``found``; ``None`` where that was right.

    A limiter takes loudness, and so does AAC from noise, of which it keeps nothing above 17 kHz; it adds to peaks.
    """
    if level.target_lufs is None:
        return None
    if found.integrated_lufs is None or found.true_peak_dbtp is None:
        return AS_IT_CAME
    missing, over = level.target_lufs - found.integrated_lufs, found.true_peak_dbtp - MOST_DBTP
    if abs(missing) <= CLOSE_LU and over <= 0:
        return None
    ceiling = level.ceiling_dbtp
    if over > 0:
        ceiling = CEILING_DBTP if ceiling is None else round(ceiling - over - 0.1, 2)
    return Level(round(level.gain_db + missing, 2), ceiling, level.target_lufs)


def listen_args(ffmpeg: str, source: Path, stream: int, shift_ms: int, wav: Path | None) -> list[str]:
    """Return the command that logs the EBU R128 loudness of a sound's stereo mix, as it comes. No video is decoded.

    ``wav``: write it as 16 kHz mono for speech recognition too.
    """
    audio = _stereo(source_input(source, vn=None)[str(stream)], shift_ms).filter(
        "ebur128", peak="true", framelog="quiet"
    )
    if wav is None:
        return _logging(fp.output(audio, "-", f="null"), ffmpeg)
    audio = audio.filter("aresample", SPEECH_RATE).filter("aformat", sample_fmts="s16", channel_layouts="mono")
    return _logging(fp.output(audio, f"file:{wav}", f="wav", map_metadata=-1), ffmpeg)


def loudness_args(ffmpeg: str, file: Path) -> list[str]:
    """Return the command that logs the EBU R128 loudness of a sound that we encoded."""
    audio = source_input(file)["a"].filter("ebur128", peak="true", framelog="quiet")
    return _logging(fp.output(audio, "-", f="null"), ffmpeg)


def aac_args(
    ffmpeg: str, source: Path, stream: int, level: Level, wanted: Wanted, *, shift_ms: int, to: Path
) -> list[str]:
    """Return the command that encodes a sound at its level.

    It ends with its last whole AAC frame before the pictures do. AAC adds a frame of priming; with one more frame than
    they need, a last segment of 21 ms would be left over.
    """
    frames = max(1, -int(-wanted.seconds * SAMPLE_RATE // AAC_FRAME) - 1)
    samples = frames * AAC_FRAME
    audio = _levelled(_stereo(source_input(source, vn=None)[str(stream)], shift_ms), level)
    audio = audio.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)
    options = {"c:a": "aac", "b:a": wanted.bitrate, "map_metadata": -1, "f": "mp4"}
    return compiled(fp.output(audio, f"file:{to}", **options), ffmpeg, "-loglevel", "level+warning")


def _logging(output: Any, ffmpeg: str) -> list[str]:
    return compiled(output, ffmpeg, "-loglevel", "info")  # ebur128's summary is information


def _stereo(audio: Any, shift_ms: int) -> Any:
    """Make 48 kHz stereo that starts at 0, gaps filled: audio that starts late would bring an empty edit list."""
    if shift_ms:
        audio = audio.filter("asetpts", f"PTS+({shift_ms}/1000/TB)")
    audio = audio.filter("aresample", SAMPLE_RATE, first_pts=0, **{"async": 1})
    return audio.filter("aformat", channel_layouts="stereo")


def _levelled(audio: Any, level: Level) -> Any:
    if not level.gain_db and level.ceiling_dbtp is None:
        return audio
    audio = audio.filter("volume", f"{level.gain_db}dB", precision="float")
    if level.ceiling_dbtp is None:
        return audio
    limit = round(10 ** (level.ceiling_dbtp / 20), 4)
    audio = audio.filter("aresample", OVERSAMPLED_RATE)
    # level: else it would turn everything up again afterwards; latency: else all sound comes late by the attack
    audio = audio.filter("alimiter", limit=limit, attack=5, release=50, level="disabled", latency=1)
    return audio.filter("aresample", SAMPLE_RATE)
