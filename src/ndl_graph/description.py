"""Reads what a description says, in the reader's language: titles, parties, distributions, access.

A view over triples, not a model of a dataset: whatever it does not know stays in the graph and is published.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.labels import Labels, short_address
from ndl_graph.names import name_table
from ndl_graph.namespaces import (
    CR,
    DCAT,
    DCT,
    FOAF,
    GENID,
    IANA,
    NDL,
    ODRL,
    PROV,
    RDF,
    RDFS,
    SCHEMA,
    SKOS,
    TIME,
    VCARD,
    XSD,
)
from ndl_graph.normalise import clean_iri
from ndl_graph.record import Node, Term

__all__ = ["NATIONS", "NATION_NAMES", "DescriptionView", "View", "date_in", "one_line", "plain"]

_DATE: Final = re.compile(
    r"(?P<date>(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?)"
    r"(?P<time>T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)
#: Scripts and styles with what is in them, tags and comments; not what stands between “less than” and “greater than”.
#: One that is not closed before the next begins is no script: so each character is read a few times at the most.
_MARKUP: Final = re.compile(
    r"<(script|style)\b[^<>]*+>(?:[^<]|<(?!/?(?:script|style)\b))*+</\1\s*+>"
    r"|</?[A-Za-z][^<>]{0,2000}>|<!--(?:[^<-]|<(?!!--)|-(?!->))*+-->",
    re.I,
)

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
#: How OWL-Time states the place of an instant.
_INSTANTS: Final = tuple(
    TIME[name] for name in ("inXSDDate", "inXSDDateTimeStamp", "inXSDDateTime", "inXSDgYearMonth", "inXSDgYear")
)
_PLACES: Final = "http://statistics.data.gov.uk/id/statistical-geography/"
#: The four nations.
NATION_NAMES: Final = ("England", "Scotland", "Wales", "Northern Ireland")
_UK: Final = NATION_NAMES
#: Places that say which of the four nations a dataset covers, by IRI and by the names that really occur.
NATIONS: Final[dict[str, tuple[str, ...]]] = {
    _PLACES + "E92000001": ("England",),
    _PLACES + "W92000004": ("Wales",),
    _PLACES + "S92000003": ("Scotland",),
    _PLACES + "N92000002": ("Northern Ireland",),
    _PLACES + "K02000001": _UK,
    _PLACES + "K03000001": ("England", "Scotland", "Wales"),
    _PLACES + "K04000001": ("England", "Wales"),
    "http://publications.europa.eu/resource/authority/country/GBR": _UK,
    "england": ("England",),
    "wales": ("Wales",),
    "cymru": ("Wales",),
    "scotland": ("Scotland",),
    "northern ireland": ("Northern Ireland",),
    "united kingdom": _UK,
    "uk": _UK,
    "gb": _UK,
    "great britain": ("England", "Scotland", "Wales"),
    "england and wales": ("England", "Wales"),
    "gb-eng": ("England",),
    "gb-sct": ("Scotland",),
    "gb-wls": ("Wales",),
    "gb-nir": ("Northern Ireland",),
    "gb-gbn": ("England", "Scotland", "Wales"),
    "gb-ukm": _UK,
    "gb-eaw": ("England", "Wales"),
}


def plain(text: str) -> str:
    """Publisher text without markup, entities and line breaks."""
    return " ".join(html.unescape(_MARKUP.sub(" ", text)).split())


def date_in(text: str) -> str:
    """A text that is a date, month, year or moment of ISO 8601, without the zone of a day; else an empty string."""
    found = _DATE.match(text)
    if not found:
        return ""
    try:
        date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
        if found["time"]:
            datetime.fromisoformat(found[0])
    except ValueError:
        return ""
    return found[0] if found["time"] else found["date"]


def one_line(text: str, limit: int = 0) -> str:
    """The text without markup and line breaks, cut at a word where it is longer than `limit`."""
    text = plain(text)
    if limit and len(text) > limit:
        start = text[:limit]
        whole = start.rsplit(" ", 1)[0]
        text = (whole if len(whole) > limit // 2 else start) + " …"
    return text


#: What is said, by subject and property, in the order given.
Index = dict[Term, dict[NamedNode, list[Term]]]


class View:
    """A node in a description and what is said about it, with text in the reader's language."""

    def __init__(
        self,
        node: Term,
        index: "Index",
        labels: Labels,
        languages: Sequence[str],
    ) -> None:
        self.node = node
        self._index = index
        self._labels = labels
        self._languages = languages

    def at(self, node: Term) -> "View":
        """The view of another node of the same description."""
        return View(node, self._index, self._labels, self._languages)

    @property
    def iri(self) -> str | None:
        """The node's IRI, if it is one."""
        return self.node.value if isinstance(self.node, NamedNode) else None

    @property
    def address(self) -> str | None:
        """The node's IRI, where somebody gave it one; a name of our making leads nobody anywhere."""
        return self.iri if self.iri and GENID not in self.iri else None

    @property
    def statements(self) -> list[tuple[NamedNode, Term]]:
        """Property and value pairs."""
        return [(name, value) for name, values in self._index.get(self.node, {}).items() for value in values]

    @property
    def is_described(self) -> bool:
        """Whether anything is said about the node here."""
        return self.node in self._index

    def values(self, *predicates: NamedNode) -> list[Term]:
        """All values of the first of the predicates that has any."""
        said = self._index.get(self.node)
        if said:
            for predicate in predicates:
                if found := said.get(predicate):
                    return found
        return []

    def views(self, *predicates: NamedNode) -> list["View"]:
        """The same, as views."""
        return [self.at(value) for value in self.values(*predicates)]

    def view(self, *predicates: NamedNode) -> "View | None":
        """The first of them."""
        return next(iter(self.views(*predicates)), None)

    def has_type(self, *types: NamedNode) -> bool:
        """Whether the node is said to be of one of the classes."""
        return any(value in types for value in self.values(RDF.type))

    @property
    def is_person(self) -> bool:
        """Whether it is said to be a person, not an organisation."""
        return self.has_type(FOAF.Person, SCHEMA.Person, VCARD.Individual)

    def literal(self, *predicates: NamedNode) -> Literal | None:
        """The value in the language that suits the reader best."""
        values = self.values(*predicates)
        if len(values) == 1:  # most properties have one value, and this is asked some thirty times a record
            return values[0] if isinstance(values[0], Literal) else None
        return _best([value for value in values if isinstance(value, Literal)], self._languages)

    def text(self, *predicates: NamedNode) -> str:
        """That value's text, or an empty string."""
        found = self.literal(*predicates)
        return _text_of(found) if found else ""

    @property
    def period(self) -> tuple[str, str]:
        """Where a period begins and ends, empty where that is not said; in the words of DCAT, schema.org or OWL-Time.

        DCAT 3, section 6.13: `dcat:startDate` and `dcat:endDate`, or `time:hasBeginning` and `time:hasEnd`.
        """
        start, end = self.text(DCAT.startDate, SCHEMA.startDate), self.text(DCAT.endDate, SCHEMA.endDate)
        return start or self._instant(TIME.hasBeginning), end or self._instant(TIME.hasEnd)

    def _instant(self, predicate: NamedNode) -> str:
        there = self.view(predicate)
        return there.text(*_INSTANTS) or there.stated_label if there else ""

    def date(self, *predicates: NamedNode) -> str:
        """The value where it is a date, month, year or moment of ISO 8601, else an empty string.

        A zone that XML Schema lets a day have is left out.
        """
        return date_in(self.text(*predicates))

    def texts(self, *predicates: NamedNode) -> list[str]:
        """Every literal value's text, once each."""
        return list(
            dict.fromkeys(
                value.value.strip()
                for value in self.values(*predicates)
                if isinstance(value, Literal) and value.value.strip()
            )
        )

    @property
    def stated_label(self) -> str:
        """What the description itself calls the node."""
        if isinstance(self.node, Literal):
            return self.node.value.strip()
        if not self.is_described:
            return ""
        said = self.text(DCT.title) or self.text(
            SKOS.prefLabel, FOAF.name, VCARD.fn, VCARD["organization-name"], RDFS.label, SCHEMA.name
        )
        if said:
            return said
        given, family = self.text(SCHEMA.givenName, FOAF.givenName), self.text(SCHEMA.familyName, FOAF.familyName)
        return f"{given} {family}".strip()

    @property
    def label(self) -> str:
        """What people call the node: what the description says, else our vocabulary, else the IRI's end."""
        if stated := self.stated_label:
            return stated
        if self.iri and GENID in self.iri:
            return ""  # a name of our making tells nobody anything
        return self._labels.text(self.node.value, self._languages) if isinstance(self.node, NamedNode) else ""

    @property
    def name(self) -> str:
        """The label where one is stated or known, else the address without its start: no guess at what it may mean."""
        if self.stated_label or self.iri is None or self._labels.known(self.iri):
            return self.label
        return "" if GENID in self.iri else short_address(self.iri)

    def link(self, *predicates: NamedNode) -> str | None:
        """The first value that can be followed: an http(s), mailto or tel IRI, written as IRI or as text.

        What no IRI may hold is percent-encoded: text that only starts as an address is not more than one wherever it
        is shown.
        """
        for predicate in predicates:
            for stated in self.values(predicate):
                # vCard may put a node between a contact and its address, which has a name of our making.
                for value in self.at(stated).values(VCARD.hasValue, RDF.value) or [stated]:
                    if (
                        isinstance(value, (NamedNode, Literal))
                        and _followable(value.value)
                        and GENID not in value.value
                        and (address := clean_iri(value.value))
                    ):
                        return address
        return None

    @property
    def mail(self) -> str | None:
        """The e-mail address of a contact, with `mailto:`: one that it has, or that it is."""
        own = self.iri if self.iri and self.iri.startswith("mailto:") else None
        return self.link(VCARD.hasEmail, FOAF.mbox) or own


