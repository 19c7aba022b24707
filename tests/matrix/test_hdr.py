"""High dynamic range: patches of known light come out where the house's curve has them, whatever carried them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from clips import Maker, Picture, ten_bit
from measure import Published, middles, shown

pytestmark = pytest.mark.all
Publish = Callable[[Path], Published]

NITS = (0, 100, 203, 1000)
SDR = (16, 174, 202, 235)
"""The house's tone curve (mobius over a reference white of 203 nits): 100, 203 and 1,000 nits as 8-bit luma."""


def pq(nits: float) -> float:
    """Return the signal, 0 to 1, of a luminance (SMPTE ST 2084)."""
    power = (nits / 10_000) ** (2610 / 16384)
    return float(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def hlg(light: float) -> float:
    """Return the signal of scene light, 0 to 1 (ITU-R BT.2100-2, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return float((3 * light) ** 0.5 if light <= 1 / 12 else a * np.log(12 * light - b) + c)


def scene(nits: float) -> float:
    """Return the scene light that HLG shows with this luminance on a display of 1,000 nits (its inverse OOTF)."""
    return float((nits / 1000) ** (1 / 1.2))


def hdr(make: Maker, transfer: str, luma: Sequence[int], chroma: Sequence[tuple[int, int]], size: str = "") -> Path:
    """Make a 10-bit BT.2020 HEVC of patches, as a camera or a telephone writes it."""
    name = {"pq": "smpte2084", "hlg": "arib-std-b67"}[transfer]
    light = ":master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,200"
    x265 = f"log-level=none:colorprim=bt2020:transfer={name}:colormatrix=bt2020nc:range=limited"
    tags = f"setparams=color_primaries=bt2020:color_trc={name}:colorspace=bt2020nc:range=tv"
    codec = ("-c:v", "libx265", "-crf", "8", "-preset", "ultrafast", "-tag:v", "hvc1")
    params = ("-vf", tags + size, "-x265-params", x265 + (light if transfer == "pq" else ""))
    frames = [ten_bit(luma, chroma)] * 25
    return make.drawn(f"{transfer}.mp4", frames, pixels="yuv420p10le", size=(320, 180), encode=(*codec, *params))


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_high_dynamic_range(transfer: str, make: Maker, publish: Publish) -> None:
    """Patches of known nits come out where the house's curve has them, the same for PQ and for HLG at 1,000 nits."""
    signals = [pq(nits) if transfer == "pq" else hlg(scene(nits)) for nits in NITS]
    luma = [round(64 + 876 * signal) for signal in signals]
    published = publish(hdr(make, transfer, luma, [(512, 512)] * 4))
    shown(published)
    found = middles(published.video().luma()[12][1], 4)
    print(transfer, dict(zip(NITS, found, strict=True)))
    assert found == pytest.approx(SDR, abs=3)


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_wide_gamut(transfer: str, make: Maker, publish: Publish) -> None:
    """Colours that BT.709 has too keep their hue on the way from BT.2020."""
    wide = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # BT.2087-0, 2.2
    linear = [(0.5, 0.15, 0.1), (0.1, 0.4, 0.15), (0.1, 0.15, 0.5), (0.4, 0.35, 0.1)]  # of 203 nits, BT.709
    codes = []
    for colour in linear:
        nits = wide @ np.array(colour) * 203
        if transfer == "pq":
            signal = np.array([pq(each) for each in nits])
        else:  # the OOTF goes by the luminance of all three
            luminance = float(np.array([0.2627, 0.6780, 0.0593]) @ nits)
            signal = np.array([hlg(each / luminance * scene(luminance)) for each in nits])
        codes.append(bt2020(signal))
    published = publish(hdr(make, transfer, [y for y, _, _ in codes], [(u, v) for _, u, v in codes]))
    picture = shown(published)[12]
    height, width = picture.shape[:2]
    for number, colour in enumerate(linear):
        at = width * (2 * number + 1) // 8
        found = picture[height // 2 - 10 : height // 2 + 10, at - 10 : at + 10].mean((0, 1))
        expected = [255 * bt1886(each) for each in tone_mapped(colour)]
        print(transfer, colour, found.round(), np.round(expected))
        assert found == pytest.approx(expected, abs=5)


def bt2020(signal: Picture) -> tuple[int, int, int]:
    """Return 10-bit limited-range code values of an RGB signal (ITU-R BT.2020-2, table 4 and 5)."""
    y = float(np.array([0.2627, 0.6780, 0.0593]) @ signal)
    u, v = (signal[2] - y) / 1.8814, (signal[0] - y) / 1.4746
    return round(64 + 876 * y), round(512 + 896 * u), round(512 + 896 * v)


def bt1886(light: float) -> float:
    """Return the signal that a display turns into this light (the inverse EOTF of ITU-R BT.1886)."""
    return float(light ** (1 / 2.4))


def tone_mapped(colour: Sequence[float], knee: float = 0.3, peak: float = 1000 / 203) -> list[float]:
    """Apply the mobius curve to the largest part of a colour and keep the ratios."""
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    most = max(colour)
    mapped = most if most <= knee else (b**2 + 2 * b * knee + knee**2) / (b - a) * (most + a) / (most + b)
    return [each * mapped / most for each in colour]
