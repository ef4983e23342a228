"""Searches by words: what things are called elsewhere, misspellings, and questions in whole sentences."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.loading import Loader
from ndl_graph.quality import Scorer
from ndl_graph.search import Nearness, SearchQuery, UseQuery, narrowing_faults
from ndl_graph.search.meaning import crowding
from ndl_graph.search.words import Concept, Thesaurus, load_concepts, nations_asked
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from tests.conftest import load

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
    thesaurus = Thesaurus([Concept(("general practitioner", "GP", "A&E?(.*)"))], str.split)
    assert thesaurus.words("one gp two one") == [
        (("one",),),
        (("gp",), ("general", "practitioner"), ("GP",), ("A&E?(.*)",)),
        (("two",),),
    ]
    assert thesaurus.in_full("Ask a GP") == "ask a gp (general practitioner)"
    assert thesaurus.in_full("Ask a general practitioner") == "ask a general practitioner"
    assert thesaurus.words("gps agp") == [(("gps",),), (("agp",),)]


def test_no_label_stands_for_two_things() -> None:
    labels = [name.casefold() for concept in load_concepts() for name in concept.names]
    assert len(labels) == len(set(labels))
    assert all(len(concept.names) > 1 for concept in load_concepts()), "a name alone stands for nothing"


NATIONS = """
<http://ex.org/w> a dcat:Dataset ; dct:title "Hospital waiting times"@en ;
  dct:spatial <http://statistics.data.gov.uk/id/statistical-geography/W92000004> .
<http://ex.org/s> a dcat:Dataset ; dct:title "Hospital waiting times"@en ;
  dct:spatial <http://statistics.data.gov.uk/id/statistical-geography/S92000003> .
