"""Who may use data, for what, and what they must do first: read from a description, stated as an offer, told in words.

The level that a publisher states stands. Where none is stated, the first rule of `vocab/access-rule.ttl` that fits the
publisher's own words gives one, and the record says which rule and which words; where none fits, nothing is stated.
The offer (ODRL) is made from the description, and the sentences are made from the offer, so that they cannot disagree.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from ndl_graph.description import DescriptionView, View
from ndl_graph.namespaces import DCAT, DCT, DPV, NDL, ODRL, POD, RDF, SCHEMA, SKOS
from ndl_graph.record import Node, Record
from ndl_graph.resources import vocab_folder

__all__ = [
    "APPLICANTS",
    "LEVELS",
    "Access",
    "Rule",
    "access_lines",
    "access_of",
    "is_behind_approval",
    "is_free",
    "is_offer",
    "rules",
    "sentences",
    "without_access",
]

_VOCAB: Final = "https://w3id.org/ndl-graph/vocab/"
#: The access levels, from most to least open.
LEVELS: Final = tuple(
    f"{_VOCAB}access-level#{name}"
    for name in (
        "open",
        "open-with-conditions",
        "registered",
        "approved-projects",
        "approved-projects-in-tre",
        "government-only",
        "not-available",
    )
)
_OPEN, _CONDITIONS, _REGISTERED, _APPROVED, _SECURE, _GOVERNMENT, _NONE = LEVELS
#: Kinds of people and organisations that ask for data.
APPLICANTS: Final = tuple(
    f"{_VOCAB}applicant#{name}" for name in ("public", "researcher", "charity", "company", "public-body")
)
_PUBLIC_BODY: Final = NamedNode(APPLICANTS[-1])
_DUO: Final = "http://purl.obolibrary.org/obo/DUO_"
#: Limits of use that rule out profit: non-profit use, non-profit organisations, or both.
_NOT_FOR_PROFIT: Final = frozenset(f"{_DUO}{number}" for number in ("0000018", "0000046"))
#: Limits of use that leave out organisations that work for profit.
_NO_COMPANIES: Final = frozenset(f"{_DUO}{number}" for number in ("0000018", "0000045"))
_NON_COMMERCIAL: Final = re.compile(r"creativecommons\.org/licenses/by-nc|/non-commercial-government-licence")
#: What stands at the end of the IRI of an offer that was made here.
_OFFER: Final = "#offer"
_LONGEST: Final = 2_000
_EVIDENCE: Final = 300
#: A word that turns round what follows it in the same clause.
_NEGATED: Final = re.compile(
    r"\b(no|not|never|nor|without|outside|except|unless|cannot|isn.t|aren.t|don.t)\b[^.;:!?]{0,60}\Z", re.I
)


@dataclass(frozen=True)
class Access:
    """What a description says about access: the level, how it was worked out, and who may ask for what."""

    level: str | None = None
    rule: str | None = None
    evidence: str = ""
    askers: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    forbids_profit: bool = False
    forbids_companies: bool = False


@dataclass(frozen=True)
class Rule:
    """What a rule looks at, what it looks for, and the level that it gives; without one, nothing is worked out."""

    iri: str
    looks_at: str
    pattern: re.Pattern[str]
    level: str | None


@cache
def rules() -> tuple[Rule, ...]:
    """The rules by which a level is worked out, in the order in which they are tried."""
    said: dict[str, dict[NamedNode, str]] = {}
    for quad in parse(path=str(vocab_folder() / "access-rule.ttl"), format=RdfFormat.TURTLE):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, (NamedNode, Literal)):
            said.setdefault(quad.subject.value, {})[quad.predicate] = quad.object.value
    rules = sorted((one[SKOS.notation], iri) for iri, one in said.items() if SKOS.notation in one)
    return tuple(
        Rule(
            iri,
            said[iri][NDL.looksAt],
            re.compile(said[iri][NDL.pattern], re.I | re.S),
            said[iri].get(NDL.accessLevel),
        )
        for _, iri in rules
    )


def access_of(view: DescriptionView) -> Access:
    """What a description says about access, with a level worked out by rule where it states none of ours."""
    stated = view.link(NDL.accessLevel)
    level, rule, evidence = (stated, None, "") if stated in LEVELS else _worked_out(view)
    limits = tuple(
        iri for one in view.views(SCHEMA.usageInfo) for iri in (one.iri,) if iri is not None and iri.startswith(_DUO)
    )
    licence = view.licence.iri if view.licence else None
    return Access(
        level,
        rule,
        evidence,
        askers=_iris(view, NDL.mayAsk),
        purposes=_iris(view, DPV.hasPurpose),
        limits=limits,
        forbids_companies=bool(_NO_COMPANIES & set(limits)),
        forbids_profit=bool(_NOT_FOR_PROFIT & set(limits)) or bool(_NON_COMMERCIAL.search(licence or "")),
    )


def is_behind_approval(view: DescriptionView) -> bool:
    """Whether somebody decides who gets the data: by the level stated or worked out, else by the access rights."""
    level = view.access.iri if view.access else None
    if level in LEVELS:
        return level in (_APPROVED, _SECURE, _GOVERNMENT, _NONE)
    rights = [part.iri or "" for part in view.views(DCT.accessRights)]
    return any("RESTRICTED" in one or "NON_PUBLIC" in one for one in rights)


def is_free(view: DescriptionView) -> bool:
    """Whether anybody may have the data, be it after they registered or accepted conditions."""
    level = view.access.iri if view.access else None
    if level in LEVELS:
        return level in (_OPEN, _CONDITIONS, _REGISTERED) and not view.values(NDL.cost)
    rights = [part.iri or "" for part in view.views(DCT.accessRights)]
    return any("PUBLIC" in one and "NON_PUBLIC" not in one for one in rights) and not is_behind_approval(view)


def _iris(view: View, predicate: NamedNode) -> tuple[str, ...]:
    return tuple(sorted(one.iri for one in view.views(predicate) if one.iri))


def _worked_out(view: DescriptionView) -> tuple[str | None, str | None, str]:
    return _by_rule(tuple(_said_of_access(view)), tuple(_said_of_licence(view)))


@lru_cache(maxsize=1_000)
def _by_rule(access: tuple[str, ...], licence: tuple[str, ...]) -> tuple[str | None, str | None, str]:
    """The level, the rule that gives it and the words that it is taken from; publishers say the same of much data."""
    statements = {"access": access, "licence": licence}
    for rule in rules():
        for text in statements[rule.looks_at]:
            if _says(rule.pattern, text[:_LONGEST]):
                # A rule without a level says that nothing is to be worked out.
                return (rule.level, rule.iri, _one_line(text)) if rule.level else (None, None, "")
    return None, None, ""


def _says(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the text says what a pattern looks for, and not that it is not so."""
    return any(not _NEGATED.search(text[: found.start()]) for found in pattern.finditer(text))


