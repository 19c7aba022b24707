"""One suite for both stores: the directory always, S3 against a real Ceph radosgw in ``make test-all``."""

import contextlib
import http.server
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from votd.media import errors
from votd.media.delivery.store import Store, check_key, content_type, open_store
from votd.media.delivery.upload import upload

TYPES = {
    "v/hls/main.m3u8": "application/vnd.apple.mpegurl",
    "v/1080p/00001.m4s": "video/iso.segment",
    "v/1080p/init.mp4": "video/mp4",
    "v/mk.vtt": "text/vtt; charset=utf-8",
    "v/mk.srt": "application/x-subrip; charset=utf-8",
    "v/record.json": "application/json",
    "v/index.html": "text/html; charset=utf-8",
    "v/player.js": "text/javascript; charset=utf-8",
    "v/player.css": "text/css; charset=utf-8",
    "v/poster.JPG": "image/jpeg",
    "v/tile.png": "image/png",
    "v/logo.svg": "image/svg+xml",
    "v/main.mpd": "application/dash+xml",
    "v/LICENSE.txt": "text/plain; charset=utf-8",
    "v/sitemap.xml": "application/xml",
    "v/unknown": "application/octet-stream",
}
BAD_KEYS = ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "a\0b", ".votd/lock", "a/.x", "a\nb"]
BAD_KEYS += ["\u202egnp.x", "\udcff", "x" * 256, "y/" * 600 + "z"]

BAD_ADDRESSES = [
    "",
    "file:",
    "gs://secret/x",
    "s3:secret",
    "http://h/secret",
    "file://secret/x",
    "//secret/x",
    "a\0secret",
]
BAD_ADDRESSES += ["s3://", "s3:///secret", "s3://me:secret@bucket/x", "s3://bucket/../secret", "s3://bucket//secret"]


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.all)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store of each kind."""
    if request.param == "directory":
        return open_store(f"file:{tmp_path}/site")
    name, server = request.getfixturevalue("bucket"), request.getfixturevalue("gateway")
    return open_store(f"s3://{name}/some/prefix", endpoint=server["endpoint"], path_style=True)


class NotFound(http.server.BaseHTTPRequestHandler):
    """A web server without any page."""

    def do_GET(self) -> None:
        """Answer with an HTML error page."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_error(404)

    do_PUT = do_HEAD = do_GET  # noqa: N815 (the base class wants these names)

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(0)`` to ``work(count - 1)`` in threads that begin at the same moment."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# --- what both stores promise --------------------------------------------------------------------------


def test_create_once(store: Store, tmp_path: Path) -> None:
    """An object is made from bytes or a file once, and is never overwritten."""
    source = tmp_path / "source.bin"
    source.write_bytes(os.urandom(3_000_000))
    assert store.create("v/a.bin", source)
    assert store.create("v/b.json", b"{}")
    assert not store.create("v/a.bin", b"other")
    assert store.read("v/a.bin").data == source.read_bytes()
    assert store.list("") == {"v/a.bin": 3_000_000, "v/b.json": 2}


def test_empty_objects_and_awkward_names(store: Store) -> None:
    """Empty content, spaces, Cyrillic letters and what URLs escape all come back as they were."""
    for key in ["empty", "v/Видео на денот.txt", "v/a+b %20&=?#'\".txt"]:
        assert store.create(key, b"" if key == "empty" else key.encode())
        assert store.list(key) == {key: len(b"" if key == "empty" else key.encode())}
    assert store.read("empty").data == b""


def test_nothing_there(store: Store, tmp_path: Path) -> None:
    """What is missing is None, nothing, or one error that leaves no file."""
    assert store.read("v/none.json") is None
    assert store.list("v/") == {}
    with pytest.raises(errors.ToolFailed, match=r"v/none\.mp4 is missing in "):
        store.fetch("v/none.mp4", tmp_path / "got" / "none.mp4")
    assert not (tmp_path / "got").exists()


