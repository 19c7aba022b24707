"""The videos of the store for feed readers and search engines: Media RSS and a video sitemap, made from the index.

``lxml`` writes them: it escapes what titles bring, and refuses what XML cannot carry, which is left out first.
"""

import re
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from lxml import etree
from lxml.builder import ElementMaker

from votd.media.record import Index, IndexEntry

FEED_ITEMS = 50
SITEMAP_ITEMS = 50_000  # sitemaps.org: at most 50,000 addresses and 50 MB
SITEMAP_BYTES = 50_000_000
_ATOM = "http://www.w3.org/2005/Atom"
_MEDIA = "http://search.yahoo.com/mrss/"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
_TITLE = 100  # the longest title and description that Google reads of a video in a feed or a sitemap
_DESCRIPTION = 2048
_LONGEST_S = 28_800
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_A = ElementMaker(namespace=_ATOM, nsmap={"atom": _ATOM})
_M = ElementMaker(namespace=_MEDIA, nsmap={"media": _MEDIA})
_R = ElementMaker()
_S = ElementMaker(namespace=_SITEMAP, nsmap={None: _SITEMAP, "video": _VIDEO})
_V = ElementMaker(namespace=_VIDEO)


def feed(videos: Index, root: str) -> bytes:
    """Write the newest videos as RSS 2.0 with Media RSS 1.5.1; ``root`` is the store's public address."""
    shown = [video for video in videos.videos if video.page][:FEED_ITEMS]
    rubric = next((text for video in shown if (text := _text(video.rubric))), "Videos")
    channel = _R.channel(
        _R.title(rubric),
        _R.link(_at(root, "")),
        _A.link(href=_at(root, "feed.xml"), rel="self", type="application/rss+xml"),
        _R.description(rubric),
    )
    if shown:
        channel.append(_R.lastBuildDate(format_datetime(max(video.published_at for video in shown))))
    for video in shown:
        channel.append(_item(video, root))
    return _written(ElementMaker(nsmap={"atom": _ATOM, "media": _MEDIA}).rss(channel, version="2.0"))


def sitemap(videos: Index, root: str) -> bytes:
    """Write a video sitemap (Google, "Video sitemaps"), the newest first and as many as a sitemap may have."""
    made, room = _S.urlset(), SITEMAP_BYTES - 1000  # for what is around them
    for video in [video for video in videos.videos if video.page and video.poster][:SITEMAP_ITEMS]:
        url = _url(video, root)
        room -= len(etree.tostring(url, encoding="utf-8", pretty_print=True))
        if room < 0:
            break
        made.append(url)
    return _written(made)


def _item(video: IndexEntry, root: str) -> etree._Element:
    """Describe a video as RSS does, and once more as Google reads it in Media RSS ("mRSS reference")."""
    content = _M.content(
        _M.title(_short(_title(video), _TITLE)),
        _M.description(_short(_about(video), _DESCRIPTION)),
        _M.thumbnail(url=_at(root, video.poster)),
        url=_at(root, video.mp4),
        type="video/mp4",
        medium="video",
    )
    if video.duration_ms is not None:
        content.set("duration", str(_seconds(video.duration_ms)))
    if video.size:
        content.set("width", str(video.size[0]))
        content.set("height", str(video.size[1]))
    if language := _text(video.language):
        content.set("lang", language)
    item = _R.item(
        _R.title(_title(video)),
        _R.link(_at(root, video.page)),
        _R.guid(_text(video.id), isPermaLink="false"),
        _R.pubDate(format_datetime(video.published_at)),
        _R.description(escape(_about(video)).replace("\n", "<br>")),  # RSS: as HTML, the one text that is
        content,
    )
    if commentator := _text(video.commentator):
        content.append(_M.credit(commentator, role="author"))
    if video.embed:
        item.append(_M.player(url=_at(root, video.embed)))
    return item


def _url(video: IndexEntry, root: str) -> etree._Element:
    length = () if video.duration_ms is None else (_V.duration(str(min(_LONGEST_S, _seconds(video.duration_ms)))),)
    about = _V.video(
        _V.thumbnail_loc(_at(root, video.poster)),
        _V.title(_short(_title(video), _TITLE)),
        _V.description(_short(_about(video), _DESCRIPTION)),
        _V.content_loc(_at(root, video.mp4)),
        *([_V.player_loc(_at(root, video.embed))] if video.embed else []),
        *length,
        _V.publication_date(video.published_at.isoformat(timespec="seconds")),
    )
    return _S.url(_S.loc(_at(root, video.page)), about)


def _title(video: IndexEntry) -> str:
    return _text(video.title) or _text(video.id)


def _about(video: IndexEntry) -> str:
    return _text(video.description) or _title(video)


def _at(root: str, path: str | None) -> str:
    return f"{root.rstrip('/')}/{quote(path or '')}"


def _text(text: str | None) -> str:
    """Leave out what XML cannot carry."""
    return _NOT_XML.sub("", text or "").strip()


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _seconds(milliseconds: int) -> int:
    return max(1, round(milliseconds / 1000))


def _written(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))
