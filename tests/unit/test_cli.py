"""Every command, as a user types it: what it prints, and how it fails."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner
from pyoxigraph import parse

from ndl_graph.cli import cli
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import BASE, DATA, load

GOOD = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://example.org/d/rivers> a dcat:Dataset ; dct:title "Rivers"@en ;
  dct:description "Levels of all rivers, measured every fifteen minutes since 1990."@en ;
  dct:publisher "Water Board" ; dcat:landingPage <https://example.org/rivers> .
"""
BAD = (
    GOOD.replace("rivers>", "lakes>")
    .replace('; dct:title "Rivers"@en', "")
    .replace('dct:publisher "Water Board" ;', "")
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "good.ttl").write_text(GOOD)
    (tmp_path / "bad.ttl").write_text(BAD)
    return tmp_path


@pytest.fixture
def demo_store(tmp_path: Path) -> Path:
    load(EmbeddedStore(tmp_path / "demo", BASE), DATA)
    return tmp_path / "demo"


def test_a_command_starts_without_what_few_commands_need() -> None:
    heavy = {"duckdb", "markdown_it", "mlcroissant", "numpy", "onnxruntime", "pyshacl", "rdflib", "uvicorn"}
    code = f"import sys, ndl_graph.cli; print(sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_load_reports_added_changed_unchanged_rejected(place: Path) -> None:
    first = run("load", "good.ttl", "bad.ttl", "--json", cwd=place)
    said = json.loads(first.out)
    assert first.code == 1
    assert {key: said[key] for key in ("read", "added", "changed", "unchanged", "rejected")} == {
        "read": 2, "added": 1, "changed": 0, "unchanged": 0, "rejected": 1,
    }  # fmt: skip
    assert said["repairs"]["agent"]["count"] == 1
    rejected = said["sources"][1]["rejected"][0]
    assert rejected["dataset"] == "https://example.org/d/lakes"
    assert {one["message"] for one in rejected["results"]} == {
        "It has no title.",
        "Nobody is named as holding the data: there is no publisher and no creator.",
    }
    assert all(one["fix"] and one["example"] and one["file"] == "bad.ttl" for one in rejected["results"])
    again = json.loads(run("load", "good.ttl", "--json", cwd=place).out)
    assert (again["added"], again["unchanged"]) == (0, 1)
    (place / "good.ttl").write_text(GOOD.replace("1990", "1991").replace('"Rivers"@en', '"All rivers"@en'))
    changed = run("load", "good.ttl", "--json", cwd=place)
    assert changed.code == 0
    assert (json.loads(changed.out)["changed"], json.loads(changed.out)["added"]) == (1, 0)
    shown = run("show", "https://example.org/d/rivers", cwd=place).out
    assert "1991" in shown
    assert f"{BASE}dataset/rivers>" in shown, "a slug never changes when the title does"


def test_load_in_words(place: Path) -> None:
    done = run("load", "good.ttl", "bad.ttl", cwd=place)
    for said in ("1 × It has no title.", "Fix: Add dct:title", "repaired 1 × agent", "1 added", "1 rejected"):
        assert said in done.out
    assert "reading good.ttl" in done.err
    listed = run("rejected", cwd=place)
    assert "(bad.ttl, " in listed.out
    slug = listed.out.split()[0]
    told = run("rejected", slug, cwd=place).out
    assert "It has no title." in told
    assert "Fix:     Add dct:title" in told
    for reason in json.loads(run("rejected", slug, "--json", cwd=place).out):
        assert reason["fix"]
        assert reason["example"]
        assert ":" in reason["path"] or not reason["path"], "a path, not the name of a node"
    assert json.loads(run("rejected", slug, "--json", cwd=place).out)


def test_a_rejected_change_leaves_the_version_before(place: Path) -> None:
    run("load", "good.ttl", cwd=place)
    (place / "good.ttl").write_text(GOOD.replace('dct:title "Rivers"@en ;', ""))
    assert run("load", "good.ttl", cwd=place).code == 1
    assert '"Rivers"@en' in run("show", "rivers", cwd=place).out


