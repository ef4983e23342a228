"""What the store knows already of the records that are loaded."""

from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import Literal, NamedNode

from ndl_graph.catalog import Graphs
from ndl_graph.namespaces import is_web
from ndl_graph.naming import Known
from ndl_graph.record import Record, Term

__all__ = ["KnownRecords"]


class KnownRecords:
    """The records of a store, by key; and in a dry run those that would be there by now."""

    def __init__(self, graphs: Graphs, base: str) -> None:
        self._graphs = graphs
        self._base = base
        self._tried: dict[str, Known] = {}
        self.look()

    def look(self) -> None:
        """Looks whether there is anything at all: an empty store need not be asked."""
        self._empty = not self._graphs.select("SELECT ?graph { GRAPH ?graph { ?s ?p ?o } } LIMIT 1")

    def has(self, iri: str) -> bool:
        """Whether a record IRI is in use."""
        return not self._empty and self._graphs.has(iri)

    def pretend(self, records: Iterable[Record], digests: Mapping[str, str], profiles: frozenset[str]) -> None:
        """Takes records for stored, by their digests: a dry run gives the numbers of a load."""
        self._tried.update(
            (one.key, Known(one.iri.value, digests[one.iri.value], None, profiles=profiles)) for one in records
        )

    def of(self, keys: Sequence[str]) -> dict[str, Known]:
        """What is known of the records with these keys.

        No key comes twice in one source, so this need not wait for the chunk that is being stored.
        """
        tried = {key: self._tried[key] for key in keys if key in self._tried}
        if self._empty:
            return tried
        given = " ".join(str(NamedNode(key)) for key in keys if is_web(key))
        minted = " ".join(str(Literal(key)) for key in keys if not is_web(key))
        found = self._graphs.select(
            "SELECT ?key ?record ?digest ?issued ?stated ?profile WHERE { "
            f"{{ VALUES ?topic {{ {given} }} "
            # What has a key of its own is found by it, and by an IRI only if that was minted here.
            "GRAPH ?record { ?record foaf:primaryTopic ?topic } BIND (STR(?topic) AS ?key) "
            f"FILTER (STRSTARTS(?key, {Literal(self._base + 'id/')}) "
            "|| NOT EXISTS { GRAPH ?record { ?record ndl:key ?other } }) } "
            f"UNION {{ VALUES ?key {{ {minted} }} GRAPH ?record {{ ?record ndl:key ?key }} }} "
            "OPTIONAL { GRAPH ?record { ?record ndl:digest ?digest } } "
            "OPTIONAL { GRAPH ?record { ?record dct:issued ?issued } } "
            "OPTIONAL { GRAPH ?record { ?record ndl:key ?stated } } "
            "OPTIONAL { GRAPH ?record { ?record dct:conformsTo ?profile } } "
            f"FILTER (STRSTARTS(STR(?record), {Literal(self._base)})) }}"
        )

        def text(row: dict[str, Term], name: str) -> str:
            value = row.get(name)
            return value.value if isinstance(value, (NamedNode, Literal)) else ""

        profiles: dict[str, set[str]] = {}
        for row in found:
            profiles.setdefault(text(row, "record"), set()).add(text(row, "profile"))
        return {
            text(row, "key"): Known(
                text(row, "record"),
                text(row, "digest"),
                text(row, "issued") or None,
                text(row, "stated"),
                frozenset(profiles[text(row, "record")] - {""}),
            )
            for row in found
        } | tried
