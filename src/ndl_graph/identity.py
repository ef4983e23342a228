"""Gives a description the IRIs it will keep: its dataset's, and those of its blank and relative nodes."""

import hashlib
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple
from slugify import slugify

from ndl_graph.crosswalk import dcat_from_schema
from ndl_graph.namespaces import DCAT, DCT, FOAF, GENID, NDL, ODRL, RDF, RELATIVE, SCHEMA, VCARD, is_web
from ndl_graph.normalise import Normaliser, Repairs, clean_iri, web_address
from ndl_graph.record import Description, Node, Statements, Term, term_of, triples_of

__all__ = ["Identity", "distinct_slugs", "identify", "organisation_iri", "settle", "slug_for"]

_SLUG_LENGTH: Final = 80
#: What tells the identity of a description, of its root and of the parties it names.
_TELLING: Final = frozenset(
    str(name)
    for name in (
        RDF.type,
        DCT.title,
        SCHEMA.name,
        DCT.publisher,
        SCHEMA.publisher,
        DCT.creator,
        ODRL.assignee,
        DCT.identifier,
        SCHEMA.identifier,
        SCHEMA.url,
    )
)
_NAMES: Final = frozenset((str(FOAF.name), str(SCHEMA.name)))
#: Text without one of these names no node that must be named anew; with one it is looked at closely.
_RELATIVE: Final = "<relative://"
_SCHEMA_DATASET: Final = str(SCHEMA.Dataset)
_LOCAL: Final = ("_:", _RELATIVE)
_UNSETTLED: Final = (*_LOCAL, _SCHEMA_DATASET)
#: How far away is looked at what is said of nodes that lead back to themselves.
_STEPS: Final = 50


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


def name_slug(name: str) -> str:
    """A readable slug that another name has only if it differs in nothing but punctuation, accents or case."""
    slug: str = slugify(name, replacements=(("&", " and "),))
    if slug and len(slug) <= _SLUG_LENGTH:
        return slug
    # What was cut off, or has no letters, is told apart by a mark made of all of it.
    return f"{slug_for(slug)}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def organisation_iri(base: str) -> Callable[[str], str]:
    """Makes the IRIs of organisations that are known by name only."""
    return lambda name: f"{base}organisation/{name_slug(name)}"


