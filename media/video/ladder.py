"""Which renditions a source gets. Pure."""

from collections.abc import Sequence
from fractions import Fraction

from votd.media.model import Ladder, MediaInfo, Rendition, Rung, VideoStream

STANDARD_RATES = (*(Fraction(n * 1000, 1001) for n in (24, 30, 60)), *(Fraction(n) for n in (24, 25, 30, 50, 60)))
RATE_TOLERANCE = Fraction(4, 10_000)  # 30 and 30000/1001 are 0.001 apart
SLOWEST_RATE = 5  # a segment of slides, a frame each 30 s, must still be one of 6 s
PROGRESSIVE_EDGE = 720
HIGH_RATE = 30
LEVELS = (
    *((10, 1485, 99, 64), (11, 3000, 396, 192), (12, 6000, 396, 384), (13, 11880, 396, 768), (20, 11880, 396, 2000)),
    *((21, 19800, 792, 4000), (22, 20250, 1620, 4000), (30, 40500, 1620, 10000), (31, 108000, 3600, 14000)),
    *((32, 216000, 5120, 20000), (40, 245760, 8192, 20000), (41, 245760, 8192, 50000), (42, 522240, 8704, 50000)),
    *((50, 589824, 22080, 135000), (51, 983040, 36864, 240000), (52, 2073600, 36864, 240000)),
)
"""Level times ten, macroblocks a second and a picture, kbit/s (times 1.25 for High): ITU-T H.264, table A-1."""


def renditions(video: VideoStream, ladder: Ladder) -> tuple[Rendition, ...]:
    """Apply a ladder to a source: the rungs that need no upscale, from the largest to the smallest.

    A source below the smallest rung gets one rendition of its own size.
    """
    width, height = display_size(video)
    short = min(width, height)
    rate = output_rate(video.frame_rate, ladder.max_frame_rate)
    fitting = [rung for rung in ladder.rungs if rung.short_edge <= short]
    if not fitting:
        smallest = ladder.rungs[-1]
        fitting = [Rung(short - short % 2, smallest.crf, smallest.max_bitrate)]
    factor = ladder.high_rate_cap if rate > HIGH_RATE else 1
    return tuple(_rendition(rung, width, height, rate, round(rung.max_bitrate * factor)) for rung in fitting)


def display_size(video: VideoStream) -> tuple[int, int]:
    """Return width and height as a viewer sees them: square pixels, turned upright."""
    width = round(video.width * (video.sample_aspect_ratio or 1))  # 0:1 is how containers say "unknown"
    return (video.height, width) if video.rotation in (90, 270) else (width, video.height)


def output_rate(rate: Fraction, limit: int) -> Fraction:
    """Return the constant frame rate to encode at, halved until it is within ``limit``, doubled up to 5.

    What a container averaged (359640/12001) becomes the standard rate that it is within 0.04 % of (30000/1001).
    """
    while rate > limit:
        rate /= 2
    while rate < SLOWEST_RATE:
        rate *= 2
    near = min(STANDARD_RATES, key=lambda standard: abs(rate - standard))
    return near if abs(rate - near) <= near * RATE_TOLERANCE else rate.limit_denominator(1001)


def copied(info: MediaInfo, renditions: Sequence[Rendition], ladder: Ladder) -> Rendition | None:
    """Return the rendition that the source's own stream already is, ``None`` where it has to be encoded.

    Everything that a player may ask of a rendition must be right: it stands beside the others with their boundaries.
    """
    video, top = info.video, renditions[0]
    if video is None or video.gops is None or len(renditions) == 1:  # one alone: nothing would show that it decodes
        return None
    form = (video.codec, video.profile, video.pixel_format, video.progressive)
    colour = (video.color_primaries, video.color_transfer, video.color_space, video.color_range)
    size, turned = (video.width, video.height), video.rotation or video.sample_aspect_ratio != 1
    whole = video.frames == frame_count(info, top.frame_rate)
    gop = gop_frames(top.frame_rate, ladder)
    fits = (
        form == ("h264", "High", "yuv420p", True)
        and colour == ("bt709", "bt709", "bt709", "tv")
        and (size == (top.width, top.height) and not turned and video.frame_rate == top.frame_rate)
        and (video.gops.frames == gop or video.frames <= min(gop, video.gops.frames))
        and video.gops.peak_bitrate <= top.max_bitrate
        and video.level == lowest_level(top)
    )
    return top if fits and whole else None


def lowest_level(rendition: Rendition) -> int:
    """Return the lowest H.264 level, times ten, that holds a rendition at its cap (ITU-T H.264, table A-1)."""
    blocks = -(-rendition.width // 16) * -(-rendition.height // 16)
    speed = blocks * rendition.frame_rate
    fitting = (
        level
        for level, most_speed, most_blocks, most_bitrate in LEVELS
        if blocks <= most_blocks and speed <= most_speed and rendition.max_bitrate <= most_bitrate * 1250
    )
    return next(fitting, LEVELS[-1][0])


def frame_count(info: MediaInfo, rate: Fraction) -> int:
    """Return how many frames the encode has: to the end of the last picture or sound, whichever is later.

    A started frame does not count after the video's own end: AAC's padding would give each video one more.
    """
    assert info.video is not None, "a source without video is refused before"
    sounding_ms = info.available_ms - lead_ms(info.video)
    return max(1, own_frames(info.video, rate), int(sounding_ms * rate / 1000))


def own_frames(video: VideoStream, rate: Fraction) -> int:
    """Return how many frames the pictures alone fill."""
    return round((video.duration_ms - lead_ms(video)) * rate / 1000)


def lead_ms(video: VideoStream) -> int:
    """Return by how much less than a frame the pictures start after the file: all is moved there, sound too.

    MPEG-TS begins with AAC's priming, 21 ms before the first picture: the nearest frame would part them by as much.
    """
    return video.start_ms if video.start_ms * video.frame_rate < 1000 else 0


def spare_frames(frames: int, rate: Fraction) -> int:
    """Return how many frames may be lost to damage, or to a container that counts wrong: a second, or one in fifty."""
    return max(round(rate), frames // 50)


def shift_ms(info: MediaInfo, start_ms: int) -> int:
    """Return what a pass over one stream must add to its times, so that it stands on the clock of all.

    From a format whose clock may jump, ffmpeg takes the start anew: that of the stream which the pass reads.
    """
    alone = start_ms if "mpegts" in info.container else 0
    return alone - (lead_ms(info.video) if info.video else 0)


def gop_frames(rate: Fraction, ladder: Ladder) -> int:
    """Return the fixed distance between key frames: the whole number of frames nearest to the ladder's time."""
    return max(1, round(ladder.gop_ms * rate / 1000))


def progressive(renditions: Sequence[Rendition]) -> Rendition:
    """Choose the rendition of the one-file download: 720p, or what is nearest below it."""
    small = [rendition for rendition in renditions if min(rendition.width, rendition.height) <= PROGRESSIVE_EDGE]
    return small[0] if small else renditions[-1]


def _rendition(rung: Rung, width: int, height: int, rate: Fraction, max_bitrate: int) -> Rendition:
    scale = Fraction(rung.short_edge, min(width, height))
    return Rendition(
        name=f"{rung.short_edge}p",
        width=_even(width * scale),
        height=_even(height * scale),
        frame_rate=rate,
        crf=rung.crf,
        max_bitrate=max_bitrate,
    )


def _even(side: Fraction) -> int:
    """Round to even pixels, which 4:2:0 needs."""
    return 2 * round(side / 2)
