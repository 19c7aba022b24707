"""Playlists, compared whole."""

from dataclasses import replace
from fractions import Fraction

import pytest

from votd.media.model import Encoding, MediaSegment, MediaTrack
from votd.media.video.hls import SubtitleTrack, bitrates, i_frame_playlist, master_playlist, media_playlist
from votd.media.video.stills import STILLS


def track(name: str, sizes: list[int], ticks: list[int], width: int | None = None) -> MediaTrack:
    """Describe a track of 30000 ticks a second, of video where it has a width."""
    starts = [sum(ticks[:i]) for i in range(len(ticks))]
    segments = tuple(
        MediaSegment(f"{i:05}.m4s", *each, 76, each[0] // 10)
        for i, each in enumerate(zip(sizes, starts, ticks, strict=True), 1)
    )
    if width is None:
        return MediaTrack(name, "audio", "mp4a.40.2", 30_000, "init.mp4", segments, channels=2, language="mk")
    rate = Fraction(30000, 1001)
    return MediaTrack(name, "video", "avc1.64001F", 30_000, "init.mp4", segments, width, width * 9 // 16, rate)


SIX = 180_180
HIGH = track("1080p", [4_504_500, 3_003_000, 750_750], [SIX, SIX, SIX // 2], 1920)
MIDDLE = track("540p", [1_501_500, 1_201_200, 375_375], [SIX, SIX, SIX // 2], 960)
LOW = track("234p", [150_150, 150_150, 75_075], [SIX, SIX, SIX // 2], 416)
AUDIO = track("audio", [96_096, 96_096, 48_048], [SIX, SIX, SIX // 2])
ENCODING = Encoding(15_015, (HIGH, MIDDLE, LOW), (AUDIO,), (), "video.mp4", STILLS, (), None, 0)


def test_media_playlist() -> None:
    """List each segment with its exact length, at the target that all tracks share."""
    assert media_playlist(LOW) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        '#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI="init.mp4"\n'
        "#EXTINF:6.006000,\n00001.m4s\n#EXTINF:6.006000,\n00002.m4s\n#EXTINF:3.003000,\n00003.m4s\n#EXT-X-ENDLIST\n"
    )


def test_i_frame_playlist() -> None:
    """Name the bytes of each segment's first picture."""
    assert i_frame_playlist(LOW) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        '#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI="init.mp4"\n'
        "#EXTINF:6.006000,\n#EXT-X-BYTERANGE:15015@76\n00001.m4s\n"
        "#EXTINF:6.006000,\n#EXT-X-BYTERANGE:15015@76\n00002.m4s\n"
        "#EXTINF:3.003000,\n#EXT-X-BYTERANGE:7507@76\n00003.m4s\n#EXT-X-ENDLIST\n"
    )


def test_master_playlist() -> None:
    """Name every rendition with measured figures, the one nearest 2 Mb/s first."""
    subtitles = [
        SubtitleTrack("captions/mk.m3u8", "mk", "Македонски", True),
        SubtitleTrack("captions/en.m3u8", "en", 'Said\n"so"', False),
    ]
    assert master_playlist(ENCODING, "../../../media/ab/cd/", subtitles) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="mk",LANGUAGE="mk",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",'
        'URI="../../../media/ab/cd/audio/index.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Македонски",LANGUAGE="mk",DEFAULT=YES,'
        'AUTOSELECT=YES,FORCED=NO,URI="captions/mk.m3u8"\n'
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Said \'so\'",LANGUAGE="en",DEFAULT=NO,'
        'AUTOSELECT=YES,FORCED=NO,URI="captions/en.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=2128000,AVERAGE-BANDWIDTH=1768000,CODECS="avc1.64001F,mp4a.40.2",'
        'RESOLUTION=960x540,FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="subtitles",CLOSED-CAPTIONS=NONE\n'
        "../../../media/ab/cd/540p/index.m3u8\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=6128000,AVERAGE-BANDWIDTH=4528000,CODECS="avc1.64001F,mp4a.40.2",'
        'RESOLUTION=1920x1080,FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="subtitles",CLOSED-CAPTIONS=NONE\n'
        "../../../media/ab/cd/1080p/index.m3u8\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=328000,AVERAGE-BANDWIDTH=328000,CODECS="avc1.64001F,mp4a.40.2",'
        'RESOLUTION=416x234,FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="subtitles",CLOSED-CAPTIONS=NONE\n'
        "../../../media/ab/cd/234p/index.m3u8\n"
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=600000,AVERAGE-BANDWIDTH=440000,CODECS="avc1.64001F",'
        'RESOLUTION=1920x1080,URI="../../../media/ab/cd/1080p/iframes.m3u8"\n'
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=164000,CODECS="avc1.64001F",'
        'RESOLUTION=960x540,URI="../../../media/ab/cd/540p/iframes.m3u8"\n'
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,AVERAGE-BANDWIDTH=20000,CODECS="avc1.64001F",'
        'RESOLUTION=416x234,URI="../../../media/ab/cd/234p/iframes.m3u8"\n'
    )


def test_bare_master_playlist() -> None:
    """Promise neither sound nor subtitles where there are none."""
    assert master_playlist(replace(ENCODING, video=(LOW,), audio=()), "", []) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=200000,CODECS="avc1.64001F",'
        "RESOLUTION=416x234,FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE\n"
        "234p/index.m3u8\n"
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,AVERAGE-BANDWIDTH=20000,CODECS="avc1.64001F",'
        'RESOLUTION=416x234,URI="234p/iframes.m3u8"\n'
    )


@pytest.mark.parametrize(
    ("sizes", "ticks", "peak", "average"),
    [
        ([750, 1500, 750], [180_000] * 3, 2000, 1334),
        ([750, 750, 1000], [180_000, 180_000, 30_000], 2000, 1539),
        ([750, 750, 750], [180_000, 180_000, 90_000], 2000, 1200),
        ([375, 125, 125], [90_000, 30_000, 30_000], 1000, 1000),
        ([250], [30_000], 2000, 2000),
    ],
    ids=["the largest", "a short last one counts with the one before", "half a target counts", "a sum", "too short"],
)
def test_peak(sizes: list[int], ticks: list[int], peak: int, average: int) -> None:
    """Measure the peak over stretches of half to one and a half target durations."""
    assert bitrates(track("video", sizes, ticks, 416), None) == (peak, average)


def test_tracks_add_up() -> None:
    """Add the peaks, and the averages, of picture and sound."""
    assert bitrates(MIDDLE, AUDIO) == (2_128_000, 1_768_000)
