"""What somebody asks, as queries of the index: words, what else they are called, and what they are misspelt for."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

import tantivy
from tantivy import Occur, Query

from ndl_graph.description import NATION_NAMES
from ndl_graph.search.answers import CORRECTED, ELSEWHERE, FACETS, MARKS, NARROWED, PLACES, Advice, years_of
from ndl_graph.search.documents import ANALYZER, SPELLING, TEXT, analyzer
from ndl_graph.search.words import Nations, Thesaurus, Word, load_concepts, nations_asked

__all__ = ["Asked", "Questions", "Typed", "any_of", "both", "corrected", "found_of", "weights"]

#: Words in which questions are put, and that say nothing of what is asked for.
_OF_QUESTIONS: Final = frozenset(
    "about all any anybody anyone anything are can could data dataset datasets did do does find from get give had has "
    "have how i is list looking many me much my need our please see show some tell than them there these this those "
    "want was we were what when where which who whom whose why would you your".split()
)
#: Letters from which a word may be misspelled by one, and by two.
_LONG: Final = 5
_VERY_LONG: Final = 8
#: Words of one question that it is looked up for what they are misspelt for.
_MOST_MENDED: Final = 8
#: Records in which it is looked for what a misspelt word stands for, and how like it that must be: the first letter
#: is seldom wrong, and what is less alike is another word that nobody here has used (“gambling” is no “sampling”).
_LOOKED_AT: Final = 50
_ALIKE: Final = 0.84


#: Words between quotation marks, and one that is to be absent: a minus sign before a letter or such words.
_QUOTED: Final = r'["\u201c\u201d]([^"\u201c\u201d]+)["\u201c\u201d]'
_MARKED: Final = re.compile(rf"(?<!\S)(?P<without>[-\u2212](?=[^\W\d]|[\"\u201c])(?:{_QUOTED}|\S+))|{_QUOTED}")


@dataclass(frozen=True)
class Typed:
    """What somebody typed: the words, those that must stand together as they are, and those that must be absent.

    The words are told without the nations that are left out.
    """

    words: str
    nations: Nations
    together: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Typed":
        """Reads `“words together”` and `-absent`; all other marks say nothing."""
        together: list[str] = []
        absent: list[str] = []

        def taken(match: re.Match[str]) -> str:
            if match["without"]:
                absent.append(match["without"][1:])
                return " "
            together.append(match[3])
            return f" {match[3]} "

        nations = nations_asked(_MARKED.sub(taken, text))
        return cls(nations.rest, nations, tuple(together), tuple(absent))


@dataclass(frozen=True)
class Asked:
    """A word of a question: its forms, the records that hold it, how many, and the same weighted by field.

    `spelt` and `instead` tell of a word that no record holds, and of the one that was looked for in its place.
    """

    forms: Word
    anywhere: Query
    records: int
    weighted: Query
    spelt: str = ""
    instead: str = ""


def any_of(queries: Sequence[Query]) -> Query:
    """What any of some queries finds."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, one) for one in queries])


def both(*queries: Query) -> Query:
    """What each of some queries finds."""
    return Query.boolean_query([(Occur.Must, one) for one in queries])


def found_of(
    searcher: tantivy.Searcher, asked: Query, limit: int, offset: int = 0, order_by: str | None = None
) -> tuple[int, list[tuple[float, tantivy.DocAddress]]]:
    """How many records a query finds, and some of them: score and address."""
    # The type stubs of tantivy 0.27 leave `count` out, and it takes no limit of none.
    found: Any = searcher.search(asked, limit=max(1, limit), offset=offset, count=True, order_by_field=order_by)
    return int(found.count or 0), found.hits[:limit]


