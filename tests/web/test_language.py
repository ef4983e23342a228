"""English and Welsh: every message is there in both, the reader gets theirs, and other languages are marked."""

import re
from typing import Final

import httpx
import pytest
from babel.messages.extract import extract

from ndl_graph.catalog import Catalog
from ndl_graph.namespaces import NDL
from ndl_graph.quality.figures import BANDS
from ndl_graph.search import ADVICE, WHY
from ndl_graph.settings import SETTINGS
from ndl_graph.web import access, browse
from ndl_graph.web.language import messages
from tests.conftest import BASE, ROOT

TEMPLATES: Final = ROOT / "src" / "ndl_graph" / "web" / "templates"
PAGES: Final = sorted(path.name for path in TEMPLATES.glob("*.html"))
PATHS: Final = (
    "/", "/about", "/access", "/access?who=public", "/uses", "/keys", "/key/postcode", "/nations", "/catalog",
    "/dataset?q=schools", "/dataset", "/dataset?page=2", "/dataset/price-paid-data", "/service/sail-databank",
    "/use/hypothetical-does-help-after-school-lead-to-work", "/agents", "/developers", "/stewards", "/docs", "/quality",
    "/quality/agents", "/quality/publisher/nhs-england", "/validate", "/sparql", "/shapes", "/shapes/ndl", "/vocab",
    "/vocab/access-level", "/dataset?q=zxqv", "/accessibility",
)  # fmt: skip
#: Text that stands between tags in a template without being a message: names, signs and abbreviations.
NAMES: Final = re.compile(r"\b(SPARQL|JSON-LD|JSON|Turtle|CSV|TSV|XML|OpenAPI|API|English|Cymraeg)\b")


def asked_for() -> set[str | tuple[str, ...]]:
    """Every message that the translated templates ask for, and those that stand in Python."""
    found: set[str | tuple[str, ...]] = set()
    keywords = {"_": None, "ngettext": (1, 2)}
    for name in PAGES:
        with (TEMPLATES / name).open("rb") as file:
            for _, message, _, _ in extract("jinja2.ext:babel_extract", file, keywords=keywords):
                parts = (message,) if isinstance(message, str) else tuple(part for part in message if part)
                found.add(parts if len(parts) > 1 else parts[0])
    found |= {text for texts in access.VERDICTS.values() for text in texts}
    found |= {name for name, _ in BANDS} | {"mandatory", "recommended", "optional"}
    found |= {str(setting.default) for setting in SETTINGS if setting.name == "title"}
    return found | set(access.REASONS.values()) | set(browse.NAMES.values()) | set(ADVICE) | set(WHY)


def test_every_message_is_there_in_welsh_and_none_is_left_over() -> None:
    welsh = messages("cy")
    known = {one.id if isinstance(one.id, str) else tuple(one.id): one for one in welsh if one.id}
    assert set(known) == asked_for()
    for key, one in known.items():
        texts = [one.string] if isinstance(one.string, str) else list(one.string or ())
        assert all(texts), key
        english = [key] if isinstance(key, str) else list(key)
        for text in texts:
            # What stands for a value, and the markup, are the same in both.
            assert set(re.findall(r"%\(\w+\)s|</?\w+>", str(text))) == set(re.findall(r"%\(\w+\)s|</?\w+>", english[0]))
            assert text not in english or text in {"JSON"}, text


