"""Checking what somebody has written, before anything is stored: whole files in, a report with lines out.

Each profile says on which form of a description it looks. Standards of exchange look at what is written, so that the
report speaks of the steward's own file; our own rules look at what would be published of it, repairs made, so that
what passes here is accepted by a load; the rules of search engines and of machine-learning tools look at the form
that those read.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from ndl_graph.checking.slips import Slip, slips
from ndl_graph.crosswalk import dcat_from_schema
from ndl_graph.description import DescriptionView
from ndl_graph.errors import NothingToValidateError, ParseError
from ndl_graph.formats import Format, croissant, jsonld, rdf, schema_org
from ndl_graph.formats.places import PLACE, Places
from ndl_graph.identity import organisation_iri
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import CR, DCT, PREFIXES, RDF, RELATIVE, SCHEMA, SH, relative_base
from ndl_graph.naming import Minter, Namer
from ndl_graph.normalise import Normaliser, Repairs, clean_iri, percent_encoded, standard_term
from ndl_graph.record import KINDS, Record, Statements, Term, term_of, triples_of
from ndl_graph.spool import Spool, linked, split
from ndl_graph.validation import Profile, Result, ValidationReport, validate

__all__ = ["Checker", "Document", "Fix", "published"]

#: Larger files are reported on by file and by the first mention of a node: reading places takes some 30 µs a triple.
PLACED_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class Document:
    """A file to be checked: its name, its bytes (seekable), its format, and its address where it is of the web."""

    name: str
    data: IO[bytes]
    format: Format
    address: str | None = None

    def base(self, number: int) -> str:
        """What its relative IRIs are read against, as the document with that number (RFC 3986, section 5.1)."""
        return self.address or self.format.base_of(number)


@dataclass(frozen=True)
class Fix:
    """A description with the mechanical repairs made: which ones, the whole text, and what changed in it."""

    repairs: Repairs
    format: str
    text: str
    diff: str


class Checker:
    """The documents of one check, in every form that a profile may look at; each form is made when it is asked for."""

    def __init__(self, base: str, documents: Iterable[Document] = (), *, placed_bytes: int | None = None) -> None:
        self._base = base
        self._placed_bytes = PLACED_BYTES if placed_bytes is None else placed_bytes
        self._in_json = False
        self._unlawful: list[tuple[Triple, Triple]] = []
        self._written: list[str] = []
        self._by_file: list[tuple[str, list[str]]] = []
        self._forms: dict[str, list[str]] = {}
        self._records: list[Record] = []
        self._names: list[str] = []
        self.places = Places()
        self.repairs = Repairs()
        for document in documents:
            self.add(document)

    def add(self, document: Document) -> None:
        """Reads a document; raises `ParseError` where it is broken."""
        assert document.format.read is not None
        size = document.data.seek(0, 2)
        document.data.seek(0)
        placed = size <= self._placed_bytes
        self._in_json = document.format.media_type.endswith("json")
        base = document.base(len(self._names) + 1)
        try:
            read = list(document.format.read(document.data, base, places=placed))
        except ParseError:
            # What cannot be read with its places may be read without; what is broken is told either way.
            document.data.seek(0)
            read, placed = list(document.format.read(document.data, base)), False
        read_here = dict.fromkeys(str(self._lawful(_readable(triple))) for triple in read)
        lines = list(self.places.marked(read_here, document.name))
        self._names.append(document.name)
        self._by_file.append((document.name, lines))
        self._forms.clear()
        if not placed:
            document.data.seek(0)
            text = document.data.read().decode("utf-8", errors="replace")
            for line in lines:
                self.places.mention(line.split(" ", 1)[0].strip("<>"), document.name, text)

    def _lawful(self, triple: Triple) -> Triple:
        """The statement with its IRIs percent-encoded where they hold what no IRI may; what was wrong is kept."""
        if all(_lawful_term(term) is term for term in (triple.subject, triple.predicate, triple.object)):
            return triple
        # A term stays of its kind, which the type of `_lawful_term` cannot say.
        lawful = Triple(*map(_lawful_term, (triple.subject, triple.predicate, triple.object)))  # type: ignore[arg-type]
        if lawful.predicate != PLACE:
            self._unlawful.append((triple, lawful))
        return lawful

    def _unlawful_results(self, profile: Profile) -> Iterator[Result]:
        """What a parser would say of IRIs that are none; a load mends them, so what is published has none."""
        told: set[tuple[str, str | None, str]] = set()
        for triple, lawful in self._unlawful if profile.form != "published" else ():
            in_value = triple.object != lawful.object
            in_subject = triple.subject != lawful.subject
            wrong = triple.object if in_value else triple.subject if in_subject else triple.predicate
            key = (
                str(lawful.subject).strip("<>"),
                lawful.predicate.value if in_value else None,
                wrong.datatype.value if isinstance(wrong, Literal) else str(wrong).strip("<>"),
            )
            if key in told:
                continue
            told.add(key)
            yield Result(
                focus_node=key[0],
                path=key[1],
                value=key[2],
                component=f"{SH}NodeKindConstraintComponent",
                severity="violation",
                why="Parsers of RDF refuse the whole file for it, and a link that people copy leads nowhere.",
                example="<https://data.example.gov.uk/river%20levels>",
                message="An address holds a space or another mark that no address may hold.",
                fix="Percent-encode it: a space is %20, a vertical bar is %7C.",
                shape=profile.iri,
            )

    def report(self, profiles: Sequence[Profile], background: str = "") -> ValidationReport:
        """Validates against the profiles; raises `NothingToValidateError` where none of them looks at anything."""
        found: list[Result] = []
        focus: set[str] = set()
        for profile in profiles:
            lines = self._form(profile.form)
            focus |= profile.focus_nodes(lines, background)
            report = validate([profile], "".join(f"{line} .\n" for line in lines), background=background)
            found += report.results
            found += self._unlawful_results(profile)
        mistaken = list(slips(self._form("written"), default_labels()))
        if not focus:
            names = " or ".join(profile.name for profile in profiles)
            if classes := [one for one in mistaken if one.path == RDF.type.value and one.meant]:
                raise NothingToValidateError(classes[0].message, where=classes[0].node, hint=classes[0].fix)
            raise NothingToValidateError(
                f"there is nothing in it that the profile {names} looks at",
                where=", ".join(self._names),
                hint="A description is a node of type dcat:Dataset, dcat:DataService or schema:Dataset.",
            )
        found += (_told_slip(one, profiles[0]) for one in dict.fromkeys(mistaken))
        titles = self._titles()
        placed = sorted(
            (self._placed(one, titles) for one in found),
            key=lambda result: (result.rank, result.file or "", result.line or 0),
        )
        return ValidationReport(
            profile="+".join(profile.name for profile in profiles),
            results=tuple(placed),
            focus_nodes=len(focus),
        )

    def fix(self) -> Fix | None:
        """What the repairs of a load would change in the descriptions as they are written; None where nothing."""
        before = self._form("written")
        normaliser = Normaliser(organisation_iri(self._base))
        after = [line for block in normaliser.blocks(Statements(lines=before).triples) for line in block.lines]
        if set(after) == set(before):
            return None
        old, new = (self._as_text(lines) for lines in (before, after))
        changes = difflib.unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True), "as it is written", "repaired", n=1
        )
        return Fix(normaliser.repairs, "jsonld" if self._in_json else "turtle", new, "".join(changes))

    def _as_text(self, lines: Sequence[str]) -> str:
        """The statements in the syntax of the document, or in Turtle; blank nodes numbered, relative IRIs short."""
        names: dict[str, str] = {}
        short = [
            RELATIVE.sub(
                "urn:relative:", _BLANK.sub(lambda found: names.setdefault(found[0], f"_:b{len(names) + 1}"), line)
            )
            for line in lines
        ]
        triples = triples_of(short)
        if self._in_json:
            roots = [t.subject for t in triples if t.predicate == RDF.type and t.object in _ROOTS]
            text = jsonld.write(triples, dict.fromkeys(roots))
        else:
            text = rdf.write(RdfFormat.TURTLE, triples)
        return text.decode()

    def _placed(self, result: Result, titles: Mapping[str, str]) -> Result:
        file, line = self.places.find(result.focus_node, result.path, result.value)
        if file is None and len(self._names) == 1:
            file = self._names[0]
        return replace(result, file=file, line=line, title=titles.get(result.focus_node))

    def _titles(self) -> dict[str, str]:
        """What the nodes are called that the documents tell of, as they write it and as a load calls them."""
        found: dict[str, str] = {}
        for name in self._forms:
            for line in self._forms[name]:
                node, predicate, value = line.split(" ", 2)
                if predicate in _TITLES and value[0] == '"':
                    title = term_of(value)
                    if isinstance(title, Literal):
                        found.setdefault(node.strip("<>"), title.value)
        return found

    def _form(self, name: str) -> list[str]:
        if name not in self._forms:
            if name == "written":
                self._forms[name] = self._as_written()
            elif name == "published":
                self._forms[name] = self._as_published()
            elif name == "schema":
                self._forms[name] = self._in_schema(_native_schema, _write_schema)
            else:
                self._forms[name] = self._in_schema(_native_croissant, _write_croissant)
        return self._forms[name]

    def _as_written(self) -> list[str]:
        """What the documents say, and what their schema.org says in DCAT."""
        lines = [line for _, whole in self._by_file for line in self.places.take(whole)]
        if any(_SCHEMA_DATASET in line for line in lines):
            lines += map(str, dcat_from_schema(Statements(lines=lines).triples))
        return list(dict.fromkeys(lines))

    def _as_published(self) -> list[str]:
        documents = [(name, Statements(lines=lines).triples) for name, lines in self._by_file]
        records, rest, self.repairs = published(documents, self._base, self.places)
        self._records = records
        lines = [line for record in records for line in record.statements.lines]
        return list(dict.fromkeys([*lines, *rest]))

    def _in_schema(self, native: Callable[[Sequence[Triple]], bool], write: Callable[[Record], bytes]) -> list[str]:
        """The source itself where it is in that form, with schema.org's names as they are now; else what we write."""
        written = [
            Triple(t.subject, NamedNode(standard_term(t.predicate.value)), _standard_value(t))
            for t in Statements(lines=self._form("written")).triples
        ]
        if native(written):
            return [str(triple) for triple in written]
        self._form("published")
        lines: list[str] = []
        for record in self._records:
            if record.kind == "dataset":
                lines += map(str, jsonld.read(BytesIO(write(record)), record.dataset.value))
        return list(dict.fromkeys(lines))


