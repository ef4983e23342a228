"""The text index (tantivy): one document a record, facets, and answers that need no second look at the graph."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import tantivy
from tantivy import Occur, Order, Query

from ndl_graph.errors import StoreError
from ndl_graph.namespaces import is_web
from ndl_graph.search import counting
from ndl_graph.search.answers import (
    FACETS,
    IDENTIFIED,
    NEAR_VALUE,
    NO_MATCH,
    NO_PHRASE,
    NO_VALUE,
    NO_WORDS,
    POINTS,
    SOME_WORDS,
    Advice,
    Hit,
    Nearness,
    QualityCounts,
    SearchQuery,
    SearchResult,
    UseAnswer,
    UseQuery,
)
from ndl_graph.search.documents import FORM, IDENTIFIER, KEY, document, schema
from ndl_graph.search.question import Questions, Typed, both, corrected, found_of
from ndl_graph.search.ranking import Ranking
from ndl_graph.search.use import hindrance, verdicts

__all__ = ["SearchIndex"]

_FORM_FILE: Final = "form"
#: An identifier has a digit or is an address, and no space.
_IS_IDENTIFIER: Final = re.compile(r"(?=.*[0-9]|.*://)\S{2,500}")
_MOST_NAMED: Final = 20
_NEAR_VALUES: Final = 3


class SearchIndex:
    """The index of one snapshot, or of a writer's working copy."""

    def __init__(self, index: tantivy.Index) -> None:
        self._schema = index.schema
        self._index = index
        self._questions = Questions(index)
        self._ranking = Ranking(index.schema, self._questions)
        self._writer: tantivy.IndexWriter | None = None

    @classmethod
    def writing(cls, folder: Path) -> "SearchIndex":
        """The index in a writer's working copy, made where there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            _check_form(folder)
        else:
            (folder / _FORM_FILE).write_text(FORM, "utf-8")
        with _told_as_store_error():
            return cls(tantivy.Index(schema(), path=str(folder)))

    @classmethod
    def reading(cls, folder: Path) -> "SearchIndex":
        """The index of a snapshot; raises `StoreError` where it cannot be read."""
        _check_form(folder)
        try:
            return cls(tantivy.Index.open(str(folder)))
        except (ValueError, OSError) as error:
            raise _unreadable(folder, str(error)) from None

    # --- writing ---

    def replace(self, entries: Iterable[Mapping[str, Any]], existing: Iterable[str]) -> None:
        """Takes in entries; documents of the records in `existing` are dropped first."""
        with _told_as_store_error():
            self._replace(entries, existing)

    def _replace(self, entries: Iterable[Mapping[str, Any]], existing: Iterable[str]) -> None:
        writer = self._writing()
        for iri in existing:
            writer.delete_documents_by_term("iri", iri)
        for said in entries:
            writer.add_document(document(said))

    def commit(self) -> None:
        """Makes what was written part of the index on disk."""
        with _told_as_store_error():
            if self._writer is not None:
                self._writer.commit()
                self._writer.wait_merging_threads()
                self._writer = None
            self._index.reload()
            self._ranking.forget()

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=64_000_000, num_threads=1)
        return self._writer

    # --- reading ---

    def __len__(self) -> int:
        return int(self._index.searcher().num_docs)

    def texts(self) -> list[tuple[str, str]]:
        """IRI and text of every record for its vector, those that changed last first."""
        searcher = self._index.searcher()
        _, found = found_of(searcher, Query.all_query(), len(self), order_by="modified")
        documents = (searcher.doc(address) for _, address in found)
        return [(str(one["iri"][0]), bytes(one["meaning"][0]).decode()) for one in documents]

    def known_values(
        self, filters: Mapping[str, Sequence[str]], called: Callable[[str], str]
    ) -> tuple[dict[str, list[str]], Advice | None]:
        """Filters with each facet value as the index has it, and what to tell where one has none of its values here.

        Values are told whatever their case, and where they are addresses of terms by what those are `called`.
        """
        searcher = self._index.searcher()
        found: dict[str, list[str]] = {name: list(values) for name, values in filters.items()}
        advice: Advice | None = None
        for name in FACETS:
            values = found.get(name, [])
            # Mostly they come from a page of ours, and are there.
            odd = [one for one in values if not found_of(searcher, self._having(name, one), 0)[0]]
            if not odd:
                continue
            known = {one.casefold(): one for one in counting.counts(searcher, name)}
            wanted = {one: (called(one) if is_web(one) else one).casefold() for one in odd}
            found[name] = [known.get(wanted[one], one) if one in wanted else one for one in values]
            if not set(found[name]) & set(known.values()):
                nearest = [
                    (one, known[other])
                    for one, folded in wanted.items()
                    for other in get_close_matches(folded, known, _NEAR_VALUES)
                ]
                advice = Advice(NEAR_VALUE, instead=tuple(nearest)) if nearest else Advice(NO_VALUE)
        return found, advice

    def _having(self, name: str, value: str) -> Query:
        return Query.term_query(self._schema, name, value, "basic")

    def in_full(self, text: str) -> str:
        """The text with what its abbreviations stand for, for a model that knows few of them."""
        return self._questions.in_full(Typed.read(text).words)

    def search(self, query: SearchQuery, nearest: Nearness | None = None) -> SearchResult:
        """Records by meaning and words where `nearest` tells of meaning; else those that hold all the words, else some.

        All records where no words are given; and where the text is an identifier, those that it identifies. Words
        between quotation marks are looked for as they stand, and by words alone.
        """
        searcher = self._index.searcher()
        chosen = self._questions.filters(query.filters)
        typed = Typed.read(query.text)
        if named := self._named_by(searcher, typed.words, chosen):
            return self._identified(searcher, query, named)
        words = self._questions.asked(searcher, typed.words)
        if query.text.strip() and not words and not typed.nations.excluded:
            return SearchResult(0, (), {}, None, Advice(NO_WORDS))
        chosen += self._questions.absent(typed)
        advice = corrected(words)
        if together := self._questions.together(searcher, typed, chosen):
            chosen += together
            nearest = None
        elif typed.together:
            advice = Advice(NO_PHRASE)
        if words and nearest is not None:
            return self._ranking.by_meaning(searcher, query, words, chosen, nearest, advice)
        asked = self._questions.query(words, chosen)
        if len(words) > 1 and not found_of(searcher, asked, 0)[0]:
            asked = self._questions.query(words, chosen, Occur.Should)
            advice = advice or Advice(SOME_WORDS)
        order = None if words else "modified"
        total, found = found_of(searcher, asked, query.limit, query.offset, order)
        hits = []
        for score, address in found:
            said = _hit_of(searcher, address)
            hits.append(Hit(said, float(score) if words else 0.0, self._questions.why(said, words)))
        following = SearchQuery.cursor_of(query.offset + len(hits), total) if hits else None
        facets = counting.facets(searcher, asked)
        return SearchResult(total, tuple(hits), facets, following, advice if total else Advice(NO_MATCH))

    def _named_by(self, searcher: tantivy.Searcher, text: str, chosen: Sequence[Query]) -> list[dict[str, Any]]:
        """What the records say that have the text as an identifier; a word is none."""
        identifier = text.strip().casefold()
        if not _IS_IDENTIFIER.fullmatch(identifier):
            return []
        asked = both(Query.term_query(self._schema, IDENTIFIER, identifier, "basic"), *chosen)
        return [_hit_of(searcher, address) for _, address in found_of(searcher, asked, _MOST_NAMED)[1]]

    def _identified(
        self, searcher: tantivy.Searcher, query: SearchQuery, named: Sequence[dict[str, Any]]
    ) -> SearchResult:
        shown = tuple(Hit(said, 1.0, IDENTIFIED) for said in named[query.offset : query.offset + query.limit])
        records = self._ranking.named(searcher, [said["iri"] for said in named])
        following = SearchQuery.cursor_of(query.offset + len(shown), len(named)) if shown else None
        return SearchResult(len(named), shown, counting.facets_of([one.facets for one in records]), following)

    def levels(self) -> dict[str, int]:
        """How many records there are of each access level, by its name; `unstated` where none is known."""
        return counting.counts(self._index.searcher(), "level")

    def keys(self) -> dict[str, int]:
        """How many records there are with each key, by its IRI."""
        return counting.counts(self._index.searcher(), KEY)

    def values(self, facet: str) -> dict[str, int]:
        """How many records there are of every value of a facet, the commonest first."""
        return counting.counts(self._index.searcher(), facet)

    def covering(self, nations: Sequence[str], limit: int) -> tuple[int, list[Hit]]:
        """How many records cover every one of some nations, and the first of them."""
        return self._some(both(*(Query.term_query(self._schema, "place", name, "basic") for name in nations)), limit)

    def with_key(self, key: str, limit: int, without: str = "") -> tuple[int, list[Hit]]:
        """How many records have a key, and the first of them; one record may be left out."""
        parts = [(Occur.Must, Query.term_query(self._schema, KEY, key, "basic"))]
        if without:
            parts.append((Occur.MustNot, Query.term_query(self._schema, "iri", without, "basic")))
        return self._some(Query.boolean_query(parts), limit)

    def _some(self, asked: Query, limit: int) -> tuple[int, list[Hit]]:
        searcher = self._index.searcher()
        total, found = found_of(searcher, asked, limit)
        return total, [Hit(_hit_of(searcher, address), 0.0, "") for _, address in found]

    def themes_by_nation(self) -> list[tuple[str, dict[str, int]]]:
        """Every theme, the commonest first, with how many records there are for each nation."""
        return counting.nations_by_theme(self._index.searcher())

    def usable(self, asked: UseQuery, limit: int = 20) -> list[UseAnswer]:
        """Datasets by what somebody may do with them, from using them now to not at all; up to `limit` of each."""
        searcher = self._index.searcher()
        typed = Typed.read(asked.text)
        words = self._questions.asked(searcher, typed.words)
        chosen = [*self._questions.filters(asked.filters), *self._questions.absent(typed)]
        chosen += self._questions.together(searcher, typed, chosen)
        about = self._questions.query(words, chosen)
        if len(words) > 1 and not found_of(searcher, about, 0)[0]:
            about = self._questions.query(words, chosen, Occur.Should)
        answers = []
        for name, query in verdicts(self._schema, about, asked).items():
            total, found = found_of(searcher, query, limit)
            hits = tuple(
                Hit(_hit_of(searcher, address), 0.0, hindrance(_marks_of(searcher, address)["use"], asked))
                for _, address in found
            )
            answers.append(UseAnswer(name, total, hits))
        return answers

    def marks_of(self, iri: str) -> dict[str, Any] | None:
        """The points of a record, what it lacks and which rules it breaks; None where it is not in the index."""
        searcher = self._index.searcher()
        _, found = found_of(searcher, Query.term_query(self._schema, "iri", iri, "basic"), 1)
        return next((_marks_of(searcher, address) for _, address in found), None)

    def marked(self, filters: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
        """Every record with a score that passes the filters, those with the fewest points first."""
        searcher = self._index.searcher()
        asked = self._questions.query([], self._questions.filters(filters))
        found = searcher.search(asked, limit=max(1, len(self)), order_by_field=POINTS[0], order=Order.Asc)
        for _, address in found.hits:
            said = _hit_of(searcher, address)
            if "quality" in said or "broken" in filters:
                yield said

    def quality(self, filters: Mapping[str, Sequence[str]] | None = None) -> QualityCounts:
        """How good the datasets are that pass the filters: all of them, by publisher and by theme."""
        return counting.quality(self._index.searcher(), self._schema, self._questions.filters(filters or {}))


def _hit_of(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    """What search shows of a record."""
    said: dict[str, Any] = json.loads(bytes(searcher.doc(address)["hit"][0]))
    return said


def _marks_of(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    """What else the index keeps of a record."""
    marks: dict[str, Any] = json.loads(bytes(searcher.doc(address)["marks"][0]))
    return marks


def _check_form(folder: Path) -> None:
    """Raises `StoreError` where the index was made by another version of this, or is none."""
    try:
        form = (folder / _FORM_FILE).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        form = ""
    if form != FORM:
        raise _unreadable(folder, "it was made by another version")


def _unreadable(folder: Path, why: str) -> StoreError:
    return StoreError(
        f"the search index cannot be read: {why}",
        where=str(folder),
        hint="Make it anew from the records: ndl-graph index --store STORE",
    )


@contextmanager
def _told_as_store_error() -> Iterator[None]:
    """Tantivy tells of a full disk and the like as `ValueError`."""
    try:
        yield
    except (ValueError, OSError) as error:
        full = "No space left" in str(error) or "killed" in str(error)
        raise StoreError(
            f"the search index cannot be written{': the disk is full' if full else f': {error}'}",
            hint="Make room, and load again; the last complete state of the catalogue still stands.",
        ) from None
