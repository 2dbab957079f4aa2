"""Tests the comparison of a benchmark with human votes in a real browser, as a plot and as a table."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system.browser_page import LOOKS, check_looks, reading
from tests.system.service import Service
from tests.system.test_plots import CELLS, TITLES, open_plots, opened, wait_for_plots

PAGE = "/benchmarks/humaneval/disagreement/?pool=chatbot-arena-2024-08&category=overall"
# Returns the bounding box of each name in the plot, and of the plot itself.
NAMES = """() => {
    const svg = document.querySelector("[data-plot=disagreement] svg").getBoundingClientRect();
    return [...document.querySelectorAll("[data-plot=disagreement] [data-mark=text] text")].map((name) => {
        const box = name.getBoundingClientRect();
        const inside = box.left >= svg.left && box.right <= svg.right;
        return [name.textContent, inside, box.top, box.bottom, box.left, box.right];
    });
}"""


@pytest.fixture
def drawn(page: Page) -> Page:
    open_plots(page, PAGE)
    return page


def test_list_leads_to_a_line_through_real_models(page: Page) -> None:
    page.goto("/benchmarks/")
    page.get_by_role("link", name="Compare with human votes for HumanEval").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("HumanEval vs. human votes")
    expect(page.get_by_text("category coding. The votes in this category are the closest")).to_be_visible()
    expect(page.get_by_text("Scores higher than human votes suggest", exact=True)).to_be_visible()
    page.get_by_role("link", name="DBRX Instruct Preview").first.click()
    expect(page).to_have_url("/models/dbrx-instruct-preview/")


def test_picture_has_a_mark_for_each_row_with_its_numbers(drawn: Page) -> None:
    opened(drawn)
    rows = drawn.evaluate(CELLS, "disagreement")
    assert len(rows) == 28
    expected = [
        f"{name}: score {score.split()[0]}, rating {rating.split()[0]}, {line} on the line"
        for name, score, rating, line, *_ in rows
    ]
    assert drawn.evaluate(TITLES, "disagreement") == expected
    assert drawn.locator("[data-plot=disagreement] [data-mark=dot] path").count() == 28
    assert drawn.locator("[data-plot=disagreement] [data-mark=area] path").count() == 1


def test_those_far_off_are_told_by_shape_too_and_have_names(drawn: Page) -> None:
    opened(drawn)
    far = [
        row[0] for row in drawn.evaluate(CELLS, "disagreement") if row[-1] == "scores higher than human votes suggest"
    ]
    shapes = drawn.locator("[data-plot=disagreement] [data-mark=dot] path").evaluate_all(
        "all => all.map((path) => path.getAttribute('d'))"
    )
    assert len(far) == 2
    assert len(set(shapes)) == 2
    assert [shapes.count(shape) for shape in dict.fromkeys(shapes)] == [2, 26]
    assert sorted(name for name, *_ in drawn.evaluate(NAMES)) == sorted(far)


def test_names_stay_in_the_picture_and_off_each_other(drawn: Page) -> None:
    for viewport, _ in LOOKS:
        drawn.set_viewport_size(viewport)
        drawn.reload()
        wait_for_plots(drawn)
        names = drawn.evaluate(NAMES)
        assert names
        assert all(inside for _, inside, *_ in names)
        for at, (_, _, top, bottom, left, right) in enumerate(names):
            for _, _, high, low, start, end in names[:at]:
                assert bottom <= high + 3 or low <= top + 3 or right <= start or end <= left


def test_pages_have_no_violation_and_fit(drawn: Page) -> None:
    for path in (PAGE, "/benchmarks/gsm8k/disagreement/", "/benchmarks/"):  # the second has too few models
        open_plots(drawn, path)
        opened(drawn)
        check_looks(drawn)


def test_table_and_form_suffice_without_scripts(browser: Browser, service: Service) -> None:
    with reading(browser, service, java_script_enabled=False) as page:
        page.goto(PAGE)
        assert not page.locator(".plot").is_visible()
        page.locator("details.numbers > summary").click()
        expect(page.get_by_role("row", name="Code Llama 70B Instruct")).to_be_visible()
        page.get_by_label("Scores (with the number").select_option(index=1)
        page.get_by_role("button", name="Update").click()
        expect(page.get_by_text("A fit requires")).to_be_visible()
        expect(page.get_by_text("self-reported")).to_be_visible()
        page.get_by_label("Votes").select_option("live")
        page.get_by_role("button", name="Update").click()
        expect(page.get_by_text("This site's own board is not used")).to_have_count(0)
