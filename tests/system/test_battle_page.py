"""Tests the battle page in a real browser: by role and name, with the keyboard, on a phone, and without JavaScript."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.processes import eventually
from tests.system.browser_page import (
    DESKTOP,
    PHONE,
    SHIFTS,
    ask,
    body,
    judging,
    open_bar,
    reading,
    start_fed,
    tell,
    violations,
    vote,
)
from tests.system.person import Person
from tests.system.service import Service
from tests.system.zoo import LONG, QUICK

LINES = "".join(f"Line {number}.\n\n" for number in range(60))
AT_END = "() => document.documentElement.scrollHeight - innerHeight - scrollY < 30"
SPREAD = "page => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def phone(browser: Browser, service: Service) -> Iterator[Page]:
    with reading(browser, service, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        yield page


@pytest.fixture
def fed(page: Page) -> Page:
    start_fed(page, "What will be said?")
    return page


def height(part: Locator) -> float:
    box = part.bounding_box()
    assert box
    return box["height"]


def grow(page: Page, text: str, side: str = "a") -> None:
    tell(page, "delta", turn=1, side=side, text=text)


def test_whoever_has_gone_to_the_end_stays_there_and_nobody_else_is_moved(fed: Page) -> None:
    for side in "ab":
        grow(fed, LINES, side)
        expect(fed.locator(f"#turn-1-{side}")).to_contain_text("Line 59.")
    assert fed.evaluate("scrollY") == 0
    fed.evaluate("scrollTo(0, 40)")
    grow(fed, f"{LINES}The middle. ")
    expect(fed.locator("#turn-1-a")).to_contain_text("The middle.")
    fed.evaluate("() => new Promise(requestAnimationFrame)")
    assert fed.evaluate("scrollY") == 40
    fed.evaluate("scrollTo(0, 100_000)")
    fed.wait_for_function(AT_END)
    grow(fed, f"{LINES}The end. ")
    expect(fed.locator("#turn-1-a")).to_contain_text("The end.")
    fed.wait_for_function(AT_END)


def test_vote_moves_nothing_above_it(ready: Page) -> None:
    places = "() => [scrollY, ...[...document.querySelectorAll('.pane, .question')].map(part => part.offsetTop)]"
    before = ready.evaluate(places)
    vote(ready, "1")
    expect(ready.get_by_role("heading", name="You chose A")).to_be_focused()
    assert ready.evaluate(places) == before


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_layout_does_not_shift_while_answers_arrive_and_the_bar_stays(
    browser: Browser, zoo: Service, viewport: Any
) -> None:
    person = Person(zoo.port)
    battle = person.start("What moves?", *QUICK)
    with reading(browser, zoo, person, viewport=viewport) as page:
        page.add_init_script(f"({SHIFTS})()")
        page.goto(f"/battles/{battle['id']}/")
        # In one call, because the bar can be replaced between finding and measuring it.
        place = page.evaluate("document.querySelector('.bar').getBoundingClientRect().toJSON()")
        open_bar(page)
        page.wait_for_timeout(500)
        bar, end = page.locator(".bar").bounding_box(), page.locator(".turns").bounding_box()
        assert place and bar and end
        assert bar["y"] == place["y"]
        assert bar["y"] + bar["height"] == viewport["height"]
        assert 16 <= bar["y"] - end["y"] - end["height"] < 30
        assert page.evaluate("shift") <= 0.02


def test_layout_does_not_shift_for_a_reader_who_follows_the_text(fed: Page) -> None:
    for side in "ab":
        grow(fed, LINES, side)
        expect(fed.locator(f"#turn-1-{side}")).to_contain_text("Line 59.")
    fed.evaluate("scrollTo(0, 100_000)")
    fed.wait_for_timeout(600)  # until the scrolling no longer counts as recent input
    fed.evaluate(SHIFTS)
    before = fed.evaluate("shift")
    for number in range(60, 80):
        grow(fed, f"{LINES}More.\n\nAnd line {number}. ")
        expect(fed.locator("#turn-1-a")).to_contain_text(f"And line {number}.")
        fed.wait_for_function(AT_END)
    assert fed.evaluate("shift") - before <= 0.02


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_box_for_a_follow_up_never_covers_the_status(browser: Browser, zoo: Service, viewport: Any) -> None:
    with judging(browser, zoo, "What is said beside the box?", viewport=viewport) as page:
        status, box = page.locator("#status"), page.get_by_role("textbox")
        status.evaluate("it => { it.textContent = 'At least one model did not answer. Which is better so far?'; }")
        for draft in ("", "A draft of what I want to ask"):
            box.fill(draft)
            text, place = status.bounding_box(), box.bounding_box()
            assert text and place
            is_beside = text["x"] + text["width"] <= place["x"]
            assert is_beside or text["y"] >= place["y"] + place["height"], draft


FILL = """WITH more AS (
    INSERT INTO arena_turn (battle_id, number, prompt, created_at)
    SELECT battle_id, n, prompt, created_at FROM arena_turn, generate_series(2, 20) n WHERE battle_id = %s RETURNING *)
