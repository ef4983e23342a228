"""Repairs what publishers really write: ordered, named, idempotent steps, each reported and none silent.

`STEPS` is the one table: the documentation, the load report and the tests are made from it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.names import NameTable, name_table
from ndl_graph.namespaces import ADMS, DCAT, DCT, FOAF, IANA, NDL, PREFIXES, RDF, SCHEMA, SPDX, VCARD, XSD
from ndl_graph.record import Block, Node, Term, triples_of

__all__ = ["RELATIVE_BASE", "STEPS", "Normaliser", "Repairs", "Step", "standard_term"]

#: Relative IRIs are read against this, so that they can be told apart and given a stable home later.
RELATIVE_BASE: Final = "relative:///"

_EU: Final = "http://publications.europa.eu/resource/authority/"


@dataclass(frozen=True)
class Step:
    """One repair: what it is called, what it does, and an example in Turtle before and after."""

    name: str
    what: str
    before: str
    after: str


STEPS: Final = (
    Step(
        "iri",
        "Spaces and other characters that an IRI may not hold are percent-encoded; scheme and host are lower-cased.",
        "ex:d dcat:landingPage <HTTPS://Data.Example.org/my data> .",
        "ex:d dcat:landingPage <https://data.example.org/my%20data> .",
    ),
    Step(
        "term",
        "Terms in superseded namespaces and in the wrong case get their standard IRI.",
        "ex:d <http://www.w3.org/ns/dcat#accessUrl> <https://example.org/> .",
        "ex:d dcat:accessURL <https://example.org/> .",
    ),
    Step(
        "empty",
        "Values that hold no text are left out.",
        'ex:d dct:provenance "" ; dct:title "Rivers" .',
        'ex:d dct:title "Rivers" .',
    ),
    Step(
        "language-tag",
        "Language tags are written as BCP 47 has them.",
        'ex:d dct:title "Afonydd"@welsh .',
        'ex:d dct:title "Afonydd"@cy .',
    ),
    Step(
        "link",
        "Web addresses given as text become IRIs.",
        'ex:d dcat:landingPage "https://example.org/rivers" .',
        "ex:d dcat:landingPage <https://example.org/rivers> .",
    ),
    Step(
        "email",
        "E-mail addresses become `mailto:` IRIs.",
        'ex:c vcard:hasEmail "data@example.org" .',
        "ex:c vcard:hasEmail <mailto:data@example.org> .",
    ),
    Step(
        "date",
        "Dates get the type that fits them; dates in words or with the day first are rewritten where only one "
        "reading is possible.",
        'ex:d dct:modified "4 May 2022" ; dct:issued "2022-05-04T15:46:07Z" .',
        'ex:d dct:modified "2022-05-04"^^xsd:date ; dct:issued "2022-05-04T15:46:07Z"^^xsd:dateTime .',
    ),
    Step(
        "language",
        "Languages of the data become IRIs of the EU language list.",
        'ex:d dct:language "en-GB" .',
        f"ex:d dct:language <{_EU}language/ENG> .",
    ),
    Step(
        "licence",
        "Licence names and the many addresses of one licence become the licence's own IRI.",
        "ex:d dct:license <https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3> .",
        "ex:d dct:license <http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/> .",
    ),
    Step(
        "media-type",
        "Media types become IRIs of the IANA registry; a plain `type/subtype` is kept beside, as the UK model asks.",
        'ex:f dcat:mediaType "text/csv" .',
        'ex:f dcat:mediaType "text/csv", <https://www.iana.org/assignments/media-types/text/csv> .',
    ),
    Step(
        "format",
        "Names of file formats become IRIs of the EU file type list.",
        'ex:f dct:format "MS EXCEL" .',
        f"ex:f dct:format <{_EU}file-type/XLS> .",
    ),
    Step(
        "frequency",
        "Update frequencies become IRIs of the EU frequency list; a Dublin Core frequency is kept beside.",
        'ex:d dct:accrualPeriodicity "R/P1M" .',
        f"ex:d dct:accrualPeriodicity <{_EU}frequency/MONTHLY> .",
    ),
    Step(
        "access-rights",
        "UK and US access levels are kept and the EU access right is put beside them.",
        'ex:d dct:accessRights "OPEN" .',
        f'ex:d dct:accessRights "OPEN", <{_EU}access-right/PUBLIC> .',
    ),
    Step(
        "agent",
        "A publisher or creator given as a name becomes an organisation with that name.",
        'ex:d dct:publisher "Highland Council" .',
        "ex:d dct:publisher <https://base.example/organisation/highland-council> . "
        '<https://base.example/organisation/highland-council> a foaf:Agent ; foaf:name "Highland Council" .',
    ),
    Step(
        "period",
        "A period written as `start/end` becomes a `dct:PeriodOfTime`.",
        'ex:d dct:temporal "2001-01-01/2011-12-31" .',
        "ex:d dct:temporal [ a dct:PeriodOfTime ; "
        'dcat:startDate "2001-01-01"^^xsd:date ; dcat:endDate "2011-12-31"^^xsd:date ] .',
    ),
    # The steps below need a whole description and are done when it is cut out: see `identity`.
    Step(
        "crosswalk",
        "A schema.org or Croissant dataset gets the same statements in DCAT; its own stay.",
        'ex:d a schema:Dataset ; schema:name "Rivers" .',
        'ex:d a schema:Dataset, dcat:Dataset ; schema:name "Rivers" ; dct:title "Rivers" .',
    ),
    Step(
        "dataset-iri",
        "A dataset without an IRI of its own gets one from us, which leads to its page.",
        '[] a dcat:Dataset ; dct:title "Rivers" .',
        '<https://base.example/id/dataset/rivers> a dcat:Dataset ; dct:title "Rivers" .',
    ),
    Step(
        "blank-node",
        "Blank nodes get stable IRIs made from what is said about them (RDF 1.1, section 3.5).",
        'ex:d a dcat:Dataset ; dcat:contactPoint [ vcard:fn "Data team" ] .',
        "ex:d a dcat:Dataset ; dcat:contactPoint <https://base.example/.well-known/genid/HASH> . "
        '<https://base.example/.well-known/genid/HASH> vcard:fn "Data team" .',
    ),
)


@dataclass
class Repairs:
    """How often each step changed something, with the first example."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)

    def note(self, step: str, before: object, after: object) -> None:
        """Counts one repair."""
        self.counts[step] = self.counts.get(step, 0) + 1
        if step not in self.examples:
            self.examples[step] = (str(before)[:200], str(after)[:200])

    def add(self, other: "Repairs") -> None:
        """Takes in the counts of another report."""
        for step, count in other.counts.items():
            self.counts[step] = self.counts.get(step, 0) + count
            self.examples.setdefault(step, other.examples[step])

    def as_json(self) -> dict[str, dict[str, object]]:
        """Count and example by step, in the order of `STEPS`."""
        return {
            step.name: {
                "count": self.counts[step.name],
                "before": self.examples[step.name][0],
                "after": self.examples[step.name][1],
            }
            for step in STEPS
            if step.name in self.counts
        }


