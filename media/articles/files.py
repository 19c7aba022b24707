"""Open small local files that somebody else wrote: bounded, regular files only, decoded to text."""

import codecs
import os
import re
import stat
from pathlib import Path

from votd.media.errors import BadRequest

MAX_BYTES = 2_000_000
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_DECLARED_WITHIN = 2048  # bytes; HTML (the living standard, 13.2.3.2) looks no further than 1024
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def name_of(path: Path) -> str:
    """Return a file's name as text that JSON can carry, also where its bytes are no UTF-8."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read one regular file of at most ``limit`` bytes.

    A FIFO, device or folder is never waited for or read. Raises ``BadRequest`` for these, for a file that is too
    large, and for one that the system does not let us read.
    """
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadRequest(f"{name_of(path)} is not a plain file, give a text or an HTML file.")
            data = file.read(limit + 1)
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or "its name is not possible"
        raise BadRequest(f"{name_of(path)} cannot be read ({reason}), check the file and its rights.") from e
    if len(data) > limit:
        raise BadRequest(f"{name_of(path)} is larger than {limit:,} bytes, give the article alone.")
    return data


def decode(data: bytes, name: str, declared: bool = False) -> str:
    """Decode a text: by its byte order mark, as UTF-8, as an HTML page declares it, else as Windows-1251 or -1252.

    Raises ``BadRequest`` for what is no text in any of these.
    """
    text = _decode(data, _declared(data) if declared else None)
    if text is None or _CONTROL.search(text):
        raise BadRequest(f"{name} is not text in an encoding that is known here, save it as UTF-8.")
    return text


def _decode(data: bytes, declared: str | None) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _try(data[len(mark) :], encoding)
    # UTF-8 before the declaration: text that decodes as UTF-8 is UTF-8, and pages often declare something else.
    for encoding in filter(None, ("utf-8", declared)):
        text = _try(data, encoding)
        if text is not None:
            return text
    cyrillic = _try(data, "windows-1251")
    return cyrillic if cyrillic and _mostly_cyrillic(cyrillic) else _try(data, "windows-1252")


def _declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:_DECLARED_WITHIN])
    return found[1].decode("ascii") if found else None


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return str(codecs.decode(data, encoding))
    # A page may declare a codec that does not exist, or one (rot13, zip) that makes no text: TypeError and others.
    except (LookupError, ValueError, TypeError, AttributeError):
        return None


def _mostly_cyrillic(text: str) -> bool:
    """Tell Windows-1251 from an accented Latin text: more than half of the letters are Cyrillic."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum("\u0400" <= letter <= "\u04ff" for letter in letters) > len(letters) / 2
