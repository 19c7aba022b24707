"""The file server, asked over real connections."""

import gzip
import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from votd.flows.serve import app, serve
from votd.media.errors import BadRequest
from votd.media.record import Current, Record, Source

VERSION = "videos/2025-11-23-a/0a1b"
MEDIA = bytes(range(256)) * 4
PLAYLIST = b"#EXTM3U\n" + b"#EXTINF:6.0,\nsegment.m4s\n" * 50
SECRET = b"not yours"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a small store with things beside and inside it that nobody may read."""
    folder = tmp_path / "site"
    (folder / VERSION).mkdir(parents=True)
    (folder / "media").mkdir()
    (folder / "media/a.m4s").write_bytes(MEDIA)
    (folder / "media/a.mp4").write_bytes(MEDIA)
    (folder / VERSION / "master.m3u8").write_bytes(PLAYLIST)
    (folder / "latest.json").write_bytes(b"{}")
    (folder / "secret").mkdir()
    (folder / ".votd").mkdir()
    for hidden in (tmp_path / "secret.txt", folder / ".env", folder / ".votd/lock", tmp_path / "site-2"):
        hidden.write_bytes(SECRET)
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "hidden.txt").symlink_to(folder / ".env")
    (folder / "up").symlink_to(tmp_path)
    (folder / "circle.txt").symlink_to(folder / "circle.txt")
    os.mkfifo(folder / "pipe.mp4")
    return folder


@pytest.fixture
def ask(folder: Path) -> Iterator[Ask]:
    """Serve the folder on a free port and return a client that sends paths as they are."""
    server = uvicorn.Server(uvicorn.Config(app(folder), log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)

        def send(path: str, method: str = "GET", **headers: str) -> Answer:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
            connection.close()
            return answer

        yield send
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        (None, 200, MEDIA, None),
        ("bytes=0-0", 206, MEDIA[:1], "bytes 0-0/1024"),
        ("bytes=100-199", 206, MEDIA[100:200], "bytes 100-199/1024"),
        ("bytes=1000-", 206, MEDIA[1000:], "bytes 1000-1023/1024"),
        ("bytes=1000-9999", 206, MEDIA[1000:], "bytes 1000-1023/1024"),
        ("bytes=-24", 206, MEDIA[-24:], "bytes 1000-1023/1024"),
        ("bytes=-9999", 206, MEDIA, "bytes 0-1023/1024"),
        ("bytes=1024-", 416, b"", "bytes */1024"),
        ("bytes=-0", 416, b"", "bytes */1024"),
    ],
)
def test_media_answers_ranges(ask: Ask, asked: str | None, status: int, body: bytes, content_range: str | None) -> None:
    """Send exactly the bytes that were asked for, and say which."""
    answer = ask("/media/a.mp4", **({"Range": asked} if asked else {}))
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (status, body, content_range)


@pytest.mark.parametrize(
    ("path", "kind", "caching"),
    [
        ("/media/a.mp4", "video/mp4", "public, max-age=31536000, immutable"),
        ("/media/a.m4s", "video/iso.segment", "public, max-age=31536000, immutable"),
        (f"/{VERSION}/master.m3u8", "application/vnd.apple.mpegurl", "public, max-age=31536000, immutable"),
        ("/latest.json", "application/json", "no-cache"),
    ],
)
def test_types_and_caching(ask: Ask, path: str, kind: str, caching: str) -> None:
    """Name the type, let everybody's page read it, and have only pointers asked for again; HEAD says the same."""
    for method in ("GET", "HEAD"):
        answer = ask(path, method)
        assert answer.status == 200
        assert answer.headers.get_all("Content-Type") == [kind]
        assert answer.headers["Cache-Control"] == caching
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert bool(answer.body) is (method == "GET")


