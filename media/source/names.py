"""Show names that strangers chose, safely."""

import unicodedata

LONGEST = 80
TAIL = 20

_HIDDEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
"""Unicode's general categories of what steers a terminal or a line's direction instead of being seen (UAX #44)."""


def shown(name: str) -> str:
    """Return a name as one harmless line: control and direction characters escaped, the middle of a long one cut.

    At most ``LONGEST`` characters; the end stays, since it holds the suffix.
    """
    visible = "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in name)
    if len(visible) <= LONGEST:
        return visible
    return f"{visible[: LONGEST - TAIL - 1]}…{visible[-TAIL:]}"


def cleaned(text: str, longest: int = 300) -> str:
    """Return a text that a stranger gave as one line for the public: no bytes that are no UTF-8, nothing hidden."""
    readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    seen = "".join(" " if unicodedata.category(char) in _HIDDEN else char for char in readable)
    return " ".join(seen.split())[:longest]


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python keeps it in a name (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{{{code:x}}}"
