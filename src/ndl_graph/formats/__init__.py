"""The formats: one table from which reading, negotiation, the command line, Link headers and the docs are made."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Final, Protocol

from pyoxigraph import RdfFormat, Triple

from ndl_graph.description import DescriptionView
from ndl_graph.errors import ParseError, SettingError, SourceError
from ndl_graph.formats import (
    croissant,
    dcat_us,
    jsonld,
    markdown,
    page,
    rdf,
    ro_crate,
    schema_org,
    table_schema,
    ukgov,
    use_register,
)
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import relative_base
from ndl_graph.record import Record

__all__ = ["FORMATS", "Format", "detect", "format_named", "readable", "writable"]

Writer = Callable[[Record], bytes]

_JSON: Final = "application/json"


class Reader(Protocol):
    """Reads triples from a file; with `places`, their lines beside them (see `places`)."""

    def __call__(self, data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]: ...


@dataclass(frozen=True)
class Format:
    """One form of a description.

    `suffixes` are those of files (the first is also that of the route); `profile` tells formats of one media
    type apart (RFC 6906); `also` are media types that mean the same on the way in.
    """

    name: str
    title: str
    media_type: str
    suffixes: tuple[str, ...]
    read: Reader | None = None
    write: Writer | None = None
    profile: str | None = None
    also: tuple[str, ...] = ()
    syntax: RdfFormat | None = None

    def base_of(self, number: int) -> str:
        """What relative IRIs of the document with that number, of several, are read against.

        Those of JSON and of a page are known to one document only; files of RDF may be parts of one whole.
        """
        alone = self.media_type == "text/html" or self.media_type.endswith("json")
        return relative_base(number if alone else 0)

    @property
    def content_type(self) -> str:
        """The media type with its parameters."""
        kind = f'{self.media_type}; profile="{self.profile}"' if self.profile else self.media_type
        return f"{kind}; charset=utf-8" if self.media_type.startswith("text/") else kind


def _view(record: Record) -> DescriptionView:
    return DescriptionView(record.triples, record.dataset, default_labels())


def _rdf(
    name: str,
    title: str,
    media_type: str,
    suffixes: tuple[str, ...],
    syntax: RdfFormat,
    also: tuple[str, ...] = (),
) -> Format:
    return Format(
        name,
        title,
        media_type,
        suffixes,
        read=partial(rdf.read, syntax),
        write=lambda record: rdf.write(syntax, record.triples),
        also=also,
        syntax=syntax,
    )


FORMATS: Final = (
    _rdf("turtle", "Turtle", "text/turtle", ("ttl",), RdfFormat.TURTLE, ("application/x-turtle",)),
    Format(
        "jsonld",
        "JSON-LD",
        "application/ld+json",
        ("jsonld",),
        jsonld.read,
        lambda record: jsonld.write(record.triples, (record.iri, record.dataset)),
    ),
    _rdf("ntriples", "N-Triples", "application/n-triples", ("nt",), RdfFormat.N_TRIPLES),
    _rdf("rdfxml", "RDF/XML", "application/rdf+xml", ("rdf", "owl"), RdfFormat.RDF_XML),
    Format(
        "schema",
        "schema.org JSON-LD",
        "application/ld+json",
        ("schema.jsonld",),
        jsonld.read,
        lambda record: schema_org.write(_view(record), record.iri.value, record.kind),
        profile="https://schema.org/",
    ),
    Format(
        "croissant",
        "Croissant 1.1 JSON-LD",
        "application/ld+json",
        ("croissant.json",),
        jsonld.read,
        lambda record: croissant.write(_view(record), record.iri.value, record.triples),
        profile=croissant.VERSIONS["1.1"],
    ),
    Format(
        "croissant-1.0",
        "Croissant 1.0 JSON-LD",
        "application/ld+json",
        (),
        jsonld.read,
        lambda record: croissant.write(_view(record), record.iri.value, record.triples, "1.0"),
        profile=croissant.VERSIONS["1.0"],
    ),
    Format(
        "markdown",
        "Markdown",
        "text/markdown",
        ("md",),
        None,
        lambda record: markdown.write(_view(record), record.iri.value),
    ),
    Format(
        "ro-crate",
        "RO-Crate 1.1 metadata",
        "application/ld+json",
        ("ro-crate-metadata.json",),
        None,
        lambda record: ro_crate.write(_view(record), record),
        profile=ro_crate.PROFILE,
    ),
    Format("nquads", "N-Quads", "application/n-quads", ("nq",), partial(rdf.read, RdfFormat.N_QUADS)),
    Format("trig", "TriG", "application/trig", ("trig",), partial(rdf.read, RdfFormat.TRIG)),
    Format("dcat-us", "DCAT-US 1.1 data.json", _JSON, (), dcat_us.read),
    Format(
        "datapackage",
        "Data Package (Table Schema)",
        "application/vnd.datapackage+json",
        ("datapackage.json",),
        table_schema.read_data_package,
    ),
    Format(
        "csvw",
        "CSV on the Web metadata",
        "application/csvm+json",
        ("csv-metadata.json",),
        table_schema.read_csvw,
    ),
    Format(
        "ukgov-yaml",
        "UK exchange model, YAML",
        "application/yaml",
        ("yaml", "yml"),
        ukgov.read_yaml,
        also=("text/yaml", "application/x-yaml"),
    ),
    Format("ukgov-json", "UK exchange model, JSON", _JSON, (), ukgov.read_json),
    Format("ukgov-csv", "UK exchange model, CSV", "text/csv", ("csv",), ukgov.read_csv),
    Format("use-register", "Register of uses, CSV", "text/csv", (), use_register.read),
    Format(
        "html",
        "HTML page with JSON-LD",
        "text/html",
        ("html", "htm"),
        schema_org.read_html,
        lambda record: page.write(_view(record), record.iri.value, record.kind),
        also=("application/xhtml+xml",),
    ),
)


def readable() -> list[Format]:
    """The formats that can be read."""
    return [form for form in FORMATS if form.read]


def writable() -> list[Format]:
    """The formats that a record can be written in."""
    return [form for form in FORMATS if form.write]


def format_named(name: str, among: list[Format] | None = None) -> Format:
    """The format of that name, suffix or media type; raises `SettingError` with the names there are."""
    choices = list(FORMATS) if among is None else among
    named = [form for form in choices if form.name == name]
    named += [form for form in choices if name.removeprefix(".") in form.suffixes or name == form.media_type]
    if named:
        return named[0]
    raise SettingError(f"there is no format {name!r}", hint="One of: " + ", ".join(form.name for form in choices))


_SNIFF: Final = 64 * 1024
_STATEMENT: Final = re.compile(rb"\s*+(?:<[^>]*+>|_:\S++)\s++<[^>]*+>\s++.*\.\s*\Z")
_FOUR_TERMS: Final = re.compile(
    rb'\s*+(?:<[^>]*+>|_:\S++)\s++<[^>]*+>\s++(?:<[^>]*+>|_:\S++|"(?:[^"\\]|\\.)*+"\S*+)\s++'
    rb"(?:<[^>]*+>|_:[^\s.]++)\s*+\.\s*+\Z"
)
#: The root element of XML, after what may stand before it.
_ROOT: Final = re.compile(rb"(?:\s|<\?[^>]*+>|<!--(?:[^-]|-(?!->))*+-->|<![a-z][^>]*+>)*+(<[a-z_][^<>]*+>)", re.I)
#: XML that descriptions of data come in elsewhere, by a namespace that its root element names.
_OTHER_XML: Final = {
    b"http://www.isotc211.org/": "metadata by ISO 19139",
    b"http://standards.iso.org/iso/19115": "metadata by ISO 19115-3",
    b"http://www.opengis.net/cat/csw": "an answer of a catalogue service for the web (CSW)",
    b"http://www.openarchives.org/OAI/": "an answer of a repository (OAI-PMH)",
    b"http://datacite.org/schema": "metadata by DataCite",
    b'"ddi:': "metadata by the Data Documentation Initiative",
    b"http://www.w3.org/2005/Atom": "an Atom feed",
}
#: How many lines, and how much of each, are looked at to tell a syntax that has a statement a line.
_LINES: Final = 20
_LINE: Final = 4_000


def detect(data: IO[bytes], name: str = "", media_type: str = "") -> Format:
    """The format of a source: by its suffix, else its media type, else its content.

    JSON is always told by content, since one suffix serves five formats. `data` must be seekable and is left at
    its start. Raises `SourceError` for what is empty or binary, `ParseError` for what is in no format we read.
    """
    head = data.read(_SNIFF)
    data.seek(0)
    if not head.strip():
        raise SourceError("there is nothing in it")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ParseError("the text is UTF-16, not UTF-8", hint="Save the file again with the encoding UTF-8.")
    if head.startswith(b"PK\x03\x04"):
        hint = "Unpack it and load the folder; save a spreadsheet as CSV."
        raise ParseError("this is a zip archive, as spreadsheets are too", hint=hint)
    if b"\0" in head:
        raise ParseError("this is a binary file, not text", hint="Give a description in one of: " + _names())
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    lowered = name.casefold().removesuffix(".gz")
    # Turtle may start with a bracket too, that of a blank node, and TriG with that of a graph.
    is_json = start[:1] == b"{" or (start[:1] == b"[" and re.match(rb"\[\s*[\[{\"]|\[\s*\]\s*\Z", start))
    if is_json and not lowered.endswith(".trig"):
        return _detect_json(data)
    if use_register.is_use_register(start):
        return format_named("use-register")
    for form in readable():
        if any(lowered.endswith("." + suffix) for suffix in form.suffixes):
            return form
    kind = media_type.split(";")[0].strip().casefold()
    for form in readable():
        if kind in (form.media_type, *form.also) and kind != _JSON:
            return form
    return _detect_content(start)


def _names() -> str:
    return ", ".join(form.name for form in readable())


def _detect_json(data: IO[bytes]) -> Format:
    try:
        document = jsonld.load_json(data)
    finally:
        data.seek(0)
    if dcat_us.is_dcat_us(document):
        return format_named("dcat-us")
    if table_schema.is_csvw(document):
        return format_named("csvw")
    if table_schema.is_data_package(document):
        return format_named("datapackage")
    if ukgov.is_ukgov(document):
        return format_named("ukgov-json")
    return format_named("jsonld")


def _detect_content(start: bytes) -> Format:
    lowered = start[:2048].lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<!--", b"<script", b"<head", b"<body")):
        return format_named("html")
    if b"<rdf:rdf" not in lowered and (root := _ROOT.match(start)):
        for namespace, what in _OTHER_XML.items():
            if namespace in root[1]:
                hint = "Ask whoever publishes it for DCAT: most catalogues that write this write that too."
                raise ParseError(f"this is {what}, which is not read here", hint=hint)
    if lowered.startswith(b"<?xml") or b"<rdf:rdf" in lowered:
        return format_named("html" if b"<html" in lowered else "rdfxml")
    if re.search(rb"^[^\S\n]*+(@prefix|@base|prefix\s++\S*:\s*<|base\s++<)", start, re.I | re.M):
        return format_named("trig" if re.search(rb"^[^\S\n]*+(graph\s++)?\S+\s*\{", start, re.I | re.M) else "turtle")
    lines = [line[:_LINE] for line in start.split(b"\n") if line.strip()[:1] not in (b"", b"#")][:_LINES]
    if any(map(_FOUR_TERMS.match, lines)):
        return format_named("nquads")
    if any(map(_STATEMENT.match, lines)):
        return format_named("turtle")
    if start[:1] == b"[" or re.match(rb"<[a-z][a-z0-9+.-]*:[^>\s]*>\s", start, re.I):
        return format_named("turtle")
    first = start.split(b"\n", 1)[0]
    if b"," in first and b"title" in first and b"identifier" in first:
        return format_named("ukgov-csv")
    if re.search(rb"^(identifier|title|type|contactName):\s", start, re.M):
        return format_named("ukgov-yaml")
    raise ParseError(
        "this is in no format that can be read here",
        hint="Say which it is (--format, or the parameter `format`), one of: " + _names(),
    )
