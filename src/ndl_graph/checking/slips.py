"""Terms that DCAT and DCMI do not have: slips of the pen, which a graph keeps without a word."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final, NamedTuple

from ndl_graph.labels import Labels
from ndl_graph.namespaces import PREFIXES, RDF, compact
from ndl_graph.normalise import standard_term

__all__ = ["Slip", "slips"]

#: Vocabularies of which every term has a label here.
_WHOLE: Final = (PREFIXES["dcat"], PREFIXES["dct"])
_TYPE: Final = str(RDF.type)


class Slip(NamedTuple):
    """A term that there is not: the node it is said of, the property it stands at, the term, and what may be meant."""

    node: str
    path: str
    term: str
    meant: str

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        return f"There is no term {compact(self.term)}."

    @property
    def fix(self) -> str:
        """What to write instead, where that can be told."""
        if self.meant:
            return f"Write {compact(self.meant)}, if that is meant."
        return "Take the term that the vocabulary has for it, or one of a vocabulary of your own."


def slips(lines: Iterable[str], labels: Labels) -> Iterator[Slip]:
    """The slips in N-Triples lines; a load mends what differs from a term in its case alone, so that is none."""
    for line in lines:
        node, predicate, value = line.split(" ", 2)
        is_type = predicate == _TYPE
        term = (value if is_type else predicate)[1:-1]
        start = next((one for one in _WHOLE if term.startswith(one)), None)
        if start is None:
            continue
        local = standard_term(term)[len(start) :]
        if not local or (labels.known(start + local) and local[:1].isupper() == is_type):
            continue
        alike = [one for one in labels.terms(start) if one[len(start) :][:1].isupper() == is_type]
        near = {one[len(start) :].casefold(): one for one in alike}
        found = get_close_matches(local.casefold(), near, 1, 0.75)
        yield Slip(node.strip("<>"), predicate[1:-1], term, near[found[0]] if found else "")
