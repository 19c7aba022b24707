"""Damage in the middle of a file: refused, or published with a warning; where the decoder complains, never silent."""

import json
import random
import re
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import AAC, H264, Maker, Picture, tone, wav

from votd.media.errors import RejectedSource

pytestmark = pytest.mark.all
SECONDS = 6
BITS = 200
HOLE = 20_000


def moving_noise(seed: int = 7) -> list[Picture]:
    """Draw a texture that wanders: pictures that leave no byte of a file unused."""
    texture = np.random.default_rng(seed).integers(30, 220, (200, 500), dtype=np.uint8)
    return [texture[:180, number : 320 + number] for number in range(25 * SECONDS)]


def whole(make: Maker, encode: Sequence[str] = (*H264, "-crf", "28")) -> Path:
    """Make an undamaged film of six seconds."""
    voice = wav(make.folder / "tone.wav", [tone(SECONDS, 440)])
    frames = (np.ascontiguousarray(picture) for picture in moving_noise())
    inputs = ("-i", str(voice))
    return make.drawn("film.mp4", frames, Fraction(25), pixels="gray", inputs=inputs, encode=(*encode, *AAC))


def media_data(data: bytes) -> tuple[int, int]:
    """Return where the payload of ``mdat`` begins and ends."""
    at = data.index(b"mdat")
    return at + 4, at - 4 + int.from_bytes(data[at - 4 : at], "big")


def flipped(data: bytes, seed: int, bits: int = BITS) -> bytes:
    """Turn random bits of the media data over."""
    start, end = media_data(data)
    damaged, chance = bytearray(data), random.Random(seed)
    for _ in range(bits):
        damaged[chance.randrange(start, end)] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def zeroed(data: bytes, seed: int) -> bytes:
    """Write 20 kB of zeros over the media data, as a lost block of a disk does."""
    start, end = media_data(data)
    at = random.Random(seed).randrange(start, end - HOLE)
    return data[:at] + bytes(HOLE) + data[at + HOLE :]


def complaints(ffmpeg: str, file: Path) -> int:
    """Count what the decoder itself says of a file; that it hides damage is a mere warning to it."""
    argv = [ffmpeg, "-nostdin", "-v", "warning", "-i", str(file), "-map", "0:v", "-map", "0:a", "-f", "null", "-"]
    return len(subprocess.run(argv, capture_output=True, check=False, text=True).stderr.splitlines())


def verdict(house: Any, file: Path, model: str, usual: set[str]) -> str:
    """Publish a damaged file; return ``refused``, ``flagged`` or ``silent``, the report seen too."""
    try:
        outcome = house.publish(file, model=model)
    except RejectedSource as e:
        assert re.fullmatch(r"[^\n]+[.]", str(e))
        return "refused"
    said = set(outcome.warnings) - usual
    report = json.loads((house.home / "workspace" / "reports" / f"{outcome.record.id}.json").read_text())
    assert said <= set(report["warnings"])
    assert all(re.fullmatch(r"[^\n]+[.]", sentence) for sentence in said)
    print(*said)
    return "flagged" if said else "silent"


@pytest.mark.parametrize(
    ("damage", "seed"), [(flipped, 1), (flipped, 2), (flipped, 3), (flipped, 4), (zeroed, 1), (zeroed, 2)]
)
def test_damaged_media_data(damage: Any, seed: int, make: Maker, house: Any, tmp_path: Path) -> None:
    """200 flipped bits, or 20 kB of zeros: what the decoder complains of is never published without a word."""
    film, model = whole(make), str(tmp_path / "no model")
    usual = set(house.publish(film, model=model).warnings)
    assert complaints(make.ffmpeg, film) == 0
    broken = film.with_name("broken.mp4")
    broken.write_bytes(damage(film.read_bytes(), seed))
    said = complaints(make.ffmpeg, broken)
    assert said > 0
    outcome = verdict(house, broken, model, usual)
    print(f"{damage.__name__} {seed}: the decoder complains {said} times: {outcome}")
    assert outcome in ("refused", "flagged")


@pytest.mark.parametrize("seed", range(6))
def test_one_flipped_bit(seed: int, make: Maker, house: Any, tmp_path: Path) -> None:
    """A single bit is flagged where the decoder notices it, and no word is said where it does not."""
    film, model = whole(make), str(tmp_path / "no model")
    usual = set(house.publish(film, model=model).warnings)
    broken = film.with_name("broken.mp4")
    broken.write_bytes(flipped(film.read_bytes(), seed, bits=1))
    said = complaints(make.ffmpeg, broken)
    outcome = verdict(house, broken, model, usual)
    print(f"one bit {seed}: the decoder complains {said} times: {outcome}")
    assert (outcome == "silent") == (said == 0)


def test_a_hole_in_the_sound(make: Maker, house: Any, tmp_path: Path) -> None:
    """Damage that only the sound has is not silent either."""
    film, model = whole(make), str(tmp_path / "no model")
    usual = set(house.publish(film, model=model).warnings)
    data = bytearray(film.read_bytes())
    packets = sound_packets(film)
    for number, (at, size) in enumerate(packets[20:60]):
        data[at : at + size] = random.Random(number).randbytes(size)
    broken = film.with_name("broken.mp4")
    broken.write_bytes(bytes(data))
    assert complaints(make.ffmpeg, broken) > 0
    assert verdict(house, broken, model, usual) in ("refused", "flagged")


@pytest.mark.parametrize("suffix", ["ts", "mkv", "avi", "mov"])
def test_a_hole_in_another_container(suffix: str, make: Maker, house: Any, tmp_path: Path) -> None:
    """Zeros in the middle of a file are told, whichever demuxer stumbles over them."""
    film = make(f"film.{suffix}", "-i", str(whole(make, (*H264, "-crf", "28", "-bf", "0"))), "-c", "copy")
    model = str(tmp_path / "no model")
    usual = set(house.publish(film, model=model).warnings)
    data = film.read_bytes()
    middle = len(data) // 2
    broken = film.with_name(f"broken.{suffix}")
    broken.write_bytes(data[: middle - HOLE // 2] + bytes(HOLE) + data[middle + HOLE // 2 :])
    assert complaints(make.ffmpeg, broken) > complaints(make.ffmpeg, film)
    assert verdict(house, broken, model, usual) in ("refused", "flagged")


def sound_packets(file: Path) -> list[tuple[int, int]]:
    """Return where in the file each packet of the sound lies, and its size."""
    import av

    with av.open(str(file)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size]
