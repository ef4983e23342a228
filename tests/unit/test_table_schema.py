"""Tables that somebody described already: Data Packages and CSV on the Web become datasets with record sets."""

import copy
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import mlcroissant
import pytest

from ndl_graph.errors import NdlGraphError, ParseError
from ndl_graph.formats import detect, format_named
from ndl_graph.namespaces import CR, DCAT, DCT, FOAF, SCHEMA, relative_base
from tests.commands import run

PACKAGE: Final[dict[str, Any]] = {
    "name": "river-levels",
    "title": "River levels",
    "description": "Hourly levels of rivers at gauges in the north.",
    "homepage": "https://rivers.example.org/levels",
    "created": "2025-02-03T10:00:00Z",
    "keywords": ["rivers", "flood"],
    "licenses": [{"name": "OGL", "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"}],
    "contributors": [{"title": "Rivers Trust", "path": "https://rivers.example.org/", "role": "publisher"}],
    "resources": [
        {
            "name": "levels",
            "path": "https://rivers.example.org/levels.csv",
            "mediatype": "text/csv",
            "bytes": 1200,
            "schema": {
                "fields": [
                    {"name": "station", "type": "string", "constraints": {"required": True}},
                    {"name": "read at", "type": "datetime"},
                    {"name": "level", "type": "number", "title": "Level in metres"},
                ],
                "primaryKey": ["station", "read at"],
            },
        },
        {"name": "notes", "path": "notes/readme.txt"},
    ],
}
CSVW: Final[dict[str, Any]] = {
    "@context": ["http://www.w3.org/ns/csvw", {"@language": "en", "@base": "https://rivers.example.org/data/"}],
    "url": "gauges.csv",
    "dc:title": "Gauges",
    "dc:description": "Where each gauge stands.",
    "dcat:keyword": ["rivers"],
    "dc:publisher": {"@id": "https://rivers.example.org/", "foaf:name": "Rivers Trust"},
    "dc:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
    "tableSchema": {
        "columns": [
            {"name": "code", "titles": ["Code", "Gauge"], "datatype": "string", "required": True},
            {"name": "easting", "titles": {"cy": "Dwyreiniad", "en": "Easting"}, "datatype": {"base": "integer"}},
            {"name": "type", "virtual": True, "propertyUrl": "rdf:type"},
        ],
        "primaryKey": "code",
    },
}
EACH: Final = [("datapackage", PACKAGE), ("csvw", CSVW)]
#: The same under an address of its own, and what else a reader of a list of names and values must bear.
ALL: Final[list[tuple[str, Any]]] = [
    *EACH,
    ("csvw", {**dict[str, Any](CSVW), "@context": ["http://www.w3.org/ns/csvw", {"@base": "http://x.org/"}]}),
    ("ukgov-json", [{"@id": "http://x.org/1", "type": "dcat:Dataset", "identifier": "1", "title": "x",
                     "distribution": [{"title": "f", "accessUrl": "http://x.org/f"}], "modified": "2020-01-01"}]),
]  # fmt: skip


def read(form: str, document: Any, *, places: bool = False) -> list[str]:
    chosen = format_named(form)
    assert chosen.read is not None
    data = io.BytesIO(json.dumps(document).encode())
    return list(map(str, chosen.read(data, relative_base(), places=places)))


@pytest.mark.parametrize(("form", "document"), EACH)
def test_is_told_by_its_content(form: str, document: Any) -> None:
    assert detect(io.BytesIO(json.dumps(document).encode()), "some.json").name == form


def test_a_data_package_is_a_dataset_with_its_files_and_fields() -> None:
    lines = read("datapackage", PACKAGE)
    file = "<https://rivers.example.org/levels.csv>"
    field = "<https://rivers.example.org/levels.csv#levels/"
    for part in (
        f' {DCT.title} "River levels"',
        f" {DCT.publisher} <https://rivers.example.org/>",
        f'<https://rivers.example.org/> {FOAF.name} "Rivers Trust"',
        f" {DCAT.distribution} {file}",
        f"{file} {DCAT.downloadURL} {file}",
        f"{field}read%20at> {CR.dataType} {SCHEMA.DateTime}",
        f'{field}level> {SCHEMA.description} "Level in metres"',
        f"#levels> {CR.key} {field}station>",
        f"#levels> {CR.key} {field}read%20at>",
        # A file beside the description has no address of its own: the page of the package leads to it.
        f" {DCAT.accessURL} <https://rivers.example.org/levels>",
    ):
        assert [line for line in lines if part in line], part
    assert not [line for line in lines if line.endswith("readme.txt>") and str(DCAT.distribution) not in line]


