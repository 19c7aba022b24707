"""Cut out of a page's tree what is not its article, before the main text is searched for.

By what the makers of sites have in common, never by what one site writes: schema.org's marks, the names that systems
give to classes, and how a page is built. What holds the headline or too much of the text is left alone. All takes time
linear in the elements, since what is nested deeper than 256 is not parsed.
"""

import re
from collections.abc import Iterator
from typing import Any

_RUN = 40  # characters without a link between that make prose: less is a label, a figure or a name
_LINE = 200  # characters of the longest title that a link shows
_CHROME = re.compile(
    r"ads?|adv|adverts?|advertise?ments?|advertising|adspot|banners?|sponsor(?:ed)?|promo(?:ted)?|taboola|outbrain|related|"
    r"recommend(?:ed|ations?)|teasers?|trending|popular|newsletters?|mailchimp|shar(?:e|ing)|social|cookies?|consent|gdpr|"
    r"pullquotes?|polls?|bio|tool(?:bar|s)|breadcrumbs?|tags"
)
_COMMENTS = re.compile(r"comments?|commentlist|disqus|komentar\w*")
_OFFER = re.compile(
    r"(?:pay|reg)wall|barrier|piano|locked|premium|subscri(?:be|bers?|ptions?)|offers?|upsell|pretplat\w*|membership|"
    r"donat(?:e|ions?)|support|appeal"
)
_CALL = re.compile(
    r"(?:^|[/.?=])(?:log-?in|sign-?(?:in|up)|subscri\w*|offers?|register|join|member\w*|donat\w*|support|pretplat\w*)(?:$|\W)",
    re.IGNORECASE,
)
_LARGEST = ((_COMMENTS, 0.3), (_OFFER, 0.7), (_CHROME, 0.3))
"""The share of the page's prose that such an element may have at most: what has more is the article, oddly named."""
_LARGEST_AFTER = ((_COMMENTS, 0.9), *_LARGEST[1:])  # where a tenth of all prose stands between it and the headline
_EMBEDS = (
    "//amp-ad | //blockquote[contains(@class, 'instagram-') or contains(@class, 'tiktok-') or contains(@class, 'fb-')]"
)
_SILENT = frozenset(("a", "script", "style", "noscript", "template", "button", "select", "textarea", "head", "nav"))
_CREDIT = re.compile(r"credits?|count(?:er)?|copyright|byline|kicker")
_SPACE = re.compile(r"\s+")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_POSTS = "//*[@itemprop='liveBlogUpdate']"
_DECLARED = "//script[@type='application/ld+json']/text() | //@itemtype"


def prune(tree: Any, headline: Any) -> None:
    """Cut in place; ``headline`` is the heading that says the title, or ``None``."""
    _one_line(tree)
    for element in tree.xpath(_EMBEDS):
        _empty(element)
    _drop_chrome(tree, headline)
    if headline is not None:
        _drop_next_articles(headline, _prose(tree))
    _drop_lines_of_links(tree)
    declared = " ".join(tree.xpath(_DECLARED))
    prose = _prose(tree)
    if "LiveBlogPosting" in declared:
        _narrow(tree, _feed(tree, prose))
    elif "ImageGallery" in declared or sum(prose[one] for one in tree.iter("figcaption")) > prose[tree] / 2:
        _narrow(tree, _densest(tree, prose))
    elif (cell := _densest(tree, prose)) is not None and any(True for _ in cell.iterancestors("table")):
        _narrow(tree, cell)


def _one_line(tree: Any) -> None:
    """Make every run of white space one space, as a browser does: a break within a paragraph would end it."""
    for element in tree.iter("*"):
        if element.tag != "pre":
            element.text = element.text and _SPACE.sub(" ", element.text)
        element.tail = element.tail and _SPACE.sub(" ", element.tail)


def squeezed(element: Any) -> str:
    """Return an element's text in one line."""
    return " ".join(element.text_content().split())


def _empty(element: Any) -> None:
    """Leave an end of line in an element's place: taken out, its neighbours would join, at a cost that is quadratic."""
    element.clear(keep_tail=True)
    element.tag = "br"


def _named(element: Any, names: re.Pattern[str]) -> bool:
    """Tell whether class or id have one of these words in them."""
    said = f"{element.get('class', '')} {element.get('id', '')}"[:500]
    return any(names.fullmatch(word.lower()) for word in _WORDS.findall(said))


def _run(text: str | None) -> int:
    length = len((text or "").strip())
    return length if length >= _RUN else 0


def _prose(tree: Any) -> dict[Any, int]:
    """Count the characters of prose in every element: runs of text that are long enough, outside of links."""
    told: dict[Any, int] = {}
    for element in reversed(list(tree.iter("*"))):
        own = _run(element.text) + sum(_run(child.tail) + told.get(child, 0) for child in element)
        told[element] = 0 if element.tag in _SILENT else own
    return told


