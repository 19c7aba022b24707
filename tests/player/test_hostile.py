"""Hostile texts in a real browser: all of a version that a stranger may have written is seen as text, and nothing runs.

Needs node and Chromium.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from votd.media.captions import webvtt
from votd.media.delivery.syndication import feed, sitemap
from votd.media.model import CaptionTrack, Cue
from votd.media.player.page import page, player_file
from votd.media.player.structured import absolute, oembed, web_address
from votd.media.record import Index, IndexEntry, Record

pytestmark = pytest.mark.all

NODE = Path(__file__).parent.parent / "node"
SECONDS = 40
RUN = "pwned(1)"  # tests/node/look.mjs notes that it was called
NASTY = (
    f"</title></script></style></textarea><script>{RUN}</script>",
    f"<img src=x onerror={RUN}><svg onload={RUN}>",
    f"\" autofocus onfocus='{RUN}' x=\"' onclick={RUN} `",
    "{{7*7}} {% raw %} ${7*7} #{7*7} {#",
    f"javascript:{RUN}",
    f"]]> <!-- --> --> <![CDATA[ <?php &lt;script&gt;{RUN}&lt;/script&gt; &#x3c;script&#x3e;",
    "line\u2028separator\u2029paragraph",
    "\u202eright to left\u2066 and never closed",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe><base href=//evil.example/>",
    "Донаудампфшиффартс" * 15,
    "https://evil.example/?" + "a" * 200,
    "𝕏 َ🇲🇰 Z̷̢̛" + "\u0316\u0317\u0318" * 20,
)
ADDRESSES = (f"javascript:{RUN}", "data:text/html,<script>alert(1)</script>", "https://news.example/a")


@dataclass(frozen=True)
class Site:
    """A store that is served, with one hostile version in it."""

    address: str
    record: Record
    cues: tuple[str, ...]


def every(name: str) -> str:
    """Return all that is nasty as the text of one place."""
    return " · ".join((name, *NASTY))


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    serving: Callable[[Path], str],
    hostile_facts: dict[str, Any],
    make_clip: Callable[..., Path],
    ffmpeg: str,
) -> Site:
    """Publish, by hand, a version whose every text is hostile: page, player, captions, feed, sitemap; it plays."""
    folder = tmp_path_factory.mktemp("hostile")
    address = serving(folder)
    record = Record.model_validate(hostile_facts)
    clip = make_clip("hostile.mp4", seconds=SECONDS, size="640x360", extra_out=["-g", "50", "-movflags", "+faststart"])
    cues = tuple(Cue(1000 * n, 1000 * n + 900, (text,)) for n, text in enumerate(NASTY * 2))
    track = CaptionTrack("en", "captions", record.captions[0].label, "human", cues)
    files = webvtt.write(track, folder / "captions", duration_ms=SECONDS * 1000, segment_ms=4000)
    poster, share = folder / record.poster, folder / (record.share_image or "")
    for path in (folder / record.mp4, poster, folder / record.page, folder / player_file()[0]):
        path.parent.mkdir(parents=True, exist_ok=True)
    (folder / record.mp4).write_bytes(clip.read_bytes())
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-i", str(clip), "-frames:v", "1", str(poster)], check=True)
    share.write_bytes(poster.read_bytes())
    for target in (record.captions[0].vtt, record.captions[0].srt):
        (folder / target).write_bytes((folder / "captions" / f"{files.vtt[:-3]}{target[-3:]}").read_bytes())
    hls = ["-c", "copy", "-f", "hls", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-i", str(clip), *hls, str(folder / record.hls)], check=True)
    (folder / player_file()[0]).write_bytes(player_file()[1])
    for place, alone in ((record.page, False), (record.embed or "", True)):
        text = page(record, "../../../", player_file()[0], public=address, transcript=every("transcript"), alone=alone)
        (folder / place).write_text(text, encoding="utf-8")
    frame = oembed(record, absolute(address))["html"]
    (folder / "framed.html").write_text(f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{frame}")
    index = Index(videos=(_entry(record),))
    (folder / "feed.xml").write_bytes(feed(index, address))
    (folder / "sitemap.xml").write_bytes(sitemap(index, address))
    (folder / "control.html").write_text(f"<!doctype html><meta charset=utf-8>{every('control')}")
    (folder / "favicon.ico").write_bytes(b"")  # a browser asks for one where XML names none
    return Site(address, record, NASTY * 2)


@pytest.fixture(scope="module")
def hostile_facts() -> dict[str, Any]:
    """Return the fields of a record whose every text is hostile."""
    version, media = "videos/2025-11-23-hostile/0a1b2c3d4e5f", "media/" + "ab" * 32 + "/k1-a1"
    spans = [{"start_ms": 1000 * n, "end_ms": 1000 * n + 1000} for n in range(len(NASTY))]
    passages = [s | {"paragraph": 1, "quote": t} for s, t in zip(spans, NASTY, strict=True)]
    return {
        "schema": 1,
        "id": "2025-11-23-hostile",
        "version": "0a1b2c3d4e5f",
        "date": "2025-11-23",
        "published_at": "2025-11-23T18:00:00+01:00",
        "updated_at": "2025-11-23T18:00:00+01:00",
        **{name: every(name) for name in ("title", "description", "commentator", "rubric")},
        "duration_ms": SECONDS * 1000,
        "language": "en",
        "source": {
            "sha256": "ab" * 32,
            "width": 640,
            "height": 360,
            "frame_rate": 25.0,
            "duration_ms": SECONDS * 1000,
        },
        "hls": f"{version}/master.m3u8",
        "mp4": f"{media}/video.mp4",
        "poster": f"{media}/poster.jpg",
        "share_image": f"{media}/share.jpg",
        "renditions": [],
        "captions": [
            {
                "language": "en",
                "kind": "captions",
                "label": every("label"),
                "vtt": f"{version}/en.vtt",
                "srt": f"{version}/en.srt",
                "origin": "machine",
            }
        ],
        "transcript": None,
        "articles": [
            {
                "title": every("article"),
                "url": url,
                "language": "en",
                "origin": "machine",
                "score": 0.9,
                "passages": passages,
            }
            for url in ADDRESSES
        ],
        "chapters": [s | {"title": t} for s, t in zip(spans, NASTY, strict=True)],
        "speech": {"model": "base"},
        "page": f"{version}/index.html",
        "embed": f"{version}/embed.html",
        "structured": f"{version}/structured.json",
        "oembed": f"{version}/oembed.json",
    }


def _entry(record: Record) -> IndexEntry:
    own = {name: getattr(record, name) for name in IndexEntry.model_fields if name in Record.model_fields}
    return IndexEntry.model_validate(own | {"source_sha256": "0", "articles": (), "record": "r", "size": (640, 360)})


def _opened(site: Site, path: str, picture: Path, *options: str) -> dict[str, Any]:
    command = ["node", str(NODE / "look.mjs"), f"{site.address}/{path}", str(picture), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _look(site: Site, path: str, picture: Path, *options: str) -> dict[str, Any]:
    """Open what is at a path; fail where anything ran, left the store or was complained of."""
    seen = _opened(site, path, picture, *options)
    assert (seen["ran"], seen["complaints"], seen["stayed"]) == ([], [], True)
    asked = [url for url in seen["requests"] if not url.startswith(("blob:", "data:"))]
    assert [url for url in asked if not url.startswith(f"{site.address}/")] == []
    return seen


@pytest.mark.parametrize("window", ["1280x800", "390x844"])
def test_a_page_shows_every_hostile_text(site: Site, tmp_path: Path, window: str) -> None:
    """Title, rubric, commentator, description, chapters, articles, quotes, labels and captions are there, letter by
    letter; nothing ran, nothing is broader than the screen; only the web address is a link.
    """
    seen = _look(site, site.record.page, tmp_path / "page.png", "--size", window)
    record = site.record
    assert seen["heading"] == [record.title]
    assert (seen["rubric"], seen["commentator"]) == ([record.rubric], [record.commentator])
    assert seen["description"] == [record.description]
    assert seen["chapters"] == [chapter.title for chapter in record.chapters]
    assert seen["articles"] == [article.title for article in record.articles]
    assert seen["articleLinks"] == [url for url in ADDRESSES if web_address(url)]
    assert seen["quotes"] == [f"{one.quote.strip('.,;:')}…" for one in record.articles[0].passages]
    assert seen["labels"] == seen["tracks"] == [record.captions[0].label]
    assert seen["videoLabel"] == record.title
    assert seen["cues"] == list(site.cues)
    assert seen["cueElements"] == []
    assert (seen["meta"]["og:title"], seen["meta"]["description"]) == (record.title, record.description)
    (data,) = seen["data"]
    video = data["@graph"][0]
    assert (video["name"], video["transcript"]) == (record.title, every("transcript"))
    assert [clip["name"] for clip in video["hasPart"]] == [chapter.title for chapter in record.chapters]
    assert (seen["scripts"], seen["foreign"]) == (3, 0)
    assert seen["scrollWidth"] <= int(window.partition("x")[0])


def test_the_texts_are_hostile(site: Site, tmp_path: Path) -> None:
    """Where nothing escapes them they do run: the other tests would see it."""
    seen = _opened(site, "control.html", tmp_path / "control.png")
    assert len(seen["ran"]) >= 3  # the script and both pictures
    assert seen["foreign"] >= 2  # the pictures stand there


def test_a_player_shows_a_hostile_title(site: Site, tmp_path: Path) -> None:
    """Alone, and in the frame that oEmbed gives to other pages."""
    seen = _look(site, site.record.embed or "", tmp_path / "embed.png")
    assert (seen["videoLabel"], seen["tracks"]) == (site.record.title, [site.record.captions[0].label])
    assert (seen["scripts"], seen["foreign"], seen["cueElements"]) == (2, 0, [])
    framed = _look(site, "framed.html", tmp_path / "framed.png")
    assert (framed["foreign"], framed["frames"]) == (1, 2)


@pytest.mark.parametrize("path", ["feed.xml", "sitemap.xml"])
def test_feed_and_sitemap_are_xml_to_a_browser(site: Site, tmp_path: Path, path: str) -> None:
    """A tree without a fault and without an element of a page; the title in it is the record's."""
    seen = _look(site, path, tmp_path / "xml.png")
    assert seen["type"].endswith("/xml")
    assert (seen["faults"], seen["html"]) == ([], 0)
    assert any(title.startswith(site.record.title[:99]) for title in seen["titles"])
