"""The pure parts of a verification, by tables."""

import struct
from fractions import Fraction

import pytest

from votd.media.verify import avc, boxes, dash, http_rules, playlists, rates, sound, stills
from votd.media.verify.report import Finding, Report, in_order, judged

S = Fraction


def box(kind: bytes, body: bytes = b"") -> bytes:
    """Write a box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


@pytest.mark.parametrize(
    ("size", "rate", "peak", "references", "level"),
    [
        ((416, 234), S(25), 300_000, 3, 13),
        ((416, 234), S(25), 1_500_000, 3, 20),  # by its bit rate
        ((640, 360), S(25), 700_000, 3, 30),
        ((640, 360), S(20), 700_000, 3, 22),
        ((1280, 720), S(25), 3_500_000, 3, 31),
        ((1280, 720), S(60000, 1001), 3_500_000, 3, 32),
        ((1920, 1080), S(25), 6_000_000, 4, 40),
        ((1920, 1080), S(25), 6_000_000, 5, 50),  # four such pictures fit into level 4's buffer
        ((1920, 1080), S(50), 6_000_000, 3, 42),
        ((1920, 1080), S(25), 30_000_000, 3, 41),  # by its bit rate
        ((2000, 16), S(1), 1, 1, 31),  # no edge above the root of eight times the area
        ((16384, 16384), S(60), 1, 1, 62),  # nothing is enough
    ],
)
def test_the_lowest_level(size: tuple[int, int], rate: Fraction, peak: int, references: int, level: int) -> None:
    """Table A-1 of H.264, with High's factor for bit rates."""
    assert avc.lowest_level(*size, rate, Fraction(peak), references) == level


@pytest.mark.parametrize(
    ("level", "above"), [(13, [20]), (20, [21]), (21, []), (31, [32]), (32, []), (40, [41]), (62, [])]
)
def test_a_higher_level_for_more_bits(level: int, above: list[int]) -> None:
    """Only where the next level allows more bits can a bit rate explain it."""
    assert avc.for_more_bits(level) == above


@pytest.mark.parametrize(
    ("sample", "types"),
    [(b"\0\0\0\2\x65\x88\0\0\0\1\x06", {5, 6}), (b"\0\0\0\1\x41", {1}), (b"", set())],
)
def test_nal_types(sample: bytes, types: set[int]) -> None:
    """Each unit's type is in the low bits of its first byte."""
    assert avc.nal_types(sample, 4) == types


@pytest.mark.parametrize("sample", [b"\0\0\0\x09\x65", b"\0\0\0\0", b"\0\0"])
def test_units_that_do_not_add_up(sample: bytes) -> None:
    """A unit that is longer than its sample is damage."""
    with pytest.raises(ValueError, match="longer than its sample"):
        avc.nal_types(sample, 4)


@pytest.mark.parametrize(("config", "codec"), [("1190", "mp4a.40.2"), ("2b92", "mp4a.40.5"), ("f94640", "mp4a.40.42")])
def test_aac_codecs(config: str, codec: str) -> None:
    """The audio object type is in the first five bits, or in eleven."""
    assert avc.aac_codec(bytes.fromhex(config)) == codec


@pytest.mark.parametrize(
    ("pieces", "peak", "average"),
    [
        ([(750_000, S(6)), (1_500_000, S(6)), (75_000, S(1))], 2_000_000, S(18_600_000, 13)),
        ([(100, S(1)), (300, S(1))], 1600, 1600),  # shorter than half a target duration: no run of segments counts
        ([(300, S(2)), (300, S(1)), (100, S(4))], 1600, S(5600, 7)),  # two segments together make three seconds
        ([], 0, 0),
    ],
)
def test_rates(pieces: list[rates.Piece], peak: Fraction, average: Fraction) -> None:
    """The peak is of contiguous segments that last 0.5 to 1.5 target durations."""
    assert rates.peak(pieces, 6) == peak
    assert rates.average(pieces) == average


