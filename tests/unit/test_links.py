"""Links are checked politely and safely, against a server that misbehaves in every way."""

import asyncio
import errno
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from ndl_graph.links import Found, LinkCache, LinkChecker, LinkLimits
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import BASE, load, serving

HOST = "127.0.0.1"


class _Misbehaving(BaseHTTPRequestHandler):
    """Does by path what servers do."""

    asked: ClassVar[dict[str, list[tuple[str, float, str]]]] = defaultdict(list)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"ok") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _any(self) -> None:
        self.asked[self.path].append((self.command, time.monotonic(), self.headers.get("User-Agent", "")))
        times = len(self.asked[self.path])
        name = self.path.strip("/")
        if name == "missing":
            self._answer(404)
        elif name == "no-head":
            self._answer(405 if self.command == "HEAD" else 200)
        elif name == "head-lies":
            self._answer(404 if self.command == "HEAD" else 200)
        elif name == "ranged":
            if self.command == "HEAD":
                self._answer(403)
            else:
                self._answer(206 if self.headers.get("Range") == "bytes=0-0" else 500, body=b"o")
        elif name == "moved":
            self._answer(302, {"Location": "/fine"})
        elif name == "loop":
            self._answer(302, {"Location": "/loop"})
        elif name == "to-the-inside":
            self._answer(302, {"Location": "http://169.254.169.254/latest/meta-data"})
        elif name == "to-a-file":
            self._answer(302, {"Location": "file:///etc/passwd"})
        elif name.startswith("takes-its-time"):
            time.sleep(0.3)
            self._answer(200)
        elif name == "busy-once":
            self._answer(*((429, {"Retry-After": "1"}) if times == 1 else (200, {})))
        elif name == "busy-until":
            later = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
            self._answer(*((503, {"Retry-After": later}) if times == 1 else (200, {})))
        elif name == "busy-for-ever":
            self._answer(429, {"Retry-After": "86400"})
        elif name.startswith("answers-"):
            self._answer(int(name.removeprefix("answers-")))
        elif name == "broken":
            self._answer(500)
        elif name == "slow":
            time.sleep(3)
            with suppress(OSError):
                self._answer(200)
        elif name == "hangs-up":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif name == "garbage":
            self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
        elif name == "endless":
            if self.command == "HEAD":
                self._answer(405)
            else:
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):
                    while True:
                        self.wfile.write(b"x" * 65_536)
        else:
            self._answer(200)

    do_GET = do_HEAD = _any


@pytest.fixture
def server() -> Iterator[str]:
    _Misbehaving.asked.clear()
    found = ThreadingHTTPServer((HOST, 0), _Misbehaving)
    found.daemon_threads = True
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield f"http://{HOST}:{found.server_address[1]}"
    found.shutdown()
    found.server_close()


def check(folder: Path, urls: list[str], *, days: float = 30, pause: float = 0.0, let_in: bool = True) -> list[Found]:
    limits = LinkLimits(1.0, pause, 8, frozenset({HOST}) if let_in else frozenset(), "ndl-graph/test (who we are)")
    with LinkCache(folder / "links.sqlite") as cache:
        return LinkChecker(cache, limits).check(urls, days=days)


EXPECTED = {
    "fine": True, "moved": True, "no-head": True, "head-lies": True, "ranged": True, "busy-once": True,
    "busy-until": True, "endless": True, "missing": False, "loop": False, "to-a-file": False, "broken": False,
    "slow": False, "hangs-up": False, "garbage": False, "to-the-inside": None, "answers-410": False,
    "answers-401": None, "answers-403": None, "answers-451": None,
}  # fmt: skip


def test_a_host_that_asks_for_it_is_left_alone(server: str, tmp_path: Path) -> None:
    (found,) = check(tmp_path, [f"{server}/busy-for-ever"])
    assert found.alive is None
    assert _Misbehaving.asked.keys() == {"/busy-for-ever"}
    assert len(_Misbehaving.asked["/busy-for-ever"]) == 1


def test_whatever_a_server_does_is_told(server: str, tmp_path: Path) -> None:
    found = {one.url.rsplit("/", 1)[-1]: one for one in check(tmp_path, [f"{server}/{name}" for name in EXPECTED])}
    assert {name: one.alive for name, one in found.items()} == EXPECTED
    assert found["missing"].status == 404
    assert "redirects more than" in found["loop"].reason
    assert "within 1 s" in found["slow"].reason
    assert "inside the network" in found["to-the-inside"].reason
    assert {agent for asked in _Misbehaving.asked.values() for _, _, agent in asked} == {"ndl-graph/test (who we are)"}
    assert {method for method, _, _ in _Misbehaving.asked["/fine"]} == {"HEAD"}
    first, second = (at for _, at, _ in _Misbehaving.asked["/busy-once"])
    assert second - first >= 1, "Retry-After is kept"


def test_what_was_checked_is_not_asked_again_and_a_stopped_run_goes_on(server: str, tmp_path: Path) -> None:
    urls = [f"{server}/a", f"{server}/b", f"{server}/busy-for-ever"]
    assert len(check(tmp_path, urls[:1])) == 1
    assert {one.url for one in check(tmp_path, urls)} == set(urls[1:]), "the first is known"
    assert {one.url for one in check(tmp_path, urls)} == {urls[2]}, "what could not be told is asked again"
    assert len(check(tmp_path, urls, days=0)) == 3
    states = LinkCache.known(tmp_path / "links.sqlite")
    assert {url: state.alive for url, state in states.items()} == {urls[0]: True, urls[1]: True}
    assert all(state.checked == datetime.now(UTC).date().isoformat() for state in states.values())


