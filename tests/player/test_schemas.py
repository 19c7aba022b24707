"""What is told to search engines and other sites, judged by their schemas: by hand-written records and hostile ones.

schema.org's vocabulary is npm's schema-dts, read by TypeScript; npm's sitemap brings the schema of sitemaps.org and
reads ours too. Of Media RSS and the video sitemap there is none to be had: ``feed.rng`` and ``video.xsd`` say what the
specifications say.
"""

import datetime as dt
import itertools
import json
import re
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from votd.media.delivery import syndication
from votd.media.delivery.syndication import feed, sitemap
from votd.media.player.page import page, player_file
from votd.media.player.structured import absolute, oembed, script, structured
from votd.media.record import Index, IndexEntry, Record
from votd.media.source.names import cleaned

HERE = Path(__file__).parent
NODE = HERE.parent / "node"
README = HERE.parent.parent / "README.md"
PUBLIC = "https://video.example/votd/"
MEDIA = "{http://search.yahoo.com/mrss/}"
ADDRESS = re.compile(r"https://video\.example/votd/[!-;=?-~]+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
DURATION = re.compile(r"PT(?=\d)(\d+H)?(\d+M)?(\d+S)?")
# developers.google.com/search/docs: structured data of video (2026-02-13) and article (2025-12-10), video sitemaps and
# mRSS (2025-12). "optional" is what a sitemap or a feed may say and we do.
GOOGLE = {
    ("VideoObject", "required"): {"name", "thumbnailUrl", "uploadDate"},
    ("VideoObject", "recommended"): {
        *("contentUrl", "description", "duration", "embedUrl", "expires", "hasPart", "ineligibleRegion"),
        *("interactionStatistic", "publication", "regionsAllowed"),
    },
    ("Clip", "required"): {"name", "startOffset", "url"},
    ("Clip", "recommended"): {"endOffset"},
    ("NewsArticle", "recommended"): {"author", "dateModified", "datePublished", "headline", "image"},
    ("sitemap", "required"): {"thumbnail_loc", "title", "description", "content_loc"},
    ("feed", "required"): {"media:content", "media:title", "media:description", "media:thumbnail"},
}
NASTY = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} ]]> <!-- --> &amp; &#x26;",
    "\u2028\u202e\u2066rtl \"'`",
    "\x00\x0b\x1f\ufffe\uffff\U0001fffe",
)

anything = st.text(max_size=60) | st.sampled_from(NASTY)
a_title = anything.map(cleaned).filter(bool)  # as the pipeline makes every title
an_address = anything | st.sampled_from(
    ["javascript:alert(1)", "https://news.example/a#b", "https://news.example/вест"]
)


@st.composite
def hostile(draw: st.DrawFn, facts: dict[str, Any]) -> dict[str, Any]:
    """Draw a record that is whole, with whatever there is in every text that a person or a site gave."""
    cuts = sorted(draw(st.sets(st.integers(1, 120), max_size=4)))
    bounds = [0, *cuts, max(cuts, default=0) + draw(st.integers(1, 60))]
    spans = [{"start_ms": a * 1000, "end_ms": b * 1000} for a, b in itertools.pairwise(bounds)]
    return facts | {
        "title": draw(a_title),
        "description": draw(st.none() | anything),
        "commentator": draw(st.none() | anything),
        "rubric": draw(st.none() | anything),
        "duration_ms": bounds[-1] * 1000 - draw(st.integers(0, 999)),
        "captions": [one | {"label": draw(anything)} for one in facts["captions"]],
        "chapters": [one | {"title": draw(a_title)} for one in spans],
        "articles": [
            one | {"title": draw(a_title), "url": draw(st.none() | an_address), "passages": passages}
            for one in facts["articles"]
            for passages in [[one | {"paragraph": 1, "quote": draw(anything)} for one in spans]]
        ],
    }


