"""The columns of a local sample as a record set that a steward reviews: names, types, gaps, examples unless personal.

The sample is read where it lies and is never stored: what comes out is a description.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.errors import ParseError, SettingError, SourceError
from ndl_graph.formats.sheets import headings_of
from ndl_graph.formats.text import utf8
from ndl_graph.namespaces import CR, RDF, SCHEMA, SKOS, XSD

__all__ = ["Column", "describe_columns", "record_set"]

_MOST_ROWS: Final = 100_000
_MARKS: Final = (",", ";", "\t", "|")  # between which DuckDB chooses
_MOST_LOOKED_AT: Final = 16 * 1024 * 1024  # bytes that are looked at for another encoding
_FIRST_LINES: Final = 64 * 1024  # bytes in which the names of columns stand
_EXAMPLES: Final = 3
_LONGEST: Final = 60
_REQUIRED: Final = NamedNode("http://www.w3.org/ns/csvw#required")
#: The first line has the names, and a row may end before its empty cells; otherwise DuckDB passes over lines that do
#: not fit, and takes a later one for the names.
_SHEET: Final = "header = true, skip = 0, null_padding = true"
_READERS: Final = {
    ".csv": f"read_csv(?, {_SHEET}, sample_size = -1)",
    ".tsv": f"read_csv(?, {_SHEET}, sample_size = -1)",
    ".json": "read_json(?)",
    ".jsonl": "read_json(?)",
    ".ndjson": "read_json(?)",
    ".parquet": "read_parquet(?)",
}
#: Croissant's data types by what DuckDB calls its own.
_TYPES: Final = {
    "BOOLEAN": SCHEMA.Boolean,
    "DATE": SCHEMA.Date,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), SCHEMA.DateTime),
    **dict.fromkeys(("TIME", "TIME_NS"), SCHEMA.Time),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), SCHEMA.Integer),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), SCHEMA.Integer),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), SCHEMA.Float),
}
#: Names of columns, and forms of values, that speak of a person.
_PERSONAL_NAME: Final = re.compile(
    r"^names?_?$|(?:^|_)(?:(?:fore|sur|first|last|middle|full|maiden|given|family|patient|pupil|person|contact|user)_?names?"
    r"|e_?mails?|(?:tele)?phones?|mobiles?|fax|dob|(?:date_of_)?births?(?:_?date)?|postcodes?|post_code|address(?:_?line)?"
    r"|nhs_?(?:no|number)?|chi_?(?:no|number)|nino?|national_insurance(?:_?(?:no|number))?|passports?|ip_?address"
    r"|sort_?code|account_?(?:no|number)|upn|gender|sex|ethnicity|religion|age|born|birthday|salar(?:y|ies)|income|wages?"
    r"|diagnos[ie]s|disease|disabilit(?:y|ies)|medication|condition|nationality|marital_status|offences?|convictions?"
    r"|patients?|drivers?|owners?|householders?|customers?|clients?|residents?|employees?|tenants?|claimants?|applicants?"
    r"|pupils?|students?|staff|members?|persons?|people|citizens?|victims?|witness(?:es)?|defendants?|prisoners?|carers?"
    r"|ip|ip_?v[46]|vrm|vehicle_reg(?:istration)?|(?:number|registration)_?plate|device_id|user_?id|login"
    r"|enw|cyfenw|enwau|dyddiad_geni|oed(?:ran)?|rhyw|cod_post|cyfeiriad|ff[oô]n|e_?bost|cyflog|claf|cleifion)(?:$|_)"
)
#: Names of columns that are of places and things, where two words with capitals are nobody's name.
_OF_PLACES: Final = re.compile(
    r"(?:^|_)(?:areas?|places?|wards?|districts?|regions?|councils?|authorit(?:y|ies)|rivers?|stations?|sites?|towns?"
    r"|cit(?:y|ies)|countr(?:y|ies)|count(?:y|ies)|parish(?:es)?|schools?|hospitals?|boards?|trusts?|organisations?|publishers?"
    r"|species|products?|titles?|themes?|types?|categor(?:y|ies)|routes?|roads?|streets?|constituenc(?:y|ies)|nations?|lle|ardal)"
    r"(?:$|_)"
)
#: The name of a person as most are written.
_TWO_NAMES: Final = re.compile(r"[A-Z][a-z'’-]+(?: [A-Z]\.?)? [A-Z][A-Za-z'’-]+\Z")
#: How much of a value is looked at: what speaks of a person is short.
_LOOKED_AT: Final = 200
_PERSONAL_VALUE: Final = re.compile(
    r"[^@\s]+@[^@\s]+\.[^@\s]+|(?<![\w.-])(?:(?:\+44|0)[\d ()-]{9,14}|\d{3}[ -]?\d{3}[ -]?\d{4}"
    r"|(?:\d{1,3}\.){3}\d{1,3}|[A-Z]\d{12}|[A-Z]{2}\d{2} ?[A-Z]{3}"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D])(?![\w.-]\w)",
    re.I,
)


@dataclass(frozen=True)
class Column:
    """A column: its name, its data type in Croissant, rows without a value, and examples of its values."""

    name: str
    type: NamedNode
    is_array: bool
    rows: int
    nulls: int
    personal: bool
    examples: tuple[str, ...]


def describe_columns(path: Path) -> list[Column]:
    """Reads the first 100,000 rows of a CSV, JSON or Parquet file.

    Raises `SourceError` where there is no such file, `ParseError` where it cannot be read as a table, and
    `SettingError` where DuckDB, which reads it, is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise SettingError(
            "reading samples of data needs DuckDB", hint="Install it: pip install 'ndl-graph[columns]'"
        ) from None
    reader = _READERS.get(path.suffix.casefold())
    if reader is None:
        raise ParseError(
            "this is no table that can be read here", where=str(path), hint="One of: " + ", ".join(_READERS)
        )
    if not path.is_file():
        raise SourceError("there is no such file", where=str(path))
    if not path.stat().st_size:
        raise SourceError("there is nothing in it", where=str(path))
    with duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 2}) as database:
        try:
            # The name is a parameter, and marks that would make a pattern of it are taken for themselves.
            literal = re.sub(r"([*?\[])", r"[\1]", str(path))
            divided = _divided(reader, path)
            columns = _read(database, divided, literal)
            if "read_csv" in reader:
                _check_names(path, [name for name, _ in columns])
            coded = _codes(database, divided, literal, [name for name, _ in columns]) if "read_csv" in reader else set()
            return [_column(database, name, "VARCHAR" if name in coded else kind) for name, kind in columns]
        except duckdb.Error as error:
            if "read_csv" in reader:
                with path.open("rb") as file:
                    utf8(file.read(_MOST_LOOKED_AT), "Save the sheet again as “CSV UTF-8”.")
            message = str(error).split("\n", 1)[0][:300]
            raise ParseError(f"the sample cannot be read: {message}", where=str(path)) from None