# --- terms -----------------------------------------------------------------------------------------------

# What may stand in an IRI as it is: not the marks that RFC 3987 forbids, no bracket, no `%` but before two digits in
# base sixteen, one `#`.
_FORBIDDEN_MARKS: Final = r"\x00-\x20<>\"{}|\\^`\[\]\ufdd0-\ufdef\ufffe\uffff"
_MARK: Final = rf"[^{_FORBIDDEN_MARKS}%#]"
_RUN: Final = rf"{_MARK}*(?:%[0-9A-Fa-f]{{2}}{_MARK}*)*"
_HOST: Final = rf"//[^{_FORBIDDEN_MARKS}%#A-Z/?:@]*(?::[0-9]*)?(?=[/?#>]|\Z)"
_CLEAN: Final = rf"[a-z][a-z0-9+.\-]*:(?:{_HOST}|(?!//)){_RUN}(?:#{_RUN})?"
_CLEAN_IRI: Final = re.compile(_CLEAN + r"\Z")
_FORBIDDEN: Final = re.compile(rf"[{_FORBIDDEN_MARKS}]|%(?![0-9A-Fa-f]{{2}})")
_AUTHORITY: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
#: What an authority may be: a user, a name or an address in brackets, and a port.
_LAWFUL_AUTHORITY: Final = re.compile(
    rf"(?:(?:[^{_FORBIDDEN_MARKS}%@/?#]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[^{_FORBIDDEN_MARKS}%@:/?#]|%[0-9A-Fa-f]{{2}})*)(?::[0-9]*)?\Z"
)
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)\Z", re.S)
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")

