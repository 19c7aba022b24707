"""Sites and folders brought into the index: what is listed is read once, what is hostile costs a sentence."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from articles import hostile
from articles.hostile import Answer, Site

from votd.config.settings import load
from votd.flows.articles import chosen, refresh
from votd.media.articles.gather import Visitor, gather_folder, visitor
from votd.media.articles.index import Index, Window
from votd.media.articles.rank import Said
from votd.media.articles.read import MOST_CHARACTERS, MOST_PARAGRAPHS
from votd.media.articles.words import terms
from votd.media.errors import BadRequest
from votd.media.model import Article, Link

SINCE = dt.date(2026, 2, 1)
BODY = "The council of Bitola agreed on Monday to buy eleven buses that run on gas, for three million euros. "


@pytest.fixture
def site() -> Iterator[Site]:
    """Lend a server."""
    with hostile.hostile() as served:
        yield served


def gather(index: Index, source: str, *, private: bool = True, seconds: float = 30) -> tuple[str, ...]:
    """Visit one source."""

    async def visit() -> tuple[str, ...]:
        async with visitor(private=private) as visits:
            return await visits.gather(index, source, since=SINCE, seconds=seconds)

    return asyncio.run(visit())


def found(index: Index, source: str, words: str = BODY) -> list[Article]:
    """Return what the index tells of some words."""
    return [one.article for one in index.telling(sorted(terms(words)), Window((source,)), 10)]


def article(title: str, text: str = BODY * 4, language: str = "en") -> Answer:
    """Answer with an article's page."""
    return hostile.page(
        f'<html lang="{language}"><head><title>{title}</title></head><body><nav>Home Sport</nav>'
        f"<article><h1>{title}</h1><p>{text}</p><p>{text}</p></article></body></html>"
    )


def rss(*items: str) -> str:
    """Write a feed."""
    inner = "".join(items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{inner}</channel></rss>'


def item(place: str, title: str, day: str = "Mon, 09 Mar 2026 10:00:00 GMT", more: str = "") -> str:
    """Write an item of a feed."""
    return f"<item><title>{title}</title><link>{place}</link><pubDate>{day}</pubDate>{more}</item>"


def test_a_feed_is_read_once(site: Site) -> None:
    """The second visit asks whether the feed changed, and for no page again."""
    site.answers |= {
        "/feed": hostile.page(rss(item("/a", "Bitola buys buses")), "application/rss+xml", ETag="1"),
        "/a": article("Bitola buys buses"),
    }
    index, source = Index(), f"{site.address}/feed"
    assert gather(index, source) == ()
    (only,) = found(index, source)
    assert (only.title, only.url, only.date) == ("Bitola buys buses", f"{site.address}/a", dt.date(2026, 3, 9))
    site.asked.clear()
    assert gather(index, source) == ()
    assert site.paths() == ["/feed"]
    assert site.asked[0][1]["If-None-Match"] == "1"


def test_what_changed_is_read_again(site: Site) -> None:
    """A new title or time of change in the list brings the page anew; old articles are left alone."""
    old = item("/old", "Old", "Mon, 01 Dec 2025 10:00:00 GMT")
    site.answers |= {"/feed": hostile.page(rss(item("/a", "One"), old)), "/a": article("One"), "/old": article("Old")}
    index, source = Index(), f"{site.address}/feed"
    gather(index, source)
    site.answers["/feed"] = hostile.page(rss(item("/a", "Two"), old))
    gather(index, source)
    assert [one.title for one in found(index, source)] == ["Two"]
    assert site.paths().count("/a") == 2
    assert "/old" not in site.paths()


def test_a_news_sitemap_through_its_index(site: Site) -> None:
    """The newest sitemap of the index comes first; the language is told there."""
    news = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{site.address}/a</loc><news:news>'
        "<news:publication><news:language>mk</news:language></news:publication>"
        "<news:publication_date>2026-03-09T08:00:00+01:00</news:publication_date>"
        "<news:title>Битола купува автобуси</news:title></news:news></url></urlset>"
    )
    listed = (
        f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>{site.address}/n.xml</loc>"
    )
    text = "Советот на Битола во понеделникот одлучи да купи единаесет автобуси на гас за три милиони евра. "
    site.answers |= {
        "/sitemap.xml": hostile.page(f"{listed}</sitemap></sitemapindex>", "text/xml"),
        "/n.xml": hostile.page(news, "text/xml; charset=utf-8"),
        "/a": article("x", text * 4, "mk"),
    }
    index, source = Index(), f"{site.address}/sitemap.xml"
    assert gather(index, source) == ()
    (only,) = found(index, source, text)
    assert (only.title, only.language, only.date) == ("Битола купува автобуси", "mk", dt.date(2026, 3, 9))


