"""The leaderboard and the pages of models in a real browser: the long board of public votes, on phones too."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.reading import DESKTOP, PHONE, reading
from tests.system.service import Service

LONG = "/leaderboard/?pool=chatbot-arena-2024-08"
BEST = "chatgpt-4o-latest"
SIZES = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
# How often wider the interval of each row is drawn, with its edge, than the stroke of its rating.
INTERVALS = """() => [...document.querySelectorAll(".bar")].map((bar) => {
    const [interval, rating] = ["interval", "rating"].map((part) => bar.querySelector(`.bar-${part}`));
    const [edge, stroke] = [interval, rating].map((part) => parseFloat(getComputedStyle(part).strokeWidth));
    return (interval.getBoundingClientRect().width + edge) / stroke;
})"""


def row(page: Page, model: str) -> Locator:
    return page.locator(f"[id='model-{model}']")


def top(found: Locator) -> float:
    box = found.bounding_box()
    assert box
    return box["y"]


@SIZES
def test_narrow_interval_is_not_hidden_by_its_rating(browser: Browser, service: Service, viewport: Any) -> None:
    with reading(browser, service, viewport=viewport) as page:
        page.goto(LONG)
        wider = page.evaluate(INTERVALS)
        assert len(wider) > 100
        assert min(wider) >= 2


@SIZES
@pytest.mark.parametrize("path", [LONG, "/leaderboard/", f"/models/{BEST}/"], ids=["long", "live", "model"])
def test_page_is_never_wider_than_its_window(
    browser: Browser, service: Service, viewport: dict[str, int], path: str
) -> None:
    with reading(browser, service, viewport=viewport) as page:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert page.evaluate("[...document.querySelectorAll('td, th')].every((it) => it.scrollWidth <= it.offsetWidth)")


def test_header_of_a_long_board_stays_in_view(page: Page) -> None:
    page.goto(LONG)
    header = page.get_by_role("columnheader", name="Win rate")
    assert top(header) > 100
    page.get_by_role("row").nth(100).scroll_into_view_if_needed()
    assert 0 <= top(header) < 1


@SIZES
def test_model_page_leads_to_its_row_of_the_board(browser: Browser, service: Service, viewport: Any) -> None:
    with reading(browser, service, viewport=viewport) as page:
        page.goto(LONG)
        link = page.get_by_role("row").nth(90).get_by_role("link")
        name = link.inner_text()
        link.click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        expect(page.get_by_text("It has no rating yet in this arena.")).to_be_visible()
        standing = page.get_by_role("region", name="Where it stands").get_by_role("row", name="Chatbot Arena")
        expect(standing).to_contain_text("votes cast elsewhere")
        standing.get_by_role("link").click()
        found = row(page, page.url.partition("#model-")[2])
        expect(found).to_be_in_viewport()
        expect(found).to_contain_text(name)
        header = page.get_by_role("columnheader", name="Win rate").bounding_box() if viewport == DESKTOP else None
        assert top(found) >= (header["height"] if header else 0)
