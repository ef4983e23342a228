"""Vectors of what records say, kept by digest so that nothing is computed twice, and made while the service answers."""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ndl_graph.errors import StoreError
from ndl_graph.search.answers import Nearness
from ndl_graph.search.embedding import DIMENSIONS, Embedder, Vectors

__all__ = ["Meaning", "Progress", "crowding"]

_STEP: Final = 64
#: Part of the records that must have a vector before meaning counts: with half of them, the other half would vanish.
_ENOUGH: Final = 0.99
#: How many records stand for all when it is asked how near a record is to the rest, how many of them count, and how
#: much that weighs; vectors are compared so many rows at a time.
_SAMPLE: Final = 1_000
#: Records up to which every vector is compared (60,000 take 12 ms); above, an index gives so many of the nearest, and
#: what it does not give is taken for far.
_EXACT: Final = 100_000
_FOUND: Final = 1_000
_FAR: Final = -1.0
_CLOSEST: Final = 5
_CROWD: Final = 0.2
_ROWS: Final = 4_096


@dataclass(frozen=True)
class Progress:
    """How many records of a snapshot have a vector, and of how many."""

    done: int = 0
    total: int = 0

    @property
    def complete(self) -> bool:
        """Whether meaning carries the search."""
        return self.total > 0 and self.done >= _ENOUGH * self.total


@dataclass(frozen=True)
class _State:
    snapshot: str
    iris: Sequence[str]
    places: dict[str, int]
    nearness: Callable[[Vectors], NDArray[np.float32]]
    crowding: NDArray[np.float32]
    progress: Progress


def crowding(vectors: Vectors) -> NDArray[np.float32]:
    """What is taken from the nearness of each record: a part of how near its nearest in a sample are, less the mean."""
    count = len(vectors)
    if count <= _CLOSEST:
        return np.zeros(count, np.float32)
    sample = np.linspace(0, count - 1, min(count, _SAMPLE)).astype(int)
    crowd = np.empty(count, np.float32)
    for start in range(0, count, _ROWS):
        cosines = vectors[start : start + _ROWS] @ vectors[sample].T
        own = (sample >= start) & (sample < start + _ROWS)
        cosines[sample[own] - start, own.nonzero()[0]] = -1.0
        crowd[start : start + _ROWS] = np.partition(cosines, -_CLOSEST, axis=1)[:, -_CLOSEST:].mean(axis=1)
    return np.asarray(_CROWD * (crowd - crowd.mean()), np.float32)


def _comparison(vectors: Vectors) -> Callable[[Vectors], NDArray[np.float32]]:
    """How near each vector is to another: every one compared, or where they are very many, the nearest by an index."""
    if len(vectors) <= _EXACT:
        return lambda vector: np.asarray(vectors @ vector, np.float32)
    from usearch.index import Index

    index = Index(ndim=DIMENSIONS, metric="cos", dtype="f16")
    index.add(np.arange(len(vectors)), vectors)
    count = len(vectors)

    def nearest(vector: Vectors) -> NDArray[np.float32]:
        values = np.full(count, _FAR, np.float32)
        found = index.search(vector, _FOUND)
        values[np.asarray(found.keys, np.intp)] = 1.0 - np.asarray(found.distances, np.float32)
        return values

    return nearest


class Meaning:
    """Finds records by meaning; `catch_up` follows the snapshots, in a thread of its own."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._path = path
        self._state: _State | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def progress(self) -> Progress:
        """How far the vectors of the newest snapshot are."""
        return self._state.progress if self._state else Progress()

    def nearest(self, snapshot: str, text: str) -> Nearness | None:
        """The records of a snapshot and how near each is to a text; None while there are too few vectors.

        That is the cosine, less what a record is near to everything: one in a crowd of like ones would otherwise come
        up for any question (on the development questions nDCG@10 .70 in place of .68).
        """
        state = self._state
        # What is told of progress runs ahead of the vectors that are there to be compared.
        if state is None or state.snapshot != snapshot or len(state.iris) < _ENOUGH * state.progress.total:
            return None
        with self._lock:
            (vector,) = self._embedder.embed([text])
        return Nearness(state.iris, state.places, state.nearness(vector) - state.crowding)

    def catch_up(
        self, snapshot: str, texts: Sequence[tuple[str, str]], told: Callable[[Progress], None] = lambda _: None
    ) -> None:
        """Makes the vectors of records, given as IRI and text, that are not known yet, in the order given."""
        keys = {iri: self._key(text) for iri, text in texts}
        with closing(self._opened()) as cache:
            known = self._known(cache, set(keys.values()))
            missing = [(iri, text) for iri, text in texts if keys[iri] not in known]
            self._show(snapshot, keys, known)
            told(self.progress)
            for start in range(0, len(missing), _STEP):
                if self._stopped.is_set():
                    return
                some = missing[start : start + _STEP]
                vectors = self._embedder.embed([text for _, text in some])
                made = {keys[iri]: vector for (iri, _), vector in zip(some, vectors, strict=True)}
                with cache:
                    cache.executemany(
                        "INSERT OR IGNORE INTO vector VALUES (?, ?)",
                        [(key, vector.astype(np.float16).tobytes()) for key, vector in made.items()],
                    )
                known |= made
                # The matrix is made anew when it is worth it: at the end, and not after each few.
                if start + _STEP >= len(missing):
                    self._show(snapshot, keys, known)
                elif self._state is not None:
                    progress = Progress(len(known), len(set(keys.values())))
                    self._state = replace(self._state, snapshot=snapshot, progress=progress)
                told(self.progress)

    def stop(self) -> None:
        """Lets `catch_up` end after the few records it is at; what was made is kept."""
        self._stopped.set()

    def _show(self, snapshot: str, keys: dict[str, str], known: dict[str, Vectors]) -> None:
        iris = [iri for iri, key in keys.items() if key in known]
        vectors = np.array([known[keys[iri]] for iri in iris], np.float32).reshape(len(iris), DIMENSIONS)
        places = {iri: place for place, iri in enumerate(iris)}
        self._state = _State(
            snapshot, iris, places, _comparison(vectors), crowding(vectors), Progress(len(iris), len(keys))
        )

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._embedder.name}\n{text}".encode()).hexdigest()

    def _opened(self) -> sqlite3.Connection:
        try:
            cache = sqlite3.connect(self._path)
            cache.execute("CREATE TABLE IF NOT EXISTS vector (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the vectors cannot be read: {error}",
                where=str(self._path),
                hint="Remove the file: they are made anew.",
            ) from None
        return cache

    @staticmethod
    def _known(cache: sqlite3.Connection, keys: set[str]) -> dict[str, Vectors]:
        with closing(cache.execute("SELECT key, value FROM vector")) as rows:
            return {key: np.frombuffer(value, np.float16).astype(np.float32) for key, value in rows if key in keys}
