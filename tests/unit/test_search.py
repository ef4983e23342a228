"""Searches by words: what things are called elsewhere, misspellings, and questions in whole sentences."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.loading import Loader
from ndl_graph.search import SearchQuery
from ndl_graph.search.words import Thesaurus, load_labels
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore

TITLES = (
    "General practice list sizes",
    "Accident and emergency attendances",
    "Electric vehicle charging points",
    "Termination of pregnancy: abortion figures",
    "Primary schools",
    "Tree preservation orders",
    "Household energy use",
    "Energy bills by region",
    "Letters received by the registry",
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    folder: Path = tmp_path_factory.mktemp("search")
    head = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    (folder / "some.ttl").write_text(
        head
        + "".join(
            f'<http://ex.org/{number}> a dcat:Dataset ; dct:title "{title}"@en .\n'
            for number, title in enumerate(TITLES)
        )
    )
    store = EmbeddedStore(folder / "store")
    Loader(store, []).load([Source(str(folder / "some.ttl"))])
    catalog = Catalog(store)
    return lambda text: [hit.said["title"] for hit in catalog.search(SearchQuery(text)).hits]


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("GP", TITLES[0]), ("GPs", TITLES[0]), ("doctor\u2019s surgery", TITLES[0]), ("A&E", TITLES[1]),
        ("EV charging", TITLES[2]), ("abortoin", TITLES[3]), ("aborttion figuers", TITLES[3]), ("ysgol", TITLES[4]),
        ("TPOs", TITLES[5]), ("Where can I charge an electric car?", TITLES[2]), ("emergancy attendences", TITLES[1]),
    ],
)  # fmt: skip
def test_what_people_call_it_finds_what_publishers_call_it(
    found: Callable[[str], list[str]], asked: str, title: str
) -> None:
    assert found(asked)[0] == title


def test_an_abbreviation_does_not_find_its_letters(found: Callable[[str], list[str]]) -> None:
    assert found("A&E") == [TITLES[1]]
    assert found("zzzzzz") == []
    assert found("gas") == [], "short words are not bent into others"


def test_known_phrases_are_one_word_and_told_in_full() -> None:
    thesaurus = Thesaurus([("general practitioner", "GP", "A&E?(.*)")], str.split)
    assert thesaurus.words("one gp two one") == [
        (("one",),),
        (("gp",), ("general", "practitioner"), ("GP",), ("A&E?(.*)",)),
        (("two",),),
    ]
    assert thesaurus.in_full("Ask a GP") == "ask a gp (general practitioner)"
    assert thesaurus.in_full("Ask a general practitioner") == "ask a general practitioner"
    assert thesaurus.words("gps agp") == [(("gps",),), (("agp",),)]


def test_no_label_stands_for_two_things() -> None:
    labels = [name.casefold() for names in load_labels() for name in names]
    assert len(labels) == len(set(labels))
    assert all(len(names) > 1 for names in load_labels()), "a name alone stands for nothing"
