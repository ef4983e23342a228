"""DCAT-US 1.1 `data.json`, read as the JSON-LD that its schema says it is."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, Final

from pyoxigraph import Triple

from ndl_graph.errors import ParseError
from ndl_graph.formats import contexts
from ndl_graph.formats.jsonld import Json, load_json, read_document
from ndl_graph.formats.places import PlacedDict
from ndl_graph.namespaces import DCT, GENID, LOCN, WELL_KNOWN

__all__ = ["is_dcat_us", "read", "read_catalog"]

_CLASSES: Final = {
    "catalog": "dcat:Catalog",
    "dataset": "dcat:Dataset",
    "distribution": "dcat:Distribution",
    "publisher": "org:Organization",
}
#: What a catalogue says of the form that it is in, and nothing of itself.
_OF_THE_FORMAT: Final = frozenset({"@id", "conformsTo", "describedBy"})
#: Classes that DCAT-US 3 calls by their names alone.
_NAMED: Final = {
    name: f"dcat:{name}"
    for name in ("Dataset", "Distribution", "DataService", "DatasetSeries", "Catalog", "Relationship")
} | {
    "Organization": "org:Organization",
    "Agent": "foaf:Agent",
    "Contact": "vcard:Kind",
    "Kind": "vcard:Kind",
    "Individual": "vcard:Individual",
    "Address": "vcard:Address",
    "Checksum": "spdx:Checksum",
    "Location": "dct:Location",
    "PeriodOfTime": "dct:PeriodOfTime",
    "Concept": "skos:Concept",
    "ConceptScheme": "skos:ConceptScheme",
    "Identifier": "adms:Identifier",
    "Attribution": "prov:Attribution",
    "QualityMeasurement": "dqv:QualityMeasurement",
    "Metric": "dqv:Metric",
}
_IRIS: Final = frozenset(
    [
        "accessURL",
        "downloadURL",
        "landingPage",
        "license",
        "conformsTo",
        "describedBy",
        "references",
        "hasEmail",
        "isPartOf",
        "accessRights",
        "accessService",
        "endpointURL",
        "endpointDescription",
        "inSeries",
        "page",
        "servesDataset",
    ]
)
_GEOJSON: Final = WELL_KNOWN["geo"] + "geoJSONLiteral"
_BATCH: Final = 200


def is_dcat_us(document: Json) -> bool:
    """Whether a JSON document is a DCAT-US catalogue: by its context or `conformsTo`, else by its shape."""
    if not isinstance(document, dict) or not isinstance(document.get("dataset"), list):
        return False
    said = f"{document.get('@context')} {document.get('conformsTo')}"
    return "project-open-data" in said or "dcat-us" in said.casefold() or "@context" not in document


def read(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads a `data.json`; raises `ParseError` where there is no list of datasets in it."""
    yield from read_catalog(load_json(data, places=places), base)


def read_catalog(document: Json, base: str) -> Iterator[Triple]:
    """Reads a catalogue that is in memory already, a few datasets at a time."""
    if not isinstance(document, dict) or not isinstance(document.get("dataset"), list):
        raise ParseError("this is no DCAT-US catalogue: it has no list called `dataset`")
    for number, entry in enumerate(document["dataset"], 1):
        if not isinstance(entry, dict):
            raise ParseError(f"entry {number} of `dataset` is no object but {json.dumps(entry)[:60]}")
    names: list[Json] = []
    datasets = iter(document["dataset"])
    while batch := [_linked(entry, "dataset") for entry in islice(datasets, _BATCH)]:
        for entry in batch:
            # As a blank node that has a name: what is read a batch at a time is listed by it.
            names.append(entry.setdefault("@id", f".{GENID}dataset-{len(names) + 1}"))
        yield from read_document({"@context": contexts.read("dcat-us"), "@graph": batch}, base)
    catalogue = {key: value for key, value in document.items() if key not in ("@context", "@type", "dataset")}
    if catalogue.keys() - _OF_THE_FORMAT:
        said = _linked(catalogue, "catalog") | {"dataset": [{"@id": name} for name in names]}
        yield from read_document({"@context": contexts.read("dcat-us"), "@graph": [said]}, base)


def _linked(entry: dict[str, Any], place: str) -> dict[str, Json]:
    """The entry as JSON-LD: classes where it names none, and addresses as IRIs."""
    out = PlacedDict.like(entry)
    if place in _CLASSES:
        out["@type"] = _CLASSES[place]
    for key, value in entry.items():
        if key == "describedByType" or value is None:
            out[key] = value
        elif key == "@type":
            out[key] = (
                [_NAMED.get(str(one), one) for one in value]
                if isinstance(value, list)
                else _NAMED.get(str(value), value)
            )
        elif key == "@id":
            if isinstance(value, str) and "://" in value:
                out[key] = value  # else a number or a name that is an identifier nowhere but in its own file
        else:
            name = LOCN.geometry.value if key == "geometry" else key
            out[name] = [_value(key, part) for part in value] if isinstance(value, list) else _value(key, value)
    return out


def _value(key: str, value: Json) -> Json:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str) and isinstance(value.get("coordinates"), list):
            # GeoJSON (RFC 7946) is one value: numbers in lists of lists have no other form in a graph.
            shape = {"@value": json.dumps(value), "@type": _GEOJSON}
            return shape if key == "geometry" else {"@type": DCT.Location.value, LOCN.geometry.value: shape}
        return _linked(value, key)
    if (
        key in _IRIS
        and isinstance(value, str)
        and (address := value.strip()).startswith(("http://", "https://", "mailto:"))
    ):
        return {"@id": address}
    return value
