"""schema.org: reading Dataset JSON-LD alone or inside a page; writing what Google Dataset Search asks for."""

import io
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from typing import IO, Any, Final
from urllib.parse import urljoin

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.access import is_behind_approval, is_free
from ndl_graph.description import DescriptionView, View, plain
from ndl_graph.errors import ParseError
from ndl_graph.formats import jsonld
from ndl_graph.formats.boxes import box_of, is_box
from ndl_graph.formats.jsonld import Json
from ndl_graph.namespaces import CR, DCAT, DCT, FOAF, GENID, IANA, NDL, RDF, SCHEMA, VCARD, VOCABULARY, XSD, is_web
from ndl_graph.record import Term

__all__ = ["dataset", "read_html", "write"]

_DESCRIPTION_LIMIT: Final = 5000  # Google Dataset Search refuses more


class _Scripts(HTMLParser):
    """Collects the JSON-LD scripts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._inside = False
        #: What addresses are relative to, where the page says so (HTML, section 4.2.3).
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "base" and not self.base:
            self.base = (dict(attrs).get("href") or "").strip()
        kind = (dict(attrs).get("type") or "").split(";")[0].strip().casefold()
        if tag == "script" and kind == "application/ld+json":
            self._inside = True
            self.found.append((self.getpos()[0], ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            line, text = self.found[-1]
            self.found[-1] = (line, text + data)


#: What a script may be wrapped in: a comment of HTML, or CDATA of XML in a comment of JavaScript.
_HIDDEN: Final = re.compile(
    r"\A\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?)|(?:-->|(?://|/\*)?\s*\]\]>\s*(?:\*/)?)\s*\Z"
)


def read_html(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads every JSON-LD script of an HTML page; raises `ParseError` where there is none."""
    parser = _Scripts()
    parser.feed(_text(data.read()))
    if not parser.found:
        raise ParseError(
            "the page has no JSON-LD in it",
            hint='It would stand in <script type="application/ld+json"> … </script>.',
        )
    with suppress(ValueError):
        if parser.base and (base.startswith("http") or is_web(parser.base)):
            base = urljoin(base, parser.base)
    for line, text in parser.found:
        # Some pages hide their scripts from browsers and parsers of another time; and what is empty says nothing.
        text = _HIDDEN.sub(lambda found: "\n" * found[0].count("\n"), text)
        if not text.strip():
            continue
        try:
            # Line feeds before it keep the lines of the script those of the page.
            script = "\n" * (line - 1) + text
            for triple in jsonld.read(io.BytesIO(script.encode()), base, places=places):
                yield _resolved(triple, base)
        except ParseError as error:
            error.line = error.line or line
            raise


_ADDRESSES: Final = frozenset(
    NamedNode(f"{scheme}://schema.org/{name}")
    for scheme in ("http", "https")
    for name in ("contentUrl", "license", "url")
)


def _resolved(triple: Triple, base: str) -> Triple:
    """The statement with an address that is given as text read against that of the page, where the page has one."""
    value = triple.object
    if triple.predicate not in _ADDRESSES or not isinstance(value, Literal) or not base.startswith("http"):
        return triple
    if triple.predicate.value.endswith("license") and not value.value.strip().startswith(("/", ".")):
        return triple  # a licence may be a name as well
    try:
        return Triple(triple.subject, triple.predicate, Literal(urljoin(base, value.value.strip())))
    except ValueError:
        return triple  # it is no address, which the profile tells


_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.I)
#: What browsers read a name as (Encoding Standard, section 4.2).
_READ_AS: Final = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252"}


def _text(content: bytes) -> str:
    """The page in the encoding that it states at its start, else UTF-8; raises `ParseError` where it is not in it."""
    stated = _CHARSET.search(content[:1024])
    name = stated[1].decode("ascii").casefold() if stated else "utf-8"
    try:
        return content.decode(_READ_AS.get(name, name)).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise ParseError(
            f"the page is not in the encoding {name}",
            line=line,
            hint='Save it as UTF-8, and say so: <meta charset="utf-8">.',
        ) from None


def write(view: DescriptionView, page: str, kind: str = "dataset") -> bytes:
    """The description as schema.org JSON-LD; `page` is the IRI of the record's page, `kind` that of the record."""
    told = dataset(view, page, kind)
    # What the publisher said in these words, and DCAT has none for, is said on; a place is more than its name.
    stated = _stated(view)
    for key in _PARTS & told.keys() & stated.keys():
        told[key] = _merged(told[key], stated[key])
    added = {key: value for key, value in stated.items() if key not in _TOLD or key in _FULLER}
    return jsonld.dumps({"@context": "https://schema.org/", **told, **added})


