"""Find out what a file holds, in a limited child that opens nothing else and decodes nothing.

The child reads every packet once: a container's header still promises the whole of a file that was cut off.
"""

import logging
import statistics
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from votd.media import process, schema
from votd.media.errors import CutOff, RejectedSource, ToolFailed
from votd.media.model import AudioStream, MediaInfo, VideoStream
from votd.media.source import facts
from votd.media.source.gops import Pictures

if TYPE_CHECKING:
    from av.container import InputContainer

MEMORY = 2 << 30
"""Bytes of address space: 0.3 GB were used for the largest H.264 picture that is taken; HEVC keeps more of them."""
MOST_PACKETS = 5_000_000
"""Four hours at 60 frames/s with four AAC tracks have 3.6 million."""
LONGEST_TITLE = 300
FASTEST_VARIABLE = Fraction(60)
"""Frames per second, the most that is made of a rate that varies."""
PROGRESSIVE = 1
"""libav's AVFieldOrder; the others are the orders of an interlaced picture's halves, and 0 is unknown."""

_OPTIONS = {
    # A playlist named .mp4 makes libav read other files and addresses: nothing but this file, and no such format.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mxf",
    "probesize": str(10 << 20),
    "analyzeduration": str(10_000_000),
    "max_streams": "300",
    # libav may look into the first frames; a picture larger than we take must not cost its memory.
    "max_pixels": str(8192 * 4320),
    "threads": "1",
}
_FORMATS = "MP4, MOV, Matroska, WebM, AVI, MPEG-TS and MXF"
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")
_AGAIN = "Export it again as an MP4 file."


@dataclass(slots=True)
class _Count:
    """What the packets of one stream add up to, in ticks of its time base: fractions would cost ten times as much."""

    time_base: Fraction
    packets: int = 0
    first: int | None = None
    last: int = 0
    end: int = 0
    encrypted: bool = False
    pictures: Pictures | None = None
    starts: list[int] | None = None

    def take(self, packet: Any) -> None:
        self.packets += 1
        if self.pictures:
            self.pictures.take(
                packet.pts, packet.is_keyframe, packet.size, bytes(packet) if packet.is_keyframe else b""
            )
        if not self.encrypted and packet.has_sidedata("encryption_info"):
            self.encrypted = True
        start = packet.dts if packet.pts is None else packet.pts  # AVI has no presentation times
        if start is None:
            return
        if self.starts is not None:
            self.starts.append(start)
        if self.first is None or start < self.first:
            self.first = start
        self.last = max(self.last, start)
        self.end = max(self.end, start + (packet.duration or 0))

    def end_ms(self, start: Fraction) -> int:
        """Return when the stream ends on the file's clock, which begins at ``start`` seconds.

        What stands before, such as AAC's priming, is never played.
        """
        return 0 if self.first is None else max(0, round((self.end * self.time_base - start) * 1000))

    def start_ms(self, start: Fraction) -> int:
        """Return when the stream begins on the file's clock."""
        return 0 if self.first is None else max(0, round((self.first * self.time_base - start) * 1000))

    @property
    def longest_ms(self) -> int:
        """Return the longest time between the starts of two packets that follow each other."""
        ordered = sorted(self.starts or ())
        return round(max((b - a for a, b in pairwise(ordered)), default=0) * self.time_base * 1000)

    @property
    def rate(self) -> Fraction | None:
        """Return packets per second, ``None`` where there are not two moments to measure between."""
        if self.first is None or self.last <= self.first:
            return None
        average = (self.packets - 1) / ((self.last - self.first) * self.time_base)
        ordered = sorted(set(self.starts or ()))
        if len(ordered) < 2:
            return average
        # A picture that stands still for a while must not slow the rest down.
        typical = 1 / (statistics.median_low(b - a for a, b in pairwise(ordered)) * self.time_base)
        return min(typical, FASTEST_VARIABLE) if typical > average * Fraction(11, 10) else average


