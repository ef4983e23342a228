"""The loader: one source after the other, from files to the store."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from time import monotonic
from typing import Final

from ndl_graph.catalog import GraphStore
from ndl_graph.errors import SourceError
from ndl_graph.examining import Examiner
from ndl_graph.formats import Format
from ndl_graph.identity import organisation_iri
from ndl_graph.labels import Labels, default_labels
from ndl_graph.loading.gathering import gather
from ndl_graph.loading.known import KnownRecords
from ndl_graph.loading.run import Run
from ndl_graph.loading.summary import LoadSummary, SourceSummary
from ndl_graph.naming import Minter, Namer
from ndl_graph.normalise import Normaliser
from ndl_graph.quality import Scorer
from ndl_graph.search import SearchIndex
from ndl_graph.sources import Limits, Source
from ndl_graph.spool import Spool, linked, split
from ndl_graph.validation import Profile

__all__ = ["Loader", "Progress"]

_CHUNK: Final = 1_000
#: Said of a description that stands under the address or the identifier of another in the same source.
_TWICE: Final = ("warning", "It has the address or the identifier of another description, and is kept beside that.")

#: Called with the name of the source and the number of records done so far and in all, where known.
Progress = Callable[[str, int, int | None], None]


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
        self._dry_run = dry_run
        self._progress = progress or (lambda *_: None)
        self._examiner = Examiner(profiles, scorer or Scorer(), labels or default_labels())

    def load(self, sources: Iterable[Source]) -> LoadSummary:
        """Loads the sources one after the other; what cannot be read is told in the summary, not raised.

        Raises `StoreError` where the store cannot be written. Interrupted, the last checkpoint stands.
        """
        summary = LoadSummary()
        start = monotonic()
        with _few_collections(), self._store.writer() as writer:
            index = SearchIndex.writing(writer.folder / "index")
            known = KnownRecords(writer.graphs, self._base)
            minter = Minter(self._base, known.has)
            with ThreadPoolExecutor(2, thread_name_prefix="load") as engines:
                run = Run(writer, index, self._base, self._examiner, known, summary, engines, dry_run=self._dry_run)
                try:
                    for source in sources:
                        self._load_source(source, run, known, minter)
                except BaseException:
                    # What the engines have begun must be over before their store is taken away.
                    with suppress(Exception):
                        run.stored()
                    raise
            if not self._dry_run:
                run.commit()
        summary.seconds = monotonic() - start
        return summary

    def _load_source(self, source: Source, run: Run, known: KnownRecords, minter: Minter) -> None:
        told = SourceSummary(source.name)
        run.summary.sources.append(told)
        normaliser = Normaliser(organisation_iri(self._base))
        with Spool() as spool:
            self._progress(source.name, 0, None)
            told.errors, files = gather(source, normaliser, spool, self._limits, self._form)
            total = sum(kind != "catalog" for _, kind in spool.roots())
            done = 0
            namer = Namer(self._base, known.of, minter, normaliser, source.name, files)
            before = linked(spool)
            while ahead := list(islice(before, _CHUNK)):
                namer.name_ahead(ahead)
            descriptions = split(spool)
            while chunk := list(islice(descriptions, _CHUNK)):
                records, there = namer.name(chunk)
                run.take(records, there, told)
                done += sum(record.kind != "catalog" for record in records)
                self._progress(source.name, done, total)
            run.source_ends()
            if namer.repeated:
                told.advice[_TWICE] = namer.repeated
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


@contextmanager
def _few_collections() -> Iterator[None]:
    """Looks for garbage cycles less often: a load makes millions of objects and no cycles (a tenth of its time)."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
