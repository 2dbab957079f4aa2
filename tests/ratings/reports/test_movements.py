"""What moved between two times, over HTTP."""

from datetime import datetime, timedelta

import pytest

from ratings.models import Snapshot
from tests import factories
from tests.ratings import reference_board
from tests.ratings.board_history import ago

pytestmark = pytest.mark.django_db
CALL = "/api/v1/leaderboard/moved/"
FIRST = "0001-01-01T00:00:00Z"


def told(client, **query):
    answer = client.get(CALL, query)
    assert answer.status_code == 200
    return answer.json()


def test_last_day_is_what_is_told_if_no_time_is_said(client, week):
    found = told(client)
    assert (found["pool"], found["method"], found["votes"]) == ("live", "bt", 5)
    assert found["added"] == [{"model": "newcomer", "name": "Newcomer"}]
    assert {each["model"] for each in found["models"]} == {"xenon", "yttrium", "zinc"}
    assert not any("rating" in each["beyond_noise"] for each in found["models"])
    assert datetime.fromisoformat(found["until"]) - datetime.fromisoformat(found["since"]) == timedelta(days=1)
    assert [each["votes"] for each in found["days"] if each["votes"]] == [200, 160, 5]
    assert [each["day"] for each in found["days"]] == sorted(each["day"] for each in found["days"])

    before = told(client, since="2020-01-01")
    assert (before["computed_then"], before["votes"], before["shift"], before["models"]) == (None, None, None, [])
    assert before["computed_at"]


def test_moves_beyond_noise_are_those_of_the_page(client, week):
    found = told(client, since=ago(days=7).isoformat())
    page = client.get("/history/").context["comparisons"][1].changes
    beyond = {each["model"]: (each["change"], tuple(each["beyond_noise"])) for each in found["models"]}
    assert {model: told for model, told in beyond.items() if told[1]} == {
        movement.current["model"]: (movement.change, movement.significant) for movement in page.significant_movements
    }
    assert beyond["zinc"][1][0] == "rating"
    assert (found["votes"], found["shift"]) == (page.votes_change, page.shift)
    changes = [abs(each["change"]) for each in found["models"]]
    assert changes == sorted(changes, reverse=True)

    elo = told(client, method="elo", since=ago(days=7).isoformat())["models"]
    assert {each["beyond_noise"] is None for each in elo} == {True}
    assert elo[0]["change"]
    assert elo[0]["then"]["rank_low"] is None


def test_figures_are_those_of_the_two_boards_and_are_sent_once(client, week):
    since, until = ago(days=9).isoformat(), ago(days=1).isoformat()
    found = told(client, since=since, until=until)
    for name, computed, at in (("then", "computed_then", since), ("now", "computed_at", until)):
        board = client.get("/api/v1/leaderboard/", {"at": at}).json()
        rows = {row["model"]: row for row in board["rows"]}
        assert found[computed] == board["computed_at"]
        for each in found["models"]:
            assert each[name] == {figure: rows[each["model"]][figure] for figure in each[name]}
    assert (found["votes"], found["added"], found["removed"]) == (160, [], [])

    times = {"since": since, "until": until}
    again = {"headers": {"If-None-Match": client.get(CALL, times)["ETag"]}}
    assert client.get(CALL, times, **again).status_code == 304
    assert client.get(CALL, {"since": since}, **again).status_code == 200


@pytest.mark.parametrize(
    "query", [{}, {"since": FIRST}, {"until": "0001-01-01T00:00:01Z"}, {"until": "9999-12-31T23:59:59Z"}]
)
def test_board_without_votes_has_nothing(client, query):
    factories.board()
    found = told(client, **query)
    assert (found["computed_at"], found["models"], found["days"]) == (None, [], [])


def test_ratings_of_somebody_else_have_not_moved(client, tmp_path):
    reference_board.loaded(tmp_path)
    Snapshot.objects.update(computed_at=ago(days=30))
    found = told(client, pool=reference_board.SLUG)
    assert (found["votes"], found["days"], {each["change"] for each in found["models"]}) == (None, [], {0.0})


def test_page_knows_a_time_before_which_there_is_none(client):
    factories.board()
    assert client.get("/history/", {"at": FIRST}).status_code == 200
