"""Bring the index up to date from a folder: what is new or changed is read, what is gone is forgotten."""

import datetime as dt
from pathlib import Path

from votd.media.articles.index import Index
from votd.media.articles.read import files, read_file
from votd.media.errors import BadRequest
from votd.media.model import Article

BATCH = 200


def gather_folder(index: Index, folder: Path, now: dt.datetime) -> tuple[str, ...]:
    """Read a folder's articles; return one sentence for each file that could not be read.

    A file is read again where its size or time, or its sidecar's, is another. Raises ``BadRequest`` where the folder is
    not there.
    """
    source = str(folder)
    known = index.fingerprints(source)
    problems: list[str] = []
    fresh: list[tuple[str, str, Article]] = []
    seen = set()
    for path in files(folder):
        try:
            fingerprint = _fingerprint(path)
            seen.add(path.name)
            if known.get(path.name) != fingerprint:
                fresh.append((path.name, fingerprint, read_file(path)))
        except (BadRequest, OSError) as e:
            problems.append(str(e))
            seen.discard(path.name)  # what stood there is not what stands there now
        if len(fresh) == BATCH:
            index.put(source, fresh)
            fresh = []
    index.put(source, fresh)
    index.forget(source, sorted(known.keys() - seen))
    index.note(source, etag=None, modified=None, read_at=now, problem="; ".join(problems) or None)
    return tuple(problems)


def _fingerprint(path: Path) -> str:
    told = [path.stat(), *(beside.stat() for beside in [path.with_suffix(".yaml")] if beside.is_file())]
    return " ".join(f"{one.st_size}-{one.st_mtime_ns}" for one in told)
