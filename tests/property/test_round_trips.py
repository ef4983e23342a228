"""Whatever a description says, it survives: parsing and writing, splitting and joining, a second repair."""

from io import BytesIO

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, Triple

from ndl_graph.formats import FORMATS, Format
from ndl_graph.formats.jsonld import write as write_jsonld
from ndl_graph.formats.rdf import write as write_rdf
from ndl_graph.identity import identify, organisation_iri, settle
from ndl_graph.namespaces import DCAT, DCT, FOAF, RDF, SPDX, VCARD, relative_base
from ndl_graph.normalise import Normaliser
from ndl_graph.record import Block, triples_of
from ndl_graph.spool import Spool, split

BASE = "https://base.example/"
# What XML 1.0 can hold, since RDF/XML is one of the forms.
text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=40)
iris = st.from_regex(r"https?://[a-z]{1,8}\.org/[A-Za-z0-9/_~.-]{0,12}(#[a-z]{1,5})?", fullmatch=True).map(NamedNode)
tags = st.sampled_from(["en", "cy", "en-gb"])
literals = st.one_of(
    text.map(Literal),
    st.builds(lambda value, tag: Literal(value, language=tag), text, tags),
    st.integers(-9, 9999).map(Literal),
    st.dates().map(lambda day: Literal(day.isoformat(), datatype=NamedNode("http://www.w3.org/2001/XMLSchema#date"))),
)
predicates = st.sampled_from(
    [DCT.title, DCT.description, DCT.license, DCT.modified, DCT.format, DCT.publisher, DCT.accessRights, DCAT.mediaType,
     DCAT.keyword, DCT.temporal, DCT.language, VCARD.hasEmail, FOAF.name, NamedNode("https://odd.example/said"),
     DCAT.landingPage, DCAT.downloadURL, DCT.spatial, SPDX.algorithm, DCAT.servesDataset, FOAF.made]
)  # fmt: skip
odd = st.sampled_from(
    [
        Literal(value)
        for value in (
            *("OGL v3", "text/csv", "CSV", "OPEN", "2001/2002", "4 May 2022", "a@b.org", "en", " ", "monthly", "2008"),
            *("Smith, Jo <jo@b.org>", "a@b.org; c@b.org", "en-GB, cy", "1 April 2020 to 31 March 2021", "S92000003"),
            *("{{description}}", "SHA-256", "www.b.org/x", "mailto:mailto:a@b.org", "files/a.csv", "josé@b.org"),
        )
    ]
    # Addresses that start nowhere, as a reader gives them.
    + [NamedNode(relative_base() + path) for path in ("files/a.csv", "www.b.org/x", "#part", "a%20b")]
)


@st.composite
def descriptions(draw: st.DrawFn) -> list[Triple]:
    roots = draw(st.lists(iris, min_size=1, max_size=3, unique=True))
    parts: list[BlankNode] = [BlankNode(f"b{number}") for number in range(draw(st.integers(0, 3)))]
    triples = [Triple(root, RDF.type, DCAT.Dataset) for root in roots]
    triples += [Triple(root, DCT.title, Literal(f"t{number}")) for number, root in enumerate(roots)]
    nodes: list[NamedNode | BlankNode] = [*roots, *parts]
    for _ in range(draw(st.integers(0, 12))):
        triples.append(Triple(draw(st.sampled_from(nodes)), draw(predicates), draw(st.one_of(literals, odd, iris))))
    for number, part in enumerate(parts):
        holders: list[NamedNode | BlankNode] = [*roots, *parts[:number]]
        holder = draw(st.sampled_from(holders))
        triples.append(Triple(holder, DCAT.distribution, part))
        if draw(st.booleans()):
            # What holds many others, and is held by some of them.
            triples.append(
                Triple(part, draw(st.sampled_from([DCAT.servesDataset, FOAF.made])), draw(st.sampled_from(roots)))
            )
        triples.append(Triple(part, DCT.identifier, Literal(f"part {number}")))
    return list(dict.fromkeys(triples))


def canonical(triples: list[Triple]) -> set[str]:
    dataset = Dataset(Quad(one.subject, one.predicate, one.object) for one in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return set(map(str, dataset))


def reader(name: str) -> Format:
    return next(form for form in FORMATS if form.name == name)


slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(descriptions())
def test_written_and_read_again_is_the_same(triples: list[Triple]) -> None:
    for form in FORMATS:
        if form.syntax is None and form.name != "jsonld":
            continue
        if form.write is None:
            continue
        data = write_rdf(form.syntax, triples) if form.syntax else write_jsonld(triples, [triples[0].subject])
        assert form.read is not None
        assert canonical(list(form.read(BytesIO(data), relative_base()))) == canonical(triples), form.name


def normalise(triples: list[Triple]) -> tuple[list[Triple], dict[str, int]]:
    normaliser = Normaliser(organisation_iri(BASE))
    out: list[Triple] = []
    with Spool() as spool:
        spool.add(normaliser.blocks(triples))
        for description in split(spool):
            identity = identify(description)
            dataset = NamedNode(identity.iri or f"{BASE}id/dataset/x")
            out += settle(description, dataset, BASE, normaliser).triples
    return list(dict.fromkeys(out)), normaliser.repairs.counts


@slow
@given(descriptions())
def test_a_second_repair_finds_nothing(triples: list[Triple]) -> None:
    once, _ = normalise(triples)
    twice, repairs = normalise(once)
    assert canonical(twice) == canonical(once)
    assert repairs == {}


@slow
@given(descriptions(), st.randoms(use_true_random=False))
def test_split_and_join_lose_nothing(triples: list[Triple], random: object) -> None:
    shuffled = list(triples)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    with Spool(memory=100) as spool:
        spool.add(Block(str(one.subject), [str(one)]) for one in shuffled)
        joined = {triple for description in split(spool) for triple in description.statements.triples}
        left = {triple for node in spool.unreached for triple in triples_of(spool.read(node))}
    assert joined | left == set(triples)


@slow
@given(descriptions())
def test_names_of_blank_nodes_are_stable(triples: list[Triple]) -> None:
    renamed = [
        Triple(
            BlankNode("z" + one.subject.value) if isinstance(one.subject, BlankNode) else one.subject,
            one.predicate,
            BlankNode("z" + one.object.value) if isinstance(one.object, BlankNode) else one.object,
        )
        for one in reversed(triples)
    ]
    assert set(normalise(triples)[0]) == set(normalise(renamed)[0])


@slow
@given(st.binary(max_size=300), st.sampled_from([form.name for form in FORMATS if form.read]))
def test_any_bytes_are_read_or_refused_in_words(data: bytes, name: str) -> None:
    from ndl_graph.errors import SourceError

    form = reader(name)
    assert form.read is not None
    message = ""
    try:
        for _ in Normaliser(organisation_iri(BASE)).blocks(form.read(BytesIO(data), relative_base())):
            message = "read"
    except SourceError as error:
        message = error.message
    event("read" if message == "read" else "refused" if message else "nothing in it")
