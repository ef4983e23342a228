"""What is in a catalogue, by class and property: counted once for each snapshot, published as VoID."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.namespaces import DCT, FOAF, RDF, VOID, XSD
from ndl_graph.record import Term

__all__ = ["Statistics", "count", "void"]

Select = Callable[[str], list[dict[str, Term]]]

#: Descriptions come from outside: what somebody makes up a thousand properties for is not listed to the end.
_MOST: Final = 1_000


@dataclass(frozen=True)
class Statistics:
    """Counts of a union graph: triples, records (named graphs), distinct subjects; entities by class; triples by
    property; and triples by class and property."""

    triples: int = 0
    records: int = 0
    subjects: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    properties: Mapping[str, int] = field(default_factory=dict)
    by_class: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def count(select: Select) -> Statistics:
    """Counts by queries over the whole graph."""

    def number(query: str) -> int:
        return next((_number(row["n"]) for row in select(query)), 0)

    def table(query: str, key: str) -> dict[str, int]:
        rows = ((row[key], _number(row["n"])) for row in select(query) if key in row)
        counted = {term.value: amount for term, amount in rows if isinstance(term, NamedNode)}
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST])

    by_class: dict[str, dict[str, int]] = defaultdict(dict)
    rows = select("SELECT ?class ?property (COUNT(*) AS ?n) { ?s a ?class ; ?property ?o } GROUP BY ?class ?property")
    for row in rows:
        of, name = row.get("class"), row.get("property")
        if isinstance(of, NamedNode) and isinstance(name, NamedNode):
            by_class[of.value][name.value] = _number(row["n"])
    classes = table("SELECT ?class (COUNT(DISTINCT ?s) AS ?n) { ?s a ?class } GROUP BY ?class", "class")
    return Statistics(
        triples=number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"),
        records=number("SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?g foaf:primaryTopic ?t } }"),
        subjects=number("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }"),
        classes=classes,
        properties=table("SELECT ?property (COUNT(*) AS ?n) { ?s ?property ?o } GROUP BY ?property", "property"),
        by_class={
            of: dict(sorted(by_class[of].items(), key=lambda item: (-item[1], item[0]))[:_MOST]) for of in classes
        },
    )


def _number(term: Term) -> int:
    return int(term.value) if isinstance(term, Literal) and term.value.isdigit() else 0


def void(
    statistics: Statistics,
    dataset: NamedNode,
    *,
    title: str,
    endpoint: str,
    homepage: str,
    dumps: Iterable[str] = (),
    vocabularies: Iterable[str] = (),
    example: str | None = None,
) -> list[Triple]:
    """The statistics as a `void:Dataset` with a partition for each class and property (VoID, section 4)."""
    out = [
        Triple(dataset, RDF.type, VOID.Dataset),
        Triple(dataset, DCT.title, Literal(title, language="en")),
        Triple(dataset, FOAF.homepage, NamedNode(homepage)),
        Triple(dataset, VOID.sparqlEndpoint, NamedNode(endpoint)),
        Triple(dataset, VOID.triples, _integer(statistics.triples)),
        Triple(dataset, VOID.entities, _integer(statistics.records)),
        Triple(dataset, VOID.distinctSubjects, _integer(statistics.subjects)),
        Triple(dataset, VOID.classes, _integer(len(statistics.classes))),
        Triple(dataset, VOID.properties, _integer(len(statistics.properties))),
        *(Triple(dataset, VOID.dataDump, NamedNode(dump)) for dump in dumps),
        *(Triple(dataset, VOID.vocabulary, NamedNode(vocabulary)) for vocabulary in vocabularies),
    ]
    if example:
        out.append(Triple(dataset, VOID.exampleResource, NamedNode(example)))
    out += _properties(dataset, statistics.properties)
    for of, amount in statistics.classes.items():
        part = BlankNode()
        out += [
            Triple(dataset, VOID.classPartition, part),
            Triple(part, VOID["class"], NamedNode(of)),
            Triple(part, VOID.entities, _integer(amount)),
            *_properties(part, statistics.by_class.get(of, {})),
        ]
    return out


def _properties(whole: NamedNode | BlankNode, counts: Mapping[str, int]) -> list[Triple]:
    out = []
    for name, amount in counts.items():
        part = BlankNode()
        out += [
            Triple(whole, VOID.propertyPartition, part),
            Triple(part, VOID.property, NamedNode(name)),
            Triple(part, VOID.triples, _integer(amount)),
        ]
    return out


def _integer(value: int) -> Literal:
    return Literal(str(value), datatype=XSD.integer)
