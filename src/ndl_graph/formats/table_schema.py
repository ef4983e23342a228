"""Descriptions of tables: a Data Package (`datapackage.json`, Table Schema) or CSV on the Web metadata.

Both are read as DCAT for the dataset and its files, and as Croissant record sets for the tables and their columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO, Any, Final
from urllib.parse import quote, urljoin

from pyoxigraph import Triple

from ndl_graph.errors import ParseError
from ndl_graph.formats.jsonld import Json, load_json, read_document
from ndl_graph.formats.places import PlacedDict
from ndl_graph.namespaces import IANA, PREFIXES, is_web

__all__ = ["is_csvw", "is_data_package", "read_csvw", "read_data_package"]

_CSVW: Final = "http://www.w3.org/ns/csvw"
#: The names that both forms use without declaring them; CSV on the Web takes them from RDFa's initial context.
_CONTEXT: Final = {
    **{name: str(iri) for name, iri in PREFIXES.items()},
    "dc": str(PREFIXES["dct"]),
    "sc": str(PREFIXES["schema"]),
    "csvw": f"{_CSVW}#",
}
#: Data types of Table Schema, and those of CSV on the Web, as Croissant has them; what it has no type for is text.
_TYPES: Final = {
    "integer": "sc:Integer",
    "year": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "time": "sc:Time",
    "anyURI": "sc:URL",
    "dateTime": "sc:DateTime",
    "dateTimeStamp": "sc:DateTime",
    "gYear": "sc:Integer",
    **dict.fromkeys(("decimal", "double", "float"), "sc:Float"),
    **dict.fromkeys(("int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger"), "sc:Integer"),
    **dict.fromkeys(("nonPositiveInteger", "negativeInteger"), "sc:Integer"),
    **dict.fromkeys(("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"), "sc:Integer"),
}


def is_data_package(document: Json) -> bool:
    """Whether a JSON document is a Data Package: a list of resources, each with a path or with data."""
    if not isinstance(document, dict) or "@context" in document:
        return False
    resources = document.get("resources")
    return isinstance(resources, list) and any(
        isinstance(one, dict) and ("path" in one or "data" in one) for one in resources
    )


def is_csvw(document: Json) -> bool:
    """Whether a JSON document is metadata of CSV on the Web: by its context (section 5.2)."""
    context = document.get("@context") if isinstance(document, dict) else None
    return context == _CSVW or (isinstance(context, list) and _CSVW in context)


def read_data_package(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads a `datapackage.json`; raises `ParseError` where it lists no resources."""
    document = load_json(data, places=places)
    if not isinstance(document, dict) or not isinstance(document.get("resources"), list):
        raise ParseError("this is no Data Package: it has no list called `resources`")
    yield from read_document({"@context": _CONTEXT, "@graph": [_package(document)]}, base)


