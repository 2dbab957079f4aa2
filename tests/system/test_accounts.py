"""Tests accounts in a real browser: logging in keeps the history, and logging out removes it."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser_page import ask, opening
from tests.system.person import Person
from tests.system.service import Service

PASSWORD = "a long way home 7"
QUESTION = "Which metal melts in the hand?"


def fill(page: Page, name: str, *labels: str) -> None:
    page.get_by_label("Username").fill(name)
    for label in labels:
        page.get_by_label(label, exact=True).fill(PASSWORD)


def sign_up(page: Page, name: str) -> None:
    page.goto("/accounts/signup/")
    fill(page, name, "Password", "Confirm password")
    page.get_by_role("button", name="Sign up").click()
    expect(account(page, name)).to_be_visible()


def log_in(page: Page, name: str) -> None:
    fill(page, name, "Password")
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def log_out(page: Page, name: str) -> None:
    account(page, name).click()
    header(page).get_by_role("button", name="Log out").click()
    expect(header(page).get_by_role("link", name="Log in")).to_be_visible()


def navigation(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Main")


def header(page: Page) -> Locator:
    return page.get_by_role("banner")


def account(page: Page, name: str) -> Locator:
    return header(page).get_by_role("button", name=f"Account {name}")


def open_account(page: Page, name: str) -> None:
    account(page, name).click()
    header(page).get_by_role("link", name="Account").click()


def questions(page: Page) -> Locator:
    return page.locator(".my-question")


def test_history_comes_along_stays_behind_and_is_there_again(page: Page) -> None:
    ask(page, QUESTION)
    sign_up(page, "history")
    navigation(page).get_by_role("link", name="My battles").click()
    expect(questions(page)).to_have_text([QUESTION])
    log_out(page, "history")
    page.goto("/battles/")
    expect(questions(page)).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="log in").click()
    log_in(page, "history")
    expect(page.get_by_role("heading", name="My battles")).to_be_visible()
    expect(questions(page)).to_have_text([QUESTION])


def test_battle_of_an_account_is_followed_by_its_session(page: Page) -> None:
    """The stream also recognizes the account."""
    sign_up(page, "follower")
    ask(page, QUESTION)
    page.get_by_role("button", name="B is better").click()
    expect(page.get_by_role("heading", name="You chose B")).to_be_visible()


def test_what_is_wrong_is_said_beside_its_field(page: Page) -> None:
    page.goto("/accounts/signup/")
    for shown, kind in ((True, "text"), (False, "password")):
        page.get_by_label("Show password").set_checked(shown)
        for label in ("Password", "Confirm password"):
            expect(page.get_by_label(label, exact=True)).to_have_attribute("type", kind)
    page.get_by_label("Username").fill("careless")
    page.get_by_label("Password", exact=True).fill("12345")
    page.get_by_label("Confirm password").fill("123456")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("too short"))
    expect(page.get_by_label("Username")).to_have_value("careless")
    page.goto("/accounts/login/")
    expect(page.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("lost password"))


def test_key_is_made_used_and_revoked_without_javascript(browser: Browser, service: Service) -> None:
    with opening(browser, service, java_script_enabled=False) as page:
        page.goto("/accounts/signup/")
        expect(page.get_by_label("Show password")).to_be_hidden()
        sign_up(page, "keeper")
        open_account(page, "keeper")
        page.get_by_text("Create a key").click()
        form = page.get_by_role("form", name="Create a key")
        form.get_by_label("Name").fill("Notebook")
        form.get_by_role("button", name="Create key").click()
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        secret = page.get_by_label("The new key").inner_text()
        program = Person(service.port)

        assert program.get("/api/v1/models/", Authorization=f"Bearer {secret}").status == 200
        page.goto("/accounts/")
        expect(page.get_by_label("The new key")).to_have_count(0)
        expect(page.locator(".key")).to_contain_text(f"{secret[:12]}… read · valid until")
        expect(page.locator(".key")).to_contain_text("last used")
        page.get_by_role("button", name="Revoke Notebook").click()
        expect(page.locator(".key")).to_contain_text("revoked on")
        assert program.get("/api/v1/models/", Authorization=f"Bearer {secret}").status == 401
        log_out(page, "keeper")
