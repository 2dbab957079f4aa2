"""Tests all pages with axe-core in all states, and that axe-core would find violations."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser_page import ask, check_looks, opening, reading, start, start_fed, tell, violations
from tests.system.person import Person
from tests.system.service import Service

PASSWORD = "a long way home 7"
PAGES = (
    "/leaderboard/",
    "/leaderboard/?pool=chatbot-arena-2024-08",
    "/models/quokka-7b/",
    "/models/claude-3-5-sonnet-20240620/",  # with facts and scores
    "/models/",
    "/method/",
    "/method/?pool=chatbot-arena-2024-08",
    "/benchmarks/",
    "/benchmarks/gpqa/",
    "/accounts/login/",
    "/accounts/signup/",
)
Steps = Callable[[Page], None]


# Runs in the page, because the answers end within a second.
STOP_AT_THE_FIRST_WORDS = """() => {
    const said = document.getElementById("turn-1-b")?.textContent.includes(" ");
    if (said) document.querySelector(".stop button").click();
    return said;
}"""


def home_and_pair(page: Page) -> None:
    page.goto("/")
    check_looks(page)
    page.get_by_role("radio", name="Named models").check()
    check_looks(page)
    page.goto("/ready/")
    check_looks(page)
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("heading", name="You preferred")).to_be_visible()
    check_looks(page)


def streaming(page: Page) -> None:
    """Stream code and a table that are wider than the page and not yet complete."""
    start_fed(page, "What is said while you write?")
    check_looks(page)
    # Phones show one side while answers arrive.
    tell(page, "delta", turn=1, side="a", text="```python\nlong = " + "1 + " * 200 + "\n```\n\n")
    tell(page, "delta", turn=1, side="a", text=f"|{'a wide column|' * 30}\n|{'---|' * 30}\n|{'a wide cell|' * 30}\n|so")
    page.wait_for_function(
        "() => ['pre', '.table'].every(each => {"
        " const found = document.querySelector(`.answer[aria-busy] ${each}`);"
        " return found?.scrollWidth > found?.clientWidth; })"
    )
    check_looks(page)


def skipped(page: Page) -> None:
    ask(page, "Is this question easy to unfold? " * 20)
    check_looks(page)
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="You skipped this battle.")).to_be_visible()
    check_looks(page)


def stopped(page: Page) -> None:
    """Stop the answers, and retry if both had already ended, which can happen on a busy machine."""
    for _ in range(20):
        start(page, "Who stops you?")
        page.wait_for_function(STOP_AT_THE_FIRST_WORDS)
        expect(page.locator("#status")).to_contain_text(re.compile("You stopped|^Which is better"))
        if "You stopped" in page.locator("#status").inner_text():
            return check_looks(page)
    raise AssertionError("never stopped in time")


def voted(page: Page) -> None:
    page.goto("/battles/")
    check_looks(page)
    ask(page, "Is this page easy to use?")
    check_looks(page)
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("heading", name="You chose A")).to_be_focused()
    check_looks(page)
    page.goto("/battles/")
    check_looks(page)


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
    check_looks(page)


def pages(page: Page) -> None:
    for path in PAGES:
        page.goto(path)
        check_looks(page)


def document(page: Page) -> None:
    page.goto("/api/docs/")
    check_looks(page)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    check_looks(page)


@pytest.mark.parametrize("steps", [home_and_pair, streaming, skipped, stopped, voted, key_made, pages, document])
def test_page_has_no_violation(browser: Browser, service: Service, steps: Steps) -> None:
    with reading(browser, service, Person(service.port), reduced_motion="reduce") as page:
        steps(page)


def test_no_page_scrolls_sideways_on_the_narrowest_phone(browser: Browser, service: Service) -> None:
    paths = ["/", "/nowhere/", "/battles/", "/leaderboard/", "/leaderboard/plots/", "/history/", "/method/", "/models/"]
    paths += ["/benchmarks/", "/benchmarks/gpqa/", "/choose/", "/cost/", "/scaling/", "/accounts/login/"]
    # Not `reading`, because the browser logs the status of the missing page to the console.
    with opening(browser, service, viewport={"width": 320, "height": 640}) as page:
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


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
    with opening(browser, service) as page:  # the browser logs the status to the console
        steps(page)
        assert not violations(page)


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found.partition(":")[0] for found in violations(page)] == ["button-name"]
