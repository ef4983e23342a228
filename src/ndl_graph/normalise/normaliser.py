"""Repairs what publishers really write: ordered, named, idempotent steps, each reported and none silent."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.names import NameTable, name_table
from ndl_graph.namespaces import (
    CR,
    RDF,
    SCHEMA,
    SPDX,
)
from ndl_graph.normalise.iris import CLEAN, CLEAN_IRI, clean_iri, percent_encoded, standard_term
from ndl_graph.normalise.rules import ANYTHING, OF_TEXT, RULES, tag_of
from ndl_graph.normalise.steps import Repairs
from ndl_graph.record import Block, Node, Term, term_of

__all__ = ["Normaliser"]

#: Properties whose values may be blank and still say something.
_KEPT_EMPTY: Final = frozenset({SPDX.checksumValue, SCHEMA.sha256, CR.separator, CR.replace, CR.regex, CR.format})
#: Control characters and code points that stand for no character (Unicode, section 23.7).
_NO_TEXT: Final = r"\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff"
# Written as N-Triples, these need no repair of their own: an IRI that is clean, a blank node, a literal with some text.
_PLAIN_IRI: Final = re.compile(rf"<{CLEAN}>\Z")
_PLAIN_VALUE: Final = re.compile(
    rf'(?:<{CLEAN}>|_:[^\s<>"]+'
    rf'|"(?!(?:\s|\\[trn])*(?:"|\{{\{{))(?:[^"\\\n\r{_NO_TEXT}]|\\[^uU])*+"(?:@(?P<tag>[A-Za-z0-9-]+)|\^\^<{CLEAN}>)?)\Z'
)
_CONTROL: Final = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f{_NO_TEXT}]")
#: What a template puts where nothing was filled in: it says nothing.
_LEFT_OVER: Final = re.compile(r"\s*\{\{[^{}]{0,100}\}\}\s*\Z")
_REMEMBERED: Final = 50_000
_SHORT: Final = 200


class _Ruled(Enum):
    """Whether there is a rule for the values of a property."""

    NOT = auto()
    ALWAYS = auto()
    AS_TEXT = auto()  # the rule leaves addresses alone
    MENDED = auto()  # the property itself has to be mended first


class Normaliser:
    """Applies the steps that look at one subject at a time; counts what it did in `repairs`.

    `organisation` gives the IRI of an organisation that is known by its name only.
    """

    def __init__(self, organisation: Callable[[str], str]) -> None:
        self.repairs = Repairs()
        self.organisation = organisation
        self.licences: NameTable = name_table("licence")
        self.formats: NameTable = name_table("format")
        self.media_types: NameTable = name_table("media-type")
        self.frequencies: NameTable = name_table("frequency")
        self._predicates: dict[NamedNode, NamedNode] = {}
        self._tags: dict[str, str | None] = {}
        self._rules: dict[str, _Ruled] = {}
        self._plain: dict[str, bool] = {}

    def blocks(self, triples: Iterable[Triple]) -> Iterator[Block]:
        """Runs of repaired statements with one subject each, in the order given.

        Most statements need no repair, which their N-Triples text tells; only the others are taken apart.
        """
        block: list[Triple] = []
        lines: list[str] = []
        start = "\n"  # no line starts so
        for triple in triples:
            line = str(triple)
            if not line.startswith(start):
                if block:
                    yield from self._block(start[:-1], block, lines)
                block, lines, start = [], [], line[: line.index(" ") + 1]
            block.append(triple)
            lines.append(line)
        if block:
            yield from self._block(start[:-1], block, lines)

    def _block(self, subject: str, block: list[Triple], lines: list[str]) -> Iterator[Block]:
        if not (subject.startswith("_:") or _PLAIN_IRI.match(subject)):
            # An IRI that holds a space looks like another one that starts in the same way.
            own: dict[Node, list[Triple]] = {}
            for triple in block:
                own.setdefault(triple.subject, []).append(triple)
            for said in own.values():
                yield from self._mend(said)
            return
        after = len(subject) + 1
        odd = [number for number, line in enumerate(lines) if not self._is_plain(line[after:])]
        if not odd:
            yield Block(subject, lines)
            return
        mended: list[str] = []
        extra: list[Triple] = []
        done = 0
        for number in odd:
            mended += lines[done:number]
            mended += self._statement(block[number].subject, block[number], block, extra)
            done = number + 1
        mended += lines[done:]
        if mended:
            yield Block(subject, mended)
        yield from _single(extra)

    def _mend(self, block: list[Triple]) -> Iterator[Block]:
        subject = self._node(block[0].subject)
        if subject is None:
            return
        extra: list[Triple] = []
        mended = [line for triple in block for line in self._statement(subject, triple, block, extra)]
        if mended:
            yield Block(str(subject), mended)
        yield from _single(extra)

    def _is_plain(self, said: str) -> bool:
        """Whether property and value, as N-Triples has them, are as they should be."""
        predicate, value = said.split(" ", 1)
        ruled = self._rules.get(predicate) or self._know(predicate)
        if ruled is _Ruled.MENDED:
            return False
        if ruled is _Ruled.NOT or (ruled is _Ruled.AS_TEXT and value[0] != '"'):
            return self._is_plain_value(value)
        plain = self._plain.get(said)
        if plain is None:
            plain = self._is_plain_value(value) and self._obeys(predicate, value)
            # A long text does not come twice.
            if len(said) < _SHORT:
                if len(self._plain) > _REMEMBERED:
                    self._plain.clear()  # values come from outside: what is remembered stays bounded
                self._plain[said] = plain
        return plain

    def _is_plain_value(self, value: str) -> bool:
        match = _PLAIN_VALUE.match(value)
        return match is not None and ((tag := match["tag"]) is None or self._is_tag(tag))

    def _know(self, predicate: str) -> "_Ruled":
        """Whether a rule goes with a property."""
        if not _PLAIN_IRI.match(predicate):
            return _Ruled.MENDED
        node = NamedNode(predicate[1:-1])
        if standard_term(node.value) != node.value:
            return _Ruled.MENDED
        if len(self._rules) > _REMEMBERED:
            self._rules.clear()
        if node in RULES:
            ruled = _Ruled.AS_TEXT if RULES[node][1] in OF_TEXT else _Ruled.ALWAYS
        else:
            ruled = _Ruled.ALWAYS if node == RDF.type else _Ruled.NOT
        self._rules[predicate] = ruled
        return ruled

    def _obeys(self, predicate: str, value: str) -> bool:
        """Whether the property's rule leaves the value alone, whatever else is said of the subject."""
        name, term = NamedNode(predicate[1:-1]), term_of(value)
        if name == RDF.type:
            return isinstance(term, NamedNode) and standard_term(term.value) == term.value
        return RULES[name][1](self, term, (Triple(ANYTHING, name, term),)) is None

    def _is_tag(self, tag: str) -> bool:
        standard = self._tag(tag)
        # Oxigraph keeps tags in lower case, which BCP 47 allows: a difference of case alone is no repair.
        return standard is not None and standard.casefold() == tag.casefold()

    def _tag(self, tag: str) -> str | None:
        if tag not in self._tags:
            if len(self._tags) > _REMEMBERED:
                self._tags.clear()
            self._tags[tag] = tag_of(tag)
        return self._tags[tag]

    def _statement(self, subject: Node, triple: Triple, block: list[Triple], extra: list[Triple]) -> list[str]:
        """One statement after repair, as lines; what else it says is added to `extra`."""
        given = triple.predicate
        predicate = self._predicates.get(given) or self._predicate(given)
        if predicate is None:
            return []
        value: Term | None = triple.object
        if isinstance(value, NamedNode):
            value = self._iri_value(value, given)
        elif isinstance(value, Literal):
            value = self._literal(value, predicate)
        elif isinstance(value, Triple):
            self.repairs.note("term", value, "left out: a statement about a statement (RDF 1.2)")
            return []
        if value is None:
            return []
        rule = RULES.get(predicate)
        change = rule[1](self, value, block) if rule else None
        values: Sequence[Term] = (value,)
        if rule and change:
            values, more = change
            made = next((new for new in values if new != value), more[0].object if more else values[0])
            self.repairs.note(rule[0], value, made)
            extra.extend(more)
        return [str(Triple(subject, predicate, new)) for new in values]

    def _node(self, node: Node) -> Node | None:
        if not isinstance(node, NamedNode) or CLEAN_IRI.match(node.value):
            return node
        # What no browser follows may still be what somebody calls a thing: it is spelt out, so that it is an IRI.
        cleaned = clean_iri(node.value) or clean_iri(percent_encoded(node.value))
        self.repairs.note("iri", node.value, cleaned or "left out: it has no scheme and nothing to resolve it against")
        return NamedNode(cleaned) if cleaned else None

    def _iri_value(self, value: NamedNode, predicate: NamedNode) -> Term | None:
        if predicate == RDF.type:
            standard = standard_term(value.value)
            if standard != value.value:
                self.repairs.note("term", value.value, standard)
                return NamedNode(standard)
        if CLEAN_IRI.match(value.value):
            return value
        return self._node(value) or Literal(value.value)

    def _predicate(self, given: NamedNode) -> NamedNode | None:
        standard = clean_iri(standard_term(given.value))
        if standard is None:
            # A key that the context of JSON-LD does not know names no property (JSON-LD 1.1 API, section 5.1.2).
            self.repairs.note("term", given.value, "left out: it is the address of no property")
            return None
        if standard == given.value:
            self._predicates[given] = given
            return given
        self.repairs.note("term", given.value, standard)
        return NamedNode(standard)

    def _literal(self, value: Literal, predicate: NamedNode) -> Literal | None:
        text = _CONTROL.sub("", value.value)
        if text != value.value or value.direction is not None:
            # XML has no form for such characters, and RDF 1.1 none for a direction of writing.
            self.repairs.note("text", str(value), text)
            kind = None if value.language else value.datatype
            value = Literal(text, language=value.language, datatype=kind)
        if not text or text.isspace() or _LEFT_OVER.match(text):
            if predicate in _KEPT_EMPTY:
                return value
            self.repairs.note("empty", predicate.value, "left out")
            return None
        tag = value.language
        if tag is None:
            return value
        if self._is_tag(tag):
            return value
        standard = self._tag(tag)
        if standard is None:
            self.repairs.note("language-tag", f'"{text}"@{tag}', text)
            return Literal(text)
        self.repairs.note("language-tag", f"@{tag}", f"@{standard}")
        return Literal(text, language=standard)


def _single(triples: Iterable[Triple]) -> Iterator[Block]:
    for triple in triples:
        yield Block(str(triple.subject), [str(triple)])
