"""Scores descriptions, a set at a time, and states the scores in the Data Quality Vocabulary."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from ndl_graph.access import is_behind_approval
from ndl_graph.description import DescriptionView, View
from ndl_graph.names import name_table
from ndl_graph.namespaces import ADMS, CR, DCAT, DCT, DQV, IANA, METRIC, NDL, RDF, SCHEMA, XSD, is_web
from ndl_graph.quality.croissant import LOADS, croissant_faults
from ndl_graph.quality.metrics import METRICS, SCORES
from ndl_graph.record import Record
from ndl_graph.validation import Result, load_profile, nonconforming
from ndl_graph.validation.profiles import Profile

__all__ = [
    "Assessment",
    "LinkState",
    "Scorer",
    "addresses",
    "broken_rules",
    "faulty_records",
    "score_lines",
    "size_typed",
    "without_scores",
]

_EU: Final = "http://publications.europa.eu/resource/authority/"
_FILE_TYPES: Final = _EU + "file-type/"
_RIGHTS: Final = _EU + "access-right/"
#: What programs read as it is, and what anybody reads without buying a program; all else counts as neither.
_MACHINE: Final = frozenset(
    "CSV TSV JSON JSON_LD GEOJSON TOPOJSON XML RDF RDF_XML RDF_TURTLE RDF_N_TRIPLES RDF_N_QUADS RDF_TRIG N3 OWL XLS "
    "XLSX XLSM ODS GML KML GPX GPKG SHP DBF GTFS PARQUET AVRO NETCDF GEOTIFF WMS_SRVC WFS_SRVC WMTS_SRVC WCS_SRVC "
    "ATOM RSS REST SPARQLQ SDMX".split()
)
_OPEN: Final = _MACHINE - {"XLS", "XLSM", "SHP"} | frozenset(
    "PDF PDFA1A PDFA1B HTML XHTML TXT MD ODT ODP PNG JPEG GIF TIFF SVG GZIP TAR".split()
)
_OPEN_MACHINE: Final = _MACHINE & _OPEN
#: Days that may pass between two updates; half as many again are let pass before the data counts as late.
_DAYS: Final = {
    "CONT": 2, "UPDATE_CONT": 2, "HOURLY": 2, "DAILY": 2, "TWICE_DAILY": 2, "DAILY_2": 2, "WEEKLY_3": 5, "WEEKLY_2": 7,
    "WEEKLY": 7, "BIWEEKLY": 14, "MONTHLY_3": 14, "MONTHLY_2": 21, "MONTHLY": 31, "BIMONTHLY": 62, "QUARTERLY": 92,
    "ANNUAL_3": 122, "ANNUAL_2": 183, "ANNUAL": 366, "BIENNIAL": 731, "TRIENNIAL": 1096, "QUADRENNIAL": 1461,
    "QUINQUENNIAL": 1827, "DECENNIAL": 3653,
}  # fmt: skip
#: Data that is not meant to change is as fresh as it will ever be.
_FINISHED: Final = frozenset({"NEVER", "NOT_PLANNED"})
_FREQUENCIES: Final = _EU + "frequency/"
_LONG_ENOUGH: Final = 100
#: What data behind approval is not meant to have. An address that it has and that is dead is a fault as any other.
_OF_OPEN_DATA: Final = frozenset(
    {
        "eu-download-url", "eu-non-proprietary", "eu-machine-readable", "eu-licence", "eu-licence-known",
        "eu-byte-size", "ai-open-machine-format", "ai-sample",
    }
)  # fmt: skip


@dataclass(frozen=True)
class LinkState:
    """What a check of a web address found, and on which day."""

    alive: bool
    checked: str


@dataclass(frozen=True)
class Assessment:
    """The scores of one description, what it lacks, the faults of its Croissant, and its addresses that are dead."""

    points: Mapping[str, int]
    lacks: tuple[str, ...]
    croissant: tuple[str, ...] = ()
    dead: Mapping[str, str] = field(default_factory=dict)


class Scorer:
    """Scores sets of records as of a day.

    Where a dataset has several distributions it is enough that one meets a metric, or each must: implementations of the
    European score differ here.
    """

    def __init__(
        self,
        links: Mapping[str, LinkState] | None = None,
        *,
        all_distributions: bool = False,
        today: date | None = None,
    ) -> None:
        self._links = links or {}
        self._over = _all_of_some if all_distributions else any
        self._today = today or datetime.now(UTC).date()

    def score(
        self, records: Sequence[tuple[Record, DescriptionView]], faulty: Collection[str]
    ) -> dict[str, Assessment]:
        """The assessment of each dataset, by record IRI; services and series have no scores.

        `faulty` are those that `faulty_records` found.
        """
        datasets = [(record, view) for record, view in records if record.kind == "dataset"]
        faults = croissant_faults(datasets)
        return {
            record.iri.value: self._assess(view, record.iri.value not in faulty, faults[record.iri.value])
            for record, view in datasets
        }

    def _assess(self, view: DescriptionView, conforms: bool, faults: tuple[str, ...]) -> Assessment:
        has = {"ai-croissant": not faults, **self._european(view, conforms), **self._ready(view)}
        lacks = tuple(name for name in METRICS if has[name] is False)
        if is_behind_approval(view):
            # Nobody is to be told to offer for download what is lent only to those who are let in.
            lacks = tuple(name for name in lacks if name not in _OF_OPEN_DATA)
        points = dict.fromkeys(SCORES, 0)
        for name, metric in METRICS.items():
            if has[name]:
                points[metric.score] += metric.points
        dead = {url: state.checked for url in addresses(view) if (state := self._links.get(url)) and not state.alive}
        return Assessment(points, lacks, faults, dead)

    def _alive(self, parts: Sequence[View], predicate: NamedNode) -> bool | None:
        """Whether addresses answered; None where there is none that was checked: no points, and nothing to mend."""
        urls = [url for part in parts if (url := part.link(predicate))]
        states = [state.alive for url in urls if (state := self._links.get(url)) is not None]
        return self._over(states) if states else None

    def _european(self, view: DescriptionView, conforms: bool) -> dict[str, bool | None]:
        """The metrics of data.europa.eu (metadata quality assessment, methodology)."""
        parts, over = view.distributions, self._over
        rights = [term.value for term in view.values(DCT.accessRights) if isinstance(term, NamedNode)]
        licences = [one for part in (*parts, view) if (one := part.view(DCT.license)) is not None]
        types = [_types(part) for part in parts]
        return {
            "eu-keyword": bool(view.keywords),
            "eu-theme": bool(view.values(DCAT.theme)),
            "eu-spatial": bool(view.places),
            "eu-temporal": bool(view.values(DCT.temporal, SCHEMA.temporalCoverage)),
            "eu-access-url-reachable": self._alive(parts, DCAT.accessURL),
            "eu-download-url": over(part.link(DCAT.downloadURL) is not None for part in parts),
            "eu-download-url-reachable": self._alive(parts, DCAT.downloadURL),
            "eu-format": over(bool(part.values(DCT.format)) for part in parts),
            "eu-media-type": over(bool(part.values(DCAT.mediaType)) for part in parts),
            "eu-format-vocabulary": over(
                _from_list(part, DCT.format, _FILE_TYPES) and _from_list(part, DCAT.mediaType, str(IANA))
                for part in parts
            ),
            "eu-non-proprietary": over(bool(found & _OPEN) for found in types),
            "eu-machine-readable": over(bool(found & _MACHINE) for found in types),
            "eu-dcat-ap": conforms,
            "eu-licence": bool(licences),
            "eu-licence-known": over(_known_licence(one) for one in licences),
            "eu-access-rights": bool(view.values(DCT.accessRights)),
            "eu-access-rights-vocabulary": any(one.startswith(_RIGHTS) for one in rights),
            "eu-contact": bool(view.contacts),
            "eu-publisher": bool(view.values(DCT.publisher)),
            "eu-rights": over(bool(part.values(DCT.rights)) for part in parts),
            "eu-byte-size": over(bool(part.values(DCAT.byteSize)) for part in parts),
            "eu-issued": bool(view.values(DCT.issued)) or over(bool(part.values(DCT.issued)) for part in parts),
            "eu-modified": bool(view.values(DCT.modified)) or over(bool(part.values(DCT.modified)) for part in parts),
        }

    def _ready(self, view: DescriptionView) -> dict[str, bool]:
        """The metrics of AI readiness; `vocab/metric.ttl` gives the reason for each."""
        parts = view.distributions
        behind = is_behind_approval(view)
        fields = [one for table in view.record_sets for one in table.views(CR.field)]
        summary = re.sub(r"\s+", " ", view.summary).strip()
        return {
            "ai-open-machine-format": any(_types(part) & _OPEN_MACHINE for part in parts),
            "ai-stable-identifier": "/id/dataset/" not in (view.iri or "") or _has_doi(view),
            "ai-links-alive": not any(
                (state := self._links.get(url)) is not None and not state.alive for url in addresses(view)
            ),
            "ai-description": len(summary) >= _LONG_ENOUGH and summary.casefold() != view.title.casefold(),
            "ai-fields": bool(fields)
            and all(one.text(SCHEMA.description) or one.values(CR.equivalentProperty) for one in fields),
            "ai-sample": bool(view.values(ADMS.sample))
            or any(table.values(CR.examples, CR.data) for table in view.record_sets),
            "ai-fresh": self._fresh(view),
            "ai-access-route": bool(view.landing_page or view.link(NDL.howToApply) or any(map(_address, parts))),
            "ai-answerable": view.publisher is not None and bool(view.contacts),
            "ai-terms": (behind and view.link(NDL.howToApply) is not None)
            or (view.licence is not None and _known_licence(view.licence)),
        }

    def _fresh(self, view: DescriptionView) -> bool:
        names = name_table("frequency")
        stated = [view.iri or "" for view in view.views(DCT.accrualPeriodicity)]
        found = [(names.find(one) or one).removeprefix(_FREQUENCIES) for one in stated]
        frequency = next((one for one in found if one in _DAYS or one in _FINISHED), "")
        if frequency in _FINISHED:
            return True
        days = _DAYS.get(frequency)
        dates = [view.text(DCT.modified, SCHEMA.dateModified), view.text(DCT.issued, SCHEMA.datePublished)]
        dates += [part.text(DCT.modified) for part in view.distributions]
        latest = max((day for text in dates if (day := _day(text))), default=None)
        if days is None or latest is None:
            # What changes all the time has no date of its own; the publisher's word is all there is.
            return frequency in ("CONT", "UPDATE_CONT")
        return (self._today - latest).days <= days * 1.5 or frequency in ("CONT", "UPDATE_CONT")


def _all_of_some(found: Iterable[bool]) -> bool:
    listed = list(found)
    return bool(listed) and all(listed)


@cache
def _mandatory() -> Profile:
    return load_profile("dcat-ap").mandatory


def faulty_records(records: Sequence[Record]) -> set[str]:
    """The IRIs of records that break what DCAT-AP makes mandatory; the records must be `agreeing`."""
    if not records:
        return set()
    data = "".join(" .\n".join(_as_exchanged(record.statements.lines)) + " .\n" for record in records)
    broken = nonconforming(_mandatory(), data)
    if not broken:
        return set()
    return {
        record.iri.value
        for record in records
        if any(line.split(" ", 1)[0].strip("<>") in broken for line in record.statements.lines)
    }


def size_typed(line: str) -> str:
    """The statement with the type that DCAT gives to a size: the embedded store keeps whole numbers as xsd:integer."""
    return line.replace(_INTEGER, _NOT_NEGATIVE) if "/dcat#byteSize> " in line else line


_INTEGER: Final = f"^^{XSD.integer}"
_NOT_NEGATIVE: Final = f"^^{XSD.nonNegativeInteger}"


def _as_exchanged(lines: Sequence[str]) -> Sequence[str]:
    """The statements without the values that another model asks for, where the EU or IANA term stands beside.

    `normalise` keeps them, and DCAT-AP asks for one value.
    """
    lines = [size_typed(line) for line in lines]
    beside = [
        line
        for line in lines
        if "/dcat#mediaType> " in line or "/terms/accessRights> " in line or "/terms/accrualPeriodicity> " in line
    ]
    if len(beside) < 2:
        return lines
    terms = {tuple(line.split(" ", 2)[:2]) for line in beside if _is_term(line)}
    dropped = {line for line in beside if not _is_term(line) and tuple(line.split(" ", 2)[:2]) in terms}
    return [line for line in lines if line not in dropped] if dropped else lines


def _is_term(line: str) -> bool:
    return line.split(" ", 2)[2].startswith((f"<{_EU}", f"<{IANA}"))


def broken_rules(results: Iterable[Result]) -> tuple[str, ...]:
    """Which rules results tell of, as `profile#rule`, each once."""
    rules = (result.shape.rsplit("/", 1)[-1] for result in results)
    return tuple(dict.fromkeys(rule for rule in rules if "#" in rule))


def addresses(view: DescriptionView) -> list[str]:
    """The web addresses that a reader of the description would follow, each once."""
    found: dict[str, None] = {}
    for node, predicates in (
        *((part, (DCAT.accessURL, DCAT.downloadURL)) for part in view.distributions),
        (view, (DCAT.landingPage, NDL.howToApply)),
    ):
        for predicate in predicates:
            for value in node.values(predicate):
                if isinstance(value, NamedNode) and is_web(value.value):
                    found[value.value] = None
    return list(found)


def _address(part: View) -> bool:
    return bool(part.link(DCAT.accessURL, DCAT.downloadURL) or part.values(DCAT.accessService))


def _types(part: View) -> set[str]:
    """The EU file types of a distribution, from its format or its media type."""
    formats, media = name_table("format"), name_table("media-type")
    found: set[str] = set()
    for predicate in (DCT.format, DCAT.mediaType):
        for value in part.values(predicate):
            said = getattr(value, "value", "")
            iri = said if said.startswith(_FILE_TYPES) else formats.find(said.removeprefix(str(IANA)))
            if iri is None and (medium := media.find(said)):
                iri = formats.find(medium.removeprefix(str(IANA)))
            if iri:
                found.add(iri.removeprefix(_FILE_TYPES))
    return found


def _from_list(part: View, predicate: NamedNode, start: str) -> bool:
    return any(isinstance(value, NamedNode) and value.value.startswith(start) for value in part.values(predicate))


def _known_licence(licence: View) -> bool:
    return licence.iri is not None and name_table("licence").find(licence.iri) is not None


def _has_doi(view: DescriptionView) -> bool:
    said = [*view.texts(DCT.identifier), *(part.text(ADMS.identifier) for part in view.views(ADMS.identifier))]
    return any("doi.org/10." in one or one.startswith(("10.", "doi:10.")) for one in said)


def _day(text: str) -> date | None:
    """The last day that a date, month or year may mean."""
    found = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", text)
    if not found:
        return None
    year, month, day = found.groups()
    try:
        last = monthrange(int(year), int(month or 12))[1]
        return date(int(year), int(month or 12), int(day or last))
    except ValueError:
        return None


# --- in the graph --------------------------------------------------------------------------------------------

_HAS: Final = DQV.hasQualityMeasurement
_IS_A: Final = f"{RDF.type} {DQV.QualityMeasurement}"
_OF: Final = {name: f"{DQV.isMeasurementOf} {score.iri}" for name, score in SCORES.items()}
_LOADS: Final = f"{DQV.isMeasurementOf} <{LOADS}>"
_VALUE: Final = str(DQV.value)
_OF_METRIC: Final = str(DQV.isMeasurementOf)
_OURS: Final = f"{_OF_METRIC} <{METRIC}"
_DEAD: Final = str(NDL.deadSince)


def score_lines(record: Record, found: Assessment) -> Iterator[str]:
    """The scores of a record as N-Triples lines (Data Quality Vocabulary, section 4.4)."""
    for name, points in found.points.items():
        # Written rather than built: a load makes hundreds of thousands, and there is nothing in them to escape.
        node = f"<{record.iri.value}#{name}-score>"
        yield f"{record.dataset} {_HAS} {node}"
        yield f"{node} {_IS_A}"
        yield f"{node} {_OF[name]}"
        yield f'{node} {_VALUE} "{points}"^^{XSD.integer}'
    node = f"<{record.iri.value}#croissant>"
    yield f"{record.dataset} {_HAS} {node}"
    yield f"{node} {_IS_A}"
    yield f"{node} {_LOADS}"
    yield f'{node} {_VALUE} "{str(not found.croissant).lower()}"^^{XSD.boolean}'
    for fault in found.croissant:
        yield f"{node} {DCT.description} {RdfLiteral(fault, language='en')}"
    for url, day in found.dead.items():
        yield f"{NamedNode(url)} {NDL.deadSince} {RdfLiteral(day, datatype=XSD.date)}"


def without_scores(lines: Sequence[str]) -> Sequence[str]:
    """The lines without scores of ours: they are worked out here, not read from a source."""
    text = "\n".join(lines)
    if _OURS not in text and _DEAD not in text:
        return lines
    told = [line.split(" ", 2) for line in lines]
    nodes = {node for node, predicate, value in told if predicate == _OF_METRIC and value.startswith(f"<{METRIC}")}
    return tuple(
        line
        for line, (subject, predicate, value) in zip(lines, told, strict=True)
        if subject not in nodes and value not in nodes and predicate != _DEAD
    )
