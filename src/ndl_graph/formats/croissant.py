"""Croissant 1.0 and 1.1: what came in as Croissant goes out again; what came in as DCAT is put into its terms."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from math import isfinite
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.access import is_offer, sentences
from ndl_graph.crosswalk import AGENT, DATASET, DISTRIBUTION
from ndl_graph.description import DescriptionView, View, plain
from ndl_graph.errors import ParseError
from ndl_graph.formats import contexts, jsonld
from ndl_graph.formats.jsonld import Json, TreeWriter
from ndl_graph.formats.markdown import citation
from ndl_graph.names import name_table
from ndl_graph.namespaces import (
    CR,
    DCAT,
    DCT,
    DQV,
    GENID,
    IANA,
    METRIC,
    ODRL,
    ORG,
    PREFIXES,
    RDF,
    SCHEMA,
    SPDX,
    XSD,
)
from ndl_graph.order import positions
from ndl_graph.record import Node, Term

__all__ = ["VERSIONS", "write"]

#: Version and the IRI that a dataset conforms to.
VERSIONS: Final = {"1.0": "http://mlcommons.org/croissant/1.0", "1.1": "http://mlcommons.org/croissant/1.1"}

# What the crosswalk says in schema.org terms is not said a second time in DCAT.
_OTHER_WORDS: Final = tuple(
    PREFIXES[prefix]
    for prefix in ("dcat", "dct", "foaf", "vcard", "org", "ndl", "adms", "spdx", "dcatap", "dpv", "ukgov", "pod")
)
_ORDER: Final = {
    name: rank
    for rank, name in enumerate(
        [
            "name",
            "description",
            "conformsTo",
            "alternateName",
            "url",
            "license",
            "creator",
            "publisher",
            "citeAs",
            "datePublished",
            "dateModified",
            "version",
            "keywords",
            "isLiveDataset",
            "distribution",
            "recordSet",
        ]
    )
}
#: What Croissant 1.0 says in a word of schema.org, and 1.1 in one of its own.
_CONTAINED_IN: Final = frozenset({SCHEMA.containedIn, CR.containedIn})
_DATES: Final = frozenset({SCHEMA.datePublished, SCHEMA.dateModified, SCHEMA.dateCreated})
_NATIVE: Final = {XSD.integer: int, XSD.double: float, XSD.decimal: float}
#: Properties of a dataset that are not copied as they are: each has its own way below, or none in Croissant.
_SAID_OTHERWISE: Final = frozenset(
    {
        SCHEMA.distribution, SCHEMA.contactPoint, SCHEMA.url, SCHEMA.publisher, SCHEMA.creator, SCHEMA.name,
        SCHEMA.description, SCHEMA.spatialCoverage, SCHEMA.temporalCoverage, SCHEMA.inLanguage,
    }
)  # fmt: skip
#: How DCAT (by SPDX) and Croissant name the hashes that both know.
_HASHES: Final = (
    (SPDX.checksumAlgorithm_sha256, SCHEMA.sha256, re.compile(r"[0-9a-f]{64}\Z", re.I)),
    (SPDX.checksumAlgorithm_md5, CR.md5, re.compile(r"[0-9a-f]{32}\Z", re.I)),
)


def write(view: DescriptionView, page: str, triples: Sequence[Triple], version: str = "1.1") -> bytes:
    """The dataset as Croissant JSON-LD of the given version (Croissant 1.1, section “Dataset-level information”)."""
    assert isinstance(view.node, NamedNode)
    root = view.node
    whole_dataset = view.has_type(SCHEMA.Dataset)
    is_croissant = whole_dataset and is_stated(triples)
    # Scores are of the description, not of the data.
    scores = {
        triple.subject for triple in triples if triple.predicate == DQV.isMeasurementOf and METRIC in _text(triple)
    }
    native = _in_one_language(
        triple
        for triple in triples
        if (_is_native(triple) and not scores & {triple.subject, triple.object})
        or (whole_dataset and triple.subject == root and triple.predicate == DCT.conformsTo)
    )
    derived = _derived(view, page, is_croissant)
    if is_croissant:
        stated = {(triple.subject, triple.predicate) for triple in native}
        # Limits of use that were stated, and the offer made of them, stand side by side.
        derived = [
            triple
            for triple in derived
            if (triple.subject, triple.predicate) not in stated or triple.predicate == SCHEMA.usageInfo
        ]
    else:
        native = _beside(native, derived)
    # What is made of DCAT has no field that leads nowhere: mlcroissant refuses the whole for it.
    if not whole_dataset:
        native = _with_sources(native)
    # The version that is asked for, and whatever else the dataset conforms to.
    native = [
        triple for triple in native if triple.predicate != DCT.conformsTo or _text(triple) not in VERSIONS.values()
    ]
    native.append(Triple(root, DCT.conformsTo, Literal(VERSIONS[version])))
    contained_in = CR.containedIn if version != "1.0" else SCHEMA.containedIn
    native = [
        Triple(one.subject, contained_in, one.object) if one.predicate in _CONTAINED_IN else one for one in native
    ]
    types = [Triple(root, RDF.type, SCHEMA.Dataset)]
    whole = _reachable(root, dict.fromkeys([*types, *native, *derived]))
    writer = TreeWriter(
        whole,
        key=_key,
        value=_value,
        node_id=lambda node: _local(node, root.value),
        type_name=_type,
        reference=lambda name, value: _reference(name, value, root.value),
        places=positions(triples),
    )
    tree = writer.tree(root, _ORDER)
    # The standard context whole: mlcroissant reads no other, but for its language.
    context = {**contexts.read("croissant"), "@language": _language_of(native, view)}
    return jsonld.dumps({"@context": context, **tree})


def is_stated(triples: Iterable[Triple]) -> bool:
    """Whether a description says anything in Croissant's own terms."""
    return any(
        one.predicate.value.startswith(PREFIXES["cr"])
        or (one.predicate in (DCT.conformsTo, RDF.type) and _text(one).startswith(_CROISSANT))
        for one in triples
    )


