"""``votd verify``: bring a published version here, from a store or from its public address, and have it measured."""

import asyncio
import dataclasses
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from votd.media import errors
from votd.media.delivery.store import Store, check_key
from votd.media.verify.report import Finding, Report
from votd.media.verify.verify import verify, wanted

LATEST = "latest.json"
AT_ONCE = 8
LARGEST = 5 << 30
"""Bytes of one object, and the most that a store takes."""
LARGEST_ALL = 50 << 30
MOST_OBJECTS = 200_000
_SMALL = 1 << 20
_CHUNK = 1 << 18


async def verify_store(store: Store, id_: str | None, ffmpeg: str) -> Report:
    """Judge the version that stands for an id, or the latest, in a store.

    Raises ``BadRequest`` where nothing is published, or nothing under this id; ``ToolFailed`` for a damaged pointer.
    """
    pointer = _pointer_key(id_)
    snapshot = store.read(pointer)
    if snapshot is None:
        raise _nothing(id_, store.address)
    key = _record_key(snapshot.data, pointer)
    record = store.read(key)
    folders = _folders(key, record.data if record else b"")
    keys = [name for folder in folders for name in store.list(folder)]
    with files_of(store, keys) as files:
        return await verify(files, key, ffmpeg=ffmpeg)


async def verify_url(address: str, id_: str | None, ffmpeg: str) -> Report:
    """Judge the version that stands for an id, or the latest, as a web server gives it away.

    Raises ``BadRequest`` for an address or an id that does not exist, ``Unavailable`` where the server cannot be
    reached, ``ToolFailed`` for a damaged pointer.
    """
    shown = _shown(address)
    with tempfile.TemporaryDirectory(prefix="votd-verify-") as folder:
        async with _site(address, shown, Path(folder)) as site:
            pointer = _pointer_key(id_)
            if not await site.fetch(pointer, _SMALL):
                raise _nothing(id_, shown)
            key = _record_key(site.files[pointer].read_bytes(), pointer)
            missing: tuple[str, ...] = (key,)
            while missing:
                await site.fetch_all(missing)
                missing = tuple(name for name in await wanted(site.files, key) if name not in site.asked)
            headers = {name: have for name, have in site.headers.items() if name in site.files}
            return await verify(site.files, key, ffmpeg=ffmpeg, headers=headers)


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Say every finding in one line, rule by rule."""
    width = min(max((len(finding.subject) for finding in findings), default=0), 28)
    for finding in findings:
        word = "ok    " if finding.ok else "FAILED"
        yield f"{finding.rule:>3}  {word}  {finding.subject:<{width}}  {finding.detail}"


def as_json(report: Report) -> str:
    """Write a report for programs."""
    rows = [dataclasses.asdict(finding) for finding in report.findings]
    return json.dumps({"ok": report.ok, "findings": rows}, ensure_ascii=False, indent=2)


def failure(report: Report, what: str, advice: str) -> str:
    """Return the sentence on a report that is not right."""
    rules = sorted({int(finding.rule) for finding in report.failures})
    named = ", ".join(str(rule) for rule in rules)
    return f"{what} does not pass: {len(report.failures)} things are wrong (rule {named}). {advice}"


def _shown(address: str) -> str:
    """Return an address without its password; raises ``BadRequest`` for what is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or any(char.isspace() for char in address):
        raise errors.BadRequest("The address must begin with http:// or https:// and name a host.")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def _pointer_key(id_: str | None) -> str:
    if id_ is None:
        return LATEST
    key = f"videos/{id_}/current.json"
    if "/" in id_:
        raise errors.BadRequest(f"“{id_[:80]}” is not the id of a video.")
    check_key(key)
    return key


def _nothing(id_: str | None, place: str) -> errors.BadRequest:
    what = f"There is no video {id_}" if id_ else "Nothing is published"
    return errors.BadRequest(f"{what} at {place}: check the address and the id.")


def _record_key(data: bytes, pointer: str) -> str:
    """Return the key that a pointer names; it may come from a stranger."""
    try:
        key = json.loads(data)["record"]
        check_key(key)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, errors.BadRequest) as e:
        raise errors.ToolFailed(f"{pointer} is damaged, or was not written by votd.") from e
    return str(key)


