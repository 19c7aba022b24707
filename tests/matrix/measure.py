"""Measure what was published, by other means than ours: m3u8 reads the playlists, PyAV decodes the segments.

Times are seconds on the player's clock, which begins at 0.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import m3u8
import numpy as np
from av.container import InputContainer

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Track:
    """The bytes of one rendition as a player joins them, with its entry in the master playlist."""

    data: bytes
    entry: Any

    @contextmanager
    def opened(self) -> Iterator[InputContainer]:
        """Open the joined bytes with libav."""
        with av.open(io.BytesIO(self.data)) as container:
            yield container

    def rgb(self) -> list[tuple[Fraction, Array]]:
        """Decode every picture as a BT.709 player shows it, with the time at which it is shown."""
        with self.opened() as container:
            return [(frame.pts * frame.time_base, rgb(frame)) for frame in container.decode(video=0)]

    def luma(self) -> list[tuple[Fraction, Array]]:
        """Decode every picture's luma plane as it is coded, 16 to 235."""
        with self.opened() as container:
            return [(frame.pts * frame.time_base, plane(frame)) for frame in container.decode(video=0)]

    def sound(self) -> tuple[int, Array]:
        """Decode the sound: its rate, and channels × samples from the player's time 0 on."""
        with self.opened() as container:
            stream = container.streams.audio[0]
            parts = [
                (round(frame.pts * frame.time_base * frame.sample_rate), frame.to_ndarray())
                for frame in container.decode(stream)
            ]
            rate = stream.rate
        start = min(at for at, _ in parts)
        whole = np.zeros((parts[0][1].shape[0], max(at + part.shape[1] for at, part in parts) - start))
        for at, part in parts:
            whole[:, at - start : at - start + part.shape[1]] = part
        return rate, whole[:, -start:] if start < 0 else np.pad(whole, ((0, 0), (start, 0)))


class Published:
    """One published version: what its master playlist leads to."""

    def __init__(self, site: Path, record: Any) -> None:
        self.site, self.record = site, record
        self.master_file = site / record.hls

    @cached_property
    def master(self) -> m3u8.M3U8:
        """Read the master playlist."""
        return m3u8.loads(self.master_file.read_text(encoding="utf-8"))

    def video(self) -> Track:
        """Join the largest rendition."""
        largest = max(self.master.playlists, key=lambda each: each.stream_info.resolution[1])
        return self._track(largest.uri, largest)

    def sounds(self) -> list[Track]:
        """Join each sound, in the order of the master playlist."""
        return [self._track(each.uri, each) for each in self.master.media if each.type == "AUDIO"]

    def sound(self) -> Track:
        """Join the only sound."""
        (track,) = self.sounds()
        return track

    def _track(self, uri: str, entry: Any) -> Track:
        file = self.master_file.parent / uri
        playlist = m3u8.loads(file.read_text(encoding="utf-8"))
        names = [playlist.segment_map[0].uri, *(segment.uri for segment in playlist.segments)]
        return Track(b"".join((file.parent / name).read_bytes() for name in names), entry)


HDR = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "DYNAMIC_HDR_PLUS", "DISPLAYMATRIX")


def shown(published: Published) -> list[Array]:
    """Return every published picture as RGB, after looking at its tags: BT.709, 8-bit 4:2:0, square pixels, upright."""
    track = published.video()
    with track.opened() as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert stream.sample_aspect_ratio in (None, 1)
        frame = next(container.decode(stream))
        assert not [kind for kind in frame.side_data if kind.type.name in HDR]
        assert "Display Matrix" not in container.dumps_format()
    return [picture for _, picture in track.rgb()]


def plane(frame: av.VideoFrame, number: int = 0) -> Array:
    """Return one plane of a frame without its padding."""
    found = frame.planes[number]
    rows = np.frombuffer(found, np.uint8).reshape(found.height, found.line_size)
    return rows[:, : found.width].astype(int)


