"""Read the boxes of CMAF initialization and media segments (ISO/IEC 14496-12, -14 and -15). Pure, over bytes.

Whatever does not fit raises ``ValueError`` with the end of a sentence whose subject is the file: "is cut off".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

INIT = "init.mp4"
"""The name of every track's initialization segment."""

# Which optional fields stand in tfhd (8.8.7) and trun (8.8.8).
TFHD_OFFSET, TFHD_DESCRIPTION, TFHD_DURATION, TFHD_SIZE, TFHD_FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
TRUN_OFFSET, TRUN_FIRST_FLAGS = 0x1, 0x4
TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION = 0x100, 0x200, 0x400, 0x800
NON_SYNC_SAMPLE = 0x10000

Samples = tuple[int, int, int]
"""Duration in ticks, size in bytes, flags: of one sample, or the values that stand for all of them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An H.264 sample entry; ``pixel_aspect`` and ``colour`` (primaries, transfer, matrix) are ``None`` if missing."""

    codec: str
    width: int
    height: int
    pixel_aspect: tuple[int, int] | None
    colour: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Sound:
    """An MPEG-4 audio sample entry."""

    codec: str
    channels: int


@dataclass(frozen=True, slots=True)
class Initialization:
    """An initialization segment of one track; ``edits`` are (duration, media_time), media_time -1 for an empty one."""

    entry: Picture | Sound
    timescale: int
    edits: tuple[tuple[int, int], ...]
    defaults: Samples


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a segment's one movie fragment says, in ticks; ``sync``: its first sample needs no other to be decoded.

    ``key_offset`` and ``key_size`` are the bytes from the moof to the end of that sample.
    """

    start: int
    duration: int
    samples: int
    sync: bool
    key_offset: int
    key_size: int


def initialization(data: bytes) -> Initialization:
    """Read an initialization segment with one H.264 or AAC track."""
    with _Cut():
        moov = _only(_whole(data), "moov")
        track = _only(moov, "trak")
        media = _only(track, "mdia")
        entry = _only(_only(_only(media, "minf"), "stbl"), "stsd")[8:]
        (timescale,) = _by_version(_only(media, "mdhd"), ">12xI", ">20xI")
        duration, size, flags = _unpack(">12xIII", _only(_only(moov, "mvex"), "trex"))
        return Initialization(_sample_entry(entry), timescale, _edits(track), (duration, size, flags))


def fragment(data: bytes, defaults: Samples) -> Fragment:
    """Read a media segment of one moof and its mdat; ``defaults`` are the initialization segment's."""
    with _Cut():
        top = _whole(data)
        run = _only(_only(top, "moof"), "traf")
        (start,) = _by_version(_only(run, "tfdt"), ">4xI", ">4xQ")
        samples = _samples(_only(run, "trun"), _run_defaults(_only(run, "tfhd"), defaults))
        if sum(size for _, size, _ in samples) != len(_only(top, "mdat")):
            raise ValueError("holds other samples than its table says")
        if not samples:
            raise ValueError("holds no sample")
        moof = _before(top, "moof")
        first = _before(top, "mdat") + 8 + samples[0][1]  # 8: a segment's mdat never needs the long header
        ticks = sum(time for time, _, _ in samples)
        return Fragment(start, ticks, len(samples), not samples[0][2] & NON_SYNC_SAMPLE, moof, first - moof)


def movie(stream: BinaryIO, size: int) -> Fraction:
    """Return the seconds that an MP4 of ``size`` bytes lasts; only its headers and its index are read.

    Raises ``ValueError`` unless its boxes fill it and the index (moov) stands before the media data.
    """
    with _Cut():
        places: dict[str, tuple[int, int]] = {}
        at = 0
        while at < size:
            stream.seek(at)
            head = memoryview(stream.read(16))
            length, kind = _unpack(">I4s", head)
            length = _unpack(">8xQ", head)[0] if length == 1 else length or size - at
            places[kind.decode("latin-1")] = (at, length)
            at += max(length, 8)
        if at != size or places["moov"] > places["mdat"]:
            raise ValueError("is cut off, or has its index at its end")
        stream.seek(places["moov"][0] + 8)
        header = _only(memoryview(stream.read(places["moov"][1] - 8)), "mvhd")
        timescale, duration = _by_version(header, ">12xII", ">20xIQ")
        return Fraction(duration, timescale)


# --- boxes -------------------------------------------------------------------------------------


class _Cut:
    """Say what it means that a field lies behind the end of its box."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, struct.error | LookupError):
            raise ValueError("is cut off") from error


def _whole(data: bytes) -> memoryview:
    if not data:
        raise ValueError("is empty")
    return memoryview(data)


def _boxes(data: memoryview) -> Iterator[tuple[str, memoryview]]:
    """Yield each box's type and body; a size of 1 means 64 bits of size, 0 means to the end."""
    while data:
        size, kind = _unpack(">I4s", data)
        head = 8
        if size == 1:
            (size,), head = _unpack(">8xQ", data), 16
        size = size or len(data)
        if not head <= size <= len(data):
            raise ValueError("is cut off")
        yield kind.decode("latin-1"), data[head:size]
        data = data[size:]


def _before(data: memoryview, kind: str) -> int:
    """Return how many bytes stand before the first box of a kind."""
    at = 0
    while bytes(data[at + 4 : at + 8]) != kind.encode():
        at += _unpack(">I", data[at:])[0]
    return at


