"""The text index (tantivy): one document a record, facets, and answers that need no second look at the graph."""

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import FieldType, Occur, Order, Query

from ndl_graph.errors import StoreError
from ndl_graph.search.answers import (
    ELSEWHERE,
    FACETS,
    IDENTIFIED,
    MARKS,
    MEANING,
    NO_MATCH,
    NO_WORDS,
    NOT_ABOUT,
    PLACES,
    POINTS,
    SOME_WORDS,
    Advice,
    Group,
    Hit,
    Nearness,
    QualityCounts,
    SearchQuery,
    SearchResult,
    UseAnswer,
    UseQuery,
    Verdict,
)
from ndl_graph.search.documents import (
    ANALYZER,
    FORM,
    IDENTIFIER,
    KEY,
    SPELLING,
    TEXT,
    UNSTATED,
    analyzer,
    document,
    schema,
)
from ndl_graph.search.words import Thesaurus, Word, load_labels, nations_named

__all__ = ["SearchIndex"]

_FORM_FILE: Final = "form"
_FACET_SIZE: Final = 100
_MOST_GROUPS: Final = 10_000
#: Weight of words beside meaning, and of words that no record holds; below `_NOTHING` nothing is near, and below
#: `_NEAR` of the best nothing else is.
_WORDS: Final = 0.3
_UNKNOWN: Final = 0.2
_NOTHING: Final = 0.28
#: An identifier has a digit or is an address, and no space.
_IS_IDENTIFIER: Final = re.compile(r"(?=.*[0-9]|.*://)\S{2,500}")
_MOST_NAMED: Final = 20
#: How many of the nearest records say which themes are near.
_NEIGHBOURS: Final = 20
#: Records from which it tells something that a catalogue does not know a word.
_LARGE: Final = 1_000
_NEAR: Final = 0.5
#: What a record of another nation than the one that is named falls behind; half of it, what one of just that gains.
_ELSEWHERE: Final = 0.1
_DEEPEST: Final = 500
#: Letters from which a word may be misspelled by one, and by two.
_LONG: Final = 5
_VERY_LONG: Final = 8


@dataclass(frozen=True)
class _Asked:
    """A word of a question: its terms, the records that hold it, how many, and the same weighted by field."""

    terms: frozenset[str]
    anywhere: Query
    records: int
    weighted: Query


class _Kept(NamedTuple):
    """What is kept in memory of a document once it was read."""

    iri: str
    facets: Mapping[str, Sequence[str]]


def _counted(records: Sequence[_Kept]) -> dict[str, list[tuple[str, int]]]:
    """How many of some records have each facet value, the commonest first."""
    counts = {name: Counter(chain.from_iterable(one.facets[name] for one in records)) for name in FACETS}
    return {
        name: sorted(count.items(), key=lambda item: (-item[1], item[0]))[:_FACET_SIZE]
        for name, count in counts.items()
    }


def _any_of(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, one) for one in queries])


def _nearness(named: Set[str], covered: Sequence[str]) -> float:
    """What to add to the score of a record that covers some nations, for a question that names some."""
    if not covered:
        return 0.0
    if not named & set(covered):
        return -_ELSEWHERE
    return _ELSEWHERE / 2 if len(covered) == 1 else 0.0


def _hindrance(use: Mapping[str, Sequence[str]], asked: UseQuery) -> str:
    """What stands between an asker and a dataset, by the name of the field that says so; empty where nothing does."""
    level = use["level"][0]
    if level == "not-available" or (level == "government-only" and asked.asker != "public-body"):
        return "level"
    if asked.for_profit and "no" in use["profit"]:
        return "profit"
    if asked.asker == "company" and "no-companies" in use["profit"]:
        return "asker"
    if level == UNSTATED:
        return ""
    if not {asked.asker, UNSTATED} & set(use["asker"]):
        return "asker"
    if asked.purposes and not {*asked.purposes, UNSTATED} & set(use["purpose"]):
        return "purpose"
    return ""


def _highest(scores: NDArray[np.float64], least: float) -> NDArray[np.intp]:
    """The places of the highest scores, those below `least` left out."""
    best = np.argpartition(scores, -_DEEPEST)[-_DEEPEST:] if len(scores) > _DEEPEST else np.arange(len(scores))
    return best[scores[best] >= least]


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


