"""The box reader, on boxes made here byte by byte."""

import io
import struct
from dataclasses import replace
from fractions import Fraction

import pytest

from votd.media.video.boxes import Fragment, Initialization, Picture, Sound, fragment, initialization, movie

DEFAULTS = (512, 100, 0x1010000)
SYNC, NON_SYNC = 0x2000000, 0x1010000


def box(kind: str, *bodies: bytes) -> bytes:
    """Make a box."""
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def words(*values: int) -> bytes:
    """Make 32-bit numbers."""
    return struct.pack(f">{len(values)}I", *values)


def segment(trun: bytes, data: bytes, *, tfhd: bytes = words(0x20000, 1), tfdt: bytes = words(0, 7)) -> bytes:
    """Make a media segment around a trun's body."""
    run = box("traf", box("tfhd", tfhd), box("tfdt", tfdt), box("trun", trun))
    return box("styp", b"msdh") + box("moof", box("mfhd", words(0, 1)), run) + box("mdat", data)


def init(entry: bytes, *, edit: bytes = b"") -> bytes:
    """Make an initialization segment around a sample entry."""
    media = box(
        "mdia", box("mdhd", words(0, 0, 0, 12_800, 0, 0)), box("minf", box("stbl", box("stsd", words(0, 1), entry)))
    )
    defaults = box("mvex", box("trex", words(0, 1, 1, *DEFAULTS)))
    return box("ftyp", b"iso5") + box("moov", box("trak", edit, media), defaults)


AVC1 = bytes(24) + struct.pack(">HH", 416, 234) + bytes(50)
AVCC = box("avcC", bytes.fromhex("0164000dffe1"))
PICTURE = box("avc1", AVC1, AVCC, box("colr", b"nclx" + struct.pack(">HHHB", 1, 1, 1, 0)), box("pasp", words(1, 1)))
# ES descriptor (3) with a long-form length, decoder configuration (4): AAC, specific (5): AAC-LC, 48 kHz, stereo
ESDS = bytes.fromhex("03808080220001000480808014401500000000020000000200000580808002119006010 2".replace(" ", ""))
SOUND = box("mp4a", bytes(16) + struct.pack(">H", 2) + bytes(10), box("esds", bytes(4), ESDS))
EDIT = box("edts", box("elst", words(0, 1, 0, 1024, 0x10000)))
EMPTY_EDIT = box("edts", box("elst", words(0, 2, 1024, 0xFFFFFFFF, 0x10000, 0, 1024, 0x10000)))
LONG_EDIT = box("edts", box("elst", words(0x1000000, 1), struct.pack(">QqI", 9, -1, 0x10000)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            init(PICTURE, edit=EDIT),
            Initialization(Picture("avc1.64000D", 416, 234, (1, 1), (1, 1, 1)), 12_800, ((0, 1024),), DEFAULTS),
        ),
        (
            init(box("avc1", AVC1, AVCC)),
            Initialization(Picture("avc1.64000D", 416, 234, None, None), 12_800, (), DEFAULTS),
        ),
        (
            init(SOUND, edit=EMPTY_EDIT),
            Initialization(Sound("mp4a.40.2", 2), 12_800, ((1024, -1), (0, 1024)), DEFAULTS),
        ),
        (init(SOUND, edit=LONG_EDIT), Initialization(Sound("mp4a.40.2", 2), 12_800, ((9, -1),), DEFAULTS)),
    ],
    ids=["video", "without aspect and colour", "audio, empty edit", "64-bit edit"],
)
def test_initialization(data: bytes, expected: Initialization) -> None:
    """Read codec, sizes, timescale and edits."""
    assert initialization(data) == expected


@pytest.mark.parametrize(
    ("data", "expected", "behind"),
    [
        # per sample: duration, size, flags
        (segment(words(0x700, 2, 512, 3, SYNC, 500, 2, NON_SYNC), b"abcde"), Fragment(7, 1012, 2, True, 0, 0), 2),
        # first sample flags, sizes, composition offsets; the data offset is skipped
        (segment(words(0xA05, 2, 99, SYNC, 3, 0, 2, 1024), b"abcde"), Fragment(7, 1024, 2, True, 0, 0), 2),
        # the track fragment's duration, size and flags, after its description index
        (
            segment(words(0, 3), b"abcdef", tfhd=words(0x2003A, 1, 1, 100, 2, SYNC), tfdt=words(0x1000000, 1, 5)),
            Fragment((1 << 32) + 5, 300, 3, True, 0, 0),
            4,
        ),
        # the initialization segment's
        (segment(words(0, 1), bytes(100)), Fragment(7, 512, 1, False, 0, 0), 0),
    ],
    ids=["own values", "first flags", "fragment's defaults", "track's defaults"],
)
def test_fragment(data: bytes, expected: Fragment, behind: int) -> None:
    """Read start, length, count and the first sample's kind and place, wherever the values stand."""
    found = fragment(data, DEFAULTS)
    assert replace(found, key_offset=0, key_size=0) == expected
    assert data[found.key_offset + 4 : found.key_offset + 8] == b"moof"
    assert len(data) - found.key_offset - found.key_size == behind


GOOD = segment(words(0x700, 2, 512, 3, SYNC, 500, 2, NON_SYNC), b"abcde")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (GOOD[:-1], "is cut off"),
        (GOOD[:40], "is cut off"),
        (GOOD[:5], "is cut off"),
        (segment(words(0x700, 9, 512, 3, SYNC), b"abc"), "is cut off"),
        (segment(words(0x700, 1, 512, 3, SYNC), b"abcd"), "other samples"),
        (segment(words(0, 0), b""), "no sample"),
        (GOOD + GOOD, "2 boxes moof"),
        (box("styp", b"msdh"), "0 boxes moof"),
        (bytes(200), "0 boxes moof"),
    ],
)
def test_bad_fragment(data: bytes, reason: str) -> None:
    """Say what is wrong with a segment."""
    with pytest.raises(ValueError, match=reason):
        fragment(data, DEFAULTS)


def test_every_cut_is_noticed() -> None:
    """Refuse a segment that ends early, wherever that is, and an initialization segment too."""
    for data, read in ((GOOD, lambda cut: fragment(cut, DEFAULTS)), (init(PICTURE, edit=EDIT), initialization)):
        for end in range(len(data)):
            with pytest.raises(ValueError, match=r"\w"):
                read(data[:end])


@pytest.mark.parametrize("entry", [box("hvc1", AVC1), box("avc1", AVC1), box("mp4a", bytes(28)), b""])
def test_bad_entry(entry: bytes) -> None:
    """Refuse tracks of other kinds, and those that do not say how they are coded."""
    with pytest.raises(ValueError, match=r"\w"):
        initialization(init(entry))


def test_movie() -> None:
    """Read an MP4's length, where its index comes first and nothing is missing."""
    index = box("moov", box("mvhd", words(0, 0, 0, 1000, 6500)))
    good = box("ftyp", b"isom") + index + box("mdat", b"abc")
    assert movie(io.BytesIO(good), len(good)) == Fraction(13, 2)
    late = box("ftyp", b"isom") + box("mdat", b"abc") + index
    for bad in (late, good[:-1], box("mdat", b"abc"), b""):
        with pytest.raises(ValueError, match="is cut off"):
            movie(io.BytesIO(bad), len(bad))
