"""Loading: sources are parsed, normalised, split, validated and stored, a bounded chunk at a time.

While one chunk is read and repaired, the one before is validated and the one before that written: reading is
Python's work, validating and storing are the engines', in threads of their own. All a record's statements are
taken, or none.
"""

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from time import monotonic
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.access import without_access
from ndl_graph.catalog import GraphStore, GraphWriter, now, summarise
from ndl_graph.description import DescriptionView
from ndl_graph.errors import NdlGraphError, ParseError, SourceError
from ndl_graph.examining import Examination, Examiner
from ndl_graph.formats import Format, detect
from ndl_graph.history import former_graph
from ndl_graph.identity import Identity, identify, organisation_iri, settle, slug_for
from ndl_graph.keys import without_keys
from ndl_graph.labels import Labels, default_labels
from ndl_graph.namespaces import DCAT, DCT, DQV, FOAF, NDL, ODRL, RDF
from ndl_graph.normalise import Normaliser, Repairs
from ndl_graph.quality import Scorer, without_scores
from ndl_graph.record import ASIDE, Description, Record, Spool, Statements, Term, digest, split
from ndl_graph.search import SearchIndex
from ndl_graph.sources import Limits, Source, open_item
from ndl_graph.validation import Profile, ValidationReport

__all__ = ["LoadSummary", "Loader", "Progress", "SourceSummary", "gather"]

_LOG: Final = logging.getLogger(__name__)
_CHUNK: Final = 1_000
#: Said of a description that stands under the address or the identifier of another in the same source.
_TWICE: Final = ("warning", "It has the address or the identifier of another description, and is kept beside that.")
_CHECKPOINT: Final = 300.0  # seconds after which what was accepted so far is made visible

#: Called with the name of the source and the number of records done so far and in all, where known.
Progress = Callable[[str, int, int | None], None]


@dataclass
class SourceSummary:
    """What became of one source."""

    source: str
    read: int = 0
    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    errors: list[NdlGraphError] = field(default_factory=list)
    left_out: int = 0
    passed_over: list[str] = field(default_factory=list)
    advice: dict[tuple[str, str], int] = field(default_factory=dict)
    repairs: Repairs = field(default_factory=Repairs)

    def as_json(self) -> dict[str, Any]:
        """The summary as the public contract has it."""
        return {
            "source": self.source,
            "read": self.read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "errors": [str(error) for error in self.errors],
            "left_out": self.left_out,
            "passed_over": self.passed_over,
        }


