"""What became of a load: of each source, and of everything."""

from dataclasses import dataclass, field
from typing import Any

from ndl_graph.errors import NdlGraphError
from ndl_graph.normalise import Repairs

__all__ = ["LoadSummary", "SourceSummary"]


@dataclass
class SourceSummary:
    """What became of one source."""

    source: str
    read: int = 0
    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    errors: list[NdlGraphError] = field(default_factory=list)
    left_out: int = 0
    passed_over: list[str] = field(default_factory=list)
    advice: dict[tuple[str, str], int] = field(default_factory=dict)
    repairs: Repairs = field(default_factory=Repairs)

    def as_json(self) -> dict[str, Any]:
        """The summary as the public contract has it."""
        return {
            "source": self.source,
            "read": self.read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "errors": [str(error) for error in self.errors],
            "left_out": self.left_out,
            "passed_over": self.passed_over,
        }


@dataclass
class LoadSummary:
    """What became of everything."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    sources: list[SourceSummary] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def read(self) -> int:
        """How many descriptions were read."""
        return sum(source.read for source in self.sources)

    @property
    def repairs(self) -> Repairs:
        """The repairs of all sources."""
        whole = Repairs()
        for source in self.sources:
            whole.add(source.repairs)
        return whole

    @property
    def errors(self) -> list[NdlGraphError]:
        """What could not be read."""
        return [error for source in self.sources for error in source.errors]

    def as_json(self) -> dict[str, Any]:
        """The summary as the public contract has it."""
        return {
            "read": self.read,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "repairs": self.repairs.as_json(),
            "sources": [source.as_json() for source in self.sources],
            "seconds": round(self.seconds, 2),
        }
