"""The audio-only pass: what speech recognition hears, and the level that each sound is published at."""

import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from votd.media.errors import BadRequest, ToolFailed
from votd.media.model import AudioStream, Level, Loudness, MediaInfo
from votd.media.process import Confined, Limits, Progress
from votd.media.video import logs, sound
from votd.media.video.run import GIB, longest_ms, run


async def extract_audio(
    source: Path,
    info: MediaInfo,
    wav: Path,
    *,
    language: str | None,
    target_lufs: float,
    ffmpeg: str,
    progress: Progress,
) -> tuple[Level, ...]:
    """Write the sound of ``language`` as 16 kHz mono 16-bit WAV; return the level of each sound that is published.

    Raises ``RejectedSource`` where the sound cannot be decoded.
    """
    source, wav, streams = source.absolute(), wav.absolute(), sound.published(info)
    if not streams:
        raise BadRequest("The video has no sound to extract.")
    speech = sound.spoken(info, language)
    levels = []
    for number, stream in enumerate(streams):
        part = _part(progress, number, len(streams))
        arguments = sound.audio_args(ffmpeg, source, stream, wav if stream is speech else None, None)
        found = await _measured(arguments, info, Confined(reads=(source,), writes=(wav.parent,)), part)
        level = sound.first_level(stream, found, target_lufs)
        levels.append(await _limited(source, info, stream, level, ffmpeg) if level.limited else level)
    _check_wav(wav)
    return tuple(levels)


async def _limited(source: Path, info: MediaInfo, stream: AudioStream, level: Level, ffmpeg: str) -> Level:
    """Find the gain at which a sound leaves the limiter at its target, each time from what came out before.

    One that never gets there, all peaks and silence, keeps its level.
    """
    for _ in range(sound.MOST_PASSES):
        arguments = sound.audio_args(ffmpeg, source, stream, None, level)
        found = await _measured(arguments, info, Confined(reads=(source,)), lambda share: None)
        if found.integrated_lufs is None:
            break
        if sound.is_close(level, found):
            return replace(level, result=found)
        level = sound.next_level(level, found)
    return replace(level, gain_db=0.0, limited=False, result=level.source, target_lufs=None)


async def _measured(arguments: Sequence[str], info: MediaInfo, confined: Confined, progress: Progress) -> Loudness:
    seconds = longest_ms(info) // 1000 + 1
    # Address space: 0.5 GB were used. Twice the length: the header may be wrong, and a WAV is 32 kB a second.
    limits = Limits(wall_s=120 + seconds, cpu_s=60 + seconds, memory=2 * GIB, file_size=(seconds * 2 + 60) * 32_000)
    said = await run(arguments, limits, confined, longest_ms(info), progress)
    try:
        return logs.loudness(said.log)
    except ValueError as e:
        raise ToolFailed("ffmpeg did not say how loud the sound is.", tail=said.log) from e


def _part(progress: Progress, number: int, of: int) -> Progress:
    return lambda share: progress((number + share) / of)


def _check_wav(wav: Path) -> None:
    try:
        with wave.open(str(wav), "rb") as found:
            form = (found.getframerate(), found.getnchannels(), found.getsampwidth())
            whole = wav.stat().st_size >= found.getnframes() * 2
    except (OSError, EOFError, wave.Error) as e:
        raise ToolFailed(f"ffmpeg left no usable WAV: {e}.") from e
    if form != (sound.SPEECH_RATE, 1, 2) or not whole:
        raise ToolFailed("ffmpeg left a WAV that is cut off or in another form; is the disk full?")
