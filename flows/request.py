"""What is asked for one video: the command line's flags or a drop's sidecar, as plain values that Prefect can keep."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from votd.config.settings import is_language
from votd.media import errors
from votd.media.articles.facts import url_of
from votd.media.articles.read import read_file
from votd.media.source.names import cleaned, shown

SIDECAR_BYTES = 64 * 1024
LONGEST = 5000
SIDECAR_FIELDS = ("title", "date", "language", "article", "description", "commentator", "translate")
CAPTIONS = (".vtt", ".srt")
SIDECARS = (".yaml", ".txt", *CAPTIONS)


@dataclass(frozen=True, slots=True)
class Request:
    """One video to publish. ``None`` leaves a fact to the sidecar, the settings or the machine.

    Paths are absolute; ``articles`` and ``article`` are paths or addresses.
    ``script`` holds the words that were meant to be spoken; ``captions`` are a person's own, each with its language
    (``None``: that of the speech). ``translate`` asks for English subtitles too. ``seen`` is the day on which the file
    was first seen, for a drop that waited over midnight.
    """

    video: Path
    articles: tuple[str, ...] = ()
    article: str | None = None
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
    ``RejectedSource`` for what cannot be read: their producer must mend it.
    """
    beside = {name: path for name, path in _beside(request.video) if _plain(path)}
    facts = _facts(request, beside.get(".yaml"))
    facts["script"] = beside.get(".txt")
    tagged = [(path, name[1:-4] or None) for name, path in sorted(beside.items()) if name.endswith(CAPTIONS)]
    facts["captions"] = tuple(tagged) or None
    return dataclasses.replace(request, **{n: v for n, v in facts.items() if getattr(request, n) is None})


def _beside(video: Path) -> Iterator[tuple[str, Path]]:
    """List what may lie beside a video by what follows its stem: ``.yaml``, ``.txt``, ``.srt``, ``.mk.vtt``, …"""
    for path in sorted(video.parent.iterdir()):
        end = path.name.removeprefix(video.stem)
        if end == path.name or path == video:
            continue
        middle, dot, kind = end.rpartition(".")
        known = not middle and f".{kind.lower()}" in SIDECARS
        if known or (middle[:1] == "." and is_language(middle[1:]) and dot + kind.lower() in CAPTIONS):
            yield f"{middle}.{kind.lower()}", path


def _plain(path: Path) -> bool:
    """Take files alone: a link could have any file of this machine published."""
    if path.is_symlink():
        raise errors.RejectedSource(f"{shown(path.name)} beside the video is a link: put the file itself there.")
    return path.is_file()


def captions_of(files: Sequence[Path]) -> tuple[tuple[Path, str | None], ...]:
    """Tell the language of caption files by their names: NAME.LANGUAGE.vtt."""
    return tuple((file, language_of(file)) for file in files)


def language_of(file: Path) -> str | None:
    """Return the language tag in a file's name, if it has one."""
    tag = file.stem.rpartition(".")[2] if "." in file.stem else ""
    return tag if is_language(tag) else None


def _facts(request: Request, sidecar: Path | None) -> dict[str, Any]:
    facts = _read(sidecar) if sidecar else {}
    if sidecar and "article" in facts:
        facts["article"] = _article(sidecar, request.articles, facts["article"])
    return facts


def checked(request: Request) -> Request:
    """Refuse what the command got wrong before hours of work are done; return the same request."""
    if request.article and "://" not in request.article:
        read_file(Path(request.article))
    for source in request.articles:
        if "://" not in source and not Path(source).is_dir():
            raise errors.BadRequest(f"{source} is not a folder of articles.")
    for file in (request.script, *(file for file, _ in request.captions or ())):
        if file and not file.is_file():
            raise errors.BadRequest(f"There is no file {file}.")
    return request


def _article(sidecar: Path, folders: Sequence[str], name: str) -> str:
    """Find the article that a sidecar names: an address, or a file in a folder of the articles and nowhere else."""
    if url_of(name):
        return name
    for folder in map(Path, [one for one in folders if "://" not in one] or [str(sidecar.parent)]):
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return str(path)
    raise errors.RejectedSource(f"{shown(sidecar.name)} names the article “{shown(name)}”, which is not there.")


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
