"""How ratings moved."""

from datetime import UTC, datetime, timedelta

import pytest

from ratings.boards.snapshots import pack_rows
from ratings.boards.time_series import _select_evenly
from ratings.models import Snapshot
from tests import factories

pytestmark = pytest.mark.django_db

HISTORY = "/api/v1/leaderboard/history/"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def publish(minutes, models="xyz", **board):
    """A board, so many minutes after noon, with these models from best to worst."""
    rows = [
        {"model": model, "rating": 1000.0 + minutes - place, "ci_low": None, "ci_high": 1100.0, "rank": place + 1,
         "votes": 7, "se": 1.0}
        for place, model in enumerate(models)
    ]  # fmt: skip
    at = NOON + timedelta(minutes=minutes)
    return Snapshot.objects.create(
        board=factories.board(**board), votes=21, computed_at=at, code_version="1", rows=pack_rows(rows)
    )


def minutes(series):
    return [(datetime.fromisoformat(point["computed_at"]) - NOON) / timedelta(minutes=1) for point in series["points"]]


@pytest.fixture(autouse=True)
def models():
    return [factories.model(slug) for slug in "xyz"]


def test_history_has_a_point_for_each_board_oldest_first(client):
    for minute in (2, 1, 3):
        publish(minute)
    publish(4, category="coding")
    publish(5, pool_slug="api")
    found = client.get(f"{HISTORY}?model=y&model=x").json()

    assert [found[name] for name in ("pool", "category", "style_control", "method")] == ["live", "overall", False, "bt"]
    assert [series["model"] for series in found["series"]] == ["y", "x"]
    assert [minutes(series) for series in found["series"]] == [[1, 2, 3]] * 2
    assert found["series"][0]["points"][1] == {
        "computed_at": "2026-03-01T12:02:00Z", "rating": 1001.0, "ci_low": None, "ci_high": 1100.0, "rank": 2,
        "votes": 7,
    }  # fmt: skip


@pytest.mark.parametrize("end", ["until", "at"])
def test_history_that_ends_before_it_begins_is_refused(client, end):
    publish(1)
    answers = [
        client.get(HISTORY, {"since": "2026-03-01T12:01:00Z", end: f"2026-03-01T12:0{minute}:00Z"}) for minute in (0, 1)
    ]
    assert [answer.status_code for answer in answers] == [400, 200]
    assert answers[0].json()["error"]["fields"] == {"since": ["“since” must not be later than “until” or “at”."]}
    assert minutes(answers[1].json()["series"][0]) == [1]


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", [0, 1, 2, 3]),
        ("&since=2026-03-01T12:01:00Z", [1, 2, 3]),
        ("&until=2026-03-01T12:01:00Z", [0, 1]),
        ("&since=2026-03-01T12:01:00Z&until=2026-03-01T12:02:30Z", [1, 2]),
        ("&at=2026-03-01T12:01:00Z", [0, 1]),
        ("&at=2026-03-01T12:01:00Z&until=2026-03-01T12:02:00Z", [0, 1]),
        ("&at=2026-03-01T12:02:00Z&until=2026-03-01T12:01:00Z", [0, 1]),
    ],
)
def test_history_lies_between_two_times(client, query, seen):
    for minute in range(4):
        publish(minute)
    assert minutes(client.get(f"{HISTORY}?model=x{query}").json()["series"][0]) == seen


def test_a_model_has_points_only_where_it_is_on_the_board(client):
    publish(0, "xy")
    publish(1, "xyz")
    found = client.get(f"{HISTORY}?model=z&model=x").json()["series"]
    assert [minutes(series) for series in found] == [[1], [0, 1]]


def test_without_models_the_ten_best_are_told(client):
    names = "abcdefghijklmno"
    publish(0, names[::-1])
    publish(1, names)
    assert [series["model"] for series in client.get(HISTORY).json()["series"]] == list(names[:10])
    early = client.get(f"{HISTORY}?until=2026-03-01T12:00:30Z").json()["series"]
    assert [series["model"] for series in early] == list(names[:4:-1])


@pytest.mark.parametrize("count", [0, 1, 2, 199, 200, 201, 1000])
def test_thinned_keeps_the_first_and_the_last(count):
    times = [(number, NOON + timedelta(seconds=number)) for number in range(count)]
    found = _select_evenly(times)
    assert len(found) <= 200
    assert found == sorted(set(found))
    assert found == [key for key, _ in times] or (found[0], found[-1]) == (0, count - 1)


def test_thinned_copes_with_boards_of_one_moment():
    assert _select_evenly([(number, NOON) for number in range(300)]) == [0, 299]
