"""Bring the index up to date from a source: what is new or changed is read, what is gone is forgotten.

A site is asked for what it lists (a feed, a sitemap, WordPress), and then for the pages that are new or marked as
changed; ETag and If-Modified-Since spare it the rest. A dead or hostile site costs its share of time, and a sentence.
"""

import asyncio
import contextlib
import datetime as dt
import html
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from votd.media.articles.fetch import Web, anywhere, web
from votd.media.articles.files import name_of
from votd.media.articles.index import Index
from votd.media.articles.read import bounded, files, read_file
from votd.media.articles.reader import Reader, reader
from votd.media.articles.sitemap import Entry, Listing, host_of
from votd.media.errors import BadRequest, Gone, Unavailable, VotdError
from votd.media.model import Article

PAGES, AT_ONCE = 200, 4
"""Pages that one visit asks a site for, the newest first, and how many at a time."""
LISTS = 5
FAILURES = 3
WHOLE_TEXT = 1_000  # characters of HTML from which a feed's entry is taken for the article, not for its teaser


@dataclass(frozen=True, slots=True)
class Visitor:
    """What visits a site: the web, and the child that reads what comes."""

    web: Web
    reader: Reader

    async def gather(self, index: Index, source: str, *, since: dt.date, seconds: float = 60) -> tuple[str, ...]:
        """Read what a site lists and the pages that are new; return sentences on what went wrong, few.

        Articles older than ``since`` are left alone. Nothing is raised: what was read is kept, the next visit goes on.
        """
        etag, modified = index.validators(source)
        problems: list[str] = []
        try:
            async with asyncio.timeout(seconds):
                fetched = await self.web.get(source, etag=etag, modified=modified)
                if fetched is not None:
                    listing = await self.reader.listing(fetched.body, fetched.url)
                    problems += await self._pages(index, source, await self._listed(listing), since)
                    # A home page or an index of sitemaps stays the same while the lists that it names grow.
                    etag, modified = (fetched.etag, fetched.modified) if listing.entries else (None, None)
        except TimeoutError:
            problems.append(f"{host_of(source)} was left after {seconds:g} s: the next visit goes on.")
        except VotdError as e:
            problems.append(str(e))
        if problems:  # what was not read whole must not be "unchanged" the next time
            etag = modified = None
        index.note(source, etag=etag, modified=modified)
        return tuple(problems)

    async def recheck(self, index: Index, source: str, url: str) -> Article | None:
        """Read one page again; ``None`` where it was withdrawn. Raises ``VotdError`` where that cannot be told.

        What the source's list said of it (headline, day) stands: the page may add the site's name to its title.
        """
        try:
            article = await self.page(url)
        except Gone:
            index.forget(source, [url])
            return None
        known, mark = index.at(url), index.fingerprints(source).get(url)
        if known and mark:
            article = replace(article, title=known.title, date=known.date, language=known.language)
        index.put(source, [(url, mark or "", article)])
        return index.at(article.url or url)

    async def page(self, url: str) -> Article:
        """Read one page. Raises ``BadRequest`` or ``Unavailable``."""
        fetched = await self.web.get(url)
        assert fetched is not None  # nothing was said of what is known
        return bounded(replace(await self.reader.page(fetched.body, fetched.url), file=url, url=fetched.url))

    async def _listed(self, listing: Listing) -> list[Entry]:
        """Return the entries of a list, or of the first lists that it names and that have some.

        Raises ``Unavailable`` where none has any, and one did not answer.
        """
        found, ahead, read = [*listing.entries], [*listing.more], 0
        silent: Unavailable | None = None
        while ahead and not found and read < LISTS:
            read += 1
            place = ahead.pop(0)
            try:
                fetched = await self.web.get(place)
                assert fetched is not None  # nothing was said of what is known
                below = await self.reader.listing(fetched.body, fetched.url)
            except BadRequest:
                continue
            except Unavailable as e:
                silent = silent or e
                continue
            found += below.entries
            ahead = [*below.more, *ahead]
        if silent and not found:
            raise silent
        return found

    async def _pages(self, index: Index, source: str, entries: Sequence[Entry], since: dt.date) -> list[str]:
        known = index.fingerprints(source)
        wanted = [e for e in entries if (e.date is None or e.date >= since) and known.get(e.url) != _mark(e)][:PAGES]
        problems: list[str] = []
        broken: list[str] = []
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(entry: Entry) -> None:
            async with turn:
                if len(problems) >= FAILURES:
                    return
                try:
                    index.put(source, [(entry.url, _mark(entry), await self._article(entry))])
                except Gone:
                    index.forget(source, [entry.url])
                except BadRequest:
                    pass  # a page without an article: a gallery, a login, a video
                except Unavailable as e:
                    problems.append(str(e))
                except Exception as e:  # whatever one page breaks costs that page, never the feed
                    broken.append(_unread(entry.url, e))

        await asyncio.gather(*map(one, wanted))
        return sorted({*problems, *broken[:FAILURES]})

    async def _article(self, entry: Entry) -> Article:
        if entry.html and entry.title and len(entry.html) >= WHOLE_TEXT:
            head = f"<html><head><title>{html.escape(entry.title)}</title></head>"
            page = f"{head}<body><article>{entry.html}</article></body></html>"
            article = await self.reader.page(page.encode(), entry.url)
        else:
            fetched = await self.web.get(entry.url)
            assert fetched is not None  # nothing was said of what is known
            article = await self.reader.page(fetched.body, fetched.url)
        return bounded(
            replace(
                article,
                title=entry.title or article.title,
                file=entry.url,
                url=entry.url,
                date=entry.date or article.date,
                language=article.language or entry.language,
            )
        )


@contextlib.asynccontextmanager
async def visitor(*, private: bool) -> AsyncIterator[Visitor]:
    """Open the web and the reader; ``private`` allows sites in this machine's network."""
    async with web(allowed=anywhere if private else None) as opened, reader() as reads:
        yield Visitor(opened, reads)


def gather_folder(index: Index, folder: Path) -> tuple[str, ...]:
    """Read a folder's articles; return one sentence for each file that could not be read.

    A file is read again where its size or time, or its sidecar's, is another. Raises ``BadRequest`` where the folder is
    not there.
    """
    source = str(folder)
    known = index.fingerprints(source)
    kept: set[str] = set()
    problems: list[str] = []
    for path in files(folder):
        name, mark = name_of(path), _fingerprint(path)
        try:
            if known.get(name) != mark:
                index.put(source, [(name, mark, read_file(path))])
            kept.add(name)
        except BadRequest as e:
            problems.append(str(e))
        except Exception as e:  # whatever one file breaks costs that file, never the folder
            problems.append(_unread(name, e))
    # A changed file that cannot be read goes too: what stood there is not what stands there now.
    index.forget(source, sorted(known.keys() - kept))
    return tuple(problems)


def _unread(place: str, error: Exception) -> str:
    return f"{place[:200]} could not be read ({type(error).__name__}): it is left out."


def _fingerprint(path: Path) -> str:
    """Return what changes with a file or its sidecar; nothing for one that has just gone or is out of reach."""
    try:
        told = [path.stat(), *(beside.stat() for beside in [path.with_suffix(".yaml")] if beside.is_file())]
    except OSError:
        return ""
    return " ".join(f"{one.st_size}-{one.st_mtime_ns}" for one in told)


def _mark(entry: Entry) -> str:
    return f"{entry.modified or entry.date} {entry.title}"
