"""The link lives: what stands is looked at again when articles come, change, move or go; no media is touched.

A video without an article is tried again while it is young. An article that a video has is read again: changed, or the
talk's captions corrected, passages are found anew; moved, its address is; withdrawn, the link goes with all that was
derived from it. A link that a person set stays, with what can still be told of it. An article that a person named, and
whose site did not answer, is asked for again.
"""

import asyncio
import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Literal

from votd.flows.articles import (
    Found,
    chosen,
    earlier_of,
    is_site,
    is_young,
    named,
    note_named,
    refresh,
    said_of,
)
from votd.flows.assemble import Parts, Speech
from votd.flows.facts import facts_of
from votd.flows.speech import UNDETERMINED
from votd.flows.steps import Steps, cause
from votd.flows.told import basis, tell
from votd.media.articles import link as linking
from votd.media.articles.gather import Visitor, visitor
from votd.media.articles.index import Index
from votd.media.articles.title import headline
from votd.media.delivery import publish as delivery
from votd.media.errors import VotdError
from votd.media.model import Article, Candidate, Link, Transcript
from votd.media.record import Record, RecordArticle, RecordChapter

State = Literal["linked", "refreshed", "withdrawn", "unchanged", "failed"]
PERSON = "person"
"""The source of articles that persons chose, of which the index knows no other."""


@dataclass(frozen=True, slots=True)
class Relinked:
    """What became of one video's link; ``message`` is one sentence."""

    id: str
    state: State
    message: str


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What every look at a link needs: the articles known, their sources, and what visits sites."""

    index: Index
    sources: tuple[str, ...]
    visits: Visitor


async def relink_all(steps: Steps, index: Index, today: dt.date) -> list[Relinked]:
    """Look after the links of the videos of the last ``article_days`` days; one that fails never stops the next."""
    settings = steps.settings
    videos = await asyncio.to_thread(delivery.index, steps.store)
    young = [video.id for video in videos.videos if is_young(video.date, settings, today)]
    if not young:
        return []
    await refresh(index, settings.articles, settings, today)
    done = []
    async with visitor(private=settings.articles_private) as visits:
        for id_ in young:
            try:
                done.append(await relink(steps, id_, Newsroom(index, settings.articles, visits)))
            except Exception as e:  # whatever one video's link breaks costs that video, never the night
                done.append(Relinked(id_, "failed", cause(e)))
    return done


async def relink(steps: Steps, id_: str, room: Newsroom) -> Relinked:
    """Look after one video's link. Raises ``VotdError`` where what stands cannot be read or published."""
    standing = await asyncio.to_thread(delivery.current_record, steps.store, id_)
    assert standing is not None  # the index of the store names it
    kept = await steps.kept_speech(standing)
    address = named(steps.settings, id_)
    if address:
        found = await _named(address, standing, kept, steps, room)
        if not found.again:
            return await _settled(address, found, standing, kept, steps)
    if standing.articles:
        link, unread = await _kept(standing, kept, room)
    else:  # while a person's choice is waited for, the machine makes none
        link, unread = None if address else await _new(standing, kept, room), {}
    if link is None:
        return Relinked(id_, "unchanged", "")
    origin = standing.articles[0].origin if standing.articles else "machine"
    before = await asyncio.to_thread(earlier_of, room.index, link, room.sources)
    told = await asyncio.to_thread(tell, link, kept.transcript, origin, before)
    articles = tuple(unread.get(at, one) for at, one in enumerate(told.articles))
    if _but_basis(articles) == _but_basis(standing.articles):  # a record of an older votd has none
        return Relinked(id_, "unchanged", "")
    same_first = 0 in unread and unread[0] is standing.articles[0]
    await _publish(steps, standing, kept, articles, standing.chapters if same_first else told.chapters)
    return _told(id_, standing.articles, articles)


async def _publish(
    steps: Steps,
    standing: Record,
    kept: Speech,
    articles: tuple[RecordArticle, ...],
    chapters: tuple[RecordChapter, ...],
) -> None:
    """Publish what stands with other articles; a title that was the article's follows it."""
    before = headline(standing.articles[0].title) if standing.articles else None
    title = headline(articles[0].title) if articles and before == standing.title else standing.title
    parts = await standing_parts(steps, standing, kept)
    facts = dataclasses.replace(parts.facts, title=title)
    await steps.publish(dataclasses.replace(parts, facts=facts, articles=articles, chapters=chapters), standing)


