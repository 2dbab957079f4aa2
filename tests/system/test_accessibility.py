"""Tests all pages with axe-core, in all states and both color schemes, and that axe-core would find violations."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser_page import DESKTOP, FEED, PHONE, ask, reading, tell
from tests.system.person import Person
from tests.system.service import ROOT, Service

PASSWORD = "a long way home 7"
AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text()
# Disable preloading, which inserts imported style sheets into the page and violates the content security policy.
RUN = "async () => (await axe.run(document, { resultTypes: ['violations'], preload: false })).violations"
Steps = Callable[[Page], Any]


def violations(page: Page) -> list[str]:
    """Return each violated rule with the elements that violate it."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [f"{rule['id']}: {[node['html'][:160] for node in rule['nodes']]}" for rule in found]


def opened(path: str) -> Steps:
    return lambda page: page.goto(path)


# Runs in the page, because the answers end within a second.
STOP_AT_THE_FIRST_WORDS = """() => {
    const said = document.getElementById("turn-1-b")?.textContent.includes(" ");
    if (said) document.querySelector(".stop button").click();
    return said;
}"""


def everything(page: Page) -> None:
    page.goto("/api/docs/")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def side_by_side(page: Page) -> None:
    page.goto("/")
    page.get_by_role("radio", name="Named models").check()


def answering(page: Page) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Your question").fill("What is said while you write?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Answer A")).to_be_visible()


def streaming(page: Page) -> None:
    """Stream code and a table that are wider than the page and not yet complete."""
    page.add_init_script(FEED)
    answering(page)
    # Phones show one side while answers arrive.
    tell(page, "delta", turn=1, side="a", text="```python\nlong = " + "1 + " * 200 + "\n```\n\n")
    tell(page, "delta", turn=1, side="a", text=f"|{'a wide column|' * 30}\n|{'---|' * 30}\n|{'a wide cell|' * 30}\n|so")
    page.wait_for_function(
        "() => ['pre', '.table'].every(each => {"
        " const found = document.querySelector(`.answer[aria-busy] ${each}`);"
        " return found?.scrollWidth > found?.clientWidth; })"
    )


def long_question(page: Page) -> None:
    ask(page, "Is this question easy to unfold? " * 20)


def stopped(page: Page) -> None:
    """Stop the answers, and retry if both had already ended, which can happen on a busy machine."""
    for _ in range(20):
        answering(page)
        page.wait_for_function(STOP_AT_THE_FIRST_WORDS)
        expect(page.locator("#status")).to_contain_text(re.compile("You stopped|^Which is better"))
        if "You stopped" in page.locator("#status").inner_text():
            return
    raise AssertionError("never stopped in time")


def ready(page: Page) -> None:
    ask(page, "Is this page easy to use?")


def voted(page: Page) -> None:
    ready(page)
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("heading", name="You chose A")).to_be_focused()


def skipped(page: Page) -> None:
    ready(page)
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="You skipped this battle.")).to_be_visible()


def listed(page: Page) -> None:
    voted(page)
    page.goto("/battles/")


def key_form(page: Page) -> Locator:
    """The key form of a separate account, because each test has one browser context."""
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill(f"axe-{uuid4().hex[:12]}")
    for label in ("Password", "Confirm password"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/")
    page.goto("/accounts/")
    page.get_by_text("Create a key").click()
    form = page.get_by_role("form", name="Create a key")
    form.get_by_label("Name").fill("Notebook")
    return form


def send_key_form(page: Page, form: Locator) -> None:
    form.get_by_role("button").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def key_made(page: Page) -> None:
    send_key_form(page, key_form(page))
    expect(page.get_by_label("The new key")).to_contain_text("arena_")


def pair_judged(page: Page) -> None:
    page.goto("/ready/")
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("heading", name="You preferred")).to_be_visible()


STATES = {
    "home": opened("/"),
    "ready pair": opened("/ready/"),
    "ready pair, judged": pair_judged,
    "home, two models to choose": side_by_side,
    "battle, answering": answering,
    "battle, code and a table coming in": streaming,
    "battle, a long question": long_question,
    "battle, stopped": stopped,
    "battle, ready": ready,
    "battle, voted": voted,
    "battle, skipped": skipped,
    "my battles, none": opened("/battles/"),
    "my battles": listed,
    "leaderboard": opened("/leaderboard/"),
    "leaderboard of public votes": opened("/leaderboard/?pool=chatbot-arena-2024-08"),
    "model": opened("/models/quokka-7b/"),
    "method": opened("/method/"),
    "method of public votes": opened("/method/?pool=chatbot-arena-2024-08"),
    "API": opened("/api/docs/"),
    "API, all open": everything,
    "account, a new key": key_made,
    "model with facts and scores": opened("/models/claude-3-5-sonnet-20240620/"),
    "benchmarks": opened("/benchmarks/"),
    "models and scores": opened("/models/"),
    "benchmark": opened("/benchmarks/gpqa/"),
    "log in": opened("/accounts/login/"),
    "sign up": opened("/accounts/signup/"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_page_has_no_violation(browser: Browser, service: Service, state: str, viewport: Any, scheme: Any) -> None:
    with reading(
        browser, service, Person(service.port), viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    ) as page:
        STATES[state](page)
        assert not violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_no_page_scrolls_sideways_on_the_narrowest_phone(browser: Browser, service: Service) -> None:
    paths = ["/", "/nowhere/", "/battles/", "/leaderboard/", "/leaderboard/plots/", "/history/", "/method/", "/models/"]
    paths += ["/benchmarks/", "/benchmarks/gpqa/", "/choose/", "/cost/", "/scaling/", "/accounts/login/"]
    # Not `reading`, because the browser logs the status of the missing page to the console.
    context = browser.new_context(base_url=service.url, viewport={"width": 320, "height": 640})
    page = context.new_page()
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def missing(page: Page) -> None:
    page.goto("/models/there-is-none/")


def refused(page: Page) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Your question").evaluate("box => { box.required = false; box.form.submit() }")
    expect(page.get_by_role("alert")).to_be_visible()


def key_refused(page: Page) -> None:
    form = key_form(page)
    form.get_by_label("Days until the key expires").fill("soon")
    send_key_form(page, form)
    expect(page.get_by_text("A key is valid for 1 to")).to_be_visible()


@pytest.mark.parametrize("steps", [missing, refused, key_refused])
def test_page_that_says_no_has_no_violation(browser: Browser, service: Service, steps: Steps) -> None:
    context = browser.new_context(base_url=service.url)  # the browser logs the status to the console
    page = context.new_page()
    steps(page)
    assert not violations(page)
    context.close()


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found.partition(":")[0] for found in violations(page)] == ["button-name"]
