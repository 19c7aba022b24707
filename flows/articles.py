"""The articles of a newsroom, as a run needs them: sources brought up to date, and the talk's own found."""

import asyncio
import contextlib
import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from votd.config.settings import Settings
from votd.flows.told import Earlier
from votd.media.articles.gather import gather_folder, visitor
from votd.media.articles.index import Index
from votd.media.articles.link import BEFORE_DAYS, earlier, link
from votd.media.articles.rank import Said
from votd.media.articles.read import read_file
from votd.media.articles.sitemap import host_of
from votd.media.errors import BadRequest, Unavailable
from votd.media.model import Article, Candidate, Link, Transcript


@dataclass(frozen=True, slots=True)
class Found:
    """The linker's verdict, and sentences on what could not be read or fits badly.

    ``unsure`` is true where the articles that stand could not be judged: nothing speaks against them. ``again`` is true
    where the site of the article that a person named did not answer, and the night should ask once more. ``earlier`` is
    what earlier turns of the linked articles' stories tell.
    """

    link: Link
    problems: tuple[str, ...] = ()
    unsure: bool = False
    again: bool = False
    earlier: Earlier = ()


def earlier_of(index: Index, link: Link, sources: Sequence[str]) -> Earlier:
    """Return what the earlier turns of each linked article's story tell; where that breaks, it costs no link.

    The source that brought an article is asked too: by night it may be none of ``sources``.
    """
    with contextlib.suppress(Exception):
        return [earlier(index, one.article, [*sources, *_source(index, one.article)]) for one in link.linked]
    return _unknown(link)


def _source(index: Index, article: Article) -> list[str]:
    source = index.source_of(article.url) if article.url else None
    return [source] if source else []


def _unknown(link: Link) -> Earlier:
    return [None for _ in link.linked]


def earlier_here(link: Link, sources: Sequence[str], settings: Settings) -> Earlier:
    """Ask this machine's index for the earlier turns, if it has any sources; out of reach it costs no link."""
    if not sources:
        return [{} for _ in link.linked]
    with contextlib.suppress(Exception), contextlib.closing(index_of(settings)) as index:
        return earlier_of(index, link, sources)
    return _unknown(link)


def index_of(settings: Settings) -> Index:
    """Open this machine's index."""
    return Index(settings.home / "articles.sqlite")


async def refresh(index: Index, sources: Sequence[str], settings: Settings, today: dt.date) -> tuple[str, ...]:
    """Bring the index up to date; return sentences on what could not be read. Nothing is raised."""
    problems: list[str] = []
    sites = [source for source in sources if is_site(source)]
    for source in sources:
        if source not in sites:
            try:
                problems += await asyncio.to_thread(gather_folder, index, Path(source))
            except BadRequest as e:  # a folder that is away tonight costs a sentence, as a site does
                problems.append(str(e))
            except Exception as e:  # nor does what nobody thought of cost the other sources
                problems.append(_unread(source, e))
    if sites:
        since = today - dt.timedelta(days=BEFORE_DAYS)
        async with visitor(private=settings.articles_private) as visits:
            for source in sites:
                try:
                    problems += await visits.gather(index, source, since=since)
                except Exception as e:
                    problems.append(_unread(host_of(source), e))
    return tuple(problems)


def _unread(source: str, error: Exception) -> str:
    return f"{source} could not be read: {type(error).__name__} came up, which nobody expected."


def is_site(source: str) -> bool:
    """Tell an address from a folder."""
    return source.lower().startswith(("http://", "https://"))


def is_young(day: dt.date, settings: Settings, today: dt.date) -> bool:
    """Tell whether the nightly flow looks after the link of a video of this day."""
    return (today - day).days <= settings.article_days


async def chosen(said: Said, place: str, settings: Settings, *, young: bool = True) -> Found:
    """Take a person's choice, a file or an address; say so where the talk does not seem to be about it.

    A page that its site does not give costs the link and a sentence, not the video; one that does not answer now is to
    be asked for again while the video is ``young``. Raises ``BadRequest`` for a file that is no article.
    """
    try:
        article = await _page(place, settings) if is_site(place) else await asyncio.to_thread(read_file, Path(place))
    except (BadRequest, Unavailable) as e:
        if not is_site(place):
            raise
        again, then = False, "The video is not linked: publish it again to name its article."
        if young and isinstance(e, Unavailable):
            until = f"until the video is {settings.article_days} days old."
            again, then = True, f"No link was changed: the nightly flow asks again {until}"
        return Found(Link("none", ()), (f"{e} {then}",), again=again)
    verdict = await asyncio.to_thread(_alone, replace(said, day=None), article)  # a person may choose an old one
    best = verdict.best or Candidate(article, 0.0)
    doubts = (DOUBT,) if said.terms and verdict.status == "none" else ()
    return Found(Link("linked", (Candidate(article, best.score, best.evidence, linked=True),)), doubts)


async def _page(url: str, settings: Settings) -> Article:
    async with visitor(private=settings.articles_private) as visits:
        return await visits.page(url)


def _alone(said: Said, article: Article) -> Link:
    with contextlib.closing(Index()) as index:
        index.put("person", [(article.file, "", article)])
        return link(index, said, ("person",))


DOUBT = "The article that was named shares little with what is said: see that it is the right one."
KEPT = "The link that stands is kept, though it could not be judged anew."


def note_named(settings: Settings, id_: str, address: str | None) -> None:
    """Keep for the night the address that a person named for a video, and that did not answer; ``None`` strikes it out.

    It is no part of the index, which may be thrown away.
    """
    note = _note(settings, id_)
    if address is None:
        note.unlink(missing_ok=True)
        return
    note.parent.mkdir(parents=True, exist_ok=True)
    fresh = note.with_suffix(f".{secrets.token_hex(4)}.part")
    fresh.write_text(address, encoding="utf-8")
    fresh.replace(note)


def named(settings: Settings, id_: str) -> str | None:
    """Return the address that a person named for a video, and that did not answer yet."""
    try:
        return _note(settings, id_).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _note(settings: Settings, id_: str) -> Path:
    return settings.home / "named" / f"{id_}.txt"


def said_of(heard: Transcript, title: str, day: dt.date | None) -> Said:
    """Return what the linker needs to know of a talk."""
    return Said(heard.text, heard.language, title, day.toordinal() if day else None)