def _merged(told: Json, stated: Json) -> Json:
    """The parts that are told, each with what else the publisher said of it: found by its name, address or IRI."""
    others = [one for one in (stated if isinstance(stated, list) else [stated]) if isinstance(one, dict)]

    def whole(part: Json) -> Json:
        if not isinstance(part, dict):
            return part
        for key in ("@id", "contentUrl", "email", "name"):
            same = [one for one in others if part.get(key) and one.get(key) == part[key]]
            if len(same) == 1:
                return {**part, **{name: value for name, value in same[0].items() if name not in part}}
        return part

    return [whole(part) for part in told] if isinstance(told, list) else whole(told)


#: What `dataset` tells in its own way, or leaves out on purpose; and what of it a publisher may say more fully.
_TOLD: Final = frozenset(
    "name alternateName description url sameAs identifier license keywords creator publisher datePublished dateCreated "
    "dateModified version inLanguage isAccessibleForFree conditionsOfAccess spatialCoverage temporalCoverage "
    "variableMeasured distribution contactPoint creditText".split()
)
#: Parts of which a publisher may say more than `dataset` tells.
_PARTS: Final = frozenset({"creator", "publisher", "contactPoint", "distribution"})
_FULLER: Final = frozenset({"spatialCoverage", "variableMeasured"})
_TYPES: Final = {"service": "WebAPI", "catalog": "DataCatalog", "series": "Dataset"}


def dataset(view: DescriptionView, page: str, kind: str = "dataset") -> dict[str, Json]:
    """The properties that Google Dataset Search requires and recommends, as far as the description states them.

    For data behind approval there is no `distribution`, but `isAccessibleForFree` and `conditionsOfAccess`.
    """
    is_open, behind = is_free(view), is_behind_approval(view)
    conditions = (
        view.text(SCHEMA.conditionsOfAccess)
        or "; ".join((*view.access_words, *(() if is_open else view.rights_words)))
        or (view.access.label if view.access and behind else "")
    )
    out: dict[str, Any] = {
        "@type": _TYPES.get(kind, "Dataset"),
        "@id": view.iri,
        "name": view.title,
        "alternateName": view.texts(DCT.alternative),
        "description": plain(view.summary)[:_DESCRIPTION_LIMIT],
        "url": page,
        "sameAs": view.landing_page,
        "identifier": view.texts(DCT.identifier) or view.iri,
        "license": [_licence(one) for one in view.licences],
        "keywords": [*view.keywords, *(theme.label for theme in view.themes)],
        "creator": [_agent(agent) for agent in view.views(DCT.creator) if agent.label],
        "publisher": view.publisher and _agent(view.publisher),
        "datePublished": view.date(DCT.issued),
        "dateCreated": view.date(DCT.created),
        "dateModified": view.date(DCT.modified),
        "version": view.text(DCAT.version),
        "inLanguage": [_language(part) for part in view.views(DCT.language)],
        "creditText": view.text(CR.citeAs, DCT.bibliographicCitation),
        "includedInDataCatalog": _catalog_of(page) if kind != "catalog" else None,
        "isAccessibleForFree": _is_free_of_charge(view, is_open, behind),
        "conditionsOfAccess": conditions,
        "spatialCoverage": [_place(place) for place in view.places],
        "temporalCoverage": [_period(period) for period in view.views(DCT.temporal)],
        "variableMeasured": [
            {"@type": "PropertyValue", "name": field.label, "description": field.text(SCHEMA.description)}
            for table in view.record_sets
            for field in table.views(CR.field)
        ],
        "distribution": [] if behind else [_download(part) for part in view.distributions if _address(part)],
        "contactPoint": [_contact(contact) for contact in view.contacts],
        "documentation": view.link(DCAT.endpointDescription) if kind == "service" else None,
        "availableChannel": {"@type": "ServiceChannel", "serviceUrl": view.link(DCAT.endpointURL)}
        if kind == "service" and view.link(DCAT.endpointURL)
        else None,
    }
    return {key: _pruned(value) for key, value in out.items() if _pruned(value) not in (None, "", [], {})}


def _catalog_of(page: str) -> Json:
    """The catalogue that a record's page is in; what was only converted is in none."""
    start = page.rsplit("/", 2)[0]
    return {"@type": "DataCatalog", "@id": f"{start}/catalog"} if not VOCABULARY.startswith(f"{start}/") else None


def _is_of_schema(value: Term) -> bool:
    return isinstance(value, NamedNode) and value.value.startswith(str(SCHEMA))


def _stated(view: DescriptionView) -> dict[str, Json]:
    """What a dataset says of itself in schema.org, as a tree; nothing where it speaks DCAT."""
    if not view.has_type(SCHEMA.Dataset):
        return {}
    start = str(SCHEMA)
    said = [
        Triple(part.node, name, value)
        for part in view.parts()
        for name, value in part.statements
        if isinstance(part.node, (NamedNode, BlankNode))
        and (name.value.startswith(start) or (name == RDF.type and _is_of_schema(value)))
    ]
    writer = jsonld.TreeWriter(
        said,
        key=lambda name: name.value.removeprefix(start),
        value=lambda _, value: _json_of(value),
        node_id=lambda node: node.value if isinstance(node, NamedNode) and GENID not in node.value else None,
    )
    assert isinstance(view.node, NamedNode)
    tree = writer.tree(view.node)
    return {key: value for key, value in tree.items() if not key.startswith("@") and ":" not in key}


