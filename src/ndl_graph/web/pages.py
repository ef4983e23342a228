"""Pages: templates, and publisher text made safe to show."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from gettext import c2py  # what `gettext` itself reads plural rules with
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import nh3
from babel.dates import format_date
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from ndl_graph.description import NATION_NAMES, one_line
from ndl_graph.labels import Labels
from ndl_graph.namespaces import CR, DCAT, DCT, DPV, NDL, ODRL, PREFIXES, PROV, SCHEMA, VCARD, compact
from ndl_graph.web.language import LANGUAGES, current, messages, prefix, reading_order

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
_SCHEMES: Final = ("http://", "https://", "mailto:")


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
        # An address that starts nowhere would lead into this site.
        attribute_filter=lambda _, __, value: value if value.startswith(_SCHEMES) else None,
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
    "DCAT_endpointDescription": DCAT.endpointDescription,
    "DCAT_endpointURL": DCAT.endpointURL,
    "DCAT_mediaType": DCAT.mediaType,
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
    "NDL_sourceName": NDL.sourceName,
    "NDL_takes": NDL.takes,
    "NDL_usedIn": NDL.usedIn,
    "NDL_who": NDL.who,
    "NDL_whoMayApply": NDL.whoMayApply,
    "ODRL_assignee": ODRL.assignee,
    "ODRL_hasPolicy": ODRL.hasPolicy,
    "PROV_endedAtTime": PROV.endedAtTime,
    "PROV_generated": PROV.generated,
    "PROV_used": PROV.used,
    "PROV_startedAtTime": PROV.startedAtTime,
    "SCHEMA_conditionsOfAccess": SCHEMA.conditionsOfAccess,
    "SCHEMA_description": SCHEMA.description,
    "VCARD_hasURL": VCARD.hasURL,
}


_VOCABULARY: Final = PREFIXES["ndl"].removesuffix("#")
#: Links of a page that stay in the reader's language; one to a named language is left as it is.
_LINK: Final = re.compile(r'(?<!data-plain )((?:href|action)=")(/(?!/|static/|en[/"?]|cy[/"?])[^"]*")')


class Pages:
    """Renders templates in the reader's language; whatever is not marked safe is escaped."""

    def __init__(self, title: str, contact: str, labels: Labels, base: str) -> None:
        self._title = title
        self._labels = labels
        self._base = base
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        # What the extension adds: `_` and `ngettext`, which take values by name and escape them.
        getattr(self._environment, "install_gettext_callables")(_gettext, _ngettext, newstyle=True)  # noqa: B009
        self._environment.globals.update(
            contact=contact, english=labels, in_english=_in_english, nation_names=NATION_NAMES, **_TERMS
        )
        self._environment.filters.update(
            safe_html=safe_html,
            compact=compact,
            query=_query,
            human_date=human_date,
            human_size=human_size,
            words=one_line,
            path_of=_path,
            here=self._here,
            in_its_language=_in_its_language,
            lang_of=_lang_of,
            said=_said,
            lang_said=_lang_said,
            translated=self._translated,
            defined=self._defined,
        )

    def render(self, template: str, request: Request, **values: Any) -> bytes:
        """The page as UTF-8."""
        here = request.url.path
        # Only what the page itself was asked: anything else in the address would stay in pages that are remembered.
        asked = _query({**values.get("asked", {}), "page": number if (number := values.get("page", 1)) != 1 else None})
        text = self._environment.get_template(template).render(
            path=here,
            here=f"{here}?{asked}" if asked else here,
            language=current(),
            labels=_LabelsOf(self._labels, reading_order()),
            # One that was chosen is a name in every language.
            site_title=_gettext(self._title),
            **values,
        )
        if named := prefix():
            text = _LINK.sub(rf"\g<1>{named}\g<2>", text)
        return text.encode()

    def _here(self, iri: str) -> str:
        """Where a page of this service tells of an IRI of ours, so that a reader stays here; any other as it is."""
        if iri.startswith(_VOCABULARY):
            return f"/vocab{iri[len(_VOCABULARY) :]}"
        if iri.startswith(self._base):
            parts = urlsplit(iri)
            return f"{parts.path}#{parts.fragment}" if parts.fragment else parts.path
        return iri

    def _defined(self, iri: str) -> str:
        """What a term of ours means, in the reader's language."""
        return self._labels.definition(iri, reading_order())

    def _translated(self, text: str) -> str:
        """One of our own English labels in the reader's language; any other text as it is."""
        return self._labels.in_language(text, current()) if current() != LANGUAGES[0] else text


