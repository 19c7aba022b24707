"""Demux what was published with PyAV, and decode I-frames. Runs in the child only: the bytes may be a stranger's."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av

from votd.media.verify.avc import IDR, Avc, aac_codec, avc, nal_types

_SAFE = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2",
    "probesize": "32",  # the header says all that is asked; looking into frames would decode them
    "analyzeduration": "0",
    "max_pixels": str(8192 * 4320),
}
_RAW = {**_SAFE, "ignore_editlist": "1"}  # times as tfdt and trun have them


@dataclass(frozen=True, slots=True)
class Header:
    """What an initialization segment says of its one stream; ``video`` and the sizes are ``None`` for audio."""

    kind: Literal["video", "audio"]
    codec: str
    video: Avc | None
    width: int
    height: int
    pixel_format: str | None
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Part:
    """One media segment: ticks of ``time_base`` seconds, before the edit list.

    ``first_pts`` is the earliest presentation time; ``idrs`` the presentation times of its IDR pictures.
    ``starts_with_idr`` is ``None`` for audio.
    """

    size: int
    time_base: Fraction
    start: int
    end: int
    first_pts: int
    samples: int
    idrs: tuple[int, ...]
    starts_with_idr: bool | None

    @property
    def seconds(self) -> Fraction:
        return (self.end - self.start) * self.time_base


@dataclass(frozen=True, slots=True)
class Progressive:
    """An MP4's streams as a player sees them: (kind, first presentation time, end) in seconds."""

    streams: tuple[tuple[str, Fraction, Fraction], ...]
    declared: Fraction


def header(init: bytes, segment: bytes) -> Header:
    """Read what a track says of itself, from its initialization segment and its first media segment."""
    with _opened(init + segment) as (_, stream):
        context = stream.codec_context
        if context is None or context.extradata is None:
            raise ValueError("its codec is unknown")
        if stream.type == "audio":
            codec = aac_codec(context.extradata) if context.name.startswith("aac") else context.name
            return Header("audio", codec, None, 0, 0, None, context.sample_rate, context.channels)
        if context.name != "h264":
            raise ValueError(f"its codec is {context.name} and not H.264")
        config = avc(context.extradata)
        return Header("video", config.codec, config, context.width, context.height, context.pix_fmt, 0, 0)


def part(init: bytes, segment: bytes, config: Avc | None) -> Part:
    """Demux one media segment; ``config`` is the track's where it is video. Raises ``ValueError``."""
    with _opened(init + segment) as (container, stream):
        packets = [packet for packet in container.demux(stream) if packet.size]
        if not packets or any(packet.dts is None or packet.pts is None for packet in packets):
            raise ValueError("it has no samples with times")
        if any(packet.is_corrupt for packet in packets):
            raise ValueError("its last sample is cut off")
        keys = [packet for packet in packets if packet.is_keyframe] if config else []
        idrs = [packet for packet in keys if config and IDR in nal_types(bytes(packet), config.length_bytes)]
        last = packets[-1]
        return Part(
            size=len(segment),
            time_base=stream.time_base,
            start=packets[0].dts,
            end=last.dts + (last.duration or 0),
            first_pts=min(packet.pts for packet in packets),
            samples=len(packets),
            idrs=tuple(packet.pts for packet in idrs),
            starts_with_idr=packets[0] in idrs if config else None,
        )


def one_idr(init: bytes, piece: bytes, config: Avc) -> str | None:
    """Decode the bytes of an I-frame playlist's range; return what is wrong with them, or ``None``."""
    if b"moof" not in _kinds(piece):
        return "its range has no moof"
    try:
        with _opened(init + piece) as (container, stream):
            stream.codec_context.thread_count = 1
            packets = [packet for packet in container.demux(stream) if packet.size]
            if len(packets) != 1:
                return f"its range has {len(packets)} samples"
            if packets[0].is_corrupt or IDR not in nal_types(bytes(packets[0]), config.length_bytes):
                return "its range is no whole IDR picture"
            frames = [*packets[0].decode(), *stream.codec_context.decode(None)]
    except ValueError as e:
        return f"its range cannot be decoded: {e}"
    whole = len(frames) == 1 and frames[0].key_frame and not frames[0].is_corrupt
    return None if whole else f"its range decodes to {len(frames)} pictures"


def progressive(file: Path) -> Progressive:
    """Demux an MP4 as a player does, its edit lists applied. Raises ``ValueError``."""
    try:
        with av.open(f"file:{file}", "r", format="mp4", options=_SAFE) as container:
            ticks: dict[int, tuple[int, int]] = {}  # whole numbers: fractions would cost ten times as much
            for packet in container.demux():
                if not packet.size or packet.pts is None:
                    continue
                start, end = packet.pts, packet.pts + (packet.duration or 0)
                first, last = ticks.get(packet.stream_index, (start, end))
                ticks[packet.stream_index] = (min(first, start), max(last, end))
            bases = {stream.index: Fraction(stream.time_base or 1) for stream in container.streams}
            kinds = {stream.index: stream.type for stream in container.streams}
            declared = Fraction(container.duration or 0, 1_000_000)
    except av.FFmpegError as e:
        raise ValueError(f"it cannot be read: {e.strerror}") from e
    spans = (
        (kinds[index], first * bases[index], last * bases[index]) for index, (first, last) in sorted(ticks.items())
    )
    return Progressive(tuple(spans), declared)


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Any, Any]]:
    """Open bytes as an MP4 with one stream; PyAV's errors, while it is open too, become ``ValueError``."""
    try:
        with av.open(io.BytesIO(data), "r", format="mp4", options=_RAW) as container:
            if len(container.streams) != 1:
                raise ValueError(f"it has {len(container.streams)} streams")
            yield container, container.streams[0]
    except av.FFmpegError as e:
        raise ValueError(f"it cannot be read: {e.strerror}") from e


def _kinds(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        yield data[at + 4 : at + 8]
        at += max(8, int.from_bytes(data[at : at + 4], "big"))
