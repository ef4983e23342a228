"""How descriptions changed: every former state can be seen again, and what each load changed is told."""

import re
from pathlib import Path

import pytest

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError, RemovedError
from ndl_graph.namespaces import DCT
from ndl_graph.stores import EmbeddedStore
from tests.conftest import load, serving

ONE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://x.example/d> a dcat:Dataset ; dct:title "{}"@en ; dct:publisher "Us" ; dct:description "{}"@en ;
  dcat:keyword {} ; dcat:landingPage <https://x.example/> .
"""
STATES = (
    ("Rivers", "Levels of rivers, measured every hour.", '"water"'),
    ("Rivers and lakes", "Levels of rivers, measured every hour.", '"water" , "lakes"'),
    ("Rivers and lakes", "Levels of rivers and lakes, measured every hour.", '"lakes"'),
)
LATEST = "2999-01-01T00:00:00Z"


@pytest.fixture
def changed(store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """A store whose one record was loaded in three states, on three days."""
    from pyoxigraph import Literal

    from ndl_graph.loading import run
    from ndl_graph.namespaces import XSD

    for day, state in enumerate(STATES, 1):
        moment = Literal(f"2026-03-{day:02}T12:00:00Z", datatype=XSD.dateTime)
        for room in (upkeep, run):
            monkeypatch.setattr(room, "now", lambda moment=moment: moment)
        source = tmp_path / f"state-{day}.ttl"
        source.write_text(ONE.format(*state), "utf-8")
        summary = load(store, source)
        assert (summary.added, summary.changed) == ((1, 0) if day == 1 else (0, 1))
        assert load(store, source).unchanged == 1, "what is the same leaves no trace"
    return Catalog(store)


def test_every_state_can_be_seen_again(changed: Catalog) -> None:
    def title(moment: str) -> tuple[str, str]:
        view = changed.describe(changed.as_of("https://x.example/d", moment))
        return view.title, ",".join(sorted(view.keywords))

    assert title("2026-03-01T12:00:00Z") == title("2026-03-02T11:59:59Z") == ("Rivers", "water")
    assert title("2026-03-02T12:00:00Z") == ("Rivers and lakes", "lakes,water")
    assert title("2026-03-03T12:00:00Z") == title(LATEST) == ("Rivers and lakes", "lakes")
    with pytest.raises(NotFoundError, match="no description at this address then"):
        title("2026-03-01T11:59:59Z")
    former = changed.as_of("https://x.example/d", "2026-03-01T12:00:00Z")
    assert not [triple for triple in former.triples if "FormerDescription" in str(triple)]
    assert {triple.subject.value for triple in former.triples} >= {"https://x.example/d"}  # type: ignore[union-attr]


def test_what_each_load_changed_is_told(changed: Catalog) -> None:
    newest, oldest = changed.revisions("https://x.example/d")
    assert (oldest.at, newest.at) == ("2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z")
    assert (oldest.source, newest.source) == ("state-2.ttl", "state-3.ttl")
    title, keyword = DCT.title.value, "http://www.w3.org/ns/dcat#keyword"
    assert {one.predicate: (one.removed, one.added) for one in oldest.changes} == {
        title: (("Rivers",), ("Rivers and lakes",)),
        keyword: ((), ("lakes",)),
    }
    assert {one.predicate for one in newest.changes} == {DCT.description.value, keyword}


def test_history_is_no_part_of_what_is_queried(changed: Catalog) -> None:
    graphs = changed.snapshot().view.graphs
    assert not graphs.select('SELECT ?s { ?s ?p "Rivers"@en }')
    assert len(changed.listing()) == 1
    assert changed.rejected() == []


def test_what_is_removed_is_gone_as_it_was_too(changed: Catalog) -> None:
    iri = upkeep.remove(changed, "rivers")
    again = Catalog(changed.store)
    for moment in ("2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", LATEST):
        with pytest.raises(RemovedError):
            again.as_of(iri, moment)
    assert again.former(iri) == []
    assert not again.snapshot().view.aside.select('SELECT ?s { GRAPH ?g { ?s ?p "Rivers"@en } }')


def test_pages_show_the_change_and_the_former_state(changed: Catalog, tmp_path: Path) -> None:
    assert isinstance(changed.store, EmbeddedStore)
    with serving(changed.store.folder, tmp_path / "log") as client:
        page = client.get("/dataset/rivers").text
        assert "2 earlier forms, and what changed" in page
        history = client.get("/dataset/rivers/history").text
        assert re.search(r"<del>.*Rivers</del>", history)
        assert re.search(r"<ins>.*Rivers and lakes</ins>", history)
        assert "2 March 2026" in history
        said = client.get("/dataset/rivers/history", headers={"Accept": "application/json"}).json()
        assert [one["at"] for one in said["revisions"]] == ["2026-03-03T12:00:00Z", "2026-03-02T12:00:00Z"]
        old = client.get("/dataset/rivers", params={"asOf": "2026-03-01"}).text
        assert "<h1>Rivers</h1>" in old
        assert "as it stood on 1 March 2026" in old
        turtle = client.get("/dataset/rivers.ttl", params={"asOf": "2026-03-02"}).text
        assert '"Rivers and lakes"' in turtle
        assert "Levels of rivers, measured" in turtle
        assert client.get("/dataset/rivers", params={"asOf": "2026-02-01"}).status_code == 404
        bad = client.get("/dataset/rivers", params={"asOf": "soon"})
        assert (bad.status_code, bad.json()["parameter"]) == (400, "asOf")
        for odd in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", "2026-02-30"):
            assert client.get("/dataset/rivers", params={"asOf": odd}).status_code == 400
        assert client.get("/dataset/none/history").status_code == 404
        before = re.search(r'href="(/dataset/rivers\?asOf=[^"]*)"', history)
        assert before
        assert "<h1>Rivers and lakes</h1>" in client.get(before[1].replace("&amp;", "&")).text
