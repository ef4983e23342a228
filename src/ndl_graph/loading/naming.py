"""Naming: descriptions become records, each with an address that lasts."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from pyoxigraph import NamedNode

from ndl_graph.identity import Identity, identify, settle, slug_for
from ndl_graph.loading.known import Known, KnownRecords
from ndl_graph.normalise import Normaliser
from ndl_graph.record import KINDS, Description, Record, Statements
from ndl_graph.worked_out import without_records

__all__ = ["Minter", "Namer"]


class Minter:
    """Gives new records their addresses, each address once."""

    def __init__(self, base: str, is_taken: Callable[[str], bool]) -> None:
        self._base = base
        self._is_taken = is_taken
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}

    def mint(self, kind: str, identity: Identity) -> str:
        """A record IRI of that kind, made of the title, and of publisher or number where others have the title."""
        title = slug_for(identity.title or (identity.iri or identity.key).rstrip("/").rsplit("/", 1)[-1])
        for slug, number in self._slugs(title, identity):
            iri = f"{self._base}{kind}/{slug}"
            if iri not in self._given and not self._is_taken(iri):
                self._given.add(iri)
                if number:
                    self._numbers[title] = number + 1
                return iri
        raise AssertionError("unreachable: there is always a next number")

    def _slugs(self, title: str, identity: Identity) -> Iterator[tuple[str, int | None]]:
        yield title, None
        yield f"{title}-{slug_for(identity.publisher.rstrip('/').rsplit('/', 1)[-1])}", None
        for number in count(self._numbers.get(title, 2)):
            yield f"{title}-{number}", number


class Namer:
    """Makes records of the descriptions of one source; `files` tells from which file a root was read."""

    def __init__(
        self,
        base: str,
        known: KnownRecords,
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
        #: How many descriptions stood under the address or the identifier of another.
        self.repeated = 0

    def name(self, descriptions: Sequence[Description]) -> tuple[list[Record], dict[str, Known]]:
        """The records of some descriptions, and what the store knows of them already, by key."""
        identities = [self._told_apart(self._of_its_own(identify(description))) for description in descriptions]
        known = self._known.of([identity.key for identity in identities])
        return [
            self._record(description, identity, known.get(identity.key))
            for description, identity in zip(descriptions, identities, strict=True)
        ], known

    def _of_its_own(self, identity: Identity) -> Identity:
        """The identity; the address of a page here is that of a record, and no name for the data it tells of."""
        iri = identity.iri or ""
        if not any(iri.startswith(f"{self._base}{kind.name}/") for kind in KINDS):
            return identity
        return Identity(None, f"minted|page|{iri}", identity.title, identity.publisher)

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

    def _record(self, description: Description, identity: Identity, known: Known | None) -> Record:
        iri = known.iri if known else self._minter.mint(description.kind, identity)
        slug = iri.rsplit("/", 1)[-1]
        dataset = NamedNode(identity.iri or f"{self._base}id/{description.kind}/{slug}")
        return Record(
            iri=NamedNode(iri),
            dataset=dataset,
            kind=description.kind,
            key=identity.key,
            statements=_published(settle(description, dataset, self._base, self._normaliser)),
            source=self._files.get(str(description.root), self._source),
        )


def _published(statements: Statements) -> Statements:
    """What a publisher said, where another catalogue of this kind has put something beside it."""
    kept = without_records(statements.lines)
    return statements if kept is statements.lines else Statements(lines=kept)
