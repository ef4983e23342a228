"""How one machine grows: load time, store size, memory and query latency for catalogues of several sizes.

`python benchmarks/scaling.py 10000 60000 240000 1000000`; the last takes half an hour and 40 GB of disk.
"""

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

import httpx
import synthetic
from processes import command, folder_bytes, free_port, load, resident_bytes, table
from service import serving

#: Queries by what they are an example of.
QUERIES: Final = {
    "point": "SELECT ?p ?o {{ <{dataset}> ?p ?o }}",
    "record": "CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{record}> {{ ?s ?p ?o }} }}",
    "publisher": "SELECT ?d ?t {{ <{dataset}> dct:publisher ?p . ?d dct:publisher ?p ; dct:title ?t }} LIMIT 100",
    "count": "SELECT (COUNT(?d) AS ?n) {{ ?d a dcat:Dataset }}",
}
_ROUNDS: Final = 20


def latencies(client: httpx.Client, record: str, dataset: str) -> list[str]:
    """The median of each query, in ms."""
    found = []
    for text in QUERIES.values():
        query, times = text.format(record=record, dataset=dataset), []
        for _ in range(_ROUNDS):
            start = perf_counter()
            client.post("/sparql", data={"query": query}).raise_for_status()
            times.append(perf_counter() - start)
        found.append(f"{1000 * sorted(times)[_ROUNDS // 2]:.1f}")
    return found


def measured(size: int, folder: Path) -> list[str]:
    """One row of the table."""
    source, store = folder / "catalogue.ttl", folder / "store"
    triples = synthetic.write(source, size)
    os.environ["NDL_GRAPH_MAX_FILE_BYTES"] = str(source.stat().st_size + 1)
    used = load(source, store)
    source.unlink()
    port = free_port()
    with (
        serving([command("ndl-graph"), "serve", "--store", str(store), "--port", str(port)], port) as (process, ready),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        hit = client.get("/api/search", params={"q": "flood"}).json()["hits"][0]
        queries = latencies(client, hit["iri"], hit["dataset"])
        start = perf_counter()
        client.get("/api/search", params={"q": "air quality leeds"}).raise_for_status()
        search = perf_counter() - start
        resident = resident_bytes(process.pid)
    return [
        f"{size:,}",
        f"{triples:,}",
        f"{used.seconds:,.0f}",
        f"{1000 * used.seconds / size:.2f}",
        f"{used.peak / 1e6:,.0f}",
        f"{folder_bytes(store) / 1e6:,.0f}",
        f"{ready:.1f}",
        f"{resident / 1e6:,.0f}",
        f"{1000 * search:.0f}",
        *queries,
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 60_000], help="numbers of datasets")
    parser.add_argument("--folder", type=Path, help="where files and stores are made (a temporary folder)")
    asked = parser.parse_args()
    head = (
        "datasets",
        "triples",
        "load s",
        "ms a dataset",
        "peak MB",
        "store MB",
        "ready s",
        "serving MB",
        "search ms",
    )
    rows = []
    for size in asked.sizes:
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            rows.append(measured(size, Path(name)))
            print(table((*head, *(f"{query} ms" for query in QUERIES)), rows), flush=True)


if __name__ == "__main__":
    main()