<http://ex.org/u> a dcat:Dataset ; dct:title "Hospital waiting times"@en .
"""


class Even(Nearness):
    """Everything is equally near."""

    def __init__(self, iris: list[str]) -> None:
        super().__init__(iris, {iri: place for place, iri in enumerate(iris)}, np.full(len(iris), 0.5, np.float32))


@pytest.fixture
def hospitals(tmp_path: Path) -> Catalog:
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n" + NATIONS
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    return Catalog(store)


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("hospital waiting times in Wales", "wus"),
        ("Scottish hospital waiting times", "suw"),
        ("amseroedd aros ysbytai Cymru", "wus"),
        ("amseroedd aros ysbytai yng Nghymru", "wus"),
        ("hospital waiting times not in Scotland", "wu"),
        ("hospital waiting times outside Wales", "us"),
        ("everything except Scotland or Wales: hospital waiting times", "u"),
        ("outside Scotland", "wu"),
    ],
)
def test_a_nation_that_is_named_comes_first(hospitals: Catalog, question: str, order: str) -> None:
    index = hospitals.snapshot().index
    found = index.search(SearchQuery(question), Even([row[0] for row in hospitals.listing()]))
    assert "".join(hit.said["dataset"][-1] for hit in found.hits) == order


@pytest.mark.parametrize("text", ["http://ex.org/w", "HTTP://EX.ORG/w ", "10.5281/zenodo.1234", "abc-1"])
def test_an_identifier_finds_what_it_identifies(tmp_path: Path, text: str) -> None:
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        + NATIONS
        + '<http://ex.org/w> dct:identifier "10.5281/zenodo.1234", "ABC-1", "hospital" .'
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    index = Catalog(store).snapshot().index
    found = index.search(SearchQuery(text))
    assert [(hit.said["dataset"], hit.why) for hit in found.hits] == [("http://ex.org/w", "by its identifier")]
    assert index.search(SearchQuery("hospital")).total == 3, "a word is no identifier"


def test_where_nothing_fits_the_nearest_themes_are_told(tmp_path: Path) -> None:
    themes = "http://publications.europa.eu/resource/authority/data-theme/"
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        + "".join(
            f'<http://ex.org/{theme}{number}> a dcat:Dataset ; dct:title "{theme} {number}" ; '
            f"dcat:theme <{themes}{theme}> .\n"
            for theme, count in (("HEAL", 30), ("TRAN", 20), ("ENVI", 5))
            for number in range(count)
        )
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    catalog = Catalog(store)
    near = Even([row[0] for row in catalog.listing()])
    near.values[:] = [0.2 if "envi" in iri else 0.1 if "tran" in iri else 0.0 for iri in near.iris]
    found = catalog.snapshot().index.search(SearchQuery("otters"), near)
    assert (found.total, found.as_json()["no_good_match"]) == (0, True)
    assert found.advice is not None
    assert set(found.advice.themes) == {"Transport", "Environment"}, "not the largest, but the nearest"
    assert str(found.advice).startswith("Nothing here is about that. Try other words")
    assert "Transport" in found.as_json()["advice"]


def test_a_filter_finds_what_is_not_among_the_nearest(hospitals: Catalog) -> None:
    iris = [row[0] for row in hospitals.listing()]
    near = Even(iris)
    near.values[:] = [0.9, 0.9, 0.9]
    index = hospitals.snapshot().index
    found = index.search(SearchQuery("hospital", {"place": ["Wales"]}), near)
    assert [hit.said["dataset"] for hit in found.hits] == ["http://ex.org/w"]
    assert found.facets["place"] == [("Wales", 1)]
    whole = index.search(SearchQuery("hospital", limit=1), near)
    assert (whole.total, dict(whole.facets["place"])) == (3, {"Wales": 1, "Scotland": 1})


def test_a_record_that_came_after_the_vectors_is_found_by_its_words(hospitals: Catalog) -> None:
    iris = [row[0] for row in hospitals.listing()]
    found = hospitals.snapshot().index.search(SearchQuery("hospital waiting times"), Even(iris[:1]))
    assert {hit.said["iri"] for hit in found.hits} == set(iris)


def test_one_in_a_crowd_is_less_near() -> None:
    chance = np.random.default_rng(1)
    crowd = np.ones((50, 8), np.float32) + 0.01 * chance.standard_normal((50, 8)).astype(np.float32)
    alone = np.eye(8, dtype=np.float32)[:6]
    vectors = np.concatenate([crowd, alone])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    taken = crowding(vectors)
    assert taken[:50].min() > 0 > taken[50:].max(), "what is near to everything falls, what is near to little rises"
    assert abs(float(taken.mean())) < 1e-6, "so that the verdict stays what it was"
    assert not crowding(vectors[:3]).any(), "a few records are no crowd"


@pytest.mark.parametrize("damage", ["old", "gone", "empty meta", "no segments"])
def test_a_broken_index_is_made_anew(hospitals: Catalog, damage: str) -> None:
    folder = hospitals.snapshot().view.folder / "index"
    assert upkeep.is_searchable(hospitals)
    if damage == "old":
        (folder / "form").unlink()
        (folder / "form").write_text("0")
    elif damage == "gone":
        # A reader that watches the folder may write into it while it goes.
        folder.rename(folder.with_name("gone"))
    elif damage == "empty meta":
        (folder / "meta.json").unlink()
        (folder / "meta.json").write_text("")
    else:
        for path in folder.glob("*.store"):
            path.unlink()
    again = Catalog(hospitals.store)
    assert not upkeep.is_searchable(again)
    upkeep.reindex(again, Scorer())
    assert len(again.search(SearchQuery("hospital")).hits) == 3
    assert upkeep.is_searchable(again)


def test_a_misspelt_word_is_told_with_what_was_looked_for_instead(hospitals: Catalog) -> None:
    found = hospitals.index.search(SearchQuery("hosptal"))
    assert found.total == 3
    assert found.advice is not None
    assert found.advice.instead == (("hosptal", "hospital"),)
    assert "hospital (hosptal)" in str(found.advice)
    assert {hit.why for hit in found.hits} & {"in the title", "in the title and description"}
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert hospitals.index.search(SearchQuery("hospital")).advice is None


def test_words_in_which_a_question_is_put_are_not_looked_for(hospitals: Catalog) -> None:
    plain = hospitals.index.search(SearchQuery("hospital waiting"))
    asked = hospitals.index.search(SearchQuery("Where can I find data about how many are waiting in a hospital?"))
    assert [hit.said["iri"] for hit in asked.hits] == [hit.said["iri"] for hit in plain.hits]
    assert asked.advice == plain.advice


def test_a_form_is_found_where_all_of_it_is(store: EmbeddedStore, tmp_path: Path) -> None:
    """The 2 of SARS-CoV-2 alone is no COVID."""
    head = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    (tmp_path / "a.ttl").write_text(
        head + "".join(
            f"<https://e.org/{n}> a dcat:Dataset ; dct:title '{title}' ; dct:description '{text}' ; dct:publisher 'P' ;"
            " dcat:landingPage <https://e.org/p> .\n"
            for n, title, text in ((1, "Study 2", "Of coronavirus."), (2, "SARS-CoV-2 tests", "All of them."))
        )
    )  # fmt: skip
    load(store, tmp_path / "a.ttl")
    found = Catalog(store).index.search(SearchQuery("covid"))
    assert {hit.said["title"]: hit.why for hit in found.hits} == {
        "Study 2": "in the description", "SARS-CoV-2 tests": "in the title",
    }  # fmt: skip


def test_all_that_is_near_is_counted_and_as_much_can_be_gone_through(hospitals: Catalog) -> None:
    iris = [row[0] for row in hospitals.listing()]
    found = hospitals.index.search(SearchQuery("hospital", limit=1), Even(iris))
    assert found.total == found.pageable == len(iris)
    assert SearchQuery.cursor_of(10_001, 20_000) is None
    assert SearchQuery.cursor_of(10_000, 20_000)
    assert SearchQuery.offset_of(SearchQuery.cursor_of(10_000, 20_000) or "") == 10_000


CARE = """
<http://ex.org/1> a dcat:Dataset ; dct:title "Cost of living survey"@en .
<http://ex.org/2> a dcat:Dataset ; dct:title "Living rooms and what they cost"@en .
<http://ex.org/3> a dcat:Dataset ; dct:title "Cost of schools in Scotland"@en ;
  dct:description "Living costs aside."@en .
