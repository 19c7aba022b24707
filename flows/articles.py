"""The articles of a newsroom, as a run needs them: sources brought up to date, and the talk's own found."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from votd.config.settings import Settings
from votd.media.articles import meaning
from votd.media.articles.chapters import chapters
from votd.media.articles.differences import differences
from votd.media.articles.gather import gather_folder, visitor
from votd.media.articles.index import Index, Window
from votd.media.articles.index import tongue as tongue_of
from votd.media.articles.link import AFTER_DAYS, BEFORE_DAYS, EACH, link, telling_terms
from votd.media.articles.passages import aligned, passages, sentences
from votd.media.articles.rank import Said
from votd.media.articles.read import read_file
from votd.media.articles.title import headline
from votd.media.model import Article, Candidate, Difference, Link, Passage, Transcript
from votd.media.record import RecordArticle, RecordChapter, RecordPassage

Origin = Literal["machine", "person"]
QUOTED_WORDS = 10
FOREIGN, BATCH = 30, 64
"""Articles of other languages that are embedded for one talk, the latest first: those share no words with it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The linker's verdict, and sentences on what could not be read or fits badly."""

    link: Link
    problems: tuple[str, ...] = ()


def index_of(settings: Settings) -> Index:
    """Open this machine's index."""
    return Index(settings.home / "articles.sqlite")


async def refresh(index: Index, sources: Sequence[str], settings: Settings, now: dt.datetime) -> tuple[str, ...]:
    """Bring the index up to date; return sentences on what could not be read. Nothing of a site's is raised."""
    problems: list[str] = []
    sites = [source for source in sources if is_site(source)]
    for source in sources:
        if source not in sites:
            problems += await asyncio.to_thread(gather_folder, index, Path(source), now)
    if sites:
        since = now.date() - dt.timedelta(days=BEFORE_DAYS)
        async with visitor(private=settings.articles_private) as visits:
            for source in sites:
                problems += await visits.gather(index, source, now=now, since=since)
    return tuple(problems)


def embed_young(index: Index, sources: Sequence[str], since: dt.date) -> None:
    """Give every young article its vector, ahead of the talks that will be compared with it."""
    if not meaning.available():
        return
    for tongue in index.tongues(sources):
        while lacking := index.without_vector(Window(tuple(sources), tongue, since), BATCH):
            index.remember([one.id for one in lacking], meaning.article_vectors([one.article for one in lacking]))


def is_site(source: str) -> bool:
    """Tell an address from a folder."""
    return source.lower().startswith(("http://", "https://"))


def find(index: Index, sources: Sequence[str], said: Said, *, sure_of_day: bool) -> Link:
    """Find the article of a talk; ``sure_of_day`` where the talk's day is more than that of its file."""
    if said.vectors is not None:
        embed(index, said, sources)
    return link(index, said, sources, sure_of_day=sure_of_day)


async def chosen(said: Said, place: str, settings: Settings) -> Found:
    """Take a person's choice, a file or an address; say so where the talk does not seem to be about it."""
    article = await _page(place, settings) if is_site(place) else await asyncio.to_thread(read_file, Path(place))
    verdict = await asyncio.to_thread(_alone, said, article)
    best = verdict.best or Candidate(article, 0.0)
    doubts = (DOUBT,) if said.terms and verdict.status == "none" else ()
    return Found(Link("linked", (Candidate(article, best.score, best.evidence, linked=True),)), doubts)


async def _page(url: str, settings: Settings) -> Article:
    async with visitor(private=settings.articles_private) as visits:
        return await visits.page(url)


def _alone(said: Said, article: Article) -> Link:
    with contextlib.closing(Index()) as index:
        index.put("person", [(article.file, "", article)])
        if said.vectors is not None:
            embed(index, said, ("person",))
        return link(index, replace(said, day=None), ("person",))


DOUBT = "The article that was named shares little with what is said: see that it is the right one."


def embed(index: Index, said: Said, sources: Sequence[str]) -> None:
    """Give vectors to the articles that will be compared, where they have none yet."""
    rare = telling_terms(index, said)
    for tongue in index.tongues(sources):
        window = Window(tuple(sources), tongue)
        if said.day is not None:
            day = dt.date.fromordinal(said.day)
            window = Window(window.sources, tongue, day - dt.timedelta(BEFORE_DAYS), day + dt.timedelta(AFTER_DAYS))
        lacking = [one for one in index.telling(rare, window, EACH) if one.vector is None]
        if tongue != (said.language or "").partition("-")[0]:
            ids = {one.id for one in lacking}
            lacking += [one for one in index.without_vector(window, FOREIGN) if one.id not in ids]
        if lacking:
            index.remember([one.id for one in lacking], meaning.article_vectors([one.article for one in lacking]))


def said_of(heard: Transcript, title: str, day: dt.date | None) -> Said:
    """Return what the linker needs to know of a talk; vectors where their model is installed."""
    means = meaning.available() and bool(heard.text.strip())
    vectors = meaning.speech_vectors(heard.text, heard.language) if means else None
    return Said(heard.text, heard.language, title, day.toordinal() if day else None, vectors)


@dataclass(frozen=True, slots=True)
class Told:
    """What the record says of the linked articles, and what they and the talk tell differently."""

    articles: tuple[RecordArticle, ...] = ()
    chapters: tuple[RecordChapter, ...] = ()
    differences: tuple[Difference, ...] = ()


def tell(link: Link, transcript: Transcript | None, origin: Origin) -> Told:
    """Find which moments of the talk tell which paragraphs of the linked articles, and where the two differ.

    Chapters are those of the first article; differences are told of articles in the talk's own language.
    """
    said = sentences(transcript) if transcript else ()
    tongue = (transcript.language if transcript else "").partition("-")[0]
    articles: list[RecordArticle] = []
    found: list[Difference] = []
    for one in link.linked:
        paragraphs, told = one.article.paragraphs, tongue_of(one.article)
        at = aligned([sentence.text for sentence in said], paragraphs, tongue, told)
        articles.append(_recorded(one, origin, passages(said, at)))
        found += differences(said, at, paragraphs) if told == tongue else ()
    chapters = _chapters(link.linked[0].article, articles[0], transcript) if articles and transcript else ()
    return Told(tuple(articles), chapters, tuple(found))


def _recorded(one: Candidate, origin: Origin, told: Sequence[Passage]) -> RecordArticle:
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
            for p in told
        ),
    )


def _chapters(first: Article, recorded: RecordArticle, transcript: Transcript) -> tuple[RecordChapter, ...]:
    told = [Passage(p.paragraph - 1, p.start_ms, p.end_ms) for p in recorded.passages]
    made = chapters(told, first.paragraphs, headline(first.title), transcript.duration_ms)
    return tuple(RecordChapter(start_ms=c.start_ms, end_ms=c.end_ms, title=c.title) for c in made)
