"""Tests the leaderboard and model pages in a real browser, including long boards and phones."""

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.system import public_votes
from tests.system.browser_page import DESKTOP, FEED, PHONE, check_looks, opening, reading, tell, violations
from tests.system.service import Service

LONG = "/leaderboard/?pool=chatbot-arena-2024-08"
BEST = "chatgpt-4o-latest"
NAMES = ".board-table tbody .name"
SIZES = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
# The width of each interval, including its round ends, and the position of its left end and of its dot.
STRIPS = """() => [...document.querySelectorAll(".board-table tbody .strip")].map((strip) => {
    const { left, width } = strip.getBoundingClientRect();
    const [interval, dot] = ["interval", "dot"].map((part) => strip.querySelector(`.strip-${part}`));
    const ends = interval.getBoundingClientRect().width + parseFloat(getComputedStyle(interval).strokeWidth);
    return { left, width, interval: ends, dot: dot.getBoundingClientRect().width };
})"""

CELLS_FIT = "[...document.querySelectorAll('td, th')].every((it) => it.scrollWidth <= it.offsetWidth)"
# The table is replaced, if at all, right after the event, before any timer.
SWAP_DECIDED = """() => document.getElementById("board").addEventListener(
    "htmx:beforeSwap", () => setTimeout(() => { window.isSwapDecided = true; })
)"""


def row(page: Page, model: str) -> Locator:
    return page.locator(f"[id='model-{model}']")


def top(found: Locator) -> float:
    box = found.bounding_box()
    assert box
    return box["y"]


@SIZES
def test_strips_have_one_origin_and_one_width_and_no_cell_is_too_narrow(
    browser: Browser, service: Service, viewport: Any
) -> None:
    with reading(browser, service, viewport=viewport) as page:
        for path in ("/leaderboard/", f"/models/{BEST}/", LONG):
            page.goto(path)
            assert page.evaluate(CELLS_FIT), path
        # No dot hides its interval.
        assert min(strip["interval"] / strip["dot"] for strip in page.evaluate(STRIPS)) > 1
        page.goto(f"{LONG}&rows=all")
        strips = page.evaluate(STRIPS)
        assert len(strips) > 100
        assert len({(strip["left"], strip["width"]) for strip in strips}) == 1


def test_header_of_a_long_board_stays_in_view(page: Page) -> None:
    page.goto(f"{LONG}&rows=all")
    header = page.get_by_role("columnheader", name="Win rate")
    assert top(header) > 100
    page.get_by_role("row").nth(100).scroll_into_view_if_needed()
    assert 0 <= top(header) < 1


def test_model_page_leads_to_its_row_of_the_board(page: Page) -> None:
    page.goto(f"{LONG}&rows=all")
    link = page.get_by_role("row").nth(90).get_by_role("link")
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_text("Not rated on this site yet.")).to_be_visible()
    boards = page.get_by_role("region", name="Boards")
    standing = boards.get_by_role("listitem").filter(has_text="Chatbot Arena")
    expect(standing).to_contain_text("votes cast elsewhere")
    standing.get_by_role("link").click()
    found = row(page, page.url.partition("#model-")[2])
    expect(found).to_be_in_viewport()
    expect(found).to_contain_text(name)
    header = page.get_by_role("columnheader", name="Win rate").bounding_box()
    assert header and top(found) >= header["height"]


