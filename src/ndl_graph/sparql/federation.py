"""`SERVICE`, within limits: the other endpoint is asked here, never by the engine, and only if it is on a list.

The pattern is sent to the endpoint as a query of its own, and its rows stand in the pattern's place as `VALUES`:
SPARQL 1.1 Federated Query (section 2) joins them with the rest in the same way. The workers have no network.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import httpx
from pyoxigraph import BlankNode, QueryResultsFormat, QuerySolutions, Triple, parse_query_results

from ndl_graph.errors import LimitError, QueryError
from ndl_graph.sparql.query import Query, Service, read_query

__all__ = ["Federation"]

#: SERVICE patterns of one query: each is a request of ours to somebody else.
_MOST: Final = 5
_RESULTS: Final = "application/sparql-results+json"


@dataclass(frozen=True)
class Federation:
    """The endpoints that queries may ask, and how long and how much each may answer."""

    endpoints: Collection[str] = ()
    service_seconds: float = 5
    service_bytes: int = 4 * 1024**2

    def resolve(self, query: Query) -> Query:
        """The query with what the endpoints answered in the place of its SERVICE patterns.

        Raises `QueryError` for an endpoint that is not on the list or does not answer, unless the pattern is SILENT,
        and `LimitError` for an answer that takes too long or is too large.
        """
        text = query.text
        if len(query.services) > _MOST:
            raise LimitError(
                f"the query has {len(query.services)} SERVICE patterns; {_MOST} are asked for one query",
                hint="Ask the other endpoint for several things in one pattern.",
                limit="service_patterns",
                value=_MOST,
            )
        end = len(text) + 1
        for service in query.services:
            self._permit(service)
        for service in reversed(query.services):
            if service.end > end or read_query(f"SELECT * WHERE {{ {service.pattern} }}").services:
                raise QueryError("a SERVICE inside another is not allowed", hint="Ask the two endpoints side by side.")
            end = service.start
            try:
                rows = self._ask(service, query)
            except (QueryError, LimitError):
                if not service.silent:
                    raise
                rows = "{}"
            text = f"{text[: service.start]} {rows} {text[service.end :]}"
        return replace(query, text=text, services=())

    def _permit(self, service: Service) -> None:
        if service.endpoint in self.endpoints:
            return
        hint = "Query the other endpoint yourself, and join the answers."
        if self.endpoints:
            hint = "It may ask, named by the full IRI: " + ", ".join(f"<{one}>" for one in sorted(self.endpoints))
        named = f" <{service.endpoint}>" if service.endpoint else ""
        raise QueryError(f"SERVICE{named} is not allowed: this endpoint does not ask that server", hint=hint)

    def _ask(self, service: Service, query: Query) -> str:
        prefixes = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in query.added.items())
        asked = f"{prefixes}{query.prologue} SELECT * WHERE {{ {service.pattern} }}"
        assert service.endpoint is not None
        try:
            body = self._fetch(service.endpoint, asked)
        except httpx.TimeoutException:
            raise self._slow(service.endpoint) from None
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise QueryError(f"SERVICE <{service.endpoint}> does not answer: {said}") from None
        try:
            found = parse_query_results(body, format=QueryResultsFormat.JSON)
            if not isinstance(found, QuerySolutions):
                raise SyntaxError("it answered yes or no")
            return _values(found)
        except (SyntaxError, ValueError) as error:
            raise QueryError(f"SERVICE <{service.endpoint}> answered what is no result: {error}") from None

    def _slow(self, endpoint: str) -> LimitError:
        return LimitError(
            f"SERVICE <{endpoint}> took longer than {self.service_seconds:g} s",
            hint="Ask it for less: put what binds the variables inside the SERVICE pattern.",
            limit="service_seconds",
            value=self.service_seconds,
        )

    def _fetch(self, endpoint: str, query: str) -> bytes:
        over = time.monotonic() + self.service_seconds
        body = bytearray()
        # No redirects and no proxies: the list says whom we ask, nobody else does.
        client = httpx.Client(timeout=self.service_seconds, follow_redirects=False, trust_env=False)
        with client, client.stream("POST", endpoint, data={"query": query}, headers={"Accept": _RESULTS}) as answer:
            if answer.status_code != 200:
                raise QueryError(f"SERVICE <{endpoint}> answered {answer.status_code} {answer.reason_phrase}")
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > self.service_bytes:
                    raise LimitError(
                        f"SERVICE <{endpoint}> answered more than {self.service_bytes:,} bytes",
                        hint="Ask it for less: a LIMIT cannot stand there, but a filter or a constant can.",
                        limit="service_bytes",
                        value=self.service_bytes,
                    )
                if time.monotonic() > over:
                    raise self._slow(endpoint)
        return bytes(body)


def _values(found: QuerySolutions) -> str:
    names = [variable.value for variable in found.variables]
    rows = []
    for row in found:
        terms = []
        for name in names:
            term = row[name]
            if isinstance(term, BlankNode):
                # A blank node of another endpoint is a thing of its own here: a name that nothing else has.
                terms.append(f"<urn:ndl-graph:elsewhere:{term.value}>")
            elif term is None or isinstance(term, Triple):
                terms.append("UNDEF")
            else:
                terms.append(str(term))
        rows.append(f"({' '.join(terms)})")
    if not names:
        return "{}" if rows else "{ FILTER (false) }"
    return f"{{ VALUES ({' '.join(f'?{name}' for name in names)}) {{ {' '.join(rows)} }} }}"
