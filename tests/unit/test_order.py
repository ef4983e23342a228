"""Columns stand in the order of their source: in the store, after a new index, and where an export is read again."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ndl_graph.catalog import Catalog
from ndl_graph.formats import format_named
from ndl_graph.namespaces import CR, NDL
from ndl_graph.order import by_position, position_lines, positions, without_positions
from ndl_graph.quality import Scorer
from ndl_graph.record import triples_of
from ndl_graph.stores import EmbeddedStore
from ndl_graph.upkeep import reindex
from tests.conftest import load

NAMES = ["zone", "amount", "day", "_id", "Ärea", "b", "a", "B", "x10", "x9"]


def croissant(names: list[str]) -> dict[str, Any]:
    """A dataset with a table of those columns, the first of which is made in three steps."""
    steps = [{"regex": "^(.*)$"}, {"jsonPath": "$.a"}, {"separator": ","}]
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"t/{name}",
            "name": name,
            "dataType": "sc:Text",
            "source": {
                "fileObject": {"@id": "f"},
                "extract": {"column": name},
                **({"transform": steps} if not number else {}),
            },
        }
        for number, name in enumerate(names)
    ]
    return {
        "@context": {
            "@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/",
            "field": "cr:field", "recordSet": "cr:recordSet", "source": "cr:source", "extract": "cr:extract",
            "column": "cr:column", "fileObject": "cr:fileObject", "transform": "cr:transform", "regex": "cr:regex",
            "jsonPath": "cr:jsonPath", "separator": "cr:separator",
            "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
            "conformsTo": "http://purl.org/dc/terms/conformsTo",
        },
        "@type": "sc:Dataset", "@id": "https://e.org/d", "name": "Columns", "description": "Of a file without header.",
        "conformsTo": "http://mlcommons.org/croissant/1.1", "url": "https://e.org/d",
        "publisher": {"@type": "Organization", "name": "P"},
        "distribution": [{"@type": "cr:FileObject", "@id": "f", "contentUrl": "https://e.org/d.csv",
                          "encodingFormat": "text/csv"}],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "t", "name": "t", "field": fields}],
    }  # fmt: skip


def written(store: EmbeddedStore) -> tuple[list[str], list[str], list[str]]:
    """The columns and steps as Croissant, and the columns as Markdown, as the store tells them."""
    record = Catalog(store).get("columns")
    forms = [format_named(name).write for name in ("croissant", "markdown")]
    assert all(forms)
    data, text = (form(record).decode() for form in forms if form)
    table = json.loads(data)["recordSet"]
    fields = table[0]["field"] if isinstance(table, list) else table["field"]
    line = next(one for one in text.splitlines() if all(name in one for name in ("zone", "x10", "x9")))
    steps = [next(iter(set(step) - {"@type", "@id"})) for step in fields[0]["source"]["transform"]]
    return [one["name"] for one in fields], steps, [one.split()[0] for one in line.replace("\\", "").split(", ")]


def test_columns_keep_their_order(store: EmbeddedStore, tmp_path: Path) -> None:
    expected = (NAMES, ["regex", "jsonPath", "separator"], NAMES)
    source = tmp_path / "d.json"
    source.write_text(json.dumps(croissant(NAMES)))
    load(store, str(source))
    assert written(store) == expected
    assert [field.label for field in Catalog(store).describe(Catalog(store).get("columns")).record_sets[0].views(
        CR.field
    )] == NAMES  # fmt: skip
    reindex(Catalog(store), Scorer())
    assert written(store) == expected
    turtle = format_named("turtle").write
    assert turtle
    export = tmp_path / "export.ttl"
    export.write_bytes(turtle(Catalog(store).get("columns")))
    assert load(store, str(export)).unchanged == 1
    other = EmbeddedStore(tmp_path / "other", "https://other.example/")
    load(other, str(export))
    assert written(other) == expected


def test_another_order_is_told_by_the_next_load(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "d.json"
    source.write_text(json.dumps(croissant(NAMES)))
    load(store, str(source))
    again = croissant([*NAMES[1:], NAMES[0]])
    source.write_text(json.dumps(again))
    assert load(store, str(source)).changed == 1
    assert written(store)[0] == [*NAMES[1:], NAMES[0]]
    record = Catalog(store).get("columns")
    places = [one.object for one in record.triples if one.predicate == NDL.position]
    assert len(places) == len(NAMES) + 3


@given(st.permutations(range(6)), st.randoms())
def test_positions_undo_any_shuffling(names: list[int], chance: Any) -> None:
    lines = [f"<urn:t> {CR.field} <urn:f{name}>" for name in names]
    told = [*lines, *position_lines(lines), "<urn:t> <urn:p> <urn:f0>"]
    chance.shuffle(told)
    kept = [line for line in without_positions(told) if str(CR.field) in line]
    assert kept == lines
    fields = [one.object for one in by_position(triples_of(told)) if one.predicate == CR.field]
    assert [str(one) for one in fields] == [line.rsplit(" ", 1)[1] for line in lines]
    places = positions(triples_of(told))
    assert sorted(places, key=lambda one: places[one]) == fields


def test_a_part_alone_or_of_two_things_has_no_position() -> None:
    assert not list(position_lines([f"<urn:t> {CR.field} <urn:f>", f"<urn:t> {CR.recordSet} <urn:r>"]))
    shared = [f"<urn:{table}> {CR.field} <urn:{field}>" for table in "ab" for field in ("x", f"own{table}")]
    assert [line.split(" ", 1)[0] for line in position_lines(shared)] == ["<urn:owna>", "<urn:ownb>"]
