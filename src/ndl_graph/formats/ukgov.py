"""The UK Cross-Government Metadata Exchange Model, as YAML, JSON or CSV."""

import re
from collections.abc import Iterator
from functools import cache
from typing import IO, Any, Final

import yaml
from pyoxigraph import Triple

from ndl_graph.errors import ParseError
from ndl_graph.formats import contexts
from ndl_graph.formats.jsonld import DEEPEST, Json, load_json, read_document
from ndl_graph.formats.places import PlacedDict
from ndl_graph.formats.sheets import rows_of
from ndl_graph.formats.text import utf8
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import GENID, XSD, is_web

__all__ = ["is_ukgov", "read_csv", "read_entries", "read_json", "read_yaml"]

# The C loader is ten times faster, and as safe.
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ORGANISATIONS: Final = "https://www.gov.uk/government/organisations/"
_CLASSES: Final = {
    "dataset": "dcat:Dataset",
    "dataservice": "dcat:DataService",
    "distribution": "dcat:Distribution",
    "datasetseries": "dcat:DatasetSeries",
}
_IRIS: Final = frozenset(
    [
        "licence",
        "license",
        "theme",
        "endpointURL",
        "endpointDescription",
        "servesData",
        "relatedResource",
        "accessService",
        "downloadURL",
        "accessURL",
        "landingPage",
    ]
)
_PARTIES: Final = frozenset({"creator", "publisher"})
_CONTACT: Final = ("contactName", "email", "telephone", "address")
#: What only a distribution says, and what it does not say.
_OF_FILES: Final = frozenset({"mediaType", "byteSize", "downloadURL", "accessURL"})
_OF_DATASETS: Final = frozenset({"description", "publisher", "keyword", "distribution"})
#: What every description says, and nothing else that a YAML file may hold.
_OF_ENTRIES: Final = frozenset({"publisher", "accessRights", "contactPoint", "securityClassification"})
#: A name as the addresses of organisations on GOV.UK end in it; one word may be any name.
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+\Z")
_BEFORE_MAIL: Final = re.compile(r"[\s\"]*+([^\s\"<>@][^\"<>@]*+)\"?\s*+<")
_ONE_MAIL: Final = re.compile(r"[^<>]*+<([^<>]*+)>\Z")
_MAILBOX: Final = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;:]+\Z")
#: Marks that are no part of what a column is called.
_SIGNS: Final = re.compile(r"[^a-z0-9]")
_DATES: Final = frozenset({"issued", "created", "modified"})
_MANY: Final = frozenset(
    ["alternativeTitle", "keyword", "theme", "creator", "servesData", "relatedResource", "distribution"]
)


def is_ukgov(document: Json) -> bool:
    """Whether a JSON or YAML document is in the UK model: entries that state `type` and `title`, with no context."""
    entries = document if isinstance(document, list) else [document]
    first = entries[0] if entries else None
    return (
        isinstance(first, dict)
        and "@context" not in first
        and ("type" in first or "identifier" in first)
        and bool({"title", "licence", "securityClassification", "mediaType"} & first.keys())
    )


class _TextLoader(_Loader):  # type: ignore[misc, valid-type]  # which of the two it is, is known when it runs
    """Keeps numbers, dates, `yes` and `no` as the text they are written in.

    A telephone number is no number to the base eight, a version `1.10` is not `1.1`, and a title may be `No`.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuses a key that stands twice: all but the last would be lost (YAML 1.2, section 3.2.1.1)."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"`{key.value}` stands twice", key.start_mark)
            seen.add(str(key.value))
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


for _kind in ("timestamp", "int", "float", "bool"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_scalar)


class _PlacedLoader(_TextLoader):
    """Keeps the line of each mapping and of each of its keys."""

    def construct_yaml_map(self, node: yaml.MappingNode) -> Iterator[PlacedDict]:
        lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
        found = PlacedDict.at(node.start_mark.line + 1, lines)
        yield found
        found.update(self.construct_mapping(node))


_PlacedLoader.add_constructor("tag:yaml.org,2002:map", _PlacedLoader.construct_yaml_map)


def read_yaml(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads one or many YAML documents; a list is a list of descriptions. Raises `ParseError`."""
    try:
        content = utf8(data.read())
        _refuse_bombs(content)
        for document in yaml.load_all(content, Loader=_PlacedLoader if places else _TextLoader):
            yield from read_entries(document, base)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        said = str(error.problem or error.context)
        raise ParseError(
            f"broken YAML: {said}",
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
            hint=next((hint for words, hint in _HINTS.items() if words in said), _INDENTED),
        ) from None
    except yaml.YAMLError as error:
        raise ParseError(f"broken YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise ParseError("the YAML is nested too deeply") from None


_INDENTED: Final = "Look at this line and the one before: values stand after a colon and a space, lists after a dash."
#: What to do about the slips that are made most often, by words of what the parser says.
_HINTS: Final = {
    "mapping values are not allowed": 'A value with a colon in it stands between quotation marks: title: "Roads: all".',
    "tab": "Indent with spaces: YAML takes no tabs.",
    "cannot start any token": "Put the value between quotation marks.",
    "stands twice": "Keep one of the two, or make a list of their values.",
}
#: Kinds of YAML that no description needs and that RDF has no form for.
_NO_TEXT: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("binary", "set", "omap", "pairs"))


