"""The rules by which values are repaired: one for each property whose values publishers write in many ways."""

import re
from collections.abc import Callable, Sequence
from typing import Final, Protocol
from urllib.parse import quote, unquote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.names import NameTable
from ndl_graph.namespaces import (
    ADMS,
    DCAT,
    DCT,
    FOAF,
    IANA,
    NDL,
    PREFIXES,
    RDF,
    RELATIVE,
    SCHEMA,
    SPDX,
    VCARD,
    is_web,
)
from ndl_graph.normalise.dates import read_date
from ndl_graph.normalise.iris import web_address
from ndl_graph.record import Term

__all__ = ["ANYTHING", "OF_TEXT", "RULES", "Mended", "Names", "Rule", "tag_of"]

#: A subject of which nothing is known, to ask a rule about a value alone.
ANYTHING: Final = BlankNode("b")
_EU: Final = "http://publications.europa.eu/resource/authority/"
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")


def tag_of(tag: str) -> str | None:
    """The language tag as BCP 47 has it; None where it is none."""
    language, *rest = tag.strip().replace("_", "-").split("-")
    code = {"english": "en", "eng": "en", "welsh": "cy", "cym": "cy", "wel": "cy"}.get(
        language.casefold(), language.casefold()
    )
    parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest]
    whole = "-".join([code, *parts])
    return whole if _TAG.match(whole) else None


_EMAIL: Final = re.compile(r"[^@\s<>:/?#]+@[^@\s<>/.]+(?:\.[^@\s<>/.]+)+\Z")
_MEDIA: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+\-]*\Z")
_ACCESS: Final = {
    "open": "PUBLIC",
    "public": "PUBLIC",
    "commercial": "RESTRICTED",
    "restricted": "RESTRICTED",
    "restricted public": "RESTRICTED",
    "internal": "NON_PUBLIC",
    "non-public": "NON_PUBLIC",
    "non public": "NON_PUBLIC",
}
_ISO_REPEAT: Final = {
    "R/P10Y": "DECENNIAL", "R/P4Y": "QUADRENNIAL", "R/P3Y": "TRIENNIAL", "R/P2Y": "BIENNIAL", "R/P1Y": "ANNUAL",
    "R/P6M": "ANNUAL_2", "R/P4M": "ANNUAL_3", "R/P3M": "QUARTERLY", "R/P2M": "BIMONTHLY", "R/P1M": "MONTHLY",
    "R/P0.5M": "MONTHLY_2", "R/P0.33M": "MONTHLY_3", "R/P2W": "BIWEEKLY", "R/P1W": "WEEKLY", "R/P7D": "WEEKLY",
    "R/P3.5D": "WEEKLY_2", "R/P0.33W": "WEEKLY_3", "R/P1D": "DAILY", "R/PT1H": "HOURLY", "R/PT1S": "UPDATE_CONT",
}  # fmt: skip
_LANGUAGES: Final = {
    "en": "ENG", "eng": "ENG", "english": "ENG", "cy": "CYM", "cym": "CYM", "welsh": "CYM", "cymraeg": "CYM",
    "ga": "GLE", "gle": "GLE", "irish": "GLE", "gd": "GLA", "gla": "GLA", "gaelic": "GLA", "sco": "SCO",
    "fr": "FRA", "fra": "FRA", "de": "DEU", "deu": "DEU", "es": "SPA", "spa": "SPA", "pl": "POL", "pol": "POL",
}  # fmt: skip


class Names(Protocol):
    """What rules look names up in."""

    organisation: Callable[[str], str]
    licences: NameTable
    formats: NameTable
    media_types: NameTable
    frequencies: NameTable


Mended = tuple[Sequence[Term], Sequence[Triple]]
#: A rule looks at a value and at all that is said of its subject; without a change it gives None.
Rule = Callable[[Names, Term, Sequence[Triple]], Mended | None]


def _replaced(*values: Term) -> Mended:
    return values, ()


def _link(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, Literal):
        return None
    address = web_address(value.value)
    return _replaced(NamedNode(address)) if address else None


def _email(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, (Literal, NamedNode)) or len(value.value) > _LONGEST_MAIL:
        return None
    said = value.value.strip()
    if isinstance(value, NamedNode):
        is_relative = RELATIVE.match(said) is not None
        said = RELATIVE.sub("", said, count=1)
        if not is_relative and not (said.startswith("mailto:") and _MISWRITTEN.search(said)):
            return None
        said = unquote(said)
    while said.casefold().startswith("mailto:"):
        said = said[len("mailto:") :].strip()
    # As it stands in a letter, `Name <address>`, and several of them (RFC 5322, section 3.4).
    # A name may have a comma in it.
    parts = [said] if _NAMED.match(said) else [part.strip() for part in re.split("[;,]", said)]
    stated = [found[1].strip() if (found := _NAMED.match(part)) else part for part in parts if part]
    if not stated or not all(map(_EMAIL.match, stated)):
        return None
    return _replaced(*(NamedNode("mailto:" + quote(one, safe="@!#$&'*+-/=?_~.")) for one in dict.fromkeys(stated)))


