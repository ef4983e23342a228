"""A person's way: search, open a record, follow a distribution. In a real browser."""

import re
import shutil
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import need

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need(CHROMIUM is not None, "Chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(params=[{"width": 1280, "height": 900}, {"width": 320, "height": 640}], ids=["desktop", "phone"])
def page(browser: Browser, service: httpx.Client, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=str(service.base_url), viewport=request.param)
    found = context.new_page()
    errors: list[str] = []
    base = str(service.base_url)

    def _ours(message: ConsoleMessage) -> bool:
        return message.type == "error" and str(message.location.get("url", "")).startswith(base)

    found.on("console", lambda message: errors.append(message.text) if _ours(message) else None)
    yield found
    assert not errors
    context.close()


def test_search_open_a_record_and_follow_a_distribution(page: Page) -> None:
    page.goto("/")
    page.get_by_label("What are you looking for?").fill("house prices")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("house prices")
    page.get_by_role("link", name="Price Paid Data").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Price Paid Data")
    expect(page.locator("body")).to_contain_text("HM Land Registry")
    way = page.locator(".ways a").first
    address = way.get_attribute("href")
    assert address
    assert address.startswith("https://")
    # The publisher's page is elsewhere, and tests reach no network: that it is asked for is what counts.
    with page.expect_request(lambda request: request.url.startswith(address.split("#")[0])):
        way.click(no_wait_after=True)


def test_filters_narrow_and_can_be_removed(page: Page) -> None:
    page.goto("/dataset")
    status = page.get_by_role("status")
    everything = status.inner_text()
    page.get_by_role("link", name="Health", exact=True).first.click()
    expect(status).not_to_have_text(everything)
    page.get_by_role("link", name="Remove").click()
    expect(status).to_have_text(everything)


def test_pages_fit_the_screen(page: Page) -> None:
    records = ("/dataset?q=school", "/dataset/price-paid-data", "/dataset/national-pupil-database")
    for path in ("/", *records, "/sparql", "/validate", "/quality", "/quality/agents"):
        page.goto(path)
        width = page.viewport_size["width"] if page.viewport_size else 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_keyboard_reaches_the_content(page: Page) -> None:
    page.goto("/dataset/price-paid-data")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
