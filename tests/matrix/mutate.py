"""Damage files as transfers, disks and attackers do; everything follows from a seed."""

import random
import struct
from collections.abc import Callable

WRONG = (0, 1, 7, 8, 255, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEAD = 1500
"""Bytes at both ends, where containers keep what everything else depends on."""

Chance = random.Random
Mutation = Callable[[bytearray, Chance, bytes], None]


def mutated(data: bytes, other: bytes, mutation: Mutation, seed: int) -> bytes:
    """Return a damaged copy; ``other`` is a file to take pieces from."""
    damaged = bytearray(data)
    mutation(damaged, random.Random(seed), other)
    return bytes(damaged)


def _place(data: bytearray, chance: Chance, room: int = 1) -> int:
    """Choose a place: one in two lies where the headers are."""
    last = max(0, len(data) - room)
    if chance.random() < 0.5:
        near = min(HEAD, last)
        return chance.choice((chance.randint(0, near), last - chance.randint(0, near)))
    return chance.randint(0, last)


def bits(data: bytearray, chance: Chance, other: bytes) -> None:
    """Turn 1 to 64 bits over."""
    for _ in range(2 ** chance.randint(0, 6)):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def lengths(data: bytearray, chance: Chance, other: bytes) -> None:
    """Write one to four extreme numbers over what may be a length, in either byte order."""
    for _ in range(chance.randint(1, 4)):
        form = chance.choice((">I", "<I", ">H", ">Q"))
        number = chance.choice(WRONG) % 2 ** (8 * struct.calcsize(form))
        struct.pack_into(form, data, _place(data, chance, struct.calcsize(form)), number)


def box_sizes(data: bytearray, chance: Chance, other: bytes) -> None:
    """Change the size of a box, or of whatever carries four letters."""
    at = chance.choice(_letters(data))
    (size,) = struct.unpack_from(">I", data, at - 4)
    wrong = chance.choice((*WRONG, size + 1, size - 1, size * 2, size // 2, len(data)))
    struct.pack_into(">I", data, at - 4, wrong % 2**32)


def box_types(data: bytearray, chance: Chance, other: bytes) -> None:
    """Give a box the name of another one, or a name that nobody knows."""
    places = _letters(data)
    at, as_other = chance.choice(places), chance.choice(places)
    data[at : at + 4] = chance.choice((bytes(data[as_other : as_other + 4]), b"free", b"moov", b"trak", b"zzzz"))


def cut(data: bytearray, chance: Chance, other: bytes) -> None:
    """Leave a part of the file out at its end."""
    del data[chance.randint(1, len(data)) :]


def lost(data: bytearray, chance: Chance, other: bytes) -> None:
    """Leave a part out in the middle."""
    at = _place(data, chance)
    del data[at : at + 2 ** chance.randint(0, 11)]


def twice(data: bytearray, chance: Chance, other: bytes) -> None:
    """Write a part a second time, somewhere else."""
    at, size = _place(data, chance), 2 ** chance.randint(2, 11)
    to = _place(data, chance)
    data[to:to] = data[at : at + size]


def spliced(data: bytearray, chance: Chance, other: bytes) -> None:
    """Write a part of another file over it, or between."""
    at, size = chance.randrange(len(other)), 2 ** chance.randint(2, 12)
    to = _place(data, chance)
    data[to : to + chance.choice((0, size))] = other[at : at + size]


def zeros(data: bytearray, chance: Chance, other: bytes) -> None:
    """Write zeros over a part."""
    at = _place(data, chance)
    size = min(2 ** chance.randint(2, 11), len(data) - at)
    data[at : at + size] = bytes(size)


def _letters(data: bytearray) -> list[int]:
    """Return where four letters stand in a row, which is how most formats name their parts."""
    found = [n for n in range(4, len(data) - 4) if all(0x20 < byte < 0x7F for byte in data[n : n + 4])]
    return found or [min(4, len(data) - 4)]


MUTATIONS: tuple[Mutation, ...] = (bits, lengths, box_sizes, box_types, bits, cut, lost, lengths, twice, spliced, zeros)
