"""The offers on a dataset in plain words, in English and in Welsh."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from pyoxigraph import NamedNode

from ndl_graph.access.offer import local_name
from ndl_graph.description import DescriptionView, View
from ndl_graph.namespaces import NDL, ODRL

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
    "read": {"en": "Anyone may get it.", "cy": "Caiff unrhyw un ei gael."},
    "licence": {
        "en": "What you may do with it, its licence says: {}.",
        "cy": "Ei drwydded sy’n dweud beth y cewch ei wneud ag ef: {}.",
    },
    "no-licence": {
        "en": "What you may do with it is not stated: ask the holder before you use it.",
        "cy": "Ni ddywedir beth y cewch ei wneud ag ef: gofynnwch i’r deiliad cyn ei ddefnyddio.",
    },
}
#: Operators by which a constraint lists what is allowed.
_POSITIVE: Final = (ODRL.isAnyOf, ODRL.isAllOf, ODRL.eq)
_OPERANDS: Final = {
    ODRL.recipient: "who",
    ODRL.purpose: "purpose",
    NDL.usedIn: "place",
    NDL.useLimit: "limit",
}


def is_licensed(view: DescriptionView) -> bool:
    """Whether no offer on a dataset lets people have it, and leaves open what they may do with it."""
    rules = (rule for offer in view.views(ODRL.hasPolicy) for rule in offer.views(ODRL.permission))
    return all(_action(rule) != "read" for rule in rules)


def sentences(view: DescriptionView, language: str = "en") -> list[str]:
    """The offers on a dataset in plain words, one sentence for each thing that they say.

    Reads offers of publishers as well as ours; what of them has no words here is left to the data.
    """
    found: list[str] = []
    for offer in view.views(ODRL.hasPolicy):
        found += _told(offer, view.licence, language)
    return list(dict.fromkeys(found))


def _told(offer: View, licence: View | None, language: str) -> Iterator[str]:
    def say(name: str, values: Sequence[View] = ()) -> str:
        words = _WORDS[name].get(language, _WORDS[name]["en"])
        return words.format(_listed([label for one in values if (label := one.label)]))

    more = False
    for rule in offer.views(ODRL.permission):
        duties = {_action(duty): duty for duty in rule.views(ODRL.duty)}
        constraints, whole = _constraints(rule)
        # What an offer says in another way than ours is left to the data, and not told as something else.
        action = _action(rule)
        if not whole or action not in ("use", "read") or rule.values(ODRL.assignee) or duties.keys() - _WORDS.keys():
            more = True
            continue
        if not constraints and not duties.keys() - {"compensate"}:
            yield say(action)
        for name in sorted(duties.keys() - {"compensate"}):
            yield say(name)
        for name in ("who", "purpose", "place", "limit"):
            if values := constraints.get(name):
                yield say("who-apply" if name == "who" and "apply" in duties else name, values)
        if action == "read":
            yield say("licence", [licence]) if licence and licence.label else say("no-licence")
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
    return next((local_name(one.node) for one in rule.views(ODRL.action) if isinstance(one.node, NamedNode)), "")


def _listed(names: Sequence[str]) -> str:
    """Names one after the other; many have an “and” or a comma of their own."""
    return "; ".join(dict.fromkeys(name.rstrip(".") for name in names))