<http://ex.org/4> a dcat:Dataset ; dct:title "Rail fares"@en ; dcat:keyword "cost" ; dct:description "Living."@en .
"""


@pytest.fixture(scope="module")
def care(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder: Path = tmp_path_factory.mktemp("care")
    head = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    (folder / "some.ttl").write_text(head + CARE)
    store = EmbeddedStore(folder / "store")
    Loader(store, []).load([Source(str(folder / "some.ttl"))])
    return Catalog(store)


@pytest.mark.parametrize("by_meaning", [False, True])
@pytest.mark.parametrize(
    ("text", "found", "advice"),
    [
        ("cost living", "1234", None),
        ('"cost of living"', "1", None),
        ("\u201cCosts of Living\u201d", "1", None),  # stems, capitals and the marks of a word processor
        ('"living cost"', "3", None),
        ('survey "cost of living"', "1", None),
        ('rail "cost of living"', "1", "holds all of these words"),
        ('"schools in scotland" cost', "3", None),
        ('"living of cost"', "1234", "those words as they stand together"),
        ("cost living -schools", "124", None),
        ('cost -"cost of living" living', "234", None),
        ("cost \u2212rail -survey living", "23", None),
        ("cost-living", "1234", None),  # no minus sign, but a hyphen
        ('cost living"', "1234", None),  # a mark that is never closed
        ("-rail", "", "Use words"),
    ],
)
def test_words_together_and_words_that_are_not_wanted(
    care: Catalog, text: str, found: str, advice: str | None, by_meaning: bool
) -> None:
    near = Even([row[0] for row in care.listing()]) if by_meaning else None
    result = care.index.search(SearchQuery(text), near)
    assert "".join(sorted(hit.said["dataset"][-1] for hit in result.hits)) == found
    assert (advice or "") in str(result.advice or "")
    assert (result.advice is None) == (advice is None)


def test_could_i_use_this_knows_words_together_too(care: Catalog) -> None:
    def found(text: str) -> str:
        answers = care.index.usable(UseQuery("public", text=text))
        return "".join(sorted(hit.said["dataset"][-1] for answer in answers for hit in answer.hits))

    assert (found('"cost of living"'), found('"living of cost"'), found("cost -schools -rail")) == ("1", "1234", "12")


PERIODS = """
<http://ex.org/1> a dcat:Dataset ; dct:title "One"@en ;
  dct:temporal [ dcat:startDate "1990-04-01" ; dcat:endDate "1999" ] .
