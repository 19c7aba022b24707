"""Rules 10 to 12: boxes, pictures and I-frame playlists."""

from collections.abc import Iterator
from fractions import Fraction

from votd.media.verify import avc
from votd.media.verify.bundle import Bundle
from votd.media.verify.master_rules import TARGET_S
from votd.media.verify.media_rules import MS
from votd.media.verify.playlists import MediaPlaylist, Variant
from votd.media.verify.rates import off, peak
from votd.media.verify.report import Fault, Finding, judged
from votd.media.verify.tracks import Measured, Track, iframe_faults

_BT709 = (1, 1, 1)
_HD_EDGE = 720
_HIGH = 100
_BUFFER_S = Fraction(3, 2)
_MOST_PRIMING = 2112
"""Samples; what Apple's AAC encoder puts before the sound, and no encoder has more. ffmpeg's has 1,024."""


def findings(measured: Measured, bundle: Bundle) -> list[Finding]:
    """Judge rules 10 to 12."""
    tracks, videos = measured.tracks, [track for _, track in measured.videos]
    segments = sum(len(track.segments) for track in tracks)
    levels = ", ".join(f"{track.name} {_level(track) / 10:.1f}" for track in videos)
    return [
        *judged("10", "segments", f"{segments} are whole: one moof, traf and trun each", _fragments(measured)),
        *judged("10", "tfdt", f"from 0 and without a gap in {len(tracks)} tracks", _timelines(tracks)),
        *judged("10", "edit list", f"shifts none of {len(tracks)} tracks", _edits(tracks)),
        *judged("11", "colr and pasp", f"in {len(videos)} renditions, BT.709 where HD", _colours(videos)),
        *judged("11", "pictures", "H.264 High, 4:2:0 in 8 bits", _pictures(videos)),
        *judged("11", "level", f"as low as can be: {levels}", _levels(videos)),
        *_iframes(measured, bundle),
    ]


def _fragments(measured: Measured) -> Iterator[Fault]:
    yield from measured.unread
    for track in measured.tracks:
        if track.facts.tracks != 1:
            yield track.init, f"it has {track.facts.tracks} tracks"
        for segment in track.segments:
            facts = segment.facts
            if facts is None:
                yield segment.key, segment.wrong or "it cannot be read"
            elif (facts.moofs, facts.trafs, facts.truns, facts.mdats) != (1, 1, 1, 1):
                yield segment.key, f"{facts.moofs} moof, {facts.trafs} traf, {facts.truns} trun, {facts.mdats} mdat"
            elif not facts.base_is_moof:
                yield segment.key, "default-base-is-moof is not set"


def _timelines(tracks: tuple[Track, ...]) -> Iterator[Fault]:
    for track in tracks:
        end = 0
        for number, part in enumerate(track.parts, 1):
            if part.start != end:
                yield f"{track.name}, segment {number}", f"it starts at tick {part.start}, and {end} was due"
            end = part.end


def _edits(tracks: tuple[Track, ...]) -> Iterator[Fault]:
    for track in tracks:
        times = [media_time for _, media_time in track.facts.edits]
        if len(times) > 1 or any(time < 0 for time in times):
            yield track.name, f"{len(times)} entries with the media times {times[:5]}, of which -1 is an empty edit"
        elif track.header.kind == "video" and track.starts and abs(track.starts[0]) > MS:
            yield track.name, f"its first picture is shown at {float(track.starts[0]):+.3f} s"
        elif track.header.kind == "audio" and track.shift > _MOST_PRIMING:
            yield track.name, f"it cuts {track.shift} samples off, more than an encoder puts before the sound"


def _colours(videos: list[Track]) -> Iterator[Fault]:
    for track in videos:
        hd = min(track.header.width, track.header.height) >= _HD_EDGE
        if track.facts.colour is None:
            yield track.name, "colr is missing"
        elif hd and track.facts.colour != _BT709:
            yield track.name, f"colr says {track.facts.colour} in HD"
        if track.facts.aspect is None:
            yield track.name, "pasp is missing"
        elif track.facts.aspect[0] != track.facts.aspect[1]:
            yield track.name, f"pasp says {track.facts.aspect[0]}:{track.facts.aspect[1]}, and players rescale"


def _pictures(videos: list[Track]) -> Iterator[Fault]:
    for track in videos:
        profile = track.header.video.profile if track.header.video else 0
        if track.header.pixel_format != "yuv420p" or profile != _HIGH:
            yield track.name, f"profile {profile}, {track.header.pixel_format}"


def _level(track: Track) -> int:
    return track.header.video.level if track.header.video else 0


def _levels(videos: list[Track]) -> Iterator[Fault]:
    for track in videos:
        header, config = track.header, track.header.video
        assert config is not None, "a video track has an avcC"
        length = sum((seconds for _, seconds in track.pieces), Fraction(0))
        # A level bounds how fast a buffer of about a second fills, not the bits of a lone picture.
        highest = peak(track.pieces, TARGET_S) * min(Fraction(1), length / _BUFFER_S)
        lowest = avc.lowest_level(header.width, header.height, track.rate, highest, config.references)
        # The rate that an encoder promises (its VBV) may be above the peak that this video happens to have; the levels
        # below 2 differ in nothing else that a player of today would notice.
        if config.level not in (lowest, *avc.for_more_bits(lowest)) and not lowest <= config.level <= 20:
            yield track.name, f"{config.level / 10:.1f}, and {lowest / 10:.1f} is sufficient"


# --- rule 12 ------------------------------------------------------------------------------------------


def _iframes(measured: Measured, bundle: Bundle) -> Iterator[Finding]:
    found, faults = 0, list[Fault]()
    by_size = {variant.size: (variant, key, playlist) for variant, key, playlist in measured.outline.iframes}
    for size, track in _resolutions(measured).items():
        if size not in by_size:
            faults.append((track.name, f"there is no EXT-X-I-FRAME-STREAM-INF of {size}"))
            continue
        variant, key, playlist = by_size[size]
        faults += _iframe_playlist(variant, playlist, track)
        faults += iframe_faults(bundle, key, playlist, track)
        found += len(playlist.entries)
    yield from judged("12", "I-frame playlists", f"{len(by_size)}, whose {found} ranges decode to one IDR each", faults)


def _resolutions(measured: Measured) -> dict[str, Track]:
    return {f"{track.header.width}x{track.header.height}": track for _, track in measured.videos}


def _iframe_playlist(variant: Variant, playlist: MediaPlaylist, track: Track) -> Iterator[Fault]:
    total = sum((entry.seconds for entry in playlist.entries), Fraction(0))
    if not (playlist.iframes_only and playlist.ended and playlist.vod):
        yield track.name, "I-FRAMES-ONLY, ENDLIST or VOD is missing in its I-frame playlist"
    if abs(total - track.seconds) > track.frame + MS:
        yield track.name, f"its I-frames last {float(total):.3f} s, and the video {float(track.seconds):.3f}"
    if str(variant.attributes.get("codecs", "")).lower() != track.header.codec.lower():
        yield track.name, f"CODECS of its I-frames is {variant.attributes.get('codecs')}"
    pieces = [(entry.span[0], entry.seconds) for entry in playlist.entries if entry.span]
    measured = peak(pieces, TARGET_S)
    if off(variant.attributes.get("bandwidth"), measured) > 0.10:
        declared = variant.attributes.get("bandwidth")
        yield track.name, f"BANDWIDTH of its I-frames is {declared}, and {float(measured):.0f} bit/s were measured"
