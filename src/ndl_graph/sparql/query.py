"""Reads just so much of a query's text as must be known before it is run.

The whole of the grammar is the engine's business, in a process that can be killed. Here a query is told from an
update, its form is found (which decides the formats of the answer), well-known prefixes that it forgot are added,
and what would overflow the engine's stack is refused.
"""

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from errno import ENOSPC, EPIPE
from typing import Final, Literal, NamedTuple, cast
from urllib.parse import urljoin

from ndl_graph.errors import QueryError, UpdateError
from ndl_graph.namespaces import WELL_KNOWN

__all__ = [
    "Form",
    "Query",
    "Service",
    "known_prefixes",
    "query_error",
    "quiet",
    "read_query",
    "told_as_query_error",
    "update_refused",
]

Form = Literal["select", "ask", "construct", "describe"]

#: The engine needs stack for each level; some thousands would end its process.
DEEPEST: Final = 500
MOST_OPERATORS: Final = 2_000

#: The text in tokens, each read once: a text of a million characters takes as long for each as a short one does. A
#: string that is not closed goes to the end of its line, or of the text: the engine refuses it wherever it ends.
_TOKEN: Final = re.compile(
    r'''(?P<hidden>"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\\?\Z)|"(?!"")(?:[^"\\\n\r]|\\.)*+(?:"|(?=[\n\r])|\\?\Z)'''
    r"""|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\\?\Z)|'(?!'')(?:[^'\\\n\r]|\\.)*+(?:'|(?=[\n\r])|\\?\Z)"""
    r"""|<(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>)"""
    r"|(?P<comment>#[^\n\r]*+)"
    # Nothing in these is a keyword: a variable, a blank node, a language tag, a name with a prefix.
    r"|(?P<mark>[?$]\w++|_:\w[\w.-]*+|@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)"
    # Keywords and numbers, as many as stand together: a list of thousands is one token.
    r"|(?:\w[\w.-]*+(?!:)[\s,;.(){}\[\]]*+)++"
    r"|(?P<name>(?P<prefix>[^\W\d_][\w.-]*+(?<=[\w-]))?+:(?:(?:[\w:%]|\\[_~.!$&'()*+,;=/?#@%-])(?:[\w:%.-]|\\[_~.!$&'()*+,;=/?#@%-])*+)?+)"
    r"|\w[\w.-]*+",
    re.S,
)
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_PROLOGUE: Final = re.compile(r"(?:\s*(?:prefix\s+[^\s:<]*:\s*|base\s*)<[^>]*>)*\s*", re.I)
_UPDATES: Final = frozenset("insert delete load clear create drop copy move add with".split())
_FORMS: Final = frozenset("select ask construct describe".split())
_WORD: Final = re.compile(r"[a-z]+", re.I)
_DECLARED: Final = re.compile(r"\bprefix\s+([^\s:<]*):", re.I)
_DECLARATION: Final = re.compile(r"\b(?:base|prefix\s+(?P<prefix>[^\s:<]*):)\s*(?P<iri><_*>)", re.I)
_FROM: Final = re.compile(
    r"(?<![?$:\w])from\s*(?P<named>named\s*)?(?P<iri><_*>|[\w.-]{0,200}+:[\w:%.-]{0,2000}+)", re.I
)
_PREFIXED: Final = re.compile(r"(?<![\w?$@<:%\\.-])([A-Za-z][\w.-]*)?:(?![=>])")
# The engine's grammar needs no space around a keyword: `1SERVICE<…>{` calls another server as well.
_SERVICE: Final = re.compile(
    r"service\s*+(?:(?P<silent>silent)\s*+)?"
    r"(?:(?P<iri><_*+>)|[?$]\w++|[\w.-]{0,200}+:[\w:%.-]{0,2000}+(?<!\.))\s*+\{",
    re.I,
)
_KEYWORD: Final = re.compile("service", re.I)
_AFTER_DOT: Final = re.compile(r"(?<=\.)(service)", re.I)
#: What is longer than any name is looked at no further: otherwise each of many would be read to the end of the text.
_AS_PREFIX: Final = re.compile(r"service[\w.-]{0,200}+:", re.I)


@dataclass(frozen=True)
class Service:
    """A call to another endpoint: where it stands in the text, whom it asks, and the pattern in its braces."""

    start: int
    end: int
    endpoint: str | None
    silent: bool
    pattern: str


