"""Measure an encoded track from the bytes of its files.

ffmpeg exits 0 on a full disk and leaves empty or cut segments, so its word counts for nothing.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from votd.media.errors import ToolFailed
from votd.media.model import MediaSegment, MediaTrack
from votd.media.video.boxes import INIT, Fragment, Initialization, Picture, fragment, initialization

T = TypeVar("T")


def measure(folder: Path, name: str) -> MediaTrack:
    """Measure the track in ``folder/name``: ``init.mp4``, and segments numbered from ``00001.m4s``.

    Raises ``ToolFailed`` for what a player could stumble over: a missing, empty or cut segment, a gap in time, a
    segment that does not begin with a key frame, an edit list that shifts the track.
    """
    init = _read(folder / name / INIT, initialization)
    if len(init.edits) > 1 or any(media_time < 0 for _, media_time in init.edits):
        raise ToolFailed(f"The track {name} has an edit list that shifts it against the others.")
    files = sorted((folder / name).glob("*.m4s"))
    if not files or [file.stem for file in files] != [f"{number:05}" for number in range(1, len(files) + 1)]:
        raise ToolFailed(f"The track {name} has no segments, or one is missing.")
    found = [_read(file, lambda data: fragment(data, init.defaults)) for file in files]
    _check_timeline(files, found)
    segments = [
        MediaSegment(file.name, file.stat().st_size, part.start, part.duration, part.key_offset, part.key_size)
        for file, part in zip(files, found, strict=True)
    ]
    return _track(name, init, found, segments)


def _track(name: str, init: Initialization, found: Sequence[Fragment], segments: Sequence[MediaSegment]) -> MediaTrack:
    entry = init.entry
    if isinstance(entry, Picture):
        samples, ticks = sum(part.samples for part in found), sum(part.duration for part in found)
        return MediaTrack(
            name=name,
            kind="video",
            codec=entry.codec,
            timescale=init.timescale,
            init=INIT,
            segments=tuple(segments),
            width=entry.width,
            height=entry.height,
            frame_rate=Fraction(samples * init.timescale, ticks),
        )
    return MediaTrack(
        name=name,
        kind="audio",
        codec=entry.codec,
        timescale=init.timescale,
        init=INIT,
        segments=tuple(segments),
        channels=entry.channels,
    )


def _read(file: Path, parse: Callable[[bytes], T]) -> T:
    where = f"{file.parent.name}/{file.name}"
    try:
        return parse(file.read_bytes())
    except FileNotFoundError as e:
        raise ToolFailed(f"The encoder did not write {where}.") from e
    except ValueError as e:
        raise ToolFailed(f"The encoder's file {where} {e}; is the disk full?") from e


def _check_timeline(files: Sequence[Path], found: Sequence[Fragment]) -> None:
    end = 0
    for file, part in zip(files, found, strict=True):
        where = f"{file.parent.name}/{file.name}"
        if part.start != end:
            raise ToolFailed(f"The segment {where} starts at tick {part.start}, and the one before it ends at {end}.")
        if part.duration <= 0:
            raise ToolFailed(f"The segment {where} lasts no time.")
        if not part.sync:
            raise ToolFailed(f"The segment {where} does not begin with a key frame.")
        end += part.duration
