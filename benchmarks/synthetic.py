"""Makes up catalogues of any size in Turtle: `python benchmarks/synthetic.py 60000 out.ttl`.

About 40 triples a dataset, in the mix that open data portals have: 200 publishers of uneven size, topics and places
of uneven frequency, one to three files each, some gaps and some values that need repair. One seed gives one file.
"""

import argparse
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final, TypeVar

__all__ = ["PLACES", "SUBJECTS", "write"]

_BASE: Final = "https://data.example.org/"
_EU: Final = "http://publications.europa.eu/resource/authority/"
_STATISTICAL: Final = "http://statistics.data.gov.uk/id/statistical-geography/"
_IANA: Final = "https://www.iana.org/assignments/media-types/"

_PREFIXES: Final = """\
@prefix cr: <http://mlcommons.org/croissant/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix schema: <https://schema.org/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

#: EU theme and the subjects filed under it, the commonest theme first.
SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "ENVI": tuple(
        "air quality, river levels, flood risk zones, bathing water quality, tree canopy cover, waste collections, "
        "recycling rates, noise mapping, contaminated land, peatland condition, groundwater abstraction, "
        "coastal erosion, carbon emissions, light pollution, sewage overflows, soil moisture, wetland birds, "
        "ancient woodland, nitrate vulnerable zones, landfill sites".split(", ")
    ),
    "TRAN": tuple(
        "road casualties, bus stops, cycle routes, traffic counts, rail punctuality, car parks, street lighting, "
        "winter gritting routes, electric vehicle charging points, speed limits, ferry passengers, taxi licences, "
        "bridge inspections, pothole repairs, airport movements, freight tonnage".split(", ")
    ),
    "GOVE": tuple(
        "spending over 500 pounds, council tax bands, election results, polling stations, senior salaries, "
        "contracts register, freedom of information requests, grants to voluntary organisations, ward boundaries, "
        "councillor allowances, public consultations, allotments, library loans".split(", ")
    ),
    "SOCI": tuple(
        "household projections, child poverty, homelessness applications, housing completions, fuel poverty, "
        "empty homes, life expectancy, benefit claimants, migration estimates, marriages, deprivation index, "
        "food banks, refugee resettlement, rough sleeping".split(", ")
    ),
    "HEAL": tuple(
        "accident and emergency waiting times, prescriptions dispensed, vaccination uptake, hospital admissions, "
        "cancer survival, obesity prevalence, dental access, ambulance response times, asthma prevalence, "
        "maternity outcomes, antibiotic resistance, care home beds".split(", ")
    ),
    "EDUC": tuple(
        "school capacity, pupil absence, exam results, free school meals, apprenticeship starts, nursery places, "
        "university applications, school exclusions, adult literacy, teacher vacancies".split(", ")
    ),
    "ECON": tuple(
        "business births and deaths, house prices, unemployment, gross value added, export values, retail vacancies, "
        "earnings by occupation, insolvencies, consumer prices, productivity".split(", ")
    ),
    "JUST": tuple(
        "recorded crime, stop and search, fire incidents, court sittings, prison population, hate crime, "
        "knife offences, licensed premises, reoffending, legal aid".split(", ")
    ),
    "AGRI": tuple(
        "fish landings, cattle movements, crop yields, farm payments, bovine tuberculosis, forestry grants, "
        "pesticide usage, salmon catches, seed potatoes, organic holdings".split(", ")
    ),
    "ENER": tuple(
        "wind farms, gas consumption, electricity substations, solar installations, heat networks, "
        "energy performance certificates, oil production, hydrogen projects".split(", ")
    ),
    "REGI": tuple(
        "conservation areas, listed buildings, planning applications, brownfield register, green belt, "
        "local plan policies, rights of way, town centres".split(", ")
    ),
    "TECH": tuple(
        "broadband speeds, mobile coverage, patent filings, research grants, weather observations, lidar elevation, "
        "seabed surveys, borehole logs, geomagnetic readings".split(", ")
    ),
}

#: Nation (its statistical code) and the places in it.
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "E92000001": tuple(
        "Leeds, Bristol, Manchester, Birmingham, Liverpool, Sheffield, Newcastle upon Tyne, Nottingham, Leicester, "
        "Plymouth, Southampton, Norwich, Exeter, York, Oxford, Cambridge, Camden, Hackney, Croydon, Lambeth, Barnet, "
        "Cornwall, Devon, Dorset, Kent, Essex, Suffolk, Norfolk, Cumbria, Northumberland, Durham, Lancashire, "
        "Derbyshire, Shropshire, Herefordshire, Wiltshire, Somerset, Hampshire, Surrey, Rutland, Bath, Calderdale, "
        "Kirklees, Wakefield, Bradford, Salford, Stockport, Wigan, Redcar, Hartlepool, Isle of Wight".split(", ")
    ),
    "S92000003": tuple(
        "Edinburgh, Glasgow, Aberdeen, Dundee, Highland, Fife, Perth and Kinross, Argyll and Bute, Moray, Angus, "
        "Stirling, Falkirk, Orkney, Shetland, Na h-Eileanan Siar, Scottish Borders, Dumfries and Galloway, "
        "North Ayrshire, Inverclyde, West Lothian, Midlothian, Clackmannanshire".split(", ")
    ),
    "W92000004": tuple(
        "Cardiff, Swansea, Newport, Gwynedd, Ceredigion, Powys, Conwy, Anglesey, Carmarthenshire, Pembrokeshire, "
        "Wrexham, Flintshire, Denbighshire, Monmouthshire, Caerphilly, Torfaen, Bridgend".split(", ")
    ),
    "N92000002": tuple(
        "Belfast, Derry and Strabane, Fermanagh and Omagh, Mid Ulster, Lisburn and Castlereagh, Antrim, Ards, "
        "Causeway Coast and Glens, Armagh, Newry".split(", ")
    ),
}

_SENTENCES: Final = (
    "{Subject} in {place}, collected by {publisher} since {year}.",
    "Each row is one {unit} with its location, date and {measure}.",
    "Figures are given by {area} and rounded to protect the people behind them.",
    "The data was checked against the {source} and is revised once a year.",
    "It was made for {purpose} and may not suit {other}.",
    "Boundaries follow those of {year}; earlier years were matched to them by postcode.",
    "A methodology note on {measure} and {subject} is published beside the files.",
    "Values before {year} were estimated from the {source}.",
)
_WORDS: Final = {
    "unit": "record, sample, visit, household, site, vehicle, reading, application, incident, parcel".split(", "),
    "measure": "severity, concentration, duration, cost, population, tonnage, depth, speed, outcome, area".split(", "),
    "area": "ward, output area, postcode sector, health board, constituency, parish, catchment, data zone".split(", "),
    "source": "census, land registry, electoral register, satellite imagery, sensor network, annual survey".split(", "),
    "purpose": "statutory returns, budget planning, public scrutiny, emergency response, research".split(", "),
    "other": "comparison between years, individual decisions, navigation, legal boundaries".split(", "),
}
_BODIES: Final = "Council, Health Board, Fire and Rescue Service, Water Authority, University, Transport Partnership"
_LICENCES: Final = (
    ("<http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/>", 70),
    ("<https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3>", 12),
    ("<https://creativecommons.org/licenses/by/4.0/>", 10),
    ("<http://opendatacommons.org/licenses/odbl/1-0/>", 3),
    ("", 5),
)
_FREQUENCIES: Final = (("ANNUAL", 50), ("MONTHLY", 15), ("QUARTERLY", 12), ("DAILY", 8), ("IRREG", 10), ("", 5))
_FORMATS: Final = (
    (("CSV", "text/csv", "csv"), 50),
    (("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"), 15),
    (("GEOJSON", "application/geo+json", "geojson"), 15),
    (("JSON", "application/json", "json"), 10),
    (("PDF", "application/pdf", "pdf"), 6),
    (("ZIP", "application/zip", "zip"), 4),
)
_RIGHTS: Final = (("PUBLIC", 90), ("RESTRICTED", 8), ("NON_PUBLIC", 2))

Item = TypeVar("Item")
Statements = list[tuple[str, str]]


def _weighted(random: Random, items: Sequence[tuple[Item, int]]) -> Callable[[], Item]:
    """Draws items by weight."""
    values, whole = [value for value, _ in items], list(accumulate(weight for _, weight in items))
    return lambda: random.choices(values, cum_weights=whole)[0]


def _uneven(random: Random, items: Sequence[Item]) -> Callable[[], Item]:
    """Draws items, the first of them most often (Zipf)."""
    return _weighted(random, [(item, 1_000_000 // (rank + 3)) for rank, item in enumerate(items)])


def _text(value: str, tag: str = "") -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"{tag}'


def _date(day: date) -> str:
    return f'"{day.isoformat()}"^^xsd:date'


def _node(subject: str, statements: Statements) -> str:
    name = subject if subject.startswith("_:") else f"<{subject}>"
    return f"{name} " + " ;\n    ".join(f"{predicate} {value}" for predicate, value in statements) + " .\n"


class _Maker:
    """Makes one dataset after the other."""

    def __init__(self, seed: int) -> None:
        random = self.random = Random(seed)
        self.subject = _uneven(random, [(theme, name) for theme, names in SUBJECTS.items() for name in names])
        self.place = _uneven(random, [(code, name) for code, names in PLACES.items() for name in names])
        bodies = [f"{name} {body}" for body in _BODIES.split(", ") for names in PLACES.values() for name in names]
        self.publishers = random.sample(bodies, 200)
        self.publisher = _uneven(random, range(200))
        self.licence = _weighted(random, _LICENCES)
        self.frequency = _weighted(random, _FREQUENCIES)
        self.format = _weighted(random, _FORMATS)
        self.rights = _weighted(random, _RIGHTS)

    def parties(self) -> list[tuple[str, Statements]]:
        """The publishers and their contacts."""
        nodes: list[tuple[str, Statements]] = []
        for number, name in enumerate(self.publishers):
            address = f"publisher-{number}.example.org"
            nodes += [
                (
                    f"{_BASE}organisation/{number}",
                    [("a", "foaf:Agent"), ("foaf:name", _text(name)), ("foaf:homepage", f"<https://{address}/>")],
                ),
                (
                    f"{_BASE}contact/{number}",
                    [
                        ("a", "vcard:Organization"),
                        ("vcard:fn", _text(f"Data team, {name}")),
                        ("vcard:hasEmail", f"<mailto:data@{address}>"),
                    ],
                ),
            ]
        return nodes

    def dataset(self, number: int) -> list[tuple[str, Statements]]:
        """A dataset with its files and, now and then, its tables."""
        random = self.random
        iri = f"{_BASE}id/dataset/{number}"
        (theme, subject), (nation, place), by = self.subject(), self.place(), self.publisher()
        year = random.randint(1985, 2025)
        words = {name: random.choice(values) for name, values in _WORDS.items()}
        words |= {"subject": subject, "Subject": subject.capitalize(), "place": place, "year": str(year)}
        words["publisher"] = self.publishers[by]
        sentences = [_SENTENCES[0], *random.sample(_SENTENCES[1:], random.randint(2, 5))]
        issued = date(2010, 1, 1) + timedelta(random.randint(0, 5400))
        title = random.choice(("{Subject} in {place}, {year}", "{place}: {subject} by {area}", "{Subject} ({place})"))
        keywords = dict.fromkeys([*subject.split(" ")[:2], place.casefold(), words["unit"], words["measure"]])
        said: Statements = [
            ("a", "dcat:Dataset"),
            ("dct:title", _text(title.format_map(words), "@en")),
            ("dct:description", _text(" ".join(sentences).format_map(words), "@en")),
            ("dct:identifier", _text(f"dataset-{number}")),
            ("dct:publisher", f"<{_BASE}organisation/{by}>"),
            ("dcat:contactPoint", f"<{_BASE}contact/{by}>"),
            ("dct:issued", _date(issued)),
            ("dct:modified", _date(issued + timedelta(random.randint(0, 365)))),
            ("dct:language", _text("en") if random.random() < 0.2 else f"<{_EU}language/ENG>"),
            ("dct:accessRights", f"<{_EU}access-right/{self.rights()}>"),
            ("dct:spatial", f"<{_STATISTICAL}{nation}>"),
            ("dcat:theme", f"<{_EU}data-theme/{theme}>"),
            ("dcat:landingPage", f"<https://publisher-{by}.example.org/datasets/{number}>"),
            *(("dcat:keyword", _text(word)) for word in keywords),
        ]
        nodes = [(iri, said)]
        licence = self.licence()
        if licence:
            said.append(("dct:license", licence))
        if frequency := self.frequency():
            said.append(("dct:accrualPeriodicity", f"<{_EU}frequency/{frequency}>"))
        if random.random() < 0.6:
            said.append(("dct:temporal", f"_:period{number}"))
            period = [("a", "dct:PeriodOfTime"), ("dcat:startDate", _date(date(year, 4, 1)))]
            nodes.append((f"_:period{number}", [*period, ("dcat:endDate", _date(date(year + 1, 3, 31)))]))
        for part in range(1, random.choice((1, 2, 2, 3)) + 1):
            said.append(("dcat:distribution", f"<{iri}/file/{part}>"))
            nodes.append((f"{iri}/file/{part}", self._file(number, part, by, licence)))
        if random.random() < 0.02:
            said.append(("cr:recordSet", f"<{iri}#table>"))
            nodes += self._table(iri)
        return nodes

    def _file(self, number: int, part: int, by: int, licence: str) -> Statements:
        name, media_type, suffix = self.format()
        page = f"https://publisher-{by}.example.org/datasets/{number}"
        said = [
            ("a", "dcat:Distribution"),
            ("dct:title", _text(f"{name} file {part}", "@en")),
            ("dcat:accessURL", f"<{page}>"),
            ("dcat:downloadURL", f"<{page}/{part}.{suffix}>"),
            ("dct:format", _text(name) if self.random.random() < 0.2 else f"<{_EU}file-type/{name}>"),
            ("dcat:mediaType", _text(media_type) if self.random.random() < 0.1 else f"<{_IANA}{media_type}>"),
            ("dcat:byteSize", f'"{self.random.randint(1_000, 90_000_000)}"^^xsd:nonNegativeInteger'),
        ]
        return [*said, ("dct:license", licence)] if licence else said

    def _table(self, iri: str) -> list[tuple[str, Statements]]:
        columns = self.random.sample(_WORDS["measure"], 4)
        fields = [("cr:field", f"<{iri}#table/{column}>") for column in columns]
        return [
            (f"{iri}#table", [("a", "cr:RecordSet"), ("schema:name", _text("table")), *fields]),
            *(
                (
                    f"{iri}#table/{column}",
                    [("a", "cr:Field"), ("schema:name", _text(column)), ("cr:dataType", "schema:Float")],
                )
                for column in columns
            ),
        ]


def write(path: Path, count: int, seed: int = 1) -> int:
    """Writes a catalogue of that many datasets as Turtle; gives the number of triples."""
    maker = _Maker(seed)
    triples = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(_PREFIXES)
        for number in range(count):
            for subject, said in [*(maker.parties() if not number else ()), *maker.dataset(number)]:
                file.write(_node(subject, said))
                triples += len(said)
    return triples


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{write(asked.path, asked.count, asked.seed):,} triples")


if __name__ == "__main__":
    main()