def _as_text(reader: str) -> str:
    """The reader of a sheet, with every column as text."""
    return reader.replace("read_csv(?,", "read_csv(?, all_varchar = true,")


def _divided(reader: str, path: Path) -> str:
    """The reader for a sheet whose first line says what divides its cells, as spreadsheets write it (`sep=;`)."""
    with path.open("rb") as file:
        stated = _SEPARATOR.match(file.readline(20).decode("utf-8", "replace"))
    return reader.replace("skip = 0", f"skip = 1, delim = '{stated[1]}'") if stated else reader


_SEPARATOR: Final = re.compile(r"\ufeff?sep=([,;\t|])\s*\Z", re.I)


def _read(database: Any, reader: str, literal: str) -> list[tuple[str, str]]:
    """Makes the table `sample`; gives the name and type of each column."""
    import duckdb

    table = "CREATE TABLE sample AS SELECT * FROM {} LIMIT {}"
    try:
        database.execute(table.format(reader, _MOST_ROWS), [literal])
    except duckdb.ConversionException:
        if "read_csv" not in reader:
            raise
        # A column of two kinds, such as dates in two forms, was taken for the first: as text it is read.
        database.execute(table.format(_as_text(reader), _MOST_ROWS), [literal])
        names = [str(row[0]) for row in database.execute("DESCRIBE sample").fetchall()]
        return [(name, _kind(database, name)) for name in names]
    return [(str(row[0]), str(row[1])) for row in database.execute("DESCRIBE sample").fetchall()]


def _check_names(path: Path, names: Sequence[str]) -> None:
    """Raises `ParseError` where the columns that were read are not those that the first line names."""
    with path.open("rb") as file:
        start = file.read(_FIRST_LINES).decode("utf-8", "replace")
    lines = start.removeprefix("\ufeff").splitlines(keepends=True)
    named = "".join(dropwhile(lambda line: line[0] == "#" or not line.strip() or _SEPARATOR.match(line), lines))
    headings = headings_of(named, _MARKS)
    twice = [name for name, times in Counter(heading.strip() for heading in headings).items() if name and times > 1]
    if twice:
        raise ParseError(f"two columns are called {twice[0]}", where=str(path), hint="Give each a name of its own.")
    if len(names) != len(headings) or any(
        heading.strip() not in ("", name.strip()) for name, heading in zip(names, headings, strict=True)
    ):
        raise ParseError(
            f"its rows do not fit the {len(headings)} columns that its first line names",
            where=str(path),
            hint="The first line has a name for each column, and no row has more cells than there are names.",
        )


