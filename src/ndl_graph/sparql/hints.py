"""Why a query may have found nothing: the classes and properties in it that are not in the catalogue."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from ndl_graph.namespaces import WELL_KNOWN, compact
from ndl_graph.sparql.query import Query, known_prefixes, quiet
from ndl_graph.sparql.statistics import Statistics

__all__ = ["hints"]

_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_TOKEN: Final = re.compile(
    r"""(?P<iri><[^<>]*+>)|(?P<var>[?$]\w+)|(?P<blank>_:[\w.-]+)|(?P<string>"(?:_*)"|'(?:_*)')"""
    r"""(?P<suffix>@[A-Za-z-]+|\^\^(?:<[^<>]*+>|[\w.-]{0,200}+:[\w.%-]*+))?"""
    r"""|(?P<name>(?:[A-Za-z][\w.-]{0,200}+)?:(?:[\w%-](?:[\w.%:-]*[\w%-])?)?)|(?P<word>[A-Za-z]+)|(?P<number>[\d.]+\d|\d)"""
    r"""|(?P<mark>[{}()\[\].;,/|^*+?!])"""
)
_MOST: Final = 5
#: Characters that are looked at: somebody who writes more has a program write it, and others wait meanwhile.
_READ: Final = 50_000


@dataclass
class _Used:
    """A class or property in a query: its IRI, as it is written there, and the classes its subject is said to have."""

    iri: str
    written: str
    is_class: bool
    subject: str = ""


@dataclass
class _Reading:
    used: list[_Used] = field(default_factory=list)
    types: dict[str, set[str]] = field(default_factory=dict)


def hints(query: Query, statistics: Statistics) -> list[str]:
    """What to tell somebody whose query found nothing: for each unknown term the nearest known one, most telling
    first; empty where every class and property that it names is in use."""
    reading = _read(query)
    told: dict[str, None] = {}
    looked_at: set[tuple[str, frozenset[str]]] = set()
    for used in reading.used:
        # To look for what is spelt alike takes a millisecond: it is done once for each term, and not without end.
        about = (used.iri, frozenset(reading.types.get(used.subject, ())))
        if about in looked_at:
            continue
        looked_at.add(about)
        if len(told) >= _MOST:
            break
        if used.is_class:
            if used.iri not in statistics.classes:
                near = _apart(_nearest(used.iri, statistics.classes), used.written, used.iri)
                there = f"there is {near}" if near else f"there are {_some(statistics.classes)}"
                told[f"Nothing is a {used.written}; {there}."] = None
            continue
        for of in sorted(reading.types.get(used.subject, set()) & statistics.by_class.keys()):
            known = statistics.by_class[of]
            if used.iri not in known:
                near = _apart(_nearest(used.iri, known), used.written, used.iri)
                elsewhere = _apart(_nearest(used.iri, statistics.properties), used.written, used.iri)
                there = f"there is {elsewhere}" if elsewhere and not near else f"it has {near or _some(known)}"
                told[f"{compact(of)} has no {used.written}; {there}."] = None
        if used.iri not in statistics.properties and not any(f"has no {used.written};" in one for one in told):
            near = _apart(_nearest(used.iri, statistics.properties), used.written, used.iri)
            told[f"Nothing here has {used.written}" + (f"; there is {near}." if near else ".")] = None
    return list(told)[:_MOST]


def _apart(near: str | None, written: str, iri: str) -> str | None:
    """The known term; where it is written alike, whole and with what the prefix of the query stands for."""
    prefix = written.partition(":")[0]
    if near is None or near.partition(":")[0] != prefix or prefix not in WELL_KNOWN:
        return near
    here = WELL_KNOWN[prefix]
    if iri.startswith(here):
        return near
    stated = iri[: len(iri) - len(written.partition(":")[2])]
    return f"{near} where {prefix}: is <{here}>, and in the query it is <{stated}>"


def _some(known: Collection[str]) -> str:
    return ", ".join(compact(iri) for iri in list(known)[:4])


def _local(iri: str) -> str:
    return re.split(r"[#/]", iri.rstrip("#/"))[-1]


def _nearest(iri: str, known: Mapping[str, int]) -> str | None:
    """The known term with the same name in another namespace, else one that is spelt alike; the commonest first."""
    wanted = _local(iri).casefold()
    same = [one for one in known if _local(one).casefold() == wanted and one != iri]
    if same:
        return compact(same[0])
    names = {_local(one).casefold() for one in known}
    near = get_close_matches(wanted, names, 1, 0.7) or sorted(
        name for name in names if len(wanted) > 3 and (wanted in name or (len(name) > 3 and name in wanted))
    )
    if not near:
        return None
    alike = [one for one in known if _local(one).casefold() == near[0]]
    namespace = iri[: len(iri) - len(_local(iri))]
    return compact(next((one for one in alike if one.startswith(namespace)), alike[0]))


def _tokens(query: Query) -> Iterator[tuple[str, str]]:
    told = quiet(query.text)
    start = max(0, told.find("{"))
    for found in _TOKEN.finditer(told, start, start + _READ):
        kind = found.lastgroup or ""
        kind = "string" if kind == "suffix" else kind
        # The quiet text hides what stands in IRIs; the place is the same.
        yield kind, query.text[found.start() : found.end()]


def _read(query: Query) -> _Reading:
    """The classes and properties in the triple patterns, with the subjects that they are said of.

    A reading of tokens, not a grammar: what it does not understand it passes over.
    """
    prefixes = known_prefixes(query.text)

    def absolute(kind: str, text: str) -> str | None:
        if kind == "iri":
            return text[1:-1]
        prefix, _, local = text.partition(":")
        return prefixes[prefix] + local if prefix in prefixes else None

    out = _Reading()
    subject, place, predicate = "", "subject", ""
    stack: list[tuple[str, str, str]] = []
    aside = 0  # depth of brackets that hold an expression, not patterns
    for kind, text in _tokens(query):
        if aside:
            aside += (text == "(") - (text == ")")
            continue
        if text in ("{", "}"):
            subject, place = "", "subject"
        elif kind == "mark":
            if text == "(":
                # In a path, brackets only group; anywhere else they hold an expression or a list.
                aside = 0 if place in ("predicate", "path") else 1
            elif text in ";,.":
                place = {";": "predicate", ",": "object", ".": "subject"}[text]
            elif text == "[":
                stack.append((subject, place, predicate))
                subject, place = f"[{len(stack)}]{len(out.used)}", "predicate"
            elif text == "]" and stack:
                subject, place, predicate = stack.pop()
                place = "predicate" if place == "subject" else "done"
            elif text in "/|^!" and place in ("object", "path"):
                place = "path"
        elif kind == "word" and text.casefold() != "a":
            subject, place = "", "subject"
        elif place == "subject":
            subject, place = text, "predicate"
        elif place in ("predicate", "path"):
            if kind == "var":
                predicate = ""
            else:
                iri = _TYPE if kind == "word" else absolute(kind, text)
                in_path = place == "path"
                predicate = "" if in_path else iri or ""
                if iri and kind in ("iri", "name"):
                    out.used.append(
                        _Used(iri, compact(iri) if kind == "iri" else text, False, "" if in_path else subject)
                    )
            place = "object"
        elif place == "object":
            iri = absolute(kind, text) if kind in ("iri", "name") else None
            if predicate == _TYPE and iri:
                out.used.append(_Used(iri, compact(iri) if kind == "iri" else text, True))
                out.types.setdefault(subject, set()).add(iri)
            place = "done"
    return out
