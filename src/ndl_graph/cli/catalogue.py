"""Commands on the catalogue itself: query, show, export, remove, rejected, check-links."""

import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    serialize,
)
from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from ndl_graph import __version__, upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.cli.console import FAILED, REFUSED, Console, say_error, settings_from, with_console, with_store
from ndl_graph.errors import NotFoundError, QueryError, SettingError
from ndl_graph.formats import format_named, jsonld, writable
from ndl_graph.links import Found, LinkCache, LinkChecker
from ndl_graph.namespaces import PREFIXES, compact
from ndl_graph.quality import addresses
from ndl_graph.settings import link_limits, links_file, open_catalog, open_scorer
from ndl_graph.sparql import hints, read_query, told_as_query_error
from ndl_graph.validation.report import short_path

__all__ = ["check_links", "export", "query", "rejected", "remove", "show"]

_RESULTS: Final = {
    "json": QueryResultsFormat.JSON,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
    "xml": QueryResultsFormat.XML,
}
_MARKER: Final = ".ndl-graph-export"


@click.command(epilog="Example: ndl-graph query 'SELECT ?title { ?d a dcat:Dataset ; dct:title ?title } LIMIT 5'")
@click.argument("text", metavar="[QUERY]", required=False)
@click.option("--file", "file", type=click.Path(), help="Read the query from a file; - is standard input.")
@click.option(
    "--results",
    type=click.Choice(["table", "json", "csv", "tsv", "xml", "turtle", "jsonld"]),
    help="Form of the answer; a table where nothing else is asked for.",
)
@with_store
@with_console
def query(
    console: Console,
    text: str | None,
    file: str | None,
    results: str | None,
    store: str | None,
    base_iri: str | None,
) -> None:
    """SPARQL over the store. The usual prefixes are known."""
    if (text is None) == (file is None):
        raise SettingError("give a query, or a file with one", hint="ndl-graph query --help shows an example.")
    if file is not None:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(f"it cannot be read: {error}", where=file) from None
    assert text is not None
    form = results or ("json" if console.as_json else "table")
    settings = settings_from(store=store, base_iri=base_iri)
    catalog = open_catalog(settings)
    asked = read_query(text, settings.query_add_prefixes)
    if asked.added:
        console.say("Known prefixes added: " + ", ".join(f"{prefix}:" for prefix in asked.added))
    answer = catalog.query(asked)
    with told_as_query_error(asked):
        if not _print(console, answer, form):
            for hint in hints(asked, catalog.statistics()):
                console.say(hint)


def _print(console: Console, answer: QuerySolutions | QueryBoolean | QueryTriples, form: str) -> bool:
    """Prints an answer; gives whether there was anything in it, where that is known: a program looks itself."""
    if isinstance(answer, QueryTriples):
        return _graph(answer, form)
    if form in _RESULTS:
        answer.serialize(sys.stdout.buffer, format=_RESULTS[form])
        return True
    if form in ("turtle", "jsonld"):
        raise QueryError(f"the answer is a table, not a graph: it cannot be written as {form}", hint="Use json or csv.")
    if isinstance(answer, QueryBoolean):
        console.result("yes" if answer else "no")
        return bool(answer)
    return _table(answer)


