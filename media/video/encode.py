"""Run the two ffmpeg passes within limits, and believe only what was measured afterwards."""

import asyncio
import shutil
import subprocess
import wave
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from votd.media import process
from votd.media.errors import BadRequest, RejectedSource, ToolFailed
from votd.media.model import Encoding, Ladder, Loudness, MediaInfo, Rendition
from votd.media.process import Limits, Progress
from votd.media.schema import dump
from votd.media.video import hls, logs
from votd.media.video.check import check
from votd.media.video.graph import SPEECH_RATE, audio_args, encode_args
from votd.media.video.ladder import progressive, renditions

GIB = 1 << 30
PIXELS_PER_CPU_S = 2_000_000
"""A fortieth of what one core was measured to decode, scale and encode (x264 veryfast, 1080p25, six rungs)."""


async def extract_audio(source: Path, info: MediaInfo, wav: Path, *, ffmpeg: str, progress: Progress) -> Loudness:
    """Write the first audio stream as 16 kHz mono 16-bit WAV, and return how loud the source is.

    Raises ``RejectedSource`` where the sound cannot be decoded.
    """
    if not info.audio:
        raise BadRequest("The video has no sound to extract.")
    seconds = _longest_ms(info) // 1000 + 1
    # Address space: 0.5 GB were used. Twice the length: the header may be wrong, and a WAV is 32 kB a second.
    limits = Limits(wall_s=120 + seconds, cpu_s=60 + seconds, memory=2 * GIB, file_size=(seconds * 2 + 60) * 32_000)
    log = await _ffmpeg(audio_args(ffmpeg, source.absolute(), info, wav.absolute()), limits, info, progress)
    _check_wav(wav)
    try:
        return logs.loudness(log)
    except ValueError as e:
        raise ToolFailed("ffmpeg did not say how loud the sound is.", tail=log) from e


async def transcode(
    source: Path, info: MediaInfo, ladder: Ladder, to: Path, *, ffmpeg: str, threads: int, progress: Progress
) -> Encoding:
    """Make the ladder, the MP4 and the poster of a source in the empty folder ``to``, with their playlists.

    ``to`` then holds ``encoding.json``, ``video.mp4``, ``poster.jpg`` and a folder for each track. Raises
    ``RejectedSource`` where the source cannot be decoded to its end.
    """
    assert info.video is not None, "a source without video is refused before"
    chosen = renditions(info.video, ladder)
    for name in (*(rendition.name for rendition in chosen), *(["audio"] if info.audio else [])):
        (to / name).mkdir()
    room = _most_bytes(info, chosen, ladder)
    _check_room(to, room)
    arguments = encode_args(ffmpeg, source.absolute(), info, chosen, ladder, to=to.absolute(), threads=threads)
    await _ffmpeg(arguments, _encode_limits(info, chosen, threads, room), info, progress)
    return await asyncio.to_thread(_finish, to, info, chosen)


@cache
def version(ffmpeg: str) -> str:
    """Return ffmpeg's own version, as it stands in its first line."""
    try:
        said = subprocess.run(
            [ffmpeg, "-version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except FileNotFoundError as e:
        raise BadRequest(f"{ffmpeg} is not installed.") from e
    except (OSError, subprocess.SubprocessError) as e:
        raise ToolFailed(f"{ffmpeg} does not run: {e}.") from e
    return said.partition("version ")[2].split(" ")[0]


async def _ffmpeg(arguments: Sequence[str], limits: Limits, info: MediaInfo, progress: Progress) -> str:
    """Run ffmpeg, tell how far it is, return the end of its log; ``RejectedSource`` where it blames the source."""

    def on_line(line: str) -> None:
        done = logs.share_done(line, _longest_ms(info))
        if done is not None:
            progress(done)

    try:
        return await process.run(arguments, limits, on_line)
    except ToolFailed as e:
        if logs.is_full_disk(e.tail):
            raise ToolFailed("The disk is full: make room and run it again.", e.command, e.tail) from e
        if logs.is_damage(e.tail):
            raise RejectedSource("The file is damaged and cannot be decoded. Export it again.") from e
        raise


def _finish(to: Path, info: MediaInfo, chosen: Sequence[Rendition]) -> Encoding:
    for leftover in to.glob("*.mpd"):  # ffmpeg's, with nominal figures; ours are measured
        leftover.unlink()
    encoding = check(to, info, chosen)
    for track in (*encoding.video, *encoding.audio):
        (to / track.name / hls.PLAYLIST).write_text(hls.media_playlist(track), encoding="utf-8")
    (to / "encoding.json").write_bytes(dump(encoding))
    return encoding


def _check_wav(wav: Path) -> None:
    try:
        with wave.open(str(wav), "rb") as found:
            form = (found.getframerate(), found.getnchannels(), found.getsampwidth())
            whole = wav.stat().st_size >= found.getnframes() * 2
    except (OSError, EOFError, wave.Error) as e:
        raise ToolFailed(f"ffmpeg left no usable WAV: {e}.") from e
    if form != (SPEECH_RATE, 1, 2) or not whole:
        raise ToolFailed("ffmpeg left a WAV that is cut off or in another form; is the disk full?")


# --- limits: generous, so that only what runs away meets them ------------------------------------


def _longest_ms(info: MediaInfo) -> int:
    return max(info.duration_ms, info.available_ms)


def _most_bytes(info: MediaInfo, chosen: Sequence[Rendition], ladder: Ladder) -> int:
    """Return what all files together need at most: every rendition at its cap, and the MP4."""
    rate = sum(rendition.max_bitrate for rendition in (*chosen, progressive(chosen))) + 2 * ladder.audio_bitrate
    return rate * (_longest_ms(info) + 10_000) // 8000


def _check_room(to: Path, needed: int) -> None:
    free = shutil.disk_usage(to).free
    if free < needed:
        raise ToolFailed(
            f"The encode may need {needed / 1e6:,.0f} MB and the disk has {free / 1e6:,.0f} MB free: make room."
        )


def _encode_limits(info: MediaInfo, chosen: Sequence[Rendition], threads: int, room: int) -> Limits:
    """Bound an encode by its pixels.

    Address space was measured at 1080p, six renditions: 2.1, 3.3 and 5.0 GB with 2, 8 and 16 threads on two cores,
    but glibc reserves 64 MB for each thread where there are cores for them. 128 pictures of the source come on top.
    """
    assert info.video is not None, "a source without video is refused before"
    size = info.video.width * info.video.height
    made = sum(rendition.width * rendition.height for rendition in chosen)
    frames = _longest_ms(info) * max(info.video.frame_rate, chosen[0].frame_rate) / 1000
    cpu_s = 120 + int((size + made) * frames / PIXELS_PER_CPU_S)
    memory = 4 * GIB + threads * 3 * GIB // 2 + 128 * size * 3
    return Limits(wall_s=cpu_s, cpu_s=cpu_s, memory=memory, file_size=2 * room + (64 << 20))
