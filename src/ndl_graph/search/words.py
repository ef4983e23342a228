"""The words of a question: each with what else it is called, and found again where it is misspelled."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from pyoxigraph import Literal, RdfFormat, parse

from ndl_graph.namespaces import SKOS
from ndl_graph.resources import vocab_folder

__all__ = ["Thesaurus", "Word", "load_labels", "nations_named"]

#: The forms of one word or phrase of a question, each as the terms that the index has; the question's own form first.
Word = tuple[tuple[str, ...], ...]

_LABELS: Final = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)


#: What the four nations and their people are called, in English and Welsh.
_NATIONS: Final = {
    "England": "england|english|lloegr",
    "Scotland": "scotland|scottish|scots|alban",
    "Wales": "wales|welsh|cymru",
    "Northern Ireland": "northern ireland|northern irish|ulster|gogledd iwerddon",
}


def nations_named(text: str) -> set[str]:
    """The nations that a question names."""
    folded = _folded(text)
    return {name for name, words in _NATIONS.items() if re.search(rf"\b(?:{words})\b", folded)}


@cache
def load_labels() -> tuple[tuple[str, ...], ...]:
    """The labels of each concept in `vocab/words.ttl`."""
    found: dict[str, list[str]] = {}
    for quad in parse(path=str(vocab_folder() / "words.ttl"), format=RdfFormat.TURTLE):
        if quad.predicate in _LABELS and isinstance(quad.object, Literal):
            found.setdefault(str(quad.subject), []).append(quad.object.value)
    return tuple(map(tuple, found.values()))


class Thesaurus:
    """Finds in a question the labels of concepts, and gives the other labels beside them."""

    def __init__(self, labels: Sequence[Sequence[str]], analyze: Callable[[str], list[str]]) -> None:
        self._analyze = analyze
        self._concepts: dict[str, Sequence[str]] = {}
        for names in labels:
            for name in names:
                self._concepts.setdefault(_folded(name), names)
        ordered = sorted(self._concepts, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)")

    def words(self, text: str) -> list[Word]:
        """The words of a text in order, without those that say nothing, each once; a known phrase is one word."""
        folded = _folded(text)
        found: list[Word] = []
        at = 0
        for match in self._pattern.finditer(folded):
            found += [((term,),) for term in self._analyze(folded[at : match.start()])]
            forms = [tuple(self._analyze(form)) for form in (match[0], *self._concepts[match[0]])]
            # What is left of "A&E" by an analyser, an "e", would be found everywhere.
            terms = [form for form in forms if any(len(term) > 1 for term in form)]
            if terms:
                found.append(tuple(dict.fromkeys(terms)))
            at = match.end()
        found += [((term,),) for term in self._analyze(folded[at:])]
        return list(dict.fromkeys(found))

    def in_full(self, text: str) -> str:
        """The text with the full name after each short one: a model of language knows few of our abbreviations."""

        def both(match: re.Match[str]) -> str:
            full = self._concepts[match[0]][0]
            return match[0] if match[0] == _folded(full) else f"{match[0]} ({full})"

        return self._pattern.sub(both, _folded(text))


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
