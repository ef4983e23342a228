"""Commands on descriptions that come from outside: load, validate, convert, profiles."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from pyoxigraph import NamedNode, Triple

from ndl_graph.cli.console import (
    FAILED,
    REFUSED,
    Console,
    ProgressBar,
    say_error,
    settings_from,
    with_console,
    with_store,
)
from ndl_graph.errors import NothingToValidateError, SettingError
from ndl_graph.formats import Format, format_named, jsonld, rdf, readable, writable
from ndl_graph.identity import identify, organisation_iri, settle, slug_for
from ndl_graph.loading import LoadSummary, gather
from ndl_graph.normalise import STEPS, Normaliser
from ndl_graph.record import Record, Spool, split, triples_of
from ndl_graph.settings import Settings, limits, open_loader, open_profiles
from ndl_graph.sources import Source
from ndl_graph.validation import Result, load_profile, profile_names
from ndl_graph.validation import validate as run_validation
from ndl_graph.validation.profiles import DEFAULT_BASE
from ndl_graph.validation.report import REPORTS

__all__ = ["convert", "load", "profiles", "validate"]

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
                titles.append(rejected["title"] or rejected["dataset"])
        for (message, fix), titles in sorted(reasons.items(), key=lambda item: -len(item[1])):
            console.result(f"  rejected {len(titles):,} × {message}")
            console.result(f"    Fix: {fix}")
            console.result("    In:  " + "; ".join(_short(title, 50) for title in titles[:_SHOWN]))
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


def _read(
    settings: Settings, names: Sequence[str], form: Format | None, base: str
) -> tuple[list[Record], list[Triple], Normaliser]:
    """The records in the sources, and the triples that belong to none; raises the first error there is."""
    normaliser = Normaliser(organisation_iri(base))
    records: list[Record] = []
    rest: list[Triple] = []
    for name in names:
        with Spool() as spool:
            errors, files = gather(Source(name), normaliser, spool, limits(settings), form)
            if errors:
                raise errors[0]
            for description in split(spool):
                identity = identify(description)
                slug = slug_for(identity.title or identity.key)
                dataset = NamedNode(identity.iri or f"{base}id/{description.kind}/{slug}")
                statements = settle(description, dataset, base, normaliser)
                iri = NamedNode(f"{base}{description.kind}/{slug}")
                source = files.get(str(description.root), name)
                records.append(Record(iri, dataset, description.kind, identity.key, statements, source))
            rest += [triple for node in spool.unreached for triple in triples_of(spool.read(node))]
    return records, rest, normaliser


@click.command(epilog="Example: ndl-graph validate catalogue.ttl --profile ndl --report text")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--profile", metavar="NAME", help="Profile to validate against; several with commas.")
@click.option("--format", "form", metavar="F", help=_FORMAT_HELP)
@click.option("--report", type=click.Choice(list(REPORTS)), default="text", help="Form of the report.")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="Write the report to a file.")
@with_console
def validate(
    console: Console,
    sources: tuple[str, ...],
    profile: str | None,
    form: str | None,
    report: str,
    output: str | None,
) -> None:
    """Check descriptions against a profile; nothing is stored. `-` reads standard input."""
    settings = settings_from(profile=profile)
    chosen = open_profiles(settings, DEFAULT_BASE)
    records, rest, _ = _read(settings, sources, _format(form), DEFAULT_BASE)
    triples = list(dict.fromkeys([*(triple for record in records for triple in record.triples), *rest]))
    focus = set().union(*(one.focus_nodes(triples) for one in chosen))
    if not focus:
        raise NothingToValidateError(
            f"there is nothing in it that the profile {settings.profile} looks at",
            where=", ".join(sources),
            hint="A description is a node of type dcat:Dataset, dcat:DataService or schema:Dataset.",
        )
    found = run_validation(chosen, "".join(f"{triple} .\n" for triple in triples))
    found = replace(found, focus_nodes=len(focus), results=_placed(found.results, records, sources))
    text = REPORTS["json" if console.as_json else report](found)
    if output:
        try:
            Path(output).write_text(text + "\n", "utf-8")
        except OSError as error:
            raise SettingError(f"it cannot be written: {error.strerror}", where=output) from None
        console.say(f"The report is in {output}.")
    else:
        console.result(text)
    sys.exit(0 if found.conforms else REFUSED)


def _placed(results: Sequence[Result], records: Sequence[Record], sources: Sequence[str]) -> tuple[Result, ...]:
    """The results with the file they are about, and the line where the file names the focus node."""
    files: dict[str, tuple[str, str]] = {}
    for record in records:
        for triple in record.triples:
            if isinstance(triple.subject, NamedNode):
                files.setdefault(triple.subject.value, (record.source, record.dataset.value))
    texts: dict[str, str] = {}

    def line(file: str, *names: str) -> int | None:
        if file not in texts:
            try:
                texts[file] = Path(file).read_text("utf-8", errors="replace")
            except OSError:
                texts[file] = ""
        for name in names:
            if (at := texts[file].find(name)) >= 0:
                return texts[file].count("\n", 0, at) + 1
        return None

    placed = []
    for result in results:
        file, dataset = files.get(result.focus_node, (sources[0] if len(sources) == 1 else "", ""))
        names = [name for name in (result.focus_node, dataset) if name]
        placed.append(replace(result, file=file or None, line=line(file, *names) if file else None))
    return tuple(placed)


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
    records, rest, _ = _read(settings, [source], _format(form), settings.base_iri or DEFAULT_BASE)
    if not records and not rest:
        raise NothingToValidateError("there is nothing in it", where=source)
    syntax = wanted.syntax
    if syntax is not None or wanted.name == "jsonld":
        triples = list(dict.fromkeys([*(triple for record in records for triple in record.triples), *rest]))
        text = (
            rdf.write(syntax, triples)
            if syntax is not None
            else jsonld.write(triples, [record.dataset for record in records])
        )
    else:
        described = [record for record in records if record.kind != "catalog"]
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
