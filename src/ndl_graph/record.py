"""A record: one bounded description, its identity and its digest.

`Spool` gathers the triples of a source on disk; `split` cuts them into one description for each dataset,
data service, series or catalogue, in bounded memory, whatever the order of the triples.
"""

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Final, Self

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from ndl_graph.namespaces import DCAT, DCT, FOAF, PREFIXES, RDF, SCHEMA, SKOS, Namespace

__all__ = ["KINDS", "Description", "Kind", "Node", "Record", "Spool", "Term", "digest", "split"]

#: What may stand as a subject. Triple terms (RDF 1.2) are left out on the way in: see `normalise`.
Node = NamedNode | BlankNode | Triple
Term = NamedNode | BlankNode | Literal | Triple

_DQV: Final = Namespace(PREFIXES["dqv"])


@dataclass(frozen=True)
class Kind:
    """What a record can be about: its name in IRIs, and the class that says so."""

    name: str
    type: NamedNode


#: In the order in which a node with several types is told; `schema:Dataset` comes in as `dcat:Dataset`.
KINDS: Final = (
    Kind("series", DCAT.DatasetSeries),
    Kind("dataset", DCAT.Dataset),
    Kind("dataset", SCHEMA.Dataset),
    Kind("service", DCAT.DataService),
    Kind("catalog", DCAT.Catalog),
    Kind("dataset", DCAT.Resource),
)
_ROOT_TYPES: Final = frozenset(kind.type for kind in KINDS)

# A service mentioned by a distribution is a part of it, until somebody describes it in its own right.
_OWN_DESCRIPTION: Final = frozenset({DCT.description, DCT.publisher, DCT.identifier})
# A catalogue's list of its members belongs to the catalogue being read, not to a description.
_MEMBERSHIP: Final = frozenset({DCAT.dataset, DCAT.service, DCAT.record, DCAT.resource, SCHEMA.dataset})
# Statements about a description that are made from outside it.
_ABOUT: Final = frozenset({FOAF.primaryTopic, _DQV.computedOn})
# Following these would draw whole vocabularies into a description.
_NOT_FOLLOWED: Final = frozenset(
    {RDF.type, SKOS.inScheme, SKOS.broader, SKOS.narrower, SKOS.related, SKOS.topConceptOf, SKOS.member}
)


_PAGE_SIZE: Final = 32 * 1024
_PAGES_KEPT: Final = 64
_SUBJECTS_KEPT: Final = 2048


@dataclass(frozen=True)
class Description:
    """The triples about one root node, before it has an identity in a catalogue."""

    root: Node
    kind: str
    triples: Sequence[Triple]


@dataclass(frozen=True)
class Record:
    """One description in a catalogue.

    `iri` names the page, the graph and the `dcat:CatalogRecord`; `dataset` is the thing described
    (DCAT 3, section 6.5); `key` is the identity under which the record is found again.
    """

    iri: NamedNode
    dataset: NamedNode
    kind: str
    key: str
    triples: tuple[Triple, ...]
    source: str = ""
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def slug(self) -> str:
        """The last part of the record's IRI."""
        return self.iri.value.rsplit("/", 1)[-1]

    @property
    def digest(self) -> str:
        """SHA-256 of the sorted N-Triples of the description."""
        return digest(self.lines)