def _told_slip(slip: Slip, profile: Profile) -> Result:
    return Result(
        focus_node=slip.node,
        path=slip.path,
        value=slip.term,
        component=f"{SH}ClosedConstraintComponent",
        severity="warning",
        why="It is kept and published, and nobody who reads the vocabulary finds it.",
        example="",
        message=slip.message,
        fix=slip.fix,
        shape=profile.iri,
        order=0,
    )


def _readable(triple: Triple) -> Triple:
    """The statement as a parser takes it: addresses that have no start get one, tags that are none are left out."""
    value = triple.object
    if isinstance(value, Literal) and value.language is not None and not _TAG.match(value.language):
        tag = value.language.replace("_", "-")
        said = Literal(value.value, language=tag) if _TAG.match(tag) else Literal(value.value)
        triple = Triple(triple.subject, triple.predicate, said)
    elif isinstance(value, NamedNode) and not _SCHEME.match(value.value):
        triple = Triple(triple.subject, triple.predicate, NamedNode(relative_base() + value.value))
    return triple


_TAG: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*\Z")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def _lawful_term(term: Term) -> Term:
    if isinstance(term, NamedNode) and (lawful := clean_iri(term.value) or percent_encoded(term.value)) != term.value:
        return NamedNode(lawful)
    if isinstance(term, Literal) and (lawful := percent_encoded(term.datatype.value)) != term.datatype.value:
        return Literal(term.value, datatype=NamedNode(lawful))
    return term


