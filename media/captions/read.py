"""Read people's caption files: WebVTT and SubRip as they come, each mend with a sentence.

webvtt-py drops what it cannot read and tells no lines, so the file is taken apart here; it judges cue settings. The
words, line breaks and times of a person stand: what no player can take is mended or refused, the rest is noted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from webvtt.errors import MalformedCaptionError
from webvtt.models import CueSettings

from votd.media.captions import markup
from votd.media.captions.decode import decode
from votd.media.captions.mend import Timed, mended
from votd.media.captions.notes import Notes
from votd.media.errors import RejectedSource
from votd.media.model import Cue

MOST_BYTES = 16_000_000
"""A day of captions has a fifth of that."""
MOST_CHARACTERS = 2000
"""Of one cue: 25 times what fits on a screen."""
MAX_LINES, MAX_LINE_LENGTH = 2, 42  # delivery rule 19: noted, not changed
TIME = r"(-?)(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,:;](\d{1,9}))?"
TIMING = re.compile(rf"\s*{TIME}\s*(-->|[-–—=]{{1,3}} ?>)\s*{TIME}(?=\s|$)(.*)", re.DOTALL)
LIKE_A_TIME = re.compile(r"\d[:.,]\d")
NUMBER = re.compile(r"\s*\d+\s*")
BLOCK = re.compile(r"(NOTE|STYLE|REGION)(?:[ \t].*)?", re.DOTALL)
SUBRIP_PLACE = re.compile(r"[XY][12]:-?\d+", re.IGNORECASE)
WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|\?xml)\b", re.IGNORECASE)
TIMES_ARE = "write it like 00:01:02.345 --> 00:01:04.000"


@dataclass(frozen=True, slots=True)
class Read:
    """The cues of a person's file, ready to be written, and a sentence for each kind of mend."""

    cues: tuple[Cue, ...]
    notes: tuple[str, ...]


def read(path: Path, duration_ms: int, frame_rate: Fraction | None = None) -> Read:
    """Read a ``.vtt`` or ``.srt`` file for a video of this length and frame rate; see ``parse``."""
    if path.stat().st_size > MOST_BYTES:
        raise RejectedSource(f"{path.name} has more than {MOST_BYTES // 1_000_000} MB: no caption file is that long.")
    return parse(path.read_bytes(), path.name, duration_ms, frame_rate)


def parse(data: bytes, name: str, duration_ms: int, frame_rate: Fraction | None = None) -> Read:
    """Read the bytes of a caption file; what it is tells its content, not its name.

    Raises ``RejectedSource`` with the line's number for what cannot be understood.
    """
    notes = Notes()
    lines = decode(data, name, notes).split("\n")
    if not any(line.strip() for line in lines):
        raise RejectedSource(f"{name} is empty: write captions into it, or take it away.")
    if WEB_PAGE.match("\n".join(lines[:5])):
        raise RejectedSource(f"{name}, line 1: this is a web page, no caption file. Download the file itself.")
    timed = _File(name, lines, notes).cues()
    _bounded(timed, name)
    cues = mended(timed, name, duration_ms, frame_rate, notes)
    _judge(timed, notes)
    return Read(cues, notes.sentences())


def _exact(timing: re.Match[str]) -> bool:
    """Tell times from a line of text such as "12:30 -> 14:00 daily": both have hours or a fraction of a second."""
    return all(timing[hours] or timing[hours + 3] for hours in (2, 8))


def _bounded(timed: Sequence[Timed], name: str) -> None:
    """Refuse cues that no screen can show: they would be bombs for whoever reads them."""
    for cue in timed:
        if sum(len(line) + 1 for line in cue.lines) > MOST_CHARACTERS:
            raise RejectedSource(
                f"{name}, line {cue.line}: this caption has more than {MOST_CHARACTERS} characters. Part it."
            )


