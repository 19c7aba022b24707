"""Decide whether a probed file is a video that we can publish; pure, and before anything is decoded."""

from votd.media.errors import CutOff, RejectedSource
from votd.media.model import MediaInfo, VideoStream

LONGEST_MS = 4 * 3_600_000
"""A commentary lasts minutes; four hours of a whole programme are about a night's work for one machine."""
LONG_EDGE, SHORT_EDGE = 8192, 4320
"""8K (SMPTE ST 2036-1, and DCI's width): the most that H.264's and HEVC's highest common levels hold."""
SMALLEST_EDGE = 16
"""One macroblock of H.264: less is no picture, and its halves have no even size."""
FASTEST = 240
"""Frames per second of the slow-motion modes of cameras and telephones."""
SLOWEST_MS = 30_000
"""Milliseconds that a frame may last on average: a lecture's slides do. Two frames ten hours apart, 14 kB, would
become 900,000 of a constant rate."""
MOST_STREAMS = 64
"""A broadcaster's MXF has 16 sounds and some data; 200 streams are an attack or an accident."""

COLOR_SPACES = (None, "gbr", "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc", "bt2020c")
"""Matrices that ffmpeg's scalers can undo."""

_CUT = "it looks cut off. Export it again."


def judge(info: MediaInfo) -> None:
    """Raise ``RejectedSource`` with one plain reason for a file that is no whole video within our limits."""
    if info.streams > MOST_STREAMS:
        raise RejectedSource(f"The file has {info.streams} streams, and at most {MOST_STREAMS} are taken. Remove some.")
    video = info.video
    if video is None:
        has = "sound but no picture" if info.audio else "neither picture nor sound"
        raise RejectedSource(f"The file has {has}. Give the video, not its sound or its cover.")
    if video.encrypted:
        raise RejectedSource("The file is encrypted (DRM). Export it without protection.")
    if not video.frames:
        raise CutOff(f"The file has no pictures in it: {_CUT}")
    _judge_length(info, video)
    _judge_size(video)
    _judge_rate(video)
    if video.color_space not in COLOR_SPACES:
        raise RejectedSource(
            f"The file's colours are in a form that few programs know ({video.color_space}). Export it with BT.709."
        )


def judge_sound(info: MediaInfo) -> None:
    """Raise ``RejectedSource`` for a file that has no sound to recognise speech in."""
    if not info.audio:
        raise RejectedSource("The file has no sound in which speech could be recognised.")


def _judge_length(info: MediaInfo, video: VideoStream) -> None:
    if info.duration_ms <= 0:
        raise RejectedSource("The file lasts no time at all. Export it again.")
    if max(info.duration_ms, info.available_ms) > LONGEST_MS:
        hours = max(info.duration_ms, info.available_ms) / 3_600_000
        raise RejectedSource(f"The file says that it lasts {hours:.1f} hours, and at most 4 are taken. Shorten it.")
    if info.duration_ms - info.available_ms > max(1000, info.duration_ms // 50):
        there, whole = _seconds(info.available_ms, info.duration_ms)
        raise CutOff(f"Only {there} of {whole} s are in the file: {_CUT}")
    # Sound that is whole hides a picture that is not. The last frame or two are lost in harmless ways.
    declared = video.declared_frames or 0
    if declared - video.frames > max(2, declared // 50):
        raise CutOff(f"Only {video.frames} of {declared} frames are in the file: {_CUT}")


def _judge_size(video: VideoStream) -> None:
    """Check the coded picture and the one that is shown: a pixel's aspect ratio can make a small one huge."""
    if not video.width or not video.height:  # libav's answer to what is larger than we let it decode
        raise RejectedSource(
            f"The picture says no size, or one that is too large: at most {LONG_EDGE}×{SHORT_EDGE} are taken. "
            "Export it smaller."
        )
    shown = round(video.width * video.sample_aspect_ratio)
    for width in (video.width, shown):
        short, long = sorted((width, video.height))
        if short < SMALLEST_EDGE:
            raise RejectedSource(
                f"The picture is {width}×{video.height}, and at least {SMALLEST_EDGE}×{SMALLEST_EDGE} are needed. "
                "Export it larger."
            )
        if long > LONG_EDGE or short > SHORT_EDGE:
            raise RejectedSource(
                f"The picture is {width}×{video.height}, and at most {LONG_EDGE}×{SHORT_EDGE} are taken. "
                "Export it smaller."
            )


def _judge_rate(video: VideoStream) -> None:
    average = video.frames * 1000 / max(video.duration_ms, 1)
    fastest = max(float(video.frame_rate), average if video.frames > 1 else 0)
    if fastest > FASTEST:
        raise RejectedSource(f"The file has {fastest:.0f} frames/s, and at most {FASTEST} are taken. Export it at 25.")
    if video.frames > 1 and video.duration_ms > video.frames * SLOWEST_MS:
        raise RejectedSource(
            f"The file has only {video.frames} frames in {video.duration_ms // 1000} s. Export it at 25 frames/s."
        )


def _seconds(available_ms: int, duration_ms: int) -> tuple[str, str]:
    """Write both in whole seconds, or with a decimal where they would look alike."""
    there, whole = available_ms / 1000, duration_ms / 1000
    digits = 0 if round(there) != round(whole) else 1
    return f"{there:.{digits}f}", f"{whole:.{digits}f}"
