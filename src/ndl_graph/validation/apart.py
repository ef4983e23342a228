"""Many descriptions as one set, in which each is judged by what it says itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ndl_graph.record import Record
from ndl_graph.validation.report import Result

__all__ = ["Apart"]


class Apart:
    """Names apart, for each record, the nodes of which another of the records says something else.

    Two records may say different things of one publisher. Validated together, either would be told of what the other
    says; so such a node goes by a name of its own in each.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._disputed = _disputed([record.statements.lines for record in records])
        self._numbers = {record.iri.value: number for number, record in enumerate(records)} if self._disputed else {}
        self._real: dict[str, str] = {}

    def text(self, record: Record, lines: Sequence[str]) -> str:
        """N-Triples of lines of a record, with the names that its nodes have in the set."""
        if self._disputed:
            lines = list(self._renamed(record, lines))
        return " .\n".join(lines) + " .\n" if lines else ""

    def nodes(self, record: Record) -> list[str]:
        """What the nodes of a record are called in the set, each once, without angle brackets."""
        nodes = dict.fromkeys(line.split(" ", 1)[0] for line in record.statements.lines)
        return [self.name(record, node).strip("<>") for node in nodes]

    def told(self, result: Result) -> Result:
        """A result of the set with the real names of nodes."""
        if not self._real:
            return result
        node, value, term = result.focus_node, result.value or "", result.term or ""
        if not {node, value, term} & self._real.keys():
            return result
        return replace(
            result,
            focus_node=self._real.get(node, node),
            value=self._real.get(value, result.value),
            term=self._real.get(term, result.term),
        )

    def _renamed(self, record: Record, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            subject, predicate, value = line.split(" ", 2)
            if subject in self._disputed or value in self._disputed:
                yield f"{self.name(record, subject)} {predicate} {self.name(record, value)}"
            else:
                yield line

    def name(self, record: Record, node: str) -> str:
        """What a node of a record, as N-Triples has it, is called in the set."""
        if node not in self._disputed:
            return node
        name = f"{node[:-1]}?in={self._numbers[record.iri.value]}>"
        self._real[name] = node
        self._real[name[1:-1]] = node[1:-1]
        return name


def _disputed(told: Sequence[Sequence[str]]) -> set[str]:
    """The nodes of which one record says something else than another, be it of a node that they lead to."""
    said: dict[str, list[str]] = {}
    shared: dict[str, list[str]] = {}
    disputed: set[str] = set()
    for lines in told:
        own: dict[str, list[str]] = {}
        start, about = "\n", []
        for line in lines:
            if not line.startswith(start):  # what is said of one node mostly stands together
                node = line.split(" ", 1)[0]
                start, about = f"{node} ", own.setdefault(node, [])
            about.append(line)
        for node, about in own.items():
            known = said.setdefault(node, about)
            if known is about:
                continue
            shared[node] = known
            if known != about and sorted(known) != sorted(about):
                disputed.add(node)
    # One node that leads to another which goes by a name for each record would lead to all of those.
    more = disputed
    while more:
        more = {
            node
            for node, about in shared.items()
            if node not in disputed and any(line.split(" ", 2)[2] in disputed for line in about)
        }
        disputed |= more
    return disputed
