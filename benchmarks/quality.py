"""Times the scoring of many datasets: `python benchmarks/quality.py 60000`."""

import argparse
import tempfile
from itertools import islice
from pathlib import Path
from time import perf_counter

import synthetic
from processes import table

from ndl_graph.catalog import Catalog
from ndl_graph.loading import Loader
from ndl_graph.quality import Scorer, faulty_records, score_lines
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000], help="numbers of datasets")
    rows = []
    for size in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "catalogue.ttl"
            synthetic.write(source, size)
            store = EmbeddedStore(Path(name) / "store")
            Loader(store, [load_profile("ndl", store.base_iri)]).load([Source(str(source))])
            catalog = Catalog(store)
            scorer, records, seconds, lines = Scorer(), catalog.records(), 0.0, 0
            while chunk := list(islice(records, 1_000)):
                for record in chunk:
                    record.statements.lines  # noqa: B018 - a load has them already
                views = [(record, catalog.describe(record)) for record in chunk]
                start = perf_counter()
                found = scorer.score(views, faulty_records(chunk))
                scored = [(one, found[one.iri.value]) for one in chunk if one.iri.value in found]
                lines += sum(len(list(score_lines(*one))) for one in scored)
                seconds += perf_counter() - start
            start = perf_counter()
            counts = catalog.index.quality()
            page = perf_counter() - start
        rows.append([f"{size:,}", f"{seconds:.1f}", f"{1000 * seconds / size:.2f}", f"{lines:,}", f"{1000 * page:.0f}",
                     f"{counts.whole.averages['eu']:.1f}", f"{counts.whole.averages['ai']:.1f}"])  # fmt: skip
    head = ("datasets", "scoring s", "ms a dataset", "statements", "figures of all ms", "average eu", "average ai")
    print(table(head, rows))


if __name__ == "__main__":
    main()
