"""Turn libav's words for a stream into the nouns' values; pure."""

import re
from collections.abc import Iterable
from fractions import Fraction

STANDARD_RATES = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")
)
UNKNOWN_RATE = Fraction(25)
"""For a single frame whose container names no rate: the European broadcasters' one."""

_SAME = Fraction(1, 2000)
"""24 and 24000/1001 are 0.1 % apart: half of that tells them from each other."""
_NEAR = Fraction(2, 100)
_GAPS = Fraction(10, 100)
"""A cut or lost packets leave gaps, so that a constant rate measures as a lower one."""

COLOR_SPACES = {
    **{0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc"},
    **{10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp"},
}
"""Matrix coefficients (ITU-T H.273, table 4) in ffmpeg's words; 2 is "unspecified"."""

COLOR_PRIMARIES = {
    **{1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428"},
    **{11: "smpte431", 12: "smpte432", 22: "jedec-p22"},
}
"""Colour primaries (ITU-T H.273, table 2), likewise."""
COLOR_TRANSFERS = {
    **{1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log", 10: "log_sqrt"},
    **{11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084"},
    **{17: "smpte428", 18: "arib-std-b67"},
}
"""Transfer characteristics (ITU-T H.273, table 3), likewise."""
COLOR_RANGES = {1: "tv", 2: "pc"}

_LANGUAGES = {
    **{"mkd": "mk", "mac": "mk", "eng": "en", "srp": "sr", "scc": "sr", "hrv": "hr", "scr": "hr", "bos": "bs"},
    **{"slv": "sl", "sqi": "sq", "alb": "sq", "bul": "bg", "ell": "el", "gre": "el", "tur": "tr", "rus": "ru"},
    **{"ukr": "uk", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "ita": "it", "spa": "es", "por": "pt"},
    **{"nld": "nl", "dut": "nl", "pol": "pl", "ces": "cs", "cze": "cs", "ron": "ro", "rum": "ro", "hun": "hu"},
}
"""ISO 639-2, both its codes where it has two, to the two letters that BCP 47 asks for (RFC 5646, 2.2.1)."""


def language(code: str | None) -> str | None:
    """Return a container's language as BCP 47; ``None`` where it names none (und, mis, mul, zxx) or writes no tag."""
    tag = (code or "").strip()
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag) or tag.lower() in ("und", "mis", "mul", "zxx"):
        return None
    head, *rest = tag.split("-")
    return "-".join([_LANGUAGES.get(head.lower(), head.lower()), *rest])


def frame_rate(base: Fraction | None, average: Fraction | None, measured: Fraction | None) -> Fraction:
    """Choose one rate, in frames per second, from libav's two guesses and what the packets show.

    ``base`` is libav's ``r_frame_rate``, ``average`` the container's, ``measured`` comes from the timestamps and is
    ``None`` for a single frame. The base where all agree, else the measured one, moved to a near standard rate.
    """
    if measured is None:
        return average or base or UNKNOWN_RATE
    if base and average and _apart(base, average) <= _SAME and _apart(base, measured) <= _GAPS:
        return _standard(base, _SAME) or base  # Matroska's whole milliseconds make 59.94 a strange fraction
    # 1001: no standard's rate needs more, and an encoder's time base must stay small.
    return _standard(measured, _NEAR) or max(measured.limit_denominator(1001), Fraction(1, 1001))


def rotation(dump: Iterable[str], index: int) -> int:
    """Read the clockwise degrees, 0, 90, 180 or 270, by which stream ``index`` is to be turned from libav's dump.

    ``dump`` is the lines of ``av_dump_format``, the one place where PyAV 18 shows a stream's display matrix without
    decoding. libav counts its degrees anticlockwise.
    """
    turned = _said(dump, index, r" +Display Matrix: rotation of (-?\d+\.\d+) degrees$")
    return round(-float(turned) / 90) % 4 * 90 if turned else 0


def peak_nits(dump: Iterable[str], index: int) -> int | None:
    """Read from libav's dump the highest luminance, cd/m², of the display that stream ``index`` was mastered on."""
    luminance = _said(dump, index, r".*Mastering Display Metadata,.*max_luminance=(\d+)")
    return int(luminance or 0) or None


def _said(dump: Iterable[str], index: int, pattern: str) -> str | None:
    """Return the group of the first line about stream ``index`` that fits."""
    current = -1
    for line in dump:
        if stream := re.match(r" {2}Stream #0:(\d+)", line):
            current = int(stream[1])
        if current == index and (found := re.match(pattern, line)):
            return found[1]
    return None


def _standard(rate: Fraction, tolerance: Fraction) -> Fraction | None:
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if _apart(nearest, rate) <= tolerance else None


def _apart(one: Fraction, other: Fraction) -> Fraction:
    return abs(one - other) / one
