"""The pages of ``pages/`` with what is their article, and the measures of what was taken out of them.

``NAME.yaml`` beside a page: ``title``, ``date``, ``url`` and ``language``; ``paragraphs``, the article's text; ``may``,
what is neither asked for nor wrong (a caption, a standfirst); ``not``, snippets that must not be in it; ``held_out``
where it is for the closing figure alone. Text is compared by runs of three words within a paragraph, which
punctuation does not change; a paragraph that is cut or joined loses the runs there.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

PAGES = Path(__file__).parent / "pages"
RUN = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What an extractor took out of a page; what it could not tell is ``None`` or empty."""

    title: str | None = None
    date: str | None = None
    url: str | None = None
    language: str | None = None
    paragraphs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """A page with what is its article."""

    name: str
    held_out: bool
    title: str
    date: dt.date
    url: str
    language: str
    paragraphs: tuple[str, ...]
    may: tuple[str, ...]
    unwanted: tuple[str, ...]

    @property
    def data(self) -> bytes:
        return (PAGES / f"{self.name}.html").read_bytes()

    def score(self, paragraphs: Iterable[str]) -> tuple[float, float]:
        """Return precision and recall of a text."""
        found, asked = _runs(paragraphs), _runs(self.paragraphs)
        right = (found & asked).total()
        judged = (found - (_runs(self.may) - asked)).total()
        return right / max(1, judged), right / asked.total()

    def whole(self, paragraphs: Iterable[str]) -> float:
        """Return the share of the article's paragraphs that were found just as they are."""
        return len(set(paragraphs) & set(self.paragraphs)) / len(set(self.paragraphs))

    def let_in(self, paragraphs: Sequence[str]) -> list[str]:
        """Return the unwanted snippets that are in a text."""
        text = "\n".join(paragraphs)
        return [snippet for snippet in self.unwanted if snippet in text]

    def wrong(self, found: Found) -> list[str]:
        """Return which facts are wrong or missing: T(itle), D(ate), U(rl), L(anguage)."""
        facts = {
            "T": found.title == self.title,
            "D": found.date == self.date.isoformat(),
            "U": found.url == self.url,
            "L": (found.language or "").partition("-")[0] == self.language,
        }
        return [name for name, right in facts.items() if not right]


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def truths() -> list[Truth]:
    """Read every page's truth, by name."""
    return [_truth(path) for path in sorted(PAGES.glob("*.yaml"))]


def _truth(path: Path) -> Truth:
    fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    lists = (tuple(fields.get(name, ())) for name in ("paragraphs", "may", "not"))
    facts = (fields[name] for name in ("title", "date", "url", "language"))
    return Truth(path.stem, fields.get("held_out", False), *facts, *lists)


def _runs(paragraphs: Iterable[str]) -> Counter[tuple[str, ...]]:
    told = (re.findall(r"\w+", paragraph.lower()) for paragraph in paragraphs)
    return Counter(tuple(words[at : at + RUN]) for words in told for at in range(max(1, len(words) - RUN + 1)) if words)
