"""The JSON-LD contexts that come with the software, so that reading takes no network."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["bundled", "read"]

#: Address of a remote context, without scheme and last slash, and the file that stands in for it.
_FILES: Final = {
    "project-open-data.cio.gov/v1.1/schema/catalog.jsonld": "dcat-us",
    "project-open-data.cio.gov/v1.1/schema": "dcat-us",
    "schema.org": "schema",
    "schema.org/docs/jsonldcontext.json": "schema",
    "schema.org/docs/jsonldcontext.jsonld": "schema",
    "www.schema.org": "schema",
    "mlcommons.org/croissant/1.0": "croissant",
    "mlcommons.org/croissant/1.1": "croissant",
    "mlcommons.org/croissant": "croissant",
    "www.w3.org/ns/dcat": "dcat",
    "www.w3.org/ns/dcat.jsonld": "dcat",
}


@cache
def read(name: str) -> dict[str, Any]:
    """The context in the file of that name."""
    document: dict[str, Any] = json.loads(files(__package__).joinpath(f"{name}.json").read_text("utf-8"))
    context: dict[str, Any] = document["@context"]
    return context


def bundled(address: str) -> dict[str, Any] | None:
    """The context that stands in for a remote one, or None where the address is not known."""
    name = _FILES.get(address.split("://", 1)[-1].rstrip("/#"))
    return read(name) if name else None