#: Properties of a dataset that are written as Croissant has them, or not at all.
_IN_MANY_FORMS: Final = frozenset({SCHEMA.creator, SCHEMA.publisher, SCHEMA.inLanguage, SCHEMA.keywords})
#: Where Croissant's versions and its classes have their addresses.
_CROISSANT: Final = ("http://mlcommons.org/croissant/",)
#: Classes of schema.org that Croissant knows for those who make data.
_MAKERS: Final = frozenset({SCHEMA.Person, SCHEMA.Organization})


def _beside(native: Sequence[Triple], derived: Sequence[Triple]) -> list[Triple]:
    """What came in as schema.org, but for what is said as Croissant wants it: schema.org has more forms of that."""
    made = {(one.subject, one.predicate) for one in derived} - {(one.subject, SCHEMA.usageInfo) for one in derived}
    makers = {one.object for one in derived if one.predicate in (SCHEMA.creator, SCHEMA.publisher)}
    root = {one.subject for one in derived if one.predicate == CR.citeAs}
    return [
        one
        for one in native
        if (one.predicate == RDF.type and (one.subject not in makers or one.object in _MAKERS))
        or (
            (one.subject, one.predicate) not in made
            and one.predicate != RDF.type
            and not (one.subject in root and one.predicate in _IN_MANY_FORMS)
        )
    ]


def _language_of(native: Iterable[Triple], view: DescriptionView) -> str:
    """The language of most texts that came in as Croissant, else of the title; English where none is stated."""
    tags = Counter(one.object.language for one in native if isinstance(one.object, Literal) and one.object.language)
    if tags:
        return "en" if "en" in tags else tags.most_common(1)[0][0]
    title = view.literal(DCT.title, SCHEMA.name)
    return (title.language if title else None) or "en"


def _in_one_language(triples: Iterable[Triple]) -> list[Triple]:
    """English where there is English, since mlcroissant takes one language a property."""
    kept: dict[tuple[Node, NamedNode, str], list[Triple]] = {}
    for triple in triples:
        tag = (triple.object.language or "") if isinstance(triple.object, Literal) else ""
        kept.setdefault((triple.subject, triple.predicate, tag), []).append(triple)
    return [
        triple
        for (subject, predicate, tag), found in kept.items()
        if tag in ("", "en") or (subject, predicate, "en") not in kept
        for triple in found
    ]


def _with_sources(native: Sequence[Triple]) -> list[Triple]:
    """Without the record sets that have a field of which nothing says where its values are."""
    told = {one.subject for one in native if one.predicate in (CR.source, CR.value, CR.subField, CR.data)}
    fields = [one for one in native if one.predicate == CR.field]
    left_out = {one.subject for one in fields if one.object not in told and one.subject not in told}
    return [one for one in native if one.predicate != CR.recordSet or one.object not in left_out]


def _text(triple: Triple) -> str:
    return triple.object.value if isinstance(triple.object, (Literal, NamedNode)) else ""


def _is_native(triple: Triple) -> bool:
    name = triple.predicate.value
    if triple.predicate == RDF.type:
        # DCAT's own classes are made of schema.org's, and a term of a concept scheme is no part of a dataset.
        return isinstance(triple.object, NamedNode) and not triple.object.value.startswith(_OTHER_WORDS)
    if triple.predicate == DCT.conformsTo:
        return _text(triple).startswith("http://mlcommons.org/croissant/")
    if triple.predicate in (ODRL.hasPolicy, ODRL.target) or is_offer(triple.subject):
        # `usageInfo` leads to an offer, and mlcroissant follows one that leads back without end.
        return False
    return not name.startswith(_OTHER_WORDS)