def _folders(record_key: str, record: bytes) -> list[str]:
    """List the folders that a version's objects stand in: its own, and that of its encode."""
    try:
        found = json.loads(record or b"{}")
    except (ValueError, RecursionError):
        found = {}
    named = [value for value in found.values() if isinstance(value, str)] if isinstance(found, dict) else []
    own = record_key.rpartition("/")[0] + "/"
    media = {"/".join(name.split("/")[:3]) + "/" for name in named if name.startswith("media/") and name.count("/") > 2}
    return [own, *sorted(media)]


@contextmanager
def files_of(store: Store, keys: Iterable[str]) -> Iterator[dict[str, Path]]:
    """Lend the files of objects by key: a directory's own, another store's in a scratch folder."""
    if store.address.startswith("file:"):
        root = Path(store.address.removeprefix("file:"))
        yield {key: root / key for key in keys}
        return
    with tempfile.TemporaryDirectory(prefix="votd-verify-") as folder:
        files = {key: Path(folder, str(number)) for number, key in enumerate(keys)}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(store.fetch, files.keys(), files.values()):
                pass  # raises what a fetch raised
        yield files


class _Site:
    """What was fetched of a public address, by key; ``asked`` also holds what was not there."""

    def __init__(self, client: httpx.AsyncClient, base: str, shown: str, folder: Path) -> None:
        self.files: dict[str, Path] = {}
        self.headers: dict[str, Mapping[str, str]] = {}
        self.asked: set[str] = set()
        self._client, self._base, self._shown, self._folder, self._bytes = client, base, shown, folder, 0

    async def fetch_all(self, keys: Iterable[str]) -> None:
        """Fetch many, a few at once."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(key: str) -> None:
            async with gate:
                await self.fetch(key, LARGEST)

        await asyncio.gather(*(one(key) for key in keys))

    async def fetch(self, key: str, largest: int) -> bool:
        """Fetch one object; ``False`` where the server has none."""
        self.asked.add(key)
        if len(self.asked) > MOST_OBJECTS:
            raise errors.BadRequest(f"What is published there names over {MOST_OBJECTS:,} objects.")
        file = self._folder / str(len(self.asked))
        try:
            async with self._client.stream("GET", f"{self._base}/{quote(key)}") as answer:
                if answer.status_code in (403, 404, 410):  # S3 says 403 to whoever may not list
                    return False
                answer.raise_for_status()
                await self._write(answer, file, key, largest)
        except httpx.InvalidURL as e:
            raise errors.BadRequest(f"{self._shown} is not an address: {e}.") from e
        except httpx.HTTPStatusError as e:
            raise errors.Unavailable(
                f"{self._shown} answers {e.response.status_code} for {key}: try again later."
            ) from e
        except httpx.HTTPError as e:
            raise errors.Unavailable(f"{self._shown} cannot be reached ({type(e).__name__}): try again later.") from e
        self.files[key], self.headers[key] = file, {name.lower(): value for name, value in answer.headers.items()}
        return True

    async def _write(self, answer: httpx.Response, file: Path, key: str, largest: int) -> None:
        size = 0
        with file.open("wb") as out:
            async for chunk in answer.aiter_bytes(_CHUNK):
                size += len(chunk)
                self._bytes += len(chunk)
                if size > largest or self._bytes > LARGEST_ALL:
                    raise errors.BadRequest(f"{key} at {self._shown} is larger than what is published ever is.")
                out.write(chunk)


@asynccontextmanager
async def _site(address: str, shown: str, folder: Path) -> AsyncIterator[_Site]:
    """Open an address; gzip alone is asked for, so that what comes uncompressed shows."""
    try:
        host = httpx.URL(address).host
    except httpx.InvalidURL as e:
        raise errors.BadRequest(f"{shown} is not an address: {e}.") from e

    async def same_host(request: httpx.Request) -> None:
        if request.url.host != host:
            raise errors.BadRequest(f"{shown} leads to another address, {request.url.host}: name that one instead.")

    options: dict[str, Any] = {"timeout": httpx.Timeout(30.0), "max_redirects": 5, "follow_redirects": True}
    hooks = {"request": [same_host]}
    async with httpx.AsyncClient(headers={"Accept-Encoding": "gzip"}, event_hooks=hooks, **options) as client:
        yield _Site(client, address.rstrip("/"), shown, folder)
