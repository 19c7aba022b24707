"""Read an MPEG-DASH MPD (ISO/IEC 23009-1) with the standard library's XML reader."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from posixpath import dirname, join
from urllib.parse import urlsplit
from xml.etree import ElementTree

_NS = "{urn:mpeg:dash:schema:mpd:2011}"
_DURATION = re.compile(
    r"^P(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?$"
)
_MOST_SEGMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Representation:
    """One Representation with what its AdaptationSet passes on; ``timeline`` is (start, length) in seconds.

    ``files`` are references relative to the MPD, the initialization segment first; a whole file has no timeline.
    """

    kind: str
    attributes: Mapping[str, str]
    timeline: tuple[tuple[Fraction, Fraction], ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mpd:
    """A presentation of one period; ``seconds`` is ``None`` where no duration is stated."""

    attributes: Mapping[str, str]
    seconds: Fraction | None
    representations: tuple[Representation, ...]


def read(text: str) -> Mpd:
    """Read an MPD; raises ``ValueError``."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it declares a document type, which no MPD has")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (no entities can be declared: see above)
    except ElementTree.ParseError as e:
        raise ValueError(f"it is no XML: {e}") from e
    periods = root.findall(f"{_NS}Period")
    if root.tag != f"{_NS}MPD" or len(periods) != 1:
        raise ValueError("it is no MPD of one Period")
    found = [
        each for set_ in periods[0].findall(f"{_NS}AdaptationSet") for each in _representations(root, periods[0], set_)
    ]
    stated = root.get("mediaPresentationDuration")
    return Mpd(dict(root.attrib), _seconds(stated) if stated else None, tuple(found))


def _representations(
    root: ElementTree.Element, period: ElementTree.Element, group: ElementTree.Element
) -> Iterator[Representation]:
    for each in group.findall(f"{_NS}Representation"):
        attributes = {**group.attrib, **each.attrib}
        base = reduce(_joined, (_base(element) for element in (root, period, group, each)))
        kind = attributes.get("contentType") or attributes.get("mimeType", "").partition("/")[0]
        template = _inherited(each, group, period)
        if template is None:
            yield Representation(kind, attributes, (), (base,))
            continue
        timeline = tuple(_timeline(template))
        files = _files(template, attributes, base, timeline)
        yield Representation(kind, attributes, tuple((t, d) for t, d, _ in timeline), tuple(files))


def _inherited(*elements: ElementTree.Element) -> ElementTree.Element | None:
    return next((found for e in elements if (found := e.find(f"{_NS}SegmentTemplate")) is not None), None)


def _base(element: ElementTree.Element) -> str:
    return (element.findtext(f"{_NS}BaseURL") or "").strip()


def _joined(base: str, uri: str) -> str:
    """Resolve a reference against a relative base; ``urljoin`` would take ".." off the front."""
    if urlsplit(uri).scheme or not base:
        return uri
    return join(dirname(base), uri) if uri else base


def _timeline(template: ElementTree.Element) -> Iterator[tuple[Fraction, Fraction, int]]:
    """Yield start and length in seconds, and the start in ticks as $Time$ writes it."""
    timescale, offset = _number(template, "timescale", 1), _number(template, "presentationTimeOffset", 0)
    at, count = 0, 0
    if timescale < 1:
        raise ValueError("a timescale is below 1")
    for entry in template.iterfind(f"{_NS}SegmentTimeline/{_NS}S"):
        at, length, repeat = _number(entry, "t", at), _number(entry, "d", 0), _number(entry, "r", 0)
        count += repeat + 1
        if length <= 0 or repeat < 0 or count > _MOST_SEGMENTS:
            raise ValueError("an S of its timeline has no length, or an impossible repetition")
        for _ in range(repeat + 1):
            yield Fraction(at - offset, timescale), Fraction(length, timescale), at
            at += length


def _number(element: ElementTree.Element, name: str, default: int) -> int:
    value = int(element.get(name, default))
    if abs(value) >= 1 << 63:
        raise ValueError(f"{name} has more than 64 bits")
    return value


def _files(
    template: ElementTree.Element,
    attributes: Mapping[str, str],
    base: str,
    timeline: tuple[tuple[Fraction, Fraction, int], ...],
) -> Iterator[str]:
    known = {"RepresentationID": attributes.get("id", ""), "Bandwidth": attributes.get("bandwidth", "")}
    yield _joined(base, _filled(template.get("initialization", ""), known))
    first = _number(template, "startNumber", 1)
    for number, (_, _, ticks) in enumerate(timeline, first):
        name = _filled(template.get("media", ""), {**known, "Number": str(number), "Time": str(ticks)})
        yield _joined(base, name)


def _filled(template: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, width = match[1], match[2]
        if name not in values:
            raise ValueError(f"its template has ${name}$")
        return values[name].zfill(int(width)) if width else values[name]

    return re.sub(r"\$(\w+)(?:%0(\d)d)?\$", value, template).replace("$$", "$")


def _seconds(text: str) -> Fraction:
    found = _DURATION.match(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is no duration")
    units = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
    return sum((Fraction(found[name] or 0) * unit for name, unit in units.items()), Fraction(0))