def rgb(frame: av.VideoFrame) -> Array:
    """Turn limited-range BT.709 8-bit 4:2:0 into RGB by the book (ITU-R BT.709-6, 3); libav is not asked."""
    assert frame.format.name == "yuv420p"
    y = (plane(frame) - 16) / 219
    b, r = (np.repeat(np.repeat((plane(frame, n) - 128) / 224, 2, 0), 2, 1)[: y.shape[0], : y.shape[1]] for n in (1, 2))
    red, blue = y + 1.5748 * r, y + 1.8556 * b
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return (np.stack([red, green, blue], 2).clip(0, 1) * 255).round().astype(int)


# --- pictures ----------------------------------------------------------------------------------


def quarters(picture: Array) -> dict[str, tuple[int, ...]]:
    """Return the mean colour of the middle of each quarter."""
    height, width = picture.shape[:2]
    rows = {"top": slice(height // 8, height * 3 // 8), "bottom": slice(height * 5 // 8, height * 7 // 8)}
    columns = {"left": slice(width // 8, width * 3 // 8), "right": slice(width * 5 // 8, width * 7 // 8)}
    return {
        f"{down} {across}": tuple(np.asarray(picture[rows[down], columns[across]]).mean((0, 1)).round().astype(int))
        for down in rows
        for across in columns
    }


def off(one: Any, other: Any) -> int:
    """Return how far two colours, or two sets of them, lie apart: the largest difference of any channel."""
    return int(np.abs(np.array(list(one), int) - np.array(list(other), int)).max())


def middles(luma: Array, count: int) -> list[int]:
    """Return the mean of the middle of each of ``count`` patches that stand side by side."""
    height, width = luma.shape[:2]
    each = width / count
    rows = slice(height // 4, height * 3 // 4)
    return [round(luma[rows, int((n + 0.3) * each) : int((n + 0.7) * each)].mean()) for n in range(count)]


def extent(luma: Array) -> tuple[int, int]:
    """Return the width and height of what is bright on dark, at half of the contrast."""
    bright = luma > (int(luma.min()) + int(luma.max())) / 2
    return int(bright.any(0).sum()), int(bright.any(1).sum())


def position(luma: Array) -> float:
    """Return the column of the left edge of a bright bar, to a part of a pixel, from its middle rows."""
    profile = luma[luma.shape[0] // 4 : luma.shape[0] * 3 // 4].mean(0)
    weights = np.clip(profile - 60, 0, None)
    return float((weights * np.arange(len(weights))).sum() / weights.sum()) - 11.5  # bar: 24 columns


def combing(luma: Array) -> float:
    """Return how much neighbouring rows differ: a vertical bar has no difference at all, two woven moments a lot."""
    rows = luma[8:-8].astype(float)
    return float(np.abs(np.diff(rows, axis=0)).mean())


def flashes(frames: list[tuple[Fraction, Array]]) -> list[float]:
    """Return when the picture turns bright."""
    levels = [float(picture.mean()) for _, picture in frames]
    middle = (min(levels) + max(levels)) / 2
    return [
        float(frames[n][0]) for n in range(len(frames)) if levels[n] > middle and (n == 0 or levels[n - 1] <= middle)
    ]


# --- sound -------------------------------------------------------------------------------------


def beeps(rate: int, sound: Array) -> list[float]:
    """Return when a sound begins after at least 0.2 s of quiet; the louder channel counts."""
    loud = np.flatnonzero(np.abs(sound).max(0) > np.abs(sound).max() / 4)
    starts = np.concatenate([[True], np.diff(loud) > rate // 5])
    return [float(sample) / rate for sample in loud[starts]]


def peaks(rate: int, channel: Array, above: float = 0.1) -> list[int]:
    """Return the frequencies, to 5 Hz, that have at least ``above`` of the strongest one's amplitude."""
    window = channel[: len(channel) // (rate // 5) * (rate // 5)]
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window))))
    frequencies = np.fft.rfftfreq(len(window), 1 / rate)
    found: list[int] = []
    for index in np.argsort(spectrum)[::-1]:
        if spectrum[index] < above * spectrum.max():
            break
        if all(abs(frequencies[index] - other) > 20 for other in found):
            found.append(round(float(frequencies[index]) / 5) * 5)
    return sorted(found)


def apart(one: list[float], other: list[float]) -> float:
    """Return the largest distance in seconds between two series of moments; they must be equally many."""
    assert len(one) == len(other) > 0, (one, other)
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
