"""Make files that no tool makes: by hand, box for box (ISO/IEC 14496-12) and bit for bit (ITU-T H.264, 7.3.2.1)."""

import re
import struct
import zlib
from pathlib import Path

from clips import H264, Maker, bar

CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts")


def replaced(data: bytes, path: bytes, payload: bytes) -> bytes:
    """Return MP4 bytes with the payload of the first box at ``path``, such as ``moov/mvhd``, replaced; sizes follow.

    The ``moov`` must stand behind the ``mdat``: its chunk offsets stay as they are.
    """
    name, _, rest = path.partition(b"/")
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == name:
            inner = replaced(data[at + 8 : at + size], rest, payload) if rest else payload
            return data[:at] + struct.pack(">I", len(inner) + 8) + kind + inner + data[at + size :]
        at += size
    raise ValueError(f"there is no {name!r}")


def payload(data: bytes, path: bytes) -> bytes:
    """Return the payload of the first box at ``path``."""
    for name in path.split(b"/"):
        at = 0
        while struct.unpack_from(">I4s", data, at)[1] != name:
            at += struct.unpack_from(">I", data, at)[0]
        data = data[at + 8 : at + struct.unpack_from(">I", data, at)[0]]
    return data


def plain(make: Maker, name: str = "plain.mp4") -> bytes:
    """Make a small MP4 without sound whose moov stands last; return its bytes."""
    return make.drawn(name, [bar(30)] * 25, pixels="gray", encode=H264).read_bytes()


def endless(make: Maker) -> bytes:
    """Claim a duration of 2³¹ ticks in every header, 25 days in the movie's own."""
    data = plain(make)
    for path, at in ((b"moov/mvhd", 16), (b"moov/trak/mdia/mdhd", 16), (b"moov/trak/tkhd", 20)):
        header = bytearray(payload(data, path))
        struct.pack_into(">I", header, at, 2**31 - 1)
        data = replaced(data, path, bytes(header))
    return data


def endless_samples(make: Maker) -> bytes:
    """Let every sample last 2³¹ ticks."""
    times = struct.pack(">IIII", 0, 1, 25, 2**31 - 1)
    return replaced(plain(make), b"moov/trak/mdia/minf/stbl/stts", times)


def endless_matroska(make: Maker) -> bytes:
    """Claim a duration of 2³¹ s in Matroska's header (RFC 9559, 5.1.2.10)."""
    data = make.drawn("plain.mkv", [bar(30)] * 25, pixels="gray", encode=H264).read_bytes()
    at = data.index(b"\x44\x89\x88") + 3
    return data[:at] + struct.pack(">d", 2.0**31 * 1000) + data[at + 8 :]


def racing(make: Maker) -> bytes:
    """Let every frame last a tick of a millionth of a second."""
    data = plain(make)
    header = bytearray(payload(data, b"moov/trak/mdia/mdhd"))
    struct.pack_into(">I", header, 12, 12_800_000)
    return replaced(data, b"moov/trak/mdia/mdhd", bytes(header))


def elsewhere(make: Maker, other: str) -> bytes:
    """Say that the samples lie in another file or at an address (``dref``)."""
    data = plain(make)
    entry = other.encode() + b"\0"
    reference = struct.pack(">III4sI", 0, 1, len(entry) + 12, b"url ", 0) + entry
    return replaced(data, b"moov/trak/mdia/minf/dinf/dref", reference)


def huge(make: Maker, width: int = 16384, height: int = 16000) -> bytes:
    """Give H.264 a sequence header of a picture that no decoder should make room for, and the boxes the same size."""
    data = plain(make)
    stsd = payload(data, b"moov/trak/mdia/minf/stbl/stsd")
    at = stsd.index(b"avcC") - 4
    (size,) = struct.unpack_from(">I", stsd, at)
    sps = _sps(width // 16, height // 16)
    pps = re.search(rb"\x01\x00(.)(\x68.*)", stsd[at + 8 :], re.DOTALL)
    assert pps
    picture = pps[2][: pps[1][0]]
    avcc = b"\x01" + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps + b"\x01\x00" + bytes([len(picture)])
    box = struct.pack(">I4s", len(avcc) + len(picture) + 8, b"avcC") + avcc + picture
    entry = bytearray(stsd[8:at] + box + stsd[at + size :])
    struct.pack_into(">I", entry, 0, len(entry))
    struct.pack_into(">HH", entry, 32, width, height)
    return replaced(data, b"moov/trak/mdia/minf/stbl/stsd", stsd[:8] + bytes(entry))


def _sps(across: int, down: int) -> bytes:
    """Write a baseline sequence parameter set of level 6.2, sizes in macroblocks."""
    fields = ["01100111", f"{66:08b}", "00000000", f"{62:08b}", _ue(0), _ue(0), _ue(2), _ue(1), "0"]
    bits = "".join([*fields, _ue(across - 1), _ue(down - 1), "1", "1", "0", "0", "1"])
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[n : n + 8], 2) for n in range(0, len(bits), 8))
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", data)


def _ue(value: int) -> str:
    """Write an Exp-Golomb code (9.1)."""
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


def png(edge: int = 30_000) -> bytes:
    """Compress a square of one-bit black."""
    header = struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    pack = zlib.compressobj(1)
    rows = b"\0" * ((edge + 7) // 8 + 1)
    body = b"".join(pack.compress(rows * 1000) for _ in range(edge // 1000)) + pack.flush()
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    packed = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def titled(make: Maker, title: str) -> Path:
    """Give a clip a title of any length."""
    tags = make.folder / "tags.txt"
    tags.write_text(f";FFMETADATA1\ntitle={title}\n")
    (make.folder / "base.mp4").write_bytes(plain(make))
    both = ("-i", str(make.folder / "base.mp4"), "-f", "ffmetadata", "-i", str(tags), "-map_metadata", "1")
    return make("titled.mp4", *both, "-c", "copy")
