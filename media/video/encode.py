"""Run the encode within limits, and believe only what was measured afterwards."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from votd.media.errors import RejectedSource, ToolFailed
from votd.media.model import AudioStream, Encoding, Ladder, Loudness, MediaInfo, MediaTrack, Rendition, VideoStream
from votd.media.process import Confined, Limits, Progress
from votd.media.schema import dump
from votd.media.video import hls, picture, stills
from votd.media.video.check import check, check_jpeg, seconds
from votd.media.video.graph import MP4, audio_name, encode_args
from votd.media.video.ladder import copied, frame_count, progressive, renditions
from votd.media.video.listen import encode_sound
from votd.media.video.run import GIB, longest_ms, run
from votd.media.video.sound import Wanted
from votd.media.video.stills import Grid

MOST_REPEATED = 4 * GIB
PIXELS_PER_CPU_S = 2_000_000
"""A fortieth of what one core was measured to decode, scale and encode (x264 veryfast, 1080p25, six rungs)."""


async def transcode(
    source: Path,
    info: MediaInfo,
    ladder: Ladder,
    to: Path,
    *,
    streams: tuple[AudioStream, ...],
    loudness: tuple[Loudness, ...],
    target_lufs: float,
    ffmpeg: str,
    threads: int,
    progress: Progress,
) -> Encoding:
    """Make the ladder, the sounds, the MP4 and the stills of a source in the empty folder ``to``.

    ``streams`` are the sounds, ``loudness`` is what ``extract_audio`` found in each, ``target_lufs`` what they are
    brought to.
    ``to`` then holds ``encoding.json``, ``video.mp4``, the stills, and a folder with its playlists for each track.
    Raises ``RejectedSource`` where the source cannot be decoded to its end.
    """
    assert info.video is not None, "a source without video is refused before"
    chosen = renditions(info.video, ladder)
    for name in (*(rendition.name for rendition in chosen), *(audio_name(i) for i in range(len(loudness)))):
        (to / name).mkdir()
    room = _most_bytes(info, chosen, ladder)
    _check_room(to, room)
    _check_stillness(info.video, chosen)
    source, to = source.absolute(), to.absolute()
    length, rate = frame_count(info, chosen[0].frame_rate), chosen[0].frame_rate
    wanted = Wanted(target_lufs, ladder.audio_bitrate, length / rate)
    files = [to / f"{audio_name(i)}.m4a" for i in range(len(loudness))]
    sounds = [
        await encode_sound(source, info, stream, found, wanted, to=file, ffmpeg=ffmpeg)
        for stream, found, file in zip(streams, loudness, files, strict=True)
    ]
    arguments = encode_args(ffmpeg, source, info, chosen, ladder, sounds=files, to=to, threads=threads)
    limits = _encode_limits(info, chosen, threads, room)
    said = await run(arguments, limits, Confined(reads=(source,), writes=(to,)), longest_ms(info), progress)
    for file in files:
        file.unlink()
    video, audio = await asyncio.to_thread(_tracks, to, info, chosen, streams)
    copy = copied(info, chosen, ladder)
    encoding = Encoding(
        duration_ms=round(seconds(video[0]) * 1000),
        video=video,
        audio=audio,
        sounds=tuple(sounds),
        mp4=MP4,
        stills=stills.STILLS,
        shots=await _stills(to, chosen[0], stills.grid(length, chosen[0]), ffmpeg),
        copied=copy.name if copy else None,
        complaints=said.complaints + sum(sound.complaints for sound in sounds),
    )
    (to / "encoding.json").write_bytes(dump(encoding))
    return encoding


def _tracks(
    to: Path, info: MediaInfo, chosen: Sequence[Rendition], streams: Sequence[AudioStream]
) -> tuple[tuple[MediaTrack, ...], tuple[MediaTrack, ...]]:
    """Measure what the encoder left, and write the playlists of the tracks."""
    for leftover in to.glob("*.mpd"):  # ffmpeg's, with nominal figures; ours are measured
        leftover.unlink()
    video, audio = check(to, info, chosen, streams)
    for track in (*video, *audio):
        (to / track.name / hls.PLAYLIST).write_text(hls.media_playlist(track), encoding="utf-8")
    for track in video:
        (to / track.name / hls.I_FRAMES).write_text(hls.i_frame_playlist(track), encoding="utf-8")
    return video, audio


async def _stills(to: Path, top: Rendition, tiles: Grid, ffmpeg: str) -> tuple[int, ...]:
    """Choose the poster, make the picture for sharing and the storyboard; return the moments of cuts."""
    names = stills.STILLS
    scores = [*stills.printed((to / picture.SCORES).read_text(encoding="utf-8"))]
    cuts = stills.shots((to / picture.SHOTS).read_text(encoding="utf-8"))
    if len(scores) != tiles.count:
        raise ToolFailed(
            f"The encoder judged {len(scores)} pictures for the poster where {tiles.count} were asked for."
        )
    chosen = stills.best(scores, cuts, tiles.ms(tiles.count))
    (to / (stills.CANDIDATE % (chosen + 1))).rename(to / names.poster)
    limits = Limits(wall_s=120, cpu_s=60, memory=2 * GIB, file_size=64 << 20)
    for arguments in (
        stills.share_args(ffmpeg, to / names.poster, top, to / names.share),
        stills.sprite_args(ffmpeg, to, tiles, to / names.sprite),
    ):
        await run(arguments, limits, Confined(writes=(to,)), 1, lambda share: None)
    for leftover in (*to.glob("candidate-*.jpg"), *to.glob("thumbnail-*.jpg"), to / picture.SCORES, to / picture.SHOTS):
        leftover.unlink()
    for image in (names.poster, names.share, names.sprite):
        check_jpeg(to / image)
    (to / names.storyboard).write_text(stills.storyboard(tiles, names.sprite), encoding="utf-8")
    return cuts


# --- limits: generous, so that only what runs away meets them ------------------------------------


def _most_bytes(info: MediaInfo, chosen: Sequence[Rendition], ladder: Ladder) -> int:
    """Return what all files together need at most: every rendition at its cap, the MP4, and the stills."""
    sounds = 1 + max(1, len(info.audio))
    rate = sum(rendition.max_bitrate for rendition in (*chosen, progressive(chosen))) + sounds * ladder.audio_bitrate
    pictures = (stills.MOST_TILES + 2) * chosen[0].width * chosen[0].height // 2
    return rate * (longest_ms(info) + 10_000) // 8000 + pictures


def _check_room(to: Path, needed: int) -> None:
    free = shutil.disk_usage(to).free
    if free < needed:
        raise ToolFailed(
            f"The encode may need {needed / 1e6:,.0f} MB and the disk has {free / 1e6:,.0f} MB free: make room."
        )


def _check_stillness(video: VideoStream, chosen: Sequence[Rendition]) -> None:
    """Refuse a picture that stands too long: ffmpeg makes all its repetitions at once, in every size, in memory."""
    still_ms = max(video.longest_picture_ms, video.start_ms)
    bytes_a_second = sum(r.width * r.height * 3 // 2 for r in chosen) * chosen[0].frame_rate
    if still_ms * bytes_a_second > MOST_REPEATED * 1000:
        raise RejectedSource(
            f"One picture of the video stands for {still_ms // 1000} s, and at most "
            f"{int(MOST_REPEATED / bytes_a_second)} s can be filled. Export it with a constant frame rate."
        )


def _encode_limits(info: MediaInfo, chosen: Sequence[Rendition], threads: int, room: int) -> Limits:
    """Bound an encode by its pixels.

    Address space was measured at 1080p, six renditions: 2.1, 3.3 and 5.0 GB with 2, 8 and 16 threads on two cores,
    but glibc reserves 64 MB for each thread where there are cores for them. 128 pictures of the source come on top.
    """
    assert info.video is not None, "a source without video is refused before"
    size = info.video.width * info.video.height
    made = sum(rendition.width * rendition.height for rendition in chosen)
    frames = longest_ms(info) * max(info.video.frame_rate, chosen[0].frame_rate) / 1000
    cpu_s = 120 + int((size + made) * frames / PIXELS_PER_CPU_S)
    memory = 4 * GIB + MOST_REPEATED + threads * 3 * GIB // 2 + 128 * size * 3
    return Limits(wall_s=cpu_s, cpu_s=cpu_s, memory=memory, file_size=2 * room + (64 << 20))