def _reachable(root: NamedNode, triples: Iterable[Triple]) -> list[Triple]:
    """What hangs together with the root, but no way back and no nameless node of which nothing is said.

    mlcroissant follows either without end.
    """
    index: dict[Node, list[Triple]] = {}
    for triple in triples:
        index.setdefault(triple.subject, []).append(triple)
    found: list[Triple] = []
    seen: set[Node] = {root}
    way: list[tuple[Node, Iterator[Triple]]] = [(root, iter(index.get(root, ())))]
    above: set[Node] = {root}
    while way:
        node, left = way[-1]
        statement = next(left, None)
        if statement is None:
            way.pop()
            above.discard(node)
            continue
        value = statement.object
        if isinstance(value, (NamedNode, BlankNode)):
            if value in above:
                continue
            if value in index and value not in seen:
                seen.add(value)
                above.add(value)
                way.append((value, iter(index[value])))
        found.append(statement)
    while True:
        said = {statement.subject for statement in found}
        kept = [one for one in found if not _is_nameless(one.object, root) or one.object in said]
        if len(kept) == len(found):
            return kept
        found = kept


def _is_nameless(term: Term, root: NamedNode) -> bool:
    return isinstance(term, (NamedNode, BlankNode)) and _local(term, root.value) is None


def _derived(view: DescriptionView, page: str, is_croissant: bool) -> list[Triple]:
    """The statements that DCAT makes, in Croissant's terms."""
    root = view.node
    assert isinstance(root, NamedNode)
    # As text, since mlcroissant follows a node that refers to itself without end.
    out = [Triple(root, SCHEMA.url, Literal(page)), Triple(root, SCHEMA.sameAs, Literal(root.value))]
    for schema, dcat in DATASET:
        if schema in _SAID_OTHERWISE:
            continue
        if schema in _DATES:
            out += [Triple(root, schema, Literal(day)) for day in [view.date(dcat)] if day]
            continue
        values = view.licences if schema == SCHEMA.license else view.views(dcat)
        out += [Triple(root, schema, Literal(text)) for value in values if (text := _named(value))]
    out.append(Triple(root, SCHEMA.name, Literal(view.title)))
    out.append(Triple(root, CR.citeAs, Literal(citation(view))))
    if view.summary:
        out.append(Triple(root, SCHEMA.description, Literal(plain(view.summary))))
    holder = [view.publisher] if view.publisher else []
    for schema, agents in (
        # Croissant asks for a creator: where none is named, that is who holds the data.
        (SCHEMA.creator, view.views(DCT.creator, SCHEMA.creator, DCT.publisher, SCHEMA.publisher) or holder),
        (SCHEMA.publisher, view.views(DCT.publisher, SCHEMA.publisher)),
    ):
        for agent in agents:
            if isinstance(agent.node, (NamedNode, BlankNode)) and agent.label:
                out.append(Triple(root, schema, agent.node))
                out += _agent(agent)
    for offer in view.views(ODRL.hasPolicy):
        # Use conditions (Croissant 1.1): the offer, and what it says in words.
        if isinstance(offer.node, NamedNode):
            out += [
                Triple(root, SCHEMA.usageInfo, offer.node),
                Triple(offer.node, RDF.type, ODRL.Offer),
                Triple(offer.node, SCHEMA.description, Literal(" ".join(sentences(view)))),
            ]
    if not is_croissant:
        files = {part.node: _file(view, part) for part in view.distributions}
        for said in files.values():
            out += said
        if not view.date(SCHEMA.datePublished, DCT.issued) and view.modified:
            out.append(Triple(root, SCHEMA.datePublished, Literal(view.modified)))
        if not all(_has_hash(view.at(node), said) for node, said in files.items() if said):
            # Files of public bodies change in place, so there is no hash to state (Croissant 1.0, isLiveDataset).
            out.append(Triple(root, CR.isLiveDataset, Literal(True)))
    return out


def _named(value: View) -> str:
    """The address of a node, or what it is called where that is of our making."""
    return value.address or value.label


def _has_hash(part: View, said: Iterable[Triple]) -> bool:
    """Whether a file has a hash, in the description or in what is made of it."""
    return bool(part.literal(SCHEMA.sha256, SCHEMA.md5, CR.md5)) or any(
        one.predicate in (SCHEMA.sha256, CR.md5) for one in said
    )