def test_a_home_page_that_stays_the_same_hides_no_feed(site: Site) -> None:
    """It is asked for whole each time: what its feed lists may be new where the page itself is not."""

    def home(to: hostile.Handler) -> None:
        feed = f'<link rel="alternate" type="application/rss+xml" href="{site.address}/feed">'
        known = to.headers["If-None-Match"] == '"1"'
        to.say(b"" if known else f"<html><head>{feed}</head></html>".encode(), status=304 if known else 200, ETag='"1"')

    site.answers |= {"/": home, "/feed": hostile.page(rss(item("/a", "One"))), "/a": article("One")}
    index, source = Index(), f"{site.address}/"
    assert gather(index, source) == ()
    site.answers |= {"/feed": hostile.page(rss(item("/a", "One"), item("/b", "Two"))), "/b": article("Two")}
    assert gather(index, source) == ()
    assert {one.title for one in found(index, source)} == {"One", "Two"}


def test_a_wordpress_site_by_its_home_page(site: Site) -> None:
    """The home page names the interface, whose posts bring their whole text: no page is asked for."""
    posts = [
        {
            "link": f"{site.address}/2026/03/buses/",
            "title": {"rendered": "Buses &#8211; for Bitola"},
            "content": {"rendered": f"<p>{BODY * 6}</p><p>{BODY * 6}</p>"},
            "date_gmt": "2026-03-09T08:00:00",
            "modified_gmt": "2026-03-09T09:00:00",
        }
    ]
    home = f'<html><head><link rel="https://api.w.org/" href="{site.address}/wp-json/"></head><body>News</body></html>'
    api = "/wp-json/wp/v2/posts?per_page=50&_fields=link,title,content,date_gmt,modified_gmt,lang"
    site.answers |= {"/": hostile.page(home), api: hostile.page(json.dumps(posts), "application/json")}
    index, source = Index(), f"{site.address}/"
    assert gather(index, source) == ()
    assert [one.title for one in found(index, source)] == ["Buses – for Bitola"]
    assert site.paths() == ["/", api]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (hostile.missing, "404"),
        (hostile.bomb, "bytes"),
        (hostile.silent, "left after 2 s"),
        (hostile.slow, "left after 2 s"),
        (hostile.moved("/feed"), "redirects more than"),
        (hostile.page("just words"), "lists no articles"),
        (hostile.page("<html><body>no feed</body></html>"), None),
        (
            hostile.page('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>'),
            "document type",
        ),
        (hostile.page("{" * 100_000, "application/json"), "JSON"),
    ],
)
def test_a_hostile_source_costs_a_sentence(site: Site, answer: Answer, sentence: str | None) -> None:
    """And nothing is raised, nor kept."""
    site.answers["/feed"] = answer
    index = Index()
    problems = gather(index, f"{site.address}/feed", seconds=2 if sentence == "left after 2 s" else 30)
    assert len(index) == 0
    assert sentence is None or sentence in problems[0]


def test_a_hostile_page_costs_only_itself(site: Site) -> None:
    """A bomb, a page without an article, one that is withdrawn, and one that leads inside: the next is read."""
    names = ("bomb", "empty", "gone", "file", "good")
    site.answers |= {
        "/feed": hostile.page(rss(*(item(f"/{name}", name) for name in names))),
        "/bomb": hostile.bomb,
        "/empty": hostile.page("<html></html>"),
        "/file": hostile.moved("file:///etc/passwd"),
        "/good": article("good"),
    }
    index, source = Index(), f"{site.address}/feed"
    gather(index, source)
    assert [one.title for one in found(index, source)] == ["good"]