@dataclass(frozen=True)
class Query:
    """A query that may be sent to the engine.

    `added` are the well-known prefixes that it uses and does not declare; `default_graphs` and `named_graphs` what its
    FROM clauses name.
    """

    text: str
    form: Form | None
    added: Mapping[str, str]
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()

    @property
    def for_engine(self) -> str:
        """The text with blanks after it: the engine tells how far it got, and cannot where it looked beyond the end."""
        return self.text + " " * 40

    @property
    def prologue(self) -> str:
        """The declarations at the start of the text."""
        match = _PROLOGUE.match(quiet(self.text))
        return self.text[: match.end()] if match else ""


def quiet(text: str) -> str:
    """The text at the same length with nothing in strings, IRIs and comments that could be taken for SPARQL."""
    return _read(text).told


class _Reading(NamedTuple):
    """A text, quiet; the same without its names, so that what is left of letters is a keyword; and its prefixes."""

    told: str
    bare: str
    prefixes: set[str]


def _read(text: str) -> _Reading:
    told: list[str] = []
    bare: list[str] = []
    prefixes: set[str] = set()
    at = 0
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind is None:
            continue
        start, end = found.span()
        between, token = text[at:start], text[start:end]
        at = end
        if kind == "hidden":
            closed = end - start > 1 and token[-1] in "\"'>"
            shown = named = f"{token[0]}{'_' * (end - start - 1 - closed)}{token[-1] if closed else ''}"
        elif kind == "comment":
            shown = named = " " * (end - start)
        else:
            prefix = found["prefix"] or ""
            prefixes.add(prefix)
            shown = _LOCAL_ESCAPE.sub("__", token) if kind == "name" and "\\" in token else token
            named = _nameless(shown, prefix) if _KEYWORD.search(token) else "_" * (end - start)
        told += (between, shown)
        bare += (between, named)
    rest = text[at:]
    return _Reading("".join(told) + rest, "".join(bare) + rest, prefixes - {""})


def _nameless(token: str, prefix: str) -> str:
    """A name or variable spelt out, but for what may be a keyword in it.

    To the engine `SERVICEex:endpoint {` is a keyword with a name, and the second dot of a name ends it.
    """
    kept = len(prefix) if _KEYWORD.search(prefix) else 0
    return token[:kept] + "".join(
        part if number % 2 else "_" * len(part) for number, part in enumerate(_AFTER_DOT.split(token[kept:]))
    )


def read_query(text: str, add_prefixes: bool = True) -> Query:
    """What a text asks; raises `UpdateError` for an update, `QueryError` for what is nested or chained too far."""
    text = text.removeprefix("\ufeff")  # the byte order mark of a file
    told, bare, used = _read(text)
    match = _PROLOGUE.match(told)
    start = match.end() if match else 0
    word = _WORD.match(told, start)
    verb = word[0].lower() if word else ""
    if verb in _UPDATES:
        raise update_refused()
    _refuse_excess(bare)
    prologue = told[:start]
    missing = used - {found[1] for found in _DECLARED.finditer(prologue)}
    added = {prefix: WELL_KNOWN[prefix] for prefix in sorted(missing) if prefix in WELL_KNOWN}
    form = cast(Form, verb) if verb in _FORMS else None
    prefixes, base = _declared(text, prologue)
    graphs = list(_dataset_clauses(told, start))
    default, named = (
        tuple(
            _absolute(text[one.start("iri") : one.end("iri")], prefixes, base)
            for one in graphs
            if bool(one["named"]) is kind
        )
        for kind in (False, True)
    )
    services = tuple(_services(text, told, bare))
    _refuse_spelt_out(text, services)
    return Query(text, form, added if add_prefixes else {}, default, named, services)


def _dataset_clauses(told: str, start: int) -> Iterator[re.Match[str]]:
    """The FROM clauses: outside of all braces, be it before them, after a template, or where there are none."""
    if "from" not in told.casefold():
        return
    depth, at = 0, start
    for found in _FROM.finditer(told, start):
        depth += told.count("{", at, found.start()) - told.count("}", at, found.start())
        at = found.start()
        if depth == 0:
            yield found


def update_refused() -> UpdateError:
    """What to say to somebody who sends an update."""
    return UpdateError(
        "this endpoint only reads",
        hint="The catalogue changes when descriptions are loaded: ndl-graph load, ndl-graph remove.",
    )


def known_prefixes(text: str) -> dict[str, str]:
    """The prefixes that a query may use: the well-known ones, and over them those that it declares."""
    return _declared(text, quiet(text))[0]


