"""Cutting a source into descriptions, in bounded memory and whatever its order.

`Spool` gathers the lines of a source on disk; `split` cuts them into one bounded description for each dataset, data
service, series or catalogue.
"""

import marshal
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Final, Self

from cachetools import LRUCache
from pyoxigraph import BlankNode, NamedNode

from ndl_graph.namespaces import DCAT, DCT, DQV, FOAF, RDF, SCHEMA, SKOS
from ndl_graph.record import KINDS, Block, Description, Node, Statements, term_of

__all__ = ["Spool", "linked", "split"]


def _written(*terms: NamedNode) -> frozenset[str]:
    return frozenset(map(str, terms))


_TYPE: Final = str(RDF.type)
_ROOT_TYPES: Final = _written(*(kind.type for kind in KINDS))
# A service mentioned by a distribution is a part of it, until somebody describes it in its own right.
_OWN_DESCRIPTION: Final = _written(DCT.description, DCT.publisher, DCT.identifier)
# One that nobody names needs no more than a name, or an address, to be meant.
_OWN_NAME: Final = _written(DCT.title, DCAT.endpointURL, DCAT.servesDataset)
# A catalogue's list of its members belongs to the catalogue being read, not to a description.
_MEMBERSHIP: Final = _written(DCAT.dataset, DCAT.service, DCAT.record, DCAT.resource, SCHEMA.dataset)
# Statements about a description that are made from outside it.
_ABOUT: Final = _written(FOAF.primaryTopic, DQV.computedOn)
#: What a service serves and a publisher made may be thousands of others: each is told of itself alone.
_LISTS: Final = _written(DCAT.servesDataset, FOAF.made)
_MENTIONED: Final = frozenset({"service", "series"})
_ACCESS_SERVICE: Final = str(DCAT.accessService)
_IN_SERIES: Final = str(DCAT.inSeries)
# Following these would draw whole vocabularies into a description.
_NOT_FOLLOWED: Final = _written(
    RDF.type, SKOS.inScheme, SKOS.broader, SKOS.narrower, SKOS.related, SKOS.topConceptOf, SKOS.member
)
_TITLES: Final = _written(DCT.title, SCHEMA.name)
_WEB: Final = ("<http://", "<https://")

_PAGE_SIZE: Final = 32 * 1024
_PAGES_KEPT: Final = 64
#: Pages over which what is said of one subject may be scattered before it is put together; and subjects so kept.
_SCATTERED: Final = 4
_GATHERED: Final = 10_000


@dataclass(slots=True)
class _Page:
    """What a page holds of one subject: the nodes it leads to, the lines, and its lists of members and others apart.

    `others` are value and line of each statement that leads to what the subject serves or has made.
    """

    links: list[tuple[str, bool]]
    lines: list[str]
    members: list[str]
    others: list[tuple[str, str]]
    _by_root: dict[str, list[tuple[str, str]]] | None = None

    def of(self, root: str, roots: set[str]) -> list[tuple[str, str]]:
        """Those of `others` that lead to a root, and those that lead to none: other roots tell their own."""
        if self._by_root is None:
            self._by_root = {"": []}
            for one in self.others:
                self._by_root.setdefault(one[0] if one[0] in roots else "", []).append(one)
        return [*self._by_root.get(root, ()), *self._by_root[""]]


