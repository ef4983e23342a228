"""One table between schema.org (and Croissant) and DCAT, read in both directions."""

from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.namespaces import CR, DCAT, DCT, FOAF, RDF, SCHEMA, VCARD, is_web
from ndl_graph.record import Node, Term

__all__ = ["AGENT", "DATASET", "DISTRIBUTION", "dcat_from_schema"]

#: schema.org property and DCAT property, for a dataset.
DATASET: Final = (
    (SCHEMA.name, DCT.title),
    (SCHEMA.alternateName, DCT.alternative),
    (SCHEMA.description, DCT.description),
    (SCHEMA.license, DCT.license),
    (SCHEMA.creator, DCT.creator),
    (SCHEMA.publisher, DCT.publisher),
    (SCHEMA.identifier, DCT.identifier),
    (SCHEMA.keywords, DCAT.keyword),
    (SCHEMA.url, DCAT.landingPage),
    (SCHEMA.version, DCAT.version),
    (SCHEMA.dateCreated, DCT.created),
    (SCHEMA.datePublished, DCT.issued),
    (SCHEMA.dateModified, DCT.modified),
    (SCHEMA.inLanguage, DCT.language),
    (SCHEMA.spatialCoverage, DCT.spatial),
    (SCHEMA.temporalCoverage, DCT.temporal),
    (SCHEMA.distribution, DCAT.distribution),
    (SCHEMA.contactPoint, DCAT.contactPoint),
)
#: The same for a distribution (`schema:DataDownload`, `cr:FileObject`).
DISTRIBUTION: Final = (
    (SCHEMA.name, DCT.title),
    (SCHEMA.description, DCT.description),
    (SCHEMA.contentUrl, DCAT.downloadURL),
    (SCHEMA.encodingFormat, DCAT.mediaType),
    (SCHEMA.contentSize, DCAT.byteSize),
    (SCHEMA.license, DCT.license),
    (SCHEMA.dateModified, DCT.modified),
)
#: The same for a person or organisation.
AGENT: Final = (
    (SCHEMA.name, FOAF.name),
    (SCHEMA.url, FOAF.homepage),
    (SCHEMA.email, FOAF.mbox),
)
#: The same for a contact.
CONTACT: Final = (
    (SCHEMA.name, VCARD.fn),
    (SCHEMA.email, VCARD.hasEmail),
    (SCHEMA.telephone, VCARD.hasTelephone),
    (SCHEMA.url, VCARD.hasURL),
)
#: Other words of schema.org for the same, where the first is not said; what `schema:citation` names is another work.
_ALSO: Final = (
    (SCHEMA.author, DCT.creator),
    (SCHEMA.provider, DCT.publisher),
    (SCHEMA.sourceOrganization, DCT.publisher),
)
_AGENTS: Final = frozenset(
    SCHEMA[name]
    for name in (
        "Organization", "Person", "GovernmentOrganization", "CollegeOrUniversity", "EducationalOrganization", "NGO",
        "Corporation", "ResearchOrganization", "LibrarySystem", "Consortium", "Project", "ResearchProject",
    )
)  # fmt: skip
_FILES: Final = frozenset({CR.FileObject, SCHEMA.DataDownload})


def dcat_from_schema(triples: Iterable[Triple]) -> list[Triple]:
    """What the schema.org statements among the triples say, in DCAT; the statements themselves are not repeated."""
    index: dict[Node, list[tuple[NamedNode, Term]]] = {}
    for triple in triples:
        index.setdefault(triple.subject, []).append((triple.predicate, triple.object))
    found: list[Triple] = []
    for subject, statements in index.items():
        types = {value for name, value in statements if name == RDF.type}
        if SCHEMA.Dataset in types:
            found.append(Triple(subject, RDF.type, DCAT.Dataset))
            found += _dataset(subject, statements, index)
        elif types & _FILES and _address(statements):
            found.append(Triple(subject, RDF.type, DCAT.Distribution))
            found += _distribution(subject, statements)
        elif types & _AGENTS:
            found.append(Triple(subject, RDF.type, FOAF.Agent))
            found += _mapped(subject, statements, AGENT)
        elif SCHEMA.ContactPoint in types:
            found.append(Triple(subject, RDF.type, VCARD.Kind))
            found += _mapped(subject, statements, CONTACT)
    return found


