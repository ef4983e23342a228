"""The access level: stated by the publisher, else worked out by rule from the publisher's own words."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.description import DescriptionView, View
from ndl_graph.namespaces import DCAT, DCT, DPV, NDL, ODRL, POD, SCHEMA, SKOS, VOCABULARY
from ndl_graph.resources import vocab_folder

#: The access levels, from most to least open.
LEVELS: Final = tuple(
    f"{VOCABULARY}/access-level#{name}"
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
OPEN, CONDITIONS, REGISTERED, APPROVED, SECURE, GOVERNMENT, NONE = LEVELS
#: Kinds of people and organisations that ask for data.
APPLICANTS: Final = tuple(
    f"{VOCABULARY}/applicant#{name}" for name in ("public", "researcher", "charity", "company", "public-body")
)
_DUO: Final = "http://purl.obolibrary.org/obo/DUO_"
#: Limits of use that rule out profit: non-profit use, non-profit organisations, or both.
_NOT_FOR_PROFIT: Final = frozenset(f"{_DUO}{number}" for number in ("0000018", "0000046"))
#: Limits of use that leave out organisations that work for profit.
_NO_COMPANIES: Final = frozenset(f"{_DUO}{number}" for number in ("0000018", "0000045"))
_NON_COMMERCIAL: Final = re.compile(r"creativecommons\.org/licenses/by-nc|/non-commercial-government-licence")
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
    #: Whether it is known what may be done with data that everybody may have: that it is public is no licence.
    is_licensed: bool = True


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
        # Croissant writes addresses as text too.
        iri
        for one in view.views(SCHEMA.usageInfo)
        if (iri := one.iri or one.label).startswith(_DUO)
    )
    licences = _licences(view)
    is_licensed = level != OPEN or rule is None or (bool(licences) and all(_by_licence(one)[0] for one in licences))
    return Access(
        level,
        rule,
        evidence,
        askers=_iris(view, NDL.mayAsk),
        purposes=_iris(view, DPV.hasPurpose),
        limits=limits,
        forbids_companies=bool(_NO_COMPANIES & set(limits)),
        forbids_profit=bool(_NOT_FOR_PROFIT & set(limits)) or any(map(_NON_COMMERCIAL.search, licences)),
        is_licensed=is_licensed,
    )


def is_behind_approval(view: DescriptionView) -> bool:
    """Whether somebody decides who gets the data: by the level stated or worked out, else by the access rights."""
    level = view.access.iri if view.access else None
    if level in LEVELS:
        return level in (APPROVED, SECURE, GOVERNMENT, NONE)
    rights = [part.iri or "" for part in view.views(DCT.accessRights)]
    return any("RESTRICTED" in one or "NON_PUBLIC" in one for one in rights)


def is_free(view: DescriptionView) -> bool:
    """Whether anybody may have the data, be it after they registered or accepted conditions."""
    level = view.access.iri if view.access else None
    if level in LEVELS:
        return level in (OPEN, CONDITIONS, REGISTERED) and not view.values(NDL.cost)
    rights = [part.iri or "" for part in view.views(DCT.accessRights)]
    return any("PUBLIC" in one and "NON_PUBLIC" not in one for one in rights) and not is_behind_approval(view)


def _iris(view: View, predicate: NamedNode) -> tuple[str, ...]:
    return tuple(sorted(one.iri for one in view.views(predicate) if one.iri))


def _worked_out(view: DescriptionView) -> tuple[str | None, str | None, str]:
    found = _by_rule(tuple(_said_of_access(view)), tuple(_said_of_licence(view)))
    if found[0] not in (OPEN, CONDITIONS):
        return found
    if _is_limited(view):
        return None, None, ""
    # That everybody may have it does away with no condition of a licence, be it that of one file.
    by_licence = (_by_licence(one) for one in _licences(view))
    return next((one for one in by_licence if one[0] == CONDITIONS), found)


def _licences(view: DescriptionView) -> list[str]:
    """The licences of a dataset and of its distributions, by IRI."""
    parts: tuple[View, ...] = (view, *view.distributions)
    return sorted({one.iri for part in parts for one in part.views(DCT.license, SCHEMA.license) if one.iri})


def _is_limited(view: DescriptionView) -> bool:
    """Whether what is said of rights, or a policy of the publisher's own, takes back what is said to be open."""
    for policy in view.views(ODRL.hasPolicy):
        permissions = policy.views(ODRL.permission)
        if policy.values(ODRL.prohibition) or any(one.values(ODRL.constraint, ODRL.duty) for one in permissions):
            return True
    patterns = [rule.pattern for rule in rules() if rule.looks_at == "rights"]
    return any(_says(pattern, text[:_LONGEST]) for pattern in patterns for text in view.rights_words)


def _by_licence(licence: str) -> tuple[str | None, str | None, str]:
    return _by_rule((), (licence,))


@lru_cache(maxsize=1_000)
def _by_rule(access: tuple[str, ...], licence: tuple[str, ...]) -> tuple[str | None, str | None, str]:
    """The level, the rule that gives it and the words that it is taken from; publishers say the same of much data."""
    # A licence says what may be done with data, not who gets it: what is said of that, in whatever words, goes first.
    statements = {"access": access, "licence": () if access else licence}
    for rule in rules():
        for text in statements.get(rule.looks_at, ()):
            if _says(rule.pattern, text[:_LONGEST]):
                # A rule without a level says that nothing is to be worked out.
                return (rule.level, rule.iri, _one_line(text)) if rule.level else (None, None, "")
    return None, None, ""


def _says(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the text says what a pattern looks for, and not that it is not so."""
    return any(not _NEGATED.search(text[: found.start()]) for found in pattern.finditer(text))


def _said_of_access(view: DescriptionView) -> list[str]:
    found = [*_rights(view), *view.texts(SCHEMA.conditionsOfAccess), *view.texts(POD.accessLevel)]
    if view.text(SCHEMA.isAccessibleForFree).casefold() in ("false", "0"):
        found.append("not free")
    if not found and (parts := list(dict.fromkeys(tuple(_rights(part)) for part in view.distributions))):
        # What is said of every file is said of the data; what is said of some is told of none.
        found += parts[0] if len(parts) == 1 else ["; ".join(said for part in parts for said in part)]
    return found


def _rights(view: View) -> list[str]:
    found = []
    for one in view.views(DCT.accessRights):
        found += [one.iri] if one.iri and not one.is_described else []
        found += [one.label] if one.is_described or not one.iri else []
    return found


def _said_of_licence(view: DescriptionView) -> list[str]:
    licence = view.licence
    reached = any(part.link(DCAT.downloadURL, DCAT.accessURL) for part in view.distributions)
    reached = reached or bool(view.link(DCAT.endpointURL, DCAT.landingPage))
    return [licence.iri] if licence and licence.iri and reached else []


def _one_line(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _EVIDENCE else plain[:_EVIDENCE].rsplit(" ", 1)[0] + " …"