def digest(lines: Iterable[str]) -> str:
    """SHA-256, in hexadecimal, of N-Triples lines, which must be sorted."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Spool:
    """The triples of one source, in pages of whole subjects: in memory while small and in a file when not.

    What stays in memory is one page number for each run of a subject's triples (some 200 bytes a subject), not what
    is said. Publishers write what belongs together close together, so a page read is seldom read for one subject.
    """

    def __init__(self, memory: int = 16 * 1024 * 1024) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=memory)  # noqa: SIM115 - closed in __exit__
        self._end = 0
        self._pages: list[tuple[int, int]] = []
        self._places: dict[Node, list[int]] = {}
        self._types: dict[Node, set[NamedNode]] = {}
        self._own: set[Node] = set()
        self._about: dict[Node, list[Node]] = defaultdict(list)
        self._mentioned: set[Node] = set()
        self._reached: set[Node] = set()
        self._read_page = lru_cache(_PAGES_KEPT)(self._parse_page)
        self._read_subject = lru_cache(_SUBJECTS_KEPT)(self._gather)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, blocks: Iterable[Sequence[Triple]]) -> None:
        """Adds runs of triples of one subject, all or none: where reading on fails, nothing of `blocks` stays."""
        pages: list[tuple[int, int]] = []
        places: list[tuple[Node, int]] = []
        types: list[tuple[Node, NamedNode]] = []
        about: list[tuple[Node, Node]] = []
        own: list[Node] = []
        mentioned: list[Node] = []
        page: list[str] = []
        size = 0
        end = self._end
        number = len(self._pages)

        def flush() -> None:
            nonlocal end, size, number
            text = "".join(page).encode()
            self._file.seek(end)
            self._file.write(text)
            pages.append((end, len(text)))
            end += len(text)
            number += 1
            size = 0
            page.clear()

        for block in blocks:
            subject = block[0].subject
            text = " .\n".join(map(str, block)) + " .\n"
            page.append(text)
            size += len(text)
            places.append((subject, number))
            described = False
            for triple in block:
                predicate = triple.predicate
                if predicate == RDF.type:
                    if isinstance(triple.object, NamedNode) and triple.object in _ROOT_TYPES:
                        types.append((subject, triple.object))
                elif predicate in _ABOUT:
                    if not isinstance(triple.object, Literal):
                        about.append((triple.object, subject))
                elif predicate not in _MEMBERSHIP:
                    described = True
                    if predicate == DCAT.accessService and not isinstance(triple.object, Literal):
                        mentioned.append(triple.object)
            if described:
                own.append(subject)
            if size > _PAGE_SIZE:
                flush()
        if page:
            flush()
        self._end = end
        self._pages += pages
        for subject, place in places:
            known = self._places.setdefault(subject, [])
            if not known or known[-1] != place:
                known.append(place)
        for subject, type_ in types:
            self._types.setdefault(subject, set()).add(type_)
        for topic, subject in about:
            self._about[topic].append(subject)
        self._own.update(own)
        self._mentioned.update(mentioned)

    @property
    def roots_seen(self) -> dict[Node, set[NamedNode]]:
        """The subjects that may get a description, in the order in which they were met."""
        return self._types

    @property
    def unreached(self) -> list[Node]:
        """The subjects that no description drew in, once `split` has run."""
        return [subject for subject in self._places if subject not in self._reached]

    def roots(self) -> Iterator[tuple[Node, str]]:
        """The nodes that get a description each, in the order of the source, and their kinds."""
        for subject, types in self._types.items():
            if subject not in self._own:
                continue  # a type and nothing else is a reference, not a description
            kind = next(kind.name for kind in KINDS if kind.type in types)
            if kind == "service" and not self._stands_alone(subject):
                continue
            yield subject, kind

    def _stands_alone(self, service: Node) -> bool:
        if isinstance(service, BlankNode) and service in self._mentioned:
            return False
        return any(triple.predicate in _OWN_DESCRIPTION for triple in self.read(service))

    def read(self, subject: Node) -> list[Triple]:
        """All triples with that subject."""
        return self._read_subject(subject)

    def _gather(self, subject: Node) -> list[Triple]:
        return [triple for page in self._places.get(subject, ()) for triple in self._read_page(page)[subject]]

    def _parse_page(self, number: int) -> dict[Node, list[Triple]]:
        offset, length = self._pages[number]
        self._file.seek(offset)
        page: dict[Node, list[Triple]] = {}
        for quad in parse(self._file.read(length), RdfFormat.N_TRIPLES, lenient=True):
            triple = quad.triple
            page.setdefault(triple.subject, []).append(triple)
        return page

    def describe(self, root: Node, roots: set[Node]) -> list[Triple]:
        """The bounded description of a root: all that is reached from it without passing another root."""
        found: dict[Triple, None] = {}
        queue: list[Node] = [root, *self._about.get(root, ())]
        seen: set[Node] = set(queue)
        while queue:
            subject = queue.pop()
            self._reached.add(subject)
            for triple in self.read(subject):
                if triple.predicate in _MEMBERSHIP:
                    continue
                found[triple] = None
                target = triple.object
                if (
                    not isinstance(target, (Literal, Triple))
                    and target not in seen
                    and target in self._places
                    # A service that has a record of its own is told again with the data it gives access to.
                    and (target not in roots or triple.predicate == DCAT.accessService)
                    and triple.predicate not in _NOT_FOLLOWED
                ):
                    seen.add(target)
                    queue.append(target)
        return list(found)


def split(spool: Spool) -> Iterator[Description]:
    """One description for each dataset, data service, series and catalogue in the spool."""
    roots = dict(spool.roots())
    standing = set(roots)
    for root, kind in roots.items():
        triples = spool.describe(root, standing)
        if kind == "catalog" and not any(triple.predicate in (DCT.title, SCHEMA.name) for triple in triples):
            continue
        yield Description(root, kind, triples)
