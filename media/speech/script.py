"""Read a script, the text that was to be spoken, into paragraphs, sentences and words; pure.

What a newsroom's script holds beside its words is left out, as little guessing as that takes: lines wholly in [square]
or (round) brackets, which direct the studio; a speaker's name in capitals with a colon at a line's start; headings of
Markdown and lines of dashes or stars; addresses of the web.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from votd.media.errors import RejectedSource

MAX_BYTES = 2_000_000  # a day's speech is a third of it
MAX_UNIT_WORDS = 24
"""A longer sentence is followed in pieces: a piece must lie in one of Whisper's windows as a whole."""

_DIRECTION = re.compile(r"^\s*(\[[^\]]*\]|\([^)]*\))\s*$")
_HEADING = re.compile(r"^\s*(#{1,6}\s.*|[-*_=\s]{3,})$")
_SPEAKER = re.compile(r"^\s*[^\W\d_a-zа-яёѓќѕјљњџѐѝ][\w.’' -]{0,40}:\s*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_SENTENCE_END = re.compile(r"""[.!?…。！？]["'”“’»)\]]*$""")
_ABBREVIATION = re.compile(r"^(?:[A-ZА-Я]|Mr|Mrs|Ms|Dr|Prof|St|No|Gen|Sen|д-р|г-дин|проф|бр|ул|на пр)\.$")
_CLAUSE_END = re.compile(r"""[,;:–—]["'”“’»)]*$""")
_ONLY_MACEDONIAN = frozenset("ѓќѕЃЌЅ")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, or a piece of a long one, that is looked for as one; ``sentence`` counts those of the script."""

    sentence: int
    words: tuple[str, ...]


def read(data: bytes) -> tuple[str, ...]:
    """Return the spoken paragraphs of a script; raises ``RejectedSource`` for what is no text or says nothing."""
    if len(data) > MAX_BYTES:
        raise RejectedSource("The script is larger than 2 MB: give the text of this video alone.")
    blocks = re.split(r"\n\s*\n", _text(data).replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = tuple(paragraph for block in blocks if (paragraph := _spoken(block)))
    if not any(units(paragraphs)):
        raise RejectedSource("The script has no words in it: write what is spoken, as plain text.")
    return paragraphs


def units(paragraphs: Iterable[str]) -> tuple[Unit, ...]:
    """Return the sentences of a script in pieces that Whisper can follow."""
    made: list[Unit] = []
    sentence = 0
    for paragraph in paragraphs:
        for words in _sentences(_words(paragraph)):
            made += [Unit(sentence, piece) for piece in _pieces(words)]
            sentence += 1
    return tuple(made)


def language(paragraphs: Iterable[str]) -> str | None:
    """Return the language that a script's letters alone tell: Macedonian has three of its own."""
    return "mk" if _ONLY_MACEDONIAN & set("".join(paragraphs)) else None


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data:
        encodings = []
    else:
        encodings = ["utf-8-sig", "windows-1251"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text
    raise RejectedSource("The script is not a text file: save it as plain text (UTF-8).")


def _spoken(block: str) -> str:
    """Return what is spoken of a block of lines."""
    lines = [line for line in block.split("\n") if not _DIRECTION.match(line) and not _HEADING.match(line)]
    return " ".join(_ADDRESS.sub(" ", _label_off(line)) for line in lines).strip()


def _label_off(line: str) -> str:
    label = _SPEAKER.match(line)
    return line[label.end() :] if label and label.group().isupper() else line


def _words(paragraph: str) -> list[str]:
    """Part a paragraph at spaces; a dash that stands alone stays with the word before it, by a no-break space."""
    words: list[str] = []
    for part in paragraph.split():
        if any(letter.isalnum() for letter in part):
            words.append(part)
        elif words:
            words[-1] += f"\u00a0{part}"
    return words


def _sentences(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    begun: list[str] = []
    for word in words:
        begun.append(word)
        if _SENTENCE_END.search(word) and not _ABBREVIATION.match(word):
            yield tuple(begun)
            begun = []
    if begun:
        yield tuple(begun)


def _pieces(words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """Halve a long sentence, where it can be after a comma near its middle."""
    if len(words) <= MAX_UNIT_WORDS:
        return (words,)
    middle = len(words) / 2
    inner = range(len(words) // 4, len(words) * 3 // 4)
    commas = [at + 1 for at in inner if _CLAUSE_END.search(words[at])]
    cut = min(commas or [round(middle)], key=lambda at: abs(at - middle))
    return (*_pieces(words[:cut]), *_pieces(words[cut:]))
