"""The storing half of a load: chunks of named records are examined, counted and written."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog import GraphWriter, now
from ndl_graph.description import DescriptionView
from ndl_graph.examining import Examination, Examiner
from ndl_graph.history import former_graph
from ndl_graph.loading.known import KnownRecords
from ndl_graph.loading.summary import LoadSummary, SourceSummary
from ndl_graph.namespaces import DCAT, DCT, FOAF, NDL, RDF, is_web
from ndl_graph.naming import Known
from ndl_graph.order import position_lines
from ndl_graph.record import ASIDE, Record, digest
from ndl_graph.search import SearchIndex
from ndl_graph.upkeep import summarise
from ndl_graph.validation import ValidationReport

__all__ = ["Run"]

#: Said of a description that takes the place of one that an earlier source of the same load has given.
_AGAIN: Final = (
    "warning",
    "It takes the place of what another source of this load says of the same data. "
    "Load the files as one folder, or as one pattern between quotation marks, and what they say will meet.",
)
_CHECKPOINT: Final = 300.0  # seconds after which what was accepted so far is made visible


@dataclass(frozen=True)
class _Chunk:
    """A chunk of named records whose examination has been started."""

    records: Sequence[Record]
    fresh: Sequence[Record]
    digests: dict[str, str]
    known: dict[str, Known]
    told: SourceSummary
    examination: "Future[Examination]"


class Run:
    """Takes chunks of named records, one after the other; in a dry run nothing is written."""

    def __init__(
        self,
        writer: GraphWriter,
        index: SearchIndex,
        base: str,
        examiner: Examiner,
        known: KnownRecords,
        summary: LoadSummary,
        engines: ThreadPoolExecutor,
        *,
        dry_run: bool,
    ) -> None:
        self._writer = writer
        self._index = index
        self._base = base
        self._examiner = examiner
        self._known = known
        self.summary = summary
        self._engines = engines
        self._dry_run = dry_run
        self._examined: _Chunk | None = None
        self._storing: Future[None] | None = None
        self._at = now()
        self._checkpoint = monotonic()
        self._stale = False
        self._profiles = frozenset(profile.iri for profile in examiner.profiles)
        self._keys: set[str] = set()
        self._keys_before: set[str] = set()

    def source_ends(self) -> None:
        """Stores the last chunk of a source."""
        self._finish()
        self.stored()
        self._known.look()
        self._keys_before |= self._keys
        self._keys.clear()

    def stored(self) -> None:
        """Waits for what is being stored; raises what went wrong there."""
        if self._storing is not None:
            storing, self._storing = self._storing, None
            storing.result()

    def take(self, records: Sequence[Record], known: dict[str, Known], told: SourceSummary) -> None:
        """Starts the examination of a chunk, and stores the one before it, whose examination is over by now."""
        digests = {record.iri.value: _digest_of(record) for record in records}
        fresh = [
            record
            for record in records
            if (found := known.get(record.key)) is None
            or found.digest != digests[record.iri.value]
            # Whoever asks for another profile wants to know what that one says.
            or (record.kind != "catalog" and found.profiles != self._profiles)
        ]
        described = [record for record in fresh if record.kind != "catalog"]
        self._keys.update(record.key for record in records)
        if again := sum(record.key in self._keys_before for record in described):
            told.advice[_AGAIN] = told.advice.get(_AGAIN, 0) + again
        examination = self._engines.submit(self._examiner.examine, described, self._at.value)
        self._finish()
        self._examined = _Chunk(records, fresh, digests, known, told, examination)

    def _finish(self) -> None:
        """Counts and stores the chunk that has been examined."""
        if self._examined is None:
            return
        chunk, self._examined = self._examined, None
        examination = chunk.examination.result()
        rejected, found = examination.rejected, examination.found
        known = chunk.known
        accepted = [record for record in chunk.fresh if record.iri.value not in rejected]
        self._count(chunk, examination, accepted)
        if self._dry_run:
            self._known.pretend(accepted, chunk.digests, self._profiles)
            return
        existing = [known[record.key].iri for record in accepted if record.key in known]
        graphs = [
            (
                record.iri.value,
                [
                    *self._lines(record, chunk.digests[record.iri.value], known.get(record.key)),
                    *(found[record.iri.value].lines if record.iri.value in found else ()),
                ],
            )
            for record in accepted
        ]
        self._index.replace((one.entry for one in found.values()), existing)
        self._stale = self._stale or bool(accepted)
        turned_away = [
            (_rejection(self._base, record), self._rejection(record, rejected[record.iri.value]))
            for record in chunk.fresh
            if record.iri.value in rejected
        ]
        mended = [_rejection(self._base, record) for record in chunk.records if record.iri.value not in rejected]
        self.stored()
        replaced = [
            known[record.key].iri
            for record in accepted
            if record.key in known and known[record.key].digest not in ("", chunk.digests[record.iri.value])
        ]
        former = [
            former_graph(iri, self._base, triples, self._at)
            for iri, triples in self._writer.graphs.each(replaced)
            if triples
        ]
        self._storing = self._engines.submit(self._store, graphs, existing, [*turned_away, *former], mended)
        if monotonic() - self._checkpoint > _CHECKPOINT:
            self.stored()
            self.commit()

    def _count(self, chunk: _Chunk, examination: Examination, accepted: Sequence[Record]) -> None:
        """Adds what became of a chunk to the summaries."""
        rejected, known, told = examination.rejected, chunk.known, chunk.told
        for advice, times in examination.advice.items():
            told.advice[advice] = told.advice.get(advice, 0) + times
        told.rejected += [
            {
                "dataset": record.dataset.value,
                "title": self._title(record),
                "file": record.source,
                "results": [
                    {**result.as_json(), "file": record.source} for result in rejected[record.iri.value].results
                ],
            }
            for record in chunk.fresh
            if record.iri.value in rejected
        ]
        total = sum(record.kind != "catalog" for record in chunk.records)
        told.read += total
        told.accepted += total - len(rejected)
        described = [record for record in accepted if record.kind != "catalog"]
        changed = sum(1 for record in described if record.key in known and known[record.key].digest)
        self.summary.changed += changed
        self.summary.added += len(described) - changed
        self.summary.unchanged += total - len(described) - len(rejected)
        self.summary.rejected += len(rejected)

    def _store(
        self,
        graphs: Sequence[tuple[str, Sequence[str]]],
        existing: Sequence[str],
        aside: Sequence[tuple[str, Sequence[Triple]]],
        mended: Sequence[str],
    ) -> None:
        self._writer.replace(graphs, existing)
        self._writer.forget(mended)
        self._writer.set_aside(aside)

    def commit(self) -> None:
        """Makes what was stored so far the state that readers see."""
        self._index.commit()
        if self._stale:
            summarise(self._writer, self._index, self._base, self._at)
            self._stale = False
        self._writer.commit()
        self._checkpoint = monotonic()

    def _title(self, record: Record) -> str:
        return DescriptionView(record.triples, record.dataset, self._examiner.labels).title

    def _lines(self, record: Record, digest_: str, known: Known | None) -> Sequence[str]:
        """The graph of a record: the description, and what is said of the record itself."""
        issued = Literal(known.issued, datatype=self._at.datatype) if known and known.issued else self._at
        own = [
            f"{FOAF.primaryTopic} {record.dataset}",
            f"{NDL.sourceName} {Literal(_told_source(record.source))}",
        ]
        if not is_web(record.key):
            own.append(f"{NDL.key} {Literal(record.key)}")
        if record.kind not in ASIDE:
            own.append(f"{RDF.type} {DCAT.CatalogRecord}")
        if record.kind != "catalog":
            own += [
                f"{DCT.issued} {issued}",
                f"{DCT.modified} {self._at}",
                f"{NDL.digest} {Literal(digest_)}",
                *(f"{DCT.conformsTo} <{profile.iri}>" for profile in self._examiner.profiles),
            ]
        iri = str(record.iri)
        return [*record.statements.lines, *(f"{iri} {said}" for said in own)]

    def _rejection(self, record: Record, report: ValidationReport) -> list[Triple]:
        iri = NamedNode(_rejection(self._base, record))
        return [
            *record.triples,
            *report.triples(),
            Triple(iri, RDF.type, NDL.Rejection),
            Triple(iri, FOAF.primaryTopic, record.dataset),
            Triple(iri, DCT.title, Literal(self._title(record) or record.dataset.value)),
            Triple(iri, DCT.issued, self._at),
            Triple(iri, NDL.sourceName, Literal(record.source)),
        ]


def _digest_of(record: Record) -> str:
    """The digest of what a record says, and in which order it tells columns and the like."""
    lines = record.statements.lines
    return digest([*lines, *position_lines(lines)])


def _told_source(name: str) -> str:
    """The source as the world may know it: an address, a path as it was given, or the last part of a whole path."""
    return Path(name).name if Path(name).is_absolute() else name


def _rejection(base: str, record: Record) -> str:
    """The IRI under which a description that was turned away is kept."""
    return f"{base}rejected/{record.slug}"
