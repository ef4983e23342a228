"""The query editor in a real browser, with a wide window and a narrow one, and with the keyboard alone."""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_journey import browser, page  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser

EDITOR = "document.querySelector('.CodeMirror').CodeMirror"


def write(page: Page, query: str) -> None:  # noqa: F811 - the fixture's value
    page.evaluate(f"query => {EDITOR}.setValue(query)", query)


def test_examples_run_and_results_link_to_records(page: Page) -> None:  # noqa: F811
    outside: list[str] = []
    page.on("request", lambda request: None if "//127.0.0.1" in request.url else outside.append(request.url))
    page.goto("/sparql")
    expect(page.get_by_role("button", name="Run", exact=True)).to_have_count(1)
    page.get_by_label("Start from an example").select_option(label="Which datasets cover Wales?")
    expect(page.locator("#comment")).to_contain_text("Wales")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#yasr table tbody tr").first).to_be_visible()
    write(page, "SELECT ?record { ?record a dcat:CatalogRecord } ORDER BY ?record LIMIT 3")
    page.get_by_role("button", name="Run", exact=True).click()
    link = page.locator("#yasr table a.iri").first
    expect(link).to_have_attribute("href", "/dataset/annual-survey-of-hours-and-earnings-linked-to-the-2011-census"
                                   "-england-and-wales")  # fmt: skip
    expect(page.locator("#told")).to_contain_text("Added for you: dcat:")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Annual Survey")
    assert not outside


def test_csv_can_be_downloaded_and_a_link_shared(page: Page) -> None:  # noqa: F811
    page.goto("/sparql")
    write(page, "SELECT ?t { ?d dct:title ?t FILTER(?t = 'Price Paid Data'@en) }")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.path().read_text().split() == ["t", "Price", "Paid", "Data"]
    shared = page.get_by_role("link", name="Link to this query").get_attribute("href")
    assert shared
    page.goto("/")
    page.goto(shared)
    expect(page.locator("#yasr table tbody tr")).to_have_count(1)
    assert "Price Paid Data" in page.evaluate(f"{EDITOR}.getValue()")


def test_errors_and_empty_answers_teach(page: Page) -> None:  # noqa: F811
    page.goto("/sparql")
    write(page, "SELECT ?d { ?d a dcat:Dataset ; dcat:title ?t }")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#told")).to_contain_text("dcat:Dataset has no dcat:title; it has dct:title.")


def test_a_prefix_that_is_added_is_no_error(page: Page) -> None:  # noqa: F811
    page.goto("/sparql")
    mark = page.locator("#yasqe .parseErrorIcon")
    write(page, "SELECT ?d { ?d dcct:title ?t }")
    expect(mark).to_have_count(1)
    write(page, "SELECT ?d { ?d a dcat:Dataset ; dct:title ?t }")
    expect(mark).to_have_count(0)
    # What stood there before the prefixes were known is read again.
    page.goto("/sparql?query=SELECT+%3Fd+%7B+%3Fd+a+dcat%3ADataset+%7D")
    expect(page.locator("#yasr table tbody tr").first).to_be_visible()
    expect(mark).to_have_count(0)


def test_a_broken_query_shows_where(browser: Browser, service: httpx.Client) -> None:  # noqa: F811
    found = browser.new_page(base_url=str(service.base_url))
    found.goto("/sparql")
    write(found, "SELECT * {\n ?s dcct:title ?t\n}")
    found.get_by_role("button", name="Run", exact=True).click()
    expect(found.locator(".problem")).to_contain_text("the prefix dcct: is not declared")
    found.get_by_role("button", name="Go to that place").click()
    assert found.evaluate(f"{EDITOR}.getCursor().line") == 1
    found.close()


def test_the_keyboard_is_enough(page: Page) -> None:  # noqa: F811
    page.goto("/sparql")
    page.get_by_label("Start from an example").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("ASK { ?s ?p ?o }")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#yasr")).to_contain_text("True")
    write(page, "SELECT ?x { ?x a dcat:Datas")
    page.locator("#yasqe textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Space")
    expect(page.locator(".CodeMirror-hints")).to_contain_text("dcat:Dataset")


def test_without_scripts_the_form_sends_the_query(browser: Browser, service: httpx.Client) -> None:  # noqa: F811
    context = browser.new_context(base_url=str(service.base_url), java_script_enabled=False)
    found = context.new_page()
    found.goto("/sparql")
    found.get_by_label("Query", exact=True).fill("ASK { ?s ?p ?o }")
    found.get_by_role("button", name="Run").click()
    expect(found.locator("body")).to_contain_text('"boolean":true')
    context.close()
