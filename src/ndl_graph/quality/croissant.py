"""What keeps machine-learning tools from loading a dataset by its Croissant description."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from ndl_graph.description import DescriptionView
from ndl_graph.formats import croissant, jsonld
from ndl_graph.namespaces import DCAT, DCT, DQV, METRIC, SCHEMA
from ndl_graph.record import Record
from ndl_graph.validation import load_profile, validate

__all__ = ["LOADS", "CroissantVerdict", "croissant_faults", "croissant_verdict"]

#: The metric whose measurement is the verdict.
LOADS: Final = f"{METRIC}ai-croissant"
_MOST: Final = 5


@dataclass(frozen=True)
class CroissantVerdict:
    """Whether the Croissant of a dataset loads as the specification has it, and what is wrong where it does not."""

    loads: bool
    faults: tuple[str, ...]


def croissant_verdict(view: DescriptionView) -> CroissantVerdict | None:
    """The verdict that is stored with the record; None where it is no dataset, or not stored yet."""
    for measured in view.views(DQV.hasQualityMeasurement):
        if (metric := measured.view(DQV.isMeasurementOf)) and metric.iri == LOADS:
            return CroissantVerdict(measured.text(DQV.value) == "true", tuple(measured.texts(DCT.description)))
    return None


def croissant_faults(records: Iterable[tuple[Record, DescriptionView]]) -> dict[str, tuple[str, ...]]:
    """What is wrong with the Croissant published of each dataset, in words, by record IRI; nothing where it loads.

    What came as Croissant is held against the profile `croissant`. What is made of DCAT keeps the structure by the way
    it is made, so that only what the publisher left out is looked for.
    """
    found: dict[str, tuple[str, ...]] = {}
    native = []
    for record, view in records:
        if view.has_type(SCHEMA.Dataset) and croissant.is_stated(record.triples):
            native.append((record, view))
        else:
            found[record.iri.value] = tuple(_left_out(view))
    return found | _broken(native)


def _left_out(view: DescriptionView) -> Iterable[str]:
    parts = [part for part in view.distributions if part.link(DCAT.downloadURL, DCAT.accessURL)]
    if not parts:
        yield "There is no distribution with an address."
    if not view.text(DCT.title, SCHEMA.name):
        yield "There is no title."
    if not view.summary:
        yield "There is no description."
    if not view.licence:
        yield "There is no licence."
    if not (view.values(DCT.creator, SCHEMA.creator) or view.publisher):
        yield "There is no publisher or creator."
    if not view.modified:
        yield "There is no date."
    if not all(part.values(DCT.format, DCAT.mediaType) for part in parts):
        yield "A distribution does not say in which format it is."


def _broken(records: Sequence[tuple[Record, DescriptionView]]) -> dict[str, tuple[str, ...]]:
    if not records:
        return {}
    holders: dict[str, list[str]] = {}
    lines: list[str] = []
    for record, view in records:
        document = croissant.write(view, record.iri.value, record.triples)
        for line in map(str, jsonld.read(BytesIO(document), record.dataset.value)):
            lines.append(line)
            nodes = holders.setdefault(line.split(" ", 1)[0].strip("<>"), [])
            if record.iri.value not in nodes:
                nodes.append(record.iri.value)
    said: dict[str, dict[str, None]] = {record.iri.value: {} for record, _ in records}
    for result in validate([load_profile("croissant")], "".join(f"{line} .\n" for line in lines)).results:
        if result.severity == "violation":
            for iri in holders.get(result.focus_node, ()):
                said[iri][result.message] = None
    return {iri: tuple(messages)[:_MOST] for iri, messages in said.items()}