@dataclass
class LoadSummary:
    """What became of everything."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    sources: list[SourceSummary] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def read(self) -> int:
        """How many descriptions were read."""
        return sum(source.read for source in self.sources)

    @property
    def repairs(self) -> Repairs:
        """The repairs of all sources."""
        whole = Repairs()
        for source in self.sources:
            whole.add(source.repairs)
        return whole

    @property
    def errors(self) -> list[NdlGraphError]:
        """What could not be read."""
        return [error for source in self.sources for error in source.errors]

    def as_json(self) -> dict[str, Any]:
        """The summary as the public contract has it."""
        return {
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "repairs": self.repairs.as_json(),
            "sources": [source.as_json() for source in self.sources],
            "seconds": round(self.seconds, 2),
        }


def gather(
    source: Source, normaliser: Normaliser, spool: Spool, limits: Limits, form: Format | None = None
) -> tuple[list[NdlGraphError], dict[str, str]]:
    """Parses and normalises everything in a source into the spool; a file that is broken is left out whole.

    Gives the errors, and for each subject that may be a record the file it was read from.
    """
    errors: list[NdlGraphError] = []
    files: dict[str, str] = {}
    try:
        items = source.items()
    except SourceError as error:
        return [error], files
    for number, item in enumerate(items, start=1):
        try:
            with open_item(item, limits) as opened:
                chosen = form or detect(opened.data, item.name, opened.media_type)
                if chosen.read is None:
                    raise SourceError(f"{chosen.name} can be written, not read")
                before = len(spool.roots_seen)
                base = opened.address or chosen.base_of(number)
                spool.add(normaliser.blocks(chosen.read(opened.data, base)))
                for node in islice(spool.roots_seen, before, None):
                    files[node] = item.name
        except NdlGraphError as error:
            error.where = error.where or ("standard input" if item.name == "-" else item.name)
            errors.append(error)
        except OSError as error:
            errors.append(SourceError(f"it cannot be read: {error.strerror or error}", where=item.name))
        except Exception as error:  # noqa: BLE001 - one file at fault must not take the others down
            _LOG.debug("%s cannot be read", item.name, exc_info=True)
            errors.append(
                ParseError(
                    f"it could not be read ({type(error).__name__}: {str(error)[:200]})",
                    where=item.name,
                    hint="This is a fault of ndl-graph. Please report it with the description that shows it.",
                )
            )
    return errors, files


@dataclass(frozen=True)
class _Options:
    """What a load is asked to do: where records have their addresses, who examines them, and whether they are kept."""

    base: str
    examiner: Examiner
    dry_run: bool


@dataclass(frozen=True)
class _Known:
    """What the store says of a record already."""

    iri: str
    digest: str
    issued: str | None


class Loader:
    """Loads sources into a store; with `dry_run` everything happens but the storing."""

    def __init__(
        self,
        store: GraphStore,
        profiles: Sequence[Profile],
        *,
        limits: Limits | None = None,
        form: Format | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        labels: Labels | None = None,
        scorer: Scorer | None = None,
    ) -> None:
        self._store = store
        self._base = store.base_iri
        self._limits = limits or Limits()
        self._form = form
        self._progress = progress or (lambda *_: None)
        examiner = Examiner(profiles, scorer or Scorer(), labels or default_labels())
        self._options = _Options(self._base, examiner, dry_run)
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def load(self, sources: Iterable[Source]) -> LoadSummary:
        """Loads the sources one after the other; what cannot be read is told in the summary, not raised.

        Raises `StoreError` where the store cannot be written. Interrupted, the last checkpoint stands.
        """
        summary = LoadSummary()
        start = monotonic()
        with _few_collections(), self._store.writer() as writer:
            index = SearchIndex.writing(writer.folder / "index")
            with ThreadPoolExecutor(2, thread_name_prefix="load") as engines:
                run = _Run(self._options, writer, index, summary, engines)
                try:
                    for source in sources:
                        self._load_source(source, run)
                except BaseException:
                    # What the engines have begun must be over before their store is taken away.
                    with suppress(Exception):
                        run.stored()
                    raise
            if not self._options.dry_run:
                run.commit()
        summary.seconds = monotonic() - start
        return summary

    def _load_source(self, source: Source, run: "_Run") -> None:
        told = SourceSummary(source.name)
        run.summary.sources.append(told)
        normaliser = Normaliser(organisation_iri(self._base))
        with Spool() as spool:
            self._progress(source.name, 0, None)
            told.errors, files = gather(source, normaliser, spool, self._limits, self._form)
            total = sum(kind != "catalog" for _, kind in spool.roots())
            done = 0
            seen: Counter[tuple[str, ...]] = Counter()
            descriptions = split(spool)
            while chunk := list(islice(descriptions, _CHUNK)):
                records, known = self._records(chunk, run, normaliser, files, seen, told)
                run.take(records, known, told)
                done += sum(record.kind != "catalog" for record in records)
                self._progress(source.name, done, total)
            run.source_ends()
            told.left_out = len(spool.unreached)
            told.repairs = normaliser.repairs
            with suppress(SourceError):
                told.passed_over = source.passed_over()
            if not total and not told.errors:
                told.errors.append(
                    SourceError(
                        "there is no description of a dataset or data service in it",
                        where=source.name,
                        hint="A description is a node of type dcat:Dataset, dcat:DataService or schema:Dataset.",
                    )
                )

    def _records(
        self,
        chunk: Sequence[Description],
        run: "_Run",
        normaliser: Normaliser,
        files: dict[str, str],
        seen: Counter[tuple[str, ...]],
        told: SourceSummary,
    ) -> tuple[list[Record], dict[str, "_Known"]]:
        """Names the descriptions of a chunk for good; gives what the store knows of them besides."""
        identities = []
        for description in chunk:
            identity = identify(description)
            if seen[(identity.key,)]:
                # Two descriptions under one address are two things: the second is known by its title as well.
                again = (identity.key, identity.title.casefold())
                seen[again] += 1
                key = "|".join(("again", *again, str(seen[again])))
                identity = Identity(None, key, identity.title, identity.publisher)
                told.advice[_TWICE] = told.advice.get(_TWICE, 0) + 1
            seen[(identity.key,)] += 1
            identities.append(identity)
        known = run.known([identity.key for identity in identities])
        records = []
        for description, identity in zip(chunk, identities, strict=True):
            found = known.get(identity.key)
            iri = found.iri if found else self._mint(description.kind, identity, run)
            slug = iri.rsplit("/", 1)[-1]
            dataset = NamedNode(identity.iri or f"{self._base}id/{description.kind}/{slug}")
            records.append(
                Record(
                    iri=NamedNode(iri),
                    dataset=dataset,
                    kind=description.kind,
                    key=identity.key,
                    statements=_published(settle(description, dataset, self._base, normaliser)),
                    source=files.get(str(description.root), told.source),
                )
            )
        return records, known

    def _mint(self, kind: str, identity: Identity, run: "_Run") -> str:
        title = slug_for(identity.title or (identity.iri or identity.key).rstrip("/").rsplit("/", 1)[-1])
        for slug, number in self._slugs(title, identity):
            iri = f"{self._base}{kind}/{slug}"
            if iri not in self._taken and not run.is_taken(iri):
                self._taken.add(iri)
                if number:
                    self._numbers[title] = number + 1
                return iri
        raise AssertionError("unreachable: there is always a next number")

    def _slugs(self, title: str, identity: Identity) -> Iterator[tuple[str, int | None]]:
        """What a record may be called: by its title, by its publisher too, and then by number."""
        yield title, None
        yield f"{title}-{slug_for(identity.publisher.rstrip('/').rsplit('/', 1)[-1])}", None
        for number in count(self._numbers.get(title, 2)):
            yield f"{title}-{number}", number


@dataclass(frozen=True)
class _Chunk:
    """A chunk of named records whose examination has been started."""

    records: Sequence[Record]
    fresh: Sequence[Record]
    digests: dict[str, str]
    known: dict[str, _Known]
    told: SourceSummary
    examination: "Future[Examination]"


class _Run:
    """The storing half of a load: takes chunks of named records, one after the other."""

    def __init__(
        self,
        options: _Options,
        writer: GraphWriter,
        index: SearchIndex,
        summary: LoadSummary,
        engines: ThreadPoolExecutor,
    ) -> None:
        self._options = options
        self._writer = writer
        self._index = index
        self.summary = summary
        self._engines = engines
        self._examined: _Chunk | None = None
        self._storing: Future[None] | None = None
        self._tried: dict[str, _Known] = {}
        self._at = now()
        self._checkpoint = monotonic()
        self._empty = True
        self._stale = False
        self._look()

    def _look(self) -> None:
        self._empty = not self._writer.graphs.select("SELECT ?graph { GRAPH ?graph { ?s ?p ?o } } LIMIT 1")

    def is_taken(self, iri: str) -> bool:
        """Whether a record IRI is in use."""
        return not self._empty and self._writer.graphs.has(iri)

    def source_ends(self) -> None:
        """Stores the last chunk of a source."""
        self._finish()
        self.stored()
        self._look()

    def stored(self) -> None:
        """Waits for what is being stored; raises what went wrong there."""
        if self._storing is not None:
            storing, self._storing = self._storing, None
            storing.result()

    def known(self, keys: Sequence[str]) -> dict[str, _Known]:
        """What the store says of the records with these keys.

        No key comes twice in one source, so this need not wait for the chunk that is being stored.
        """
        tried = {key: self._tried[key] for key in keys if key in self._tried}
        if self._empty:
            return tried
        given = [key for key in keys if _is_web(key)]
        minted = [key for key in keys if not _is_web(key)]
        found = self._writer.graphs.select(
            "SELECT ?key ?record ?digest ?issued WHERE { "
            f"{{ VALUES ?topic {{ {' '.join(str(NamedNode(key)) for key in given)} }} "
            "?record foaf:primaryTopic ?topic . FILTER NOT EXISTS { ?record ndl:key ?other } "
            "BIND (STR(?topic) AS ?key) } "
            f"UNION {{ VALUES ?key {{ {' '.join(str(Literal(key)) for key in minted)} }} ?record ndl:key ?key }} "
            "OPTIONAL { ?record ndl:digest ?digest } OPTIONAL { ?record dct:issued ?issued } "
            f"FILTER (STRSTARTS(STR(?record), {Literal(self._options.base)})) }}"
        )

        def text(row: dict[str, Term], name: str) -> str:
            value = row.get(name)
            return value.value if isinstance(value, (NamedNode, Literal)) else ""

        return {
            text(row, "key"): _Known(text(row, "record"), text(row, "digest"), text(row, "issued") or None)
            for row in found
        } | tried

    def take(self, records: Sequence[Record], known: dict[str, _Known], told: SourceSummary) -> None:
        """Starts the examination of a chunk, and stores the one before it, whose examination is over by now."""
        digests = {record.iri.value: digest(record.statements.lines) for record in records}
        fresh = [
            record
            for record in records
            if (found := known.get(record.key)) is None or found.digest != digests[record.iri.value]
        ]
        described = [record for record in fresh if record.kind != "catalog"]
        examination = self._engines.submit(self._options.examiner.examine, described, self._at.value)
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
        if self._options.dry_run:
            self._tried.update((one.key, _Known(one.iri.value, chunk.digests[one.iri.value], None)) for one in accepted)
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
        base = self._options.base
        turned_away = [
            (_rejection(base, record), self._rejection(record, rejected[record.iri.value]))
            for record in chunk.fresh
            if record.iri.value in rejected
        ]
        mended = [_rejection(base, record) for record in chunk.records if record.iri.value not in rejected]
        self.stored()
        replaced = [known[record.key].iri for record in accepted if record.key in known and known[record.key].digest]
        former = [
            former_graph(iri, base, triples, self._at) for iri, triples in self._writer.graphs.each(replaced) if triples
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
            summarise(self._writer, self._index, self._options.base, self._at)
            self._stale = False
        self._writer.commit()
        self._checkpoint = monotonic()

    def _title(self, record: Record) -> str:
        return DescriptionView(record.triples, record.dataset, self._options.examiner.labels).title

    def _lines(self, record: Record, digest_: str, known: _Known | None) -> Sequence[str]:
        """The graph of a record: the description, and what is said of the record itself."""
        issued = known.issued if known and known.issued else self._at.value
        iri = record.iri
        profiles = [NamedNode(profile.iri) for profile in self._options.examiner.profiles]
        own = [
            Triple(iri, FOAF.primaryTopic, record.dataset),
            Triple(iri, NDL.sourceName, Literal(_told_source(record.source))),
        ]
        if not _is_web(record.key):
            own.append(Triple(iri, NDL.key, Literal(record.key)))
        if record.kind not in ASIDE:
            own.append(Triple(iri, RDF.type, DCAT.CatalogRecord))
        if record.kind != "catalog":
            own += [
                Triple(iri, DCT.issued, Literal(issued, datatype=self._at.datatype)),
                Triple(iri, DCT.modified, self._at),
                Triple(iri, NDL.digest, Literal(digest_)),
                *(Triple(iri, DCT.conformsTo, profile) for profile in profiles),
            ]
        return [*record.statements.lines, *map(str, own)]

    def _rejection(self, record: Record, report: ValidationReport) -> list[Triple]:
        iri = NamedNode(_rejection(self._options.base, record))
        return [
            *record.triples,
            *report.triples(),
            Triple(iri, RDF.type, NDL.Rejection),
            Triple(iri, FOAF.primaryTopic, record.dataset),
            Triple(iri, DCT.title, Literal(self._title(record) or record.dataset.value)),
            Triple(iri, DCT.issued, self._at),
            Triple(iri, NDL.sourceName, Literal(record.source)),
        ]


def _published(statements: Statements) -> Statements:
    """The statements without what another catalogue of this kind has put beside them: scores, offers, keys, records."""
    text = "\n".join(statements.lines)
    if not any(mark in text for mark in _WORKED_OUT):
        return statements
    kept = without_keys(without_access(without_scores(statements.lines)))
    records = {line.split(" ", 1)[0] for line in kept if _DIGEST in line}
    if records:
        kept = tuple(line for line in kept if line.split(" ", 1)[0] not in records)
    return statements if kept is statements.lines else Statements(lines=kept)


_DIGEST: Final = f" {NDL.digest} "
#: One of these is in every statement, or beside every one, that a catalogue of this kind puts beside a description.
_WORKED_OUT: Final = tuple(
    f" {name} " for name in (NDL.digest, NDL.hasKey, ODRL.hasPolicy, NDL.deadSince, DQV.isMeasurementOf)
)


def _told_source(name: str) -> str:
    """The source as the world may know it: an address, a path as it was given, or the last part of a whole path."""
    return Path(name).name if Path(name).is_absolute() else name


def _is_web(key: str) -> bool:
    """Whether a key is the dataset's own IRI; then the record need not state it a second time."""
    return key.startswith(("http://", "https://"))


@contextmanager
def _few_collections() -> Iterator[None]:
    """Looks for garbage cycles less often: a load makes millions of objects and no cycles (a tenth of its time)."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _rejection(base: str, record: Record) -> str:
    return f"{base}rejected/{record.slug}"
