"""Chapters of a video, made from its passages."""

import re
from collections.abc import Sequence

from votd.media.model import Chapter, Passage

SHORTEST_MS = 10_000  # YouTube's rule for chapters, and a clip of less is no destination
FEWEST = 3
LONGEST_TITLE, SHORTEST_CLAUSE = 70, 25
_CLAUSE = re.compile(r"[,;:]\s|\s[–—]\s")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”“’»)]*\s+")


def chapters(
    passages: Sequence[Passage], paragraphs: Sequence[str], title: str, duration_ms: int
) -> tuple[Chapter, ...]:
    """Cut a video where it goes on to another paragraph; digressions belong to the chapter before.

    None where there would be fewer than three of ten seconds each. What is said before the first passage is named by
    the video's title.
    """
    starts: list[tuple[int, str]] = [(0, title)]
    told: set[int] = set()
    for one in sorted(passages, key=lambda p: p.start_ms):
        if one.paragraph in told or duration_ms - one.start_ms < SHORTEST_MS:
            continue
        told.add(one.paragraph)
        heading = heading_of(paragraphs[one.paragraph])
        if one.start_ms - starts[-1][0] >= SHORTEST_MS:
            starts.append((one.start_ms, heading))
        elif len(starts) == 1:
            starts = [(0, heading)]
    if len(starts) < FEWEST:
        return ()
    ends = [*(start for start, _ in starts[1:]), duration_ms]
    return tuple(Chapter(start, end, name) for (start, name), end in zip(starts, ends, strict=True))


def heading_of(paragraph: str) -> str:
    """Return a paragraph's first sentence, cut at a clause or else at a word where it is long."""
    first = _SENTENCE.split(paragraph.strip())[0].strip('"”“„»« ')
    if len(first) <= LONGEST_TITLE:
        return first.rstrip(".")
    clauses = [mark.start() for mark in _CLAUSE.finditer(first) if SHORTEST_CLAUSE <= mark.start() <= LONGEST_TITLE]
    if clauses:
        return first[: clauses[-1]]
    return first[:LONGEST_TITLE].rpartition(" ")[0].rstrip(",;:–- ") + "…"
