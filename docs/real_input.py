"""Loads the real catalogues beside the project and writes `docs/real-input.md`.

Usage: python docs/real_input.py ../shared/data
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from ndl_graph.loading import Loader, SourceSummary
from ndl_graph.normalise import STEPS
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile

FOLDERS = ("scotland", "councils", "us", "australia", "health", "ukgov", "croissant")

INTRODUCTION = """# Real input

What happens to descriptions that nobody here wrote, with the profile `ndl`. This page is made by
`python docs/real_input.py ../shared/data`; the sources are told in that folder's own list.

A description with a title, a description, a publisher and a way to the data gets in. Everything else is advice:
demanding a licence, a contact and a date as well would have turned away most of these, and their readers
would have lost the data for the want of a detail. What is rejected is kept with its report (`ndl-graph rejected`).

| source | read | accepted | rejected | repaired | left out |
| --- | ---: | ---: | ---: | ---: | ---: |
"""


def load(folder: Path) -> SourceSummary:
    """Loads one source into a store of its own."""
    with tempfile.TemporaryDirectory() as place:
        store = EmbeddedStore(Path(place) / "store")
        summary = Loader(store, [load_profile("ndl", store.base_iri)]).load([Source(str(folder))])
    return summary.sources[0]


def section(name: str, told: SourceSummary) -> str:
    """The five commonest reasons, advice and repairs of a source."""
    lines = [f"\n## {name}\n"]
    reasons = Counter(one["message"] for rejected in told.rejected for one in rejected["results"])
    fixes = {one["message"]: one["fix"] for rejected in told.rejected for one in rejected["results"]}
    if reasons:
        lines += ["| rejected | because | to mend it |", "| ---: | --- | --- |"]
        lines += [f"| {count:,} | {message} | {fixes[message]} |" for message, count in reasons.most_common(5)]
        lines.append("")
    if told.errors:
        lines += ["Could not be read:", ""]
        lines += [f"- `{Path(error.where or '').name}`: {error.message}" for error in told.errors]
        lines.append("")
    lines += ["| advised | what |", "| ---: | --- |"]
    advice = sorted(told.advice.items(), key=lambda item: -item[1])[:5]
    lines += [f"| {count:,} | {message} |" for (_, message), count in advice]
    lines += ["", "| repaired | step | for example |", "| ---: | --- | --- |"]
    for step in STEPS:
        if step.name in told.repairs.counts:
            before, after = (
                text.replace("|", "\\|").replace("\n", " ")[:70] for text in told.repairs.examples[step.name]
            )
            before = f"`{before}`"
            count = told.repairs.counts[step.name]
            lines.append(f"| {count:,} | {step.name} | {before} → `{after}` |")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Writes the page."""
    rows, sections = [], []
    for name in FOLDERS:
        told = load(folder / name)
        repaired = sum(told.repairs.counts.values())
        rows.append(
            f"| {name} | {told.read:,} | {told.accepted:,} | {len(told.rejected):,} | {repaired:,} "
            f"| {told.left_out:,} |"
        )
        sections.append(section(name, told))
    text = INTRODUCTION + "\n".join(rows) + "\n" + "".join(sections)
    (Path(__file__).parent / "real-input.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
