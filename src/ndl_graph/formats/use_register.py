"""Registers of uses as CSV, with the columns that UK registers of data uses have: one row for each use."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import IO, Any, Final

from pyoxigraph import Triple

from ndl_graph.errors import ParseError
from ndl_graph.formats.jsonld import Json, read_document
from ndl_graph.formats.places import PlacedDict
from ndl_graph.formats.sheets import headings_of, rows_of
from ndl_graph.namespaces import PREFIXES, VOCABULARY, is_web

__all__ = ["is_use_register", "read"]

#: What a column holds, by its heading without case and signs. Names of applicants are no part of a public register
#: here, so their columns are not read.
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "identifier": ("projectid", "id", "reference", "referencenumber", "dsanumber", "darsnumber", "agreementreference"),
    "organisation": (
        "organisationname",
        "organisationnames",
        "organisation",
        "organisations",
        "nameoforganisation",
        "leadorganisation",
        "leadorganisationname",
        "leadapplicantorganisationname",
        "leadapplicantorganisationnames",
        "applicantorganisation",
        "legalentity",
    ),
    "sector": ("organisationsector", "organisationtype", "sector", "typeoforganisation"),
    "title": ("projecttitle", "title", "projectname"),
    "summary": ("laysummary", "plainenglishsummary", "objectiveforprocessing", "summary"),
    "benefit": ("publicbenefitstatement", "publicbenefit", "expectedbenefits", "benefits", "yieldedbenefits"),
    "type": ("requestcategorytype",),
    "start": ("projectstartdate", "startdate", "accessdate", "dateaccessgranted"),
    "end": ("projectenddate", "enddate"),
    "approved": ("latestapprovaldate", "approvaldate", "dateapproved"),
    "dataset": ("datasetsname", "datasetname", "datasets", "datasetsnames", "dataset", "datasetiri", "data"),
    "sensitivity": ("datasensitivitylevel", "typeofdata", "levelofidentifiability"),
    "legal": ("legalbasis", "legalbasisforprovisionofdata", "legalbasisforprovisionofdataunderarticle6"),
    "legal9": ("lawfulconditionsforprovisionofdataunderarticle9", "legalbasisforprovisionofdataunderarticle9"),
    "committee": ("dataaccesscommittee", "approvedby", "otherapprovalcommittees", "decisionmaker"),
    "place": ("accesstype", "trustedresearchenvironment", "tre", "environment", "whereaccessed"),
    "output": ("linktoresearchoutputs", "researchoutputs", "outputs"),
    "hypothetical": ("hypothetical",),
}
_BY_HEADING: Final = {heading: name for name, headings in _COLUMNS.items() for heading in headings}
_APPLICANT: Final = f"{VOCABULARY}/applicant#"
_FORM: Final = f"{VOCABULARY}/data-form#"
#: Words in the sector of an organisation, and the kind of applicant they tell, the most telling first.
_SECTORS: Final = (
    ("charit", "charity"),
    ("non-profit", "charity"),
    ("not for profit", "charity"),
    ("third sector", "charity"),
    ("academic", "researcher"),
    ("universit", "researcher"),
    ("research", "researcher"),
    ("commercial", "company"),
    ("company", "company"),
    ("industry", "company"),
    ("independent sector", "company"),
    ("government", "public-body"),
    ("public", "public-body"),
    ("nhs", "public-body"),
    ("local authority", "public-body"),
)
_SENSITIVITY: Final = (
    ("personally identif", "personal"),
    ("identifiable", "personal"),
    ("de-personal", "de-identified"),
    ("depersonal", "de-identified"),
    ("de-identif", "de-identified"),
    ("pseudonym", "de-identified"),
    ("anonym", "anonymised"),
    ("aggregate", "aggregate"),
)
_DAYS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d")
_CONTEXT: Final = {name: str(iri) for name, iri in PREFIXES.items()}


def is_use_register(start: bytes) -> bool:
    """Whether a text starts with the headings of a register of uses."""
    headings = headings_of(start.decode("utf-8", "replace"))
    known = {_BY_HEADING[key] for one in headings if (key := _key(one)) in _BY_HEADING}
    return {"title", "organisation"} <= known and bool(known & {"summary", "benefit"})


def read(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads one use a row; raises `ParseError` with the line where the sheet is broken."""
    missing = ParseError(
        "the first line does not name the columns of a register of uses",
        hint="It must hold at least `Project Title` and `Organisation Name`.",
    )
    needed = ("title", "organisation")
    for line, cells in rows_of(data.read(), _column, needed, missing, once=False):
        entry = PlacedDict.like(PlacedDict.at(line, {}) if places else {})
        entry |= _use(cells)
        yield from read_document({"@context": _CONTEXT, "@graph": [entry]}, base)


