"""The command line of the encode. Pure.

One process, and nothing is decoded twice: every rendition, every sound, the MP4, the storyboard, the candidates for
the poster and the moments of cuts come out of it.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as fp

from votd.media.model import Ladder, MediaInfo, Rendition
from votd.media.video import picture
from votd.media.video.boxes import INIT
from votd.media.video.command import compiled, source_input
from votd.media.video.ladder import copied, frame_count, gop_frames, progressive
from votd.media.video.stills import CANDIDATE, THUMBNAIL, Grid, grid

MP4 = "video.mp4"


def encode_args(
    ffmpeg: str,
    source: Path,
    info: MediaInfo,
    renditions: Sequence[Rendition],
    ladder: Ladder,
    *,
    sounds: Sequence[Path],
    to: Path,
    threads: int,
) -> list[str]:
    """Return the command that decodes once and makes everything in ``to``; ``sounds`` are encoded already.

    The tracks' folders, named like the renditions and as ``audio_name`` says, must be there.
    """
    assert info.video is not None, "a source without video is refused before"
    top, rate = renditions[0], renditions[0].frame_rate
    taken = source_input(source, threads=threads, **{"reinit_filter:v": 0})
    tiles = grid(frame_count(info, rate), top)
    parts = picture.top(taken[str(info.video.index)], info, top).filter_multi_output("split")
    sizes = [*picture.cascade(parts[0], renditions)]
    smallest = sizes[-1].filter_multi_output("split")
    sizes[-1] = smallest[0]
    copy = copied(info, renditions, ladder)
    if copy:
        sizes[0] = taken[str(info.video.index)]
    streams = [*sizes, *(source_input(file)["a"] for file in sounds)]
    tee = "|".join(_branches(to, renditions, ladder, len(sounds)))
    options = {**_video_options(renditions, ladder, copy), **({"c:a": "copy"} if sounds else {})}
    encode = fp.output(*streams, tee, f="tee", threads=threads, map_metadata=-1, map_chapters=-1, **options)
    stills = _stills(parts[1], smallest[1], tiles, to)
    outputs = fp.merge_outputs(encode, *stills)
    return compiled(outputs, ffmpeg, "-loglevel", "level+warning", "-filter_complex_threads", str(threads))


def audio_name(number: int) -> str:
    """Return the folder of a sound: ``audio``, ``audio-2``, …"""
    return "audio" if number == 0 else f"audio-{number + 1}"


def _stills(full: Any, small: Any, tiles: Grid, to: Path) -> Iterator[Any]:
    still = {"f": "image2", "c:v": "mjpeg", "fps_mode": "passthrough", "map_metadata": -1, "q:v": 3}
    pattern = str(to).replace("%", "%%")  # the muxer of numbered images counts wherever it reads %d
    yield fp.output(picture.candidates(full, tiles), f"file:{pattern}/{CANDIDATE}", **still)
    yield fp.output(picture.thumbnails(small, tiles, to), f"file:{pattern}/{THUMBNAIL}", **still)


def _video_options(renditions: Sequence[Rendition], ladder: Ladder, copy: Rendition | None) -> dict[str, Any]:
    """Return x264's options: a capped CRF per rendition and the same closed GOPs in all of them."""
    gop = gop_frames(renditions[0].frame_rate, ladder)
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": ladder.preset,
        "bf": 2,
        "g": gop,
        "keyint_min": gop,
        "sc_threshold": 0,  # else a cut adds key frames, and segments get uneven
        "flags:v": "+cgop+global_header",  # tee cannot say that MP4 wants global headers
    }
    for i, rendition in enumerate(renditions):
        if rendition is copy:
            options[f"c:v:{i}"] = "copy"
            continue
        options[f"profile:v:{i}"] = "high"  # each its own: a stream that is copied does not take it
        options[f"crf:v:{i}"] = rendition.crf
        options[f"maxrate:v:{i}"] = rendition.max_bitrate
        options[f"bufsize:v:{i}"] = rendition.max_bitrate * 3 // 2  # 1.5 s keep a segment's peak near the cap
    return options


def _branches(to: Path, renditions: Sequence[Rendition], ladder: Ladder, sounds: int) -> Iterator[str]:
    """Yield tee's branches: CMAF segments of every track, and the MP4 of one rendition with the first sound."""
    rate = renditions[0].frame_rate
    length = ladder.segment_gops * gop_frames(rate, ladder) / rate
    for i, rendition in enumerate(renditions):
        yield _branch(to, f"{rendition.name}.mpd", i, **_dash(rendition.name, length))
    for i in range(sounds):
        name = audio_name(i)
        # Beside video the dash muxer cuts audio at the video's key frames; alone and without a timeline, by the clock.
        yield _branch(to, f"{name}.mpd", len(renditions) + i, use_timeline="0", **_dash(name, length))
    one = str(renditions.index(progressive(renditions))) + (f",{len(renditions)}" if sounds else "")
    yield _branch(to, MP4, one, f="mp4", movflags="+faststart")


def _dash(name: str, length: Fraction) -> dict[str, str]:
    micros = int(length * 1_000_000)  # down: a cut that is asked for after the key frame waits for the next one
    duration = f"{micros // 1_000_000}.{micros % 1_000_000:06}"
    return {
        "f": "dash",
        "seg_duration": duration,
        "init_seg_name": f"{name}/{INIT}",
        "media_seg_name": f"{name}/$Number%05d$.m4s",
    }


def _branch(to: Path, name: str, select: int | str, **options: str) -> str:
    """Write one branch of tee, the path escaped as its parser wants it; everything else is our own plain text."""
    path = "".join(f"\\{c}" if c in "\\'|" else c for c in f"file:{to / name}")
    return f"[select={select}:{':'.join(f'{key}={value}' for key, value in options.items())}]{path}"
