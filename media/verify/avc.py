"""What the bytes of H.264 and AAC headers say (ISO/IEC 14496-15, H.264 7.3 and annex A, 14496-3). Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

IDR = 5
_SPS = 7
_HIGH_FACTOR = Fraction(5, 4)  # H.264 table A-2: High has 1.25 times the bit rate of table A-1
_WITH_CHROMA = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}

# level × 10: macroblocks/s, macroblocks a frame, macroblocks of the picture buffer, 1000 bit/s (table A-1)
_LEVELS = {
    10: (1_485, 99, 396, 64),
    11: (3_000, 396, 900, 192),
    12: (6_000, 396, 2_376, 384),
    13: (11_880, 396, 2_376, 768),
    20: (11_880, 396, 2_376, 2_000),
    21: (19_800, 792, 4_752, 4_000),
    22: (20_250, 1_620, 8_100, 4_000),
    30: (40_500, 1_620, 8_100, 10_000),
    31: (108_000, 3_600, 18_000, 14_000),
    32: (216_000, 5_120, 20_480, 20_000),
    40: (245_760, 8_192, 32_768, 20_000),
    41: (245_760, 8_192, 32_768, 50_000),
    42: (522_240, 8_704, 34_816, 50_000),
    50: (589_824, 22_080, 110_400, 135_000),
    51: (983_040, 36_864, 184_320, 240_000),
    52: (2_073_600, 36_864, 184_320, 240_000),
    60: (4_177_920, 139_264, 696_320, 240_000),
    61: (8_355_840, 139_264, 696_320, 480_000),
    62: (16_711_680, 139_264, 696_320, 800_000),
}


@dataclass(frozen=True, slots=True)
class Avc:
    """A stream's header: profile and level (× 10) as its ``avcC`` says, reference frames as its SPS does."""

    codec: str
    profile: int
    level: int
    length_bytes: int
    references: int


def avc(config: bytes) -> Avc:
    """Read an ``avcC`` body; raises ``ValueError``."""
    if len(config) < 8 or config[0] != 1 or not config[5] & 31:
        raise ValueError("no avcC with a sequence parameter set")
    size = int.from_bytes(config[6:8], "big")
    return Avc(
        codec=f"avc1.{config[1:4].hex()}",
        profile=config[1],
        level=config[3],
        length_bytes=(config[4] & 3) + 1,
        references=_references(config[8 : 8 + size]),
    )


def aac_codec(config: bytes) -> str:
    """Return the RFC 6381 string of an AudioSpecificConfig, by its audio object type."""
    if not config:
        raise ValueError("no AudioSpecificConfig")
    kind = config[0] >> 3
    if kind == 31 and len(config) > 1:
        kind = 32 + ((config[0] & 7) << 3 | config[1] >> 5)
    return f"mp4a.40.{kind}"


def nal_types(sample: bytes, length_bytes: int) -> set[int]:
    """Return the types of a sample's NAL units; raises ``ValueError`` where their lengths do not add up to it."""
    found, at = set(), 0
    while at < len(sample):
        size = int.from_bytes(sample[at : at + length_bytes], "big")
        at += length_bytes
        if not size or at + size > len(sample):
            raise ValueError("a NAL unit is longer than its sample")
        found.add(sample[at] & 31)
        at += size
    return found


def lowest_level(width: int, height: int, rate: Fraction, peak: Fraction, references: int) -> int:
    """Return the lowest level (× 10) that High may have for a size, frames/s, bit/s and reference frames."""
    wide, high = ceil(width / 16), ceil(height / 16)
    size = wide * high
    for level, (speed, frame, buffer, thousands) in _LEVELS.items():
        fits = size <= frame and max(wide, high) ** 2 <= 8 * frame and size * rate <= speed
        if fits and size * references <= buffer and peak <= thousands * 1000 * _HIGH_FACTOR:
            return level
    return max(_LEVELS)


def for_more_bits(level: int) -> list[int]:
    """Return the next level above one where that allows a higher bit rate, and nothing where it does not."""
    above = min((each for each in _LEVELS if each > level), default=level)
    return [above] if _LEVELS[above][3] > _LEVELS[level][3] else []


class _Bits:
    """Read bits and Exp-Golomb codes of a NAL unit, its emulation prevention taken out (H.264 7.3.1, 9.1)."""

    def __init__(self, nal: bytes) -> None:
        raw = nal.replace(b"\0\0\3", b"\0\0")
        self._bits = "".join(f"{byte:08b}" for byte in raw)
        self._at = 0

    def take(self, count: int) -> int:
        bits = self._bits[self._at : self._at + count]
        if len(bits) < count:
            raise ValueError("the sequence parameter set is cut off")
        self._at += count
        return int(bits, 2) if bits else 0

    def code(self) -> int:
        zeros = self._bits.find("1", self._at) - self._at
        if not 0 <= zeros <= 32:
            raise ValueError("the sequence parameter set is damaged")
        self._at += zeros
        return self.take(zeros + 1) - 1

    def signed(self) -> int:
        value = self.code()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def _references(sps: bytes) -> int:
    """Return ``max_num_ref_frames`` of a sequence parameter set (H.264 7.3.2.1.1)."""
    if not sps or sps[0] & 31 != _SPS:
        raise ValueError("no sequence parameter set")
    bits = _Bits(sps[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.code()
    if profile in _WITH_CHROMA:
        _skip_chroma(bits)
    bits.code()  # log2_max_frame_num_minus4
    order = bits.code()
    if order == 0:
        bits.code()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.code()):
            bits.signed()
    return bits.code()


def _skip_chroma(bits: _Bits) -> None:
    chroma = bits.code()
    if chroma == 3:
        bits.take(1)
    bits.code()
    bits.code()
    bits.take(1)
    if bits.take(1):
        for i in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling(bits, 16 if i < 6 else 64)


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last
