"""Take an article out of an HTML page; ``trafilatura`` finds the main text and the metadata.

The page is parsed, never fetched, and nothing that it points to is opened.
"""

import datetime as dt
import re
from typing import Any

from votd.media.articles.facts import date_of, language_of, url_of
from votd.media.articles.files import decode
from votd.media.errors import BadRequest
from votd.media.model import Article

MAX_ELEMENTS = 15_000
"""Parsing is linear, the search for the main text is not: 200,000 paragraphs (2 MB) took six minutes."""

# Where sites state the day of publication, the surest first: Open Graph, microdata, Dublin Core and older names.
_DATES = (
    "//meta[@property='article:published_time']/@content",
    "//*[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//meta[translate(@name, 'DC', 'dc')='dc.date.issued' or @name='date' or @name='pubdate']/@content",
)
_LINKED_DATA = "//script[@type='application/ld+json']/text()"
_PUBLISHED = re.compile(r"\"datePublished\"\s*:\s*\"([^\"]{10,40})\"")
_TIMES = "//article//time/@datetime"


def read_page(data: bytes, name: str) -> Article:
    """Read title, main text, canonical address, date and language of a page.

    A date counts only where the page's metadata or its article's ``time`` states it. Raises ``BadRequest`` for what
    is no page or has no text.
    """
    tree, found = _extract(decode(data, name, declared=True), name)
    paragraphs = tuple(filter(None, (" ".join(line.split()) for line in (found.text or "").split("\n"))))
    title = " ".join((found.title or "").split())
    if not title or not paragraphs:
        raise BadRequest(f"{name} has no title or no text that could be found, give the article as a text file.")
    language = tree.get("lang") or next(iter(tree.xpath("//meta[@property='og:locale']/@content")), None)
    return Article(title, paragraphs, name, url_of(found.url), _date(tree), language_of(language))


def _date(tree: Any) -> dt.date | None:
    """Find the stated day. Not trafilatura's: it guesses, and takes the year of a footer even when told not to."""
    stated = [value for path in _DATES for value in tree.xpath(path)]
    stated += _PUBLISHED.findall(" ".join(tree.xpath(_LINKED_DATA)))
    stated += tree.xpath(_TIMES)
    return next((date for date in map(date_of, stated) if date), None)


def _extract(text: str, name: str) -> tuple[Any, Any]:
    """Run ``trafilatura`` over one page; returns lxml's tree and ``trafilatura``'s document."""
    import trafilatura  # noqa: PLC0415 (takes half a second, and only HTML needs it)

    try:
        tree = trafilatura.load_html(text)
        if tree is not None and sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
            raise BadRequest(f"{name} has more than {MAX_ELEMENTS:,} elements, give the article as a text file.")
        found = trafilatura.bare_extraction(tree, include_comments=False, include_tables=False, with_metadata=True)
    except BadRequest:
        raise
    except Exception as e:  # any failure of a parser on a stranger's page means the same: this page is left out
        raise BadRequest(f"{name} could not be read as a page, give the article as a text file.") from e
    if tree is None or found is None:
        raise BadRequest(f"{name} is not a page with a main text, give the article as a text file.")
    return tree, found
