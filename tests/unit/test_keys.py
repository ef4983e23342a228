"""Keys: which fields tell of one, how sure that is, and which datasets share one."""

from pathlib import Path

import pytest

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.keys import KNOWN_BY, all_keys, keys_of, without_keys
from ndl_graph.namespaces import NDL
from ndl_graph.quality import Scorer
from ndl_graph.stores import EmbeddedStore
from tests.conftest import load

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix cr: <http://mlcommons.org/croissant/> . @prefix schema: <https://schema.org/> .
@prefix key: <https://w3id.org/ndl-graph/vocab/key#> . @prefix ndl: <https://w3id.org/ndl-graph/vocab#> .
"""


def described(name: str, fields: dict[str, str], more: str = "") -> str:
    table = " , ".join(
        f'[ a cr:Field ; schema:name "{one}" ; schema:description "{said}" ]' for one, said in fields.items()
    )
    records = f' ; cr:recordSet [ a cr:RecordSet ; schema:name "t" ; cr:field {table} ]' if fields else ""
    return (
        f'<https://x.example/{name}> a dcat:Dataset ; dct:title "{name}" ; dct:publisher "Us" ; dcat:landingPage '
        f'<https://x.example/> ; dct:description "A description that is long enough."{records}{more} .\n'
    )


def loaded(store: EmbeddedStore, folder: Path, *descriptions: str) -> Catalog:
    source = folder / "some.ttl"
    source.write_text(PREFIXES + "".join(descriptions), "utf-8")
    summary = load(store, source)
    assert not summary.rejected + len(summary.errors)
    return Catalog(store)


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("LSOA11CD", "lsoa"), ("lsoa code (2021)", "lsoa"), ("propertyUprn", "uprn"), ("UPRN", "uprn"),
        ("nhs_no", "nhs-number"), ("Postcode", "postcode"), ("pcd2", "postcode"), ("CompanyNumber", "company-number"),
        ("DZ2021_code", "data-zone"), ("oa21cd", "output-area"), ("LAD23CD", "local-authority"),
        ("upn", "pupil-number"), ("date-of-transfer", "date"), ("BNF_CODE", "bnf-code"), ("SchoolUrn", "school-number"),
        ("street", None), ("update", None), ("candidate", None), ("ladder", None), ("chin", None), ("soap", None),
        ("urn", None), ("code", None), ("forward", None), ("organisation_code", None),
        ("chi_squared", None), ("lad_name", None), ("LAD23NM", None),
    ],
)  # fmt: skip
def test_the_name_of_a_field_tells(store: EmbeddedStore, tmp_path: Path, field: str, key: str | None) -> None:
    catalog = loaded(store, tmp_path, described("d", {field: ""}))
    found = keys_of(catalog.describe(catalog.get("https://x.example/d")))
    assert [(one.key.name, one.known_by, one.field) for one in found] == ([(key, "field name", field)] if key else [])


def test_the_surest_sign_counts(store: EmbeddedStore, tmp_path: Path) -> None:
    fields = {
        "a": "The Unique Property Reference Number of the home.",
        "uprn": "",
        "b": "NHS number, if known",
        "c": "x",
    }
    catalog = loaded(store, tmp_path, described("d", fields, " ; ndl:linkKey key:postcode , key:nonsense"))
    record = catalog.get("https://x.example/d")
    assert [(one.key.name, one.known_by, one.field) for one in keys_of(catalog.describe(record))] == [
        ("postcode", "stated", ""), ("uprn", "field name", "uprn"), ("nhs-number", "field description", "b"),
    ]  # fmt: skip
    view = catalog.describe(record)
    stated = {(one.link(NDL.linkKey), one.text(NDL.knownBy), one.text(NDL.keyField)) for one in view.views(NDL.hasKey)}
    assert len(stated) == 3, "as data too"
    assert {known for _, known, _ in stated} == set(KNOWN_BY)
    kept = without_keys(record.statements.lines)
    assert len(record.statements.lines) - len(kept) == 3 + 3 + 3 + 2
    assert any(" <https://w3id.org/ndl-graph/vocab/key#postcode>" in line for line in kept), "what was stated stays"


def test_datasets_that_share_a_key_are_found(store: EmbeddedStore, tmp_path: Path) -> None:
    catalog = loaded(
        store,
        tmp_path,
        *(described(f"d{number}", {"uprn": ""}) for number in range(5)),
        described("e", {"postcode": ""}),
        described("f", {}),
    )
    uprn = next(iri for iri, key in all_keys().items() if key.name == "uprn")
    assert catalog.index.keys() == {uprn: 5, uprn.replace("#uprn", "#postcode"): 1}
    first = catalog.get("https://x.example/d0")
    total, hits = catalog.index.with_key(uprn, 3, first.iri.value)
    assert (total, len(hits)) == (4, 3)
    assert first.iri.value not in {hit.said["iri"] for hit in hits}
    source = tmp_path / "some.ttl"
    assert load(store, source).unchanged == 7
    upkeep.reindex(catalog, Scorer())
    assert Catalog(store).index.keys()[uprn] == 5


def test_every_key_is_explained(demo: Catalog) -> None:
    for iri, key in all_keys().items():
        assert key.identifies in ("person", "thing", "place", "time")
        for language in ("en", "cy"):
            assert demo.labels.definition(iri, [language])
        assert all(phrase == phrase.casefold() for phrase in key.phrases), "they are looked for in small letters"
