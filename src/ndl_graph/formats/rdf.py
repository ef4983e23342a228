"""The six RDF syntaxes, read and written by Oxigraph."""

import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Final, cast
from xml.parsers import expat

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from ndl_graph.errors import FormError, ParseError
from ndl_graph.formats.places import place
from ndl_graph.namespaces import PREFIXES, has_xml_name

__all__ = ["parse_error", "read", "write"]

#: A line of N-Triples longer than this is no statement but a file pasted into one.
LONGEST_LINE: Final = 16 * 1024 * 1024
#: Deeper nesting of triple terms or XML elements describes no dataset.
DEEPEST: Final = 500
_READ: Final = 1 << 20


#: Characters that an XML entity may stand for: a namespace has fewer.
_LONGEST_ENTITY: Final = 1_000
#: How much of XML may hold its declaration.
_DECLARED: Final = 200
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class _Guard:
    """A file that refuses binary content and endless lines while it is read."""

    def __init__(self, data: IO[bytes]) -> None:
        self._data = data
        self._line = 1
        self._length = 0
        self._first = True

    def read(self, size: int = -1) -> bytes:
        chunk = self._data.read(_READ if size < 0 else size)
        if self._first:
            self._first = False
            if chunk.startswith(_BYTE_ORDER_MARK):
                chunk = chunk[len(_BYTE_ORDER_MARK) :] + self._data.read(len(_BYTE_ORDER_MARK))
        if b"\0" in chunk:
            raise ParseError(
                "this is a binary file, not text",
                line=self._line,
                hint="Give a file in one of the formats of --format.",
            )
        last = chunk.rfind(b"\n")
        if last < 0:
            self._length += len(chunk)
        else:
            self._line += chunk.count(b"\n")
            self._length = len(chunk) - last - 1
        if self._length > LONGEST_LINE:
            raise self.too_long()
        return chunk

    def too_long(self) -> ParseError:
        """What to say of a line, or of a statement, that is longer than the parser's memory."""
        return ParseError(
            f"line {self._line} is longer than {LONGEST_LINE >> 20} MiB",
            line=self._line,
            hint="A description holds text about data, not the data: take the long value out, and link to it.",
        )


#: Triple terms (RDF 1.2), and what may hold the marks of one without being it.
_TRIPLE_TERMS: Final = re.compile(
    rb"<<\(|\)>>|<[^<>\s]*+>|#[^\n]*+"
    rb"|\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*+\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*+'''"
    rb"|\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'",
    re.S,
)


def _refuse_deep_terms(data: IO[bytes]) -> None:
    """Raises `ParseError` for triple terms in each other without end: reading them ends the process."""
    opened = sum(chunk.count(b"<<(") for chunk in iter(lambda: data.read(_READ), b""))
    data.seek(0)
    if opened <= DEEPEST:
        return
    depth = 0
    content = data.read()
    data.seek(0)
    for token in _TRIPLE_TERMS.finditer(content):
        depth += (token[0] == b"<<(") - (token[0] == b")>>")
        if depth > DEEPEST:
            line = content.count(b"\n", 0, token.start()) + 1
            raise ParseError(f"triple terms are nested more than {DEEPEST} deep", line=line)


_PLACE: Final = re.compile(r"^Parser error .*?columns? \d+(?: and line \d+ column \d+| and \d+)?: ")
_TAIL: Final = re.compile(r" \(line \d+\)$")


def parse_error(error: SyntaxError) -> ParseError:
    """What Oxigraph says of broken syntax, without its own place and wording around it."""
    message = _TAIL.sub("", str(error))
    message = _PLACE.sub("", message).removeprefix("Parser error at ")
    hint = None
    if "prefix" in message.casefold() and "not" in message.casefold():
        hint = "Declare it at the top of the file, as in: @prefix dct: <http://purl.org/dc/terms/> ."
    elif "UTF-8" in message:
        hint = "Save the file again with the encoding UTF-8."
    return ParseError(message[:500], line=error.lineno, column=error.offset, hint=hint)


_BEFORE: Final = "Look just before this place: a full stop, semicolon, comma or bracket is missing, or is one too many."
_LOOKED_BACK: Final = 20
_QUOTED: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|<[^>\s]*>|#.*')


def _unclosed(data: IO[bytes], line: int) -> str | None:
    """What to look at where a text that was not closed has hidden what follows it; None where none is seen."""
    data.seek(0)
    before = list(islice(data, max(0, line)))[-_LOOKED_BACK:]
    for number, text in reversed(list(enumerate(before, line - len(before) + 1))):
        if b'"""' in text:
            return None
        if b'"' in _QUOTED.sub(b"", text):
            return f'A text that begins on line {number} may not be closed: end it with a quotation mark (").'
    return None


_IN_XML: Final = "Check the file with an XML editor: every element is closed, & is &amp;, every prefix is declared."


