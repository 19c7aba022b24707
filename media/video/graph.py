"""The two ffmpeg command lines: the audio-only pass and the encode. Pure.

One process each, and nothing is decoded twice. ffmpeg-python builds the graph and compiles it to arguments, no
more: it cannot bound what it runs.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as fp

from votd.media.model import Ladder, MediaInfo, Rendition, VideoStream
from votd.media.video.boxes import INIT
from votd.media.video.ladder import display_size, progressive

# A playlist or list named .mp4 makes ffmpeg open other files and addresses: containers only, and only the named file.
SAFE_INPUT = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mxf",
    "max_pixels": 8192 * 4320,  # bounds the memory of a stream that grows after its header
}
BT709 = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
HD_EDGE = 720

SAMPLE_RATE = 48_000
AAC_FRAME = 1024
SPEECH_RATE = 16_000
POSTER_LATEST_S = 10

AUDIO = "audio"
MP4 = "video.mp4"
POSTER = "poster.jpg"


def audio_args(ffmpeg: str, source: Path, info: MediaInfo, wav: Path) -> list[str]:
    """Return the command that writes the first audio stream as 16 kHz mono and logs its EBU R128 loudness.

    Loudness is measured on the stereo mix that the encode publishes. Video is not decoded.
    """
    audio = fp.input(f"file:{source}", vn=None, **SAFE_INPUT)[str(info.audio[0].index)]
    audio = _stereo(audio).filter("ebur128", peak="true", framelog="quiet").filter("aresample", SPEECH_RATE)
    audio = audio.filter("aformat", sample_fmts="s16", channel_layouts="mono")
    output = fp.output(audio, f"file:{wav}", f="wav", map_metadata=-1)
    return _compile(output, ffmpeg, "-loglevel", "info")  # ebur128's summary is information


def encode_args(
    ffmpeg: str,
    source: Path,
    info: MediaInfo,
    renditions: Sequence[Rendition],
    ladder: Ladder,
    *,
    to: Path,
    threads: int,
) -> list[str]:
    """Return the command that decodes once and makes every rendition, the audio, the MP4 and the poster in ``to``.

    The tracks' folders, named like the renditions and ``audio``, must be there.
    """
    assert info.video is not None, "a source without video is refused before"
    top = renditions[0]
    source_input = fp.input(f"file:{source}", threads=threads, **{"reinit_filter:v": 0}, **SAFE_INPUT)
    parts = _top(source_input[str(info.video.index)], info, top).filter_multi_output("split")
    streams = [*_cascade(parts[0], renditions)]
    if info.audio:
        length = frame_count(info, top.frame_rate) / top.frame_rate
        streams.append(_sound(source_input[str(info.audio[0].index)], length))
    tee = "|".join(_branches(to, renditions, ladder, bool(info.audio)))
    options = {**_video_options(renditions, ladder), **(_audio_options(ladder) if info.audio else {})}
    encode = fp.output(*streams, tee, f="tee", threads=threads, map_metadata=-1, map_chapters=-1, **options)
    poster = _poster(parts[1], info, top.frame_rate, to)
    return _compile(
        fp.merge_outputs(encode, poster), ffmpeg, "-loglevel", "warning", "-filter_complex_threads", str(threads)
    )


def frame_count(info: MediaInfo, rate: Fraction) -> int:
    """Return how many frames the encode has: to the end of the last picture or sound, whichever is later.

    A started frame does not count after the video's own end: AAC's padding would give each video one more.
    """
    assert info.video is not None, "a source without video is refused before"
    return max(1, _own_frames(info.video, rate), int(info.available_ms * rate / 1000))


def gop_frames(rate: Fraction, ladder: Ladder) -> int:
    """Return the fixed distance between key frames: the whole number of frames nearest to the ladder's time."""
    return max(1, round(ladder.gop_ms * rate / 1000))


def _own_frames(video: VideoStream, rate: Fraction) -> int:
    return round(video.duration_ms * rate / 1000)


# --- pictures ----------------------------------------------------------------------------------