<http://ex.org/2> a dcat:Dataset ; dct:title "Two"@en ; dct:temporal [ dcat:startDate "2001-01-01T00:00:00Z" ] .
<http://ex.org/3> a dcat:Dataset ; dct:title "Three"@en ; dct:temporal "1995/2003" .
<http://ex.org/4> a dcat:Dataset ; dct:title "Four"@en ; dct:temporal "2020" , "a while ago" .
<http://ex.org/5> a dcat:Dataset ; dct:title "Five"@en .
"""


def test_a_search_is_narrowed_by_years_and_by_how_good_descriptions_are(tmp_path: Path) -> None:
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n" + PERIODS
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    index = Catalog(store).index

    def found(**filters: str) -> str:
        hits = index.search(SearchQuery("", {name: [value] for name, value in filters.items()})).hits
        return "".join(sorted(hit.said["dataset"][-1] for hit in hits))

    assert [found(period=one) for one in ("1990", "1999-2000", "2001", "2020", "1989", "1900-1994")] == [
        "1", "13", "23", "24", "", "1",
    ]  # fmt: skip
    assert found(quality="bad") == "12345"
    assert found(quality="excellent") == ""
    assert narrowing_faults({"period": ["1990-1980"]}).startswith("'1990-1980' is no year")
    assert narrowing_faults({"quality": ["splendid"]}).startswith("'splendid' is no quality")
    assert narrowing_faults({"period": ["1990-1999", "2001"], "quality": ["good"]}) == ""


def test_what_holds_every_word_is_shown_however_far_it_is(hospitals: Catalog) -> None:
    """One that passes a filter and holds all words is no less an answer because another is nearer in meaning."""
    near = Even([row[0] for row in hospitals.listing()])
    near.values[:] = [0.1 if "hospital-waiting-times-2" in iri else 0.9 for iri in near.iris]
    index = hospitals.index
    for place in ("Wales", "Scotland"):
        found = index.search(SearchQuery("hospital waiting times", {"place": [place]}), near)
        assert (found.total, len(found.hits), found.advice) == (1, 1, None)
    whole = index.search(SearchQuery("hospital waiting times"), near)
    assert (whole.total, len(whole.hits)) == (3, 3)


@pytest.mark.parametrize(
    ("text", "named", "excluded", "rest"),
    [
        ("schools in Wales", {"Wales"}, set(), "schools in Wales"),
        ("ysgolion yng Nghymru", {"Wales"}, set(), "ysgolion yng Nghymru"),
        ("deprivation NI", {"Northern Ireland"}, set(), "deprivation NI"),
        ("nid oes ni", set(), set(), "nid oes ni"),
        ("New South Wales schools", set(), set(), "New South Wales schools"),
        ("mining in South Wales", {"Wales"}, set(), "mining in South Wales"),
        ("Bank of England rates", set(), set(), "Bank of England rates"),
        ("schools not in Scotland", set(), {"Scotland"}, "schools"),
        ("Schools outside England and Wales, by size", set(), {"England", "Wales"}, "schools , by size"),
        ("England but not Wales", {"England"}, {"Wales"}, "england but"),
        ("ysgolion y tu allan i Gymru", set(), {"Wales"}, "ysgolion"),
    ],
)
def test_nations_are_told_in_a_question(text: str, named: set[str], excluded: set[str], rest: str) -> None:
    asked = nations_asked(text)
    assert (set(asked.named), set(asked.excluded), asked.rest) == (named, excluded, rest)


def test_a_word_of_two_languages_means_the_welsh_beside_other_welsh() -> None:
    thesaurus = Thesaurus(load_concepts(), str.split)
    assert thesaurus.words("power plant") == [(("power",),), (("plant",),)]
    assert thesaurus.in_full("gig economy") == "gig economy"
    for text in ("iechyd plant", "plant yn yr ysgol"):
        assert any(("children",) in word for word in thesaurus.words(text)), text


@pytest.fixture(scope="module")
def schools(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Descriptions that state no place, of publishers whose names tell."""
    folder: Path = tmp_path_factory.mktemp("schools")
    (folder / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
        + "".join(
            f'<http://ex.org/{name}> a dcat:Dataset ; dct:title "School exam results" ; dct:description "Results." ; '
            f'dct:publisher [ a foaf:Agent ; foaf:name "{publisher}" ] .\n'
            for name, publisher in (("s", "Scottish Government"), ("w", "Welsh Government"), ("x", "A council"))
        )
    )
    store = EmbeddedStore(folder / "store")
    Loader(store, []).load([Source(str(folder / "some.ttl"))])
    return Catalog(store)


