"""A person's way: search, open a record, follow a distribution. In a real browser."""

import json
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
    page.get_by_role("link", name="Northern Ireland", exact=True).first.click()
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


def test_finds_out_that_it_is_not_for_me_and_whom_to_ask(page: Page) -> None:
    page.goto("/access")
    page.get_by_label("I am a").select_option(label="Company")
    page.get_by_label("I want it for").select_option(label="A product or service for profit")
    page.get_by_label("It should be about").fill("pupils")
    page.get_by_role("button", name="Show what I can use").click()
    group = page.locator("details", has_text="These are not for you")
    if group.get_attribute("open") is None:
        group.locator("summary").click()
    expect(group).to_contain_text("only others may ask")
    group.get_by_role("link", name="National Pupil Database").click()
    expect(page.locator("#use + ul")).to_contain_text("Who may ask: Researcher.")
    expect(page.locator("body")).to_contain_text("data.sharing@education.gov.uk")
    report = page.get_by_role("link", name="Report a problem with this description").get_attribute("href")
    assert report
    assert report.startswith(
        "mailto:data.sharing@education.gov.uk?subject=Description%3A%20National%20Pupil%20Database"
    )
    assert "%2Fdataset%2Fnational-pupil-database" in report


def test_switches_to_welsh_and_stays_there(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Cymraeg").click()
    page.get_by_label("Am beth ydych chi'n chwilio?").fill("SAIL")
    page.get_by_role("button", name="Chwilio").click()
    page.get_by_role("link", name="Banc Data SAIL").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Banc Data SAIL")
    expect(page.locator("#use + ul")).to_contain_text("Rhaid gwneud cais yn gyntaf")
    page.get_by_role("link", name="English", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("SAIL Databank")


def test_copies_the_json_ld(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/dataset/price-paid-data")
    page.get_by_role("button", name="Copy: JSON-LD", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Copied: JSON-LD")
    copied = page.evaluate("navigator.clipboard.readText()")
    served = page.request.get("/dataset/price-paid-data.jsonld").text()
    assert json.loads(copied) == json.loads(served)


def test_sees_who_used_it_and_what_it_links_with(page: Page) -> None:
    page.goto("/dataset/longitudinal-education-outcomes-leo-standard-extract")
    page.get_by_role("link", name="Hypothetical: does help after school lead to work?").click()
    expect(page.locator("main")).to_contain_text("Nobody was given any data")
    expect(page.locator("main")).to_contain_text("Money for young people goes to the help that works.")
    page.goto("/dataset/price-paid-data")
    section = page.locator("section", has=page.locator("#linked"))
    expect(section).to_contain_text("access to both, from both holders")
    section.get_by_role("link", name="Postcode", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Postcode")
    expect(page.get_by_role("link", name="Price Paid Data")).to_be_visible()
