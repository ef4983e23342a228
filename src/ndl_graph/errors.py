"""Everything that can go wrong, as one tree.

NdlGraphError
├── SettingError            a setting has a value that cannot be used
├── SourceError             a source cannot be read at all
│   └── ParseError          it was read, but its syntax is broken (line and column)
├── ProfileError            an unknown profile, or shapes that are themselves ill-formed
├── NothingToValidateError  there is no description in what was given
├── NotFoundError           no such record
│   └── RemovedError        there was one; its tombstone is left
├── QueryError              a SPARQL query that cannot be run (line, column)
│   └── UpdateError         it is an update, and what was asked only reads
├── LimitError              a query took more than it may: time, memory, rows, bytes
├── FormError               a graph cannot be written in the form that was asked for
├── BusyError               too much is being asked at once; try again later
└── StoreError              the store cannot be opened, read or written
    ├── StoreBusyError      another writer holds it
    ├── StoreDownError      the server that keeps the store does not answer
    ├── StoreSlowError      it did not answer in time
    └── StoreLiesError      it answered what makes no sense

Errors know nothing of HTTP or exit codes: the edges decide those.
"""

from dataclasses import dataclass

__all__ = [
    "BusyError",
    "FormError",
    "LimitError",
    "NdlGraphError",
    "NotFoundError",
    "NothingToValidateError",
    "ParseError",
    "ProfileError",
    "QueryError",
    "RemovedError",
    "SettingError",
    "SourceError",
    "StoreBusyError",
    "StoreDownError",
    "StoreError",
    "StoreLiesError",
    "StoreSlowError",
    "UpdateError",
]


@dataclass(eq=False)
class NdlGraphError(Exception):
    """What happened, where, and what to do next."""

    message: str
    where: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class SettingError(NdlGraphError):
    """A setting has a value that cannot be used."""


class SourceError(NdlGraphError):
    """A source cannot be read: missing, empty, too large, binary, out of reach."""


@dataclass(eq=False)
class ParseError(SourceError):
    """The syntax of a source is broken; `line` and `column` count from 1."""

    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.where, self.line, self.column) if part is not None)
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{place}: {self.message}{advice}" if place else f"{self.message}{advice}"


class ProfileError(NdlGraphError):
    """A profile is unknown, or its shapes are ill-formed."""


class NothingToValidateError(NdlGraphError):
    """There is no description in what was given, so nothing was checked."""


class NotFoundError(NdlGraphError):
    """There is no such record."""


@dataclass(eq=False)
class RemovedError(NotFoundError):
    """The record was withdrawn; `removed` says when, `title` what it was called."""

    title: str | None = None
    removed: str | None = None


@dataclass(eq=False)
class QueryError(NdlGraphError):
    """A SPARQL query cannot be run; `line` and `column` count from 1."""

    line: int | None = None
    column: int | None = None


class UpdateError(QueryError):
    """An update was sent to what only reads."""


@dataclass(eq=False)
class LimitError(NdlGraphError):
    """A query took more than it may; `limit` is the setting that says how much, `value` what it says."""

    limit: str = ""
    value: float = 0


@dataclass(eq=False)
class FormError(NdlGraphError):
    """A graph cannot be written in the form that was asked for."""


@dataclass(eq=False)
class BusyError(NdlGraphError):
    """Too much is being asked at once; `retry_after` is how many seconds to wait."""

    retry_after: int = 5


class StoreError(NdlGraphError):
    """The store cannot be opened, read or written."""


class StoreBusyError(StoreError):
    """Another process is writing to the store."""


class StoreDownError(StoreError):
    """The server that keeps the store does not answer."""


class StoreSlowError(StoreError):
    """The server that keeps the store did not answer in time."""


class StoreLiesError(StoreError):
    """The server that keeps the store answered what makes no sense."""
