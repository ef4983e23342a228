"""Human labels for terms and values, in English and Welsh, from `vocab/`."""

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.namespaces import IANA, NDL, RDFS, SKOS
from ndl_graph.resources import vocab_folder

__all__ = ["Labels", "default_labels", "short_address"]

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-_+]+")
_EU_LIST = "publications.europa.eu/resource/authority/"
_SPOKEN = re.compile(r"[^\W\d_]{2,}(?: [^\W\d_]+)*\Z")


class Labels:
    """Labels, definitions and notes by IRI and language."""

    def __init__(self) -> None:
        self._labels: dict[str, dict[str, str]] = {}
        self._definitions: dict[str, dict[str, str]] = {}
        self._translations: dict[str, dict[str, str]] = {}
        self._notes: dict[NamedNode, dict[str, dict[str, str]]] = {NDL.who: {}, NDL.takes: {}}

    def add(self, path: str) -> None:
        """Reads the labels and definitions of one Turtle file."""
        wanted = {
            RDFS.label: self._labels,
            SKOS.prefLabel: self._labels,
            SKOS.definition: self._definitions,
            RDFS.comment: self._definitions,
            **self._notes,
        }
        for quad in parse(path=path, format=RdfFormat.TURTLE):
            table = wanted.get(quad.predicate)
            if table is not None and isinstance(quad.object, Literal) and isinstance(quad.subject, NamedNode):
                table.setdefault(quad.subject.value, {})[quad.object.language or "en"] = quad.object.value

    def known(self, iri: str) -> bool:
        """Whether there is a label for the IRI, rather than one made from its last part."""
        return iri in self._labels

    def terms(self, start: str) -> list[str]:
        """The IRIs with a label that begin so."""
        return [iri for iri in self._labels if iri.startswith(start)]

    def text(self, iri: str, languages: Sequence[str] = ("en",)) -> str:
        """The label in the first of the languages that has one, else words made from the IRI's end."""
        return _choose(self._labels.get(iri), languages) or _from_iri(iri)

    def definition(self, iri: str, languages: Sequence[str] = ("en",)) -> str:
        """The definition, or an empty string."""
        return _choose(self._definitions.get(iri), languages) or ""

    def note(self, iri: str, predicate: NamedNode, languages: Sequence[str] = ("en",)) -> str:
        """What `ndl:who` or `ndl:takes` says of an access level, or an empty string."""
        return _choose(self._notes[predicate].get(iri), languages) or ""

    def in_language(self, text: str, language: str) -> str:
        """An English label in another language; a text that is none of the labels, or has none there, as it is."""
        if language not in self._translations:
            self._translations[language] = {
                said["en"]: said[language] for said in self._labels.values() if "en" in said and language in said
            }
        return self._translations[language].get(text, text)


@cache
def default_labels() -> Labels:
    """The labels of all Turtle files in `vocab/`."""
    labels = Labels()
    for path in sorted(vocab_folder().glob("*.ttl")):
        labels.add(str(path))
    return labels


def _choose(by_language: dict[str, str] | None, languages: Sequence[str]) -> str | None:
    if not by_language:
        return None
    return next((by_language[code] for code in languages if code in by_language), None) or by_language.get(
        "en", next(iter(by_language.values()))
    )


def _from_iri(iri: str) -> str:
    if iri.startswith(str(IANA)):
        return iri.removeprefix(str(IANA))
    tail = unquote(re.split(r"[/#]", iri.rstrip("/#"))[-1])
    words = _WORDS.sub(" ", tail).strip()
    # A number, a code or a query says less than the whole address does; in a list of the EU the code is the name.
    spoken = _SPOKEN.match(words) or (_EU_LIST in iri and words)
    return words[:1].upper() + words[1:] if spoken else short_address(iri)


def short_address(iri: str) -> str:
    """The address as people say it, without its start."""
    return re.sub(r"^https?://(?:www\.)?", "", iri).rstrip("/") or iri
