"""One suite for every store: what a writer does is seen whole after `commit`, and not before."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, Triple

from ndl_graph.errors import StoreBusyError, StoreError
from ndl_graph.stores import EmbeddedStore, TemporaryStore

P = NamedNode("http://ex.org/p")
GRAPH = "http://127.0.0.1:8000/dataset/a"


@pytest.fixture(params=["embedded", "temporary"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedStore]:
    if request.param == "embedded":
        yield EmbeddedStore(tmp_path / "s", "http://127.0.0.1:8000/")
        return
    store = TemporaryStore()
    yield store
    store.close()
    assert not store.folder.exists()


def line(value: str) -> str:
    return str(Triple(NamedNode("http://ex.org/s"), P, Literal(value)))


def values(store: EmbeddedStore) -> set[str]:
    return {triple.object.value for triple in store.snapshot().triples(GRAPH) if isinstance(triple.object, Literal)}


def test_empty(empty: EmbeddedStore) -> None:
    assert not empty.exists
    assert empty.current() is None
    with pytest.raises(StoreError, match="nothing in the store"):
        empty.snapshot()


def test_nothing_is_seen_before_commit(empty: EmbeddedStore) -> None:
    with empty.writer() as writer:
        writer.replace([(GRAPH, [line("one")])], [])
        assert not empty.exists
        writer.commit()
        assert values(empty) == {"one"}
        writer.replace([(GRAPH, [line("two")])], [GRAPH])
        assert values(empty) == {"one"}
    assert values(empty) == {"one"}, "what was not committed is lost"


def test_replace_clears_what_was_there(empty: EmbeddedStore) -> None:
    for size in (1, 3_000):  # a transaction, and files written at once
        with empty.writer() as writer:
            writer.replace([(GRAPH, [line(f"{size} {n}") for n in range(size)])], [GRAPH])
            writer.commit()
        assert values(empty) == {f"{size} {n}" for n in range(size)}


def test_the_default_graph_is_the_union_as_a_set(empty: EmbeddedStore) -> None:
    other = "http://127.0.0.1:8000/dataset/b"

    def everything() -> list[str]:
        found = empty.snapshot().graphs.query("SELECT ?o { ?s ?p ?o } ORDER BY ?o")
        assert isinstance(found, QuerySolutions)
        return [row["o"].value for row in found]

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


def test_a_snapshot_stands_while_writers_go_on(empty: EmbeddedStore) -> None:
    with empty.writer() as writer:
        writer.replace([(GRAPH, [line("0")])], [])
        writer.commit()
        held = empty.snapshot()
        for n in range(1, 6):
            writer.replace([(GRAPH, [line(str(n))])], [GRAPH])
            writer.commit()
    assert [triple.object for triple in held.triples(GRAPH)] == [Literal("0")]
    assert values(empty) == {"5"}
    assert len(list((empty.folder / "snapshots").iterdir())) == 2, "the newest and the one before"


def test_rejections_are_kept_apart(empty: EmbeddedStore) -> None:
    with empty.writer() as writer:
        writer.reject([("http://ex.org/r", [Triple(NamedNode("http://ex.org/s"), P, Literal("bad"))])])
        writer.commit()
        assert len(empty.snapshot().rejected_triples("http://ex.org/r")) == 1
        assert len(empty.snapshot().graphs) == 0
        writer.forget_rejected(["http://ex.org/r", "http://ex.org/none"])
        writer.commit()
    assert empty.snapshot().rejected_triples("http://ex.org/r") == []


def test_one_writer_at_a_time(empty: EmbeddedStore) -> None:
    with empty.writer(), pytest.raises(StoreBusyError), EmbeddedStore(empty.folder).writer():
        pass
    with empty.writer():
        pass


def test_readers_in_threads_never_see_half(empty: EmbeddedStore) -> None:
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
