"""Each step does what its documentation shows, says so, and does nothing the second time."""

import re

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad, RdfFormat, Triple, parse

from ndl_graph.identity import identify, organisation_iri, settle
from ndl_graph.namespaces import PREFIXES, relative_base
from ndl_graph.normalise import (
    STEPS,
    Normaliser,
    Repairs,
    Step,
    clean_iri,
    percent_encoded,
    read_date,
)
from ndl_graph.normalise.iris import CLEAN_IRI
from ndl_graph.record import triples_of
from ndl_graph.spool import Spool, split

BASE = "https://base.example/"
PROLOGUE = (
    "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items()) + "@prefix ex: <http://ex.org/> .\n"
)


def turtle(text: str) -> list[Triple]:
    source = PROLOGUE + text
    return [quad.triple for quad in parse(source.encode(), RdfFormat.TURTLE, base_iri=relative_base(), lenient=True)]


def canonical(triples: list[Triple]) -> set[str]:
    dataset = Dataset(Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return {re.sub(r"/genid/\w+", "/genid/HASH", str(quad)) for quad in dataset}


def normalise(triples: list[Triple], whole: bool) -> tuple[list[Triple], Repairs]:
    normaliser = Normaliser(organisation_iri(BASE))
    blocks = list(normaliser.blocks(triples))
    if not whole:
        return [triple for block in blocks for triple in triples_of(block.lines)], normaliser.repairs
    found: list[Triple] = []
    with Spool() as spool:
        spool.add(blocks)
        descriptions = list(split(spool))
    for description in descriptions:
        identity = identify(description)
        slug = re.sub(r"\W+", "-", identity.title.lower())
        dataset = NamedNode(identity.iri or f"{BASE}id/{description.kind}/{slug}")
        found += settle(description, dataset, BASE, normaliser).triples
    return found, normaliser.repairs


WHOLE = {"crosswalk", "dataset-iri", "blank-node"}


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
def test_step_does_what_its_documentation_shows(step: Step) -> None:
    whole = step.name in WHOLE
    after, repairs = normalise(turtle(step.before), whole)
    assert canonical(after) == canonical(turtle(step.after))
    assert repairs.counts.get(step.name), "a repair must be reported"
    assert step.name in repairs.as_json()
    again, second = normalise(after, whole)
    assert canonical(again) == canonical(after)
    assert not second.counts, "a second pass finds nothing to do"


def test_step_names_are_unique() -> None:
    assert len({step.name for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("2022-05-04", "2022-05-04", "date"),
        ("2022-05-04T15:46:07.000Z", "2022-05-04T15:46:07.000Z", "dateTime"),
        ("2022-05-04 15:46", "2022-05-04T15:46:00", "dateTime"),
        ("2022-05-04T15:46:07+0100", "2022-05-04T15:46:07+01:00", "dateTime"),
        ("2009", "2009", "gYear"),
        ("2009-11", "2009-11", "gYearMonth"),
        ("31/12/2020", "2020-12-31", "date"),
        ("12/31/2020", "2020-12-31", "date"),
        ("05/05/2020", "2020-05-05", "date"),
        ("2020/1/9", "2020-01-09", "date"),
        ("1st March 2021", "2021-03-01", "date"),
        ("March 2021", "2021-03", "gYearMonth"),
        ("20210301", "2021-03-01", "date"),
        ("31/12/2024 00:00", "2024-12-31", "date"),
        ("31/12/2024 00:00:00", "2024-12-31", "date"),
        ("12 Sept 2022", "2022-09-12", "date"),
        ("Wed, 04 May 2022 10:00:00 GMT", "2022-05-04T10:00:00Z", "dateTime"),
        ("Wed, 04 May 2022 10:00:00 +0100", "2022-05-04T10:00:00+01:00", "dateTime"),
    ],
)
def test_dates_in_the_forms_that_occur(text: str, value: str, kind: str) -> None:
    read = read_date(text)
    assert read is not None
    assert (read.value, read.datatype.value) == (value, PREFIXES["xsd"] + kind)


@pytest.mark.parametrize(
    "text",
    [
        "03/04/2020",
        "31/12/2024 10:30",
        "Wed, 34 May 2022 10:00:00 GMT",
        "soon",
        "2022-02-30",
        "2022-13-01",
        "",
        "last Tuesday",
        "99/99/2020",
    ],
)
def test_what_is_no_date_is_left_alone(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://example.org/é", "https://example.org/é"),
        (" HTTP://Example.ORG/A b ", "http://example.org/A%20b"),
        ("http://EXAMPLE.org", "http://example.org"),
        ("urn:UUID:1", "urn:UUID:1"),
        ("no scheme", None),
        ("", None),
    ],
)
def test_clean_iri(given: str, clean: str | None) -> None:
    assert clean_iri(given) == clean


def test_what_a_step_does_not_know_is_kept() -> None:
    text = 'ex:d dct:license "Ask Bob" ; dct:format "Papyrus" ; dct:accessRights "maybe" ; ex:odd "x"@en , 5 .'
    after, repairs = normalise(turtle(text), whole=False)
    assert canonical(after) == canonical(turtle(text))
    assert not repairs.counts


