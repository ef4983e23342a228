"""Checks whether the addresses in descriptions still answer: politely, resumably, and never inside the own network.

Off until asked: `ndl-graph check-links`. What was found is kept beside the store with its date; scores and pages are
made from it. A dead link lowers a score and is shown; it removes nothing.
"""

import asyncio
import errno
import ipaddress
import re
import socket
import sqlite3
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
from httpcore import SOCKET_OPTION

from ndl_graph.errors import StoreError
from ndl_graph.namespaces import is_web
from ndl_graph.quality import LinkState

__all__ = ["Found", "LinkCache", "LinkChecker", "LinkLimits"]

_REDIRECTS: Final = 5
_TRIES: Final = 3
#: A server that asks for more patience than this is asked again in another run.
_MOST_PATIENCE: Final = 60.0
_TOO_MANY: Final = frozenset({429, 503})
#: Answers to HEAD that a GET may well better: servers often know only GET.
_GET_ALIVE: Final = frozenset({200, 203, 206, 416})


@dataclass(frozen=True)
class LinkLimits:
    """How hard links are checked: seconds for one, seconds between two at one host, hosts at once, hosts let in."""

    seconds: float = 20.0
    pause: float = 1.0
    at_once: int = 16
    private_hosts: frozenset[str] = frozenset()
    user_agent: str = "ndl-graph"


@dataclass(frozen=True)
class Found:
    """What one address did: alive, dead, or None where it could not be told; and why."""

    url: str
    alive: bool | None
    status: int | None
    reason: str


class LinkCache:
    """What was found, by address, in a file; raises `StoreError` where that cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path)
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS link "
                "(url TEXT PRIMARY KEY, alive INTEGER NOT NULL, status INTEGER, reason TEXT NOT NULL, at TEXT NOT NULL)"
            )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"what is known of links cannot be read: {error}",
                where=str(path),
                hint="Remove the file, and check the links again.",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def put(self, found: Found, at: datetime) -> None:
        """Keeps what was found, at once, so that a run that is stopped can be gone on with."""
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?)",
                (found.url, int(bool(found.alive)), found.status, found.reason, at.isoformat(timespec="seconds")),
            )

    def states(self) -> dict[str, LinkState]:
        """What is known of every address."""
        with closing(self._connection.execute("SELECT url, alive, at FROM link")) as rows:
            return {url: LinkState(bool(alive), at[:10]) for url, alive, at in rows}

    def since(self, moment: datetime) -> set[str]:
        """The addresses that were checked after that moment."""
        with closing(self._connection.execute("SELECT url FROM link WHERE at >= ?", (moment.isoformat(),))) as rows:
            return {url for (url,) in rows}

    @staticmethod
    def known(path: Path) -> Mapping[str, LinkState]:
        """What is known of every address; nothing where links were never checked."""
        if not path.is_file():
            return {}
        with LinkCache(path) as cache:
            return cache.states()


class _PrivateAddressError(httpcore.ConnectError):
    """The address is inside the network, where nobody outside may look."""


class _NoNetworkError(httpcore.ConnectError):
    """There is no way out from here: that says nothing of the address."""


class _Guard(httpcore.AsyncNetworkBackend):
    """Connects only to addresses on the open internet, and to the very address that was looked at."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._private_hosts = private_hosts

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            if error.errno == socket.EAI_AGAIN:
                raise _NoNetworkError(f"the name {host} cannot be looked up now") from None
            raise httpcore.ConnectError(f"the name {host} is not known: {error.strerror or error}") from None
        except (UnicodeError, OverflowError) as error:
            raise httpcore.ConnectError(f"{host}:{port} is no address: {error}") from None
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        if host not in self._private_hosts and not all(_is_public(address) for address in addresses):
            raise _PrivateAddressError(f"{host} is an address inside the network")
        try:
            return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)
        except httpcore.ConnectError as error:
            if _NO_WAY & set(_system_errors(error)):
                raise _NoNetworkError("there is no way into the network now") from None
            raise

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


#: Of an attempt to connect: this machine has no network.
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.ENETDOWN})
#: Of an answer: the server is there, and whether the data is it tells only to some.
_ASKS_WHO: Final = (401, 403, 407, 451)
#: IPv6 addresses that lead on to an IPv4 address in their last four bytes.
_LEADS_TO_IPV4: Final = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "::/96", "::ffff:0:0/96"))


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in network for network in _LEADS_TO_IPV4):
            return _is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found.sixtofour is not None or found.teredo is not None or found.is_site_local:
            return False
        if found in ipaddress.ip_network("64:ff9b:1::/48"):
            return False
    return found.is_global and not found.is_multicast


def _system_errors(error: BaseException) -> Iterator[int]:
    """What the system said, by number, in an error or in those that led to it."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _system_errors(one)
    if isinstance(error, OSError) and error.errno is not None:
        yield error.errno
    if error.__cause__ is not None:
        yield from _system_errors(error.__cause__)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx over a guarded connection."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        super().__init__()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=_Guard(private_hosts), max_connections=64
        )


@dataclass
class _Door:
    """One host: who is at it now, when it may be asked again, and whether it wants to be left alone."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_at: float = 0.0
    left: bool = False