class SearchIndex:
    """The index of one snapshot, or of a writer's working copy."""

    def __init__(self, index: tantivy.Index) -> None:
        self._schema = index.schema
        self._index = index
        self._analyzer = analyzer(stemmed=True)
        self._spelling = analyzer(stemmed=False)
        self._index.register_tokenizer(ANALYZER, self._analyzer)
        self._index.register_tokenizer(SPELLING, self._spelling)
        self._thesaurus = Thesaurus(load_labels(), self._analyzer.analyze)
        self._writer: tantivy.IndexWriter | None = None
        self._kept: dict[tuple[int, int], _Kept] = {}
        self._read: dict[str, _Kept] = {}

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
            self._kept.clear()
            self._read.clear()

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
        found = searcher.search(Query.all_query(), limit=max(1, len(self)), order_by_field="modified")
        documents = (searcher.doc(address) for _, address in found.hits)
        return [(str(one["iri"][0]), bytes(one["meaning"][0]).decode()) for one in documents]

    def search(self, query: SearchQuery, nearest: Nearness | None = None) -> SearchResult:
        """Records by meaning and words where `nearest` tells of meaning; else those that hold all the words, else some.

        All records where no words are given.
        """
        searcher = self._index.searcher()
        terms = zip(self._analyzer.analyze(query.text), self._spelling.analyze(query.text), strict=True)
        written = dict(terms)
        words = [self._asked(searcher, word, written) for word in self._thesaurus.words(query.text)]
        chosen = self._filters(query.filters)
        if named := self._named_by(searcher, query.text, chosen):
            shown = tuple(Hit(said, 1.0, IDENTIFIED) for said in named[query.offset : query.offset + query.limit])
            facets = _counted(self._named(searcher, [said["iri"] for said in named]))
            end = query.offset + len(shown)
            following = SearchQuery.cursor_of(end, len(named)) if shown else None
            return SearchResult(len(named), shown, facets, following)
        if words and nearest is not None:
            return self._by_meaning(searcher, query, words, chosen, nearest)
        advice = None
        if query.text.strip() and not words:
            return SearchResult(0, (), {}, None, Advice(NO_WORDS))
        asked = self._query(words, chosen, Occur.Must)
        # The type stubs of tantivy 0.27 leave `count` out.
        found: Any = searcher.search(asked, limit=1, count=True)
        if not found.count and len(words) > 1:
            asked = self._query(words, chosen, Occur.Should)
            advice = Advice(SOME_WORDS)
        order = None if words else "modified"
        found = searcher.search(asked, limit=max(1, query.limit), offset=query.offset, order_by_field=order)
        total = found.count or 0
        hits = []
        for score, address in found.hits[: query.limit]:
            said = json.loads(bytes(searcher.doc(address)["hit"][0]))
            hits.append(Hit(said, float(score) if words else 0.0, self._why(said, words)))
        end = query.offset + len(hits)
        following = SearchQuery.cursor_of(end, total) if hits else None
        if not total:
            advice = Advice(NO_MATCH)
        return SearchResult(total, tuple(hits), self._facets(searcher, asked), following, advice)

    def _by_meaning(
        self,
        searcher: tantivy.Searcher,
        query: SearchQuery,
        words: Sequence[_Asked],
        chosen: Sequence[Query],
        nearest: Nearness,
    ) -> SearchResult:
        """Ranks by meaning plus the part of what the question says that stands in the record word for word.

        On the development questions meaning alone has nDCG@10 .61, words alone .44, and this .70; the weight of words
        may be anything from .2 to .5. What is nowhere near is left out; where all is far, and the more so where the
        catalogue does not know the words, the answer is that nothing is here. Where the question names a nation,
        what covers it comes before what covers others only.
        """
        scores = nearest.values.astype(np.float64)
        covered = self._covered(searcher, words)
        known = {iri: place for iri in covered if (place := nearest.places.get(iri)) is not None}
        for iri, place in known.items():
            scores[place] += _WORDS * covered[iri]
        # A record that came after the vectors were made has its words alone.
        late = {iri: _WORDS * part for iri, part in covered.items() if iri not in known}
        best = max(float(scores.max(initial=0.0)), max(late.values(), default=0.0))
        if best - _UNKNOWN * self._unknown(words) < _NOTHING:
            return SearchResult(0, (), {}, None, Advice(NOT_ABOUT, self._themes_near(searcher, nearest)))
        if chosen:
            allowed = {one.iri for one in self._all(searcher, self._query([], chosen, Occur.Must), len(self))}
            late = {iri: score for iri, score in late.items() if iri in allowed}
            inside = np.zeros(len(scores), bool)
            inside[[place for iri in allowed if (place := nearest.places.get(iri)) is not None]] = True
            scores[~inside] = -1.0
        found = {nearest.iris[place]: float(scores[place]) for place in _highest(scores, _NEAR * best)} | late
        if (named := nations_named(query.text)) and found:
            for one in self._named(searcher, list(found)):
                found[one.iri] += _nearness(named, one.facets["place"])
        ranked = sorted(found, key=lambda iri: (-found[iri], iri))[:_DEEPEST]
        page = ranked[query.offset : query.offset + query.limit]
        said = self._hits_of(searcher, page)
        hits = [
            Hit(said[iri], found[iri], (self._why(said[iri], words) if iri in covered else "") or MEANING)
            for iri in page
        ]
        end = query.offset + len(hits)
        following = SearchQuery.cursor_of(end, len(ranked)) if hits else None
        advice = None if ranked else Advice(NO_MATCH)
        facets = _counted(self._named(searcher, ranked))
        return SearchResult(len(ranked), tuple(hits), facets, following, advice)

    def _hits_of(self, searcher: tantivy.Searcher, iris: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What search shows of some records."""
        asked = Query.term_set_query(self._schema, "iri", list(iris))
        found = [searcher.doc(address) for _, address in searcher.search(asked, limit=max(1, len(iris))).hits]
        return {str(one["iri"][0]): json.loads(bytes(one["hit"][0])) for one in found}

    def _all(self, searcher: tantivy.Searcher, asked: Query, most: int) -> list[_Kept]:
        """The records that a query finds, up to `most`."""
        return [self._kept_of(searcher, address) for _, address in searcher.search(asked, limit=max(1, most)).hits]

    def _named_by(self, searcher: tantivy.Searcher, text: str, chosen: Sequence[Query]) -> list[dict[str, Any]]:
        """What the records say that have the text as an identifier; a word is none."""
        identifier = text.strip().casefold()
        if not _IS_IDENTIFIER.fullmatch(identifier):
            return []
        asked = Query.term_query(self._schema, IDENTIFIER, identifier)
        both = Query.boolean_query([(Occur.Must, one) for one in (asked, *chosen)])
        found = [searcher.doc(address) for _, address in searcher.search(both, limit=_MOST_NAMED).hits]
        return sorted((json.loads(bytes(one["hit"][0])) for one in found), key=lambda said: str(said["iri"]))

    def _themes_near(self, searcher: tantivy.Searcher, nearest: Nearness) -> tuple[str, ...]:
        """The themes that most of the nearest records have, though none of them is near enough."""
        values = nearest.values
        best = np.argpartition(values, -_NEIGHBOURS)[-_NEIGHBOURS:] if len(values) > _NEIGHBOURS else range(len(values))
        counted = Counter(
            theme
            for one in self._named(searcher, [nearest.iris[place] for place in best])
            for theme in one.facets["theme"]
        )
        return tuple(theme for theme, _ in counted.most_common(3))

    def _named(self, searcher: tantivy.Searcher, iris: Sequence[str]) -> list[_Kept]:
        """The records of some IRIs; only those that were not read before are looked up."""
        unread = [iri for iri in iris if iri not in self._read]
        if unread:
            self._all(searcher, Query.term_set_query(self._schema, "iri", unread), len(unread))
        return [self._read[iri] for iri in iris if iri in self._read]

    def _kept_of(self, searcher: tantivy.Searcher, address: tantivy.DocAddress) -> _Kept:
        """What is kept of a document, read once: a search needs that of hundreds."""
        key = (address.segment_ord, address.doc)
        if key not in self._kept:
            stored = searcher.doc(address)
            facets = json.loads(bytes(stored["marks"][0]))["facets"]
            kept = {name: tuple(map(sys.intern, values)) for name, values in facets.items()}
            one = self._kept[key] = _Kept(str(stored["iri"][0]), kept)
            self._read[one.iri] = one
        return self._kept[key]

    def in_full(self, text: str) -> str:
        """The text with what its abbreviations stand for, for a model that knows few of them."""
        return self._thesaurus.in_full(text)

    def _weights(self, words: Sequence[_Asked]) -> list[float]:
        """How much each word tells: the fewer records hold it, the more."""
        count = max(1, len(self))
        return [math.log(1 + count / (1 + word.records)) for word in words]

    def _unknown(self, words: Sequence[_Asked]) -> float:
        """The part of the information in the words that no record holds at all; a small catalogue knows few words."""
        weights = self._weights(words)
        unknown = sum(weight for word, weight in zip(words, weights, strict=True) if not word.records)
        return unknown / sum(weights) * min(1.0, len(self) / _LARGE)

    def _covered(self, searcher: tantivy.Searcher, words: Sequence[_Asked]) -> dict[str, float]:
        """For records that hold any of the words, the part of the information in the words that they hold."""
        weights = self._weights(words)
        asked = Query.boolean_query(
            [
                (Occur.Should, Query.const_score_query(word.anywhere, weight))
                for word, weight in zip(words, weights, strict=True)
            ]
        )
        whole = sum(weights)
        found = searcher.search(asked, limit=_DEEPEST)
        return {self._kept_of(searcher, address).iri: float(score) / whole for score, address in found.hits}

    def _asked(self, searcher: tantivy.Searcher, word: Word, written: Mapping[str, str]) -> _Asked:
        """The word as queries; one that no record holds is taken for a misspelling of what is nearest to it."""

        def held(form: Sequence[str], term: Callable[[str], Query]) -> Query:
            parts = [term(one) for one in form]
            return parts[0] if len(parts) == 1 else Query.boolean_query([(Occur.Must, part) for part in parts])

        def records(query: Query) -> int:
            # The type stubs of tantivy 0.27 leave `count` out.
            found: Any = searcher.search(query, limit=1, count=True)
            return int(found.count or 0)

        terms = frozenset(term for form in word for term in form)
        anywhere = _any_of([held(form, self._anywhere) for form in word])
        weighted = _any_of([held(form, self._weighted) for form in word])
        count = records(anywhere)
        spelt = written.get(word[0][0], word[0][0])
        if not count and len(terms) == 1 and len(spelt) >= _LONG:
            distance = 1 if len(spelt) < _VERY_LONG else 2
            anywhere = weighted = Query.fuzzy_term_query(self._schema, SPELLING, spelt, distance)
            count = records(anywhere)
        return _Asked(terms, anywhere, count, weighted)

    def _filters(self, filters: Mapping[str, Sequence[str]]) -> list[Query]:
        """One query for each facet: any of its values will do."""
        return [
            Query.term_set_query(self._schema, name, list(values))
            for name in (*FACETS, *MARKS)
            if (values := filters.get(name, ()))
        ]

    def _anywhere(self, term: str) -> Query:
        return _any_of([Query.term_query(self._schema, name, term, "basic") for name in TEXT])

    def _weighted(self, term: str) -> Query:
        parts = [
            Query.boost_query(Query.term_query(self._schema, name, term, "freq"), boost) for name, boost in TEXT.items()
        ]
        return Query.disjunction_max_query(parts, 0.2)

    def _query(self, words: Sequence[_Asked], filters: Sequence[Query], occur: Occur) -> Query:
        parts: list[tuple[Occur, Query]] = [(Occur.Must, part) for part in filters]
        if words:
            parts.append((Occur.Must, Query.boolean_query([(occur, word.weighted) for word in words])))
        return Query.boolean_query(parts) if parts else Query.all_query()

    def levels(self) -> dict[str, int]:
        """How many records there are of each access level, by its name; `unstated` where none is known."""
        return self._counts("level")

    def keys(self) -> dict[str, int]:
        """How many records there are with each key, by its IRI."""
        return self._counts(KEY)

    def values(self, facet: str) -> dict[str, int]:
        """How many records there are of every value of a facet, the commonest first."""
        return self._counts(facet, _MOST_GROUPS)

    def _counts(self, field: str, most: int = _FACET_SIZE) -> dict[str, int]:
        wanted = {field: {"terms": {"field": field, "size": most}}}
        counted = self._index.searcher().aggregate(Query.all_query(), wanted)
        return {str(one["key"]): int(one["doc_count"]) for one in counted[field]["buckets"]}

    def covering(self, nations: Sequence[str], limit: int) -> tuple[int, list[Hit]]:
        """How many records cover every one of some nations, and the first of them."""
        searcher = self._index.searcher()
        asked = self._both(*(Query.term_query(self._schema, "place", name, "basic") for name in nations))
        # The type stubs of tantivy 0.27 leave `count` out.
        found: Any = searcher.search(asked, limit=max(1, limit), count=True)
        hits = [Hit(json.loads(bytes(searcher.doc(address)["hit"][0])), 0.0, "") for _, address in found.hits[:limit]]
        return int(found.count or 0), hits

    def themes_by_nation(self) -> list[tuple[str, dict[str, int]]]:
        """Every theme, the commonest first, with how many records there are for each nation."""
        inner = {"place": {"terms": {"field": "place", "size": _FACET_SIZE}}}
        wanted = {"theme": {"terms": {"field": "theme", "size": _FACET_SIZE}, "aggs": inner}}
        counted = self._index.searcher().aggregate(Query.all_query(), wanted)
        return [
            (str(one["key"]), {str(part["key"]): int(part["doc_count"]) for part in one["place"]["buckets"]})
            for one in counted["theme"]["buckets"]
        ]

    def with_key(self, key: str, limit: int, without: str = "") -> tuple[int, list[Hit]]:
        """How many records have a key, and the first of them; one record may be left out."""
        searcher = self._index.searcher()
        parts = [(Occur.Must, Query.term_query(self._schema, KEY, key, "basic"))]
        if without:
            parts.append((Occur.MustNot, Query.term_query(self._schema, "iri", without, "basic")))
        # The type stubs of tantivy 0.27 leave `count` out.
        found: Any = searcher.search(Query.boolean_query(parts), limit=max(1, limit), count=True)
        hits = [Hit(json.loads(bytes(searcher.doc(address)["hit"][0])), 0.0, "") for _, address in found.hits[:limit]]
        return int(found.count or 0), hits

    def usable(self, asked: UseQuery, limit: int = 20) -> list[UseAnswer]:
        """Datasets by what somebody may do with them, from using them now to not at all; up to `limit` of each."""
        searcher = self._index.searcher()
        written = dict(zip(self._analyzer.analyze(asked.text), self._spelling.analyze(asked.text), strict=True))
        words = [self._asked(searcher, word, written) for word in self._thesaurus.words(asked.text)]
        chosen = self._filters(asked.filters)
        about = self._query(words, chosen, Occur.Must)
        # The type stubs of tantivy 0.27 leave `count` out.
        all_of_them: Any = searcher.search(about, limit=1, count=True)
        if not all_of_them.count:
            about = self._query(words, chosen, Occur.Should)
        groups: dict[Verdict, Query] = {name: self._both(about, one) for name, one in self._verdicts(asked).items()}
        known = Query.boolean_query(
            [(Occur.Must, about), *((Occur.MustNot, one) for one in groups.values()), (Occur.Must, Query.all_query())]
        )
        found = []
        for name, query in {**groups, "no": known}.items():
            # The type stubs of tantivy 0.27 leave `count` out.
            part: Any = searcher.search(query, limit=max(1, limit), count=True)
            documents = [searcher.doc(address) for _, address in part.hits[:limit]]
            hits = tuple(
                Hit(json.loads(bytes(one["hit"][0])), 0.0, _hindrance(json.loads(bytes(one["marks"][0]))["use"], asked))
                for one in documents
            )
            found.append(UseAnswer(name, int(part.count or 0), hits))
        return found

    def _verdicts(self, asked: UseQuery) -> "dict[Verdict, Query]":
        """The datasets of each verdict but the last."""

        def having(name: str, *values: str) -> Query:
            return Query.term_set_query(self._schema, name, list(values))

        barred = [name for name, bars in (("no", asked.for_profit), ("no-companies", asked.asker == "company")) if bars]
        bars = [(Occur.MustNot, having("profit", one)) for one in barred]
        by_asker = having("asker", asked.asker, UNSTATED)
        for_this = [having("purpose", *asked.purposes, UNSTATED)] if asked.purposes else []

        def allowed(*levels: str) -> Query:
            parts = [(Occur.Must, one) for one in (having("level", *levels), by_asker, *for_this)]
            return Query.boolean_query([*parts, *bars])

        reviewed = ["approved-projects", "approved-projects-in-tre"]
        return {
            "now": allowed("open"),
            "conditions": allowed("open-with-conditions"),
            "register": allowed("registered"),
            "apply": allowed(*reviewed, *(["government-only"] if asked.asker == "public-body" else [])),
            "ask": Query.boolean_query([(Occur.Must, having("level", UNSTATED)), *bars]),
        }

    def _both(self, *queries: Query) -> Query:
        return Query.boolean_query([(Occur.Must, one) for one in queries])

    def marks_of(self, iri: str) -> dict[str, Any] | None:
        """The points of a record, what it lacks and which rules it breaks; None where it is not in the index."""
        searcher = self._index.searcher()
        found = searcher.search(Query.term_query(self._schema, "iri", iri, "basic"), limit=1)
        for _, address in found.hits:
            marks: dict[str, Any] = json.loads(bytes(searcher.doc(address)["marks"][0]))
            return marks
        return None

    def marked(self, filters: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
        """Every record with a score that passes the filters, those with the fewest points first."""
        searcher = self._index.searcher()
        asked = self._query([], self._filters(filters), Occur.Must)
        found = searcher.search(asked, limit=max(1, len(self)), order_by_field=POINTS[0], order=Order.Asc)
        for _, address in found.hits:
            hit: dict[str, Any] = json.loads(bytes(searcher.doc(address)["hit"][0]))
            if "quality" in hit or "broken" in filters:
                yield hit

    def quality(self, filters: Mapping[str, Sequence[str]] | None = None) -> QualityCounts:
        """How good the datasets are that pass the filters: all of them, by publisher and by theme."""
        parts: list[tuple[Occur, Query]] = [(Occur.Must, part) for part in self._filters(filters or {})]
        parts.append((Occur.Must, Query.range_query(self._schema, POINTS[0], FieldType.Integer, 0, 1_000_000)))
        asked = Query.boolean_query(parts)
        averages = {name: {"avg": {"field": name}} for name in POINTS}
        searcher = self._index.searcher()
        found = searcher.aggregate(
            asked,
            {
                **averages,
                "points": {"histogram": {"field": POINTS[0], "interval": 1, "min_doc_count": 1}},
                "ready": {"histogram": {"field": POINTS[1], "interval": 10, "min_doc_count": 1}},
                "publisher": {"terms": {"field": "publisher", "size": _MOST_GROUPS}, "aggs": averages},
                "theme": {"terms": {"field": "theme", "size": _MOST_GROUPS}, "aggs": averages},
                **{name: {"terms": {"field": name, "size": _MOST_GROUPS}} for name in MARKS},
            },
        )
        # The type stubs of tantivy 0.27 leave `count` out.
        counted: Any = searcher.search(asked, limit=1, count=True)

        def group(name: str, total: int, part: Mapping[str, Any]) -> Group:
            return Group(name, total, {one: float(part[one]["value"] or 0.0) for one in POINTS})

        def counts(name: str) -> list[tuple[str, int]]:
            return [(str(one["key"]), int(one["doc_count"])) for one in found[name]["buckets"]]

        return QualityCounts(
            whole=group("", int(counted.count or 0), found),
            publishers=[group(str(o["key"]), int(o["doc_count"]), o) for o in found["publisher"]["buckets"]],
            themes=[group(str(o["key"]), int(o["doc_count"]), o) for o in found["theme"]["buckets"]],
            points=[(int(float(key)), count) for key, count in counts("points")],
            tenths=[(int(float(key)), count) for key, count in counts("ready")],
            lacks=dict(counts("lacks")),
            broken=counts("broken"),
        )

    def _facets(self, searcher: tantivy.Searcher, asked: Query) -> dict[str, list[tuple[str, int]]]:
        wanted = {name: {"terms": {"field": name, "size": _FACET_SIZE}} for name in FACETS}
        counted = searcher.aggregate(asked, wanted)
        return {
            name: [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in counted[name]["buckets"]]
            for name in FACETS
            if name in counted
        }

    def _why(self, said: Mapping[str, Any], words: Sequence[_Asked]) -> str:
        terms = {term for word in words for term in word.terms}
        places = [
            name
            for name, text in zip(PLACES, (said["title"], said["publisher"], said["summary"]), strict=True)
            if terms & set(self._analyzer.analyze(text or ""))
        ]
        return "in the " + " and ".join(places) if places else (ELSEWHERE if words else "")
