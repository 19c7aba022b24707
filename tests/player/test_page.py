"""The page of one version, as a parser of HTML reads it."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html

import votd.media.player.page as module
from votd.media.player.page import page, player_file, web_address
from votd.media.record import Record

ROOT = "../../../"
FOLDER = Path(module.__file__).parent
HOSTILE = (
    "</title></script></h1><script>alert(1)</script><img src=x onerror=alert(2)>\" autofocus onfocus='alert(3)' {{7*7}}"
)


def _parse(facts: dict[str, Any]) -> Any:
    return html.document_fromstring(page(Record.model_validate(facts), ROOT, player_file()[0]))


def _text(tree: Any, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in tree.xpath(path)]


def test_shows_what_the_record_says(facts: dict[str, Any]) -> None:
    """Show rubric, title, date, duration, commentator and description as text."""
    tree = _parse(facts)
    assert _text(tree, "//title") == _text(tree, "//h1") == [facts["title"]]
    assert _text(tree, "//*[@class='rubric']") == [facts["rubric"]]
    assert _text(tree, "//*[@class='description']") == [facts["description"]]
    assert _text(tree, "//*[@class='facts']") == ["23 November 2025 Duration: 0:08 Commentary: Andonovic"]
    assert tree.xpath("//time/@datetime") == ["2025-11-23"]
    assert tree.xpath("/html/@lang") == ["en"]


def test_every_address_leads_from_the_page_to_the_store(facts: dict[str, Any]) -> None:
    """Point video, poster, captions, downloads and script below the store's root."""
    tree = _parse(facts)
    (video,) = tree.xpath("//video")
    assert video.get("data-hls") == ROOT + facts["hls"]
    assert video.get("data-mp4") == ROOT + facts["mp4"]
    assert video.get("poster") == ROOT + facts["poster"]
    assert tree.xpath("//video/source/@src") == [ROOT + facts["mp4"]]
    (track,) = facts["captions"]
    assert tree.xpath("//a[@download]/@href") == [ROOT + path for path in (facts["mp4"], track["vtt"], track["srt"])]
    assert tree.xpath("//script/@src") == [ROOT + player_file()[0]]


def test_a_path_cannot_become_a_scheme_or_a_query(facts: dict[str, Any]) -> None:
    """Percent-encode paths, so that no name in a store turns into another address, even with the page at the root."""
    facts |= {"mp4": "javascript:alert(1)", "poster": "a b?c#d%.jpg"}
    tree = html.document_fromstring(page(Record.model_validate(facts), "", player_file()[0]))
    assert tree.xpath("//source/@src") == ["javascript%3Aalert%281%29"]
    assert tree.xpath("//video/@poster") == ["a%20b%3Fc%23d%25.jpg"]


def test_only_the_first_caption_track_is_the_default(facts: dict[str, Any]) -> None:
    """Mark one of several tracks, since browsers show only one."""
    facts["captions"].append(facts["captions"][0] | {"language": "mk", "kind": "subtitles", "label": "македонски"})
    tracks = _parse(facts).xpath("//track")
    assert [(track.get("kind"), track.get("srclang"), track.get("label")) for track in tracks] == [
        ("captions", "en", "English"),
        ("subtitles", "mk", "македонски"),
    ]
    assert ["default" in track.attrib for track in tracks] == [True, False]


def test_a_record_without_the_optional_facts(facts: dict[str, Any]) -> None:
    """Leave out what does not apply, headings and all."""
    facts |= {
        "captions": [],
        "articles": [],
        "description": None,
        "commentator": None,
        "rubric": None,
        "language": None,
    }
    tree = _parse(facts)
    assert (
        tree.xpath("//track | //*[@class='note' or @class='rubric' or @class='description' or @class='articles']") == []
    )
    assert _text(tree, "//h2") == ["Download"]
    assert "None" not in tree.text_content()