def _all(data: memoryview, kind: str) -> list[memoryview]:
    return [body for name, body in _boxes(data) if name == kind]


def _only(data: memoryview, kind: str) -> memoryview:
    found = _all(data, kind)
    if len(found) != 1:
        raise ValueError(f"has {len(found)} boxes {kind} where 1 must be")
    return found[0]


def _unpack(fields: str, data: memoryview) -> tuple[Any, ...]:
    return struct.unpack_from(fields, data)


def _by_version(box: memoryview, version_0: str, version_1: str) -> tuple[Any, ...]:
    return _unpack(version_1 if box[0] else version_0, box)


# --- the initialization segment ----------------------------------------------------------------


def _edits(track: memoryview) -> tuple[tuple[int, int], ...]:
    edits: list[tuple[int, int]] = []
    for container in _all(track, "edts"):
        box = _only(container, "elst")
        entry = ">Qq4x" if box[0] else ">Ii4x"
        (count,) = _unpack(">4xI", box)
        for i in range(count):
            duration, media_time = _unpack(entry, box[8 + i * struct.calcsize(entry) :])
            edits.append((duration, media_time))
    return tuple(edits)


def _sample_entry(entries: memoryview) -> Picture | Sound:
    found = dict(_boxes(entries))
    if found.keys() == {"avc1"}:
        return _picture(found["avc1"])
    if found.keys() == {"mp4a"}:
        return _sound(found["mp4a"])
    raise ValueError(f"has sample entries {', '.join(found) or 'of no kind'} where avc1 or mp4a must be")


def _picture(entry: memoryview) -> Picture:
    width, height = _unpack(">24xHH", entry)
    inner = dict(_boxes(entry[78:]))
    profile, constraints, level = _unpack(">xBBB", inner["avcC"] if "avcC" in inner else memoryview(b""))
    aspect = _unpack(">II", inner["pasp"]) if "pasp" in inner else None
    colour = _unpack(">4xHHH", inner["colr"]) if bytes(inner.get("colr", b"")[:4]) == b"nclx" else None
    # RFC 6381 section 3.3: the three bytes after avcC's version, in hexadecimal
    return Picture(f"avc1.{profile:02X}{constraints:02X}{level:02X}", width, height, aspect, colour)


def _sound(entry: memoryview) -> Sound:
    (channels,) = _unpack(">16xH", entry)
    kind, specific = _decoder(_only(entry[28:], "esds")[4:])
    object_type = specific[0] >> 3
    if object_type == 31:  # ISO/IEC 14496-3, 1.6.2.1: the escape to six more bits
        object_type = 32 + ((specific[0] & 7) << 3 | specific[1] >> 5)
    return Sound(f"mp4a.{kind:02x}.{object_type}", channels)


def _decoder(descriptors: memoryview) -> tuple[int, memoryview]:
    """Find the object type indication and the decoder's own configuration (ISO/IEC 14496-1, 7.2.6)."""
    elementary_stream = _descriptor(descriptors, 3)
    if elementary_stream[2]:
        raise ValueError("has optional fields in its elementary stream descriptor, which ffmpeg never writes")
    decoder = _descriptor(elementary_stream[3:], 4)
    return decoder[0], _descriptor(decoder[13:], 5)


def _descriptor(data: memoryview, tag: int) -> memoryview:
    """Return the body of the descriptor that stands first; its length has seven bits a byte."""
    if data[0] != tag:
        raise ValueError(f"has a descriptor {data[0]} where {tag} must be")
    length, at = 0, 1
    while True:
        length = length << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return data[at : at + length]


# --- a media segment ---------------------------------------------------------------------------


def _run_defaults(tfhd: memoryview, defaults: Samples) -> Samples:
    flags = _unpack(">I", tfhd)[0] & 0xFFFFFF
    at = 8 + 8 * bool(flags & TFHD_OFFSET) + 4 * bool(flags & TFHD_DESCRIPTION)
    values = list(defaults)
    for i, field in enumerate((TFHD_DURATION, TFHD_SIZE, TFHD_FLAGS)):
        if flags & field:
            (values[i],) = _unpack(">I", tfhd[at:])
            at += 4
    return values[0], values[1], values[2]


def _samples(trun: memoryview, defaults: Samples) -> list[Samples]:
    """Return every sample of a run."""
    word, count = _unpack(">II", trun)
    flags = word & 0xFFFFFF
    at = 8 + 4 * bool(flags & TRUN_OFFSET)
    first = defaults
    if flags & TRUN_FIRST_FLAGS:
        first = (defaults[0], defaults[1], *_unpack(">I", trun[at:]))
        at += 4
    fields = [field for field in (TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION) if flags & field]
    width = 4 * len(fields)
    if len(trun) < at + count * width:
        raise ValueError("is cut off")
    samples = []
    for i in range(count):
        values = dict(zip(fields, _unpack(f">{len(fields)}I", trun[at + i * width :]), strict=True))
        duration, size, sample_flags = first if i == 0 else defaults
        samples.append(
            (
                values.get(TRUN_DURATION, duration),
                values.get(TRUN_SIZE, size),
                values.get(TRUN_FLAGS, sample_flags),
            )
        )
    return samples
