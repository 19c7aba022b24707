"""Walk the boxes of ISO base media files (ISO/IEC 14496-12) for what no demuxer shows. Pure.

A second reading on purpose: it shares nothing with the one by which the packager measures what it made.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_INSIDE = {  # container → bytes of its own before its first child
    b"moov": 0,
    b"trak": 0,
    b"edts": 0,
    b"mdia": 0,
    b"minf": 0,
    b"stbl": 0,
    b"stsd": 8,
    b"avc1": 78,
    b"avc3": 78,
    b"moof": 0,
    b"traf": 0,
}
_DEFAULT_BASE_IS_MOOF = 0x020000
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class InitFacts:
    """What an initialization segment says: edits as (duration, media time), ``colr`` as its four values or ``None``."""

    tracks: int
    edits: tuple[tuple[int, int], ...]
    colour: tuple[int, int, int] | None
    aspect: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class FragmentFacts:
    """How many boxes of a kind a media segment has, and whether all offsets count from the ``moof``."""

    moofs: int
    trafs: int
    truns: int
    mdats: int
    base_is_moof: bool


def walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of every box, parents before their children; ``ValueError`` for a box that is cut off."""
    yield from _walk(memoryview(data), 0)


def top(head: bytes, size: int) -> tuple[bytes, int]:
    """Return type and length of the top-level box that begins with ``head``; 0 as length means "to the end"."""
    length, kind = struct.unpack_from(">I4s", head)
    if length == 1:
        (length,) = struct.unpack_from(">Q", head, 8)
    length = length or size
    if not 8 <= length <= size:
        raise ValueError(f"the box {kind!r} has {length} bytes and {size} are left")
    return kind, length


def init_facts(data: bytes) -> InitFacts:
    """Read an initialization segment; raises ``ValueError``."""
    tracks, edits, colour, aspect = 0, [], None, None
    try:
        for kind, body in walk(data):
            if kind == b"trak":
                tracks += 1
            elif kind == b"elst":
                edits += list(_edits(body))
            elif kind == b"colr" and body[:4] in (b"nclx", b"nclc"):
                colour = struct.unpack_from(">3H", body, 4)
            elif kind == b"pasp":
                aspect = struct.unpack_from(">2I", body)
    except struct.error as e:
        raise ValueError("a box is shorter than its fields") from e
    return InitFacts(tracks, tuple(edits), colour, aspect)


def fragment_facts(data: bytes) -> FragmentFacts:
    """Read a media segment; raises ``ValueError``."""
    counts: Counter[bytes] = Counter()
    base_is_moof = True
    for kind, body in walk(data):
        counts[kind] += 1
        if kind == b"tfhd":
            base_is_moof &= bool(int.from_bytes(body[1:4], "big") & _DEFAULT_BASE_IS_MOOF)
    return FragmentFacts(counts[b"moof"], counts[b"traf"], counts[b"trun"], counts[b"mdat"], base_is_moof)


def _walk(data: memoryview, depth: int) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise ValueError(f"{len(data) - at} bytes are left over, too few for a box")
        try:
            kind, length = top(bytes(data[at : at + 16]), len(data) - at)
        except struct.error as e:
            raise ValueError("a box is cut off in its length") from e
        head = 16 if bytes(data[at : at + 4]) == b"\0\0\0\1" else 8
        body = data[at + head : at + length]
        yield kind, b"" if kind == b"mdat" else bytes(body)
        if kind in _INSIDE and depth < _DEEPEST:
            yield from _walk(body[_INSIDE[kind] :], depth + 1)
        at += length


def _edits(body: bytes) -> Iterator[tuple[int, int]]:
    form = ">Qqi" if body[0] == 1 else ">Iii"
    (count,) = struct.unpack_from(">I", body, 4)
    for i in range(min(count, 1000)):
        duration, media_time, _ = struct.unpack_from(form, body, 8 + i * struct.calcsize(form))
        yield duration, media_time