def test_statements_about_statements_are_told_not_stored() -> None:
    block = [
        Triple(
            NamedNode("http://a"),
            NamedNode("http://p"),
            Triple(NamedNode("http://b"), NamedNode("http://p"), NamedNode("http://c")),
        )
    ]
    normaliser = Normaliser(organisation_iri(BASE))
    assert list(normaliser.blocks(block)) == []
    assert normaliser.repairs.counts == {"term": 1}


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("http://x.example/a[1]?b[0]=1", "http://x.example/a%5B1%5D?b%5B0%5D=1"),
        ("http://x.example/%zz", "http://x.example/%25zz"),
        ("http://x.example/a%2", "http://x.example/a%252"),
        ("http://x.example/#a#b", "http://x.example/#a%23b"),
        ("HTTP://X.Example/A%20b#c", "http://x.example/A%20b#c"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("http://user:word@x.example:80/", "http://user:word@x.example:80/"),
        ("http://x.example:port/", None),
        ("http://[zz]/", None),
        ("urn:x:[", "urn:x:%5B"),
    ],
)
def test_addresses_are_what_the_standard_allows(written: str, mended: str | None) -> None:
    found = clean_iri(written)
    assert found == mended
    if found is not None:
        assert clean_iri(found) == found, "to mend twice changes nothing"
        # A parser that keeps to RFC 3987 takes what comes out.
        assert list(parse(f"<{found}> <http://p.example/> 'x' .".encode(), RdfFormat.TURTLE))
    assert list(parse(f"<{percent_encoded(written)}> <http://p.example/> 'x' .".encode(), RdfFormat.TURTLE))


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("<https://medium.com/@ons.digital>", None),
        ("<https://example.org/contact?to=a@b.org>", None),
        ('"data@example.gov.uk"', "<mailto:data@example.gov.uk>"),
        ('"mailto:data@example.gov.uk"', "<mailto:data@example.gov.uk>"),
    ],
)
def test_an_address_with_an_at_sign_is_no_email(written: str, mended: str | None) -> None:
    email = "<http://www.w3.org/2006/vcard/ns#hasEmail>"
    (triple,) = triples_of([f"<https://example.org/c> {email} {written}"])
    (block,) = Normaliser(organisation_iri("https://b.org/")).blocks([triple])
    assert list(block.lines) == [f"<https://example.org/c> {email} {mended or written}"]


def test_a_period_in_the_words_of_schema_org_is_told_in_those_of_dcat_once() -> None:
    """As DCAT-AP 1 had it, and CKAN writes it still; what is no period is left alone."""
    schema, dcat, kind = PREFIXES["schema"], PREFIXES["dcat"], PREFIXES["rdf"] + "type"
    said = [
        f"<urn:p> <{kind}> <{PREFIXES['dct']}PeriodOfTime>",
        f'<urn:p> <{schema}startDate> "2001-01-01"^^<{PREFIXES["xsd"]}date>',
        f'<urn:p> <{schema}endDate> "2011"',
        f"<urn:e> <{kind}> <{schema}Event>",
        f'<urn:e> <{schema}startDate> "2001-01-01"',
    ]

    def mended(lines: list[str]) -> list[str]:
        blocks = Normaliser(organisation_iri("https://b.org/")).blocks(triples_of(lines))
        return sorted(line for block in blocks for line in block.lines)

    once = mended(said)
    assert once == sorted([
        *said,
        f'<urn:p> <{dcat}startDate> "2001-01-01"^^<{PREFIXES["xsd"]}date>',
        f'<urn:p> <{dcat}endDate> "2011"^^<{PREFIXES["xsd"]}gYear>',
    ])  # fmt: skip
    assert mended(once) == once


def test_what_is_let_through_as_an_address_is_one_to_the_engine() -> None:
    """A single character that only we let through would end a load."""
    planes = (
        plane * 0x10000 + place for plane in range(1, 17) for place in (0, 1, 0xFFF, 0x1000, 0xFFFD, 0xFFFE, 0xFFFF)
    )
    for code in (*range(0xD800), *range(0xE000, 0x10000), *planes):
        for written in (f"http://e.org/a{chr(code)}b", f"http://e.org/?{chr(code)}"):
            found = clean_iri(written)
            assert found is not None
            assert (found == written) == bool(CLEAN_IRI.match(written))
            NamedNode(found)


@pytest.mark.parametrize("host", ["[1:2]", "[::1", "[v1.a]", "[::1]x"])
def test_a_host_that_is_none_is_no_address(host: str) -> None:
    assert clean_iri(f"http://{host}/x") is None
    NamedNode(percent_encoded(f"http://{host}/x"))


@pytest.mark.parametrize("text", ["٢٠٢٠", "٢٠٢٠-٠١-٠١", "１ January 2020"])
def test_digits_of_other_scripts_are_no_dates(text: str) -> None:
    assert read_date(text) is None