def whole(facts: dict[str, Any]) -> Record:
    """Return a record that says everything it can."""
    version, media = facts["page"].rpartition("/")[0], facts["poster"].rpartition("/")[0]
    spans = [{"start_ms": a, "end_ms": b, "title": f"From {a}"} for a, b in ((0, 31_000), (31_000, 64_020))]
    article = facts["articles"][0] | {"date": "2025-11-22"}
    added = {"duration_ms": 64_000, "chapters": spans, "articles": [article], "share_image": f"{media}/share.jpg"}
    files = {name: f"{version}/{name}.json" for name in ("structured", "oembed")} | {"embed": f"{version}/embed.html"}
    return Record.model_validate(facts | added | files)


def bare(facts: dict[str, Any]) -> Record:
    """Return a record that says no more than it must."""
    nothing = {"description": None, "commentator": None, "rubric": None, "language": None, "transcript": None}
    articles = [facts["articles"][0] | {"date": None}]
    return Record.model_validate(facts | nothing | {"captions": [], "chapters": [], "articles": articles})


def entry(record: Record, **changes: Any) -> IndexEntry:
    """Return what the index says of a record."""
    own = {name: getattr(record, name) for name in IndexEntry.model_fields if name in Record.model_fields}
    more = {"source_sha256": "0", "articles": (), "record": "r.json", "poster": record.share_image or record.poster}
    return IndexEntry.model_validate(own | more | {"size": (record.source.width, record.source.height)} | changes)


def graph(record: Record) -> Any:
    """Return the JSON-LD of a record."""
    return structured(record, absolute(PUBLIC), "Good evening. </script>")


def judged(feed_: bytes, sitemap_: bytes) -> tuple[Any, Any]:
    """Return both as trees; fail on what their schemas do not allow."""
    tree, map_ = etree.fromstring(feed_), etree.fromstring(sitemap_)
    etree.RelaxNG(etree.parse(HERE / "feed.rng")).assertValid(tree)
    schema = etree.XMLSchema(etree.parse(HERE / "video.xsd"))
    for url in map_:
        loc, video = url  # exactly these
        assert ADDRESS.fullmatch(loc.text)
        assert loc.text not in {one.text for one in video}
        schema.assertValid(etree.ElementTree(video))
    return tree, map_


def told(record: Record, listed: IndexEntry) -> dict[str, set[str]]:
    """Return which properties are told where."""
    nodes = graph(record)["@graph"]
    every = {node["@type"]: set(node) for node in (*nodes, *nodes[0].get("hasPart", ()))}
    index = Index(videos=(listed,))
    tree, map_ = judged(feed(index, PUBLIC), sitemap(index, PUBLIC))
    every["feed"] = {f"media:{one.tag.removeprefix(MEDIA)}" for one in tree.iter() if one.tag.startswith(MEDIA)}
    return every | {"sitemap": {etree.QName(one).localname for one in map_.find(".//{*}video")}}


def table() -> list[list[str]]:
    """Return the rows of the README's table, without the signs of code."""
    text = README.read_text(encoding="utf-8").partition("<!-- google -->\n")[2].partition("<!-- /google -->")[0]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in text.splitlines()[2:]]


def test_the_readme_lists_what_google_lists() -> None:
    """Every property that Google requires or recommends has a row that says so."""
    listed: dict[tuple[str, str], set[str]] = {}
    for where, name, status, _, _ in table():
        listed.setdefault((where, status), set()).add(name)
    assert {key: names for key, names in listed.items() if key[1] != "optional"} == GOOGLE


def test_the_readme_tells_what_is_told(facts: dict[str, Any]) -> None:
    """A property is there as often as the table says: in every record, in one that knows it, or in none."""
    full, little = whole(facts), bare(facts)
    everything = told(full, entry(full))
    least = told(little, entry(little, duration_ms=None, size=None))
    for where, name, status, source, left_out in table():
        assert (name in everything[where]) == bool(source), (where, name)
        if where != "Clip":  # the least record has none
            assert (name in least[where]) == (left_out == "never"), (where, name)
        assert status != "required" or left_out == "never"