class DescriptionView(View):
    """A description seen from its dataset, service, series or catalogue."""

    def __init__(
        self,
        triples: Iterable[Triple],
        root: Node,
        labels: Labels,
        languages: Sequence[str] = ("en",),
    ) -> None:
        index: Index = {}
        subject: Term | None = None
        said: dict[NamedNode, list[Term]] = {}
        for triple in triples:
            # What is said of one subject mostly stands together.
            if triple.subject != subject:
                subject = triple.subject
                said = index.setdefault(subject, {})
            said.setdefault(triple.predicate, []).append(triple.object)
        super().__init__(root, index, labels, (*languages, *_own_language(index.get(root, {}), languages)))

    @cached_property
    def title(self) -> str:
        """The title."""
        return self.text(DCT.title, SCHEMA.name) or self.label

    @cached_property
    def summary(self) -> str:
        """The long description as the publisher wrote it; may hold HTML or Markdown."""
        return self.text(DCT.description, SCHEMA.description)

    @cached_property
    def publisher(self) -> View | None:
        """Who makes the dataset available."""
        stated = (DCT.publisher, SCHEMA.publisher, DCT.creator, SCHEMA.creator, DCT.rightsHolder)
        told = (sorted((one for one in self.views(name) if one.label), key=lambda one: one.label) for name in stated)
        named = next((agents[0] for agents in told if agents), None)
        roles = (part.view(PROV.agent) for part in self.views(PROV.qualifiedAttribution))
        return named or next((agent for agent in roles if agent and agent.label), None)

    @property
    def is_held(self) -> bool:
        """Whether somebody is named as publishing the data or as holding the rights to it, not only as its maker."""
        roles = any(part.view(PROV.agent) for part in self.views(PROV.qualifiedAttribution))
        return bool(self.values(DCT.publisher, SCHEMA.publisher, DCT.rightsHolder)) or roles

    @cached_property
    def licence(self) -> View | None:
        """The licence of the dataset, else of its first distribution that states one."""
        return next(iter(self.licences), None)

    @cached_property
    def licences(self) -> list[View]:
        """All of them, in an order that does not hang on that of the source."""
        own = self.views(DCT.license, SCHEMA.license)
        found = own or next((there for part in self.distributions if (there := part.views(DCT.license))), [])
        return sorted(found, key=lambda view: str(view.node))

    @cached_property
    def access(self) -> View | None:
        """Who may have the data: our access level, stated or worked out, else the standard access rights.

        What a publisher says in words of their own is no answer by itself: see `access_words`.
        """
        offers = (offer.view(NDL.accessLevel) for offer in self.views(ODRL.hasPolicy))
        level = self.view(NDL.accessLevel) or next((found for found in offers if found), None)
        return level or next((view for view in self.views(DCT.accessRights) if self._is_known(view)), None)

    def _is_known(self, view: View) -> bool:
        return view.iri is not None and self._labels.known(view.iri)

    @cached_property
    def access_words(self) -> list[str]:
        """What the publisher says of access in words or addresses of their own; no single word beside a known term."""
        said = [
            view.stated_label or view.text(DCT.description, RDFS.comment) or view.iri or ""
            for view in self.views(DCT.accessRights)
            if not self._is_known(view)
        ]
        texts = (
            text for text in said if GENID not in text and (self.access is None or len(text) > len("restricted public"))
        )
        return list(dict.fromkeys(filter(None, texts)))

    @cached_property
    def rights_words(self) -> list[str]:
        """What the publisher says of rights beside licence and access rights, of the data or of its files."""
        parts: tuple[View, ...] = (self, *self.distributions)
        said = (
            view.stated_label or view.text(DCT.description, RDFS.comment) or view.address or ""
            for part in parts
            for view in part.views(DCT.rights)
        )
        return list(dict.fromkeys(filter(None, said)))

    @cached_property
    def access_pages(self) -> list[str]:
        """Addresses that stand in what the publisher says of access."""
        said = "\n".join([*self.access_words, *self.texts(SCHEMA.conditionsOfAccess)])
        found = (clean_iri(address) for address in _ADDRESS.findall(said))
        return list(dict.fromkeys(filter(None, found)))

    @cached_property
    def distributions(self) -> list[View]:
        """The ways to the data."""
        return self.views(DCAT.distribution)

    @cached_property
    def themes(self) -> list[View]:
        """The subjects the dataset is filed under."""
        return [view for view in self.views(DCAT.theme) if (label := view.label) and "/" not in label]

    @cached_property
    def keywords(self) -> list[str]:
        """Free words."""
        return self.texts(DCAT.keyword, SCHEMA.keywords)

    @property
    def own_words(self) -> list[str]:
        """Keywords in the reader's language and in none; where there are no such, all of them."""
        values = [one for one in self.values(DCAT.keyword, SCHEMA.keywords) if isinstance(one, Literal)]
        tags = {None, *self._languages[:1]}
        own = [one.value for one in values if (one.language and one.language.split("-")[0]) in tags]
        return list(dict.fromkeys(own)) or self.keywords

    @cached_property
    def formats(self) -> list[str]:
        """Names of the file formats on offer, each once."""
        return list(dict.fromkeys(name for part in self.distributions for name in self.formats_of(part)))

    def formats_of(self, part: View) -> list[str]:
        """What the formats of a distribution are called; a media type goes by the name of its format."""
        named = [self._format_name(view) for view in part.views(DCT.format) or part.views(DCAT.mediaType)]
        return list(dict.fromkeys(filter(None, named)))

    def _format_name(self, view: View) -> str:
        said = view.label.removeprefix(str(IANA))
        if "/" in said and (known := name_table("format").find(said)):
            return self._labels.text(known, self._languages)
        return said

    @cached_property
    def changed(self) -> str:
        """When the dataset last changed: the lexical form of the date."""
        return self.date(DCT.modified) or self.date(SCHEMA.dateModified)

    @cached_property
    def issued(self) -> str:
        """When the dataset first appeared: the lexical form of the date."""
        return self.date(DCT.issued) or self.date(SCHEMA.datePublished)

    @property
    def modified(self) -> str:
        """When the dataset last changed, else appeared."""
        return self.changed or self.issued

    @cached_property
    def places(self) -> list[View]:
        """Where it is about."""
        return self.views(DCT.spatial, SCHEMA.spatialCoverage)

    @cached_property
    def nations(self) -> list[str]:
        """Which of the four nations its places name, and no guess beyond that."""
        found: dict[str, None] = {}
        for place in self.places:
            for name in (place.iri or "", place.label.casefold()):
                found.update(dict.fromkeys(NATIONS.get(name, ())))
        return list(found)

    @cached_property
    def contacts(self) -> list[View]:
        """Whom to ask."""
        return self.views(DCAT.contactPoint, SCHEMA.contactPoint)

    @cached_property
    def record_sets(self) -> list[View]:
        """Croissant record sets: the tables inside, with their fields."""
        return self.views(CR.recordSet)

    @cached_property
    def landing_page(self) -> str | None:
        """The publisher's own page."""
        return self.link(DCAT.landingPage, FOAF.page, FOAF.homepage, SCHEMA.url)

    def parts(self) -> Iterator[View]:
        """Every node that is described, the root first."""
        yield self
        for node in self._index:
            if node != self.node:
                yield self.at(node)


