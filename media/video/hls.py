"""HLS playlists (RFC 8216 and 8216bis) from measured tracks. Pure.

ffmpeg's own playlists state nominal bit rates and wall-clock dates, and miss attributes that Apple requires.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from votd.media.model import Encoding, MediaSegment, MediaTrack

TARGET_S = 6
START_BITRATE = 2_000_000
"""The variant nearest to it stands first: players begin with that (Apple's authoring specification, 1.32)."""
PLAYLIST = "index.m3u8"


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One WebVTT rendition; ``uri`` leads from the master playlist to its playlist, ``name`` is what a menu shows."""

    uri: str
    language: str
    name: str
    default: bool


def media_playlist(track: MediaTrack) -> str:
    """Write one track's playlist, whose files lie beside it."""
    seconds = [Fraction(segment.duration, track.timescale) for segment in track.segments]
    # The same for all tracks, and short videos too: the rule is only that no segment rounds to more.
    target = max(TARGET_S, *(math.floor(length + Fraction(1, 2)) for length in seconds))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{track.init}"',
    ]
    for segment, length in zip(track.segments, seconds, strict=True):
        lines += [f"#EXTINF:{float(length):.6f},", segment.name]
    return _text([*lines, "#EXT-X-ENDLIST"])


def master_playlist(encoding: Encoding, base: str, subtitles: Sequence[SubtitleTrack]) -> str:
    """Write the master playlist; ``base``, "" or ending in "/", leads from it to the encoding's folder."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_audio(track, base, default=i == 0) for i, track in enumerate(encoding.audio)]
    lines += [_subtitles(track) for track in subtitles]
    # All audio tracks have one bit rate: any of them gives the sum that 8216bis asks for.
    audio = max(encoding.audio, key=lambda track: bitrates(track, None)[0], default=None)
    for video in _ordered(encoding.video, audio):
        lines += [_variant(video, audio, subtitled=bool(subtitles)), f"{base}{video.name}/{PLAYLIST}"]
    return _text(lines)


def bitrates(video: MediaTrack, audio: MediaTrack | None) -> tuple[int, int]:
    """Return the peak and the average bit rate, bit/s, of a variant as 8216bis (4.4.6.2) defines them.

    A track's peak is its highest rate over contiguous segments that last 0.5 to 1.5 target durations together; the
    variant's is the sum of its tracks'.
    """
    rates = [_rates(track) for track in (video, audio) if track]
    return sum(peak for peak, _ in rates), sum(average for _, average in rates)


def _rates(track: MediaTrack) -> tuple[int, int]:
    average = _rate(track.segments, track.timescale)
    windows = _windows(track.segments, track.timescale)
    return max((_rate(window, track.timescale) for window in windows), default=average), average


def _windows(segments: Sequence[MediaSegment], timescale: int) -> Iterator[Sequence[MediaSegment]]:
    shortest, longest = TARGET_S * timescale // 2, TARGET_S * timescale * 3 // 2
    for first in range(len(segments)):
        length = 0
        for last in range(first, len(segments)):
            length += segments[last].duration
            if length > longest:
                break
            if length >= shortest:
                yield segments[first : last + 1]


def _rate(segments: Sequence[MediaSegment], timescale: int) -> int:
    bits = 8 * sum(segment.size for segment in segments)
    return math.ceil(Fraction(bits * timescale, sum(segment.duration for segment in segments)))


def _ordered(video: Sequence[MediaTrack], audio: MediaTrack | None) -> list[MediaTrack]:
    """Put the variant to start with first and leave the others as they are."""
    first = min(video, key=lambda track: abs(bitrates(track, audio)[0] - START_BITRATE))
    return [first, *(track for track in video if track is not first)]


def _variant(video: MediaTrack, audio: MediaTrack | None, *, subtitled: bool) -> str:
    assert video.frame_rate is not None, "a video track has a frame rate"
    peak, average = bitrates(video, audio)
    codecs = ",".join(track.codec for track in (video, audio) if track)
    attributes = [
        f"BANDWIDTH={peak}",
        f"AVERAGE-BANDWIDTH={average}",
        f'CODECS="{codecs}"',
        f"RESOLUTION={video.width}x{video.height}",
        f"FRAME-RATE={float(video.frame_rate):.3f}",
        *(['AUDIO="audio"'] if audio else []),
        *(['SUBTITLES="subtitles"'] if subtitled else []),
        "CLOSED-CAPTIONS=NONE",
    ]
    return f"#EXT-X-STREAM-INF:{','.join(attributes)}"


def _audio(track: MediaTrack, base: str, *, default: bool) -> str:
    attributes = [
        "TYPE=AUDIO",
        'GROUP-ID="audio"',
        f"NAME={_quoted(track.language or track.name)}",
        f"LANGUAGE={_quoted(track.language or 'und')}",
        f"DEFAULT={_yes(default)}",
        "AUTOSELECT=YES",
        f'CHANNELS="{track.channels}"',
        f"URI={_quoted(f'{base}{track.name}/{PLAYLIST}')}",
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _subtitles(track: SubtitleTrack) -> str:
    attributes = [
        "TYPE=SUBTITLES",
        'GROUP-ID="subtitles"',
        f"NAME={_quoted(track.name)}",
        f"LANGUAGE={_quoted(track.language)}",
        f"DEFAULT={_yes(track.default)}",
        "AUTOSELECT=YES",
        "FORCED=NO",
        f"URI={_quoted(track.uri)}",
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


def _quoted(value: str) -> str:
    """Write a quoted-string, which has no way to hold a quote or a line break (RFC 8216, 4.2)."""
    return '"' + " ".join(value.replace('"', "'").split()) + '"'


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
