"""Tests a battle in a real browser, finding elements by role and name as a person would."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.system.browser_page import ask, opening, start, start_fed, tell
from tests.system.service import Service


def test_battle_vote_reveal_and_live_board(page: Page) -> None:
    board = page.context.new_page()
    board.goto("/leaderboard/?pool=live")
    before = board.locator("#board").inner_html()
    ask(page, "Which metal melts in the hand?")
    assert "Quokka" not in page.content() and "Wombat" not in page.content()
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("heading", name="You chose A")).to_be_visible()
    expect(page.get_by_role("link", name="Model Quokka-7B")).to_be_visible()
    expect(page.get_by_role("link", name="Model Wombat-70B")).to_be_visible()
    expect(page.get_by_role("region", name="Ratings")).to_contain_text(re.compile(r"Leaderboard as of \d\d:\d\d UTC"))
    board.wait_for_function("before => document.querySelector('#board').innerHTML !== before", arg=before)
    expect(board.get_by_role("row", name="Quokka-7B")).to_be_visible()


def test_reload_in_mid_stream_keeps_both_texts(page: Page) -> None:
    start(page, "Tell me about bridges.")
    pane = page.locator("#turn-1-a")
    expect(pane).not_to_be_empty()
    shown = pane.inner_text()
    page.reload()
    expect(page.locator("#turn-1-a")).to_contain_text(shown.strip()[:10])
    expect(page.get_by_role("button", name="Tie")).to_be_enabled()


THINKING = "The models are still thinking. Some take up to half a minute."
PATIENCE_MS = 8_000


def test_line_of_patience_goes_when_text_comes_and_comes_again_after_a_reset(page: Page) -> None:
    page.clock.install()
    start_fed(page, "Who takes the longest?")
    status = page.get_by_role("status")
    expect(status).to_have_text("Vote when both are done.")
    page.clock.run_for(PATIENCE_MS)
    expect(status).to_have_text(THINKING)
    tell(page, "delta", turn=1, side="a", text="At last. ")
    expect(status).to_have_text("Vote when both are done.")
    expect(page.locator("#turn-1-a")).to_contain_text("At last")
    page.clock.run_for(2 * PATIENCE_MS)
    expect(status).to_have_text("Vote when both are done.")
    tell(page, "reset", turn=1, side="a")
    page.clock.run_for(PATIENCE_MS)
    expect(status).to_have_text(THINKING)
    tell(page, "done", turn=1, side="b", html="<p>Mine</p>")
    expect(status).to_have_text("Answer B is finished.")
    tell(page, "delta", turn=1, side="a", text="Again")
    expect(status).to_have_text("Answer B is finished.")


def test_page_of_another_site_makes_nobody_somebody_new(browser: Browser, service: Service) -> None:
    with opening(browser, service) as page:  # the browser logs each rejection to the console
        ask(page, "Whose battle is it afterwards?")
        before = {each["name"]: each["value"] for each in page.context.cookies()}
        paths = ("/", "/appearance/", "/battles/delete/", "/api/v1/battles/")
        forms = [f'<form method="post" action="{service.url}{path}"><button>{path}</button></form>' for path in paths]
        page.route(
            "http://elsewhere.example/", lambda route: route.fulfill(body="".join(forms), content_type="text/html")
        )
        for path in paths:
            page.goto("http://elsewhere.example/")
            with page.expect_response(service.url + path) as answered:
                page.get_by_role("button", name=path, exact=True).click()
            assert answered.value.status == 403
            assert {each["name"]: each["value"] for each in page.context.cookies()} == before
        page.goto("/battles/")
        expect(page.get_by_role("link", name="Whose battle is it afterwards?")).to_be_visible()
