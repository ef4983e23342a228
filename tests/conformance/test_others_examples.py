"""Examples published by the makers of standards: the valid ones pass, each invalid one is told for its defects."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest

from ndl_graph.checking import Checker, Document
from ndl_graph.errors import NdlGraphError
from ndl_graph.formats import detect
from ndl_graph.validation import load_profile
from ndl_graph.validation.profiles import DEFAULT_BASE
from tests.conftest import SHARED

#: What is wrong in each example; the first is what the example is named after. The others are in it too: a service type
#: without its prefix, a contact that is only an address, a team where an organisation of the list belongs.
UKGOV: Final = {
    "ContactPoint/invalid/invalid-contact-email.yaml": ["contact-email-value"],
    "DataService/invalid/dwp-address-lookup.yaml": ["type", "contact-name", "creator-value"],
    "DataService/invalid/invalid-date-format.yaml": ["modified-date", "contact-name", "creator-value", "type"],
    "DataService/invalid/invalid-email.yaml": ["contact-email", "creator-value", "type"],
    "DataService/invalid/invalid-serviceStatus.yaml": ["service-status", "contact-name", "creator-value", "type"],
    "DataService/invalid/missing-security-classification.yaml": ["security", "service-status", "type"],
    "Dataset/invalid/invalid-distribution.yaml": ["title", "licence", "media-type"],
    "Dataset/invalid/invalid-type.yaml": ["type"],
    "Dataset/invalid/multiple-frequency.yaml": ["frequency"],
    "Distribution/invalid/invalid-mediatype-csv.yaml": ["media-type"],
    "Distribution/invalid/multiple-mediatype.yaml": ["media-type"],
}
#: What each validation case of Croissant is about; they leave the creator out besides.
CASES: Final = {
    "1.0/distribution_bad_contained_in": "contained-in",
    "1.0/distribution_bad_type": "distribution-type",
    "1.0/distribution_missing_property_content_url": "content-url-required",
    "1.0/mlfield_bad_source": "source-file",
    "1.0/mlfield_missing_source": "FieldSource",
    "1.0/recordset_missing_context_for_datatype": "FieldType",
    "1.1/mlfield_bad_array_definition": "array",
}
#: Required at the top of a Croissant file, and the rule that says so.
REQUIRED: Final = {
    "name": "name-required", "description": "description-required", "license": "license-required",
    "url": "url-required", "creator": "creator-required", "datePublished": "date-published-required",
}  # fmt: skip
#: The one defect that is more than a missing property: a set of files where a field belongs.
DEFECTS: Final = {"1.0/recipes/read_from_tar.json": {"source-field"}}


def violations(path: Path, profile: str) -> list[str]:
    content = path.read_bytes()
    form = detect(BytesIO(content), path.name)
    checker = Checker(DEFAULT_BASE, [Document(path.name, BytesIO(content), form)])
    results = checker.report([load_profile(profile)]).results
    return [found.shape.rsplit("#", 1)[-1] for found in results if found.severity == "violation"]


def examples(pattern: str) -> list[Path]:
    return sorted((SHARED / "data").glob(pattern))


@pytest.mark.parametrize("path", examples("ukgov/*/valid/*"), ids=lambda path: path.name)
def test_valid_examples_of_the_uk_model_conform(path: Path, shared: Path) -> None:
    assert violations(path, "ukgov") == []


@pytest.mark.parametrize("name", UKGOV)
def test_invalid_examples_of_the_uk_model_are_told_for_what_is_wrong(name: str, shared: Path) -> None:
    assert sorted(set(violations(shared / "data" / "ukgov" / name, "ukgov"))) == sorted(UKGOV[name])


def test_every_invalid_example_is_in_the_table(shared: Path) -> None:
    there = {str(path.relative_to(shared / "data" / "ukgov")) for path in examples("ukgov/*/invalid/*")}
    assert there == set(UKGOV)


@pytest.mark.parametrize("name", CASES)
def test_validation_cases_of_croissant_fail_for_what_they_are_about(name: str, shared: Path) -> None:
    found = violations(shared / "data" / "croissant" / "validation" / name / "metadata.json", "croissant")
    assert sorted(found) == sorted([CASES[name], "creator-required"])


def test_text_that_is_no_text_is_refused(shared: Path) -> None:
    path = shared / "data" / "croissant" / "validation" / "1.1" / "multilingual_fields" / "metadata.json"
    with pytest.raises(NdlGraphError, match="language map"):
        violations(path, "croissant")


@pytest.mark.parametrize(
    "path", examples("croissant/datasets/*/*/*.json"), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_published_croissant_fails_only_for_what_is_wrong_in_it(path: Path, shared: Path) -> None:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    missing = {rule for key, rule in REQUIRED.items() if not document.get(key)}
    name = str(path.relative_to(shared / "data" / "croissant" / "datasets"))
    assert set(violations(path, "croissant")) == missing | DEFECTS.get(name, set())