def test_dry_run_stores_nothing(place: Path) -> None:
    done = run("load", "good.ttl", "--dry-run", "--json", cwd=place)
    assert json.loads(done.out)["added"] == 1
    assert run("query", "ASK {}", cwd=place).code == 2


def test_files_of_a_folder_meet_in_one_description(place: Path) -> None:
    folder = place / "feed"
    folder.mkdir()
    (folder / "a.ttl").write_text(GOOD)
    (folder / "b.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
        "<https://example.org/d/rivers> a dcat:Dataset ; dcat:keyword 'water' ."
    )
    said = json.loads(run("load", "feed", "--json", cwd=place).out)
    assert (said["read"], said["added"]) == (1, 1)
    assert '"water"' in run("show", "rivers", cwd=place).out


def test_every_format_is_read_from_standard_input(place: Path) -> None:
    graph = rdflib.Graph().parse(data=GOOD, format="turtle")
    for form, name in (("turtle", "turtle"), ("ntriples", "nt"), ("rdfxml", "xml"), ("jsonld", "json-ld")):
        done = run("convert", "-", "--to", "ntriples", stdin=graph.serialize(format=name).encode(), cwd=place)
        assert done.code == 0, done.err
        assert '<http://purl.org/dc/terms/title> "Rivers"@en' in done.out, form


def test_validate_text_names_problem_reason_remedy_and_place(place: Path) -> None:
    done = run("validate", "bad.ttl", cwd=place)
    assert done.code == 1
    for said in ("It has no title.", "Why:", "Fix:", "Example:", "bad.ttl:2", "2 to mend"):
        assert said in done.out
    assert run("validate", "good.ttl", cwd=place).code == 0


def test_validate_json_is_the_contract(place: Path) -> None:
    done = run("validate", "bad.ttl", "--report", "json", cwd=place)
    said = json.loads(done.out)
    assert (done.code, said["conforms"], said["profile"]) == (1, False, "ndl")
    assert said["focus_nodes"] >= 1
    keys = {"focus_node", "path", "value", "component", "severity", "message", "fix", "shape", "file", "line"}
    assert all(keys <= one.keys() for one in said["results"])
    title = next(one for one in said["results"] if one["path"] == "http://purl.org/dc/terms/title")
    assert title["severity"] == "violation"
    assert title["line"] == 2


@pytest.mark.parametrize(
    ("form", "mark"),
    [
        ("turtle", "sh:ValidationReport"),
        ("html", "<h1>Validation report</h1>"),
        ("github", "::error file=bad.ttl,line=2"),
        ("sarif", '"2.1.0"'),
    ],
)
def test_validate_in_every_form(place: Path, form: str, mark: str) -> None:
    done = run("validate", "bad.ttl", "--report", form, "--output", "report", cwd=place)
    assert done.code == 1
    assert mark in (place / "report").read_text()
    if form == "turtle":
        assert len(rdflib.Graph().parse(place / "report", format="turtle")) > 5


