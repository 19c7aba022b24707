"""Write and read captions: WebVTT, SubRip, and HLS's segmented WebVTT.

webvtt-py writes and parses the cues; it lets unescaped ``&`` and ``<``, NUL, overlaps and unordered cues through and
its segmenter knows whole seconds only, so what goes in is guarded here and the segments are cut here. HLS: RFC 8216,
section 3.5; the media starts at 0, hence ``MPEGTS:0``.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from webvtt import Caption, WebVTT
from webvtt.errors import MalformedCaptionError, MalformedFileError

from votd.media.errors import BadRequest, RejectedSource
from votd.media.model import CaptionTrack, Cue

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\ufeff]+")  # control characters and plain spaces; a no-break space stays
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"
SRT_TEXT = str.maketrans("<>", "‹›")  # SubRip has no escapes: players take <word> for a tag and hide it


@dataclass(frozen=True, slots=True)
class CaptionFiles:
    """What ``write`` made, as names relative to its folder."""

    vtt: str
    srt: str
    hls: str


def write(track: CaptionTrack, folder: Path, *, duration_ms: int, segment_ms: int) -> CaptionFiles:
    """Write ``LANGUAGE.vtt``, ``LANGUAGE.srt`` and the HLS rendition ``LANGUAGE/index.m3u8`` with its segments.

    A cue keeps its number as its identifier in every file. Raises ``BadRequest`` for what is no language tag.
    """
    language = track.language
    if not LANGUAGE.fullmatch(language):
        raise BadRequest(f"'{language}' is no language tag: give one like en, mk or pt-BR (BCP 47).")
    cues = guarded(track.cues, duration_ms)
    captions = [_caption(number, cue) for number, cue in enumerate(cues, 1)]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{language}.vtt", WebVTT(captions=captions).content)
    plain = [Caption(_clock(cue.start_ms), _clock(cue.end_ms), [_srt_text(line) for line in cue.lines]) for cue in cues]
    WebVTT(captions=plain).save_as_srt(str(folder / f"{language}.srt"))
    _write_segments(folder / language, cues, captions, _bounds(duration_ms, segment_ms), segment_ms)
    return CaptionFiles(f"{language}.vtt", f"{language}.srt", f"{language}/index.m3u8")


def read(path: Path) -> tuple[Cue, ...]:
    """Read the cues of a ``.vtt`` or ``.srt`` file (UTF-8), as plain text without tags.

    Raises ``RejectedSource`` for a file or a cue that cannot be understood.
    """
    subrip = path.suffix.lower() == ".srt"
    try:
        if not path.stat().st_size:
            return ()
        captions = WebVTT.from_srt(str(path)) if subrip else WebVTT.read(str(path), strict=True)
    except (MalformedFileError, MalformedCaptionError, UnicodeDecodeError) as e:
        raise RejectedSource(f"{path.name} is no caption file that can be read: {e}") from e
    read = (_cue(path, number, caption, subrip) for number, caption in enumerate(captions.captions, 1))
    return tuple(cue for cue in read if cue.lines)


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
            kept[-1] = replace(last, end_ms=max(last.end_ms, cue.end_ms), lines=last.lines + cue.lines)
        else:
            kept.append(cue)
    limits = [*(cue.start_ms for cue in kept), duration_ms][1:]
    return tuple(replace(cue, end_ms=min(cue.end_ms, limit)) for cue, limit in zip(kept, limits, strict=True))


def _clean(cue: Cue) -> Cue:
    """Drop what would break a file: control characters, line breaks and blank lines inside a cue."""
    # A lone surrogate cannot be written as UTF-8.
    lines = (UNSEEN.sub(" ", line).strip(" ").encode("utf-8", "replace").decode() for line in cue.lines)
    return replace(cue, lines=tuple(line for line in lines if line.strip()))


# --- writing -------------------------------------------------------------------------------------------


def _caption(number: int, cue: Cue) -> Caption:
    text = [html.escape(line, quote=False) for line in cue.lines]
    return Caption(_clock(cue.start_ms), _clock(cue.end_ms), text, identifier=str(number))


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


# --- reading --------------------------------------------------------------------------------------------


def _cue(path: Path, number: int, caption: Caption, subrip: bool) -> Cue:
    start, end = caption.start_time.in_milliseconds(), caption.end_time.in_milliseconds()
    if start >= end:
        raise RejectedSource(f"{path.name}: cue {number} ends at {caption.end}, before it starts ({caption.start}).")
    text = caption.text if subrip else html.unescape(caption.text)
    return _clean(Cue(start, end, tuple(text.split("\n"))))
