"""Our profiles find on real catalogues what the official shapes find."""

from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
import shacl

from ndl_graph.formats import detect
from ndl_graph.validation import ValidationReport, load_profile, validate

CATALOGUES: Final = {
    "edinburgh": "councils/edinburgh.json",
    "glasgow": "councils/glasgow.json",
    "highland": "councils/highland.json",
    "north_ayrshire": "councils/north_ayrshire.json",
    "north_lanarkshire": "councils/north_lanarkshire.json",
    "health": "health/catalogue.ttl",
    "scotland": "scotland/catalogue.ttl",
    "us": "us/*.json",
    "australia": "australia/*.ttl",
    "croissant": "croissant/datasets/*/*/*.json",
    "ukgov": "ukgov/*/valid/*",
}
_STRETCH: Final = 200
#: What the reference engine finds with the official shapes on the feeds of the councils.
BASELINE: Final = {"edinburgh": 441, "glasgow": 596, "highland": 220, "north_ayrshire": 1212, "north_lanarkshire": 206}


def statements(shared: Path, name: str, most: int | None = None) -> str:
    """What a catalogue says, as N-Triples: all of it, or about as many statements, in stretches from all over it."""
    lines: list[str] = []
    for path in sorted((shared / "data").glob(CATALOGUES[name])):
        content = path.read_bytes()
        if content.strip():
            form = detect(BytesIO(content), path.name)
            assert form.read is not None
            lines += [f"{triple} .\n" for triple in form.read(BytesIO(content), "http://base.example/")]
    lines = list(dict.fromkeys(lines))
    apart = _STRETCH * max(1, len(lines) // most if most else 1)
    return "".join(line for start in range(0, len(lines), apart) for line in lines[start : start + _STRETCH])


Found = set[tuple[str, str, str]]


def official(shared: Path, data: str) -> Found:
    shapes = shacl.Shapes.from_file(str(shared / "oracles" / "dcat-ap-3.0.1" / "shapes.ttl"))
    return {
        (found.focus_node.strip("<>"), (found.path or "").strip("<>"), found.component)
        for found in shapes.validate_text(data, "ntriples", allow_warnings=True).results
        if found.severity == "Violation"
    }


def mandatory(report: ValidationReport, names: dict[str, str]) -> Found:
    return {
        (names.get(r.focus_node, r.focus_node), r.path or "", r.component.rsplit("#", 1)[-1])
        for r in report.results
        if r.severity == "violation"
    }


def engine_names(data: str, shapes: str) -> dict[str, str]:
    """Our names of blank nodes, and those that the engine gives them when it reads the official shapes."""
    from ndl_graph.validation.engines import _blank_names

    return {ours: theirs for theirs, ours in _blank_names(shapes, data).items()}


@pytest.mark.parametrize("name", CATALOGUES)
def test_dcat_ap_finds_what_the_official_shapes_find(name: str, shared: Path) -> None:
    from pyoxigraph import RdfFormat, parse, serialize

    data = statements(shared, name)
    assert data
    path = shared / "oracles" / "dcat-ap-3.0.1" / "shapes.ttl"
    shapes = serialize((q.triple for q in parse(path=str(path), format=RdfFormat.TURTLE)), format=RdfFormat.N_TRIPLES)
    assert shapes is not None
    ours = mandatory(validate([load_profile("dcat-ap")], data), engine_names(data, shapes.decode()))
    theirs = official(shared, data)
    missed, added = sorted(theirs - ours), sorted(ours - theirs)
    assert not missed, f"{len(missed)} that the official shapes find: {missed[:5]}"
    assert not added, f"{len(added)} that the official shapes do not find: {added[:5]}"
    assert len(theirs) == BASELINE.get(name, len(theirs))