def test_list_takes_any_prefix(store: Store) -> None:
    """A prefix may end anywhere in a key."""
    for key in ["latest.json", "media/ab/1", "media/abc/2", "media/b", "videos/x"]:
        store.create(key, b"1")
    assert set(store.list("media/ab")) == {"media/ab/1", "media/abc/2"}
    assert set(store.list("media/ab/")) == {"media/ab/1"}
    assert set(store.list("l")) == {"latest.json"}
    assert len(store.list("")) == 5


def test_fetch(store: Store, tmp_path: Path) -> None:
    """A large object is written to a file of the given name, its folders made, an older file replaced."""
    data = os.urandom(5_000_000)
    store.create("v/video.mp4", data)
    to = tmp_path / "new" / "folder" / "video.mp4"
    store.fetch("v/video.mp4", to)
    store.fetch("v/video.mp4", to)
    assert to.read_bytes() == data
    assert [path.name for path in to.parent.iterdir()] == ["video.mp4"]


def test_swap(store: Store) -> None:
    """A pointer is made if absent and replaced only by who holds its tag."""
    assert not store.swap("latest.json", b"0", "0" * 64)
    assert store.swap("latest.json", b"1", None)
    assert not store.swap("latest.json", b"2", None)
    first = store.read("latest.json")
    assert store.swap("latest.json", b"22", first.tag)
    assert not store.swap("latest.json", b"3", first.tag)
    second = store.read("latest.json")
    assert (first.data, second.data) == (b"1", b"22")
    assert first.tag != second.tag


def test_one_of_eight_creates(store: Store) -> None:
    """Of eight that make the same key at once one is told so, and its bytes stand."""
    for number in range(10):
        won = together(8, lambda me, key=f"claims/{number}": store.create(key, b"%d" % me))
        assert won.count(True) == 1
        assert store.read(f"claims/{number}").data == b"%d" % won.index(True)


def test_one_of_eight_swaps(store: Store) -> None:
    """Of eight that replace the same pointer at once one is told so, and its bytes stand."""
    store.swap("latest.json", b"start", None)
    for number in range(10):
        tag = store.read("latest.json").tag
        won = together(8, lambda me, tag=tag, number=number: store.swap("latest.json", b"%d %d" % (number, me), tag))
        assert won.count(True) == 1
        assert store.read("latest.json").data == b"%d %d" % (number, won.index(True))


def test_no_update_is_lost(store: Store) -> None:
    """Four writers that read, add and swap until it holds count to exactly what they added."""
    store.swap("count", b"0", None)

    def add(_me: int) -> None:
        for _ in range(5):
            done = False
            while not done:
                now = store.read("count")
                done = store.swap("count", b"%d" % (int(now.data) + 1), now.tag)

    together(4, add)
    assert store.read("count").data == b"20"


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys_reach_no_store(tmp_path: Path, key: str) -> None:
    """No method takes a key that could leave its place; the error is typed, one line, and pickles."""
    store = open_store(str(tmp_path / "site"))
    calls: list[Callable[[], object]] = [
        lambda: check_key(key),
        lambda: store.read(key),
        lambda: store.fetch(key, tmp_path / "x"),
        lambda: store.create(key, b"x"),
        lambda: store.swap(key, b"x", None),
    ]
    for call in calls:
        with pytest.raises(errors.BadRequest) as caught:
            call()
        again = pickle.loads(pickle.dumps(caught.value))
        assert str(again) == str(caught.value)
        assert str(again).isascii()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("prefix", ["../", "/", "a/../", ".", "a\\"])
def test_bad_prefixes(tmp_path: Path, prefix: str) -> None:
    """A listing cannot leave the store either."""
    with pytest.raises(errors.BadRequest):
        open_store(str(tmp_path)).list(prefix)


# --- many objects --------------------------------------------------------------------------------------


