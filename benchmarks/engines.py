"""Times validation beside the bare engine on one file, and holds the two engines against each other on real catalogues.

`python benchmarks/engines.py 60000` times; `python benchmarks/engines.py --catalogues ../shared/data` compares, which
takes the reference engine some ten minutes.
"""

import argparse
import tempfile
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Final

import shacl
import synthetic
from processes import table
from pyoxigraph import RdfFormat, parse, serialize

from ndl_graph.errors import NdlGraphError
from ndl_graph.formats import detect
from ndl_graph.validation import load_profile, profile_names, validate
from ndl_graph.validation.engines import ENGINES

_SAMPLE: Final = 1_000


def ntriples(size: int) -> str:
    """A made-up catalogue of so many datasets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.ttl"
        synthetic.write(path, size)
        text = serialize((quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE, lenient=True)),
                         format=RdfFormat.N_TRIPLES)  # fmt: skip
    assert text is not None
    return text.decode()


def timed(sizes: list[int], names: list[str]) -> str:
    """Seconds of the bare engine, of our function, and of the reference on a part, all on the same statements."""
    rows = []
    sample = ntriples(_SAMPLE)
    for size in sizes:
        data = ntriples(size)
        for name in names:
            profile = load_profile(name)
            shapes = shacl.Shapes.from_text(profile.ntriples, "ntriples")
            start = perf_counter()
            found = shapes.validate_text(data, "ntriples", allow_warnings=True)
            bare = perf_counter() - start
            start = perf_counter()
            report = validate([profile], data)
            ours = perf_counter() - start
            start = perf_counter()
            validate([profile], sample, ENGINES["reference"])
            reference = (perf_counter() - start) * size / _SAMPLE
            assert len(report.results) == len(found.results)
            rows.append(
                [
                    f"{size:,}", name, f"{len(report.results):,}", f"{bare:.1f}", f"{ours:.1f}", f"{ours / bare:.2f}",
                    f"{reference:.0f}",
                ]
            )  # fmt: skip
    head = ("datasets", "profile", "results", "bare s", "ours s", "ratio", "pySHACL s (extrapolated)")
    return table(head, rows)


def compared(folder: Path) -> str:
    """Results of both engines on every catalogue of a folder, and those that only one has."""
    rows = []
    for path in sorted(one for one in folder.iterdir() if one.is_dir()):
        lines: list[str] = []
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            content = file.read_bytes()
            try:
                form = detect(BytesIO(content), file.name)
                assert form.read is not None
                lines += [f"{t} .\n" for t in form.read(BytesIO(content), "http://base.example/")]
            except NdlGraphError:
                continue
        data = "".join(dict.fromkeys(lines))
        for name in profile_names():
            fast, reference = (
                {
                    (r.focus_node, r.path, r.component, r.value, r.severity, r.shape, r.message)
                    for r in validate([load_profile(name)], data, ENGINES[one]).results
                }
                for one in ("fast", "reference")
            )
            rows.append([path.name, name, f"{len(fast):,}", f"{len(reference):,}", f"{len(fast ^ reference):,}"])
    return table(("catalogue", "profile", "fast", "reference", "differences"), rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", help="numbers of datasets")
    parser.add_argument("--profiles", default="ndl,dcat-ap")
    parser.add_argument("--catalogues", type=Path, help="a folder of real catalogues to compare the engines on")
    asked = parser.parse_args()
    if asked.sizes:
        print(timed(asked.sizes, asked.profiles.split(",")))
    if asked.catalogues:
        print(compared(asked.catalogues))


if __name__ == "__main__":
    main()
