"""Access: the level that words support, the offer that is made of it, and the sentences that are made of the offer."""

import io
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from ndl_graph.access import APPLICANTS, LEVELS, access_lines, access_of, is_licensed, sentences, without_access
from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import DCAT, DCT, DPV, NDL, ODRL, RDF
from ndl_graph.record import Record, Statements, triples_of
from ndl_graph.search import UseQuery
from ndl_graph.stores import EmbeddedStore
from tests.conftest import BASE, load

DATASET: Final = NamedNode("https://data.example.org/d")
PREFIXES: Final = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
    "@prefix ndl: <https://w3id.org/ndl-graph/vocab#> . @prefix schema: <https://schema.org/> . "
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix dpv: <https://w3id.org/dpv#> . "
    "@prefix applicant: <https://w3id.org/ndl-graph/vocab/applicant#> . "
    "@prefix level: <https://w3id.org/ndl-graph/vocab/access-level#> . "
    "@prefix ar: <http://publications.europa.eu/resource/authority/access-right/> . "
    "@prefix obo: <http://purl.obolibrary.org/obo/> . "
    "@prefix time: <https://w3id.org/ndl-graph/vocab/time-to-access#> . "
)
OGL: Final = "<http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/>"
FILE: Final = "dcat:distribution [ dcat:accessURL <https://data.example.org/d.csv> ]"


def record_of(said: str) -> Record:
    text = f"{PREFIXES} <{DATASET.value}> a dcat:Dataset ; {said} ."
    triples = [quad.triple for quad in parse(io.BytesIO(text.encode()), RdfFormat.TURTLE)]
    return Record(NamedNode(f"{BASE}dataset/d"), DATASET, "dataset", DATASET.value, Statements(triples=triples))


def view_of(record: Record, more: list[Triple] | None = None) -> DescriptionView:
    return DescriptionView([*record.triples, *(more or [])], record.dataset, default_labels())


def name_of(iri: str | None) -> str | None:
    return iri.rpartition("#")[2] if iri else None


