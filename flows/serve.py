"""Serve a directory store over HTTP, as a web server or an S3 endpoint would: for a look, a test, a small site.

Nothing outside the folder is ever served: hidden names, ``..``, and links that lead out of it are not found. There is
no listing. Media answers ranges; text is compressed; only pointers are asked for again.
"""

import contextlib
import gzip
import socket
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from votd.media.delivery.store import IMMUTABLE, POINTER, content_type
from votd.media.errors import BadRequest
from votd.media.record import Current, Record

POINTERS = ("latest.json", "index.json", "current.json")

M = TypeVar("M", bound=BaseModel)


def app(folder: Path) -> Starlette:
    """Make the application that serves ``folder``; ``/`` leads to the page of the latest video."""
    root = folder.resolve()

    def home(request: Request) -> Response:
        return _home(root, request)

    def stored(request: Request) -> Response:
        return _stored(root, request)

    return Starlette(routes=[Route("/", home), Route("/{key:path}", stored)])


def serve(folder: Path, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve ``folder`` until SIGINT or SIGTERM; raises ``BadRequest`` where there is no folder or no such address."""
    if not folder.is_dir():
        raise BadRequest(f"There is no folder {folder}: name the one that was published to.")
    config = uvicorn.Config(app(folder), log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    with _listen(host, port) as listener, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Take the address ourselves, since uvicorn logs a taken one and exits."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as e:
        raise BadRequest(f"Cannot listen on {host} port {port} ({e.strerror}): give another host or port.") from e


def _home(root: Path, request: Request) -> Response:
    headers = {"Cache-Control": POINTER}
    current = _read(root, "latest.json", Current)
    record = _read(root, current.record, Record) if current else None
    if record is None:
        return PlainTextResponse("Nothing is published here yet.\n", headers=headers)
    query = f"?{request.url.query}" if request.url.query else ""  # the moment that was asked for
    return RedirectResponse(quote(record.page) + query, status_code=302, headers=headers)


def _stored(root: Path, request: Request) -> Response:
    key = request.path_params["key"]
    path = find(root, key)
    if path is None:
        return PlainTextResponse("Not found.\n", status_code=404, headers={"Access-Control-Allow-Origin": "*"})
    kind = content_type(key)
    headers = {
        "Content-Type": kind,
        "Cache-Control": POINTER if path.name in POINTERS else IMMUTABLE,
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    if not _is_text(kind):
        return FileResponse(path, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("accept-encoding", "") and "range" not in request.headers:
        return Response(gzip.compress(path.read_bytes(), 6, mtime=0), headers=headers | {"Content-Encoding": "gzip"})
    return FileResponse(path, headers=headers)


def find(root: Path, key: str) -> Path | None:
    """Return the file of a key, ``None`` for what is not there, hidden, no plain file, or not below ``root``."""
    if not _is_plain(tuple(key.split("/"))):
        return None
    try:
        path = root.joinpath(key).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # missing, NUL or too long, a circle of links
        return None
    inside = path.is_relative_to(root) and _is_plain(path.relative_to(root).parts)
    return path if inside and path.is_file() else None


def _is_plain(parts: tuple[str, ...]) -> bool:
    return all(part and not part.startswith(".") and "\\" not in part for part in parts)


def _is_text(kind: str) -> bool:
    kind = kind.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind.endswith(("json", "xml", "javascript", "mpegurl", "subrip"))


def _read(root: Path, key: str, kind: type[M]) -> M | None:
    """Read one of our JSON files; ``None`` where it is not there or not ours."""
    path = find(root, key)
    try:
        return kind.model_validate_json(path.read_bytes()) if path else None
    except (OSError, ValueError):
        return None
