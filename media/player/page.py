"""The HTML page of one published version, and the player script that it loads.

Everything from the record is hostile: Jinja escapes every value, paths are percent-encoded, and only http(s) addresses
become links. The page's own script and style are constant, so a Content-Security-Policy can name them by hash.
"""

import base64
import datetime as dt
import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from votd.media.player.structured import absolute, fragment, structured, web_address
from votd.media.player.structured import script as in_script
from votd.media.player.words import WORDS, Words
from votd.media.record import Record, RecordPassage

HLS_JS = "1.7.4"

_FOLDER = Path(__file__).parent


def page(
    record: Record,
    root: str,
    player: str,
    *,
    public: str | None = None,
    transcript: str | None = None,
    alone: bool = False,
) -> str:
    """Write the page of one version; ``alone`` is the player by itself, to stand in a frame.

    ``root`` leads from the page's folder to the store's root (``../../../``); ``player`` is the key of hls.js.
    ``public`` is the store's public address: without it search engines and other sites are told nothing.
    """
    language = "mk" if _primary(record.language) == "mk" else "en"
    script, style = _inline("page.js"), _inline("page.css")
    address = absolute(public) if public else None
    data = structured(record, address, transcript) if address and not alone else None
    return _template("embed.html.j2" if alone else "page.html.j2").render(
        record=record,
        address=address,
        data=Markup(in_script(data)) if data else None,  # noqa: S704 - escaped there, as JSON in a script is
        passages=_passages(record),
        clock=_clock,
        words=WORDS[language],
        page_language=language,
        link=lambda path: root + quote(path),
        web_address=web_address,
        date=_date(record.date, WORDS[language]),
        duration=_clock(record.duration_ms),
        portrait=record.source.height > record.source.width,
        automatic=any(track.origin == "machine" for track in record.captions),
        player=player,
        policy=_policy(script, style),
        script=script,
        style=style,
    )


@cache
def player_file() -> tuple[str, bytes]:
    """Return the key and the bytes of hls.js; the key changes with them, so that it can be cached for ever."""
    data = (_FOLDER / "hls.min.js").read_bytes()
    return f"player/hls-{HLS_JS}-{hashlib.sha256(data).hexdigest()[:8]}.min.js", data


@cache
def page_digest() -> str:
    """Return a hash of everything that a page is made from but its record: another page is another version."""
    names = ("page.html.j2", "embed.html.j2", "page.css", "page.js", "page.py", "structured.py", "words.py")
    parts = [player_file()[0].encode(), *((_FOLDER / name).read_bytes() for name in names)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _passages(record: Record) -> list[tuple[RecordPassage, str | None]]:
    """Return the first article's passages, each with the address of its paragraph, in the order of the talk."""
    if not record.articles:
        return []
    url = web_address(record.articles[0].url)
    return [(one, f"{url.partition('#')[0]}#{fragment(one)}" if url else None) for one in record.articles[0].passages]


@cache
def _inline(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Allow the store's own files, the two inline parts by their hashes, and the blobs of Media Source Extensions."""
    return (
        f"default-src 'none'; script-src 'self' {_source(script)}; style-src {_source(style)}; connect-src 'self'; "
        "img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _primary(language: str | None) -> str:
    return (language or "").partition("-")[0].lower()


def _date(day: dt.date, words: Words) -> str:
    return f"{day.day} {words.months.split()[day.month - 1]} {day.year}"


def _clock(milliseconds: int) -> str:
    """Write a duration as a clock shows it: ``1:05``, ``1:00:05``."""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