def _declared(text: str, told: str) -> tuple[dict[str, str], str]:
    """The prefixes and the base, each resolved against the base before it (SPARQL 1.1, section 4.1.1)."""
    prefixes, base = dict(WELL_KNOWN), ""
    for one in _DECLARATION.finditer(told):
        iri = _resolved(base, _spelt(text[one.start("iri") + 1 : one.end("iri") - 1]))
        if one["prefix"] is None:
            base = iri
        else:
            prefixes[one["prefix"]] = iri
    return prefixes, base


def _resolved(base: str, iri: str) -> str:
    """An IRI that may be relative; an empty fragment, as in most namespaces, is kept."""
    joined = urljoin(base, iri) if base else iri
    return f"{joined}#" if iri.endswith("#") and not joined.endswith("#") else joined


def _spelt(text: str) -> str:
    """The text with its codepoint escapes as the characters that they stand for (SPARQL 1.1, section 19.2)."""

    def character(found: re.Match[str]) -> str:
        code = int(found[1] or found[2], 16)
        return chr(code) if code <= sys.maxunicode else found[0]

    return _ESCAPE.sub(character, text)


def _absolute(name: str, prefixes: Mapping[str, str], base: str) -> str:
    if name.startswith("<"):
        iri = _spelt(name[1:-1])
        return _resolved(base, iri)
    prefix, local = name.split(":", 1)
    return prefixes.get(prefix, f"{prefix}:") + _LOCAL_ESCAPE.sub(r"\1", local)


def _refuse_spelt_out(text: str, services: Sequence[Service]) -> None:
    """Refuses what calls another server once escapes are characters, as they are to some servers before they parse."""
    spelt = _spelt(text)
    if spelt == text:
        return
    called = [(one.endpoint, one.silent, one.pattern) for one in _services(spelt, *_read(spelt)[:2])]
    if called != [(_spelt(one.endpoint or "") or None, one.silent, _spelt(one.pattern)) for one in services]:
        raise QueryError(
            "an escape may stand for a character in a text or an address, not for SPARQL, and not for what ends a text",
            hint='Write \\" for a quotation mark and \\n for a line end, and keywords without escapes.',
        )


def _refuse_excess(told: str) -> None:
    depth = deepest = 0
    for mark in re.finditer(r"[({\[\])}]", told):
        if mark[0] in "({[":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    if deepest > DEEPEST:
        raise QueryError(f"brackets are nested {deepest} deep; {DEEPEST} is the most", hint="Simplify the query.")
    folded = told.casefold().replace("^^", "").replace("||", "|").replace("&&", "&").replace("!=", "=")
    operators = sum(map(folded.count, (*"+-*/|&!=^", "union", "optional", "minus", "bind")))
    if operators > MOST_OPERATORS:
        raise QueryError(f"there are {operators} operators; {MOST_OPERATORS} is the most", hint="Simplify the query.")


def _services(text: str, told: str, bare: str) -> Iterator[Service]:
    """The calls to other servers; `bare` is the quiet text without its names."""
    at = 0 if "service" in bare.casefold() else len(bare)
    while keyword := _KEYWORD.search(bare, at):
        at = keyword.end()
        found = _SERVICE.match(told, keyword.start())
        if found is None:
            if bare.startswith("_", keyword.start() - 1) or _AS_PREFIX.match(told, keyword.start()):
                continue  # the end of a name, as in `x:my.service`, or that of a prefix, as in `service:x`
            yield Service(keyword.start(), at, None, False, "")  # whatever it is: it is not let through
            continue
        at = found.end()
        depth = 1
        while depth and at < len(told):
            depth += (told[at] == "{") - (told[at] == "}")
            at += 1
        endpoint = text[found.start("iri") + 1 : found.end("iri") - 1] if found["iri"] else None
        yield Service(found.start(), at, endpoint, bool(found["silent"]), text[found.end() : at - 1])


# --- what the engine says, in words ---


