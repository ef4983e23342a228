"""Turtle with the line of every statement, read by rdflib, whose parser says where it stands."""

from collections.abc import Iterator, MutableSequence
from typing import Any, Final

import rdflib
from pyoxigraph import BlankNode, NamedNode, Triple
from pyoxigraph import Literal as RdfLiteral
from rdflib.plugins.parsers.notation3 import RDFSink, SinkParser

from ndl_graph.formats.places import Lines, place
from ndl_graph.record import triples_of

__all__ = ["read"]

_XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"


class _Sink(RDFSink):
    """Keeps statements as they come, literals as they are written."""

    def __init__(self) -> None:
        super().__init__(rdflib.Graph())
        self.found: list[tuple[Any, Any, Any, int, int]] = []
        self.subjects: dict[Any, int] = {}
        self.value_at = self.property_at = 0

    def newLiteral(self, s: str, dt: rdflib.URIRef | None, lang: str | None) -> rdflib.Literal:  # noqa: N802 - rdflib names it so
        """Without rdflib's rewriting of lexical forms."""
        return (
            rdflib.Literal(s, lang=lang, normalize=False) if lang else rdflib.Literal(s, datatype=dt, normalize=False)
        )

    def makeStatement(self, quadruple: Any, why: Any = None) -> None:  # noqa: N802 - rdflib names it so
        """Notes the statement and where it stands."""
        del why
        predicate, subject, value = (self.normalise(None, term) for term in quadruple[1:])
        self.found.append((subject, predicate, value, self.property_at, self.value_at))


class _Parser(SinkParser):
    """Tells the sink where the property and the value stand of which a statement is made."""

    def __init__(self, sink: _Sink, base: str) -> None:
        super().__init__(sink, baseURI=base, turtle=True)
        self._sink = sink
        self._property_at = 0
        self._values_at: list[int] = []
        self._start: int | None = None

    def statement(self, argstr: str, i: int) -> int:
        self._start = i
        return super().statement(argstr, i)

    def property_list(self, argstr: str, i: int, subj: Any) -> int:
        if self._start is not None:
            self._sink.subjects.setdefault(subj, self._start)
            self._start = None
        return super().property_list(argstr, i, subj)

    def verb(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
        self._property_at = i
        return super().verb(argstr, i, res)

    def objectList(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:  # noqa: N802 - rdflib names it so
        property_at, values_at = self._property_at, []
        while True:
            values_at.append(max(self.skipSpace(argstr, i), 0))
            i = self.object(argstr, i, res)
            if i < 0:
                return i
            i = self.skipSpace(argstr, i)
            if i < 0 or argstr[i] != ",":
                break
            i += 1
        self._property_at, self._values_at = property_at, values_at
        return i

    def makeStatement(self, quadruple: Any) -> None:  # noqa: N802 - rdflib names it so
        self._sink.property_at = self._property_at
        self._sink.value_at = self._values_at.pop(0) if self._values_at else self._property_at
        super().makeStatement(quadruple)


def read(text: str, base: str) -> Iterator[Triple] | None:
    """The triples with their places; None where rdflib cannot read what Oxigraph can."""
    sink = _Sink()
    try:
        _Parser(sink, base).loadBuf(text)
        return iter(_placed(sink, Lines(text)))
    except Exception:  # noqa: BLE001 - rdflib raises many kinds of error, and a report without lines is better than none
        return None


def _placed(sink: _Sink, lines: Lines) -> list[Triple]:
    triples = triples_of(
        f"{_term(subject)} {_term(predicate)} {_term(value)}" for subject, predicate, value, _, _ in sink.found
    )
    out: list[Triple] = []
    starts = dict(sink.subjects)
    for triple, (subject, _, _, property_at, value_at) in zip(triples, sink.found, strict=True):
        value = triple.object
        if (start := starts.pop(subject, None)) is not None:
            out.append(place(triple.subject, lines.at(start)))
        said = value.value if isinstance(value, (RdfLiteral, NamedNode)) else ""
        out.append(triple)
        out.append(place(triple.subject, lines.at(property_at), triple.predicate.value))
        if said:
            out.append(place(triple.subject, lines.at(value_at), triple.predicate.value, said))
        elif isinstance(value, BlankNode):
            out.append(place(value, lines.at(value_at)))
    return out


def _term(term: Any) -> str:
    if isinstance(term, rdflib.BNode):
        return f"_:{term}"
    if isinstance(term, rdflib.URIRef):
        return f"<{term}>"
    assert isinstance(term, rdflib.Literal)
    if term.language:
        return str(RdfLiteral(str(term), language=term.language))
    return str(RdfLiteral(str(term), datatype=NamedNode(str(term.datatype or _XSD_STRING))))