def test_upload(store: Store, tmp_path: Path) -> None:
    """Many objects are made once, at once, with progress to the end; a second time none is."""
    big = tmp_path / "big.mp4"
    big.write_bytes(os.urandom(1_000_000))
    objects = {f"media/{n % 7}/{n:05}.m4s": b"x" * n for n in range(1100)} | {"media/v.mp4": big, "LICENSE": b""}
    shares: list[float] = []
    assert upload(store, objects, progress=shares.append) == 1102
    assert shares == sorted(shares)
    assert shares[-1] == 1
    sizes = {key: 1_000_000 if value is big else len(value) for key, value in objects.items()}
    assert store.list("") == sizes
    again: list[float] = []
    assert upload(store, objects, progress=again.append) == 0
    assert again == [1]


def test_two_uploads_at_once(store: Store) -> None:
    """Two publishers of the same objects make each of them once between them."""
    objects = {f"v/{n}": b"%d" % n for n in range(60)}
    made = together(2, lambda _: upload(store, objects, progress=lambda _: None))
    assert sum(made) == 60


def test_upload_refuses_another_size(store: Store) -> None:
    """A key that stands with another size is an error before anything is sent."""
    store.create("v/b", b"12345")
    with pytest.raises(errors.ToolFailed, match=r"v/b stands in .* with 5 bytes instead of 3"):
        upload(store, {"v/a": b"1", "v/b": b"123"}, progress=lambda _: None)
    assert store.list("") == {"v/b": 5}


def test_upload_raises_the_first_failure(tmp_path: Path) -> None:
    """Of several failures the first in the order of the objects is raised, after all work has ended."""
    site = tmp_path / "site"
    for taken in ("v/b", "v/c"):
        (site / taken).mkdir(parents=True)
    objects = {"v/a": b"1", "v/b": b"2", "v/c": b"3"}
    with pytest.raises(errors.BadRequest, match="site/v/b "):
        upload(open_store(str(site)), objects, progress=lambda _: None)


def test_upload_of_a_missing_file(tmp_path: Path) -> None:
    """A source that is gone is named before anything is sent."""
    store = open_store(str(tmp_path / "site"))
    with pytest.raises(errors.ToolFailed, match=r"^gone\.mp4 was to be published"):
        upload(store, {"a": b"1", "b": tmp_path / "gone.mp4"}, progress=lambda _: None)
    assert store.list("") == {}


# --- the directory -------------------------------------------------------------------------------------


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link inside the root leads neither a reader nor a writer out of it, and no listing shows it."""
    outside, site = tmp_path / "outside", tmp_path / "site"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    site.mkdir()
    (site / "folder").symlink_to(outside)
    (site / "file.txt").symlink_to(outside / "secret.txt")
    store = open_store(str(site))
    for key in ("folder/secret.txt", "folder/new.txt", "file.txt"):
        for call in (store.read, lambda key: store.create(key, b"x"), lambda key: store.swap(key, b"x", None)):
            with pytest.raises(errors.BadRequest, match="link"):
                call(key)
    assert store.list("") == {}
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "secret"


def test_special_files_are_no_objects(tmp_path: Path) -> None:
    """A FIFO in an object's place is refused instead of hanging, and not listed."""
    os.mkfifo(tmp_path / "pipe.json")
    store = open_store(str(tmp_path))
    with pytest.raises(errors.BadRequest):
        store.read("pipe.json")
    assert store.list("") == {}


def test_files_can_be_served(tmp_path: Path) -> None:
    """Objects and their folders are readable by a web server of another user, whatever our umask."""
    before = os.umask(0o077)
    try:
        store = open_store(str(tmp_path))
        store.create("a/b/c.txt", b"1")
        store.swap("latest.json", b"1", None)
    finally:
        os.umask(before)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c.txt", "latest.json")}
    assert modes == {"a": 0o755, "a/b": 0o755, "a/b/c.txt": 0o644, "latest.json": 0o644}