_LONGEST_MAIL: Final = 2_000
_NAMED: Final = re.compile(r"[^<>]*+<([^<>]*+)>\Z")
#: What is in no address for letters: a name in brackets, a blank, a second start.
_MISWRITTEN: Final = re.compile(r"mailto:[^?]*(?:%3C|%20|mailto:)", re.I)


def _date(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, Literal):
        return None
    read = read_date(value.value)
    return _replaced(read) if read and read != value else None


def _of_list(value: Term, name: str) -> Mended | None:
    """The address of a term in a list of the EU that was written as text; None where it is none."""
    start = f"{_EU}{name}/"
    said = value.value.strip() if isinstance(value, Literal) else ""
    return (
        _replaced(NamedNode(said)) if said.startswith(start) and said[len(start) :].replace("_", "").isalnum() else None
    )


def _theme(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    return _of_list(value, "data-theme")


def _language(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    if address := _of_list(value, "language"):
        return address
    if isinstance(value, Literal):
        stated = [one for one in re.split(r"[\s,;|/]+", value.value) if one]
        codes = [_LANGUAGES.get(one.split("-")[0].split("_")[0].casefold()) for one in stated]
        if codes and all(codes):
            return _replaced(*(NamedNode(f"{_EU}language/{code}") for code in dict.fromkeys(codes)))
    return None


#: Creative Commons' page of a licence, in some language.
_DEED: Final = re.compile(r"(?<=/)(?:deed|legalcode)(?:\.[a-z_-]{2,12})?/?\Z", re.I)


def _licence(normaliser: Names, value: Term, _: Sequence[Triple]) -> Mended | None:
    if isinstance(value, (NamedNode, Literal)):
        known = normaliser.licences.find(_DEED.sub("", value.value))
        if known and value != NamedNode(known):
            return _replaced(NamedNode(known))
        if isinstance(value, Literal):
            return _link(normaliser, value, ())
    return None


def _media_type(normaliser: Names, value: Term, block: Sequence[Triple]) -> Mended | None:
    if isinstance(value, NamedNode):
        found = re.match(r"https?://(?:www\.)?iana\.org/assignments/media-types/(.+?)/?\Z", value.value)
        standard = IANA[found[1]] if found else value
        return _replaced(standard) if standard != value else None
    if isinstance(value, Literal):
        given = value.value.strip().split(";")[0].strip()
        if _MEDIA.match(given):
            iri = IANA[given]
            return None if _states(block, DCAT.mediaType, iri) else ((value, iri), ())
        if _MEDIA.match(given.lower()):
            return _replaced(IANA[given.lower()])
        known = normaliser.media_types.find(given)
        return _replaced(NamedNode(known)) if known else None
    return None


def _format(normaliser: Names, value: Term, _: Sequence[Triple]) -> Mended | None:
    if isinstance(value, (Literal, NamedNode)):
        known = normaliser.formats.find(value.value)
        if known and value != NamedNode(known):
            return _replaced(NamedNode(known))
    return None


def _frequency(normaliser: Names, value: Term, block: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, (Literal, NamedNode)):
        return None
    known = _ISO_REPEAT.get(value.value.strip().upper())
    iri = f"{_EU}frequency/{known}" if known else normaliser.frequencies.find(value.value)
    if not iri or value == NamedNode(iri):
        return None
    if isinstance(value, NamedNode):
        return None if _states(block, DCT.accrualPeriodicity, NamedNode(iri)) else ((value, NamedNode(iri)), ())
    return _replaced(NamedNode(iri))


def _access(_: Names, value: Term, block: Sequence[Triple]) -> Mended | None:
    if address := _of_list(value, "access-right"):
        return address
    if isinstance(value, Literal):
        code = _ACCESS.get(value.value.strip().casefold())
        iri = NamedNode(f"{_EU}access-right/{code}") if code else None
        if iri and not _states(block, DCT.accessRights, iri):
            return (value, iri), ()
    elif isinstance(value, NamedNode) and value.value.startswith(_EU.replace("http:", "https:")):
        return _replaced(NamedNode(value.value.replace("https:", "http:", 1)))
    return None


def _pod_access(_: Names, value: Term, block: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal) and (code := _ACCESS.get(value.value.strip().casefold())):
        iri = NamedNode(f"{_EU}access-right/{code}")
        if not _states(block, DCT.accessRights, iri):
            return (value,), (Triple(block[0].subject, DCT.accessRights, iri),)
    return None


def _agent(normaliser: Names, value: Term, _: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal):
        if is_web(value.value.strip()):
            return _link(normaliser, value, ())
        node = NamedNode(normaliser.organisation(value.value.strip()))
        name = Literal(value.value.strip(), language=value.language)
        return (node,), (Triple(node, RDF.type, FOAF.Agent), Triple(node, FOAF.name, name))
    return None


_LONGEST_PERIOD: Final = 200
#: What stands between the two ends of a period.
_BETWEEN: Final = re.compile(r"/|\s+(?:to|until|\u2013|-)\s+", re.I)


def _period(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, Literal) or len(value.value) > _LONGEST_PERIOD:
        return None
    if _is_financial_year(value.value):
        return None  # it may also be a month, and so has two readings
    if read_date(value.value) is not None:
        start = end = value.value  # one day, month or year is all of it
    elif len(parts := _BETWEEN.split(value.value.strip())) == 2:
        start, end = (part.strip() for part in parts)
    else:
        return None
    dates = [(DCAT.startDate, read_date(start)), (DCAT.endDate, read_date(end))]
    if not any(read for _, read in dates) or any(
        text not in ("", "..") and read is None for text, (_, read) in zip((start, end), dates, strict=True)
    ):
        return None
    node = BlankNode()
    said = [Triple(node, name, read) for name, read in dates if read]
    return (node,), (Triple(node, RDF.type, DCT.PeriodOfTime), *said)


def _is_financial_year(text: str) -> bool:
    """Whether a text looks like a year that begins in one year and ends in the next, such as 2010-11."""
    found = re.match(r"\s*[0-9]{2}([0-9]{2})-([0-9]{2})\s*\Z", text)
    return found is not None and int(found[2]) == (int(found[1]) + 1) % 100


def _period_end(predicate: NamedNode) -> Rule:
    """The rule that says the start or the end of a period in DCAT, where DCAT-AP 1 had schema.org's word for it."""

    def rule(_: Names, value: Term, block: Sequence[Triple]) -> Mended | None:
        subject = block[0].subject
        is_period = any(one.predicate == RDF.type and one.object == DCT.PeriodOfTime for one in block)
        if subject != ANYTHING and (not is_period or any(one.predicate == predicate for one in block)):
            return None
        read = read_date(value.value) if isinstance(value, Literal) else None
        return ((value,), (Triple(subject, predicate, read),)) if read else None

    return rule


def _algorithm(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    name = re.sub(r"[^a-z0-9]", "", value.value.casefold()) if isinstance(value, Literal) else ""
    return _replaced(SPDX[f"checksumAlgorithm_{name}"]) if name in _HASHES else None


#: Hash functions that SPDX 2 has a term for and that are written in the same way.
_HASHES: Final = frozenset("md2 md4 md5 md6 sha1 sha224 sha256 sha384 sha512".split())


#: Codes of areas of the UK (GSS): the country, a number for the kind of area, and one for the area.
_AREA: Final = re.compile(r"[EWSNKJ][0-9]{8}\Z")
_AREAS: Final = "http://statistics.data.gov.uk/id/statistical-geography/"


def _place(_: Names, value: Term, __: Sequence[Triple]) -> Mended | None:
    code = value.value.strip() if isinstance(value, Literal) else ""
    return _replaced(NamedNode(_AREAS + code)) if _AREA.match(code) else None


def _states(block: Sequence[Triple], predicate: NamedNode, value: Term) -> bool:
    return any(triple.predicate == predicate and triple.object == value for triple in block)


#: The step and the rule for the values of each property that has one.
RULES: Final[dict[NamedNode, tuple[str, Rule]]] = {
    **dict.fromkeys(
        (
            *(DCAT.accessURL, DCAT.downloadURL, DCAT.landingPage, DCAT.endpointURL, DCAT.endpointDescription),
            *(FOAF.page, FOAF.homepage, NDL.howToApply, VCARD.hasURL, ADMS.sample),
        ),
        ("link", _link),
    ),
    **dict.fromkeys((VCARD.hasEmail, FOAF.mbox), ("email", _email)),
    **dict.fromkeys(
        (DCT.issued, DCT.modified, DCT.created, DCT.available, DCAT.startDate, DCAT.endDate), ("date", _date)
    ),
    DCT.language: ("language", _language),
    DCT.license: ("licence", _licence),
    DCAT.mediaType: ("media-type", _media_type),
    DCT.format: ("format", _format),
    DCT.accrualPeriodicity: ("frequency", _frequency),
    DCT.accessRights: ("access-rights", _access),
    DCAT.theme: ("link", _theme),
    NamedNode(PREFIXES["pod"] + "accessLevel"): ("access-rights", _pod_access),
    DCT.publisher: ("agent", _agent),
    DCT.creator: ("agent", _agent),
    DCT.temporal: ("period", _period),
    DCT.spatial: ("place", _place),
    SPDX.algorithm: ("checksum", _algorithm),
    SCHEMA.startDate: ("period", _period_end(DCAT.startDate)),
    SCHEMA.endDate: ("period", _period_end(DCAT.endDate)),
}
#: Rules that have nothing to say of an address or a blank node.
OF_TEXT: Final = frozenset((_link, _date, _language, _agent, _period, _theme, _algorithm, _place))
