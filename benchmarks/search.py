"""Measures the search on questions with graded answers, beside words alone and meaning alone.

`python benchmarks/search.py ../shared/search/uk-questions.jsonl CATALOGUE...` loads the catalogues, makes vectors, and
tells nDCG@10 with its 95 % bootstrap interval, how often a right answer is among the first three and ten, refusals,
and how long a search takes. With `datafinder-queries.jsonl` and `datafinder-documents.jsonl` it does so on DataFinder:
sentences (or, with `--keyphrases`, key phrases) of papers, and the datasets that they used.
"""

import argparse
import json
import math
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, quantiles
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

from processes import table

from ndl_graph.catalog import Catalog
from ndl_graph.loading import Loader
from ndl_graph.search import Hit, SearchQuery, SearchResult
from ndl_graph.search.embedding import Embedder
from ndl_graph.search.meaning import Meaning
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile

_DRAWS: Final = 2_000

Search = Callable[[str], SearchResult]


def gain(found: Sequence[str], gold: Mapping[str, int]) -> float:
    """The discounted gain of the first ten, in parts of the best that there could be."""

    def summed(grades: Sequence[int]) -> float:
        return float(sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades[:10])))

    best = summed(sorted(gold.values(), reverse=True))
    return summed([gold.get(one, 0) for one in found]) / best if best else 0.0


def interval(values: Sequence[float]) -> str:
    """The 95 % interval of the mean, by drawing again."""
    chance = random.Random(1)
    means = sorted(mean(chance.choices(values, k=len(values))) for _ in range(_DRAWS))
    return f"{means[int(0.025 * _DRAWS)]:.2f}–{means[int(0.975 * _DRAWS)]:.2f}"


def measured(name: str, search: Search, questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """One row of the table."""
    gains, third, tenth, refused, wrong, times = [], 0, 0, 0, 0, []
    for one in questions:
        start = perf_counter()
        answer = search(one["q"])
        times.append(1000 * (perf_counter() - start))
        found = [hit.said["dataset"] for hit in answer.hits[:10]]
        if one["gold"]:
            gains.append(gain(found, one["gold"]))
            third += any(iri in one["gold"] for iri in found[:3])
            tenth += any(iri in one["gold"] for iri in found)
            wrong += answer.total == 0
        else:
            refused += answer.total == 0
    parts = quantiles(times, n=20)
    answerable = f"of {len(gains)}"
    return [
        name,
        f"{mean(gains):.3f}",
        interval(gains),
        f"{third} {answerable}",
        f"{tenth} {answerable}",
        f"{refused} of {len(questions) - len(gains)}",
        f"{wrong} {answerable}",
        f"{parts[9]:.1f}",
        f"{parts[18]:.1f}",
    ]


def questions_of(path: Path, keyphrases: bool) -> list[dict[str, Any]]:
    """The questions of a file, each with `q` and `gold`: graded dataset IRIs."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if "query" not in lines[0]:
        return lines
    name = "keyphrases" if keyphrases else "query"
    return [{"q": one[name], "gold": {_iri(used): 1 for used in one["relevant"]}} for one in lines]


def catalogue_of(path: str, folder: Path) -> str:
    """The path itself, or that of the documents of DataFinder as DCAT."""
    if not path.endswith(".jsonl"):
        return path
    documents = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]
    dct = "http://purl.org/dc/terms/"
    made = [
        {
            "@id": _iri(one["id"]),
            "@type": ["http://www.w3.org/ns/dcat#Dataset"],
            f"{dct}title": [{"@value": one["id"]}],
            f"{dct}alternative": [{"@value": one["title"]}],
            f"{dct}description": [{"@value": f"{one['title']}. {one['description']}"}],
        }
        for one in documents
    ]
    target = folder / "documents.jsonld"
    target.write_text(json.dumps(made), "utf-8")
    return str(target)


def _iri(name: str) -> str:
    return f"https://datafinder.example/{quote(name, safe='')}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("catalogues", nargs="+")
    parser.add_argument("--keyphrases", action="store_true")
    asked = parser.parse_args()
    questions = questions_of(asked.questions, asked.keyphrases)
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore(Path(folder) / "store")
        paths = [catalogue_of(one, Path(folder)) for one in asked.catalogues]
        # Documents that name nobody are no descriptions to publish, and are searched as they are.
        profiles = [load_profile("ndl", store.base_iri)] if paths == asked.catalogues else []
        Loader(store, profiles).load([Source(one) for one in paths])
        embedder = Embedder.installed(threads=2)
        assert embedder is not None, "the model is not installed"
        plain, catalog = Catalog(store), Catalog(store)
        catalog.meaning = meaning = Meaning(embedder, Path(folder) / "vectors.sqlite")
        start = perf_counter()
        catalog.learn_meaning()
        made = perf_counter() - start
        snapshot = catalog.snapshot()

        def by_meaning_alone(text: str) -> SearchResult:
            near = meaning.nearest(snapshot.name, text)
            assert near is not None
            best = sorted(zip(near.values.tolist(), near.iris, strict=True), reverse=True)[:10]
            hits = [Hit({"dataset": catalog.get(iri).dataset.value}, score, "") for score, iri in best]
            return SearchResult(len(hits), tuple(hits), {}, None)

        rows = [
            measured("words alone", lambda text: plain.search(SearchQuery(text, limit=10)), questions),
            measured("meaning alone", by_meaning_alone, questions),
            measured("as it is", lambda text: catalog.search(SearchQuery(text, limit=10)), questions),
        ]
    head = ("search", "nDCG@10", "95 %", "hit@3", "hit@10", "refused rightly", "refused wrongly", "p50 ms", "p95 ms")
    print(table(head, rows))
    count = len(snapshot.index)
    print(f"{count:,} records, vectors made in {made:.0f} s ({1000 * made / count:.0f} ms each)")


if __name__ == "__main__":
    main()
