"""Rules 2 to 6: what the multivariant playlist says against what its tracks are. Pure."""

from collections.abc import Iterator
from fractions import Fraction

from votd.media.verify.playlists import Attributes, Variant
from votd.media.verify.rates import average, off, peak
from votd.media.verify.report import Fault, Finding, judged
from votd.media.verify.tracks import Measured, Track

TARGET_S = 6
START_BITRATE = 2_000_000
_CLOSE = 0.10
_ALWAYS = ("codecs", "resolution", "frame_rate", "bandwidth", "average_bandwidth")
_OF_AUDIO = ("name", "language", "default", "autoselect", "channels")
_MOST_AUDIO = 160_000


def findings(measured: Measured) -> list[Finding]:
    """Judge rules 2 to 6."""
    master = measured.outline.master
    if master is None or not measured.videos:
        return [Finding("2", "master playlist", False, "There is none that leads to a variant that can be measured.")]
    count = f"{len(measured.videos)} variants"
    independent = [] if master.independent else [(measured.outline.master_key, "EXT-X-INDEPENDENT-SEGMENTS is missing")]
    return [
        *judged("2", "EXT-X-INDEPENDENT-SEGMENTS", "it is there", independent),
        *judged("2", "STREAM-INF", f"{count} have every attribute", _attributes(measured)),
        *judged("3", "CODECS", f"{count} say what avcC and esds hold", _codecs(measured)),
        *judged("3", "FRAME-RATE", f"{count} within 0.001 of the measured rate", _frame_rates(measured)),
        *judged("3", "RESOLUTION", f"{count} of the coded size", _sizes(measured)),
        *judged("3", "aspect ratio", f"one in {count}", _aspects(measured)),
        *judged("3", "upscale", "none is larger than the source", _upscales(measured)),
        *_rates(measured),
        *judged("5", "first variant", f"the nearest of {count} to 2,000 kb/s", _first(measured)),
        *_sound(measured),
    ]


def sounds_of(measured: Measured, variant: Variant) -> list[Track]:
    """Return the audio tracks that may play with a variant."""
    group = variant.attributes.get("audio")
    return [track for tag, track in measured.audios if tag.get("group_id") == group]


def _attributes(measured: Measured) -> Iterator[Fault]:
    master = measured.outline.master
    assert master is not None
    groups = {(tag.get("type"), tag.get("group_id")) for tag in master.media}
    for variant in master.variants:
        have = variant.attributes
        used = [kind for kind in ("AUDIO", "SUBTITLES") if any(each == kind for each, _ in groups)]
        missing = [name for name in _ALWAYS if not have.get(name)]
        missing += [kind for kind in used if (kind, have.get(kind.lower())) not in groups]
        if have.get("closed_captions") != "NONE":
            missing.append("closed_captions=none")
        if missing:
            names = ", ".join(name.upper().replace("_", "-") for name in missing)
            yield variant.size, f"{names} missing or without a group"


def _codecs(measured: Measured) -> Iterator[Fault]:
    for variant, track in measured.videos:
        declared = {each.strip().lower() for each in str(variant.attributes.get("codecs", "")).split(",")}
        found = {track.header.codec, *(each.header.codec for each in sounds_of(measured, variant))}
        if declared != {each.lower() for each in found}:
            yield track.name, f"{variant.attributes.get('codecs')}, and the headers say {','.join(sorted(found))}"


def _frame_rates(measured: Measured) -> Iterator[Fault]:
    for variant, track in measured.videos:
        declared = float(variant.attributes.get("frame_rate") or 0)
        if not abs(declared - track.rate) <= 0.001:  # nor is it a number at all
            yield track.name, f"{declared:.3f}, and {float(track.rate):.3f} frames/s were measured"


def _sizes(measured: Measured) -> Iterator[Fault]:
    for variant, track in measured.videos:
        coded = f"{track.header.width}x{track.header.height}"
        if variant.size != coded:
            yield track.name, f"{variant.size}, and the coded size is {coded}"


def _aspects(measured: Measured) -> Iterator[Fault]:
    top = max((track.header for _, track in measured.videos), key=lambda header: header.width * header.height)
    for _, track in measured.videos:
        width, height = track.header.width, track.header.height
        # Sizes are even, so that an edge may be a pixel or so beside the exact one.
        if (
            abs(width - Fraction(height * top.width, top.height))
            > 2
            < abs(height - Fraction(width * top.height, top.width))
        ):
            yield track.name, f"{width}×{height} is not of the shape of {top.width}×{top.height}"