class LinkChecker:
    """Checks addresses, those of one host one after the other."""

    def __init__(self, cache: LinkCache, limits: LinkLimits) -> None:
        self._cache = cache
        self._limits = limits
        self._doors: dict[str, _Door] = {}

    def check(
        self,
        urls: Iterable[str],
        *,
        days: float,
        most: int | None = None,
        told: Callable[[Found, int, int], None] = lambda *_: None,
    ) -> list[Found]:
        """Checks at most so many of the addresses that were not checked within so many days.

        `told` hears of each, and how far it is.
        """
        known = self._cache.since(datetime.now(UTC) - timedelta(days=days))
        waiting = [url for url in dict.fromkeys(urls) if url not in known][:most]
        return asyncio.run(self._all(waiting, told))

    async def _all(self, urls: Sequence[str], told: Callable[[Found, int, int], None]) -> list[Found]:
        hosts: dict[str, list[str]] = defaultdict(list)
        for url in urls:
            hosts[_host(url)].append(url)
        found: list[Found] = []
        turns = asyncio.Semaphore(self._limits.at_once)

        async def host(waiting: Sequence[str]) -> None:
            async with turns:
                for url in waiting:
                    one = await self._one(client, url)
                    if one.alive is not None:
                        self._cache.put(one, datetime.now(UTC))
                    found.append(one)
                    told(one, len(found), len(urls))

        async with (
            httpx.AsyncClient(
                transport=_Transport(self._limits.private_hosts),
                timeout=self._limits.seconds,
                headers={"User-Agent": self._limits.user_agent, "Accept": "*/*"},
                follow_redirects=False,
                trust_env=False,
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            for waiting in hosts.values():
                group.create_task(host(waiting))
        return found

    async def _one(self, client: httpx.AsyncClient, url: str) -> Found:
        if self._door(url).left:
            return Found(url, None, None, "its host asked to be left alone; it is asked again in another run")
        try:
            # An answer that never ends is no answer: each request has this long, and so have the waits between.
            async with asyncio.timeout(_TRIES * (_REDIRECTS + 2) * self._limits.seconds + _TRIES * _MOST_PATIENCE):
                return await self._patiently(client, url)
        except TimeoutError:
            return Found(url, False, None, f"it did not answer within {self._limits.seconds:.0f} s")

    def _door(self, url: str) -> "_Door":
        return self._doors.setdefault(_host(url), _Door())

    @asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        """A turn at the host of an address, whichever address led there; the pause begins when the answer is there."""
        door, clock = self._door(url), asyncio.get_running_loop().time
        async with door.lock:
            await asyncio.sleep(max(0.0, door.next_at - clock()))
            try:
                yield
            finally:
                door.next_at = clock() + self._limits.pause

    async def _patiently(self, client: httpx.AsyncClient, url: str) -> Found:
        """Asks again where the server says that it is busy, after as long as it asks for."""
        for attempt in range(_TRIES):
            try:
                status, wait = await self._ask(client, url)
            except httpx.TimeoutException:
                return Found(url, False, None, f"it did not answer within {self._limits.seconds:.0f} s")
            except httpx.InvalidURL as error:
                return Found(url, False, None, f"this is no web address: {error}")
            except httpx.TooManyRedirects:
                return Found(url, False, None, f"it redirects more than {_REDIRECTS} times")
            except (ValueError, OverflowError) as error:
                return Found(url, False, None, f"this is no web address: {error}")
            except httpx.HTTPError as error:
                if isinstance(error.__cause__, _PrivateAddressError):
                    return Found(url, None, None, "it is inside the network, and is not asked")
                if isinstance(error.__cause__, _NoNetworkError):
                    return Found(url, None, None, f"{error}; it is asked again in another run")
                return Found(url, False, None, str(error) or type(error).__name__)
            if status in _TOO_MANY:
                if attempt + 1 == _TRIES or wait > _MOST_PATIENCE:
                    self._door(url).left = wait > _MOST_PATIENCE
                    return Found(url, None, status, "the server is busy; it is asked again in another run")
                await asyncio.sleep(wait)
                continue
            if status in _ASKS_WHO:
                return Found(url, None, status, f"the server answered {status}: it is not for everybody to see")
            alive = 200 <= status < 300
            return Found(url, alive, status, f"the server answered {status}")
        raise AssertionError("unreachable: the last attempt returns")

    async def _ask(self, client: httpx.AsyncClient, url: str) -> tuple[int, float]:
        """The last status on the way, and how long to wait before asking again."""
        address, method, redirects = url, "HEAD", 0
        while redirects <= _REDIRECTS:
            part = {"Range": "bytes=0-0"} if method == "GET" else {}
            async with self._turn(address), client.stream(method, address, headers=part) as got:
                if got.is_redirect and (place := got.headers.get("location")):
                    address = urljoin(address, place)
                    redirects += 1
                    if not is_web(address):
                        return 400, 0
                    continue
                if got.status_code in _TOO_MANY:
                    return got.status_code, _patience(got.headers.get("retry-after"), self._limits.pause)
                if method == "HEAD" and not got.is_success:
                    # Many servers answer HEAD wrongly; what GET says counts. Nothing but its first byte is asked for.
                    method, address, redirects = "GET", url, 0
                    continue
                status = 200 if method == "GET" and got.status_code in _GET_ALIVE else got.status_code
                return status, 0
        raise httpx.TooManyRedirects("too many redirects")


def _host(url: str) -> str:
    """Which host an address asks; an address that is none has nobody to be asked."""
    try:
        return urlsplit(url).netloc.casefold()
    except ValueError:
        return url


def _patience(said: str | None, otherwise: float) -> float:
    """Seconds that `Retry-After` asks for (RFC 9110, section 10.2.3): a number, or a date."""
    if not said:
        return otherwise
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", said, re.ASCII):
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return otherwise
