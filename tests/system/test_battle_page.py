"""The battle page in a real browser: by role and name, by keys, on a phone, and without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.system.reading import FEED, PHONE, ask, body, judging, open_bar, reading, tell
from tests.system.service import Service

LINES = "".join(f"Line {number}.\n\n" for number in range(60))
OUTLINE = "pane => getComputedStyle(pane).outlineStyle"
AT_END = "body => body.scrollHeight - body.clientHeight - body.scrollTop < 30"
BACKGROUND = "body => getComputedStyle(body).backgroundColor"
MEASURED = re.compile(r"This answer.*\d+ tokens/s.*first token after \d+\.\d\d s.*\d+ tokens", re.DOTALL)
SPREAD = "page => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def phone(browser: Browser, service: Service) -> Iterator[Page]:
    with reading(browser, service, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        yield page


@pytest.fixture
def ready(browser: Browser, zoo: Service) -> Iterator[Page]:
    """The page of a battle that can be voted on."""
    with judging(browser, zoo, "Which answer is better?") as page:
        yield page


@pytest.fixture
def plain(browser: Browser, service: Service) -> Iterator[Page]:
    """A page without JavaScript."""
    with reading(browser, service, java_script_enabled=False) as page:
        yield page


@pytest.fixture
def fed(page: Page) -> Page:
    """The page of a battle of which the test tells what happens."""
    page.add_init_script(FEED)
    page.goto("/")
    page.get_by_role("textbox", name="Your question").fill("What will be said?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Answer A")).to_be_visible()
    return page


def grow(page: Page, text: str, side: str = "a") -> None:
    tell(page, "delta", turn=1, side=side, text=text)


def outlines(page: Page) -> dict[str, str]:
    return {side: page.locator(f"#turn-1-{side}-pane").evaluate(OUTLINE) for side in "ab"}


def test_choice_outlines_what_it_favours_before_it_is_made(ready: Page) -> None:
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


@pytest.mark.parametrize(
    ("key", "heading"),
    [
        ("1", "You found A better."),
        ("ArrowLeft", "You found A better."),
        ("=", "You called it a tie."),
        ("ArrowDown", "You found both bad."),
        ("2", "You found B better."),
        ("ArrowRight", "You found B better."),
        ("s", "You skipped this battle."),
    ],
)
def test_each_key_is_its_vote(ready: Page, key: str, heading: str) -> None:
    ready.keyboard.press(key)
    expect(ready.get_by_role("heading", name=heading)).to_be_focused()
    ready.keyboard.press("Space")
    expect(ready.get_by_role("textbox", name="Your question")).to_be_focused()


def test_keys_are_left_to_typing_scrolling_repeats_and_shortcuts(ready: Page) -> None:
    ready.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: '1', repeat: true }))")
    for key in ("Control+1", "Alt+ArrowLeft", "Shift+ArrowRight", "Meta+2"):
        ready.evaluate(
            "([key, ...held]) => document.body.dispatchEvent(new KeyboardEvent('keydown',"
            " { key, bubbles: true, ctrlKey: held[0], altKey: held[1], shiftKey: held[2], metaKey: held[3] }))",
            [key.partition("+")[2], *(key.startswith(name) for name in ("Control", "Alt", "Shift", "Meta"))],
        )
    body(ready, "a").focus()
    ready.keyboard.press("ArrowDown")
    ready.get_by_text("Ask both a further question").click()
    ready.keyboard.type("1 = 2 s")
    expect(ready.get_by_role("textbox", name="A further question for both")).to_have_value("1 = 2 s")
    expect(ready.get_by_role("button", name="A is better")).to_be_enabled()


def test_one_press_counts_and_one_more_leads_to_the_next_box(page: Page, service: Service) -> None:
    ask(page, "How many presses?")
    [(before,)] = service.query("SELECT count(*) FROM arena_vote")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="You found A better.")).to_be_focused()
    [(votes, counted)] = service.query("SELECT count(*), count(*) FILTER (WHERE counted) FROM arena_vote")
    assert (votes - before, counted > 0) == (1, True)
    page.add_init_script("addEventListener('focusin', () => { window.focused ??= performance.now(); })")
    page.keyboard.press("Space")
    page.wait_for_url("/")
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    assert page.evaluate("focused ?? performance.now()") < 300


def test_lost_answer_to_a_vote_shows_the_stored_one_at_the_next_press(browser: Browser, service: Service) -> None:
    context = browser.new_context(base_url=service.url)
    page = context.new_page()
    ask(page, "Does it arrive?")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/vote/", lose, times=1)
    page.get_by_role("button", name="B is better").click()
    expect(page.get_by_role("status")).to_have_text("That did not arrive. Please try again.")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="You found B better.")).to_be_visible()
    context.close()


def test_whoever_reads_at_the_end_stays_there_and_nobody_else_is_moved(fed: Page) -> None:
    grow(fed, LINES)
    grow(fed, LINES, "b")
    for side in "ab":
        expect(fed.locator(f"#turn-1-{side}")).to_contain_text("Line 59.")
    fed.wait_for_function(f"() => ({AT_END})(document.querySelector('#turn-1-b-pane .pane-body'))")
    assert body(fed, "a").evaluate(AT_END)
    body(fed, "a").evaluate("body => { body.scrollTop = 40; }")
    body(fed, "a").evaluate("() => new Promise(requestAnimationFrame)")
    for side in "ab":
        grow(fed, f"{LINES}The end. ", side)
        expect(fed.locator(f"#turn-1-{side}")).to_contain_text("The end.")
    fed.wait_for_function(f"() => ({AT_END})(document.querySelector('#turn-1-b-pane .pane-body'))")
    assert body(fed, "a").evaluate("body => body.scrollTop") == 40


def test_panes_are_equally_high_and_their_heads_stay(fed: Page) -> None:
    grow(fed, LINES)
    expect(fed.locator("#turn-1-a")).to_contain_text("Line 59.")
    boxes = [fed.get_by_role("article", name=f"Answer {side}").bounding_box() for side in "AB"]
    assert boxes[0] and boxes[1]
    assert (boxes[0]["y"], boxes[0]["height"]) == (boxes[1]["y"], boxes[1]["height"])
    for name in ("Answer A", "Answer B"):
        expect(fed.get_by_role("heading", name=name)).to_be_in_viewport()
    expect(fed.get_by_role("button", name="Tie")).to_be_in_viewport()
    expect(fed.get_by_text("What will be said?")).to_be_in_viewport()


def test_finished_answer_is_announced_once_and_not_by_its_words(fed: Page) -> None:
    fed.evaluate(
        "() => { window.heard = []; const status = document.getElementById('status');"
        " const observer = new MutationObserver(() => heard.push(status.textContent));"
        " observer.observe(status, { childList: true, characterData: true, subtree: true }); }"
    )
    for word in ("One ", "word ", "at ", "a ", "time."):
        grow(fed, word)
        grow(fed, word, "b")
    expect(fed.locator("#turn-1-b")).to_contain_text("One word at a time")
    tell(fed, "done", turn=1, side="a", html="<p>One word at a time.</p>")
    fed.evaluate("() => new Promise(requestAnimationFrame)")
    tell(fed, "done", turn=1, side="b", html="<p>One word at a time.</p>")
    fed.evaluate("() => new Promise(requestAnimationFrame)")
    tell(fed, "ready")
    fed.evaluate("() => new Promise(requestAnimationFrame)")
    assert fed.evaluate("heard") == [
        "Answer A is finished.",
        "Answer B is finished.",
        "Both answers are here. Which is better?",
    ]
    assert fed.locator(".answer[aria-live], .turns[aria-live]").count() == 0


def test_further_question_keeps_what_is_there_and_shows_its_turn(ready: Page) -> None:
    first = ready.locator("#turn-1-a").inner_text()
    ready.get_by_text("Ask both a further question").click()
    box = ready.get_by_role("textbox", name="A further question for both")
    expect(box).to_be_focused()
    ready.keyboard.type("And what")
    ready.keyboard.press("Shift+Enter")
    ready.keyboard.type("comes second?")
    ready.evaluate("document.querySelector('#turn-1').dataset.kept = 'yes'")
    ready.keyboard.press("Enter")
    turn = ready.get_by_role("region", name="Turn 2")
    expect(turn.get_by_role("group", name="Your question")).to_be_focused()
    expect(turn).to_contain_text("comes second?")
    expect(turn.get_by_role("heading", name="Answer A")).to_be_in_viewport()
    expect(ready.get_by_role("button", name="A is better")).to_be_disabled()
    open_bar(ready)
    assert ready.locator("#turn-1").get_attribute("data-kept") == "yes"
    assert ready.locator("#turn-1-a").inner_text() == first
    expect(ready.locator("#turn-2-b")).not_to_be_empty()
    ready.keyboard.press("2")
    expect(ready.get_by_role("heading", name="You found B better.")).to_be_visible()


def test_reveal_names_both_and_leads_to_their_pages(page: Page) -> None:
    ask(page, "Who are you two?")
    assert "Quokka" not in page.content()
    page.get_by_role("button", name="Tie").click()
    expect(page.get_by_role("heading", name="You called it a tie.")).to_be_focused()
    cards = page.get_by_role("list").filter(has_text="Rating before this vote").get_by_role("listitem")
    expect(cards).to_have_count(2)
    quokka = cards.filter(has_text="Quokka-7B")
    expect(quokka).to_contain_text("Maker of Quokka-7B")
    expect(quokka).to_contain_text(MEASURED)
    heads = page.get_by_role("article").get_by_role("heading", name="Model Quokka-7B")
    expect(heads).to_have_count(1)
    quokka.get_by_role("link", name="Model Quokka-7B").click()
    expect(page.get_by_role("heading", name="Model Quokka-7B", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Known facts")).to_contain_text("quokka-7b")


def test_opinion_is_saved_as_it_is_given(ready: Page) -> None:
    ready.keyboard.press("1")
    opinion = ready.get_by_role("form", name="Why? If you like to say")
    a, b = (opinion.get_by_role("group", name=f"Answer {side} was") for side in "AB")
    with ready.expect_response("**/opinion/"):
        a.get_by_text("correct").click()
    with ready.expect_response("**/opinion/"):
        b.get_by_role("checkbox", name="too long").check()
    expect(opinion.get_by_role("status")).to_have_text("Saved")
    with ready.expect_response("**/opinion/"):
        opinion.get_by_role("textbox", name="Comment").fill("Short and right.")
    ready.reload()
    expect(a.get_by_role("checkbox", name="correct")).to_be_checked()
    expect(b.get_by_role("checkbox", name="too long")).to_be_checked()
    expect(b.get_by_role("checkbox", name="correct")).not_to_be_checked()
    expect(opinion.get_by_role("textbox", name="Comment")).to_have_value("Short and right.")


def test_going_on_is_with_the_names_and_the_box_at_hand(ready: Page) -> None:
    ready.keyboard.press("2")
    expect(ready.get_by_role("heading", name="You found B better.")).to_be_visible()
    said = ready.locator("#turn-1-a").inner_text()
    ready.get_by_role("button", name="Go on talking").click()
    expect(ready.get_by_role("textbox", name="A further question for both")).to_be_focused()
    expect(ready.get_by_role("status")).to_contain_text("your vote moves no rating")
    assert ready.locator("#turn-1-a").inner_text() == said
    expect(ready.get_by_role("heading", name="Answer A Model")).to_be_visible()
    ready.keyboard.type("And now?")
    ready.keyboard.press("Enter")
    expect(ready.get_by_role("region", name="Turn 2")).to_contain_text("And now?")
    open_bar(ready)
    expect(ready.get_by_role("region", name="Turn 2").get_by_role("heading", name="Answer B Model")).to_be_visible()


def test_same_question_again_starts_a_battle_of_it(ready: Page) -> None:
    ready.keyboard.press("=")
    before = ready.url
    ready.get_by_role("button", name="The same question again").click()
    open_bar(ready)
    assert ready.url != before
    expect(ready.get_by_role("group", name="Your question")).to_have_text("Which answer is better?")


def test_phone_has_both_panes_and_the_bar_within_reach(phone: Page) -> None:
    ask(phone, "What fits a phone?")
    bar: dict[str, Any] = {}
    for name in ("A is better", "B is better", "Tie", "Both bad", "Skip"):
        button = phone.get_by_role("button", name=name)
        expect(button).to_be_in_viewport(ratio=1)
        bar[name] = button.bounding_box()
        assert bar[name]["height"] >= 44
    assert bar["A is better"]["y"] == bar["B is better"]["y"] < bar["Tie"]["y"] == bar["Skip"]["y"]
    phone.get_by_role("link", name="Go to answer B").tap()
    expect(phone.get_by_role("heading", name="Answer B")).to_be_in_viewport()
    expect(body(phone, "b")).to_be_focused()
    phone.get_by_role("link", name="Go to answer A").tap()
    expect(phone.get_by_role("heading", name="Answer A")).to_be_in_viewport()
    assert not phone.evaluate(SPREAD)
    phone.get_by_role("button", name="B is better").tap()
    expect(phone.get_by_role("heading", name="You found B better.")).to_be_in_viewport()
    assert not phone.evaluate(SPREAD)
    phone.get_by_role("link", name="Next battle").tap()
    expect(phone.get_by_role("textbox", name="Your question")).to_be_focused()


def test_page_works_without_javascript(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_role("textbox", name="Your question").fill("Who needs scripts?")
    plain.get_by_role("button", name="Start the battle").click()
    for _ in range(100):
        if plain.get_by_role("button", name="A is better").is_enabled():
            break
        plain.wait_for_timeout(100)
        plain.reload()
    expect(plain.locator("#turn-1-a")).not_to_be_empty()
    plain.get_by_text("Ask both a further question").click()
    plain.get_by_role("textbox", name="A further question for both").fill("And now?")
    plain.get_by_role("button", name="Send").click()
    for _ in range(100):
        if plain.get_by_role("button", name="A is better").is_enabled():
            break
        plain.wait_for_timeout(100)
        plain.reload()
    expect(plain.get_by_role("region", name="Turn 2")).to_contain_text("And now?")
    plain.get_by_role("button", name="A is better").click()
    expect(plain.get_by_role("heading", name="You found A better.")).to_be_visible()
    plain.get_by_role("group", name="Answer A was").get_by_role("checkbox", name="useful").check()
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("group", name="Answer A was").get_by_role("checkbox", name="useful")).to_be_checked()
    plain.get_by_role("button", name="Go on talking").click()
    expect(plain.get_by_role("textbox", name="A further question for both")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_follows_the_scheme_of_the_system(browser: Browser, zoo: Service, scheme: str) -> None:
    with judging(browser, zoo, f"How does {scheme} look?", color_scheme=scheme, reduced_motion="reduce") as page:
        shade = [int(number) for number in re.findall(r"\d+", page.locator("body").evaluate(BACKGROUND))[:3]]
        assert (sum(shade) < 200) == (scheme == "dark")
        moving = "document.getAnimations().filter(each => each.playState === 'running').length"
        assert page.evaluate(moving) == 0


def test_battle_from_the_first_page_to_the_next_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.type("Who needs a mouse?")
    page.keyboard.press("Enter")
    open_bar(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('summary') !== null"):
            break
    page.keyboard.press("Enter")
    page.keyboard.type("Really?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Turn 2")).to_be_visible()
    open_bar(page)
    page.keyboard.press("ArrowRight")  # belongs to the question, which is focused and may scroll
    expect(page.get_by_role("button", name="A is better")).to_be_enabled()
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="You found B better.")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
