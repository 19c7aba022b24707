"""Read the candidates: articles as text, Markdown or HTML files.

Text: the first line that is not empty is the title, the rest is the body; in Markdown the first heading.
HTML: see ``page``. ``NAME.yaml`` beside
either may state ``url``, ``date`` and ``language``, and wins. No date means unknown, never the file's time.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from votd.media.articles.facts import read_facts
from votd.media.articles.files import decode, name_of, read_bytes
from votd.media.articles.page import read_page
from votd.media.errors import BadRequest
from votd.media.model import Article

TEXT = (".txt", ".md")
HTML = (".html", ".htm")
MOST_PARAGRAPHS, MOST_CHARACTERS = 500, 200_000
"""What one article may bring, the rest is cut: the passages' cost is quadratic, and no story is longer than a book."""
_MAX_TITLE = 300
_BREAKS = ("softbreak", "hardbreak")
_SAID = ("text", "code_inline", *_BREAKS)


def read_file(path: Path) -> Article:
    """Read one article; ``file`` is its name. Raises ``BadRequest`` with one sentence that says what is wrong."""
    name = name_of(path)
    suffix = path.suffix.lower()
    if suffix not in (*TEXT, *HTML):
        raise BadRequest(f"{name} is not an article that can be read, give a .txt, .md or .html file.")
    data = read_bytes(path)
    article = read_page(data, name) if suffix in HTML else _read_text(_plain(decode(data, name), suffix), name)
    article = bounded(article)
    sidecar = path.with_suffix(".yaml")
    if not sidecar.is_file() or _leads_out(sidecar, path.parent):
        return article
    facts = read_facts(sidecar)
    return replace(
        article,
        url=facts.url or article.url,
        date=facts.date or article.date,
        language=facts.language or article.language,
    )


def bounded(article: Article) -> Article:
    """Cut what can only be a mistake or an attack: the end of a title, and of a text, that go on and on."""
    room, kept = MOST_CHARACTERS, list[str]()
    for paragraph in article.paragraphs[:MOST_PARAGRAPHS]:
        if room <= 0:
            break
        kept.append(paragraph[:room])
        room -= len(paragraph)
    return replace(article, title=_shortened(article.title), paragraphs=tuple(kept))


def files(folder: Path) -> Iterator[Path]:
    """Yield what may be an article: every text, Markdown and HTML file that lies in a folder itself, sorted by name.

    Hidden files, other types and links that lead out of the folder are left out. Raises ``BadRequest`` where the folder
    is not there or cannot be listed.
    """
    try:
        paths = sorted(folder.iterdir())
    except (OSError, ValueError) as e:
        raise BadRequest(f"{folder} is not a folder that can be read, give one that holds articles.") from e
    for path in paths:
        wanted = path.suffix.lower() in (*TEXT, *HTML) and not path.name.startswith(".")
        if wanted and not _leads_out(path, folder):
            yield path


def _leads_out(path: Path, folder: Path) -> bool:
    """Tell whether a name is a link to somewhere else: a drop must not publish what lies elsewhere on the machine."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself
        return True


def _plain(text: str, suffix: str) -> str:
    """Return a text without Markdown's signs, its first heading first: links, emphasis and pictures are not words."""
    if suffix != ".md":
        return text
    from markdown_it import MarkdownIt  # noqa: PLC0415 (only Markdown needs it)

    blocks: list[str] = []
    title = None
    heading = False
    for token in MarkdownIt().parse(re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)):
        if token.type == "inline":
            parts = (
                " " if part.type in _BREAKS else part.content for part in token.children or () if part.type in _SAID
            )
            said = "".join(parts)
            title = said if heading and title is None else title
            blocks += [] if heading and title is said else [" ".join(said.split())]
        heading = token.type == "heading_open"
    return "\n\n".join(filter(None, [title, *blocks]))


def _read_text(text: str, name: str) -> Article:
    lines = unicodedata.normalize("NFC", text).strip().splitlines()
    if not lines or not lines[0].strip():
        raise BadRequest(f"{name} is empty, its first line must be the article's title.")
    return Article(" ".join(lines[0].split()), _paragraphs("\n".join(lines[1:]).strip()), name)


def _paragraphs(body: str) -> tuple[str, ...]:
    """Split at empty lines; where a text has none, every line is a paragraph."""
    blocks = re.split(r"\n\s*\n", body)
    if len(blocks) == 1:
        blocks = body.split("\n")
    return tuple(filter(None, (" ".join(block.split()) for block in blocks)))


def _shortened(title: str) -> str:
    """Cut a title: it is shown, compared and made into names."""
    return title if len(title) <= _MAX_TITLE else title[: _MAX_TITLE - 1].rstrip() + "…"
