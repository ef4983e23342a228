"""The forms of a report: each read by what reads it in earnest."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import jsonschema
import pytest
import rdflib
import sarif_pydantic
import yaml
from rdflib.namespace import RDF, SH

from ndl_graph.validation import Result, ValidationReport
from ndl_graph.validation.report import REPORTS, text
from tests.commands import run
from tests.conftest import ROOT, need
from tests.servers import COMPONENTS

#: The official schema, as the package of those who keep the standard's tools brings it.
SARIF: Final = COMPONENTS / "clients" / "node_modules" / "@microsoft" / "sarif-multitool-linux" / "sarif-2.1.0.json"
BAD: Final = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .
ex:a a dcat:Dataset ;
  dct:title "A"@en ;
  dct:description 'One "quoted" <b>word</b>'@en ;
  dcat:theme "water" ;
  dcat:distribution [ a dcat:Distribution ] .
ex:series a dcat:DatasetSeries ; dct:title "S"@en ; dct:description "S"@en .
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bad file.ttl").write_text(BAD)
    return tmp_path


def report(place: Path, form: str) -> str:
    done = run("validate", "bad file.ttl", "--profile", "dcat-ap", "--report", form, cwd=place)
    assert done.code == 1
    return done.out


def test_json_follows_its_schema(place: Path) -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(report(place, "json"))
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "focus_nodes": 0}, schema)


def test_sarif_follows_the_schema_of_the_standard(place: Path) -> None:
    need(SARIF.is_file(), "the JSON schema of SARIF 2.1.0")
    schema = json.loads(SARIF.read_text("utf-8-sig"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    document = json.loads(report(place, "sarif"))
    assert not [one.message for one in validator.iter_errors(document)]
    document["runs"][0]["results"][0]["level"] = "violation"
    assert [one.json_path for one in validator.iter_errors(document)] == ["$.runs[0].results[0].level"]


def test_sarif_names_rule_file_and_line(place: Path) -> None:
    log = sarif_pydantic.Sarif.model_validate_json(report(place, "sarif"))
    assert log.version == "2.1.0"
    (only,) = log.runs
    rules = {rule.id for rule in only.tool.driver.rules or []}
    assert only.results
    for result in only.results:
        assert result.rule_id in rules
        assert result.locations
        place_ = result.locations[0].physical_location
        assert place_ is not None
        assert place_.artifact_location.uri == "bad%20file.ttl"
        assert place_.region is not None
        assert place_.region.start_line
    by_rule = {str(result.rule_id).rsplit("#", 1)[-1]: result for result in only.results}
    theme = by_rule["theme-iri"].locations
    assert theme
    assert theme[0].physical_location is not None
    assert theme[0].physical_location.region is not None
    assert theme[0].physical_location.region.start_line == 7


def test_turtle_is_a_validation_report_as_the_standard_has_it(place: Path) -> None:
    graph = rdflib.Graph().parse(data=report(place, "turtle"), format="turtle")
    (node,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(node, SH.conforms) == rdflib.Literal(False)
    results = list(graph.objects(node, SH.result))
    assert results
    for result in results:
        assert (result, RDF.type, SH.ValidationResult) in graph
        for required in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent, SH.sourceShape):
            assert len(list(graph.objects(result, required))) == 1
    theme = next(r for r in results if graph.value(r, SH.value) == rdflib.Literal("water"))
    assert graph.value(theme, SH.resultPath) == rdflib.DCAT.theme
    inverse = [graph.value(graph.value(r, SH.resultPath), SH.inversePath) for r in results]
    assert rdflib.URIRef("http://www.w3.org/ns/dcat#inSeries") in inverse


def test_github_annotations_name_file_and_line(place: Path) -> None:
    lines = report(place, "github").splitlines()
    assert any(
        line.startswith("::error file=bad file.ttl,line=7,title=dcat%3Atheme::The theme is not") for line in lines
    )
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines[:-1])


def test_html_is_one_file_and_harmless(place: Path) -> None:
    page = report(place, "html")
    assert "http://" not in page.split("</style>")[0]
    assert "<b>word</b>" not in page
    assert "bad file.ttl:7" in page


def test_text_is_grouped_by_problem_and_says_what_next(place: Path) -> None:
    said = report(place, "text")
    assert said.index("Must be mended") < said.index("Should be mended")
    assert "Now:     dcat:theme water" in said
    assert "<http://example.org/a> dcat:theme <http" in said, "the example is about this very description"
    assert said.splitlines()[-1].split("Next: ")[1].startswith("start with “")


def result(number: int, severity: str = "violation", message: str = "It has no title.") -> Result:
    return Result(
        f"http://example.org/{number}", "http://purl.org/dc/terms/title", None, "x", severity,  # type: ignore[arg-type]
        message, "Add a title to it, a good one, and do not forget the place that it is about.", "Because.",
        'dct:title "A" ;', "s#1", 1, "a.ttl", number,
    )  # fmt: skip


def test_text_fits_the_terminal_and_is_coloured_only_on_one() -> None:
    found = ValidationReport("ndl", tuple(result(number) for number in range(1, 9)), 8)
    narrow = text(found, width=60, colour=True)
    assert "\x1b[1;31mIt has no title.\x1b[0m  [8 times]" in narrow
    body = [line for line in narrow.splitlines()[:-1] if "\x1b" not in line]
    assert max(len(line) for line in body if "http" not in line) <= 60
    assert "\x1b" not in text(found)
    assert "… and 3 more" in narrow
    assert list(REPORTS) == ["text", "json", "turtle", "html", "github", "sarif"]


def test_the_action_annotates_and_fails(place: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    step = next(one for one in action["runs"]["steps"] if one.get("name") == "Check")
    inputs = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
    inputs |= {"sources": "bad file.ttl\n\n", "profile": "dcat-ap", "sarif": "out.sarif"}
    environment = {name: inputs[value.split("inputs.")[1].split(" ")[0]] for name, value in step["env"].items()}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", step["run"]],
        cwd=place, capture_output=True, text=True, check=False,
        env={**os.environ, **environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "::error file=bad file.ttl,line=7" in done.stdout
    assert sarif_pydantic.Sarif.model_validate_json((place / "out.sarif").read_text()).runs


@pytest.mark.slow
def test_the_hook_stops_a_commit_and_lets_a_good_one_pass(tmp_path: Path) -> None:
    need(shutil.which("git") is not None, "git")
    need((ROOT / ".git").exists(), "the project's own repository")

    def do(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=400,
            env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": "/dev/null"},
        )  # fmt: skip

    do("git", "init", "-q")
    commit = do("git", "-C", ROOT, "rev-parse", "HEAD").stdout.strip()
    config = f"repos: [{{repo: '{ROOT}', rev: {commit}, hooks: [{{id: ndl-graph-validate}}]}}]"
    (tmp_path / ".pre-commit-config.yaml").write_text(config)
    (tmp_path / "bad.ttl").write_text(BAD)
    do("git", "add", ".")
    hook = (sys.executable, "-m", "pre_commit", "run", "--verbose", "--files")
    stopped = do(*hook, "bad.ttl")
    assert stopped.returncode == 1, stopped.stderr
    assert "There is no way to the data" in stopped.stdout
    good = (ROOT / "data" / "open-uk" / "naptan.ttl").read_text("utf-8")
    (tmp_path / "good.ttl").write_text(good)
    do("git", "add", "good.ttl")
    passed = do(*hook, "good.ttl")
    assert passed.returncode == 0, passed.stdout + passed.stderr