def test_profiles_can_be_combined(place: Path) -> None:
    said = json.loads(run("validate", "good.ttl", "--profile", "ndl,ukgov", "--json", cwd=place).out)
    assert said["profile"] == "ndl+ukgov"
    assert any("security classification" in one["message"] for one in said["results"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.ttl", None, "no such file"),
        ("empty.ttl", b"", "nothing in it"),
        ("binary.ttl", b"\x89PNG\r\n\x1a\n\0\0", "binary"),
        ("broken.ttl", b"@prefix a: <http://a/> .\na:b a:c ; .\n", "broken.ttl:2:9"),
        ("plain.json", b'{"name": "x", "rows": [1, 2]}', "plain JSON"),
        ("remote.json", b'{"@context": "https://elsewhere.example/c", "@id": "x"}', "https://elsewhere.example/c"),
        ("utf8.ttl", b'<http://a> <http://b> "\xff" .', "UTF-8"),
        ("nothing.ttl", b"<http://a> <http://b> <http://c> .", "no description|nothing in it"),
        ("brackets.ttl", b"<http://a> <http://b> " + b"[ <http://p> " * 20_000, "brackets.ttl:1"),
        ("deep.ttl", b"<http://a> <http://b> " + b"<<( <http://a> <http://p> " * 20_000, "nested"),
        ("deep.json", b'{"@context": {}, "@graph": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested"),
        ("bomb.yaml", b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\ntitle: *b\n", "."),
    ],
)
@pytest.mark.parametrize("command", ["load", "validate"])
def test_bad_sources_are_explained(place: Path, command: str, name: str, content: bytes | None, words: str) -> None:
    import re

    if content is not None:
        (place / name).write_bytes(content)
    done = run(command, name, cwd=place)
    assert done.code == 2
    assert name in done.err
    assert re.search(words, done.err)
    assert "Warning" not in done.err


def test_a_broken_file_does_not_stop_the_others(place: Path) -> None:
    (place / "broken.ttl").write_text("@prefix")
    said = run("load", "broken.ttl", "good.ttl", "--json", cwd=place)
    assert said.code == 2
    assert json.loads(said.out)["added"] == 1
    assert "broken.ttl" in said.err


def test_a_line_of_200_megabytes_is_refused(place: Path) -> None:
    with (place / "long.nt").open("wb") as file:
        file.write(b'<http://a> <http://b> "')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
    done = run("load", "long.nt", cwd=place)
    assert done.code == 2
    assert "line 1 is longer than 16 MiB" in done.err


def test_odd_literals_and_iris_are_repaired_or_told(place: Path) -> None:
    (place / "odd.ttl").write_text(
        GOOD.replace("<https://example.org/rivers>", "<https://Example.org/all rivers>").replace(
            "dct:publisher", 'dct:modified "soon"^^<http://www.w3.org/2001/XMLSchema#date> ; dct:publisher'
        )
    )
    done = run("load", "odd.ttl", cwd=place)
    assert done.code == 0, done.err
    assert "https://Example.org/all rivers → https://example.org/all%20rivers" in done.out
    assert "no date that a machine can read" in done.out
    assert '"soon"^^' in run("show", "rivers", cwd=place).out


def test_settings_and_their_origins(place: Path) -> None:
    (place / "ndl-graph.toml").write_text('port = 9001\ntitle = "Mine"\n')
    said = {one["name"]: one for one in json.loads(run("config", "--json", cwd=place, NDL_GRAPH_PORT="9002").out)}
    assert (said["port"]["value"], said["port"]["from"]) == (9002, "NDL_GRAPH_PORT")
    assert (said["title"]["value"], said["title"]["from"]) == ("Mine", "ndl-graph.toml")
    assert said["host"]["from"] == "default"
    (place / "ndl-graph.toml").write_text("prot = 1\n")
    assert "there is no setting 'prot'" in run("config", cwd=place).err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "good.ttl", "--profile", "papyrus"), "controlled, croissant, dcat-ap"),
        (("load", "good.ttl", "--format", "papyrus"), "turtle"),
        (("load", "good.ttl", "--store", "good.ttl"), "not a store"),
        (("load", "good.ttl", "--base-iri", "nonsense"), "base"),
        (("serve", "--port", "99999"), "port"),
        (("serve", "--port", "many"), "whole number"),
        (("serve", "--store", "nowhere", "--host", "no.such.host.invalid"), "no address"),
        (("query", "ASK {}", "--store", "nowhere"), "nothing in the store"),
        (("frobnicate",), "No such command"),
        (("convert", "good.ttl", "--to", "papyrus"), "no format"),
    ],
)
def test_bad_settings_are_explained(place: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments, cwd=place)
    assert done.code == 2
    assert words in done.err