class _File:
    """One file, taken apart at its lines with times."""

    def __init__(self, name: str, lines: Sequence[str], notes: Notes) -> None:
        self.name = name
        self.lines = lines
        self.notes = notes
        self.webvtt = re.match(r"WEBVTT(?:\s|$)", lines[0].lstrip("\ufeff")) is not None
        if not self.webvtt and name.lower().endswith(".vtt"):
            notes.add(1, "the file does not begin with WEBVTT: it was read as SubRip.")

    def cues(self) -> list[Timed]:
        """Return the cues as they stand in the file."""
        timings = [(at, found) for at, line in enumerate(self.lines) if (found := self._timing(at, line))]
        if not timings and not self.webvtt:
            raise RejectedSource(f"{self.name}, line 1: no line has times, so this is no caption file: {TIMES_ARE}.")
        self._head(timings[0][0] if timings else len(self.lines))
        ends = [*(at for at, _ in timings), len(self.lines)][1:]
        made = [
            self._cue(at, found, end, end == len(self.lines)) for (at, found), end in zip(timings, ends, strict=True)
        ]
        if not made:
            self.notes.add(0, "There are no cues in the file.")
        return [cue for cue in made if cue]

    def _timing(self, at: int, line: str) -> re.Match[str] | None:
        """Recognise a line with times; one that only tries to be one is refused."""
        found = TIMING.match(line) if LIKE_A_TIME.search(line[:80]) else None
        if found and (found[6] == "-->" or _exact(found)):
            if found[6] != "-->":
                self.notes.add(at + 1, "the arrow between the times was no '-->'.")
            return found
        if "-->" in line and LIKE_A_TIME.search(line):
            raise RejectedSource(f"{self.name}, line {at + 1}: these times cannot be read: {TIMES_ARE}.")
        return None

    def _head(self, first: int) -> None:
        """Note what stands before the first cue and is neither header nor its identifier."""
        rest = self._own(0, first, last=False)
        if self.webvtt:
            blank = next((at for at, line in enumerate(rest) if not line.strip()), len(rest))
            rest = [""] * blank + rest[blank:]
        self._text(0, rest, "text before the first cue was left out.")

    def _cue(self, at: int, timing: re.Match[str], end: int, last: bool) -> Timed | None:
        start_ms, end_ms = self._ms(at, timing.groups()[:5]), self._ms(at, timing.groups()[6:11])
        own = self._own(at + 1, end, last=last)
        text = markup.parse(
            "\n".join(self._text(at + 1, own, "text after a blank line was taken for a part of the cue above.")),
            escapes=self.webvtt,
        )
        for lost in text.lost:
            self.notes.add(at + 1, f"{lost} was taken out, its text stays.")
        if not text.lines:
            self.notes.add(at + 1, "the cue has no text and was left out.")
            return None
        if start_ms >= end_ms:
            raise RejectedSource(f"{self.name}, line {at + 1}: the cue ends before it is seen: correct its times.")
        settings = self._settings(at, timing[12]) or text.settings
        return Timed(at + 1, start_ms, end_ms, text.lines, text.markup, settings)

    def _own(self, first: int, end: int, *, last: bool) -> list[str]:
        """Return the lines from ``first``, without the identifier of the cue whose times are at ``end``."""
        if last or end <= first:
            return list(self.lines[first:end])
        before = self.lines[end - 1]
        apart = end - 1 == 0 or not self.lines[end - 2].strip()
        if NUMBER.fullmatch(before) or (self.webvtt and apart and before.strip()):
            if not apart and end - 1 != first:
                self.notes.add(end, "there was no blank line before the cue.")
            return list(self.lines[first : end - 1])
        if before.strip() and end - 1 >= first and first:
            self.notes.add(end + 1, "there was no blank line before the cue.")
        return list(self.lines[first:end])

    def _text(self, first: int, lines: Sequence[str], stray: str) -> list[str]:
        """Return a cue's lines of text without the blocks that are none, and note what stands apart from it."""
        kept: list[str] = []
        block, blank = "", first == 0
        for at, line in enumerate(lines, first):
            if not line.strip():
                block, blank = "", True
                continue
            opens = BLOCK.fullmatch(line) if self.webvtt and blank and not block else None
            if opens:
                block = opens[1]
                self.notes.add(at + 1, f"a block of WebVTT ({block}) was left out.")
            elif not block:
                if blank and (kept or first == 0 or at > first):
                    self.notes.add(at + 1, stray)
                kept.append(line)
            blank = False
        return kept

    def _ms(self, at: int, groups: Sequence[str | None]) -> int:
        sign, hours, minutes, seconds, fraction = groups
        if int(minutes or 0) > 59 or int(seconds or 0) > 59:
            raise RejectedSource(
                f"{self.name}, line {at + 1}: an hour has 60 minutes, a minute 60 seconds: correct the times."
            )
        if fraction and len(fraction) != 3:
            self.notes.add(at + 1, "the times have no three digits after the point: .5 was read as half a second.")
        ms = ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)) * 1000
        ms += int((fraction or "0").ljust(3, "0")[:3])
        return -ms if sign else ms

    def _settings(self, at: int, rest: str) -> str:
        """Keep the settings that say where a cue stands; regions and their like need what is not published."""
        kept: dict[str, str] = {}
        for setting in rest.split():
            fit = "align:center" if setting == "align:middle" else setting  # as WebVTT had it once
            name = fit.partition(":")[0]
            try:
                CueSettings.from_string(fit, strict=True)
            except MalformedCaptionError:
                name = ""
            if not name or name == "region" or name in kept:
                where = "SubRip's coordinates" if SUBRIP_PLACE.fullmatch(setting) else "a cue setting"
                self.notes.add(at + 1, f"{where} that cannot be published was left out.")
            else:
                kept[name] = fit
        return " ".join(kept.values())


def _judge(cues: Sequence[Timed], notes: Notes) -> None:
    """Note what breaks the house's rules and stands all the same."""
    for cue in cues:
        if len(cue.lines) > MAX_LINES:
            notes.add(cue.line, f"the cue has more than {MAX_LINES} lines; it stands as it is.")
        if max(map(len, cue.lines)) > MAX_LINE_LENGTH:
            notes.add(cue.line, f"the cue has a line of more than {MAX_LINE_LENGTH} characters; it stands as it is.")