def test_killed_writer(tmp_path: Path) -> None:
    """A writer that is killed half way leaves no object; a later one succeeds and removes what is a day old."""
    pipe, site = tmp_path / "pipe", tmp_path / "site"
    os.mkfifo(pipe)
    code = "import sys, pathlib; from votd.media.delivery.store import open_store; p = pathlib.Path\n"
    code += "open_store(sys.argv[1]).create('v/a.mp4', p(sys.argv[2]))"
    argv = [sys.executable, "-c", code, str(site), str(pipe)]
    with subprocess.Popen(argv) as writer, pipe.open("wb", buffering=0) as half:
        half.write(b"x" * 50_000)
        while not list((site / ".votd").glob("*.new")):
            assert writer.poll() is None
        writer.kill()
        writer.wait()
    store = open_store(str(site))
    assert store.list("") == {}
    (draft,) = (site / ".votd").glob("*.new")
    os.utime(draft, (0, 0))
    assert store.create("v/a.mp4", b"whole")
    assert [path.name for path in (site / ".votd").iterdir()] == ["lock"]


def test_swaps_of_two_processes(tmp_path: Path) -> None:
    """The lock holds between processes: no update is lost."""
    code = "import sys; from votd.media.delivery.store import open_store; s = open_store(sys.argv[1])\n"
    code += "for _ in range(25):\n while not s.swap('n', b'%d' % (int((o := s.read('n')).data) + 1), o.tag): pass"
    store = open_store(str(tmp_path))
    store.swap("n", b"0", None)
    for writer in [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]:
        assert writer.wait() == 0
    assert store.read("n").data == b"75"


def test_missing_rights() -> None:
    """A folder where nobody may write, root included, is a setting to change."""
    with pytest.raises(errors.BadRequest, match="rights to file:/sys/votd/v/a are missing"):
        open_store("file:///sys/votd").create("v/a", b"x")


def test_root_is_a_file(tmp_path: Path) -> None:
    """A file where the folder should be is a setting to change."""
    (tmp_path / "site").write_text("")
    for call in (lambda s: s.create("a", b""), lambda s: s.read("a"), lambda s: s.list("")):
        with pytest.raises(errors.BadRequest):
            call(open_store(str(tmp_path / "site")))


@pytest.mark.all
def test_full_disk(tmp_path: Path) -> None:
    """A full disk is worth another try; the half-written object is gone and a smaller one fits."""
    code = """
import sys
from votd.media import errors
from votd.media.delivery.store import open_store
store = open_store(sys.argv[1])
try:
    store.create("v/a", b"x" * 2_000_000)
except errors.Unavailable as e:
    print(e)
print(store.create("v/b", b"x" * 500_000), store.list(""))
"""
    mount = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$1" -c "$2" "$0"'
    argv = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(tmp_path), sys.executable, code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"The disk of file:{tmp_path}/v/a is full: make room, then try again.",
        "True {'v/b': 500000}",
    ]


# --- addresses and types -------------------------------------------------------------------------------


def test_content_types() -> None:
    """Every kind of file that is published has the type that players and browsers expect."""
    assert {key: content_type(key) for key in TYPES} == TYPES