@pytest.mark.parametrize(
    "number",
    [
        "&#xD800;",
        "&#55296;",
        "&#x110000;",
        pytest.param(f"&#x{'0' * 30}D800;", id="hexadecimal zeros"),
        pytest.param(f"&#x1{'0' * 5000};", id="hexadecimal digits"),
        pytest.param(f"&#{'0' * 5000}55296;", id="decimal zeros"),
        pytest.param(f"&#1{'0' * 5000};", id="decimal digits"),
    ],
)
@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_a_title_with_what_is_no_character_costs_nothing_else(site: Site, number: str, kind: str) -> None:
    """Half of a surrogate pair, by its number: the list is read, and the title has U+FFFD in its place."""
    urls = (
        f"<url><loc>/{at}</loc><title>{title}</title></url>" for at, title in (("a", f"Bad {number}"), ("b", "Good"))
    )
    lists = {
        "feed": rss(item("/a", f"Bad {number}"), item("/b", "Good")),
        "sitemap": f"<urlset>{''.join(urls)}</urlset>",
    }
    site.answers |= {"/list": hostile.page(lists[kind], "text/xml"), "/a": article("x"), "/b": article("y")}
    index, source = Index(), f"{site.address}/list"
    assert gather(index, source) == ()
    assert {one.title for one in found(index, source)} == {"Bad \ufffd", "Good"}


def test_a_post_with_half_a_character_costs_nothing_else(site: Site) -> None:
    """JSON may name it anywhere; a whole pair is a character as any."""
    text = f"<p>{BODY * 6}</p><p>{BODY * 6}"
    posts = [
        {"link": f"{site.address}/{at}", "title": {"rendered": title}, "content": {"rendered": f"{text}{title}</p>"}}
        for at, title in enumerate(("Bad \ud800", "Good \U0001f68c"))
    ]
    site.answers["/posts"] = hostile.page(json.dumps(posts), "application/json")
    index, source = Index(), f"{site.address}/posts"
    assert gather(index, source) == ()
    assert {one.title for one in found(index, source)} == {"Bad ?", "Good \U0001f68c"}


def test_a_list_that_is_silent_does_not_hide_the_next(site: Site) -> None:
    """It is told only where no list has anything."""
    api = f'<link rel="https://api.w.org/" href="{site.address}/wp-json/">'
    feed = f'<link rel="alternate" type="application/rss+xml" href="{site.address}/feed">'
    site.answers |= {
        "/": hostile.page(f"<html><head>{api}{feed}</head><body>News</body></html>"),
        "/wp-json/wp/v2/posts?per_page=50&_fields=link,title,content,date_gmt,modified_gmt,lang": lambda to: to.say(
            b"", status=503
        ),
        "/feed": hostile.page(rss(item("/a", "One")), "application/rss+xml"),
        "/a": article("One"),
    }
    index, source = Index(), f"{site.address}/"
    assert gather(index, source) == ()
    assert [one.title for one in found(index, source)] == ["One"]
    del site.answers["/feed"]
    (problem,) = gather(Index(), source)
    assert "(503)" in problem


