"""Dates as publishers write them, in the forms of XML Schema."""

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from pyoxigraph import Literal

from ndl_graph.namespaces import XSD

__all__ = ["read_date"]

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z")
_SPACED: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z")
#: With the midnight that spreadsheets add.
_NUMBERS: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: 0?0:00(?::00)?)?\Z")
#: A moment as mail and web servers write it (RFC 5322, section 3.3).
_OF_MAIL: Final = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UT|[+-]\d{4})\Z")
_RUN_TOGETHER: Final = re.compile(r"(\d{4})(\d\d)(\d\d)\Z")
_FRACTION: Final = re.compile(r"\.\d+")
_SLASHED: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})\Z")
_WORDED: Final = (
    ("%d %B %Y", "date"),
    ("%d %b %Y", "date"),
    ("%B %d, %Y", "date"),
    ("%b %d, %Y", "date"),
    ("%B %Y", "gYearMonth"),
    ("%b %Y", "gYearMonth"),
)


def read_date(text: str) -> Literal | None:
    """The date in its XML Schema form (date, dateTime, gYearMonth or gYear), or None where it has no one reading.

    `03/04/2020` is left alone: it is 3 April to some publishers and 4 March to others.
    """
    text = text.strip()
    if not text.isascii():
        return None  # the digits of other scripts are none in XML Schema
    if _DATE.match(text):
        return Literal(text, datatype=XSD.date) if _real(text) else None
    if _DATE_TIME.match(text):
        return Literal(text, datatype=XSD.dateTime) if _real(text) else None
    if re.match(r"\d{4}\Z", text) and text != "0000":
        return Literal(text, datatype=XSD.gYear)
    if re.match(r"\d{4}-(0[1-9]|1[0-2])\Z", text):
        return Literal(text, datatype=XSD.gYearMonth)
    if match := _SPACED.match(text):
        day, minutes, seconds, zone = match.groups()
        zone = "Z" if zone == "UTC" else zone or ""
        zone = zone[:-2] + ":" + zone[-2:] if len(zone) == 5 else zone
        moment = f"{day}T{minutes}{seconds or ':00'}{zone}"
        return Literal(moment, datatype=XSD.dateTime) if _real(moment) else None
    if match := _NUMBERS.match(text):
        first, second, year = (int(part) for part in match.groups())
        if first <= 12 and second <= 12 and first != second:
            return None
        day_, month = (first, second) if second <= 12 else (second, first)
        return _made(year, month, day_)
    if match := _SLASHED.match(text) or _RUN_TOGETHER.match(text):
        return _made(*(int(part) for part in match.groups()))
    if _OF_MAIL.match(text):
        try:
            moment = parsedate_to_datetime(text).isoformat().replace("+00:00", "Z")
        except ValueError:
            return None
        return Literal(moment, datatype=XSD.dateTime)
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text).replace("Sept ", "Sep ")
    for pattern, kind in _WORDED:
        try:
            found = datetime.strptime(plain, pattern)
        except ValueError:
            continue
        day = found.date().isoformat()
        return Literal(day if kind == "date" else day[:7], datatype=XSD[kind])
    return None


def _real(moment: str) -> bool:
    try:
        datetime.fromisoformat(_FRACTION.sub("", moment))
    except ValueError:
        return False
    return True


def _made(year: int, month: int, day: int) -> Literal | None:
    try:
        return Literal(date(year, month, day).isoformat(), datatype=XSD.date)
    except ValueError:
        return None
