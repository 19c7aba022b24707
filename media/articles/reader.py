"""Have what strangers' sites send read by a child: a parser that hangs, swells or dies costs one page, not the run."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from votd.media import schema
from votd.media.articles.sitemap import Listing
from votd.media.errors import BadRequest, ToolFailed
from votd.media.model import Article
from votd.media.process import Limits, Worker

_LIMITS = Limits(wall_s=20, memory=2 << 30)


class Reader:
    """Read lists and pages; one at a time."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def listing(self, body: bytes, url: str) -> Listing:
        """Return what an address lists. Raises ``BadRequest`` where that is nothing."""
        return schema.load(Listing, await self._ask("listing", body, url))

    async def page(self, body: bytes, url: str) -> Article:
        """Return the article of a page; ``file`` is the address. Raises ``BadRequest`` where there is none."""
        return schema.load(Article, await self._ask("page", body, url))

    async def _ask(self, what: str, body: bytes, url: str) -> bytes:
        request: dict[str, Any] = {"what": what, "url": url, "body": base64.b64encode(body).decode("ascii")}
        try:
            return json.dumps(await self._worker.ask(request, _LIMITS)).encode()
        except ToolFailed as e:
            raise BadRequest(f"{url[:200]} takes too long to read, or breaks what reads it: it is left out.") from e


@contextlib.asynccontextmanager
async def reader() -> AsyncIterator[Reader]:
    """Start a reader with its first request, and end it."""
    worker = Worker("votd.media.articles.parse")
    try:
        yield Reader(worker)
    finally:
        await worker.close()
