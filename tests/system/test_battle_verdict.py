"""Tests voting in a real browser: the buttons and their keys, the reveal, and the next steps."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.system.browser_page import DESKTOP, FEED, PHONE, ask, body, open_bar, opening, reading, vote
from tests.system.person import Person
from tests.system.service import Service
from tests.system.zoo import LONG, QUICK

QUESTION = "Which is better?"
OUTLINE = "pane => getComputedStyle(pane).outlineStyle"
MEASURED = re.compile(r"This answer.*\d+ tokens/s.*first token after \d+\.\d\d s.*\d+ tokens", re.DOTALL)


def outlines(page: Page) -> dict[str, str]:
    return {side: page.locator(f"#turn-1-{side}-pane").evaluate(OUTLINE) for side in "ab"}


def test_choice_outlines_what_it_favors_before_it_is_made(ready: Page) -> None:
    for name, expected in {
        "A is better": ("solid", "none"),
        "B is better": ("none", "solid"),
        "Tie": ("solid", "solid"),
        "Both bad": ("dashed", "dashed"),
        "Skip": ("none", "none"),
    }.items():
        ready.get_by_role("button", name=name).hover()
        assert tuple(outlines(ready).values()) == expected, name
    ready.mouse.move(0, 0)
    ready.get_by_role("button", name="A is better").focus()
    ready.keyboard.press("Tab")
    assert tuple(outlines(ready).values()) == ("solid", "solid")


def test_each_key_arms_its_choice_and_enter_confirms_it(ready: Page) -> None:
    for key, choice in {"1": "A is better", "2": "B is better", "3": "Tie", "4": "Both bad", "s": "Skip"}.items():
        button = ready.get_by_role("button", name=choice)
        expect(button).to_have_attribute("aria-keyshortcuts", key.upper())
        assert button.inner_text().split() == [*choice.split(), key.upper()]
        ready.keyboard.press(key)
        expect(ready.get_by_role("status")).to_have_text(f"{choice}. Press Enter to confirm, or Esc to cancel.")
    ready.keyboard.press("Enter")
    expect(ready.get_by_role("heading", name="You skipped this battle.")).to_be_focused()
    ready.keyboard.press("n")
    expect(ready.get_by_role("textbox", name="Your question")).to_be_focused()


def test_style_of_a_replaced_element_is_not_copied(ready: Page) -> None:
    """The content security policy forbids style attributes, so a copy would write to the console."""
    ready.evaluate("for (const side of 'ab') document.getElementById(`turn-1-${side}-head`).style.width = '9rem'")
    vote(ready, "1")
    expect(ready.get_by_role("heading", name="You chose A")).to_be_focused()
    expect(ready.locator("header[style]")).to_have_count(0)


def test_armed_choice_is_shown_and_can_be_changed_or_cancelled(ready: Page) -> None:
    status = ready.get_by_role("status")
    ready.keyboard.press("1")
    assert tuple(outlines(ready).values()) == ("solid", "none")
    ready.keyboard.press("2")
    assert tuple(outlines(ready).values()) == ("none", "solid")
    expect(status).to_contain_text("B is better.")
    ready.keyboard.press("Escape")
    assert tuple(outlines(ready).values()) == ("none", "none")
    expect(status).to_have_text(QUESTION)
    ready.keyboard.press("1")
    body(ready, "b").focus()  # somebody who goes elsewhere has not decided yet
    expect(status).to_have_text(QUESTION)
    ready.keyboard.press("Enter")
    expect(ready.get_by_role("button", name="A is better")).to_be_enabled()
    ready.get_by_role("button", name="A is better").focus()
    ready.keyboard.press("2")
    expect(status).to_be_focused()  # Space would press a focused button
    vote(ready, "2")
    expect(ready.get_by_role("heading", name="You chose B")).to_be_focused()


def test_keys_that_scroll_do_not_vote(ready: Page) -> None:
    keys = ("ArrowLeft", "ArrowRight", "ArrowDown", "ArrowUp", "Space", "=", "Enter")
    for key in keys:
        ready.keyboard.press(key)
        ready.keyboard.press("Enter")
        expect(ready.get_by_role("status")).to_have_text(QUESTION)
        expect(ready.get_by_role("button", name="A is better")).to_be_enabled()
    vote(ready, "1")
    expect(ready.get_by_role("heading", name="You chose A")).to_be_focused()
    address = ready.url
    for key in keys:
        ready.keyboard.press(key)
    ready.wait_for_timeout(300)
    assert ready.url == address


def test_double_enter_votes_once_and_stays(ready: Page) -> None:
    ready.get_by_role("link", name="Leaderboard").focus()
    address = ready.url
    vote(ready, "1")
    ready.keyboard.press("Enter")
    expect(ready.get_by_role("heading", name="You chose A")).to_be_focused()
    ready.keyboard.press("Enter")
    ready.wait_for_timeout(300)
    assert ready.url == address


def test_shortcuts_can_be_turned_off_and_on(ready: Page) -> None:
    help_button = ready.get_by_role("button", name="Keyboard shortcuts")
    help_button.click()
    switch = ready.get_by_role("checkbox", name="Keyboard shortcuts")
    choice = ready.get_by_role("button", name="A is better")
    expect(switch).to_be_checked()
    switch.uncheck()
    ready.reload()
    help_button.click()
    expect(switch).not_to_be_checked()
    ready.keyboard.press("Escape")
    expect(choice).not_to_have_attribute("aria-keyshortcuts", re.compile("."))
    assert choice.inner_text() == "A is better"
    vote(ready, "1")
    expect(ready.get_by_role("status")).to_have_text(QUESTION)
    choice.click()
    expect(ready.get_by_role("heading", name="You chose A")).to_be_focused()
    address = ready.url
    ready.keyboard.press("n")
    ready.wait_for_timeout(300)
    assert ready.url == address
    help_button.click()
    expect(switch).not_to_be_checked()
    switch.check()
    ready.keyboard.press("Escape")
    ready.get_by_role("heading", name="You chose A").focus()
    ready.keyboard.press("n")
    expect(ready.get_by_role("textbox", name="Your question")).to_be_focused()


def test_keys_are_left_to_typing_repeats_and_the_shortcuts_of_browsers(ready: Page) -> None:
    ready.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: '1', repeat: true }))")
    for key in ("Control+1", "Alt+1", "Shift+S", "Meta+2"):
        ready.evaluate(
            "([key, ...held]) => document.body.dispatchEvent(new KeyboardEvent('keydown',"
            " { key, bubbles: true, ctrlKey: held[0], altKey: held[1], shiftKey: held[2], metaKey: held[3] }))",
            [key.partition("+")[2], *(key.startswith(name) for name in ("Control", "Alt", "Shift", "Meta"))],
        )
    expect(ready.get_by_role("status")).to_have_text(QUESTION)
    ready.get_by_role("textbox", name="A follow-up question for both").click()
    expect(ready.get_by_role("textbox", name="A follow-up question for both")).to_be_focused()
    ready.keyboard.type("1 = 2 s")
    expect(ready.get_by_role("textbox", name="A follow-up question for both")).to_have_value("1 = 2 s")
    expect(ready.get_by_role("status")).to_have_text(QUESTION)
    expect(ready.get_by_role("button", name="A is better")).to_be_enabled()


def test_one_vote_counts_and_one_press_leads_to_the_next_box(page: Page, service: Service) -> None:
    ask(page, "How many presses?")
    [(before,)] = service.query("SELECT count(*) FROM arena_vote")
    vote(page, "1")
    expect(page.get_by_role("heading", name="You chose A")).to_be_focused()
    [(votes, counted)] = service.query("SELECT count(*), count(*) FILTER (WHERE counted) FROM arena_vote")
    assert (votes - before, counted > 0) == (1, True)
    page.add_init_script("addEventListener('focusin', () => { window.focused ??= performance.now(); })")
    page.keyboard.press("n")
    page.wait_for_url("/")
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    assert page.evaluate("focused ?? performance.now()") < 1000


def test_lost_answer_to_a_vote_shows_the_stored_one_at_the_next_press(browser: Browser, zoo: Service) -> None:
    person = Person(zoo.port)
    battle = person.fight("Does it arrive?", *QUICK)
    with opening(browser, zoo, person) as page:  # the browser logs the lost answer to the console
        page.add_init_script(FEED)  # otherwise, the event would show the reveal before the next key press
        page.goto(f"/battles/{battle['id']}/")

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/vote/", lose, times=1)
        page.get_by_role("button", name="B is better").click()
        expect(page.get_by_role("status")).to_have_text("Your request did not arrive. Please try again.")
        vote(page, "1")
        expect(page.get_by_role("heading", name="You chose B")).to_be_visible()


def test_reveal_names_both_and_leads_to_their_pages(page: Page) -> None:
    ask(page, "Who are you two?")
    assert "Quokka" not in page.content()
    page.get_by_role("button", name="Tie").click()
    expect(page.get_by_role("heading", name="You called it a tie.")).to_be_focused()
    cards = page.get_by_role("article").filter(has_text="This answer")
    expect(cards).to_have_count(2)
    facts = cards.filter(has_text="Quokka-7B")
    expect(facts).to_contain_text("Maker of Quokka-7B")
    expect(facts).to_contain_text(MEASURED)
    quokka = page.get_by_role("region", name="Ratings").get_by_role("listitem").filter(has_text="Quokka-7B")
    heads = page.get_by_role("article").get_by_role("heading", name="Model Quokka-7B")
    expect(heads).to_have_count(1)
    quokka.get_by_role("link", name="Model Quokka-7B").click()
    expect(page.get_by_role("heading", name="Model Quokka-7B", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Known facts")).to_contain_text("quokka-7b")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_answers_stay_as_readable_as_they_were_before_the_vote(browser: Browser, zoo: Service, viewport: Any) -> None:
    person = Person(zoo.port)
    battle = person.fight("Who says more?", *LONG)
    with reading(browser, zoo, person, viewport=viewport) as page:
        page.goto(f"/battles/{battle['id']}/")
        before = [body(page, side).evaluate("body => body.clientHeight") for side in "ab"]
        vote(page, "1")
        expect(page.get_by_role("heading", name="You chose A")).to_be_in_viewport()
        expect(page.get_by_role("link", name="Next battle")).to_be_in_viewport()
        expect(page.locator("#talk-a-head:visible, #turn-1-a-head:visible").last).to_contain_text("Model")
        after = [body(page, side).evaluate("body => body.clientHeight") for side in "ab"]
        assert all(now >= then for now, then in zip(after, before, strict=True)), (before, after)


def test_opinion_is_saved_as_it_is_given(ready: Page) -> None:
    vote(ready, "1")
    opinion = ready.get_by_role("form", name="Why? (optional)")
    a, b = (opinion.get_by_role("group", name=f"Answer {side} was") for side in "AB")
    with ready.expect_response("**/opinion/"):
        a.get_by_text("correct").click()
    with ready.expect_response("**/opinion/"):
        b.get_by_role("checkbox", name="too long").check()
    expect(opinion.get_by_role("status")).to_have_text("Saved")
    with ready.expect_response("**/opinion/"):
        opinion.get_by_role("textbox", name="Comment").fill("Short and right.")
    ready.reload()
    b.get_by_text("More reasons").click()
    expect(a.get_by_role("checkbox", name="correct")).to_be_checked()
    expect(b.get_by_role("checkbox", name="too long")).to_be_checked()
    expect(b.get_by_role("checkbox", name="correct")).not_to_be_checked()
    expect(opinion.get_by_role("textbox", name="Comment")).to_have_value("Short and right.")


def test_going_on_is_with_the_names_and_the_box_at_hand(ready: Page) -> None:
    vote(ready, "2")
    expect(ready.get_by_role("heading", name="You chose B")).to_be_visible()
    said = ready.locator("#turn-1-a").inner_text()
    ready.get_by_role("button", name="Follow-up question").click()
    expect(ready.get_by_role("textbox", name="A follow-up question for both")).to_be_focused()
    expect(ready.get_by_role("status")).to_contain_text("Ask both models the next question.")
    expect(ready.get_by_role("button", name="A is better")).to_have_count(0)
    assert ready.locator("#turn-1-a").inner_text() == said
    expect(ready.locator(".talk-heads")).to_contain_text("Model Quick")
    ready.keyboard.type("And now?")
    ready.keyboard.press("Enter")
    expect(ready.get_by_role("region", name="Turn 2")).to_contain_text("And now?")
    open_bar(ready)
    expect(ready.get_by_role("status")).to_contain_text("your vote does not change any rating")
    expect(ready.get_by_role("button", name="A is better")).to_be_enabled()
    expect(ready.get_by_role("region", name="Turn 2").get_by_role("heading", name="Answer B Model")).to_have_count(1)