def distinct_slugs(names: Iterable[str]) -> dict[str, str]:
    """A slug for each name; where two would be alike, the one that comes later in the alphabet is numbered."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        slug = first = name_slug(name)
        number = 2
        while slug in taken:
            slug = f"{first}-{number}"
            number += 1
        taken.add(slug)
        found[name] = slug
    return found


def identify(description: Description) -> Identity:
    """The identity of a description, from what it says of itself."""
    said: dict[str, list[Term]] = {}
    names: dict[str, str] = {}
    root = description.root
    own = str(root)
    for line in description.statements.lines:
        subject, predicate, value = line.split(" ", 2)
        if subject == own:
            if predicate in _TELLING:
                said.setdefault(predicate, []).append(term_of(value))
        elif predicate in _NAMES and isinstance(called := term_of(value), Literal):
            names.setdefault(subject, called.value)

    def texts(*predicates: NamedNode) -> list[str]:
        terms = [term for name in predicates for term in said.get(str(name), ())]
        # English first, then the order of the source, so that a slug does not hang on the order of triples.
        terms.sort(key=lambda term: not (isinstance(term, Literal) and (term.language or "en").startswith("en")))
        return [RELATIVE.sub("", term.value.strip()) for term in terms if isinstance(term, (Literal, NamedNode))]

    title = next(iter(texts(DCT.title, SCHEMA.name)), "")
    # A use of data has no publisher: who uses it tells two registers apart that number their entries alike.
    named = (DCT.publisher, SCHEMA.publisher, DCT.creator, ODRL.assignee)
    parties = [term for name in named for term in said.get(str(name), ())]
    publisher = next((names[str(party)] for party in parties if str(party) in names), "")
    if not publisher:
        publisher = next((RELATIVE.sub("", party.value) for party in parties if isinstance(party, NamedNode)), "")
    given = root.value if isinstance(root, NamedNode) and is_web(root.value) else None
    if given is None and not _is_absolute(root):
        is_schema = SCHEMA.Dataset in said.get(str(RDF.type), ())
        stated = texts(DCT.identifier, SCHEMA.identifier) + (texts(SCHEMA.url) if is_schema else [])
        given = next((iri for text in stated if is_web(text) and " " not in text and (iri := clean_iri(text))), None)
    if given:
        return Identity(given, given, title, publisher)
    name = (
        root.value
        if isinstance(root, NamedNode) and _is_absolute(root)
        else next(iter(texts(DCT.identifier, SCHEMA.identifier)), title)
    )
    # A key of our making never looks like an IRI.
    return Identity(None, f"minted|{publisher.casefold()}|{name.casefold()}", title, publisher)


def settle(
    description: Description,
    dataset: NamedNode,
    base: str,
    normaliser: Normaliser,
    others: Mapping[str, str] = MappingProxyType({}),
) -> Statements:
    """The description with every node named for good, and with DCAT beside schema.org.

    `others` tells what the roots of other descriptions are called, both as N-Triples has them. Applies the steps
    `crosswalk`, `dataset-iri` and `blank-node` of `normalise.STEPS`.
    """
    lines = description.statements.lines
    text = "\n".join(lines)
    unsettled = any(mark in text for mark in _UNSETTLED)
    if others and not unsettled:
        unsettled = any(line.split(" ", 2)[2] in others for line in lines)
    if not unsettled and description.root == dataset:
        return description.statements
    if _SCHEMA_DATASET in text:
        lines = _with_dcat(description.statements.triples, normaliser)
    root, target = str(description.root), str(dataset)
    # Without a copy of the others, of which there may be many; what is added goes into the first map alone, which the
    # type of ChainMap cannot say.
    names: MutableMapping[str, str] = ChainMap({root: target}, others) if others else {root: target}  # type: ignore[arg-type]
    if root != target:
        given = description.root.value if isinstance(description.root, NamedNode) else ""
        given = "" if GENID in given else given
        normaliser.repairs.note("dataset-iri", RELATIVE.sub("", given) or "no IRI", dataset.value)
        if given and _is_absolute(description.root):
            lines = [*lines, str(Triple(description.root, DCT.identifier, Literal(given)))]
    if unsettled:
        lines = _without_empty(lines, normaliser.repairs)
        lines = _without_relative(lines, normaliser.repairs)
        _name_nodes(lines, names, dataset.value, base, normaliser.repairs)
    renamed: dict[str, None] = {}
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        if subject in names or value in names:
            line = f"{names.get(subject, subject)} {predicate} {names.get(value, value)}"
        renamed[line] = None
    return Statements(lines=tuple(renamed))


def _with_dcat(triples: Sequence[Triple], normaliser: Normaliser) -> Sequence[str]:
    # The statements made here are repaired like any others, but what is mended on the way is not the publisher's.
    quiet = Normaliser(normaliser.organisation)
    known = set(triples)
    blocks = quiet.blocks(dcat_from_schema(triples))
    added = [triple for block in blocks for triple in triples_of(block.lines) if triple not in known]
    periods = {triple.subject for triple in added if triple.predicate == RDF.type and triple.object == DCT.PeriodOfTime}
    if any(triple.predicate == DCT.temporal and triple.object not in periods for triple in triples):
        # The period is there already, from an earlier pass: a second node for it would say nothing new.
        added = [triple for triple in added if triple.subject not in periods and triple.object not in periods]
    if added:
        normaliser.repairs.note("crosswalk", "schema.org alone", f"{len(added)} statements in DCAT beside")
    return [str(triple) for triple in dict.fromkeys((*triples, *added))]


#: What a node says something about only if something is said of the node.
_TOLD_BY_A_NODE: Final = frozenset(
    map(str, (DCT.license, DCT.rights, DCT.accessRights, DCT.spatial, DCT.temporal, DCT.conformsTo, DCT.provenance))
)


def _without_empty(lines: Sequence[str], repairs: Repairs) -> Sequence[str]:
    """The lines without blank nodes that say what kind of thing they are, and nothing else (step `empty`)."""
    told = [line.split(" ", 2) for line in lines]
    # One of which something is said, or that has another part to play as well, is not empty.
    telling = {subject for subject, predicate, _ in told if predicate != _TYPE}
    telling |= {value for _, predicate, value in told if predicate not in _TOLD_BY_A_NODE}
    empty = {
        value
        for _, predicate, value in told
        if predicate in _TOLD_BY_A_NODE and value.startswith("_:") and value not in telling
    }
    if not empty:
        return lines
    repairs.note("empty", "a node of which nothing is said", "left out")
    return tuple(
        line
        for line, (subject, predicate, value) in zip(lines, told, strict=True)
        if subject not in empty and not (predicate in _TOLD_BY_A_NODE and value in empty)
    )


_TYPE: Final = str(RDF.type)
#: What leads to a page or a file, and to no part of the description.
_ADDRESSES: Final = frozenset(
    str(name)
    for name in (
        DCAT.accessURL, DCAT.downloadURL, DCAT.landingPage, DCAT.endpointURL, NDL.howToApply, VCARD.hasURL,
    )
)  # fmt: skip


def _without_relative(lines: Sequence[str], repairs: Repairs) -> Sequence[str]:
    """The lines with addresses that start nowhere as the text that they are (step `link`).

    Read against the dataset's own they would lead to what is not there; what is described here is no such address.
    """
    if _RELATIVE not in "\n".join(lines):
        return lines
    told = [line.split(" ", 2) for line in lines]
    subjects = {subject for subject, _, _ in told}
    mended: list[str] = []
    for line, (subject, predicate, value) in zip(lines, told, strict=True):
        if predicate in _ADDRESSES and value.startswith(_RELATIVE) and value not in subjects and GENID not in value:
            given = RELATIVE.sub("", value[1:-1], count=1)
            if given and not given.startswith("#"):
                address = web_address(given)
                made = str(NamedNode(address) if address else Literal(given))
                repairs.note("link", f"<{given}>", made)
                line = f"{subject} {predicate} {made}"
        mended.append(line)
    return mended


def _name_nodes(
    lines: Sequence[str], names: MutableMapping[str, str], dataset: str, base: str, repairs: Repairs
) -> None:
    """Adds to `names` what each blank or relative node will be called; nodes are told as N-Triples has them."""
    about: dict[str, list[tuple[str, str]]] = {}
    nodes: dict[str, None] = {}
    holders: dict[str, set[str]] = {}
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        if subject.startswith(_LOCAL):
            nodes[subject] = None
            about.setdefault(subject, []).append((predicate, value))
        if value.startswith(_LOCAL):
            nodes[value] = None
            holders.setdefault(value, set()).add(subject)
    for node in nodes:
        if node not in names and not node.startswith("_:"):
            given = RELATIVE.sub("", node[1:-1], count=1)
            tail = quote(given, safe="/:@!$&'()*+,;=-._~%")
            iri = f"{dataset}{'/' if '#' in dataset else '#'}{tail}" if tail else dataset
            names[node] = f"<{iri}>"
            repairs.note("iri", f"<{given}>", iri)
    blank = {node: about.get(node, []) for node in nodes if node not in names and node.startswith("_:")}
    signatures = _signatures(blank, names, _owners(blank, holders, names, dataset))
    for node in blank:
        iri = f"{base}.well-known/genid/{signatures[node]}"
        names[node] = f"<{iri}>"
        repairs.note("blank-node", node, iri)


def _owners(
    blank: Iterable[str], holders: Mapping[str, Iterable[str]], names: Mapping[str, str], dataset: str
) -> dict[str, str]:
    """To what each blank node belongs: the one node with a name that leads to it, be it by others; else the dataset.

    A part of a service that many datasets share is one node in all of their descriptions, as it was in the source.
    """
    owners: dict[str, set[str]] = {node: set() for node in blank}
    waiting = [(node, names.get(holder, holder)) for node in owners for holder in holders.get(node, ())]
    parts: dict[str, list[str]] = {}
    for node in owners:
        for holder in holders.get(node, ()):
            parts.setdefault(holder, []).append(node)
    while waiting:
        node, owner = waiting.pop()
        # Two are as good as many: then it belongs to the dataset.
        if not owner.startswith("_:") and owner not in owners[node] and len(owners[node]) < 2:
            owners[node].add(owner)
            waiting += [(part, owner) for part in parts.get(node, ())]
    return {node: next(iter(found)).strip("<>") if len(found) == 1 else dataset for node, found in owners.items()}


def _signatures(
    blank: Mapping[str, Sequence[tuple[str, str]]], names: Mapping[str, str], owners: Mapping[str, str]
) -> dict[str, str]:
    """A name for each blank node that is made of what is said of it, and in turn of the blank nodes it leads to.

    Nodes of which the same is said get one name. Where nodes lead back to themselves, what is said of them is looked
    at step by step further away, until that tells no more of them apart (colour refinement).
    """
    found: dict[str, str] = {}
    waiting = {node: {value for _, value in said if value in blank} for node, said in blank.items()}
    holders: dict[str, list[str]] = {}
    for node, parts in waiting.items():
        for part in parts:
            holders.setdefault(part, []).append(node)

    def made_of(node: str, parts: Mapping[str, str]) -> str:
        said = sorted(f"{name} {parts.get(value) or names.get(value, value)}" for name, value in blank[node])
        return hashlib.sha256("\n".join([owners[node], *said]).encode()).hexdigest()[:24]

    ready = [node for node, parts in waiting.items() if not parts]
    while ready:
        node = ready.pop()
        found[node] = made_of(node, found)
        for holder in holders.get(node, ()):
            waiting[holder].discard(node)
            if not waiting[holder]:
                ready.append(holder)
    circling = [node for node in blank if node not in found]
    told_apart = 0
    found.update(dict.fromkeys(circling, "^"))
    for _ in range(_STEPS):
        finer = {node: made_of(node, found) for node in circling}
        found.update(finer)
        if len(set(finer.values())) == told_apart:
            return found
        told_apart = len(set(finer.values()))
    # What is said still further away may tell them apart: none is taken for another.
    return found | {node: f"{found[node]}-{number}" for number, node in enumerate(circling)}


def _is_absolute(node: Node) -> bool:
    return isinstance(node, NamedNode) and RELATIVE.match(node.value) is None
