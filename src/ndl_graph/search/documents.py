"""What the index holds of a record: the fields of a document, how words are cut, and what a record fills them with."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

import tantivy
from pyoxigraph import Literal, NamedNode
from tantivy import Filter, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from ndl_graph.access import Access
from ndl_graph.description import DescriptionView, date_in, plain
from ndl_graph.keys import FoundKey
from ndl_graph.namespaces import CR, DCT, FOAF, RDFS, SCHEMA
from ndl_graph.record import Record, Term
from ndl_graph.search.answers import BANDS, FACETS, MARKS, NARROWED, POINTS
from ndl_graph.search.words import nations_asked

__all__ = [
    "ANALYZER",
    "FORM",
    "IDENTIFIER",
    "KEY",
    "SPELLING",
    "TEXT",
    "UNSTATED",
    "USE",
    "analyzer",
    "document",
    "entry",
    "schema",
]

# Field and weight: a word in the title says more of a dataset than one deep in its description.
TEXT: Final = {
    "title": 6.0,
    "alternative": 4.0,
    "keyword": 3.0,
    "fields": 1.5,
    "party": 2.0,
    "description": 1.0,
}
#: What the fields of the index are, by number: one that was made otherwise is made anew.
FORM: Final = "10"
ANALYZER: Final = "words"
#: Every word as it is written, without its stem taken: what a misspelt word is near to.
SPELLING: Final = "spelling"
#: What a record can be asked for by name: its address, that of the dataset, and what else identifies it.
IDENTIFIER: Final = "identifier"
_FIELD: Final = CR.field
_YEAR: Final = re.compile(r"([0-9]{4})(?![0-9])")
_MOST_YEARS: Final = 1_200
#: Fields that tell who may use a dataset for what, and the value of each where nothing is stated.
USE: Final = ("level", "asker", "purpose", "profit", "terms")
UNSTATED: Final = "unstated"
#: What a dataset can be linked by.
KEY: Final = "key"


def schema() -> tantivy.Schema:
    """The fields of a document."""
    builder = SchemaBuilder()
    builder.add_text_field("iri", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(IDENTIFIER, tokenizer_name="raw", index_option="basic")
    for name in TEXT:
        builder.add_text_field(name, tokenizer_name=ANALYZER, index_option="position")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    for name in MARKS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    for name in (*USE, KEY, *NARROWED):
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    for name in POINTS:
        builder.add_integer_field(name, fast=True, indexed=True)
    builder.add_text_field(SPELLING, tokenizer_name=SPELLING, index_option="basic")
    builder.add_integer_field("modified", fast=True)
    builder.add_bytes_field("hit", stored=True)
    builder.add_bytes_field("marks", stored=True)
    builder.add_bytes_field("meaning", stored=True)
    return builder.build()


def analyzer(*, stemmed: bool) -> tantivy.TextAnalyzer:
    """What cuts a text into words: lower case, without accents and stop-words, and stems where they are asked for."""
    builder = (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(60))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.stopword("english"))
    )
    return (builder.filter(Filter.stemmer("english")) if stemmed else builder).build()


def entry(
    record: Record,
    view: DescriptionView,
    access: Access,
    described: str,
    keys: Sequence[FoundKey] = (),
    points: Mapping[str, int] | None = None,
    lacks: Sequence[str] = (),
    broken: Sequence[str] = (),
) -> dict[str, Any]:
    """What the index holds of a record: words to find it by, facet values, how good it is, and the hit to show.

    `described` is the moment (`xsd:dateTime`) at which the description came here or last changed.
    """
    description = plain(view.summary)
    publisher = view.publisher.label if view.publisher else ""
    licence = view.licence
    named = view.at(NamedNode(access.level)) if access.level else view.access
    modified = view.modified[:10]
    return {
        "iri": record.iri.value,
        IDENTIFIER: [
            record.iri.value,
            record.dataset.value,
            *view.texts(DCT.identifier, SCHEMA.identifier),
            *(one.iri for one in view.views(DCT.identifier, SCHEMA.identifier) if one.iri),
        ],
        "title": view.texts(DCT.title, SCHEMA.name),
        "alternative": [*view.texts(DCT.alternative), view.text(RDFS.comment)],
        "keyword": [*view.keywords, *(theme.label for theme in view.themes)],
        "fields": [table_field.label for table in view.record_sets for table_field in table.views(_FIELD)],
        "party": [publisher, *(place.label for place in view.places)],
        "description": [description, *view.texts(DCT.description)[1:]],
        "facets": {
            "publisher": [publisher] if publisher else [],
            "theme": [theme.label for theme in view.themes],
            "format": view.formats,
            "licence": list(dict.fromkeys(one.name for one in view.licences if one.name)),
            "access": [named.label] if named and named.label else [],
            "place": view.nations,
        },
        # Where no place is stated, the title and the publisher tell: a record of the Welsh Government is about Wales.
        "nations": view.nations or sorted(nations_asked(f"{view.title}. {publisher}").named),
        "meaning": _meaning(view, description, publisher),
        "points": points or {},
        "period": _years(view),
        "quality": [next(name for name, least in BANDS if points["eu"] >= least)] if points else [],
        "lacks": lacks,
        "broken": broken,
        "key": [one.key.iri for one in keys],
        "use": {
            "level": [_tail(access.level) if access.level else UNSTATED],
            "asker": list(map(_tail, access.askers)) or [UNSTATED],
            "purpose": list(access.purposes) or [UNSTATED],
            "profit": [
                *(["no"] if access.forbids_profit else []),
                *(["no-companies"] if access.forbids_companies else []),
            ],
            "terms": [] if access.is_licensed else [UNSTATED],
        },
        "modified": int(re.sub(r"\D", "", modified).ljust(8, "0")[:8] or 0),
        "hit": {
            "iri": record.iri.value,
            "dataset": record.dataset.value,
            "kind": record.kind,
            "title": view.title,
            "summary": description[:300],
            "publisher": publisher,
            "licence": (licence.address or licence.label) if licence else None,
            "access": named.label if named else None,
            "modified": view.changed or None,
            "issued": view.issued or None,
            "described": described[:10],
            "formats": view.formats,
            "place": view.nations,
            **({"quality": dict(points)} if points else {}),
            **({"cy": welsh} if (welsh := _in_welsh(view)) else {}),
        },
    }


def _in_welsh(view: DescriptionView) -> dict[str, str]:
    """What search shows of a record, as far as the publisher says it in Welsh."""
    agent = view.publisher
    stated = {
        "title": view.values(DCT.title, SCHEMA.name),
        "summary": view.values(DCT.description, SCHEMA.description),
        "publisher": agent.values(FOAF.name, SCHEMA.name) if agent else [],
    }
    found = {name: next((one.value for one in values if _is_welsh(one)), "") for name, values in stated.items()}
    return {name: plain(text)[:300] for name, text in found.items() if text}


def _is_welsh(value: Term) -> TypeGuard[Literal]:
    return isinstance(value, Literal) and (value.language or "").split("-")[0] == "cy"


def document(said: Mapping[str, Any]) -> tantivy.Document:
    """The document of an entry."""
    made = tantivy.Document()
    made.add_text("iri", said["iri"])
    for name in TEXT:
        for value in said[name]:
            if value:
                made.add_text(name, value)
                made.add_text(SPELLING, value)
    facets = {name: list(dict.fromkeys(map(_plain, said["facets"][name]))) for name in FACETS}
    for name, values in facets.items():
        for value in values:
            made.add_text(name, value)
    for name in MARKS:
        for value in said[name]:
            made.add_text(name, value)
    for name in USE:
        for value in said["use"][name]:
            made.add_text(name, value)
    for name in (KEY, *NARROWED):
        for value in said[name]:
            made.add_text(name, value)
    for value in said[IDENTIFIER]:
        made.add_text(IDENTIFIER, value.strip().casefold())
    for name in POINTS:
        made.add_integer(name, said["points"].get(name, -1))
    made.add_integer("modified", said["modified"])
    marks = {
        "points": said["points"],
        "use": said["use"],
        "facets": facets,
        "nations": list(said["nations"]),
        **{name: list(said[name]) for name in MARKS},
    }
    made.add_bytes("marks", json.dumps(marks).encode())
    made.add_bytes("meaning", said["meaning"].encode())
    made.add_bytes("hit", json.dumps(said["hit"], ensure_ascii=False).encode())
    return made


def _tail(iri: str) -> str:
    return iri.rsplit("#", 1)[-1]


def _years(view: DescriptionView) -> list[str]:
    """The years that the data covers, as far as its periods say so; to the present where one has no end."""
    years: dict[int, None] = {}
    for period in view.views(DCT.temporal, SCHEMA.temporalCoverage):
        start, end = map(date_in, period.period)
        if not start and not end:
            # As schema.org writes it: 1995, 1995/1999 or 1995/..
            start, slash, end = period.label.partition("/")
            end = end if slash else start
        first, last = (_YEAR.match(one.strip()) for one in (start, end))
        if first is None and last is None:
            continue
        this_year = datetime.now(UTC).year
        begin = int(first[1]) if first else int(last[1]) if last else this_year
        finish = int(last[1]) if last else max(begin, this_year)
        years.update(dict.fromkeys(range(begin, min(finish, begin + _MOST_YEARS) + 1)))
    return [f"{year:04}" for year in years]


def _meaning(view: DescriptionView, description: str, publisher: str) -> str:
    """What is turned into a vector: the model reads some 200 words, so what tells most comes first."""
    parts = [
        view.title,
        plain(view.text(RDFS.comment))[:300],
        description[:700],
        ", ".join(view.keywords[:12]),
        publisher,
        ", ".join(place.label for place in view.places[:3]),
    ]
    return ". ".join(" ".join(part.split()) for part in parts if part)


def _plain(text: str) -> str:
    """A name on one line and without marks that cannot be seen, so that it can be shown and asked for as it stands."""
    shown = text if text.isprintable() else "".join(mark if mark.isprintable() else " " for mark in text)
    return " ".join(shown.split())
