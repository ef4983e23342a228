"""Profiles: named sets of shapes in `shapes/<profile>/`, and what each constraint tells a steward."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from ndl_graph.errors import ProfileError
from ndl_graph.namespaces import DCT, NDL, OWL, RDF, RDFS, SH, SKOS, compact
from ndl_graph.record import Node, Term
from ndl_graph.resources import shapes_folder

__all__ = ["FORMS", "Profile", "Rule", "load_profile", "profile_names", "read_profile"]

#: Where shapes live until a catalogue gives them its own base.
DEFAULT_BASE: Final = "https://w3id.org/ndl-graph/"


#: On which form of a description a profile looks: as it is written; as it is published here, repairs made; as
#: schema.org or as Croissant, its own where it is written so, else what is published.
FORMS: Final = ("written", "published", "schema", "croissant")
_BACKGROUND: Final = "background.ttl"
_PATHS: Final = (SH.inversePath, SH.alternativePath, SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath)


@dataclass(frozen=True)
class Rule:
    """One constraint as a steward reads it."""

    iri: str
    name: str
    what: str
    path: str
    message: str
    why: str
    fix: str
    example: str
    severity: str
    order: float
    path_graph: tuple[Triple, ...] = field(default=(), repr=False)

    @property
    def obligation(self) -> str:
        """Mandatory, recommended or optional, in the words of application profiles."""
        return {"violation": "mandatory", "warning": "recommended"}.get(self.severity, "optional")


@dataclass(frozen=True)
class Profile:
    """A set of shapes with its name, version and rules."""

    name: str
    title: str
    description: str
    version: str
    iri: str
    form: str
    sources: tuple[str, ...]
    triples: tuple[Triple, ...] = field(repr=False)
    rules: dict[str, Rule] = field(repr=False)
    background: str = field(default="", repr=False)

    @cached_property
    def ntriples(self) -> str:
        """The shapes graph as N-Triples."""
        return _ntriples(self.triples)

    @cached_property
    def for_fast_engine(self) -> str:
        """The shapes graph without the constraints marked with `ndl:engine "reference"`."""
        slow = self._slow
        return _ntriples(t for t in self.triples if t.subject not in slow and t.object not in slow)

    @cached_property
    def for_reference_engine(self) -> str:
        """The marked constraints with the targets of the shapes that hold them; empty where none is marked."""
        slow = self._slow
        if not slow:
            return ""
        holders = slow | {t.subject for t in self.triples if t.predicate == SH.property and t.object in slow}
        return _ntriples(
            t
            for t in self.triples
            if (t.predicate != SH.property or t.object in slow) and (t.predicate not in _MARKS or t.subject in holders)
        )

    @cached_property
    def _slow(self) -> set[Term]:
        return {t.subject for t in self.triples if t.predicate == NDL.engine}

    @cached_property
    def mandatory(self) -> "Profile":
        """The profile without its advice: what breaks none of it conforms."""
        advice = {
            triple.subject
            for triple in self.triples
            if triple.predicate == SH.severity and triple.object != SH.Violation
        }
        kept = tuple(t for t in self.triples if t.subject not in advice and t.object not in advice)
        return replace(self, name=f"{self.name} (mandatory)", iri=f"{self.iri}#mandatory", triples=kept)

    @cached_property
    def shapes(self) -> list[tuple[str, list[Rule]]]:
        """The node shapes that have rules, by name, each with its rules in order; for people to read."""
        names: dict[Term, str] = {}
        parts: dict[Term, list[Term]] = defaultdict(list)
        for triple in self.triples:
            if triple.predicate == RDF.type and triple.object == SH.NodeShape:
                names.setdefault(triple.subject, "")
            elif triple.predicate == SH.property:
                parts[triple.subject].append(triple.object)
        for triple in self.triples:
            if triple.predicate == SH.name and triple.subject in names and isinstance(triple.object, Literal):
                names[triple.subject] = triple.object.value
        found: list[tuple[str, list[Rule]]] = []
        alone: list[Rule] = []
        for shape, name in names.items():
            key = shape.value if isinstance(shape, NamedNode) else ""
            if key in self.rules:
                alone.append(self.rules[key])
                continue
            rules = [
                self.rules[part.value]
                for part in parts[shape]
                if isinstance(part, NamedNode) and part.value in self.rules
            ]
            if rules and name:
                found.append((name, sorted(rules, key=lambda rule: rule.order)))
        if alone:
            found.append(("As a whole", sorted(alone, key=lambda rule: rule.order)))
        return found

    @cached_property
    def _targets(self) -> dict[str, frozenset[str]]:
        targets: dict[NamedNode, set[str]] = defaultdict(set)
        for triple in self.triples:
            if triple.predicate in (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf):
                targets[triple.predicate].add(str(triple.object))
            elif triple.predicate == RDF.type and triple.object in (SH.NodeShape, SH.PropertyShape):
                targets[SH.targetClass].add(str(triple.subject))  # a shape that is a class targets its instances
        return {predicate.value: frozenset(found) for predicate, found in targets.items()}

    def focus_nodes(self, lines: Iterable[str], background: str = "") -> set[str]:
        """The nodes among statements in N-Triples that the shapes target (SHACL, section 2.1.3).

        `background` is N-Triples that may say which classes are part of which.
        """
        none: frozenset[str] = frozenset()
        lines = list(lines)
        classes = _with_subclasses(
            self._targets.get(SH.targetClass.value, none),
            [*lines, *(line.removesuffix(" .") for line in (background + self.background).split("\n") if line)],
        )
        nodes = self._targets.get(SH.targetNode.value, none)
        subjects_of = self._targets.get(SH.targetSubjectsOf.value, none)
        objects_of = self._targets.get(SH.targetObjectsOf.value, none)
        found: set[str] = set()
        values: set[str] = set()
        for line in lines:
            subject, predicate, value = line.split(" ", 2)
            if (predicate == _TYPE and value in classes) or subject in nodes or predicate in subjects_of:
                found.add(subject)
            if predicate in objects_of and not value.startswith('"'):
                values.add(value)
        # A publisher is looked at as that of a dataset: where nothing is a dataset, nothing was checked.
        aside = not found and (classes or nodes or subjects_of)
        return found if aside else found | values


_TYPE: Final = str(RDF.type)
_SUBCLASS: Final = str(RDFS.subClassOf)


def _with_subclasses(classes: frozenset[str], lines: Iterable[str]) -> set[str]:
    below: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if _SUBCLASS in line:
            subject, predicate, value = line.split(" ", 2)
            if predicate == _SUBCLASS:
                below[value].append(subject)
    found: set[str] = set()
    waiting = list(classes)
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += below[one]
    return found


def _ntriples(triples: Iterable[Triple]) -> str:
    text = serialize(triples, format=RdfFormat.N_TRIPLES)
    assert text is not None
    return text.decode()


def profile_names() -> list[str]:
    """The names of the profiles that come with the software."""
    return sorted(path.name for path in shapes_folder().iterdir() if (path / "shapes.ttl").is_file())


@cache
def load_profile(name: str, base: str = DEFAULT_BASE) -> Profile:
    """The profile of that name; raises `ProfileError` where there is none or its Turtle is broken."""
    if name not in profile_names():
        raise ProfileError(f"there is no profile {name!r}", hint="One of: " + ", ".join(profile_names()))
    files = sorted((shapes_folder() / name).glob("*.ttl"))
    triples = [triple for path in files if path.name != _BACKGROUND for triple in _read(path, f"{base}shapes/{name}")]
    background = [triple for path in files if path.name == _BACKGROUND for triple in _read(path, base)]
    return _profile(name, f"{base}shapes/{name}", triples, _ntriples(background))


def read_profile(path: Path) -> Profile:
    """A department's own shapes in Turtle; raises `ProfileError` where it cannot be read or holds no shape."""
    triples = _read(path, path.resolve().as_uri())
    classes = {t.subject for t in triples if t.predicate == RDF.type and t.object in (RDFS.Class, OWL.Class)}
    shapes = {t.subject for t in triples if t.predicate == RDF.type and t.object in (SH.NodeShape, SH.PropertyShape)}
    if not classes & shapes and not any(triple.predicate in _MARKS for triple in triples):
        raise ProfileError(
            "there is no shape in it that looks at anything",
            where=str(path),
            hint="A shape says what it looks at with sh:targetClass, sh:targetNode, sh:targetSubjectsOf "
            "or sh:targetObjectsOf.",
        )
    return _profile(path.stem, path.resolve().as_uri(), triples, "")