def test_text_is_compressed_and_media_is_not(ask: Ask) -> None:
    """Compress a playlist for those who can read it, whole; leave media and ranges alone."""
    path = f"/{VERSION}/master.m3u8"
    packed = ask(path, Accept_Encoding="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert len(packed.body) == int(packed.headers["Content-Length"]) < len(PLAYLIST) / 4
    assert gzip.decompress(packed.body) == PLAYLIST
    assert (ask(path).body, ask(path).headers["Content-Encoding"]) == (PLAYLIST, None)
    part = ask(path, Accept_Encoding="gzip", Range="bytes=0-6")
    assert (part.status, part.body, part.headers["Content-Encoding"]) == (206, b"#EXTM3U", None)
    media = ask("/media/a.m4s", Accept_Encoding="gzip")
    assert (media.body, media.headers["Content-Encoding"]) == (MEDIA, None)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/media/..%2f..%2fsecret.txt",
        "/media/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/../site-2",
        "/%2e%2e/site-2",
        "/.env",
        "/.votd/lock",
        "/%2eenv",
        "/out.txt",
        "/hidden.txt",
        "/up/secret.txt",
        "/up/site/.env",
        "/circle.txt",
        "/pipe.mp4",
        "/media",
        "/media/",
        "/media/.",
        "/missing.mp4",
        "/media/a.mp4/",
        "/media/a.mp4%00",
        "/" + "a" * 300,
    ],
)
def test_nothing_else_is_served(ask: Ask, path: str) -> None:
    """Find no parent, no hidden name, no way out by a link, no folder and no pipe."""
    answer = ask(path)
    assert (answer.status, answer.body) == (404, b"Not found.\n")


def test_a_store_may_be_reached_by_a_link_and_link_within_itself(ask: Ask, folder: Path) -> None:
    """Follow links that stay inside."""
    (folder / "media/b.mp4").symlink_to(folder / "media/a.mp4")
    assert ask("/media/b.mp4").body == MEDIA


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_reads(ask: Ask, folder: Path, method: str) -> None:
    """Refuse to change anything."""
    assert ask("/media/a.mp4", method).status == 405
    assert (folder / "media/a.mp4").read_bytes() == MEDIA


def test_the_root_leads_to_the_latest_page(ask: Ask, folder: Path) -> None:
    """Redirect to the page that the latest record names."""
    record = Record(
        id="2025-11-23-a",
        version="0a1b",
        date="2025-11-23",
        published_at="2025-11-23T18:00:00+01:00",
        updated_at="2025-11-23T18:00:00+01:00",
        title="A",
        description=None,
        commentator=None,
        rubric=None,
        duration_ms=1000,
        language=None,
        source=Source(sha256="ab" * 32, width=16, height=16, frame_rate=25, duration_ms=1000),
        hls=f"{VERSION}/master.m3u8",
        mp4="media/a.mp4",
        poster="media/a.jpg",
        renditions=(),
        captions=(),
        transcript=None,
        articles=(),
        speech=None,
        page=f"{VERSION}/index.html",
    )
    (folder / VERSION / "record.json").write_text(record.model_dump_json())
    current = Current(id=record.id, date=record.date, version=record.version, record=f"{VERSION}/record.json")
    (folder / "latest.json").write_text(current.model_dump_json())
    answer = ask("/")
    assert (answer.status, answer.headers["Location"]) == (302, f"{VERSION}/index.html")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("pointer", [None, "{}", '{"record": "../secret.txt"}', "not JSON"])
def test_an_empty_store_says_so(ask: Ask, folder: Path, pointer: str | None) -> None:
    """Say that nothing is published where no pointer leads to a record."""
    (folder / "latest.json").unlink()
    if pointer is not None:
        (folder / "latest.json").write_text(pointer)
    answer = ask("/")
    assert (answer.status, answer.body) == (200, b"Nothing is published here yet.\n")


def test_serving_what_cannot_be_served(tmp_path: Path) -> None:
    """Refuse a missing folder, a taken port and a host that is not ours, each with one sentence."""
    with pytest.raises(BadRequest, match=r"^There is no folder .*missing"):
        serve(tmp_path / "missing")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadRequest, match=f"^Cannot listen on 127.0.0.1 port {port} "):
            serve(tmp_path, port=port)
    with pytest.raises(BadRequest, match=r"^Cannot listen on 192\.0\.2\.1 port 8000 "):
        serve(tmp_path, host="192.0.2.1")