def _pruned(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: inner for key, part in value.items() if (inner := _pruned(part)) not in (None, "", [], {})}
    if isinstance(value, list):
        parts = [inner for part in value if (inner := _pruned(part)) not in (None, "", [], {})]
        return parts[0] if len(parts) == 1 else parts
    return value


#: Languages whose tag (BCP 47) is shorter than the code that the EU language list has for them.
_TAGS: Final = {
    "ENG": "en",
    "CYM": "cy",
    "GLE": "ga",
    "GLA": "gd",
    "FRA": "fr",
    "DEU": "de",
    "SPA": "es",
    "ITA": "it",
    "NLD": "nl",
    "POL": "pl",
    "POR": "pt",
    "ZHO": "zh",
    "ARA": "ar",
}
_LANGUAGE_LIST: Final = "http://publications.europa.eu/resource/authority/language/"


def _language(part: View) -> str:
    """The tag of a language, or what it is called where only that is known."""
    code = (part.iri or "").removeprefix(_LANGUAGE_LIST)
    return _TAGS.get(code, code.casefold()) if code and code != part.iri else part.label


def _json_of(value: Literal) -> Json:
    """A literal as JSON has it: numbers and truth values are what they were before they were RDF."""
    if value.datatype == XSD.boolean:
        return value.value in ("true", "1")
    # What Python takes for a number beside these, such as 1_000, is none in XML Schema.
    if value.datatype in (XSD.integer, XSD.double, XSD.decimal) and _NUMBER.match(value.value):
        if value.datatype == XSD.integer and value.value.lstrip("+-").isdecimal():
            return int(value.value)
        number = float(value.value)
        if math.isfinite(number):
            return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return value.value


_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]{1,300}(?:\.[0-9]{0,300})?|\.[0-9]{1,300})(?:[eE][-+]?[0-9]{1,4})?\Z")


def _licence(licence: View) -> Json:
    """The address of a licence; one that has none is a work with a name (schema.org takes no text for a licence)."""
    return licence.address or {"@type": "CreativeWork", "name": licence.label}


def _place(place: View) -> Json:
    box = box_of(place)
    name = "" if is_box(place.label) or is_web(place.label) else place.label
    if not box and not name:
        return None
    address = place.address if place.address and is_web(place.address) else None
    return {"@type": "Place", "@id": address, "name": name, "geo": {"@type": "GeoShape", "box": box} if box else None}


def _agent(agent: View) -> Json:
    address = agent.address
    return {
        "@type": "Person" if agent.is_person else "Organization",
        "@id": address,
        "name": agent.label,
        "url": agent.link(FOAF.homepage) or (address if address and address.startswith("https://") else None),
    }


def _is_free_of_charge(view: DescriptionView, is_open: bool, behind: bool) -> bool | None:
    """What the publisher says; else so where anybody may have the data, and not so behind approval or at a price."""
    stated = view.text(SCHEMA.isAccessibleForFree).casefold()
    if stated in ("true", "1", "false", "0"):
        return stated in ("true", "1")
    return True if is_open else False if behind or view.values(NDL.cost) else None


def _contact(contact: View) -> Json:
    address, page = contact.mail or "", contact.link(VCARD.hasURL)
    name = contact.label if contact.is_described or isinstance(contact.node, Literal) else None
    page = page or (contact.iri if contact.iri and is_web(contact.iri) and not contact.is_described else None)
    said = {"name": name, "email": address.removeprefix("mailto:"), "url": page}
    return {"@type": "ContactPoint", **said} if any(said.values()) else None


def _address(part: View) -> str | None:
    return part.link(DCAT.downloadURL, DCAT.accessURL)


def _download(part: View) -> Json:
    medium = next((view for view in part.views(DCAT.mediaType) if view.iri), None)
    return {
        "@type": "DataDownload",
        "@id": part.address,
        "name": part.text(DCT.title),
        "description": plain(part.text(DCT.description)),
        "contentUrl": _address(part),
        "encodingFormat": (medium.iri or "").removeprefix(str(IANA))
        if medium
        else next((view.label for view in part.views(DCT.format)), None),
        "contentSize": part.text(DCAT.byteSize),
        "license": (licence := part.view(DCT.license)) and _licence(licence),
    }


def _period(period: View) -> Json:
    if isinstance(period.node, Literal):
        return period.node.value
    start, end = period.period
    return f"{start or '..'}/{end or '..'}" if start or end else None
