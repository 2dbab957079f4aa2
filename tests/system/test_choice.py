"""Tests shortlists and their blind battles in a real browser, the calculators without JavaScript, and all of it with
axe-core.
"""

import json
import re

from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.catalog.score_files import LM_EVAL
from tests.system.browser_page import PHONE, READY_WITHIN_MS, check_looks, open_bar, opening, reading, violations
from tests.system.service import Service

PAGES = (
    "/?among=quokka-7b&among=wombat-70b",
    "/choose/",
    "/choose/?task=coding&context=200k&tools=on",  # somebody is left
    "/choose/?price=0&tools=on",  # nobody is left
    "/choose/decision/?task=coding&context=1k&chosen=quokka-7b&why=Because",
    "/cost/?model=llama-3.1-8b-instruct&gpu_hour=2&input_tokens=1M",
    "/scaling/?params=8B&tokens=15T&law=hoffmann",
)
REFUSED = ("/cost/?price_input=-1&layers=3", "/choose/?monthly=1", "/choose/decision/?chosen=nobody")


def test_limits_lead_to_a_shortlist_to_battles_and_to_a_decision(browser: Browser, service: Service) -> None:
    with reading(browser, service) as page:
        page.goto("/")
        page.get_by_role("contentinfo").get_by_role("link", name="Choose a model").click()
        page.get_by_role("link", name="Writing code").click()
        page.get_by_label("Min context (tokens)").fill("200k")
        page.get_by_label("Max $ per million tokens (blended)").fill("2")
        page.get_by_label("Commercial use allowed, possibly with conditions").check()

        # The list changes with each limit, without a button.
        expect(page).to_have_url(re.compile("commercial=on.*price=2|price=2.*commercial=on"))
        expect(page.get_by_role("heading", name=re.compile("models match “Writing code”"))).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("lacks? data"))).to_be_visible()
        # We know nothing about these two, so they are not ticked.
        for name in ("Quokka-7B", "Wombat-70B"):
            box = page.get_by_role("checkbox", name=f"Model {name}")
            expect(box).not_to_be_checked()
            box.check()
        matches = page.url
        page.get_by_role("button", name="Compare the selected models blind").click()
        expect(page.get_by_text("Blind battles between:")).to_contain_text("Quokka-7B")
        page.get_by_role("textbox", name="Your question").fill("Write a function that reverses a list.")
        page.keyboard.press("Enter")
        open_bar(page)
        page.get_by_role("button", name="A is better").click()
        expect(page.get_by_role("heading", name="You chose A")).to_be_visible(timeout=READY_WITHIN_MS)

        expect(page.get_by_role("link", name="Next battle")).to_have_attribute("href", re.compile("among=quokka-7b"))
        expect(page.get_by_text("This vote does not change any rating.")).to_be_visible()

        page.goto(matches)
        page.get_by_role("link", name="Write a decision note").click()
        page.get_by_label("Chosen model").select_option("quokka-7b")
        page.get_by_label("Why").fill("Its answer was right.")
        page.get_by_role("button", name="Update this page").click()
        expect(page.get_by_text("Chosen: Model Quokka-7B")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Markdown").click()
        assert "**Chosen model: Model Quokka-7B**" in download.value.path().read_text()


def test_enter_in_a_limit_sends_what_was_typed_and_nothing_else(browser: Browser, service: Service) -> None:
    with opening(browser, service) as page:  # some limits need another one, and the browser logs that
        # These are offered if they are set.
        page.goto("/choose/?task=&latency=9&speed=1&failures=9&rate=1&token_rate=1")
        fields = page.locator("#limits input[type=text]")
        offered = fields.evaluate_all("fields => fields.map(field => field.name)")
        names = {"price", "context", "latency", "params", "monthly"}
        assert names <= {*offered}
        for name in names:
            page.goto(f"/choose/?{name}=4")
            page.locator("details").evaluate_all("folds => folds.forEach(fold => fold.open = true)")
            page.locator(f"#limits input[name={name}]").fill("3")
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(rf"/choose/\?{name}=3B?&sort=tier$"))


