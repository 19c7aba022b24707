"""What search engines, feeds and other sites read: JSON-LD of a record, its oEmbed answer, the snippet that embeds it.

Every address is absolute where the store's public address is known; in the page alone it may be relative to the page.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from votd.media.record import Record, RecordArticle, RecordPassage

Address = Callable[[str], str]
"""Makes an address of a path in the store."""

_FRAGMENT_WORDS = 8
_CLIPS_FROM_MS = 30_000
# No blanks, controls, quotes or angle brackets: what a browser would have to repair is not an address.
_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20\x7f\"'<>\\^`{|}]+", re.IGNORECASE)


def web_address(url: str | None) -> str | None:
    """Return an address that may stand in a link, ``None`` for every other scheme and for what is no address."""
    return url if url is not None and _WEB_ADDRESS.fullmatch(url) else None


def absolute(root: str) -> Address:
    """Return what puts a path under the store's public address."""
    return lambda path: f"{root.rstrip('/')}/{quote(path)}"


def structured(record: Record, address: Address, transcript: str | None) -> dict[str, Any]:
    """Describe the video and its articles as one JSON-LD graph.

    Google's properties of ``VideoObject`` and ``Clip`` (Search Central, "Video structured data") and schema.org's
    ``associatedArticle``, ``transcript`` and ``caption``.
    """
    page = address(record.page)
    linked = [(one, url) for one in record.articles if (url := web_address(one.url))]
    video: dict[str, Any] = {
        "@type": "VideoObject",
        "@id": f"{page}#video",
        "url": page,
        "name": record.title,
        "description": record.description or record.title,
        "thumbnailUrl": [address(path) for path in (record.share_image, record.poster) if path],
        "uploadDate": record.published_at.isoformat(timespec="seconds"),
        "dateModified": record.updated_at.isoformat(timespec="seconds"),
        "duration": _duration(record.duration_ms),
        "contentUrl": address(record.mp4),
        "encodingFormat": "video/mp4",
        "embedUrl": address(record.embed) if record.embed else None,
        "inLanguage": record.language,
        "width": _pixels(record.source.width),
        "height": _pixels(record.source.height),
        "genre": record.rubric,
        "author": {"@type": "Person", "name": record.commentator} if record.commentator else None,
        "transcript": transcript or None,
        "caption": [
            {
                "@type": "MediaObject",
                "contentUrl": address(track.vtt),
                "encodingFormat": "text/vtt",
                "inLanguage": track.language,
                "name": track.label,
            }
            for track in record.captions
        ],
        "hasPart": _clips(record, page),
        "associatedArticle": [{"@id": _article_id(url)} for _, url in linked],
    }
    stories = [_article(one, url, f"{page}#video") for one, url in linked]
    return {"@context": "https://schema.org", "@graph": [_filled(one) for one in (video, *stories)]}


def script(data: dict[str, Any]) -> str:
    """Write JSON-LD so that it can stand in a page: nothing in it ends the script or begins a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def oembed(record: Record, address: Address) -> dict[str, Any]:
    """Answer as oEmbed 1.0 does (oembed.com, section 2.3.4.2) for a video."""
    width, height = fitted(record.source.width, record.source.height)
    image = record.share_image
    thumbnail = {"thumbnail_url": address(image), "thumbnail_width": 1200, "thumbnail_height": 630} if image else {}
    return _filled(
        {
            "version": "1.0",
            "type": "video",
            "title": record.title,
            "author_name": record.commentator,
            "cache_age": 3600,
            **thumbnail,
            "html": snippet(record, address, width, height),
            "width": width,
            "height": height,
        }
    )


def snippet(record: Record, address: Address, width: int, height: int) -> str:
    """Return the HTML that puts the player into another page."""
    src, title = escape(address(record.embed or record.page)), escape(record.title)
    return (
        f'<iframe src="{src}" title="{title}" width="{width}" height="{height}" style="border:0;max-width:100%" '
        'allowfullscreen loading="lazy"></iframe>'
    )


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return a size for a frame: at most 640 pixels wide and 640 high."""
    share = min(1.0, 640 / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def fragment(passage: RecordPassage) -> str:
    """Return the text fragment that leads to a paragraph (WICG Scroll To Text Fragment): ``:~:text=…``."""
    words = " ".join(passage.quote.split()[:_FRAGMENT_WORDS])
    return f":~:text={quote(words, safe='').replace('-', '%2D')}"


def _clips(record: Record, page: str) -> list[dict[str, Any]]:
    """Return the chapters inside the video; Google takes none of a video that is shorter than half a minute."""
    if record.duration_ms < _CLIPS_FROM_MS:
        return []
    return [
        {
            "@type": "Clip",
            "name": chapter.title,
            "startOffset": chapter.start_ms / 1000,
            "endOffset": min(chapter.end_ms, record.duration_ms) / 1000,
            "url": f"{page}?t={chapter.start_ms // 1000}",
        }
        for chapter in record.chapters
        if chapter.start_ms < record.duration_ms
    ]


def _duration(milliseconds: int) -> str:
    """Write a duration in whole seconds, as Google's own examples do (ISO 8601): ``PT1M25S``."""
    minutes, seconds = divmod(max(1, round(milliseconds / 1000)), 60)
    hours, minutes = divmod(minutes, 60)
    return "PT" + "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)


def _pixels(number: int) -> dict[str, Any]:
    return {"@type": "QuantitativeValue", "value": number, "unitCode": "E37"}  # UN/CEFACT's code of the pixel


def _article_id(url: str) -> str:
    return f"{url.partition('#')[0]}#article"


def _article(article: RecordArticle, url: str, video: str) -> dict[str, Any]:
    return {
        "@type": "NewsArticle",
        "@id": _article_id(url),
        "url": url,
        "headline": article.title,
        "inLanguage": article.language,
        "datePublished": article.date.isoformat() if article.date else None,
        "video": {"@id": video},
    }


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in (None, [], "")}
