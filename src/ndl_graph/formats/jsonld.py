"""JSON-LD: reading with bundled contexts and no network; writing as a tree that people can read."""

import io
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import IO, Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple

from ndl_graph.errors import ParseError
from ndl_graph.formats import contexts, rdf
from ndl_graph.formats.places import PLACE, PlacedDict, placed_json, whole_object
from ndl_graph.formats.text import utf8
from ndl_graph.namespaces import PREFIXES, RDF, XSD
from ndl_graph.record import Node, Term

__all__ = ["Json", "TreeWriter", "dumps", "load_json", "read", "read_document", "write"]

Json = Any  # what `json.loads` gives: checked where it is used

DEEPEST: Final = 100
_IN_JSON: Final = (
    "Look just before this place: a comma, colon, bracket or quotation mark is missing, or is one too many."
)


def load_json(data: IO[bytes], *, places: bool = False) -> Json:
    """The JSON document, its objects placed if asked; raises `ParseError` with line and column where there is none."""
    content = data.read()
    if b"\0" in content:
        raise ParseError("this is a binary file, not text")
    text = utf8(content)
    try:
        document = json.loads(text, parse_constant=_no_number, parse_float=_number, object_pairs_hook=whole_object)
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        lines = "Put what is on each line into one list: [ …, … ]." if error.msg == "Extra data" else _IN_JSON
        raise ParseError(f"broken JSON: {error.msg}", line=error.lineno, column=error.colno, hint=lines) from None
    except UnicodeEncodeError:
        raise ParseError("broken JSON: half a character, \\uD800 to \\uDFFF", line=_line_of(text, _is_half)) from None
    except ValueError:
        raise ParseError(
            "broken JSON: a number that is none, or too large to be one",
            line=_line_of(text, _is_no_number),
            hint="Write it as a text, between quotation marks.",
        ) from None
    except RecursionError:
        raise ParseError(f"the JSON is nested more than {DEEPEST} deep") from None
    if _depth_exceeds(document, DEEPEST):
        raise ParseError(f"the JSON is nested more than {DEEPEST} deep")
    return placed_json(text) if places else document


def _no_number(name: str) -> float:
    raise ValueError(name)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)|[-+.\dEe]+')


def _line_of(text: str, wanted: Callable[[str], bool]) -> int | None:
    """The line of the first text, number or name of a number that is wanted."""
    for token in _TOKEN.finditer(text):
        if wanted(token[0]):
            return text.count("\n", 0, token.start()) + 1
    return None


def _is_half(token: str) -> bool:
    # Other faults of a text, such as a control character in it, are told by whoever reads the whole.
    return token[0] == '"' and any("\ud800" <= mark <= "\udfff" for mark in json.loads(token, strict=False))


def _is_no_number(token: str) -> bool:
    if token[0] == '"':
        return False
    try:
        return not math.isfinite(float(token)) or len(token) > sys.get_int_max_str_digits()
    except ValueError:
        return True


def _depth_exceeds(document: Json, limit: int) -> bool:
    level: list[Json] = [document]
    for _ in range(limit):
        level = (
            [
                inner
                for value in level
                for inner in (value.values() if isinstance(value, dict) else value)
                if isinstance(inner, (dict, list))
            ]
            if all(isinstance(value, (dict, list)) for value in level)
            else []
        )
        if not level:
            return False
    return True