def test_metadata_of_csv_on_the_web_is_a_dataset_with_its_columns() -> None:
    lines = read("csvw", CSVW)
    file = "https://rivers.example.org/data/gauges.csv"
    for part in (
        f'<{file}#dataset> {DCT.title} "Gauges"',
        f"<{file}#dataset> {DCAT.distribution} <{file}>",
        f'<{file}#gauges/easting> {SCHEMA.description} "Easting"',
        f"<{file}#gauges/easting> {CR.dataType} {SCHEMA.Integer}",
        f"<{file}#gauges> {CR.key} <{file}#gauges/code>",
    ):
        assert [line for line in lines if part in line], part
    assert not [line for line in lines if "gauges/type" in line], "a virtual column is in no file"


@pytest.mark.parametrize(
    ("base", "path", "address"),
    [
        ("https://example.org", "tree.csv", "https://example.org/tree.csv"),
        ("https://example.org/data/meta.json", "/files/tree.csv", "https://example.org/files/tree.csv"),
        ("https://example.org/data/meta.json", "../tree.csv", "https://example.org/tree.csv"),
    ],
)
def test_relative_addresses_stay_on_their_host(base: str, path: str, address: str) -> None:
    said = {**dict[str, Any](CSVW), "@context": ["http://www.w3.org/ns/csvw", {"@base": base}], "url": path}
    assert [line for line in read("csvw", said) if f" {DCAT.downloadURL} <{address}>" in line]


def test_every_table_of_a_group_is_a_file() -> None:
    both = {
        "@context": "http://www.w3.org/ns/csvw",
        "@id": "https://rivers.example.org/all",
        "dc:title": "All",
        "tables": [
            {"url": f"https://rivers.example.org/{name}.csv", "tableSchema": {"columns": [{"name": "a"}]}}
            for name in ("one", "two")
        ],
    }
    lines = read("csvw", both)
    assert sum(f"<https://rivers.example.org/all> {DCAT.distribution}" in line for line in lines) == 2
    assert sum(f"<https://rivers.example.org/all> {CR.recordSet}" in line for line in lines) == 2


@pytest.mark.parametrize(("form", "document"), EACH)
def test_goes_out_as_croissant_with_its_fields(form: str, document: Any) -> None:
    done = run("convert", "-", "--to", "croissant", stdin=json.dumps(document).encode())
    assert not done.code, done.err
    loaded = mlcroissant.Dataset(jsonld=json.loads(done.out))
    names = [field.name for table in loaded.metadata.record_sets for field in table.fields]
    expected = {"datapackage": {"station", "read at", "level"}, "csvw": {"code", "easting"}}[form]
    assert set(names) == expected
    assert "Rivers Trust" in loaded.metadata.cite_as


@pytest.mark.parametrize(
    ("form", "document", "words"),
    [
        ("datapackage", {"name": "x"}, "resources"),
        ("csvw", {"url": "x.csv"}, "context"),
        ("csvw", {"@context": "http://www.w3.org/ns/csvw", "dc:title": "x"}, "no table"),
    ],
)
def test_what_is_neither_is_refused(form: str, document: Any, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        read(form, document)


def _places(said: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for key, value in inner:
        yield from _places(value, (*path, key))


def test_what_has_no_name_is_told_apart_by_its_place() -> None:
    table = {"tableSchema": {"columns": [{"datatype": "date"}, {"datatype": "integer"}, {"titles": "c"}]}}
    about = {"@context": ["http://www.w3.org/ns/csvw", {"@base": "http://x.org/"}], "tables": [table]}
    lines = read("csvw", about)
    assert not [line for line in lines if "None" in line]
    names = [line.rsplit(" ", 1)[1] for line in lines if " <https://schema.org/name> " in line]
    assert {'"column-1"', '"column-2"', '"c"'} <= set(names)
    fields = {line.split(" ", 1)[0] for line in lines if line.endswith("<http://mlcommons.org/croissant/Field>")}
    assert len(fields) == 3


@pytest.mark.parametrize(("form", "document"), ALL)
def test_no_value_anywhere_breaks_the_reader(form: str, document: Any) -> None:
    for path in _places(document):
        for value in (
            None, 1, True, "", [], {}, [1], ["a", {}], {"@value": 1}, "x y<>", "http://a b", "http://[a", "\ud800",
        ):  # fmt: skip
            broken = copy.deepcopy(document)
            target = broken
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = value
            with suppress(NdlGraphError):  # told as an error of ours, or read
                assert read(form, broken, places=True) is not None
