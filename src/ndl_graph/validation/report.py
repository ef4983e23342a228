"""A validation report, and the six forms in which it is read."""

import html
import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, serialize
from pyoxigraph import Literal as RdfLiteral

from ndl_graph.namespaces import GENID, PREFIXES, RDF, RELATIVE, SH, compact
from ndl_graph.record import Term, triples_of

__all__ = [
    "REPORTS",
    "Result",
    "Severity",
    "ValidationReport",
    "grouped",
    "shown_example",
    "shown_focus",
    "shown_node",
    "shown_value",
]

Severity = Literal["violation", "warning", "info"]

_RANK: Final = {"violation": 0, "warning": 1, "info": 2}
_HEADINGS: Final = {
    "violation": "Must be mended",
    "warning": "Should be mended",
    "info": "Would be good",
}


@dataclass(frozen=True)
class Result:
    """One finding: where, what, why it matters, and how to put it right (SHACL, section 3.6.2)."""

    focus_node: str
    path: str | None
    value: str | None
    component: str
    severity: Severity
    message: str
    fix: str
    why: str
    example: str
    shape: str
    order: float = 999
    file: str | None = None
    line: int | None = None
    title: str | None = None
    term: str | None = field(default=None, repr=False)
    path_graph: tuple[Triple, ...] = field(default=(), repr=False)

    @property
    def rank(self) -> tuple[int, float, str]:
        """Violations first, then in the order of the profile."""
        return (_RANK.get(self.severity, 0), self.order, self.shape)

    def as_json(self) -> dict[str, Any]:
        """The result as the public contract has it."""
        return {
            "focus_node": self.focus_node,
            "title": self.title,
            "path": self.path,
            "value": self.value,
            "component": self.component,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
            "example": self.example,
            "why": self.why,
            "shape": self.shape,
            "file": self.file,
            "line": self.line,
        }


