"""What a site lists of itself: its sitemaps, and what its home page says where to look.

``lxml`` reads them without entities, DTDs or network.
"""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from votd.media.articles.facts import date_of, language_of, url_of
from votd.media.errors import BadRequest

MOST = 5_000
WORDPRESS = "/wp/v2/posts?per_page=50&_fields=link,title,content,date_gmt,modified_gmt,lang"
_FEEDS = "application/rss+xml", "application/atom+xml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One article that is listed. ``html`` is its whole text where the list brings it; ``modified`` only a mark."""

    url: str
    title: str | None = None
    date: dt.date | None = None
    language: str | None = None
    modified: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What an address lists, and further addresses that list more (a sitemap's sitemaps, a home page's feeds)."""

    entries: tuple[Entry, ...] = ()
    more: tuple[str, ...] = ()


def discover(body: bytes, url: str) -> tuple[str, ...]:
    """Return what a site's home page says that lists its articles, the fullest first."""
    tree = etree.HTML(body, parser=etree.HTMLParser(no_network=True))
    found: list[str] = []
    for link in tree.iter("link") if tree is not None else ():
        relation, kind, place = (link.get(name, "") for name in ("rel", "type", "href"))
        if relation == "https://api.w.org/":
            found.insert(0, urljoin(url, place).rstrip("/") + WORDPRESS)
        elif relation == "alternate" and kind in _FEEDS and "comments" not in place:
            found.append(urljoin(url, place))
    return tuple(one for one in dict.fromkeys([*found, urljoin(url, "/sitemap.xml")]) if url_of(one))


def sitemap(body: bytes, url: str) -> Listing:
    """Read a sitemap, a news sitemap, or an index of them; the newest first."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        tree = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as e:
        raise BadRequest(f"The sitemap of {host_of(url)} is not XML that can be read.") from e
    if tree is None:
        raise BadRequest(f"The sitemap of {host_of(url)} is not XML that can be read.")
    entries, more = [], []
    for one in tree.iterchildren("{*}url", "{*}sitemap"):
        place = url_of(urljoin(url, _child(one, "loc") or ""))
        if place is None:
            continue
        if etree.QName(one).localname == "sitemap":
            more.append((_child(one, "lastmod") or "", place))
        else:
            modified = _child(one, "lastmod")
            told = date_of(_child(one, "publication_date") or modified)
            entries.append(Entry(place, _child(one, "title"), told, language_of(_child(one, "language")), modified))
    newest = sorted(entries, key=lambda entry: entry.date or dt.date.min, reverse=True)
    return Listing(tuple(newest[:MOST]), tuple(place for _, place in sorted(more, reverse=True)))


def _child(one: etree._Element, name: str) -> str | None:
    found = next(one.iterfind(f".//{{*}}{name}"), None)
    return found.text.strip() if found is not None and found.text else None


def host_of(url: str) -> str:
    """Name a site in a sentence."""
    return urlsplit(url).hostname or "The address"