RESULTS = (
    ("/choose/?task=", "Max $ per million tokens (blended)", "0", "#results", "No model is known to match"),
    ("/cost/?input_tokens=200M&output_tokens=2M&price_input=1.25&price_output=10", "Output tokens per month",
     "40M", "#cost-result", "$650.00"),
    ("/scaling/?params=8B&tokens=160B", "Training tokens", "15T", "#scaling", "8B parameters on 15T tokens"),
    ("/choose/?task=", "Max $ per million tokens (blended)", "dear", "#results", "No result yet."),
    ("/cost/?input_tokens=200M&price_input=1.25&price_output=10", "Output tokens per month", "some",
     "#cost-result", "No result yet."),
    ("/scaling/?params=8B&tokens=160B", "Training tokens", "some", "#scaling", "No result yet."),
)  # fmt: skip


def test_result_follows_what_is_typed(page: Page) -> None:
    """The field is never left."""
    for path, label, value, result, words in RESULTS:
        page.goto(path)
        field = page.get_by_label(label, exact=True)
        field.press("Control+a")
        field.press_sequentially(value)
        expect(page.locator(result)).to_contain_text(words)
        expect(field).to_be_focused()


def test_tabs_follow_the_limits_that_are_typed(page: Page) -> None:
    page.goto("/choose/?task=")
    page.get_by_label("Max $ per million tokens (blended)", exact=True).press_sequentially("3")
    for tab in ("Decision", "Matches"):
        expect(page.get_by_role("link", name=tab, exact=True)).to_have_attribute("href", re.compile("price=3"))


def test_calculators_and_choice_need_no_javascript(plain: Page) -> None:
    plain.goto("/scaling/")
    for label, value in {"Parameters": "", "Training tokens": "", "Compute": "5.76e23"}.items():
        plain.get_by_label(label, exact=True).fill(value)
    plain.get_by_role("button", name="Calculate").click()
    expect(plain.get_by_role("row", name="Lowest predicted loss")).to_contain_text("72.2B")

    plain.goto("/cost/")
    for label, value in {
        "Input tokens per month": "100M",
        "Output tokens per month": "20M",
        "$ per million input tokens": "2.5",
        "$ per million output tokens": "10",
        "$ per GPU-hour": "2.5",
        "GPUs per replica": "2",
    }.items():
        plain.get_by_label(label, exact=True).fill(value)
    plain.get_by_role("button", name="Calculate").click()
    expect(plain.get_by_role("row", name="Per month")).to_contain_text("$450.00")
    expect(plain.get_by_role("row", name="Per month")).to_contain_text("$3,650.00")
    expect(plain.get_by_text("973M tokens a month")).to_be_visible()

    plain.goto("/choose/?task=")
    plain.get_by_label("Max $ per million tokens (blended)").fill("3")
    plain.keyboard.press("Enter")
    expect(plain).to_have_url(re.compile(r"[?&]price=3&(?!.*price=)"))

    plain.goto("/choose/?pages=300&unknown=exclude")  # an old address
    expect(plain).to_have_url(re.compile(r"/choose/\?pages=300$"))
    expect(plain.get_by_text("context unknown").first).to_be_attached()


def test_pages_have_no_violation(browser: Browser, service: Service) -> None:
    with opening(browser, service) as page:  # the browser logs the status of those that refuse
        for path in (*PAGES, *REFUSED):
            page.goto(path)
            check_looks(page)


def test_sending_for_the_catalog_has_no_violation(browser: Browser, service: Service) -> None:
    """Covers the form, the form with errors, and the preview of an accepted file."""
    with opening(browser, service, viewport=PHONE) as page:
        page.goto("/benchmarks/submit/")
        for content, heading in (
            (b"{}", "Submit scores or suggest a model"),
            (json.dumps(LM_EVAL).encode(), "Scores from"),
        ):
            assert not violations(page)
            page.get_by_label("Result file").set_input_files(FilePayload(name="r.json", mimeType="", buffer=content))
            page.get_by_role("button", name="Submit file").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        assert not violations(page)
