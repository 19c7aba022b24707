"""Which renditions a source gets. Pure."""

from collections.abc import Sequence
from fractions import Fraction

from votd.media.model import Ladder, Rendition, Rung, VideoStream

STANDARD_RATES = (*(Fraction(n * 1000, 1001) for n in (24, 30, 60)), *(Fraction(n) for n in (24, 25, 30, 50, 60)))
RATE_TOLERANCE = Fraction(4, 10_000)  # 30 and 30000/1001 are 0.001 apart
SLOWEST_RATE = 5  # a segment of slides, a frame each 30 s, must still be one of 6 s
PROGRESSIVE_EDGE = 720


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
    return tuple(_rendition(rung, width, height, rate) for rung in fitting)


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


def progressive(renditions: Sequence[Rendition]) -> Rendition:
    """Choose the rendition of the one-file download: 720p, or what is nearest below it."""
    small = [rendition for rendition in renditions if min(rendition.width, rendition.height) <= PROGRESSIVE_EDGE]
    return small[0] if small else renditions[-1]


def _rendition(rung: Rung, width: int, height: int, rate: Fraction) -> Rendition:
    scale = Fraction(rung.short_edge, min(width, height))
    return Rendition(
        name=f"{rung.short_edge}p",
        width=_even(width * scale),
        height=_even(height * scale),
        frame_rate=rate,
        crf=rung.crf,
        max_bitrate=rung.max_bitrate,
    )


def _even(side: Fraction) -> int:
    """Round to even pixels, which 4:2:0 needs."""
    return 2 * round(side / 2)
