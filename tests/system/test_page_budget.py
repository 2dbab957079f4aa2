"""Tests the size and load time of the home page and a battle, and that typing does not lag during streaming."""

import json

from playwright.sync_api import Browser, Page, expect

from tests.system.browser_page import FEED, ask, reading, tell
from tests.system.service import Service

MOST_BYTES = 60_000
FIRST_PAINT_MS = 1000
LONGEST_TASK_MS = 50
LAG = "() => { const end = performance.now() + 500; while (performance.now() < end); }"
LOADED = """() => performance.getEntriesByType("resource")
    .filter(({ name }) => /\\.(js|css)(\\?|$)/.test(name))
    .map(({ name, encodedBodySize }) => [name, encodedBodySize])"""
PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime"""
# Streams 100 tokens of five letters per second on each side for two seconds, from a timer in the page.
STREAM = """() => new Promise((done) => {
    const end = performance.now() + 2000;
    const word = () => ["**bold** ", "plain ", "`code` ", "\\n\\n- item ", "more "][Math.floor(Math.random() * 5)];
    const timer = setInterval(() => {
        for (const side of ["a", "b"]) {
            const data = JSON.stringify({ turn: 1, side, text: word() + word() + word() + word() });
            feed.dispatchEvent(new MessageEvent("delta", { data }));
        }
        if (performance.now() > end) { clearInterval(timer); done(); }
    }, 40);
})"""


def loaded(page: Page) -> dict[str, int]:
    """Return the transferred bytes of each script and style sheet."""
    found: dict[str, int] = dict(page.evaluate(LOADED))
    return found


def test_home_and_battle_load_little(browser: Browser, service: Service) -> None:
    with reading(browser, service) as page:
        page.goto("/")
        home = loaded(page)
    with reading(browser, service) as page:
        ask(page, "How much does this page load?")
        page.reload()
        battle = loaded(page)
    for parts in (home, battle):
        assert len(parts) >= 3
        assert sum(parts.values()) <= MOST_BYTES, parts


def test_first_paint_comes_within_a_second(browser: Browser, service: Service) -> None:
    def painted() -> float:
        with reading(browser, service) as page:
            page.goto("/")
            page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
            when: float = page.evaluate(PAINTED)
            return when

    assert min(painted() for _ in range(5)) <= FIRST_PAINT_MS


def test_typing_does_not_lag_while_answers_come(browser: Browser, page: Page) -> None:
    page.add_init_script(FEED)
    page.goto("/")
    page.get_by_role("textbox", name="Your question").fill("What comes in while I type?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Answer A")).to_be_visible()
    tell(page, "delta", turn=1, side="a", text="It begins. ")
    assert longest_task_ms(browser, page, STREAM) <= LONGEST_TASK_MS
    assert len(page.locator("#turn-1-a").inner_text()) > 500
    assert longest_task_ms(browser, page, LAG) > LONGEST_TASK_MS  # otherwise, the page is in the background


def longest_task_ms(browser: Browser, page: Page, script: str) -> float:
    """Return the page's longest task in CPU time, which does not depend on other programs."""
    browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    page.evaluate(script)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {each["tid"]: each["args"]["name"] for each in events if each["name"] == "thread_name"}
    tasks = [each for each in events if each["name"].endswith("RunTask") and "tdur" in each]
    return max(float(task["tdur"]) for task in tasks if threads[task["tid"]] == "CrRendererMain") / 1000
