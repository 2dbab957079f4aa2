"""Tests the list of your battles in a real browser: search, export, and deletion, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser_page import PHONE, check_looks, opening, reading
from tests.system.person import Person
from tests.system.service import Service

METAL, RIVER = "Which metal melts in the hand?", "Which river runs north?"


def fight_both(person: Person, winner: str) -> None:
    """Run two battles at the same time and vote on the first."""
    metal, river = person.start(METAL), person.start(RIVER)
    for each in (metal, river):
        person.until(each["events_url"], "ready")
    person.vote(metal, winner)


@pytest.fixture
def mine(browser: Browser, service: Service, person: Person) -> Iterator[Page]:
    """A page of a person with two battles, one of which has a vote."""
    fight_both(person, "a")
    with reading(browser, service, person) as page:
        page.goto("/battles/")
        yield page


@pytest.fixture
def plain(browser: Browser, service: Service, person: Person) -> Iterator[Page]:
    """The same page without JavaScript, on a phone."""
    fight_both(person, "b")
    with opening(browser, service, person, java_script_enabled=False, viewport=PHONE) as page:
        page.goto("/battles/")
        yield page


def battle(page: Page, question: str) -> Locator:
    return page.get_by_role("list", name="Battles, newest first").get_by_role("listitem").filter(has_text=question)


def search(page: Page, words: str) -> None:
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("button", name="Search").click()


def delete(page: Page, question: str) -> None:
    battle(page, question).locator("summary").click()
    battle(page, question).get_by_role("button", name="Delete this battle").click()


def test_others_read_a_battle_while_its_voter_lets_them(mine: Page, browser: Browser, service: Service) -> None:
    battle(mine, METAL).get_by_role("link", name=METAL).click()
    mine.get_by_text("Publish this battle").click()
    expect(mine.get_by_text("These become public:")).to_be_visible()
    mine.get_by_role("checkbox", name="Hide the models' names until the reader has voted").check()
    mine.get_by_role("button", name="Publish and get a link").click()
    mine.get_by_role("button", name="Copy link").click()
    expect(mine.get_by_role("button", name="Copied")).to_be_visible()
    address = mine.get_by_role("link", name="the link").get_attribute("href") or ""
    with reading(browser, service) as other:
        other.goto(address)
        expect(other.get_by_text(METAL)).to_be_visible()
        assert "Wombat" not in other.content()
        check_looks(other)
        other.get_by_role("button", name="Tie").click()
        expect(other.get_by_role("heading", name="You called it a tie.")).to_be_visible()
        expect(other.get_by_role("heading", name="Model Wombat-70B", exact=True)).to_be_visible()
        check_looks(other)
        other.get_by_role("button", name="Report this battle").click()
        expect(other.get_by_role("status")).to_contain_text("An operator will review this battle")
        other.goto("/models/quokka-7b/")
        expect(other.get_by_text(METAL)).to_have_count(0)
        mine.get_by_role("button", name="Unpublish").click()
        expect(mine.get_by_text("Publish this battle")).to_be_visible()
        assert other.request.get(address).status == 404


def test_deleted_battle_is_gone_and_the_others_stay(mine: Page) -> None:
    address = battle(mine, METAL).get_by_role("link", name=METAL).get_attribute("href") or ""
    delete(mine, METAL)
    expect(mine.get_by_role("status").filter(has_text="The battle has been deleted.")).to_be_focused()
    expect(battle(mine, METAL)).to_have_count(0)
    expect(battle(mine, RIVER)).to_be_visible()
    answer = mine.request.get(address)
    assert answer.status == 404


def test_deletion_of_everything_takes_what_the_browser_remembers(mine: Page) -> None:
    mine.goto("/")
    mine.get_by_role("textbox", name="Your question").fill("Something private")
    mine.get_by_role("radio", name="Anonymous models").focus()
    mine.keyboard.press("ArrowRight")
    mine.keyboard.press("ArrowLeft")
    assert mine.evaluate("Object.keys(localStorage).sort()") == ["draft", "mode"]
    mine.goto("/battles/")
    mine.get_by_text("Delete all my data").click()
    mine.get_by_role("button", name="Delete everything").click()
    expect(mine.get_by_role("status").filter(has_text="All your data has been deleted.")).to_be_visible()
    assert mine.evaluate("localStorage.length + sessionStorage.length") == 0
    mine.goto("/")
    expect(mine.get_by_role("textbox", name="Your question")).to_have_value("")


def test_all_of_it_works_without_javascript_on_a_phone(plain: Page) -> None:
    assert plain.locator("body").bounding_box()["width"] <= 390  # type: ignore[index]
    main = plain.get_by_role("main").bounding_box()
    assert main and main["x"] + main["width"] <= 390
    search(plain, "wombat")
    expect(battle(plain, METAL)).to_be_visible()
    expect(battle(plain, RIVER)).to_have_count(0)
    delete(plain, METAL)
    expect(plain.get_by_text("The battle has been deleted.")).to_be_visible()
    plain.goto("/battles/")
    expect(battle(plain, RIVER)).to_be_visible()
    plain.get_by_text("Delete all my data").click()
    plain.get_by_role("button", name="Delete everything").click()
    expect(plain.get_by_text("You have no battles yet.")).to_be_visible()


def test_battle_that_is_deleted_while_it_is_answered_ends_for_everybody(mine: Page, person: Person) -> None:
    started = person.start("Tell me of a long river.")
    mine.reload()
    delete(mine, "Tell me of a long river.")
    expect(mine.get_by_text("The battle has been deleted.")).to_be_visible()
    assert person.get(started["events_url"]).status == 404
    assert person.fight("And another one?")["id"]
