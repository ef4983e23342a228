"""Columns of samples: types, gaps, examples, and nothing personal; what comes out loads as Croissant."""

import json
from pathlib import Path

import duckdb
import pytest

from ndl_graph.columns import Column, describe_columns
from ndl_graph.errors import ParseError, SourceError
from ndl_graph.namespaces import SCHEMA
from tests.commands import run

CSV = """code,Level (m),read at,contactEmail,SURNAME,phone?,open,note
0012,1.5,2026-01-01 10:00:00,ann@example.org,Jones,x,true,
0013,,2026-01-02 11:30:00,bob@example.org,Smith,07700 900123,false,
0014,2,2026-01-03 00:00:00,,Evans,,true,
"""


def by_name(path: Path) -> dict[str, Column]:
    return {column.name: column for column in describe_columns(path)}


def test_a_sheet_is_described_without_what_is_personal(tmp_path: Path) -> None:
    (tmp_path / "gauges [1].csv").write_text(CSV)
    found = by_name(tmp_path / "gauges [1].csv")
    assert {name: column.type for name, column in found.items()} == {
        "code": SCHEMA.Text, "Level (m)": SCHEMA.Float, "read at": SCHEMA.DateTime, "contactEmail": SCHEMA.Text,
        "SURNAME": SCHEMA.Text, "phone?": SCHEMA.Text, "open": SCHEMA.Boolean, "note": SCHEMA.Text,
    }  # fmt: skip
    assert found["code"].examples == ("0012", "0013", "0014"), "zeros in front are kept"
    assert (found["Level (m)"].rows, found["Level (m)"].nulls) == (3, 1)
    assert [name for name, column in found.items() if column.personal] == ["contactEmail", "SURNAME", "phone?"]
    assert all(column.examples == () for column in found.values() if column.personal)