def _graph(answer: QueryTriples, form: str) -> bool:
    triples = list(answer)
    if form in ("json", "jsonld"):
        sys.stdout.buffer.write(jsonld.write(triples, dict.fromkeys(triple.subject for triple in triples)))
    elif form in ("table", "turtle"):
        sys.stdout.buffer.write(serialize(triples, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b"")
    else:
        raise QueryError(
            f"the answer is a graph, not a table: it cannot be written as {form}",
            hint="Use turtle or jsonld.",
        )
    return bool(triples)


def _table(answer: QuerySolutions) -> bool:
    names = [variable.value for variable in answer.variables]
    table = Table(*names)
    count = 0
    for row in answer:
        cells = []
        for name in names:
            value = row[name]
            if isinstance(value, NamedNode):
                cells.append(compact(value.value))
            else:
                cells.append(value.value if isinstance(value, Literal) else str(value or ""))
        table.add_row(*map(Text, cells))  # as it is: no cell has marks of ours in it
        count += 1
    width = None if sys.stdout.isatty() else 200
    RichConsole(width=width, highlight=False, no_color=True if "NO_COLOR" in os.environ else None).print(table)
    click.echo(f"{count} rows", err=True)
    return count > 0


@click.command(epilog="Example: ndl-graph show price-paid-data --format markdown")
@click.argument("name", metavar="IRI|SLUG")
@click.option("--format", "form", metavar="F", default="turtle", help=", ".join(f.name for f in writable()) + ".")
@with_store
@with_console
def show(console: Console, name: str, form: str, store: str | None, base_iri: str | None) -> None:
    """One description, in any form."""
    wanted = format_named("jsonld" if console.as_json and form == "turtle" else form, writable())
    try:
        record = open_catalog(settings_from(store=store, base_iri=base_iri)).get(name)
    except NotFoundError as error:
        say_error(error)
        sys.exit(REFUSED)
    assert wanted.write is not None
    sys.stdout.buffer.write(wanted.write(record))


@click.command(epilog="Example: ndl-graph export published --format croissant")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option(
    "--format",
    "form",
    metavar="F",
    default="nquads",
    help="nquads, " + ", ".join(f.name for f in writable()) + ".",
)
@with_store
@with_console
def export(console: Console, folder: str, form: str, store: str | None, base_iri: str | None) -> None:
    """The whole catalogue into a folder: all of it, or nothing."""
    catalog = open_catalog(settings_from(store=store, base_iri=base_iri))
    target = Path(folder).resolve()
    if target == Path.cwd():
        hint = "Name a folder in it: ndl-graph export published"
        raise SettingError("the present folder cannot be replaced while you are in it", where=folder, hint=hint)
    if target.exists() and any(target.iterdir()) and not (target / _MARKER).exists():
        raise SettingError("the folder holds something that is no export", where=folder, hint="Name an empty folder.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            count = _write_all(catalog, staged, form)
            (staged / _MARKER).touch()
            staged.chmod(0o755)
            if target.exists():
                old = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
                target.rename(old / "old")
                try:
                    staged.rename(target)
                except OSError:
                    (old / "old").rename(target)
                    raise
                finally:
                    shutil.rmtree(old, ignore_errors=True)
            else:
                staged.rename(target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise SettingError(f"it cannot be written: {error.strerror or error}", where=folder) from None
    if console.as_json:
        console.summary({"records": count, "folder": folder, "format": form})
    else:
        console.say(f"{count:,} records written to {folder}")


def _write_all(catalog: Catalog, folder: Path, form: str) -> int:
    if form == "nquads":
        count = 0
        with (folder / "catalogue.nq").open("wb") as file:
            for record in catalog.holdings():
                quads = [Quad(t.subject, t.predicate, t.object, record.iri) for t in record.triples]
                serialize(sorted(quads, key=str), file, format=RdfFormat.N_QUADS)
                count += 1
        return count
    wanted = format_named(form, writable())
    assert wanted.write is not None
    suffix = wanted.suffixes[0] if wanted.suffixes else "json"
    # A use of data is no dataset: it is written in the syntaxes of RDF, and in no form that is for datasets alone.
    is_rdf = wanted.syntax is not None or wanted.name == "jsonld"
    count = 0
    for record in catalog.holdings() if is_rdf else catalog.records():
        place = folder / record.kind / f"{record.slug}.{suffix}"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(wanted.write(record))
        count += 1
    return count


@click.command(epilog="Example: ndl-graph remove price-paid-data")
@click.argument("name", metavar="IRI|SLUG")
@with_store
@with_console
def remove(console: Console, name: str, store: str | None, base_iri: str | None) -> None:
    """Remove a record; a tombstone is left, and its address answers 410."""
    try:
        iri = upkeep.remove(open_catalog(settings_from(store=store, base_iri=base_iri)), name)
    except NotFoundError as error:
        say_error(error)
        sys.exit(REFUSED)
    if console.as_json:
        console.summary({"removed": iri})
    else:
        console.say(f"Removed {iri}")


@click.command(epilog="Example: ndl-graph rejected road-casualties")
@click.argument("slug", metavar="[SLUG]", required=False)
@with_store
@with_console
def rejected(console: Console, slug: str | None, store: str | None, base_iri: str | None) -> None:
    """Descriptions that were turned away, and why."""
    catalog = open_catalog(settings_from(store=store, base_iri=base_iri))
    found = catalog.rejected()
    if slug is None:
        if console.as_json:
            console.summary(found)
            return
        for row in found:
            console.result(f"{row['iri'].rsplit('/', 1)[-1]}  {row['title']}  ({row['source']}, {row['date']})")
        console.say(f"{len(found):,} rejected; for the reasons: ndl-graph rejected SLUG")
        return
    iri = next(
        (row["iri"] for row in found if slug in (row["iri"], row["iri"].rsplit("/", 1)[-1], row["dataset"])),
        None,
    )
    if iri is None:
        say_error(NotFoundError("no such description was rejected", where=slug))
        sys.exit(REFUSED)
    reasons = catalog.reasons(iri)
    if console.as_json:
        console.summary(reasons)
        return
    for reason in reasons:
        console.result(f"{reason['message']}  ({reason['focus_node']} {short_path(reason['path'])}".rstrip() + ")")
        if reason["fix"]:
            console.result(f"  Fix:     {reason['fix']}\n  Example: {reason['example']}")


_VERDICTS: Final = {True: "alive", False: "dead ", None: "?    "}


@click.command(name="check-links", epilog="Example: ndl-graph check-links --limit 500")
@click.option("--limit", type=click.IntRange(min=1), help="Check no more than so many addresses.")
@click.option("--again", is_flag=True, help="Check also what was checked not long ago.")
@with_store
@with_console
def check_links(console: Console, limit: int | None, again: bool, store: str | None, base_iri: str | None) -> None:
    """Ask whether the addresses in descriptions still answer; scores and pages then say so.

    What was found is kept; a run that is stopped goes on where it was.
    """
    settings = settings_from(store=store, base_iri=base_iri)
    catalog = open_catalog(settings)
    urls = dict.fromkeys(
        url for record in catalog.records() for url in addresses(catalog.describe(record)) if record.kind != "catalog"
    )

    def tell(found: Found, done: int, total: int) -> None:
        if console.verbose or found.alive is False:
            console.say(f"{_VERDICTS[found.alive]}  {found.url}  {found.reason}")
        if done % 100 == 0 or done == total:
            console.say(f"  {done:,} of {total:,} addresses")

    name = f"ndl-graph/{__version__} (link check for {catalog.base_iri})"
    with LinkCache(links_file(settings)) as cache:
        checker = LinkChecker(cache, link_limits(settings, name))
        try:
            days = 0 if again else settings.link_days
            found = checker.check(urls, days=days, most=limit, told=tell)
        except KeyboardInterrupt:
            console.say("Stopped; what was found is kept. Run it again to go on.")
            sys.exit(FAILED)
    upkeep.reindex(catalog, open_scorer(settings))
    counts = {
        "addresses": len(urls),
        "checked": len(found),
        "alive": sum(one.alive is True for one in found),
        "dead": sum(one.alive is False for one in found),
        "unknown": sum(one.alive is None for one in found),
    }
    if console.as_json:
        console.summary({**counts, "results": [asdict(one) for one in found]})
        return
    console.result(
        f"{counts['checked']:,} of {counts['addresses']:,} addresses checked: {counts['alive']:,} alive, "
        f"{counts['dead']:,} dead, {counts['unknown']:,} could not be told; scores are up to date"
    )