@pytest.mark.parametrize(
    ("said", "level", "rule"),
    [
        ("ndl:accessLevel level:registered ; dct:accessRights ar:PUBLIC", "registered", None),
        ("dct:accessRights ar:PUBLIC", "open", "stated-open"),
        ('dct:accessRights "OPEN"', "open", "stated-open"),
        ('dct:accessRights "INTERNAL" , ar:NON_PUBLIC', "government-only", "stated-internal"),
        (f"dct:license {OGL} ; {FILE}", "open", "open-licence"),
        (f"dct:license {OGL}", None, None),  # no way to the data is known
        (f"dct:license {OGL} ; {FILE} ; dct:accessRights ar:RESTRICTED", None, None),
        # Words that are not known are no leave: a licence says nothing of who gets the data.
        (f"dct:license {OGL} ; {FILE} ; dct:accessRights [ rdfs:label 'Closed access'@en ]", None, None),
        (f"dct:license {OGL} ; {FILE} ; dct:accessRights 'Nicht \u00f6ffentlich'@de", None, None),
        (f"dct:license {OGL} ; {FILE} ; dct:accessRights ar:CONFIDENTIAL", None, None),
        (f"dct:license {OGL} ; {FILE} ; schema:isAccessibleForFree false", None, None),
        (f"dct:license {OGL} ; {FILE} ; schema:isAccessibleForFree true", "open", "open-licence"),
        (f"dct:license {OGL} ; {FILE} ; schema:conditionsOfAccess 'Sign the agreement'", None, None),
        (
            f"dct:license {OGL} ; dcat:distribution [ dcat:accessURL <http://e.x/d> ; dct:accessRights ar:RESTRICTED ]",
            None,
            None,
        ),
        (
            f"dct:license {OGL} ; dcat:distribution [ dcat:accessURL <http://e.x/d> ; dct:accessRights ar:PUBLIC ]",
            "open",
            "stated-open",
        ),
        (
            f"dct:license {OGL} ; dcat:distribution [ dcat:accessURL <http://e.x/d> ; dct:accessRights ar:PUBLIC ] , "
            "[ dcat:accessURL <http://e.x/e> ; dct:accessRights ar:RESTRICTED ]",
            None,
            None,
        ),
        (
            "dct:accessRights <http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations>",
            "open",
            "stated-open",
        ),
        (
            f"dct:license <https://creativecommons.org/licenses/by-nc/4.0/> ; {FILE}",
            "open-with-conditions",
            "licence-with-conditions",
        ),
        # What is said of rights, of one file, or in the publisher's own policy may take back what the licence gives.
        (f"dct:license {OGL} ; {FILE} ; dct:rights 'Not for commercial use.'", None, None),
        (f"dct:license {OGL} ; {FILE} ; dct:rights [ rdfs:label 'You must not sell this data' ]", None, None),
        (f"dct:license {OGL} ; {FILE} ; dct:rights 'Academic use only'", None, None),
        (f"dct:license {OGL} ; {FILE} ; dct:rights ar:NON_PUBLIC", None, None),
        ("dct:accessRights 'OPEN' ; dct:rights 'Non-commercial use only'", None, None),
        (
            f"dct:license {OGL} ; {FILE} ; dct:rights '\u00a9 Crown copyright 2020. All rights reserved.'",
            "open",
            "open-licence",
        ),
        (f"dct:license {OGL} ; {FILE} ; dct:rights 'No limits: use it as you like.'", "open", "open-licence"),
        (
            "dct:rights 'Not for commercial use' ; dct:accessRights 'Subject to ethics committee approval'",
            "approved-projects",
            "approval",
        ),
        (
            f"dct:license {OGL} ; dcat:distribution [ dcat:accessURL <http://e.x/d> ; "
            "dct:license <https://creativecommons.org/licenses/by-nc/4.0/> ]",
            "open-with-conditions",
            "licence-with-conditions",
        ),
        (f"dct:license {OGL} ; {FILE} ; <{ODRL.hasPolicy.value}> [ <{ODRL.prohibition.value}> [] ]", None, None),
        (
            'dct:accessRights [ rdfs:label "Researchers work with it in our safe haven." ]',
            "approved-projects-in-tre",
            "secure-place",
        ),
        ('dct:accessRights "Authorised access by Trust staff only."', "not-available", "staff-only"),
        ('dct:accessRights "Trust staff only. Also within the regional platform."', None, None),
        (
            'dct:accessRights "https://example.org/enable-your-research/apply-for-access"',
            "approved-projects",
            "approval",
        ),
        ('dct:accessRights "Subject to ethics committee approval"', "approved-projects", "approval"),
        ('schema:conditionsOfAccess "You must register first."', "registered", "registration"),
        ('dct:accessRights "Open access"', "open", "open-words"),
        ('dct:accessRights "Available upon request"', None, None),
        ('dct:accessRights "Please contact the publisher"', None, None),
        ('dct:accessRights "Opening hours: 9 to 5, not public"', None, None),
        ('dct:title "Nothing is said"', None, None),
        ('dct:accessRights "Not publicly available to anyone outside the hospital."', None, None),
        ('dct:accessRights "Open to all NHS staff in the trust."', None, None),
        ('dct:accessRights "Freely available to all registered subscribers"', None, None),
        ('dct:accessRights "Freely available to all."', "open", "open-words"),
        ('dct:accessRights "Standard copyright terms apply to this dataset."', None, None),
        ('dct:accessRights "No application for access is needed."', None, None),
        ('dct:accessRights "You do not need to apply for access"', None, None),
        ('dct:accessRights "Held outside any trusted research environment"', None, None),
        ('dct:accessRights "Researchers must apply to the committee."', "approved-projects", "approval"),
    ],
)
def test_the_level_is_what_the_words_support(said: str, level: str | None, rule: str | None) -> None:
    found = access_of(view_of(record_of(said)))
    assert (name_of(found.level), name_of(found.rule)) == (level, rule)
    # Whatever was worked out can be checked against the words; what was stated needs no proof.
    assert bool(found.evidence) == (rule is not None)
    assert "http" in found.evidence or found.evidence in said


