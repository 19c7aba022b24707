"""Take an article out of an HTML page: ``prune`` cuts what is none of it, ``trafilatura`` finds the main text.

The page is parsed, never fetched, and nothing that it points to is opened.
"""

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any

from votd.media.articles.facts import date_of, language_of, url_of
from votd.media.articles.files import decode
from votd.media.articles.prune import prune, squeezed
from votd.media.articles.title import headline
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
_LANGUAGES = (
    "/html/@lang",
    "//meta[@property='og:locale']/@content",
    "//meta[translate(@http-equiv, 'CL', 'cl')='content-language']/@content",
)
_LONG = 80  # characters of a paragraph that belongs to a text
_SITE = re.compile(r"(?:.*\s)?(?:[-–—|·•»«/]|::)(?:\s.*)?")
"""What stands before or after a title in a window's bar."""
_LABEL = re.compile(r"\W*(?:advertise?ment|advertising|sponsored|реклама|маркетинг|оглас)\W*", re.IGNORECASE)
_DEAR = re.compile(r"(?:dear readers?|почитувани? читател[иуе]?|драги? читател[иуе]?)\W*", re.IGNORECASE)


def read_page(data: bytes, name: str) -> Article:
    """Read title, main text, canonical address, date and language of a page.

    A date counts only where the page's metadata, or a ``time`` of its article, states it. Raises ``BadRequest`` for
    what is no page or has no text.
    """
    text = decode(data, name, declared=True)
    try:
        article = _read(text, name)
    except BadRequest:
        raise
    except Exception as e:  # any failure of a parser on a stranger's page means the same: this page is left out
        raise BadRequest(f"{name} could not be read as a page, give the article as a text file.") from e
    if not article.title or not article.paragraphs:
        raise BadRequest(f"{name} has no title or no text that could be found, give the article as a text file.")
    return article


def _read(text: str, name: str) -> Article:
    import trafilatura  # noqa: PLC0415 (takes half a second, and only HTML needs it)

    tree = trafilatura.load_html(text)
    if tree is None:
        raise BadRequest(f"{name} is not a page with a main text, give the article as a text file.")
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        raise BadRequest(f"{name} has more than {MAX_ELEMENTS:,} elements, give the article as a text file.")
    facts = trafilatura.extract_metadata(tree)
    heading, title = _headline(tree, " ".join((facts.title or "").split()))
    date = next(filter(None, map(date_of, _dates(tree, heading))), None)
    stated = (value for path in _LANGUAGES for value in tree.xpath(path))
    language = next(filter(None, map(language_of, stated)), None)
    whole = copy.deepcopy(tree)
    prune(tree, heading)
    # Where the pruned page has no main text, something in it misled us.
    tried = (trafilatura.bare_extraction(one, include_comments=False, include_tables=False) for one in (tree, whole))
    found: Any = next(filter(None, tried), None)
    if found is None:
        raise BadRequest(f"{name} is not a page with a main text, give the article as a text file.")
    return Article(title, _own((found.text or "").split("\n"), title), name, url_of(facts.url), date, language)


def _headline(tree: Any, title: str) -> tuple[Any, str]:
    """Return the heading that says the title, or the first; and the title without a site's name that is not in it."""
    for heading in tree.iter("h1", "h2", "h3"):
        said = squeezed(heading)
        if len(said) > len(title) / 2 and said in title:
            before, _, after = title.partition(said)
            if all(not beside or _SITE.fullmatch(beside) for beside in (before.strip(), after.strip())):
                return heading, said
    return next(tree.iter("h1"), None), title


def _dates(tree: Any, heading: Any) -> Iterator[str]:
    """Yield what may be the stated day. Not trafilatura's: it guesses, and takes the year of a footer, told or not."""
    for path in _DATES:
        yield from tree.xpath(path)
    yield from _PUBLISHED.findall(" ".join(tree.xpath(_LINKED_DATA)))
    if heading is not None:
        told = 0
        for element in heading.xpath("following::*[self::p or self::time[@datetime]]"):
            told += len(squeezed(element)) >= _LONG
            if element.tag == "time" and told < 2:
                yield element.get("datetime")
    yield from tree.xpath(_TIMES)


def _own(lines: Iterable[str], title: str) -> tuple[str, ...]:
    """Return the paragraphs without the title, labels, the rubric's name, and an appeal that greets the reader."""
    told = [" ".join(line.split()).removeprefix("- ") for line in lines]
    told = [line for line in told if line and line != title and not _LABEL.fullmatch(line) and not _is_rubric(line)]
    greets = [at > 1 and bool(_DEAR.fullmatch(line)) for at, line in enumerate(told)]
    return tuple(line for at, line in enumerate(told) if not any(greets[max(0, at - 1) : at + 1]))


def _is_rubric(line: str) -> bool:
    return headline(f"{line}: x") == "x"
