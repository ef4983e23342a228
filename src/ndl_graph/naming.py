"""Naming: descriptions become records, each with an address that lasts."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from pyoxigraph import Literal, NamedNode

from ndl_graph.identity import Identity, identify, settle, slug_for
from ndl_graph.namespaces import NDL
from ndl_graph.normalise import Normaliser
from ndl_graph.record import KINDS, Description, Record, Statements, term_of
from ndl_graph.worked_out import without_records

__all__ = ["Known", "KnownOf", "Minter", "Namer"]


@dataclass(frozen=True)
class Known:
    """A record that is there.

    Its IRI, the digest of what is said, when it came first (`xsd:dateTime`), the key that it states, and the profiles
    by which it was checked.
    """

    iri: str
    digest: str
    issued: str | None
    key: str = ""
    profiles: frozenset[str] = frozenset()


#: Gives what is known of the records with some keys, by key.
KnownOf = Callable[[Sequence[str]], dict[str, Known]]


class Minter:
    """Gives new records their addresses, each address once."""

    def __init__(self, base: str, is_taken: Callable[[str], bool]) -> None:
        self._base = base
        self._is_taken = is_taken
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}

    def mint(self, kind: str, identity: Identity) -> str:
        """A record IRI of that kind: what the dataset's IRI has where it was minted here, else made of the title.

        Where others have the title, publisher or number tell it apart.
        """
        title = slug_for(identity.title or (identity.iri or identity.key).rstrip("/").rsplit("/", 1)[-1])
        for slug, number in self._slugs(kind, title, identity):
            iri = f"{self._base}{kind}/{slug}"
            if iri not in self._given and not self._is_taken(iri):
                self._given.add(iri)
                if number:
                    self._numbers[title] = number + 1
                return iri
        raise AssertionError("unreachable: there is always a next number")

    def _slugs(self, kind: str, title: str, identity: Identity) -> Iterator[tuple[str, int | None]]:
        minted = f"{self._base}id/{kind}/"
        if identity.iri and identity.iri.startswith(minted):
            yield slug_for(identity.iri[len(minted) :]), None
        yield title, None
        yield f"{title}-{slug_for(identity.publisher.rstrip('/').rsplit('/', 1)[-1])}", None
        for number in count(self._numbers.get(title, 2)):
            yield f"{title}-{number}", number


@dataclass(frozen=True)
class _Named:
    """A description with what it is called for good: the key under which it is found again, dataset and record."""

    key: str
    dataset: NamedNode
    iri: NamedNode


class Namer:
    """Makes records of the descriptions of one source; `files` tells from which file a root was read."""

    def __init__(
        self,
        base: str,
        known: KnownOf,
        minter: Minter,
        normaliser: Normaliser,
        source: str,
        files: Mapping[str, str],
    ) -> None:
        self._base = base
        self._known = known
        self._minter = minter
        self._normaliser = normaliser
        self._source = source
        self._files = files
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._pages = re.compile(rf"<{re.escape(base)}(?:{'|'.join(one.name for one in KINDS)})/[^/#?>]+> ")
        self._here = f"<{base}"
        self._ahead: dict[str, _Named] = {}
        self._datasets: dict[str, str] = {}
        #: How many descriptions stood under the address or the identifier of another.
        self.repeated = 0

    def name_ahead(self, descriptions: Sequence[Description]) -> None:
        """Names descriptions before their turn, so that those that lead to them call them alike."""
        named, _ = self._names(descriptions)
        for description, one in zip(descriptions, named, strict=True):
            root = str(description.root)
            self._ahead[root] = one
            self._datasets[root] = str(one.dataset)

    def name(self, descriptions: Sequence[Description]) -> tuple[list[Record], dict[str, Known]]:
        """The records of some descriptions, and what the store knows of them already, by key."""
        named, known = self._names(descriptions)
        return [
            Record(
                iri=one.iri,
                dataset=one.dataset,
                kind=description.kind,
                key=one.key,
                statements=self._published(
                    settle(description, one.dataset, self._base, self._normaliser, self._datasets)
                ),
                source=self._files.get(str(description.root), self._source),
            )
            for description, one in zip(descriptions, named, strict=True)
        ], known

    def _names(self, descriptions: Sequence[Description]) -> tuple[list[_Named], dict[str, Known]]:
        ahead = [self._ahead.get(str(description.root)) for description in descriptions]
        identities = [
            None if one else self._told_apart(self._of_its_own(description, identify(description)))
            for description, one in zip(descriptions, ahead, strict=True)
        ]
        keys = [one.key for one in (*ahead, *identities) if one is not None]
        known = self._known(keys)
        found = []
        for description, one, identity in zip(descriptions, ahead, identities, strict=True):
            if one is None:
                assert identity is not None
                one = self._named(description.kind, identity, known.get(identity.key))
                if one.key != identity.key:
                    known[one.key] = known[identity.key]
            found.append(one)
        return found, known

    def _named(self, kind: str, identity: Identity, known: Known | None) -> _Named:
        iri = known.iri if known else self._minter.mint(kind, identity)
        slug = iri.rsplit("/", 1)[-1]
        dataset = NamedNode(identity.iri or f"{self._base}id/{kind}/{slug}")
        return _Named((known.key if known else "") or identity.key, dataset, NamedNode(iri))

    def _published(self, statements: Statements) -> Statements:
        """What a publisher may say: not what a catalogue of this kind puts beside it, and nothing of our records."""
        kept = without_records(statements.lines)
        if self._here in "\n".join(kept) and any(self._pages.match(line) for line in kept):
            kept = tuple(line for line in kept if not self._pages.match(line))
        return statements if kept is statements.lines else Statements(lines=kept)

    def _of_its_own(self, description: Description, identity: Identity) -> Identity:
        """The identity, but what was minted here goes by the key that it had, and a page's address names no data."""
        iri = identity.iri or ""
        if any(iri.startswith(f"{self._base}{kind.name}/") for kind in KINDS):
            return Identity(None, f"minted|page|{iri}", identity.title, identity.publisher)
        if iri.startswith(f"{self._base}id/") and (key := _stated_key(description.statements.lines)):
            return Identity(iri, key, identity.title, identity.publisher)
        return identity

    def _told_apart(self, identity: Identity) -> Identity:
        """The identity, or where another description has it, one of its own: the second is known by title as well."""
        if self._seen[(identity.key,)]:
            again = (identity.key, identity.title.casefold())
            self._seen[again] += 1
            key = "|".join(("again", *again, str(self._seen[again])))
            identity = Identity(None, key, identity.title, identity.publisher)
            self.repeated += 1
        self._seen[(identity.key,)] += 1
        return identity


_KEY: Final = f" {NDL.key} "


def _stated_key(lines: Sequence[str]) -> str | None:
    """The key that another export of this catalogue states beside a description; None where there is none, or two."""
    told = (line.split(" ", 2) for line in lines if _KEY in line)
    values = [term_of(value) for _, predicate, value in told if predicate == _KEY.strip()]
    return values[0].value if len(values) == 1 and isinstance(values[0], Literal) else None