def test_one_host_is_not_hurried(server: str, tmp_path: Path) -> None:
    check(tmp_path, [f"{server}/{number}" for number in range(4)], pause=0.2)
    times = sorted(at for asked in _Misbehaving.asked.values() for _, at, _ in asked)
    assert len(times) == 4
    # Each is noticed before it is answered, and the pause begins with the answer.
    assert all(later - sooner >= 0.2 for sooner, later in pairwise(times))


def test_a_slow_host_has_its_pause_too(server: str, tmp_path: Path) -> None:
    """The pause counts from the answer: a host that takes long to answer would have none at all."""
    check(tmp_path, [f"{server}/takes-its-time/{number}" for number in range(3)], pause=0.2)
    times = sorted(at for asked in _Misbehaving.asked.values() for _, at, _ in asked)
    assert all(later - sooner >= 0.3 + 0.2 for sooner, later in pairwise(times))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://192.168.1.1/",
        "http://169.254.169.254/latest", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://100.64.0.1/",
        "http://2130706433/", "http://0x7f000001/",
    ],
)  # fmt: skip
def test_nothing_inside_the_network_is_asked(address: str, tmp_path: Path) -> None:
    (found,) = check(tmp_path, [address], let_in=False)
    assert found.alive in (None, False)
    assert found.status is None
    if found.alive is None:
        assert "inside the network" in found.reason


@pytest.mark.parametrize("failed", [socket.gaierror(socket.EAI_AGAIN, "try again"), OSError(errno.ENETUNREACH, "no")])
def test_where_there_is_no_network_nothing_is_dead(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failed: OSError
) -> None:
    async def fail(*_: object, **__: object) -> list[object]:
        raise failed

    where = "getaddrinfo" if isinstance(failed, socket.gaierror) else "sock_connect"
    for loop in (asyncio.SelectorEventLoop, asyncio.BaseEventLoop):
        monkeypatch.setattr(loop, where, fail, raising=False)
    (found,) = check(tmp_path, [f"{server}/fine"])
    assert found.alive is None, found
    assert "another run" in found.reason
    assert LinkCache.known(tmp_path / "links.sqlite") == {}


def test_a_name_that_nobody_has_is_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", fail)
    (found,) = check(tmp_path, ["https://nobody.example/"])
    assert (found.alive, "not known" in found.reason) == (False, True)


def test_a_file_that_is_no_cache_is_told(tmp_path: Path) -> None:
    (tmp_path / "links.sqlite").write_text("no database, but quite a long text that pretends to be one" * 40)
    with pytest.raises(Exception, match="cannot be read"):
        LinkCache(tmp_path / "links.sqlite")


RECORD = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://example.org/{name}> a dcat:Dataset ; dct:title "{name}"@en ; dct:description "About {name}."@en ;
  dct:publisher <http://example.org/us> ;
  dcat:distribution <http://example.org/{name}#file> .
<http://example.org/{name}#file> a dcat:Distribution ; dcat:accessURL <{server}/{path}> .
<http://example.org/us> <http://xmlns.com/foaf/0.1/name> "Us"@en .
"""


def test_a_dead_link_lowers_the_score_and_is_shown_and_removes_nothing(server: str, tmp_path: Path) -> None:
    for name, path in (("rivers", "missing"), ("lakes", "fine")):
        (tmp_path / f"{name}.ttl").write_text(RECORD.format(name=name, server=server, path=path))
    folder = tmp_path / "store"
    assert not load(EmbeddedStore(folder, BASE), tmp_path / "rivers.ttl", tmp_path / "lakes.ttl").rejected
    with serving(folder, tmp_path / "log") as client:
        before = {name: points(client, name) for name in ("rivers", "lakes")}
    done = run(
        "check-links", "--store", folder, "--json", NDL_GRAPH_LINK_PRIVATE_HOSTS=HOST, NDL_GRAPH_LINK_PAUSE_MS="0"
    )
    assert done.code == 0, done.err
    counts = json.loads(done.out)
    assert (counts["checked"], counts["alive"], counts["dead"]) == (2, 1, 1)
    with serving(folder, tmp_path / "log") as client:
        after = {name: points(client, name) for name in ("rivers", "lakes")}
        assert after["rivers"]["ai"] == before["rivers"]["ai"] - 5
        assert after["rivers"]["eu"] == before["rivers"]["eu"]
        assert after["lakes"]["eu"] == before["lakes"]["eu"] + 50
        page = client.get("/dataset/rivers").text
        assert "did not answer" in page
        assert f"{server}/missing" in page
        assert "did not answer" not in client.get("/dataset/lakes").text
        dead = client.get("/sparql", params={"query": "SELECT ?url ?day { ?url ndl:deadSince ?day }", "format": "json"})
        (row,) = dead.json()["results"]["bindings"]
        assert row["url"]["value"] == f"{server}/missing"
    again = load(EmbeddedStore(folder, BASE), tmp_path / "rivers.ttl")
    assert again.unchanged == 1, "what was found of links is no change of the description"


def points(client: httpx.Client, name: str) -> dict[str, int]:
    hits = client.get("/api/search", params={"q": name}).json()["hits"]
    found: dict[str, int] = hits[0]["quality"]
    return found