def test_real_health_records_get_what_their_words_support(shared: Path) -> None:
    quads = list(parse(path=str(shared / "data" / "health" / "catalogue.ttl")))
    datasets = {q.subject for q in quads if q.predicate == RDF.type and q.object == DCAT.Dataset}
    assert len(datasets) == 303
    levels: dict[str | None, int] = {}
    for dataset in datasets:
        assert isinstance(dataset, NamedNode)
        view = DescriptionView([quad.triple for quad in quads if quad.subject == dataset] + [
            quad.triple for quad in quads if not isinstance(quad.subject, NamedNode)
        ], dataset, default_labels())  # fmt: skip
        found = access_of(view)
        levels[name_of(found.level)] = levels.get(name_of(found.level), 0) + 1
        said = " ".join(" ".join(one.label.split()) for one in view.views(DCT.accessRights))
        assert not found.evidence or found.evidence.removesuffix(" …") in said
        if said.startswith("Please contact the publisher"):
            assert found.level is None, "asking is no rule of who may"
    assert levels["approved-projects"] > 80
    assert levels["not-available"] > 5
    assert levels[None] > 100, "most say only where to ask"


FULL: Final = """ndl:accessLevel level:approved-projects-in-tre ; ndl:mayAsk applicant:researcher , applicant:charity ;
 dpv:hasPurpose dpv:PublicBenefit ; ndl:timeToAccess time:1-2-months ; ndl:cost "Free of charge." ;
 schema:usageInfo obo:DUO_0000018 ; dct:publisher <https://data.example.org/us> ;
 dcat:distribution [ dcat:accessURL <https://data.example.org/apply> ;
   dcat:accessService [ a dcat:DataService ; dct:title "The Vault" ] ]"""


def stated(record: Record) -> list[Triple]:
    view = view_of(record)
    return triples_of(access_lines(record, view, access_of(view)))


def test_an_offer_says_all_that_the_description_does() -> None:
    record = record_of(FULL)
    told = sentences(view_of(record, stated(record)))
    assert told == [
        "You must apply first, with a project and its purpose.",
        "Who may ask: Charity or community group; Researcher.",
        "What it may be used for: Public benefit.",
        "You work with it in this place, and nowhere else: The Vault.",
        "Limits on use: Only non-profit organisations, and no commercial use.",
        "How long that usually takes: 1 to 2 months.",
        "What it costs: Free of charge.",
        "You may not use it for profit.",
        "You cannot take it away or pass it on.",
    ]
    welsh = sentences(view_of(record, stated(record)), "cy")
    assert len(welsh) == len(told)
    assert "Rhaid gwneud cais yn gyntaf, gyda phrosiect a'i ddiben." in welsh


def test_sentences_and_offer_cannot_disagree() -> None:
    """Each sentence comes from the offer: what is taken out of the offer is no longer said."""
    record = record_of(FULL)
    offer = stated(record)
    whole = sentences(view_of(record, offer))
    parts = [
        triple for triple in offer
        if triple.predicate in (ODRL.constraint, ODRL.duty, ODRL.prohibition, NDL.timeToAccess)
    ]  # fmt: skip
    assert len(parts) == 9, "four constraints, two duties, two prohibitions and a time"
    for part in parts:
        left = sentences(view_of(record, [triple for triple in offer if triple != part]))
        assert set(left) != set(whole), part
    # And the words are the offer's, not the description's: without an offer there are none.
    assert sentences(view_of(record)) == []


@given(
    level=st.sampled_from(LEVELS),
    askers=st.sets(st.sampled_from(APPLICANTS)),
    purposes=st.sets(st.sampled_from([DPV.PublicBenefit.value, DPV.AcademicResearch.value])),
)
def test_every_level_makes_an_offer_with_words(level: str, askers: set[str], purposes: set[str]) -> None:
    said = f"ndl:accessLevel <{level}>"
    said += "".join(f" ; ndl:mayAsk <{one}>" for one in askers) + "".join(
        f" ; dpv:hasPurpose <{one}>" for one in purposes
    )
    record = record_of(said)
    offer = stated(record)
    assert [triple for triple in offer if triple.predicate == RDF.type and triple.object == ODRL.Offer]
    rules = [triple for triple in offer if triple.predicate in (ODRL.permission, ODRL.prohibition)]
    assert rules, "an offer has a rule (ODRL 2.2)"
    for rule in rules:
        assert [t for t in offer if t.subject == rule.object and t.predicate == ODRL.action], "a rule has an action"
    for language in ("en", "cy"):
        assert sentences(view_of(record, offer), language)


