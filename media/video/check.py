"""Judge what the encoder left in its folder, and describe it.

Its exit code is no help: 0 for half a source, and on a full disk too.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from votd.media.errors import CutOff, ToolFailed
from votd.media.model import AudioStream, MediaInfo, MediaTrack, Rendition
from votd.media.video import boxes
from votd.media.video.graph import MP4, audio_name
from votd.media.video.ladder import frame_count, spare_frames
from votd.media.video.measure import measure


def check(
    folder: Path, info: MediaInfo, renditions: Sequence[Rendition], streams: Sequence[AudioStream]
) -> tuple[tuple[MediaTrack, ...], tuple[MediaTrack, ...]]:
    """Measure every track of an encode, and look at its MP4; return the video tracks and the audio tracks.

    Raises ``CutOff`` where too little of the source could be decoded, and ``ToolFailed`` for everything that
    is missing, cut or uneven.
    """
    rate = renditions[0].frame_rate
    expected = frame_count(info, rate) / rate
    if not any(folder.glob("*/*.m4s")):
        raise _undecoded(Fraction(0), expected)
    video = tuple(measure(folder, rendition.name) for rendition in renditions)
    _check_video(video, renditions)
    length = seconds(video[0])
    if length < expected:  # though the last picture was held for as long as it may be
        spare = spare_frames(frame_count(info, rate), rate) / rate
        raise _undecoded(max(Fraction(0), length - spare), expected)
    audio = tuple(
        replace(measure(folder, audio_name(number)), language=stream.language) for number, stream in enumerate(streams)
    )
    for track in audio:
        if abs(seconds(track) - length) > 1:
            raise ToolFailed(f"The audio lasts {float(seconds(track)):.1f} s and the video {float(length):.1f} s.")
    _check_mp4(folder / MP4, length)
    return video, audio


def _check_video(tracks: Sequence[MediaTrack], renditions: Sequence[Rendition]) -> None:
    """See that each rendition is as asked, and that players can change between them at every segment."""
    for track, rendition in zip(tracks, renditions, strict=True):
        asked = (rendition.width, rendition.height, rendition.frame_rate)
        if (track.width, track.height, track.frame_rate) != asked:
            raise ToolFailed(
                f"The rendition {track.name} is {track.width}×{track.height} at {track.frame_rate} frames/s, "
                f"and {asked[0]}×{asked[1]} at {asked[2]} was asked for."
            )
        if _boundaries(track) != _boundaries(tracks[0]):
            raise ToolFailed(f"The segments of {track.name} are not those of {tracks[0].name}.")


def _boundaries(track: MediaTrack) -> list[Fraction]:
    return [Fraction(segment.start + segment.duration, track.timescale) for segment in track.segments]


def seconds(track: MediaTrack) -> Fraction:
    """Return how long a track lasts."""
    return _boundaries(track)[-1]


def check_jpeg(file: Path) -> None:
    """Raise ``ToolFailed`` for a picture that is not there or not whole."""
    data = file.read_bytes() if file.exists() else b""
    if data[:2] != b"\xff\xd8" or data[-2:] != b"\xff\xd9":
        raise ToolFailed(f"The encoder's {file.name} is missing or cut off.")


def _check_mp4(file: Path, length: Fraction) -> None:
    """See that a player can start before it has everything, and that everything is there."""
    try:
        with file.open("rb") as stream:
            found = boxes.movie(stream, file.stat().st_size)
    except (OSError, ValueError) as e:
        raise ToolFailed(f"The encoder's {file.name} is not whole: {e}.") from e
    if abs(found - length) > 1:
        raise ToolFailed(f"The encoder's {file.name} lasts {float(found):.1f} s of {float(length):.1f} s.")


def _undecoded(there: Fraction, whole: Fraction) -> CutOff:
    digits = 0 if whole - there >= 2 else 1
    return CutOff(
        f"Only {float(there):.{digits}f} of {float(whole):.{digits}f} s could be decoded: "
        "the file looks cut off or damaged. Export it again."
    )
