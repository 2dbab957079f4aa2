"""Tests the home page in a real browser: suggestion cards, modes, and the draft, with and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.system.browser_page import DESKTOP, PHONE, opening
from tests.system.service import Service

SELECTED = "box => box.value.slice(box.selectionStart, box.selectionEnd)"


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your question")


def cards(page: Page) -> Locator:
    return page.get_by_role("region", name="Example questions").get_by_role("listitem").get_by_role("link")


def texts(page: Page) -> list[str]:
    return page.locator(".card-prompt").all_text_contents()


def picker(page: Page, side: str) -> Locator:
    return page.get_by_role("combobox", name=f"Model {side}")


def posted(page: Page) -> list[str]:
    """Record the URLs of POST requests from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent


def with_placeholder(page: Page) -> Locator:
    """Return a card with a placeholder. Half of the cards have one."""
    for _ in range(20):
        found = cards(page).filter(has_text="[").filter(has_not_text="[]")
        if found.count():
            return found.first
        before = texts(page)
        page.get_by_role("link", name="Show four other questions").click()
        expect(page.locator(".card-prompt").first).not_to_have_text(before[0])
    raise AssertionError("no card has a placeholder")


def test_card_fills_the_box_and_selects_what_is_to_be_replaced(page: Page) -> None:
    page.goto("/")
    expect(cards(page)).to_have_count(4)
    card = with_placeholder(page)
    text = card.locator(".card-prompt").text_content() or ""
    card.click()
    expect(box(page)).to_have_value(text)
    expect(box(page)).to_be_focused()
    placeholder = box(page).evaluate(SELECTED)
    assert placeholder == text[text.index("[") : text.index("]") + 1]
    page.keyboard.type("my own words")
    expect(box(page)).to_have_value(text.replace(placeholder, "my own words"))


