"""What comes from outside is read once: time grows with its length, not with the square of that."""

import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.access import without_access
from ndl_graph.catalog import Catalog
from ndl_graph.columns import _LOOKED_AT, _PERSONAL_VALUE
from ndl_graph.description import DescriptionView
from ndl_graph.errors import NdlGraphError
from ndl_graph.formats import detect, format_named, writable
from ndl_graph.formats.boxes import box_of
from ndl_graph.formats.jsonld import read as read_jsonld
from ndl_graph.identity import organisation_iri
from ndl_graph.labels import default_labels
from ndl_graph.loading import Loader
from ndl_graph.namespaces import DCAT, VCARD
from ndl_graph.namespaces import DCT as DCT_
from ndl_graph.normalise import Normaliser
from ndl_graph.record import Record, Statements
from ndl_graph.search import SearchQuery
from ndl_graph.search.question import Typed
from ndl_graph.sources import Source
from ndl_graph.sparql import Statistics, hints, read_query
from ndl_graph.stores import EmbeddedStore
from ndl_graph.web.negotiation import NotAcceptable, Offer, choose
from ndl_graph.web.respond import content_coding

LONG = 60_000
SECONDS = 1.0  # each takes a few milliseconds; what grows with the square takes minutes
OFFERS = (Offer("html", "text/html"), Offer("turtle", "text/turtle"))


def within(work: Callable[[], object]) -> None:
    start = time.perf_counter()
    with suppress(NdlGraphError, NotAcceptable):
        work()
    assert time.perf_counter() - start < SECONDS


