"""The filters from a decoded source to the renditions' pictures. Pure."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from votd.media.model import MediaInfo, Rendition, VideoStream
from votd.media.video.ladder import display_size, frame_count, own_frames, shift_ms, spare_frames
from votd.media.video.stills import Grid

BT709 = {"color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "range": "tv"}
HD_EDGE = 720
PQ, HLG = "smpte2084", "arib-std-b67"
HDR = (PQ, HLG)
"""PQ and HLG (ITU-R BT.2100)."""
WIDE = ("bt2020", "smpte431", "smpte432")
"""Primaries outside BT.709's: read as BT.709's, their colours would be pale."""
WHITE_NITS = 203
"""Where a graphic's white stands in HDR (ITU-R BT.2408): it becomes the white of SDR."""
PEAK_NITS = 1000
"""What most HDR is graded to, and HLG's nominal display."""
HDR_SIDE_DATA = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")
SHOTS = "shots.txt"
SCORES = "scores.txt"


def top(picture: Any, info: MediaInfo, rendition: Rendition) -> Any:
    """Bring the source to a constant rate from 0, square pixels, 8-bit 4:2:0 and BT.709, at the first size."""
    assert info.video is not None, "a source without video is refused before"
    video, rate = info.video, rendition.frame_rate
    if not video.progressive:  # frames that say that they are whole pass untouched
        picture = picture.filter("bwdif", mode="send_frame", deint="interlaced")
    if shift := shift_ms(info, video.start_ms):
        picture = picture.filter("setpts", f"PTS+({shift}/1000/TB)")
    picture = picture.filter("fps", fps=rate, start_time=0)  # a video that starts late holds its first frame
    # The last picture stands where the sound goes on, or a few could not be decoded: players disagree on what to show.
    frames = frame_count(info, rate)
    held = frames - own_frames(video, rate) + spare_frames(frames, rate)
    picture = picture.filter("tpad", stop=held, stop_mode="clone").filter("trim", end_frame=frames)
    made = _tone_mapped(picture, video, rendition) if video.color_transfer in HDR else _sdr(picture, video, rendition)
    return made.filter("setparams", **BT709)  # ffmpeg 9 takes colour tags from the frames alone


def cascade(picture: Any, renditions: Sequence[Rendition]) -> Iterator[Any]:
    """Yield a picture of each size, each scaled from the one before: half the cost of scaling all from the first."""
    for smaller in renditions[1:]:
        parts = picture.filter_multi_output("split")
        yield parts[0]
        picture = _scale(parts[1], smaller)
    yield picture


def candidates(picture: Any, grid: Grid) -> Any:
    """Keep the pictures that may become the poster, in JPEG's colours (full-range BT.601, says JFIF)."""
    return _jpeg(picture.filter("select", _every(grid)))


def thumbnails(picture: Any, grid: Grid, to: Path) -> Any:
    """Keep the storyboard's pictures; the moments of cuts and the candidates' scores go to files.

    A small rendition's picture is enough for that, and nearly free. They are laid side by side afterwards: ``tile``
    here would give nothing before the end, and while the last picture is held, all else would wait for it in memory.
    """
    picture = picture.filter("scdet", threshold=10)
    picture = picture.filter("metadata", mode="print", key="lavfi.scd.time", file=str(to / SHOTS))
    picture = picture.filter("select", _every(grid)).filter("signalstats").filter("blurdetect")
    picture = picture.filter("metadata", mode="print", file=str(to / SCORES))
    return _jpeg(picture.filter("scale", grid.width, grid.height))


def _sdr(picture: Any, video: VideoStream, rendition: Rendition) -> Any:
    if video.color_space is None:  # swscale would take every untagged picture for BT.601
        hd = min(display_size(video)) >= HD_EDGE
        picture = picture.filter("setparams", colorspace="bt709" if hd else "smpte170m")
    if video.color_primaries not in WIDE:
        return _scale(picture, rendition, out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    picture = _scale(picture, rendition)
    if video.color_transfer is None:  # zscale finds no way from the unknown
        picture = picture.filter("setparams", color_trc="bt709")
    return picture.filter("zscale", p="bt709", t="bt709", m="bt709", r="tv").filter("format", "yuv420p")


def _tone_mapped(picture: Any, video: VideoStream, rendition: Rendition) -> Any:
    """Map HDR to SDR, white to white and what is brighter gently into the rest; scaled down first, since it is dear."""
    peak = max(video.peak_nits or PEAK_NITS, WHITE_NITS)
    picture = _scale(picture, rendition)
    if video.color_primaries is None or video.color_space is None:  # zscale finds no way from the unknown
        picture = picture.filter("setparams", color_primaries="bt2020", colorspace="bt2020nc")
    # HLG's curve is exact only the slow way; PQ's is so either way, at half the cost.
    exact = {"agamma": 0} if video.color_transfer == HLG else {}
    picture = picture.filter("zscale", t="linear", npl=WHITE_NITS, p="bt709", **exact).filter("format", "gbrpf32le")
    picture = picture.filter("tonemap", "mobius", desat=0, peak=round(peak / WHITE_NITS, 3))
    picture = picture.filter("zscale", t="bt709", m="bt709", r="tv").filter("format", "yuv420p")
    for kind in HDR_SIDE_DATA:  # it would go on into the SDR stream
        picture = picture.filter("sidedata", mode="delete", type=kind)
    return picture


def _scale(picture: Any, rendition: Rendition, **colour: str) -> Any:
    # Sizes are rounded to even, and a pasp box of 1280:1281 makes players rescale. reset_sar does nothing where
    # nothing is scaled: a source that does not say its pixels' shape would get no box at all.
    picture = picture.filter("scale", rendition.width, rendition.height, reset_sar=1, **colour)
    return picture.filter("setsar", 1)


def _jpeg(picture: Any) -> Any:
    return picture.filter("scale", out_color_matrix="bt601", out_range="pc").filter("format", "yuvj420p")


def _every(grid: Grid) -> str:
    return f"not(mod(n,{grid.step}))"
