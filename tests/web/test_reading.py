"""The fixed texts can be read by a child of twelve, and the first page says what this is in a few words."""

import re

import httpx
import pytest
from babel.messages.extract import extract

from tests.web.test_language import PAGES, TEMPLATES, asked_for


def reading_age(text: str) -> float:
    """The age at which a text can be read: the Automated Readability Index (Senter and Smith 1967), and five years."""
    words = re.findall(r"[\w’'.-]*\w", text)
    letters = sum(len(re.sub(r"\W", "", word)) for word in words)
    sentences = len(re.findall(r"[.!?:](?=\s|$)", text)) or 1
    return 4.71 * letters / len(words) + 0.5 * len(words) / sentences - 21.43 + 5


def test_the_measure_tells_easy_from_hard() -> None:
    assert reading_age("The cat sat on the mat. It was a fat cat.") < 8
    hard = (
        "Interdepartmental data-sharing agreements necessitate comprehensive organisational accountability frameworks."
    )
    assert reading_age(hard) > 20


@pytest.mark.parametrize("name", PAGES)
def test_a_child_of_twelve_can_read_the_fixed_text(name: str) -> None:
    with (TEMPLATES / name).open("rb") as file:
        found = [message for _, message, _, _ in extract("jinja2.ext:babel_extract", file, keywords={"_": None})]
    sentences = [
        text for text in found if isinstance(text, str) and text.endswith((".", "?")) and len(text.split()) > 3
    ]
    text = re.sub(r"<[^>]*>|%\(\w+\)s", "", " ".join(dict.fromkeys(sentences)))
    if len(text.split()) < 30:
        return  # a line or two: the whole, below, has them
    assert reading_age(text) <= 12, text


def test_so_can_be_the_whole() -> None:
    sentences = [text for text in asked_for() if isinstance(text, str) and text.endswith((".", "?"))]
    assert reading_age(" ".join(re.sub(r"<[^>]*>", "", text) for text in sentences)) <= 12


def test_what_this_is_is_said_in_under_300_words(service: httpx.Client) -> None:
    page = service.get("/about").text
    start, detail = page.index("<h1>"), page.index("The detail")
    words = re.sub(r"<[^>]*>", " ", page[start:detail]).split()
    assert 50 < len(words) < 300
    assert "It never holds the data." in page[start:detail]
