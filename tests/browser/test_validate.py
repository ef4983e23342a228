"""A steward checks a description in a real browser, with and without a script, by mouse and by keyboard."""

import re

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_journey import browser, page  # noqa: F401 - fixtures

BAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
<http://example.org/rivers> a dcat:Dataset ;
  dct:title "Rivers"@en ;
  dct:issued "4 May 2022" ;
  dct:description "Too short"@en .
"""


def test_paste_read_the_summary_and_jump_to_the_line(page: Page) -> None:  # noqa: F811
    page.goto("/validate")
    page.get_by_label("Paste it here").fill(BAD)
    page.get_by_role("button", name="Check").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    summary.get_by_role("link", name=re.compile("no way to the data")).click()
    expect(page).to_have_url(re.compile("#problem-"))
    page.get_by_role("link", name="Line 6", exact=True).first.click()
    expect(page.locator("#line-6")).to_be_in_viewport()
    expect(page.locator("#line-6")).to_contain_text("fewer than 50 characters")
    page.get_by_text("What changes").click()
    expect(page.locator("pre.diff")).to_contain_text("2022-05-04")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "it fits"


def test_upload_by_keyboard_and_without_a_script(browser: Browser, service: httpx.Client) -> None:  # noqa: F811
    context = browser.new_context(base_url=str(service.base_url), java_script_enabled=False)
    found = context.new_page()
    found.goto("/validate")
    found.get_by_label("Or choose a file").set_input_files(
        {"name": "rivers.ttl", "mimeType": "text/turtle", "buffer": BAD.encode()}
    )
    found.get_by_label("DCAT-AP 3.0.1", exact=True).focus()
    found.keyboard.press("Space")
    found.get_by_role("button", name="Check").focus()
    found.keyboard.press("Enter")
    expect(found.get_by_role("alert")).to_contain_text("There is a problem")
    expect(found.get_by_label("DCAT-AP 3.0.1", exact=True)).to_be_checked()
    context.close()


def test_quality_from_the_overview_to_a_list(page: Page) -> None:  # noqa: F811
    page.goto("/quality")
    expect(page.get_by_role("heading", name="What to mend first")).to_be_visible()
    page.get_by_role("link", name="Office for National Statistics").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Office for National Statistics")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("List to work through")).first.click()
    assert download.value.suggested_filename.endswith(".csv")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "it fits"