def _own_language(said: Mapping[NamedNode, Sequence[Term]], languages: Sequence[str]) -> list[str]:
    """The language to read all of a description in whose title is in none of those asked for; none else.

    One that has a title and a description is better than one that has a title alone.
    """
    titles = _tags(said, (DCT.title, SCHEMA.name))
    descriptions = _tags(said, (DCT.description, SCHEMA.description))
    if not titles or "" in titles or titles & set(languages):
        return []
    return [min(titles, key=lambda tag: (tag not in descriptions, tag))]


def _tags(said: Mapping[NamedNode, Sequence[Term]], names: Sequence[NamedNode]) -> set[str]:
    values = (value for name in names for value in said.get(name, ()))
    return {(one.language or "").split("-")[0].casefold() for one in values if isinstance(one, Literal)}


def _text_of(literal: Literal) -> str:
    """The text of a literal; a number that JSON gave is told as JSON has it, 1.1 and not 1.1E0."""
    if literal.datatype == XSD.double and _DOUBLE.match(literal.value):
        return f"{float(literal.value):.15g}"
    return literal.value.strip()


_DOUBLE: Final = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][-+]?[0-9]{1,4})?\Z")


def _followable(value: str) -> bool:
    return value.startswith(("http://", "https://", "mailto:", "tel:"))


def _best(literals: list[Literal], languages: Sequence[str]) -> Literal | None:
    for language in languages:
        for literal in literals:
            if (literal.language or "").split("-")[0].casefold() == language:
                return literal
    plain = next((literal for literal in literals if literal.language is None), None)
    return plain or next(iter(literals), None)
