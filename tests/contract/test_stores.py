"""One suite for every store: what a writer does is seen whole after `commit`, and not before."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, QueryBoolean, QueryTriples, Triple

from ndl_graph.errors import QueryError, StoreBusyError, StoreError
from ndl_graph.namespaces import XSD
from ndl_graph.sparql import read_query
from ndl_graph.stores import EmbeddedStore, RemoteStore, TemporaryStore
from ndl_graph.stores.server import RemoteGraphs
from tests.conftest import BASE
from tests.servers import fuseki, oxigraph, server

P = NamedNode("http://ex.org/p")
GRAPH = "http://127.0.0.1:8000/dataset/a"


AnyStore = EmbeddedStore | RemoteStore


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Addresses of servers by name, each started when it is first asked for."""
    with ExitStack() as stack:
        running: dict[str, str] = {}

        def address(name: str) -> str:
            if name not in running:
                folder = tmp_path_factory.mktemp(name)
                running[name] = stack.enter_context(oxigraph(folder) if name == "oxigraph" else fuseki(folder))
            return running[name]

        yield address


@pytest.fixture(params=["embedded", "temporary", "oxigraph", "fuseki"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], str]) -> Iterator[AnyStore]:
    if request.param == "embedded":
        yield EmbeddedStore(tmp_path / "s", BASE)
    elif request.param == "temporary":
        store = TemporaryStore()
        yield store
        store.close()
        assert not store.folder.exists()
    else:
        there = server(servers(request.param))
        RemoteGraphs(there).update("DROP ALL")
        yield RemoteStore(there, tmp_path / "s", BASE)


#: A SPARQL server shows each record as soon as it is written.
with_snapshots = pytest.mark.parametrize("empty", ["embedded", "temporary"], indirect=True)


def again(store: AnyStore) -> AnyStore:
    """The same store, opened a second time."""
    if isinstance(store, RemoteStore):
        return RemoteStore(store.server, store.local.folder, BASE)
    return EmbeddedStore(store.folder)


def line(value: str) -> str:
    return str(Triple(NamedNode("http://ex.org/s"), P, Literal(value)))


def values(store: AnyStore) -> set[str]:
    found = store.snapshot().graphs.triples(GRAPH)
    return {triple.object.value for triple in found if isinstance(triple.object, Literal)}


def test_empty(empty: AnyStore) -> None:
    assert not empty.exists
    assert empty.current() is None
    with pytest.raises(StoreError, match="nothing in the store"):
        empty.snapshot()


@with_snapshots
def test_nothing_is_seen_before_commit(empty: EmbeddedStore) -> None:
    with empty.writer() as writer:
        writer.replace([(GRAPH, [line("one")])], [])
        assert not empty.exists
        writer.commit()
        assert values(empty) == {"one"}
        writer.replace([(GRAPH, [line("two")])], [GRAPH])
        assert values(empty) == {"one"}
    assert values(empty) == {"one"}, "what was not committed is lost"


def test_a_new_version_is_told_by_commit(empty: AnyStore) -> None:
    names = [empty.current()]
    for value in ("one", "two"):
        with empty.writer() as writer:
            writer.replace([(GRAPH, [line(value)])], [GRAPH] if names[-1] else [])
            writer.commit()
        assert again(empty).current() == empty.current()
        names.append(empty.current())
    assert names[0] is None
    assert len(set(names)) == 3
    assert empty.snapshot().name == empty.fresh() == names[-1]
    assert empty.is_indexed
    assert values(again(empty)) == {"two"}


def test_replace_clears_what_was_there(empty: AnyStore) -> None:
    for size in (1, 3_000):  # a transaction, and files written at once
        with empty.writer() as writer:
            writer.replace([(GRAPH, [line(f"{size} {n}") for n in range(size)])], [GRAPH])
            writer.commit()
        assert values(empty) == {f"{size} {n}" for n in range(size)}


def test_the_default_graph_is_the_union_as_a_set(empty: AnyStore) -> None:
    other = "http://127.0.0.1:8000/dataset/b"

    def everything() -> list[str]:
        found = empty.snapshot().graphs.select("SELECT ?o { ?s <http://ex.org/p> ?o } ORDER BY ?o")
        return [str(row["o"]).strip('"') for row in found]

    with empty.writer() as writer:
        writer.replace([(GRAPH, [line("shared"), line("a")]), (other, [line("shared"), line("b")])], [])
        writer.commit()
        assert everything() == ["a", "b", "shared"]
        writer.replace([(GRAPH, [line("c")])], [GRAPH])
        writer.commit()
        assert everything() == ["b", "c", "shared"], "what another record says still stands"
        writer.replace([], [GRAPH, other])
        writer.commit()
        assert everything() == []