def _column(heading: str) -> str:
    return _BY_HEADING.get(_key(heading), "")


def _key(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", re.sub(r"\(s\)", "s", heading.casefold()))


def _use(cells: Mapping[str, str]) -> dict[str, Json]:
    identifier = cells.get("identifier")
    kind = _told(cells.get("sector", ""), _SECTORS)
    form = _told(cells.get("sensitivity", ""), _SENSITIVITY)
    named = _parts(cells.get("dataset", ""))
    legal = [cells[name] for name in ("legal", "legal9") if name in cells]
    outputs = [one.rstrip(").,]") for one in re.findall(r"https?://[^\s;,|<>\"]+", cells.get("output", ""))]
    out: dict[str, Any] = {
        "@id": identifier if identifier and re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", identifier) else None,
        "@type": ["ndl:Use", "prov:Activity", "odrl:Agreement"],
        "dct:identifier": identifier,
        "dct:title": cells.get("title"),
        "dct:description": cells.get("summary"),
        "ndl:publicBenefit": cells.get("benefit"),
        "dct:type": cells.get("type"),
        "odrl:permission": {"odrl:action": {"@id": "odrl:use"}},
        "odrl:assignee": {
            "@type": "foaf:Organization",
            "foaf:name": cells.get("organisation"),
            "dct:type": {"@id": f"{_APPLICANT}{kind}"} if kind else cells.get("sector"),
        },
        "prov:used": [{"@id": one} for one in named if is_web(one)],
        "ndl:datasetName": [one for one in named if not is_web(one)],
        "ndl:dataForm": {"@id": f"{_FORM}{form}"} if form else cells.get("sensitivity"),
        "dpv:hasLegalBasis": legal,
        "ndl:decidedBy": {"@type": "foaf:Organization", "foaf:name": cells["committee"]}
        if "committee" in cells
        else None,
        "ndl:usedIn": {"dct:title": cells["place"]} if "place" in cells else None,
        "prov:startedAtTime": _day(cells, "start"),
        "prov:endedAtTime": _day(cells, "end"),
        "dct:issued": _day(cells, "approved"),
        "prov:generated": [{"@id": one} for one in outputs],
        # Anything but a plain no: a made-up entry must never pass for a real one.
        "ndl:hypothetical": cells.get("hypothetical", "no").casefold() not in ("no", "n", "false", "0") or None,
    }
    return {name: value for name, value in out.items() if value not in (None, "", [])}


def _told(text: str, words: tuple[tuple[str, str], ...]) -> str | None:
    lowered = text.casefold()
    return next((told for word, told in words if word in lowered), None)


def _parts(text: str) -> list[str]:
    """The names in a cell: divided by semicolons, bars or line breaks, else by commas between addresses."""
    mark = r"[;|\n]|,\s*(?=https?://)" if re.search(r"[;|\n]|,\s*https?://", text) else r"\n"
    return [part for one in re.split(mark, text) if (part := one.strip())]


def _day(cells: Mapping[str, str], name: str) -> Json:
    """A day as `xsd:date`; what is no day stays as it is written, and the profile tells of it."""
    text = cells.get(name)
    if text is None:
        return None
    for form in _DAYS:
        with suppress(ValueError):
            day = datetime.strptime(text, form).date()
            return {"@value": day.isoformat(), "@type": "xsd:date"}
    with suppress(ValueError):
        return {"@value": datetime.fromisoformat(text).date().isoformat(), "@type": "xsd:date"}
    return text
