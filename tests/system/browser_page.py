"""Browser pages that fail the test on unexpected console messages or requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.person import Person
from tests.system.service import ROOT, Service
from tests.system.zoo import QUICK

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
READY_WITHIN_MS = 20_000
AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text()
# Disable preloading, which inserts imported style sheets into the page and violates the content security policy.
RUN_AXE = "async () => (await axe.run(document, { resultTypes: ['violations'], preload: false })).violations"
LOOKS: tuple[tuple[Any, Any], ...] = ((PHONE, "dark"), (DESKTOP, "light"))
FITS = "width => document.documentElement.scrollWidth <= width"
SHIFTS = """() => { window.shift = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""
# Replaces the event stream with events from the test.
FEED = "window.EventSource = class extends EventTarget { constructor() { super(); window.feed = this; } close() {} }"


@contextmanager
def opening(browser: Browser, service: Service, person: Person | None = None, **options: Any) -> Iterator[Page]:
    """Open a page for this person in a new browser context. The browser logs the status of errors to its console."""
    context = browser.new_context(base_url=service.url, **{"viewport": DESKTOP} | options)
    cookies = person.cookies if person else {}
    context.add_cookies([{"name": name, "value": value, "url": service.url} for name, value in cookies.items()])
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def reading(browser: Browser, service: Service, person: Person | None = None, **options: Any) -> Iterator[Page]:
    """Open a page for this person in a new browser context. Console messages and foreign requests fail the test."""
    said: list[str] = []
    with opening(browser, service, person, **options) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: request.url.startswith(service.url) or said.append(request.url))
        yield page
    assert not said, said


@contextmanager
def judging(browser: Browser, zoo: Service, prompt: str, **options: Any) -> Iterator[Page]:
    """Open a page with a battle between two fast models that is ready for a vote."""
    person = Person(zoo.port)
    battle = person.fight(prompt, *QUICK)
    with reading(browser, zoo, person, **options) as page:
        page.goto(f"/battles/{battle['id']}/")
        yield page


def ask(page: Page, prompt: str) -> None:
    """Ask a question on the home page and wait for the vote buttons."""
    start(page, prompt)
    open_bar(page)


def start(page: Page, prompt: str) -> None:
    """Ask a question on the home page and wait for the battle."""
    page.goto("/")
    page.get_by_role("textbox", name="Your question").fill(prompt)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Answer A")).to_be_visible()


def start_fed(page: Page, prompt: str) -> None:
    """Start a battle whose events come from the test."""
    page.add_init_script(FEED)
    start(page, prompt)


def open_bar(page: Page) -> None:
    expect(page.get_by_role("button", name="A is better")).to_be_enabled(timeout=READY_WITHIN_MS)


def vote(page: Page, key: str) -> None:
    """Arm a choice by its key and confirm it."""
    page.keyboard.press(key)
    page.keyboard.press("Enter")


def tell(page: Page, name: str, **data: object) -> None:
    """Send an event of the stream that FEED replaces."""
    page.wait_for_function("() => window.feed")
    page.evaluate("([name, data]) => feed.dispatchEvent(new MessageEvent(name, { data }))", [name, json.dumps(data)])


def violations(page: Page) -> list[str]:
    """Return each violated rule with the elements that violate it."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    return [f"{rule['id']}: {[node['html'][:160] for node in rule['nodes']]}" for rule in found]


def check_looks(page: Page) -> None:
    """Check that the page has no violation and fits its window, on a phone in the dark and then on a light desktop.

    Contrast depends on the color scheme, and overflow on the width, so two of the four combinations suffice.
    """
    for viewport, scheme in LOOKS:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_function(FITS, arg=viewport["width"])
        assert not violations(page), (page.url, scheme)


def body(page: Page, side: str, turn: int = 1) -> Locator:
    """Return the scrollable part of a pane."""
    return page.locator(f"#turn-{turn}-{side}-pane .pane-body")
