"""A SPARQL 1.1 server: what is asked of it, and what is said when it does not answer."""

import re
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from pyoxigraph import (
    BlankNode,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)

from ndl_graph.errors import QueryError, StoreDownError, StoreError, StoreLiesError, StoreSlowError
from ndl_graph.record import Term
from ndl_graph.sparql import Query, read_query
from ndl_graph.sparql.query import query_error

__all__ = ["MEDIA_TYPES", "RemoteGraphs", "Server", "declared", "in_words"]

#: Media types by the names that our formats have.
MEDIA_TYPES: Final = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "turtle": "text/turtle",
    "ntriples": "application/n-triples",
    "rdfxml": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "trig": "application/trig",
    "nquads": "application/n-quads",
}


@dataclass(frozen=True)
class Server:
    """A SPARQL 1.1 server: where it answers queries and takes updates, as whom, and how long it may take."""

    query_url: str
    update_url: str
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 60

    def client(self) -> httpx.Client:
        """A client for it; what is asked of it is for nobody else."""
        return httpx.Client(**self.arguments)

    @property
    def arguments(self) -> dict[str, Any]:
        """How its clients are made."""
        auth = httpx.BasicAuth(self.user, self.password) if self.user else None
        return {"timeout": self.seconds, "auth": auth, "follow_redirects": False, "trust_env": False}

    def failure(self, error: Exception) -> StoreError:
        """What to say of an answer that did not come."""
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return StoreDownError(
                "the SPARQL server does not answer", where=self.query_url, hint="Start it, or name another: --store URL"
            )
        if isinstance(error, httpx.TimeoutException):
            return StoreSlowError(f"the SPARQL server did not answer within {self.seconds:g} s", where=self.query_url)
        return StoreDownError(f"the SPARQL server broke off: {type(error).__name__}", where=self.query_url)

    def refusal(self, status: int, body: str) -> StoreError:
        """What to say of an answer that is none."""
        if status in (401, 403):
            return StoreError(
                "the SPARQL server wants other credentials",
                where=self.query_url,
                hint="Set store_user and store_password: NDL_GRAPH_STORE_USER, NDL_GRAPH_STORE_PASSWORD",
            )
        if status in (503, 504, 408, 429):
            return StoreSlowError(f"the SPARQL server gave up ({status})", where=self.query_url)
        # What a server says of a fault of its own is not for everybody who asks us.
        said = f": {' '.join(body.split())[:200]}" if status < 500 else ""
        return StoreLiesError(
            f"the SPARQL server answered {status}{said}",
            where=self.query_url,
            hint="Is this the address of a SPARQL 1.1 server? It is asked at ADDRESS/query and ADDRESS/update.",
        )


class RemoteGraphs:
    """The graphs on a SPARQL server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = server.client()
        weakref.finalize(self, self._client.close)

    def has(self, graph: str) -> bool:
        """Whether there is a graph of that name."""
        found = self._results(f"ASK {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}")
        return isinstance(found, QueryBoolean) and bool(found)

    def triples(self, graph: str) -> list[Triple]:
        """The triples of a graph; none where there is no such graph."""
        query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
        return self._graph(query)

    def each(self, graphs: Sequence[str]) -> Iterator[tuple[str, list[Triple]]]:
        """The triples of several graphs, graph by graph; asked for together."""
        found: dict[str, list[Triple]] = {graph: [] for graph in graphs}
        names = " ".join(str(NamedNode(graph)) for graph in graphs)
        for row in self.select(f"SELECT ?g ?s ?p ?o {{ VALUES ?g {{ {names} }} GRAPH ?g {{ ?s ?p ?o }} }}"):
            graph, subject, predicate = row["g"], row["s"], row["p"]
            assert isinstance(graph, NamedNode)
            assert isinstance(subject, (NamedNode, BlankNode))
            assert isinstance(predicate, NamedNode)
            found[graph.value].append(Triple(subject, predicate, row["o"]))
        yield from found.items()

    def select(self, query: str) -> list[dict[str, Term]]:
        """The rows of one of our own queries; `PREFIXES` are known."""
        found = self._results(declared(read_query(query)))
        if not isinstance(found, QuerySolutions):
            raise self._nonsense("yes or no, not rows")
        names = [variable.value for variable in found.variables]
        try:
            return [{name: value for name in names if (value := row[name]) is not None} for row in found]
        except (SyntaxError, ValueError) as error:
            raise self._nonsense(str(error)) from None

    def query(self, query: Query) -> QuerySolutions | QueryBoolean | QueryTriples:
        """The answer to a query; raises `QueryError`."""
        try:
            if query.form in ("construct", "describe"):
                # Only a query makes an iterator of triples that knows how to be written: hand one on.
                return _as_answer(self._graph(declared(query)))
            return self._results(declared(query))
        except StoreLiesError as error:
            if " answered 400" in error.message:
                raise in_words(error.message, query) from None
            raise

    def update(self, text: str) -> None:
        """Runs an update, all of it or nothing; raises `StoreError`."""
        try:
            answer = self._client.post(
                self._server.update_url, content=text.encode(), headers={"Content-Type": "application/sparql-update"}
            )
        except httpx.HTTPError as error:
            raise self._server.failure(error) from None
        if answer.status_code >= 300:
            raise self._server.refusal(answer.status_code, answer.text)

    def _fetch(self, query: str, accept: str) -> bytes:
        try:
            answer = self._client.post(self._server.query_url, data={"query": query}, headers={"Accept": accept})
        except httpx.HTTPError as error:
            raise self._server.failure(error) from None
        if answer.status_code != 200:
            raise self._server.refusal(answer.status_code, answer.text)
        return answer.content

    def _results(self, query: str) -> QuerySolutions | QueryBoolean:
        body = self._fetch(query, MEDIA_TYPES["json"])
        try:
            return parse_query_results(body, format=QueryResultsFormat.JSON)
        except (SyntaxError, ValueError) as error:
            raise self._nonsense(str(error)) from None

    def _graph(self, query: str) -> list[Triple]:
        body = self._fetch(query, MEDIA_TYPES["ntriples"])
        try:
            return [quad.triple for quad in parse(body, RdfFormat.N_TRIPLES, lenient=True)]
        except (SyntaxError, ValueError) as error:
            raise self._nonsense(str(error)) from None

    def _nonsense(self, said: str) -> StoreLiesError:
        return StoreLiesError(
            f"the SPARQL server answered what is no result: {said[:200]}",
            where=self._server.query_url,
            hint="Is this the address of a SPARQL 1.1 server?",
        )


def declared(query: Query) -> str:
    """The text with the prefixes that it leaves out, on the same line so that places in it stay true."""
    return "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in query.added.items()) + query.text


def in_words(said: str, query: Query) -> QueryError:
    """A server's complaint about a query, with its place where it names one and without its grammar."""
    place = re.search(r"line:? (\d+),? col(?:umn)?:? (\d+)|at (\d+):(\d+)", said)
    if not place:
        return QueryError("the SPARQL server cannot understand the query", hint="Check it against SPARQL 1.1.")
    line, column = (int(part) for part in place.groups() if part)
    if line == 1:
        column = max(1, column - (len(declared(query)) - len(query.text)))
    return query_error(f"at {line}:{column}: expected", query.text)


def _as_answer(triples: Sequence[Triple]) -> QueryTriples:
    store = Store()
    store.extend(Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    found = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(found, QueryTriples)
    return found