def _agent(agent: View) -> list[Triple]:
    """An organisation with those it belongs to, each told once."""
    out: list[Triple] = []
    told: set[Term] = {agent.node}
    waiting = [agent]
    while waiting:
        here = waiting.pop(0)
        node = here.node
        assert isinstance(node, (NamedNode, BlankNode))
        kind = SCHEMA.Person if here.is_person else SCHEMA.Organization
        out += [Triple(node, RDF.type, kind), Triple(node, SCHEMA.name, Literal(here.label))]
        for schema, dcat in AGENT:
            if schema != SCHEMA.name and (value := here.link(dcat)):
                out.append(Triple(node, schema, Literal(value.removeprefix("mailto:"))))
        for parent in here.views(ORG.subOrganizationOf):
            if not isinstance(parent.node, (NamedNode, BlankNode)) or not parent.label or parent.node in told:
                continue
            out.append(Triple(node, SCHEMA.parentOrganization, parent.node))
            told.add(parent.node)
            waiting.append(parent)
    return out


def _file(view: DescriptionView, part: View) -> list[Triple]:
    node = part.node
    address = part.link(DCAT.downloadURL, DCAT.accessURL)
    root = view.node
    if not isinstance(root, NamedNode) or not isinstance(node, (NamedNode, BlankNode)) or not address or node == root:
        return []
    name = part.text(DCT.title) or address.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    out = [
        Triple(root, SCHEMA.distribution, node),
        Triple(node, RDF.type, CR.FileObject),
        # Search engines have refused `cr:FileObject` alone.
        Triple(node, RDF.type, SCHEMA.DataDownload),
        Triple(node, SCHEMA.name, Literal(name)),
        Triple(node, SCHEMA.contentUrl, Literal(address)),
    ]
    medium = next((value.iri for value in part.views(DCAT.mediaType) if value.iri), None)
    form = next((value.label for value in part.views(DCT.format)), None)
    medium = medium or (name_table("media-type").find(form) if form else None)
    encoding = medium.removeprefix(str(IANA)) if medium else form or "application/octet-stream"
    out.append(Triple(node, SCHEMA.encodingFormat, Literal(encoding)))
    for checksum in part.views(SPDX.checksum):
        for algorithm, hash_name, written in _HASHES:
            if algorithm in checksum.values(SPDX.algorithm) and written.match(
                digest := checksum.text(SPDX.checksumValue)
            ):
                out.append(Triple(node, hash_name, Literal(digest.lower())))
    for schema, dcat in DISTRIBUTION:
        if schema in (SCHEMA.description, SCHEMA.license, SCHEMA.contentSize):
            value = part.view(dcat)
            if value is not None:
                text = _named(value) + (" B" if schema == SCHEMA.contentSize else "")
                out.append(Triple(node, schema, Literal(text)))
    return out


# --- names and values ------------------------------------------------------------------------------------


def _key(term: NamedNode) -> str:
    context = contexts.read("croissant")
    iri = term.value
    if term == DCT.conformsTo:
        return "conformsTo"
    if iri.startswith(PREFIXES["rai"]):
        return "rai:" + iri[len(PREFIXES["rai"]) :]
    if iri.startswith(PREFIXES["cr"]):
        local = iri[len(PREFIXES["cr"]) :]
        return local if local in context else f"cr:{local}"
    if iri.startswith(PREFIXES["schema"]):
        local = iri[len(PREFIXES["schema"]) :]
        return f"sc:{local}" if local in context else local
    return iri


def _type(term: NamedNode) -> str:
    for prefix, namespace in (("sc", PREFIXES["schema"]), ("cr", PREFIXES["cr"])):
        if term.value.startswith(namespace):
            return f"{prefix}:{term.value[len(namespace) :]}"
    return term.value


def _local(node: Node, root: str) -> str | None:
    """The `@id`: short where it belongs to the dataset, none where the node was blank."""
    if not isinstance(node, NamedNode) or GENID in node.value:
        return None
    for mark in ("#", "/"):
        if node.value.startswith(root + mark) and len(node.value) > len(root) + 1:
            # `#data` is a name that data in it refers to: its mark was encoded only because an address has no second.
            name = node.value[len(root) + 1 :]
            return node.value if mark != "#" else f"#{name[3:]}" if name.startswith("%23") else name
    return node.value


def _reference(name: NamedNode, value: NamedNode, root: str) -> Json:
    if name == CR.dataType:
        return _type(value)
    identity = _local(value, root)
    return {"@id": identity} if identity else {}


def _value(name: NamedNode, value: Literal) -> Json:
    if name in (CR.data, CR.examples) and value.datatype == RDF.JSON:
        try:
            return jsonld.load_json(BytesIO(value.value.encode()))
        except ParseError:
            return value.value
    if value.datatype == XSD.boolean:
        return value.value in ("true", "1")
    if value.datatype in _NATIVE:
        try:
            number = _NATIVE[value.datatype](value.value)
        except ValueError:
            return value.value
        # JSON has no infinite numbers.
        return value.value if isinstance(number, float) and not isfinite(number) else number
    return value.value