def test_dates_in_two_forms_are_text(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("id,date,level\n1,2024-01-01,0.5\n2,01/02/2024,0.7\n")
    found = {one.name: one.type for one in describe_columns(tmp_path / "two.csv")}
    assert found == {"id": SCHEMA.Integer, "date": SCHEMA.Text, "level": SCHEMA.Float}


def test_only_the_file_that_is_named_is_read(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("code,words\n007,x\n")
    (tmp_path / "a1.csv").write_text("other,words\n1,y\n2,z\n")
    found = by_name(tmp_path / "a[1].csv")
    assert list(found) == ["code", "words"]
    assert (found["code"].type, found["code"].rows) == (SCHEMA.Text, 1)


def test_headings_are_headings_where_all_is_text_and_names_of_people_stay_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('Name,note,"odd ""name"""\nAnn Lee,call 07700 900123,x\nBob Ray,fine,y\n')
    found = by_name(tmp_path / "a.csv")
    assert list(found) == ["Name", "note", 'odd "name"']
    assert found["Name"].rows == 2
    assert [found[name].examples for name in ("Name", "note")] == [(), ()]
    assert found['odd "name"'].examples == ("x", "y")


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_json_and_parquet_are_described_too(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"some.{kind}"
    if kind == "json":
        path.write_text(json.dumps([{"id": 1, "tags": ["a"], "share": 0.5}, {"id": 2, "tags": [], "share": None}]))
    else:
        query = "SELECT * FROM (VALUES (1, ['a'], 0.5::DOUBLE), (2, [], NULL)) AS t(id, tags, share)"
        duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    found = by_name(path)
    assert (found["id"].type, found["share"].type) == (SCHEMA.Integer, SCHEMA.Float)
    assert (found["tags"].type, found["tags"].is_array) == (SCHEMA.Text, True)
    assert (found["id"].nulls, found["share"].nulls) == (0, 1)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.parquet", b"no parquet at all", ParseError),
        ("a.json", b"{broken", ParseError),
        ("a.txt", b"text", ParseError),
        ("a.csv", b"", SourceError),
        ("missing.csv", None, SourceError),
    ],
)
def test_what_is_no_table_is_told(name: str, content: bytes | None, error: type, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as told:
        describe_columns(tmp_path / name)
    assert name in str(told.value)
    done = run("describe-columns", name, cwd=tmp_path)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_what_comes_out_makes_croissant_of_a_description(tmp_path: Path) -> None:
    (tmp_path / "gauges.csv").write_text(CSV)
    dataset, file = "https://data.example.gov.uk/rivers", "https://data.example.gov.uk/rivers#file"
    done = run("describe-columns", "gauges.csv", "--dataset", dataset, "--distribution", file, cwd=tmp_path)
    assert done.code == 0
    assert "contactEmail: Text, 1 of 3 without a value, looks personal: no examples" in done.err
    assert "ann@example.org" not in done.out + done.err
    described = done.out + (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> ."
        f'<{dataset}> a dcat:Dataset ; dct:title "Rivers" ; dct:description "Levels." ; dcat:distribution <{file}> .'
        f"<{file}> a dcat:Distribution ; dcat:downloadURL <https://data.example.gov.uk/gauges.csv> ; "
        "dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ."
    )
    (tmp_path / "rivers.ttl").write_text(described)
    written = run("convert", "rivers.ttl", "--to", "croissant", cwd=tmp_path)
    (table,) = [json.loads(written.out)["recordSet"]] if written.code == 0 else [{}]
    assert table["name"] == "gauges"
    assert {one["name"]: one["dataType"] for one in table["field"]}["Level (m)"] == "sc:Float"
    assert {one["source"]["extract"]["column"] for one in table["field"]} >= {"code", "Level (m)"}


def test_a_dataset_is_named_by_an_iri(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    done = run("describe-columns", "a.csv", "--dataset", "my rivers", cwd=tmp_path)
    assert done.code == 2
    assert "no absolute IRI" in done.err


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("a,b\n1,2\n3\n4,5,6\n", "do not fit the 2 columns"),
        ("a,a\n1,2\n", "two columns are called a"),
        ("a,b\n1,2,3\n4,5,6\n", "do not fit the 2 columns"),
    ],
)
def test_a_sheet_whose_rows_do_not_fit_its_names_is_told_of(tmp_path: Path, sheet: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(sheet)
    with pytest.raises(ParseError, match=words):
        describe_columns(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("sheet", "names"),
    [
        ("a;b\n1;2\n3\n", ["a", "b"]),
        ('"first, name",b\n1,2\n', ["first, name", "b"]),
        ("# from the survey\na,b\n1,2\n", ["a", "b"]),
        ("\ufeffa,b\n1,2\n", ["a", "b"]),
        ("only\n1\n2\n", ["only"]),
        ("a|b\n1|2\n", ["a", "b"]),
    ],
)
def test_a_row_may_end_early_and_cells_be_divided_otherwise(tmp_path: Path, sheet: str, names: list[str]) -> None:
    (tmp_path / "a.csv").write_text(sheet)
    assert [one.name for one in describe_columns(tmp_path / "a.csv")] == names


def test_times_of_every_unit_are_times(tmp_path: Path) -> None:
    kinds = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ")
    values = ", ".join(f"'2026-01-01 10:00:00'::{kind} AS {kind.lower()}" for kind in kinds)
    duckdb.execute(f"COPY (SELECT {values}) TO '{tmp_path}/t.parquet'")
    assert {one.type for one in describe_columns(tmp_path / "t.parquet")} == {SCHEMA.DateTime}


@pytest.mark.parametrize(
    "heading",
    ["born", "Birthday", "age", "patient", "driver name", "owner", "householder", "customer", "patient_id",
     "pupil number", "vehicle reg", "ip", "diagnosis", "salary", "enw", "cyfenw", "dyddiad geni", "Staff member"],
)  # fmt: skip
def test_columns_about_people_are_told_by_their_name(tmp_path: Path, heading: str) -> None:
    (tmp_path / "p.csv").write_text(f"{heading},level\nabc,1\ndef,2\n")
    found = by_name(tmp_path / "p.csv")
    assert (found[heading].personal, found[heading].examples) == (True, ())
    assert found["level"].examples


@pytest.mark.parametrize(
    ("heading", "values", "personal"),
    [
        ("contact person", ["Ann Smith", "Bob O'Neil"], True), ("who", ["Ann Smith", "Bob J. Jones", "?"], True),
        ("address seen", ["192.0.2.7"], True), ("code", ["A123456789012"], True), ("car", ["AB12 CDE"], True),
        ("ward", ["West Ward", "Mill Hill"], False), ("river", ["River Tay", "River Don"], False),
        ("kind", ["Bridge", "Two words", "Weir"], False), ("stage", ["North end"], False),
    ],
)  # fmt: skip
def test_columns_about_people_are_told_by_their_values(
    tmp_path: Path, heading: str, values: list[str], personal: bool
) -> None:
    (tmp_path / "p.csv").write_text("\n".join([f"{heading},n", *(f"{value},1" for value in values)]))
    assert by_name(tmp_path / "p.csv")[heading].personal is personal


@pytest.mark.parametrize("mark", [";", ",", "|"])
def test_a_sheet_may_say_what_divides_its_cells(tmp_path: Path, mark: str) -> None:
    rows = [["code", "price", "place"], ["007", "1.5", "Bath"], ["012", "2", "Ely"]]
    sheet = tmp_path / "a.csv"
    sheet.write_text(f"sep={mark}\n" + "".join(mark.join(row) + "\n" for row in rows))
    found = describe_columns(sheet)
    assert [one.name for one in found] == rows[0]
    assert [one.rows for one in found] == [2, 2, 2]
    assert found[0].type == SCHEMA.Text, "a zero in front is kept"


def test_a_sheet_in_another_encoding_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name,place\nA,Ynys Môn\n".encode("cp1252"))
    with pytest.raises(ParseError, match="not UTF-8") as found:
        describe_columns(tmp_path / "a.csv")
    assert found.value.line == 2