def _refuse_bombs(content: str) -> None:
    """Raises `ParseError` for aliases, which can stand for any amount of text, and for bottomless nesting."""
    depth = 0
    for event in yaml.parse(content, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent):
            raise ParseError("an alias stands in the place of a value", line=line, hint="Write the value itself.")
        if (tag := getattr(event, "tag", None)) in _NO_TEXT:
            raise ParseError(
                f"a value is tagged !!{str(tag).rsplit(':', 1)[-1]}",
                line=line,
                hint="Write it as text or as a list, without a tag.",
            )
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            depth += 1
            if depth > DEEPEST:
                raise ParseError(f"the YAML is nested more than {DEEPEST} deep", line=line)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            depth -= 1


def read_json(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads one description or a list of them."""
    yield from read_entries(load_json(data, places=places), base)


def read_csv(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads one description a row, the model's names as headings.

    `contactName`, `email` and the rest of a contact stand in columns of their own (or `contactPoint.email`);
    several values in one cell are divided by `|` or by line breaks. Raises `ParseError` with the line.
    """
    missing = ParseError(
        "the first line does not name the columns of the UK model",
        hint="It must hold at least `identifier` and `title`, divided by commas, semicolons or tabs.",
    )
    seen: set[str] = set()
    for line, cells in rows_of(data.read(), _column, ("title", "identifier"), missing, once=True):
        at = PlacedDict.at(line, dict.fromkeys(cells, line)) if places else {}
        yield from read_entries(_nested(cells, at), base, seen)


def _column(heading: str) -> str:
    """The model's name for a column; what the model does not know is called as it is."""
    name = heading.removeprefix("contactPoint.").removeprefix("contactPoint_")
    return _by_heading().get(_SIGNS.sub("", name.casefold())) or _camel(name)


def _camel(heading: str) -> str:
    """A heading of several words as the model would write it, since no name has a space."""
    first, *rest = heading.split() or [""]
    start = first.lower() if rest and first.istitle() else first
    return start + "".join(word[:1].upper() + word[1:] for word in rest)


@cache
def _by_heading() -> dict[str, str]:
    terms = contexts.read("ukgov")
    known = ("identifier", "type", "title", *terms, *_CONTACT)
    return {
        **{_SIGNS.sub("", name.casefold()): name for name in known if ":" not in name},
        "contactemail": "email",
        "emailaddress": "email",
        "keywords": "keyword",
        "themes": "theme",
    }


def _nested(cells: dict[str, str], at: dict[str, Json]) -> dict[str, Json]:
    entry = PlacedDict.like(at)
    entry.update({name: value for name, value in cells.items() if name not in _CONTACT})
    for name in _MANY & entry.keys():
        entry[name] = [part.strip() for part in entry[name].replace("\n", "|").split("|") if part.strip()]
    contact = PlacedDict.like(at)
    contact.update({name: cells[name] for name in _CONTACT if name in cells})
    if contact:
        entry["contactPoint"] = contact
    return entry


def read_entries(document: Json, base: str, seen: set[str] | None = None) -> Iterator[Triple]:
    """Reads descriptions that are in memory already; `seen` are the identifiers that came before, and grows.

    A second description under one identifier is a thing of its own: read as one, neither could be told from the other.
    """
    seen = set() if seen is None else seen
    entries = document if isinstance(document, list) else [document]
    for entry in entries:
        if entry is None:
            continue
        if not isinstance(entry, dict):
            raise ParseError("this is no description in the UK model: it is not a list of names and values")
        out = _linked(entry)
        name = out.get("@id")
        if isinstance(name, str) and name in seen:
            out["@id"] = name = f".{GENID}again-{len(seen)}"
        if isinstance(name, str):
            seen.add(name)
        # A schema, too, has a title; whoever has a publisher or a contact, or is a row of a sheet, is meant as data.
        if isinstance(entry.get("identifier"), str) or (_OF_ENTRIES & entry.keys() and "description" in entry):
            is_file = _OF_FILES & entry.keys() and not _OF_DATASETS & entry.keys()
            out = _typed(out, "dcat:Distribution" if is_file else "dcat:Dataset")
        yield from read_document({"@context": contexts.read("ukgov"), "@graph": [_with_file(out)]}, base)


def _with_file(out: dict[str, Json]) -> dict[str, Json]:
    """The entry with what it says of a file in a distribution: a row for a dataset often names its file beside."""
    if out.get("@type") != "dcat:Dataset" or not {"downloadURL", "accessURL"} & out.keys():
        return out
    file = PlacedDict.like(out)
    file["@type"] = "dcat:Distribution"
    whole = PlacedDict.like(out)
    for name, value in out.items():
        (file if name in _OF_FILES else whole)[name] = value
    others = whole.get("distribution", [])
    whole["distribution"] = [*(others if isinstance(others, list) else [others]), file]
    return whole


def _linked(entry: dict[Any, Any]) -> dict[str, Json]:
    out = PlacedDict.like(entry)
    for key, value in entry.items():
        name = str(key)
        if value is None or (name == "@id" and not isinstance(value, str)):
            continue
        if name == "type":
            known = _CLASSES.get(str(value).split(":")[-1].casefold())
            if known:
                out["@type"] = known
            if not known or ":" not in str(value):
                out[name] = str(value)  # not as the model has it: the profile tells
        elif isinstance(value, list):
            out[name] = [_value(name, part, entry) for part in value]
        else:
            out[name] = _value(name, value, entry)
    identifier = out.get("identifier")
    if "@id" not in out and isinstance(identifier, str) and is_web(identifier):
        out["@id"] = identifier.strip()
    if "@type" not in out and "contactName" in out:
        out["@type"] = "vcard:Kind"
    return out


def _typed(out: dict[str, Json], otherwise: str) -> dict[str, Json]:
    """The entry as what it must be where it does not say what it is, so that the profile can tell of that."""
    if "@type" not in out:
        out["@type"] = otherwise
        out.setdefault("type", "none")
    return out


def _value(name: str, value: Json, entry: dict[Any, Any]) -> Json:
    if isinstance(value, dict):
        return _typed(_linked(value), "dcat:Distribution") if name == "distribution" else _linked(value)
    if isinstance(value, float):
        value = str(value)
    if not isinstance(value, str):
        return value
    text = value.strip()
    if name == "byteSize" and text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)  # a cell of a sheet is text
    if name in _PARTIES and (known := _organisation(text)):
        return {"@id": known}
    if name == "updateFrequency" and text.startswith("freq:"):
        return {"@id": "http://purl.org/cld/freq/" + text.removeprefix("freq:")}
    if name in ("distribution", *_IRIS) and is_web(text):
        return {"@id": text}
    if name in _DATES:
        return {"@value": text, "@type": XSD.date.value} if len(text) == 10 else text
    if name == "contactPoint":
        return _contact(text, entry)
    if name == "email" and _MAILBOX.match(text):
        return {"@id": f"mailto:{text}"}
    return value


def _organisation(text: str) -> str | None:
    """The address of an organisation on GOV.UK by the end of it, as the model has it; None for what is only a name."""
    address = _ORGANISATIONS + text.casefold()
    return address if _SLUG.match(text) or default_labels().known(address) else None


def _contact(text: str, entry: dict[Any, Any]) -> dict[str, Json]:
    """A contact in one cell: addresses, a name, or both (`Name <address>`); its place is that of its key."""
    contact: dict[str, Json] = {}
    if isinstance(entry, PlacedDict):
        line = entry.keys_at.get("contactPoint", entry.line)
        contact = PlacedDict.at(line, dict.fromkeys(_CONTACT, line))
    contact["@type"] = "vcard:Kind"
    if "@" not in text:
        contact["contactName"] = text
        return contact
    if named := _BEFORE_MAIL.match(text):
        contact["contactName"] = named[1].strip()
    # Several are taken apart when they are repaired; a name with a comma stands before one alone.
    alone = _ONE_MAIL.match(text)
    contact["email"] = _value("email", alone[1].strip() if alone else text, entry)
    return contact
