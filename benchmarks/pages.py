"""Measures what a reader's browser waits for: the weight of each kind of page, and the time to its first byte.

`python benchmarks/pages.py [--store DIR]` makes a store of 60,000 made-up datasets where none is named. A page is asked
for cold (the first time that it is made) and warm, one reader at a time, with style and scripts counted once.
"""

import argparse
import re
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import httpx
import synthetic
from processes import command, free_port, load, table
from service import serving

_COUNT: Final = 60_000
_WARM: Final = 30
_PATHS: Final = (
    "/", "/dataset?q=flood", "/dataset?place=Wales", "/access?who=researcher&for=research&q=school", "/uses", "/keys",
    "/key/postcode", "/nations", "/about", "/quality", "/cy/", "/sparql",
)  # fmt: skip


def weight(client: httpx.Client, page: httpx.Response) -> int:
    """Bytes of the page and of all that it asks its own server for."""
    parts = re.findall(r'<(?:link rel="stylesheet" href|link rel="icon" href|script src)="(/[^"]+)"', page.text)
    return len(page.content) + sum(len(client.get(part).content) for part in dict.fromkeys(parts))


def first_byte(client: httpx.Client, path: str) -> float:
    """Milliseconds until the first byte of the answer is there."""
    start = perf_counter()
    with client.stream("GET", path) as answer:
        next(answer.iter_raw(), b"")
        return 1_000 * (perf_counter() - start)


def report(store: Path) -> None:
    """Starts the service and prints the table."""
    port = free_port()
    arguments = [command("ndl-graph"), "serve", "--port", str(port), "--store", str(store)]
    with serving(arguments, port), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        found = client.get("/api/search", params={"q": "river levels", "limit": 1}).json()["hits"]
        record = "/" + "/".join(found[0]["iri"].split("/")[3:])
        rows = []
        for path in (*_PATHS, record, f"{record}/history"):
            cold = first_byte(client, path)
            warm = [first_byte(client, path) for _ in range(_WARM)]
            page = client.get(path)
            name = path if not path.startswith(record) else path.replace(record, "/dataset/{slug}")
            rows.append(
                [
                    f"`{name}`",
                    f"{len(page.content) / 1000:.0f}",
                    f"{weight(client, page) / 1000:.0f}",
                    f"{cold:.1f}",
                    f"{median(warm):.1f}",
                    f"{quantiles(warm, n=20)[18]:.1f}",
                ]
            )
        print(table(("page", "kB", "kB with its parts", "cold ms", "warm ms", "p95 ms"), rows))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    asked = parser.parse_args()
    if asked.store:
        report(asked.store)
        return
    with tempfile.TemporaryDirectory() as folder:
        source, store = Path(folder) / "made-up.ttl", Path(folder) / "store"
        synthetic.write(source, _COUNT)
        load(source, store)
        report(store)


if __name__ == "__main__":
    main()
