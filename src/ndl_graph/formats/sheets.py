"""Sheets: CSV as spreadsheets write it, row by row with the line of each."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from ndl_graph.errors import ParseError
from ndl_graph.formats.text import utf8

__all__ = ["headings_of", "rows_of"]

#: Characters in a cell; the limit is one of all of `csv`, which has a far lower one of its own.
_LONGEST: Final = 16 * 1024 * 1024
csv.field_size_limit(_LONGEST)
#: What spreadsheets put between cells, by where they are used.
_BETWEEN: Final = (",", ";", "\t")
_COMMA: Final = 'A value with a comma in it stands between quotation marks: "roads, rivers".'


def rows_of(
    content: bytes, name_of: Callable[[str], str], needed: Collection[str], missing: ParseError, *, once: bool
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows that say anything, as line and cells by column; cells without text are left out.

    `name_of` gives what a column is called here by its heading, or nothing for one that is not read. Cells may be
    divided by commas, semicolons or tabs. Raises `missing` where a column that is needed is not there, and `ParseError`
    with the line for a broken row, and where `once`, for two columns of one name.
    """
    text = utf8(content, "Save the sheet again as “CSV UTF-8”.")
    first, _, rest = text.partition("\n")
    # Spreadsheets say so where they divide by something else.
    first = first.rstrip("\r")
    stated = first.casefold().startswith("sep=") and len(first) == len("sep=;")
    offset = 1 if stated else 0
    body = rest if stated else text
    between = first[-1] if stated else max(_BETWEEN, key=lambda mark: _known(body, mark, name_of, needed))
    rows = csv.reader(io.StringIO(body, newline=""), strict=True, delimiter=between)
    line = 1 + offset
    try:
        headings = next(rows, [])
        names = [name_of(heading.strip()) for heading in headings]
        if not set(needed) <= set(names):
            missing.line = line
            raise missing
        if once and (twice := sorted(name for name, times in Counter(names).items() if name and times > 1)):
            raise ParseError(
                f"two columns are called {twice[0]}", line=line, hint="Divide several values in one cell by | instead."
            )
        while True:
            line = rows.line_num + 1 + offset
            row = next(rows, None)
            if row is None:
                return
            if len(row) > len(names):
                raise ParseError(
                    f"this row has {len(row)} cells, and there are {len(names)} columns", line=line, hint=_COMMA
                )
            cells: dict[str, str] = {}
            for name, value in zip(names, row, strict=False):  # a row may end before its empty cells
                if name and value.strip():
                    cells.setdefault(name, value.strip())
            if cells:
                yield line, cells
    except csv.Error as error:
        if "field limit" in str(error):
            raise ParseError(
                f"a cell holds more than {_LONGEST:,} characters",
                line=line,
                hint="A description holds text about data, not the data: take the long value out, and link to it.",
            ) from None
        # A cell that is left open swallows the rest of the sheet: the row begins after the last whole one.
        raise ParseError(
            f"broken CSV: {error}",
            line=line,
            hint='A value with a quotation mark in it has two of them: "the ""big"" one".',
        ) from None


def headings_of(start: str, marks: Sequence[str] = _BETWEEN) -> list[str]:
    """The headings of a sheet by its start, divided by the mark that divides the first line most often."""
    first, _, rest = start.removeprefix("\ufeff").partition("\n")
    line = rest.partition("\n")[0] if first.casefold().startswith("sep=") else first
    between = max(marks, key=line.count)
    try:
        return next(csv.reader([line], delimiter=between), [])
    except csv.Error:
        return []


def _known(text: str, between: str, name_of: Callable[[str], str], needed: Collection[str]) -> int:
    """How many of the columns that are needed there are if cells are divided so."""
    try:
        headings = next(csv.reader(io.StringIO(text, newline=""), delimiter=between), [])
    except csv.Error:
        return 0
    return len(set(needed) & {name_of(heading.strip()) for heading in headings})
