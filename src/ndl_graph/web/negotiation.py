"""Content negotiation (RFC 9110, section 12): which of the forms on offer suits the client best."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fastapi import Request

from ndl_graph.namespaces import PREFIXES

__all__ = ["NotAcceptable", "Offer", "choose", "chosen"]


@dataclass(frozen=True)
class Offer:
    """One form: a media type, an optional profile (RFC 6906), and the name by which the handler knows it."""

    name: str
    media_type: str
    profile: str | None = None

    def __str__(self) -> str:
        return f'{self.media_type}; profile="{self.profile}"' if self.profile else self.media_type


class NotAcceptable(Exception):  # noqa: N818 - named after the condition
    """Nothing on offer suits; `offers` is what there is."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__("nothing on offer suits")
        self.offers = offers


@dataclass(frozen=True)
class _Range:
    type: str
    subtype: str
    profiles: frozenset[str]
    quality: float

    def matches(self, offer: Offer) -> bool:
        kind, _, subtype = offer.media_type.partition("/")
        if self.type != "*" and (self.type != kind or self.subtype not in ("*", subtype)):
            return False
        # A plain `application/ld+json` asks for the plain form; a profile asks for that one alone.
        return not self.profiles or _plain(offer.profile or _DCAT) in self.profiles

    @property
    def precision(self) -> int:
        return (self.type != "*") + (self.subtype != "*") + 2 * bool(self.profiles)


#: What stands between two commas, in one pass; a quotation mark that is not closed reaches to the end.
_PART: Final = re.compile(r'(?:[^,"]++|"(?:[^"\\]|\\.)*+\\?+(?:"|\Z))++', re.S)
_PARAMETER: Final = re.compile(r';\s*+([A-Za-z0-9_-]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^;\s]*+)')
#: What our plain forms are in.
_DCAT: Final = PREFIXES["dcat"]
_LAYOUT: Final = "www.w3.org/ns/json-ld"
#: As RFC 9110 has it (section 12.4.2), and as clients write it: without the nought, and with more digits.
_QUALITY: Final = re.compile(r"(?:0?\.\d{1,20}|0\.?|1(?:\.0{0,20})?)\Z")
_LONGEST: Final = 4096


def _plain(profile: str) -> str:
    """A profile without what is written in several ways: schema.org has been at both http and https."""
    return profile.removeprefix("https://").removeprefix("http://").rstrip("/#")


@lru_cache(maxsize=256)
def _ranges(accept: str) -> list[_Range]:
    found = []
    for match in _PART.finditer(accept[:_LONGEST]):
        part = match[0]
        name = part.split(";", 1)[0].strip().casefold()
        kind, slash, subtype = name.partition("/")
        if name == "*":
            kind, slash, subtype = "*", "/", "*"
        if not slash:
            continue
        parameters = {key.casefold(): value.strip('"') for key, value in _PARAMETER.findall(part)}
        given = parameters.get("q", "1")
        quality = float(given) if _QUALITY.match(given) else 0.0
        named = (_plain(one) for one in parameters.get("profile", "").split())
        # How JSON-LD is laid out is no other form of what is said (JSON-LD 1.1, section 8).
        profiles = frozenset(one for one in named if not one.startswith(_LAYOUT))
        found.append(_Range(kind, subtype, profiles, quality))
    return found


def choose(offers: Sequence[Offer], accept: str | None, media_type: str | None = None) -> Offer:
    """The best offer; of equals the first. Raises `NotAcceptable`.

    `media_type` (`?_mediatype=`) stands in the place of the header. No header, an empty one, or one that cannot
    be read counts as `*/*`.
    """
    ranges = _ranges(media_type.replace(" ", "+") if media_type else accept or "*/*") or _ranges("*/*")
    best: tuple[float, int] = (0.0, 0)
    chosen: Offer | None = None
    for position, offer in enumerate(offers):
        fitting = [one for one in ranges if one.matches(offer)]
        if not fitting:
            continue
        closest = max(fitting, key=lambda one: one.precision)
        rank = (closest.quality, -position)
        if closest.quality > 0 and (chosen is None or rank > best):
            best, chosen = rank, offer
    if chosen is None:
        raise NotAcceptable(offers)
    return chosen


def chosen(offers: Sequence[Offer], request: Request) -> Offer:
    """The best offer for a request: by `?_mediatype=`, else by its header Accept. Raises `NotAcceptable`."""
    return choose(offers, request.headers.get("accept"), request.query_params.get("_mediatype"))
