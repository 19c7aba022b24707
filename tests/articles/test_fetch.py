"""The guarded fetch, against a server that means ill. The server stands on loopback: allowed by one setting alone."""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from articles import hostile
from articles.hostile import Answer, Site

from votd.media.articles.fetch import Allowed, Caps, Fetched, Web, anywhere, is_public, web
from votd.media.errors import BadRequest, Gone, Unavailable

CAPS = Caps(seconds=60, bytes=1_000_000, redirects=3)
SHORT = replace(CAPS, seconds=2)
"""For what never ends alone: a machine that is busy may take two seconds over the rest."""


@pytest.fixture
def site() -> Iterator[Site]:
    """Lend a server."""
    with hostile.hostile() as served:
        yield served


def get(url: str, allowed: Allowed | None = anywhere, caps: Caps = CAPS, **known: str) -> Fetched | None:
    """Fetch one address within small caps."""

    async def fetch() -> Fetched | None:
        async with web(allowed=allowed, caps=caps) as opened:
            return await opened.get(url, **known)

    return asyncio.run(fetch())


def test_a_page_comes_with_what_to_ask_with_the_next_time(site: Site) -> None:
    """And the next time it is only asked whether it changed."""
    site.answers["/"] = hostile.page("<p>да</p>", ETag='"1"', Last_Modified="Mon, 02 Mar 2026 10:00:00 GMT")
    found = get(f"{site.address}/")
    assert found is not None
    assert (found.body.decode(), found.etag, found.modified) == ("<p>да</p>", '"1"', "Mon, 02 Mar 2026 10:00:00 GMT")
    site.answers["/"] = lambda to: to.say(b"", status=304)
    assert get(f"{site.address}/", etag='"1"', modified="Mon, 02 Mar 2026 10:00:00 GMT") is None
    assert site.asked[-1][1]["If-None-Match"] == '"1"'


def test_compressed_pages_and_redirects_are_followed(site: Site) -> None:
    """And the address where they end is told."""
    site.answers |= {"/a": hostile.moved("/b", 301), "/b": hostile.moved("c?d=1"), "/c?d=1": hostile.page("x")}
    found = get(f"{site.address}/a#part")
    assert found is not None
    assert (found.url, found.body) == (f"{site.address}/c?d=1", b"x")


def test_what_cannot_be_sent_back_is_not_kept(site: Site) -> None:
    """Neither now nor where an older version had kept it."""
    site.answers["/"] = hostile.page("x", ETag='"é"', Last_Modified="Mon\t2026")
    found = get(f"{site.address}/", etag='"м"', modified="a\r\nb")
    assert found is not None
    assert (found.etag, found.modified) == (None, None)
    assert not {"If-None-Match", "If-Modified-Since"} & site.asked[0][1].keys()


@pytest.mark.parametrize("url", ["http://xn--/", "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://[::1"])
def test_an_address_that_cannot_be_is_one_sentence(url: str) -> None:
    """Whichever part of it is wrong."""
    with pytest.raises(BadRequest, match="not a web address"):
        get(url)


