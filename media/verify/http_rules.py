"""Rule 17: what a web server says of the objects. Pure."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from votd.media.verify.report import Fault, Finding, judged

TYPES: Mapping[str, frozenset[str]] = {
    ".m3u8": frozenset({"application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl"}),
    ".mpd": frozenset({"application/dash+xml"}),
    ".m4s": frozenset({"video/iso.segment", "video/mp4", "audio/mp4"}),
    ".mp4": frozenset({"video/mp4", "audio/mp4"}),
    ".vtt": frozenset({"text/vtt"}),
    ".jpg": frozenset({"image/jpeg"}),
    ".json": frozenset({"application/json"}),
    ".html": frozenset({"text/html"}),
}
_PLAYLISTS = (".m3u8", ".mpd")
_WORTH_IT = 1000
"""Bytes: below it big delivery networks leave an object as it is (CloudFront's documented limit)."""

Headers = Mapping[str, Mapping[str, str]]


def findings(headers: Headers, files: Mapping[str, Path]) -> list[Finding]:
    """Judge rule 17 from the answers' headers, named in lower case, by key."""
    return [
        *judged("17", "MIME types", f"{len(headers)} are right", _types(headers)),
        *judged("17", "compression", "every playlist is compressed", _plain(headers, files)),
    ]


def _types(headers: Headers) -> Iterator[Fault]:
    for key, have in headers.items():
        right = TYPES.get(PurePosixPath(key).suffix.lower())
        stated = have.get("content-type", "")
        if right and stated.partition(";")[0].strip().lower() not in right:
            yield key, f"{stated or 'none'} is not {min(right)}"


def _plain(headers: Headers, files: Mapping[str, Path]) -> Iterator[Fault]:
    for key, have in headers.items():
        if key.endswith(_PLAYLISTS) and not have.get("content-encoding") and files[key].stat().st_size >= _WORTH_IT:
            yield key, "it came uncompressed, and gzip was asked for"