INSERT INTO arena_answer
SELECT (jsonb_populate_record(answer, jsonb_build_object('id', nextval('arena_answer_id_seq'), 'turn_id', more.id))).*
FROM arena_answer answer JOIN arena_turn turn ON turn.id = turn_id JOIN more ON more.battle_id = turn.battle_id
RETURNING 1"""


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_full_conversation_keeps_its_vote_bar_in_view_without_a_box(
    browser: Browser, zoo: Service, viewport: Any
) -> None:
    person = Person(zoo.port)
    battle = person.fight("How long can this go on?", *QUICK)
    zoo.query(FILL, battle["id"])
    with reading(browser, zoo, person, viewport=viewport) as page:
        page.goto(f"/battles/{battle['id']}/")
        for position in (0, 100_000):
            page.evaluate(f"scrollTo(0, {position})")
            for name in ("A is better", "B is better", "Tie", "Both bad", "Skip"):
                expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
            expect(page.get_by_text("This conversation is full.")).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("region", name="Turn 20").get_by_role("article", name="Answer A")).to_be_in_viewport()
        expect(page.get_by_role("textbox")).to_have_count(0)
        vote(page, "1") if viewport == DESKTOP else page.get_by_role("button", name="A is better").click()
        expect(page.get_by_role("heading", name="You chose A")).to_be_in_viewport()


@pytest.mark.parametrize("mark", ["", "### "], ids=["paragraph", "heading"])
def test_word_stays_in_its_line_while_the_text_behind_it_grows(browser: Browser, zoo: Service, mark: str) -> None:
    with reading(browser, zoo, viewport=PHONE) as page:
        start_fed(page, "Where do words stand?")
        grow(page, f"{mark}third. 3.14 However, is program мир 🚀 café by river therefore `code`")
        code = page.locator("#turn-1-a code")
        expect(code).to_have_text("code")
        place = code.bounding_box()
        for word in " by year first, fact system number second, the company color that wide and so on".split(" "):
            grow(page, f"{word} ")
            expect(page.locator("#turn-1-a")).to_contain_text(word)
            assert code.bounding_box() == place


def test_panes_are_equally_high_and_their_heads_stay(fed: Page) -> None:
    grow(fed, LINES)
    expect(fed.locator("#turn-1-a")).to_contain_text("Line 59.")
    boxes = [fed.get_by_role("article", name=f"Answer {side}").bounding_box() for side in "AB"]
    assert boxes[0] and boxes[1]
    assert (boxes[0]["y"], boxes[0]["height"]) == (boxes[1]["y"], boxes[1]["height"])
    for side in "ab":
        expect(fed.locator(f"#talk-{side}-head")).to_be_in_viewport(ratio=1)
    expect(fed.get_by_role("button", name="Tie")).to_be_in_viewport()
    expect(fed.get_by_text("What will be said?")).to_be_in_viewport()
    fed.evaluate("scrollTo(0, 500)")
    for side in "ab":
        expect(fed.locator(f"#talk-{side}-head")).to_be_in_viewport(ratio=1)
    expect(fed.get_by_role("button", name="Tie")).to_be_in_viewport(ratio=1)


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
        "Which is better?",
    ]
    assert fed.locator(".answer[aria-live], .turns[aria-live]").count() == 0


def test_further_question_keeps_what_is_there_and_shows_its_turn(ready: Page) -> None:
    first = ready.locator("#turn-1-a").inner_text()
    ready.get_by_role("textbox", name="A follow-up question for both").click()
    ready.keyboard.type("And what")
    ready.keyboard.press("Shift+Enter")
    ready.keyboard.type("comes second?")
    ready.evaluate("document.querySelector('#turn-1').dataset.kept = 'yes'")
    ready.keyboard.press("Enter")
    turn = ready.get_by_role("region", name="Turn 2")
    expect(turn.get_by_role("group", name="Your question")).to_be_focused()
    expect(turn).to_contain_text("comes second?")
    expect(turn.get_by_role("article", name="Answer A")).to_be_in_viewport()
    expect(ready.get_by_role("button", name="A is better")).to_be_disabled()
    open_bar(ready)
    assert ready.locator("#turn-1").get_attribute("data-kept") == "yes"
    assert ready.locator("#turn-1-a").inner_text() == first
    expect(ready.locator("#turn-2-b")).not_to_be_empty()
    vote(ready, "2")
    expect(ready.get_by_role("heading", name="You chose B")).to_be_visible()


def test_phone_has_both_panes_and_the_bar_within_reach(phone: Page) -> None:
    ask(phone, "What fits a phone?")
    bar: dict[str, Any] = {}
    for name in ("A is better", "B is better", "Tie", "Both bad", "Skip"):
        button = phone.get_by_role("button", name=name)
        expect(button).to_be_in_viewport(ratio=1)
        bar[name] = button.bounding_box()
        assert bar[name]["height"] >= 44
    assert bar["A is better"]["y"] == bar["B is better"]["y"]
    assert bar["A is better"]["width"] == bar["B is better"]["width"] > 1.3 * bar["Both bad"]["width"]
    assert bar["Both bad"]["width"] >= bar["Tie"]["width"] >= 44
    # The status and the box for a follow-up question are above the vote buttons. Tie, Both bad, and Skip are below.
    status = phone.locator(".vote-status").bounding_box()
    box = phone.get_by_role("textbox", name="A follow-up question for both")
    expect(box).to_be_in_viewport(ratio=1)
    place = box.bounding_box()
    assert status and place
    assert max(part["y"] + part["height"] for part in (status, place)) <= bar["B is better"]["y"]
    assert bar["Tie"]["y"] == bar["Both bad"]["y"] == bar["Skip"]["y"]
    assert bar["Tie"]["y"] >= bar["A is better"]["y"] + bar["A is better"]["height"]
    assert height(phone.locator(".bar")) <= 140
    assert not phone.evaluate(SPREAD)
    assert not violations(phone)
    phone.get_by_role("button", name="B is better").tap()
    expect(phone.get_by_role("heading", name="You chose B")).to_be_in_viewport()
    assert not phone.evaluate(SPREAD)
    phone.get_by_role("link", name="Next battle").tap()
    expect(phone.get_by_role("textbox", name="Your question")).to_be_focused()


def test_phone_shows_a_short_answer_in_a_short_card(phone: Page) -> None:
    ask(phone, "What fits a small card?")
    phone.locator("#turn-1-a").evaluate("answer => { answer.textContent = 'Short.' }")
    panes = [phone.locator(f"#turn-1-{side}-pane") for side in "ab"]
    assert 0 < height(panes[0]) < height(panes[1])


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_phone_leads_from_one_answer_to_the_other(browser: Browser, zoo: Service, scripts: bool) -> None:
    with judging(browser, zoo, "Who is beside whom?", viewport=PHONE, java_script_enabled=scripts) as page:
        expect(body(page, "a")).to_be_in_viewport(ratio=0.9)
        expect(body(page, "b")).to_be_in_viewport()  # its edge
        expect(body(page, "b")).not_to_be_in_viewport(ratio=0.2)
        page.locator("#talk-b-head .jump").click()
        expect(body(page, "b")).to_be_in_viewport(ratio=0.9)
        page.locator("#talk-a-head .jump").click()
        expect(body(page, "a")).to_be_in_viewport(ratio=0.9)
        link = page.get_by_role("link", name="Go to answer B")
        link.focus()
        expect(link).to_be_in_viewport(ratio=1)
        page.keyboard.press("Enter")
        expect(body(page, "b")).to_be_in_viewport(ratio=0.9)
        if scripts:
            expect(body(page, "b")).to_be_focused()
            expect(page.locator("#battle")).to_have_attribute("data-shown", "b")


def test_all_turns_show_the_same_answer_on_a_phone(browser: Browser, zoo: Service) -> None:
    person = Person(zoo.port)
    battle = person.fight("Who speaks first?", *QUICK)
    person.act(battle, "turns", prompt="And then?")
    person.until(battle["events_url"], "ready")
    with reading(browser, zoo, person, viewport=PHONE) as page:
        page.goto(f"/battles/{battle['id']}/")
        page.locator("#turn-2-b-pane").evaluate("pane => { pane.parentNode.scrollLeft = 1000; }")
        expect(page.locator("#battle")).to_have_attribute("data-shown", "b")
        page.wait_for_function("() => document.querySelector('.panes').scrollLeft > 100")


def test_whoever_reads_code_when_its_answer_is_finished_reads_on_in_the_pane(fed: Page) -> None:
    grow(fed, "```\n" + "long " * 100)
    fed.locator("#turn-1-a pre").focus()
    tell(fed, "done", turn=1, side="a", html="<pre tabindex='0'>long</pre>")
    expect(body(fed, "a")).to_be_focused()
    tell(fed, "failed", turn=1, side="b", reason="unavailable")
    expect(body(fed, "a")).to_be_focused()


LONG_QUESTION = " ".join(f"Sentence {number} of the question." for number in range(60))


@pytest.mark.parametrize(("viewport", "scripts"), [(DESKTOP, True), (PHONE, False)], ids=["desktop", "plain phone"])
def test_long_question_shows_that_there_is_more_and_unfolds(
    browser: Browser, zoo: Service, viewport: Any, scripts: bool
) -> None:
    with judging(browser, zoo, LONG_QUESTION, viewport=viewport, java_script_enabled=scripts) as page:
        question = page.get_by_role("group", name="Your question")
        folded = height(question)
        assert folded < 100
        page.locator("summary").filter(has_text="Show the whole question").focus()
        page.keyboard.press("Enter")
        whole = height(question)
        assert whole == height(question.locator("p")) + 8 > 2 * folded
        assert height(body(page, "a")) > 90
        page.get_by_text("Show less").click()
        assert height(question) == folded


def test_battle_of_several_turns_opens_at_the_last_one(browser: Browser, zoo: Service) -> None:
    person = Person(zoo.port)
    battle = person.fight("Who speaks first?", *LONG)
    for number in (2, 3):
        person.act(battle, "turns", prompt=f"Who speaks in turn {number}?")
        person.until(battle["events_url"], "ready")
    for viewport, query in ((DESKTOP, ""), (PHONE, "?further")):
        with reading(browser, zoo, person, viewport=viewport) as page:
            page.goto(f"/battles/{battle['id']}/{query}")
            for _ in range(2):
                expect(page.get_by_text("Who speaks in turn 3?")).to_be_in_viewport()
                expect(page.get_by_text("Who speaks in turn 2?")).not_to_be_in_viewport()
                page.reload()


def reload_until_ready(page: Page) -> None:
    def is_ready() -> bool:
        page.reload()
        return page.get_by_role("button", name="A is better").is_enabled()

    assert eventually(is_ready)


def test_page_works_without_javascript(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_role("textbox", name="Your question").fill("Who needs scripts?")
    plain.get_by_role("button", name="Start the battle").click()
    reload_until_ready(plain)
    expect(plain.locator("#turn-1-a")).not_to_be_empty()
    plain.get_by_role("textbox", name="A follow-up question for both").fill("And now?")
    plain.get_by_role("button", name="Send").click()
    reload_until_ready(plain)
    expect(plain.get_by_role("region", name="Turn 2")).to_contain_text("And now?")
    plain.get_by_role("button", name="A is better").click()
    expect(plain.get_by_role("heading", name="You chose A")).to_be_visible()
    plain.get_by_role("group", name="Answer A was").get_by_role("checkbox", name="useful").check()
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("group", name="Answer A was").get_by_role("checkbox", name="useful")).to_be_checked()
    plain.get_by_role("button", name="Follow-up question").click()
    expect(plain.get_by_role("region", name="Turn 2").get_by_role("group", name="Your question")).to_be_in_viewport()
    expect(plain.get_by_role("textbox", name="A follow-up question for both")).to_be_visible()


def test_nothing_moves_where_the_system_asks_for_it(browser: Browser, zoo: Service) -> None:
    with judging(browser, zoo, "Does anything move?", reduced_motion="reduce") as page:
        moving = "document.getAnimations().filter(each => each.playState === 'running').length"
        assert page.evaluate(moving) == 0


def test_battle_from_the_first_page_to_the_next_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    page.keyboard.type("Who needs a mouse?")
    page.keyboard.press("Enter")
    open_bar(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id === 'further-prompt'"):
            break
    expect(page.get_by_role("textbox", name="A follow-up question for both")).to_be_focused()
    page.keyboard.type("Really?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Turn 2")).to_be_visible()
    open_bar(page)
    vote(page, "2")
    expect(page.get_by_role("heading", name="You chose B")).to_be_focused()
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
