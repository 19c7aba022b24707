"""What is asked for one video: the command line's flags or a drop's sidecar, as plain values that Prefect can keep."""

import dataclasses
import datetime as dt
import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from votd.config.settings import is_language
from votd.media import errors
from votd.media.articles.read import read_file
from votd.media.source.names import cleaned, shown

SIDECAR_BYTES = 64 * 1024
LONGEST = 5000
SIDECAR_FIELDS = ("title", "date", "language", "article", "description", "commentator", "translate")
CAPTIONS = (".vtt", ".srt")


@dataclass(frozen=True, slots=True)
class Request:
    """One video to publish. Paths are absolute. ``None`` leaves a fact to the sidecar, the settings or the machine.

    ``script`` holds the words that were meant to be spoken; ``captions`` are a person's own, each with its language
    (``None``: that of the speech). ``translate`` asks for English subtitles too. ``seen`` is the day on which the file
    was first seen, for a drop that waited over midnight.
    """

    video: Path
    articles: Path | None = None
    article: Path | None = None
    title: str | None = None
    date: dt.date | None = None
    language: str | None = None
    description: str | None = None
    commentator: str | None = None
    script: Path | None = None
    captions: tuple[tuple[Path, str | None], ...] | None = None
    translate: bool | None = None
    seen: dt.date | None = None


def with_sidecars(request: Request) -> Request:
    """Fill what the request leaves open from what lies beside the video, where there is such a thing:

    ``STEM.yaml`` (facts), ``STEM.txt`` (the script), ``STEM.LANGUAGE.vtt`` or ``.srt`` (captions). Raises
    ``RejectedSource`` for facts that cannot be read: their producer must mend them.
    """
    facts = _facts(request)
    script = request.video.with_suffix(".txt")
    beside = {**facts, "script": script if script.is_file() else None, "captions": _captions(request.video)}
    return dataclasses.replace(request, **{n: v for n, v in beside.items() if getattr(request, n) is None})


def _facts(request: Request) -> dict[str, Any]:
    sidecar = request.video.with_suffix(".yaml")
    facts = _read(sidecar) if sidecar.is_file() else {}
    if "article" in facts:
        facts["article"] = _article(sidecar, request.articles or sidecar.parent, facts["article"])
    return facts


def captions_of(files: Sequence[Path]) -> tuple[tuple[Path, str | None], ...]:
    """Tell the language of caption files by their names: NAME.LANGUAGE.vtt."""
    tags = [(file, file.stem.rpartition(".")[2] if "." in file.stem else "") for file in files]
    return tuple((file, tag if is_language(tag) else None) for file, tag in tags)


def _captions(video: Path) -> tuple[tuple[Path, str | None], ...] | None:
    """Find the captions of a video: WebVTT wins over SubRip of the same language."""
    found: dict[str | None, Path] = {}
    for suffix in reversed(CAPTIONS):
        for path in sorted(video.parent.glob(f"{glob.escape(video.stem)}*{suffix}")):
            middle = path.name.removeprefix(video.stem).removesuffix(suffix)
            if path.is_file() and (not middle or (middle[0] == "." and is_language(middle[1:]))):
                found[middle[1:] or None] = path
    return tuple((path, language) for language, path in found.items()) or None


def checked(request: Request) -> Request:
    """Refuse what the command got wrong before hours of work are done; return the same request."""
    if request.article:
        read_file(request.article)
    elif request.articles and not request.articles.is_dir():
        raise errors.BadRequest(f"{request.articles} is not a folder of articles.")
    for file in (request.script, *(file for file, _ in request.captions or ())):
        if file and not file.is_file():
            raise errors.BadRequest(f"There is no file {file}.")
    return request


def _article(sidecar: Path, folder: Path, name: str) -> Path:
    """Find the article that a sidecar names: a file in the folder of the articles, and nowhere else."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise errors.RejectedSource(f"{shown(sidecar.name)} names the article “{shown(name)}”, which is not there.")
    return path


def _read(sidecar: Path) -> dict[str, Any]:
    name = shown(sidecar.name)
    try:
        data = yaml.safe_load(sidecar.read_bytes()[:SIDECAR_BYTES]) or {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as e:
        raise errors.RejectedSource(f"{name} beside the video is not YAML that can be read. Correct it.") from e
    if not isinstance(data, dict):
        raise errors.RejectedSource(f"{name} beside the video must hold lines such as “title: …”. Correct it.")
    if unknown := [str(key) for key in data if key not in SIDECAR_FIELDS]:
        known = ", ".join(SIDECAR_FIELDS)
        raise errors.RejectedSource(f"{name} beside the video has “{shown(unknown[0])}”; it may have {known}.")
    return {key: _value(name, key, value) for key, value in data.items() if value is not None}


def _value(name: str, key: str, value: Any) -> Any:
    if key == "translate":
        if not isinstance(value, bool):
            raise errors.RejectedSource(f"In {name} beside the video, translate must be true or false. Correct it.")
        return value
    if key != "date":
        if not isinstance(value, str):
            raise errors.RejectedSource(f"In {name} beside the video, {key} must be text in quotes. Correct it.")
        if key == "language" and not is_language(value):
            raise errors.RejectedSource(f"In {name} beside the video, the language must be a tag such as mk or en.")
        return cleaned(value, LONGEST)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise errors.RejectedSource(f"In {name} beside the video, the date must look like 2026-11-23. Correct it.")
