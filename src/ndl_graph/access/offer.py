"""The offer (ODRL) that is made of what a description says about access, and how it is told from a publisher's own."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.access.level import APPLICANTS, APPROVED, CONDITIONS, GOVERNMENT, NONE, REGISTERED, SECURE, Access
from ndl_graph.description import DescriptionView, View
from ndl_graph.namespaces import DCAT, NDL, ODRL, RDF, VOCABULARY
from ndl_graph.record import Node, Record

#: What stands at the end of the IRI of an offer that was made here.
_OFFER: Final = "#offer"
_PUBLIC_BODY: Final = NamedNode(APPLICANTS[-1])
#: What each level lets people do only after they have done something else, and what it forbids.
_DUTIES: Final = {
    CONDITIONS: (NDL.acceptConditions,),
    REGISTERED: (NDL.register,),
    APPROVED: (NDL.apply,),
    SECURE: (NDL.apply,),
    GOVERNMENT: (NDL.apply,),
}
_FOR_PROFIT: Final = NamedNode("http://creativecommons.org/ns#CommercialUse")
_FORBIDDEN: Final = {SECURE: (ODRL.distribute,), NONE: (ODRL.use,)}


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
    yield Triple(offer, ODRL.profile, NamedNode(VOCABULARY))
    yield Triple(offer, ODRL.target, record.dataset)
    if view.publisher and isinstance(view.publisher.node, (NamedNode, BlankNode)):
        yield Triple(offer, ODRL.assigner, view.publisher.node)
    forbidden = (*_FORBIDDEN.get(access.level, ()), *([_FOR_PROFIT] if access.forbids_profit else []))
    for forbidden_action in forbidden:
        rule = part(f"not-{local_name(forbidden_action)}")
        yield Triple(offer, ODRL.prohibition, rule)
        yield Triple(rule, ODRL.action, forbidden_action)
    if access.level == NONE:
        return
    # To read is to obtain data (ODRL Vocabulary 2.2, `odrl:read`): what else may be done with it, nobody has said.
    action = ODRL.use if access.is_licensed else ODRL.read
    use = part(local_name(action))
    yield Triple(offer, ODRL.permission, use)
    yield Triple(use, ODRL.action, action)
    askers = list(map(NamedNode, access.askers)) or ([_PUBLIC_BODY] if access.level == GOVERNMENT else [])
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
        duty = part(local_name(action))
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
    if stated or level != SECURE:
        return stated
    return [one for part in view.distributions for one in part.views(DCAT.accessService)]


def local_name(action: NamedNode) -> str:
    """What stands at the end of an action's IRI, by which offers and sentences know it."""
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