def test_boxes() -> None:
    """Everything below containers is seen; a large size is read."""
    fragment = box(b"moof", box(b"traf", box(b"tfhd", b"\0\2\0\0") + box(b"trun"))) + box(b"mdat", bytes(9))
    assert boxes.fragment_facts(fragment) == boxes.FragmentFacts(1, 1, 1, 1, True)
    large = struct.pack(">I4sQ", 1, b"mdat", 20) + bytes(4)
    assert boxes.fragment_facts(large).mdats == 1
    assert not boxes.fragment_facts(box(b"moof", box(b"traf", box(b"tfhd", bytes(4))))).base_is_moof


@pytest.mark.parametrize(
    "data",
    [b"\0\0\0", box(b"moof")[:7], struct.pack(">I4s", 100, b"mdat"), struct.pack(">I4s", 4, b"mdat"), b"\0\0\0\1mdat"],
)
def test_boxes_that_are_cut(data: bytes) -> None:
    """A box that is longer than the file, or too short to be one, is damage."""
    with pytest.raises(ValueError, match="box"):
        boxes.fragment_facts(data)


def test_edits_of_both_versions() -> None:
    """Version 1 has long times."""
    short = box(b"elst", struct.pack(">IIIiI", 0, 1, 5, -1, 1 << 16))
    long = box(b"elst", struct.pack(">IIQqI", 1 << 24, 1, 5, 1024, 1 << 16))
    assert boxes.init_facts(box(b"moov", box(b"trak", box(b"edts", short + long)))).edits == ((5, -1), (5, 1024))
    with pytest.raises(ValueError, match="shorter than its fields"):
        boxes.init_facts(box(b"elst", struct.pack(">II", 0, 3)))


MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="{duration}"><Period>
<BaseURL>../media/</BaseURL><AdaptationSet contentType="video"><SegmentTemplate timescale="10" startNumber="3"
initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%03d$-$Time$.m4s"><SegmentTimeline>
<S t="0" d="60" r="1"/><S d="25"/></SegmentTimeline></SegmentTemplate><Representation id="a" bandwidth="1"/>
</AdaptationSet><AdaptationSet contentType="text"><Representation id="t"><BaseURL>x.vtt</BaseURL></Representation>
</AdaptationSet></Period></MPD>"""


def test_an_mpd() -> None:
    """Templates are inherited and filled, addresses joined, repetitions expanded."""
    mpd = dash.read(MPD.format(duration="PT1M2.5S"))
    video, captions = mpd.representations
    assert mpd.seconds == S(125, 2)
    assert video.timeline == ((0, 6), (6, 6), (12, S(5, 2)))
    names = ("a/init.mp4", "a/003-0.m4s", "a/004-60.m4s", "a/005-120.m4s")
    assert video.files == tuple(f"../media/{name}" for name in names)
    assert captions.files == ("../media/x.vtt",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<MPD", "no XML"),
        ("<MPD/>", "no MPD"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + MPD, "document type"),
        (MPD.format(duration="1 minute"), "no duration"),
        (MPD.replace('d="60"', 'd="0"'), "no length"),
        (MPD.replace('r="1"', 'r="9999999"'), "impossible"),
        (MPD.replace('timescale="10"', 'timescale="0"'), "timescale"),
        (MPD.replace('d="25"', f'd="{1 << 70}"'), "64 bits"),
        (MPD.replace("$Time$", "$SubNumber$"), "SubNumber"),
    ],
)
def test_an_mpd_that_is_none(text: str, reason: str) -> None:
    """What is no MPD, or an impossible one, is refused by name."""
    with pytest.raises(ValueError, match=reason):
        dash.read(text)


def test_a_storyboard() -> None:
    """Cues with places are read, with and without hours; anything else is refused."""
    vtt = "WEBVTT\n\n00:00.000 --> 00:02.000\na.jpg#xywh=1,2,3,4\n\n1\n"
    vtt += "01:00:02.000 --> 01:00:04.500\nb.jpg#xywh=pixel:0,0,9,9\n"
    assert stills.tiles(vtt) == [
        stills.Tile(0, 2000, "a.jpg", 1, 2, 3, 4),
        stills.Tile(3_602_000, 3_604_500, "b.jpg", 0, 0, 9, 9),
    ]
    for wrong in ("WEBVTT\n\n00:00 --> 00:02\na.jpg#xywh=1,2,3,4", "WEBVTT\n\n00:00.000 --> 00:02.000", "a"):
        with pytest.raises(ValueError, match=r"WEBVTT|the cue"):
            stills.tiles(wrong)


def test_a_jpeg() -> None:
    """The size is in the frame header, behind whatever stands before it."""
    frame = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 630, 1200) + bytes(10)
    whole = b"\xff\xd8" + b"\xff\xe0" + struct.pack(">H", 6) + bytes(4) + frame + b"\xff\xd9"
    assert stills.jpeg_size(whole) == (1200, 630)
    for wrong in (whole[:-1], b"\xff\xd8\xff\xd9", b""):
        with pytest.raises(ValueError, match="it "):
            stills.jpeg_size(wrong)


@pytest.mark.parametrize(
    ("loudness", "peak", "target", "ok"),
    [
        (-18.0, -1.0, -18.0, True),
        (-18.5, -3.0, -18.0, True),
        (-18.6, -3.0, -18.0, False),
        (-17.4, -3.0, -18.0, False),
        (-18.0, -0.9, -18.0, False),
        (-70.0, float("-inf"), None, True),
    ],
)
def test_loudness(loudness: float, peak: float, target: float | None, ok: bool) -> None:
    """Half a unit from the target, and no peak above -1 dBTP."""
    assert sound.judge("audio", loudness, peak, target).ok is ok


@pytest.mark.parametrize(
    ("key", "headers", "size", "failing"),
    [
        ("a.m3u8", {"content-type": "application/vnd.apple.mpegurl", "content-encoding": "gzip"}, 5000, 0),
        ("a.m3u8", {"content-type": "Audio/MPEGURL; charset=utf-8", "content-encoding": "br"}, 5000, 0),
        ("a.m3u8", {"content-type": "application/vnd.apple.mpegurl"}, 900, 0),
        ("a.m3u8", {"content-type": "application/vnd.apple.mpegurl"}, 5000, 1),
        ("a.mpd", {"content-type": "application/xml"}, 5000, 2),
        ("a.m4s", {"content-type": "video/iso.segment"}, 5000, 0),
        ("a.m4s", {}, 5000, 1),
        ("a.vtt", {"content-type": "text/plain"}, 5000, 1),
        ("a.srt", {"content-type": "application/octet-stream"}, 5000, 0),  # no player reads it
    ],
)
def test_headers(key: str, headers: dict[str, str], size: int, failing: int, tmp_path: object) -> None:
    """Types are those that players take; a playlist of some size is compressed."""
    from pathlib import Path

    file = Path(str(tmp_path), "object")
    file.write_bytes(bytes(size))
    assert sum(not each.ok for each in http_rules.findings({key: headers}, {key: file})) == failing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#EXTM3U\n#EXT-X-VERSION:x\n",
        "#EXTM3U\n#EXTINF:a,\nb\n",
        "#EXTM3U\n#EXTINF:1e999,\nb\n",
        "#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:x@y\nb\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1e999\n#EXTINF:6,\nb\n",
    ],
)
def test_playlists_that_are_none(text: str) -> None:
    """Whatever stands in a playlist, it is read or refused with ``ValueError``."""
    with pytest.raises(ValueError, match=r"."):
        playlists.media(text)


def test_a_byte_range_without_an_offset_follows_the_one_before() -> None:
    """RFC 8216bis 4.4.4.2."""
    text = "#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:7\na\n"
    assert [entry.span for entry in playlists.media(text).entries] == [(10, 5), (7, 15)]


def test_a_flood_of_faults_is_cut() -> None:
    """Thousands of missing segments are told by the first ones and a count."""
    found = judged("1", "objects", "all", [(str(number), "is missing") for number in range(3000)])
    assert len(found) == 51
    assert found[-1] == Finding("1", "objects", False, "2950 more are wrong")


def test_a_report_is_in_the_order_of_the_rules() -> None:
    """Rule 4 comes before rule 13, and one failure is enough."""
    found = [*judged("13", "files", "all", [("a", "b")]), *judged("4", "BANDWIDTH", "all", [])]
    report = Report(in_order(found))
    assert report.findings == (Finding("4", "BANDWIDTH", True, "all"), Finding("13", "a", False, "files: b"))
    assert report.failures == (report.findings[1],)
    assert not report.ok