def _refuse_xml(data: IO[bytes]) -> None:
    """Raises `ParseError` for what is no XML, or has entities or nesting that never end; tells the place.

    Oxigraph tells no place, takes half a file for a whole one, and reads deep nesting in time that grows by the square.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def refuse(message: str, hint: str) -> None:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        raise ParseError(message, line=line, column=column, hint=hint)

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            refuse(f"XML elements are nested more than {DEEPEST} deep", "Give nodes addresses, and refer to them.")

    def end(_: object) -> None:
        nonlocal depth
        depth -= 1

    def entity(_: str, __: bool, value: str | None, *___: object) -> None:
        # An entity that is made of others can stand for any amount, and one from outside for anything.
        if value is None or "&" in value or len(value) > _LONGEST_ENTITY:
            refuse("an XML entity is made of other entities, or is very long", "Write out what it stands for.")

    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = start, end, entity
    try:
        parser.ParseFile(data)
    except expat.ExpatError as broken:
        message = f"broken XML: {expat.ErrorString(broken.code)}"
        raise ParseError(message, line=broken.lineno, column=broken.offset + 1, hint=_IN_XML) from None
    data.seek(0)


def read(syntax: RdfFormat, data: IO[bytes], base: str, *, places: bool = False) -> Iterator[Triple]:
    """Reads triples; graph names are let go, since a record's graph is ours to name.

    With `places`, Turtle, N-Triples and N-Quads come with their lines; for the other syntaxes there are none.
    Raises `ParseError` with line and column. IRIs are not checked here: `normalise` mends them.
    """
    triples = _read(syntax, data, base)
    if places and syntax in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS):
        triples = _with_lines(triples, data)
    elif places and syntax == RdfFormat.TURTLE:
        whole = list(triples)  # what the engine refuses is refused here too, and in its words
        data.seek(0)
        from ndl_graph.formats import turtle_places  # rdflib takes a tenth of the start of a command

        triples = turtle_places.read(data.read().decode("utf-8-sig"), base) or iter(whole)
    yield from triples


def _with_lines(triples: Iterator[Triple], data: IO[bytes]) -> Iterator[Triple]:
    """Statement after statement beside line after line: these syntaxes have one a line, and comments."""
    whole = list(triples)
    data.seek(0)
    numbers = (number for number, line in enumerate(data, 1) if line.strip() and not line.lstrip().startswith(b"#"))
    # A line may hold no statement, after all: then the last ones have no place.
    for triple, number in zip(whole, numbers, strict=False):
        value = triple.object.value if isinstance(triple.object, (Literal, NamedNode)) else ""
        yield triple
        yield place(triple.subject, number, triple.predicate.value, value)
        if isinstance(triple.object, BlankNode):
            yield place(triple.object, number)


#: Encodings in which one byte is one character; others of Python's hide marks that the guards look for.
_ONE_BYTE: Final = re.compile(r"(?:iso-8859-[0-9]{1,2}|windows-125[0-9]|latin-?1)\Z", re.I)
_DECLARATION: Final = re.compile(rb"""\A(<\?xml[^>]*?\sencoding\s*=\s*["'])([A-Za-z][A-Za-z0-9._-]*)""")


def _in_utf8(data: IO[bytes]) -> IO[bytes]:
    """XML in the encoding that it declares (XML 1.0, section 4.3.3) as UTF-8, which alone Oxigraph reads."""
    head = data.read(_DECLARED)
    data.seek(0)
    stated = _DECLARATION.match(head.removeprefix(_BYTE_ORDER_MARK))
    name = stated[2].decode("ascii") if stated else "utf-8"
    if not _ONE_BYTE.match(name):
        return data  # the parser says what is wrong with it
    try:
        text = data.read().decode(name)
    except (LookupError, UnicodeError):
        data.seek(0)
        return data  # the parser says what is wrong with it
    return io.BytesIO(_DECLARATION.sub(rb"\1UTF-8", text.encode(), count=1))


def _read(syntax: RdfFormat, data: IO[bytes], base: str) -> Iterator[Triple]:
    if syntax == RdfFormat.RDF_XML:
        data = _in_utf8(data)
        _refuse_xml(data)
    elif syntax != RdfFormat.JSON_LD:
        _refuse_deep_terms(data)
    guarded = _Guard(data)
    try:
        # Oxigraph asks a source for nothing but `read`.
        file = cast(IO[bytes], guarded)
        for quad in parse(file, syntax, base_iri=base, lenient=True, rename_blank_nodes=True):
            yield quad if isinstance(quad, Triple) else quad.triple
    except SyntaxError as error:
        told = parse_error(error)
        told.hint = told.hint or (
            _IN_XML if syntax == RdfFormat.RDF_XML else _unclosed(data, told.line or 0) or _BEFORE
        )
        raise told from None
    except MemoryError:
        raise guarded.too_long() from None
    except ValueError as error:
        raise ParseError(str(error)) from None


def write(syntax: RdfFormat, triples: Iterable[Triple]) -> bytes:
    """The triples in one syntax, sorted, with the usual prefixes where it has them.

    Raises `FormError` for a property that RDF/XML cannot write.
    """
    ordered = sorted(triples, key=str)
    for triple in ordered if syntax == RdfFormat.RDF_XML else ():
        if not has_xml_name(triple.predicate.value):
            raise FormError(
                f"RDF/XML has no way to write the property {triple.predicate}", hint="Ask for Turtle or JSON-LD."
            )
    whole = "\n".join(map(str, ordered))
    used = {prefix: iri for prefix, iri in PREFIXES.items() if iri in whole}
    text = serialize(ordered, format=syntax, prefixes=used)
    assert text is not None
    # A parser of XML takes a carriage return for a line feed, unless it is spelt out (XML 1.0, section 2.11).
    return text.replace(b"\r", b"&#xD;") if syntax == RdfFormat.RDF_XML else text