def test_addresses_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is named by a file address, relative or absolute, or bare; opening makes nothing."""
    monkeypatch.chdir(tmp_path)
    for address in ("file:a/site", "a/site", "./a/site", f"file:{tmp_path}/a/site", f"file://{tmp_path}/a/site"):
        assert open_store(address).address == f"file:{tmp_path}/a/site"
    assert list(tmp_path.iterdir()) == []


def test_addresses_of_buckets() -> None:
    """A bucket's address is shown as it was given; its prefix may be missing."""
    for address, shown in {"s3://media/a/b/": "s3://media/a/b", "s3://media": "s3://media"}.items():
        assert open_store(address, endpoint="http://127.0.0.1:9").address == shown


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_bad_addresses(address: str) -> None:
    """Any other address is refused in one sentence that shows no password."""
    with pytest.raises(errors.BadRequest) as caught:
        open_store(address)
    assert "me:secret" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_folders_need_no_boto3() -> None:
    """Opening a directory does not import boto3, which costs more than the rest of the command."""
    code = (
        "import sys; from votd.media.delivery.store import open_store; open_store('x'); print('boto3' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


# --- S3 ------------------------------------------------------------------------------------------------


def test_closed_port(keys: Callable[[str, str], None]) -> None:
    """A server that is not there may come back; the sentence names it without the endpoint's password."""
    keys("AKNOBODY", "not-to-be-shown")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    store = open_store("s3://media/x", endpoint=f"http://me:hidden@127.0.0.1:{port}", path_style=True)
    with pytest.raises(errors.Unavailable, match=f"media at 127.0.0.1:{port} cannot be reached") as caught:
        store.read("latest.json")
    assert not {"hidden", "AKNOBODY", "not-to-be-shown"} & set(str(caught.value).replace(":", " ").split())


def test_no_credentials(keys: Callable[[str, str], None]) -> None:
    """Missing credentials are a setting to change, and nothing is asked without them."""
    del keys
    with pytest.raises(errors.BadRequest, match="no credentials"):
        open_store("s3://media/x", endpoint="http://127.0.0.1:9").create("a", b"")


@pytest.mark.parametrize("endpoint", ["nowhere", "http://", "http://a b"])
def test_bad_endpoint(endpoint: str, keys: Callable[[str, str], None]) -> None:
    """An endpoint that is no URL is a setting to change."""
    keys("a", "b")
    with pytest.raises(errors.BadRequest):
        open_store("s3://media/x", endpoint=endpoint).read("a")


def test_web_server_is_no_store(keys: Callable[[str, str], None]) -> None:
    """A web server that answers 404 to everything is a wrong endpoint, not an empty store."""
    keys("a", "b")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NotFound) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = open_store("s3://media/x", endpoint=f"http://127.0.0.1:{server.server_port}", path_style=True)
        calls = [lambda: store.list(""), lambda: store.read("a"), lambda: store.create("a", b"")]
        for call in [*calls, lambda: store.swap("a", b"", "tag")]:
            with pytest.raises(errors.BadRequest, match="check endpoint"):
                call()
        server.shutdown()


@pytest.mark.all
def test_wrong_credentials(gateway: dict[str, str], bucket: str, keys: Callable[[str, str], None]) -> None:
    """Wrong credentials are a setting to change; the sentence names bucket and endpoint, and no key."""
    keys(gateway["access_key"], "wrong-secret")
    store = open_store(f"s3://{bucket}", endpoint=gateway["endpoint"], path_style=True)
    calls = [lambda: store.list(""), lambda: store.read("a"), lambda: store.create("a", b"")]
    for call in [*calls, lambda: store.swap("a", b"", "tag")]:
        with pytest.raises(errors.BadRequest, match="refuses these credentials") as caught:
            call()
        assert bucket in str(caught.value)
        assert gateway["endpoint"].removeprefix("http://") in str(caught.value)
        assert gateway["access_key"] not in str(caught.value)
        assert type(pickle.loads(pickle.dumps(caught.value))) is errors.BadRequest


@pytest.mark.all
def test_missing_bucket(gateway: dict[str, str], bucket: str) -> None:
    """A bucket that is not there is a setting to change, not a missing object."""
    store = open_store(f"s3://{bucket}-not", endpoint=gateway["endpoint"], path_style=True)
    calls = [lambda: store.list(""), lambda: store.read("a"), lambda: store.create("a", b"")]
    for call in [*calls, lambda: store.swap("a", b"", "tag")]:
        with pytest.raises(errors.BadRequest, match="does not exist: make it"):
            call()


