"""Rules 1, 14 and 25: that everything is there, the progressive MP4, and the stills."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from votd.media.verify import boxes, packets, stills
from votd.media.verify.bundle import Bundle
from votd.media.verify.media_rules import MS
from votd.media.verify.packets import Progressive
from votd.media.verify.report import Fault, Finding, judged
from votd.media.verify.tracks import Measured

_HEAD = 16


def objects(bundle: Bundle) -> list[Finding]:
    """Judge rule 1: to be asked last, when everything was looked for."""
    return judged("1", "objects", f"{len(bundle.wanted)} are there, and no path leaves the bundle", bundle.faults)


def pictures(measured: Measured, bundle: Bundle) -> list[Finding]:
    """See that the poster and the image for other sites are whole JPEGs."""
    faults, sizes = list[Fault](), list[str]()
    for name in ("poster", "share_image"):
        file = bundle.files.get(str(measured.outline.record.get(name)))
        if file is None or not file.is_file():
            continue  # rule 1 has said so
        try:
            sizes.append("{} {}×{}".format(name, *stills.jpeg_size(file.read_bytes())))
        except ValueError as e:
            faults.append((name, str(e)))
    return judged("1", "stills", ", ".join(sizes), faults)


def progressive(measured: Measured, bundle: Bundle) -> list[Finding]:
    """Judge rule 14."""
    key = str(measured.outline.record.get("mp4"))
    file = bundle.files.get(key)
    if file is None or not file.is_file():
        return [Finding("14", "MP4", False, "There is none.")]
    try:
        order, found = _order(file), packets.progressive(file)
    except ValueError as e:
        return [Finding("14", key, False, str(e))]
    first = {b"moov", b"mdat"} <= set(order) and order.index(b"moov") < order.index(b"mdat")
    wrong = [] if first else [(key, f"the boxes are {b' '.join(order[:9]).decode('latin-1')!a}")]
    return [
        *judged("14", "moov", "before mdat", wrong),
        *judged("14", "start", "at 0", _starts(found, key)),
        *judged("14", "duration", f"{float(_picture(found)):.3f} s", _lengths(found, measured, key)),
    ]


def _order(file: Path) -> list[bytes]:
    """List the top-level boxes of a file."""
    size, at, order = file.stat().st_size, 0, list[bytes]()
    with file.open("rb") as stream:
        while at < size and len(order) < 1000:
            stream.seek(at)
            head = stream.read(_HEAD)
            if len(head) < 8:
                raise ValueError("its last box is cut off")
            kind, length = boxes.top(head.ljust(_HEAD, b"\0"), size - at)
            order.append(kind)
            at += length
    return order


def _starts(found: Progressive, key: str) -> Iterator[Fault]:
    for kind, start, _ in found.streams:
        # AAC's priming stands before 0, and players leave it out.
        if abs(start) > MS and not (kind == "audio" and -Fraction(2112, 48_000) - MS <= start <= MS):
            yield key, f"its {kind} starts at {float(start):+.3f} s"
    if "video" not in {kind for kind, _, _ in found.streams}:
        yield key, "it has no pictures"


def _picture(found: Progressive) -> Fraction:
    return max((end - start for kind, start, end in found.streams if kind == "video"), default=Fraction(0))


def _lengths(found: Progressive, measured: Measured, key: str) -> Iterator[Fault]:
    if not measured.videos:
        return
    video = measured.videos[0][1]
    for name, length in (("it has", _picture(found)), ("its header says", found.declared)):
        sound = max((end for kind, _, end in found.streams if kind == "audio"), default=Fraction(0))
        longest = max(video.seconds, min(sound, video.seconds + Fraction(1, 40)))  # a last AAC frame may stand over
        if not video.seconds - video.frame - MS <= length <= longest + video.frame + MS:
            yield key, f"{name} {float(length):.3f} s, and the renditions have {float(video.seconds):.3f}"
    source = measured.outline.record.get("source")
    stated = source.get("duration_ms") if isinstance(source, dict) else None
    # A container's own word is often a little off; as much as the encoder lets a damaged source miss is allowed.
    allowed = max(Fraction(1), video.seconds / 50) + video.frame
    if not isinstance(stated, int) or abs(stated * MS - _picture(found)) > allowed:
        yield key, f"it has {float(_picture(found)):.3f} s, and the source has {stated} ms"


def storyboard(measured: Measured, bundle: Bundle) -> list[Finding]:
    """Judge rule 25."""
    tiles, key = measured.outline.storyboard, measured.outline.storyboard_key
    if not tiles:
        return [Finding("25", "storyboard", False, "There is none with a cue that can be read.")]
    faults = list(_gaps(measured, key))
    sizes: dict[str, tuple[int, int] | None] = {}
    for uri in dict.fromkeys(tile.uri for tile in tiles):
        file = bundle.files.get(bundle.resolve(key, uri) or "")
        try:
            sizes[uri] = stills.jpeg_size(file.read_bytes()) if file else None
        except ValueError as e:
            faults.append((uri, str(e)))
    outside = [(tile, size) for tile in tiles if (size := sizes.get(tile.uri)) and not _inside(tile, size)]
    for tile, size in outside[:3]:
        where = f"{tile.x},{tile.y},{tile.width},{tile.height}"
        faults.append((key, f"{where} is outside of the {size[0]}×{size[1]} of {tile.uri}"))
    return judged("25", "storyboard", f"{len(tiles)} tiles, contiguous and in bounds", faults)


def _gaps(measured: Measured, key: str) -> Iterator[Fault]:
    tiles = measured.outline.storyboard or ()
    end = 0
    for tile in tiles:
        if tile.start_ms != end or tile.end_ms <= tile.start_ms:
            yield key, f"a cue goes from {tile.start_ms} to {tile.end_ms} ms, and {end} was due"
            return
        end = tile.end_ms
    video = measured.videos[0][1] if measured.videos else None
    if video and abs(end * MS - video.seconds) > video.frame + MS:
        yield key, f"it ends at {end} ms, and the video at {float(video.seconds):.3f} s"


def _inside(tile: stills.Tile, size: tuple[int, int]) -> bool:
    return tile.width > 0 < tile.height and tile.x + tile.width <= size[0] and tile.y + tile.height <= size[1]
