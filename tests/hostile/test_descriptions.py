"""Descriptions that are odd, broken or meant to do harm get a report or an error with its place, never a traceback."""

import json
from pathlib import Path

import pytest

from ndl_graph.validation import profile_names
from tests.commands import run

HEAD = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
SCHEMA = '{"@context": "https://schema.org/", "@type": "Dataset", "@id": "http://ex.org/a b", "name": %s}'
EXPANDED = {
    "@id": "http://ex.org/a b",
    "@type": ["http://www.w3.org/ns/dcat#Dataset"],
    "http://purl.org/dc/terms/license": [{"@id": 'http://ex.org/l "<|>"'}],
}
YAML = "identifier: x1\ntype: Dataset\ntitle: x\n"
REPORTED = {
    "carets.ttl": HEAD + '<http://ex.org/d> a dcat:Dataset ; dct:title "A ^^ b", "c"^^<http://ex.org/t> .',
    "addresses.jsonld": json.dumps([EXPANDED]),
    "addresses.yaml": "identifier: http://ex.org/a b\ntype: Dataset\ntitle: x\nlicence: http://ex.org/l |c\n"
    "distribution: ['http://ex.org/q <r>']\ncreator: 'some-org|x'\n",
    "schema.json": SCHEMA % '"x"',
    "date.yaml": YAML + "modified: 2021-02-30\n",
    "number.yaml": YAML + f"version: {'1' * 5_000}\n",
    "places.ttl": HEAD + '<http://ex.org/d> a dcat:Dataset ; <urn:ndl-graph:place> "zz", [], "1 x y" .',
    "comment.html": f'<!-- a page --><script type="application/ld+json">{SCHEMA % 2}</script>',
    "script": f'<script type="application/ld+json">{SCHEMA % 2}</script>',
}
REFUSED = {
    "set.yaml": (YAML + "keyword: !!set {a, b}\n", "set.yaml:4: a value is tagged !!set"),
    "binary.yaml": (YAML + "description: !!binary aGVsbG8=\n", "binary.yaml:4: a value is tagged !!binary"),
    "number.json": (SCHEMA % f"\n{'1' * 5_000}", "number.json:2: broken JSON: a number"),
    "infinite.json": (SCHEMA % "\n\n1e999", "infinite.json:3: broken JSON: a number"),
    "nan.json": (SCHEMA % "\nNaN", "nan.json:2: broken JSON: a number"),
    "half.json": (SCHEMA % '\n"a\\ud800b"', "half.json:2: broken JSON: half a character"),
}


@pytest.mark.parametrize("name", REPORTED)
def test_odd_descriptions_get_a_report_from_every_profile(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(REPORTED[name])
    asked = [part for profile in profile_names() for part in ("--profile", profile)]
    done = run("validate", name, *asked, "--report", "json", cwd=tmp_path)
    assert done.code == 1, done.err
    report = json.loads(done.out)
    assert report["focus_nodes"] >= 1
    assert {found["file"] for found in report["results"]} == {name}
    assert all(found["line"] for found in report["results"])


@pytest.mark.parametrize("name", REFUSED)
def test_broken_descriptions_get_an_error_with_their_line(name: str, tmp_path: Path) -> None:
    text, words = REFUSED[name]
    (tmp_path / name).write_text(text)
    done = run("validate", name, cwd=tmp_path)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err


def test_an_address_that_is_none_is_told_once_and_where(tmp_path: Path) -> None:
    text = "identifier: http://ex.org/a b\ntype: Dataset\ntitle: x\nlicence: http://ex.org/l |c\n"
    (tmp_path / "a.yaml").write_text(text)
    done = run("validate", "a.yaml", "--profile", "dcat-ap", "--report", "json", cwd=tmp_path)
    found = [one for one in json.loads(done.out)["results"] if "no address may hold" in one["message"]]
    assert {(one["value"], one["line"]) for one in found} == {
        ("http://ex.org/a b", 1),
        ("http://ex.org/l |c", 4),
    }
    # What a load mends is no fault of what would be published.
    ours = run("validate", "a.yaml", "--profile", "ndl", "--report", "json", cwd=tmp_path)
    assert not [one for one in json.loads(ours.out)["results"] if "no address may hold" in one["message"]]


def test_a_report_for_a_terminal_obeys_nobody(tmp_path: Path) -> None:
    text = HEAD + '<http://ex.org/d> a dcat:Dataset ; dct:title "A" ; dct:issued "\\u001B[31mred\\u202E" .'
    (tmp_path / "a.ttl").write_text(text)
    done = run("validate", "a.ttl", "--profile", "dcat-ap", cwd=tmp_path)
    assert "[31mred" in done.out
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


def test_each_property_is_told_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "one.ttl").write_text(HEAD + "\n\n<http://ex.org/d> a dcat:Dataset .")
    (tmp_path / "two.ttl").write_text(HEAD + '\n<http://ex.org/d>\n  dct:issued "soon" .')
    done = run("validate", "one.ttl", "two.ttl", "--profile", "dcat-ap", "--report", "json", cwd=tmp_path)
    places = {(one["path"], one["file"], one["line"]) for one in json.loads(done.out)["results"]}
    assert ("http://purl.org/dc/terms/issued", "two.ttl", 4) in places
    assert ("http://purl.org/dc/terms/title", "one.ttl", 4) in places