def _kind(database: Any, name: str) -> str:
    """The narrowest type that every value of a column of text has."""
    column = _quoted(name)
    integer = f"nullif(regexp_full_match({column}, '[+-]?[0-9]{{1,18}}'), false)"
    for kind, read_as in (
        ("BIGINT", integer),  # a cast would round
        *((kind, f"TRY_CAST({column} AS {kind})") for kind in ("DOUBLE", "DATE", "TIMESTAMP")),
    ):
        counts = f"SELECT count({column}), count({read_as}) FROM sample"  # noqa: S608 - quoted
        given, read = database.execute(counts).fetchone()
        if given and given == read:
            return kind
    return "VARCHAR"


def _codes(database: Any, reader: str, literal: str, names: Sequence[str]) -> set[str]:
    """Columns of digits that are codes, not numbers: a zero in front would be lost."""
    rows = f"{_as_text(reader)} LIMIT {_MOST_ROWS}"
    asked = ", ".join(f"bool_or(regexp_matches({_quoted(name)}, '^0[0-9]+$'))" for name in names)
    query = f"SELECT {asked} FROM (SELECT * FROM {rows})"  # noqa: S608 - names of columns are quoted
    (found,) = database.execute(query, [literal]).fetchall()
    return {name for name, is_code in zip(names, found, strict=True) if is_code}


def _column(database: Any, name: str, kind: str) -> Column:
    column = _quoted(name)
    counted = f"SELECT count(*), count({column}) FROM sample"  # noqa: S608 - the name is quoted
    ((rows, values),) = database.execute(counted).fetchall()
    often = f"SELECT {column}::VARCHAR FROM sample WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608 - so it is here
    found = database.execute(f"{often} ORDER BY count(*) DESC, 1 LIMIT 50").fetchall()
    texts = [str(row[0]) for row in found]
    called = _snake(name)
    personal = bool(_PERSONAL_NAME.search(called)) or any(_PERSONAL_VALUE.search(text[:_LOOKED_AT]) for text in texts)
    if not personal and kind == "VARCHAR" and not _OF_PLACES.search(called):
        personal = sum(bool(_TWO_NAMES.match(text)) for text in texts) * 2 > len(texts)
    is_array = kind.endswith("[]")
    plain = re.sub(r"[(\[ ].*", "", kind)
    examples = () if personal else tuple(text for text in texts if 0 < len(text) <= _LONGEST)[:_EXAMPLES]
    return Column(name, _TYPES.get(plain, SCHEMA.Text), is_array, rows, rows - values, personal, examples)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold())


def record_set(columns: Sequence[Column], name: str, dataset: str, file: str | None = None) -> Iterator[Triple]:
    """The columns as a Croissant record set of the dataset with that IRI; `file` is the IRI of their distribution."""
    base = f"{dataset}{'/' if '#' in dataset else '#'}{quote(name, safe='')}"
    table = NamedNode(base)
    yield Triple(NamedNode(dataset), CR.recordSet, table)
    yield Triple(table, RDF.type, CR.RecordSet)
    yield Triple(table, SCHEMA.name, Literal(name))
    for column in columns:
        field = NamedNode(f"{base}/{quote(column.name, safe='')}")
        yield Triple(table, CR.field, field)
        yield Triple(field, RDF.type, CR.Field)
        yield Triple(field, SCHEMA.name, Literal(column.name))
        yield Triple(field, CR.dataType, column.type)
        if column.is_array:
            yield Triple(field, CR.isArray, Literal("true", datatype=XSD.boolean))
        if column.rows and not column.nulls:
            yield Triple(field, _REQUIRED, Literal("true", datatype=XSD.boolean))
        for example in column.examples:
            yield Triple(field, SKOS.example, Literal(example))
        if file is not None:
            source, extract = NamedNode(f"{field.value}/source"), NamedNode(f"{field.value}/extract")
            yield Triple(field, CR.source, source)
            yield Triple(source, CR.fileObject, NamedNode(file))
            yield Triple(source, CR.extract, extract)
            yield Triple(extract, CR.column, Literal(column.name))
