"""What is asked of the search, and what it answers."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

__all__ = [
    "ADVICE",
    "BANDS",
    "ELSEWHERE",
    "FACETS",
    "IDENTIFIED",
    "MARKS",
    "MEANING",
    "MOST_OFFSET",
    "NARROWED",
    "NEAREST",
    "NEAR_VALUE",
    "NOT_ABOUT",
    "NO_MATCH",
    "NO_PHRASE",
    "NO_VALUE",
    "NO_WORDS",
    "PLACES",
    "POINTS",
    "SOME_WORDS",
    "WHY",
    "Advice",
    "Group",
    "Hit",
    "Nearness",
    "QualityCounts",
    "SearchQuery",
    "SearchResult",
    "UseAnswer",
    "UseQuery",
    "Verdict",
    "dated",
    "narrowing_faults",
    "years_of",
]

#: Facets in the order of the page; each is a field of the index and a parameter of the search.
FACETS: Final = ("publisher", "theme", "format", "licence", "access", "place")

#: Records that a search can be paged through; further on, a feed or an export serves better.
MOST_OFFSET: Final = 10_000
#: What else a search can be narrowed by: metrics that a description lacks, and rules that it breaks.
MARKS: Final = ("lacks", "broken")
#: How good a description is, by its points in the European score from which on it is called so.
BANDS: Final = (("excellent", 351), ("good", 221), ("sufficient", 121), ("bad", 0))
#: What a search can be narrowed by as well: years that the data covers, and how good its description is.
NARROWED: Final = ("period", "quality")
_YEARS: Final = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")
#: Points by score; -1 where a record has none.
POINTS: Final = ("eu", "ai")


def years_of(period: str) -> list[str]:
    """The years of a period, `1995` or `1990-1999`; raises `ValueError` where it is none."""
    found = _YEARS.fullmatch(period.strip())
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise ValueError(f"{period!r} is no year, as 1995, and no period, as 1990-1999")
    return [f"{year:04}" for year in range(int(found[1]), int(found[2] or found[1]) + 1)]


def narrowing_faults(filters: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with the periods and qualities that are asked for; empty where nothing is."""
    names = [name for name, _ in BANDS]
    if unknown := [one for one in filters.get("quality", ()) if one not in names]:
        return f"{unknown[0]!r} is no quality: there are {', '.join(names)}"
    try:
        for one in filters.get("period", ()):
            years_of(one)
    except ValueError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class SearchQuery:
    """What is asked: words, chosen facet values, and which part of the answer."""

    text: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int = 20
    offset: int = 0

    @staticmethod
    def offset_of(cursor: str) -> int:
        """The offset that a cursor stands for; raises `ValueError` where it is none of ours."""
        try:
            text = base64.urlsafe_b64decode(cursor.encode() + b"==").decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError("no cursor of this catalogue") from error
        if not re.fullmatch(r"o:[0-9]{1,5}", text) or int(text[2:]) > MOST_OFFSET:
            raise ValueError("no cursor of this catalogue")
        return int(text[2:])

    @staticmethod
    def cursor_of(offset: int, total: int) -> str | None:
        """The cursor that stands for an offset; None at the end, and where no search can be paged further."""
        if offset >= min(total, MOST_OFFSET + 1):
            return None
        return base64.urlsafe_b64encode(f"o:{offset}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Nearness:
    """How near each record of a snapshot is in meaning to what is asked: IRIs, the place of each, and the values."""

    iris: Sequence[str]
    places: Mapping[str, int]
    values: "NDArray[float32]"


#: What a hit keeps for pages, or tells in another way.
_NOT_IN_JSON: Final = frozenset({"modified", "issued", "described", "cy"})


@dataclass(frozen=True)
class Hit:
    """One record that was found, as the public contract has it."""

    said: dict[str, Any]
    score: float
    why: str

    def as_json(self) -> dict[str, Any]:
        """The hit with its score and why it matched."""
        said = {name: value for name, value in self.said.items() if name not in _NOT_IN_JSON}
        dates = dated(self.said["modified"], self.said["issued"], self.said["described"])
        return {**said, **dates, "score": round(self.score, 3), "why": self.why}


def dated(changed: str, issued: str, described: str) -> dict[str, str]:
    """The date to cite: of the last change; else, and then saying so, of the first issue or of the description."""
    if changed:
        return {"modified": changed}
    if issued:
        return {"modified": issued, "modified_of": "issued"}
    return {"modified": described[:10], "modified_of": "description"}


@dataclass(frozen=True)
class Advice:
    """What to try where nothing, or not all, was found.

    `themes` are those that are nearest; `instead` are words that nothing has, and what was looked for in their place.
    """

    text: str
    themes: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """In one line."""
        if self.instead:
            return f"{self.text} {', '.join(f'{other} ({word})' for word, other in self.instead)}."
        return f"{self.text} {NEAREST} {', '.join(self.themes)}." if self.themes else self.text


#: All that is advised; a page says it in the reader's language.
NO_WORDS: Final = "Use words that say what the data is about."
SOME_WORDS: Final = "No description holds all of these words; these hold some of them."
NO_PHRASE: Final = "No description has those words as they stand together; these hold some of them."
NO_MATCH: Final = "Nothing here matches. Try fewer or more general words, or take a filter away."
NOT_ABOUT: Final = "Nothing here is about that. Try other words, or look through a theme."
NO_VALUE: Final = "No description here has a value that is asked for in a filter."
NEAR_VALUE: Final = "No description here has a value that is asked for in a filter. The nearest there is:"
NEAREST: Final = "The nearest themes here:"
CORRECTED: Final = "Nothing here has a word as it is spelt. This was looked for instead:"
#: Where the words of a search stand in a record, as `Hit.why` says it.
MEANING: Final = "in meaning"
IDENTIFIED: Final = "by its identifier"
ELSEWHERE: Final = "in the rest of the description"
PLACES: Final = ("title", "publisher", "description")
WHY: Final = (
    *("in the " + " and ".join(some) for count in (1, 2, 3) for some in combinations(PLACES, count)),
    ELSEWHERE,
    IDENTIFIED,
    MEANING,
)
ADVICE: Final = (NO_WORDS, SOME_WORDS, NO_PHRASE, NO_MATCH, NO_VALUE, NEAR_VALUE, NOT_ABOUT, NEAREST, CORRECTED)


@dataclass(frozen=True)
class SearchResult:
    """The answer: how many there are, some of them, and the facets of all."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, list[tuple[str, int]]]
    next: str | None
    advice: Advice | None = None
    #: How many of them can be gone through, where that is not all.
    reached: int | None = None

    @property
    def pageable(self) -> int:
        """How many of them can be paged to."""
        return min(MOST_OFFSET, self.total if self.reached is None else self.reached)

    def as_json(self) -> dict[str, Any]:
        """The answer as the public contract has it."""
        return {
            "total": self.total,
            "hits": [hit.as_json() for hit in self.hits],
            "facets": {name: dict(values) for name, values in self.facets.items()},
            "no_good_match": self.total == 0,
            "advice": str(self.advice) if self.advice else None,
            "next": self.next,
            **({"reachable": self.pageable} if self.pageable < self.total else {}),
        }


@dataclass(frozen=True)
class Group:
    """How many datasets there are of something, and their average points."""

    name: str
    total: int
    averages: dict[str, float]


@dataclass(frozen=True)
class QualityCounts:
    """What the index knows of the quality of many datasets."""

    whole: Group
    publishers: list[Group]
    themes: list[Group]
    points: list[tuple[int, int]]
    tenths: list[tuple[int, int]]
    lacks: dict[str, int]
    broken: list[tuple[str, int]]


#: What somebody may do with a dataset: use it now, after accepting conditions, after registering, or after applying;
#: ask the holder, who does not say; or not use it.
Verdict = Literal["now", "conditions", "register", "apply", "ask", "no"]


@dataclass(frozen=True)
class UseQuery:
    """Who asks for data (the name of an applicant), for what, and what it is to be about.

    `purposes` are the terms of DPV that what it is for goes by; where there are none, every purpose is taken to fit.
    """

    asker: str
    purposes: frozenset[str] = frozenset()
    for_profit: bool = False
    text: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class UseAnswer:
    """The datasets of one verdict: how many there are, and the first of them."""

    verdict: Verdict
    total: int
    hits: tuple[Hit, ...]
