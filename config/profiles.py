"""The profiles that ship as data: ladders and the caption style."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from votd.media.model import CaptionStyle, Ladder, Rung


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


def caption_style() -> CaptionStyle:
    """Return the house's caption style (``captions.toml``)."""
    return CaptionStyle(**_table("captions.toml")["style"])
