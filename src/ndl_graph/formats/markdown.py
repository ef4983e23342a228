"""A record as Markdown: short, for agents and for people who read plain text."""

import re
from typing import Final

from ndl_graph.access import sentences
from ndl_graph.description import DescriptionView, View, one_line
from ndl_graph.namespaces import CR, DCAT, DCT, FOAF, NDL, SCHEMA, VCARD

__all__ = ["citation", "write"]

_SUMMARY: Final = 900
_MOST: Final = 8


def write(view: DescriptionView, page: str) -> bytes:
    """What it is, who holds it, who may use it, how to get it, and where the details are.

    Publisher text is one line each and carries no markup, so that it cannot pass for ours.
    """
    lines = [
        f"# {_safe(view.title)}",
        "",
        _safe(one_line(view.summary, _SUMMARY)) or "No description is given.",
        "",
    ]
    for name, value in _facts(view):
        if value:
            lines.append(f"- **{name}:** {value}")
    ways = [way for part in view.distributions[:_MOST] if (way := _way(part))]
    if ways:
        lines += ["", "## How to get it", "", *ways]
        if len(view.distributions) > _MOST:
            lines.append(f"- … and {len(view.distributions) - _MOST} more: see {page}.ttl")
    for table in view.record_sets:
        fields = [field.label for field in table.views(_FIELD)]
        if fields:
            lines += ["", f"## What is in it: {_safe(table.label)}", "", _safe(", ".join(fields))]
    lines += [
        "",
        "---",
        f"This library holds the description, not the data. Record: <{page}> · "
        f"[JSON-LD]({page}.jsonld) · [Turtle]({page}.ttl) · [Croissant]({page}.croissant.json)",
        f"Cite as: {_safe(citation(view))}",
        "",
    ]
    return "\n".join(lines).encode()


def citation(view: DescriptionView) -> str:
    """Publisher, year, title and IRI of the dataset, in one line."""
    year = f" ({view.modified[:4]})" if view.modified else ""
    holder = view.publisher.label if view.publisher else "Publisher not stated"
    return f"{holder}{year}. {view.title}. {view.iri}"


def _facts(view: DescriptionView) -> list[tuple[str, str]]:
    licence = view.licence
    return [
        ("Who holds it", _safe(view.publisher.label) if view.publisher else "not stated"),
        (
            "Licence",
            f"{_safe(licence.label)} <{licence.iri}>" if licence and licence.iri else _named(licence),
        ),
        ("Who can use it", _named(view.access) or "not stated"),
        ("The publisher's words on access", _safe("; ".join(view.access_words))),
        ("In plain words", _safe(" ".join(sentences(view)))),
        ("Who may apply", _safe(view.text(NDL.whoMayApply))),
        ("Conditions", _safe(view.text(SCHEMA.conditionsOfAccess))),
        ("How to apply", view.link(NDL.howToApply) or ""),
        ("Publisher's page", view.landing_page or ""),
        ("Covers", _safe(", ".join(place.label for place in view.places))),
        ("Updated", _named(view.view(DCT.accrualPeriodicity))),
        ("Last changed", _safe(view.modified)),
        ("Contact", _safe(", ".join(filter(None, map(_contact, view.contacts))))),
    ]


_FIELD: Final = CR.field


def _named(view: View | None) -> str:
    return _safe(view.label) if view else ""


def _contact(contact: View) -> str:
    name = contact.label if contact.is_described else ""
    address = (contact.link(VCARD.hasEmail, FOAF.mbox, VCARD.hasURL) or "").removeprefix("mailto:")
    return f"{name} ({address})" if name and address and name != address else name or address


def _way(part: View) -> str:
    address = part.link(DCAT.downloadURL, DCAT.accessURL)
    service = part.view(DCAT.accessService)
    if not address and service:
        address = service.link(DCAT.endpointURL)
    if not address:
        return ""
    form = ", ".join(dict.fromkeys(view.label for view in part.views(DCT.format)))
    title = _safe(part.text(DCT.title)) or "Data"
    return f"- {title}{f' ({_safe(form)})' if form else ''}: <{address}>"


def _safe(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", one_line(text))
