"""Scores: every metric is gained by what it asks for and lost without it, and tables, graph and index agree."""

from datetime import date
from typing import Final

import pytest
from pyoxigraph import NamedNode, QuerySolutions, RdfFormat, parse

from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import PREFIXES
from ndl_graph.quality import (
    METRICS,
    SCORES,
    Assessment,
    LinkState,
    Scorer,
    bands_of,
    faulty_records,
    fixes_of,
    score_lines,
    without_scores,
)
from ndl_graph.record import Record, Statements
from ndl_graph.sparql import read_query
from ndl_graph.validation import agreeing

TODAY: Final = date(2026, 11, 26)
IRI: Final = "https://data.example.gov.uk/rivers"
FILE: Final = "https://data.example.gov.uk/rivers.csv"
EU: Final = "http://publications.europa.eu/resource/authority/"
ALIVE: Final = {FILE: LinkState(True, "2026-11-01"), IRI: LinkState(True, "2026-11-01")}
#: A description that has everything.
FULL: Final = f"""
<{IRI}> a dcat:Dataset ;
  dct:title "River levels in England"@en ;
  dct:description "The level of each river gauge in England, every fifteen minutes since 1979, in metres above datum, as read by the agency."@en ;
  dcat:keyword "rivers"@en ; dcat:theme <{EU}data-theme/ENVI> ;
  dct:spatial <http://statistics.data.gov.uk/id/statistical-geography/E92000001> ;
  dct:temporal <#period> ; dct:publisher <#agency> ; dcat:contactPoint <#contact> ;
  dct:license <http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/> ;
  dct:accessRights <{EU}access-right/PUBLIC> ;
  dct:issued "2021-03-01"^^xsd:date ; dct:modified "2026-10-01"^^xsd:date ;
  dct:accrualPeriodicity <{EU}frequency/QUARTERLY> ;
  dcat:landingPage <{IRI}> ; adms:sample <#sample> ;
  dcat:distribution <#file> ; cr:recordSet <#gauges> .
<#period> a dct:PeriodOfTime ; dcat:startDate "1979-01-01"^^xsd:date .
<#agency> a foaf:Agent ; foaf:name "Environment Agency" . <#contact> a vcard:Organization ; vcard:fn "Team" .
<#file> a dcat:Distribution ; dcat:accessURL <{FILE}> ; dcat:downloadURL <{FILE}> ;
  dct:format <{EU}file-type/CSV> ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ;
  dct:rights <#rights> ; dcat:byteSize "1000"^^xsd:nonNegativeInteger .
<#gauges> a cr:RecordSet ; cr:field <#level> . <#level> a cr:Field ; schema:description "Metres." .
"""  # noqa: E501
#: Metric, what is taken out of the full description, and what is put in its place.
LOSSES: Final = [
    ("eu-keyword", 'dcat:keyword "rivers"@en ;', ""),
    ("eu-theme", f"dcat:theme <{EU}data-theme/ENVI> ;", ""),
    ("eu-spatial", "dct:spatial <http://statistics.data.gov.uk/id/statistical-geography/E92000001> ;", ""),
    ("eu-temporal", "dct:temporal <#period> ;", ""),
    ("eu-download-url", f"dcat:downloadURL <{FILE}> ;", ""),
    ("eu-format", f"dct:format <{EU}file-type/CSV> ;", ""),
    ("eu-media-type", "dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ;", ""),
    ("eu-format-vocabulary", f"dct:format <{EU}file-type/CSV> ;", 'dct:format "CSV" ;'),
    ("eu-non-proprietary", f"<{EU}file-type/CSV> ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv>",
     f"<{EU}file-type/XLS> ; dcat:mediaType <https://www.iana.org/assignments/media-types/application/vnd.ms-excel>"),
    ("eu-machine-readable", f"<{EU}file-type/CSV> ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv>",
     f"<{EU}file-type/PDF> ; dcat:mediaType <https://www.iana.org/assignments/media-types/application/pdf>"),
    ("eu-dcat-ap", f"dcat:accessURL <{FILE}> ;", ""),
    ("eu-licence", "dct:license <http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/> ;", ""),
    ("eu-licence-known", "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "https://ex.org/l"),
    ("eu-access-rights", f"dct:accessRights <{EU}access-right/PUBLIC> ;", ""),
    ("eu-access-rights-vocabulary", f"<{EU}access-right/PUBLIC>", '"OPEN"'),
    ("eu-contact", "dcat:contactPoint <#contact> ;", ""),
    ("eu-publisher", "dct:publisher <#agency> ;", ""),
    ("eu-rights", "dct:rights <#rights> ;", ""),
    ("eu-byte-size", 'dcat:byteSize "1000"^^xsd:nonNegativeInteger', 'dct:title "File"'),
    ("eu-issued", 'dct:issued "2021-03-01"^^xsd:date ;', ""),
    ("eu-modified", 'dct:modified "2026-10-01"^^xsd:date ;', ""),
    ("ai-croissant", 'dct:issued "2021-03-01"^^xsd:date ; dct:modified "2026-10-01"^^xsd:date ;', ""),
    ("ai-open-machine-format", f"<{EU}file-type/CSV> ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv>",
     f"<{EU}file-type/XLS> ; dcat:mediaType <https://www.iana.org/assignments/media-types/application/vnd.ms-excel>"),
    ("ai-stable-identifier", f"<{IRI}> a dcat:Dataset", "<http://127.0.0.1:8000/id/dataset/rivers> a dcat:Dataset"),
    ("ai-description", "The level of each river gauge in England, every fifteen minutes since 1979, in metres above "
     "datum, as read by the agency.", "Rivers."),
    ("ai-fields", 'schema:description "Metres."', 'schema:name "level"'),
    ("ai-sample", "adms:sample <#sample> ;", ""),
    ("ai-fresh", 'dct:modified "2026-10-01"', 'dct:modified "2025-10-01"'),
    ("ai-answerable", "dcat:contactPoint <#contact> ;", ""),
    ("ai-terms", "http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "https://ex.org/l"),
]  # fmt: skip


def score(text: str, links: dict[str, LinkState] | None = None, *, every: bool = False) -> Assessment:
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    triples = [q.triple for q in parse((head + text).encode(), RdfFormat.TURTLE, base_iri="https://ex.org/")]
    dataset = next(t.subject for t in triples if str(t.object) == "<http://www.w3.org/ns/dcat#Dataset>")
    assert isinstance(dataset, NamedNode)
    record = Record(NamedNode("http://x/dataset/rivers"), dataset, "dataset", "k", Statements(triples=triples))
    scorer = Scorer(ALIVE if links is None else links, all_distributions=every, today=TODAY)
    view = DescriptionView(triples, dataset, default_labels())
    return scorer.score([(record, view)], faulty_records([record]))[record.iri.value]


def test_a_full_description_has_every_point() -> None:
    found = score(FULL)
    assert found.lacks == ()
    assert found.points == {"eu": 405, "ai": 100}


def test_an_empty_one_has_hardly_any() -> None:
    found = score(f'<{IRI}> a dcat:Dataset ; dct:title "Rivers" .', {})
    unknown = {"eu-access-url-reachable", "eu-download-url-reachable"}
    assert set(METRICS) - set(found.lacks) == {"ai-stable-identifier", "ai-links-alive", *unknown}
    assert found.points == {"eu": 0, "ai": 15}


@pytest.mark.parametrize(("metric", "out", "instead"), LOSSES, ids=[one[0] for one in LOSSES])
def test_each_metric_is_lost_without_what_it_asks_for(metric: str, out: str, instead: str) -> None:
    assert out in FULL.replace("\n  ", " "), "the test takes something out"
    found = score(FULL.replace("\n  ", " ").replace(out, instead))
    assert metric in found.lacks
    # A link that is not given cannot be followed: no points, and one thing to mend, not two.
    unknown = {
        "dcat:downloadURL": {"eu-download-url-reachable"},
        "dcat:accessURL": {"eu-access-url-reachable"},
    }.get(out.split(" ")[0] if not instead else "", set())
    for name, total in (("eu", 405), ("ai", 100)):
        lost = sum(METRICS[one].points for one in unknown | {*found.lacks} if METRICS[one].score == name)
        assert found.points[name] == total - lost


def test_every_metric_is_tested() -> None:
    by_links = {"eu-access-url-reachable", "eu-download-url-reachable", "ai-links-alive", "ai-access-route"}
    assert {one[0] for one in LOSSES} | by_links == set(METRICS)
    assert sum(m.points for m in METRICS.values() if m.score == "eu") == SCORES["eu"].points == 405
    assert sum(m.points for m in METRICS.values() if m.score == "ai") == SCORES["ai"].points == 100
    assert all(m.why and m.fix and m.dimension and m.label for m in METRICS.values())


def test_links_count_once_they_have_been_checked() -> None:
    unchecked = score(FULL, {})
    assert unchecked.lacks == (), "what nobody has looked at is no fault of the publisher's"
    assert unchecked.points["eu"] == 405 - 80
    dead = score(FULL, {FILE: LinkState(False, "2026-11-02")})
    assert {"eu-access-url-reachable", "eu-download-url-reachable", "ai-links-alive"} == set(dead.lacks)
    assert dead.dead == {FILE: "2026-11-02"}
    nowhere = FULL.replace(f"dcat:landingPage <{IRI}> ;", "").replace("dcat:distribution <#file> ;", "")
    assert "ai-access-route" in score(nowhere).lacks


def test_the_best_distribution_counts_or_all_must() -> None:
    two = FULL.replace("dcat:distribution <#file>", "dcat:distribution <#file> , <#other>") + (
        f"<#other> a dcat:Distribution ; dcat:accessURL <{FILE}> ."
    )
    assert score(two).lacks == ("ai-croissant",)
    assert {"eu-download-url", "eu-format", "eu-byte-size"} < set(score(two, every=True).lacks)


@pytest.mark.parametrize(
    ("frequency", "modified", "fresh"),
    [
        ("MONTHLY", "2026-11-01", True), ("MONTHLY", "2026-10-20", True), ("MONTHLY", "2026-09-01", False),
        ("ANNUAL", "2025-06-30", True), ("ANNUAL", "2025", True), ("ANNUAL", "2024-12", False),
        ("NEVER", "1999-01-01", True), ("CONT", "2001-01-01", True), ("UNKNOWN", "2026-11-25", False),
    ],
)  # fmt: skip
def test_freshness_is_measured_by_the_publishers_own_promise(frequency: str, modified: str, fresh: bool) -> None:
    text = FULL.replace("frequency/QUARTERLY", f"frequency/{frequency}").replace(
        'issued "2021-03-01"', 'issued "1998-01-01"'
    )
    text = text.replace('"2026-10-01"^^xsd:date', f'"{modified}"')
    assert ("ai-fresh" not in score(text).lacks) is fresh


def test_data_behind_approval_needs_a_way_to_apply_and_no_licence() -> None:
    licence = "dct:license <http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/> ;"
    level = "ndl:accessLevel <https://w3id.org/ndl-graph/vocab/access-level#approved-projects> ;"
    assert "ai-terms" in score(FULL.replace(licence, level)).lacks
    assert "ai-terms" not in score(FULL.replace(licence, level + f"ndl:howToApply <{IRI}> ;")).lacks


def test_scores_are_stated_and_taken_out_again() -> None:
    record = Record(NamedNode("http://x/dataset/a"), NamedNode(IRI), "dataset", "k", Statements(lines=()))
    lines = list(
        score_lines(record, Assessment({"eu": 1, "ai": 2}, (), ("There is no licence.",), {FILE: "2026-11-02"}))
    )
    assert len(lines) == 14
    own = (
        f'<{IRI}> <http://purl.org/dc/terms/title> "A"',
        f"<{IRI}> <http://www.w3.org/ns/dqv#hasQualityMeasurement> <urn:theirs>",
        "<urn:theirs> <http://www.w3.org/ns/dqv#isMeasurementOf> <urn:metric>",
    )
    assert tuple(without_scores([*own, *lines])) == own, "what a publisher measured stays"


def test_bands_and_fixes() -> None:
    assert bands_of([(405, 1), (351, 2), (350, 4), (121, 8), (120, 16), (0, 32)]) == (
        ("excellent", 3), ("good", 4), ("sufficient", 8), ("bad", 48),
    )  # fmt: skip
    fixes = fixes_of({"ai-croissant": 10, "eu-rights": 10, "ai-fields": 0, "eu-keyword": 5}, 10)
    assert [(one.metric.name, one.datasets, round(one.gain, 1)) for one in fixes] == [
        ("ai-croissant", 10, 15.0), ("eu-keyword", 5, 3.7), ("eu-rights", 10, 1.2),
    ]  # fmt: skip
    assert len(fixes_of(dict.fromkeys(METRICS, 1), 1)) == 10


def test_graph_index_and_page_tell_the_same(demo: Catalog) -> None:
    rows = demo.query(
        read_query(
            "SELECT ?record ?score ?value { GRAPH ?record { ?record foaf:primaryTopic ?d . "
            "?d dqv:hasQualityMeasurement [ dqv:isMeasurementOf ?score ; dqv:value ?value ] } "
            "FILTER(STRENDS(STR(?score), '-score')) }"
        )
    )
    assert isinstance(rows, QuerySolutions)
    in_graph = {
        (str(row["record"]).strip("<>"), str(row["score"]).strip("<>").rsplit("#", 1)[1]): int(row["value"].value)
        for row in rows
    }
    counts = demo.index.quality()
    assert len(in_graph) == 2 * counts.whole.total > 80
    for name in SCORES:
        values = [value for (_, score), value in in_graph.items() if score == f"{name}-score"]
        assert counts.whole.averages[name] == pytest.approx(sum(values) / len(values))
    for (record, score_), value in in_graph.items():
        marks = demo.index.marks_of(record)
        assert marks is not None
        assert marks["points"][score_.removesuffix("-score")] == value
    assert demo.history()[-1][1]["eu"] == round(counts.whole.averages["eu"], 1)


def test_croissant_that_is_said_to_load_does(demo: Catalog) -> None:
    import json

    import mlcroissant

    from ndl_graph.formats import format_named

    write = format_named("croissant").write
    assert write is not None
    ready = [
        hit
        for hit in demo.index.marked({})
        if hit["kind"] == "dataset" and "ai-croissant" not in (demo.index.marks_of(hit["iri"]) or {})["lacks"]
    ]
    assert ready
    for hit in ready:
        dataset = mlcroissant.Dataset(jsonld=json.loads(write(demo.get(hit["iri"]))))
        assert not dataset.metadata.issues.errors


def test_each_is_judged_alone_where_they_agree_on_one_node_and_not_on_what_it_leads_to() -> None:
    """Both have one file with one licence, and say different things of that: the file has one licence all the same."""
    dct, dcat, rdf = (PREFIXES[name] for name in ("dct", "dcat", "rdf"))
    shared = [
        f"<https://e.org/f> <{rdf}type> <{dcat}Distribution>",
        f"<https://e.org/f> <{dcat}accessURL> <https://e.org/f.csv>",
        f"<https://e.org/f> <{dct}license> <https://e.org/l>",
    ]
    records = []
    for name in ("a", "b"):
        dataset = f"<https://e.org/{name}>"
        lines = [
            f"{dataset} <{rdf}type> <{dcat}Dataset>",
            f'{dataset} <{dct}title> "{name}"@en',
            f'{dataset} <{dct}description> "About {name}."@en',
            f"{dataset} <{dcat}distribution> <https://e.org/f>",
            *shared,
            f"<https://e.org/l> <{rdf}type> <{dct}LicenseDocument>",
            f"<https://e.org/l> <{dct}type> <https://e.org/type/{name}>",
        ]
        page, node = NamedNode(f"https://b.org/dataset/{name}"), NamedNode(f"https://e.org/{name}")
        records.append(Record(page, node, "dataset", "", Statements(lines=lines)))
    assert agreeing(records) == [[records[0]], [records[1]]]
    assert agreeing([records[0], records[0]]) == [[records[0], records[0]]]
    assert [faulty_records(some) for some in agreeing(records)] == [set(), set()]


@pytest.mark.parametrize("odd", ["0001-00", "2024-13", "2024-00", "0000", "9999-12-99", "2024-02-31"])
def test_a_date_that_is_none_is_no_freshness(odd: str) -> None:
    yearly = "<http://publications.europa.eu/resource/authority/frequency/ANNUAL>"
    found = score(f'<a> a dcat:Dataset ; dct:title "A" ; dct:accrualPeriodicity {yearly} ; dct:modified "{odd}" .')
    assert "ai-fresh" in found.lacks
