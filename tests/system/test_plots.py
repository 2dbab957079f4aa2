"""Tests plots in a real browser: they match the API and their tables, under the content security policy."""

import csv
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.system.browser_page import DESKTOP, LOOKS, PHONE, SHIFTS, check_looks, opening, reading
from tests.system.service import Service

POOL = "drawn"
MODELS = [f"drawn-{letter}" for letter in "abcdefghijkl"]
UNBEATEN = "drawn-unbeaten"
PLOTS = f"/leaderboard/plots/?pool={POOL}"
HISTORY = f"/history/?pool={POOL}"
LONG_AGO = "&at=2020-01-01T00:00:00Z"
PAGES = (
    *(PLOTS, f"{PLOTS}&against=speed", f"{PLOTS}{LONG_AGO}", HISTORY, f"{HISTORY}{LONG_AGO}"),
    f"/models/{MODELS[0]}/",
)
SPEED = "/leaderboard/plots/?pool=chatbot-arena-2024-08&against=speed#frontier-title"
PRICES = dict(zip(MODELS, (5, 6, 4, 7, 3, 8, 2, 9, "0.5", 0), strict=False))
SOURCE = f"https://prices.example/{'one_long_path/' * 8}list.json (a list)"
PRICED = f"""from catalog.models import LanguageModel, Price
for slug, price in {PRICES}.items():
    model = LanguageModel.objects.get(slug=slug)
    Price.objects.create(model=model, input=price, output=price, source="{SOURCE}", as_of="2026-02-03")"""
# Returns the contrast between each cell's number and color.
CONTRASTS = """(plot) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (color) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => each / 255)
            .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ink = luminance(getComputedStyle(document.body).color);
    return [...document.querySelectorAll(`[data-plot=${plot}] rect:has(title)`)].map((cell) => {
        const [dark, light] = [ink, luminance(getComputedStyle(cell).fill)].sort((one, other) => one - other);
        return (light + 0.05) / (dark + 0.05);
    });
}"""
# Stores the same boards again with yesterday's date.
YESTERDAY = """INSERT INTO ratings_snapshot (board_id, method, votes, code_version, parameters, rows, computed_at)
    SELECT board_id, method, votes, code_version, parameters, rows, computed_at - interval '1 day'
    FROM ratings_snapshot AS old JOIN ratings_board AS board ON board.id = board_id
    JOIN arena_pool AS pool ON pool.id = pool_id WHERE pool.slug = %s RETURNING id"""
CELLS = """(table) => [...document.querySelectorAll(`#${table}-table tbody tr`)].map((row) =>
    [...row.cells].map((cell) => cell.innerText.trim()))"""
TITLES = "plot => [...document.querySelectorAll(`[data-plot=${plot}] title`)].map((title) => title.textContent)"

# Shortens names to a width, and measures the widest of them.
SHORTENED = """async (names) => {
    const [file] = performance.getEntriesByType("resource").filter(({ name }) => name.includes("plot_frame"));
    const cut = (await import(file.name)).shortenNames(names, 115);
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.font = `13px ${getComputedStyle(document.body).fontFamily}`;
    return [cut, Math.max(...cut.map((text) => canvas.measureText(text).width))];
}"""
RELATED = ["gemini-1.5-pro-api-0409", "gemini-1.5-pro-api-0514"]


