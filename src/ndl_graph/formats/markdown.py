"""A record as Markdown: short, for agents and for people who read plain text."""

import re
from collections.abc import Sequence
from typing import Final

from ndl_graph.access import sentences
from ndl_graph.description import DescriptionView, View, one_line
from ndl_graph.namespaces import CR, DCAT, DCT, NDL, SCHEMA, VCARD
from ndl_graph.tokens import most_tokens

__all__ = ["citation", "write"]

_SUMMARY: Final = 900
_MOST: Final = 8
#: Tokens of the whole, counted as the most that they can be; of one fact; and of what is never left out altogether.
_TOKENS: Final = 750
_LONGEST: Final = 90
_LEAST: Final = 60
#: Letters of the longest token that is counted with.
_LETTERS: Final = 8


def write(view: DescriptionView, page: str) -> bytes:
    """What it is, who holds it, who may use it, how to get it, and where the details are.

    Publisher text is one line each and carries no markup, so that it cannot pass for ours.
    """
    facts = [f"- **{name}:** {_cut(value, _LONGEST)}" for name, value in _facts(view) if value]
    end = [
        "",
        "---",
        f"This library holds the description, not the data. Record: <{page}> · "
        f"[JSON-LD]({page}.jsonld) · [Turtle]({page}.ttl) · [Croissant]({page}.croissant.json)",
        f"Cite as: {_cut(_safe(citation(view)), _LONGEST)}",
        "",
    ]
    title = f"# {_cut(_safe(view.title), _LONGEST)}"
    left = _TOKENS - sum(map(most_tokens, (title, *facts, *end)))
    summary = _cut(_safe(one_line(view.summary, _SUMMARY)), max(_LEAST, left // 2))
    left -= most_tokens(summary)
    own = [
        f"- {name}: <{address}>"
        for name, predicate in (("Service", DCAT.endpointURL), ("Its documentation", DCAT.endpointDescription))
        if (address := view.link(predicate))
    ]
    ways = _fitting([*own, *(way for part in view.distributions[:_MOST] if (way := _way(part)))], left * 2 // 3)
    left -= sum(map(most_tokens, ways))
    found: list[str] = []
    if ways:
        more = len(own) + len(view.distributions) - len(ways)
        found += ["", "## How to get it", "", *ways, *([f"- … and {more} more: see {page}.ttl"] if more > 0 else [])]
    for table in view.record_sets:
        fields = [_safe(field.label) for field in table.views(_FIELD) if field.label]
        shown = _fitting(fields, left)
        left -= sum(map(most_tokens, shown)) + _LEAST
        if shown:
            more = len(fields) - len(shown)
            rest = f" … and {more} more: see {page}.croissant.json" if more else ""
            found += ["", f"## What is in it: {_cut(_safe(table.label), _LEAST)}", "", f"{', '.join(shown)}{rest}"]
    return "\n".join([title, "", summary or "No description is given.", "", *facts, *found, *end]).encode()


def _cut(text: str, tokens: int) -> str:
    """The text, or as many of its words as have so many tokens."""
    if most_tokens(text) <= tokens:
        return text
    whole = text[: tokens * _LETTERS]
    while whole and most_tokens(whole) > tokens:
        whole = whole[: len(whole) * 3 // 4]
    start = whole.rsplit(" ", 1)[0]
    return f"{start if len(start) > len(whole) // 2 else whole} …"


def _fitting(parts: Sequence[str], tokens: int) -> list[str]:
    """As many of the parts, from the first on, as have so many tokens together."""
    kept: list[str] = []
    for part in parts:
        tokens -= most_tokens(part) + 1
        if tokens < 0:
            break
        kept.append(part)
    return kept


def citation(view: DescriptionView) -> str:
    """How the publisher asks to be cited; else creators, year, title, publisher and IRI of the dataset, in one line."""
    if stated := view.text(CR.citeAs, DCT.bibliographicCitation):
        return one_line(stated)
    year = f" ({view.modified[:4]})" if view.modified else ""
    holder = view.publisher.label if view.publisher else "Publisher not stated"
    made = sorted({one.label for one in view.views(DCT.creator, SCHEMA.creator) if one.label})
    makers = ", ".join(made[:_MOST_CITED]) + (" et al." if len(made) > _MOST_CITED else "")
    held_by = [holder] if made and holder not in made else []
    return ". ".join([f"{makers or holder}{year}", view.title, *held_by, view.iri or ""])


def _facts(view: DescriptionView) -> list[tuple[str, str]]:
    return [
        ("Who holds it", _safe(view.publisher.label) if view.publisher else "not stated"),
        ("Licence", "; ".join(filter(None, map(_licence, view.licences))) or "not stated"),
        ("Who can use it", _named(view.access) or "not stated"),
        ("The publisher's words on access", _safe("; ".join(view.access_words))),
        ("The publisher's words on rights", _safe("; ".join(view.rights_words))),
        ("In plain words", _safe(" ".join(sentences(view)))),
        ("Who may apply", _safe(view.text(NDL.whoMayApply))),
        ("Conditions", _safe(view.text(SCHEMA.conditionsOfAccess))),
        ("How to apply", view.link(NDL.howToApply) or ""),
        ("Publisher's page", view.landing_page or ""),
        ("Covers", _safe(", ".join(place.label for place in view.places if place.label))),
        ("Updated", _named(view.view(DCT.accrualPeriodicity))),
        ("First published", _safe(view.issued) if not view.changed else ""),
        ("Last changed", _safe(view.changed)),
        ("Contact", _safe(", ".join(filter(None, map(_contact, view.contacts))))),
    ]


_FIELD: Final = CR.field
#: Creators that are named in a citation.
_MOST_CITED: Final = 3


def _named(view: View | None) -> str:
    return _safe(view.label) if view else ""


def _licence(licence: View) -> str:
    return f"{_safe(licence.label)} <{licence.address}>" if licence.address else _named(licence)


def _contact(contact: View) -> str:
    name = contact.label if contact.is_described else ""
    address = (contact.mail or contact.link(VCARD.hasURL) or "").removeprefix("mailto:")
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