class Questions:
    """Makes queries of questions, for the index with a schema."""

    def __init__(self, index: tantivy.Index) -> None:
        self._schema = index.schema
        self._analyzer = analyzer(stemmed=True)
        self._spelling = analyzer(stemmed=False)
        index.register_tokenizer(ANALYZER, self._analyzer)
        index.register_tokenizer(SPELLING, self._spelling)
        self._cut = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).build()
        self._thesaurus = Thesaurus(load_concepts(), self._analyzer.analyze)

    def asked(self, searcher: tantivy.Searcher, text: str) -> list[Asked]:
        """The words of a text that say something, each once."""
        written = dict(zip(self._analyzer.analyze(text), self._spelling.analyze(text), strict=True))
        words = self._thesaurus.words(text)
        telling = [word for word in words if len(word) > 1 or written.get(word[0][0], "") not in _OF_QUESTIONS]
        asked: list[Asked] = []
        for word in telling or words:
            # Nobody misspells all words of a page, and each takes milliseconds.
            mend = sum(bool(one.spelt) for one in asked) < _MOST_MENDED
            asked.append(self._asked(searcher, word, written, mend=mend))
        return asked

    def in_full(self, text: str) -> str:
        """The text with what its abbreviations stand for, for a model that knows few of them."""
        return self._thesaurus.in_full(text)

    def filters(self, filters: Mapping[str, Sequence[str]]) -> list[Query]:
        """One query for each facet: any of its values will do."""
        wanted = {name: list(filters.get(name, ())) for name in (*FACETS, *MARKS, *NARROWED)}
        wanted["period"] = [year for one in wanted["period"] for year in years_of(one)]
        return [Query.term_set_query(self._schema, name, values) for name, values in wanted.items() if values]

    def together(self, searcher: tantivy.Searcher, typed: Typed, chosen: Sequence[Query]) -> list[Query]:
        """One query for each run of words that must stand together; none where nothing that is chosen has them all."""
        asked = [query for words in typed.together if (query := self._in_order(words)) is not None]
        return asked if asked and found_of(searcher, both(*asked, *chosen), 0)[0] else []

    def absent(self, typed: Typed) -> list[Query]:
        """A query for the records without the words that must be absent, nor of a nation that is left out alone."""
        unwanted = [query for words in typed.absent if (query := self._in_order(words)) is not None]
        if excluded := typed.nations.excluded:
            others = Query.term_set_query(self._schema, "place", sorted(set(NATION_NAMES) - excluded))
            there = Query.term_set_query(self._schema, "place", sorted(excluded))
            unwanted.append(Query.boolean_query([(Occur.Must, there), (Occur.MustNot, others)]))
        parts = [(Occur.Must, Query.all_query()), *((Occur.MustNot, one) for one in unwanted)]
        return [Query.boolean_query(parts)] if unwanted else []

    def _in_order(self, words: str) -> Query | None:
        """What holds the words in one field, in their order and with none between; stop-words are not looked at."""
        terms = [self._analyzer.analyze(word) for word in self._cut.analyze(words)]
        placed: list[str | tuple[int, str]] = [(place, term) for place, found in enumerate(terms) for term in found]
        if len(placed) < 2:
            return next((self._anywhere(term) for found in terms for term in found), None)
        return any_of([Query.phrase_query(self._schema, name, placed) for name in TEXT])

    def query(self, words: Sequence[Asked], filters: Sequence[Query], occur: Occur = Occur.Must) -> Query:
        """Records that pass all filters, and hold all of the words, or with `Should` any."""
        parts: list[tuple[Occur, Query]] = [(Occur.Must, part) for part in filters]
        if words:
            parts.append((Occur.Must, Query.boolean_query([(occur, word.weighted) for word in words])))
        return Query.boolean_query(parts) if parts else Query.all_query()

    def why(self, said: Mapping[str, Any], words: Sequence[Asked]) -> str:
        """Where in a record some word of the question stands in one of its forms."""
        places = [
            name
            for name, text in zip(PLACES, (said["title"], said["publisher"], said["summary"]), strict=True)
            if self._holds(text or "", words)
        ]
        return "in the " + " and ".join(places) if places else (ELSEWHERE if words else "")

    def _holds(self, text: str, words: Sequence[Asked]) -> bool:
        terms = set(self._analyzer.analyze(text))
        return any(terms.issuperset(form) for word in words for form in word.forms)

    def _asked(self, searcher: tantivy.Searcher, word: Word, written: Mapping[str, str], *, mend: bool) -> Asked:
        """The word as queries; one that no record holds is taken for a misspelling of what is nearest to it."""

        def held(form: Sequence[str], term: Callable[[str], Query]) -> Query:
            parts = [term(one) for one in form]
            return parts[0] if len(parts) == 1 else both(*parts)

        anywhere = any_of([held(form, self._anywhere) for form in word])
        weighted = any_of([held(form, self._weighted) for form in word])
        count, _ = found_of(searcher, anywhere, 0)
        spelt = written.get(word[0][0], word[0][0])
        if count or not mend or len(word) > 1 or len(word[0]) > 1 or len(spelt) < _LONG:
            return Asked(word, anywhere, count, weighted)
        near = Query.fuzzy_term_query(self._schema, SPELLING, spelt, 1 if len(spelt) < _VERY_LONG else 2)
        if instead := self._meant(searcher, near, spelt):
            form = tuple(self._analyzer.analyze(instead))
            anywhere, weighted = held(form, self._anywhere), held(form, self._weighted)
            return Asked((form,), anywhere, found_of(searcher, anywhere, 0)[0], weighted, spelt, instead)
        return Asked(word, anywhere, 0, weighted, spelt)

    def _meant(self, searcher: tantivy.Searcher, near: Query, spelt: str) -> str:
        """The word that is most like a misspelt one in the records that hold such a word; empty where none shows it."""
        counted: Counter[str] = Counter()
        for _, address in found_of(searcher, near, _LOOKED_AT)[1]:
            said = json.loads(bytes(searcher.doc(address)["hit"][0]))
            shown = " ".join(said[name] or "" for name in ("title", "publisher", "summary"))
            counted.update(set(self._spelling.analyze(shown)))
        likeness = {one: SequenceMatcher(None, spelt, one).ratio() for one in counted if one[0] == spelt[0]}
        best = max(likeness, key=lambda one: (round(likeness[one], 1), counted[one], one), default="")
        return best if best and likeness[best] >= _ALIKE and self._analyzer.analyze(best) else ""

    def _anywhere(self, term: str) -> Query:
        return any_of([Query.term_query(self._schema, name, term, "basic") for name in TEXT])

    def _weighted(self, term: str) -> Query:
        parts = [
            Query.boost_query(Query.term_query(self._schema, name, term, "freq"), boost) for name, boost in TEXT.items()
        ]
        return Query.disjunction_max_query(parts, 0.2)


def corrected(words: Sequence[Asked]) -> Advice | None:
    """What to tell of words that other words were looked for in the place of."""
    instead = tuple((word.spelt, word.instead) for word in words if word.instead)
    return Advice(CORRECTED, instead=instead) if instead else None


def weights(words: Sequence[Asked], records: int) -> list[float]:
    """How much each word tells in an index of so many records: the fewer hold it, the more."""
    return [math.log(1 + max(1, records) / (1 + word.records)) for word in words]
