"""Rule 13, as far as no player is needed: the MPD against the tracks and against HLS. Pure."""

from collections.abc import Iterator
from fractions import Fraction

from votd.media.verify.bundle import Bundle
from votd.media.verify.dash import Mpd, Representation
from votd.media.verify.master_rules import TARGET_S
from votd.media.verify.media_rules import MS
from votd.media.verify.rates import off, peak
from votd.media.verify.report import Fault, Finding, judged
from votd.media.verify.tracks import Measured, Track

_OF_MPD = ("profiles", "minBufferTime", "mediaPresentationDuration")
_OF_ALL = ("id", "bandwidth", "mimeType")
_OF_VIDEO = ("codecs", "width", "height", "frameRate")

Pair = tuple[Representation, Track]


def findings(measured: Measured, bundle: Bundle) -> list[Finding]:
    """Judge rule 13."""
    mpd, key = measured.outline.mpd, measured.outline.mpd_key
    if mpd is None:
        return [Finding("13", "MPD", False, "There is none that can be read.")]
    pairs, strays = _pairs(measured, mpd, bundle)
    count = f"{len(pairs)} representations"
    return [
        *judged("13", "attributes", f"{count} have those that are required", _attributes(mpd, key)),
        *judged("13", "files", f"{count} are the tracks of HLS, file by file", strays),
        *judged("13", "duration", f"{float(mpd.seconds or 0):.3f} s", _duration(measured, mpd, key)),
        *judged("13", "bandwidth", f"{count} within 10 % of the measured peak", _bandwidths(pairs)),
        *judged("13", "description", f"{count} are as their headers say", _descriptions(pairs)),
        *judged("13", "timeline", f"{count} are in step with their segments", _timelines(pairs)),
    ]


def _pairs(measured: Measured, mpd: Mpd, bundle: Bundle) -> tuple[list[Pair], list[Fault]]:
    """Match representations and tracks by the files that they name; return what does not match too."""
    key = measured.outline.mpd_key
    tracks = {track.init: track for track in measured.tracks}
    pairs, faults = list[Pair](), list[Fault]()
    for each in mpd.representations:
        if not each.timeline:
            continue  # captions: one whole file, which rule 1 looks for
        files = [bundle.resolve(key, uri) for uri in each.files]
        track = tracks.pop(files[0] or "", None)
        if track is None:
            faults.append((_name(each), "its initialization segment is of no track of HLS"))
        else:
            pairs.append((each, track))
            if files[1:] != [segment.key for segment in track.segments]:
                faults.append((_name(each), f"its {len(files) - 1} segments are not those of {track.name}"))
    faults += [(track.name, "no representation has it") for track in tracks.values()]
    return pairs, faults


def _attributes(mpd: Mpd, key: str) -> Iterator[Fault]:
    missing = [name for name in _OF_MPD if not mpd.attributes.get(name)]
    if mpd.attributes.get("type", "static") != "static":
        missing.append('type="static"')
    if missing:
        yield key, f"{', '.join(missing)} missing"
    ids = [each.attributes.get("id") for each in mpd.representations]
    if len(set(ids)) != len(ids):
        yield key, "two representations have the same id"
    for each in mpd.representations:
        names = (*_OF_ALL, *(_OF_VIDEO if each.kind == "video" else ["codecs"] if each.kind == "audio" else []))
        missing = [name for name in names if not each.attributes.get(name)]
        if missing:
            yield _name(each), f"{', '.join(missing)} missing"


def _duration(measured: Measured, mpd: Mpd, key: str) -> Iterator[Fault]:
    video = measured.videos[0][1] if measured.videos else None
    if mpd.seconds is None or (video and abs(mpd.seconds - video.seconds) > video.frame + MS):
        there = float(video.seconds) if video else 0.0
        yield key, f"{float(mpd.seconds or 0):.3f} s, and the video has {there:.3f}"


def _bandwidths(pairs: list[Pair]) -> Iterator[Fault]:
    for each, track in pairs:
        stated, measured = each.attributes.get("bandwidth", ""), peak(track.pieces, TARGET_S)
        if off(int(stated) if stated.isdecimal() else None, measured) > 0.10:
            yield _name(each), f"{stated}, and {float(measured):.0f} bit/s were measured"


def _descriptions(pairs: list[Pair]) -> Iterator[Fault]:
    for each, track in pairs:
        stated, header = each.attributes, track.header
        if stated.get("codecs", "").lower() != header.codec.lower():
            yield _name(each), f"codecs is {stated.get('codecs')}, and the header says {header.codec}"
        if header.kind == "video":
            if (stated.get("width"), stated.get("height")) != (str(header.width), str(header.height)):
                yield _name(each), f"{stated.get('width')}×{stated.get('height')}, not {header.width}×{header.height}"
            if abs(_rate(stated.get("frameRate", "")) - track.rate) > 0.001:
                yield _name(each), f"frameRate is {stated.get('frameRate')}, not {float(track.rate):.3f}"


def _timelines(pairs: list[Pair]) -> Iterator[Fault]:
    for each, track in pairs:
        found = [(part.start * part.time_base, part.seconds) for part in track.parts]
        if len(found) != len(each.timeline):
            yield _name(each), f"{len(each.timeline)} segments, and {len(found)} were measured"
            continue
        for number, (stated, real) in enumerate(zip(each.timeline, found, strict=True), 1):
            if max(abs(stated[0] - real[0]), abs(stated[1] - real[1])) >= MS:
                have = f"at {float(stated[0]):.3f} s for {float(stated[1]):.3f}"
                yield (
                    f"{_name(each)}, segment {number}",
                    f"{have}, and {float(real[0]):.3f}, {float(real[1]):.3f} is right",
                )
                break


def _name(each: Representation) -> str:
    return f"MPD {each.attributes.get('id', each.kind)}"


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
