"""Follow a record to everything that it names, and read the texts among it. Nothing is demuxed here.

As a child's module it says which objects are named and not there, for whoever fetches them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Any, TypeGuard, TypeVar

from votd.media import process
from votd.media.verify import dash, playlists, stills
from votd.media.verify.bundle import Bundle
from votd.media.verify.dash import Mpd
from votd.media.verify.playlists import Attributes, Master, MediaPlaylist, Variant
from votd.media.verify.stills import Tile

NEEDED = ("hls", "dash", "mp4", "poster", "share_image", "storyboard", "page")
"""What every record must name; ``transcript`` and ``captions`` are there where somebody speaks."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outline:
    """What the texts of a version say. Each playlist stands with its key; ``None``: there is none to read."""

    record: dict[str, Any]
    master_key: str
    master: Master | None
    videos: tuple[tuple[Variant, str, MediaPlaylist], ...]
    audios: tuple[tuple[Attributes, str, MediaPlaylist], ...]
    subtitles: tuple[tuple[str, MediaPlaylist], ...]
    iframes: tuple[tuple[Variant, str, MediaPlaylist], ...]
    mpd_key: str
    mpd: Mpd | None
    storyboard_key: str
    storyboard: tuple[Tile, ...] | None


def outline(bundle: Bundle, record_key: str) -> Outline:
    """Read a version; what is missing, damaged or outside of the bundle stands in the bundle's faults."""
    record = bundle.json(record_key)
    named = {name: value for name in NEEDED if _is_key(value := record.get(name))}
    for name in NEEDED:
        if name not in named:
            bundle.fault(record_key, f"names no {name} in the store")
    for key in [*named.values(), *filter(_is_key, _others(record))]:
        bundle.find(key, record_key)
    hls = named.get("hls", "")
    master = _read(bundle, hls, record_key, playlists.master)
    mpd = _read(bundle, named.get("dash", ""), record_key, dash.read)
    tiles = _read(bundle, named.get("storyboard", ""), record_key, stills.tiles)
    for key, uris in (
        (named.get("dash", ""), [uri for each in mpd.representations for uri in each.files] if mpd else []),
        (named.get("storyboard", ""), [tile.uri for tile in tiles or ()]),
    ):
        for uri in dict.fromkeys(uris):
            _follow(bundle, key, uri)
    variants = [(each, each.uri) for each in master.variants] if master else []
    sounds = [(each, each.get("uri", "")) for each in _of(master, "AUDIO")]
    texts = [(each, each.get("uri", "")) for each in _of(master, "SUBTITLES")]
    iframes = [(each, each.uri) for each in master.iframes] if master else []
    return Outline(
        record=record,
        master_key=hls,
        master=master,
        videos=_media(bundle, hls, variants),
        audios=_media(bundle, hls, sounds),
        subtitles=tuple((key, playlist) for _, key, playlist in _media(bundle, hls, texts)),
        iframes=_media(bundle, hls, iframes),
        mpd_key=named.get("dash", ""),
        mpd=mpd,
        storyboard_key=named.get("storyboard", ""),
        storyboard=tuple(tiles) if tiles is not None else None,
    )


def main(args: list[str], _: process.Progress) -> list[str]:
    """Be the child: read {key: path} from a file, return the keys that the record in it leads to and that miss."""
    files = {key: Path(path) for key, path in json.loads(Path(args[0]).read_bytes()).items()}
    bundle = Bundle(files)
    outline(bundle, args[1])
    return [key for key in bundle.wanted if key not in files]


def _is_key(value: object) -> TypeGuard[str]:
    """Tell whether a record's value is a path inside of the store."""
    return isinstance(value, str) and value == normpath(value) and not value.startswith(("/", "."))


def _others(record: dict[str, Any]) -> list[Any]:
    tracks, renditions = _rows(record.get("captions")), _rows(record.get("renditions"))
    found = [track.get(kind) for track in tracks for kind in ("vtt", "srt")]
    found += [rendition.get("playlist") for rendition in renditions]
    return [*found, record.get("transcript")]


def _rows(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _of(master: Master | None, kind: str) -> list[Attributes]:
    return [each for each in master.media if each.get("type") == kind] if master else []


def _media(bundle: Bundle, base: str, named: list[tuple[T, str]]) -> tuple[tuple[T, str, MediaPlaylist], ...]:
    """Read media playlists and look for every file that they name."""
    found = []
    for tag, uri in named:
        key = bundle.resolve(base, uri)
        playlist = _read(bundle, key, base, playlists.media) if key else None
        if key is None or playlist is None:
            continue
        uris = [name for entry in playlist.entries for name in (entry.init, entry.uri) if name]
        for each in dict.fromkeys(uris):
            _follow(bundle, key, each)
        found.append((tag, key, playlist))
    return tuple(found)


def _follow(bundle: Bundle, base: str, uri: str) -> None:
    key = bundle.resolve(base, uri)
    if key:
        bundle.find(key, base)


def _read(bundle: Bundle, key: str, named_by: str, parse: Callable[[str], T]) -> T | None:
    text = bundle.text(key, named_by) if key else None
    try:
        return parse(text) if text is not None else None
    except ValueError as e:
        bundle.fault(key, f"cannot be read: {e}")
        return None


if __name__ == "__main__":
    process.serve(main)