def test_card_by_keyboard_keeps_what_was_typed_for_an_undo(page: Page) -> None:
    page.goto("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("What I had begun")
    cards(page).first.focus()
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value(texts(page)[0])
    expect(box(page)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(box(page)).to_have_value("What I had begun")


def test_shuffle_gives_four_others_and_leaves_the_box_alone(page: Page) -> None:
    page.goto("/")
    box(page).fill("My question")
    before = texts(page)
    page.get_by_role("link", name="Show four other questions").click()
    expect(page.get_by_role("status")).to_have_text("Four other questions are shown.")
    assert len(texts(page)) == 4
    assert not set(texts(page)) & set(before)
    expect(box(page)).to_have_value("My question")
    expect(page.get_by_role("link", name="Show four other questions")).to_be_focused()


def test_side_by_side_battle_is_between_the_picked_models(page: Page, service: Service) -> None:
    """The same model picked twice before the script is there is refused in words."""
    held: list[Route] = []
    page.route("**/mode_picker*.js", lambda route, _: held.append(route))
    page.goto("/", wait_until="commit")
    expect(picker(page, "A")).to_be_hidden()
    page.get_by_role("radio", name="Named models").check()
    for side in "AB":
        picker(page, side).select_option("Model Wombat-70B")
    box(page).fill("Who of you is it?")
    held[0].continue_()
    page.wait_for_load_state("load")
    sent = posted(page)
    page.get_by_role("button", name="Start the battle").click()
    expect(picker(page, "B")).to_be_focused()
    assert picker(page, "B").evaluate("picker => picker.validationMessage") == "Choose two different models."
    assert not sent
    expect(picker(page, "B").get_by_role("option", name="Wombat")).to_be_disabled()
    picker(page, "B").select_option("Model Quokka-7B")
    box(page).press("Enter")
    page.wait_for_url("**/battles/*/")
    battle = page.url.rstrip("/").rpartition("/")[2]
    pair = "SELECT mode, a.slug, b.slug FROM arena_battle JOIN arena_contestant a ON a.id = contestant_a_id"
    pair += " JOIN arena_contestant b ON b.id = contestant_b_id WHERE arena_battle.id = %s"
    assert service.query(pair, battle) == [("side_by_side", "wombat-70b", "quokka-7b")]


def test_modes_by_keyboard_are_remembered_with_both_models_as_far_as_they_are_offered(page: Page) -> None:
    page.goto("/")
    page.get_by_role("radio", name="Anonymous models").focus()
    page.keyboard.press("ArrowRight")
    picker(page, "A").select_option("Model Wombat-70B")
    page.reload()
    expect(page.get_by_role("radio", name="Anonymous models")).to_be_checked()
    page.get_by_role("radio", name="Named models").check()
    picker(page, "A").select_option("Model Wombat-70B")
    picker(page, "B").select_option("Model Quokka-7B")
    page.reload()
    expect(page.get_by_role("radio", name="Named models")).to_be_checked()
    expect(picker(page, "A")).to_have_value("wombat-70b")
    expect(picker(page, "B")).to_have_value("quokka-7b")
    page.evaluate("localStorage.mode = localStorage.mode.replace('wombat-70b', 'thylacine-1b')")
    page.reload()
    expect(page.get_by_role("radio", name="Anonymous models")).to_be_checked()
    page.get_by_role("radio", name="Named models").check()
    expect(picker(page, "A")).to_have_value("")
    expect(picker(page, "B")).to_have_value("quokka-7b")


def test_anonymous_battle_asks_for_no_models(page: Page) -> None:
    page.goto("/")
    page.get_by_role("radio", name="Named models").check()
    picker(page, "A").select_option("Model Wombat-70B")
    page.get_by_role("radio", name="Anonymous models").check()
    box(page).fill("Blind after all?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/battles/*/")


@pytest.mark.parametrize(("given", "missing"), [("A", "B"), ("", "A")])
def test_missing_model_is_led_to_before_anything_is_sent(page: Page, given: str, missing: str) -> None:
    page.goto("/")
    page.get_by_role("radio", name="Named models").check()
    if given:
        picker(page, given).select_option("Model Wombat-70B")
    box(page).fill("And now?")
    sent = posted(page)
    page.keyboard.press("Enter")
    expect(picker(page, missing)).to_be_focused()
    assert picker(page, missing).evaluate("picker => picker.validity.valueMissing")
    page.get_by_role("button", name="Start the battle").click()
    expect(page.get_by_role("button", name="Start the battle")).to_be_enabled()
    assert not sent
    page.reload()
    expect(box(page)).to_have_value("And now?")


def test_draft_survives_a_reload_and_goes_with_the_battle(page: Page) -> None:
    page.goto("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("Half a quest")
    page.reload()
    expect(box(page)).to_have_value("Half a quest")
    expect(box(page)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("ion")
    page.keyboard.press("Enter")
    page.wait_for_url("**/battles/*/")
    page.goto("/")
    expect(box(page)).to_have_value("")


def test_enter_sends_and_shift_enter_breaks_the_line(page: Page) -> None:
    page.goto("/")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("One")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two?")
    expect(box(page)).to_have_value("One\ntwo?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/battles/*/")
    expect(page.get_by_text("One\ntwo?").first).to_be_visible()


def test_question_in_the_address_is_typed_on_and_survives_a_reload(page: Page) -> None:
    page.goto("/?prompt=The%20same%20question")
    expect(box(page)).to_have_value("The same question")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" again")
    page.reload()
    expect(box(page)).to_have_value("The same question again")


def test_card_and_form_work_without_javascript(plain: Page) -> None:
    plain.goto("/")
    text = texts(plain)[2]
    cards(plain).nth(2).click()
    expect(box(plain)).to_have_value(text)
    plain.get_by_role("button", name="Start the battle").click()
    plain.wait_for_url("**/battles/*/")


def test_phone_has_targets_for_thumbs(page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.goto("/")
    page.get_by_role("radio", name="Named models").check()
    controls = page.locator("main").locator("button, select, label:has(input), .card, #shuffle")
    heights = [control.bounding_box()["height"] for control in controls.all() if control.is_visible()]
    assert len(heights) >= 8
    assert min(heights) >= 44
    labels = page.locator("label:has(input)").all()
    assert max(label.bounding_box()["height"] for label in labels) < 60  # no label wraps


@pytest.mark.parametrize(("viewport", "scripts"), [(PHONE, True), (DESKTOP, False)], ids=["phone", "no scripts"])
def test_first_vote_takes_one_press_and_the_next_pair_another(
    browser: Browser, service: Service, viewport: Any, scripts: bool
) -> None:
    """A phone begins with the pair and keeps its keyboard away."""
    with opening(browser, service, java_script_enabled=scripts, viewport=viewport) as page:
        page.goto("/")
        for name in ("A is better", "B is better"):
            expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
        expect(box(page)).not_to_be_focused()
        assert not scripts or page.evaluate("scrollY") == 0
        page.get_by_role("button", name="B is better").click()
        expect(page.get_by_role("heading", level=2).first).to_contain_text("You preferred")
        judged = page.url
        page.get_by_role("link", name="Next pair").click()
        expect(page.get_by_role("heading", level=2).first).to_have_text("Which answer is better?")
        assert page.url.partition("?")[0] != judged


def test_card_starts_its_question_with_one_press(page: Page) -> None:
    page.goto("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("half a question")
    first = cards(page).first.locator(".card-prompt").text_content() or ""
    page.get_by_role("button", name="Start with this question").first.click()
    page.wait_for_url("**/battles/*/")
    expect(page.get_by_text(first).first).to_be_visible()
    page.goto("/")
    expect(box(page)).to_have_value("half a question")


def test_pair_on_the_home_page_is_judged_by_keyboard_and_another_one_comes(page: Page) -> None:
    page.goto("/")
    page.get_by_role("group", name="Answer B").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="A is better")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/b/*/")
    judged = page.url.rstrip("/").rpartition("/")[2]
    page.goto("/")
    assert judged not in (page.locator(".duel form").get_attribute("action") or "")
