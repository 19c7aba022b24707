"""Read HLS playlists with ``m3u8``, which had no part in writing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import m3u8


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment of a media playlist; ``span`` is (length, offset) of an EXT-X-BYTERANGE."""

    uri: str
    seconds: Fraction
    span: tuple[int, int] | None
    dated: bool
    init: str | None


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """A media or I-frame playlist."""

    version: int
    target: int
    vod: bool
    ended: bool
    iframes_only: bool
    independent: bool
    entries: tuple[Entry, ...]

    @property
    def inits(self) -> set[str | None]:
        return {entry.init for entry in self.entries}


Attributes = Mapping[str, Any]
"""The attributes of one tag, named in lower case with underscores; quotes are off."""


@dataclass(frozen=True, slots=True)
class Variant:
    """An EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF."""

    uri: str
    attributes: Attributes

    @property
    def size(self) -> str:
        return str(self.attributes.get("resolution"))


@dataclass(frozen=True, slots=True)
class Master:
    """A multivariant playlist; ``media`` are its EXT-X-MEDIA."""

    version: int
    independent: bool
    variants: tuple[Variant, ...]
    iframes: tuple[Variant, ...]
    media: tuple[Attributes, ...]


def master(text: str) -> Master:
    """Read a multivariant playlist; raises ``ValueError``."""
    data = _parse(text)
    if not data["playlists"]:
        raise ValueError("it has no EXT-X-STREAM-INF")
    return Master(
        version=int(data.get("version") or 1),
        independent=bool(data["is_independent_segments"]),
        variants=tuple(Variant(each["uri"], _plain(each["stream_info"])) for each in data["playlists"]),
        iframes=tuple(
            Variant(each.get("uri") or "", _plain(each["iframe_stream_info"])) for each in data["iframe_playlists"]
        ),
        media=tuple(_plain(each) for each in data["media"]),
    )


def media(text: str) -> MediaPlaylist:
    """Read a media playlist; raises ``ValueError``."""
    data = _parse(text)
    try:
        target, entries = int(data.get("targetduration") or 0), tuple(_entries(data["segments"]))
    except OverflowError as e:  # m3u8 takes 1e999 for a number
        raise ValueError("a number in it is too large") from e
    return MediaPlaylist(
        version=int(data.get("version") or 1),
        target=target,
        vod=str(data.get("playlist_type")).lower() == "vod",
        ended=bool(data["is_endlist"]),
        iframes_only=bool(data["is_i_frames_only"]),
        independent=bool(data["is_independent_segments"]),
        entries=entries,
    )


def _parse(text: str) -> dict[str, Any]:
    if not text.startswith("#EXTM3U"):
        raise ValueError("it does not begin with #EXTM3U")
    try:
        data: dict[str, Any] = m3u8.parse(text, strict=True)
    except Exception as e:  # m3u8 raises a bare Exception for what its strict mode finds, and whatever int() does
        raise ValueError(str(e)[:300]) from e
    return data


def _entries(segments: list[dict[str, Any]]) -> list[Entry]:
    found, ends = [], dict[str, int]()
    for each in segments:
        uri, span = each.get("uri") or "", None
        if each.get("byterange"):
            length, _, offset = str(each["byterange"]).partition("@")
            span = (int(length), int(offset) if offset else ends.get(uri, 0))  # 8216bis, 4.4.4.2
            ends[uri] = sum(span)
        init = (each.get("init_section") or {}).get("uri")
        dated = bool(each.get("program_date_time"))
        found.append(Entry(uri, Fraction(str(each.get("duration") or 0)), span, dated, init))
    return found


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.lower().replace("-", "_"): value.strip('"') if isinstance(value, str) else value
        for name, value in attributes.items()
    }