def read(data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads JSON-LD 1.1; raises `ParseError` where it is plain JSON or names a context that is not bundled."""
    yield from read_document(load_json(data, places=places), base)


def read_document(document: Json, base: str) -> Iterator[Triple]:
    """Reads a JSON-LD document that is in memory already."""
    if not isinstance(document, (dict, list)) or not _is_linked(document):
        raise ParseError(
            "this is plain JSON: without an @context nothing says what its names mean",
            hint='Add "@context", or name the format it follows: --format dcat-us, ukgov-json or schema.',
        )
    text = json.dumps(_with_bundled(document, _Terms())).encode()
    yield from rdf.read(RdfFormat.JSON_LD, io.BytesIO(text), base)


def _is_linked(document: Json) -> bool:
    parts = document if isinstance(document, list) else [document]
    return any(
        isinstance(part, dict) and ("@context" in part or "@graph" in part or any("://" in key for key in part))
        for part in parts
    )


#: Containers whose keys are languages, numbers or names, not properties.
_MAPS: Final = frozenset(["@language", "@index", "@id", "@type", "@graph"])


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


class _Terms:
    """What the keys of a document mean, as far as its contexts say so in a word."""

    def __init__(self, iris: Mapping[str, str] | None = None, opaque: frozenset[str] = frozenset()) -> None:
        self._iris = iris or {}
        self.opaque = opaque

    def under(self, context: Json) -> "_Terms":
        """The terms where another context is added."""
        iris, opaque = dict(self._iris), set(self.opaque)
        for part in context if isinstance(context, list) else [context]:
            for name, meaning in part.items() if isinstance(part, dict) else ():
                detail = meaning if isinstance(meaning, dict) else {}
                iri = detail.get("@id", meaning)
                if isinstance(iri, str):
                    iris[name] = iri
                # What stands under such a key is data, languages or numbers, not the properties of a node.
                if detail.get("@type") == "@json" or any(
                    isinstance(one, str) and one in _MAPS for one in _listed(detail.get("@container"))
                ):
                    opaque.add(name)
                # A term may have a context of its own, for what stands under it or is of its type.
                if isinstance(inner := detail.get("@context"), (dict, list)):
                    opaque |= _Terms().under(inner).opaque
        return _Terms(iris, frozenset(opaque))

    def expand(self, key: str) -> str:
        """The IRI of a key."""
        iri = self._iris.get(key, key)
        prefix, colon, local = iri.partition(":")
        if colon and not local.startswith("//") and prefix in self._iris:
            return self._iris[prefix] + local
        return iri if colon else self._iris.get("@vocab", "") + iri


#: An object with one of these is a value or a list, and no node.
_NO_NODE: Final = frozenset(["@value", "@list", "@set"])


def _with_bundled(node: Json, terms: _Terms) -> Json:
    """The document with each remote context replaced by the one that stands in for it, and with its places stated."""
    if isinstance(node, list):
        return [_with_bundled(part, terms) for part in node]
    if not isinstance(node, dict):
        return node
    context = _local_context(node["@context"]) if "@context" in node else None
    if context is not None:
        terms = terms.under(context)
    out: dict[str, Json] = {
        key: context
        if key == "@context"
        else _without_context(value)
        if key in terms.opaque
        else {name: _with_bundled(part, terms) for name, part in value.items()}
        if key == "@reverse" and isinstance(value, dict)
        else _with_bundled(value, terms)
        for key, value in node.items()
    }
    if isinstance(node, PlacedDict) and not _NO_NODE & node.keys():
        at = [str(node.line)]
        at += [f"{line} {terms.expand(key)}" for key, line in node.keys_at.items() if not key.startswith("@")]
        out[PLACE.value] = [{"@value": said} for said in at]
    return out


def _without_context(value: Json) -> Json:
    """What a context calls data, lists of languages or the like; nodes in it are read, and have no places."""
    if isinstance(value, list):
        return [_without_context(part) for part in value]
    if isinstance(value, PlacedDict):
        return {key: _without_context(part) for key, part in value.items()}
    return value


def _local_context(context: Json) -> Json:
    if isinstance(context, list):
        return [_local_context(part) for part in context]
    if isinstance(context, str):
        found = contexts.bundled(context)
        if found is None:
            raise ParseError(
                f"the context {context} is not one that comes with this software, and nothing is fetched while reading",
                hint="Put the context itself in the place of its address.",
            )
        return found
    if isinstance(context, dict) and "@import" in context:
        raise ParseError(
            f"the context imports {context['@import']}, and nothing is fetched while reading",
            hint="Put the imported terms into the context itself.",
        )
    return context


# --- writing ---------------------------------------------------------------------------------------------


#: How deep nodes stand in each other, and how often those without a name are told again for each node there is: what
#: publishers write is far from either, and what somebody has thought up must not grow without end.
_NESTED: Final = 40
_AGAIN: Final = 10


class TreeWriter:
    """Writes triples as nested JSON-LD under one context; every node is written out where it is first met.

    Values stand in the order of their text, or in that of their `places`.

    `key` gives the name of a property, `value` the form of a literal; both must be what `context` reads back.
    """

    def __init__(
        self,
        triples: Iterable[Triple],
        *,
        key: Callable[[NamedNode], str],
        value: Callable[[NamedNode, Literal], Json],
        node_id: Callable[[Node], str | None],
        type_name: Callable[[NamedNode], str] | None = None,
        reference: Callable[[NamedNode, NamedNode], Json] | None = None,
        places: Mapping[Term, int] = MappingProxyType({}),
    ) -> None:
        self._index: dict[Node, list[tuple[NamedNode, Term]]] = {}

        def rank(one: Triple) -> tuple[str, str, int, str]:
            return str(one.subject), str(one.predicate), places.get(one.object, 0), str(one.object)

        for triple in sorted(triples, key=rank):
            self._index.setdefault(triple.subject, []).append((triple.predicate, triple.object))
        self._key = key
        self._value = value
        self._id = node_id
        self._type = type_name or key
        self._reference = reference
        self._written: set[Node] = set()
        self._path: list[Node] = []
        self._again = _AGAIN * (len(self._index) + 10)

    def rest(self) -> Iterator[dict[str, Json]]:
        """The nodes that no tree has drawn in yet, each as a tree of its own."""
        for node in self._index:
            if node not in self._written:
                yield self.tree(node)

    def tree(self, root: Node, order: Mapping[str, int] | None = None) -> dict[str, Json]:
        """The node and all that hangs on it."""
        self._written.add(root)
        self._path.append(root)
        out: dict[str, Json] = {}
        identity = self._id(root)
        if identity is not None:
            out["@id"] = identity
        types = [
            value for name, value in self._index.get(root, ()) if name == RDF.type and isinstance(value, NamedNode)
        ]
        if types:
            names = [self._type(value) for value in types]
            out["@type"] = names[0] if len(names) == 1 else names
        grouped: dict[str, list[Json]] = {}
        ranks = order or {}
        # In that order, so that a node is written out where a reader looks for it, and referred to elsewhere.
        said = self._index.get(root, [])
        for name, value in sorted(said, key=lambda one: ranks.get(self._key(one[0]), len(ranks))) if ranks else said:
            if name == RDF.type and isinstance(value, NamedNode):
                continue
            grouped.setdefault(self._key(name), []).append(self._term(name, value))
        for key in sorted(grouped, key=lambda key: (ranks.get(key, len(ranks)), key)):
            values = grouped[key]
            out[key] = values[0] if len(values) == 1 else values
        self._path.pop()
        return out

    def _term(self, name: NamedNode, value: Term) -> Json:
        if isinstance(value, Literal):
            return self._value(name, value)
        assert isinstance(value, (NamedNode, BlankNode))
        if value in self._index and value not in self._path and len(self._path) < _NESTED:
            if value not in self._written:
                return self.tree(value)
            if self._id(value) is None and self._again > 0:
                # A node without a name cannot be referred to, so it is told again wherever it is meant.
                self._again -= 1
                return self.tree(value)
        if self._reference and isinstance(value, NamedNode) and value not in self._index:
            return self._reference(name, value)
        return {"@id": self._id(value) or (value.value if isinstance(value, NamedNode) else str(value))}


def prefixed(iri: str, prefixes: Mapping[str, str]) -> str:
    """The IRI as `prefix:name` where that can be read back, else whole."""
    for prefix, namespace in prefixes.items():
        if iri.startswith(namespace) and (local := iri[len(namespace) :]) and not local.startswith("//"):
            return f"{prefix}:{local}"
    return iri


def write(triples: Iterable[Triple], roots: Iterable[Node]) -> bytes:
    """The triples as JSON-LD with prefixes, the roots first; reads back to the very same graph."""
    triples = list(triples)
    text = "\n".join(map(str, triples))
    # An IRI whose scheme is called like a prefix would be read as a name with that prefix.
    prefixes = {prefix: iri for prefix, iri in PREFIXES.items() if f"<{prefix}:" not in text}

    def literal(_: NamedNode, value: Literal) -> Json:
        if value.language:
            return {"@value": value.value, "@language": value.language}
        if value.datatype == XSD.string:
            return value.value
        return {"@value": value.value, "@type": prefixed(value.datatype.value, prefixes)}

    writer = TreeWriter(
        triples,
        key=lambda term: prefixed(term.value, prefixes),
        value=literal,
        node_id=lambda node: node.value if isinstance(node, NamedNode) else str(node),
    )
    trees = [writer.tree(root) for root in roots]
    trees.extend(writer.rest())
    whole = json.dumps(trees)
    used = {prefix: iri for prefix, iri in sorted(prefixes.items()) if f'"{prefix}:' in whole}
    return dumps({"@context": used, "@graph": trees})


def dumps(document: Json) -> bytes:
    """The JSON as people read it: two spaces, UTF-8, one line feed at the end."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
