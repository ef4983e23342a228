"""The command line: one command a task, one way to fail."""

import logging
import signal
import sys
import threading
import traceback
import warnings
from pathlib import Path

import click

from ndl_graph import __version__
from ndl_graph.cli.catalogue import check_links, export, query, rejected, remove, show
from ndl_graph.cli.console import FAILED, Console, say_error
from ndl_graph.cli.descriptions import convert, describe_columns, load, profiles, validate
from ndl_graph.cli.service import config, index, mcp, serve
from ndl_graph.errors import NdlGraphError

__all__ = ["cli", "main"]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: ndl-graph load data && ndl-graph serve",
)
@click.version_option(__version__, prog_name="ndl-graph")
@click.option("--quiet", is_flag=True, help="Say nothing but results and errors.")
@click.option("--verbose", is_flag=True, help="Say more.")
@click.option("--json", "as_json", is_flag=True, help="A machine-readable summary on standard output.")
@click.pass_context
def cli(context: click.Context, quiet: bool, verbose: bool, as_json: bool) -> None:
    """Publishes descriptions of datasets as linked data. It holds descriptions, never the data."""
    context.obj = Console(quiet=quiet, verbose=verbose, as_json=as_json)


for command in (
    serve,
    mcp,
    load,
    validate,
    profiles,
    query,
    show,
    export,
    convert,
    describe_columns,
    remove,
    rejected,
    check_links,
    index,
    config,
):
    cli.add_command(command)


def main() -> None:
    """Runs a command; whatever goes wrong is said in words, with exit status 2 unless the command has its own."""
    sys.unraisablehook = _interrupted_again
    # What libraries have to say to developers is no help to a steward.
    warnings.simplefilter("ignore")
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.UsageError as error:
        error.show()
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(FAILED)
    except NdlGraphError as error:
        say_error(error)
        sys.exit(FAILED)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted. What was complete before the last checkpoint is kept.", err=True)
        sys.exit(130)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            told = f"{error.filename}: it" if error.filename else "the output"
            click.echo(f"Error: {told} cannot be read or written: {error.strerror or error}", err=True)
            sys.exit(FAILED)
        # The reader of a pipe has had enough: nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a person who reads it
        place = traceback.extract_tb(error.__traceback__)[-1]
        click.echo(
            f"Error: {type(error).__name__}: {str(error)[:300]} ({Path(place.filename).name}:{place.lineno})\n"
            "  This is a fault of ndl-graph. Please report it with what was read.",
            err=True,
        )
        sys.exit(FAILED)


def _interrupted_again(lost: "sys.UnraisableHookArgs") -> None:
    """Sends Ctrl-C again where it came while an object was being cleared away, where Python drops what is raised."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        main_thread = threading.get_ident()
        threading.Timer(0.01, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(lost)