def test_graphs_are_found_by_name_and_queried(empty: AnyStore) -> None:
    awkward = "a \"b\" \\ c\n\u00e9 \U0001f600 '''"
    typed = str(Triple(NamedNode("http://ex.org/s"), P, Literal("2020-01-01", datatype=XSD.date)))
    tagged = str(Triple(NamedNode("http://ex.org/s"), P, Literal("Afon", language="cy")))
    with empty.writer() as writer:
        writer.replace([(GRAPH, [line(awkward), typed, tagged])], [])
        writer.commit()
    graphs = empty.snapshot().graphs
    assert graphs.has(GRAPH)
    assert not graphs.has(GRAPH + "x")
    assert graphs.triples(GRAPH + "x") == []
    assert {str(triple) for triple in graphs.triples(GRAPH)} == {line(awkward), typed, tagged}
    rows = graphs.select("SELECT ?o ?nothing { GRAPH ?g { ?s ?p ?o } FILTER (datatype(?o) = xsd:date) }")
    assert rows == [{"o": Literal("2020-01-01", datatype=XSD.date)}]
    yes = graphs.query(read_query(f"ASK FROM <{GRAPH}> {{ ?s ?p ?o }}"))
    assert isinstance(yes, QueryBoolean)
    assert bool(yes)
    built = graphs.query(read_query(f"CONSTRUCT {{ ?s ?p 1 }} FROM <{GRAPH}> {{ ?s ?p ?o }}"))
    assert isinstance(built, QueryTriples)
    assert [triple.object for triple in built] == [Literal(1)]
    with pytest.raises(QueryError) as broken:
        graphs.query(read_query("SELECT * {\n ?s ?p }"))
    assert broken.value.line == 2
    assert "expected" not in str(broken.value)


@with_snapshots
def test_a_snapshot_stands_while_writers_go_on(empty: EmbeddedStore) -> None:
    with empty.writer() as writer:
        writer.replace([(GRAPH, [line("0")])], [])
        writer.commit()
        held = empty.snapshot()
        for n in range(1, 6):
            writer.replace([(GRAPH, [line(str(n))])], [GRAPH])
            writer.commit()
    assert [triple.object for triple in held.graphs.triples(GRAPH)] == [Literal("0")]
    assert values(empty) == {"5"}
    assert len(list((empty.folder / "snapshots").iterdir())) == 2, "the newest and the one before"


def test_rejections_are_kept_apart(empty: AnyStore) -> None:
    with empty.writer() as writer:
        writer.set_aside([("http://ex.org/r", [Triple(NamedNode("http://ex.org/s"), P, Literal("bad"))])])
        writer.commit()
        assert len(empty.snapshot().aside.triples("http://ex.org/r")) == 1
        assert (
            empty.snapshot().graphs.select(
                "SELECT * { { ?s <http://ex.org/p> ?o } UNION { GRAPH ?g { ?s <http://ex.org/p> ?o } } }"
            )
            == []
        )
        writer.forget(["http://ex.org/r", "http://ex.org/none"])
        writer.commit()
    assert empty.snapshot().aside.triples("http://ex.org/r") == []


def test_one_writer_at_a_time(empty: AnyStore) -> None:
    with empty.writer(), pytest.raises(StoreBusyError), again(empty).writer():
        pass
    with empty.writer():
        pass


def test_readers_in_threads_never_see_half(empty: AnyStore) -> None:
    seen: list[set[str]] = []
    stop = threading.Event()
    with empty.writer() as writer:
        writer.replace([(GRAPH, [line("a0"), line("b0")])], [])
        writer.commit()

        def read() -> None:
            while not stop.is_set():
                seen.append({value[1:] for value in values(empty)})

        thread = threading.Thread(target=read)
        thread.start()
        for n in range(1, 20):
            writer.replace([(GRAPH, [line(f"a{n}"), line(f"b{n}")])], [GRAPH])
            writer.commit()
        stop.set()
        thread.join()
    assert seen
    assert all(len(one) == 1 for one in seen)


def test_base_iri_belongs_to_the_store(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "s", "https://data.example/").writer() as writer:
        writer.commit()
    assert EmbeddedStore(tmp_path / "s").base_iri == "https://data.example/"
    with pytest.raises(StoreError, match="base IRI"):
        EmbeddedStore(tmp_path / "s", "https://other.example/")


def test_a_strange_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(StoreError, match="not a store"):
        EmbeddedStore(tmp_path)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "catalogue.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        EmbeddedStore(tmp_path / "s")
