"""The MPEG-DASH MPD (ISO/IEC 23009-1) from measured tracks, over the same segments as the HLS playlists. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from xml.etree import ElementTree as ET

from votd.media.model import Encoding, MediaTrack
from votd.media.video.hls import TARGET_S, SubtitleTrack, bitrates

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"
ROLE = "urn:mpeg:dash:role:2011"
CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"


def mpd(encoding: Encoding, base: str, captions: Sequence[SubtitleTrack]) -> str:
    """Write the MPD; ``base``, "" or ending in "/", leads from it to the encoding's folder.

    ``captions`` name whole WebVTT files here, relative to the MPD.
    """
    root = ET.Element(
        "MPD",
        {
            "xmlns": NAMESPACE,
            "profiles": PROFILE,
            "type": "static",
            "mediaPresentationDuration": f"PT{float(_seconds(encoding.video[0])):.3f}S",
            "minBufferTime": f"PT{TARGET_S}S",
            "maxSegmentDuration": f"PT{float(_longest(encoding)):.3f}S",
        },
    )
    period = ET.SubElement(root, "Period", {"id": "0", "start": "PT0S"})
    _add(period, "video", encoding.video, base, "main")
    for number, track in enumerate(encoding.audio):
        _add(period, "audio", [track], base, "alternate" if number else "main", lang=track.language)
    for caption in captions:
        _add_captions(period, caption)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add(
    period: ET.Element, kind: str, tracks: Sequence[MediaTrack], base: str, role: str, *, lang: str | None = None
) -> None:
    """Add tracks between which a player may change; the schema wants elements in this order."""
    attributes = {
        "contentType": kind,
        "mimeType": f"{kind}/mp4",
        "segmentAlignment": "true",
        "startWithSAP": "1",
        **({"lang": lang} if lang else {}),
        **(_largest(tracks) if kind == "video" else {}),
    }
    group = ET.SubElement(period, "AdaptationSet", attributes)
    _role(group, role)
    for track in tracks:
        _add_track(group, track, base)


def _add_track(group: ET.Element, track: MediaTrack, base: str) -> None:
    peak, _ = bitrates(track, None)
    attributes = {"id": track.name, "codecs": track.codec, "bandwidth": str(peak)}
    if track.kind == "video":
        attributes |= {"width": str(track.width), "height": str(track.height), "sar": "1:1"}
        attributes["frameRate"] = _rate(track.frame_rate)
    else:
        attributes["audioSamplingRate"] = str(track.timescale)
    representation = ET.SubElement(group, "Representation", attributes)
    if track.kind == "audio":
        value = {"schemeIdUri": CHANNELS, "value": str(track.channels)}
        ET.SubElement(representation, "AudioChannelConfiguration", value)
    template = ET.SubElement(
        representation,
        "SegmentTemplate",
        {
            "timescale": str(track.timescale),
            "initialization": f"{base}{track.name}/{track.init}",
            "media": f"{base}{track.name}/$Number%05d$.m4s",
            "startNumber": "1",
        },
    )
    timeline = ET.SubElement(template, "SegmentTimeline")
    for attributes in _timeline(segment.duration for segment in track.segments):
        ET.SubElement(timeline, "S", attributes)


def _timeline(durations: Iterable[int]) -> Iterator[dict[str, str]]:
    """Yield the elements of a timeline from 0: equal durations in a row are one with repeats."""
    start = {"t": "0"}
    for duration, run in groupby(durations):
        repeats = len([*run]) - 1
        yield {**start, "d": str(duration), **({"r": str(repeats)} if repeats else {})}
        start = {}


def _add_captions(period: ET.Element, caption: SubtitleTrack) -> None:
    attributes = {"contentType": "text", "mimeType": "text/vtt", "lang": caption.language}
    group = ET.SubElement(period, "AdaptationSet", attributes)
    ET.SubElement(group, "Label").text = caption.name
    _role(group, "subtitle")
    representation = ET.SubElement(group, "Representation", {"id": caption.uri, "bandwidth": "256"})
    ET.SubElement(representation, "BaseURL").text = caption.uri


def _role(group: ET.Element, value: str) -> None:
    ET.SubElement(group, "Role", {"schemeIdUri": ROLE, "value": value})


def _largest(tracks: Sequence[MediaTrack]) -> dict[str, str]:
    top = max(tracks, key=lambda track: (track.width or 0) * (track.height or 0))
    width, height = top.width or 0, top.height or 0
    shape = math.gcd(width, height)
    return {
        "par": f"{width // shape}:{height // shape}",
        "maxWidth": str(width),
        "maxHeight": str(height),
        "maxFrameRate": _rate(top.frame_rate),
    }


def _rate(rate: Fraction | None) -> str:
    assert rate is not None, "a video track has a frame rate"
    return str(rate)


def _seconds(track: MediaTrack) -> Fraction:
    return Fraction(sum(segment.duration for segment in track.segments), track.timescale)


def _longest(encoding: Encoding) -> Fraction:
    tracks = (*encoding.video, *encoding.audio)
    return max(Fraction(segment.duration, track.timescale) for track in tracks for segment in track.segments)
