"""What a record says is the same as lines and as terms, and its digest is that of what it says."""

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.record import Statements, digest, term_of, triples_of


def test_digest_does_not_depend_on_order() -> None:
    assert digest(["a", "b"]) == digest(("b", "a")) != digest(["a", "c"])
    assert len(digest([])) == 64


@pytest.mark.parametrize(
    "term",
    [
        NamedNode("http://ex.org/a"),
        BlankNode("b1"),
        Literal("plain"),
        Literal(""),
        Literal('with "quotes", a \\ and\na line'),
        Literal("Cymraeg", language="cy"),
        Literal("5", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
    ],
)
def test_a_term_is_read_as_it_is_written(term: NamedNode | BlankNode | Literal) -> None:
    read = term_of(str(term))
    # A parser may name a blank node as it likes.
    assert isinstance(read, BlankNode) if isinstance(term, BlankNode) else read == term


def test_statements_are_the_same_as_lines_and_as_terms() -> None:
    triples = [
        Triple(NamedNode("http://ex.org/a"), NamedNode("http://ex.org/says"), Literal("one\ntwo", language="en")),
        Triple(NamedNode("http://ex.org/a"), NamedNode("http://ex.org/is"), NamedNode("http://ex.org/b")),
    ]
    lines = Statements(triples=triples).lines
    assert triples_of(lines) == triples
    assert list(Statements(lines=lines).triples) == triples
