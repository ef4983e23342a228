"""SPARQL over HTTP beside `oxigraph serve` and `rdflib-endpoint`: the same data, queries and connections, in turn.

The triples of all records, as the union that our endpoint queries, are the default graph of the others.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

import httpx
import synthetic
from processes import command, free_port, load, run, table
from service import serving

#: Fifteen queries from point lookups to aggregations; `{dataset}` and `{publisher}` stand for two of the catalogue.
QUERIES: Final = {
    "one title": "SELECT ?t { <{dataset}> dct:title ?t }",
    "all of a dataset": "SELECT ?p ?o { <{dataset}> ?p ?o }",
    "ask for a type": "ASK { <{dataset}> a dcat:Dataset }",
    "its distributions": "SELECT ?f ?u { <{dataset}> dcat:distribution ?x . ?x dcat:mediaType ?f ; ?p ?u }",
    "describe": "DESCRIBE <{dataset}>",
    "of one publisher": "SELECT ?d ?t { ?d dct:publisher <{publisher}> ; dct:title ?t } LIMIT 100",
    "newest of one": "SELECT ?d ?m { ?d dct:publisher <{publisher}> ; dct:modified ?m } ORDER BY DESC(?m) LIMIT 9",
    "by theme": "SELECT ?d { ?d dcat:theme <{theme}> } LIMIT 500",
    "a word in titles": "SELECT ?d ?t { ?d a dcat:Dataset ; dct:title ?t FILTER(CONTAINS(?t, 'flood')) } LIMIT 50",
    "publishers by number": "SELECT ?p (COUNT(?d) AS ?n) { ?d dct:publisher ?p } GROUP BY ?p ORDER BY DESC(?n)",
    "themes by number": "SELECT ?t (COUNT(?d) AS ?n) { ?d dcat:theme ?t } GROUP BY ?t ORDER BY DESC(?n)",
    "count of datasets": "SELECT (COUNT(?d) AS ?n) { ?d a dcat:Dataset }",
    "formats by number": "SELECT ?f (COUNT(*) AS ?n) { ?x dcat:mediaType ?f } GROUP BY ?f ORDER BY DESC(?n)",
    "without a licence": "SELECT (COUNT(?d) AS ?n) { ?d a dcat:Dataset MINUS { ?d dct:license ?l } }",
    "ten thousand rows": "SELECT ?d ?t { ?d dct:title ?t } LIMIT 10000",
}
_PREFIXES: Final = (
    "PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/> "
    "PREFIX foaf: <http://xmlns.com/foaf/0.1/> "
)
_THEME: Final = "http://publications.europa.eu/resource/authority/data-theme/HEAL"
_POINTS: Final = 5
_SLOW: Final = """
import sys, rdflib, uvicorn
from rdflib_endpoint import SparqlEndpoint
graph = rdflib.Dataset(default_union=True)
graph.parse(sys.argv[1], format="nt")
uvicorn.run(SparqlEndpoint(graph=graph, path="/query"), port=int(sys.argv[2]), log_level="critical")
"""


async def _timed(address: str, query: str, clients: int, seconds: float) -> list[float]:
    """How long each answer took, for so many clients on connections that stay open."""
    times: list[float] = []
    target = f"{address}?{urlencode({'query': query})}"
    accept = "application/sparql-results+json, text/turtle;q=0.5"
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=clients)) as client:
        end = perf_counter() + seconds

        async def one() -> None:
            while True:
                start = perf_counter()
                answer = await client.get(target, headers={"Accept": accept})
                answer.raise_for_status()
                times.append(perf_counter() - start)
                if perf_counter() > end:
                    return

        await asyncio.gather(*(one() for _ in range(clients)))
    return times


def timed(address: str, query: str, clients: int, seconds: float) -> list[float]:
    """The same, from outside of an event loop."""
    return asyncio.run(_timed(address, query, clients, seconds))


def compared(addresses: Sequence[str], queries: dict[str, str], seconds: float, rounds: int) -> list[list[float]]:
    """For each query the median in ms at each address, asked in turn."""
    rows = []
    for query in queries.values():
        found: list[list[float]] = [[] for _ in addresses]
        for _ in range(rounds):
            for times, address in zip(found, addresses, strict=True):
                times += timed(address, query, 1, seconds)
        rows.append([1000 * median(times) for times in found])
    return rows


def report(folder: Path, size: int, seconds: float, slow_size: int) -> None:
    """Loads, starts the servers, measures, and prints the tables."""
    source, store, union = folder / "catalogue.ttl", folder / "store", folder / "union.nt"
    synthetic.write(source, size)
    load(source, store)
    port, other = free_port(), free_port()
    ours = [command("ndl-graph"), "serve", "--store", str(store), "--port", str(port)]
    with serving(ours, port):
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600)
        client.get("/.well-known/void").raise_for_status()  # counting what is there is over
        with (
            union.open("wb") as file,
            client.stream("GET", "/data?default", headers={"Accept": "application/n-triples"}) as all_,
        ):
            for chunk in all_.iter_bytes():
                file.write(chunk)
        hit = client.get("/api/search", params={"q": "flood"}).json()["hits"][0]
        asked = f"SELECT ?p {{ <{hit['dataset']}> dct:publisher ?p }}"
        row = client.post("/sparql", data={"query": asked}).json()["results"]["bindings"][0]
        names = {"{dataset}": hit["dataset"], "{publisher}": row["p"]["value"], "{theme}": _THEME}
        queries = {name: _PREFIXES + _filled(text, names) for name, text in QUERIES.items()}
        run([command("oxigraph"), "load", "--location", str(folder / "plain"), "--file", str(union)])
        plain = [
            command("oxigraph"),
            "serve-read-only",
            "--location",
            str(folder / "plain"),
            "--bind",
            f"127.0.0.1:{other}",
        ]
        process = subprocess.Popen(plain, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            addresses = [f"http://127.0.0.1:{port}/sparql", f"http://127.0.0.1:{other}/query"]
            while True:
                try:
                    httpx.get(addresses[1], params={"query": "ASK {}"})
                    break
                except httpx.TransportError:
                    continue
            for address in addresses:
                for query in queries.values():
                    timed(address, query, 4, 0.1)
            rows = compared(addresses, queries, seconds, 3)
            head = ("query", "here ms", "oxigraph serve ms", "ratio")
            shown = [[name, f"{a:.2f}", f"{b:.2f}", f"{a / b:.2f}"] for name, (a, b) in zip(queries, rows, strict=True)]
            print(table(head, shown))
            ratios = [a / b for a, b in rows]
            print(f"\nMedian ratio over the mix: {median(ratios):.2f}; point lookups: {median(ratios[:_POINTS]):.2f}\n")
            many = [
                [name, *(f"{len(timed(address, queries[name], 16, 2)) / 2:,.0f}" for address in addresses)]
                for name in ("one title", "of one publisher", "publishers by number", "ten thousand rows")
            ]
            print(table(("16 clients", "here answers/s", "oxigraph serve answers/s"), many))
        finally:
            process.kill()
            process.wait()
    beside_rdflib(folder, slow_size)


def _filled(text: str, names: dict[str, str]) -> str:
    for mark, value in names.items():
        text = text.replace(mark, value)
    return text


def beside_rdflib(folder: Path, size: int) -> None:
    """A smaller catalogue beside rdflib-endpoint, which reads it into memory."""
    source, store, union, server = folder / "small.ttl", folder / "small", folder / "small.nt", folder / "slow.py"
    synthetic.write(source, size)
    load(source, store)
    server.write_text(_SLOW, "utf-8")
    port, other = free_port(), free_port()
    with serving([command("ndl-graph"), "serve", "--store", str(store), "--port", str(port)], port):
        here = f"http://127.0.0.1:{port}"
        body = httpx.get(f"{here}/data?default", headers={"Accept": "application/n-triples"}, timeout=600).content
        union.write_bytes(body)
        process = subprocess.Popen([sys.executable, str(server), str(union), str(other)])
        try:
            slow = f"http://127.0.0.1:{other}/query"
            while True:
                try:
                    httpx.get(slow, params={"query": "ASK {}"}, timeout=300)
                    break
                except httpx.TransportError:
                    continue
            names = ("publishers by number", "count of datasets", "a word in titles", "formats by number")
            queries = {name: _PREFIXES + QUERIES[name] for name in names}
            rows = compared([f"{here}/sparql", slow], queries, 0.5, 1)
            shown = [[name, f"{a:.2f}", f"{b:.1f}", f"{b / a:.0f}"] for name, (a, b) in zip(names, rows, strict=True)]
            print("\n" + table((f"{size:,} datasets", "here ms", "rdflib-endpoint ms", "times faster"), shown))
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=60_000)
    parser.add_argument("--small", type=int, default=2_000, help="datasets beside rdflib-endpoint")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long each query is asked in each round")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report(Path(name), asked.datasets, asked.seconds, asked.small)


if __name__ == "__main__":
    main()