@pytest.mark.parametrize("name", PAGES)
def test_no_text_stands_in_a_template_without_being_a_message(name: str) -> None:
    text = (TEMPLATES / name).read_text("utf-8")
    text = re.sub(r'<(\w+)\b[^>]*(?:lang="en"|\{\{ in_english\(\) \}\})[^>]*>.*?</\1>', " ", text, flags=re.S)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)
    text = re.sub(r"<(code|pre)\b.*?</\1>", " ", text, flags=re.S)
    spoken = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*[A-Za-z]{2,}[^"]*)"', text)
    assert not spoken
    text = re.sub(r"<[^>]*>", "|", text)
    words = [part.strip() for part in text.split("|") if re.search(r"[A-Za-z]{2,}", NAMES.sub("", part))]
    assert not words


@pytest.mark.parametrize("path", PATHS)
def test_a_welsh_page_is_welsh_and_stays_so(service: httpx.Client, path: str) -> None:
    answer = service.get(f"/cy{path}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == "cy"
    page = answer.text
    assert '<html lang="cy">' in page
    assert "Neidio i&#39;r prif gynnwys" in page or "Neidio i'r prif gynnwys" in page
    links = re.findall(r'<(?:a|form)[^>]*\b(?:href|action)="(/[^"]*)"', page)
    assert links
    assert not [link for link in links if not link.startswith(("/cy", "/en"))], "every link stays in the language"
    away = rf'<a\b[^>]*\bhref="(?:{re.escape(BASE)}|{re.escape(str(NDL).rstrip("#"))})[^"]*"'
    assert not re.search(away, page), "nor does one to what we tell of here leave by its whole IRI"
    assert f'href="/en{path.replace("&", "&amp;")}"' in page, "but for the switch"
    page = re.sub(r'<(\w+)\b[^>]*\blang="en"[^>]*>.*?</\1>|<title>.*?</title>', " ", page, flags=re.S)
    visible = re.sub(r"<script.*?</script>|<[^>]*>", " ", page, flags=re.S)
    english = [text for text in asked_for() if isinstance(text, str) and len(text) > 25 and text in visible]
    assert not english
    assert "Skip to main content" in service.get(path).text


def test_what_a_link_to_a_term_leads_to_is_there(service: httpx.Client) -> None:
    page = service.get("/dataset/price-paid-data").text + service.get("/access").text
    terms = set(re.findall(r'href="(/vocab[^"#]*)#([^"]*)"', page))
    assert len({path for path, _ in terms}) > 1
    for path, name in terms:
        assert f'id="{name}"' in service.get(path).text, (path, name)


def test_the_language_is_that_which_the_reader_prefers(service: httpx.Client) -> None:
    def language(header: str) -> str:
        answer = service.get("/about", headers={"Accept-Language": header})
        assert "accept-language" in answer.headers["vary"].lower()
        return str(answer.headers["content-language"])

    assert language("cy") == "cy"
    assert language("cy-GB, en;q=0.8") == "cy"
    assert language("en-GB, cy;q=0.9") == "en"
    assert language("fr, cy;q=0.3, en;q=0.2") == "cy"
    assert language("fr") == language("*") == language("") == language(";;q=x,,") == "en"
    answer = service.get("/en/about", headers={"Accept-Language": "cy"})
    assert answer.headers["content-language"] == "en", "an address that names one is not overruled"
    assert "accept-language" not in answer.headers["vary"].lower()


def test_what_is_said_in_two_lines_is_one_list(service: httpx.Client) -> None:
    """RFC 9110, section 5.3: of a header that may come twice, both count."""
    about = service.get("/about", headers=[("Accept-Language", "fr"), ("Accept-Language", "cy")])
    assert about.headers["content-language"] == "cy"
    record = service.get("/dataset/price-paid-data", headers=[("Accept", "image/png"), ("Accept", "text/turtle")])
    assert record.headers["content-type"].startswith("text/turtle")


def test_a_redirect_stays_in_the_language(service: httpx.Client) -> None:
    answer = service.get("/cy/about/", follow_redirects=True)
    assert (answer.status_code, answer.headers["content-language"]) == (200, "cy")
    assert answer.url.path == "/cy/about"


def test_caches_keep_languages_apart(service: httpx.Client) -> None:
    english, welsh = service.get("/uses"), service.get("/cy/uses")
    assert english.headers["etag"] != welsh.headers["etag"]
    assert service.get("/uses", headers={"If-None-Match": english.headers["etag"]}).status_code == 304
    assert service.get("/cy/uses", headers={"If-None-Match": english.headers["etag"]}).status_code == 200


def test_what_was_asked_before_does_not_stay_in_a_page(service: httpx.Client) -> None:
    assert "evil" not in service.get("/dataset/price-paid-data?evil=spam").text
    welsh = service.get("/keys", headers={"Accept-Language": "cy"}).text
    assert 'href="/access"' in welsh
    assert 'href="/cy/access"' in service.get("/cy/keys").text
    assert 'href="/en/access"' in service.get("/en/about").text
    assert 'href="/access"' in service.get("/about").text
    asked = service.get("/about", headers={"Accept-Language": "cy"})
    again = service.get("/about", headers={"Accept-Language": "cy", "If-None-Match": asked.headers["etag"]})
    assert (again.status_code, "accept-language" in again.headers["vary"].lower()) == (304, True)
    redirected = service.get("/cy/id/dataset/price-paid-data")
    assert redirected.headers["location"] == "/cy/dataset/price-paid-data"


def test_publisher_text_is_in_the_readers_language_or_marked(service: httpx.Client) -> None:
    both = service.get("/cy/service/sail-databank").text
    assert "<h1>Banc Data SAIL</h1>" in both
    assert "Rhaid gwneud cais yn gyntaf, gyda phrosiect a&#39;i ddiben." in both
    assert "<h1>SAIL Databank</h1>" in service.get("/service/sail-databank").text
    one = service.get("/cy/dataset/price-paid-data").text
    assert '<h1><span lang="en">Price Paid Data</span></h1>' in one
    assert '<div class="prose" lang="en">' in one
    assert "Agored i bawb" in one
    assert "<h1>Price Paid Data</h1>" in service.get("/dataset/price-paid-data").text


def test_numbers_and_dates_are_as_people_write_them(service: httpx.Client, demo: Catalog) -> None:
    use = "/use/hypothetical-does-help-after-school-lead-to-work"
    assert "11 May 2026" in service.get(use).text
    assert "11 Mai 2026" in service.get(f"/cy{use}").text
    count = len(demo.snapshot().index)
    assert f"{count} descriptions." in service.get("/").text
    assert f"{count} disgrifiad." in service.get("/cy/").text
    assert "<strong>1</strong> set ddata" in service.get("/cy/key/nhs-number").text
