"""Commands that run the service and show its settings."""

import logging
import signal
import socket
import sys
import threading
from typing import Final

import click

from ndl_graph import upkeep
from ndl_graph.cli.console import Console, ProgressBar, settings_from, share_memory, with_console, with_store
from ndl_graph.errors import SettingError
from ndl_graph.settings import SETTINGS, open_catalog, open_meaning, open_runner, open_scorer

__all__ = ["config", "index", "mcp", "serve"]


_GRACE: Final = 15  # seconds in which what is being answered may come to its end; a query has less


@click.command(epilog="Example: ndl-graph serve --port 9000")
@click.option("--host", metavar="HOST", help="Address to listen on.")
@click.option("--port", metavar="PORT", help="Port to listen on.")
@with_store
@with_console
def serve(console: Console, host: str | None, port: str | None, store: str | None, base_iri: str | None) -> None:
    """The web service: pages, linked data, search and SPARQL."""
    share_memory(2)
    settings = settings_from(host=host, port=port, store=store, base_iri=base_iri)
    catalog = open_catalog(settings)
    if not upkeep.is_searchable(catalog):
        upkeep.reindex(catalog, open_scorer(settings))
        console.say("The search index was missing or broken: it was made anew.")
    listener = _listen(settings.host, settings.port)
    port_number = listener.getsockname()[1]
    here = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{port_number}"
    console.say(f"Pages:            {here}/")
    console.say(f"SPARQL endpoint:  {here}/sparql")
    console.say(f"For agents:       {here}/mcp   and {here}/llms.txt")
    console.say(f"Store:            {settings.store}, records at {catalog.base_iri}")

    import uvicorn

    from ndl_graph.mcp import AgentServer
    from ndl_graph.web import create_app
    from ndl_graph.web.protocol import LimitedProtocol

    runner = open_runner(settings)
    catalog.meaning = open_meaning(settings)

    # An answer that is cut breaks off on purpose: that is no fault to be logged.
    logging.getLogger("uvicorn.error").addFilter(lambda told: "without completing response" not in told.getMessage())
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(catalog, settings, runner, {"/mcp": AgentServer(catalog, settings, runner)}),
            log_level="info" if console.verbose else "warning",
            access_log=console.verbose,
            server_header=False,
            http=LimitedProtocol,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    # Told to stop, the service has done its work when it has stopped; uvicorn would end as if it were killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except socket.gaierror:
        raise SettingError(f"there is no address {host!r} on this machine", where="host") from None
    except OSError as error:
        raise SettingError(
            f"port {port} on {host} cannot be used: {error.strerror}",
            where="port",
            hint="Another service may be using it. Choose another: --port 8001",
        ) from None
    return listener


@click.command(epilog="Example: ndl-graph mcp --store .ndl-graph")
@with_store
@with_console
def mcp(console: Console, store: str | None, base_iri: str | None) -> None:
    """The agent server (Model Context Protocol) on standard input and output."""
    settings = settings_from(store=store, base_iri=base_iri)
    catalog = open_catalog(settings)
    catalog.snapshot()  # a store that cannot be read is told now, not to the first agent
    if not upkeep.is_searchable(catalog):
        upkeep.reindex(catalog, open_scorer(settings))
    catalog.meaning = open_meaning(settings)
    # What was learnt before is read at once; the rest is learnt while the first agent reads the tools.
    learner = threading.Thread(target=catalog.learn_meaning, daemon=True)
    learner.start()
    console.say("Waiting for an agent on standard input.")

    import anyio

    from ndl_graph.mcp import AgentServer

    try:
        anyio.run(AgentServer(catalog, settings, open_runner(settings)).over_standard_input)
    finally:
        if catalog.meaning is not None:
            catalog.meaning.stop()
        learner.join()


@click.command(epilog="Example: ndl-graph index --vectors --store http://127.0.0.1:3030/catalogue")
@click.option("--vectors", is_flag=True, help="Make the vectors for search by meaning now, not while the service runs.")
@with_store
@with_console
def index(console: Console, vectors: bool, store: str | None, base_iri: str | None) -> None:
    """Score every record and make the search index anew, from the records in the store."""
    settings = settings_from(store=store, base_iri=base_iri)
    catalog = open_catalog(settings)
    summary = {"records": upkeep.reindex(catalog, open_scorer(settings))}
    if vectors:
        catalog.meaning = open_meaning(settings)
        if catalog.meaning is None:
            raise SettingError("there is no model to make vectors with", where="meaning")
        with ProgressBar(console) as bar:
            catalog.learn_meaning(lambda progress: bar("vectors", progress.done, progress.total))
        summary["vectors"] = catalog.meaning.progress.done
    if console.as_json:
        console.summary(summary)
    else:
        console.say(f"{summary['records']:,} records scored and indexed")


@click.command(epilog="Example: ndl-graph config")
@with_store
@with_console
def config(console: Console, store: str | None, base_iri: str | None) -> None:
    """Each setting's value, and where it came from."""
    settings = settings_from(store=store, base_iri=base_iri)
    rows = [
        {
            "name": one.name,
            "value": "(hidden)" if one.secret and getattr(settings, one.name) else getattr(settings, one.name),
            "from": settings.origins[one.name],
            "help": one.help,
        }
        for one in SETTINGS
    ]
    if console.as_json:
        console.summary(rows)
        return
    for row in rows:
        console.result(f"{row['name']} = {row['value']!r}  ({row['from']})\n  {row['help']}")