def test_what_nobody_expected_costs_one_article(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page and a file that break the index: the rest of their feed and folder is read."""
    put = Index.put

    def breaks(self: Index, source: str, made: Sequence[tuple[str, str, Article]]) -> None:
        if "bad" in made[0][0]:
            raise RecursionError
        put(self, source, made)

    monkeypatch.setattr(Index, "put", breaks)
    names = ("bad", "bad2", "bad3", "bad4", "good")
    site.answers |= {"/feed": hostile.page(rss(*(item(f"/{name}", name) for name in names)))}
    site.answers |= {f"/{name}": article(name) for name in names}
    index, source = Index(), f"{site.address}/feed"
    problems = gather(index, source)
    assert [one.title for one in found(index, source)] == ["good"]
    assert len(problems) == 3
    assert all("could not be read (RecursionError)" in problem for problem in problems)
    for name in ("bad", "good"):
        (tmp_path / f"{name}.txt").write_text(f"{name}\n\n{BODY}")
    assert gather_folder(index, tmp_path) == ("bad.txt could not be read (RecursionError): it is left out.",)
    assert [one.title for one in found(index, str(tmp_path))] == ["good"]


def test_a_source_that_breaks_costs_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever came up, the next source is read."""

    def breaks(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("votd.flows.articles.gather_folder", breaks)
    monkeypatch.setattr(Visitor, "gather", breaks)
    sources = (str(tmp_path), "http://news.example/feed?key=secret")
    problems = asyncio.run(refresh(Index(), sources, load(home=tmp_path), SINCE))
    assert [problem.partition(" could not be read: ")[0] for problem in problems] == [str(tmp_path), "news.example"]


def test_an_article_brings_so_much_and_no_more(site: Site, tmp_path: Path) -> None:
    """From a feed and a folder alike."""
    listed = "".join(f"<p>{BODY} {i}</p>" for i in range(MOST_PARAGRAPHS + 50))
    whole = f'<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[{listed}]]>'
    site.answers["/feed"] = hostile.page(rss(item("/a", "Bus " * 100, more=f"{whole}</content:encoded>")))
    index, source = Index(), f"{site.address}/feed"
    assert gather(index, source) == ()
    (tmp_path / "a.txt").write_text("Bus " * 100 + f"\n\n{BODY * 1500}\n\n{BODY * 1500}\n\n{BODY}")
    assert gather_folder(index, tmp_path) == ()
    (listed_one,), (filed,) = found(index, source), found(index, str(tmp_path))
    assert (len(listed_one.title), len(listed_one.paragraphs)) == (300, MOST_PARAGRAPHS)
    assert (len(filed.title), sum(map(len, filed.paragraphs))) == (300, MOST_CHARACTERS)


def test_a_chosen_page_that_is_away_costs_the_link(site: Site, tmp_path: Path) -> None:
    """Not the video; a file that is not there is the person's to mend."""
    settings, said = load(home=tmp_path, articles_private=True), Said("Bitola buys buses.", "en", "Buses")
    for answer, sentence, again in (
        (lambda to: to.say(b"", status=503), "(503)", True),
        (hostile.bomb, "bytes", False),
        (hostile.missing, "(404)", False),
    ):
        site.answers["/a"] = answer
        told = asyncio.run(chosen(said, f"{site.address}/a", settings))
        assert (told.link, told.again) == (Link("none", ()), again)
        assert sentence in told.problems[0]
    with pytest.raises(BadRequest):
        asyncio.run(chosen(said, str(tmp_path / "missing.txt"), settings))


def test_a_site_inside_the_network_needs_the_setting(site: Site) -> None:
    """It is refused with the name of the setting, and not asked at all."""
    site.answers["/feed"] = hostile.page(rss(item("/a", "One")))
    (problem,) = gather(Index(), f"{site.address}/feed", private=False)
    assert "articles_private" in problem
    assert not site.asked


def test_what_stands_under_many_articles_is_the_sites(site: Site) -> None:
    """An appeal to the readers is no paragraph of a story."""
    appeal = "Dear reader, our work is free for all, become a member and help us to go on with it."
    index = Index()
    made = [
        (str(i), "", Article(f"Story {i}", (f"{BODY} {i} buses.", appeal), f"{i}.txt", None, None, "en"))
        for i in range(6)
    ]
    index.put("s", made)
    assert all(one.paragraphs == (f"{BODY} {one.file[0]} buses.",) for one in found(index, "s"))


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    """What changed is read again, what is gone is forgotten, a bad file costs a sentence."""
    index, source = Index(), str(tmp_path)
    (tmp_path / "a.txt").write_text(f"Title A\n\n{BODY}")
    (tmp_path / "b.txt").write_text(f"Title B\n\n{BODY}")
    (tmp_path / "c.txt").write_bytes(b"\x00\x01")
    assert len(gather_folder(index, tmp_path)) == 1
    assert {one.title for one in found(index, source)} == {"Title A", "Title B"}
    (tmp_path / "a.txt").write_text(f"Title of A\n\n{BODY}")
    (tmp_path / "b.txt").unlink()
    (tmp_path / "c.txt").unlink()
    assert gather_folder(index, tmp_path) == ()
    assert {one.title for one in found(index, source)} == {"Title of A"}
    with pytest.raises(BadRequest):
        gather_folder(index, tmp_path / "missing")


def test_a_broken_index_is_made_anew(tmp_path: Path) -> None:
    """Whatever is in it can be read from its source again."""
    file = tmp_path / "deep" / "articles.sqlite"
    index = Index(file)
    index.put("s", [("a", "", Article("T", (BODY,), "a", None, None, "en"))])
    index.close()
    assert len(Index(file)) == 1
    file.write_bytes(b"no database" * 1000)
    assert len(Index(file)) == 0
