"""Somebody's page in a real browser, of whose console and requests nothing must come that should not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.person import Person
from tests.system.service import Service
from tests.system.zoo import QUICK

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
READY_WITHIN_MS = 20_000
# In place of the stream: what the test tells.
FEED = "window.EventSource = class extends EventTarget { constructor() { super(); window.feed = this; } close() {} }"


@contextmanager
def reading(browser: Browser, service: Service, person: Person | None = None, **options: Any) -> Iterator[Page]:
    """A page in a browser of its own, as this person; a message on its console or a foreign request fails the test."""
    context = browser.new_context(base_url=service.url, **{"viewport": DESKTOP} | options)
    cookies = person.cookies if person else {}
    context.add_cookies([{"name": name, "value": value, "url": service.url} for name, value in cookies.items()])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith(service.url) or said.append(request.url))
    yield page
    context.close()
    assert not said, said


@contextmanager
def judging(browser: Browser, zoo: Service, prompt: str, **options: Any) -> Iterator[Page]:
    """A page on a battle that can be voted on: two quick models have answered."""
    person = Person(zoo.port)
    battle = person.fight(prompt, *QUICK)
    with reading(browser, zoo, person, **options) as page:
        page.goto(f"/battles/{battle['id']}/")
        yield page


def ask(page: Page, prompt: str) -> None:
    """From the first page, up to the open vote bar."""
    page.goto("/")
    page.get_by_role("textbox", name="Your question").fill(prompt)
    page.keyboard.press("Enter")
    open_bar(page)


def open_bar(page: Page) -> None:
    expect(page.get_by_role("button", name="A is better")).to_be_enabled(timeout=READY_WITHIN_MS)


def tell(page: Page, name: str, **data: object) -> None:
    """As an event of the stream that FEED stands in for."""
    page.wait_for_function("() => window.feed")
    page.evaluate("([name, data]) => feed.dispatchEvent(new MessageEvent(name, { data }))", [name, json.dumps(data)])


def body(page: Page, side: str, turn: int = 1) -> Locator:
    """The part of a pane that scrolls."""
    return page.locator(f"#turn-{turn}-{side}-pane .pane-body")