def test_whatever_breaks_is_one_sentence(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody thought of is none of the caller's; being cancelled is."""

    async def breaks(*_: object) -> None:
        raise ExceptionGroup("many", [OverflowError("port")])

    async def ends(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(Web, "_follow", breaks)
    with pytest.raises(BadRequest, match="cannot be fetched"):
        get(site.address)
    monkeypatch.setattr(Web, "_follow", ends)
    with pytest.raises(asyncio.CancelledError):
        get(site.address)


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (hostile.slow, Unavailable, "more than 2 s"),
        (hostile.silent, Unavailable, "more than 2 s"),
        (hostile.bomb, BadRequest, "1,000,000 bytes"),
        (hostile.endless, BadRequest, "1,000,000 bytes"),
        (hostile.chunks, BadRequest, "1,000,000 bytes"),
        (hostile.cut, Unavailable, "breaks off"),
        (hostile.torn, Unavailable, "breaks off"),
        (hostile.headers, Unavailable, "cannot be reached or breaks off"),
        (lambda to: to.wfile.write(b"nonsense\r\n\r\n"), Unavailable, "breaks off"),
        (lambda to: to.say(b"no gzip at all", Content_Encoding="gzip"), BadRequest, "not what it says"),
        (lambda to: to.say(b"x", Content_Encoding="br"), BadRequest, "not asked for"),
        (hostile.moved("/"), BadRequest, "more than 3 times"),
        (hostile.moved("file:///etc/passwd"), BadRequest, "not a web address"),
        (hostile.moved("javascript:alert(1)"), BadRequest, "not a web address"),
        (hostile.moved("http://a:b@127.0.0.1/"), BadRequest, "not a web address"),
        (hostile.moved("http://[::1"), BadRequest, "no web address"),
        (hostile.moved("http://xn--/"), BadRequest, "web address"),
        (lambda to: to.say(b"", status=503), Unavailable, "(503)"),
        (lambda to: to.say(b"", status=429), Unavailable, "(429)"),
        (lambda to: to.say(b"", status=403), BadRequest, "(403)"),
        (lambda to: to.say(b"", status=304), BadRequest, "(304)"),  # though nothing was said of what is known
        (hostile.missing, Gone, "(404)"),
        (lambda to: to.say(b"", status=410), Gone, "(410)"),
    ],
)
def test_what_is_not_a_page_is_one_sentence(site: Site, answer: Answer, error: type[Exception], sentence: str) -> None:
    """Within the caps; no secret of the address stands in it."""
    site.answers["/?key=secret"] = answer
    site.answers["/"] = answer
    with pytest.raises(error) as caught:
        get(f"{site.address}/?key=secret", caps=SHORT if "2 s" in sentence else CAPS)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[fe80::1]",
        "10.1.2.3",
        "192.168.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "[ff02::1]",
    ],
)
def test_addresses_inside_are_refused(site: Site, host: str) -> None:
    """By default, however they are written; nothing is asked of the server that stands there."""
    site.answers["/"] = hostile.page("inside")
    port = site.address.rpartition(":")[2]
    with pytest.raises((BadRequest, Unavailable)) as caught:
        get(f"http://{host}:{port}/", None)
    assert re.search("inside this machine's network|not known|not a web address", str(caught.value))
    assert not site.asked


def test_a_redirect_inside_is_refused_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hop stands at an address that passes for public; the second names this machine."""
    port = site.address.rpartition(":")[2]
    site.answers["/"] = hostile.moved(f"http://localhost:{port}/inside")
    resolve = socket.getaddrinfo

    def only_v6(host: str, *rest: object, **named: object) -> object:
        """Give localhost an address that is not the one that passes."""
        return resolve("::1" if host == "localhost" else host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", only_v6)
    with pytest.raises(BadRequest, match="inside this machine's network"):
        get(f"http://127.0.0.1:{port}/", lambda address: address == "127.0.0.1")
    assert site.paths() == ["/"]


def test_a_name_that_changes_its_address_is_asked_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was checked (DNS rebinding), not to what the name says next."""
    site.answers["/"] = hostile.page("inside")
    port = int(site.address.rpartition(":")[2])
    answers = iter(["192.0.2.1", "127.0.0.1", "127.0.0.1"])  # the first is nobody's (RFC 5737)
    resolve = socket.getaddrinfo

    def changing(host: str, *rest: object, **named: object) -> object:
        """Answer another address each time that the name is asked for."""
        return resolve(next(answers) if host == "rebinding.example" else host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    with pytest.raises(Unavailable):
        get(f"http://rebinding.example:{port}/", lambda address: address == "192.0.2.1")
    assert not site.asked


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("fe80::1%eth0", False),
        ("240.0.0.1", False),
        ("fec0::1", False),
        ("192.0.0.9", False),
        ("::ffff:192.0.0.10", False),
        ("3fff::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """What an address carries inside counts."""
    assert is_public(address) == public
