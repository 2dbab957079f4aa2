"""Tests accounts in a real browser: logging in keeps the history, and logging out removes it."""

import os
import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.processes import eventually
from tests.system.conftest import models_file
from tests.system.person import Person
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running
from tests.system.zoo import QUICK

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


def ask(page: Page, question: str) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="A is better")).to_be_enabled()


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


def test_deletion_of_everything_takes_the_account(page: Page, service: Service) -> None:
    sign_up(page, "leaver")
    ask(page, "A canary in the account?")
    page.goto("/battles/")
    page.get_by_text("Delete all my data").click()
    expect(page.get_by_text("This permanently deletes your account")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("All your data has been deleted.")).to_be_visible()
    expect(header(page).get_by_role("link", name="Log in")).to_be_visible()
    assert service.query("SELECT count(*) FROM auth_user WHERE username = 'leaver'") == [(0,)]
    assert service.query("SELECT count(*) FROM arena_turn WHERE prompt LIKE '%%canary in the account%%'") == [(0,)]


def test_password_is_changed(page: Page) -> None:
    sign_up(page, "changer")
    open_account(page, "changer")
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("Current Password").fill(PASSWORD)
    page.get_by_label("New Password", exact=True).fill("another way home 8")
    page.get_by_label("Confirm password").fill("another way home 8")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()


def test_what_is_wrong_is_said_beside_its_field(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("careless")
    page.get_by_label("Password", exact=True).fill("12345")
    page.get_by_label("Confirm password").fill("123456")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("too short"))
    expect(page.get_by_label("Username")).to_have_value("careless")


def test_passwords_are_shown_and_hidden_again(page: Page) -> None:
    page.goto("/accounts/signup/")
    for shown, kind in ((True, "text"), (False, "password")):
        page.get_by_label("Show password").set_checked(shown)
        for label in ("Password", "Confirm password"):
            expect(page.get_by_label(label, exact=True)).to_have_attribute("type", kind)


def test_login_says_that_a_lost_password_cannot_be_reset(page: Page) -> None:
    page.goto("/accounts/login/")
    expect(page.get_by_label("Password", exact=True)).to_have_accessible_description(re.compile("lost password"))


def test_accounts_work_without_javascript(browser: Browser, service: Service) -> None:
    context = browser.new_context(base_url=service.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/signup/")
    expect(page.get_by_label("Show password")).to_be_hidden()
    sign_up(page, "plain")
    log_out(page, "plain")
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_key_is_made_copied_used_and_revoked(browser: Browser, service: Service, scripts: bool) -> None:
    context = browser.new_context(base_url=service.url, java_script_enabled=scripts)
    page = context.new_page()
    name = f"keeper-{scripts}"
    sign_up(page, name)
    open_account(page, name)
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
    context.close()


@pytest.fixture(scope="module")
def members_only(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("members")
    file = models_file(folder / "models.toml", provider, QUICK)
    with running(folder / "data", "--no-local-models", "--models", str(file), ARENA_LOGIN="required") as up:
        yield up


def invitation(service: Service) -> str:
    """Return the path of an invitation link."""
    command = ["./scripts/manage", "--data", str(service.data), "invite"]
    own = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES}
    made = subprocess.run(command, cwd=ROOT, env=own, check=True, capture_output=True, text=True, timeout=120)
    return "/accounts/" + made.stdout.strip().partition("/accounts/")[2]


def test_where_a_login_is_required_it_comes_first_and_leads_on(browser: Browser, members_only: Service) -> None:
    stranger = Person(members_only.port)
    assert stranger.get("/healthz").status == 200
    # A busy worker does not always answer within the ping's half second.
    assert eventually(lambda: stranger.get("/readyz").status == 200)
    refused = stranger.post("/api/v1/battles/", {"prompt": "Why?"})
    assert (refused.status, refused.json["error"]["code"]) == (401, "login_required")
    context = browser.new_context(base_url=members_only.url, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/leaderboard/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Sign up")).to_have_count(0)
    page.goto("/accounts/signup/")
    expect(page.get_by_text("sign up here without a valid invitation")).to_be_visible()
    page.goto(invitation(members_only))
    fill(page, "member", "Password", "Confirm password")
    page.get_by_role("button", name="Sign up").click()
    ask(page, QUESTION)
    page.get_by_role("button", name="Tie").click()
    expect(page.get_by_role("heading", name="You called it a tie.")).to_be_visible()
    context.close()
