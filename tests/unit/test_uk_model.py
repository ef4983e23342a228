"""Descriptions in the UK model as people really fill in sheets: nothing vanishes, and each message has its line."""

import json
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.namespaces import DCAT, DCT
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import load

TEXT = "Inspections of all schools in England with day and outcome and one row for each"


def view_of(store: EmbeddedStore, folder: Path, sheet: str, name: str = "d.csv") -> DescriptionView:
    (folder / name).write_text(sheet)
    summary = load(store, str(folder / name))
    assert summary.added == 1, (summary.errors, summary.sources[0].rejected)
    catalog = Catalog(store)
    (record,) = catalog.records()
    return catalog.describe(record)


def test_headings_are_told_whatever_their_case_and_signs(store: EmbeddedStore, tmp_path: Path) -> None:
    sheet = (
        "Type,Identifier,Title,Description,Licence,Access rights,Publisher,Contact name,Contact e-mail,Download URL,"
        "Key Stage\n"
        f"Dataset,d1,Cafes,{TEXT},OGL v3,OPEN,Town Council,Anna,a@b.uk,https://t.uk/f.csv,4\n"
    )
    view = view_of(store, tmp_path, sheet)
    assert [part.link(DCAT.downloadURL) for part in view.distributions] == ["https://t.uk/f.csv"]
    assert [(one.label, one.mail) for one in view.contacts] == [("Anna", "mailto:a@b.uk")]
    assert view.licence is not None
    assert any(name.value.endswith("/keyStage") for name, _ in view.statements), "what is not known is kept"


@pytest.mark.parametrize(
    ("stated", "iri", "name"),
    [
        ("Ofsted", "https://www.gov.uk/government/organisations/ofsted", "Ofsted"),
        ("land-registry", "https://www.gov.uk/government/organisations/land-registry", "HM Land Registry"),
        ("a-new-body", "https://www.gov.uk/government/organisations/a-new-body", None),
        ("Acme", "http://127.0.0.1:8000/organisation/acme", "Acme"),
        ("Town Council", "http://127.0.0.1:8000/organisation/town-council", "Town Council"),
    ],
)
def test_a_publisher_is_who_it_says(
    store: EmbeddedStore, tmp_path: Path, stated: str, iri: str, name: str | None
) -> None:
    sheet = f"identifier,type,title,description,publisher,landingPage\nd1,Dataset,T,{TEXT},{stated},https://t.uk/\n"
    view = view_of(store, tmp_path, sheet)
    (party,) = view.values(DCT.publisher)
    assert isinstance(party, NamedNode)
    assert party.value.replace(store.base_iri, "http://127.0.0.1:8000/") == iri
    assert name is None or (view.publisher is not None and name in view.publisher.label)


def test_rows_that_lack_what_they_need_are_rejected_and_none_vanishes(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(
        "identifier,type,title,description,publisher,downloadURL,contactPoint\n"
        f'd1,,No type,"{TEXT}",P,https://t.uk/f.csv,Bob <bob@t.uk>\n'
        f'd2,Dataset,,"{TEXT}",P,https://t.uk/g.csv,\n'
        f'd3,,,"{TEXT}",,,\n'
        f'd4,Dataset,Letters,"{TEXT}",P,https://t.uk/h.csv,not an address\n'
    )
    said = json.loads(run("--json", "load", "d.csv", "--store", "store", cwd=tmp_path).out)
    assert (said["read"], said["added"], said["rejected"]) == (4, 2, 2)
    results = [one for rejected in said["sources"][0]["rejected"] for one in rejected["results"]]
    assert any("no title" in one["message"] for one in results)
    checked = json.loads(run("validate", "d.csv", "--report", "json", cwd=tmp_path).out)
    assert not checked["conforms"]
    lines = {(one["message"], one["line"]) for one in checked["results"]}
    assert ("It has no title.", 3) in lines
    assert ("It has no title.", 4) in lines
    assert ("The contact point has no e-mail address, page or telephone number.", 5) in lines
    assert not [one for one in checked["results"] if one["line"] is None]


@pytest.mark.parametrize(
    ("content", "place", "hint"),
    [
        ("identifier: a\ntitle: Roads: all of them\n", ":2:13", "quotation marks"),
        ("identifier: a\n\ttitle: b\n", ":2:1", "Indent with spaces"),
        ("identifier: a\ntitle: @b\n", ":2:8", "quotation marks"),
    ],
)
def test_broken_yaml_is_told_with_what_to_do(tmp_path: Path, content: str, place: str, hint: str) -> None:
    (tmp_path / "d.yaml").write_text(content)
    done = run("validate", "d.yaml", cwd=tmp_path)
    assert done.code == 2
    assert f"d.yaml{place}" in done.err
    assert hint in done.err


def test_the_column_is_counted_from_the_start_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"\xef\xbb\xbfidentifier,t\xe9\n")
    assert "d.csv:1:16" in run("validate", "d.csv", cwd=tmp_path).err