def test_a_port_in_use(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--port", str(taken.getsockname()[1]), cwd=place)
    assert done.code == 2
    assert "cannot be used" in done.err


def test_a_writer_that_writes_for_a_moment_is_waited_for(place: Path) -> None:
    store = EmbeddedStore(place / "short", BASE)
    with ThreadPoolExecutor(1) as threads:
        with store.writer():
            loading = threads.submit(run, "load", "good.ttl", "--store", "short", "--base-iri", BASE, cwd=place)
            with pytest.raises(TimeoutError):
                loading.result(1.5)
        assert loading.result(60).code == 0


def test_a_store_in_use_by_another_writer(place: Path) -> None:
    store = EmbeddedStore(place / "busy", BASE)
    with store.writer():
        done = run("load", "good.ttl", "--store", "busy", "--base-iri", BASE, cwd=place)
    assert done.code == 2
    assert "another process is writing" in done.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_loses_nothing(place: Path) -> None:
    import subprocess

    disk = place / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        assert run("load", "good.ttl", "--store", "disk/s", cwd=place).code == 0
        big = "".join(
            GOOD.split("\n", 1)[1]
            .replace("d/rivers", f"d/{number}")
            .replace("Levels", f"Levels {number} {os.urandom(2000).hex()}")
            for number in range(1200)
        )
        (place / "big.ttl").write_text(GOOD.split("\n", 1)[0] + "\n" + big)
        done = run("load", "big.ttl", "--store", "disk/s", cwd=place)
        assert done.code == 2
        assert "disk" in done.err
        assert '"Rivers"@en' in run("show", "rivers", "--store", "disk/s", cwd=place).out
    finally:
        subprocess.run(["umount", disk], check=True)


def test_query_prints_every_form(demo_store: Path) -> None:
    query = 'SELECT ?t { ?d dct:title ?t FILTER(?t = "Price Paid Data"@en) } LIMIT 1'
    assert "Price Paid Data" in run("query", query, "--store", demo_store).out
    assert json.loads(run("query", query, "--store", demo_store, "--results", "json").out)["results"]["bindings"]
    assert run("query", query, "--store", demo_store, "--results", "csv").out.split() == ["t", "Price", "Paid", "Data"]
    made = "CONSTRUCT { ?d a dcat:Dataset } { ?d a dcat:Dataset } LIMIT 3"
    for form, name in (("turtle", "turtle"), ("jsonld", "json-ld")):
        out = run("query", made, "--store", demo_store, "--results", form).out
        assert len(rdflib.Graph().parse(data=out, format=name)) == 3
    broken = run("query", "SELECT * {\n ?s ?p \n}", "--store", demo_store)
    assert broken.code == 2
    assert "line 2" in broken.err
    assert "^" in broken.err


@pytest.mark.parametrize(
    "form", ["turtle", "jsonld", "ntriples", "rdfxml", "schema", "croissant", "croissant-1.0", "markdown"]
)
def test_show_and_export_in_every_form(demo_store: Path, tmp_path: Path, form: str) -> None:
    shown = run("show", "price-paid-data", "--format", form, "--store", demo_store)
    assert shown.code == 0
    assert "Price Paid Data" in shown.out
    done = run("export", tmp_path / "out", "--format", form, "--store", demo_store)
    assert done.code == 0, done.err
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name[0] != "."]
    assert len(files) >= 58
    match = next(path for path in files if path.name.startswith("price-paid-data."))
    assert match.read_text() == shown.out


