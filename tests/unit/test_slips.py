"""Slips that were found once, each small: that nobody makes them twice is looked at here."""

import asyncio
import time
from pathlib import Path

import pytest

from ndl_graph.errors import QueryError, SettingError, StoreError
from ndl_graph.mcp.answers import triples_of
from ndl_graph.settings import load_settings
from ndl_graph.sparql import hints, read_query
from ndl_graph.sparql.federation import Federation
from ndl_graph.sparql.pool import WorkerPool
from ndl_graph.sparql.statistics import Statistics
from ndl_graph.validation import load_profile, validate
from ndl_graph.validation.engines import ENGINES
from tests.commands import run

ELSEWHERE = "http://elsewhere.example/sparql"
#: Characters that end a line to Python, and that N-Triples writes as they are.
MARKS = "a\u2028b\u0085c"


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES.keys())
def test_marks_that_look_like_line_feeds_are_text(engine: object) -> None:
    data = f'_:d <http://purl.org/dc/terms/title> "{MARKS} _:x" .\n<urn:d> a <urn:c> .\n'.replace(
        " a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
    )
    assert validate([load_profile("ndl")], data, engine=engine).conforms  # type: ignore[arg-type]
    names, rows = triples_of(f'<urn:d> <urn:p> "{MARKS}" .\n'.encode())
    assert (names, rows) == (["subject", "predicate", "object"], [["urn:d", "urn:p", f'"{MARKS}"']])


@pytest.mark.parametrize(
    ("pattern", "nested"),
    [
        ("?s ?p ?o", False),
        ('?s ?p "the service desk"', False),
        ("# SERVICE\n?s ?p ?o", False),
        ("SERVICE <http://evil.example/> { ?a ?b ?c }", True),
        ("{{SERVICE<http://evil.example/>{ ?a ?b ?c }}}", True),
    ],
)
def test_a_service_inside_a_service_is_seen_as_the_grammar_has_it(pattern: str, nested: bool) -> None:
    query = read_query(f"SELECT * {{ SERVICE <{ELSEWHERE}> {{ {pattern} }} }}")
    asked: list[str] = []
    federation = Federation([ELSEWHERE, "http://evil.example/"])

    def fetch(endpoint: str, _: str) -> bytes:
        asked.append(endpoint)
        return b'{"head": {"vars": []}, "results": {"bindings": []}}'

    object.__setattr__(federation, "_fetch", fetch)
    if nested:
        with pytest.raises(QueryError, match="inside another"):
            federation.resolve(query)
    else:
        federation.resolve(query)
    assert asked == ([] if nested else [ELSEWHERE])


def test_hints_do_not_look_for_ever() -> None:
    known = {f"http://known.example/property{number}": 1 for number in range(500)}
    statistics = Statistics(properties=known, classes=known, by_class=dict.fromkeys(known, known))
    terms = " ".join(f"?s <http://other.example/propertx{number}> ?o{number} ." for number in range(900))
    start = time.perf_counter()
    assert 1 <= len(hints(read_query(f"SELECT * {{ {terms} }}"), statistics)) <= 10
    assert time.perf_counter() - start < 1


def test_a_pool_that_cannot_start_a_process_says_so_and_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = WorkerPool(1)

    def full(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    async def work() -> None:
        monkeypatch.setattr("ndl_graph.sparql.pool.subprocess.Popen", full)
        with pytest.raises(StoreError, match="cannot be started"):
            await pool.start()
        monkeypatch.undo()
        await pool.start()
        await pool.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("port = inf", "whole number"),
        ("port = 9000.9", "whole number"),
        ("link_at_once = 0", "cannot be 0"),
    ],
)
def test_numbers_that_make_no_setting(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "ndl-graph.toml").write_text(line)
    with pytest.raises(SettingError, match=said):
        load_settings({}, {}, tmp_path)


@pytest.mark.parametrize(
    "base",
    [
        "http://exa mple.org/",
        "http://example.org/?x=/",
        "http://example.org/#/",
        "http:///",
        "http://[1:2]/",
        "http://e.org",
    ],
)
def test_what_is_no_base_for_names(tmp_path: Path, base: str) -> None:
    with pytest.raises(SettingError, match="is no base for IRIs"):
        load_settings({}, {"NDL_GRAPH_BASE_IRI": base}, tmp_path)
    assert load_settings({}, {"NDL_GRAPH_BASE_IRI": "http://[::1]:8000/a/"}, tmp_path).base_iri


@pytest.mark.parametrize("named", ["", ",", " , "])
def test_a_load_without_a_profile_would_check_nothing(tmp_path: Path, named: str) -> None:
    with pytest.raises(SettingError, match="no profile is named"):
        load_settings({}, {"NDL_GRAPH_PROFILE": named}, tmp_path)
    done = run("load", tmp_path, "--profile", named, "--store", tmp_path / "s")
    assert (done.code, "--profile" in done.err, (tmp_path / "s").exists()) == (2, True, False)


def test_a_folder_is_no_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / "ndl-graph.toml").mkdir()
    done = run("config", cwd=tmp_path)
    assert done.code == 2
    assert "ndl-graph.toml" in done.err
    assert "cannot be read" in done.err


def test_keys_are_not_shown(tmp_path: Path) -> None:
    settings = load_settings({}, {"NDL_GRAPH_QUERY_KEYS": "geheim"}, tmp_path)
    assert settings.query_keys == "geheim"
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize("text", [r"\[/red]", r"\[red]x", "[bold]", "a]b[c"])
def test_cells_are_shown_as_they_are(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "<https://e.org/d> a dcat:Dataset ; dct:title 'T' ; dct:publisher 'P' ; dct:description 'About it.' ;"
        f" dcat:landingPage <https://e.org/p> ; <urn:cell> '{text.replace(chr(92), chr(92) * 2)}' .\n"
    )
    assert run("load", tmp_path / "a.ttl", "--store", tmp_path / "s").code == 0
    shown = run("query", "SELECT ?o { ?s <urn:cell> ?o }", "--store", tmp_path / "s")
    assert text in shown.out


def test_an_address_that_is_none_does_not_stop_the_check_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "<https://e.org/d> a dcat:Dataset ; dct:title 'T' ; dct:publisher 'P' ; dct:description 'About it.' ;"
        " dcat:landingPage <http://[bad/x> .\n"
    )
    run("load", tmp_path / "a.ttl", "--store", tmp_path / "s")
    done = run("check-links", "--store", tmp_path / "s")
    assert done.code in (0, 1)


def test_files_beside_a_service_are_no_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is started in the folder that the service was started in, whatever lies there."""
    for name in ("json.py", "ndl_graph.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit('no module')\n")
    monkeypatch.chdir(tmp_path)
    pool = WorkerPool(1)

    async def work() -> None:
        await pool.start()
        await pool.close()

    asyncio.run(work())
    assert not (tmp_path / "ran").exists()