@pytest.fixture(scope="module")
def birds(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a board with facts."""
    public_votes.load(service, tmp_path_factory.mktemp("birds"))
    return f"/leaderboard/?pool={public_votes.POOL}"


def names(page: Page) -> list[str]:
    return page.locator(NAMES).all_inner_texts()


def state(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def compare(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Compare {name}")


def test_reader_finds_the_best_small_open_model_for_code_and_sees_why_it_is_uncertain(page: Page, birds: str) -> None:
    page.goto(birds)
    assert names(page)[:2] == ["Albatross", "Buzzard 70B"]
    page.get_by_role("combobox", name="Category").select_option("Coding")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("combobox", name="Weights").select_option("open")
    page.get_by_role("spinbutton", name="Max parameters").fill("9.9")
    page.get_by_role("spinbutton", name="Max parameters").press("Tab")
    expect(page.get_by_text("3 of 6 models")).to_be_visible()
    assert names(page) == ["Dipper 8B", "Egret 3B", "Crane 9B"]
    expect(page.get_by_text("1 more is hidden because we lack data (size: 1, weights: 1).")).to_be_visible()
    crane = row(page, "crane-9b").get_by_text(re.compile(r"^\d\d more votes$"))
    expect(crane).to_have_attribute("title", re.compile("are provisional"))
    assert top(row(page, "egret-3b")) < top(page.get_by_text("Not ranked yet")) < top(row(page, "crane-9b"))

    compare(page, "Crane 9B").check()
    expect(compare(page, "Crane 9B")).to_be_focused()
    compare(page, "Dipper 8B").check()
    page.get_by_text("Compare 2 models").click()
    side_by_side = page.get_by_role("region", name="Side by side")
    models = side_by_side.locator(".compare-models thead th")
    expect(models.get_by_role("link")).to_have_text(["Dipper 8B", "Crane 9B"])
    why = side_by_side.get_by_text(
        re.compile(r"^It has only \d\d votes\. Ratings with fewer than 100 votes are provisional\.$")
    )
    expect(why).to_be_visible()
    pair = side_by_side.get_by_role("row", name="Crane 9B against Dipper 8B")
    expect(pair).to_contain_text(re.compile(r"[+−]\d+ ± \d+"))
    expect(pair).to_contain_text(re.compile(r"about [0-9]|they differ significantly"))

    assert state(page) == {
        "pool": ["birds"], "category": ["coding"], "weights": ["open"], "size_max": ["9.9"],
        "pin": ["dipper-8b", "crane-9b"],
    }  # fmt: skip
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r"leaderboard-birds-coding-\d{8}T\d{6}Z\.csv", download.value.suggested_filename)
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [each["name"] for each in rows] == names(page)
    page.reload()
    assert names(page) == ["Dipper 8B", "Egret 3B", "Crane 9B"]
    page.locator("summary", has_text="Filters").click()
    expect(page.get_by_role("spinbutton", name="Max parameters")).to_have_value("9.9")


def test_controls_change_the_board_in_place_and_keep_the_focus(page: Page, birds: str) -> None:
    page.goto(f"{birds}&column=votes&column=tier")
    page.evaluate("window.same = true")
    search = page.get_by_role("searchbox", name="Search")
    search.press_sequentially("er", delay=20)
    expect(page.get_by_text("1 of 6 models")).to_be_visible()
    expect(search).to_be_focused()
    search.fill("")
    expect(page.get_by_text("6 of 6 models")).to_be_visible()
    page.get_by_role("link", name="Votes", exact=True).click()
    expect(page.get_by_role("columnheader", name="Votes")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("link", name="Votes", exact=True)).to_be_focused()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Size").check()
    expect(page.get_by_role("columnheader", name="Size")).to_be_visible()
    assert state(page)["sort"] == ["votes"]
    assert "size" in state(page)["column"]
    for column in ("Tier", "Size"):
        page.get_by_role("checkbox", name=column).uncheck()
        expect(page.get_by_role("columnheader", name=column)).to_have_count(0)
    page.get_by_role("checkbox", name="Votes").uncheck()  # it stays, because it is the order
    expect(page).to_have_url(re.compile("column=none"))
    assert page.evaluate("window.same")


def test_all_of_it_works_without_javascript(browser: Browser, service: Service, birds: str) -> None:
    with reading(browser, service, java_script_enabled=False) as page:
        page.goto(birds)
        page.get_by_role("combobox", name="Category").select_option("Coding")
        page.get_by_text("Filters", exact=True).click()
        page.get_by_role("combobox", name="Weights").select_option("open")
        compare(page, "Egret 3B").check()
        compare(page, "Albatross").check()
        page.get_by_role("button", name="Update").click()
        page.get_by_text("Compare 2 models").click()
        expect(page.locator(NAMES)).to_have_text(["Buzzard 70B", "Dipper 8B", "Egret 3B", "Crane 9B"])
        side_by_side = page.get_by_role("region", name="Side by side")
        expect(side_by_side.locator("thead th").get_by_role("link")).to_have_text(["Albatross", "Egret 3B"])
        page.get_by_role("link", name="Rank", exact=True).click()
        expect(page.locator(NAMES)).to_have_text(["Egret 3B", "Dipper 8B", "Buzzard 70B", "Crane 9B"])
        expect(page.get_by_text("Compare 2 models")).to_be_visible()
        page.get_by_text("Filters", exact=True).click()
        page.get_by_role("link", name="Reset all").click()
        expect(page.locator(NAMES)).to_have_count(6)
        page.set_viewport_size(PHONE)
        row(page, "finch").locator(".row-open").click(position={"x": 8, "y": 40})
        compare(page, "Finch").check()
        page.get_by_text("Sort", exact=True).click()
        page.get_by_role("combobox", name="Sort by").select_option("Model")
        page.get_by_role("combobox", name="Order").select_option("descending")
        page.get_by_role("button", name="Update").click()
        expect(page.locator(NAMES).first).to_have_text("Finch")
        assert state(page) == {"pool": ["birds"], "sort": ["model"], "order": ["desc"], "pin": ["finch"]}


def news(page: Page, **other: object) -> None:
    tell(page, "board", **{"pool": "birds", "category": "overall", "style_control": False, "method": "bt"} | other)


@pytest.fixture
def followed(page: Page, birds: str) -> list[str]:
    """Open a board and record its requests for updates."""
    page.add_init_script(FEED)
    page.goto(birds)
    page.wait_for_function("() => window.feed && window.htmx")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "hx-request" in request.headers else None)
    return asked


def test_board_follows_the_votes_while_nobody_points_at_it(page: Page, followed: list[str]) -> None:
    page.get_by_text("What the columns mean").click()
    page.mouse.move(5, 5)
    with page.expect_request(lambda request: "hx-request" in request.headers):
        news(page)
    expect(page.get_by_text("One plus the number of ranked models with a higher rating")).to_be_visible()
    expect(page.locator("#board-status")).to_have_text("Leaderboard updated")
    news(page, category="coding")
    news(page, pool="live")
    page.wait_for_timeout(400)
    page.goto(f"{page.url}&at=2100-01-01T00:00:00")  # a past board stays as it was
    news(page)
    page.wait_for_timeout(400)
    assert len(followed) == 1


@pytest.mark.parametrize("inside", ["pointer", "focus"])
def test_no_row_moves_under_pointer_or_focus(page: Page, followed: list[str], inside: str) -> None:
    if inside == "pointer":
        row(page, "dipper-8b").hover()
    else:
        page.mouse.move(5, 5)
        row(page, "dipper-8b").get_by_role("link").focus()
    before = top(row(page, "dipper-8b"))
    page.evaluate("document.querySelector('.board-table').dataset.old = 'yes'")
    news(page)
    button = page.get_by_role("button", name="Show new votes")
    expect(button).to_be_visible()
    assert not followed
    assert top(row(page, "dipper-8b")) == before

    if inside == "pointer":
        page.mouse.move(5, 5)
    else:
        page.get_by_role("searchbox").focus()
    expect(page.locator(".board-table[data-old]")).to_have_count(0)
    expect(button).to_be_hidden()
    assert len(followed) == 1


def test_row_under_the_pointer_shows_which_others_no_test_tells_apart_from_it(page: Page) -> None:
    page.goto(LONG)
    rows = page.locator(".board-table tbody tr")
    ranges = [list(map(int, (found.get_attribute("data-same") or "0 0").split())) for found in rows.all()]
    place = next(number for number, (low, high) in enumerate(ranges) if high > low)
    (low, high), hovered = ranges[place], rows.nth(place)
    hovered.hover()
    told = "1 other" if high - low == 1 else f"{high - low} others"
    expect(page.locator("[data-told]")).to_have_attribute("data-told", f"could be tied with {told}")
    kept = [int(rank) for rank in page.locator("tr.same .cell-rank strong").all_inner_texts()]
    assert kept
    assert all(low <= rank <= high for rank in kept)
    line = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.guided'), '::after').left)")
    dot = hovered.locator(".strip-dot").bounding_box()
    body = page.locator(".guided").bounding_box()
    assert dot
    assert body
    assert abs(body["x"] + line - dot["x"] - dot["width"] / 2) < 1
    page.mouse.move(5, 5)
    expect(page.locator(".guided, .tested, .same")).to_have_count(0)


def test_news_can_be_asked_for_at_once(page: Page, followed: list[str]) -> None:
    row(page, "dipper-8b").hover()
    news(page)
    with page.expect_request(lambda request: "hx-request" in request.headers):
        page.get_by_role("button", name="Show new votes").click()
    expect(page.get_by_role("button", name="Show new votes")).to_be_hidden()


def test_pinning_far_down_keeps_the_row_in_its_place(page: Page) -> None:
    page.goto(f"{LONG}&rows=all")
    box = page.get_by_role("row").nth(60).get_by_role("checkbox")
    box.scroll_into_view_if_needed()
    pinned = page.locator(f"[id='{box.get_attribute('id')}']")
    before = top(pinned)
    pinned.check()
    expect(page.get_by_text("Compare 1 model")).to_be_in_viewport()
    expect(pinned).to_be_focused()
    assert abs(top(pinned) - before) < 2
    page.get_by_text("Compare 1 model").click()
    expect(page.get_by_role("heading", name="Side by side")).to_be_in_viewport()
    page.get_by_text("Close", exact=True).click()
    page.locator(".chip").click()
    expect(page.locator(".drawer")).to_have_count(0)
    expect(pinned).not_to_be_checked()


def test_four_models_stand_side_by_side_on_a_phone_with_the_names_of_the_figures_in_sight(
    browser: Browser, service: Service, birds: str
) -> None:
    with reading(browser, service, viewport=PHONE) as page:
        page.goto(birds + "".join(f"&pin={model}" for model in ("albatross", "buzzard-70b", "crane-9b", "finch")))
        page.get_by_text("Compare 4 models").click()
        figures = page.get_by_role("region", name="Figures for these models")
        last, label = figures.get_by_role("link", name="Crane 9B"), figures.get_by_role("rowheader", name="Rating")
        expect(last).not_to_be_in_viewport(ratio=1)
        figures.evaluate("it => it.scrollTo(it.scrollWidth, 0)")
        for found in (last, label):
            expect(found).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    ("pressed", "shown"),
    [
        pytest.param("#sort-votes", {"size_max": ["9.9"], "sort": ["votes"]}, id="link"),
        pytest.param("tbody .cell-votes", {"size_max": ["9.9"]}, id="cell"),
    ],
)
def test_click_is_not_lost_when_its_press_sends_the_form(
    page: Page, birds: str, pressed: str, shown: dict[str, list[str]]
) -> None:
    page.goto(birds)
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("spinbutton", name="Max parameters").fill("9.9")
    page.locator(pressed).first.hover()
    page.evaluate(SWAP_DECIDED)
    page.mouse.down()  # takes the focus from the limit, which sends the form
    page.wait_for_function("() => window.isSwapDecided")
    page.mouse.up()
    expect(page.get_by_text("3 of 6 models")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{list(shown)[-1]}="))
    assert state(page) == {"pool": ["birds"], **shown}


def test_back_shows_the_former_view_with_its_form(page: Page, birds: str) -> None:
    page.goto(birds)
    page.get_by_role("searchbox").press_sequentially("er", delay=20)
    expect(page.get_by_text("1 of 6 models")).to_be_visible()
    page.get_by_role("combobox", name="Category").select_option("Coding")
    expect(page.get_by_text("Coding · “er”")).to_be_visible()
    expect(page).to_have_url(re.compile("category=coding"))
    page.get_by_role("link", name="Votes", exact=True).click()
    expect(page.get_by_role("columnheader", name="Votes")).to_have_attribute("aria-sort", "descending")

    page.go_back()
    expect(page.get_by_role("columnheader", name="Rank")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("combobox", name="Category")).to_have_value("coding")
    page.go_back()
    expect(page.get_by_role("combobox", name="Category")).to_have_value("")
    expect(page.get_by_role("searchbox")).to_have_value("er")
    page.get_by_role("searchbox").fill("")
    expect(page.get_by_text("6 of 6 models")).to_be_visible()
    assert state(page) == {"pool": ["birds"]}
    page.go_back()
    expect(page).to_have_url("about:blank")


def test_what_cannot_be_understood_gets_its_page_from_the_open_form_too(browser: Browser, service: Service) -> None:
    with opening(browser, service) as page:  # the browser logs the status to the console
        page.goto("/leaderboard/?pool=live")
        page.get_by_text("Filters", exact=True).click()
        page.get_by_role("combobox", name="Style control").evaluate("it => { it.options[1].value = 'perhaps'; }")
        page.get_by_role("combobox", name="Style control").select_option("on")
        expect(page.get_by_role("heading", name="We couldn't read this URL.")).to_be_visible()
        assert not violations(page)


def test_board_stays_while_the_service_cannot_answer(browser: Browser, service: Service, birds: str) -> None:
    with opening(browser, service) as page:  # the browser logs the status to the console
        page.add_init_script(FEED)
        page.goto(birds)
        page.wait_for_function("() => window.feed && window.htmx")
        page.route("**/leaderboard/**", lambda route: route.fulfill(status=503, body="away"))
        with page.expect_response(lambda response: response.status == 503):
            news(page)
        assert len(names(page)) == 6
        page.get_by_role("link", name="Votes", exact=True).click()
        expect(page.get_by_text("away")).to_be_visible()


READERS = {
    "filters": "&weights=open&size_max=80",
    "nothing found": "&q=ostrich",
    "one pinned": "&pin=crane-9b",
    "four pinned, all columns": "&pin=crane-9b&pin=finch&pin=albatross&pin=egret-3b"
    + "".join(f"&column={name}" for name in ("change", "votes", "voters", "size", "price", "context", "wait")),
    "elo": "&method=elo",
    "past, and nothing there": "&at=2001-01-01",
}


@pytest.mark.parametrize("query", READERS.values(), ids=READERS.keys())
def test_board_in_any_state_has_no_violation_and_fits(page: Page, birds: str, query: str) -> None:
    page.goto(birds + query)
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    check_looks(page)


def test_phone_begins_with_rows_and_sorts_by_a_field(browser: Browser, service: Service, birds: str) -> None:
    """A second choice made while the first is answered is kept."""
    with reading(browser, service, viewport=PHONE) as page:
        page.goto(birds)
        expect(row(page, "albatross")).to_be_in_viewport(ratio=1)
        held: list[Route] = []
        page.get_by_text("Sort", exact=True).click()
        page.route("**/leaderboard/?*", lambda route, _: held.append(route), times=1)
        with page.expect_request("**/leaderboard/?*"):
            page.get_by_role("combobox", name="Sort by").select_option("Model")
        page.get_by_role("combobox", name="Order").select_option("descending")
        held[0].continue_()
        expect(page.locator(NAMES).first).to_have_text("Finch")
        assert state(page) == {"pool": ["birds"], "sort": ["model"], "order": ["desc"]}
        page.get_by_role("combobox", name="Category").select_option("Coding")
        expect(page.get_by_text("models · Coding")).to_be_visible()


def test_phone_shows_the_best_nine_at_once_and_opens_a_row(browser: Browser, service: Service) -> None:
    with reading(browser, service, viewport=PHONE) as page:
        lines = page.locator(".board-table tbody tr")
        for path in ("/leaderboard/", LONG):
            page.goto(path)
            for place in range(9):
                expect(lines.nth(place)).to_be_in_viewport(ratio=1)
        expect(compare(page, "ChatGPT-4o Latest")).to_be_hidden()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        lines.nth(0).locator(".row-open").click(position={"x": 8, "y": 40})
        expect(lines.nth(0).get_by_text("Votes 14,514")).to_be_visible()
        expect(lines.nth(0).locator(".unknown").first).to_be_hidden()
        assert not asked
        compare(page, "ChatGPT-4o Latest").check()
        expect(page.get_by_text("Compare 1 model")).to_be_in_viewport()
        expect(lines.nth(0).get_by_text("Votes 14,514")).to_be_visible()


@pytest.mark.parametrize(("width", "height", "first", "count"), [(1440, 900, 260, 13), (1920, 1080, 260, 17)])
def test_first_row_is_high_and_many_are_on_the_first_screen(
    browser: Browser, service: Service, width: int, height: int, first: int, count: int
) -> None:
    with reading(browser, service, viewport={"width": width, "height": height}) as page:
        for path in ("/leaderboard/", LONG):
            page.goto(path)
            lines = page.locator(".board-table tbody tr")
            assert top(lines.first) <= first
            expect(lines.nth(count - 1)).to_be_in_viewport(ratio=1)


def test_more_rows_come_in_place_and_stay_while_the_form_changes(page: Page) -> None:
    page.goto(LONG)
    expect(page.locator(NAMES)).to_have_count(25)
    page.get_by_role("link", name="Show 50").click()
    expect(page.locator(NAMES)).to_have_count(50)
    page.get_by_role("link", name="Votes", exact=True).click()
    expect(page).to_have_url(re.compile("sort=votes"))
    expect(page.locator(NAMES)).to_have_count(50)
    assert state(page)["rows"] == ["50"]


def test_board_that_is_refused_its_stream_looks_for_news_and_asks_again(page: Page, birds: str) -> None:
    page.add_init_script(FEED)
    page.clock.install()
    page.goto(birds)
    page.mouse.move(5, 5)
    page.wait_for_function("() => window.feed && window.htmx")
    page.evaluate("() => { window.refused = feed; EventSource.CLOSED = feed.readyState = 2; }")
    page.evaluate("() => feed.dispatchEvent(new Event('error'))")
    with page.expect_request(lambda request: "hx-request" in request.headers):
        page.clock.run_for(31_000)
    page.wait_for_function("() => window.feed !== window.refused")
    expect(page.locator("#board-status")).to_have_text("Leaderboard updated")


def test_board_looks_for_news_each_time_its_stream_has_come_again(page: Page, followed: list[str]) -> None:
    page.mouse.move(5, 5)
    page.evaluate("() => feed.dispatchEvent(new Event('open'))")
    page.wait_for_timeout(400)
    assert not followed
    for _ in range(2):
        with page.expect_request(lambda request: "hx-request" in request.headers):
            page.evaluate("() => feed.dispatchEvent(new Event('open'))")
        expect(page.locator("#board-status")).to_have_text("Leaderboard updated")