async def standing_parts(steps: Steps, standing: Record, speech: Speech) -> Parts:
    """Return what the version that stands was made of, with what is now known of its speech."""
    return Parts(
        facts=facts_of(standing),
        source=standing.source,
        encoded=await steps.kept_encode(standing),
        speech=speech,
        articles=standing.articles,
        chapters=standing.chapters,
        public=steps.settings.public_url,
        language=standing.language,
    )


async def _named(address: str, standing: Record, kept: Speech, steps: Steps, room: Newsroom) -> Found:
    """Ask once more for the article that a person named."""
    heard = kept.transcript or Transcript(standing.language or UNDETERMINED, 0.0, 0, ())
    said = await asyncio.to_thread(said_of, heard, standing.title, standing.date)
    found = await chosen(said, address, steps.settings)
    before = await asyncio.to_thread(earlier_of, room.index, found.link, room.sources)
    return dataclasses.replace(found, earlier=before)


async def _settled(address: str, found: Found, standing: Record, kept: Speech, steps: Steps) -> Relinked:
    """Link the article that a person named, now that its site answers; one that it does not have is not waited for.

    Meanwhile a person may have named another, whose note is left for the next night.
    """
    if named(steps.settings, standing.id) != address:
        return Relinked(standing.id, "unchanged", "")
    told = await asyncio.to_thread(tell, found.link, kept.transcript, "person", found.earlier)
    if told.articles:
        await _publish(steps, standing, kept, told.articles, told.chapters)
    if named(steps.settings, standing.id) == address:
        note_named(steps.settings, standing.id, None)
    if not told.articles:
        return Relinked(standing.id, "failed", " ".join(found.problems))
    linked = f"Linked to “{told.articles[0].title}”, which a person named."
    return Relinked(standing.id, "linked", " ".join([linked, *found.problems]))


async def _new(standing: Record, kept: Speech, room: Newsroom) -> Link | None:
    """Try a video without an article again."""
    if not kept.transcript or not kept.transcript.utterances or not room.sources:
        return None
    said = await asyncio.to_thread(said_of, kept.transcript, standing.title, standing.date)
    link = await asyncio.to_thread(linking.link, room.index, said, room.sources)
    return link if link.status == "linked" else None


async def _kept(standing: Record, kept: Speech, room: Newsroom) -> tuple[Link | None, dict[int, RecordArticle]]:
    """Read the articles of a video again; ``None`` where there is nothing new to tell of any.

    Those that could not be read come too, by their place in the link: what stands of them is kept.
    """
    found: list[Candidate] = []
    unread: dict[int, RecordArticle] = {}
    changed = False
    for one in standing.articles:
        known, article = await _again(one, room)
        if not known:
            unread[len(found)] = one
        elif article is None or not _is_as_told(one, article, kept.transcript):
            changed = True
        if article is None and (not known or one.origin == "person"):
            article = Article(one.title, (), one.url or one.title, one.url, one.date, one.language)
        if article is not None:
            found.append(Candidate(article, one.score, linked=True))
    return Link("linked" if found else "none", tuple(found)) if changed else None, unread


def _but_basis(articles: tuple[RecordArticle, ...]) -> list[RecordArticle]:
    return [one.model_copy(update={"basis": None}) for one in articles]


def _is_as_told(one: RecordArticle, article: Article, transcript: Transcript | None) -> bool:
    """Tell whether an article, and the talk, are as they were when the record was made."""
    stands = (one.title, one.url, one.date, one.language, one.basis)
    return stands == (article.title, article.url, article.date, article.language, basis(transcript, article))


async def _again(one: RecordArticle, room: Newsroom) -> tuple[bool, Article | None]:
    """Return whether anything can be told of an article, and the article, ``None`` where it was withdrawn."""
    if one.url is None:
        return False, None
    source = room.index.source_of(one.url)
    if room.index.is_gone(one.url) or (source is not None and not is_site(source)):
        return True, room.index.at(one.url)
    if source is None and not is_site(one.url):
        return False, None
    try:
        return True, await room.visits.recheck(room.index, source or PERSON, one.url)
    except VotdError:
        return False, None  # out of reach now: what stands is kept


def _told(id_: str, before: tuple[RecordArticle, ...], after: tuple[RecordArticle, ...]) -> Relinked:
    if not after:
        return Relinked(id_, "withdrawn", f"The article “{before[0].title}” was withdrawn, and the link with it.")
    if not before:
        return Relinked(id_, "linked", f"Linked to “{after[0].title}”.")
    return Relinked(id_, "refreshed", f"The article “{after[0].title}” changed, and what was derived from it.")
