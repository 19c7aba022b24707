"""An article's address, date and language: from the YAML file beside it, each checked."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from votd.media.articles.files import decode, name_of, read_bytes
from votd.media.errors import BadRequest

MAX_SIDECAR_BYTES = 4_000  # the YAML parser needs seconds for 20 kB of brackets
_MAX_URL = 2048
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands beside an article's text; ``None`` is unknown."""

    url: str | None = None
    date: dt.date | None = None
    language: str | None = None


def read_facts(path: Path) -> Facts:
    """Read ``NAME.yaml``: ``url`` (http or https), ``date`` (YYYY-MM-DD) and ``language`` (BCP 47), all optional.

    Raises ``BadRequest`` with one sentence that names the file and the field.
    """
    name = name_of(path)
    fields = _mapping(decode(read_bytes(path, MAX_SIDECAR_BYTES), name), name)
    known = {"url": url_of, "date": date_of, "language": language_of}
    for field in fields:
        if field not in known:
            raise BadRequest(f"{name} has an unknown field {str(field)[:40]!r}, only url, date and language are read.")
    read: dict[str, Any] = {}
    for field, value in fields.items():
        read[field] = known[field](value) if value is not None else None
        if value is not None and read[field] is None:
            raise BadRequest(f"{name}: {field} {str(value)[:80]!r} is not {_EXPECTED[field]}.")
    return Facts(**read)


_EXPECTED = {
    "url": "an http or https address",
    "date": "a date, write it as YYYY-MM-DD",
    "language": 'a language code, write it in quotes, as in "mk"',
}


def url_of(value: object) -> str | None:
    """Return an http or https address with a host, else ``None``: what a page links to must not run or open files."""
    if not isinstance(value, str):
        return None
    url = value.strip()
    if len(url) > _MAX_URL or re.search(r"[\s\x00-\x1f\x7f\"<>\\]", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc else None


def date_of(value: object) -> dt.date | None:
    """Return a date from YAML's own date or date-time, or from a text that begins with YYYY-MM-DD."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value.strip()[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def language_of(value: object) -> str | None:
    """Return a language tag (BCP 47), its first part in lower case."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value.strip()):
        return None
    language, *rest = re.split("[-_]", value.strip())
    return "-".join([language.lower(), *rest])


def _mapping(text: str, name: str) -> dict[Any, Any]:
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        raise BadRequest(f"{name} is not YAML, write one 'field: value' a line.") from e
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise BadRequest(f"{name} is not a list of fields, write one 'field: value' a line.")
    return loaded