_TITLES: Final = frozenset(map(str, (DCT.title, SCHEMA.name)))
_BLANK: Final = re.compile(r"(?<!\S)_:\S+")
_ROOTS: Final = frozenset(kind.type for kind in KINDS)
_SCHEMA_DATASET: Final = PREFIXES["schema"].removeprefix("https") + "Dataset>"


def _standard_value(triple: Triple) -> "NamedNode | Literal":
    value = triple.object
    if triple.predicate == RDF.type and isinstance(value, NamedNode):
        return NamedNode(standard_term(value.value))
    return value  # type: ignore[return-value]  # blank nodes stay as they are


def _native_schema(triples: Sequence[Triple]) -> bool:
    return any(t.predicate == RDF.type and t.object == SCHEMA.Dataset for t in triples)


def _native_croissant(triples: Sequence[Triple]) -> bool:
    return any(
        t.predicate.value.startswith(str(CR))
        or (
            t.predicate == DCT.conformsTo
            and isinstance(t.object, Literal | NamedNode)
            and "croissant" in t.object.value
        )
        for t in triples
    )


def _write_schema(record: Record) -> bytes:
    view = DescriptionView(record.triples, record.dataset, default_labels())
    return schema_org.write(view, record.iri.value, record.kind)


def _write_croissant(record: Record) -> bytes:
    view = DescriptionView(record.triples, record.dataset, default_labels())
    return croissant.write(view, record.iri.value, record.triples)


def published(
    documents: Iterable[tuple[str, Sequence[Triple]]], base: str, places: Places
) -> tuple[list[Record], list[str], Repairs]:
    """The records that a load would make of statements by file, the lines that belong to none, and the repairs."""
    normaliser = Normaliser(organisation_iri(base))
    files: dict[str, str] = {}
    with Spool() as spool:
        for name, triples in documents:
            spool.add(normaliser.blocks(triples))
            for triple in triples:
                files.setdefault(str(triple.subject), name)
        # As a load into an empty store would name them: what passes here is accepted there.
        minter = Minter(base, lambda _: False)
        namer = Namer(base, lambda _: {}, minter, normaliser, "", files)
        namer.name_ahead(list(linked(spool)))
        records = []
        roots: dict[str, str] = {}
        for description in split(spool):
            ((record,), _) = namer.name([description])
            roots[str(description.root)] = str(record.dataset)
            kept = tuple(places.take(record.statements.lines))
            records.append(replace(record, statements=Statements(lines=kept)))
        rest = [line for node in spool.unreached for line in places.take(spool.read(node))]
        rest += [line for node in roots for line in places.take(spool.members(node))]
    return records, _renamed(rest, roots), normaliser.repairs


def _renamed(lines: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The lines with nodes called what they are called in the records."""
    parts = (line.split(" ", 2) for line in lines)
    return [f"{names.get(node, node)} {predicate} {names.get(value, value)}" for node, predicate, value in parts]
