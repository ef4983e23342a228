"""Queries that would take an endpoint down: each ends within its limits, and nobody else notices."""

import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from pyoxigraph import RdfFormat, parse

from ndl_graph.errors import LimitError, QueryError
from ndl_graph.sparql import Query, read_query
from ndl_graph.sparql.pool import QueryLimits, Task, WorkerPool
from ndl_graph.stores import EmbeddedStore
from tests.conftest import BASE, DATA, load, serving

pytestmark = pytest.mark.alone

SECONDS, MEMORY, WORKERS = 1, 300_000_000, 3
ALL = "?s1 ?p1 ?o1 . ?s2 ?p2 ?o2 . ?s3 ?p3 ?o3"
DEEP = 300
COUNT = {"query": "SELECT (COUNT(*) AS ?n) { ?s a dcat:Dataset }"}


def doubled(times: int) -> str:
    parts = ["BIND('0123456789' AS ?x0)", *(f"BIND(CONCAT(?x{n},?x{n}) AS ?x{n + 1})" for n in range(times))]
    return f"SELECT (STRLEN(?x{times}) AS ?n) {{ {' '.join(parts)} }}"


#: Queries by what they do to an endpoint without limits.
QUERIES = {
    "cross join, sorted": f"SELECT * {{ {ALL} }} ORDER BY ?o3 ?o1",
    "cross join, counted": f"SELECT (COUNT(*) AS ?n) {{ {ALL} }}",
    "cross join, distinct": f"SELECT DISTINCT ?o1 ?o2 ?o3 {{ {ALL} }}",
    "cross join, streamed": f"SELECT * {{ {ALL} }}",
    "cross join, filtered": f"SELECT * {{ {ALL} FILTER(?o1 = ?s3 && ?o2 = ?s1 && STR(?p1) > STR(?p3)) }}",
    "cross join, grouped": f"SELECT ?o1 ?o2 (COUNT(*) AS ?n) {{ {ALL} }} GROUP BY ?o1 ?o2 ORDER BY ?n",
    "cross join, constructed": f"CONSTRUCT {{ ?s1 ?p2 ?o3 }} {{ {ALL} }}",
    "cross join, asked": f"ASK {{ {ALL} FILTER(?o1 = 'nowhere' && ?o2 = 'nowhere') }}",
    "cross join in an offset": f"SELECT * {{ {ALL} }} OFFSET 1000000000",
    "minus of everything": f"SELECT * {{ {ALL} MINUS {{ ?s1 ?p4 ?o4 . ?s4 ?p4 ?o5 }} }} ORDER BY ?o3",
    "not exists": f"SELECT (COUNT(*) AS ?n) {{ {ALL} FILTER NOT EXISTS {{ ?s1 ?p ?o3 . ?o3 ?q ?s2 }} }}",
    "unbounded path": "SELECT (COUNT(*) AS ?n) { ?a (!<x:x>)* ?b . ?c (!<x:x>)* ?d . ?e (!<x:x>)* ?f }",
    "path of alternatives": "SELECT (COUNT(*) AS ?n) { ?a (<x:a>|!<x:b>|^!<x:c>)+ ?b . ?c (!<x:a>|^!<x:b>)* ?d }",
    "nested paths": "SELECT (COUNT(*) AS ?n) { ?a ((!<x:a>)*/(^!<x:b>)*)* ?b . ?c ((!<x:a>)*/(^!<x:b>)*)* ?d }",
    "path between unknowns": "SELECT * { ?a (!<x:x>|^!<x:x>)* ?b . ?b (!<x:x>|^!<x:x>)* ?c } ORDER BY ?c",
    "catastrophic expression": f"SELECT * {{ {ALL} FILTER(REGEX(STR(?o1), '^(([a-z])+.)+[A-Z]([a-z])+$')) }}",
    "expression of many": f"SELECT * {{ {ALL} FILTER(REGEX(CONCAT(STR(?o1),STR(?o2),STR(?o3)), '(a|aa|a?)+$')) }}",
    "large repetition": "SELECT * { ?s ?p ?o FILTER(REGEX(STR(?o), '(((a{1,999}){1,999}){1,999})')) }",
    "giant VALUES": "SELECT * { VALUES ?x { " + " ".join(map(str, range(60_000))) + " } " + ALL + " } ORDER BY ?x",
    "giant IN": "SELECT * { " + ALL + " FILTER(?o3 IN (" + ",".join(map(str, range(60_000))) + ")) }",
    "product of VALUES": "SELECT (COUNT(*) AS ?n) { " + " ".join(
        f"VALUES ?v{n} {{ {' '.join(map(str, range(60)))} }}" for n in range(9)) + " }",
    "GROUP_CONCAT of everything": f"SELECT (GROUP_CONCAT(CONCAT(STR(?o1),STR(?o2))) AS ?x) {{ {ALL} }}",
    "SAMPLE and sums": f"SELECT (SUM(STRLEN(?o1)) AS ?a) (SAMPLE(?o2) AS ?b) (MAX(?o3) AS ?c) {{ {ALL} }}",
    "string doubling": doubled(40),
    "string doubling, returned": doubled(26).replace("STRLEN(?x26)", "?x26"),
    "replacing into a long text": "SELECT (STRLEN(REPLACE(?b,'.','" + "x" * 5_000 + "')) AS ?n) { BIND(REPLACE('"
        + "a" * 1_000 + "','a','" + "b" * 1_000 + "') AS ?b) }",
    "encoding a long text": doubled(24).replace("STRLEN(?x24)", "SHA512(ENCODE_FOR_URI(?x24))"),
    "10,000 brackets": "SELECT * { FILTER(" + "(" * 10_000 + "1" + ")" * 10_000 + ") }",
    "10,000 braces": "SELECT * " + "{" * 10_000 + "}" * 10_000,
    "10,000 unary marks": "SELECT * { FILTER(" + "!" * 10_000 + "true) }",
    "10,000 operators": "SELECT (" + "+".join("1" * 10_000) + " AS ?x) {}",
    "deep OPTIONAL": "SELECT * { " + "OPTIONAL { ?s ?p ?o . " * DEEP + "}" * DEEP + " }",
    "deep UNION": "SELECT * " + "{ { ?s ?p ?o } UNION " * DEEP + "{ ?s ?p ?o }" + "}" * DEEP,
    "wide OPTIONAL": "SELECT * { ?s ?p ?o " + " ".join(f"OPTIONAL {{ ?s{n} ?p{n} ?o }}" for n in range(60)) + " }",
    "deep subqueries": "SELECT * { SELECT * " * DEEP + "{ ?s ?p ?o }" + "}" * DEEP,
    "deep EXISTS": "SELECT * { ?s ?p ?o " + "FILTER EXISTS { ?s ?p ?o " * DEEP + "}" * DEEP + " }",
    "deep lists": "SELECT * { ?s ?p " + "(" * DEEP + "1" + ")" * DEEP + " }",
    "many variables": "SELECT * { " + " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(400)) + " }",
    "SERVICE to loopback": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "SERVICE to metadata": "SELECT * { SERVICE SILENT <http://169.254.169.254/latest/> { ?s ?p ?o } }",
    "SERVICE by a variable": "SELECT * { BIND(<http://10.0.0.1/> AS ?x) SERVICE ?x { ?s ?p ?o } }",
    "SERVICE without spaces": "SELECT * { ?s ?p 1SERVICE<http://192.168.0.1/>{?s ?p ?o} }",
    "FROM a file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "LOAD of a file": "LOAD <file:///etc/passwd>",
    "nothing": " ",
    "a byte that is no character": "SELECT * { ?s ?p '\x00\x01' }",
    "only a comment": "#" * 100_000,
    "endless string": "SELECT * { ?s ?p '''" + "x" * 100_000,
    "endless name": "SELECT * { " + "a:" * 50_000,
    "endless dots": "SELECT * { " + "a." * 50_000,
    "endless colons": "SELECT * { " + ":" * 100_000,
    "endless space after SERVICE": "SELECT * { SERVICE" + " " * 100_000,
    "endless SERVICE": "SELECT * { " + "SERVICE " * 12_000,
    "endless escapes": "SELECT * { " + "\\u0041" * 16_000,
}  # fmt: skip

