"""Which sounds are published, how loud, and the filters that make them so. Pure.

The target is a setting: AES TD1008 asks for -18 LUFS of streamed speech; true peaks stay under -1 dBTP (EBU R128 s2).
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as fp

from votd.media.model import AudioStream, Ladder, Level, Loudness, MediaInfo
from votd.media.video.command import compiled, source_input

SAMPLE_RATE = 48_000
AAC_FRAME = 1024
SPEECH_RATE = 16_000
CEILING_DBTP = -2.0
"""One below what may be published: AAC's own errors add to peaks."""
OVERSAMPLED_RATE = 192_000
"""A limiter at four times the rate sees the peaks between samples (ITU-R BS.1770, annex 2)."""
QUIETEST_LUFS = -50.0
"""Less is a room without a voice: raised to the target, only its noise would be heard."""
SHORTEST_MS = 3000
"""R128 integrates blocks of 400 ms: a shorter sound's figure is a matter of chance."""
CLOSE_LU = 0.2
MOST_PASSES = 5


def published(info: MediaInfo) -> tuple[AudioStream, ...]:
    """Return the first sound, and the first of every other language."""
    chosen: list[AudioStream] = []
    for stream in info.audio:
        if not chosen or (stream.language and stream.language not in {other.language for other in chosen}):
            chosen.append(stream)
    return tuple(chosen)


def spoken(info: MediaInfo, language: str | None) -> AudioStream:
    """Return the sound to recognise speech in: that of the declared language, else the first."""
    streams = published(info)
    main = (language or "").partition("-")[0].lower()
    same = (stream for stream in streams if main and (stream.language or "").partition("-")[0].lower() == main)
    return next(same, streams[0])


def first_level(stream: AudioStream, found: Loudness, target_lufs: float) -> Level:
    """Return the static gain that brings a sound to the target; silence and the very short keep their level."""
    loud, peak = found.integrated_lufs, found.true_peak_dbtp
    if loud is None or peak is None or loud < QUIETEST_LUFS or stream.duration_ms < SHORTEST_MS:
        return Level(stream.index, found, 0.0, False, found, None)
    gain = round(target_lufs - loud, 2)
    result = Loudness(round(loud + gain, 2), round(peak + gain, 2))
    return Level(stream.index, found, gain, peak + gain > CEILING_DBTP, result, target_lufs)


def next_level(level: Level, found: Loudness) -> Level:
    """Correct a limited sound's gain by what the limiter took; ``found`` is what came out of it."""
    assert level.target_lufs is not None and found.integrated_lufs is not None, "only what is heard is limited"
    gain = round(level.gain_db + level.target_lufs - found.integrated_lufs, 2)
    return Level(level.stream, level.source, gain, True, found, level.target_lufs)


def is_close(level: Level, found: Loudness) -> bool:
    """Tell whether a limited sound came out at its target."""
    assert level.target_lufs is not None and found.integrated_lufs is not None, "only what is heard is limited"
    return abs(found.integrated_lufs - level.target_lufs) <= CLOSE_LU


def audio_args(ffmpeg: str, source: Path, stream: AudioStream, wav: Path | None, level: Level | None) -> list[str]:
    """Return the command that logs the EBU R128 loudness of the stereo mix that is published, after ``level``.

    ``wav``: write it as 16 kHz mono for speech recognition too, as it comes. Video is not decoded.
    """
    audio = _stereo(source_input(source, vn=None)[str(stream.index)])
    audio = _levelled(audio, level).filter("ebur128", peak="true", framelog="quiet")
    if wav is None:
        return compiled(fp.output(audio, "-", f="null"), ffmpeg, "-loglevel", "info")
    audio = audio.filter("aresample", SPEECH_RATE).filter("aformat", sample_fmts="s16", channel_layouts="mono")
    output = fp.output(audio, f"file:{wav}", f="wav", map_metadata=-1)
    return compiled(output, ffmpeg, "-loglevel", "info")  # ebur128's summary is information


def sounds(source: Any, levels: tuple[Level, ...], lead_ms: int, seconds: Fraction) -> Iterator[Any]:
    """Yield each sound at its level, without its first ``lead_ms``, as long as the pictures up to a whole AAC frame.

    AAC adds a frame of priming; with one more frame than the pictures need, a last segment of 21 ms is left over.
    """
    frames = max(1, -int(-seconds * SAMPLE_RATE // AAC_FRAME) - 1)
    samples = frames * AAC_FRAME
    for level in levels:
        audio = source[str(level.stream)]
        if lead_ms:
            audio = audio.filter("asetpts", f"PTS-{lead_ms}/1000/TB")
        audio = _levelled(_stereo(audio), level)
        yield audio.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)


def aac_options(ladder: Ladder) -> dict[str, Any]:
    """Return the encoder's options, the same for each sound."""
    return {"c:a": "aac", "b:a": ladder.audio_bitrate, "flags:a": "+global_header"}


def _stereo(audio: Any) -> Any:
    """Make 48 kHz stereo that starts at 0, gaps filled: audio that starts late would bring an empty edit list."""
    audio = audio.filter("aresample", SAMPLE_RATE, first_pts=0, **{"async": 1})
    return audio.filter("aformat", channel_layouts="stereo")


def _levelled(audio: Any, level: Level | None) -> Any:
    if level is None or (not level.gain_db and not level.limited):
        return audio
    audio = audio.filter("volume", f"{level.gain_db}dB", precision="float")
    if not level.limited:
        return audio
    limit = round(10 ** (CEILING_DBTP / 20), 4)
    audio = audio.filter("aresample", OVERSAMPLED_RATE)
    # level: else it would turn everything up again afterwards; latency: else all sound comes late by the attack
    audio = audio.filter("alimiter", limit=limit, attack=5, release=50, level="disabled", latency=1)
    return audio.filter("aresample", SAMPLE_RATE)
