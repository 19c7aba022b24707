"""Awkward but legitimate times: rates, lengths, offsets and containers, judged by flashes, beeps and a moving bar."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from clips import AAC, H264, Maker, bar, flash_beep, flash_times
from measure import Published, apart, flashes, position
from measure import beeps as heard

pytestmark = pytest.mark.all
Publish = Callable[[Path], Published]
SYNC_S = 0.020
"""As much as picture and sound may lie apart; a viewer notices more than twice of it (ITU-R BT.1359)."""
FRAME = Fraction(1, 25)
AAC_FRAME = Fraction(1024, 48_000)

MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-pix_fmt", "yuv420p")
MPEG4 = ("-c:v", "mpeg4", "-q:v", "3", "-pix_fmt", "yuv420p")
PCM = ("-c:a", "pcm_s16le")


def in_sync(published: Published, times: Sequence[Fraction]) -> float:
    """Assert that as many flashes as beeps are there, together; return how far they lie apart, in seconds."""
    light, sound = flashes(published.video().luma()), heard(*published.sound().sound())
    assert len(light) == len(times), light
    far = apart(light, sound)
    print(f"sync {far * 1000:.1f} ms")
    assert far <= SYNC_S, (light, sound)
    return far


def lengths(published: Published) -> tuple[float, float]:
    """Return how long picture and sound last, from what is decoded."""
    frames = published.video().luma()
    rate, sound = published.sound().sound()
    return float(frames[-1][0] + frames[1][0] - frames[0][0]), sound.shape[1] / rate


# --- rates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"])
def test_constant_rates_are_kept_exactly(rate: str, make: Maker, publish: Publish) -> None:
    """Every frame is there, at an exact multiple of the frame's length, and the sound is with it."""
    exact = Fraction(rate)
    published = publish(flash_beep(make, "rate.mp4", exact))
    times = [time for time, _ in published.video().luma()]
    ticks = published.video().entry.stream_info.frame_rate
    assert ticks == pytest.approx(float(exact), abs=0.001)
    assert times == [number / exact for number in range(len(times))]
    assert len(times) == int(4 * exact)
    in_sync(published, flash_times(exact, 4))


def test_variable_rate(make: Maker, publish: Publish) -> None:
    """At every moment the bar stands where the source's frame of that moment has it."""
    drawn = [bar(20 + 2 * number) for number in range(120)]
    kept = [number for number in range(120) if number < 60 or number % 3 == 0]
    thin = ("-vf", "select='lt(n,60)+not(mod(n,3))'", "-fps_mode", "vfr", "-enc_time_base", "1/30", *H264)
    published = publish(make.drawn("vfr.mp4", drawn, Fraction(30), pixels="gray", encode=thin))
    frames = published.video().luma()
    steps = {b[0] - a[0] for a, b in pairwise(frames)}
    assert len(steps) == 1
    (step,) = steps
    wrong = []
    for time, picture in frames:
        # rounding to the constant rate may show the neighbour of a frame half a step too early or too late
        near = {max(n for n in kept if Fraction(n, 30) <= max(Fraction(0), time + d)) for d in (-step / 2, 0, step / 2)}
        if not any(abs(position(picture) - (20 + 2 * n)) < 1.5 for n in near):
            wrong.append((float(time), position(picture), near))
    assert not wrong
    assert float(frames[-1][0] + step) == pytest.approx(4, abs=0.11)


def test_one_frame(make: Maker, publish: Publish) -> None:
    """One picture is one picture, for the length of a frame."""
    published = publish(make.drawn("one.mp4", [bar(100)], pixels="gray"))
    ((time, picture),) = published.video().luma()
    assert time == 0
    assert position(picture) == pytest.approx(100, abs=1.5)


@pytest.mark.parametrize("count", [1, 5])
def test_a_few_rich_frames(count: int, make: Maker, publish: Publish) -> None:
    """Pictures that need many bits at once are published too, however short they are."""
    chance = np.random.default_rng(1)
    blocks = [chance.integers(20, 235, (90, 160), dtype=np.uint8).repeat(4, 0).repeat(4, 1) for _ in range(count)]
    published = publish(make.drawn("rich.mp4", blocks, pixels="gray"))
    frames = published.video().luma()
    assert [time for time, _ in frames] == [Fraction(number, 25) for number in range(count)]
    for (_, found), drawn in zip(frames, blocks, strict=True):
        assert np.corrcoef(found.ravel(), drawn.ravel())[0, 1] > 0.8


# --- lengths and offsets -----------------------------------------------------------------------


def test_sound_that_is_longer(make: Maker, publish: Publish) -> None:
    """The last picture is held until the sound ends."""
    published = publish(flash_beep(make, "longer.mp4", seconds=4, picture_s=Fraction(5, 2), sound_s=4))
    frames = published.video().luma()
    assert lengths(published) == pytest.approx((4, 4), abs=float(FRAME))
    assert len(heard(*published.sound().sound())) == 3
    assert np.abs(frames[-1][1] - frames[62][1]).max() < 12


