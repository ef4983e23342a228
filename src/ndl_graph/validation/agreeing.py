"""Many descriptions as a few sets, in which each is judged by what it says itself."""

from collections.abc import Sequence

from ndl_graph.record import Record

__all__ = ["agreeing"]


def agreeing(records: Sequence[Record]) -> list[list[Record]]:
    """The records in sets of which no two say different things of one node, in the order given.

    Two records may say different things of one publisher. Validated as one graph, either would be told of what the
    other says.
    """
    said: dict[str, list[str]] = {}
    disputed: set[str] = set()
    for record in records:
        own: dict[str, list[str]] = {}
        start, about = "\n", []
        for line in record.statements.lines:
            if not line.startswith(start):  # what is said of one node mostly stands together
                node = line.split(" ", 1)[0]
                start, about = f"{node} ", own.setdefault(node, [])
            about.append(line)
        for node, about in own.items():
            known = said.setdefault(node, about)
            if known is not about and known != about and sorted(known) != sorted(about):
                disputed.add(node)
    if not disputed:
        return [list(records)]
    sets: dict[frozenset[str], list[Record]] = {}
    for record in records:
        lines = record.statements.lines
        sets.setdefault(frozenset(line for line in lines if line.split(" ", 1)[0] in disputed), []).append(record)
    return list(sets.values())
