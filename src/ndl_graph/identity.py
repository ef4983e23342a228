"""Gives a description the IRIs it will keep: its dataset's, and those of its blank and relative nodes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from slugify import slugify

from ndl_graph.crosswalk import dcat_from_schema
from ndl_graph.namespaces import DCT, FOAF, RDF, SCHEMA
from ndl_graph.normalise import RELATIVE_BASE, Normaliser, Repairs
from ndl_graph.record import Description, Node, Term

__all__ = ["Identity", "identify", "organisation_iri", "settle", "slug_for"]

_SLUG_LENGTH: Final = 80


@dataclass(frozen=True)
class Identity:
    """How a description is found again: the IRI its publisher gave it, if any, and a key that lasts."""

    iri: str | None
    key: str
    title: str
    publisher: str


def slug_for(text: str) -> str:
    """A readable slug of at most 80 characters; never empty."""
    slug: str = slugify(text, max_length=_SLUG_LENGTH, word_boundary=True)
    return slug or "untitled"


def organisation_iri(base: str) -> Callable[[str], str]:
    """Makes the IRIs of organisations that are known by name only."""
    return lambda name: f"{base}organisation/{slug_for(name)}"


def identify(description: Description) -> Identity:
    """The identity of a description, from what it says of itself."""
    said: dict[NamedNode, list[Term]] = {}
    names: dict[Node, str] = {}
    root = description.root
    for triple in description.triples:
        if triple.subject == root:
            said.setdefault(triple.predicate, []).append(triple.object)
        elif triple.predicate in (FOAF.name, SCHEMA.name) and isinstance(triple.object, Literal):
            names.setdefault(triple.subject, triple.object.value)

    def texts(*predicates: NamedNode) -> list[str]:
        terms = [term for name in predicates for term in said.get(name, ())]
        # English first, then the order of the source, so that a slug does not hang on the order of triples.
        terms.sort(key=lambda term: not (isinstance(term, Literal) and (term.language or "en").startswith("en")))
        return [term.value.strip() for term in terms if isinstance(term, (Literal, NamedNode))]

    title = next(iter(texts(DCT.title, SCHEMA.name)), "")
    parties = [term for name in (DCT.publisher, SCHEMA.publisher, DCT.creator) for term in said.get(name, ())]
    publisher = next(
        (names[party] for party in parties if not isinstance(party, Literal) and party in names), ""
    ) or next((party.value for party in parties if isinstance(party, NamedNode)), "")
    given = root.value if isinstance(root, NamedNode) and _is_web(root.value) else None
    if given is None and not _is_absolute(root):
        is_schema = SCHEMA.Dataset in said.get(RDF.type, ())
        stated = texts(DCT.identifier, SCHEMA.identifier) + (texts(SCHEMA.url) if is_schema else [])
        given = next((text for text in stated if _is_web(text) and " " not in text), None)
    if given:
        return Identity(given, given, title, publisher)
    name = (
        root.value
        if isinstance(root, NamedNode) and _is_absolute(root)
        else next(iter(texts(DCT.identifier, SCHEMA.identifier)), title)
    )
    # A key of our making never looks like an IRI.
    return Identity(None, f"minted|{publisher.casefold()}|{name.casefold()}", title, publisher)


def settle(description: Description, dataset: NamedNode, base: str, normaliser: Normaliser) -> tuple[Triple, ...]:
    """The description with every node named for good, and with DCAT beside schema.org.

    Applies the steps `crosswalk`, `dataset-iri` and `blank-node` of `normalise.STEPS`.
    """
    triples: Sequence[Triple] = description.triples
    if any(triple.object == SCHEMA.Dataset for triple in triples if triple.predicate == RDF.type):
        triples = _with_dcat(triples, normaliser)
    root = description.root
    local = any(_is_local(triple.subject) or _is_local(triple.object) for triple in triples)
    if root == dataset and not local:
        return tuple(triples)
    names: dict[Node, NamedNode] = {root: dataset}
    if root != dataset:
        given = root.value if isinstance(root, NamedNode) else ""
        normaliser.repairs.note("dataset-iri", given or "no IRI", dataset.value)
        if given and _is_absolute(root):
            triples = [*triples, Triple(root, DCT.identifier, Literal(given))]
    _name_nodes(triples, names, dataset.value, base, normaliser.repairs)

    if root == dataset:
        del names[root]
    renamed: list[Triple] = []
    for triple in triples:
        subject, value = triple.subject, triple.object
        new_subject = names.get(subject, subject)
        new_value = value if isinstance(value, Literal) else names.get(value, value)
        same = new_subject is subject and new_value is value
        renamed.append(triple if same else Triple(new_subject, triple.predicate, new_value))
    return tuple(dict.fromkeys(renamed))


def _with_dcat(triples: Sequence[Triple], normaliser: Normaliser) -> Sequence[Triple]:
    # The statements made here are repaired like any others, but what is mended on the way is not the publisher's.
    quiet = Normaliser(normaliser.organisation)
    known = set(triples)
    added = [triple for block in quiet.blocks(dcat_from_schema(triples)) for triple in block if triple not in known]
    periods = {triple.subject for triple in added if triple.predicate == RDF.type and triple.object == DCT.PeriodOfTime}
    if any(triple.predicate == DCT.temporal and triple.object not in periods for triple in triples):
        # The period is there already, from an earlier pass: a second node for it would say nothing new.
        added = [triple for triple in added if triple.subject not in periods and triple.object not in periods]
    if added:
        normaliser.repairs.note("crosswalk", "schema.org alone", f"{len(added)} statements in DCAT beside")
    return [*triples, *dict.fromkeys(added)]


def _name_nodes(
    triples: Sequence[Triple], names: dict[Node, NamedNode], dataset: str, base: str, repairs: Repairs
) -> None:
    about: dict[Term, list[Triple]] = {}
    for triple in triples:
        about.setdefault(triple.subject, []).append(triple)
    hashes: dict[Node, str] = {}

    def signature(term: Term, path: tuple[Term, ...]) -> str:
        if not isinstance(term, BlankNode) or term in names:
            return str(names.get(term, term)) if isinstance(term, (NamedNode, BlankNode)) else str(term)
        if term in path:
            return f"^{len(path) - path.index(term)}"  # a cycle: how far back it goes is all there is to say
        if term in hashes and not path:
            return hashes[term]
        said = sorted(f"{t.predicate} {signature(t.object, (*path, term))}" for t in about.get(term, ()))
        value = hashlib.sha256("\n".join([dataset, *said]).encode()).hexdigest()[:24]
        if not path:
            hashes[term] = value
        return value

    nodes = dict.fromkeys(
        node
        for triple in triples
        for node in (triple.subject, triple.object)
        if isinstance(node, (NamedNode, BlankNode)) and node not in names and _is_local(node)
    )
    for node in nodes:
        if isinstance(node, NamedNode):
            tail = quote(node.value.removeprefix(RELATIVE_BASE), safe="/:@!$&'()*+,;=-._~%")
            names[node] = NamedNode(f"{dataset}{'/' if '#' in dataset else '#'}{tail}" if tail else dataset)
            repairs.note("iri", f"<{node.value.removeprefix(RELATIVE_BASE)}>", names[node].value)
    minted = {
        node: NamedNode(f"{base}.well-known/genid/{signature(node, ())}")
        for node in nodes
        if isinstance(node, BlankNode)
    }
    for node, iri in minted.items():
        names[node] = iri
        repairs.note("blank-node", f"_:{node.value}", iri.value)


def _is_web(iri: str) -> bool:
    return iri.startswith(("http://", "https://"))


def _is_absolute(node: Node) -> bool:
    return isinstance(node, NamedNode) and not node.value.startswith(RELATIVE_BASE)


def _is_local(term: Term) -> bool:
    return isinstance(term, BlankNode) or (isinstance(term, NamedNode) and term.value.startswith(RELATIVE_BASE))
