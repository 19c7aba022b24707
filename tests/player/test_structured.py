"""What search engines and other sites read of a record: JSON-LD, Open Graph, oEmbed, the snippet."""

import json
from typing import Any

import pytest
from lxml import html

from votd.media.player.page import page, player_file
from votd.media.player.structured import absolute, fitted, fragment, oembed, snippet, structured, web_address
from votd.media.record import Record, RecordPassage

PUBLIC = "https://video.example/votd/"
HOSTILE = "</script><script>alert(1)</script><!--\u2028 \" ' & {{7*7}}"
# Google, Search Central, "Video structured data": required, then recommended where a record knows it.
VIDEO = ("name", "thumbnailUrl", "uploadDate", "contentUrl", "description", "duration", "embedUrl", "hasPart")
CLIP = ("name", "startOffset", "url", "endOffset")


@pytest.fixture
def told(facts: dict[str, Any]) -> dict[str, Any]:
    """Return a record whose article is linked paragraph by paragraph."""
    version = facts["page"].rpartition("/")[0]
    passages = [{"paragraph": 2, "quote": "Paris, the well-known city & more", "start_ms": 1500, "end_ms": 4000}]
    facts["articles"][0] |= {"passages": passages, "date": "2025-11-22"}
    facts["chapters"] = [
        {"start_ms": 0, "end_ms": 31_000, "title": "Paris"},
        {"start_ms": 31_000, "end_ms": 64_000, "title": "Berlin"},
    ]
    facts["duration_ms"] = 64_000
    media = facts["poster"].rpartition("/")[0]
    added = {"embed": "embed.html", "structured": "structured.json", "oembed": "oembed.json"}
    return facts | {name: f"{version}/{file}" for name, file in added.items()} | {"share_image": f"{media}/share.jpg"}


def in_page(facts: dict[str, Any], **given: Any) -> Any:
    """Return the page as a parser of HTML reads it."""
    made = page(Record.model_validate(facts), "../../../", player_file()[0], public=PUBLIC, **given)
    return html.document_fromstring(made)


def test_google_finds_what_it_requires_and_recommends(told: dict[str, Any]) -> None:
    """In the page, as one graph: every property of its table that a record can fill, in Google's formats."""
    (script,) = in_page(told, transcript="Good evening.").xpath("//script[@type='application/ld+json']")
    graph = json.loads(script.text)
    assert graph["@context"] == "https://schema.org"
    video, article = graph["@graph"]
    assert [video["@type"], article["@type"]] == ["VideoObject", "NewsArticle"]
    assert all(video[name] for name in VIDEO)
    assert all(name in clip for clip in video["hasPart"] for name in CLIP)
    assert video["duration"] == "PT1M4S"
    assert video["uploadDate"] == "2025-11-23T18:00:00+01:00"
    assert video["transcript"] == "Good evening."
    assert video["hasPart"][1]["url"] == f"{video['url']}?t=31"
    assert video["associatedArticle"] == [{"@id": article["@id"]}]
    assert article["video"] == {"@id": video["@id"]}
    assert (article["url"], article["datePublished"]) == (told["articles"][0]["url"], "2025-11-22")
    addresses = [*video["thumbnailUrl"], video["contentUrl"], video["embedUrl"], video["caption"][0]["contentUrl"]]
    assert all(address.startswith(PUBLIC) for address in addresses)


def test_without_a_public_address_nothing_is_claimed(told: dict[str, Any]) -> None:
    """Relative addresses are no use to a search engine."""
    made = html.document_fromstring(page(Record.model_validate(told), "../../../", player_file()[0]))
    assert not made.xpath("//script[@type='application/ld+json'] | //meta[starts-with(@property, 'og:')]")


def test_hostile_values_end_no_script(told: dict[str, Any]) -> None:
    """A title that would close the script stays a title, in JSON and in the page."""
    told |= {"title": HOSTILE, "description": HOSTILE, "commentator": HOSTILE}
    told["chapters"][0]["title"] = HOSTILE
    tree = in_page(told, transcript=HOSTILE)
    (script,) = tree.xpath("//script[@type='application/ld+json']")
    assert "<" not in script.text
    assert json.loads(script.text)["@graph"][0]["name"] == HOSTILE
    assert not tree.xpath("//script[contains(text(), 'alert(1)') and not(@type)]")
    assert tree.xpath("//meta[@property='og:title']/@content") == [HOSTILE]


