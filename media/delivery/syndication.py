"""The videos of the store for feed readers and search engines: Media RSS and a video sitemap, made from the index.

``lxml`` writes them: it escapes what titles bring, and refuses what XML cannot carry, which is left out first.
"""

import datetime as dt
import re
from email.utils import format_datetime
from urllib.parse import quote

from lxml import etree
from lxml.builder import ElementMaker

from votd.media.record import Index, IndexEntry

FEED_ITEMS = 50
SITEMAP_ITEMS = 50_000  # sitemaps.org: at most 50,000 addresses and 50 MB
_MEDIA = "http://search.yahoo.com/mrss/"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
_DESCRIPTION = 2048  # Google: longer descriptions are cut
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_M = ElementMaker(namespace=_MEDIA, nsmap={"media": _MEDIA})
_R = ElementMaker()
_S = ElementMaker(namespace=_SITEMAP, nsmap={None: _SITEMAP, "video": _VIDEO})
_V = ElementMaker(namespace=_VIDEO)


def feed(videos: Index, root: str) -> bytes:
    """Write the newest videos as RSS 2.0 with Media RSS 1.5.1; ``root`` is the store's public address."""
    shown = [video for video in videos.videos if video.page][:FEED_ITEMS]
    rubric = next((video.rubric for video in shown if video.rubric), "Videos")
    home = f"{root.rstrip('/')}/"
    channel = _R.channel(_R.title(_text(rubric)), _R.link(home), _R.description(_text(rubric)))
    if shown:
        channel.append(_R.lastBuildDate(_rfc822(max(video.published_at for video in shown))))
    for video in shown:
        channel.append(_item(video, root))
    return _written(ElementMaker(nsmap={"media": _MEDIA}).rss(channel, version="2.0"))


def sitemap(videos: Index, root: str) -> bytes:
    """Write a video sitemap (Google, "Video sitemaps"), the newest first."""
    shown = [video for video in videos.videos if video.page and video.poster][:SITEMAP_ITEMS]
    return _written(_S.urlset(*(_url(video, root) for video in shown)))


def _item(video: IndexEntry, root: str) -> etree._Element:
    width, height = video.size or (0, 0)
    content = _M.content(
        _M.title(_text(video.title)),
        _M.thumbnail(url=_at(root, video.poster)),
        url=_at(root, video.mp4),
        type="video/mp4",
        medium="video",
        duration=str(round((video.duration_ms or 0) / 1000)),
        width=str(width),
        height=str(height),
    )
    if video.language:
        content.set("lang", video.language)
    item = _R.item(
        _R.title(_text(video.title)),
        _R.link(_at(root, video.page)),
        _R.guid(_text(video.id), isPermaLink="false"),
        _R.pubDate(_rfc822(video.published_at)),
        _R.description(_text(video.description or video.title)),
        content,
    )
    if video.commentator:
        content.append(_M.credit(_text(video.commentator), role="author"))
    if video.embed:
        item.append(_M.player(url=_at(root, video.embed)))
    return item


def _url(video: IndexEntry, root: str) -> etree._Element:
    about = _V.video(
        _V.thumbnail_loc(_at(root, video.poster)),
        _V.title(_text(video.title)),
        _V.description(_text(video.description or video.title)[:_DESCRIPTION]),
        _V.content_loc(_at(root, video.mp4)),
        *([_V.player_loc(_at(root, video.embed))] if video.embed else []),
        _V.duration(str(max(1, min(28_800, round((video.duration_ms or 1000) / 1000))))),
        _V.publication_date(video.published_at.isoformat()),
    )
    return _S.url(_S.loc(_at(root, video.page)), about)


def _at(root: str, path: str | None) -> str:
    return f"{root.rstrip('/')}/{quote(path or '')}"


def _text(text: str) -> str:
    return _NOT_XML.sub("", text)


def _rfc822(moment: dt.datetime) -> str:
    return format_datetime(moment)


def _written(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))
