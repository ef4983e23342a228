"""Rooms import inwards only, and a newcomer finds every one in the documentation."""

import ast
from pathlib import Path

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "ndl_graph"

#: Room and what it may import; a room may always import itself.
RULES: dict[str, set[str]] = {
    "errors": set(),
    "namespaces": set(),
    "tokens": set(),
    "resources": set(),
    "record": {"namespaces"},
    "spool": {"namespaces", "record"},
    "labels": {"namespaces", "resources"},
    "names": {"namespaces", "resources"},
    "description": {"labels", "names", "namespaces", "normalise", "record"},
    "access": {"description", "namespaces", "record", "resources"},
    "keys": {"description", "namespaces", "record", "resources"},
    "crosswalk": {"namespaces", "record"},
    "order": {"namespaces", "record"},
    "normalise": {"names", "namespaces", "record"},
    "identity": {"crosswalk", "namespaces", "normalise", "record"},
    "formats": {
        "access", "crosswalk", "description", "errors", "labels", "names", "namespaces", "order", "record", "tokens",
    },
    "validation": {"errors", "namespaces", "record", "resources"},
    "checking": {
        "crosswalk", "description", "errors", "formats", "identity", "labels", "namespaces", "naming", "normalise",
        "record", "spool", "validation",
    },
    "columns": {"errors", "formats", "namespaces"},
    "search": {"access", "description", "errors", "keys", "namespaces", "record", "resources"},
    "quality": {
        "access", "description", "errors", "formats", "names", "namespaces", "record", "resources", "search",
        "validation",
    },
    "sources": {"errors", "formats", "namespaces"},
    "sparql": {"errors", "namespaces", "record", "resources"},
    "stores": {"errors", "namespaces", "record", "sparql"},
    "worked_out": {"access", "keys", "namespaces", "order", "quality"},
    "naming": {"identity", "namespaces", "normalise", "record", "worked_out"},
    "history": {"namespaces", "record", "worked_out"},
    "examining": {
        "access", "description", "keys", "labels", "order", "quality", "record", "search", "validation", "worked_out",
    },
    "catalog": {
        "description", "errors", "history", "identity", "labels", "namespaces", "order", "quality", "record", "search",
        "sparql", "validation",
    },
    "upkeep": {
        "catalog", "errors", "examining", "identity", "namespaces", "quality", "record", "search", "validation",
        "worked_out",
    },
    "loading": {
        "catalog", "description", "errors", "examining", "formats", "history", "identity", "labels", "namespaces",
        "naming", "normalise", "order", "quality", "record", "search", "sources", "spool", "upkeep", "validation",
    },
    "links": {"errors", "namespaces", "quality"},
    "settings": {
        "catalog", "errors", "formats", "links", "loading", "namespaces", "quality", "search", "sources", "sparql",
        "stores", "validation",
    },
}  # fmt: skip
EDGES = {"web", "cli", "mcp"}
INNER = {*RULES, "__version__"}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "ndl_graph" else [f"ndl_graph.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "ndl_graph":
                found.add(parts[1] if len(parts) > 1 else "__init__")
    return found


def test_dependencies_run_inwards() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        room = room_of(path)
        if room in ("__init__", "__main__"):
            continue
        allowed = INNER if room in EDGES else RULES[room]
        wrong += [f"{path.relative_to(ROOT)} imports {name}" for name in imports_of(path) - allowed - {room}
                  if not (room in EDGES and name in ("web", "mcp") and path.name == "service.py")]  # fmt: skip
    assert not wrong


def test_no_rule_allows_what_nobody_needs() -> None:
    used: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        used.setdefault(room_of(path), set()).update(imports_of(path))
    assert not {room: idle for room, allowed in RULES.items() if (idle := allowed - used[room])}


def test_rules_have_no_circle() -> None:
    done: set[str] = set()
    left = dict(RULES)
    while left:
        ready = {room for room, needs in left.items() if needs <= done}
        assert ready, f"these rooms import each other: {sorted(left)}"
        done |= ready
        left = {room: needs for room, needs in left.items() if room not in ready}


def test_every_room_is_in_the_documentation() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert not [room for room in [*RULES, *EDGES] if f"`{room}" not in text]


def test_only_settings_reads_the_environment() -> None:
    readers = {
        room_of(path)
        for path in SOURCE.rglob("*.py")
        # The console asks for NO_COLOR; the pool hands the environment on to its workers.
        if "os.environ" in path.read_text("utf-8") and path.name not in ("console.py", "pool.py")
        and "NO_COLOR" not in path.read_text("utf-8")
    }  # fmt: skip
    assert readers <= {"settings"}
