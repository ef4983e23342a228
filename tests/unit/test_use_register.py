"""The register of uses: sheets as UK registers keep them, what is asked of an entry, and its place beside data."""

import io
from pathlib import Path
from typing import Final

import pytest

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.errors import ParseError
from ndl_graph.formats import detect, format_named
from ndl_graph.namespaces import DCT, NDL, ODRL, PROV, relative_base
from ndl_graph.quality import Scorer
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import BASE, DATA, load

HEAD: Final = (
    "Project ID,Organisation Name,Organisation Sector,Project Title,Lay Summary,Public Benefit Statement,"
    "Non-Gateway Applicants,Latest Approval Date,Dataset(s) Name,Data Sensitivity Level,"
    "Legal basis for provision of data under Article 6,Project Start Date,Project End Date,Access Type,"
    "Link to research outputs\n"
)
ROW: Final = (
    'P-1,University of Example,Academic Institute,Asthma and air,"We see whether bad air\nbrings people to hospital.",'
    'Cleaner air where it matters.,Dr Jo Bloggs,03/02/2025,"https://x.example/d; Air quality in towns",De-Personalised,'
    "6(1)(e) Public task,01/03/2025,28/02/2027,TRE,https://doi.example/1 and https://doi.example/2\n"
)


def read(text: str, *, places: bool = False) -> list[str]:
    form = format_named("use-register")
    assert form.read is not None
    return list(map(str, form.read(io.BytesIO(text.encode()), relative_base(), places=places)))


def test_a_register_is_told_by_its_headings() -> None:
    assert detect(io.BytesIO((HEAD + ROW).encode()), "register.csv").name == "use-register"
    model = b"identifier,type,title,summary\nx,dcat:Dataset,T,S\n"
    assert detect(io.BytesIO(model), "data.csv").name == "ukgov-csv"


def test_a_row_is_a_use() -> None:
    lines = read(HEAD + ROW)
    for part in (
        f' {DCT.title} "Asthma and air"',
        f' {DCT.description} "We see whether bad air\\nbrings people to hospital."',
        f' {NDL.publicBenefit} "Cleaner air where it matters."',
        f" {PROV.used} <https://x.example/d>",
        f' {NDL.datasetName} "Air quality in towns"',
        f" {PROV.startedAtTime} \"2025-03-01\"^^<http://www.w3.org/2001/XMLSchema#date>",
        f" {PROV.endedAtTime} \"2027-02-28\"^^<http://www.w3.org/2001/XMLSchema#date>",
        f" {PROV.generated} <https://doi.example/2>",
        " <https://w3id.org/ndl-graph/vocab/applicant#researcher>",
        " <https://w3id.org/ndl-graph/vocab/data-form#de-identified>",
        '"University of Example"',
        f" {ODRL.assignee} ",
    ):  # fmt: skip
        assert [line for line in lines if part in line], part
    assert not [line for line in lines if "Bloggs" in line], "names of persons stay out"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("Name,Colour\na,b\n", 1, "columns"),
        (HEAD + 'P-1,"open', 2, "broken CSV"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ParseError, match=words) as told:
        read(text)
    assert told.value.line == line


def test_a_use_is_kept_beside_the_data_and_not_among_it(store: EmbeddedStore, tmp_path: Path) -> None:
    data = tmp_path / "data.ttl"
    data.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        + "".join(
            f'<https://x.example/{name}> a dcat:Dataset ; dct:title "{title}" ; dct:publisher "Us" ; '
            'dct:description "A description that is long enough." ; dcat:landingPage <https://x.example/> .\n'
            for name, title in (("d", "By address"), ("e", "Air quality in towns"), ("f", "Unused"))
        ),
        "utf-8",
    )
    register = tmp_path / "register.csv"
    register.write_text(HEAD + ROW, "utf-8")
    summary = load(store, data, register)
    assert (summary.added, summary.rejected, summary.errors) == (4, 0, [])
    catalog = Catalog(store)
    assert len(catalog.listing()) == 3
    assert len(catalog.snapshot().index) == 3, "uses are no data to be found"
    for name, count in (("d", 1), ("e", 1), ("f", 0)):
        total, records = catalog.uses(catalog.describe(catalog.get(f"https://x.example/{name}")))
        assert (total, len(records)) == (count, count), name
    total, (use,) = catalog.uses()
    assert (total, use.kind, use.iri.value) == (1, "use", f"{BASE}use/asthma-and-air")
    assert catalog.get("asthma-and-air").iri == use.iri
    # Loaded again nothing changes; corrected, the entry is the same one.
    assert load(store, register).unchanged == 1
    register.write_text(HEAD + ROW.replace("Cleaner air", "Better air"), "utf-8")
    assert load(store, register).changed == 1
    catalog = Catalog(store)
    _, (again,) = catalog.uses()
    assert again.iri == use.iri
    upkeep.reindex(catalog, Scorer())
    assert len(Catalog(store).listing()) == 3
    assert catalog.uses()[0] == 1, "to make the index anew leaves the register alone"
    upkeep.remove(catalog, "asthma-and-air")
    assert Catalog(store).uses()[0] == 0


