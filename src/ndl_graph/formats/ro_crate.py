"""RO-Crate 1.1 metadata of a record: what a researcher puts beside the files that they fetch."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from pyoxigraph import Literal

from ndl_graph.description import DescriptionView
from ndl_graph.formats.jsonld import Json, dumps
from ndl_graph.formats.schema_org import dataset
from ndl_graph.namespaces import DCT
from ndl_graph.record import Record

__all__ = ["PROFILE", "write"]

#: What the metadata file says that it conforms to (RO-Crate 1.1, “RO-Crate Metadata File Descriptor”).
PROFILE: Final = "https://w3id.org/ro/crate/1.1"
_FILE: Final = "ro-crate-metadata.json"


def write(view: DescriptionView, record: Record) -> bytes:
    """The record as `ro-crate-metadata.json`: a flat list of entities, the files of the dataset as its parts."""
    page = record.iri.value
    said: dict[str, Any] = dataset(view, page, record.kind)
    files = said.pop("distribution", [])
    licence = view.licence
    first = next(
        (
            triple.object.value
            for triple in record.triples
            if triple.subject == record.iri and triple.predicate == DCT.issued and isinstance(triple.object, Literal)
        ),
        None,
    )
    entities: dict[str, Json] = {}
    root = {
        **said,
        # The crate is where its reader put it; the dataset keeps its own name beside.
        "@id": "./",
        "@type": "Dataset",
        "identifier": view.iri,
        "datePublished": said.get("datePublished") or said.get("dateModified") or first,
        "license": {"@id": licence.address, "@type": "CreativeWork", "name": licence.label}
        if licence and licence.address
        else (licence.label if licence and licence.label else "The publisher states no licence."),
        "hasPart": [
            {**one, "@type": "File", "@id": identity}
            for one, identity in _identified(files if isinstance(files, list) else [files])
        ],
    }
    crate = {key: _linked(value, entities, key) for key, value in root.items() if value not in (None, [])}
    descriptor = {
        "@id": _FILE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    return dumps({"@context": f"{PROFILE}/context", "@graph": [descriptor, crate, *entities.values()]})


def _identified(files: list[Any]) -> Iterator[tuple[Any, str]]:
    """Each file with its address; one that is a second form at the same address is told apart by a fragment."""
    seen: Counter[str] = Counter()
    for one in files:
        address = one["contentUrl"]
        seen[address] += 1
        yield one, address if seen[address] == 1 else f"{address}#{seen[address]}"


def _linked(value: Json, entities: dict[str, Json], place: str) -> Json:
    """The value with every object in it put among the entities and linked by its `@id`."""
    if isinstance(value, list):
        return [_linked(one, entities, f"{place}-{number}") for number, one in enumerate(value, 1)]
    if not isinstance(value, dict):
        return value
    identity = str(value.get("@id") or f"#{place}")
    entities[identity] = {"@id": identity}
    entities[identity] = {
        "@id": identity,
        **{key: _linked(inner, entities, f"{place}-{key}") for key, inner in value.items() if key != "@id"},
    }
    return {"@id": identity}
