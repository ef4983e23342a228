"""Profiles: named sets of shapes in `shapes/<profile>/`, and what each constraint tells a steward."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from ndl_graph.errors import ProfileError
from ndl_graph.namespaces import DCT, NDL, OWL, RDF, RDFS, SH, SKOS
from ndl_graph.record import Node, Term
from ndl_graph.resources import shapes_folder

__all__ = ["Profile", "Rule", "load_profile", "profile_names"]

#: Where shapes live until a catalogue gives them its own base.
DEFAULT_BASE: Final = "https://w3id.org/ndl-graph/"


@dataclass(frozen=True)
class Rule:
    """One constraint as a steward reads it."""

    iri: str
    name: str
    message: str
    why: str
    fix: str
    example: str
    severity: str
    order: float


@dataclass(frozen=True)
class Profile:
    """A set of shapes with its name, version and rules."""

    name: str
    title: str
    description: str
    version: str
    iri: str
    sources: tuple[str, ...]
    triples: tuple[Triple, ...] = field(repr=False)
    rules: dict[str, Rule] = field(repr=False)

    @property
    def ntriples(self) -> str:
        """The shapes graph as N-Triples."""
        text = serialize(self.triples, format=RdfFormat.N_TRIPLES)
        assert text is not None
        return text.decode()

    def focus_nodes(self, triples: Iterable[Triple]) -> set[Node]:
        """The nodes among the triples that the shapes target (SHACL, section 2.1.3)."""
        targets: dict[NamedNode, set[Term]] = defaultdict(set)
        shapes: set[Node] = set()
        for triple in self.triples:
            if triple.predicate in (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf):
                targets[triple.predicate].add(triple.object)
            elif triple.predicate == RDF.type and triple.object in (SH.NodeShape, SH.PropertyShape):
                shapes.add(triple.subject)
        classes = targets[SH.targetClass] | shapes
        found: set[Node] = set()
        for triple in triples:
            if triple.predicate == RDF.type and triple.object in classes:
                found.add(triple.subject)
            if triple.predicate in targets[SH.targetSubjectsOf] or triple.subject in targets[SH.targetNode]:
                found.add(triple.subject)
            if triple.predicate in targets[SH.targetObjectsOf] and not isinstance(triple.object, (Literal, Triple)):
                found.add(triple.object)
        return found


def profile_names() -> list[str]:
    """The names of the profiles that come with the software."""
    return sorted(path.name for path in shapes_folder().iterdir() if (path / "shapes.ttl").is_file())


@cache
def load_profile(name: str, base: str = DEFAULT_BASE) -> Profile:
    """The profile of that name; raises `ProfileError` where there is none or its Turtle is broken."""
    if name not in profile_names():
        raise ProfileError(f"there is no profile {name!r}", hint="One of: " + ", ".join(profile_names()))
    iri = f"{base}shapes/{name}"
    triples: list[Triple] = []
    for path in sorted((shapes_folder() / name).glob("*.ttl")):
        try:
            triples += [quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=iri)]
        except SyntaxError as error:
            raise ProfileError(f"the shapes are no Turtle: {error}", where=str(path)) from None
    said: dict[Node, dict[NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        said[triple.subject][triple.predicate].append(triple.object)

    def text(subject: Node, *names: NamedNode) -> str:
        for predicate in names:
            for value in said[subject].get(predicate, ()):
                if isinstance(value, (Literal, NamedNode)):
                    return value.value
        return ""

    rules = {
        subject.value: Rule(
            iri=subject.value,
            name=text(subject, SH.name, RDFS.label, SKOS.prefLabel),
            message=text(subject, SH.message),
            why=text(subject, NDL.why),
            fix=text(subject, NDL.fix),
            example=text(subject, NDL.example),
            severity=(text(subject, SH.severity) or SH.Violation.value).rsplit("#", 1)[-1].lower(),
            order=float(text(subject, SH.order) or 999),
        )
        for subject in list(said)
        if isinstance(subject, NamedNode) and said[subject].get(SH.message)
    }
    node = NamedNode(iri)
    return Profile(
        name=name,
        title=text(node, DCT.title),
        description=text(node, DCT.description),
        version=text(node, OWL.versionInfo),
        iri=iri,
        sources=tuple(value.value for value in said[node].get(DCT.source, ()) if isinstance(value, NamedNode)),
        triples=tuple(triples),
        rules=rules,
    )
