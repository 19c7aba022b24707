"""Fetch a page or a feed from the web, trusting nobody on the way.

Every hop of a redirect is a new request, and every connection goes to the very address that was checked: a name that
resolves to this machine, to its network or to a cloud's metadata service is refused, however it is written (numeric,
IPv6-mapped, NAT64), and cannot change between check and use (DNS rebinding). Time, bytes and redirects are capped, the
bytes after decompression. ``httpcore`` speaks HTTP, since ``httpx`` does not let one pin addresses.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from votd.media.articles.facts import url_of
from votd.media.errors import BadRequest, Gone, Unavailable, VotdError

_AGENT = "votd"
_ACCEPT = "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, application/xml, */*;q=0.5"
_MOVED = {301, 302, 303, 307, 308}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOBODYS = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "fec0::/10", "3fff::/20")))
"""Protocol assignments, site-local addresses and documentation: not every Python tells that these are not public."""
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Allowed = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Caps:
    """What one answer may cost, redirects included. ``bytes`` are counted after decompression."""

    seconds: float = 20
    bytes: int = 10_000_000
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: ``url`` is where it came from in the end; ``etag`` and ``modified`` are to be sent the next time."""

    url: str
    body: bytes
    content_type: str
    etag: str | None
    modified: str | None


class Web:
    """Fetch over HTTP."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, caps: Caps) -> None:
        self._pool = pool
        self._caps = caps

    async def get(self, url: str, *, etag: str | None = None, modified: str | None = None) -> Fetched | None:
        """Fetch one address; ``None`` where it is unchanged since ``etag`` or ``modified``.

        Raises ``Gone`` where the page was withdrawn (404, 410), ``BadRequest`` for what will not get better by itself
        (an address that is refused, an answer over the caps, too many redirects), ``Unavailable`` for the rest.
        """
        asked = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, told in asked.items() if (value := _sendable(told))}
        try:
            async with asyncio.timeout(self._caps.seconds):
                return await self._follow(url, headers)
        except TimeoutError as e:
            raise Unavailable(f"{_host(url)} took more than {self._caps.seconds:g} s to answer.") from e
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as e:
            raise Unavailable(f"{_host(url)} cannot be reached or breaks off ({type(e).__name__}).") from e
        except VotdError:
            raise
        except Exception as e:  # whatever a stranger's address or answer breaks in the stack means the same
            raise BadRequest(f"{_host(url)} cannot be fetched ({type(e).__name__}), check the address.") from e

    async def _follow(self, url: str, headers: Mapping[str, str]) -> Fetched | None:
        for _ in range(self._caps.redirects + 1):
            place = _parsed(url)
            async with self._answer(place, headers) as answer:
                told = {name.lower(): value.decode("latin-1") for name, value in _texts(answer.headers)}
                if answer.status in _MOVED and "location" in told:
                    url = _joined(place, told["location"])
                    continue
                if answer.status == 304 and headers:
                    return None
                _check(answer.status, url)
                body = await self._body(answer, told.get("content-encoding", "").strip().lower(), url)
                etag, modified = _sendable(told.get("etag")), _sendable(told.get("last-modified"))
                return Fetched(url, body, told.get("content-type", ""), etag, modified)
        raise BadRequest(f"{_host(url)} redirects more than {self._caps.redirects} times: give the page's own address.")

    @contextlib.asynccontextmanager
    async def _answer(self, place: httpx.URL, headers: Mapping[str, str]) -> AsyncIterator[httpcore.Response]:
        own = {"Host": place.netloc.decode("ascii"), "User-Agent": _AGENT, "Accept": _ACCEPT, "Accept-Encoding": "gzip"}
        url = httpcore.URL(scheme=place.raw_scheme, host=place.raw_host, port=place.port, target=place.raw_path)
        async with self._pool.stream("GET", url, headers=[*own.items(), *headers.items()]) as answer:
            yield answer

    async def _body(self, answer: httpcore.Response, coding: str, url: str) -> bytes:
        if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BadRequest(f"{_host(url)} answers in an encoding that was not asked for ({coding[:20]}).")
        zipped = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if coding not in ("", "identity") else None
        body = bytearray()
        async for chunk in answer.aiter_stream():
            room = self._caps.bytes + 1 - len(body)
            try:
                body += zipped.decompress(chunk, room) if zipped else chunk
            except zlib.error as e:
                raise BadRequest(f"What {_host(url)} sends is not what it says (gzip).") from e
            if len(body) > self._caps.bytes:
                raise BadRequest(
                    f"{_host(url)} sends more than {self._caps.bytes:,} bytes: that is no article or feed."
                )
        if zipped and not zipped.eof:
            raise Unavailable(f"{_host(url)} breaks off in the middle of the page.")
        return bytes(body)


@contextlib.asynccontextmanager
async def web(*, allowed: Allowed | None = None, caps: Caps | None = None) -> AsyncIterator[Web]:
    """Open connections that are closed at the end.

    ``allowed`` says to which IP addresses: ``is_public`` unless ``anywhere`` is given, for a site inside the network.
    """
    context = ssl.create_default_context()
    async with httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=8,
        max_keepalive_connections=4,
        network_backend=_Pinned(allowed or is_public),
    ) as pool:
        yield Web(pool, caps or Caps())


class _Pinned(httpcore.AsyncNetworkBackend):
    """Resolve a name once, check what came out, and connect to that."""

    def __init__(self, may: Allowed) -> None:
        self._may = may
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See ``httpcore``; raises ``BadRequest`` where a name has no address that may be connected to."""
        failure: Exception | None = None
        for address in await self._allowed(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as e:
                failure = e
        assert failure is not None
        raise failure

    async def _allowed(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as e:
            raise Unavailable(f"{host[:100]} is not known, check the address.") from e
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [address for address in addresses if self._may(address)]
        if not allowed:
            raise BadRequest(
                f"{host[:100]} is an address inside this machine's network, and is not fetched: "
                "set articles_private if the site is really there."
            )
        return allowed

    async def sleep(self, seconds: float) -> None:
        """See ``httpcore``."""
        await self._inner.sleep(seconds)


def anywhere(_: str) -> bool:
    """Allow every address."""
    return True


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public network, the one that it carries inside too."""
    ip: IPAddress = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    if any(ip in network for network in _NOBODYS):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _parsed(url: str) -> httpx.URL:
    try:
        place = httpx.URL(url_of(url) or "")
        possible = bool(place.host) and (place.port is None or 1 <= place.port <= 65535)
    except (httpx.InvalidURL, ValueError) as e:  # the host is decoded only when it is asked for
        raise BadRequest(f"{url[:100]!r} is not a web address that can be fetched.") from e
    if not possible:
        raise BadRequest(f"{url[:100]!r} is not a web address that can be fetched.")
    return place.copy_with(fragment=None)


def _joined(place: httpx.URL, location: str) -> str:
    try:
        return str(place.join(location))
    except (httpx.InvalidURL, ValueError) as e:
        raise BadRequest(f"{place.host[:100]} redirects to no web address.") from e


def _check(status: int, url: str) -> None:
    host = _host(url)
    if status in (404, 410):
        raise Gone(f"The page is not on {host} any more ({status}).")
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable(f"{host} does not answer now ({status}).")
    if status != 200:
        raise BadRequest(f"{host} does not give the page ({status}), check the address.")


def _host(url: str) -> str:
    """Name a site in a sentence; the rest of an address may hold what is secret."""
    try:
        return httpx.URL(url).host[:100] or "The site"
    except (httpx.InvalidURL, ValueError):
        return "The site"


def _sendable(value: str | None) -> str | None:
    """Return what may stand in a header of a request; a site may send anything to be sent back."""
    return value if value and value.isascii() and value.isprintable() else None


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[str, bytes]]:
    return ((name.decode("latin-1"), value) for name, value in headers)