def _said_of_access(view: DescriptionView) -> list[str]:
    found = []
    for one in view.views(DCT.accessRights):
        found += [one.iri] if one.iri and not one.is_described else []
        found += [one.label] if one.is_described or not one.iri else []
    return [*found, *view.texts(SCHEMA.conditionsOfAccess), *view.texts(POD.accessLevel)]


def _said_of_licence(view: DescriptionView) -> list[str]:
    licence = view.licence
    reached = any(part.link(DCAT.downloadURL, DCAT.accessURL) for part in view.distributions)
    reached = reached or bool(view.link(DCAT.endpointURL, DCAT.landingPage))
    return [licence.iri] if licence and licence.iri and reached else []


def _one_line(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _EVIDENCE else plain[:_EVIDENCE].rsplit(" ", 1)[0] + " …"


# --- the offer -------------------------------------------------------------------------------------------

#: What each level lets people do only after they have done something else, and what it forbids.
_DUTIES: Final = {
    _CONDITIONS: (NDL.acceptConditions,),
    _REGISTERED: (NDL.register,),
    _APPROVED: (NDL.apply,),
    _SECURE: (NDL.apply,),
    _GOVERNMENT: (NDL.apply,),
}
_FOR_PROFIT: Final = NamedNode("http://creativecommons.org/ns#CommercialUse")
_FORBIDDEN: Final = {_SECURE: (ODRL.distribute,), _NONE: (ODRL.use,)}


def access_lines(record: Record, view: DescriptionView, access: Access) -> Iterator[str]:
    """What a record says of access beside the description, as lines of N-Triples; nothing where no level is known.

    That is an `odrl:Offer` (ODRL Information Model 2.2, section 2.1.2) of the publisher on the dataset, with its level,
    and with the rule and the words from which the level was worked out.
    """
    if access.level is None:
        return
    offer = NamedNode(f"{record.iri.value}{_OFFER}")
    yield f"{record.dataset} {ODRL.hasPolicy} {offer}"
    yield f"{offer} {NDL.accessLevel} {NamedNode(access.level)}"
    if access.rule:
        yield f"{offer} {NDL.accessRule} {NamedNode(access.rule)}"
        yield f"{offer} {NDL.accessEvidence} {Literal(access.evidence)}"
    yield from map(str, _offer(offer, record, view, access))


def _offer(offer: NamedNode, record: Record, view: DescriptionView, access: Access) -> Iterator[Triple]:
    assert access.level is not None

    def part(name: str) -> NamedNode:
        return NamedNode(f"{offer.value}-{name}")

    yield Triple(offer, RDF.type, ODRL.Offer)
    yield Triple(offer, ODRL.profile, NamedNode(_VOCAB.rstrip("/")))
    yield Triple(offer, ODRL.target, record.dataset)
    if view.publisher and isinstance(view.publisher.node, (NamedNode, BlankNode)):
        yield Triple(offer, ODRL.assigner, view.publisher.node)
    forbidden = (*_FORBIDDEN.get(access.level, ()), *([_FOR_PROFIT] if access.forbids_profit else []))
    for forbidden_action in forbidden:
        rule = part(f"not-{_name(forbidden_action)}")
        yield Triple(offer, ODRL.prohibition, rule)
        yield Triple(rule, ODRL.action, forbidden_action)
    if access.level == _NONE:
        return
    use = part("use")
    yield Triple(offer, ODRL.permission, use)
    yield Triple(use, ODRL.action, ODRL.use)
    askers = list(map(NamedNode, access.askers)) or ([_PUBLIC_BODY] if access.level == _GOVERNMENT else [])
    places = [one.node for one in _places(view, access.level) if isinstance(one.node, (NamedNode, BlankNode))]
    for name, operand, operator, values in (
        ("who", ODRL.recipient, ODRL.isAnyOf, askers),
        ("purpose", ODRL.purpose, ODRL.isAnyOf, list(map(NamedNode, access.purposes))),
        ("place", NDL.usedIn, ODRL.isAnyOf, places),
        ("limit", NDL.useLimit, ODRL.isAllOf, list(map(NamedNode, access.limits))),
    ):
        if values:
            constraint = part(name)
            yield Triple(use, ODRL.constraint, constraint)
            yield Triple(constraint, ODRL.leftOperand, operand)
            yield Triple(constraint, ODRL.operator, operator)
            yield from (Triple(constraint, ODRL.rightOperand, value) for value in values)
    for action in _DUTIES.get(access.level, ()):
        duty = part(_name(action))
        yield Triple(use, ODRL.duty, duty)
        yield Triple(duty, ODRL.action, action)
        if action == NDL.apply:
            for predicate in (NDL.decidedBy, NDL.timeToAccess, NDL.howToApply):
                yield from (Triple(duty, predicate, value) for value in view.values(predicate))
    for cost in view.values(NDL.cost):
        yield Triple(use, ODRL.duty, part("compensate"))
        yield Triple(part("compensate"), ODRL.action, ODRL.compensate)
        yield Triple(part("compensate"), NDL.cost, cost)


def _places(view: DescriptionView, level: str) -> list[View]:
    """Where the data is used: stated, else the services that reach it, where it cannot be taken away."""
    stated = view.views(NDL.usedIn)
    if stated or level != _SECURE:
        return stated
    return [one for part in view.distributions for one in part.views(DCAT.accessService)]


def _name(action: NamedNode) -> str:
    return re.split(r"[/#]", action.value)[-1]


_OURS: Final = re.compile(rf"^<[^>]+{_OFFER}(-[A-Za-z-]+)?>$")
_HAS_POLICY: Final = str(ODRL.hasPolicy)
_LEVEL: Final = str(NDL.accessLevel)
#: What only the catalogue says, of an offer that it made.
_WORKED_OUT: Final = frozenset({_LEVEL, str(NDL.accessRule), str(NDL.accessEvidence)})


def is_offer(node: Node) -> bool:
    """Whether a node goes by the name of an offer that was made here, or of a part of one."""
    return _OURS.match(str(node)) is not None


def without_access(lines: Sequence[str]) -> Sequence[str]:
    """The lines without offers that a catalogue of this kind has made: they are worked out, not read from a source.

    Such an offer is one by its name and by its level. A publisher's own policy stays, but for a level, a rule or an
    evidence in it: those are for the catalogue to say.
    """
    if not any(_HAS_POLICY in line for line in lines):
        return lines
    told = [line.split(" ", 2) for line in lines]
    policies = {value for _, predicate, value in told if predicate == _HAS_POLICY}
    levelled = {node for node, predicate, _ in told if predicate == _LEVEL} & policies
    ours = {_offer_of(node) for node in levelled} - {None}
    return tuple(
        line
        for line, (subject, predicate, value) in zip(lines, told, strict=True)
        if _offer_of(subject) not in ours
        and _offer_of(value) not in ours
        and not (subject in policies and predicate in _WORKED_OUT)
    )


def _offer_of(node: str) -> str | None:
    """The name of the offer of ours that a node is, or is a part of, as N-Triples has it."""
    found = _OURS.match(node)
    return node[: found.end() - 1 - len(found[1] or "")] if found else None


# --- in words --------------------------------------------------------------------------------------------

_AND: Final = {"en": "and", "cy": "a"}
#: What each part of an offer means, in English and in Welsh.
_WORDS: Final[dict[str, dict[str, str]]] = {
    "who-apply": {"en": "Who may ask: {}.", "cy": "Pwy a gaiff ofyn: {}."},
    "who": {"en": "Who may use it: {}.", "cy": "Pwy a gaiff ei ddefnyddio: {}."},
    "purpose": {"en": "What it may be used for: {}.", "cy": "At ba ddiben y gellir ei ddefnyddio: {}."},
    "place": {
        "en": "You work with it in this place, and nowhere else: {}.",
        "cy": "Rydych yn gweithio gydag ef yn y lle hwn, ac nid yn unman arall: {}.",
    },
    "limit": {"en": "Limits on use: {}.", "cy": "Terfynau ar ddefnydd: {}."},
    "apply": {
        "en": "You must apply first, with a project and its purpose.",
        "cy": "Rhaid gwneud cais yn gyntaf, gyda phrosiect a'i ddiben.",
    },
    "decided": {"en": "Who decides: {}.", "cy": "Pwy sy'n penderfynu: {}."},
    "time": {"en": "How long that usually takes: {}.", "cy": "Faint o amser y mae hynny'n ei gymryd fel arfer: {}."},
    "register": {
        "en": "You must register by name and agree to terms first.",
        "cy": "Rhaid cofrestru o dan eich enw a chytuno i delerau yn gyntaf.",
    },
    "acceptConditions": {"en": "You must accept the conditions first.", "cy": "Rhaid derbyn yr amodau yn gyntaf."},
    "compensate": {"en": "What it costs: {}.", "cy": "Faint y mae'n ei gostio: {}."},
    "not-distribute": {
        "en": "You cannot take it away or pass it on.",
        "cy": "Ni chewch fynd ag ef oddi yno na'i drosglwyddo.",
    },
    "not-CommercialUse": {"en": "You may not use it for profit.", "cy": "Ni chewch ei ddefnyddio er elw."},
    "not-use": {
        "en": "Nobody outside the organisation that holds it may use it at present.",
        "cy": "Ni chaiff neb y tu allan i'r sefydliad sy'n ei ddal ei ddefnyddio ar hyn o bryd.",
    },
    "more": {
        "en": "The holder’s own policy says more than these words: see the data.",
        "cy": "Mae polisi’r deiliad ei hun yn dweud mwy na’r geiriau hyn: gweler y data.",
    },
    "use": {"en": "Anyone may use it.", "cy": "Caiff unrhyw un ei ddefnyddio."},
}
#: Operators by which a constraint lists what is allowed.
_POSITIVE: Final = (ODRL.isAnyOf, ODRL.isAllOf, ODRL.eq)
_OPERANDS: Final = {
    ODRL.recipient: "who",
    ODRL.purpose: "purpose",
    NDL.usedIn: "place",
    NDL.useLimit: "limit",
}


def sentences(view: View, language: str = "en") -> list[str]:
    """The offers on a dataset in plain words, one sentence for each thing that they say.

    Reads offers of publishers as well as ours; what of them has no words here is left to the data.
    """
    found: list[str] = []
    for offer in view.views(ODRL.hasPolicy):
        found += _told(offer, language)
    return list(dict.fromkeys(found))


def _told(offer: View, language: str) -> Iterator[str]:
    def say(name: str, values: Sequence[View] = ()) -> str:
        words = _WORDS[name].get(language, _WORDS[name]["en"])
        return words.format(_listed([label for one in values if (label := one.label)], language))

    more = False
    for rule in offer.views(ODRL.permission):
        duties = {_action(duty): duty for duty in rule.views(ODRL.duty)}
        constraints, whole = _constraints(rule)
        # What an offer says in another way than ours is left to the data, and not told as something else.
        if not whole or _action(rule) != "use" or rule.values(ODRL.assignee) or duties.keys() - _WORDS.keys():
            more = True
            continue
        if not constraints and not duties.keys() - {"compensate"}:
            yield say("use")
        for name in sorted(duties.keys() - {"compensate"}):
            yield say(name)
        for name in ("who", "purpose", "place", "limit"):
            if values := constraints.get(name):
                yield say("who-apply" if name == "who" and "apply" in duties else name, values)
        for duty in duties.values():
            for name, predicate in (("decided", NDL.decidedBy), ("time", NDL.timeToAccess), ("compensate", NDL.cost)):
                if values := duty.views(predicate):
                    yield say(name, values[:1] if name == "compensate" else values)
    for name, rule in sorted(
        ((f"not-{_action(one)}", one) for one in offer.views(ODRL.prohibition)), key=itemgetter(0)
    ):
        if name not in _WORDS or rule.values(ODRL.constraint) or rule.values(ODRL.assignee):
            more = True
        else:
            yield say(name)
    if more or offer.values(ODRL.obligation):
        yield say("more")


def _constraints(rule: View) -> tuple[dict[str, list[View]], bool]:
    """The constraints of a rule by what they are on, and whether all of them are of the kinds that have words."""
    found: dict[str, list[View]] = {}
    for constraint in rule.views(ODRL.constraint):
        operands, operators = constraint.values(ODRL.leftOperand), constraint.values(ODRL.operator)
        name = _OPERANDS.get(operands[0]) if len(operands) == 1 and isinstance(operands[0], NamedNode) else None
        values = constraint.views(ODRL.rightOperand)
        if name is None or name in found or not values or len(operators) != 1 or operators[0] not in _POSITIVE:
            return {}, False
        found[name] = values
    return found, True


def _action(rule: View) -> str:
    return next((_name(one.node) for one in rule.views(ODRL.action) if isinstance(one.node, NamedNode)), "")


def _listed(names: Sequence[str], language: str) -> str:
    unique = list(dict.fromkeys(name.rstrip(".") for name in names))
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} {_AND.get(language, _AND['en'])} {unique[-1]}"
