"""The metrics of both scores, from `vocab/metric.ttl`: what each is worth, why, and how to gain its points."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.errors import NotFoundError
from ndl_graph.namespaces import DQV, METRIC, NDL, SKOS
from ndl_graph.record import Node, Term
from ndl_graph.resources import vocab_folder

__all__ = ["METRICS", "SCORES", "Metric", "Score", "metric_named"]


@dataclass(frozen=True)
class Score:
    """A sum of points: `eu` is that of data.europa.eu, `ai` our own."""

    name: str
    iri: NamedNode
    label: str
    definition: str
    points: int


@dataclass(frozen=True)
class Metric:
    """One thing that a description either has or lacks, and the points it gives."""

    name: str
    score: str
    label: str
    dimension: str
    points: int
    why: str
    fix: str

    @property
    def iri(self) -> NamedNode:
        """What it is called in the graph."""
        return NamedNode(METRIC + self.name)


def _read() -> tuple[dict[str, Score], dict[str, Metric]]:
    said: dict[Node, dict[NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for quad in parse(path=str(vocab_folder() / "metric.ttl"), format=RdfFormat.TURTLE):
        said[quad.subject][quad.predicate].append(quad.object)

    def text(subject: Node, predicate: NamedNode) -> str:
        values = [value for value in said[subject][predicate] if isinstance(value, Literal)]
        english = [value for value in values if value.language in (None, "en")]
        return english[0].value if english else ""

    scores: dict[str, Score] = {}
    metrics: dict[str, Metric] = {}
    for subject in list(said):
        if not isinstance(subject, NamedNode) or not said[subject][NDL.points]:
            continue
        name = subject.value.removeprefix(METRIC)
        points = int(text(subject, NDL.points))
        label, definition = text(subject, SKOS.prefLabel), text(subject, SKOS.definition)
        dimension = next(iter(said[subject][DQV.inDimension]), None)
        if isinstance(dimension, NamedNode):
            metrics[name] = Metric(
                name,
                name.split("-", 1)[0],
                label,
                text(dimension, SKOS.prefLabel),
                points,
                definition,
                text(subject, NDL.fix),
            )
        else:
            short = name.removesuffix("-score")
            scores[short] = Score(short, subject, label, definition, points)
    return scores, metrics


_TABLES: Final = _read()
SCORES: Final[Mapping[str, Score]] = _TABLES[0]
METRICS: Final[Mapping[str, Metric]] = _TABLES[1]


def metric_named(name: str) -> Metric:
    """The metric of that name; raises `NotFoundError`."""
    if name not in METRICS:
        raise NotFoundError("there is no such metric", where=name, hint="See /vocab/metric")
    return METRICS[name]