def test_open_graph_and_oembed_are_announced(told: dict[str, Any]) -> None:
    """With absolute addresses, the image that is made to be shared, and its size."""
    tree = in_page(told)
    meta = {one.get("property"): one.get("content") for one in tree.xpath("//meta[@property]")}
    assert meta["og:type"] == "video.other"
    assert meta["og:image"].endswith("/share.jpg")
    assert (meta["og:image:width"], meta["og:video:width"]) == ("1200", "640")
    assert all(meta[name].startswith(PUBLIC) for name in ("og:url", "og:image", "og:video"))
    (announced,) = tree.xpath("//link[@type='application/json+oembed']/@href")
    assert announced == f"{PUBLIC}{told['oembed']}"


def test_oembed_says_what_the_standard_requires(told: dict[str, Any]) -> None:
    """Version, type, html, width and height (oembed.com, 2.3.4.2); the frame leads to the player alone."""
    answer = oembed(Record.model_validate(told), absolute(PUBLIC))
    assert (answer["version"], answer["type"], answer["width"], answer["height"]) == ("1.0", "video", 640, 360)
    (frame,) = html.fragments_fromstring(answer["html"])
    assert (frame.tag, frame.get("src")) == ("iframe", f"{PUBLIC}{told['embed']}")


def test_the_snippet_escapes(told: dict[str, Any]) -> None:
    """A hostile title stays in its attribute."""
    told["title"] = HOSTILE
    (frame,) = html.fragments_fromstring(snippet(Record.model_validate(told), absolute(PUBLIC), 640, 360))
    assert frame.get("title") == HOSTILE


def test_an_article_at_no_web_address_is_not_linked(told: dict[str, Any]) -> None:
    """A script's address is no article."""
    told["articles"][0]["url"] = "javascript:alert(1)"
    data = structured(Record.model_validate(told), absolute(PUBLIC), None)
    assert [one["@type"] for one in data["@graph"]] == ["VideoObject"]
    assert "associatedArticle" not in data["@graph"][0]


def test_a_paragraph_is_found_by_its_words() -> None:
    """Signs that mean something in a text fragment are encoded (WICG Scroll To Text Fragment)."""
    passage = RecordPassage(paragraph=1, quote="Paris, the well-known city & more", start_ms=0, end_ms=1)
    assert fragment(passage) == ":~:text=Paris%2C%20the%20well%2Dknown%20city%20%26%20more"


def test_the_page_leads_from_paragraphs_to_moments(told: dict[str, Any]) -> None:
    """And from chapters; each works without script too."""
    tree = in_page(told)
    assert tree.xpath("//*[@class='chapters']//a/@href") == ["?t=0", "?t=31"]
    assert tree.xpath("//*[@class='passages']//a/@href") == [
        "?t=1",
        f"{told['articles'][0]['url']}#:~:text=Paris%2C%20the%20well%2Dknown%20city%20%26%20more",
    ]


def test_the_player_alone_has_nothing_else(told: dict[str, Any]) -> None:
    """No text, no links but the file's, and no place in a search engine."""
    tree = in_page(told, alone=True)
    assert len(tree.xpath("//video")) == 1
    assert not tree.xpath("//h1 | //script[@type='application/ld+json']")
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex, indexifembedded"]


@pytest.mark.parametrize(
    ("size", "fits"), [((1920, 1080), (640, 360)), ((1080, 1920), (360, 640)), ((320, 180), (320, 180))]
)
def test_a_frame_has_the_pictures_shape(size: tuple[int, int], fits: tuple[int, int]) -> None:
    """At most 640 pixels in either direction."""
    assert fitted(*size) == fits


def test_addresses_are_http() -> None:
    """Every other scheme is none."""
    assert web_address("javascript:alert(1)") is None
    assert web_address(None) is None