@pytest.mark.all
@pytest.mark.parametrize("checksum", ["when_supported", "when_required"])
def test_headers(gateway: dict[str, str], bucket: str, checksum: Any) -> None:
    """Objects carry type and cache headers, under the prefix, in both checksum modes; pointers are asked about."""
    store = open_store(f"s3://{bucket}/p", endpoint=gateway["endpoint"], path_style=True, checksum=checksum)
    client = boto3.session.Session().client("s3", endpoint_url=gateway["endpoint"])
    for key, kind in TYPES.items():
        assert store.create(key, b"x")
        head = client.head_object(Bucket=bucket, Key=f"p/{key}")
        assert head["ContentType"] == kind
        assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert store.swap("latest.json", b"{}", None)
    assert client.head_object(Bucket=bucket, Key="p/latest.json")["CacheControl"] == "no-cache"


@pytest.mark.all
def test_foreign_objects(gateway: dict[str, str], bucket: str) -> None:
    """What others put under the prefix with keys that are not ours is not listed; other prefixes neither."""
    client = boto3.session.Session().client("s3", endpoint_url=gateway["endpoint"])
    for key in ("p/", "p/folder/", "p/../x", "p2/a", "p/good"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    store = open_store(f"s3://{bucket}/p", endpoint=gateway["endpoint"], path_style=True)
    assert store.list("") == {"good": 0}


@contextlib.contextmanager
def broken_line(endpoint: str, verb: bytes, keep: int) -> Iterator[tuple[str, list[bytes]]]:
    """Stand between client and server and cut the first answer to ``verb`` after ``keep`` bytes."""
    host, _, port = endpoint.removeprefix("http://").partition(":")
    cut: list[bytes] = []

    def answer(client: socket.socket) -> None:
        with client, socket.create_connection((host, int(port))) as server:
            asked = threading.Event()
            threading.Thread(target=ask, args=(client, server, asked), daemon=True).start()
            while data := server.recv(65536):
                if asked.is_set() and not cut and data.startswith(b"HTTP/1.1 200"):
                    cut.append(data)
                    client.sendall(data[:keep])
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)

    def ask(client: socket.socket, server: socket.socket, asked: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if data.startswith(verb):
                    asked.set()
                server.sendall(data)

    def accept(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", cut
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.all
def test_lost_answer_of_a_create(gateway: dict[str, str], bucket: str) -> None:
    """A write that was made although its answer got lost counts as made; somebody else's does not."""
    with broken_line(gateway["endpoint"], b"PUT", 0) as (endpoint, cut):
        store = open_store(f"s3://{bucket}/p", endpoint=endpoint, path_style=True)
        assert store.create("a", b"ours")
        assert cut
        assert not store.create("a", b"ours")
    assert store.address == f"s3://{bucket}/p"


@pytest.mark.all
def test_lost_answer_of_a_swap(gateway: dict[str, str], bucket: str) -> None:
    """A pointer that was moved although the answer got lost counts as moved."""
    straight = open_store(f"s3://{bucket}/p", endpoint=gateway["endpoint"], path_style=True)
    straight.swap("latest.json", b"1", None)
    with broken_line(gateway["endpoint"], b"PUT", 0) as (endpoint, cut):
        store = open_store(f"s3://{bucket}/p", endpoint=endpoint, path_style=True)
        assert store.swap("latest.json", b"2", store.read("latest.json").tag)
        assert cut
    assert straight.read("latest.json").data == b"2"


@pytest.mark.all
def test_cut_answers(gateway: dict[str, str], bucket: str, tmp_path: Path) -> None:
    """An answer that is cut off half way is worth another try; no half content is given, no file left."""
    straight = open_store(f"s3://{bucket}/p", endpoint=gateway["endpoint"], path_style=True)
    straight.create("v.mp4", b"x" * 1_000_000)
    for call in (lambda s: s.fetch("v.mp4", tmp_path / "v.mp4"), lambda s: s.read("v.mp4")):
        with broken_line(gateway["endpoint"], b"GET", 2000) as (endpoint, cut):
            store = open_store(f"s3://{bucket}/p", endpoint=endpoint, path_style=True)
            with pytest.raises(errors.Unavailable):
                call(store)
            assert cut
    assert list(tmp_path.iterdir()) == []
