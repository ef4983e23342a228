"""Everything that a description says, as its page shows it."""

from typing import NamedTuple

from pyoxigraph import NamedNode

from ndl_graph.description import DescriptionView, View
from ndl_graph.namespaces import RDF

__all__ = ["Part", "Said", "parts_of"]


class Said(NamedTuple):
    """A statement as the page shows it: where its value is on the page, or else its address, and what it is called."""

    predicate: str
    text: str
    part: int | None = None
    address: str | None = None


class Part(NamedTuple):
    """A node with all that is said of it."""

    heading: str
    statements: list[Said]


def parts_of(view: DescriptionView) -> list[Part]:
    """Every node that is described, the root first."""
    parts = list(view.parts())
    numbers = {part.node: number for number, part in enumerate(parts, start=1)}

    def called(part: View) -> str:
        """What is stated, else what kind of thing it is, else its address."""
        kinds = [kind.label for kind in part.views(RDF.type)]
        return part.stated_label or (next(iter(kinds), "") if part.node in numbers else "") or part.name

    def shown(predicate: NamedNode, part: View) -> Said:
        if part.iri is None and part.node not in numbers:
            return Said(predicate.value, part.label)
        if part.node in numbers:
            return Said(predicate.value, called(part), part=numbers[part.node])
        follows = part.iri is not None and part.iri.startswith(("http://", "https://", "mailto:", "tel:"))
        text = part.name.removeprefix("mailto:").removeprefix("tel:")
        return Said(predicate.value, text or part.iri or "", address=part.iri if follows else None)

    return [
        Part(called(part), [shown(predicate, part.at(value)) for predicate, value in part.statements]) for part in parts
    ]