def test_an_entry_that_hides_who_is_turned_away(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(
        HEAD
        + ROW.replace("University of Example", "").replace("We see whether bad air\nbrings people to hospital.", "")
    )
    done = run("load", bad, "--store", tmp_path / "store")
    assert done.code == 1
    assert "no lay summary" in done.out + done.err
    done = run("validate", bad)
    assert done.code == 1
    assert "no lay summary" in done.out


def test_two_registers_that_number_alike_keep_their_entries_apart(store: EmbeddedStore, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.csv").write_text(
            HEAD + ROW.replace("University of Example", name).replace("Asthma and air", f"Work of {name}"), "utf-8"
        )
    assert load(store, tmp_path / "first.csv").added == 1
    assert load(store, tmp_path / "second.csv").added == 1
    assert sorted(Catalog(store).describe(one).title for one in Catalog(store).uses()[1]) == [
        "Work of first", "Work of second",
    ]  # fmt: skip


def test_one_bad_row_does_not_take_the_others_with_it(store: EmbeddedStore, tmp_path: Path) -> None:
    bad = ROW.replace("P-1", "P-2").replace("Asthma", "Noise").replace("01/03/2025", "soon")
    odd = ROW.replace("P-1", "P-3").replace("Asthma", "Light").replace("01/03/2025", "2025-03-01 00:00:00")
    (tmp_path / "r.csv").write_text(HEAD + ROW + bad + odd, "utf-8")
    summary = load(store, tmp_path / "r.csv")
    assert (summary.added, summary.rejected) == (2, 1)
    (told,) = summary.sources[0].rejected
    assert "The start of the use is no day." in [one["message"] for one in told["results"]]


@pytest.mark.parametrize(
    ("said", "flagged"), [("Y", True), ("true", True), ("maybe", True), ("no", False), ("", False)]
)
def test_a_made_up_entry_never_passes_for_a_real_one(said: str, flagged: bool) -> None:
    lines = read("Hypothetical," + HEAD + f"{said}," + ROW)
    assert any(str(NDL.hypothetical) in line for line in lines) is flagged


def test_the_register_is_exported_and_comes_back(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(HEAD + ROW, "utf-8")
    load(store, tmp_path / "r.csv", DATA / "open-wales")
    for form in ("nquads", "turtle"):
        done = run("export", tmp_path / form, "--format", form, "--store", store.folder, "--base-iri", BASE)
        assert done.code == 0, done.err
        again = EmbeddedStore(tmp_path / f"again-{form}", BASE)
        load(again, tmp_path / form)
        assert Catalog(again).uses()[0] == 1
        assert len(Catalog(again).listing()) == len(Catalog(store).listing())


def test_demo_entries_are_marked_as_made_up(demo: Catalog) -> None:
    total, records = demo.uses()
    assert total == 3
    for record in records:
        view = demo.describe(record)
        assert view.text(NDL.hypothetical) == "true"
        assert view.title.startswith("Hypothetical:")
        assert view.text(NDL.publicBenefit)
        for one in [*view.views(ODRL.assignee), *view.views(NDL.decidedBy), *view.views(NDL.usedIn)]:
            assert "hypothetical" in one.label
        assert {"en", "cy"} == {value.language for value in view.values(DCT.title)}  # type: ignore[union-attr]
