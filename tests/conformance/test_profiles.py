"""Every constraint of every profile: what it wants passes, and what breaks it, and nothing else, is told."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from ndl_graph.namespaces import PREFIXES, RDF, SH, XSD
from ndl_graph.validation import Profile, load_profile, profile_names, validate

EXAMPLES: Final = Path(__file__).parent / "profiles"
EX: Final = "https://data.example.gov.uk/"
NONSENSE: Final = Literal("nonsense")
ELSEWHERE: Final = NamedNode(EX + "elsewhere")
#: What SHACL calls parameters of constraints (section 4), and how each is broken where a path is a single property.
PARAMETERS: Final = {
    "minCount", "maxCount", "nodeKind", "datatype", "class", "pattern", "in", "or", "node", "hasValue", "minLength",
    "maxLength", "uniqueLang", "disjoint", "lessThanOrEquals", "minInclusive", "qualifiedMinCount", "qualifiedMaxCount",
}  # fmt: skip
#: What cannot be derived from the shape: `-` takes out what is said with a property, `+` adds a statement about the
#: same node; a node can be named before them.
CASES: Final[dict[str, str]] = {
    "ndl#title-languages uniqueLang": '+ dct:title "Roads"@en',
    "ndl#title-length maxLength": '- dct:title + dct:title "' + "x" * 251 + '"@en',
    "ndl#description-length minLength": '- dct:description + dct:description "Roads and such."',
    "ndl#description-own disjoint": '+ dct:title "'
    + "A long text that is title and description alike, word for word"
    + '"@cy '
    '- dct:description + dct:description "' + "A long text that is title and description alike, word for word" + '"@cy',
    "ndl#licence minCount": "- dct:license",
    "ndl#licence-link nodeKind": '- dct:license + dct:license "Ask us"',
    "ndl#publisher minCount": "- dct:publisher",
    "ndl#publisher-name minCount": "ex:Agent - foaf:name",
    "ndl#service-title or": "ex:Service - dct:title",
    "ndl#contact-reachable or": "ex:ContactPoint - vcard:hasEmail - vcard:hasURL - vcard:hasTelephone",
    "ndl#period-order or": 'ex:Period - dcat:endDate + dcat:endDate "1970-01-01"^^xsd:date',
    "ndl#use-start-date pattern": "ex:Use - prov:startedAtTime - prov:endedAtTime + prov:startedAtTime 'soon'",
    "ndl#use-order lessThanOrEquals": "ex:Use - prov:endedAtTime + prov:endedAtTime '1970-01-01'^^xsd:date",
    "ndl#distribution-address-link nodeKind": 'ex:Distribution + dcat:accessURL "nowhere"',
    "ndl#service-address minCount": "ex:Service - dcat:endpointURL",
    "ndl#service-publisher minCount": "ex:Service - dct:publisher",
    "ndl#WayToTheData or": "- dcat:landingPage - dcat:distribution",
    "ndl#address qualifiedMinCount": '- dcat:landingPage - dcat:distribution + dcat:landingPage "see our page"',
    "ndl#service minCount": "- dcat:landingPage - dcat:distribution",
    "ndl#restricted qualifiedMinCount": "- dcat:landingPage - dcat:distribution",
    "dcat-ap#member-recommended minCount": "<https://data.example.gov.uk/rivers/2025> - dcat:inSeries",
    "dcat-ap#primary-topic-one maxCount": "ex:CatalogRecord + foaf:primaryTopic ex:Catalog",
    "ukgov#contact maxCount": '+ dcat:contactPoint [ vcard:fn "Second" ; vcard:hasEmail <mailto:two@example.gov.uk> ]',
    "hvd#applicable-legislation-link nodeKind": '+ dcatap:applicableLegislation "a law"',
    "hvd#regulation hasValue": "- dcatap:applicableLegislation + dcatap:applicableLegislation ex:elsewhere",
    "ukgov#access-rights-value or": '+ dct:accessRights "SOMEHOW"',
    "ndl#dated minCount": "- dct:modified - dct:issued - dct:accrualPeriodicity",
    "ukgov#media-type qualifiedMaxCount": 'ex:Distribution + dcat:mediaType "text/plain"',
    "ndl#description-text nodeKind": "+ dct:description ex:" + "x" * 60,
    "google#name-one uniqueLang": '+ schema:name "Rivers"@en',
    "google#description-short minLength": '- schema:description + schema:description "Rivers."',
    "google#description-long maxLength": '- schema:description + schema:description "' + "x" * 5001 + '"',
    "croissant#type hasValue": "- rdf:type",
    "croissant#conforms-to-known qualifiedMinCount": '- dct:conformsTo + dct:conformsTo "http://mlcommons.org/croissant/0.8"',
    "croissant#text or": "- schema:description + schema:description 42",
    "croissant#contained-in or": "ex:inside - cr:containedIn + cr:containedIn ex:elsewhere",
    "croissant#field-type class": "ex:RecordSet + cr:field ex:elsewhere",
    "croissant#references-known class": "ex:reference - cr:field + cr:field ex:elsewhere",
    "croissant#source-file class": "ex:gauge-id-source - cr:fileObject + cr:fileObject ex:elsewhere",
    "croissant#source-set class": "ex:level-source - cr:fileSet + cr:fileSet ex:elsewhere",
    "croissant#source-field class": "ex:copy-source + cr:field ex:elsewhere",
    "croissant#array hasValue": "ex:level - cr:isArray",
    "croissant#FileHash or": "ex:FileObject - schema:sha256",
    "croissant#FileIdentity or": "+ cr:recordSet [ a cr:RecordSet ; schema:description 'One' ; cr:field ex:level ]",
    "croissant#FieldSource or": "ex:level - cr:source",
    "croissant#FieldType or": "ex:level - cr:dataType",
    "croissant#FieldTypeKnown or": "ex:level - cr:dataType + cr:dataType schema:GeoCoordinates",
    "croissant#extract-one maxCount": "ex:level-extract + cr:jsonPath '$.level'",
    "croissant#SourceSays or": 'ex:level-source - cr:fileSet + cr:extract "column"',
    "croissant#name-required minLength": '- schema:name + schema:name ""',
    "croissant#description-required minLength": '- schema:description + schema:description ""',
    "croissant#url-required minLength": '- schema:url + schema:url ""',
    "croissant#content-url-required minLength": 'ex:FileObject - schema:contentUrl + schema:contentUrl ""',
    "controlled#level or": "- ndl:accessLevel",
    "controlled#decider or": "- ndl:decidedBy",
    "controlled#who or": "- ndl:whoMayApply",
    "controlled#purpose or": "- dpv:hasPurpose",
    "controlled#legal-basis or": "- dpv:hasLegalBasis",
    "controlled#where or": "- dcat:distribution",
    "controlled#how or": "- ndl:howToApply",
    "controlled#time or": "- ndl:timeToAccess",
    "controlled#cost or": "- ndl:cost",
    "controlled#contact or": "- dcat:contactPoint",
    "controlled#form or": "- ndl:dataForm",
}


#: What is told as well, since no value can break the one without the other.
ALSO: Final = {
    "dcat-ap#modified-text": {"modified-date"},
    "dcat-ap#issued-text": {"issued-date"},
    "ndl#dated": {"frequency"},
}


def turtle(text: str) -> list[Triple]:
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in {**PREFIXES, "ex": EX}.items())
    return [quad.triple for quad in parse((head + text).encode(), RdfFormat.TURTLE)]


@cache
def valid(name: str) -> tuple[Triple, ...]:
    return tuple(quad.triple for quad in parse(path=str(EXAMPLES / f"{name}.ttl"), format=RdfFormat.TURTLE))


def results(profile: Profile, triples: list[Triple] | tuple[Triple, ...]) -> set[str]:
    data = "".join(f"{triple} .\n" for triple in triples)
    return {found.shape.rsplit("#", 1)[-1] for found in validate([profile], data).results}


def constraints() -> Iterator[tuple[str, str, str]]:
    for name in profile_names():
        profile = load_profile(name)
        for triple in profile.triples:
            parameter = triple.predicate.value.removeprefix(str(SH))
            known = isinstance(triple.subject, NamedNode) and triple.subject.value in profile.rules
            if known and parameter in PARAMETERS:
                yield name, str(triple.subject).strip("<>").rsplit("#", 1)[-1], parameter


def by_hand(name: str, rule: str, case: str) -> list[Triple]:
    words = case.split(" ", 1)
    node = NamedNode(EX + "Dataset")
    if words[0].startswith(("ex:", "<")):
        subject, case = turtle(f"{words[0]} a ex:x .")[0].subject, words[1]
        assert isinstance(subject, NamedNode)
        node = subject
    changed = list(valid(name))
    for part in case.replace(" + ", "\n+ ").replace(" - ", "\n- ").split("\n"):
        sign, said = part[0], part[2:]
        if sign == "-":
            gone = turtle(f"<{node.value}> {said} ex:x .")[0].predicate
            changed = [t for t in changed if t.subject != node or t.predicate != gone]
        else:
            changed += turtle(f"<{node.value}> {said} .")
    assert changed != list(valid(name)), rule
    return changed


def derived(profile: Profile, rule: str, parameter: str) -> list[Triple]:
    """The valid description with the one property of the rule changed so that the one parameter is not met."""
    shape = NamedNode(f"{profile.iri}#{rule}")
    said = {t.predicate.value.removeprefix(str(SH)): t.object for t in profile.triples if t.subject == shape}
    path = said["path"]
    if isinstance(path, BlankNode):
        # Alternatives: all of them go.
        assert parameter == "minCount", f"{rule} needs a case of its own"
        paths = {t for t in alternatives(profile, path) if isinstance(t, NamedNode)}
    else:
        assert isinstance(path, NamedNode)
        paths = {path}
    focus = focus_node(profile, shape)
    triples = list(valid(profile.name))
    values = [t for t in triples if t.subject == focus and t.predicate in paths]
    kept = [t for t in triples if t not in values]
    if parameter in ("minCount", "qualifiedMinCount"):
        return kept
    if parameter in ("maxCount", "qualifiedMaxCount"):
        if said.get("maxCount") == Literal("0", datatype=XSD.integer):
            return [*triples, Triple(focus, next(iter(paths)), NONSENSE)]
        first = values[0]
        return [*triples, Triple(focus, first.predicate, another(first.object, profile, shape))]
    wants_text = said.get("nodeKind") == SH.Literal
    wrong = ELSEWHERE if wants_text or parameter == "class" else NONSENSE
    if parameter == "minInclusive":
        wrong = Literal(0)
    if parameter == "maxLength":
        wrong = Literal("x" * 5000)
    return [*kept, Triple(focus, next(iter(paths)), wrong)]


def another(value: object, profile: Profile, shape: NamedNode) -> NamedNode | Literal:
    """A second value of the same kind, so that only the number is wrong."""
    if isinstance(value, Literal):
        listed = [t.object for t in profile.triples if t.predicate == RDF.first and isinstance(t.object, Literal)]
        in_lists = [one for one in listed if one != value and value in listed and shares_list(profile, one, value)]
        if in_lists:
            return in_lists[0]
        text = {
            XSD.date.value: "2026-01-01",
            XSD.hexBinary.value: "AB",
            XSD.decimal.value: "7.0",
            XSD.duration.value: "P1D",
            XSD.nonNegativeInteger.value: "7",
            XSD.integer.value: "7",
        }
        if value.datatype.value in text:
            return Literal(text[value.datatype.value], datatype=value.datatype)
        return Literal("7/7" if "/" in value.value else value.value + " two", language=value.language)
    if isinstance(value, NamedNode) and "/organisations/" in value.value:
        return NamedNode("https://www.gov.uk/government/organisations/home-office")
    if isinstance(value, NamedNode) and value.value.startswith("mailto:"):
        return NamedNode("mailto:second@example.gov.uk")
    if isinstance(value, NamedNode) and value.value.startswith("http://purl.org/cld/freq/"):
        return NamedNode("http://purl.org/cld/freq/weekly")
    if shape.value.endswith("#contact"):
        return NamedNode(EX + "second-contact")
    return ELSEWHERE


def shares_list(profile: Profile, one: Literal, other: Literal) -> bool:
    rest: dict[object, object] = {t.subject: t.object for t in profile.triples if t.predicate == RDF.rest}
    first: dict[object, object] = {t.subject: t.object for t in profile.triples if t.predicate == RDF.first}
    for start in first:
        node: object = start
        found: list[object] = []
        while node in first:
            found.append(first[node])
            node = rest[node]
        if one in found and other in found:
            return True
    return False


def alternatives(profile: Profile, path: BlankNode) -> list[object]:
    rest: dict[object, object] = {
        t.subject: t.object for t in profile.triples if t.predicate in (RDF.rest, SH.alternativePath)
    }
    first: dict[object, object] = {t.subject: t.object for t in profile.triples if t.predicate == RDF.first}
    found: list[object] = []
    node = rest[path]
    while node in first:
        found.append(first[node])
        node = rest[node]
    return found


def focus_node(profile: Profile, shape: NamedNode) -> NamedNode:
    holders = [t.subject for t in profile.triples if t.predicate == SH.property and t.object == shape]
    for target in profile.triples:
        if target.subject not in holders:
            continue
        for one in valid(profile.name):
            typed = target.predicate == SH.targetClass and one.predicate == RDF.type and one.object == target.object
            if typed or (target.predicate == SH.targetSubjectsOf and one.predicate == target.object):
                node: object = one.subject
            elif target.predicate == SH.targetObjectsOf and one.predicate == target.object:
                node = one.object
            else:
                continue
            if isinstance(node, NamedNode):
                return node
    raise AssertionError(f"nothing in the example is looked at by {shape}")


@pytest.mark.parametrize("name", profile_names())
def test_what_a_profile_wants_passes(name: str) -> None:
    assert results(load_profile(name), valid(name)) == set()


@pytest.mark.parametrize(("name", "rule", "parameter"), list(constraints()))
def test_what_breaks_one_constraint_is_told_and_nothing_else(name: str, rule: str, parameter: str) -> None:
    profile = load_profile(name)
    case = CASES.get(f"{name}#{rule} {parameter}")
    changed = derived(profile, rule, parameter) if case is None else by_hand(name, rule, case)
    assert results(profile, changed) == {rule} | ALSO.get(f"{name}#{rule}", set())
