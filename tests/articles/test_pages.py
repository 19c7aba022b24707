"""What is taken out of pages of different make, written for this: no text is another site's."""

import datetime as dt

import pytest
from articles.page_truth import Truth, f1, truths

from votd.media.articles.page import read_page
from votd.media.errors import BadRequest

ALL = pytest.mark.parametrize("truth", truths(), ids=lambda truth: truth.name)
F1, F1_HELD_OUT = 0.95, 0.84
# Notices that nothing marks; what stands under many articles of a site is left out by the index.
UNMARKED = {"wordpress-block": 1, "drupal": 1, "hashed": 3}
PROSE = "The council agreed on Monday that the bridge of Vrbica will be closed until the middle of May. "
TEXT = "".join(f"<p>{number}. {PROSE * 2}</p>" for number in range(4))


def page(body: str, title: str = "Bridge closed until May", head: str = "", window: str = "") -> bytes:
    """Return a page of a site."""
    head = f'<title>{window or title}</title><meta property="og:title" content="{window or title}">{head}'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'.encode()


def text_of(data: bytes) -> str:
    """Return what is read out of a page."""
    return "\n".join(read_page(data, "page.html").paragraphs)


@ALL
def test_facts(truth: Truth) -> None:
    """Tell title, day, canonical address and language of every page."""
    article = read_page(truth.data, truth.name)
    assert (article.title, article.date, article.url) == (truth.title, truth.date, truth.url)
    assert (article.language or "").partition("-")[0] == truth.language


@ALL
def test_text(truth: Truth) -> None:
    """Take the article, and next to nothing besides."""
    paragraphs = read_page(truth.data, truth.name).paragraphs
    assert f1(*truth.score(paragraphs)) >= (F1_HELD_OUT if truth.held_out else F1)


@ALL
def test_nothing_unwanted(truth: Truth) -> None:
    """Leave comments, offers, other stories and notices out, but for those that nothing marks."""
    let_in = truth.let_in(read_page(truth.data, truth.name).paragraphs)
    assert len(let_in) <= UNMARKED.get(truth.name, 0), let_in


def test_text_that_only_payers_see_is_no_offer() -> None:
    """Keep the rest of an article in an element that is named after the paywall, and drop the offer within it."""
    offer = '<div class="offer"><p>Only one euro a week.</p><a href="/login">Log in</a></div>'
    body = f"<h1>Bridge closed until May</h1><article><p>{PROSE}</p><div class='paywall'>{TEXT}{offer}</div></article>"
    assert "3. The council" in text_of(page(body))
    assert "one euro" not in text_of(page(body))


def test_an_article_of_a_name_that_is_usual_for_chrome_is_kept() -> None:
    """Keep the text whatever its class says, where there is little else."""
    body = f'<h1>Bridge closed until May</h1><div class="piece comment popular">{TEXT}</div><p>{PROSE}</p>'
    assert "3. The council" in text_of(page(body))


def test_chapters_with_large_headings_are_no_next_articles() -> None:
    """Keep sections that have the class of the page's head and a heading of the first degree."""
    head = '<section class="block"><h1>Bridge closed until May</h1><p>By our reporter.</p></section>'
    body = head + "".join(f'<section class="block"><h1>Part {n}</h1>{TEXT}</section>' for n in range(2))
    assert text_of(page(body)).count("3. The council") == 2


def test_a_live_blog_whose_posts_stand_apart() -> None:
    """Take the posts of every day, though each day has an element of its own."""
    post = '<div itemprop="liveBlogUpdate"><time datetime="2026-03-05">12:00</time><p>{}</p></div>'
    days = "".join(f'<div class="day">{post.format(f"{n}. {PROSE}") * 2}</div>' for n in range(3))
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
    text = text_of(page(f"<h1>Bridge closed until May</h1><main>{days}</main>", head=head))
    assert [f"{n}. The" in text for n in range(3)] == [True] * 3
    assert "12:00" not in text


def test_a_page_that_falsely_says_it_is_a_live_blog_loses_nothing() -> None:
    """Read a page as any other where it has no posts."""
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
    assert "3. The council" in text_of(page(f"<h1>Bridge closed until May</h1><article>{TEXT}</article>", head=head))


@pytest.mark.parametrize(
    ("window", "heading", "expected"),
    [
        ("Bridge closed until May - The Bugle", "Bridge closed until May", "Bridge closed until May"),
        ("The Bugle | Bridge closed until May", "Bridge closed until May", "Bridge closed until May"),
        ("Post-war bridge closed", "war bridge closed", "Post-war bridge closed"),
        ("Radan: Bridge closed until May", "Bridge closed until May", "Radan: Bridge closed until May"),
        ("Bridge closed until May", "Bugle", "Bridge closed until May"),
    ],
)
def test_title(window: str, heading: str, expected: str) -> None:
    """Leave the site's name out where the headline does, and nothing else."""
    body = f"<h1>{heading}</h1><article>{TEXT}</article>"
    assert read_page(page(body, window=window), "page.html").title == expected


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("Advertisement", False),
        ("Video of the day", False),
        ("Bridge closed until May", False),
        ('Read also: <a href="/a">The bridge that nobody wanted</a>', False),
        (f'<a href="/a">{PROSE}</a>', True),
        ("An advertisement for the bridge", True),
    ],
)
def test_lines(line: str, stays: bool) -> None:
    """Leave labels, the title and ways to other stories out, and keep what is a sentence."""
    body = f"<h1>Bridge closed until May</h1><article>{TEXT}<p>{line}</p>{TEXT.replace('.', '!')}</article>"
    said = line.removeprefix('<a href="/a">').removesuffix("</a>").strip()
    assert (said in text_of(page(body)).split("\n")) == stays
    assert "nobody wanted" not in text_of(page(body))


def test_an_appeal_to_the_reader() -> None:
    """Leave out an appeal that greets the reader under the text, and keep a letter that begins so."""
    appeal = f"<p>Dear reader,</p><p>Please help. {PROSE}</p><p>Last words of the article, which are long enough.</p>"
    text = text_of(page(f"<h1>Bridge closed until May</h1><article>{TEXT}{appeal}</article>"))
    assert "Please help" not in text
    assert "Last words" in text
    assert "Please help" in text_of(page(f"<h1>Bridge closed until May</h1><article>{appeal}{TEXT}</article>"))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('<time datetime="2026-03-05">5 March</time>', "", dt.date(2026, 3, 5)),
        ("", '<time datetime="2026-03-09">another story</time>', None),
    ],
)
def test_a_time_counts_under_the_headline(before: str, after: str, expected: dt.date | None) -> None:
    """Take the day from a ``time`` between headline and text, and none from further down."""
    body = f"<h1>Bridge closed until May</h1>{before}<div>{TEXT}</div>{after}"
    assert read_page(page(body), "page.html").date == expected


@pytest.mark.parametrize("body", ["<time>12:00</time><p>text</p>" * 4_500, "<i class='ad'></i>text " * 7_000])
def test_what_is_built_to_cost_time(body: str) -> None:
    """Answer soon, whatever the answer is; a quadratic step would take minutes."""
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
    try:
        read_page(page(f"<h1>Bridge closed until May</h1><div>{body}</div>", head=head), "page.html")
    except BadRequest as e:
        assert "\n" not in str(e)