Usage = tuple[int, int]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "store"
    load(EmbeddedStore(folder, BASE), DATA)
    return folder


@pytest.fixture(scope="module")
def limited(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with narrow limits."""
    settings = {
        "query_seconds": SECONDS,
        "query_memory_bytes": MEMORY,
        "query_workers": WORKERS,
        "query_share_percent": 67,
        "query_nice": 19,
        "query_rows": 10_000,
        "query_bytes": 60_000_000,
        "query_queue": 30,
        "query_wait_seconds": 8,
        "query_keys": "alpha,beta",
    }
    with serving(catalogue, tmp_path_factory.mktemp("limited") / "log", **settings) as client:
        yield client


def processes(client: httpx.Client) -> list[int]:
    """The service and its workers."""
    inode = _listening(client.base_url.port or 0)
    service = next(
        int(path.parts[2]) for path in Path("/proc").glob("[0-9]*/fd/*") if _target(path) == f"socket:[{inode}]"
    )
    tasks = Path(f"/proc/{service}/task").glob("*/children")
    children = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [service, *children]


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _listening(port: int) -> str:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[1].endswith(f":{port:04X}") and parts[3] == "0A":
            return parts[9]
    raise AssertionError(f"nothing listens on {port}")


def usage(client: httpx.Client) -> tuple[int, int, int]:
    """Processes, open files and resident bytes of the service with its workers."""
    pids = processes(client)
    files = resident = 0
    for pid in pids:
        with suppress(OSError):
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            resident += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return len(pids), files, resident


def settled(client: httpx.Client) -> None:
    """Waits until every worker answers again: two clients together hold them all, long enough for each to get one."""
    query = {"query": "SELECT (COUNT(*) AS ?n) { VALUES ?a { 1 2 3 4 5 } ?d a dcat:Dataset . ?s ?p ?o }"}
    end = time.monotonic() + 20

    def asked(number: int) -> int:
        key = {"X-API-Key": ("alpha", "beta")[number % 2]}
        return client.get("/sparql", params=query, headers=key).status_code

    while time.monotonic() < end:
        with ThreadPoolExecutor(WORKERS) as threads:
            answers = list(threads.map(asked, range(WORKERS)))
        if answers == [200] * WORKERS and len(processes(client)) == WORKERS + 1:
            return
    pytest.fail("the workers did not come back")


def waiting_or_busy(client: httpx.Client) -> set[str]:
    """The states that some query, or worker, is in."""
    lines = client.get("/metrics").text.splitlines()
    found = (re.match(r'ndl_graph_queries\{state="(\w+)"\} ([1-9])', line) for line in lines)
    return {one[1] for one in found if one}


def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end


def ask(client: httpx.Client, query: str, **headers: str) -> tuple[int, str, float]:
    """Status, body and seconds; status 0 where the answer was cut while it streamed."""
    start = time.monotonic()
    try:
        answer = client.post("/sparql", data={"query": query}, headers=headers, timeout=60)
    except httpx.RemoteProtocolError:
        return 0, "", time.monotonic() - start
    return answer.status_code, answer.text, time.monotonic() - start


def cut(client: httpx.Client, query: str, accept: str) -> bytes:
    """What comes of an answer before it breaks off."""
    body = b""

    def read() -> None:
        nonlocal body
        with client.stream("POST", "/sparql", data={"query": query}, headers={"Accept": accept}) as answer:
            assert answer.status_code == 200
            for chunk in answer.iter_raw():
                body += chunk

    with pytest.raises(httpx.RemoteProtocolError):
        read()
    return body


def test_there_are_at_least_forty() -> None:
    assert len(QUERIES) >= 40


@pytest.mark.parametrize("name", QUERIES)
def test_each_ends_within_its_limit(limited: httpx.Client, name: str) -> None:
    status, body, seconds = ask(limited, QUERIES[name])
    assert status in (0, 200, 400, 403, 503)
    assert seconds < SECONDS + 1.5
    assert "Traceback" not in body
    assert "expected one of" not in body
    if status in (400, 403, 503):
        assert '"detail"' in body
    if status == 503:
        assert '"limit"' in body
        assert '"hint"' in body
    after = ask(limited, COUNT["query"])
    assert after[0] == 200, after


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("cross join, counted", "query_seconds"),
        ("cross join, sorted", "query_memory_bytes"),
        ("string doubling", "query_memory_bytes"),
    ],
)
def test_the_limit_is_named(limited: httpx.Client, name: str, limit: str) -> None:
    answer = limited.post("/sparql", data={"query": QUERIES[name]})
    assert answer.status_code == 503
    problem = answer.json()
    assert problem["limit"] == {"name": limit, "value": {"query_seconds": SECONDS, "query_memory_bytes": MEMORY}[limit]}
    assert problem["hint"]
    assert "Retry-After" not in answer.headers, "to ask the same again is no use"


@pytest.mark.parametrize("name", ["cross join, counted", "cross join, sorted"])
def test_an_overrun_is_replaced_within_a_second(limited: httpx.Client, name: str) -> None:
    settled(limited)
    assert limited.post("/sparql", data={"query": QUERIES[name]}).status_code == 503
    start = time.monotonic()
    until(lambda: f'ndl_graph_queries{{state="idle"}} {WORKERS}\n' in limited.get("/metrics").text)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("accept", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv",
                                    "text/tab-separated-values"])  # fmt: skip
def test_a_cut_answer_is_taken_for_whole_by_nobody(limited: httpx.Client, accept: str) -> None:
    body = cut(limited, "SELECT * { ?a ?b ?c . ?d ?e ?f }", accept)
    assert len(body) > 64 * 1024
    assert b"!! CUT: the answer has more than 10,000 rows" in body[-200:]


def test_a_cut_graph_does_not_parse(limited: httpx.Client) -> None:
    body = cut(limited, QUERIES["cross join, constructed"], "text/turtle")
    with pytest.raises(SyntaxError):
        list(parse(body, RdfFormat.TURTLE))


def test_large_texts_are_refused(limited: httpx.Client) -> None:
    for kind in ("application/sparql-query", "application/x-www-form-urlencoded"):
        answer = limited.post("/sparql", content=b"query=" + b"#" * 5_000_000, headers={"Content-Type": kind})
        assert answer.status_code == 413


def test_one_client_leaves_room_for_others(limited: httpx.Client) -> None:
    """Two keys are two clients: one that holds its share of the workers does not keep the other waiting."""
    settled(limited)
    slow = QUERIES["cross join, counted"]
    with ThreadPoolExecutor(8) as threads:
        greedy = [threads.submit(ask, limited, slow, **{"X-API-Key": "alpha"}) for _ in range(6)]
        until(lambda: "waiting" in waiting_or_busy(limited) and "busy" in waiting_or_busy(limited))
        waits = [ask(limited, COUNT["query"], **{"X-API-Key": "beta"}) for _ in range(5)]
        assert [status for status, _, _ in waits] == [200] * 5
        assert max(seconds for _, _, seconds in waits) < SECONDS / 2
        assert {one.result()[0] for one in greedy} == {503}


def test_a_full_queue_says_when_to_come_back(limited: httpx.Client) -> None:
    settled(limited)
    slow = QUERIES["cross join, counted"]
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda _: limited.post("/sparql", data={"query": slow}, timeout=60), range(40)))
    refused = [one for one in answers if "Retry-After" in one.headers]
    assert refused
    assert all(one.status_code == 503 and int(one.headers["Retry-After"]) > 0 for one in refused)
    assert all("waiting" in one.json()["detail"] or "free" in one.json()["detail"] for one in refused)


def test_clients_that_hang_up_stop_the_work(limited: httpx.Client) -> None:
    settled(limited)
    for name in ("cross join, counted", "cross join, streamed"):
        for _ in range(WORKERS):
            with socket.create_connection(("127.0.0.1", limited.base_url.port or 0)) as connection:
                path = f"/sparql?{urlencode({'query': QUERIES[name]})}"
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                if "streamed" in name:
                    assert connection.recv(100)
        start = time.monotonic()
        assert ask(limited, COUNT["query"])[0] == 200
        assert time.monotonic() - start < SECONDS, "the workers of those who left are free again"


def test_a_slow_reader_is_cut_off(limited: httpx.Client) -> None:
    settled(limited)
    with socket.create_connection(("127.0.0.1", limited.base_url.port or 0)) as connection:
        path = f"/sparql?{urlencode({'query': 'SELECT * { ?a ?b ?c . ?d ?e ?f }', 'format': 'csv'})}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.settimeout(10)
        assert connection.recv(10)
        start = time.monotonic()
        settled(limited)
        assert time.monotonic() - start < SECONDS + 5


#: Sends twenty hostile queries at once, ten times over. In a process of its own, since it is not what is measured.
ATTACK = """
import asyncio, json, sys, httpx
base, queries = json.load(sys.stdin)
async def round_of(number):
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        async def one(index):
            key = {"X-API-Key": ("alpha", "beta")[index % 2]}
            try:
                query = queries[(number * 20 + index) % len(queries)]
                return (await client.post("/sparql", data={"query": query}, headers=key)).status_code
            except httpx.RemoteProtocolError:
                return 0
        return await asyncio.gather(*map(one, range(20)))
print(sorted({status for number in range(10) for status in asyncio.run(round_of(number))}))
"""


@pytest.mark.slow
def test_twenty_at_once_over_ten_rounds(limited: httpx.Client) -> None:
    """Pages go on, memory stays within the sum of the limits, and nothing is left over."""
    settled(limited)
    before, most = usage(limited), 0

    def timed(until: Callable[[int], bool]) -> list[float]:
        """Seconds for a page each, as between two readers, and with a look at the memory now and then."""
        nonlocal most
        times: list[float] = []
        while not until(len(times)):
            if len(times) % 10 == 0:
                most = max(most, usage(limited)[2])
            time.sleep(0.02)
            start = time.perf_counter()
            assert limited.get("/dataset/price-paid-data").status_code == 200
            times.append(time.perf_counter() - start)
        return times

    timed(lambda done: done >= 20)
    idle = timed(lambda done: done >= 300)
    with subprocess.Popen([sys.executable, "-c", ATTACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as attack:
        assert attack.stdin
        assert attack.stdout
        queries = [query for name, query in QUERIES.items() if name != "nothing"]
        attack.stdin.write(json.dumps([str(limited.base_url), queries]).encode())
        attack.stdin.close()
        busy = timed(lambda _: attack.poll() is not None)
        assert set(json.loads(attack.stdout.read())) <= {0, 200, 400, 403, 503}
    assert limited.get("/healthz").status_code == 200
    settled(limited)
    after = usage(limited)
    idle += timed(lambda done: done >= 300)
    p95_idle, p95_busy = (statistics.quantiles(times, n=20)[-1] for times in (idle, busy))
    told = f"pages wait for queries: p95 is {1000 * p95_busy:.1f} ms, and {1000 * p95_idle:.1f} ms without"
    # Below two milliseconds it is the machine's own unrest that is measured.
    assert p95_busy <= 2 * max(p95_idle, 0.002), told
    assert most <= before[2] + WORKERS * MEMORY
    assert after[0] == before[0]
    assert after[1] <= before[1] + 10
    assert after[2] <= before[2] + 100_000_000


def test_no_query_has_a_network(catalogue: Path) -> None:
    """The engine in a worker cannot reach even this machine, should a call to another server get so far."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(0.5)
        text = f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}"
        folder = str(next((catalogue / "snapshots").glob("[0-9]*")))

        async def newest() -> str:
            return folder

        async def run() -> None:
            pool = WorkerPool(1, QueryLimits(query_seconds=3))
            await pool.start()
            try:
                async with pool.run(Task("json", Query(text, "select", {})), newest, "me"):
                    pass
            finally:
                await pool.close()

        with pytest.raises((QueryError, LimitError)):
            asyncio.run(run())
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_machine_that_grants_no_namespace_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As in some containers: the processes start all the same, and whoever runs the service hears of it once."""
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes\nclass Refusing:\n    def __init__(self, *_, **__): pass\n"
        "    def unshare(self, _): return -1\nctypes.CDLL = Refusing\n"
    )

    async def run() -> None:
        pool = WorkerPool(2)
        await pool.start()
        await pool.close()

    asyncio.run(run())
    assert caplog.messages == [], "here the network is taken"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    asyncio.run(run())
    assert [message.split(":")[0] for message in caplog.messages] == ["processes for queries keep the network"]


def test_a_worker_whose_service_is_gone_ends_by_itself(catalogue: Path) -> None:
    """A service that is killed leaves no query running."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "ndl_graph.sparql.worker", str(theirs.fileno()), "0"]
        worker = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    with worker, ours:
        folder = str(next((catalogue / "snapshots").glob("[0-9]*")))
        query = read_query(QUERIES["cross join, counted"])
        ours.sendall(Task("json", query).request(folder, QueryLimits(query_seconds=-4)))
        assert worker.wait(20) == -signal.SIGALRM