_MARKS: Final = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)


def _read(path: Path, iri: str) -> list[Triple]:
    try:
        return [quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=iri)]
    except SyntaxError as error:
        place = f"{path}:{error.lineno}" if error.lineno else str(path)
        raise ProfileError(f"the shapes are no Turtle: {error.msg}", where=place) from None
    except OSError as error:
        raise ProfileError(f"the shapes cannot be read: {error.strerror or error}", where=str(path)) from None


def _profile(name: str, iri: str, triples: list[Triple], background: str) -> Profile:
    triples = _named(triples, iri)
    said: dict[Term, dict[NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        said[triple.subject][triple.predicate].append(triple.object)

    def text(subject: Node, *names: NamedNode) -> str:
        for predicate in names:
            for value in said[subject].get(predicate, ()):
                if isinstance(value, (Literal, NamedNode)):
                    return value.value
        return ""

    def path(node: Term) -> str:
        if isinstance(node, NamedNode):
            return compact(node.value)
        parts: list[str] = []
        if said[node].get(RDF.first):
            while said[node].get(RDF.first):
                parts.append(path(said[node][RDF.first][0]))
                node = said[node][RDF.rest][0]
            return "/".join(parts)
        for predicate, values in said[node].items():
            if predicate == SH.inversePath:
                return "^" + path(values[0])
            if predicate in _PATHS:
                return path(values[0]).replace("/", " or ") if predicate == SH.alternativePath else path(values[0])
        return ""

    _refuse_broken_paths(said, iri)
    _refuse_circles(said, iri)

    def path_graph(node: Term) -> Iterator[Triple]:
        if isinstance(node, BlankNode):
            for predicate, values in said[node].items():
                for value in values:
                    yield Triple(node, predicate, value)
                    yield from path_graph(value)

    rules = {
        subject.value: Rule(
            iri=subject.value,
            name=text(subject, SH.name, RDFS.label, SKOS.prefLabel),
            what=text(subject, SH.description, RDFS.comment),
            path=path(said[subject][SH.path][0]) if said[subject].get(SH.path) else "",
            message=text(subject, SH.message),
            why=text(subject, NDL.why),
            fix=text(subject, NDL.fix),
            example=text(subject, NDL.example),
            severity=(text(subject, SH.severity) or SH.Violation.value).rsplit("#", 1)[-1].lower(),
            order=_order(text(subject, SH.order)),
            path_graph=tuple(part for node in said[subject].get(SH.path, ()) for part in path_graph(node)),
        )
        for subject in list(said)
        if isinstance(subject, NamedNode) and said[subject].get(SH.message)
    }
    for holder, predicates in list(said.items()):
        for part in predicates.get(SH.property, ()):
            if len(said[part].get(SH.path, ())) != 1:
                name = part.value if isinstance(part, NamedNode) else "a blank node"
                raise ProfileError(
                    f"the shapes are ill-formed: {name}, a property of {holder}, has not exactly one sh:path",
                    where=iri,
                    hint="Say which property it is about: sh:path dct:title ;",
                )
    node = NamedNode(iri)
    form = text(node, NDL.form) or "published"
    if form not in FORMS:
        raise ProfileError(f"the form {form!r} is none of: {', '.join(FORMS)}", where=iri)
    return Profile(
        name=name,
        title=text(node, DCT.title) or name,
        description=text(node, DCT.description),
        version=text(node, OWL.versionInfo),
        iri=iri,
        form=form,
        sources=tuple(value.value for value in said[node].get(DCT.source, ()) if isinstance(value, NamedNode)),
        triples=tuple(triples),
        rules=rules,
        background=background,
    )


def _order(text: str) -> float:
    """The place among others; what is no number comes last (SHACL, section 2.3.2.3, says it may be anything)."""
    try:
        return float(text or 999)
    except ValueError:
        return 999


def _refuse_broken_paths(said: Mapping[Term, Mapping[NamedNode, list[Term]]], iri: str) -> None:
    """Raises `ProfileError` for a path that leads back to itself or a list that does not end (SHACL, section 2.3.1)."""

    def follow(node: Term, above: tuple[Term, ...], shape: Term) -> None:
        if isinstance(node, NamedNode):
            return
        if not isinstance(node, BlankNode) or node in above or len(above) > _DEEPEST_PATH:
            raise broken(shape)
        known = said.get(node, {})
        if RDF.first in known:
            if len(known[RDF.first]) != 1 or len(known.get(RDF.rest, ())) != 1:
                raise broken(shape)
            follow(known[RDF.first][0], (*above, node), shape)
            if known[RDF.rest][0] != RDF.nil:
                if not isinstance(known[RDF.rest][0], BlankNode):
                    raise broken(shape)
                follow(known[RDF.rest][0], (*above, node), shape)
            return
        inner = [value for predicate in _PATHS for value in known.get(predicate, ())]
        if len(inner) != 1:
            raise broken(shape)
        follow(inner[0], (*above, node), shape)

    def broken(shape: Term) -> ProfileError:
        name = shape.value if isinstance(shape, NamedNode) else "a shape"
        return ProfileError(
            f"the shapes are ill-formed: the sh:path of {name} is no property path",
            where=iri,
            hint="Write one property, or ( one two ) for a sequence; a path must not hold itself.",
        )

    for shape, predicates in list(said.items()):
        for node in predicates.get(SH.path, ()):
            follow(node, (), shape)


_DEEPEST_PATH: Final = 100
#: Properties by which a shape asks for another, and those by which it asks for those in a list.
_ASKS_FOR: Final = (SH.node, SH.property, SH["not"], SH.qualifiedValueShape)
_ASKS_FOR_SOME: Final = (SH["and"], SH["or"], SH.xone)


def _refuse_circles(said: Mapping[Term, Mapping[NamedNode, list[Term]]], iri: str) -> None:
    """Raises `ProfileError` for a shape that asks for itself: what that means is not defined (SHACL, section 3.4.3)."""

    def members(node: Term) -> Iterator[Term]:
        seen: set[Term] = set()
        while node not in seen and (first := said.get(node, {}).get(RDF.first)):
            seen.add(node)
            yield from first
            node = next(iter(said[node].get(RDF.rest, ())), RDF.nil)

    def asked_for(shape: Term) -> Iterator[Term]:
        known = said.get(shape, {})
        yield from (value for predicate in _ASKS_FOR for value in known.get(predicate, ()))
        yield from (one for predicate in _ASKS_FOR_SOME for node in known.get(predicate, ()) for one in members(node))

    done: set[Term] = set()
    for start in list(said):
        way: list[tuple[Term, Iterator[Term]]] = [] if start in done else [(start, asked_for(start))]
        above = {start}
        while way:
            shape, left = way[-1]
            following = next((one for one in left if one not in done), None)
            if following is None:
                done.add(shape)
                above.discard(shape)
                way.pop()
            elif following in above:
                name = next((one.value for one in (following, shape) if isinstance(one, NamedNode)), "a shape")
                raise ProfileError(
                    f"the shapes are ill-formed: {name} asks for itself",
                    where=iri,
                    hint="Take out the sh:node, sh:property, sh:and, sh:or, sh:xone or sh:not that leads back to it.",
                )
            else:
                above.add(following)
                way.append((following, asked_for(following)))


def _named(triples: list[Triple], iri: str) -> list[Triple]:
    """The shapes with an IRI for each that has none, so that a result can say which it comes from."""
    shapes = {
        triple.subject
        for triple in triples
        if triple.predicate == SH.path or (triple.predicate == RDF.type and triple.object == SH.NodeShape)
    }
    order = dict.fromkeys(triple.subject for triple in triples if triple.subject in shapes)
    names: dict[Term, Node] = {
        shape: NamedNode(f"{iri}#shape-{number}")
        for number, shape in enumerate(order, 1)
        if isinstance(shape, BlankNode)
    }
    return [
        Triple(
            names.get(triple.subject, triple.subject),
            triple.predicate,
            names.get(triple.object, triple.object),
        )
        for triple in triples
    ]
