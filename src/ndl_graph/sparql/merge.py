"""The merge of several graphs as a default graph."""

from collections.abc import Iterable

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

__all__ = ["merged"]


def merged(
    store: Store, default: Iterable[NamedNode | BlankNode | DefaultGraph], named: Iterable[NamedNode | BlankNode]
) -> Store:
    """A dataset whose default graph is the merge of several graphs, with some named ones (SPARQL 1.1, section 13.2).

    The engine would tell twice what two of them say.
    """
    merge = Store()
    for graph in default:
        quads = store.quads_for_pattern(None, None, None, graph)
        merge.extend(Quad(quad.subject, quad.predicate, quad.object, DefaultGraph()) for quad in quads)
    for graph in named:
        merge.extend(store.quads_for_pattern(None, None, None, graph))
    return merge