@pytest.mark.parametrize(("question", "first"), [("school exam results Wales", "w"), ("Scotland school exam", "s")])
def test_where_no_place_is_stated_the_publisher_tells_the_nation(schools: Catalog, question: str, first: str) -> None:
    found = schools.index.search(SearchQuery(question), Even([row[0] for row in schools.listing()]))
    order = [hit.said["dataset"][-1] for hit in found.hits]
    assert order[0] == first
    assert order[1] == "x", "what is of another nation comes after what may be of this one"


@pytest.mark.parametrize("word", ["gambling", "fracking", "rover"])
def test_a_word_that_is_none_of_ours_is_not_taken_for_one(tmp_path: Path, word: str) -> None:
    """It is alike, and means something else."""
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        '<http://ex.org/a> a dcat:Dataset ; dct:title "Sampling and tracking over time" ; dct:description "Of fish." .'
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    found = Catalog(store).index.search(SearchQuery(word))
    assert found.total == 0
    assert found.advice is not None
    assert not found.advice.instead


@pytest.mark.parametrize(
    ("filters", "total", "told"),
    [
        ({"format": ["csv"]}, 1, ""),
        ({"format": ["http://publications.europa.eu/resource/authority/file-type/CSV"]}, 1, ""),
        ({"licence": ["http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"]}, 1, ""),
        ({"publisher": ["glasgow CITY council"]}, 1, ""),
        ({"publisher": ["Glasgow Citty Council"]}, 0, "The nearest there is: Glasgow City Council (Glasgow Citty"),
        ({"publisher": ["Glasgow Citty Council", "Glasgow City Council"]}, 1, ""),
        ({"theme": ["quantum chromodynamics"]}, 0, "has a value that is asked for in a filter."),
        ({"format": ["csv"], "publisher": ["nobody"]}, 0, "has a value"),
    ],
)
def test_values_of_filters_are_told_apart_from_nothing(
    tmp_path: Path, filters: dict[str, list[str]], total: int, told: str
) -> None:
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "<http://ex.org/a> a dcat:Dataset ; dct:title 'Air' ; dct:description 'Of the air.' ; "
        "dct:publisher 'Glasgow City Council' ; dct:license 'OGL v3.0' ; "
        "dcat:distribution [ dcat:accessURL <http://ex.org/a.csv> ; dct:format 'CSV' ] ."
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    found = Catalog(store).search(SearchQuery("air", filters))
    assert found.total == total
    assert told in str(found.advice or "")
    assert bool(found.advice) is bool(told)
