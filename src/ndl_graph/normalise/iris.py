"""IRIs as RFC 3987 has them, and terms in the namespace and the spelling that are current."""

import re
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import quote

from ndl_graph.namespaces import PREFIXES, is_web

__all__ = ["CLEAN", "CLEAN_IRI", "clean_iri", "percent_encoded", "standard_term", "web_address"]

# What may stand in an IRI as it is: not the marks that RFC 3987 forbids, no bracket, no `%` but before two digits in
# base sixteen, one `#`. Of the characters beyond ASCII, `ucschar` leaves out control characters, those for private use
# (which a query alone may hold: they are encoded there as well), and those that stand for none.
_NO_CHARACTERS: Final = "".join(rf"\U{plane:04x}fffe-\U{plane:04x}ffff" for plane in range(1, 13))
_FORBIDDEN_MARKS: Final = (
    r"\x00-\x20<>\"{}|\\^`\[\]\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff"
    rf"{_NO_CHARACTERS}\U000dfffe-\U000e0fff\U000efffe-\U0010ffff"
)
_MARK: Final = rf"[^{_FORBIDDEN_MARKS}%#]"
_RUN: Final = rf"{_MARK}*(?:%[0-9A-Fa-f]{{2}}{_MARK}*)*"
_HOST: Final = rf"//[^{_FORBIDDEN_MARKS}%#A-Z/?:@]*(?::[0-9]*)?(?=[/?#>]|\Z)"
CLEAN: Final = rf"[a-z][a-z0-9+.\-]*:(?:{_HOST}|(?!//)){_RUN}(?:#{_RUN})?"
CLEAN_IRI: Final = re.compile(CLEAN + r"\Z")
_FORBIDDEN: Final = re.compile(rf"[{_FORBIDDEN_MARKS}]|%(?![0-9A-Fa-f]{{2}})")
_AUTHORITY: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*")
#: What an authority may be: a user, a name or an address in brackets, and a port.
_LAWFUL_AUTHORITY: Final = re.compile(
    rf"(?:(?:[^{_FORBIDDEN_MARKS}%@/?#]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?:[^{_FORBIDDEN_MARKS}%@:/?#]|%[0-9A-Fa-f]{{2}})*)(?::[0-9]*)?\Z"
)
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)\Z", re.S)

#: An address as people say it, without its start.
_BARE_HOST: Final = re.compile(r"www\.[^\s/.]+\.[^\s]+\Z", re.IGNORECASE)

_NAMESPACES: Final = {
    "http://schema.org/": PREFIXES["schema"],
    "https://www.w3.org/ns/adms#": PREFIXES["adms"],
    "https://www.w3.org/ns/dcat#": PREFIXES["dcat"],
    "https://purl.org/dc/terms/": PREFIXES["dct"],
    "https://xmlns.com/foaf/0.1/": PREFIXES["foaf"],
    "https://www.w3.org/2006/vcard/ns#": PREFIXES["vcard"],
    "https://mlcommons.org/croissant/": PREFIXES["cr"],
    "https://w3id.org/co-cddo/uk-cross-government-metadata-exchange-model/": PREFIXES["ukgov"],
}
_ELEMENTS: Final = "http://purl.org/dc/elements/1.1/"
_DCAT_NAMES: Final = {
    name.casefold(): name
    for name in [
        "accessURL",
        "downloadURL",
        "mediaType",
        "byteSize",
        "accessService",
        "landingPage",
        "contactPoint",
        "distribution",
        "keyword",
        "theme",
        "themeTaxonomy",
        "endpointURL",
        "endpointDescription",
        "servesDataset",
        "startDate",
        "endDate",
        "packageFormat",
        "compressFormat",
        "spatialResolutionInMeters",
        "temporalResolution",
        "inSeries",
        "version",
    ]
}


def percent_encoded(iri: str) -> str:
    """The IRI with every character percent-encoded that none may hold where it stands (RFC 3987, section 2.2)."""
    authority = _AUTHORITY.match(iri)
    start = authority[0] if authority else ""
    scheme, slashes, host = start.partition("//")
    path, mark, fragment = iri[len(start) :].partition("#")
    rest = "#".join(
        _FORBIDDEN.sub(_encoded, part) for part in ([path, fragment.replace("#", "%23")] if mark else [path])
    )
    lawful = host if _is_lawful(host) else quote(host, safe="@.-_~%")
    return f"{scheme}{slashes}{_FORBIDDEN.sub(_encoded, lawful) if '[' not in lawful else lawful}{rest}"


def _encoded(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def _is_lawful(authority: str) -> bool:
    """Whether that may stand between the slashes and the path (RFC 3986, section 3.2)."""
    found = _LAWFUL_AUTHORITY.match(authority)
    if found is None or found["address"] is None:
        return found is not None
    try:
        IPv6Address(found["address"])
    except ValueError:
        return False
    return True


def web_address(text: str) -> str | None:
    """The address of the web that a text is, with its `https://` where it begins with `www.`; None where it is none."""
    said = text.strip()
    if _BARE_HOST.match(said):
        said = f"https://{said}"
    return clean_iri(said) if is_web(said) and " " not in said else None


def clean_iri(value: str) -> str | None:
    """The IRI with what is wrong in it mended, itself where nothing is, or None where nothing can be."""
    if CLEAN_IRI.match(value):
        return value
    match = _ABSOLUTE.match(value.strip())
    if not match:
        return None
    scheme, rest = match[1].lower(), match[2]
    if rest.startswith("//"):
        host, *tail = re.split(r"(?=[/?#])", rest[2:], maxsplit=1)
        host = re.sub(r"%[0-9a-f]{2}", lambda found: found[0].upper(), host.lower())
        host = host if "[" in host else _FORBIDDEN.sub(_encoded, host)
        if not _is_lawful(host):
            return None
        rest = "//" + host + "".join(tail)
    return percent_encoded(f"{scheme}:{rest}")


def standard_term(iri: str) -> str:
    """The IRI of the term in the namespace and spelling that are current."""
    for old, new in _NAMESPACES.items():
        if iri.startswith(old):
            return standard_term(new + iri[len(old) :])
    if iri.startswith(_ELEMENTS):
        return PREFIXES["dct"] + iri[len(_ELEMENTS) :]
    if iri.startswith(PREFIXES["dcat"]):
        local = iri[len(PREFIXES["dcat"]) :]
        # A capital at the start is a class: `dcat:Distribution` and `dcat:distribution` are two terms.
        return PREFIXES["dcat"] + (local if local[:1].isupper() else _DCAT_NAMES.get(local.casefold(), local))
    return iri