def test_rows_after_blank_lines_keep_their_lines(tmp_path: Path) -> None:
    rows = ["identifier,type,title,licence", "", "", 'http://ex.org/a,dcat:Dataset,"two', 'lines",Ask', ""]
    text = "\n".join([*rows, "http://ex.org/b,dcat:Dataset,B,Ask", ""])
    (tmp_path / "a.csv").write_text(text)
    done = run("validate", "a.csv", "--profile", "ukgov", "--report", "json", cwd=tmp_path)
    lines = {one["focus_node"]: one["line"] for one in json.loads(done.out)["results"]}
    assert lines == {"http://ex.org/a": 4, "http://ex.org/b": 7}


def test_what_has_no_address_or_a_short_one_is_called_as_the_steward_knows_it(tmp_path: Path) -> None:
    text = HEAD + '<rivers> a dcat:Dataset ; dct:title "R" ; dcat:distribution [ a dcat:Distribution ] .'
    (tmp_path / "a.ttl").write_text(text)
    for profile in ("dcat-ap", "ndl"):
        done = run("validate", "a.ttl", "--profile", profile, cwd=tmp_path)
        assert "relative:" not in done.out
        assert "genid" not in done.out
        assert "a part without an address  (a.ttl:2)" in done.out
    done = run("validate", "a.ttl", "--profile", "dcat-ap", cwd=tmp_path)
    assert "rivers  (a.ttl:2)" in done.out
    assert "<rivers> dct:description" in done.out


def test_one_address_that_is_none_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    common = '"dct:publisher": "Us", "dct:description": "A description that is long enough to read."'
    context = '"@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"}'
    folder, store = tmp_path / "in", tmp_path / "store"
    folder.mkdir()
    for name, address in (("good", "http://p.example/good"), ("odd", "http://p.example/a[1]"), ("port", "http://x:y/")):
        (folder / f"{name}.jsonld").write_text(
            f'{{{context}, "@id": "http://p.example/{name}", "@type": "dcat:Dataset", "dct:title": "{name}", {common}, '
            f'"dcat:landingPage": {{"@id": "{address}"}}, "dcat:distribution": {{"@type": "dcat:Distribution", '
            '"dcat:accessURL": {"@id": "http://p.example/file"}}}',
            "utf-8",
        )
    done = run("load", folder, "--store", store)
    assert done.code in (0, 1), done.err
    assert "Traceback" not in done.out + done.err
    for name in ("good", "odd"):
        assert run("show", f"http://p.example/{name}", "--store", store).code == 0
    for name in ("good", "odd", "port"):
        checked = run("validate", folder / f"{name}.jsonld", "--profile", "dcat-ap")
        assert checked.code in (0, 1), checked.err
