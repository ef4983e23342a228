"""Every kind of page is usable by everybody: axe-core finds no fault, and keyboard, zoom and print work."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, Final, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.browser.test_journey import CHROMIUM, FLAGS
from tests.conftest import need
from tests.servers import COMPONENTS

pytestmark = pytest.mark.browser

AXE: Final = COMPONENTS / "clients" / "node_modules" / "axe-core" / "axe.min.js"
#: WCAG 2.2, levels A and AA (axe has no rule of its own for what 2.1 did not change).
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES: Final = (
    "/", "/dataset?q=schools", "/dataset?q=zzzzzzzz", "/dataset?page=2", "/cy/dataset?page=2",
    "/dataset/national-pupil-database", "/dataset/price-paid-data",
    "/service/sail-databank", "/access?who=researcher&for=research", "/uses",
    "/use/hypothetical-does-help-after-school-lead-to-work", "/keys", "/key/postcode", "/nations", "/about",
    "/developers", "/agents", "/stewards", "/catalog", "/quality", "/quality/agents", "/validate", "/shapes",
    "/shapes/ndl", "/vocab/access-level", "/docs", "/nothing-here", "/cy/", "/cy/dataset/price-paid-data", "/cy/access",
    "/sparql", "/organisation/hm-land-registry", "/theme/health", "/dataset/price-paid-data/history",
    "/quality/publisher/hm-land-registry", "/cy/quality", "/cy/validate", "/cy/sparql", "/cy/shapes/ndl",
    "/cy/stewards", "/cy/quality/publisher/hm-land-registry", "/cy/dataset?q=zxqv", "/cy/docs",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need(CHROMIUM is not None, "Chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def settled(path: str) -> Literal["load", "networkidle"]:
    """When a page is whole: the editor alone fetches something by script."""
    return "networkidle" if path.endswith("/sparql") else "load"


def opened(browser: Browser, service: httpx.Client, **more: Any) -> Page:
    return browser.new_context(base_url=str(service.base_url), bypass_csp=False, **more).new_page()


@pytest.fixture(scope="module")
def examined(browser: Browser, service: httpx.Client) -> Iterator[Page]:
    """A tab in which every page has axe at hand."""
    need(AXE.is_file(), "axe-core")
    page = opened(browser, service)
    page.context.add_init_script(path=AXE)
    yield page
    page.context.close()


#: What axe finds, without all that it has looked at.
LOOK: Final = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]}).then(
    found => [found.passes.length, found.violations.map(one => `${one.id}: ${one.nodes[0].html.slice(0, 150)}`)])"""


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_fault(examined: Page, path: str) -> None:
    """On a phone and on a desk, light and dark."""
    page = examined
    page.goto(path, wait_until=settled(path))
    faults = []
    for width, scheme in product((320, 1280), SCHEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
        passed, found = page.evaluate(LOOK, RULES)
        assert passed
        faults += [f"{width} {scheme}: {one}" for one in found]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"it is wider than {width}"
    assert not faults


def test_keyboard_alone_finds_out_who_may_use_what(browser: Browser, service: httpx.Client) -> None:
    page = opened(browser, service, viewport={"width": 1280, "height": 800})
    page.goto("/access")

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()") == name:
                style = "(s => [s.outlineStyle, s.boxShadow])(getComputedStyle(document.activeElement))"
                assert page.evaluate(style) != ["none", "none"], f"where the focus is cannot be seen at {name}"
                return
        pytest.fail(f"{name} cannot be reached by keyboard")

    tab_to("who")
    page.keyboard.type("Res")
    tab_to("for")
    page.keyboard.type("Res")
    tab_to("Show what I can use")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("who=researcher&for=research"))
    expect(page.locator("#answer")).to_contain_text("You can apply for these")
    page.context.close()


def test_text_can_be_twice_as_large(browser: Browser, service: httpx.Client) -> None:
    # Zoomed to 200 %, a screen of 1,280 points is one of 640 (WCAG 2.2, 1.4.4 and 1.4.10).
    page = opened(browser, service, viewport={"width": 640, "height": 400}, device_scale_factor=2)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path
    page.context.close()


def test_prints_without_what_only_a_screen_needs(browser: Browser, service: httpx.Client) -> None:
    page = opened(browser, service, reduced_motion="reduce")
    page.goto("/dataset/price-paid-data")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#use")).to_be_visible()
    page.context.close()


def test_pages_work_without_scripts_and_ask_nobody_else(browser: Browser, service: httpx.Client) -> None:
    page = opened(browser, service, java_script_enabled=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        asked.clear()
        page.goto(path)
        assert all(url.startswith(str(service.base_url)) for url in asked), path
    assert page.context.cookies() == []
    page.goto("/")
    page.get_by_label("What are you looking for?").fill("house prices")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Price Paid Data").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Price Paid Data")
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_weighs_more_than_150_kb(browser: Browser, service: httpx.Client, path: str) -> None:
    """With its style and scripts, as they come over the wire to a browser that has nothing of it yet."""
    page = opened(browser, service)
    asked: list[Request] = []
    page.on("requestfinished", lambda request: asked.append(request))
    page.goto(path, wait_until=settled(path))
    parts = {request.url: request.sizes()["responseBodySize"] for request in asked}
    page.context.close()
    assert len(parts) > 1
    assert sum(parts.values()) <= 150_000, parts


def test_a_phone_shows_the_language_switch(browser: Browser, service: httpx.Client) -> None:
    page = opened(browser, service, viewport={"width": 320, "height": 640})
    page.goto("/service/sail-databank")
    page.get_by_role("link", name="Cymraeg").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Banc Data SAIL")
    page.get_by_role("link", name="Dod o hyd i ddata").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dod o hyd i ddata")
    page.get_by_role("link", name="English", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find data")
    page.context.close()
