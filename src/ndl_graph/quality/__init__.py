"""How good a description is: two scores, each point with its reason, for a record, a publisher and the catalogue."""

from ndl_graph.quality.croissant import CroissantVerdict, croissant_faults, croissant_verdict
from ndl_graph.quality.figures import Fix, bands_of, fixes_of, history_lines, history_of, summary_lines
from ndl_graph.quality.metrics import METRICS, SCORES, Metric, Score, metric_named
from ndl_graph.quality.scoring import (
    Assessment,
    LinkState,
    Scorer,
    addresses,
    broken_rules,
    faulty_records,
    score_lines,
    size_typed,
    without_scores,
)

__all__ = [
    "METRICS",
    "SCORES",
    "Assessment",
    "CroissantVerdict",
    "Fix",
    "LinkState",
    "Metric",
    "Score",
    "Scorer",
    "addresses",
    "bands_of",
    "broken_rules",
    "croissant_faults",
    "croissant_verdict",
    "faulty_records",
    "fixes_of",
    "history_lines",
    "history_of",
    "metric_named",
    "score_lines",
    "size_typed",
    "summary_lines",
    "without_scores",
]
