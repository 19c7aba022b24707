"""What was mended in a person's file: one sentence a kind, with the line where it first was; pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class _Seen:
    line: int
    times: int
    most_ms: int


class Notes:
    """Collect what was done; many of a kind become one sentence."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def add(self, line: int, what: str, by_ms: int = 0) -> None:
        """Note a mend at a line of the file, 0 for the file as a whole; ``{by}`` in ``what`` becomes ``by_ms``."""
        seen = self._seen.setdefault(what, _Seen(line, 0, 0))
        seen.line, seen.times, seen.most_ms = min(seen.line, line), seen.times + 1, max(seen.most_ms, by_ms)

    def sentences(self) -> tuple[str, ...]:
        """Return them in the order of their lines."""
        return tuple(_sentence(what, seen) for what, seen in sorted(self._seen.items(), key=lambda each: each[1].line))


def _sentence(what: str, seen: _Seen) -> str:
    many = seen.times > 1
    text = what.replace("{by}", f"{'up to ' if many else ''}{seen.most_ms / 1000:.3f}".rstrip("0").rstrip(".") + " s")
    if not seen.line:
        return text
    return f"{seen.times} times, first in line {seen.line}: {text}" if many else f"Line {seen.line}: {text}"