def read_csvw(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads metadata of CSV on the Web, of one table or of a group; raises `ParseError` where it names no table."""
    document = load_json(data, places=places)
    if not isinstance(document, dict) or not is_csvw(document):
        raise ParseError("this is no metadata of CSV on the Web: its context is not " + _CSVW)
    if not _entries(document.get("tables")) and not isinstance(document.get("url"), str):
        raise ParseError("the metadata names no table", hint="Give `url`, or `tables` with a `url` each.")
    yield from read_document({"@context": _CONTEXT, "@graph": [_group(document)]}, base)


# --- Data Package ----------------------------------------------------------------------------------------


def _package(said: Mapping[str, Any]) -> dict[str, Json]:
    out = PlacedDict.like(said)
    homepage = _address(said.get("homepage"))
    publisher = next((one for one in _entries(said.get("contributors")) if "publisher" in _roles(one)), None)
    out |= {
        "@id": _address(said.get("id")),
        "@type": "dcat:Dataset",
        "dct:title": said.get("title") or said.get("name"),
        "dct:identifier": said.get("id") or said.get("name"),
        "dct:description": said.get("description"),
        "dct:created": _date(said.get("created")),
        "dcat:version": said.get("version"),
        "dcat:keyword": said.get("keywords"),
        "dcat:landingPage": _node(homepage),
        "dct:license": _licences(said),
        "dct:publisher": _party(publisher) if publisher else None,
        "dct:creator": [_party(one) for one in _entries(said.get("contributors")) if "author" in _roles(one)],
        "dct:source": [_node(_address(one.get("path"))) for one in _entries(said.get("sources"))],
    }
    files, tables = [], []
    for number, one in enumerate(_entries(said["resources"])):
        name = str(one.get("name") or f"resource-{number + 1}")
        files += [_file(one, path, homepage) for path in _paths(one.get("path"))]
        schema = one.get("schema")
        if isinstance(schema, dict) and _entries(schema.get("fields")):
            tables.append(_table(name, one, _entries(schema["fields"]), schema, _field))
    out["dcat:distribution"] = files
    out["cr:recordSet"] = tables
    return _said(out)


def _file(said: Mapping[str, Any], path: str, homepage: str | None) -> dict[str, Json]:
    out = PlacedDict.like(said)
    address = _address(path)
    form = said.get("format") or PurePosixPath(path).suffix.removeprefix(".")
    out |= {
        "@id": address or quote(path, safe="/"),
        "@type": "dcat:Distribution",
        "dct:title": said.get("title") or said.get("name") or path,
        "dct:description": said.get("description"),
        "dcat:downloadURL": _node(address),
        # A path beside the description leads nowhere from here: the page of the package does.
        "dcat:accessURL": _node(address or homepage),
        "dcat:mediaType": _node(f"{IANA}{said['mediatype']}") if isinstance(said.get("mediatype"), str) else None,
        "dct:format": form,
        "dcat:byteSize": said.get("bytes"),
        "dct:license": _licences(said),
        "spdx:checksum": _checksum(said.get("hash")),
    }
    return out


def _checksum(stated: Json) -> Json:
    """A hash as Data Package writes it: in hexadecimal, and where it is not of MD5, with the function's name before."""
    if not isinstance(stated, str) or not stated.strip():
        return None
    name, _, value = stated.strip().rpartition(":")
    return {"@type": "spdx:Checksum", "spdx:algorithm": name or "md5", "spdx:checksumValue": value}


def _field(said: Mapping[str, Any]) -> dict[str, Json]:
    constraints = said.get("constraints")
    return {
        "sc:name": said.get("name"),
        "sc:description": said.get("description") or said.get("title"),
        "cr:dataType": _types(
            "sc:URL" if said.get("format") == "uri" else _TYPES.get(str(said.get("type")), "sc:Text")
        ),
        "cr:equivalentProperty": _node(_address(said.get("rdfType"))),
        "skos:example": said.get("example"),
        "csvw:required": True if isinstance(constraints, dict) and constraints.get("required") is True else None,
    }


def _licences(said: Mapping[str, Any]) -> Json:
    found = _entries(said.get("licenses"))
    return [_node(_address(one.get("path"))) or one.get("title") or one.get("name") for one in found]


def _roles(said: Mapping[str, Any]) -> Sequence[str]:
    roles = said.get("roles") or [said.get("role")]
    return [str(role) for role in roles] if isinstance(roles, list) else [str(roles)]


def _party(said: Mapping[str, Any]) -> dict[str, Json]:
    page = _address(said.get("path"))
    return {
        "@id": page,
        "@type": "foaf:Agent",
        "foaf:name": said.get("title"),
        "foaf:homepage": _node(page),
        "foaf:mbox": said.get("email"),
    }


def _paths(path: Json) -> list[str]:
    return [str(one) for one in (path if isinstance(path, list) else [path]) if one]


# --- CSV on the Web --------------------------------------------------------------------------------------


def _group(said: Mapping[str, Any]) -> dict[str, Json]:
    tables: list[Mapping[str, Any]] = [*_entries(said.get("tables"))] or [said]
    out = PlacedDict.like(said)
    out |= {name: value for name, value in said.items() if ":" in name}
    # One table may carry what is said of the dataset.
    if len(tables) == 1:
        for name, value in tables[0].items():
            if ":" in name:
                out.setdefault(name, value)
    address = _address(said.get("@id"))
    where = _base(said)
    first = _address(tables[0].get("url"), where)
    out |= {"@id": address or (f"{first}#dataset" if first else None), "@type": "dcat:Dataset"}
    files, sets = [], []
    for one in tables:
        path = str(one.get("url") or "")
        file = _address(path, where)
        name = PurePosixPath(path).stem or "table"
        files.append(
            {
                "@id": file,
                "@type": "dcat:Distribution",
                "dct:title": _words(one.get("dc:title")) or PurePosixPath(path).name,
                "dcat:downloadURL": _node(file),
                "dcat:accessURL": _node(file),
                "dcat:mediaType": _node(f"{IANA}text/csv"),
            }
        )
        schema = one.get("tableSchema") or said.get("tableSchema")
        if isinstance(schema, dict) and (columns := _entries(schema.get("columns"))):
            shown = [column for column in columns if column.get("virtual") is not True]
            sets.append(_table(name, one, shown, schema, _column, file))
    out["dcat:distribution"] = files
    out["cr:recordSet"] = sets
    return _said(out)


def _column(said: Mapping[str, Any]) -> dict[str, Json]:
    kind = said.get("datatype")
    if isinstance(kind, dict):
        kind = kind.get("base")
    title = _words(said.get("titles"))
    return {
        "sc:name": said.get("name") or title,
        # The first row of the table holds the titles (Tabular Data Model, section 8).
        "heading": title,
        "sc:description": _words(said.get("dc:description") or said.get("dcterms:description")) or title,
        "cr:dataType": _types(_TYPES.get(str(kind), "sc:Text")),
        "cr:equivalentProperty": _node(_address(said.get("propertyUrl"))),
        "csvw:required": True if said.get("required") is True else None,
    }


def _base(said: Mapping[str, Any]) -> str | None:
    context = said.get("@context")
    local = next((one for one in context if isinstance(one, dict)), {}) if isinstance(context, list) else {}
    return _address(local.get("@base"))


def _words(said: Json) -> str:
    """A natural-language property (Metadata Vocabulary for Tabular Data, 5.1.6), in English where there is English."""
    if isinstance(said, dict):
        said = said.get("@value") or said.get("en") or next(iter(said.values()), "")
    if isinstance(said, list):
        said = next((one for one in said if one), "")
    if isinstance(said, dict):
        return _words(said)
    return str(said or "")


# --- both ------------------------------------------------------------------------------------------------


def _table(
    name: str,
    said: Mapping[str, Any],
    fields: Sequence[Mapping[str, Any]],
    schema: Mapping[str, Any],
    describe: Any,
    file: str | None = None,
) -> dict[str, Json]:
    out = PlacedDict.like(said)
    address = file or next((_address(path) or quote(path, safe="/") for path in _paths(said.get("path"))), None)
    described = []
    for number, one in enumerate(fields, 1):
        column = PlacedDict.like(one)
        column |= {"@type": "cr:Field", **describe(one)}
        column["sc:name"] = column.get("sc:name") or f"column-{number}"
        if address:
            # Ready-made IRIs, so that a key can name the fields it is made of.
            column["@id"] = _field_iri(address, name, column["sc:name"])
            heading = column.pop("heading", None) or column["sc:name"]
            column["cr:source"] = {"cr:fileObject": {"@id": address}, "cr:extract": {"cr:column": heading}}
        described.append(column)
    key = schema.get("primaryKey")
    out |= {
        "@id": f"{address}#{quote(name, safe='')}" if address else None,
        "@type": "cr:RecordSet",
        "sc:name": name,
        "sc:description": said.get("description") or _words(said.get("dc:description")),
        "cr:field": described,
        "cr:key": [_node(_field_iri(address, name, one)) for one in _paths(key)] if address else None,
    }
    return out


def _field_iri(file: str, table: str, field: Json) -> str:
    return f"{file}#{quote(table, safe='')}/{quote(str(field), safe='')}"


def _types(name: str) -> Json:
    return {"@id": name}


def _entries(said: Json) -> list[dict[str, Any]]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _address(said: Json, base: str | None = None) -> str | None:
    """The text as an address on the web, or None where it is none."""
    if not isinstance(said, str):
        return None
    text = said.strip()
    if base and text:
        try:
            text = urljoin(base, text)
        except ValueError:
            return None
    return text if is_web(text) and not set(text) & set('<>"{}|\\^` ') else None


def _node(address: str | None) -> Json:
    return {"@id": address} if address else None


def _date(said: Json) -> Json:
    """A date or a date with a time, typed as such."""
    if not isinstance(said, str):
        return None
    return {"@value": said, "@type": "xsd:dateTime" if "T" in said else "xsd:date"}


def _said(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without what is not said, all the way down."""
    kept = PlacedDict.like(entry)
    kept |= {name: inner for name, value in entry.items() if (inner := _pruned(value)) not in (None, "", [], {})}
    return kept


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return _said(value)
    if isinstance(value, list):
        return [inner for one in value if (inner := _pruned(one)) not in (None, "", [], {})]
    return value