class Spool:
    """The statements of one source, in pages of whole blocks: in memory while small and in a file when not.

    What stays in memory is a page number for each run of a subject's statements (some 200 bytes a subject), not what
    is said. Publishers write what belongs together close together, so a page read is seldom read for one subject.
    """

    def __init__(self, memory: int = 16 * 1024 * 1024) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=memory)  # noqa: SIM115 - closed in __exit__
        self._end = 0
        self._pages: list[tuple[int, int]] = []
        self._places: dict[str, int | list[int]] = {}
        self._gathered: LRUCache[str, _Page] = LRUCache(_GATHERED)
        self._types: dict[str, set[str]] = {}
        self._own: set[str] = set()
        self._about: dict[str, list[str]] = defaultdict(list)
        self._listed: dict[str, list[str]] = {}
        self._mentioned: set[str] = set()
        self._series: set[str] = set()
        self._linked: set[str] = set()
        self._unreached: dict[str, None] = {}
        self._read_page = lru_cache(_PAGES_KEPT)(self._parse_page)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, blocks: Iterable[Block]) -> None:
        """Adds blocks, all or none: where reading on fails, nothing of `blocks` stays."""
        pages: list[tuple[int, int]] = []
        places: list[tuple[str, int]] = []
        types: list[tuple[str, str]] = []
        about: list[tuple[str, str]] = []
        listed: list[tuple[str, str]] = []
        own: list[str] = []
        mentioned: list[str] = []
        series: list[str] = []
        led_to: list[str] = []
        page: list[tuple[str, list[tuple[str, bool]], Sequence[str], Sequence[str], Sequence[tuple[str, str]]]] = []
        size = 0
        end = self._end
        number = len(self._pages)

        def flush() -> None:
            nonlocal end, size, number
            text = marshal.dumps(page)
            self._file.seek(end)
            self._file.write(text)
            pages.append((end, len(text)))
            end += len(text)
            number += 1
            size = 0
            page.clear()

        for subject, lines in blocks:
            links: list[tuple[str, bool]] = []
            places.append((subject, number))
            members: list[str] = []
            others: list[tuple[str, str]] = []
            described = False
            after = len(subject) + 1
            for line in lines:
                size += len(line)
                predicate, value = line[after:].split(" ", 1)
                leads = value[0] != '"'
                if predicate == _TYPE:
                    if value in _ROOT_TYPES:
                        types.append((subject, value))
                elif predicate in _ABOUT:
                    if leads:
                        about.append((value, subject))
                        links.append((value, False))
                elif predicate in _MEMBERSHIP:
                    members.append(line)
                elif predicate in _LISTS and leads:
                    described = True
                    others.append((value, line))
                    listed.append((value, subject))
                    if not value.startswith(_WEB):
                        led_to.append(value)
                else:
                    described = True
                    if leads and predicate not in _NOT_FOLLOWED:
                        service = predicate == _ACCESS_SERVICE
                        links.append((value, service))
                        if not value.startswith(_WEB):
                            led_to.append(value)
                        if service:
                            mentioned.append(value)
                        elif predicate == _IN_SERIES:
                            series.append(value)
            if described:
                own.append(subject)
            if members or others:
                apart = {*members, *(line for _, line in others)}
                lines = [line for line in lines if line not in apart]
            page.append((subject, links, lines, members, others))
            if size > _PAGE_SIZE:
                flush()
        if page:
            flush()
        self._end = end
        self._pages += pages
        for subject, place in places:
            known = self._places.get(subject)
            if known is None:
                self._places[subject] = place
            elif isinstance(known, int):
                self._places[subject] = known if known == place else [known, place]
            elif known[-1] != place:
                known.append(place)
        self._gathered.clear()
        for subject, type_ in types:
            self._types.setdefault(subject, set()).add(type_)
        for topic, subject in about:
            self._about[topic].append(subject)
        for value, subject in listed:
            self._listed.setdefault(value, []).append(subject)
        self._own.update(own)
        self._mentioned.update(mentioned)
        self._series.update(series)
        self._linked.update(led_to)

    @property
    def roots_seen(self) -> dict[str, set[str]]:
        """The subjects that may get a description, in the order in which they were met."""
        return self._types

    def is_linked(self, subject: str) -> bool:
        """Whether a subject without an address on the web is led to by some other."""
        return subject in self._linked

    @property
    def unreached(self) -> list[str]:
        """The subjects that no description drew in, once `split` has run."""
        return list(self._unreached)

    def roots(self) -> Iterator[tuple[str, str]]:
        """The nodes that get a description each, in the order of the source, and their kinds."""
        for subject, types in self._types.items():
            if subject not in self._own and self._own:
                continue  # a type and nothing else is a reference, where anything is described
            kind = next(kind.name for kind in KINDS if str(kind.type) in types)
            if kind in _MENTIONED and not self._stands_alone(subject):
                continue
            yield subject, kind

    def _stands_alone(self, service: str) -> bool:
        """Whether a service or a series is described in its own right, and not only named where others lead to it."""
        if service.startswith("_:") and service in self._mentioned:
            return False
        after = len(service) + 1
        said = {line[after:].split(" ", 1)[0] for line in self.read(service)}
        is_named = service in self._mentioned or service in self._series
        return bool(said & _OWN_DESCRIPTION) or (not is_named and bool(said & _OWN_NAME))

    def read(self, subject: str) -> list[str]:
        """All lines with that subject."""
        return [
            line
            for part in self._gather(subject)
            for line in (*part.lines, *part.members, *(one for _, one in part.others))
        ]

    def members(self, subject: str) -> list[str]:
        """The lines that list what belongs to a catalogue: they are in nobody's description."""
        return [line for part in self._gather(subject) for line in part.members]

    def _gather(self, subject: str) -> Iterable[_Page]:
        places = self._places.get(subject, [])
        if isinstance(places, int):
            return self._read_page(places)[subject]
        if len(places) <= _SCATTERED:
            return [part for number in places for part in self._read_page(number)[subject]]
        # A publisher is told of beside each of its datasets: to look all of that up for each takes the square of time.
        if (whole := self._gathered.get(subject)) is None:
            parts = [part for number in places for part in self._read_page(number)[subject]]
            whole = self._gathered[subject] = _Page(
                list(dict.fromkeys((node, is_service) for part in parts for node, is_service in part.links)),
                list(dict.fromkeys(line for part in parts for line in part.lines)),
                list(dict.fromkeys(line for part in parts for line in part.members)),
                list(dict.fromkeys(one for part in parts for one in part.others)),
            )
        return [whole]

    def _parse_page(self, number: int) -> dict[str, list[_Page]]:
        offset, length = self._pages[number]
        self._file.seek(offset)
        page: dict[str, list[_Page]] = {}
        # Read back by the process that wrote it: `marshal` takes a fifth of the time of JSON.
        for subject, *parts in marshal.loads(self._file.read(length)):  # noqa: S302
            page.setdefault(subject, []).append(_Page(*parts))
        return page

    def start_split(self) -> None:
        """Forgets what earlier descriptions drew in."""
        self._unreached = dict.fromkeys(self._places)

    def describe(self, root: str, roots: set[str]) -> list[str]:
        """The bounded description of a root: all that is reached from it without passing another root."""
        found: dict[str, None] = {}
        for holder in self._listed.get(root, ()):
            # What serves or made this and has no description of its own says that here, and no more than that.
            parts = self._gather(holder) if holder not in roots else ()
            found.update(dict.fromkeys(line for part in parts for value, line in part.of(root, roots) if value == root))
        queue: list[str] = [root, *self._about.get(root, ())]
        seen: set[str] = set(queue)
        while queue:
            subject = queue.pop()
            self._unreached.pop(subject, None)
            for part in self._gather(subject):
                found.update(dict.fromkeys(part.lines))
                others: Sequence[tuple[str, str]] = ()
                if part.others:
                    others = part.others if subject == root else part.of(root, roots)
                    found.update(dict.fromkeys(line for _, line in others))
                for target, service in (*part.links, *((value, False) for value, _ in others)):
                    # A service that has a record of its own is told again with the data it gives access to.
                    if target not in seen and target in self._places and (service or target not in roots):
                        seen.add(target)
                        queue.append(target)
        return list(found)


def linked(spool: Spool) -> Iterator[Description]:
    """The descriptions that others lead to and that have no address on the web: they are called alike everywhere."""
    roots = dict(spool.roots())
    standing = set(roots)
    for root, kind in roots.items():
        if spool.is_linked(root):
            yield Description(_node(root), kind, Statements(lines=spool.describe(root, standing)))


def split(spool: Spool) -> Iterator[Description]:
    """One description for each dataset, data service, series and catalogue in the spool."""
    roots = dict(spool.roots())
    standing = set(roots)
    spool.start_split()
    for root, kind in roots.items():
        after = len(root) + 1
        if kind == "catalog" and not any(line[after:].split(" ", 1)[0] in _TITLES for line in spool.read(root)):
            continue  # it is told as left out: the catalogue that is being read, which this one takes the place of
        lines = spool.describe(root, standing)
        yield Description(_node(root), kind, Statements(lines=lines))


def _node(text: str) -> Node:
    if text.startswith("_:"):
        return BlankNode(text[2:])
    node = term_of(text)
    assert isinstance(node, NamedNode)
    return node