HEADERS = [
    "text/html," + " " * LONG + '"',
    '"' * LONG,
    '"\\' * LONG,
    "," * LONG,
    ";" * LONG,
    "text/html;" + "a" * LONG,
    "text/html; " + "a " * LONG,
    "text/html;q=" + "0" * LONG,
    'text/html;a="' + "\\" * LONG,
    "/" * LONG,
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers(header: str) -> None:
    within(lambda: choose(OFFERS, header))
    within(lambda: content_coding(header, ("br", "gzip")))


@pytest.mark.parametrize(
    "content",
    [
        b"x" + b"\n" * LONG,
        b"<a> <b> " + b"<" * LONG,
        b"<a> <b> " + b"." * LONG,
        b'<a> <b> "' + b"\\" * LONG,
        (b"<a> <b> <c" + b" " * 1000 + b"\n") * 60,
        b"_:a <b>" + b" " * LONG,
        b"@prefix " + b"a" * LONG,
        b"prefix a" + b" " * LONG,
        b"@prefix a: <a> .\n" + b"a" * LONG,
    ],
)
def test_telling_a_syntax(content: bytes) -> None:
    within(lambda: detect(io.BytesIO(content)))


@pytest.mark.parametrize("value", ["a" * LONG, "a@" * LONG, "0" * LONG, "a." * LONG, "A1 " * LONG])
def test_values_of_a_column(value: str) -> None:
    within(lambda: _PERSONAL_VALUE.search(value[:_LOOKED_AT]))


def test_many_policies() -> None:
    lines = []
    for number in range(4_000):
        offer = f"<https://example.org/r/{number}#offer>"
        lines += [
            f"<https://example.org/d> <http://www.w3.org/ns/odrl/2/hasPolicy> {offer}",
            f"{offer} <https://w3id.org/ndl-graph/vocab#accessLevel> <urn:level>",
            f"{offer} <http://www.w3.org/ns/odrl/2/permission> {offer[:-1]}-use>",
        ]
    start = time.perf_counter()
    assert [line for line in without_access(lines) if "#offer" in line.split(" ", 1)[0]] == []
    assert time.perf_counter() - start < SECONDS


DCT = "http://purl.org/dc/terms/"
DATASET = NamedNode("https://example.org/d")
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def node(name: str) -> NamedNode:
    return NamedNode(f"https://example.org/{name}")


def chain(predicate: str, count: int = 1_200) -> list[Triple]:
    name = NamedNode(predicate)
    return [Triple(node(f"n{n}"), name, node(f"n{n + 1}")) for n in range(count)]


def diamonds(start: str, predicates: tuple[str, ...], count: int = 22) -> list[Triple]:
    steps = [(node(f"{start}{n}"), node(f"{start}{n + 1}")) for n in range(count)]
    return [Triple(here, NamedNode(name), there) for here, there in steps for name in predicates]


PARENT = "http://www.w3.org/ns/org#subOrganizationOf"
SCHEMA = "https://schema.org/"
GENID = ".well-known/genid/"
DEEP = {
    "a chain of nodes": [Triple(DATASET, NamedNode(f"{DCT}relation"), node("n0")), *chain(f"{DCT}relation")],
    "a chain of organisations": [
        Triple(DATASET, NamedNode(f"{DCT}publisher"), node("n0")),
        *chain(PARENT),
        *(Triple(node(f"n{n}"), NamedNode("http://xmlns.com/foaf/0.1/name"), Literal(f"O{n}")) for n in range(1_201)),
    ],
    "nameless nodes that are told again": [
        Triple(DATASET, RDF_TYPE, NamedNode(f"{SCHEMA}Dataset")),
        Triple(DATASET, NamedNode(f"{SCHEMA}about"), node(f"{GENID}0")),
        *diamonds(GENID, (f"{SCHEMA}about", f"{SCHEMA}mentions")),
    ],
}


@pytest.mark.parametrize("extra", DEEP.values(), ids=DEEP.keys())
@pytest.mark.parametrize("form", writable(), ids=lambda form: form.name)
def test_forms_of_what_is_deep(form: object, extra: list[Triple]) -> None:
    """Every form is written, is not many times as long as what it says, and the plain ones say all of it."""
    triples = [
        Triple(DATASET, RDF_TYPE, NamedNode("http://www.w3.org/ns/dcat#Dataset")),
        Triple(DATASET, NamedNode(f"{DCT}title"), Literal("Deep")),
        *extra,
    ]
    record = Record(node("dataset/deep"), DATASET, "dataset", "", Statements(triples=triples))
    written = form.write(record)  # type: ignore[attr-defined]
    assert len(written) < 3_000 * len(triples)
    if form.name == "jsonld":  # type: ignore[attr-defined]
        assert set(read_jsonld(io.BytesIO(written), "https://example.org/")) == set(triples)


QUERIES = [
    '"\\', "'\\", '"""\\', "'''\\", ".service", "service", "service.", "from ", "from.", "a.", "<", "<a ", "prefix ",
    "prefix a:<", "base<", "a:\\-", "@a-", '"a"@a-', "1.", "_:a.", "#", "{", "service silent ", "service<a>{", "?",
]  # fmt: skip


@pytest.mark.parametrize("part", QUERIES)
@pytest.mark.parametrize("start", ["", "SELECT * { ", "SELECT * FROM "])
def test_queries(start: str, part: str) -> None:
    """All of this happens in the service, before a worker with a clock of its own gets the query."""

    def work() -> None:
        text = start + part * (LONG // len(part))
        query = read_query(text)
        hints(query, Statistics())

    within(work)


@pytest.mark.parametrize(
    "text",
    ["a@" + "." * LONG + " x", "a@" + "b." * LONG + " x", "a" * LONG + "@", "www." + "." * LONG, "-" * LONG,
     "1/" * LONG, " " * LONG + "x", "http://" + "[" * LONG, "http://" + "a:" * LONG, "http://a/" + "%" * 9_000,
     "a" + " " * LONG + "b", "a <" * LONG, "a;" * LONG, "{{" * LONG, "mailto:" * (LONG // 8), "en," * LONG,
     "a to " * LONG],
)  # fmt: skip
def test_values_that_are_repaired(text: str) -> None:
    normaliser = Normaliser(organisation_iri("http://b.org/"))
    names = (VCARD.hasEmail, DCT_.issued, DCT_.license, DCT_.publisher, DCT_.temporal, DCAT.accessURL, DCT_.language)
    said = [Triple(DATASET, name, Literal(text)) for name in (*names, DCAT.mediaType, DCT_.accrualPeriodicity)]
    within(lambda: list(normaliser.blocks(said)))


def test_entities_that_never_end() -> None:
    form = format_named("rdfxml")
    assert form.read is not None
    read = form.read
    entity, start = "<!ENTITY a 'b'>", "<!DOCTYPE r ["
    for text in ("<!ENTITY " * LONG, start + "<!ENTITY " * LONG, start + entity * LONG + "]>"):
        within(lambda text=text: list(read(io.BytesIO(text.encode()), "http://b.org/")))  # type: ignore[misc]


def test_questions_of_misspelt_words(tmp_path: Path) -> None:
    """A thousand characters of words, each like many here and held by none."""
    head = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    words = [f"riverlevel{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600)]
    (tmp_path / "some.ttl").write_text(
        head + "".join(f"<http://e.org/{n}> a dcat:Dataset ; dct:title '{word}' .\n" for n, word in enumerate(words))
    )
    store = EmbeddedStore(tmp_path / "store")
    Loader(store, []).load([Source(str(tmp_path / "some.ttl"))])
    index = Catalog(store).index
    within(lambda: index.search(SearchQuery(" ".join(f"riverlevxl{chr(97 + n % 26)}{n}" for n in range(75)))))
    found = index.search(SearchQuery("riverlevelaaa"))
    assert found.advice is not None
    assert found.advice.instead


@pytest.mark.parametrize(
    "part", ["not in ", "england ", "not england, ", "NI ", "south wales ", "y tu allan i ", '"', "-a ", "plant ", " "]
)
def test_questions_of_a_search(part: str) -> None:
    within(lambda: Typed.read(part * (LONG // len(part))))


@pytest.mark.parametrize(
    "text",
    ["POLYGON((" + "1 " * LONG, "1" + " " * LONG + "2", "1," * LONG, '{"coordinates": ' + "[" * 9_000, "<" * LONG,
     "ENVELOPE(" + " " * LONG, "MULTIPOLYGON" + "1 2," * LONG],
)  # fmt: skip
def test_boxes_of_places(text: str) -> None:
    place = NamedNode("http://e.org/p")
    view = DescriptionView([Triple(place, DCAT.bbox, Literal(text))], place, default_labels())
    within(lambda: box_of(view))