def test_what_was_worked_out_is_not_taken_for_what_was_said(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "d.ttl"
    more = 'dct:title "D" ; dct:description "Some long enough description of D." ; dct:publisher "Us"'
    source.write_text(f"{PREFIXES} <{DATASET.value}> a dcat:Dataset ; {more} ; dct:license {OGL} ; {FILE} .", "utf-8")
    assert load(store, source).added == 1
    record = Catalog(store).get(DATASET.value)
    offers = [triple for triple in record.triples if triple.predicate == ODRL.hasPolicy]
    assert offers
    # Loaded again, from what is published here, nothing has changed: our own offer is no statement of the publisher.
    served = tmp_path / "served.nt"
    served.write_text("".join(f"{triple} .\n" for triple in record.triples), "utf-8")
    assert load(store, served).unchanged == 1
    kept = without_access(record.statements.lines)
    assert set(record.statements.lines) - set(kept) == {
        line for line in record.statements.lines if "#offer" in line
    }  # fmt: skip
    # An offer of the publisher's own stays.
    own = f"<{DATASET.value}> {ODRL.hasPolicy} <https://data.example.org/terms>"
    assert list(without_access([own])) == [own]


def test_could_i_use_this(store: EmbeddedStore, tmp_path: Path) -> None:
    common = 'dct:description "Some long enough description of it." ; dct:publisher "Us" ; dcat:landingPage <https://x.example>'
    said = {
        "open": "ndl:accessLevel level:open",
        "nc": "dct:license <https://creativecommons.org/licenses/by-nc/4.0/>",
        "register": "ndl:accessLevel level:registered",
        "researchers": "ndl:accessLevel level:approved-projects ; ndl:mayAsk applicant:researcher",
        "benefit": "ndl:accessLevel level:approved-projects-in-tre ; dpv:hasPurpose dpv:PublicBenefit",
        "any": "ndl:accessLevel level:approved-projects",
        "government": "ndl:accessLevel level:government-only",
        "none": "ndl:accessLevel level:not-available",
        "silent": 'dct:accessRights "Please ask"',
    }
    source = tmp_path / "all.ttl"
    source.write_text(
        PREFIXES
        + "".join(
            f'<https://x.example/{name}> a dcat:Dataset ; dct:title "{name}" ; {common} ; {what} .\n'
            for name, what in said.items()
        ),
        "utf-8",
    )
    assert load(store, source).added == len(said)
    catalog = Catalog(store)

    def ask(who: str, *purposes: str, profit: bool = False) -> dict[str, set[str]]:
        answers = catalog.index.usable(UseQuery(who, frozenset(purposes), for_profit=profit))
        assert [answer.total for answer in answers] == [len(answer.hits) for answer in answers]
        assert sum(answer.total for answer in answers) == len(said), "every dataset has one verdict"
        return {answer.verdict: {hit.said["title"] for hit in answer.hits} for answer in answers if answer.hits}

    research = [DPV.AcademicResearch.value, DPV.PublicBenefit.value]
    assert ask("researcher", *research) == {
        "now": {"open"}, "conditions": {"nc"}, "register": {"register"}, "apply": {"researchers", "benefit", "any"},
        "ask": {"silent"}, "no": {"government", "none"},
    }  # fmt: skip
    assert ask("company", DPV.CommercialPurpose.value, profit=True) == {
        "now": {"open"}, "register": {"register"}, "apply": {"any"}, "ask": {"silent"},
        "no": {"nc", "researchers", "benefit", "government", "none"},
    }  # fmt: skip
    assert ask("public-body")["apply"] == {"benefit", "any", "government"}
    company = UseQuery("company", frozenset([DPV.CommercialPurpose.value]), True)
    (no,) = [answer for answer in catalog.index.usable(company) if answer.verdict == "no"]
    assert {hit.said["title"]: hit.why for hit in no.hits} == {
        "nc": "profit", "researchers": "asker", "benefit": "purpose", "government": "level", "none": "level",
    }  # fmt: skip


def test_the_offers_of_the_demo_catalogue_are_in_the_graph(demo: Catalog) -> None:
    for record in demo.records():
        view = demo.describe(record)
        level = view.link(NDL.accessLevel)
        if level is None:
            continue
        (offer,) = view.views(ODRL.hasPolicy)
        assert offer.link(NDL.accessLevel) == level
        assert offer.view(NDL.accessRule) is None, "what is stated is not worked out"
        assert sentences(view)
        assert not [one for one in sentences(view) if "{" in one or ": ." in one]


OFFER: Final = (
    "@prefix odrl: <http://www.w3.org/ns/odrl/2/> . "
    f"<{DATASET.value}> odrl:hasPolicy <https://data.example.org/terms> . "
    "<https://data.example.org/terms> a odrl:Offer ; "
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("odrl:permission [ odrl:action odrl:use ]", ["Anyone may use it."]),
        (
            "odrl:permission [ odrl:action odrl:use ; odrl:constraint [ odrl:leftOperand odrl:purpose ; "
            "odrl:operator odrl:isNoneOf ; odrl:rightOperand dpv:CommercialPurpose ] ]",
            None,
        ),
        (
            "odrl:prohibition [ odrl:action odrl:use ; odrl:constraint [ odrl:leftOperand odrl:purpose ; "
            "odrl:operator odrl:eq ; odrl:rightOperand dpv:Marketing ] ]",
            None,
        ),
        ("odrl:permission [ odrl:action odrl:read ; odrl:assignee <https://data.example.org/staff> ]", None),
        ("odrl:permission [ odrl:action odrl:use ; odrl:duty [ odrl:action odrl:inform ] ]", None),
    ],
)
def test_a_publishers_own_policy_is_never_told_as_its_opposite(said: str, told: list[str] | None) -> None:
    record = record_of('dct:title "D"')
    policy = [q.triple for q in parse(io.BytesIO(f"{PREFIXES} {OFFER} {said} .".encode()), RdfFormat.TURTLE)]
    assert sentences(view_of(record, policy)) == (
        told or ["The holder\u2019s own policy says more than these words: see the data."]
    )