def test_export_is_a_backup(demo_store: Path, tmp_path: Path) -> None:
    said = json.loads(run("export", tmp_path / "out", "--store", demo_store, "--json").out)
    quads = parse(path=str(tmp_path / "out" / "catalogue.nq"))
    assert len({quad.graph_name for quad in quads}) == said["records"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    assert run("export", tmp_path / "other", "--store", demo_store).code == 2
    here = run("export", ".", "--store", demo_store, cwd=tmp_path / "out")
    assert (here.code, "while you are in it" in here.err) == (2, True)
    assert not [path for path in tmp_path.rglob(".*") if path.is_dir()], "nothing is left behind"
    assert (tmp_path / "other" / "precious").read_text() == "x"
    assert run("export", tmp_path / "out", "--store", demo_store).code == 0, "an export may be renewed"


def test_remove_leaves_a_tombstone_that_a_load_revives(place: Path) -> None:
    run("load", "good.ttl", cwd=place)
    assert run("remove", "rivers", cwd=place).code == 0
    gone = run("show", "rivers", cwd=place)
    assert gone.code == 1
    assert "was removed" in gone.err
    assert run("remove", "never-was", cwd=place).code == 1
    revived = json.loads(run("load", "good.ttl", "--json", cwd=place).out)
    assert revived["added"] == 1
    assert f"{BASE}dataset/rivers>" in run("show", "rivers", cwd=place).out


def test_profiles_are_listed() -> None:
    said = json.loads(run("profiles", "--json").out)
    assert {one["name"] for one in said} >= {"ndl", "ukgov"}
    assert all(one["iri"].endswith(f"shapes/{one['name']}") and one["version"] for one in said)


def test_help_has_an_example_for_every_command() -> None:
    for name in cli.commands:
        assert "Example: ndl-graph" in CliRunner().invoke(cli, [name, "--help"]).output, name
    assert "Example: ndl-graph load" in run("load", "--help").out
    assert run("--version").out.startswith("ndl-graph, version 0.1.0")


@pytest.fixture
def server(place: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(place))  # type: ignore[arg-type]

        def do_GET(self) -> None:
            if self.path == "/loop":
                self.send_response(302)
                self.send_header("Location", "/loop")
                self.end_headers()
            elif self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/good.ttl")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_web_is_a_source(place: Path, server: str) -> None:
    assert json.loads(run("load", f"{server}/moved", "--json", cwd=place).out)["added"] == 1
    for path, words in (("/loop", "redirects more than"), ("/none", "404")):
        done = run("load", server + path, cwd=place)
        assert done.code == 2
        assert words in done.err
    small = run("load", f"{server}/good.ttl", cwd=place, NDL_GRAPH_MAX_DOWNLOAD_BYTES="10")
    assert small.code == 2
    assert "larger than" in small.err
    assert "cannot be reached" in run("load", "http://127.0.0.1:1/x.ttl", cwd=place).err


def test_what_stores_nothing_leaves_the_base_iri_open(place: Path) -> None:
    """A dry run, and the removal of what is not there, make no store: its addresses are still to be chosen."""
    assert run("load", "good.ttl", "--dry-run", "--store", "new", cwd=place).code == 0
    gone = run("remove", "nothing", "--store", "new", cwd=place)
    assert (gone.code, "nothing in the store yet" in gone.err) == (2, True)
    again = ("load", "good.ttl", "--store", "new", "--base-iri", "https://data.example.gov.uk/")
    assert run(*again, cwd=place).code == 0
    assert "https://data.example.gov.uk/dataset/" in run("query", "SELECT ?r { GRAPH ?r { ?r a dcat:CatalogRecord } }",
                                                         "--store", "new", cwd=place).out  # fmt: skip
    other = run("load", "good.ttl", "--store", "new", "--base-iri", "https://elsewhere.example/", cwd=place)
    assert (other.code, "have the base IRI" in other.err) == (2, True)


def test_the_default_graph_of_several_is_their_merge(place: Path) -> None:
    """SPARQL 1.1, section 13.2: what two graphs say is one statement."""
    twice = "".join(
        f"<https://example.org/{n}> a dcat:Dataset ; dct:title '{n}' ; dct:description 'About {n}.' ;"
        " dct:publisher <https://example.org/holder> ; dcat:landingPage <https://example.org/page> .\n"
        for n in ("tay", "dee")
    )
    (place / "twice.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f"{twice}<https://example.org/holder> <http://xmlns.com/foaf/0.1/name> 'H' ."
    )
    assert run("load", "twice.ttl", "--store", "s", cwd=place).code == 0
    graphs = "FROM <http://127.0.0.1:8000/dataset/tay> FROM <http://127.0.0.1:8000/dataset/dee>"
    asked = f"SELECT (COUNT(*) AS ?n) {graphs} {{ ?holder foaf:name ?name }}"
    assert run("query", asked, "--results", "csv", "--store", "s", cwd=place).out.split() == ["n", "1"]


def test_a_file_that_is_left_out_has_no_repairs(place: Path) -> None:
    (place / "broken.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
        '<https://example.org/a> a dcat:Dataset ; dcat:landingPage "https://example.org/page" .\n<broken\n'
    )
    told = json.loads(run("load", "broken.ttl", "--store", "s", "--json", cwd=place).out)
    assert (told["read"], told["repairs"]) == (0, {})