def _drop_chrome(tree: Any, headline: Any) -> None:
    """Drop what its class or id names as comments, offers, advertisements, related stories and the like."""
    prose = _prose(tree)
    kept = {tree, tree.find("body"), headline, *(headline.iterancestors() if headline is not None else ())}
    gone: dict[Any, None] = {}
    left, passed = prose[tree], 0
    for element in tree.iter("*"):
        largest = _LARGEST_AFTER if passed > 0.1 * prose[tree] else _LARGEST
        passed = 0 if element is headline else passed + _run(element.text) + _run(element.tail)
        if element.getparent() in gone:
            gone[element] = None
        elif element not in kept and prose[element] < left:
            share = prose[element] / prose[tree]
            named = [names for names, limit in largest if share <= limit and _named(element, names)]
            if any(names is not _OFFER or _is_offer(element) for names in named):
                gone[element] = None
                left -= prose[element]
    for element in gone:
        if element.getparent() not in gone:
            _empty(element)


def _is_offer(element: Any) -> bool:
    """Tell an offer from the part of the article that is only shown to those who pay."""
    calls = any(_CALL.search(link.get("href") or "") for link in element.iter("a"))
    calls = calls or any(True for _ in element.iter("button", "form", "input"))
    return calls and sum(len(squeezed(p)) >= 150 for p in element.iter("p")) < 3


def _drop_next_articles(headline: Any, prose: dict[Any, int]) -> None:
    """End the page where the next article begins: something built like this one, with a headline of its own."""
    for block in headline.iterancestors():
        for other in list(block.itersiblings()) if block.get("class") else ():
            alike = (other.tag, other.get("class")) == (block.tag, block.get("class"))
            # A headline's block with little text is a page's head, and what follows may be its article's chapters.
            if alike and prose[block] > prose[other] / 3 and other.find(".//h1") is not None:
                _empty(other)


def _drop_lines_of_links(tree: Any) -> None:
    """Drop paragraphs and list items that only lead elsewhere, after a word or two, and what announces such a list."""
    for line in list(tree.iter("p", "li")):
        text, links, parent = squeezed(line), sum(len(squeezed(link)) for link in line.iter("a")), line.getparent()
        if parent is None or not links or len(text) > _LINE or len(text) - links > min(_RUN, links) or text[-1] == ".":
            continue
        _empty(line)
        last = parent.tag in ("ul", "ol") and line.getnext() is None
        before = parent.getprevious() if last and all(one.tag == "br" for one in parent) else None
        if before is not None and before.tag in ("p", "h2", "h3", "h4", "h5") and len(squeezed(before)) <= _RUN:
            _empty(before)


def _feed(tree: Any, prose: dict[Any, int]) -> Any:
    """Return the element that holds the posts of a live blog, without what stands between and beside them."""
    posts = tree.xpath(_POSTS)
    if posts:
        feed = next(one for one in posts[0].iterancestors() if len(one.xpath(f".{_POSTS}")) == len(posts))
    else:
        feed = max(tree.iter("*"), key=lambda one: sum(1 for _ in _timed(one, prose)))
        posts = list(_timed(feed, prose))
    if len(posts) < 2:
        return None
    holding = {one for post in posts for one in (post, *post.iterancestors())}
    for child in feed:
        if child not in holding:
            _empty(child)
    for stamp in feed.xpath(".//time | .//*[@itemprop='datePublished']"):
        _empty(stamp)
    return feed


def _timed(element: Any, prose: dict[Any, int]) -> Iterator[Any]:
    return (child for child in element if prose.get(child) and child.find(".//time") is not None)


def _densest(tree: Any, prose: dict[Any, int]) -> Any:
    """Return the deepest element that holds nearly all prose."""
    element = tree
    while inner := [child for child in element if prose.get(child, 0) > 0.8 * prose[tree]]:
        element = inner[0]
    return element if prose[tree] else None


def _narrow(tree: Any, element: Any) -> None:
    """Make one element the page's whole body, and plain: a name that is usual for chrome would cost it its parts."""
    body = tree.find("body")
    if element is None or body is None or element in (tree, body):
        return
    for child in list(body):
        body.remove(child)
    body.append(element)
    for one in list(element.iter("*")):
        if one is not element and _named(one, _CREDIT):
            _empty(one)
        elif one.tag == "a":
            one.tag = "span"
        elif one.tag in ("article", "section", "figure", "figcaption", "header", "small"):
            one.tag = "div"
        one.attrib.pop("class", None)
        one.attrib.pop("id", None)
    element.tag = "article"