@contextmanager
def told_as_query_error(query: Query) -> Iterator[None]:
    """Answers are computed while they are read: what goes wrong then is still the query's."""
    try:
        yield
    except SyntaxError as error:
        raise query_error(str(error), query.text) from None
    except (ValueError, OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno in (EPIPE, ENOSPC):
            raise  # that is of whoever reads the answer
        raise QueryError(f"it cannot be run: {str(error).splitlines()[0][:300]}") from None


_TRIED: Final = re.compile(r"[A-Z][A-Z0-9_]+\Z")
_PLACE: Final = re.compile(r"(?:error )?at (\d+):(\d+): (.*)", re.S)
# Among what it expected, the engine names the rules that were broken: these are sentences, the rest is grammar.
_PHRASE: Final = re.compile(r"\b[A-Z]\w* (?:[\w']+ ){1,12}[\w']+")


def query_error(said: str, text: str) -> QueryError:
    """The engine's words about a query as line, column and a caret under the place."""
    told = quiet(text)
    slip = _slip(told)
    place = _PLACE.search(said)
    lines = text.split("\n") or [""]
    if not place:
        return QueryError(_in_words(said, "", told, slip, 0), hint=_hint(said, told, slip))
    line, column, back = min(int(place[1]), len(lines)), int(place[2]), _too_far(place[3])
    if slip or back:
        # The engine stumbles later, over what follows; or it tells where a word would end that it looked for.
        at = sum(len(one) + 1 for one in lines[: line - 1]) + column - 1 - back
        at = slip.start() if slip else max(0, at)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    shown = lines[line - 1].rstrip("\r")
    start = max(0, column - 60)
    caret = f"{shown[start : column + 40]}\n{' ' * (column - 1 - start)}^"
    rest = shown[column - 1 :].strip()
    advice = _hint(place[3], told, slip)
    return QueryError(
        _in_words(place[3], rest, told, slip, back),
        where=f"line {line}, column {column}",
        hint=f"{caret}\n{advice}" if advice else caret,
        line=line,
        column=column,
    )


def _too_far(said: str) -> int:
    """How far behind the fault the engine's place is: where it looked for words, it tells where they would end."""
    tried = said.removeprefix("expected ").removeprefix("one of ").strip().split(", ")
    return min(map(len, tried)) if all(map(_TRIED.match, tried)) else 0


def _slip(told: str) -> re.Match[str] | None:
    """The first word of a quiet text, where no query begins so; else the first name whose prefix nobody knows."""
    begins = _PROLOGUE.match(told)
    first = _WORD.match(told, begins.end() if begins else 0)
    if first and first[0].casefold() not in (*_FORMS, "prefix", "base"):
        return first if told[first.end() : first.end() + 1] != ":" else None
    return _unknown_name(told, WELL_KNOWN)


def _unknown_name(told: str, known: Collection[str]) -> re.Match[str] | None:
    """The first name whose prefix is neither known nor declared."""
    declared = {found[1] for found in _DECLARED.finditer(told)}
    names = (found for found in _PREFIXED.finditer(told) if found[1])
    return next((found for found in names if found[1] not in declared and found[1] not in known), None)


def _in_words(said: str, rest: str, told: str, slip: re.Match[str] | None, back: int) -> str:
    if slip and ":" not in slip[0]:
        return f"no query begins with “{slip[0]}”"
    if prefix := _undeclared(said, told, slip):
        return f"the prefix {prefix}: is not declared"
    if "expected" not in said:
        return said.strip().split("\n", 1)[0][:300]
    if phrase := _PHRASE.search(said):
        said = phrase[0]
        return said if said[1].isupper() else f"{said[0].lower()}{said[1:]}"
    for opening, closing in ("{}", "()", "[]"):
        if not rest and told.count(opening) > told.count(closing):
            return f"a {opening} is not closed"
    if not rest:
        return (
            "up to here, this is no SPARQL 1.1: look for a pattern that is not complete, a name that is no function, "
            "or a variable that gets a value twice"
        )
    token = re.match(r"<[^<>\s]*>|[\w:?$@.-]+|.", rest)
    shown = token[0] if token else rest[:1]
    if back and (shown[0] in "?$<" or ":" in shown):
        return f"what begins with “{shown}” cannot be read: a word is misspelt, or something is missing or too much"
    return f"“{shown}” cannot stand here"


def _undeclared(said: str, told: str, slip: re.Match[str] | None) -> str | None:
    """The prefix that is not declared, where that is what is wrong."""
    if slip and ":" in slip[0]:
        return str(slip[1])
    if "prefix" not in said.casefold():
        return None
    found = _unknown_name(told, ())
    return str(found[1]) if found else None


def _hint(said: str, told: str, slip: re.Match[str] | None) -> str | None:
    if slip and ":" not in slip[0]:
        meant = get_close_matches(slip[0].casefold(), _FORMS, 1)
        forms = ", ".join(sorted(_FORMS)).upper()
        return f"Write {meant[0].upper()}." if meant else f"A query is one of {forms}."
    prefix = _undeclared(said, told, slip)
    if prefix is None:
        return None
    near = prefix if prefix in WELL_KNOWN else next(iter(get_close_matches(prefix, WELL_KNOWN, 1)), None)
    example = f"PREFIX {near}: <{WELL_KNOWN[near]}>" if near else f"PREFIX {prefix}: <http://…>"
    return f"Declare it first, as in: {example}"