def _check_graph(record: Record) -> None:
    """Hold a record's JSON-LD to Google's formats."""
    video, *articles = graph(record)["@graph"]
    addresses = [*video["thumbnailUrl"], *(video[name] for name in ("contentUrl", "url", "embedUrl") if name in video)]
    assert all(map(ADDRESS.fullmatch, [*addresses, *(one["contentUrl"] for one in video.get("caption", ()))]))
    assert len(set(addresses)) == len(addresses)  # the player is not the page, nor is the file
    assert MOMENT.fullmatch(video["uploadDate"])
    assert DURATION.fullmatch(video["duration"])
    clips = video.get("hasPart", [])
    assert bool(clips) == (bool(record.chapters) and record.duration_ms >= 30_000)
    starts = [clip["startOffset"] for clip in clips]
    assert len(set(starts)) == len(starts)
    for clip, following in zip(clips, [*starts[1:], record.duration_ms / 1000], strict=False):
        assert clip["startOffset"] < clip["endOffset"]
        assert clip["endOffset"] <= following
        assert clip["url"] == f"{video['url']}?t={int(clip['startOffset'])}"
    for article in articles:
        assert article["headline"]
        assert article["@id"].count("#") == 1
        assert article["url"].startswith("http")


def test_a_record_keeps_googles_formats(facts: dict[str, Any]) -> None:
    """Absolute addresses, a zone with every moment, whole seconds, clips inside the video."""
    _check_graph(whole(facts))
    _check_graph(bare(facts))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_hostile_texts_change_no_structure(facts: dict[str, Any], data: st.DataObject) -> None:
    """JSON-LD gives back the very texts, page and player have the elements that any other record gives them."""
    record = Record.model_validate(data.draw(hostile(whole(facts).model_dump(mode="json"))))
    _check_graph(record)
    written = script(graph(record))
    assert json.loads(written) == graph(record)
    assert not set("<>&\u2028\u2029") & set(written)
    for alone in (True, False):
        assert shape(record, alone) == shape(harmless(record), alone)
    (frame,) = Shape.of(oembed(record, absolute(PUBLIC))["html"])
    assert frame[0] == "iframe"
    assert dict(frame[1])["title"] == record.title


