"""What is told of the linked articles: the moments of their paragraphs, chapters, and where the talk differs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from votd.media.articles.chapters import chapters
from votd.media.articles.differences import differences
from votd.media.articles.index import first_part, tongue
from votd.media.articles.passages import aligned, passages, sentences
from votd.media.articles.title import headline
from votd.media.model import Article, Candidate, Difference, Link, Passage, Transcript
from votd.media.record import RecordArticle, RecordChapter, RecordPassage

Origin = Literal["machine", "person"]
QUOTED_WORDS = 10
Earlier = Sequence[Mapping[str, float] | None]
"""What ``link.earlier`` found for each of the linked articles; ``None`` where it could not look."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the record says of the linked articles, and what they and the talk tell differently."""

    articles: tuple[RecordArticle, ...] = ()
    chapters: tuple[RecordChapter, ...] = ()
    differences: tuple[Difference, ...] = ()


def tell(link: Link, transcript: Transcript | None, origin: Origin, earlier: Earlier) -> Told:
    """Find which moments of the talk tell which paragraphs of the linked articles, and where the two differ.

    Chapters are those of the first article; differences are told of articles in the talk's own language.
    """
    said = sentences(transcript) if transcript else ()
    spoken = first_part(transcript.language if transcript else None)
    articles: list[RecordArticle] = []
    parts: tuple[RecordChapter, ...] = ()
    found: list[Difference] = []
    for one, before in zip(link.linked, earlier, strict=True):
        paragraphs, written = one.article.paragraphs, tongue(one.article)
        at = aligned([sentence.text for sentence in said], paragraphs, spoken, written, before or {})
        stretches = passages(said, at)
        if transcript and not articles:
            made = chapters(stretches, paragraphs, headline(one.article.title), transcript.duration_ms)
            parts = tuple(RecordChapter(start_ms=c.start_ms, end_ms=c.end_ms, title=c.title) for c in made)
        of = None if before is None else basis(transcript, one.article)  # without, a night looks again
        articles.append(_recorded(one, origin, stretches, of))
        found += differences(said, at, paragraphs) if written == spoken else ()
    return Told(tuple(articles), parts, tuple(found))


def basis(transcript: Transcript | None, article: Article) -> str:
    """Return what stands for the words and the paragraphs that passages join: while these stay, nights leave them."""
    words = [(word.start_ms, word.end_ms, word.text) for word in transcript.words] if transcript else []
    spoken = transcript.language if transcript else None
    joined = [spoken, words, tongue(article), article.paragraphs]
    return hashlib.sha256(json.dumps(joined).encode()).hexdigest()


def _recorded(one: Candidate, origin: Origin, stretches: Sequence[Passage], of: str | None) -> RecordArticle:
    article = one.article
    return RecordArticle(
        title=article.title,
        url=article.url,
        language=article.language,
        date=article.date,
        origin=origin,
        score=round(one.score, 3),
        passages=tuple(
            RecordPassage(
                paragraph=p.paragraph + 1,
                quote=" ".join(article.paragraphs[p.paragraph].split()[:QUOTED_WORDS]),
                start_ms=p.start_ms,
                end_ms=p.end_ms,
            )
            for p in stretches
        ),
        basis=of,
    )
