"""HLS playlists (RFC 8216 and 8216bis) from measured tracks. Pure.

ffmpeg's own playlists state nominal bit rates and wall-clock dates, and miss attributes that Apple requires.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from votd.media.model import Encoding, MediaSegment, MediaTrack

TARGET_S = 6
START_BITRATE = 2_000_000
"""The variant nearest to it stands first: players begin with that (Apple's authoring specification, 1.32)."""
PLAYLIST = "index.m3u8"
I_FRAMES = "iframes.m3u8"


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
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{_target(track)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{track.init}"',
    ]
    for segment, length in zip(track.segments, seconds, strict=True):
        lines += [f"#EXTINF:{float(length):.6f},", segment.name]
    return _text([*lines, "#EXT-X-ENDLIST"])


def i_frame_playlist(track: MediaTrack) -> str:
    """Write the playlist of a track's key pictures (RFC 8216, 4.3.3.6), one for each segment.

    A segment's other key pictures have no moof of their own, so that no byte range could play them.
    """
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{_target(track)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-I-FRAMES-ONLY",
        f'#EXT-X-MAP:URI="{track.init}"',
    ]
    for segment in track.segments:
        length = float(Fraction(segment.duration, track.timescale))
        lines += [f"#EXTINF:{length:.6f},", f"#EXT-X-BYTERANGE:{segment.key_size}@{segment.key_offset}", segment.name]
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
    lines += [_i_frame_variant(video, base) for video in encoding.video]
    return _text(lines)


def _target(track: MediaTrack) -> int:
    """Return the target duration: the same for all tracks, short videos' too, unless a segment rounds to more."""
    longest = max(Fraction(segment.duration, track.timescale) for segment in track.segments)
    return max(TARGET_S, math.floor(longest + Fraction(1, 2)))


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


def _i_frame_variant(video: MediaTrack, base: str) -> str:
    keys = tuple(replace(segment, size=segment.key_size) for segment in video.segments)
    peak, average = _rates(replace(video, segments=keys))
    attributes = [
        f"BANDWIDTH={peak}",
        f"AVERAGE-BANDWIDTH={average}",
        f'CODECS="{video.codec}"',
        f"RESOLUTION={video.width}x{video.height}",
        f"URI={_quoted(f'{base}{video.name}/{I_FRAMES}')}",
    ]
    return f"#EXT-X-I-FRAME-STREAM-INF:{','.join(attributes)}"


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