class Shape(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.seen.append((tag, attrs))

    @classmethod
    def of(cls, text: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
        """Return the elements of a text."""
        parser = cls()
        parser.feed(text)
        return parser.seen


def shape(record: Record, alone: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of the page with the names of their attributes."""
    text = page(record, "../../../", player_file()[0], public=PUBLIC, transcript=record.title, alone=alone)
    return [(tag, tuple(name for name, _ in attrs)) for tag, attrs in Shape.of(text)]


def harmless(record: Record) -> Record:
    """Return the same record with a plain word in the place of each text."""
    plain = record.model_dump(mode="json")
    for name in ("title", "description", "commentator", "rubric"):
        plain[name] = plain[name] and "word"
    for one in (*plain["chapters"], *plain["articles"]):
        one["title"] = "word"
    for passage in (passage for article in plain["articles"] for passage in article["passages"]):
        passage["quote"] = "word"
    for track in plain["captions"]:
        track["label"] = "word"
    for article, before in zip(plain["articles"], record.articles, strict=True):
        linked = any(node["@type"] == "NewsArticle" for node in graph(record)["@graph"])
        article["url"] = "https://news.example/" if linked and before.url else None
    return Record.model_validate(plain)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_hostile_texts_stay_text_in_feed_and_sitemap(facts: dict[str, Any], data: st.DataObject) -> None:
    """Both keep to their schemas, and a title is what it was, but for what XML cannot carry."""
    record = Record.model_validate(data.draw(hostile(whole(facts).model_dump(mode="json"))))
    index = Index(videos=(entry(record, language=data.draw(st.sampled_from(["mk", "pt-BR", "\x00", "", None]))),))
    tree, map_ = judged(feed(index, PUBLIC), sitemap(index, PUBLIC))
    kept = syndication._NOT_XML.sub("", record.title).strip()
    assert tree.findtext(".//item/title") == kept
    assert map_.findtext(".//{*}title") == tree.findtext(f".//{MEDIA}title") == kept
    about = syndication._NOT_XML.sub("", record.description or "").strip() or kept
    html = tree.findtext(".//item/description")
    assert {tag for tag, _ in Shape.of(html)} <= {"br"}
    assert unescape(html.replace("<br>", "\n")) == about


def test_long_texts_are_cut_where_google_stops_reading(facts: dict[str, Any]) -> None:
    """At 100 characters of a title and 2048 of a description; RSS itself has no limit."""
    record = whole(facts | {"title": "т" * 300, "description": "д" * 5000})
    tree, map_ = judged(*(make(Index(videos=(entry(record),)), PUBLIC) for make in (feed, sitemap)))
    assert (len(map_.findtext(".//{*}title")), len(map_.findtext(".//{*}description"))) == (100, 2048)
    assert (len(tree.findtext(f".//{MEDIA}title")), len(tree.findtext(f".//{MEDIA}description"))) == (100, 2048)
    assert (len(tree.findtext(".//item/title")), len(tree.findtext(".//item/description"))) == (300, 5000)


def test_a_sitemap_ends_where_its_readers_stop(facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """At 50,000 videos or 50 MB, whichever comes first; the newest are there."""
    listed = entry(whole(facts | {"description": "д" * 2048}))
    index = Index(videos=tuple(listed.model_copy(update={"id": str(n)}) for n in range(50)))
    monkeypatch.setattr(syndication, "SITEMAP_BYTES", 100_000)
    made = sitemap(index, PUBLIC)
    assert 90_000 < len(made) <= 100_000
    assert 0 < len(etree.fromstring(made)) < 50
    monkeypatch.setattr(syndication, "SITEMAP_ITEMS", 7)
    assert len(etree.fromstring(sitemap(index, PUBLIC))) == 7


def test_a_feed_reader_shows_a_hostile_description_as_text(facts: dict[str, Any]) -> None:
    """RSS descriptions are HTML: a sign of markup in ours arrives escaped, and nothing of it is lost."""
    text = "<b>5 < 6</b> & <script>alert(1)</script>\nnext"
    made = feed(Index(videos=(entry(whole(facts | {"description": text})),)), PUBLIC)
    read = feedparser.parse(made, sanitize_html=False)
    assert not read.bozo
    assert [link["href"] for link in read.feed.links if link["rel"] == "self"] == [f"{PUBLIC}feed.xml"]
    (item,) = read.entries
    assert item.summary_detail["type"] == "text/html"
    assert [tag for tag, _ in Shape.of(item.summary)] == ["br"]
    assert unescape(item.summary.replace("<br>", "\n").replace("<br />", "\n")) == text


def test_oembed_has_what_its_type_requires(facts: dict[str, Any]) -> None:
    """oEmbed 1.0, section 2.3.4: version, type, html, width and height; all three facts of a thumbnail, or none."""
    for record in (whole(facts), bare(facts)):
        answer = oembed(record, absolute(PUBLIC))
        assert (answer["version"], answer["type"]) == ("1.0", "video")
        assert all(isinstance(answer[name], int) and answer[name] > 0 for name in ("width", "height"))
        thumbnail = [name for name in answer if name.startswith("thumbnail_")]
        assert sorted(thumbnail) in ([], ["thumbnail_height", "thumbnail_url", "thumbnail_width"])
        ((tag, attrs),) = Shape.of(answer["html"])
        frame = dict(attrs)
        assert (tag, frame["width"], frame["height"]) == ("iframe", str(answer["width"]), str(answer["height"]))
        assert ADDRESS.fullmatch(frame["src"] or "")


def test_open_graph_has_what_it_requires(facts: dict[str, Any]) -> None:
    """ogp.me: title, type, image and url; an image has a description, a video its type and size."""
    for record in (whole(facts), bare(facts)):
        seen = Shape.of(page(record, "../../../", player_file()[0], public=PUBLIC))
        meta = {one["property"]: one["content"] for _, attrs in seen if "property" in (one := dict(attrs))}
        assert all(meta[f"og:{name}"] for name in ("title", "type", "image", "url", "image:alt", "description"))
        assert all(meta[f"og:video:{name}"] for name in ("type", "width", "height"))
        assert meta["og:type"] == "video.other"
        assert all(ADDRESS.fullmatch(meta[name] or "") for name in ("og:url", "og:image", "og:video"))
        assert ("og:image:width" in meta) == ("og:image:height" in meta) == bool(record.share_image)
        assert MOMENT.fullmatch(meta["video:release_date"] or "")
        announced = [dict(attrs) for tag, attrs in seen if tag == "link" and ("rel", "alternate") in attrs]
        assert [one["type"] for one in announced] == (["application/json+oembed"] if record.oembed else [])


@pytest.fixture
def vocabulary(tmp_path: Path) -> Callable[..., str]:
    """Return what says how JSON-LD breaks schema.org's vocabulary; nothing where it does not."""

    def complaints(*graphs: Any) -> str:
        lines = [f"export const x{n}: Graph = {json.dumps(one)};" for n, one in enumerate(graphs)]
        types = json.dumps(str(NODE / "node_modules/schema-dts/dist/schema.d.ts"))
        (tmp_path / "told.ts").write_text("\n".join([f"import type {{ Graph }} from {types};", *lines]))
        tsc = NODE / "node_modules/typescript/bin/tsc"
        command = ["node", str(tsc), "--noEmit", "--strict", "--allowImportingTsExtensions", str(tmp_path / "told.ts")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout

    return complaints


@pytest.mark.all
def test_schema_org_knows_every_property(facts: dict[str, Any], vocabulary: Callable[..., str]) -> None:
    """Each property belongs to its type and has a value of a type that it expects; what does not is found."""
    full, little = graph(whole(facts)), graph(bare(facts))
    assert vocabulary(full, little) == ""
    video = full["@graph"][0]
    for fault in ({"nonsense": "a"}, {"width": 640}, {"@type": "VideObject"}, {"caption": [{"@type": "Person"}]}):
        assert "error TS" in vocabulary({**full, "@graph": [video | fault]}), fault


@pytest.mark.all
def test_another_library_reads_the_sitemap(facts: dict[str, Any], tmp_path: Path) -> None:
    """npm's sitemap accepts every value, hostile ones too, and its schema of sitemaps.org the whole."""
    texts = [{"title": cleaned(text) or "-", "description": text} for text in NASTY]
    made = sitemap(Index(videos=tuple(entry(whole(facts | one)) for one in ({}, *texts))), PUBLIC)
    (tmp_path / "sitemap.xml").write_bytes(made)
    command = ["node", str(NODE / "sitemap-parse.mjs"), str(tmp_path / "sitemap.xml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    read = json.loads(done.stdout)
    titles = [one.text for one in etree.fromstring(made).iterfind(".//{*}title")]
    assert [one["video"][0]["title"] for one in read] == titles
    both = tmp_path / "both.xsd"
    imports = "".join(
        f'<import namespace="{name}" schemaLocation="{place.as_uri()}"/>'
        for name, place in (
            ("http://www.sitemaps.org/schemas/sitemap/0.9", NODE / "node_modules/sitemap/schema/sitemap.xsd"),
            ("http://www.google.com/schemas/sitemap-video/1.1", HERE / "video.xsd"),
        )
    )
    both.write_text(f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>')
    etree.XMLSchema(etree.parse(both)).assertValid(etree.fromstring(made))
    assert dt.datetime.fromisoformat(read[0]["video"][0]["publication_date"]).tzinfo
