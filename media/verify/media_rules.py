"""Rules 7 to 9: media playlists against the segments that they name, and the renditions against each other. Pure."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from math import floor
from statistics import median_low

from votd.media.verify.master_rules import TARGET_S
from votd.media.verify.playlists import MediaPlaylist
from votd.media.verify.report import Fault, Finding, judged
from votd.media.verify.tracks import Measured, Track

MS = Fraction(1, 1000)
_GOP_S = 2
_LONGEST_S = TARGET_S + Fraction(1, 2)


def findings(measured: Measured) -> list[Finding]:
    """Judge rules 7 to 9."""
    tracks, videos = measured.tracks, [track for _, track in measured.videos]
    count = f"{len(tracks)} tracks"
    if not videos:
        return [Finding("7", "media playlists", False, "No video track can be measured.")]
    segments = sum(len(track.segments) for track in tracks)
    return [
        *judged("7", "media playlists", f"{count}: VOD, whole, with a MAP and no dates", _forms(measured)),
        *judged("7", "TARGETDURATION", f"{TARGET_S} in {count}, and no EXTINF rounds to more", _targets(tracks)),
        *judged("7", "segment length", f"{segments} segments, all but the last even", _lengths(videos, tracks)),
        *judged("8", "EXTINF", f"{segments} are what was measured", _extinfs(tracks)),
        *judged("8", "durations", f"{float(videos[0].seconds):.3f} s in {count}", _durations(measured)),
        *judged("9", "boundaries", f"the same in {len(videos)} renditions", _boundaries(videos)),
        *judged("9", "IDR first", "in every video segment", _idr_first(videos)),
        *judged("9", "IDR distance", f"{_GOP_S} s within a frame", _idr_distance(videos)),
    ]


def _forms(measured: Measured) -> Iterator[Fault]:
    outline = measured.outline
    tracks = [(key, playlist, True) for _, key, playlist in (*outline.videos, *outline.audios)]
    for key, playlist, av in [*tracks, *((key, playlist, False) for key, playlist in outline.subtitles)]:
        wrong = [word for word, bad in _form(playlist, av=av) if bad]
        if wrong:
            yield key, ", ".join(wrong)


def _form(playlist: MediaPlaylist, *, av: bool) -> list[tuple[str, bool]]:
    return [
        ("PLAYLIST-TYPE is not VOD", not playlist.vod),
        ("ENDLIST is missing", not playlist.ended),
        ("it has no segments", not playlist.entries),
        ("PROGRAM-DATE-TIME is there", any(entry.dated for entry in playlist.entries)),
        ("VERSION is below 6", av and playlist.version < 6),
        ("MAP is missing", av and any(entry.init is None for entry in playlist.entries)),
    ]


def _targets(tracks: tuple[Track, ...]) -> Iterator[Fault]:
    for track in tracks:
        target = track.playlist.target
        longest = max((floor(segment.extinf + Fraction(1, 2)) for segment in track.segments), default=0)
        if target != TARGET_S or longest > target:
            yield track.name, f"{target}, and an EXTINF rounds to {longest}"


def _lengths(videos: list[Track], tracks: tuple[Track, ...]) -> Iterator[Fault]:
    lengths = [part.seconds for part in videos[0].parts]
    nominal = median_low(lengths[:-1] or lengths)
    for track in tracks:
        for number, segment in enumerate(track.segments, 1):
            if segment.part is None:
                continue
            length, last = segment.part.seconds, number == len(track.segments)
            if length > _LONGEST_S or (not last and abs(length - nominal) > track.frame + MS):
                yield f"{track.name}, segment {number}", f"{float(length):.3f} s, and {float(nominal):.3f} is nominal"


def _extinfs(tracks: tuple[Track, ...]) -> Iterator[Fault]:
    for track in tracks:
        allowed = MS if track.header.kind == "video" else track.frame
        drift = Fraction(0)
        for number, segment in enumerate(track.segments, 1):
            if segment.part is None:
                continue
            miss = segment.extinf - segment.part.seconds
            drift += miss
            if abs(miss) > allowed or abs(drift) >= track.frame:
                yield (
                    f"{track.name}, segment {number}",
                    f"{float(segment.extinf):.3f} s, and {float(segment.part.seconds):.3f} were measured"
                    f" (together {float(drift):+.3f})",
                )


def _durations(measured: Measured) -> Iterator[Fault]:
    """The record, every video and every sound last as long as the first video, within a frame."""
    first = measured.videos[0][1]
    for track in measured.tracks:
        length = track.seconds
        if track.header.kind == "audio":  # its priming is before the start
            length -= track.shift * (track.parts[0].time_base if track.parts else 0)
        if abs(length - first.seconds) > max(track.frame, first.frame) + MS:
            yield track.name, f"{float(length):.3f} s, and the video has {float(first.seconds):.3f}"
    stated = measured.outline.record.get("duration_ms")
    if not isinstance(stated, int) or abs(stated * MS - first.seconds) > first.frame + MS:
        yield "record", f"it states {stated} ms, and the video has {float(first.seconds):.3f} s"


def _boundaries(videos: list[Track]) -> Iterator[Fault]:
    first = videos[0]
    for track in videos[1:]:
        if len(track.starts) != len(first.starts):
            yield track.name, f"{len(track.starts)} segments, and {first.name} has {len(first.starts)}"
            continue
        apart = [n for n, (a, b) in enumerate(zip(track.starts, first.starts, strict=True), 1) if abs(a - b) >= MS]
        if apart:
            here, there = float(track.starts[apart[0] - 1]), float(first.starts[apart[0] - 1])
            yield (
                f"{track.name}, segment {apart[0]}",
                f"it starts at {here:.3f} s, and that of {first.name} at {there:.3f}",
            )


def _idr_first(videos: list[Track]) -> Iterator[Fault]:
    for track in videos:
        for number, segment in enumerate(track.segments, 1):
            if segment.part and not segment.part.starts_with_idr:
                yield f"{track.name}, segment {number}", "its first picture is no IDR"


def _idr_distance(videos: list[Track]) -> Iterator[Fault]:
    for track in videos:
        times = sorted((pts - track.shift) * part.time_base for part in track.parts for pts in part.idrs)
        gaps = [(time, after - time) for time, after in pairwise(times)]
        wrong = [(time, gap) for time, gap in gaps if abs(gap - _GOP_S) > track.frame + MS]
        if times and track.seconds - times[-1] > _GOP_S + track.frame + MS:
            wrong.append((times[-1], track.seconds - times[-1]))
        if wrong:
            yield track.name, f"after the one at {float(wrong[0][0]):.3f} s comes none for {float(wrong[0][1]):.3f} s"