@pytest.fixture(scope="module")
def drawn(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A pool of twelve connected models, better ones first, and one model that has never lost. Ten have a price."""
    path: Path = tmp_path_factory.mktemp("votes") / "drawn.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model_a", "model_b", "win_a", "win_b", "tie", "tie_bothbad"])
        writer.writerows([one, other, 60, 50 - 2 * place, 10, 1] for place, (one, other) in pairs())
        writer.writerow([UNBEATEN, MODELS[0], 9, 0, 0, 0])
    service.manage("import_votes", str(path), "--pool", POOL)
    service.manage("shell", "-c", PRICED)
    assert service.query(YESTERDAY, POOL)
    return service


def pairs() -> list[tuple[int, tuple[str, str]]]:
    return [(MODELS.index(other) - MODELS.index(one), (one, other)) for one, other in combinations(MODELS, 2)]


@pytest.fixture(scope="module")
def plots(browser: Browser, drawn: Service) -> Iterator[Page]:
    """A page with all tables open, for tests that only read it."""
    with reading(browser, drawn) as page:
        open_plots(page)
        opened(page)
        yield page


def open_plots(page: Page, address: str = PLOTS) -> None:
    page.goto(address)
    wait_for_plots(page)


def wait_for_plots(page: Page) -> None:
    for place in page.locator(".plot").all():
        expect(place.locator("svg").first).to_be_attached()


def opened(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")


def test_each_form_takes_away_what_a_choice_makes_impossible(page: Page) -> None:
    for address in ("/leaderboard/plots/?pool=live", "/history/?pool=live"):
        page.goto(address)
        opened(page)
        for form in page.locator("form.chooser").all():
            method, style = (form.get_by_role("combobox", name=name) for name in ("Rating method", "Style control"))
            method.select_option("Elo")
            expect(style.get_by_role("option", name="on (not with Elo)")).to_be_disabled()
            method.select_option("Bradley–Terry")
            style.select_option("on")
            expect(method.get_by_role("option", name="Elo (not with style control)")).to_be_disabled()


def test_ratings_have_a_mark_for_each_row_with_its_numbers(plots: Page) -> None:
    """A model that never lost does not set the scale. Its interval is open, and its mark is an arrow at the edge."""
    rows = plots.evaluate(CELLS, "ratings")
    expected = []
    for _, name, rating, interval, _ in rows:
        *start, end = interval.split()
        ends = {"at least": f"{end} – …", "at most": f"… – {end}"}
        expected.append(f"{name}: {rating}, {ends.get(' '.join(start), interval)}")
    assert len(rows) == len(MODELS) + 1
    assert plots.evaluate(TITLES, "ratings") == expected
    assert plots.locator("[data-plot=ratings] [data-mark=dot] path:has(title)").count() == len(rows)
    assert sum(interval.startswith("at least") for *_, interval, _ in rows) == 1
    assert plots.locator("[data-plot=ratings] .open-end path").count() == 1
    marks = plots.locator("[data-plot=ratings] path:has(title)").all()
    turned = {
        str(mark.text_content()).partition(":")[0]: "rotate(90)" in str(mark.get_attribute("transform"))
        for mark in marks
    }
    assert [name for name, beyond in turned.items() if beyond] == [UNBEATEN]


@pytest.mark.parametrize(
    ("names", "cut"),
    [
        ([*RELATED, "short"], ["gemini-…pi-0409", "gemini-…pi-0514", "short"]),
        (["llama-3.1-405b-instruct", "llama-3.1-70b-instruct"], ["llama-3.1-4…uct", "llama-3.1-7…uct"]),
        (["the-same-name-of-two"] * 2, ["the-sam…-of-two"] * 2),
    ],
)
def test_names_are_cut_where_they_stay_different(plots: Page, names: list[str], cut: list[str]) -> None:
    assert plots.evaluate(SHORTENED, names)[0] == cut


def test_names_in_wide_letters_are_cut_to_the_same_room(plots: Page) -> None:
    names = ["W" * 40 + "1", "W" * 40 + "2", "\u8bed\u8a00\u6a21\u578b" * 5, RELATED[0]]
    cut, widest = plots.evaluate(SHORTENED, names)
    assert len(set(cut)) == len(names)
    assert widest <= 115
    assert len(cut[3]) > len(cut[0])


def test_pairs_have_a_cell_for_each_number_and_are_hatched_within_noise(plots: Page) -> None:
    found = plots.evaluate(CELLS, "pairs")
    cells = [cell.split() for row, cells in enumerate(found) for at, cell in enumerate(cells[1:]) if row != at]
    rates = [cell[0] for cell in cells if cell[0] != "–"]
    assert [title.split(": ")[1].split()[0] for title in plots.evaluate(TITLES, "rates")] == rates
    assert [title.split(": ")[1].split()[0] for title in plots.evaluate(TITLES, "counts")] == [c[-1] for c in cells]
    assert plots.locator("[data-plot=rates] rect:has(title)").count() == len(rates) == 12 * 11
    assert plots.locator("[data-plot=counts] rect:has(title)").count() == 13 * 12
    assert plots.locator("[data-plot=counts] [data-mark=text] text").all_text_contents() == [c[-1] for c in cells]
    titles = plots.evaluate(TITLES, "rates")
    noise = [title for title in titles if title.endswith("not significant")]
    assert 0 < len(noise) < len(titles)
    assert plots.locator("[data-plot=rates] [fill='url(#noise)'] rect").count() == len(noise)


def test_numbers_can_be_read_on_their_cells(page: Page, drawn: Service) -> None:
    for _, scheme in LOOKS:
        page.emulate_media(color_scheme=scheme)
        open_plots(page)
        for plot in ("rates", "counts"):
            page.locator(f"[data-plot={plot}] [data-mark=text] text").first.wait_for()
            found = page.evaluate(CONTRASTS, plot)
            assert min(found) >= 4.5
            assert max(found) > 1.2 * min(found)  # the colors differ


def test_frontier_has_a_mark_for_each_row(plots: Page) -> None:
    rows = plots.evaluate(CELLS, "frontier")
    titles = plots.evaluate(TITLES, "frontier")
    figures = [f"{row[1]} per million tokens (Feb 2026)" for row in rows]
    assert [title.rpartition("\n")[2] for title in titles] == figures
    assert "$0.50" in [row[1] for row in rows]
    assert [title.partition("\n")[0] for title in titles] == [row[0] for row in rows]
    assert len(rows) == 10
    named = plots.locator("[data-plot=frontier] [data-mark=name] text[font-weight='650']").count()
    assert named == sum(row[2] == "yes" for row in rows) == 6
    table = plots.locator(".scroller:has(#frontier-table)")
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") == 0
    ticks = plots.locator("[data-plot=frontier] [data-mark='x-axis tick label'] text").all_text_contents()
    assert ticks[0] == "free"
    assert all(tick.startswith("$") for tick in ticks[1:])
    assert any(title.startswith("drawn-j\n") for title in titles)
    assert plots.get_by_role("link", name="Speed", exact=True).count() == 0  # because only one model has a speed


OVERLAPS = """(texts) => {
    const boxes = texts.map((text) => text.getBoundingClientRect());
    const meet = (one, other) => one.left < other.right && other.left < one.right
        && one.top < other.bottom - 2 && other.top < one.bottom - 2;
    return boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => meet(one, other))).length;
}"""


def test_frontier_is_named_and_no_words_lie_on_others(page: Page, drawn: Service) -> None:
    """The picture follows the width of the window."""
    open_plots(page)
    picture = page.locator("[data-plot=frontier] svg")
    wide = int(picture.get_attribute("width") or 0)
    page.set_viewport_size(PHONE)
    expect(picture).not_to_have_attribute("width", str(wide))
    assert int(picture.get_attribute("width") or 0) < PHONE["width"] < wide
    names = page.locator("[data-plot=frontier] [data-mark=name] text")
    assert names.count() == 6  # only those on the frontier
    assert names.evaluate_all("names => names.every((name) => name.getAttribute('font-weight') === '650')")
    assert names.evaluate_all(OVERLAPS) == 0
    assert page.locator("[data-plot=frontier] [data-mark=name] line").count() == 0
    ticks = page.locator("[data-plot=frontier] [data-mark='x-axis tick label'] text")
    assert ticks.count() >= 3
    assert ticks.evaluate_all(OVERLAPS) == 0


SCROLL_SCRIPT = """() => new Promise((resolve) => {
    document.addEventListener("pointerover", resolve, { once: true });
    scrollBy(0, 60);
})"""


def test_readout_says_what_is_pointed_at_and_follows_the_arrow_keys(page: Page, drawn: Service) -> None:
    """It stays at a mark chosen by key while the page scrolls under the pointer."""
    open_plots(page)
    place, words = page.locator("[data-plot=rates]"), page.locator("[data-plot=rates] + .readout")
    titles = page.evaluate(TITLES, "rates")
    assert page.get_by_text("Hover over or tap a mark").count() == 1
    place.locator("rect").first.hover()
    expect(words).to_have_text(titles[0])
    assert place.locator("rect.lit").count() == 2 * 11 - 1
    assert place.locator("text.lit").all_text_contents() == MODELS[:2]
    place.focus()
    for key, at in (("ArrowRight", 1), ("ArrowDown", 12), ("ArrowUp", 1), ("ArrowLeft", 0), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        expect(words).to_have_text(titles[at])
    place.locator("rect").first.hover()
    page.keyboard.press("ArrowRight")
    for script in (SCROLL_SCRIPT, SCROLL_SCRIPT.replace("60", "2000")):
        page.evaluate(script)
        expect(words).to_have_text(titles[1])
    page.keyboard.press("Escape")
    expect(words).to_be_hidden()


def test_card_is_near_its_mark_and_leads_to_the_model(page: Page, drawn: Service) -> None:
    open_plots(page)
    card, mark = page.locator("[data-plot=frontier] + .readout"), page.locator("[data-plot=frontier] circle").first
    mark.hover()
    expect(card).to_contain_text(f"{MODELS[0]}")
    at, near = mark.bounding_box(), card.bounding_box()
    assert at
    assert near
    assert 0 < min(abs(near["y"] + near["height"] - at["y"]), abs(near["y"] - at["y"] - at["height"])) < 12
    card.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(rf"pool={POOL}&pin={MODELS[0]}#compare"))


@pytest.mark.parametrize("width", [390, 1440])
def test_layout_does_not_shift_while_plots_are_drawn(browser: Browser, drawn: Service, width: int) -> None:
    with reading(browser, drawn, viewport={"width": width, "height": 900}) as page:
        page.add_init_script(f"({SHIFTS})()")
        open_plots(page, f"{PLOTS}#frontier-title")
        page.wait_for_timeout(300)
        assert page.evaluate("shift") <= 0.02


def test_link_to_a_section_leads_there_though_the_plots_are_drawn_later(page: Page) -> None:
    open_plots(page, SPEED)
    expect(page.get_by_role("heading", name="Best models at each speed")).to_be_in_viewport()


def test_drawn_plots_do_not_move_a_reader_who_has_left_the_section(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/v1/**", lambda route, _: held.append(route))
    page.goto(SPEED)
    page.mouse.wheel(0, -5000)
    page.wait_for_function("scrollY === 0")
    for route in held:
        route.continue_()
    wait_for_plots(page)
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") == 0


def test_history_has_a_picture_for_each_model(plots: Page) -> None:
    columns = plots.locator("#history-table thead th").all_inner_texts()[1:]
    assert plots.locator(".panel figcaption").all_inner_texts() == columns
    assert len(columns) == 10
    assert len(plots.evaluate(CELLS, "history")) == 2
    ticks = plots.locator("[data-plot=series] [data-mark='x-axis tick label'] text").all_text_contents()
    assert ticks
    assert all(re.match(r"\d\d:\d\d|[A-Z][a-z]+ \d+", tick) for tick in ticks)  # a day of 24 hours, as everywhere


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_history_begins_with_one_picture_of_all_models(browser: Browser, drawn: Service, viewport: Any) -> None:
    with reading(browser, drawn, viewport=viewport) as page:
        open_plots(page, HISTORY)
        picture = page.locator("[data-plot=history]")
        expect(picture).to_be_in_viewport()
        assert len(page.evaluate(TITLES, "history")) == 10
        labels = picture.locator("[data-mark=text] text").evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect()).sort((one, other) => one.y - other.y)"
        )
        assert len(labels) == 10
        assert all(one["bottom"] <= other["top"] + 1 for one, other in pairwise(labels))
        assert max(label["right"] for label in labels) <= viewport["width"]
        leaders = picture.locator("[data-mark=link] path")
        colors = leaders.evaluate_all("all => all.map((each) => each.getAttribute('stroke'))")
        assert colors[:3] == ["var(--a)", "var(--b)", "var(--ink)"]
        assert len({*colors}) == len(colors) == 10
        picture.press("ArrowRight")
        expect(page.locator(".readout")).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d: [\d,]+"))


@pytest.mark.parametrize("width", [10, 2000])
def test_scale_of_the_history_fits_the_ratings_with_narrow_intervals(
    browser: Browser, drawn: Service, width: int
) -> None:
    with reading(browser, drawn) as page:

        def add_early_rating(route: Route) -> None:
            data = route.fetch().json()
            points = data["series"][0]["points"]
            early = {"rating": 3000, "ci_low": 3000 - width, "ci_high": 3000 + width}
            points[:0] = [points[0] | early | {"computed_at": f"2026-01-0{day}T00:00:00Z"} for day in (1, 2)]
            route.fulfill(json=data)

        page.route("**/api/v1/**", add_early_rating)
        open_plots(page, HISTORY)
        is_wide = width > 10
        ticks = page.locator("[data-plot=history] [data-mark='y-axis tick label'] text").all_text_contents()
        assert ("3,000" not in ticks) == is_wide
        assert page.get_by_text("Ratings based on too few votes are not shown.").count() == is_wide
        lines = page.locator("[data-plot=history] [data-mark=line] path").evaluate_all(
            "all => all.map((each) => each.getAttribute('d'))"
        )
        starts = [sum(float(x) <= 44 for x in re.findall(r"[ML]([-\d.]+),", line)) for line in lines]
        assert len(lines) == 20
        assert max(starts) == 1  # nothing rises or falls at the edge


def test_pictures_have_names_and_no_style_element(plots: Page) -> None:
    assert plots.locator("svg.picture style").count() == 0
    assert plots.evaluate(
        "Plot.plot({ marks: [] }).querySelector('style') !== null"
    )  # the content security policy would block it
    named = plots.locator("svg.picture").evaluate_all("all => all.map((svg) => [svg.role, svg.ariaLabel])")
    assert len(named) == 14
    assert all(role == "img" and name for role, name in named)


def test_pages_have_no_violation_and_fit(page: Page, drawn: Service) -> None:
    for path in PAGES:
        open_plots(page, path)
        opened(page)
        check_looks(page)
        page.set_viewport_size(PHONE)
        table = page.locator(".scroller:has(#categories-table)")  # the content must be visible immediately
        assert table.evaluate_all("all => Math.max(0, ...all.map((each) => each.scrollWidth - each.clientWidth))") == 0


def test_tables_suffice_without_scripts(browser: Browser, drawn: Service) -> None:
    with reading(browser, drawn, java_script_enabled=False) as page:
        page.goto(PLOTS)
        assert page.locator(".plot").count() == 5
        assert not any(place.is_visible() for place in page.locator(".plot").all())
        page.locator("details.numbers > summary").first.click()
        expect(page.get_by_role("row", name="drawn-b")).not_to_have_count(0)
        page.get_by_label("Number of models").select_option("10")
        page.get_by_role("button", name="Update").click()
        expect(page.locator("#ratings-table tbody tr")).to_have_count(10)


def test_plot_that_cannot_be_drawn_says_so(browser: Browser, drawn: Service) -> None:
    with opening(browser, drawn) as page:  # the browser logs the failure to the console
        page.route("**/leaderboard/frontier/**", lambda route: route.abort())
        page.goto(PLOTS)
        expect(page.locator("[data-plot=frontier]")).to_have_text(
            "The plot could not be drawn; the table below has the numbers."
        )
        expect(page.locator("[data-plot=ratings] svg")).to_be_visible()


def test_point_on_the_curve_of_the_method_follows_its_slider(page: Page) -> None:
    page.goto("/method/?pool=live")
    slider = page.get_by_label("Lead in points")
    slider.fill("100")
    expect(page.get_by_text("+100 points: 64% of the votes")).to_be_visible()
    assert page.locator(".guide circle").get_attribute("cx") == "168"
    expect(slider).to_have_attribute("aria-valuetext", "+100 points: 64% of the votes")
