"""The page of plots: its tables, and where its pictures take their numbers from."""

import re
from datetime import timedelta
from html import unescape
from itertools import pairwise

import pytest

from ratings.boards.snapshots import pack_rows, unpack_rows
from ratings.models import PairTable, Snapshot
from ratings.web.trends.plot_views import find_plot_problem
from tests import factories
from tests.ratings.board_history import beat, met, published
from tests.ratings.reports.test_frontier import priced, timed

pytestmark = pytest.mark.django_db
PAGE = "/leaderboard/plots/"


def shown(client, **query):
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return answer.content.decode()


def sources(html):
    """Kind of plot → the address that it draws."""
    found = re.findall(r'data-plot="(\w+)" data-source="([^"]*)"', html)
    return {kind: unescape(address) for kind, address in found}


def table(html, name):
    """Model → the texts of the cells of its row."""
    [body] = re.findall(rf'id="{name}-table">.*?<tbody>(.*?)</tbody>', html, re.DOTALL)
    rows = re.findall(r'<tr data-model="([^"]*)">(.*?)</tr>', body, re.DOTALL)
    plain = {model: re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", cells, re.DOTALL) for model, cells in rows}
    return {
        model: [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in cells] for model, cells in plain.items()
    }


@pytest.fixture
def three():
    """Two boards of three models; the best and the worst have a price."""
    models = [factories.model(slug, name=f"<{slug}>") for slug in ("best", "middle", "worst")]
    for hours in (2, 1):
        for one, other in pairwise(models):
            met(one, other, 7, 3, categories=["coding"])
        published(timedelta(hours=hours))
    priced(models[0], "2", "2")
    priced(models[2], "1", "1")
    return models


def test_each_plot_has_its_numbers_in_a_table_with_escaped_names(client, three):
    html = shown(client)
    assert "&lt;middle&gt;" in html
    assert "<middle>" not in html
    said = {kind: client.get(address).json() for kind, address in sources(html).items()}

    ratings = {row["model"]: f"{row['rating']:,.0f}" for row in said["ratings"]["rows"]}
    assert {model: cells[2] for model, cells in table(html, "ratings").items()} == ratings
    assert list(table(html, "ratings")) == ["best", "middle", "worst"]

    pairs = table(html, "pairs")
    for down, row in enumerate(said["rates"]["models"]):
        for across in range(3):
            chance, count = said["rates"]["win_probability"][down][across], said["counts"]["counts"][down][across]
            expected = "\N{EN DASH}" if down == across else f"{100 * chance:.0f}% {count}"
            assert pairs[row][1 + across] == expected

    frontier = {row["model"]: row for row in said["frontier"]["rows"]}
    assert list(frontier) == list(table(html, "frontier")) == ["best", "worst"]
    assert [cells[1:3] + cells[-1:] for cells in table(html, "frontier").values()] == [
        ["$2.00", "yes", "a list , as of Feb 1, 2026, entered manually"],
        ["$1.00", "yes", "a list , as of Feb 1, 2026, entered manually"],
    ]
    assert (
        html.count('<a href="https://prices.example/list.json" title="https://prices.example/list.json (a list)"') == 2
    )
    assert "Omitted (price unknown): 1" in " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_state_is_in_the_address(client, three):
    html = shown(client, category="coding", method="bt", top="10", against="speed")
    found = sources(html)
    assert all("category=coding" in address for address in found.values())
    assert '<option value="coding" selected>' in html
    assert '<option value="10" selected>' in html
    assert "Best models at each speed" in html
    assert "?category=coding" in html

    html = shown(client, method="elo")
    assert "Elo ratings have no intervals" in html
    assert {"ratings", "rates", "counts"} <= sources(html).keys()


def test_as_many_models_are_shown_as_are_wanted_and_the_thirty_best_in_a_matrix(client):
    for one, other in pairwise(factories.models(32)):
        met(one, other, 1, 1)
    published()
    for top, models in (("10", 10), ("", 20), ("all", 32)):
        html = shown(client, **{"top": top} if top else {})
        assert len(table(html, "ratings")) == models
        assert f'<option value="{top}" selected>' in html.partition('id="ratings-title"')[2]
    html = shown(client, top="50")
    assert (len(table(html, "ratings")), len(table(html, "pairs"))) == (32, 30)
    assert "These plots show the 30 best models." in html


def empty():
    factories.board()


def one_alone():
    met(*factories.models(2))
    published()
    board = Snapshot.objects.get(board__category__slug="overall", method="bt")
    board.rows = pack_rows(unpack_rows(board.rows)[:1])
    board.save()


def separable():
    met(*factories.models(2))
    published()
    Snapshot.objects.filter(method="bt").update(parameters={"problem": "separable"}, rows=pack_rows([]))


def all_unbounded():
    beat(*factories.models(2))
    published()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (empty, "This board has no votes yet."),
        (one_alone, "The board has only one model"),
        (separable, "no finite ratings"),
        (all_unbounded, "every interval has an open end"),
    ],
)
def test_board_that_makes_no_picture_says_so(client, make, words):
    make()
    html = shown(client)
    assert words in html
    assert not sources(html)
    assert "Which model would win each matchup?" not in html


@pytest.mark.parametrize(
    ("rows", "expected"),
    [([], "empty"), ([False], "alone"), ([True, True], "unbounded"), ([True, False], ""), ([False, False], "")],
)
def test_why_there_is_nothing_to_draw(rows, expected):
    assert find_plot_problem([{"unbounded": unbounded} for unbounded in rows]) == expected


def test_page_says_which_pairs_are_stored_and_which_models_are_left_out(client, three):
    """The fixture has moved the boards into the past, and not the pairs."""
    assert "Pairs are stored once a day. These are from" in shown(client)
    PairTable.objects.all().delete()
    for query, words in (({}, "yet."), ({"at": "2999-01-01"}, "for that")):
        html = shown(client, **query)
        assert sources(html).keys() == {"ratings", "frontier", "series"}
        assert f"No pairs on this board are stored {words}" in html

    met(*factories.models(2), 1, 1)
    published()
    html = shown(client)
    assert len(table(html, "ratings")) == 3
    assert "2 models are omitted" in html


def test_speed_is_offered_once_two_models_have_one(client, three):
    for model, is_offered in zip(three, (False, True), strict=False):
        timed(model, 50.0)
        assert ("against=speed" in shown(client)) == is_offered
