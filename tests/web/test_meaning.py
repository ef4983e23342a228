"""Search by meaning: plain questions find what words miss, what is not here is refused, words carry until then."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.errors import SettingError
from ndl_graph.search import meaning
from ndl_graph.search.embedding import Embedder
from ndl_graph.search.meaning import Meaning, Progress
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import BASE, DATA, load, serving

ONE = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://example.org/{0}> a dcat:Dataset ; dct:title "{1}"@en ; dct:description "{2}"@en ;
  dct:publisher <http://example.org/us> ; dcat:landingPage <http://example.org/{0}> .
"""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    found = Embedder.installed()
    assert found is not None, "the model is part of the installation"
    return found


@pytest.fixture(scope="module")
def learned(demo: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service over the demonstration catalogue that has learnt what its records mean."""
    assert isinstance(demo.store, EmbeddedStore)
    with serving(demo.store.folder, tmp_path_factory.mktemp("meaning") / "log", meaning="yes") as client:
        wait_until_learnt(client)
        yield client


def wait_until_learnt(client: httpx.Client) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        state = client.get("/readyz").json()["meaning"]
        if state["in_use"] and state["done"] == state["of"]:
            return
    pytest.fail(f"not learnt within 120 s: {state}")


@pytest.mark.parametrize(
    ("question", "slug"),
    [
        ("How much did houses near me sell for?", "price-paid-data"),
        ("which cafes have dirty kitchens", "food-hygiene-ratings"),
        ("where do buses stop", "naptan"),
        ("poorest neighbourhoods in Northern Ireland", "northern-ireland-multiple-deprivation"),
        ("how well do children do at school", "national-pupil-database"),
    ],
)
def test_plain_questions_find_the_dataset(learned: httpx.Client, question: str, slug: str) -> None:
    hits = learned.get("/api/search", params={"q": question}).json()["hits"]
    assert any(slug in hit["iri"] for hit in hits[:5]), [hit["iri"].rsplit("/")[-1] for hit in hits[:5]]
    assert all(hit["why"] for hit in hits)


@pytest.mark.parametrize("question", ["recipe for sourdough bread", "who won the 1966 world cup", "qzxv wvut"])
def test_what_is_not_here_is_said_to_be_not_here(learned: httpx.Client, question: str) -> None:
    said = learned.get("/api/search", params={"q": question}).json()
    assert (said["total"], said["no_good_match"]) == (0, True)
    assert "The nearest themes here: " in said["advice"]


def test_filters_and_pages_hold_under_meaning(learned: httpx.Client) -> None:
    whole = learned.get("/api/search", params={"q": "health of people", "limit": 100}).json()
    assert whole["total"] == len(whole["hits"]) > 3
    assert [hit["score"] for hit in whole["hits"]] == sorted((hit["score"] for hit in whole["hits"]), reverse=True)
    publisher, count = next(iter(whole["facets"]["publisher"].items()))
    fewer = learned.get("/api/search", params={"q": "health of people", "publisher": publisher, "limit": 100}).json()
    assert fewer["total"] == count
    assert {hit["publisher"] for hit in fewer["hits"]} == {publisher}
    seen: list[str] = []
    cursor = ""
    while True:
        part = learned.get("/api/search", params={"q": "health of people", "limit": 2, "cursor": cursor}).json()
        seen += [hit["iri"] for hit in part["hits"]]
        if not (cursor := part["next"] or ""):
            break
    assert seen == [hit["iri"] for hit in whole["hits"]]


def test_the_exact_title_comes_first(learned: httpx.Client, demo: Catalog) -> None:
    for record, _, _ in demo.listing()[::6]:
        title = demo.describe(demo.get(record)).title
        assert learned.get("/api/search", params={"q": title}).json()["hits"][0]["iri"] == record, title


def test_a_new_record_is_found_by_words_at_once_and_by_meaning_soon(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        ONE.format("a", "Otter sightings", "Where and when otters were seen beside rivers.")
    )
    (tmp_path / "b.ttl").write_text(ONE.format("b", "Dental appointments", "Waiting times for a dentist, by practice."))
    store = EmbeddedStore(tmp_path / "store", BASE)
    load(store, tmp_path / "a.ttl")
    with serving(store.folder, tmp_path / "log", meaning="yes") as client:
        wait_until_learnt(client)
        assert client.get("/api/search", params={"q": "wild animals near water"}).json()["hits"]
        load(store, tmp_path / "b.ttl")
        assert client.get("/api/search", params={"q": "dental"}).json()["hits"][0]["title"] == "Dental appointments"
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if client.get("/readyz").json()["meaning"] == {"done": 2, "of": 2, "in_use": True}:
                break
        hits = client.get("/api/search", params={"q": "toothache, who can see me soon"}).json()["hits"]
        assert hits[0]["title"] == "Dental appointments"


def test_nothing_is_computed_twice(embedder: Embedder, tmp_path: Path) -> None:
    told: list[Progress] = []
    texts = [(f"http://x/{n}", f"text number {n}") for n in range(5)]
    first = Meaning(embedder, tmp_path / "vectors.sqlite")
    first.catch_up("1", texts, told.append)
    assert [(one.done, one.total) for one in told] == [(0, 5), (5, 5)]
    told.clear()
    second = Meaning(embedder, tmp_path / "vectors.sqlite")
    second.catch_up("2", [*texts, ("http://x/same", "text number 1")], told.append)
    assert [(one.done, one.total) for one in told] == [(6, 6)], "the same text has the same vector"
    near = second.nearest("2", "text number 3")
    assert near is not None
    assert near.iris[int(np.argmax(near.values))] == "http://x/3"
    assert second.nearest("1", "text") is None, "another snapshot has other records"


def test_very_many_are_found_by_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(7)
    vectors = chance.standard_normal((3_000, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = vectors[[5, 77, 2_500]] + 0.02 * chance.standard_normal((3, 384)).astype(np.float32)
    exact = meaning._comparison(vectors)
    monkeypatch.setattr(meaning, "_EXACT", 100)
    indexed = meaning._comparison(vectors)
    for vector in asked:
        unit = vector / np.linalg.norm(vector)
        wanted, found = exact(unit), indexed(unit)
        assert int(found.argmax()) == int(wanted.argmax())
        best = np.argsort(-wanted)[:50]
        assert len(set(best) & set(np.argsort(-found)[:50])) >= 45, "nearly all of the nearest are found"
        known = found > -1
        assert 500 < known.sum() < 3_000
        assert np.allclose(found[known], wanted[known], atol=0.01)


def test_vectors_are_made_by_a_command_too(demo: Catalog, tmp_path: Path) -> None:
    assert isinstance(demo.store, EmbeddedStore)
    store = EmbeddedStore(tmp_path / "store", BASE)
    load(store, DATA / "open-wales")
    done = run("index", "--vectors", "--store", store.folder, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert said["records"] == said["vectors"] > 3
    assert f"{said['vectors']:,} of {said['vectors']:,}" in done.err
    assert (store.folder / "vectors.sqlite").is_file()


def test_vectors_are_of_length_one_and_alike_where_the_meaning_is(embedder: Embedder) -> None:
    vectors = embedder.embed(["house prices", "cost of homes", "bus timetables", ""])
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert embedder.embed([]).shape == (0, 384)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no model in this folder"):
        Embedder.installed(str(tmp_path))
