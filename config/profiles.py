"""The profiles that ship as data: ladders, the caption style, word classes and fit models."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from votd.media.model import CaptionStyle, Ladder, Rung, WordClasses


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("votd.config") / name).read_text(encoding="utf-8"))


def ladder(name: str) -> Ladder:
    """Return the encoding profile ``name`` of ``ladder.toml``; raises ``ValueError`` where there is none."""
    profiles = _table("ladder.toml")
    if name not in profiles:
        raise ValueError(f"There is no profile {name!r}; there are {', '.join(sorted(profiles))}.")
    values = dict(profiles[name])
    rungs = tuple(Rung(**rung) for rung in values.pop("rungs"))
    return Ladder(name=name, rungs=rungs, **values)


def caption_style(portrait: bool = False) -> CaptionStyle:
    """Return the house's caption style (``captions.toml``)."""
    table = _table("captions.toml")
    return CaptionStyle(**table["style"] | (table["portrait"] if portrait else {}))


@cache
def word_classes(language: str) -> WordClasses | None:
    """Return what a language's words are (``words.LANGUAGE.toml``); ``None`` for one that has no such file."""
    name = f"words.{language.partition('-')[0].lower()}.toml"
    if not (files("votd.config") / name).is_file():
        return None
    return WordClasses(**{key: _words(key, value) for key, value in _table(name).items()})


def models() -> dict[str, Any]:
    """Return which Whisper models are fit for which language (``models.toml``)."""
    return _table("models.toml")


def _words(key: str, value: Any) -> Any:
    """Read a list of words: parted by spaces, or by bars where an entry is more than one word."""
    if key == "language":
        return value
    if isinstance(value, list):
        return tuple(value)
    return frozenset(entry.strip() for entry in value.split("|")) if key == "phrases" else frozenset(value.split())