class _LabelsOf:
    """Labels in the reader's language."""

    def __init__(self, labels: Labels, languages: Sequence[str]) -> None:
        self._labels = labels
        self._languages = languages

    def text(self, iri: str, languages: Sequence[str] = ()) -> str:
        return self._labels.text(iri, languages or self._languages)

    def definition(self, iri: str, languages: Sequence[str] = ()) -> str:
        return self._labels.definition(iri, languages or self._languages)

    def note(self, iri: str, predicate: NamedNode) -> str:
        return self._labels.note(iri, predicate, self._languages)


def _in_english() -> Markup:
    """The attribute of an element whose text is English whatever the reader's language is."""
    return Markup("") if current() == LANGUAGES[0] else Markup(' lang="en"')


def _gettext(message: str) -> str:
    found = messages(current()).get(message)
    return str(found.string) if found is not None and found.string else message


def _ngettext(one: str, many: str, count: int) -> str:
    catalogue = messages(current())
    found = catalogue.get((one, many))
    if found is None or not isinstance(found.string, (tuple, list)) or not all(found.string):
        return one if count == 1 else many
    return str(found.string[_plural_rule(catalogue.plural_expr)(count)])


@cache
def _plural_rule(expression: str) -> Callable[[int], int]:
    """The number of the plural form for a count, by the rule that a catalogue of messages states."""
    return c2py(expression)


def _in_its_language(literal: Literal | None) -> Markup | str:
    """A publisher's text, marked with its language where that is not the reader's."""
    if literal is None:
        return ""
    marked, text = _lang_of(literal), literal.value.strip()
    return Markup("<span{}>{}</span>").format(marked, text) if marked else text


def _lang_of(literal: Literal | None) -> Markup:
    """The attribute that tells the language of a text, or nothing where it is the reader's own."""
    language = (literal.language if literal else None) or LANGUAGES[0]
    return Markup(' lang="{}"').format(language) if language.split("-")[0] != current() else Markup("")


def _said(hit: Mapping[str, Any], name: str) -> str:
    """What a hit says, in the reader's language where the publisher says it there too."""
    return str(hit.get(current(), {}).get(name) or hit[name] or "")


def _lang_said(hit: Mapping[str, Any], name: str) -> Markup:
    return Markup("") if hit.get(current(), {}).get(name) else _in_english()


def _path(iri: str) -> str:
    """The path of one of our own IRIs, so that pages work at whatever address they are served."""
    return urlsplit(iri).path


def _query(values: dict[str, Any]) -> str:
    return urlencode({key: value for key, value in values.items() if value not in (None, "", [])}, doseq=True)


def human_date(text: str) -> str:
    """`2026-05-04T10:00:00Z` as `4 May 2026`, in the reader's language; what is no date stays as it is."""
    match = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text)
    if not match:
        return text
    year, month, day = match.groups()
    try:
        when = date(int(year), int(month or 0), int(day or 1))
    except ValueError:
        return year
    return str(format_date(when, "d MMMM y" if day else "MMMM y", locale=current()))


def human_size(text: str) -> str:
    """A number of bytes as people write it."""
    if not re.fullmatch("[0-9]{1,18}", text):
        return text
    size = float(text)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return text
