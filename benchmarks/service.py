"""Measures the web service over a large store: start, records beside constant answers, search, and memory.

Each form of a record is asked for in turn with a constant answer of the same size, in the same process.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from time import monotonic, perf_counter, sleep
from typing import Final
from urllib.parse import quote_plus

import httpx
import synthetic
from client import Ask, measure
from processes import command, free_port, load, resident_bytes, table

_BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
#: Form, suffix of the address, and what is accepted.
_FORMS: Final = (
    ("HTML", "", _BROWSER),
    ("HTML by suffix", ".html", "*/*"),
    ("Turtle", "", "text/turtle"),
    ("Turtle by suffix", ".ttl", "*/*"),
    ("JSON-LD", "", "application/ld+json"),
    ("Croissant by suffix", ".croissant.json", "*/*"),
)
#: From words that a handful of records hold to words that most of them hold.
_QUERIES: Final = (
    "flood",
    "air quality leeds",
    "bus stops",
    "school capacity cardiff",
    "recorded crime",
    "river levels highland",
    "council",
    "road casualties glasgow 2019",
    "vaccination uptake",
    "wind farms orkney",
    "brownfield register",
    "house prices by ward",
    "data",
    "statistics",
    "cycle routes cambridge",
    "bovine tuberculosis powys",
    "census",
    "polling stations belfast",
    "electric vehicle charging points",
    "life expectancy blackpool",
    "prescriptions dispensed fife",
    "planning applications in hackney",
    "postcode",
    "who publishes bathing water quality in cornwall",
    "broadband speeds ceredigion",
    "fuel poverty",
    "methodology",
    "stop and search lambeth",
    "salmon catches",
    "zebra crossings",
)
_CONNECTIONS: Final = 8
_ROUNDS: Final = 2


@contextmanager
def serving(arguments: Sequence[str], port: int) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A service for as long as it is needed; gives the process and how long it took to be ready."""
    start = perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = monotonic() + 120
        while not _is_ready(port):
            if process.poll() is not None or monotonic() > deadline:
                raise RuntimeError(f"the service did not start: {' '.join(arguments)}")
            sleep(0.01)
        yield process, perf_counter() - start
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def searches(port: int, seconds: int) -> list[list[str]]:
    """The rows of search: one client, so that a time is that of one answer."""
    rows = []
    for name, path in (("/dataset?q=", "/dataset?q="), ("/api/search?q=", "/api/search?q=")):
        asks = [Ask(path + quote_plus(query)) for query in _QUERIES]
        measure(port, asks, 1, 1)
        found = measure(port, asks, seconds, 1)
        rows.append([f"`{name}`", f"{found.rate:,.0f}", f"{found.median:.1f}", f"{found.p95:.1f}"])
    return rows


def slowest(port: int, count: int) -> list[list[str]]:
    """The queries that take longest, the best of five times each."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        rows = []
        for query in _QUERIES:
            times = []
            for _ in range(5):
                before = perf_counter()
                answer = client.get("/api/search", params={"q": query})
                times.append(perf_counter() - before)
            rows.append((min(times), query, answer.raise_for_status().json()["total"]))
    return [[query, f"{total:,}", f"{1000 * taken:.1f}"] for taken, query, total in sorted(rows, reverse=True)[:count]]


def records(store: Path, seconds: int) -> list[list[str]]:
    """The rows of records, each beside a constant answer of its size."""
    port = free_port()
    with serving([command("ndl-graph"), "serve", "--store", str(store), "--port", str(port)], port):
        found = httpx.get(f"http://127.0.0.1:{port}/api/search", params={"q": "flood"}).raise_for_status().json()
        path = "/" + str(found["hits"][0]["iri"]).split("/", 3)[3]
        asks = {name: Ask(path + suffix, accept) for name, suffix, accept in _FORMS}
        sizes = {name: _size(port, ask) for name, ask in asks.items()}
    port = free_port()
    server = Path(__file__).with_name("constant.py")
    rows = []
    with serving([sys.executable, str(server), str(store), str(port), *map(str, sizes.values())], port):
        for name, ask in asks.items():
            constant = Ask(f"/constant/{sizes[name]}")
            assert _size(port, ask) == _size(port, constant) == sizes[name]
            measure(port, [ask], 1, _CONNECTIONS)
            measure(port, [constant], 1, _CONNECTIONS)
            pairs = [[measure(port, [one], seconds, _CONNECTIONS) for one in (constant, ask)] for _ in range(_ROUNDS)]
            plain, ours = (fmean(pair[side].rate for pair in pairs) for side in (0, 1))
            rows.append(
                [
                    name,
                    f"{sizes[name]:,}",
                    f"{ours:,.0f}",
                    f"{plain:,.0f}",
                    f"{ours / plain:.0%}",
                    f"{fmean(pair[1].p95 for pair in pairs):.1f}",
                    f"{fmean(pair[0].p95 for pair in pairs):.1f}",
                ]
            )
    return rows


def _size(port: int, ask: Ask) -> int:
    answer = httpx.get(f"http://127.0.0.1:{port}{ask.path}", headers={"Accept": ask.accept})
    return len(answer.raise_for_status().content)


def report(store: Path, seconds: int) -> None:
    """Measures everything, and prints it."""
    port = free_port()
    with serving([command("ndl-graph"), "serve", "--store", str(store), "--port", str(port)], port) as (process, taken):
        sleep(2)
        idle = resident_bytes(process.pid)
        found = searches(port, seconds)
        slow = slowest(port, 5)
        busy = resident_bytes(process.pid)
    head = ("record", "bytes", "answers/s", "constant/s", "ratio", "p95 ms", "constant p95 ms")
    print(table(head, records(store, seconds)))
    print("\n" + table(("search", "answers/s", "p50 ms", "p95 ms"), found))
    print("\n" + table(("slowest queries", "records", "ms"), slow))
    rows = [
        ["start to `/readyz`", f"{taken:.1f} s"],
        ["resident when idle", f"{idle / 1e6:,.0f} MB"],
        ["resident after the searches", f"{busy / 1e6:,.0f} MB"],
    ]
    print("\n" + table(("service", "measured"), rows))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=60_000, help="how many are loaded where no store is given")
    parser.add_argument("--store", type=Path, help="a store that is loaded already")
    parser.add_argument("--seconds", type=int, default=5, help="how long each measurement takes")
    asked = parser.parse_args()
    if asked.store:
        report(asked.store, asked.seconds)
        return
    with tempfile.TemporaryDirectory() as name:
        source, store = Path(name, "catalogue.ttl"), Path(name, "store")
        synthetic.write(source, asked.datasets)
        load(source, store)
        report(store, asked.seconds)


if __name__ == "__main__":
    main()
