"""Write captions: WebVTT, SubRip, and HLS's segmented WebVTT.

webvtt-py writes the cues; it lets unescaped ``&`` and ``<``, NUL, overlaps and unordered cues through and
its segmenter knows whole seconds only, so what goes in is guarded here and the segments are cut here. HLS: RFC 8216,
section 3.5; the media starts at 0, hence ``MPEGTS:0``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from webvtt import Caption, WebVTT

from votd.media.captions.markup import clean, escaped, plain
from votd.media.errors import BadRequest
from votd.media.model import CaptionTrack, Cue

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
SETTINGS = re.compile(r"[a-z]+:[-a-z0-9.,%]+(?: [a-z]+:[-a-z0-9.,%]+)*")
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"
SRT_TEXT = str.maketrans("<>", "‹›")  # SubRip has no escapes: players take <word> for a tag and hide it


@dataclass(frozen=True, slots=True)
class CaptionFiles:
    """What ``write`` made, as names relative to its folder."""

    vtt: str
    srt: str
    hls: str


def write(track: CaptionTrack, folder: Path, *, duration_ms: int, segment_ms: int) -> CaptionFiles:
    """Write ``NAME.vtt``, ``NAME.srt`` and the HLS rendition ``NAME/index.m3u8`` with its segments.

    The name is the language; that of subtitles has the kind too, since a language may have both. A cue's identifier is
    its start in ms, the same in every file and in every run, whatever becomes of other cues. Raises ``BadRequest`` for
    what is no language tag.
    """
    if not LANGUAGE.fullmatch(track.language):
        raise BadRequest(f"'{track.language}' is no language tag: give one like en, mk or pt-BR (BCP 47).")
    name = track.language if track.kind == "captions" else f"{track.language}.{track.kind}"
    cues = guarded(track.cues, duration_ms)
    captions = [_caption(cue) for cue in cues]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}.vtt", WebVTT(captions=captions).content)
    bare = [Caption(_clock(cue.start_ms), _clock(cue.end_ms), [_srt_text(line) for line in cue.lines]) for cue in cues]
    WebVTT(captions=bare).save_as_srt(str(folder / f"{name}.srt"))
    _write_segments(folder / name, cues, captions, _bounds(duration_ms, segment_ms), segment_ms)
    return CaptionFiles(f"{name}.vtt", f"{name}.srt", f"{name}/index.m3u8")


def guarded(cues: Iterable[Cue], duration_ms: int) -> tuple[Cue, ...]:
    """Return cues that every reader takes alike: clean text, in order, no overlap, inside the media.

    Cues that start together become one; what starts after the media's end can never be shown and is left out.
    """
    kept: list[Cue] = []
    for cue in sorted((_clean(cue) for cue in cues), key=lambda cue: cue.start_ms):
        if not cue.lines or cue.start_ms >= duration_ms:
            continue
        last = kept[-1] if kept else None
        if last and last.start_ms == cue.start_ms:
            kept[-1] = _together(last, cue)
        else:
            kept.append(cue)
    limits = [*(cue.start_ms for cue in kept), duration_ms][1:]
    return tuple(replace(cue, end_ms=min(cue.end_ms, limit)) for cue, limit in zip(kept, limits, strict=True))


def _clean(cue: Cue) -> Cue:
    """Drop what would break a file: control characters, blank lines, and markup that is not these lines'."""
    lines = tuple(line for line in map(clean, cue.lines) if line.strip())
    markup = cue.markup if tuple(map(plain, cue.markup)) == lines else ()
    settings = cue.settings if SETTINGS.fullmatch(cue.settings) else ""
    return replace(cue, lines=lines, markup=markup, settings=settings)


def _together(one: Cue, two: Cue) -> Cue:
    markup = _tagged(one) + _tagged(two) if one.markup or two.markup else ()
    return replace(one, end_ms=max(one.end_ms, two.end_ms), lines=one.lines + two.lines, markup=markup)


def _tagged(cue: Cue) -> tuple[str, ...]:
    return cue.markup or tuple(map(escaped, cue.lines))


# --- writing -------------------------------------------------------------------------------------------


def _caption(cue: Cue) -> Caption:
    times = _clock(cue.start_ms), _clock(cue.end_ms)
    return Caption(*times, list(_tagged(cue)), identifier=str(cue.start_ms), settings=cue.settings)


def _srt_text(line: str) -> str:
    return line.translate(SRT_TEXT)


def _clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _bounds(duration_ms: int, segment_ms: int) -> list[tuple[int, int]]:
    starts = range(0, duration_ms, segment_ms)
    return [(start, min(start + segment_ms, duration_ms)) for start in starts]


def _write_segments(
    folder: Path,
    cues: Sequence[Cue],
    captions: list[Caption],
    bounds: Sequence[tuple[int, int]],
    segment_ms: int,
) -> None:
    """Cut the track; a cue that straddles a boundary stands in both segments, the same (RFC 8216, 3.5)."""
    folder.mkdir(exist_ok=True)
    at = 0
    for number, (start, end) in enumerate(bounds, 1):
        while at < len(cues) and cues[at].end_ms <= start:
            at += 1
        after = at
        while after < len(cues) and cues[after].start_ms < end:
            after += 1
        _write(folder / f"{number:05}.vtt", WebVTT(captions=captions[at:after], metadata=[TIMESTAMP_MAP]).content)
    _write(folder / "index.m3u8", _playlist(bounds, segment_ms))


def _playlist(bounds: Sequence[tuple[int, int]], segment_ms: int) -> str:
    """Write the media playlist; the target is the media's own (whole seconds, nearest), as Apple asks."""
    head = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        f"#EXT-X-TARGETDURATION:{max(1, (segment_ms + 500) // 1000)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    body = [
        line
        for number, (start, end) in enumerate(bounds, 1)
        for line in (f"#EXTINF:{(end - start) // 1000}.{(end - start) % 1000:03},", f"{number:05}.vtt")
    ]
    return "\n".join([*head, *body, "#EXT-X-ENDLIST"])


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.rstrip("\n").encode() + b"\n")