def _top(picture: Any, info: MediaInfo, rendition: Rendition) -> Any:
    """Bring the source to a constant rate from 0, square pixels, 8-bit 4:2:0 and BT.709, at the first size."""
    assert info.video is not None, "a source without video is refused before"
    rate = rendition.frame_rate
    picture = picture.filter("fps", fps=rate, start_time=0)  # a video that starts late holds its first frame
    frames = frame_count(info, rate)
    missing = frames - _own_frames(info.video, rate)
    if missing > 0:  # players disagree on what to show where the video ends before the audio
        picture = picture.filter("tpad", stop=missing, stop_mode="clone").filter("trim", end_frame=frames)
    if info.video.color_space is None:  # swscale would take every untagged picture for BT.601
        hd = min(display_size(info.video)) >= HD_EDGE
        picture = picture.filter("setparams", colorspace="bt709" if hd else "smpte170m")
    picture = _scale(picture, rendition, out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    return picture.filter("setparams", **BT709)  # ffmpeg 9 takes colour tags from the frames alone


def _cascade(picture: Any, renditions: Sequence[Rendition]) -> Iterator[Any]:
    """Yield a picture of each size, each scaled from the one before: half the cost of scaling all from the first."""
    for smaller in renditions[1:]:
        parts = picture.filter_multi_output("split")
        yield parts[0]
        picture = _scale(parts[1], smaller)
    yield picture


def _scale(picture: Any, rendition: Rendition, **colour: str) -> Any:
    # reset_sar: sizes are rounded to even, and a pasp box of 1280:1281 makes players rescale
    return picture.filter("scale", rendition.width, rendition.height, reset_sar=1, **colour)


def _poster(picture: Any, info: MediaInfo, rate: Fraction, to: Path) -> Any:
    """Keep one frame, a third into the video but not later than 10 s, as a JPEG (full-range BT.601, says JFIF)."""
    frames = frame_count(info, rate)
    moment = min(frames // 3, int(POSTER_LATEST_S * rate))
    picture = picture.filter("select", f"gte(n,{moment})").filter("scale", out_color_matrix="bt601", out_range="pc")
    still = {"f": "image2", "update": 1, "c:v": "mjpeg", "q:v": 3, "frames:v": 1, "fps_mode": "passthrough"}
    return fp.output(picture, f"file:{to / POSTER}", map_metadata=-1, **still)


def _video_options(renditions: Sequence[Rendition], ladder: Ladder) -> dict[str, Any]:
    """Return x264's options: a capped CRF per rendition and the same closed GOPs in all of them."""
    gop = gop_frames(renditions[0].frame_rate, ladder)
    options: dict[str, Any] = {
        "c:v": "libx264",
        "preset": ladder.preset,
        "profile:v": "high",
        "bf": 2,
        "g": gop,
        "keyint_min": gop,
        "sc_threshold": 0,  # else a cut adds key frames, and segments get uneven
        "flags:v": "+cgop+global_header",  # tee cannot say that MP4 wants global headers
    }
    for i, rendition in enumerate(renditions):
        options[f"crf:v:{i}"] = rendition.crf
        options[f"maxrate:v:{i}"] = rendition.max_bitrate
        options[f"bufsize:v:{i}"] = rendition.max_bitrate * 3 // 2  # 1.5 s keep a segment's peak near the cap
    return options


# --- sound -------------------------------------------------------------------------------------


def _stereo(audio: Any) -> Any:
    """Make 48 kHz stereo that starts at 0, gaps filled: audio that starts late would bring an empty edit list."""
    audio = audio.filter("aresample", SAMPLE_RATE, first_pts=0, **{"async": 1})
    return audio.filter("aformat", channel_layouts="stereo")


def _sound(audio: Any, seconds: Fraction) -> Any:
    """Make the sound as long as the pictures, up to its last whole AAC frame.

    AAC adds a frame of priming; with one more frame than the pictures need, a last segment of 21 ms is left over.
    """
    frames = max(1, -int(-seconds * SAMPLE_RATE // AAC_FRAME) - 1)
    samples = frames * AAC_FRAME
    return _stereo(audio).filter("apad", whole_len=samples).filter("atrim", end_sample=samples)


def _audio_options(ladder: Ladder) -> dict[str, Any]:
    return {"c:a": "aac", "b:a": ladder.audio_bitrate, "flags:a": "+global_header"}


# --- what comes out ----------------------------------------------------------------------------


def _branches(to: Path, renditions: Sequence[Rendition], ladder: Ladder, sound: bool) -> Iterator[str]:
    """Yield tee's branches: CMAF segments of every track, and the MP4 of one rendition."""
    rate = renditions[0].frame_rate
    length = ladder.segment_gops * gop_frames(rate, ladder) / rate
    for i, rendition in enumerate(renditions):
        yield _branch(to, f"{rendition.name}.mpd", i, **_dash(rendition.name, length))
    one = str(renditions.index(progressive(renditions)))
    if sound:
        # Beside video the dash muxer cuts audio at the video's key frames; alone and without a timeline, by the clock.
        yield _branch(to, f"{AUDIO}.mpd", len(renditions), use_timeline="0", **_dash(AUDIO, length))
        one += f",{len(renditions)}"
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


def _compile(output: Any, ffmpeg: str, *options: str) -> list[str]:
    before = [ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-progress", "pipe:1", *options]
    return [str(argument) for argument in fp.compile(output, cmd=before)]
