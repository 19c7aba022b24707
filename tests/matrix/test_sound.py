"""Awkward but legitimate sound: channels, languages, and what is no speech."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import AAC, H264, Maker, Picture, bar, flash_beep, flash_times, tone, wav
from measure import Published, apart, flashes, peaks
from measure import beeps as heard

pytestmark = pytest.mark.all
Publish = Callable[[Path], Published]
SECONDS = 4


def with_sound(make: Maker, sounds: list[Path], name: str = "clip.mp4", *more: str) -> Path:
    """Put sounds beside a still picture, each as a stream of its own."""
    inputs = [part for sound in sounds for part in ("-i", str(sound))]
    maps = [part for number in range(len(sounds) + 1) for part in ("-map", str(number))]
    return make.drawn(name, [bar(100)] * 25 * SECONDS, pixels="gray", inputs=inputs, encode=(*maps, *H264, *AAC, *more))


def test_mono_at_8_khz(make: Maker, publish: Publish) -> None:
    """A telephone's sound becomes 48 kHz stereo, the same on both sides, in time."""
    published = publish(flash_beep(make, "phone.mov", sample_rate=8000, encode=(*H264, "-c:a", "pcm_s16le")))
    rate, sound = published.sound().sound()
    assert (rate, sound.shape[0]) == (48_000, 2)
    assert apart(heard(rate, sound), [float(time) for time in flash_times(Fraction(25), SECONDS)]) <= 0.02
    assert np.abs(sound[0] - sound[1]).max() < 0.02


def test_eight_channels(make: Maker, publish: Publish) -> None:
    """7.1 becomes stereo in which every speaker but the subwoofer is heard on its side, unclipped."""
    names = ["FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"]
    pitches = dict(zip(names, (300, 400, 500, 60, 600, 700, 800, 900), strict=True))
    wide = wav(make.folder / "wide.wav", [tone(SECONDS, pitch, level=0.12) for pitch in pitches.values()])
    clip = with_sound(make, [wide], "wide.mov", "-c:a", "pcm_s16le", "-channel_layout:a", "7.1")
    rate, sound = publish(clip).sound().sound()
    assert sound.shape[0] == 2
    left, right = (peaks(rate, channel, above=0.2) for channel in sound)
    assert left == [300, 500, 600, 800]
    assert right == [400, 500, 700, 900]
    assert np.abs(sound).max() < 0.99


def test_two_languages(make: Maker, publish: Publish) -> None:
    """Both are published under their own languages, each with its own sound, equally long."""
    sounds = [wav(make.folder / f"{pitch}.wav", [tone(SECONDS, pitch)]) for pitch in (440, 880)]
    tags = ("-metadata:s:a:0", "language=mkd", "-metadata:s:a:1", "language=eng")
    published = publish(with_sound(make, sounds, "two.mp4", *tags))
    tracks = {track.entry.language: track.sound() for track in published.sounds()}
    assert {language: peaks(rate, sound[0]) for language, (rate, sound) in tracks.items()} == {"mk": [440], "en": [880]}
    assert len({sound.shape for _, sound in tracks.values()}) == 1
    names = [track.entry.name for track in published.sounds()]
    assert len(set(names)) == 2
    assert [track.entry.default for track in published.sounds()].count("YES") == 1


def test_no_sound(make: Maker, publish: Publish) -> None:
    """A silent film is published without a sound track or captions."""
    published = publish(make.drawn("mute.mp4", [bar(100)] * 50, pixels="gray"))
    assert published.sounds() == []
    assert published.record.captions == ()
    assert len(published.video().luma()) == 50


def silence() -> Picture:
    """Return digital silence."""
    return np.zeros(SECONDS * 48_000)


def noise() -> Picture:
    """Return white noise."""
    return np.random.default_rng(1).uniform(-0.3, 0.3, SECONDS * 48_000)


def music() -> Picture:
    """Return chords of plucked strings."""
    chords = [(262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)]
    time = np.arange(48_000) / 48_000
    pluck = np.exp(-3 * time)
    return np.concatenate(
        [sum(0.1 * pluck * np.sin(2 * np.pi * k * f * time) / k for f in chord for k in (1, 2, 3)) for chord in chords]
    )


@pytest.mark.parametrize("sound", [silence, noise, music], ids=lambda each: each.__name__)
def test_what_is_no_speech(sound: Callable[[], Picture], make: Maker, house: Any) -> None:
    """Its captions are there, empty and labelled; the sound itself is published."""
    drawn = sound()
    outcome = house.publish(with_sound(make, [wav(make.folder / "sound.wav", [drawn])]))
    record = outcome.record
    (captions,) = record.captions
    assert (house.site / captions.vtt).read_text().strip() == "WEBVTT"
    assert captions.label
    assert captions.origin == "machine"
    assert record.language is None
    assert house.json(record.transcript)["utterances"] == []
    rate, played = Published(house.site, record).sound().sound()
    assert played.shape[1] / rate == pytest.approx(SECONDS, abs=0.05)
    assert (np.abs(played).max() > 0.02) == (sound is not silence)


def test_the_picture_beside_silence(make: Maker, publish: Publish) -> None:
    """A flash is where it was, though nothing is heard."""
    clip = flash_beep(make, "quiet.mp4", encode=(*H264, *AAC, "-af", "volume=0"))
    found = flashes(publish(clip).video().luma())
    assert apart(found, [float(time) for time in flash_times(Fraction(25), SECONDS)]) < 0.001
