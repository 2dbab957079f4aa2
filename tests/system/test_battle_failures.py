"""Tests the battle page if a side fails, is stopped, or reasons, and side-by-side battles."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.system.browser_page import FEED, READY_WITHIN_MS, open_bar, reading, tell, vote
from tests.system.person import Person
from tests.system.service import Service
from tests.system.zoo import SLOW

VOID = "You can't vote"
CARD = "This model didn't answer."
Opener = Callable[..., AbstractContextManager[Page]]
STOPPED = "You stopped an answer, so your vote is stored but does not change any rating."


@pytest.fixture
def open_zoo(browser: Browser, zoo: Service) -> Opener:
    """Return a function that starts a battle between chosen models and opens it in a browser."""

    @contextmanager
    def start(*models: str, prompt: str = "How long is a day?", mode: str = "anonymous") -> Iterator[Page]:
        person = Person(zoo.port)
        battle = person.start(prompt, *models, mode=mode)
        with reading(browser, zoo, person) as page:
            page.goto(f"/battles/{battle['id']}/")
            yield page

    return start


def test_vote_overtakes_what_the_page_fetches_when_voting_opens(open_zoo: Opener) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET" and "hx-request" in route.request.headers:
            held.append(route)
        else:
            route.continue_()

    with open_zoo("good", "quick", mode="side_by_side") as page:
        page.route(lambda url: "/battles/" in url, hold)
        with page.expect_request(lambda request: "hx-request" in request.headers):
            open_bar(page)
            page.locator("#verdict").dispatch_event(
                "stale"
            )  # like the page's script, unless the battle had already ended
        vote(page, "1")
        expect(page.get_by_role("heading", name="You chose A")).to_be_focused()
        for route in held:
            route.continue_()
        page.wait_for_timeout(300)  # the console stays empty


def test_failed_side_of_the_first_turn_leaves_the_other_and_offers_to_try_again(open_zoo: Opener) -> None:
    with open_zoo("good", "error-500") as page:
        heading = page.get_by_role("heading", name=VOID)
        expect(heading).to_be_visible(timeout=READY_WITHIN_MS)
        expect(page.get_by_text(CARD)).to_have_count(1)
        expect(page.get_by_text("You can also vote now.")).to_have_count(1)
        expect(page.get_by_text("You can also vote now.")).not_to_be_visible()
        expect(page.locator(".answer.prose")).to_have_count(1)
        expect(page.get_by_text("“Start again” starts a new battle.")).to_be_visible()
        page.get_by_role("button", name="Retry").click()  # there is one
        expect(page.get_by_role("button", name="A is better")).to_be_disabled()
        expect(heading).not_to_be_visible()
        expect(heading).to_be_visible(timeout=READY_WITHIN_MS)
        page.reload()
        expect(page.get_by_text(CARD)).to_have_count(1)
        expect(page.get_by_role("button", name="Start again")).to_be_visible()
        assert "Model" not in page.locator(".battle").inner_text()


def test_retry_brings_the_answer_that_was_missing(open_zoo: Opener) -> None:
    with open_zoo("good", "once-reset-5", prompt="Is it there at the second time?") as page:
        expect(page.get_by_role("heading", name=VOID)).to_be_visible(timeout=READY_WITHIN_MS)
        healthy = page.locator(".answer.prose").inner_text()
        page.get_by_role("button", name="Retry").click()
        open_bar(page)
        expect(page.locator(".answer.prose")).to_have_count(2)
        assert healthy in page.locator(".answer.prose").all_inner_texts()
        vote(page, "1")
        expect(page.get_by_role("heading", name="You chose A")).to_be_visible()


def test_stop_ends_both_and_says_what_that_means(open_zoo: Opener) -> None:
    with open_zoo(*SLOW, prompt="Is this going to take long?") as page:
        for side in "ab":
            expect(page.locator(f"#turn-1-{side}")).to_contain_text(" ", timeout=READY_WITHIN_MS)
        stop = page.get_by_role("button", name="Stop")
        stop.focus()
        page.keyboard.press("Enter")
        open_bar(page)
        expect(page.get_by_role("status")).to_have_text(STOPPED)
        expect(page.get_by_role("status")).to_be_focused()
        expect(stop).not_to_be_visible()
        expect(page.get_by_text("Stopped.", exact=True)).to_have_count(2)
        texts = page.locator(".answer").all_inner_texts()
        page.reload()
        assert page.locator(".answer").all_inner_texts() == texts


def test_answer_that_was_cut_off_says_so_at_once_and_after_a_reload(open_zoo: Opener) -> None:
    with open_zoo("good", "cut") as page:
        open_bar(page)
        expect(page.locator(".answer > .ended")).to_have_text(["Cut off at the length limit."])
        texts = page.locator(".answer").all_inner_texts()
        page.reload()
        assert page.locator(".answer").all_inner_texts() == texts


@pytest.mark.parametrize(
    ("model", "words", "again"),
    [
        ("hang", "The model took too long.", True),
        ("toolong", "The conversation is too long for this model, so a retry would fail too.", False),
    ],
)
def test_failures_of_named_models_are_explained(open_zoo: Opener, model: str, words: str, again: bool) -> None:
    with open_zoo("good", model, mode="side_by_side") as page:
        expect(page.get_by_role("heading", name="Answer A Model Good")).to_be_visible()
        expect(page.get_by_role("heading", name=f"Answer B Model {model.title()}")).to_be_visible()
        for _ in range(2):
            expect(page.locator("[data-reason]")).to_have_text([words], timeout=READY_WITHIN_MS)
            expect(page.get_by_role("heading", name=VOID)).to_be_visible(timeout=READY_WITHIN_MS)
            expect(page.get_by_role("button", name="Retry")).to_have_count(int(again))
            page.reload()


def test_stop_before_the_first_word_is_no_fault_of_the_model(browser: Browser, zoo: Service) -> None:
    person = Person(zoo.port)
    battle = person.start("Who stops me?", *SLOW, mode="side_by_side")
    with reading(browser, zoo, person) as page:
        page.add_init_script(FEED)
        page.goto(f"/battles/{battle['id']}/")
        with page.expect_response("**/stop/"):
            page.get_by_role("button", name="Stop").click()
        tell(page, "failed", turn=1, side="a", reason="unavailable")
        tell(page, "failed", turn=1, side="b", reason="unavailable")
        expect(page.locator("[data-reason]")).to_have_text(["You stopped it before it began."] * 2)


def test_thoughts_of_named_models_can_be_unfolded_when_they_have_answered(open_zoo: Opener) -> None:
    with open_zoo("good", "thinks", mode="side_by_side") as page:
        open_bar(page)
        pane = page.get_by_role("article", name="Answer B Model Thinks")
        expect(pane.get_by_text("Reasoning")).to_be_visible()
        pane.get_by_text("Reasoning").click()
        expect(pane.locator(".thoughts p")).to_be_visible()
        expect(page.get_by_role("article", name="Answer A Model Good").get_by_text("Reasoning")).to_have_count(0)


def test_vote_in_another_tab_is_shown_in_this_one(browser: Browser, zoo: Service) -> None:
    person = Person(zoo.port)
    battle = person.fight("Who votes first?", "good", "spare")
    with reading(browser, zoo, person) as page:
        page.goto(f"/battles/{battle['id']}/")
        open_bar(page)
        person.vote(battle, "b")
        expect(page.get_by_role("heading", name="You chose B")).to_be_visible(timeout=READY_WITHIN_MS)
        expect(page.get_by_role("article", name="Model Good")).to_be_visible()


def test_question_of_another_tab_comes_to_this_one(browser: Browser, zoo: Service) -> None:
    """One side fails in it, which leaves a vote on what is there."""
    person = Person(zoo.port)
    battle = person.fight("Who asks first?", "good", "turn-2-error-500")
    with reading(browser, zoo, person) as page:
        page.goto(f"/battles/{battle['id']}/")
        open_bar(page)
        person.act(battle, "turns", prompt="And who asks next?")
        turn = page.get_by_role("region", name="Turn 2")
        expect(turn).to_contain_text("And who asks next?", timeout=READY_WITHIN_MS)
        open_bar(page)
        expect(turn.get_by_text("You can also vote now.")).to_be_visible()
