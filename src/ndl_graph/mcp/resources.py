"""What agents can read and complete beside the tools: records, shapes, examples, VoID, and one prompt."""

import json
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import Completion
from starlette.concurrency import run_in_threadpool

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NdlGraphError
from ndl_graph.formats import format_named
from ndl_graph.mcp.answers import fitting, visible_error
from ndl_graph.search import SearchQuery
from ndl_graph.sparql.examples import examples
from ndl_graph.validation import load_profile, profile_names

__all__ = ["add_resources"]


def add_resources(server: MCPServer[Any], catalog: Catalog) -> None:
    """Adds the resources of a catalogue, completion of their names, and the prompt that finds and cites."""

    @server.resource(
        "ndl://record/{slug}", name="record", description="A record as Markdown.", mime_type="text/markdown"
    )
    def record(slug: str) -> str:
        write = format_named("markdown").write
        assert write is not None
        try:
            return write(catalog.get(slug)).decode()
        except NdlGraphError as error:
            raise ResourceNotFoundError(visible_error(error)) from None

    @server.resource(
        "ndl://shapes/{profile}", name="shapes", description="A profile's SHACL shapes.", mime_type="text/plain"
    )
    def shapes(profile: str) -> str:
        try:
            found = load_profile(profile, catalog.base_iri)
        except NdlGraphError as error:
            raise ResourceNotFoundError(visible_error(error)) from None
        lines = [f"{found.title}. The shapes themselves: {found.iri} as text/turtle."]
        lines += [f"{name}: {rule.path or rule.name}, {rule.obligation}: {rule.message}"
                  for name, rules in found.shapes for rule in rules]  # fmt: skip
        return "\n".join(fitting(lines, "")[0])

    @server.resource(
        "ndl://examples", name="examples", description="Example SPARQL queries.", mime_type="application/json"
    )
    def example_queries() -> str:
        return json.dumps([{"question": one.label, "query": one.query} for one in examples()], ensure_ascii=False)

    @server.resource(
        "ndl://void", name="void", description="Classes and properties in use.", mime_type="application/json"
    )
    def void() -> str:
        counted = catalog.statistics()
        return json.dumps({"classes": dict(counted.classes), "properties": dict(counted.properties)})

    @server.prompt(name="find_and_cite", description="Find the right dataset and cite it.")
    def find_and_cite(question: str) -> str:
        return (
            f"Find the dataset that answers: {question}\n"
            "Use search_datasets, then get_datasets for the best three. Say what it is, who holds it, who may use "
            "it and how to reach it. Cite publisher, title, licence, date and IRI. If no_good_match is true, say "
            "that this catalogue has nothing for it."
        )

    # The SDK's decorator has no types.
    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # the library has no types there
    async def complete(ref: Any, argument: Any, context: Any) -> Completion | None:
        del ref, context
        facet = argument.name if argument.name != "slug" else None
        start = argument.value.casefold()
        if argument.name == "profile":
            values = profile_names()
        elif facet is None:
            listing = await run_in_threadpool(catalog.listing)
            values = [iri.rsplit("/", 1)[-1] for iri, _, _ in listing]
        else:
            found = await run_in_threadpool(catalog.search, SearchQuery(limit=1))
            values = [value for value, _ in found.facets.get(facet, [])]
        near = [value for value in values if value.casefold().startswith(start)]
        return Completion(values=near[:50], total=len(near), has_more=len(near) > 50)
