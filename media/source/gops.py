"""Find out from H.264's packets whether they could be published as they are: even, closed groups of pictures. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from votd.media.model import Gops

IDR = 5
"""The NAL unit type of a picture that no later one looks behind (ITU-T H.264, table 7-1)."""
PARAMETERS = 7
"""A sequence parameter set: where one stands among the pictures, their size or form may change."""
WINDOW = 3
"""Groups that the peak is measured over: as many as a segment has."""


@dataclass(slots=True)
class Pictures:
    """What the packets of one stream add up to; times in ticks.

    ``prefix`` is how many bytes hold a NAL unit's length: 4 as avcC has it nearly always, 0 where packets are no such.
    """

    prefix: int
    times: list[int] = field(default_factory=list)
    keys: list[tuple[int, int]] = field(default_factory=list)
    """Each key picture's time, and the bytes of everything before it."""
    size: int = 0
    closed: bool = True

    def take(self, time: int | None, key: bool, size: int, data: bytes) -> None:
        """Count one packet; ``data`` is looked at for a key picture only."""
        if time is None:
            self.closed = False
            return
        if key:
            self.keys.append((time, self.size))
            types = set(nal_types(data, self.prefix))
            self.closed = self.closed and IDR in types and PARAMETERS not in types
        self.times.append(time)
        self.size += size

    def gops(self, rate: Fraction, time_base: Fraction, start: Fraction) -> Gops | None:
        """Return the groups, or ``None`` where something is uneven; the file's clock begins at ``start`` seconds."""
        if not self.closed or not self.keys or self.keys[0][0] != min(self.times):
            return None
        step = 1 / (rate * time_base)
        first = self.keys[0][0]
        if step.denominator != 1 or first * time_base != start:
            return None
        if sorted(self.times) != list(range(first, first + int(step) * len(self.times), int(step))):
            return None
        frames = (self.keys[1][0] - first) // int(step) if len(self.keys) > 1 else len(self.times)
        if [time for time, _ in self.keys] != list(range(first, max(self.times) + 1, frames * int(step))):
            return None
        return Gops(frames, self._peak(Fraction(frames, 1) / rate))

    def _peak(self, seconds: Fraction) -> int:
        """Return the highest bit rate over groups in a row; the last one, which may be short, counts as a whole one."""
        edges = [before for _, before in self.keys] + [self.size]
        window = min(WINDOW, len(edges) - 1)
        most = max(end - begin for begin, end in zip(edges, edges[window:], strict=False))
        return int(most * 8 / (window * seconds))


def nal_types(data: bytes, prefix: int) -> Iterator[int]:
    """Yield the type of each NAL unit of a picture as MP4 holds it, each behind its length (ISO/IEC 14496-15)."""
    at = 0
    while prefix and at + prefix < len(data):
        yield data[at + prefix] & 0x1F
        at += prefix + int.from_bytes(data[at : at + prefix], "big")
