"""The quality of many descriptions together: averages, what is lacking most, and how it went from load to load."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from ndl_graph.namespaces import DQV, FOAF, PROV, RDF, XSD
from ndl_graph.quality.metrics import METRICS, SCORES, Metric
from ndl_graph.record import Term
from ndl_graph.search import BANDS, Group, QualityCounts

__all__ = ["BANDS", "Fix", "bands_of", "fixes_of", "history_lines", "history_of", "summary_lines"]


@dataclass(frozen=True)
class Fix:
    """What is lacking, in how many datasets, and how much the average would rise if it were there."""

    metric: Metric
    datasets: int
    gain: float


def fixes_of(lacks: Mapping[str, int], total: int, most: int = 10) -> list[Fix]:
    """The fixes that would raise the scores most, both scores measured in parts of their whole."""
    found = [
        Fix(metric, count, 100 * count * metric.points / SCORES[metric.score].points / max(1, total))
        for name, count in lacks.items()
        if count and (metric := METRICS.get(name)) is not None
    ]
    return sorted(found, key=lambda fix: (-fix.gain, fix.metric.name))[:most]


def summary_lines(
    base: str, counts: QualityCounts, slugs: Mapping[str, str], at: Literal | None, history: Iterable[str]
) -> Iterator[str]:
    """What the graph `{base}quality` says: scores of the catalogue and of each publisher, and those after each load.

    `at` is the time of a load; without it nothing is added to the history.
    """
    yield from history
    if not counts.whole.total:
        return
    catalogue = NamedNode(f"{base}catalog")
    yield from _measured(f"{base}quality#now", catalogue, counts.whole)
    if at is not None:
        for name, average in counts.whole.averages.items():
            node = NamedNode(f"{base}quality#at-{at.value}-{name}")
            yield from history_lines(
                node, catalogue, SCORES[name].iri, Literal(f"{average:.1f}", datatype=XSD.decimal), at
            )
    for figures in counts.publishers:
        if figures.name not in slugs:
            continue  # of many thousands the index names the largest
        organisation = NamedNode(f"{base}organisation/{slugs[figures.name]}")
        yield f"{organisation} {FOAF.name} {Literal(figures.name)}"
        yield from _measured(f"{organisation.value}#quality", organisation, figures)


def history_lines(node: NamedNode, catalogue: NamedNode, metric: Term, value: Term, at: Term) -> Iterator[str]:
    """One measurement of the catalogue after a load."""
    yield f"{node} {RDF.type} {DQV.QualityMeasurement}"
    yield f"{node} {DQV.computedOn} {catalogue}"
    yield f"{node} {DQV.isMeasurementOf} {metric}"
    yield f"{node} {DQV.value} {value}"
    yield f"{node} {PROV.generatedAtTime} {at}"


def _measured(start: str, subject: NamedNode, figures: Group) -> Iterator[str]:
    for name, average in figures.averages.items():
        node = NamedNode(f"{start}-{name}")
        yield f"{subject} {DQV.hasQualityMeasurement} {node}"
        yield f"{node} {RDF.type} {DQV.QualityMeasurement}"
        yield f"{node} {DQV.isMeasurementOf} {SCORES[name].iri}"
        yield f"{node} {DQV.value} {Literal(f'{average:.1f}', datatype=XSD.decimal)}"


def history_of(rows: Iterable[Mapping[str, Term]]) -> list[tuple[str, dict[str, float]]]:
    """Average points by score at each load, the oldest first, from rows of `metric`, `value` and `at`."""
    found: dict[str, dict[str, float]] = {}
    names = {score.iri: name for name, score in SCORES.items()}
    for row in rows:
        metric, value, at = row.get("metric"), row.get("value"), row.get("at")
        if isinstance(metric, NamedNode) and metric in names and isinstance(value, Literal) and isinstance(at, Literal):
            found.setdefault(at.value, {})[names[metric]] = float(value.value)
    return sorted(found.items())


def bands_of(points: Sequence[tuple[int, int]]) -> tuple[tuple[str, int], ...]:
    """How many datasets are in each band, from points and how many datasets have them."""
    counts = dict.fromkeys((name for name, _ in BANDS), 0)
    for value, count in points:
        counts[next(name for name, least in BANDS if value >= least)] += count
    return tuple(counts.items())