@dataclass(frozen=True)
class ValidationReport:
    """The results of validating against a profile, and how many nodes were looked at."""

    profile: str
    results: tuple[Result, ...]
    focus_nodes: int = 0

    @property
    def conforms(self) -> bool:
        """Whether there is no violation; warnings and information are advice."""
        return not any(result.severity == "violation" for result in self.results)

    def fails(self, severity: Severity = "violation") -> bool:
        """Whether there is a result of that severity or a worse one."""
        return any(_RANK[result.severity] <= _RANK[severity] for result in self.results)

    def count(self, severity: str) -> int:
        """How many results have the severity."""
        return sum(result.severity == severity for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """The report as the public contract has it."""
        return {
            "conforms": self.conforms,
            "profile": self.profile,
            "focus_nodes": self.focus_nodes,
            "results": [result.as_json() for result in self.results],
        }

    def triples(self) -> list[Triple]:
        """The report as a `sh:ValidationReport`."""
        report = BlankNode()
        out = [
            Triple(report, RDF.type, SH.ValidationReport),
            # To the standard any result, an advice too, is one too many (SHACL, section 3.6.1.1).
            Triple(report, SH.conforms, RdfLiteral(not self.results)),
        ]
        for found in self.results:
            node = BlankNode()
            out += [
                Triple(report, SH.result, node),
                Triple(node, RDF.type, SH.ValidationResult),
                Triple(node, SH.focusNode, _node(found.focus_node)),
                Triple(node, SH.resultSeverity, SH[found.severity.title()]),
                Triple(node, SH.sourceConstraintComponent, NamedNode(found.component)),
                Triple(node, SH.resultMessage, RdfLiteral(found.message, language="en")),
            ]
            if found.path and "<" not in found.path:
                out.append(Triple(node, SH.resultPath, NamedNode(found.path)))
            elif found.path_graph:
                out.append(Triple(node, SH.resultPath, found.path_graph[0].subject))
                out += found.path_graph
            if found.term is not None:
                out.append(Triple(node, SH.value, _value(found.term)))
            if "://" in found.shape:
                out.append(Triple(node, SH.sourceShape, NamedNode(found.shape)))
        return list(dict.fromkeys(out))


def _value(term: str) -> Term:
    return _node(term) if term.startswith("_:") else triples_of([f"<urn:s> <urn:p> {term}"])[0].object


def _node(text: str) -> Term:
    """The node of that name; a text that stands where a node should is a focus node too (SHACL, section 2.1.3.5)."""
    try:
        return BlankNode(text[2:]) if text.startswith("_:") else NamedNode(text)
    except ValueError:
        return RdfLiteral(text)


def short_path(path: str | None) -> str:
    """A path with prefixes in the place of namespaces."""
    if not path:
        return ""
    if "<" not in path:
        return compact(path)
    for prefix, namespace in PREFIXES.items():
        path = path.replace(f"<{namespace}", f"<{prefix}:")
    return path.replace("<", "").replace(">", "")


def grouped(results: Sequence[Result]) -> list[list[Result]]:
    """The results by problem, the worst and then the most frequent first."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for found in results:
        groups.setdefault((found.severity, found.shape, found.message), []).append(found)
    return sorted(groups.values(), key=lambda group: (_RANK.get(group[0].severity, 0), -len(group), group[0].order))


def _visible(text: str) -> str:
    """Without what a terminal would obey, such as escape sequences and marks that turn the direction of writing."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)


def is_named(node: str) -> bool:
    """Whether the steward gave the node an address, rather than we for want of one."""
    return not node.startswith("_:") and GENID not in node


def shown_node(node: str) -> str:
    """The node as the steward knows it: an address as it is written, relative to the file where it is."""
    return _visible(RELATIVE.sub("", node, count=1)) if is_named(node) else "a part without an address"


def shown_focus(found: Result) -> str:
    """The focus node of a result as the steward knows it: without an address of its own, by its title."""
    if found.title and not is_named(found.focus_node):
        return f"“{_visible(' '.join(found.title.split()))[:_LONGEST_TITLE]}”"
    return shown_node(found.focus_node)


_LONGEST_TITLE: Final = 80


def _place(found: Result) -> str:
    place = shown_focus(found)
    if found.file:
        place += f"  ({_visible(found.file)}{f':{found.line}' if found.line else ''})"
    return place


def shown_value(found: Result) -> str:
    """What stands there now, as the steward wrote it."""
    if found.value is None or found.value == found.focus_node:
        return ""
    value = shown_node(" ".join(found.value.split()))
    value = value if len(value) <= 120 else value[:119] + "…"
    return f"{short_path(found.path)} {value}" if found.path else value


def shown_example(found: Result) -> str:
    """The remedy, said of the very node that lacks it."""
    if not found.example or not is_named(found.focus_node) or found.example.startswith(("<", '"')):
        return found.example
    if not found.example.endswith(";"):
        return found.example
    return f"<{shown_node(found.focus_node)}> {found.example.removesuffix(';').rstrip()} ."


_SHOWN: Final = 5
_STYLES: Final = {"violation": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m"}
_PLAIN: Final = "\x1b[0m"
_NARROWEST: Final = 40


def text(report: ValidationReport, width: int | None = None, colour: bool = False) -> str:
    """For a terminal: grouped by problem, the worst first, each with its reason, its remedy and an example.

    Lines are broken at `width` characters, or not at all.
    """
    lines: list[str] = []
    heading = ""

    def say(label: str, said: str) -> None:
        start = f"  {label:<9}"
        if width is None:
            lines.append(start + said)
            return
        lines.extend(
            textwrap.wrap(
                said,
                max(width, _NARROWEST),
                initial_indent=start,
                subsequent_indent=" " * len(start),
                break_long_words=False,
                break_on_hyphens=False,
            )
        )

    for group in grouped(report.results):
        first = group[0]
        style, plain = (_STYLES[first.severity], _PLAIN) if colour else ("", "")
        if _HEADINGS[first.severity] != heading:
            heading = _HEADINGS[first.severity]
            lines += [f"{style}{heading}{plain}", "─" * len(heading), ""]
        nodes = len({found.focus_node for found in group})
        times = "once" if len(group) == 1 else f"{len(group):,} times"
        where = f", in {nodes:,} descriptions" if 1 < nodes != len(group) else ""
        lines.append(f"{style}{first.message}{plain}  [{times}{where}]")
        if first.why:
            say("Why:", first.why)
        if first.fix:
            say("Fix:", first.fix)
        if now := shown_value(first):
            say("Now:", now)
        if first.example:
            say("Example:", shown_example(first))
        say("In:", _place(first))
        for found in group[1:_SHOWN]:
            say("", _place(found))
        if len(group) > _SHOWN:
            say("", f"… and {len(group) - _SHOWN:,} more")
        lines.append("")
    lines.append(summary(report))
    return "\n".join(lines)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def summary(report: ValidationReport) -> str:
    """The last line: the verdict, and what to do next."""
    violations, warnings, infos = (report.count(name) for name in _RANK)
    looked = f"{_counted(report.focus_nodes, 'node', 'nodes')} checked against {report.profile}"
    advice = f"{_counted(warnings, 'warning', 'warnings')} and {_counted(infos, 'hint', 'hints')}"
    if violations:
        groups = grouped([found for found in report.results if found.severity == "violation"])
        return (
            f"{looked}: {violations:,} to mend before it can be published; {advice}. "
            f"Next: start with “{groups[0][0].message}”, then check again."
        )
    if warnings or infos:
        return f"{looked}: it conforms. {advice} would make it better. Next: publish it, and mend them as you go."
    return f"{looked}: it conforms, and there is nothing to improve. Next: publish it."


def as_json(report: ValidationReport) -> str:
    """The JSON of the public contract."""
    return json.dumps(report.as_json(), ensure_ascii=False, indent=2)


def turtle(report: ValidationReport) -> str:
    """A `sh:ValidationReport` in Turtle."""
    found = serialize(report.triples(), format=RdfFormat.TURTLE, prefixes={"sh": PREFIXES["sh"]})
    assert found is not None
    return found.decode()


def github(report: ValidationReport) -> str:
    """Workflow commands that GitHub shows beside the file and line."""
    level = {"violation": "error", "warning": "warning", "info": "notice"}

    def escaped(value: str, also: str = "") -> str:
        for mark in "%\r\n" + also:
            value = value.replace(mark, f"%{ord(mark):02X}")
        return value

    lines = []
    for found in report.results:
        place = f"file={escaped(found.file, ':,')},line={found.line or 1}," if found.file else ""
        body = f"{found.message} {found.fix} ({shown_focus(found)})"
        title = escaped(short_path(found.path) or "description", ":,")
        lines.append(f"::{level[found.severity]} {place}title={title}::{escaped(body)}")
    return "\n".join([*lines, summary(report)])


def sarif(report: ValidationReport) -> str:
    """SARIF 2.1.0."""
    level = {"violation": "error", "warning": "warning", "info": "note"}
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for found in report.results:
        rules.setdefault(
            found.shape,
            {
                "id": found.shape,
                "shortDescription": {"text": found.message},
                "help": {"text": found.fix or found.message},
                "defaultConfiguration": {"level": level[found.severity]},
            },
        )
        location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": found.focus_node}]}
        if found.file:
            location["physicalLocation"] = {
                "artifactLocation": {"uri": quote(found.file)},
                "region": {"startLine": found.line or 1},
            }
        results.append(
            {
                "ruleId": found.shape,
                "level": level[found.severity],
                "message": {"text": f"{found.message} {found.fix}".strip()},
                "locations": [location],
            }
        )
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": {"name": "ndl-graph", "rules": list(rules.values())}}, "results": results},
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


_STYLE: Final = (
    "body{font:1rem/1.5 Arial,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "section{border-left:5px solid #505a5f;padding-left:1rem;margin:1.5rem 0}"
    ".violation{border-color:#d4351c}.warning{border-color:#f47738}code{background:#f3f2f1;padding:.1em .3em;"
    "overflow-wrap:anywhere}li{overflow-wrap:anywhere}"
)


def _html_now(found: Result) -> str:
    now = shown_value(found)
    return f"<br>Now: <code>{html.escape(now)}</code>" if now else ""


def html_page(report: ValidationReport) -> str:
    """One self-contained page."""
    parts = []
    for group in grouped(report.results):
        first = group[0]
        rows = "".join(f"<li>{html.escape(_place(found))}{_html_now(found)}</li>" for found in group[:50])
        more = f"<p>… and {len(group) - 50} more.</p>" if len(group) > 50 else ""
        parts.append(
            f'<section class="{first.severity}"><h2>{html.escape(first.message)}</h2>'
            f"<p>{_HEADINGS[first.severity]} · {len(group)} found</p>"
            f"<p>{html.escape(first.why)}</p><p><strong>{html.escape(first.fix)}</strong></p>"
            f"<p><code>{html.escape(shown_example(first))}</code></p><ul>{rows}</ul>{more}</section>"
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Validation report</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>Validation report</h1><p>{html.escape(summary(report))}</p>{''.join(parts)}</body></html>"
    )


#: The forms of `--report`.
REPORTS: Final = {
    "text": text,
    "json": as_json,
    "turtle": turtle,
    "html": html_page,
    "github": github,
    "sarif": sarif,
}
