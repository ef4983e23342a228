"""Descriptions as agents read them: what every answer says of one, and its views."""

import json
from collections.abc import Mapping
from typing import Any, Final

from ndl_graph.access import sentences
from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView, View
from ndl_graph.formats import croissant
from ndl_graph.formats.markdown import citation
from ndl_graph.mcp.answers import said
from ndl_graph.namespaces import CR, DCAT, DCT, DPV, NDL, ODRL, PROV, SCHEMA, VCARD
from ndl_graph.quality import METRICS, SCORES, croissant_verdict
from ndl_graph.record import Record
from ndl_graph.search import dated

__all__ = ["hit", "named", "view_of"]

_SUMMARY: Final = 700
_TABLES: Final = 10


def view_of(
    catalog: Catalog, name: str, record: Record, view: DescriptionView, start: int = 0, most: int = 100
) -> dict[str, Any]:
    """One view of a description: summary, distributions, fields, access, uses, quality or croissant.

    A long list of distributions or fields is shown from `start` on, `most` of them at a time.
    """
    if name == "summary":
        return {
            "description": said(view.summary, _SUMMARY),
            "themes": [said(one.label) for one in view.themes][:8],
            "place": [said(one.label) for one in view.places][:8],
            "landing_page": view.landing_page,
            "contact": [_contact(one) for one in view.contacts][:3],
            "updated": said(one.label) if (one := view.view(DCT.accrualPeriodicity)) else None,
            "cite_as": said(citation(view), 500),
            "more": {form: f"{record.iri.value}.{form}" for form in ("md", "jsonld", "croissant.json")},
        }
    if name == "distributions":
        return _listed(
            "distributions", [_distribution(view, part) for part in view.distributions], min(40, most), start
        )
    if name == "fields":
        tables = [
            {
                "name": said(table.label),
                **_listed("fields", [
                    {"name": said(one.label), "type": said(" ".join(map(_label, one.views(CR.dataType)))),
                     "description": said(one.text(SCHEMA.description))}
                    for one in table.views(CR.field)
                ], most, start),
            }
            for table in view.record_sets
        ]  # fmt: skip
        following = [table["next"] for table in tables if "next" in table]
        left_out = {"more": len(tables) - _TABLES} if len(tables) > _TABLES else {}
        return {"record_sets": tables[:_TABLES], **({"next": min(following)} if following else {}), **left_out}
    if name == "access":
        return {
            "access": said(view.access.label) if view.access else "not stated",
            "worked_out_from": next(
                (said(text) for one in view.views(ODRL.hasPolicy) if (text := one.text(NDL.accessEvidence))), None
            ),
            "publishers_words": [said(one, 500) for one in (*view.access_words, *view.rights_words)],
            "in_plain_words": [said(one, 300) for one in sentences(view)],
            "who_may_apply": said(view.text(NDL.whoMayApply), 500) or None,
            "conditions": said(view.text(SCHEMA.conditionsOfAccess), 500) or None,
            "purposes": [said(one.label) for one in view.views(DPV.hasPurpose)],
            "decided_by": [said(one.label) for one in view.views(NDL.decidedBy)],
            "how_to_apply": view.link(NDL.howToApply) or next(iter(view.access_pages), None),
            "time": said(one.label) if (one := view.view(NDL.timeToAccess)) else None,
            "cost": said(view.text(NDL.cost)) or None,
            "used_in": [said(s.label) for part in view.distributions for s in part.views(DCAT.accessService)][:5],
            "contact": [_contact(one) for one in view.contacts][:3],
        }
    if name == "uses":
        total, records = catalog.uses(view, 10)
        return {"total": total, "uses": [_use(catalog.describe(one), one.iri.value) for one in records]}
    if name == "quality":
        marks = catalog.index.marks_of(record.iri.value) or {}
        verdict = croissant_verdict(view)
        return {
            "croissant": {"loads": verdict.loads, "faults": list(verdict.faults)} if verdict else None,
            "points": {key: f"{value} of {SCORES[key].points}" for key, value in marks.get("points", {}).items()},
            "lacks": [METRICS[one].label for one in marks.get("lacks", ()) if one in METRICS],
        }
    return {"croissant": json.loads(croissant.write(view, record.iri.value, record.triples))}


def _listed(name: str, values: list[Any], most: int, start: int) -> dict[str, Any]:
    """Some of the values, how many more there are, and where those begin."""
    end = start + most
    more = {"more": len(values) - end, "next": end} if len(values) > end else {}
    return {name: values[start:end], **more}


def hit(found: Mapping[str, Any]) -> dict[str, Any]:
    """A record that was found: what tells it apart, and what it takes to cite it."""
    return {
        "iri": found["iri"],
        "dataset": found["dataset"],
        "title": said(found["title"], 200),
        "publisher": said(found["publisher"] or "not stated", 120),
        "licence": said(found["licence"] or "not stated", 200),
        "access": said(found["access"] or "not stated", 120),
        **{name: said(found[name], 40) for name in ("modified", "modified_of") if name in found},
        "formats": [said(one, 60) for one in found["formats"][:6]],
        "score": found["score"],
        "why": found["why"],
    }


def named(record: Record, view: DescriptionView) -> dict[str, Any]:
    """What every answer about a dataset says of it, so that it can be cited."""
    licence = view.licence
    return {
        "iri": record.iri.value,
        "dataset": record.dataset.value,
        "title": said(view.title, 200),
        "publisher": said(view.publisher.label, 120) if view.publisher else "not stated",
        "licence": (licence.address or said(licence.label, 120)) if licence else "not stated",
        "access": said(view.access.label) if view.access else "not stated",
        **dated(said(view.changed, 40), said(view.issued, 40), record.described),
    }


def _label(view: View) -> str:
    return view.label


def _contact(view: View) -> str:
    address = (view.mail or view.link(VCARD.hasURL) or "").removeprefix("mailto:")
    return said(f"{view.label if view.is_described else ''} {address}", 200)


def _distribution(view: DescriptionView, part: View) -> dict[str, Any]:
    return {
        "title": said(part.text(DCT.title), 120) or None,
        "download": part.link(DCAT.downloadURL),
        "access": part.link(DCAT.accessURL),
        "service": one.link(DCAT.endpointURL) if (one := part.view(DCAT.accessService)) else None,
        "format": [said(one, 60) for one in view.formats_of(part)] or None,
        "bytes": part.text(DCAT.byteSize) or None,
        "licence": (found.address or said(found.label, 120)) if (found := part.view(DCT.license)) else None,
    }


def _use(view: DescriptionView, iri: str) -> dict[str, Any]:
    return {
        "iri": iri,
        "title": said(view.title),
        "hypothetical": view.text(NDL.hypothetical) in ("true", "1"),
        "who": [said(one.label) for one in view.views(ODRL.assignee)][:5],
        "summary": said(view.text(DCT.description), 300),
        "public_benefit": said(view.text(NDL.publicBenefit), 200) or None,
        "from": view.text(PROV.startedAtTime) or None,
        "to": view.text(PROV.endedAtTime) or None,
    }
