"""Ranking by meaning and words together."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import tantivy
from tantivy import Occur, Query

from ndl_graph.search.answers import (
    MEANING,
    NO_MATCH,
    NOT_ABOUT,
    Advice,
    Hit,
    Nearness,
    SearchQuery,
    SearchResult,
)
from ndl_graph.search.counting import facets, facets_of
from ndl_graph.search.question import Asked, Questions, Typed, found_of, weights
from ndl_graph.search.words import Nations

if TYPE_CHECKING:
    from numpy import floating
    from numpy.typing import NDArray

__all__ = ["Kept", "Ranking"]

#: Weight of words beside meaning, and of words that no record holds; below `_NOTHING` nothing is near, and below
#: `_NEAR` of the best nothing else is.
_WORDS: Final = 0.3
_UNKNOWN: Final = 0.2
_NOTHING: Final = 0.28
_NEAR: Final = 0.6
#: Records that are ranked, and gone through; all that are near are counted.
_DEEPEST: Final = 1_000
#: How many of the nearest records say which themes are near.
_NEIGHBOURS: Final = 20
#: Records from which it tells something that a catalogue does not know a word.
_LARGE: Final = 1_000
#: What a record of another nation than the one that is named falls behind; half of it, what one of just that gains.
_ELSEWHERE: Final = 0.1


class Kept(NamedTuple):
    """What is kept in memory of a document once it was read."""

    iri: str
    facets: Mapping[str, Sequence[str]]
    nations: Sequence[str] = ()


class Ranking:
    """Ranks the records of an index; what it has read of them it keeps, since a search needs that of hundreds."""

    def __init__(self, schema: tantivy.Schema, questions: Questions) -> None:
        self._schema = schema
        self._questions = questions
        self._kept: dict[tuple[int, int], Kept] = {}
        self._read: dict[str, Kept] = {}

    def forget(self) -> None:
        """Forgets what was read: the index has changed."""
        self._kept.clear()
        self._read.clear()

    def by_meaning(
        self,
        searcher: tantivy.Searcher,
        query: SearchQuery,
        words: Sequence[Asked],
        chosen: Sequence[Query],
        nearest: Nearness,
        advice: Advice | None,
    ) -> SearchResult:
        """Ranks by meaning plus the part of what the question says that stands in the record word for word.

        On the development questions meaning alone has nDCG@10 .61, words alone .44, and this .70; the weight of words
        may be anything from .2 to .5. What is nowhere near is left out; where all is far, and the more so where the
        catalogue does not know the words, the answer is that nothing is here. Where the question names a nation,
        what covers it comes before what covers others only.
        """
        scores = nearest.values.astype(float)
        covered = self._covered(searcher, words)
        known = {iri: place for iri in covered if (place := nearest.places.get(iri)) is not None}
        for iri, place in known.items():
            scores[place] += _WORDS * covered[iri]
        # A record that came after the vectors were made has its words alone.
        late = {iri: _WORDS * part for iri, part in covered.items() if iri not in known}
        best = max(float(scores.max(initial=0.0)), max(late.values(), default=0.0))
        if best - _UNKNOWN * _unknown(words, searcher.num_docs) < _NOTHING:
            return SearchResult(0, (), {}, None, Advice(NOT_ABOUT, self._themes_near(searcher, nearest)))
        if chosen:
            allowed = self._iris(searcher, self._questions.query([], chosen))
            late = {iri: score for iri, score in late.items() if iri in allowed}
            inside = [place for iri in allowed if (place := nearest.places.get(iri)) is not None]
            kept = scores[inside]
            scores[:] = -1.0
            scores[inside] = kept
        near = int((scores >= _NEAR * best).sum()) + len(late)
        found = {
            nearest.iris[place]: float(scores[place])
            for place in _highest(scores, _DEEPEST)
            if scores[place] >= _NEAR * best
        } | late
        # What holds all that is asked for is found, however far it is and however many others hold it too.
        asked = self._questions.query(words, chosen)
        holding, holders = found_of(searcher, asked, _DEEPEST)
        for _, address in holders:
            iri = self._kept_of(searcher, address).iri
            found.setdefault(iri, float(scores[nearest.places[iri]]) if iri in nearest.places else _WORDS)
        total = max(near, holding, len(found))
        nations = Typed.read(query.text).nations
        if (nations.named or nations.excluded) and found:
            for one in self.named(searcher, list(found)):
                found[one.iri] += _nearness(nations, one.nations)
        ranked = sorted(found, key=lambda iri: (-found[iri], iri))[:_DEEPEST]
        page = ranked[query.offset : query.offset + query.limit]
        said = self._hits_of(searcher, page)
        hits = [
            Hit(said[iri], found[iri], (self._questions.why(said[iri], words) if iri in covered else "") or MEANING)
            for iri in page
        ]
        end = query.offset + len(hits)
        following = SearchQuery.cursor_of(end, len(ranked)) if hits else None
        if holding > near:
            found_facets = facets(searcher, asked)
        else:
            found_facets = facets_of([one.facets for one in self.named(searcher, ranked)])
        return SearchResult(
            total, tuple(hits), found_facets, following, advice if ranked else Advice(NO_MATCH), len(ranked)
        )

    def named(self, searcher: tantivy.Searcher, iris: Sequence[str]) -> list[Kept]:
        """The records of some IRIs; only those that were not read before are looked up."""
        unread = [iri for iri in iris if iri not in self._read]
        if unread:
            asked = Query.term_set_query(self._schema, "iri", unread)
            for _, address in found_of(searcher, asked, len(unread))[1]:
                self._kept_of(searcher, address)
        return [self._read[iri] for iri in iris if iri in self._read]

    def _hits_of(self, searcher: tantivy.Searcher, iris: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What search shows of some records."""
        asked = Query.term_set_query(self._schema, "iri", list(iris))
        found = [searcher.doc(address) for _, address in found_of(searcher, asked, len(iris))[1]]
        return {str(one["iri"][0]): json.loads(bytes(one["hit"][0])) for one in found}

    def _iris(self, searcher: tantivy.Searcher, asked: Query) -> set[str]:
        found = found_of(searcher, asked, searcher.num_docs)[1]
        return {self._kept_of(searcher, address).iri for _, address in found}

    def _themes_near(self, searcher: tantivy.Searcher, nearest: Nearness) -> tuple[str, ...]:
        """The themes of what is nearest, the commonest first, however far away it is."""
        counted = Counter(
            theme
            for one in self.named(searcher, [nearest.iris[place] for place in _highest(nearest.values, _NEIGHBOURS)])
            for theme in one.facets["theme"]
        )
        return tuple(theme for theme, _ in counted.most_common(3))

    def _covered(self, searcher: tantivy.Searcher, words: Sequence[Asked]) -> dict[str, float]:
        """For records that hold any of the words, the part of the information in the words that they hold."""
        telling = weights(words, searcher.num_docs)
        asked = Query.boolean_query(
            [
                (Occur.Should, Query.const_score_query(word.anywhere, weight))
                for word, weight in zip(words, telling, strict=True)
            ]
        )
        whole = sum(telling)
        found = found_of(searcher, asked, _DEEPEST)[1]
        return {self._kept_of(searcher, address).iri: float(score) / whole for score, address in found}

    def _kept_of(self, searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Kept:
        key = (address.segment_ord, address.doc)
        if key not in self._kept:
            stored = searcher.doc(address)
            marks = json.loads(bytes(stored["marks"][0]))
            kept = {name: tuple(map(sys.intern, values)) for name, values in marks["facets"].items()}
            nations = tuple(map(sys.intern, marks["nations"]))
            one = self._kept[key] = Kept(str(stored["iri"][0]), kept, nations)
            self._read[one.iri] = one
        return self._kept[key]


def _unknown(words: Sequence[Asked], records: int) -> float:
    """The part of the information in the words that no record holds at all; a small catalogue knows few words."""
    telling = weights(words, records)
    unknown = sum(weight for word, weight in zip(words, telling, strict=True) if not word.records or word.instead)
    return unknown / sum(telling) * min(1.0, records / _LARGE)


def _nearness(asked: Nations, covered: Sequence[str]) -> float:
    """What to add to the score of a record that is about some nations, for a question that names or leaves out some."""
    if not covered:
        return 0.0
    if asked.excluded.issuperset(covered) or (asked.named and asked.named.isdisjoint(covered)):
        return -_ELSEWHERE
    return _ELSEWHERE / 2 if asked.named and len(covered) == 1 else 0.0


def _highest(scores: "NDArray[floating[Any]]", most: int) -> Sequence[int]:
    """The places of the highest scores, in no order."""
    return scores.argpartition(-most)[-most:].tolist() if len(scores) > most else range(len(scores))
