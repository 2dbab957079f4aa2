"""The figures of the method page over HTTP."""

import re

import numpy as np
import pytest
from scipy.stats import binomtest

from ratings.pipeline import board_refresh, pool_figures
from ratings.reports import method_figures
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_once")]


def published():
    board_refresh.refresh()
    pool_figures.update_pool_figures()


def figures(client, pool="live"):
    answer = client.get("/api/v1/leaderboard/method/", {"pool": pool})
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def voted():
    """Ten votes that count and three that do not, four judged battles and a skipped one."""
    x, y, z = (factories.model(slug, organization=factories.organization("Maker")) for slug in "xyz")
    z.status, z.organization = "retired", None
    z.save()
    for model in (x, y, z):
        factories.endpoint(model)
    for a, b, winner, times in ((x, y, "a", 3), (x, y, "b", 2), (y, z, "a", 2), (z, y, "a", 1), (x, z, "tie", 2)):
        factories.cast(a, b, winner, multiplicity=times, propensity=0.5)
    factories.cast(x, y, counted=False, created_at=factories.LONG_AGO, reason="stopped")
    factories.cast(x, z, counted=False, created_at=factories.LONG_AGO, reason="side_by_side", multiplicity=2)
    for state, number in (("voted", 4), ("skipped", 1)):
        for _ in range(number):
            factories.battle(x, y, state=state)
    published()


def test_figures_are_those_of_the_votes_of_each_model_and_maker(client, voted):
    found = figures(client)
    votes = found["votes"]
    interval = binomtest(6, 8).proportion_ci(0.95, "wilson")
    assert (votes["counted"], votes["uncounted"], votes["ties"]) == (10, 3, 2)
    assert votes["reasons"] == [{"reason": "side_by_side", "votes": 2}, {"reason": "stopped", "votes": 1}]
    assert votes["left"] == {
        "part": 6, "whole": 8, "share": 0.75, "ci_low": pytest.approx(interval.low),
        "ci_high": pytest.approx(interval.high),
    }  # fmt: skip
    assert (votes["skipped"]["part"], votes["skipped"]["whole"], votes["skipped"]["share"]) == (1, 5, 0.2)
    assert votes["replaced"]["part"] == 0

    models, makers, draw = found["models"], found["makers"], found["draw"]
    names = ("model", "counted", "uncounted", "share", "retired", "organization")
    assert [tuple(each[name] for name in names) for each in models] == [
        ("y", 8, 1, 0.8, False, "Maker"),
        ("x", 7, 3, 0.7, False, "Maker"),
        ("z", 5, 2, 0.5, True, None),
    ]
    assert [[why["votes"] for why in each["reasons"]] for each in models] == [[1], [2, 1], [2]]
    assert [(each["organization"], each["models"], each["share"]) for each in makers] == [
        ("Maker", 2, 0.75),
        (None, 1, 0.25),
    ]
    assert sum(each["chance"] for each in models) == pytest.approx(2)
    assert sum(each["chance"] for each in makers) == pytest.approx(1)
    assert (found["rows"], found["intervals"], found["expected_misses"]) == (3, 3, pytest.approx(0.15))
    assert draw["pairs"] == 3
    assert 0 < draw["least"] <= draw["most"] < 1

    counts = method_figures.load_pool_figures("live").counts
    assert (counts.rated, len(counts.retired), counts.retired_percent) == (3, 1, 25.0)
    assert "chose the two models" in str(counts.reasons[0].text)


def test_style_is_told_in_points(client):
    rng = np.random.default_rng(1)
    x, y, z = factories.models(3)
    for _ in range(60):
        a, b = (x, y) if rng.random() < 0.5 else (y, z)
        factories.cast(a, b, str(rng.choice(["a", "b"])), features=[float(n) for n in rng.integers(1, 90, 8)])
    published()
    while board_refresh.refresh_style_board():
        pass
    style = figures(client)["style"]
    board = client.get("/api/v1/leaderboard/?style_control=true").json()
    assert style["votes"] == 60
    assert style["computed_at"] == board["computed_at"]
    assert [each["feature"] for each in style["features"]] == ["length", "headers", "bold", "list_items"]
    assert style["features"][0]["points"] == pytest.approx(board["style"]["length"]["coefficient"] * 173.7178)
    shown = " ".join(re.sub(r"<[^>]*>|&nbsp;", " ", client.get("/method/").content.decode()).split())
    assert "On this board, which has 60 votes, one more standard deviation" in shown
    assert re.search(r"length -?\d+\.\d ± \d+\.\d", shown)


def test_pool_before_its_first_vote_has_nothing(client):
    factories.board()
    found = figures(client)
    assert (found["votes"], found["counted_at"], found["models"], found["makers"]) == (None, None, [], [])
    pool_figures.update_pool_figures()
    assert figures(client)["votes"]["counted"] == 0
