"""Tests that one command starts a battle between two real language models. This is slow, so there is only one test."""

import pytest
from playwright.sync_api import Browser, expect

from tests.system.browser_page import opening
from tests.system.service import Service, running

OTHERS = ("eliza", "smollm2-135m-instruct-warm")
OFF = '[[model]]\nslug = "{slug}"\nenabled = false\n'


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> "pytest.Generator[Service]":
    folder = tmp_path_factory.mktemp("up")
    models = folder / "models.toml"
    models.write_text("".join(OFF.format(slug=slug) for slug in OTHERS))
    with running(folder / "data", "--models", str(models), is_first_start=True) as service:
        yield service


def test_smollm2_and_gemma_fight_and_the_board_moves(up: Service, browser: Browser) -> None:
    with opening(browser, up) as page:
        board = page.context.new_page()
        board.goto("/leaderboard/?pool=live")
        assert "SmolLM2" not in board.content()
        page.goto("/")
        page.get_by_role("textbox").fill("Name three colors.")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Tie")).to_be_enabled(timeout=90_000)
        answers = [page.locator(f"#turn-1-{side}").inner_text() for side in "ab"]
        assert all(answers)
        page.get_by_role("button", name="B is better").click()
        for name in ("SmolLM2 135M Instruct", "Gemma 3 270M"):
            expect(page.locator(".talk-heads bdi").filter(has_text=name)).to_be_visible()
            expect(board.get_by_role("row").filter(has_text=name)).to_be_visible()
