"""The documentation says what the code does."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from tests.commands import run_anew
from tests.conftest import ROOT

spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
assert spec is not None
assert spec.loader is not None
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)


@pytest.mark.parametrize("name", tables.PAGES)
def test_pages_made_from_tables_are_up_to_date(name: str) -> None:
    made = tables.PAGES[name]()
    assert (ROOT / "docs" / name).read_text("utf-8") == made, "run: python docs/tables.py"


def test_links_between_documents_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_dependency_is_explained() -> None:
    import tomllib

    said = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = [re.split(r"[<>=; ]", one)[0] for one in wanted]
    assert not [name for name in names if f"`{name}`" not in said]
    assert all("<" in one or "==" in one for one in wanted), "ranges are pinned"


def test_every_command_is_in_the_readme() -> None:
    from ndl_graph.cli import cli

    readme = (ROOT / "README.md").read_text("utf-8")
    assert not [name for name in cli.commands if f"ndl-graph {name}" not in readme]


def test_the_tour_prints_what_the_readme_shows() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    block = next(one for one in re.findall(r"```console\n(.*?)```", readme, re.S) if "ndl-graph profiles" in one)
    shown = block.split("\n", 1)[1].strip()
    assert run_anew("profiles").out.strip() == shown


def test_the_rest_of_the_tour_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """What a new user types, in a folder of their own, beside the catalogue that `make serve` loads."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (turtle,) = re.findall(r"```turtle\n(.*?)```", readme, re.S)
    (tmp_path / "rivers.ttl").write_text(turtle)
    assert run_anew("load", ROOT / "data", cwd=tmp_path).code == 0
    commands = re.findall(r"```console\n\$ ndl-graph (.*?)\n(.*?)```", readme, re.S)
    tried = 0
    for typed, shown in commands:
        arguments = shlex.split(typed)
        if arguments[0] not in ("validate", "load", "query"):
            continue
        tried += 1
        done = run_anew(*arguments, cwd=tmp_path)
        said = re.sub(r" in [0-9.]+ s", " in 0.3 s", f"{done.out}\n{done.err}").splitlines()
        missing = [line for line in shown.splitlines() if line.strip() not in ("", "…") and line not in said]
        assert not missing, typed
    assert tried == 4


def test_every_promise_has_a_proof_that_is_there() -> None:
    text = (ROOT / "docs" / "promises.md").read_text("utf-8")
    proofs = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(proofs) > 15
    for path, name in proofs:
        source = (ROOT / path).read_text("utf-8")
        assert not name or f"def {name}(" in source, f"{path}::{name}"


def test_the_rules_of_access_are_those_of_the_vocabulary() -> None:
    from ndl_graph.access import rules

    text = (ROOT / "docs" / "access.md").read_text("utf-8")
    assert re.findall(r"^\| ([a-z-]+) \| (access|licence|rights):", text, re.M) == [
        (rule.iri.rpartition("#")[2], rule.looks_at) for rule in rules()
    ]
