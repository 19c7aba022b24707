"""A web server on loopback that answers as it is told: well, slowly, for ever, or with a bomb."""

import contextlib
import gzip
import http.server
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

Answer = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Look the path up among the answers; a page that is not there is a 404."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[Mapping[str, Answer]]
    asked: ClassVar[list[tuple[str, dict[str, str]]]]

    def do_GET(self) -> None:
        """Answer, and close."""
        self.close_connection = True
        self.asked.append((self.path, dict(self.headers)))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.answers.get(self.path, missing)(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def say(self, body: bytes, kind: str = "text/html", status: int = 200, **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@dataclass
class Site:
    """The server's address, what it answers, and what it was asked."""

    address: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return [path for path, _ in self.asked]


@contextlib.contextmanager
def hostile() -> Iterator[Site]:
    """Serve on a free port of loopback until the end."""
    site = Site("")
    handler = type("Own", (Handler,), {"answers": site.answers, "asked": site.asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def missing(to: Handler) -> None:
    """Answer 404."""
    to.say(b"no", status=404)


def page(text: str, kind: str = "text/html; charset=utf-8", **headers: str) -> Answer:
    """Answer with a text."""
    return lambda to: to.say(text.encode(), kind, **headers)


def moved(place: str, status: int = 302) -> Answer:
    """Redirect."""
    return lambda to: to.say(b"", status=status, Location=place)


def slow(to: Handler) -> None:
    """Send one byte a second."""
    to.send_response(200)
    to.send_header("Content-Length", "100000")
    to.end_headers()
    for _ in range(100):
        to.wfile.write(b"a")
        to.wfile.flush()
        time.sleep(1)


def silent(_: Handler) -> None:
    """Say nothing for long."""
    time.sleep(30)


def bomb(to: Handler) -> None:
    """Send 200 MB of nothing in 200 kB."""
    to.say(gzip.compress(bytes(200_000_000), 9), Content_Encoding="gzip")


def endless(to: Handler) -> None:
    """Promise 5 GB and begin."""
    to.send_response(200)
    to.send_header("Content-Length", str(5_000_000_000))
    to.end_headers()
    while True:
        to.wfile.write(bytes(1 << 16))


def chunks(to: Handler) -> None:
    """Send chunk after chunk without an end."""
    to.send_response(200)
    to.send_header("Transfer-Encoding", "chunked")
    to.end_headers()
    while True:
        to.wfile.write(b"10000\r\n" + b"b" * 0x10000 + b"\r\n")


def cut(to: Handler) -> None:
    """Promise more than comes."""
    to.send_response(200)
    to.send_header("Content-Length", "1000")
    to.end_headers()
    to.wfile.write(b"<html>")


def torn(to: Handler) -> None:
    """Send half of what was compressed."""
    whole = gzip.compress(b"<html>" + bytes(range(256)) * 100)
    to.say(whole[: len(whole) // 2], Content_Encoding="gzip")


def headers(to: Handler) -> None:
    """Send headers for ever."""
    to.send_response(200)
    while True:
        to.wfile.write(b"X-A: " + b"a" * 1000 + b"\r\n")
