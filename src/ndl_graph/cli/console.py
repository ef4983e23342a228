"""How commands speak: results on standard output, everything else on standard error."""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import click
import rich.console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ndl_graph.errors import NdlGraphError
from ndl_graph.settings import Settings, load_settings

__all__ = [
    "FAILED",
    "REFUSED",
    "Console",
    "ProgressBar",
    "is_coloured",
    "say_error",
    "settings_from",
    "share_memory",
    "with_console",
    "with_store",
]

REFUSED: Final = 1
FAILED: Final = 2
_M_ARENA_MAX: Final = -8  # of glibc

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Console:
    """What to say, and in which form."""

    quiet: bool = False
    verbose: bool = False
    as_json: bool = False

    def say(self, text: str = "") -> None:
        """Tells a person how it goes."""
        if not self.quiet:
            click.echo(text, err=True)

    def result(self, text: str) -> None:
        """Gives what was asked for."""
        click.echo(text)

    def summary(self, document: Any) -> None:
        """Gives the machine-readable summary."""
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def say_error(error: NdlGraphError) -> None:
    """What happened, where, and what to do next."""
    click.secho(f"Error: {error}", err=True, fg="red" if is_coloured(sys.stderr) else None)


def is_coloured(stream: Any) -> bool:
    """Whether colour is wanted there: on a terminal, and where NO_COLOR is not set."""
    return "NO_COLOR" not in os.environ and stream.isatty()


def with_console(function: F) -> F:
    """Gives a command the global flags behind its name as well as before it."""

    def keep(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
        def callback(context: click.Context, _: click.Parameter, value: bool) -> None:
            if value:
                context.obj = replace(context.obj, **{name: True})

        return callback

    for flag, name, text in (
        ("--json", "as_json", "A machine-readable summary on standard output."),
        ("--verbose", "verbose", "Say more."),
        ("--quiet", "quiet", "Say nothing but results and errors."),
    ):
        function = click.option(flag, name, is_flag=True, expose_value=False, callback=keep(name), help=text)(function)
    # click's decorator changes the signature, which F cannot say.
    return click.pass_obj(function)  # type: ignore[return-value]  # click's type forgets the signature


def with_store(function: F) -> F:
    """Adds `--store` and `--base-iri`."""
    function = click.option("--base-iri", metavar="IRI", help="What the IRIs of records start with.")(function)
    return click.option("--store", metavar="DIR|URL", help="Folder of the store, or address of a SPARQL server.")(
        function
    )


def settings_from(**flags: Any) -> Settings:
    """The settings, with these flags over them."""
    return load_settings(flags)


class ProgressBar:
    """A bar with count and time left on a terminal; a line a source in a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._terminal = sys.stderr.isatty() and not console.quiet
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=rich.console.Console(stderr=True),
            transient=True,
            disable=not self._terminal,
        )
        self._task: Any = None
        self._source = ""

    def __enter__(self) -> "ProgressBar":
        self._bar.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._bar.__exit__(*details)

    def __call__(self, source: str, done: int, total: int | None) -> None:
        if source != self._source:
            self._source = source
            if self._terminal:
                self._task = self._bar.add_task(f"reading {source}", total=None, rate="")
            else:
                self._console.say(f"reading {source}")
        if self._terminal and total is not None:
            task = self._bar.tasks[-1]
            rate = f"{task.speed:,.0f}/s" if task.speed else ""
            self._bar.update(self._task, description=f"loading {source}", completed=done, total=total, rate=rate)
        elif total is not None and (self._console.verbose or done == total):
            self._console.say(f"  {done:,} of {total:,} descriptions")


def share_memory(heaps: int) -> None:
    """Lets all threads take memory from so many heaps; glibc would give each its own, and shrink none of them.

    With two, twenty hostile queries at once leave the service at 195 MB, and at more than 330 MB without. A load, whose
    threads take much at once, would take an eighth longer with two.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, heaps)