_NAMESPACES: Final = {
    "http://schema.org/": PREFIXES["schema"],
    "https://www.w3.org/ns/adms#": PREFIXES["adms"],
    "https://www.w3.org/ns/dcat#": PREFIXES["dcat"],
    "https://purl.org/dc/terms/": PREFIXES["dct"],
    "https://xmlns.com/foaf/0.1/": PREFIXES["foaf"],
    "https://www.w3.org/2006/vcard/ns#": PREFIXES["vcard"],
    "https://mlcommons.org/croissant/": PREFIXES["cr"],
    "https://w3id.org/co-cddo/uk-cross-government-metadata-exchange-model/": PREFIXES["ukgov"],
}
_ELEMENTS: Final = "http://purl.org/dc/elements/1.1/"
_DCAT_NAMES: Final = {
    name.casefold(): name
    for name in [
        "accessURL",
        "downloadURL",
        "mediaType",
        "byteSize",
        "accessService",
        "landingPage",
        "contactPoint",
        "distribution",
        "keyword",
        "theme",
        "themeTaxonomy",
        "endpointURL",
        "endpointDescription",
        "servesDataset",
        "startDate",
        "endDate",
        "packageFormat",
        "compressFormat",
        "spatialResolutionInMeters",
        "temporalResolution",
        "inSeries",
        "version",
    ]
}


def percent_encoded(iri: str) -> str:
    """The IRI with every character percent-encoded that none may hold where it stands (RFC 3987, section 2.2)."""
    authority = _AUTHORITY.match(iri)
    start = authority[0] if authority else ""
    scheme, slashes, host = start.partition("//")
    path, mark, fragment = iri[len(start) :].partition("#")
    rest = "#".join(
        _FORBIDDEN.sub(_encoded, part) for part in ([path, fragment.replace("#", "%23")] if mark else [path])
    )
    lawful = host if _LAWFUL_AUTHORITY.match(host) else quote(host, safe="@.-_~%")
    return f"{scheme}{slashes}{_FORBIDDEN.sub(_encoded, lawful) if '[' not in lawful else lawful}{rest}"


def _encoded(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def clean_iri(value: str) -> str | None:
    """The IRI with what is wrong in it mended, itself where nothing is, or None where nothing can be."""
    if _CLEAN_IRI.match(value):
        return value
    match = _ABSOLUTE.match(value.strip())
    if not match:
        return None
    scheme, rest = match[1].lower(), match[2]
    if rest.startswith("//"):
        host, *tail = re.split(r"(?=[/?#])", rest[2:], maxsplit=1)
        host = re.sub(r"%[0-9a-f]{2}", lambda found: found[0].upper(), host.lower())
        host = host if "[" in host else _FORBIDDEN.sub(_encoded, host)
        if not _LAWFUL_AUTHORITY.match(host):
            return None
        rest = "//" + host + "".join(tail)
    return percent_encoded(f"{scheme}:{rest}")


def standard_term(iri: str) -> str:
    """The IRI of the term in the namespace and spelling that are current."""
    for old, new in _NAMESPACES.items():
        if iri.startswith(old):
            return standard_term(new + iri[len(old) :])
    if iri.startswith(_ELEMENTS):
        return PREFIXES["dct"] + iri[len(_ELEMENTS) :]
    if iri.startswith(PREFIXES["dcat"]):
        local = iri[len(PREFIXES["dcat"]) :]
        # A capital at the start is a class: `dcat:Distribution` and `dcat:distribution` are two terms.
        return PREFIXES["dcat"] + (local if local[:1].isupper() else _DCAT_NAMES.get(local.casefold(), local))
    return iri


def _tag(tag: str) -> str | None:
    language, *rest = tag.strip().replace("_", "-").split("-")
    code = {"english": "en", "eng": "en", "welsh": "cy", "cym": "cy", "wel": "cy"}.get(
        language.casefold(), language.casefold()
    )
    parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest]
    whole = "-".join([code, *parts])
    return whole if _TAG.match(whole) else None