Statements = Sequence[tuple[NamedNode, Term]]


def _mapped(subject: Node, statements: Statements, table: Iterable[tuple[NamedNode, NamedNode]]) -> list[Triple]:
    names = dict(table)
    stated = {name for name, _ in statements}
    return [
        Triple(subject, names[name], value)
        for name, value in statements
        # Where the source states it in DCAT itself, that stands.
        if name in names and (names[name] not in stated or name == SCHEMA.distribution)
    ]


def _dataset(subject: Node, statements: Statements, index: dict[Node, list[tuple[NamedNode, Term]]]) -> list[Triple]:
    found: list[Triple] = []
    flat = [(name, term) for name, value in statements for term in _members(value, index)]
    mapped = _mapped(subject, flat, DATASET)
    for schema, dcat in _ALSO:
        if not any(dcat in (one.predicate, name) for one in mapped for name, _ in statements):
            mapped += [Triple(subject, dcat, value) for name, value in flat if name == schema]
    for triple in mapped:
        name, value = triple.predicate, triple.object
        inner = index.get(value, []) if isinstance(value, (NamedNode, BlankNode)) else []
        if name == DCAT.distribution:
            if not _address(inner):
                continue  # a file inside an archive, or a set of files, is no way to the data by itself
        elif name == DCAT.keyword and isinstance(value, Literal) and "," in value.value:
            found += [
                Triple(subject, name, Literal(word.strip(), language=value.language))
                for word in value.value.split(",")
                if word.strip()
            ]
            continue
        elif name == DCAT.keyword and inner:
            found += [Triple(subject, name, term) for key, term in inner if key == SCHEMA.name]
            continue
        elif name == DCT.identifier and inner:
            found += [Triple(subject, name, term) for key, term in inner if key == SCHEMA.value]
            continue
        elif name == DCT.license and inner:
            page = next((term for key, term in inner if key == SCHEMA.url), None)
            found.append(Triple(subject, name, page or value))
            continue
        found.append(triple)
    return found


def _members(value: Term, index: dict[Node, list[tuple[NamedNode, Term]]]) -> list[Term]:
    """The members of a list, such as one of authors in their order; what is no list stands for itself."""
    found: list[Term] = []
    seen: set[Term] = set()
    while isinstance(value, (NamedNode, BlankNode)) and value not in seen:
        seen.add(value)
        said = dict(index.get(value, ()))
        if RDF.first not in said:
            break
        found.append(said[RDF.first])
        value = said.get(RDF.rest, RDF.nil)
    return found or [value]


def _distribution(subject: Node, statements: Statements) -> list[Triple]:
    found: list[Triple] = []
    for triple in _mapped(subject, statements, DISTRIBUTION):
        value = triple.object
        if triple.predicate == DCAT.downloadURL:
            found.append(Triple(subject, DCAT.accessURL, value))
        elif triple.predicate == DCAT.byteSize:
            size = value.value.strip().removesuffix("B").strip() if isinstance(value, Literal) else ""
            if not (size.isascii() and size.isdigit()):
                continue  # "1.2 GB" is a rounded figure: it stays where it is, and is no count of bytes
            triple = Triple(subject, DCAT.byteSize, Literal(size, datatype=_NON_NEGATIVE))
        found.append(triple)
    if not any(name == SCHEMA.contentUrl for name, _ in statements):
        # An address that is not said to be that of the file is at least one where it can be had.
        found += [Triple(subject, DCAT.accessURL, value) for name, value in statements if name == SCHEMA.url]
    return found


_NON_NEGATIVE: Final = NamedNode("http://www.w3.org/2001/XMLSchema#nonNegativeInteger")


def _address(statements: Statements) -> str | None:
    for wanted in (SCHEMA.contentUrl, SCHEMA.url):
        for name, value in statements:
            if name == wanted and isinstance(value, (Literal, NamedNode)) and is_web(address := value.value.strip()):
                return address
    return None
