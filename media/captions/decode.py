"""The bytes of a person's caption file as text; pure.

A mark at the beginning decides, then the arrow "-->" between zero bytes (UTF-16), then UTF-8 if all of it is. What is
left are Windows' 8-bit sets. A general guesser chooses among ninety and errs on a short file; two are meant here, and
in a word they look different: Cyrillic words consist of high bytes, Latin ones have some among ASCII letters.
"""

import codecs
import re

from votd.media.captions.notes import Notes
from votd.media.errors import RejectedSource

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HIGH_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]+")
LINE_ENDS = re.compile(r"\r+\n|\r")  # a file that was converted twice has CR CR LF
SAVE = "Save it as UTF-8"
WINDOWS = {"cp1251": "Windows-1251 (Cyrillic)", "cp1252": "Windows-1252 (Western European)"}


def decode(data: bytes, name: str, notes: Notes) -> str:
    """Return a file's text with plain line ends, without NUL and its like.

    Raises ``RejectedSource`` for bytes that are no text in any of the encodings.
    """
    encoding, mark = _encoding(data, name)
    try:
        text = data[mark:].decode(encoding)
    except UnicodeDecodeError as e:
        line = data[: mark + e.start].count(b"\n") + 1
        raise RejectedSource(f"{name}, line {line}: there are bytes that are no text in {encoding}. {SAVE}.") from e
    if encoding in WINDOWS:
        notes.add(0, f"The file is not UTF-8: it was read as {WINDOWS[encoding]}.")
    text = LINE_ENDS.sub("\n", text)
    if CONTROL.search(text):
        notes.add(0, "Control characters (NUL and the like) were taken out.")
    return CONTROL.sub("", text)


def _encoding(data: bytes, name: str) -> tuple[str, int]:
    """Return the encoding and the length of its mark."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    for encoding in ("utf-16-le", "utf-16-be"):
        at = data.find("-->".encode(encoding))
        if at >= 0 and at % 2 == 0:
            return encoding, 0
    return ("utf-8" if data.isascii() or _is_utf8(data) else _windows(data, name)), 0


def _is_utf8(data: bytes) -> bool:
    """Tell UTF-8, also where a few bytes of it are damaged: those are refused with their line."""
    text = data.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= character <= "\udcff" for character in text)
    good = sum(character > "\x7f" for character in text) - bad
    return good > bad


def _windows(data: bytes, name: str) -> str:
    """Choose between Cyrillic and Western European by how words with high bytes are made."""
    cyrillic = latin = 0
    for word in HIGH_WORD.findall(data):
        letters = [byte for byte in word if byte < 0x80 or bytes([byte]).decode("cp1251", "replace").isalpha()]
        high = sum(byte >= 0x80 for byte in letters)
        cyrillic += high == len(letters) and high > 1
        latin += 0 < high < len(letters)
    if cyrillic >= 2 * latin and cyrillic:
        return "cp1251"
    if latin >= 2 * cyrillic:
        return "cp1252"  # or nothing but dashes and quotes, which are the same in both
    raise RejectedSource(f"{name} is in an encoding that cannot be told for sure. {SAVE}.")
