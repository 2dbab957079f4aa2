"""Tests the elements that all pages share in a real browser, such as the color scheme switch."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser_page import PHONE, reading
from tests.system.service import Service

GROUND = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
OTHER = {"light": "dark", "dark": "light"}


def switch(page: Page, scheme: str) -> Locator:
    return page.get_by_role("button", name=f"Use {scheme} colors")


def shown(page: Page) -> str:
    ground: list[int] = page.evaluate(GROUND)
    return "dark" if sum(ground) < 200 else "light"


@pytest.mark.parametrize(("path", "system"), [("/", "light"), ("/", "dark"), ("/api/docs/", "light")])
def test_switch_keeps_the_focus_and_all_that_was_typed(
    browser: Browser, service: Service, path: str, system: Any
) -> None:
    with reading(browser, service, color_scheme=system) as page:
        page.goto(path)
        page.evaluate("window.same = true")
        assert shown(page) == system
        switch(page, OTHER[system]).focus()
        page.keyboard.press("Enter")
        expect(switch(page, system)).to_be_focused()
        assert shown(page) == OTHER[system]
        page.keyboard.press("Enter")
        expect(switch(page, OTHER[system])).to_be_focused()
        assert shown(page) == system
        assert "scheme=" not in page.evaluate("document.cookie")  # the page uses the system's color scheme again
        switch(page, OTHER[system]).click()
        assert f"scheme={OTHER[system]}" in page.evaluate("document.cookie")
        assert page.evaluate("same")


def test_choice_is_there_from_the_first_byte_of_the_next_page(browser: Browser, service: Service) -> None:
    with reading(browser, service, color_scheme="light") as page:
        page.goto("/")
        switch(page, "dark").click()
        answers = []
        page.on("response", lambda response: answers.append(response) if response.url.endswith("board/") else None)
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Leaderboard").click()
        expect(switch(page, "light")).to_be_visible()
        assert shown(page) == "dark"
        assert '<html lang="en" data-scheme="dark">' in answers[0].text()
        assert 'content="dark"' in answers[0].text()


def test_page_gone_back_to_wears_what_was_chosen_meanwhile(browser: Browser, service: Service) -> None:
    with reading(browser, service, color_scheme="light") as page:
        page.goto("/battles/")
        page.goto("/leaderboard/")
        switch(page, "dark").click()
        page.go_back()
        expect(switch(page, "light")).to_be_visible()
        assert shown(page) == "dark"


def test_switch_without_javascript_keeps_the_focus_too(plain: Page) -> None:
    plain.goto("/")
    switch(plain, "dark").click()
    expect(switch(plain, "light")).to_be_focused()
    assert shown(plain) == "dark"
    switch(plain, "light").click()
    expect(switch(plain, "dark")).to_be_focused()
    assert shown(plain) == "light"


def test_switch_is_large_enough_for_a_thumb(browser: Browser, service: Service) -> None:
    with reading(browser, service, viewport=PHONE, has_touch=True) as page:
        page.goto("/")
        for button in (switch(page, "dark"), switch(page, "light")):
            size = button.bounding_box()
            assert size
            assert min(size["width"], size["height"]) >= 44
            button.tap()
