"""Commands on descriptions that come from outside: load, validate, convert, describe-columns, profiles."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click
from pyoxigraph import NamedNode, Triple

from ndl_graph.checking import Checker, Document, published
from ndl_graph.cli.console import (
    FAILED,
    REFUSED,
    Console,
    ProgressBar,
    is_coloured,
    say_error,
    settings_from,
    share_memory,
    with_console,
    with_store,
)
from ndl_graph.columns import describe_columns as describe_sample
from ndl_graph.columns import record_set
from ndl_graph.errors import NdlGraphError, NothingToValidateError, SettingError
from ndl_graph.formats import Format, detect, format_named, jsonld, rdf, readable, writable
from ndl_graph.formats.places import Places
from ndl_graph.loading import LoadSummary
from ndl_graph.normalise import STEPS, percent_encoded
from ndl_graph.record import triples_of
from ndl_graph.settings import Settings, limits, open_loader, open_profiles
from ndl_graph.sources import Source, open_item
from ndl_graph.validation import Severity, ValidationReport, load_profile, profile_names, read_profile
from ndl_graph.validation.profiles import DEFAULT_BASE
from ndl_graph.validation.report import REPORTS
from ndl_graph.validation.report import text as text_report

__all__ = ["convert", "describe_columns", "load", "profiles", "validate"]

_FORMAT_HELP: Final = "What the source is in, where it cannot be told: " + ", ".join(f.name for f in readable()) + "."
_SHOWN: Final = 5


def _format(name: str | None) -> Format | None:
    return format_named(name, readable()) if name else None


@click.command(epilog="Example: ndl-graph load data https://example.org/catalogue.ttl --profile ndl")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--profile", metavar="NAME", help="Profile to validate against; several with commas.")
@click.option("--format", "form", metavar="F", help=_FORMAT_HELP)
@click.option("--dry-run", is_flag=True, help="Do everything but store.")
@with_store
@with_console
def load(
    console: Console,
    sources: tuple[str, ...],
    profile: str | None,
    form: str | None,
    dry_run: bool,
    store: str | None,
    base_iri: str | None,
) -> None:
    """Read files, folders, patterns, `-` or URLs into the catalogue."""
    share_memory(4)
    settings = settings_from(profile=profile, store=store, base_iri=base_iri)
    with ProgressBar(console) as progress:
        loader = open_loader(settings, form=_format(form), dry_run=dry_run, progress=progress)
        summary = loader.load([Source(name) for name in sources])
    if console.as_json:
        console.summary(summary.as_json())
    else:
        _tell(console, summary, dry_run)
    for error in summary.errors:
        say_error(error)
    sys.exit(FAILED if summary.errors else REFUSED if summary.rejected else 0)


def _tell(console: Console, summary: LoadSummary, dry_run: bool) -> None:
    for source in summary.sources:
        console.result(
            f"{source.source}: {source.read:,} read, {source.accepted:,} accepted, {len(source.rejected):,} rejected"
        )
        if source.passed_over:
            names = ", ".join(source.passed_over[:_SHOWN])
            console.result(f"  {len(source.passed_over):,} files of other kinds were passed over: {names}")
        if source.left_out:
            console.result(f"  {source.left_out:,} nodes belong to no dataset or service and were left out")
        for step in STEPS:
            if step.name in source.repairs.counts:
                before, after = source.repairs.examples[step.name]
                console.result(
                    f"  repaired {source.repairs.counts[step.name]:,} × {step.name}: {_short(before)} → {_short(after)}"
                )
        reasons: dict[tuple[str, str], list[str]] = {}
        for rejected in source.rejected:
            for result in rejected["results"]:
                titles = reasons.setdefault((result["message"], result["fix"]), [])
                title = _short(rejected["title"] or rejected["dataset"], 50)
                titles.append(title if rejected["file"] == source.source else f"{title} ({rejected['file']})")
        for (message, fix), titles in sorted(reasons.items(), key=lambda item: -len(item[1])):
            console.result(f"  rejected {len(titles):,} × {message}")
            console.result(f"    Fix: {fix}")
            console.result("    In:  " + "; ".join(titles[:_SHOWN]))
        advice = sorted(source.advice.items(), key=lambda item: -item[1])
        for (severity, message), count in advice if console.verbose else advice[:_SHOWN]:
            console.result(f"  {'advised' if severity == 'warning' else 'hinted'} {count:,} × {message}")
    verb = "would be " if dry_run else ""
    console.result(
        f"{summary.added:,} {verb}added, {summary.changed:,} {verb}changed, {summary.unchanged:,} unchanged, "
        f"{summary.rejected:,} rejected in {summary.seconds:.1f} s"
    )
    if summary.rejected and not dry_run:
        console.result("Rejected descriptions are kept with their reports: ndl-graph rejected")


def _short(text: str, limit: int = 70) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


@contextmanager
def _opened(settings: Settings, name: str, form: Format | None) -> Iterator[list[Document]]:
    """The documents of a source, open; raises the first error there is, with its place."""
    with ExitStack() as stack:
        documents = []
        for item in Source(name).items():
            try:
                opened = stack.enter_context(open_item(item, limits(settings)))
                chosen = form or detect(opened.data, item.name, opened.media_type)
                documents.append(Document(_shown(item.name), opened.data, chosen, opened.address))
            except NdlGraphError as error:
                error.where = error.where or _shown(item.name)
                raise
        yield documents


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _add(checker: Checker, document: Document) -> None:
    try:
        checker.add(document)
    except NdlGraphError as error:
        error.where = error.where or document.name
        raise


@click.command(epilog="Example: ndl-graph validate catalogue.ttl --profile ndl,dcat-ap --report text")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--profile", metavar="NAME", help="Profile to validate against; several with commas.")
@click.option(
    "--shapes",
    "own",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Shapes of your own in Turtle, beside the profiles.",
)
@click.option(
    "--background",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A vocabulary that the shapes may look at; it is not reported on.",
)
@click.option("--format", "form", metavar="F", help=_FORMAT_HELP)
@click.option("--report", type=click.Choice(list(REPORTS)), default="text", help="Form of the report.")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="Write the report to a file.")
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    help="The least severity that makes the command fail.",
)
@with_console
def validate(
    console: Console,
    sources: tuple[str, ...],
    profile: str | None,
    own: tuple[Path, ...],
    background: tuple[Path, ...],
    form: str | None,
    report: str,
    output: str | None,
    fail_on: Severity,
) -> None:
    """Check descriptions against profiles; nothing is stored. `-` reads standard input."""
    settings = settings_from(profile=profile)
    chosen = [*open_profiles(settings, DEFAULT_BASE), *map(read_profile, own)]
    checker = Checker(DEFAULT_BASE)
    for name in sources:
        with _opened(settings, name, _format(form)) as documents:
            for document in documents:
                _add(checker, document)
    found = checker.report(chosen, "".join(_background(settings, path) for path in background))
    text = report_text("json" if console.as_json else report, found, output is None)
    if output:
        try:
            Path(output).write_text(text + "\n", "utf-8")
        except OSError as error:
            raise SettingError(f"it cannot be written: {error.strerror}", where=output) from None
        console.say(f"The report is in {output}.")
    else:
        console.result(text)
    sys.exit(REFUSED if found.fails(fail_on) else 0)


def _background(settings: Settings, path: Path) -> str:
    """A vocabulary as N-Triples."""
    with _opened(settings, str(path), None) as documents:
        return "".join(
            f"{triple} .\n"
            for document in documents
            if document.format.read is not None
            for triple in document.format.read(document.data, DEFAULT_BASE)
        )


def report_text(form: str, report: ValidationReport, to_screen: bool) -> str:
    """The report in one of its forms; as wide as the terminal and coloured where it goes to one."""
    if form != "text":
        return REPORTS[form](report)
    shown = to_screen and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if shown else None
    return text_report(report, width=width, colour=shown and is_coloured(sys.stdout))


@click.command("describe-columns", epilog="Example: ndl-graph describe-columns sample.csv > columns.ttl")
@click.argument("sample", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--dataset", metavar="IRI", default="https://example.org/dataset", help="The dataset that they belong to."
)
@click.option("--distribution", metavar="IRI", help="The distribution that the columns are read from.")
@click.option("--to", "target", metavar="FORMAT", default="turtle", help="turtle (default) or jsonld.")
@with_console
def describe_columns(console: Console, sample: Path, dataset: str, distribution: str | None, target: str) -> None:
    """Describe the columns of a local CSV, JSON or Parquet file, for a steward to review and to complete."""
    wanted = format_named(target, writable())
    if wanted.name not in ("turtle", "jsonld"):
        raise SettingError(f"columns cannot be described in {target}", hint="Use turtle or jsonld.")
    for iri in filter(None, (dataset, distribution)):
        if ":" not in iri or iri != percent_encoded(iri):
            raise SettingError(f"{iri} is no absolute IRI", hint="Such as https://data.example.gov.uk/rivers")
    columns = describe_sample(sample)
    triples = list(record_set(columns, sample.stem, dataset, distribution))
    roots = [NamedNode(dataset)]
    written = jsonld.write(triples, roots) if wanted.syntax is None else rdf.write(wanted.syntax, triples)
    click.echo(written, nl=False)
    for column in columns:
        gaps = f"{column.nulls:,} of {column.rows:,} without a value" if column.nulls else "always there"
        told = "looks personal: no examples" if column.personal else "such as " + ", ".join(column.examples)
        console.say(f"{column.name}: {column.type.value.rsplit('/', 1)[-1]}, {gaps}, {told if column.rows else ''}")
    console.say("Next: add a schema:description to each, and to the record set what one row is.")


@click.command(epilog="Example: ndl-graph convert metadata.json --to turtle")
@click.argument("source", metavar="SOURCE")
@click.option("--to", "target", metavar="FORMAT", required=True, help=", ".join(f.name for f in writable()) + ".")
@click.option("--format", "form", metavar="F", help=_FORMAT_HELP)
@with_console
def convert(console: Console, source: str, target: str, form: str | None) -> None:
    """Write one file in another format; no store is needed."""
    del console
    settings = settings_from()
    wanted = format_named(target, writable())
    base = settings.base_iri or DEFAULT_BASE
    written: list[tuple[str, list[Triple]]] = []
    with _opened(settings, source, _format(form)) as documents:
        for number, document in enumerate(documents, start=1):
            assert document.format.read is not None
            try:
                read = document.format.read(document.data, document.base(number))
                written.append((document.name, list(dict.fromkeys(read))))
            except NdlGraphError as error:
                error.where = error.where or document.name
                raise
    records, rest, _ = published(written, base, Places())
    if not records and not rest:
        raise NothingToValidateError("there is nothing in it", where=source)
    syntax = wanted.syntax
    if syntax is not None or wanted.name == "jsonld":
        own = [triple for record in records for triple in record.triples]
        triples = list(dict.fromkeys([*own, *triples_of(rest)]))
        text = (
            rdf.write(syntax, triples)
            if syntax is not None
            else jsonld.write(triples, [record.dataset for record in records])
        )
    else:
        described = [record for record in records if record.kind != "catalog"]
        if not described:
            raise NothingToValidateError(
                "there is no description of a dataset or data service in it",
                where=source,
                hint="A description is a node of type dcat:Dataset, dcat:DataService or schema:Dataset.",
            )
        if len(described) != 1:
            raise SettingError(
                f"{wanted.title} describes one dataset; here are {len(described)}",
                where=source,
                hint="Load them, and write one file each: ndl-graph load, then ndl-graph export.",
            )
        assert wanted.write is not None
        text = wanted.write(described[0])
    sys.stdout.buffer.write(text)


@click.command(epilog="Example: ndl-graph profiles")
@with_console
def profiles(console: Console) -> None:
    """The profiles: name, version, what each is, its IRI."""
    found = [load_profile(name) for name in profile_names()]
    if console.as_json:
        console.summary(
            [
                {
                    "name": one.name,
                    "version": one.version,
                    "title": one.title,
                    "description": one.description,
                    "iri": one.iri,
                }
                for one in found
            ]
        )
        return
    for one in found:
        console.result(f"{one.name} {one.version}  {one.title}\n  {one.description}\n  {one.iri}")