# --- values ----------------------------------------------------------------------------------------------

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z")
_SPACED: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z")
_NUMBERS: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\Z")
_SLASHED: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})\Z")
_WORDED: Final = (
    ("%d %B %Y", "date"),
    ("%d %b %Y", "date"),
    ("%B %d, %Y", "date"),
    ("%b %d, %Y", "date"),
    ("%Y%m%d", "date"),
    ("%B %Y", "gYearMonth"),
    ("%b %Y", "gYearMonth"),
)


def read_date(text: str) -> Literal | None:
    """The date in its XML Schema form (date, dateTime, gYearMonth or gYear), or None where it has no one reading.

    `03/04/2020` is left alone: it is 3 April to some publishers and 4 March to others.
    """
    text = text.strip()
    if _DATE.match(text):
        return Literal(text, datatype=XSD.date) if _real(text) else None
    if _DATE_TIME.match(text):
        return Literal(text, datatype=XSD.dateTime) if _real(text[:10]) else None
    if re.match(r"\d{4}\Z", text):
        return Literal(text, datatype=XSD.gYear)
    if re.match(r"\d{4}-(0[1-9]|1[0-2])\Z", text):
        return Literal(text, datatype=XSD.gYearMonth)
    if match := _SPACED.match(text):
        day, minutes, seconds, zone = match.groups()
        zone = "Z" if zone == "UTC" else zone or ""
        zone = zone[:-2] + ":" + zone[-2:] if len(zone) == 5 else zone
        return Literal(f"{day}T{minutes}{seconds or ':00'}{zone}", datatype=XSD.dateTime) if _real(day) else None
    if match := _NUMBERS.match(text):
        first, second, year = (int(part) for part in match.groups())
        if first <= 12 and second <= 12 and first != second:
            return None
        day_, month = (first, second) if second <= 12 else (second, first)
        return _made(year, month, day_)
    if match := _SLASHED.match(text):
        return _made(*(int(part) for part in match.groups()))
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)
    for pattern, kind in _WORDED:
        try:
            found = datetime.strptime(plain, pattern)
        except ValueError:
            continue
        form = "%Y-%m-%d" if kind == "date" else "%Y-%m"
        return Literal(found.strftime(form), datatype=XSD[kind])
    return None