def test_sound_that_is_shorter(make: Maker, publish: Publish) -> None:
    """Silence follows it, and both end together."""
    published = publish(flash_beep(make, "shorter.mp4", seconds=4, sound_s=2.5))
    assert lengths(published) == pytest.approx((4, 4), abs=float(FRAME))
    rate, sound = published.sound().sound()
    assert len(heard(rate, sound)) == 2
    assert np.abs(sound[:, int(2.6 * rate) :]).max() < 0.01


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts"])
@pytest.mark.parametrize("late", ["sound", "picture"])
def test_a_late_start(late: str, suffix: str, make: Maker, publish: Publish) -> None:
    """What begins 0.9 s after the other stays with it; a picture that is not there yet shows its first frame."""
    cut = ("-af", "atrim=start=0.9") if late == "sound" else ("-vf", "trim=start=0.88")
    published = publish(flash_beep(make, f"late.{suffix}", encode=(*H264, *AAC, *cut)))
    in_sync(published, flash_times(Fraction(25), 4))
    assert published.video().luma()[0][0] == 0
    assert lengths(published) == pytest.approx((4, 4), abs=0.06)


def test_a_clock_that_wraps(make: Maker, publish: Publish) -> None:
    """A transport stream whose 33-bit clock starts anew in its middle loses nothing."""
    wraps = Fraction(2**33, 90_000)  # in the middle: after 2 s
    published = publish(
        flash_beep(make, "wrap.ts", encode=(*H264, *AAC, "-output_ts_offset", str(float(wraps) - 2 - 1.4)))
    )
    in_sync(published, flash_times(Fraction(25), 4))
    assert lengths(published) == pytest.approx((4, 4), abs=0.06)


# --- containers --------------------------------------------------------------------------------

CONTAINERS = {
    "clip.MP4": (*H264, *AAC),
    "webm named.mp4": ("-c:v", "libvpx", "-b:v", "1M", "-c:a", "libopus", "-f", "webm"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-b:v", "1M", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "prores.mov": ("-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le", *PCM),
    "clip.mkv": (*H264, "-c:a", "flac"),
    "clip.avi": (*MPEG4, *PCM),
    "h264.avi": (*H264, "-bf", "0", "-c:a", "ac3"),
    "h264.ts": (*H264, *AAC),
    "mpeg2.ts": (*MPEG2, "-bf", "2", "-c:a", "mp2"),
    "mpeg2.mxf": (*MPEG2, *PCM),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", *AAC, "-tag:v", "hvc1"),
    "fragments.mp4": (*H264, *AAC, "-movflags", "frag_keyframe+delay_moov"),
    "camera.mp4": ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-c:a", "libmp3lame"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers(name: str, make: Maker, publish: Publish) -> None:
    """Flashes and beeps stay where they were, at their own times and with each other, whatever the wrapping."""
    published = publish(flash_beep(make, name, encode=CONTAINERS[name]))
    times = flash_times(Fraction(25), 4)
    in_sync(published, times)
    assert apart(flashes(published.video().luma()), [float(time) for time in times]) <= float(FRAME) + 0.001
    assert lengths(published) == pytest.approx((4, 4), abs=0.1)


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "50"])
def test_transport_streams(rate: str, make: Maker, publish: Publish) -> None:
    """Sound that begins between two pictures, as AAC's priming has it there, is not moved to one of them."""
    exact = Fraction(rate)
    in_sync(publish(flash_beep(make, "rate.ts", exact)), flash_times(exact, 4))


@pytest.mark.parametrize("shape", [",setsar=1", ""], ids=["square", "unsaid"])
def test_a_stream_that_complies(shape: str, make: Maker, publish: Publish) -> None:
    """It is published as it came, to the byte, with its sound and beside the others; unsaid shapes may be encoded."""
    tags = f"setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv{shape}"
    closed = ("-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-flags", "+cgop", "-profile:v", "high")
    few = ("-maxrate", "500k", "-bufsize", "700k", "-level", "3")
    matrix = ("-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{tags}")
    encode = (*H264, *closed, *few, *matrix, *AAC)
    clip = flash_beep(make, "ready.mp4", seconds=7, size=(640, 360), encode=encode)
    published = publish(clip)
    track = published.video()
    in_sync(published, flash_times(Fraction(25), 7))
    with av.open(str(clip)) as source, track.opened() as copy:
        kept = [[bytes(packet) for packet in each.demux(video=0) if packet.size] for each in (source, copy)]
    assert kept[0] == kept[1] or not shape
    smaller = min(published.master.playlists, key=lambda each: each.stream_info.resolution[1])
    assert smaller.stream_info.resolution != track.entry.stream_info.resolution
