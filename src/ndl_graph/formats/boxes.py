"""The box that a place fills, from the forms in which descriptions state it."""

import json
import re
from collections.abc import Iterator
from typing import Final

from ndl_graph.description import View
from ndl_graph.formats.jsonld import Json
from ndl_graph.namespaces import DCAT, LOCN, SCHEMA

__all__ = ["box_of", "is_box"]

_LONGEST: Final = 100_000
_NUMBER: Final = r"[-+]?[0-9]{1,3}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,3})?"
#: The first two numbers of a point in WKT, which may have a height and a measure after them.
_PAIR: Final = re.compile(rf"[(,]\s*+({_NUMBER})\s++({_NUMBER})(?=[\s,)])")
#: West, south, east and north, as DCAT-US and data portals write a box.
_FOUR: Final = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\Z")
_ENVELOPE: Final = re.compile(
    rf"\s*ENVELOPE\s*\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)", re.I
)
#: WKT may name a system of coordinates before it; of those, this one has longitude first (GeoSPARQL 1.1, section 8.5).
_LONGITUDE_FIRST: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def is_box(text: str) -> bool:
    """Whether a text is four numbers, which are no name of a place."""
    return _FOUR.match(text) is not None


def box_of(place: View) -> str:
    """`south west north east` in degrees, as `schema:GeoShape` has it; empty where none is stated, or none is clear."""
    stated = [*place.texts(DCAT.bbox), *place.texts(LOCN.geometry), *place.texts(SCHEMA.geo), place.stated_label]
    return next((box for text in stated if (box := _box(text[:_LONGEST]))), "")


def _box(text: str) -> str:
    if found := _FOUR.match(text):
        return _written([(float(found[1]), float(found[2])), (float(found[3]), float(found[4]))])
    if found := _ENVELOPE.match(text):
        # West, east, north, south (OGC Catalogue Services 2.0, BNF of envelopes).
        return _written([(float(found[1]), float(found[4])), (float(found[2]), float(found[3]))])
    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
            return _written(list(_corners(document.get("coordinates") if isinstance(document, dict) else None)))
        except (ValueError, RecursionError, OverflowError):
            return ""
    system, _, shape = text.strip().rpartition(">")
    if system and system.strip("< ") != _LONGITUDE_FIRST:
        return ""
    if re.match(r"\s*(?:POLYGON|MULTIPOLYGON|POINT)\b", shape, re.I):
        return _written([(float(east), float(north)) for east, north in _PAIR.findall(shape)])
    return ""


def _corners(value: Json, depth: int = 0) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list) or depth > 4:
        return
    if len(value) >= 2 and all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in value[:2]):
        yield float(value[0]), float(value[1])
        return
    for inner in value:
        yield from _corners(inner, depth + 1)


def _written(points: list[tuple[float, float]]) -> str:
    # What is no number is not within any bounds.
    if not points or not all(abs(east) <= 180 and abs(north) <= 90 for east, north in points):
        return ""
    east, north = [point[0] for point in points], [point[1] for point in points]
    return f"{min(north):g} {min(east):g} {max(north):g} {max(east):g}"