def _upscales(measured: Measured) -> Iterator[Fault]:
    source = measured.outline.record.get("source")
    if not isinstance(source, dict) or not all(isinstance(source.get(edge), int) for edge in ("width", "height")):
        yield "record", "it does not state the source's size"
        return
    for _, track in measured.videos:
        if track.header.width > source["width"] + 1 or track.header.height > source["height"] + 1:
            size = f"{track.header.width}×{track.header.height}"
            yield track.name, f"{size} from a source of {source['width']}×{source['height']}"


def variant_rates(measured: Measured, variant: Variant, track: Track) -> tuple[Fraction, Fraction]:
    """Return the measured peak and average of a variant with its most expensive sound, bit/s."""
    sounds = sounds_of(measured, variant)
    highest = peak(track.pieces, TARGET_S) + max((peak(each.pieces, TARGET_S) for each in sounds), default=0)
    return highest, average(track.pieces) + max((average(each.pieces) for each in sounds), default=0)


def _rates(measured: Measured) -> Iterator[Finding]:
    rows = [(variant, track, *variant_rates(measured, variant, track)) for variant, track in measured.videos]
    peaks = [(track.name, variant.attributes.get("bandwidth"), top) for variant, track, top, _ in rows]
    means = [(track.name, variant.attributes.get("average_bandwidth"), mean) for variant, track, _, mean in rows]
    yield from _rate("BANDWIDTH", "peak", peaks)
    yield from _rate("AVERAGE-BANDWIDTH", "average", means)
    # Apple says SHOULD, and a video of stills and of sport has such peaks by right: stated, and no failure.
    ratio = max(float(top / mean) if mean else 0.0 for _, _, top, mean in rows)
    note = "" if ratio <= 2 else ": more than the 200 % that Apple advises"
    yield Finding("4", "peak to average", True, f"at most {ratio:.0%}{note}")


def _rate(name: str, word: str, rows: list[tuple[str, int | None, Fraction]]) -> list[Finding]:
    misses = [off(declared, rate) for _, declared, rate in rows]
    faults = [
        (subject, f"{declared}, and {float(rate):.0f} bit/s were measured")
        for (subject, declared, rate), miss in zip(rows, misses, strict=True)
        if miss > _CLOSE
    ]
    return judged("4", name, f"{len(rows)} variants within {max(misses):.1%} of the measured {word}", faults)


def _first(measured: Measured) -> Iterator[Fault]:
    master = measured.outline.master
    peaks = {variant.uri: variant_rates(measured, variant, track)[0] for variant, track in measured.videos}
    first = peaks.get(master.variants[0].uri) if master else None
    best = min(abs(each - START_BITRATE) for each in peaks.values())
    if first is None or abs(first - START_BITRATE) > best + START_BITRATE // 100:  # two may be equally near
        yield "master playlist", f"its first variant has {float(first or 0) / 1000:.0f} kb/s, and another is nearer"


def _sound(measured: Measured) -> Iterator[Finding]:
    if not measured.outline.audios:
        yield Finding("6", "audio", True, "the video has none")
        return
    yield from judged("6", "EXT-X-MEDIA", f"{len(measured.audios)} have every attribute", _audio_tags(measured))
    rates = ", ".join(f"{float(average(track.pieces)) / 1000:.0f}" for _, track in measured.audios)
    yield from judged("6", "AAC-LC", f"48 kHz stereo at {rates} kb/s", _audio_forms(measured))


def _audio_tags(measured: Measured) -> Iterator[Fault]:
    for tag, track in measured.audios:
        missing = [name.upper() for name in _OF_AUDIO if not tag.get(name)]
        if missing:
            yield track.name, f"{', '.join(missing)} missing"
        elif str(_channels(tag)) != str(track.header.channels):
            yield track.name, f"CHANNELS is {tag.get('channels')}, and there are {track.header.channels}"


def _channels(tag: Attributes) -> str:
    return str(tag.get("channels", "")).partition("/")[0]


def _audio_forms(measured: Measured) -> Iterator[Fault]:
    for _, track in measured.audios:
        header, rate = track.header, average(track.pieces)
        if (header.codec, header.sample_rate, header.channels) != ("mp4a.40.2", 48_000, 2) or rate > _MOST_AUDIO:
            yield (
                track.name,
                (f"{header.codec}, {header.sample_rate} Hz, {header.channels} channels, {float(rate) / 1000:.0f} kb/s"),
            )