def test_nobody_can_say_for_us_that_we_worked_something_out(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "d.ttl"
    more = (
        'dct:title "D" ; dct:description "Some long enough description of D." ; dct:publisher "Us" ; dcat:landingPage'
    )
    forged = (
        "ndl:accessLevel level:open ; ndl:accessRule <javascript:alert(1)> ; ndl:accessEvidence 'forged' ; "
        "odrl:permission [ odrl:action odrl:use ] ."
    )
    policy = f"<{DATASET.value}#offer> a odrl:Offer ; odrl:permission [ odrl:action odrl:use ] ; dct:title 'Mine' ."
    source.write_text(
        f"{PREFIXES} <{DATASET.value}> a dcat:Dataset ; {more} <https://x.example/> . {OFFER} {forged} {policy} "
        f"<{DATASET.value}> odrl:hasPolicy <{DATASET.value}#offer> ; dct:subject <https://x.example/t#key-stage> .",
        "utf-8",
    )
    assert load(store, source).added == 1
    record = Catalog(store).get(DATASET.value)
    view = Catalog(store).describe(record)
    text = "\n".join(record.statements.lines)
    assert "javascript:" not in text
    assert "forged" not in text
    assert view.access is None, "no level was stated of the dataset, and none follows"
    assert "t#key-stage>" in text, "a name that looks like one of ours is not taken for one"
    assert '"Mine"' in text, "a policy of the publisher\u2019s own stays, whatever its name"


def test_registration_and_companies_have_their_conditions_too(store: EmbeddedStore, tmp_path: Path) -> None:
    common = 'dct:description "Some long enough text." ; dct:publisher "Us" ; dcat:landingPage <https://x.example>'
    research = "ndl:mayAsk applicant:researcher ; dpv:hasPurpose dpv:AcademicResearch"
    said = {
        "scholars": f"ndl:accessLevel level:registered ; {research}",
        "charities": "ndl:accessLevel level:open ; schema:usageInfo obo:DUO_0000045",
    }
    source = tmp_path / "all.ttl"
    source.write_text(
        PREFIXES
        + "".join(
            f'<https://x.example/{name}> a dcat:Dataset ; dct:title "{name}" ; {common} ; {what} .\n'
            for name, what in said.items()
        ),
        "utf-8",
    )
    assert load(store, source).added == 2
    catalog = Catalog(store)

    def ask(who: str, *purposes: str) -> dict[str, str]:
        answers = catalog.index.usable(UseQuery(who, frozenset(purposes)))
        return {hit.said["title"]: answer.verdict for answer in answers for hit in answer.hits}

    assert ask("researcher", DPV.AcademicResearch.value) == {"scholars": "register", "charities": "now"}
    assert ask("public") == {"scholars": "no", "charities": "now"}
    assert ask("company") == {"scholars": "no", "charities": "no"}


def test_data_that_bars_profit_is_not_for_profit_whatever_else_is_stated(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "a.ttl"
    source.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        '<https://example.org/a> a dcat:Dataset ; dct:title "Rivers" ; dct:description "All of them." ;\n'
        '  dct:publisher "Holder" ; dcat:landingPage <https://example.org/page> ;\n'
        "  dct:license <https://creativecommons.org/licenses/by-nc/4.0/> .\n"
    )
    load(store, source)
    index = Catalog(store).index

    def verdicts(asked: UseQuery) -> dict[str, list[str]]:
        return {one.verdict: [hit.why for hit in one.hits] for one in index.usable(asked) if one.total}

    assert verdicts(UseQuery("company", for_profit=True)) == {"no": ["profit"]}
    assert verdicts(UseQuery("public", for_profit=True)) == {"no": ["profit"]}
    assert list(verdicts(UseQuery("public")).values()) == [[""]]
    assert "no" not in verdicts(UseQuery("public"))
    found = {answer.verdict: answer.total for answer in index.usable(UseQuery("public", text="rivers zxqv"))}
    assert sum(found.values()) == 1, "one word that nothing knows does not empty every answer"


def test_limits_of_use_count_as_text_too() -> None:
    said = f"dct:license {OGL} ; {FILE} ; schema:usageInfo 'http://purl.obolibrary.org/obo/DUO_0000018'"
    access = access_of(view_of(record_of(said)))
    assert (access.forbids_profit, access.forbids_companies) == (True, True)
    assert access.limits == ("http://purl.obolibrary.org/obo/DUO_0000018",)


@pytest.mark.parametrize(
    ("said", "told", "action"),
    [
        ("dct:accessRights ar:PUBLIC", "is not stated: ask the holder", ODRL.read),
        ('dct:accessRights "Open access"', "is not stated: ask the holder", ODRL.read),
        (f"dct:accessRights ar:PUBLIC ; dct:license {OGL}", "Anyone may use it.", ODRL.use),
        (
            "dct:accessRights ar:PUBLIC ; dct:license <https://e.x/terms>",
            "its licence says: Terms.",
            ODRL.read,
        ),
        # Whoever states our level states what it says: that anybody may use it.
        ("ndl:accessLevel level:open", "Anyone may use it.", ODRL.use),
        # That it is public does away with no condition.
        (
            "dct:accessRights ar:PUBLIC ; dct:license <https://creativecommons.org/licenses/by-sa/4.0/>",
            "You must accept the conditions first.",
            ODRL.use,
        ),
    ],
)
def test_to_be_public_is_no_licence(said: str, told: str, action: NamedNode) -> None:
    record = record_of(f"{said} ; {FILE}")
    access = access_of(view_of(record))
    triples = triples_of(list(access_lines(record, view_of(record), access)))
    assert {one.object for one in triples if one.predicate == ODRL.action} - {NDL.acceptConditions} == {action}
    view = view_of(record, triples)
    words = " ".join(sentences(view))
    assert told in words
    assert ("Anyone may use it." in words) is (told == "Anyone may use it.")
    assert is_licensed(view) is (action == ODRL.use)
    assert len(sentences(view, "cy")) == len(sentences(view))


def test_what_is_public_without_a_licence_is_to_be_asked_for(store: EmbeddedStore, tmp_path: Path) -> None:
    for name, licence in (("free", f"dct:license {OGL} ;"), ("unsaid", "")):
        (tmp_path / f"{name}.ttl").write_text(
            f"{PREFIXES} <https://data.example.org/{name}> a dcat:Dataset ; dct:title '{name}' ; {licence} "
            f"dct:description 'Counts.' ; dct:publisher [ a <http://xmlns.com/foaf/0.1/Agent> ; "
            f"<http://xmlns.com/foaf/0.1/name> 'P' ] ; dct:accessRights ar:PUBLIC ; {FILE} ."
        )
    load(store, str(tmp_path))
    answers = Catalog(store).index.usable(UseQuery(asker="company", for_profit=True))
    found = {answer.verdict: [(hit.said["title"], hit.why) for hit in answer.hits] for answer in answers}
    assert found["now"] == [("free", "")]
    assert found["ask"] == [("unsaid", "terms")]
    assert not found["no"]
