"""The text of one cue as people write it: tags, escapes and SubRip's brackets; pure.

Kept is what WebVTT can carry without a style sheet: italics, bold, underline and the speaker's name. Each line closes
what it opens, so that lines can be taken away or joined. W3C WebVTT, sections 3.4, 4.2.2 and 6.4.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.entities import html5

KNOWN = r"<(?P<close>/?)(?P<name>i|b|u|v|c|s|br|font|lang|ruby|rt)(?P<rest>(?:[.\s][^<>]*)?)/?>"
"""No other ``<`` begins a tag: people write "5 < 6" and "<3"."""
TAG = re.compile(rf"{KNOWN}|<\d[\d:.]*>|(?P<code>\{{\\[^{{}}]*\}})", re.IGNORECASE)
REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
OURS = re.compile(r"</?[ibu]>|<v [^<>]*>|</v>")
UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\ufeff]+")  # control characters and plain spaces; a no-break space stays
PLACE = re.compile(r"\{\\an([1-9])\}")
ROWS = ("", "line:50%", "line:0")  # {\an1} to {\an9} are a numeric keypad: the bottom row is WebVTT's own
COLUMNS = ("align:left", "", "align:right")


@dataclass(frozen=True, slots=True)
class Text:
    """One cue's text: plain lines, the same with tags if there are any, its place if it says one, tags left out."""

    lines: tuple[str, ...]
    markup: tuple[str, ...]
    settings: str
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of one line with the opening tags around it, from the outermost."""

    text: str
    tags: tuple[str, ...]


def clean(line: str) -> str:
    """Return one line without what would break a file: control characters, line breaks, lone surrogates."""
    return UNSEEN.sub(" ", line).strip(" ").encode("utf-8", "replace").decode()


def escaped(line: str) -> str:
    """Write plain text as WebVTT cue text."""
    return html.escape(line, quote=False)


def plain(markup: str) -> str:
    """Read back one line that ``escaped`` or ``parse`` wrote."""
    return OURS.sub("", markup).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def parse(text: str, *, escapes: bool) -> Text:
    """Take a cue's text apart; ``escapes`` tells whether ``&amp;`` stands for ``&``, as in WebVTT."""
    reader = _Reader(escapes)
    at = 0
    for found in TAG.finditer(text):
        reader.text(text[at : found.start()])
        reader.tag(found)
        at = found.end()
    reader.text(text[at:])
    made = [(line, tagged) for line, tagged in map(_joined, reader.lines) if line.strip()]
    tagged = any(run.tags for line in reader.lines for run in line if run.text.strip())
    markup = tuple(markup for _, markup in made) if tagged else ()
    return Text(tuple(line for line, _ in made), markup, reader.settings, tuple(dict.fromkeys(reader.lost)))


class _Reader:
    """Collect the runs of each line, under the tags that are open."""

    def __init__(self, escapes: bool) -> None:
        self.escapes = escapes
        self.open: list[tuple[str, str]] = []
        self.lines: list[list[_Run]] = [[]]
        self.lost: list[str] = []
        self.settings = ""

    def text(self, text: str) -> None:
        for number, piece in enumerate(text.split("\n")):
            if number:
                self.lines.append([])
            seen = REFERENCE.sub(_character, piece) if self.escapes else piece
            self.lines[-1].append(_Run(UNSEEN.sub(" ", seen), tuple(tag for _, tag in self.open)))

    def tag(self, found: re.Match[str]) -> None:
        name = (found["name"] or "").lower()
        if name == "br":
            self.lines.append([])
        elif found["code"]:
            self._place(found["code"])
        elif name not in {"i", "b", "u", "v"}:
            self.lost.append(f"<{name}>" if name else "<time>")
        elif found["close"]:
            self.open = [(other, tag) for other, tag in self.open if other != name]
        else:
            self._opened(name, found["rest"])

    def _opened(self, name: str, rest: str) -> None:
        classes, _, annotation = UNSEEN.sub(" ", rest).partition(" ")
        if classes:
            self.lost.append(f"<{name}.class>")
        speaker = clean(html.unescape(annotation))
        if name == "v" and not speaker:
            self.lost.append("<v>")
            return
        self.open = [(other, tag) for other, tag in self.open if other != name]
        self.open.append((name, f"<v {escaped(speaker)}>" if name == "v" else f"<{name}>"))

    def _place(self, code: str) -> None:
        key = PLACE.fullmatch(code)
        if key:
            row, column = divmod(int(key[1]) - 1, 3)
            self.settings = f"{ROWS[row]} {COLUMNS[column]}".strip()
        elif self.escapes:  # WebVTT has no such brackets: converters leave the place behind, the rest is text
            self.text(code)
        else:
            self.lost.append("{\\…}")


def _character(reference: re.Match[str]) -> str:
    """Return what a reference stands for; unknown names stay, as they are no references."""
    body = reference[0][1:]
    return html.unescape(reference[0]) if body.startswith("#") or body in html5 else reference[0]


def _joined(runs: Sequence[_Run]) -> tuple[str, str]:
    """Write one line, plain and with tags."""
    kept = list(_stripped(runs))
    markup = ""
    tags: tuple[str, ...] = ()
    for run in kept:
        markup += _turn(tags, run.tags) + escaped(run.text)
        tags = run.tags
    return "".join(run.text for run in kept), markup + _turn(tags, ())


def _stripped(runs: Iterable[_Run]) -> Iterator[_Run]:
    """Yield a line's runs without spaces at its ends, and one at most between words."""
    begun, space = False, None
    for run in runs:
        if run.text.startswith(" "):
            space = space or run
        if body := run.text.strip(" "):
            if begun and space:
                yield _Run(" ", space.tags)
            yield _Run(body, run.tags)
            begun, space = True, run if run.text.endswith(" ") else None


def _turn(now: tuple[str, ...], then: tuple[str, ...]) -> str:
    """Close what ends and open what begins between two runs."""
    same = next((at for at, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), min(len(now), len(then)))
    closing = "".join(f"</{tag[1]}>" for tag in reversed(now[same:]))
    return closing + "".join(then[same:])
