"""Each example query answers its question on the demonstration catalogue, here and in an engine that is not ours."""

import json
from pathlib import Path
from typing import Any

import pytest
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples

from ndl_graph.catalog import Catalog
from ndl_graph.sparql import read_query
from ndl_graph.sparql.examples import Example, examples

# rdflib's own evaluator still uses what rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:Dataset.* is deprecated:DeprecationWarning")

EXPECTED = Path(__file__).parent / "examples"


@pytest.fixture(scope="module")
def second(demo: Catalog) -> rdflib.Dataset:
    """The same records in rdflib."""
    dataset = rdflib.Dataset(default_union=True)
    for record in (*demo.records(), *demo.uses()[1]):
        text = "".join(f"{triple} .\n" for triple in record.triples)
        dataset.graph(rdflib.URIRef(record.iri.value)).parse(data=text, format="nt")
    return dataset


def expected(example: Example) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((EXPECTED / f"{example.name}.json").read_text("utf-8"))
    return answer


def test_there_are_enough_and_each_has_its_answer() -> None:
    found = examples()
    assert len(found) >= 25
    assert {path.stem for path in EXPECTED.glob("*.json")} == {one.name for one in found}
    assert all(one.label.endswith("?") and one.comment for one in found)
    assert len({one.iri for one in found}) == len(found)


@pytest.mark.parametrize("example", examples(), ids=[one.name for one in examples()])
def test_answer(example: Example, demo: Catalog) -> None:
    wanted = expected(example)
    query = read_query(example.query)
    assert not query.added, "an example says which prefixes it uses"
    answer = demo.query(query)
    if isinstance(answer, QueryBoolean):
        assert bool(answer) is wanted["boolean"]
    elif isinstance(answer, QueryTriples):
        lines = {str(triple) for triple in answer}
        assert len(lines) == wanted["triples"]
        assert {line.rstrip(" .") for line in wanted["contains"]} <= {line.rstrip(" .") for line in lines}
    else:
        rows = [{name: value.value for name in names(answer) if (value := row[name]) is not None} for row in answer]
        assert len(rows) == wanted["rows"]
        assert names(answer) == wanted["vars"]
        for one in wanted["contains"]:
            assert any(one.items() <= row.items() for row in rows), one


def names(answer: QuerySolutions) -> list[str]:
    return [variable.value for variable in answer.variables]


def plain(term: object) -> str | None:
    if term is None:
        return None
    return term.value if isinstance(term, NamedNode | Literal | BlankNode) else str(term)


@pytest.mark.parametrize("example", examples(), ids=[one.name for one in examples()])
def test_a_second_engine_agrees(example: Example, demo: Catalog, second: rdflib.Dataset) -> None:
    ours = demo.query(read_query(example.query))
    theirs = second.query(example.query)
    if isinstance(ours, QueryBoolean):
        assert bool(ours) == theirs.askAnswer
    elif isinstance(ours, QueryTriples):
        assert theirs.graph is not None
        assert len(set(map(str, ours))) == len(theirs.graph)
    else:
        found = {tuple(plain(row[name]) for name in names(ours)) for row in ours}
        theirs_too = {tuple(plain(row.get(rdflib.Variable(name))) for name in names(ours)) for row in theirs.bindings}
        assert found == theirs_too