async def probe(file: Path) -> MediaInfo:
    """Describe a regular file of our own, as ``ingest`` makes them; nothing in it is decoded.

    Raises ``RejectedSource`` for what libav cannot open or read within the limits.
    """
    size = file.stat().st_size
    # CPU seconds: a small file is refused within ten; a large one is read whole, at 4 microseconds for each packet, of
    # which four hours have 1.5 million. The clock only ends a child that waits for a sick disk or a busy machine.
    limits = process.Limits(wall_s=60 + size / 10e6, cpu_s=6 + size // 20_000_000, memory=MEMORY, file_size=0)
    confined = process.Confined(reads=(file.absolute(),))
    try:
        answer = await process.call(__name__, str(file.absolute()), limits=limits, confined=confined)
    except ToolFailed as e:
        if isinstance(e.__cause__, TimeoutError) or "Traceback" in e.tail or "bwrap:" in e.tail:
            raise  # a slow or sick machine, or a mistake of ours: not the file's
        raise RejectedSource(
            f"Reading the file takes more time or memory than a video of its size does. {_AGAIN}"
        ) from e
    return schema.load(MediaInfo, answer)


def main(args: list[str], _: process.Progress) -> str:
    """Be the child: describe one file as JSON text."""
    import av  # noqa: PLC0415 (only the child may load what reads strangers' bytes)

    logging.disable()  # libav's log is kept for its errors' sake alone
    av.logging.set_level(av.logging.INFO)
    file = Path(args[0])
    try:
        with av.open(f"file:{file}", "r", options=_OPTIONS, metadata_errors="replace") as container:
            return schema.dump(_describe(container, file.stat().st_size), indent=None).decode()
    except MemoryError as e:  # also libav's own, which it gives for too many streams
        raise RejectedSource(f"The file needs more memory than a video does. {_AGAIN}") from e
    except av.FFmpegError as e:
        raise _refusal(file, e) from e


def _describe(container: "InputContainer", size: int) -> MediaInfo:
    """Count the packets of the picture and the sound, and say what they and the container tell."""
    picture = _picture(container)
    sounds = [stream for stream in container.streams.audio if stream.codec_context]
    if container.streams.audio and not sounds:
        raise RejectedSource("The file's sound is in a format that cannot be decoded. Export it with AAC sound.")
    read = [*([picture] if picture else []), *sounds]
    counts = _counts(container, read)
    start = Fraction(container.start_time or 0, 1_000_000)
    available_ms = max((count.end_ms(start) for count in counts.values()), default=0)
    return MediaInfo(
        container=container.format.name,
        size=size,
        duration_ms=_declared_ms(container, picture) or available_ms,
        available_ms=available_ms,
        streams=len(container.streams),
        title=" ".join(container.metadata.get("title", "").split())[:LONGEST_TITLE] or None,
        video=_video(container, picture, counts, start) if picture else None,
        audio=tuple(_audio(stream, counts[stream.index], start) for stream in sounds if counts[stream.index].packets),
    )


def _picture(container: "InputContainer") -> Any:
    """Choose the stream to publish: the default one before others, the largest, the first; covers are no video."""
    from av.stream import Disposition  # noqa: PLC0415 (as above)

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    able = [stream for stream in moving if stream.codec_context]
    if moving and not able:
        raise RejectedSource("The file's picture is in a format that cannot be decoded. Export it as H.264.")

    def worth(stream: Any) -> tuple[bool, int, int]:
        return bool(stream.disposition & Disposition.default), stream.width * stream.height, -stream.index

    return max(able, key=worth, default=None)


def _counts(container: "InputContainer", streams: list[Any]) -> dict[int, _Count]:
    """Read every packet of some streams; reading ends early where the file is damaged."""
    import av  # noqa: PLC0415 (as above)
    from av.stream import Discard  # noqa: PLC0415 (as above)

    counts = {stream.index: _Count(stream.time_base) for stream in streams}
    for stream in streams:
        if stream.type == "video":
            counts[stream.index].pictures, counts[stream.index].starts = _pictures(container, stream), []
    for stream in container.streams:
        if stream.index not in counts:
            stream.discard = Discard.all
    if not streams:
        return counts  # demux() of none would be demux() of all
    try:
        for number, packet in enumerate(container.demux(streams)):
            if number > MOST_PACKETS:
                raise RejectedSource(f"The file has over {MOST_PACKETS:,} packets, more than a video has. {_AGAIN}")
            if packet.size or packet.dts is not None:  # else it is PyAV's own, which says that a stream has ended
                counts[packet.stream_index].take(packet)
    except av.FFmpegError:
        pass  # what is missing shows in the counts
    return counts


def _pictures(container: "InputContainer", stream: Any) -> Pictures | None:
    """Look closer at H.264 in an MP4, which alone keeps exact times: it may be fit to be published as it is."""
    extra = stream.codec_context.extradata or b""
    if stream.codec_context.name != "h264" or not container.format.name.startswith("mov") or len(extra) < 5:
        return None
    if stream.sample_aspect_ratio != 1:  # also where it is not said: the segments must say it
        return None
    return Pictures(prefix=(extra[4] & 3) + 1 if extra[0] == 1 else 0)


def _declared_ms(container: "InputContainer", picture: Any) -> int:
    """Return the container's own duration, 0 where it has none."""
    declared = Fraction(container.duration or 0, 1_000_000)
    if picture and container.format.name == "avi":
        # libav shortens a cut AVI's duration to what is there; the frames its header counts are the whole.
        declared = max(declared, picture.frames * picture.time_base)
    return round(declared * 1000)


def _video(container: "InputContainer", stream: Any, counts: dict[int, _Count], start: Fraction) -> VideoStream:
    count, context = counts[stream.index], stream.codec_context
    # An MP4's count of samples includes those that an edit list leaves out; libav's index does not. Others' counts
    # are not to be trusted: an AVI's includes frames that were never written.
    is_mp4 = container.format.name.startswith("mov")
    dump: str = container.dumps_format()  # type: ignore[attr-defined] # PyAV's type stub forgets it
    rate = facts.frame_rate(stream.base_rate, stream.average_rate, count.rate)
    return VideoStream(
        index=stream.index,
        codec=context.name,
        width=context.width,
        height=context.height,
        sample_aspect_ratio=stream.sample_aspect_ratio or Fraction(1),
        rotation=facts.rotation(dump.splitlines(), stream.index),
        frame_rate=rate,
        frames=count.packets,
        declared_frames=min(stream.frames, len(stream.index_entries)) or None if is_mp4 else None,
        duration_ms=count.end_ms(start),
        pixel_format=context.pix_fmt or "",
        encrypted=any(each.encrypted for each in counts.values()),
        start_ms=count.start_ms(start),
        longest_picture_ms=count.longest_ms,
        profile=stream.profile,
        level=context.level if context.level > 0 else None,
        color_space=facts.COLOR_SPACES.get(context.colorspace),
        color_primaries=facts.COLOR_PRIMARIES.get(context.color_primaries),
        color_transfer=facts.COLOR_TRANSFERS.get(context.color_trc),
        color_range=facts.COLOR_RANGES.get(context.color_range),
        peak_nits=facts.peak_nits(dump.splitlines(), stream.index),
        progressive=None if not context.field_order else context.field_order == PROGRESSIVE,
        gops=count.pictures.gops(rate, stream.time_base, start) if count.pictures else None,
    )


def _audio(stream: Any, count: _Count, start: Fraction) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.name,
        sample_rate=context.sample_rate or 0,
        channels=context.channels,
        language=facts.language(stream.language),
        duration_ms=count.end_ms(start),
        start_ms=count.start_ms(start),
    )


def _refusal(file: Path, error: Any) -> RejectedSource:
    """Say in one plain sentence why libav could not open a file."""
    _, kind, line = error.log or (0, "", "")
    if "whitelist" in line:
        return RejectedSource(f"The file is of the format {kind}, and only {_FORMATS} are taken. {_AGAIN}")
    with file.open("rb") as start:
        is_mp4 = start.read(8)[4:] in _MP4_BOXES
    if is_mp4 and "moov atom not found" in line:
        return CutOff("The file looks cut off: its index (moov) is missing. Export it again.")
    return RejectedSource(f"The file is not a video that can be read: {error.strerror}. {_AGAIN}")


if __name__ == "__main__":
    process.serve(main)