def _real(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _made(year: int, month: int, day: int) -> Literal | None:
    try:
        return Literal(date(year, month, day).isoformat(), datatype=XSD.date)
    except ValueError:
        return None


_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+\Z")
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

Mended = tuple[Sequence[Term], Sequence[Triple]]
#: A rule looks at a value and at all that is said of its subject; without a change it gives None.
Rule = Callable[["Normaliser", Term, Sequence[Triple]], Mended | None]


def _replaced(*values: Term) -> Mended:
    return values, ()


def _link(_: "Normaliser", value: Term, __: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal) and value.value.strip().startswith(("http://", "https://")):
        cleaned = clean_iri(value.value)
        return _replaced(NamedNode(cleaned)) if cleaned and " " not in value.value.strip() else None
    return None


def _email(_: "Normaliser", value: Term, __: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal) or (isinstance(value, NamedNode) and not value.value.startswith("mailto:")):
        address = value.value.strip().removeprefix(RELATIVE_BASE).removeprefix("mailto:").strip()
        if _EMAIL.match(address):
            return _replaced(NamedNode("mailto:" + quote(address, safe="@!#$&'*+-/=?_~.")))
    return None


def _date(_: "Normaliser", value: Term, __: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, Literal):
        return None
    read = read_date(value.value)
    return _replaced(read) if read and read != value else None


def _language(_: "Normaliser", value: Term, __: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal):
        code = _LANGUAGES.get(value.value.strip().split("-")[0].split("_")[0].casefold())
        if code:
            return _replaced(NamedNode(f"{_EU}language/{code}"))
    return None


def _licence(normaliser: "Normaliser", value: Term, _: Sequence[Triple]) -> Mended | None:
    if isinstance(value, (NamedNode, Literal)):
        known = normaliser.licences.find(value.value)
        if known and known != value.value:
            return _replaced(NamedNode(known))
        if isinstance(value, Literal):
            return _link(normaliser, value, ())
    return None


def _media_type(normaliser: "Normaliser", value: Term, block: Sequence[Triple]) -> Mended | None:
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


def _format(normaliser: "Normaliser", value: Term, _: Sequence[Triple]) -> Mended | None:
    if isinstance(value, (Literal, NamedNode)):
        known = normaliser.formats.find(value.value)
        if known and known != value.value:
            return _replaced(NamedNode(known))
    return None


def _frequency(normaliser: "Normaliser", value: Term, block: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, (Literal, NamedNode)):
        return None
    known = _ISO_REPEAT.get(value.value.strip().upper())
    iri = f"{_EU}frequency/{known}" if known else normaliser.frequencies.find(value.value)
    if not iri or iri == value.value:
        return None
    if isinstance(value, NamedNode):
        return None if _states(block, DCT.accrualPeriodicity, NamedNode(iri)) else ((value, NamedNode(iri)), ())
    return _replaced(NamedNode(iri))


def _access(_: "Normaliser", value: Term, block: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal):
        code = _ACCESS.get(value.value.strip().casefold())
        iri = NamedNode(f"{_EU}access-right/{code}") if code else None
        if iri and not _states(block, DCT.accessRights, iri):
            return (value, iri), ()
    elif isinstance(value, NamedNode) and value.value.startswith(_EU.replace("http:", "https:")):
        return _replaced(NamedNode(value.value.replace("https:", "http:", 1)))
    return None


def _pod_access(_: "Normaliser", value: Term, block: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal) and (code := _ACCESS.get(value.value.strip().casefold())):
        iri = NamedNode(f"{_EU}access-right/{code}")
        if not _states(block, DCT.accessRights, iri):
            return (value,), (Triple(block[0].subject, DCT.accessRights, iri),)
    return None


def _agent(normaliser: "Normaliser", value: Term, _: Sequence[Triple]) -> Mended | None:
    if isinstance(value, Literal):
        if value.value.strip().startswith(("http://", "https://")):
            return _link(normaliser, value, ())
        node = NamedNode(normaliser.organisation(value.value.strip()))
        name = Literal(value.value.strip(), language=value.language)
        return (node,), (Triple(node, RDF.type, FOAF.Agent), Triple(node, FOAF.name, name))
    return None


def _period(_: "Normaliser", value: Term, __: Sequence[Triple]) -> Mended | None:
    if not isinstance(value, Literal) or value.value.count("/") != 1:
        return None
    start, end = (part.strip() for part in value.value.split("/"))
    dates = [(DCAT.startDate, read_date(start)), (DCAT.endDate, read_date(end))]
    if not any(read for _, read in dates) or any(
        text not in ("", "..") and read is None for text, (_, read) in zip((start, end), dates, strict=True)
    ):
        return None
    node = BlankNode()
    said = [Triple(node, name, read) for name, read in dates if read]
    return (node,), (Triple(node, RDF.type, DCT.PeriodOfTime), *said)


def _states(block: Sequence[Triple], predicate: NamedNode, value: Term) -> bool:
    return any(triple.predicate == predicate and triple.object == value for triple in block)


_RULES: Final[dict[NamedNode, tuple[str, Rule]]] = {
    **dict.fromkeys(
        (
            DCAT.accessURL,
            DCAT.downloadURL,
            DCAT.landingPage,
            DCAT.endpointURL,
            DCAT.endpointDescription,
            FOAF.page,
            FOAF.homepage,
            NDL.howToApply,
            VCARD.hasURL,
            ADMS.sample,
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
    NamedNode(PREFIXES["pod"] + "accessLevel"): ("access-rights", _pod_access),
    DCT.publisher: ("agent", _agent),
    DCT.creator: ("agent", _agent),
    DCT.temporal: ("period", _period),
}
_KEPT_EMPTY: Final = frozenset({SPDX.checksumValue, SCHEMA.sha256})
# Written as N-Triples, these need no repair of their own: an IRI that is clean, a blank node, a literal with some text.
_PLAIN_IRI: Final = re.compile(rf"<{_CLEAN}>\Z")
_PLAIN_VALUE: Final = re.compile(
    rf'(?:<{_CLEAN}>|_:[^\s<>"]+'
    rf'|"(?!(?:\s|\\[trn])*")(?:[^"\\\n\r]|\\.)*+"(?:@(?P<tag>[A-Za-z0-9-]+)|\^\^<{_CLEAN}>)?)\Z'
)
_REMEMBERED: Final = 50_000
_SHORT: Final = 200


class Normaliser:
    """Applies the steps that look at one subject at a time; counts what it did in `repairs`.

    `organisation` gives the IRI of an organisation that is known by its name only.
    """

    def __init__(self, organisation: Callable[[str], str]) -> None:
        self.repairs = Repairs()
        self.organisation = organisation
        self.licences: NameTable = name_table("licence")
        self.formats: NameTable = name_table("format")
        self.media_types: NameTable = name_table("media-type")
        self.frequencies: NameTable = name_table("frequency")
        self._predicates: dict[NamedNode, NamedNode] = {}
        self._tags: dict[str, str | None] = {}
        self._rules: dict[str, bool] = {}
        self._plain: dict[str, bool] = {}

    def blocks(self, triples: Iterable[Triple]) -> Iterator[Block]:
        """Runs of repaired statements with one subject each, in the order given.

        Most statements need no repair, which their N-Triples text tells; only the others are taken apart.
        """
        block: list[Triple] = []
        lines: list[str] = []
        subject = ""
        for triple in triples:
            line = str(triple)
            start = line.split(" ", 1)[0]
            if start != subject:
                if block:
                    yield from self._block(subject, block, lines)
                block, lines, subject = [], [], start
            block.append(triple)
            lines.append(line)
        if block:
            yield from self._block(subject, block, lines)

    def _block(self, subject: str, block: list[Triple], lines: list[str]) -> Iterator[Block]:
        if not (subject.startswith("_:") or _PLAIN_IRI.match(subject)):
            # An IRI that holds a space looks like another one that starts in the same way.
            for node in dict.fromkeys(triple.subject for triple in block):
                yield from self._mend([triple for triple in block if triple.subject == node])
            return
        after = len(subject) + 1
        odd = [number for number, line in enumerate(lines) if not self._is_plain(line[after:])]
        if not odd:
            yield Block(subject, lines)
            return
        mended: list[str] = []
        extra: list[Triple] = []
        done = 0
        for number in odd:
            mended += lines[done:number]
            mended += self._statement(block[number].subject, block[number], block, extra)
            done = number + 1
        mended += lines[done:]
        if mended:
            yield Block(subject, mended)
        yield from _single(extra)

    def _mend(self, block: list[Triple]) -> Iterator[Block]:
        subject = self._node(block[0].subject)
        if subject is None:
            return
        extra: list[Triple] = []
        mended = [line for triple in block for line in self._statement(subject, triple, block, extra)]
        if mended:
            yield Block(str(subject), mended)
        yield from _single(extra)

    def _is_plain(self, said: str) -> bool:
        """Whether property and value, as N-Triples has them, are as they should be."""
        predicate, value = said.split(" ", 1)
        ruled = self._rules.get(predicate)
        if ruled is None:
            ruled = self._know(predicate)
            if ruled is None:
                return False
        key = said if ruled else value
        plain = self._plain.get(key)
        if plain is None:
            match = _PLAIN_VALUE.match(value)
            plain = match is not None and ((tag := match["tag"]) is None or self._is_tag(tag))
            if plain and ruled:
                plain = self._obeys(predicate, value)
            # A long text does not come twice.
            if len(key) < _SHORT:
                if len(self._plain) > _REMEMBERED:
                    self._plain.clear()  # values come from outside: what is remembered stays bounded
                self._plain[key] = plain
        return plain

    def _know(self, predicate: str) -> bool | None:
        """Whether a rule goes with a property; None for a property that needs repair itself."""
        if not _PLAIN_IRI.match(predicate):
            return None
        node = NamedNode(predicate[1:-1])
        if standard_term(node.value) != node.value:
            return None
        if len(self._rules) > _REMEMBERED:
            self._rules.clear()
        self._rules[predicate] = node in _RULES or node == RDF.type
        return self._rules[predicate]

    def _obeys(self, predicate: str, value: str) -> bool:
        """Whether the property's rule leaves the value alone, whatever else is said of the subject."""
        triple = triples_of([f"_:b {predicate} {value}"])[0]
        if triple.predicate == RDF.type:
            return isinstance(triple.object, NamedNode) and standard_term(triple.object.value) == triple.object.value
        return _RULES[triple.predicate][1](self, triple.object, (triple,)) is None

    def _is_tag(self, tag: str) -> bool:
        standard = self._tag(tag)
        # Oxigraph keeps tags in lower case, which BCP 47 allows: a difference of case alone is no repair.
        return standard is not None and standard.casefold() == tag.casefold()

    def _tag(self, tag: str) -> str | None:
        if tag not in self._tags:
            self._tags[tag] = _tag(tag)
        return self._tags[tag]

    def _statement(self, subject: Node, triple: Triple, block: list[Triple], extra: list[Triple]) -> list[str]:
        """One statement after repair, as lines; what else it says is added to `extra`."""
        given = triple.predicate
        predicate = self._predicates.get(given) or self._predicate(given)
        value: Term | None = triple.object
        if isinstance(value, NamedNode):
            value = self._iri_value(value, given)
        elif isinstance(value, Literal):
            value = self._literal(value, predicate)
        elif isinstance(value, Triple):
            self.repairs.note("term", value, "left out: a statement about a statement (RDF 1.2)")
            return []
        if value is None:
            return []
        rule = _RULES.get(predicate)
        change = rule[1](self, value, block) if rule else None
        values: Sequence[Term] = (value,)
        if rule and change:
            values, more = change
            self.repairs.note(rule[0], value, next((new for new in values if new != value), values[0]))
            extra.extend(more)
        return [str(Triple(subject, predicate, new)) for new in values]

    def _node(self, node: Node) -> Node | None:
        if not isinstance(node, NamedNode) or _CLEAN_IRI.match(node.value):
            return node
        cleaned = clean_iri(node.value)
        self.repairs.note("iri", node.value, cleaned or "left out: it has no scheme and nothing to resolve it against")
        return NamedNode(cleaned) if cleaned else None

    def _iri_value(self, value: NamedNode, predicate: NamedNode) -> Term | None:
        if predicate == RDF.type:
            standard = standard_term(value.value)
            if standard != value.value:
                self.repairs.note("term", value.value, standard)
                return NamedNode(standard)
        if _CLEAN_IRI.match(value.value):
            return value
        return self._node(value) or Literal(value.value)

    def _predicate(self, given: NamedNode) -> NamedNode:
        standard = clean_iri(standard_term(given.value)) or given.value
        if standard == given.value:
            self._predicates[given] = given
            return given
        self.repairs.note("term", given.value, standard)
        return NamedNode(standard)

    def _literal(self, value: Literal, predicate: NamedNode) -> Literal | None:
        text = value.value
        if not text or text.isspace():
            if predicate in _KEPT_EMPTY:
                return value
            self.repairs.note("empty", predicate.value, "left out")
            return None
        tag = value.language
        if tag is None:
            return value
        if self._is_tag(tag):
            return value
        standard = self._tag(tag)
        if standard is None:
            self.repairs.note("language-tag", f'"{text}"@{tag}', text)
            return Literal(text)
        self.repairs.note("language-tag", f"@{tag}", f"@{standard}")
        return Literal(text, language=standard)


def _single(triples: Iterable[Triple]) -> Iterator[Block]:
    for triple in triples:
        yield Block(str(triple.subject), [str(triple)])
