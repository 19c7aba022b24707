"""The feed and the sitemap, as another library reads them."""

import datetime as dt
from typing import Any

import feedparser
import pytest
from lxml import etree

from votd.media.delivery.syndication import FEED_ITEMS, feed, sitemap
from votd.media.record import Index, IndexEntry

ROOT = "https://video.example/votd"
HOSTILE = "</title><script>alert(1)</script>\x00\x0b ]]> &amp; “да”"


def entry(number: int = 1, **facts: Any) -> IndexEntry:
    """Return one video of the index."""
    given = {
        "id": f"2026-03-{number:02}-a",
        "date": dt.date(2026, 3, 1),
        "published_at": dt.datetime(2026, 3, 1, 8, number % 60, tzinfo=dt.UTC),
        "title": "Andonovic: troops",
        "source_sha256": "0",
        "articles": (),
        "version": "v",
        "record": "r.json",
        "description": "What it is about",
        "commentator": "Andonovic",
        "rubric": "Video of the day",
        "language": "mk",
        "duration_ms": 85_440,
        "size": (1280, 720),
        "page": "videos/a b/index.html",
        "embed": "videos/a/embed.html",
        "mp4": "media/v.mp4",
        "poster": "media/share.jpg",
    }
    return IndexEntry(**(given | facts))


def test_a_feed_reader_finds_everything() -> None:
    """Title, page, day, and the video with its size, length and picture (Media RSS 1.5.1)."""
    read = feedparser.parse(feed(Index(videos=(entry(),)), f"{ROOT}/"))
    assert not read.bozo
    assert read.feed.title == "Video of the day"
    (item,) = read.entries
    assert (item.title, item.link) == ("Andonovic: troops", f"{ROOT}/videos/a%20b/index.html")
    (content,) = item.media_content
    assert (content["url"], content["type"], content["duration"]) == (f"{ROOT}/media/v.mp4", "video/mp4", "85")
    assert (content["width"], content["height"], content["lang"]) == ("1280", "720", "mk")
    assert item.media_thumbnail[0]["url"] == f"{ROOT}/media/share.jpg"
    assert item.media_player["url"] == f"{ROOT}/videos/a/embed.html"


def test_the_sitemap_has_what_google_requires() -> None:
    """thumbnail_loc, title, description, content_loc; and player_loc, duration, publication_date."""
    tree = etree.fromstring(sitemap(Index(videos=(entry(),)), ROOT))
    (video,) = tree.iterfind(".//{*}video")
    said = {etree.QName(one).localname: one.text for one in video}
    assert said == {
        "thumbnail_loc": f"{ROOT}/media/share.jpg",
        "title": "Andonovic: troops",
        "description": "What it is about",
        "content_loc": f"{ROOT}/media/v.mp4",
        "player_loc": f"{ROOT}/videos/a/embed.html",
        "duration": "85",
        "publication_date": "2026-03-01T08:01:00+00:00",
    }
    assert tree.findtext("{*}url/{*}loc") == f"{ROOT}/videos/a%20b/index.html"


@pytest.mark.parametrize("make", [feed, sitemap])
def test_hostile_titles_stay_text(make: Any) -> None:
    """What XML cannot carry is left out, the rest is escaped."""
    tree = etree.fromstring(make(Index(videos=(entry(title=HOSTILE, description=HOSTILE, rubric=HOSTILE),)), ROOT))
    titles = {one.text for one in tree.iterfind(".//{*}item/{*}title")} | {
        one.text for one in tree.iterfind(".//{*}video/{*}title")
    }
    assert titles == {HOSTILE.replace("\x00", "").replace("\x0b", "")}
    assert not list(tree.iterfind(".//{*}script"))


@pytest.mark.parametrize("make", [feed, sitemap])
def test_videos_of_an_older_index_are_left_out(make: Any) -> None:
    """Their page is not known there; an empty store has an empty list."""
    old = entry(page=None, mp4=None)
    assert len(list(etree.fromstring(make(Index(videos=(old, entry(2))), ROOT)).iterfind(".//{*}thumbnail"))) <= 1
    assert etree.fromstring(make(Index(), ROOT)) is not None


def test_the_feed_is_short() -> None:
    """The newest videos alone, in the order of the index."""
    read = feedparser.parse(feed(Index(videos=tuple(entry(n, id=str(n)) for n in range(80))), ROOT))
    assert [item.id for item in read.entries] == [str(n) for n in range(FEED_ITEMS)]
