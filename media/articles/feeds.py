"""What an address lists: the entries of a feed, a sitemap or a WordPress site. Pure: bytes in, nouns out.

``feedparser`` reads RSS and Atom as they are found in the wild, broken ones too. What declares a document type of its
own is an attack, and refused before any parser sees it.
"""

import calendar
import datetime as dt
import html
import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from votd.media.articles.facts import date_of, language_of, url_of
from votd.media.articles.sitemap import MOST, Entry, Listing, discover, host_of, sitemap
from votd.media.errors import BadRequest

_TAG = re.compile(r"<[^>]*>")
_NUMBERED = re.compile(rb"&#(?:x([0-9a-f]+)|0*([1-9][0-9]*));", re.IGNORECASE)


def listing(body: bytes, url: str) -> Listing:
    """Read what an address gave. Raises ``BadRequest`` for what lists nothing."""
    body = _NUMBERED.sub(_character, body)
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start[:1] in (b"{", b"["):
        found = Listing(tuple(_posts(body, url)))
    elif start.startswith(b"<!doctype html") or b"<html" in start:
        return Listing(more=discover(body, url))
    elif b"<!doctype" in start or b"<!entity" in body[:100_000].lower():
        raise BadRequest(f"What {host_of(url)} lists declares a document type of its own: that is no feed of news.")
    elif b"<urlset" in start or b"<sitemapindex" in start:
        found = sitemap(body, url)
    else:
        found = Listing(tuple(_feed(body, url)))
    if not found.entries and not found.more:
        raise BadRequest(f"{host_of(url)} lists no articles there: give a feed, a news sitemap or a WordPress site.")
    return Listing(_unique(found.entries), found.more[:50])


def _character(named: re.Match[bytes]) -> bytes:
    """Return a character's number as it stands, and U+FFFD's for what is none: one would break the whole list."""
    number = int(named[1], 16) if named[1] else int(named[2][:8])  # eight digits are too many, thousands break int()
    return b"&#xFFFD;" if 0xD800 <= number <= 0xDFFF or number > sys.maxunicode else named[0]


def _feed(body: bytes, url: str) -> Iterator[Entry]:
    import feedparser  # noqa: PLC0415 (a third of a second, and only addresses need it)

    read = feedparser.parse(body, response_headers={"content-location": url}, sanitize_html=False)
    for one in read.entries[:MOST]:
        place = url_of(urljoin(url, str(one.get("link", ""))))
        if place is None:
            continue
        contents = [str(part.get("value", "")) for part in one.get("content", ())]
        yield Entry(
            place,
            _plain(one.get("title")),
            _day(one.get("published_parsed") or one.get("updated_parsed")),
            language_of(read.feed.get("language")),
            one.get("updated"),
            max(contents, key=len, default=None),
        )


def _posts(body: bytes, url: str) -> Iterator[Entry]:
    try:
        # JSON can name half a character, which nothing could write down: it becomes a question mark.
        posts = json.loads(json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as e:
        raise BadRequest(f"What {host_of(url)} lists is not JSON that can be read.") from e
    for post in posts if isinstance(posts, list) else []:
        place = url_of(urljoin(url, str(post.get("link", "")))) if isinstance(post, dict) else None
        if place is None:
            continue
        text = _rendered(post, "content")
        day = date_of(post.get("date_gmt"))
        yield Entry(
            place, _plain(_rendered(post, "title")), day, language_of(post.get("lang")), post.get("modified_gmt"), text
        )


def _rendered(post: dict[str, Any], field: str) -> str | None:
    value = post.get(field)
    text = value.get("rendered") if isinstance(value, dict) else None
    return text if isinstance(text, str) and text else None


def _plain(text: object) -> str | None:
    """Return a title without its tags and entities: feeds escape them once more."""
    return " ".join(html.unescape(_TAG.sub("", text)).split()) or None if isinstance(text, str) else None


def _day(moment: Any) -> dt.date | None:
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(moment), dt.UTC).date() if moment else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _unique(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple({entry.url: entry for entry in entries}.values())[:MOST]