def test_hostile_values_stay_text(facts: dict[str, Any]) -> None:
    """Keep markup, quotes and template syntax of every free text as the text that it is."""
    facts |= {"id": HOSTILE, "title": HOSTILE, "description": HOSTILE, "commentator": HOSTILE, "rubric": HOSTILE}
    facts |= {"language": HOSTILE}
    facts["captions"][0] |= {"label": HOSTILE, "language": HOSTILE}
    facts["articles"][0] |= {"title": HOSTILE, "language": HOSTILE}
    tree = _parse(facts)
    assert _text(tree, "//title") == _text(tree, "//h1") == _text(tree, "//*[@class='articles']//a") == [HOSTILE]
    assert tree.xpath("//video/@aria-label") == tree.xpath("//track/@label") == [HOSTILE]
    assert len(tree.xpath("//script")) == 2
    assert tree.xpath("//img | //*[@onerror or @onfocus or @autofocus]") == []


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://news.example/a?b=1&c=2#d", True),
        ("HTTP://news.example/вест", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//news.example/a", False),
        ("/a", False),
        ("https:news.example", False),
        ('https://news.example/"onmouseover="alert(1)', False),
        ("https://news.example/a\nb", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(facts: dict[str, Any], url: str | None, linked: bool) -> None:
    """Link to http and https; every other address leaves the article's title without a link."""
    assert web_address(url) == (url if linked else None)
    facts["articles"][0]["url"] = url
    tree = _parse(facts)
    assert tree.xpath("//*[@class='articles']//a/@href") == ([url] if linked else [])
    assert _text(tree, "//*[@class='articles']//li") == [facts["articles"][0]["title"]]


def test_a_macedonian_video_has_a_macedonian_page(facts: dict[str, Any]) -> None:
    """Speak Macedonian around a video in it, whatever its region."""
    tree = _parse(facts | {"language": "mk-MK"})
    assert tree.xpath("/html/@lang") == ["mk"]
    assert _text(tree, "//time") == ["23 ноември 2025"]
    assert _text(tree, "//h2") == ["Прочитајте повеќе", "Преземете"]


@pytest.mark.parametrize(("origin", "noted"), [("machine", True), ("human", False), ("corrected", False)])
def test_machine_captions_are_owned_up_to(facts: dict[str, Any], origin: str, noted: bool) -> None:
    """Tell readers about captions that nobody checked, and only about those."""
    facts["captions"][0]["origin"] = origin
    assert bool(_parse(facts).xpath("//*[@class='note']")) is noted


@pytest.mark.parametrize(("size", "portrait"), [((1080, 1920), True), ((1920, 1080), False), ((1080, 1080), False)])
def test_portrait_videos_are_marked(facts: dict[str, Any], size: tuple[int, int], portrait: bool) -> None:
    """Mark only pictures that are higher than wide: the style sheet fits those to the screen's height."""
    facts["source"] |= {"width": size[0], "height": size[1]}
    tree = _parse(facts)
    assert bool(tree.xpath("//*[contains(@class, 'portrait')]")) is portrait
    assert (tree.xpath("//video/@width"), tree.xpath("//video/@height")) == ([str(size[0])], [str(size[1])])


@pytest.mark.parametrize(
    ("milliseconds", "clock"), [(0, "0:00"), (59_499, "0:59"), (59_500, "1:00"), (3_605_000, "1:00:05")]
)
def test_duration_reads_like_a_clock(facts: dict[str, Any], milliseconds: int, clock: str) -> None:
    """Round to whole seconds, and show hours only where there are some."""
    facts["duration_ms"] = milliseconds
    assert f"Duration: {clock} " in _text(_parse(facts), "//*[@class='facts']")[0]


def test_the_policy_allows_exactly_the_inline_parts(facts: dict[str, Any]) -> None:
    """Name by hash the inline script and style that the page has, and allow no others."""
    text = page(Record.model_validate(facts), ROOT, player_file()[0])
    (policy,) = html.document_fromstring(text).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    for tag in ("script", "style"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed[f"{tag}-src"]
    assert allowed["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_the_player_is_the_file_of_its_readme() -> None:
    """Keep hls.js, its table in the README and its key in step."""
    key, data = player_file()
    digest = hashlib.sha256(data).hexdigest()
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert key == f"player/hls-{module.HLS_JS}-{digest[:8]}.min.js"
    assert f"| sha256 | `{digest}` |" in readme
    assert f"| version | {module.HLS_JS} |" in readme
    assert f'"{module.HLS_JS}"'.encode() in data
    assert "Apache License" in (FOLDER / "hls.LICENSE.txt").read_text(encoding="utf-8")
