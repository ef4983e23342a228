"""Keeping a catalogue in order: removing a record, and making anew what is worked out of records."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog import Catalog, GraphWriter, batched, listed, measured, now, records_in
from ndl_graph.errors import StoreError
from ndl_graph.examining import Examiner
from ndl_graph.identity import distinct_slugs
from ndl_graph.namespaces import DCT, FOAF, NDL, RDF
from ndl_graph.quality import Scorer, history_lines, summary_lines
from ndl_graph.record import Record
from ndl_graph.search import SearchIndex
from ndl_graph.validation import load_profile, profile_names
from ndl_graph.worked_out import without_findings

__all__ = ["is_searchable", "reindex", "remove", "summarise"]

_SCORED: Final = 1_000
#: Measurements of the catalogue that are kept: the last of them, over all loads.
_HISTORY: Final = 1_000


def remove(catalog: Catalog, name: str) -> str:
    """Removes a record and leaves a tombstone; gives its IRI. Raises `NotFoundError` or `RemovedError`."""
    base = catalog.base_iri
    catalog.get(name)  # where there is none, no writer is waited for
    with catalog.store.writer() as writer:
        record = catalog.get(name)
        iri = record.iri.value
        # What is withdrawn is gone, what it was before too, and what was turned away: there may be a reason why
        # nobody should read it.
        writer.forget([*(one.graph for one in catalog.former(iri)), f"{base}rejected/{record.slug}"])
        tombstone = [
            Triple(record.iri, RDF.type, NDL.Tombstone),
            Triple(record.iri, DCT.title, Literal(catalog.describe(record).title)),
            Triple(record.iri, FOAF.primaryTopic, record.dataset),
            *([Triple(record.iri, NDL.key, Literal(record.key))] if record.key else []),
            Triple(record.iri, NDL.removed, now()),
        ]
        writer.replace([(iri, list(map(str, tombstone)))], [iri])
        index = SearchIndex.writing(writer.folder / "index")
        index.replace([], [iri])
        index.commit()
        summarise(writer, index, base)
        writer.commit()
    return iri


def is_searchable(catalog: Catalog) -> bool:
    """Whether the newest snapshot, if there is one, has a text index that can be read and holds every record."""
    if not catalog.store.exists:
        return True
    if catalog.store.is_indexed:
        with suppress(StoreError):
            return len(catalog.index) == len(catalog.listing())
    return False


def reindex(catalog: Catalog, scorer: Scorer) -> int:
    """Scores every record and makes the text index anew; gives how many records there are.

    What a record says stays; its scores are written where they have changed, since time and links go on.
    """
    base = catalog.base_iri
    profiles = {profile.iri: profile for profile in (load_profile(one, base) for one in profile_names())}
    with catalog.store.writer() as writer:
        shutil.rmtree(writer.folder / "index", ignore_errors=True)
        index = SearchIndex.writing(writer.folder / "index")
        for batch in batched([iri for iri, _, _ in listed(writer.graphs, base)], _SCORED):
            alike: dict[frozenset[str], list[Record]] = {}
            for record in records_in(writer.graphs, batch, base):
                alike.setdefault(_checked_by(record), []).append(record)
            for iris, records in alike.items():
                checked_by = [profiles[iri] for iri in sorted(iris & profiles.keys())]
                _examine(records, Examiner(checked_by, scorer, catalog.labels), writer, index)
        index.commit()
        summarise(writer, index, base)
        writer.commit()
    catalog.reopen()
    return len(index)


def _checked_by(record: Record) -> frozenset[str]:
    """The profiles by which a record was checked when it came."""
    said = (one for one in record.triples if one.subject == record.iri and one.predicate == DCT.conformsTo)
    return frozenset(one.object.value for one in said if isinstance(one.object, NamedNode))


def _examine(records: Sequence[Record], examiner: Examiner, writer: GraphWriter, index: SearchIndex) -> None:
    found = examiner.examine_again(records)
    changed = []
    for record in records:
        finding = found.get(record.iri.value)
        if finding is None:
            continue
        lines = [*without_findings(record.statements.lines), *finding.lines]
        if set(lines) != set(record.statements.lines):
            changed.append((record.iri.value, lines))
    writer.replace(changed, [iri for iri, _ in changed])
    index.replace((one.entry for one in found.values()), [])


def summarise(writer: GraphWriter, index: SearchIndex, base: str, at: Literal | None = None) -> None:
    """Writes the scores of the catalogue and its publishers to `{base}quality`; at a load, its history too."""
    graph, catalogue = f"{base}quality", NamedNode(f"{base}catalog")
    earlier: list[str] = []
    for row in measured(writer.graphs, base)[-_HISTORY:]:
        node = row["node"]
        assert isinstance(node, NamedNode)
        if row["at"] != at:
            earlier += history_lines(node, catalogue, row["metric"], row["value"], row["at"])
    slugs = distinct_slugs(index.values("publisher"))
    lines = list(dict.fromkeys(summary_lines(base, index.quality(), slugs, at, earlier)))
    writer.replace([(graph, lines)], [graph])
