"""Records as they stand in named graphs: what a graph says of its record, and which records there are."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog.protocols import Graphs
from ndl_graph.errors import RemovedError
from ndl_graph.namespaces import DCT, FOAF, NDL, RDF, XSD
from ndl_graph.order import by_position
from ndl_graph.record import Record, Statements, Term

__all__ = ["batched", "is_iri", "listed", "measured", "moment", "now", "record_in", "records_in", "text_of"]

_BATCH: Final = 100


def record_in(iri: str, triples: Sequence[Triple], base: str) -> Record:
    """The record that a graph holds; raises `RemovedError` where it holds a tombstone."""
    node = NamedNode(iri)
    own = {triple.predicate: triple.object for triple in triples if triple.subject == node}
    topic = own.get(FOAF.primaryTopic)
    if own.get(RDF.type) == NDL.Tombstone or not isinstance(topic, NamedNode):
        title, removed = own.get(DCT.title), own.get(NDL.removed)
        raise RemovedError(
            "this record was removed",
            where=iri,
            title=title.value if isinstance(title, Literal) else None,
            removed=removed.value if isinstance(removed, Literal) else None,
        )
    key = own.get(NDL.key)
    return Record(
        iri=node,
        dataset=topic,
        kind=iri.removeprefix(base).split("/", 1)[0],
        key=key.value if isinstance(key, Literal) else "",
        statements=Statements(triples=by_position(triples)),
    )


def records_in(graphs: Graphs, iris: Iterable[str], base: str) -> Iterator[Record]:
    """The records of some IRIs, a hundred at a time."""
    for batch in batched(iris, _BATCH):
        for iri, triples in graphs.each(batch):
            yield record_in(iri, triples, base)


def listed(graphs: Graphs, base: str) -> list[tuple[str, str, str]]:
    """Every record that describes data, by IRI: record IRI, dataset IRI and the date of its last change."""
    found = graphs.select(
        "SELECT ?record ?dataset ?modified WHERE { GRAPH ?record { ?record ndl:digest ?digest ; "
        "foaf:primaryTopic ?dataset ; dct:modified ?modified } }"
    )
    rows = ((text_of(row["record"]), text_of(row["dataset"]), text_of(row["modified"])) for row in found)
    return sorted(row for row in rows if not row[0].startswith(f"{base}use/"))


def measured(graphs: Graphs, base: str) -> list[dict[str, Term]]:
    """The scores of the catalogue after each load: `node`, `metric`, `value` and `at`, in the order of time."""
    return graphs.select(
        f"SELECT ?node ?metric ?value ?at {{ GRAPH <{base}quality> {{ ?node dqv:isMeasurementOf ?metric ; "
        "dqv:value ?value ; prov:generatedAtTime ?at } } ORDER BY ?at ?metric"
    )


def is_iri(text: str) -> bool:
    """Whether a text can name a graph."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of so many items each; the last may be shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def text_of(term: Term) -> str:
    """The IRI or the text of a term."""
    return str(term) if isinstance(term, Triple) else term.value


def moment(at: datetime) -> str:
    """A time as `xsd:dateTime` in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> Literal:
    """The present time as `xsd:dateTime`, to the second."""
    return Literal(moment(datetime.now(UTC)), datatype=XSD.dateTime)
