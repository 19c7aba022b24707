"""The passes over the sound alone: what speech recognition hears, and the sounds that are published."""

import wave
from collections.abc import Sequence
from pathlib import Path

from votd.media.errors import BadRequest, ToolFailed
from votd.media.model import AudioStream, Loudness, MediaInfo, Sound
from votd.media.process import Confined, Limits, Progress
from votd.media.video import logs, sound
from votd.media.video.ladder import shift_ms
from votd.media.video.run import GIB, Said, longest_ms, run
from votd.media.video.sound import Wanted


async def extract_audio(
    source: Path,
    info: MediaInfo,
    streams: Sequence[AudioStream],
    wav: Path,
    *,
    ffmpeg: str,
    progress: Progress,
) -> tuple[Loudness, ...]:
    """Write the first of ``streams`` as 16 kHz mono 16-bit WAV; return how loud each of them is.

    Raises ``RejectedSource`` where the sound cannot be decoded.
    """
    source, wav = source.absolute(), wav.absolute()
    if not streams:
        raise BadRequest("The video has no sound to extract.")
    found = []
    for number, stream in enumerate(streams):
        shift, to = shift_ms(info, stream.start_ms), wav if number == 0 else None
        arguments = sound.listen_args(ffmpeg, source, stream.index, shift, to)
        confined = Confined(reads=(source,), writes=(wav.parent,))
        found.append(_loudness(await _run(arguments, info, confined, _part(progress, number, len(streams)))))
    _check_wav(wav)
    return tuple(found)


async def encode_sound(
    source: Path, info: MediaInfo, stream: AudioStream, found: Loudness, wanted: Wanted, *, to: Path, ffmpeg: str
) -> Sound:
    """Write one sound as AAC in an MP4; ``found`` is how loud it is in the source.

    Loudness is measured in what was encoded, and the gain corrected by what was found there. A sound that never gets
    there, all peaks and silence, keeps its level.
    """
    source, to, level = source.absolute(), to.absolute(), sound.first_level(stream, found, wanted.target_lufs)
    for tries_left in reversed(range(sound.MOST_TRIES + 1)):
        level = level if tries_left else sound.AS_IT_CAME
        to.unlink(missing_ok=True)
        shift = shift_ms(info, stream.start_ms)
        arguments = sound.aac_args(ffmpeg, source, stream.index, level, wanted, shift_ms=shift, to=to)
        said = await _run(arguments, info, Confined(reads=(source,), writes=(to.parent,)))
        result = _loudness(await _run(sound.loudness_args(ffmpeg, to), info, Confined(reads=(to,))))
        following = sound.next_level(level, result)
        if following is None:
            break
        level = following
    return Sound(stream.index, level, found, result, said.complaints)


async def _run(
    arguments: Sequence[str], info: MediaInfo, confined: Confined, progress: Progress = lambda share: None
) -> Said:
    seconds = longest_ms(info) // 1000 + 1
    # Address space: 0.5 GB were used. Twice the length: the header may be wrong, and a WAV is 32 kB a second.
    limits = Limits(wall_s=120 + seconds, cpu_s=60 + seconds, memory=2 * GIB, file_size=(seconds * 2 + 60) * 32_000)
    return await run(arguments, limits, confined, longest_ms(info), progress)


def _loudness(said: Said) -> Loudness:
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
