"""Pages: templates, and publisher text made safe to show."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import nh3
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from ndl_graph.labels import Labels
from ndl_graph.namespaces import CR, DCAT, DCT, DPV, NDL, ODRL, PROV, SCHEMA, VCARD, compact

__all__ = ["Pages", "safe_html"]

_TAGS: Final = {
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "dd",
    "dl",
    "dt",
    "em",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
_LOOKS_LIKE_HTML: Final = re.compile(
    r"</?(p|div|span|br|a|ul|ol|li|b|i|em|strong|h[1-6]|table|font)\b[^>]{0,2000}>", re.I
)
_HEADING: Final = re.compile(r"<(/?)h[1-6](\s[^>]{0,2000})?>", re.I)
_LONGEST: Final = 100_000


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    # Raw HTML and images stay out: what a publisher writes is shown, not run and not fetched.
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image").enable("table")


def safe_html(text: str) -> Markup:
    """Publisher HTML or Markdown as a small set of tags, links marked as not ours to vouch for."""
    text = text[:_LONGEST]
    source = text if _LOOKS_LIKE_HTML.search(text) else _markdown().render(text)
    source = _HEADING.sub(lambda found: f"<{found[1]}strong>" if not found[1] else "</strong><br>", source)
    clean = nh3.clean(
        source,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )
    return Markup(clean)  # noqa: S704 - cleaned on the line above


#: Terms by the names that templates use: `DCT_title` for `dct:title`.
_TERMS: Final = {
    "CR_dataType": CR.dataType,
    "CR_field": CR.field,
    "DCAT_accessService": DCAT.accessService,
    "DCAT_accessURL": DCAT.accessURL,
    "DCAT_byteSize": DCAT.byteSize,
    "DCAT_downloadURL": DCAT.downloadURL,
    "DCAT_endDate": DCAT.endDate,
    "DCAT_endpointDescription": DCAT.endpointDescription,
    "DCAT_endpointURL": DCAT.endpointURL,
    "DCAT_mediaType": DCAT.mediaType,
    "DCAT_startDate": DCAT.startDate,
    "DCT_accrualPeriodicity": DCT.accrualPeriodicity,
    "DCT_description": DCT.description,
    "DCT_format": DCT.format,
    "DCT_issued": DCT.issued,
    "DCT_modified": DCT.modified,
    "DCT_temporal": DCT.temporal,
    "DCT_title": DCT.title,
    "DCT_type": DCT.type,
    "DPV_hasLegalBasis": DPV.hasLegalBasis,
    "DPV_hasPurpose": DPV.hasPurpose,
    "NDL_accessEvidence": NDL.accessEvidence,
    "NDL_accessRule": NDL.accessRule,
    "NDL_dataForm": NDL.dataForm,
    "NDL_decidedBy": NDL.decidedBy,
    "NDL_howToApply": NDL.howToApply,
    "NDL_hypothetical": NDL.hypothetical,
    "NDL_outputChecking": NDL.outputChecking,
    "NDL_publicBenefit": NDL.publicBenefit,
    "NDL_retention": NDL.retention,
    "NDL_takes": NDL.takes,
    "NDL_usedIn": NDL.usedIn,
    "NDL_who": NDL.who,
    "NDL_whoMayApply": NDL.whoMayApply,
    "ODRL_assignee": ODRL.assignee,
    "ODRL_hasPolicy": ODRL.hasPolicy,
    "PROV_endedAtTime": PROV.endedAtTime,
    "PROV_generated": PROV.generated,
    "PROV_startedAtTime": PROV.startedAtTime,
    "SCHEMA_conditionsOfAccess": SCHEMA.conditionsOfAccess,
    "SCHEMA_description": SCHEMA.description,
    "VCARD_hasEmail": VCARD.hasEmail,
    "VCARD_hasURL": VCARD.hasURL,
}


class Pages:
    """Renders templates; whatever is not marked safe is escaped."""

    def __init__(self, title: str, labels: Labels) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(site_title=title, labels=labels, **_TERMS)
        self._environment.filters.update(
            safe_html=safe_html,
            compact=compact,
            query=_query,
            human_date=human_date,
            human_size=human_size,
            words=words,
            path_of=_path,
        )

    def render(self, template: str, request: Request, **values: Any) -> bytes:
        """The page as UTF-8."""
        return self._environment.get_template(template).render(path=request.url.path, **values).encode()


def _path(iri: str) -> str:
    """The path of one of our own IRIs, so that pages work at whatever address they are served."""
    return urlsplit(iri).path


def _query(values: dict[str, Any]) -> str:
    return urlencode({key: value for key, value in values.items() if value not in (None, "", [])}, doseq=True)


_MONTHS: Final = "January February March April May June July August September October November December".split()


def human_date(text: str) -> str:
    """`2026-05-04T10:00:00Z` as `4 May 2026`; what is no date stays as it is."""
    match = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text)
    if not match:
        return text
    year, month, day = match.groups()
    if not month or not 1 <= int(month) <= 12:
        return year
    return f"{f'{int(day)} ' if day else ''}{_MONTHS[int(month) - 1]} {year}"


def human_size(text: str) -> str:
    """A number of bytes as people write it."""
    if not text.isdigit():
        return text
    size = float(text)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return text


def words(text: str, limit: int = 240) -> str:
    """The start of a text without markup."""
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]{0,2000}>", " ", text)).strip()
    return plain if len(plain) <= limit else plain[:limit].rsplit(" ", 1)[0] + " …"
