"""Times loading against the sum of what it does, each in a process of its own and on the same file.

The reference is `oxigraph load` and the engine `shacl` with our profile: parsing, storing and validating alone, without
normalising, naming, splitting and indexing.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import synthetic
from processes import command, folder_bytes, load, run, table

_VALIDATE: Final = (
    "import sys, shacl; from ndl_graph.validation import load_profile; "
    "shacl.Shapes.from_text(load_profile('ndl').ntriples, 'ntriples').validate_file(sys.argv[1])"
)
_HEAD: Final = (
    "datasets",
    "triples",
    "load s",
    "oxigraph s",
    "shacl s",
    "reference s",
    "ratio",
    "processor ratio",
    "ms a dataset",
    "peak MB",
    "store MB",
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 60_000], help="numbers of datasets")
    parser.add_argument("--folder", type=Path, help="where files and stores are made (a temporary folder)")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows, each = [], []
    for size in asked.sizes:
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            folder = Path(name)
            source, store, plain = folder / "catalogue.ttl", folder / "store", folder / "oxigraph"
            triples = synthetic.write(source, size, asked.seed)
            ours = load(source, store)
            stored = run([command("oxigraph"), "load", "--location", str(plain), "--file", str(source)])
            shutil.rmtree(plain)
            checked = run([sys.executable, "-c", _VALIDATE, str(source)])
            reference = stored.seconds + checked.seconds
            each.append(1000 * ours.seconds / size)
            rows.append(
                [
                    f"{size:,}",
                    f"{triples:,}",
                    f"{ours.seconds:.1f}",
                    f"{stored.seconds:.1f}",
                    f"{checked.seconds:.1f}",
                    f"{reference:.1f}",
                    f"{ours.seconds / reference:.2f}",
                    f"{ours.processor / (stored.processor + checked.processor):.2f}",
                    f"{each[-1]:.3f}",
                    f"{ours.peak / 1e6:,.0f}",
                    f"{folder_bytes(store) / 1e6:,.0f}",
                ]
            )
    print(table(_HEAD, rows))
    if len(each) > 1:
        print(f"\nTime a dataset, slowest size to fastest: {max(each) / min(each):.2f}")


if __name__ == "__main__":
    main()
