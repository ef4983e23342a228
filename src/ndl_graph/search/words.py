"""The words of a question: each with what else it is called, and found again where it is misspelled."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.namespaces import SKOS
from ndl_graph.resources import vocab_folder

__all__ = ["Concept", "Nations", "Thesaurus", "Word", "load_concepts", "nations_asked"]

#: The forms of one word or phrase of a question, each as the terms that the index has; the question's own form first.
Word = tuple[tuple[str, ...], ...]

_LABELS: Final = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)
#: Words by which Welsh is told, and that are none in English.
_WELSH: Final = re.compile(r"\b(?:y|yr|yn|yng|ym|ac|gan|mewn|neu|dros|sydd|faint|ble|sawl|oes|nifer)\b")

#: What the four nations and their people are called, in English and in Welsh with its mutations.
_NATIONS: Final = {
    "England": r"(?<!new )(?<!bank of )england|english|lloegr",
    "Scotland": r"(?<!nova )scotland|scottish|scots|alban",
    "Wales": r"(?<!south )wales|(?<!new )south wales|welsh|(?:c|g|ngh|ch)ymru",
    "Northern Ireland": r"northern ireland|northern irish|ulster|n?gogledd iwerddon",
}
_NATION: Final = re.compile(
    r"\b(?:" + "|".join(f"(?P<n{place}>{words})" for place, words in enumerate(_NATIONS.values())) + r")\b"
)
#: Words before a nation by which it is left out, and those between two nations of one list.
_LEFT_OUT: Final = re.compile(
    r"(?:\b(?:not|outside|except|excepting|excluding|other than|apart from|elsewhere than|y tu allan i|heblaw|"
    r"ac eithrio)(?: (?:in|for|from|of|about|the|yn|yng|ym|yr|y))*) ?\Z"
)
_LISTED: Final = re.compile(r" ?(?:,|/|or|and|nor|neu|a|ac|na)? ?(?:in )?\Z")


@dataclass(frozen=True)
class Nations:
    """The nations that a question names, those that it leaves out, and the question without the latter."""

    named: frozenset[str]
    excluded: frozenset[str]
    rest: str


def nations_asked(text: str) -> Nations:
    """Which nations somebody asks for, and which not (“schools outside Scotland”)."""
    # In small letters, "ni" is a word of Welsh.
    folded = _folded(re.sub(r"\bNI\b", "Northern Ireland", text))
    named, excluded = set[str](), set[str]()
    rest: list[str] = []
    at = 0
    last_out = False
    for match in _NATION.finditer(folded):
        nation = next(name for place, name in enumerate(_NATIONS) if match[f"n{place}"])
        before = folded[at : match.start()]
        out = _LEFT_OUT.search(before)
        if out or (last_out and _LISTED.match(before)):
            excluded.add(nation)
            rest.append(before[: out.start()] if out else "")
            last_out = True
        else:
            named.add(nation)
            rest.append(folded[at : match.end()])
            last_out = False
        at = match.end()
    if not excluded:
        return Nations(frozenset(named), frozenset(), text)
    rest.append(folded[at:])
    return Nations(frozenset(named - excluded), frozenset(excluded), " ".join("".join(rest).split()))


@dataclass(frozen=True)
class Concept:
    """What a thing is called, its main name first; `doubtful` are Welsh names that are English words too."""

    names: tuple[str, ...]
    welsh: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()


@cache
def load_concepts() -> tuple[Concept, ...]:
    """The concepts of `vocab/words.ttl`."""
    found: dict[str, list[tuple[NamedNode, Literal]]] = {}
    for quad in parse(path=str(vocab_folder() / "words.ttl"), format=RdfFormat.TURTLE):
        if quad.predicate in _LABELS and isinstance(quad.object, Literal):
            found.setdefault(str(quad.subject), []).append((quad.predicate, quad.object))
    return tuple(
        Concept(
            tuple(label.value for _, label in labels),
            frozenset(label.value for _, label in labels if label.language == "cy"),
            frozenset(label.value for name, label in labels if label.language == "cy" and name == SKOS.hiddenLabel),
        )
        for labels in found.values()
    )


class Thesaurus:
    """Finds in a question the labels of concepts, and gives the other labels beside them."""

    def __init__(self, concepts: Sequence[Concept], analyze: Callable[[str], list[str]]) -> None:
        self._analyze = analyze
        self._concepts: dict[str, Sequence[str]] = {}
        for concept in concepts:
            for name in concept.names:
                self._concepts.setdefault(_folded(name), concept.names)
        self._doubtful = {_folded(name) for concept in concepts for name in concept.doubtful}
        self._welsh = {_folded(name) for concept in concepts for name in concept.welsh} - self._doubtful
        ordered = sorted(self._concepts, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)")

    def words(self, text: str) -> list[Word]:
        """The words of a text in order, without those that say nothing, each once; a known phrase is one word."""
        folded = _folded(text)
        found: list[Word] = []
        at = 0
        for match in self._known(folded):
            found += [((term,),) for term in self._analyze(folded[at : match.start()])]
            forms = [tuple(self._analyze(form)) for form in (match[0], *self._concepts[match[0]])]
            # What is left of "A&E" by an analyser, an "e", would be found everywhere.
            terms = [form for form in forms if any(len(term) > 1 for term in form)]
            if terms:
                found.append(tuple(dict.fromkeys(terms)))
            at = match.end()
        found += [((term,),) for term in self._analyze(folded[at:])]
        return list(dict.fromkeys(found))

    def _known(self, folded: str) -> list[re.Match[str]]:
        """The labels in a text; one that is Welsh and English means the Welsh in a text that has other Welsh."""
        found = list(self._pattern.finditer(folded))
        if any(match[0] in self._doubtful for match in found):
            is_welsh = any(match[0] in self._welsh for match in found) or _WELSH.search(folded)
            return [match for match in found if is_welsh or match[0] not in self._doubtful]
        return found

    def in_full(self, text: str) -> str:
        """The text with the full name after each short one: a model of language knows few of our abbreviations."""
        folded = _folded(text)
        parts: list[str] = []
        at = 0
        for match in self._known(folded):
            full = self._concepts[match[0]][0]
            parts.append(folded[at : match.end()])
            if match[0] != _folded(full):
                parts.append(f" ({full})")
            at = match.end()
        return "".join([*parts, folded[at:]])


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
