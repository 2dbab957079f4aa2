"""Ratings beside prices and speeds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from arena.models import EndpointDay
from catalog.models import LanguageModel, Organization, Price
from ratings.boards.snapshots import BoardKey
from ratings.reports import frontier
from tests import factories
from tests.ratings.board_history import beat, met, published

pytestmark = pytest.mark.django_db
CALL = "/api/v1/leaderboard/frontier/"


SOURCE = "https://prices.example/list.json (a list)"


def priced(model, input_price, output_price, day=1):
    Price.objects.create(
        model=model, input=Decimal(input_price), output=Decimal(output_price), source=SOURCE, as_of=date(2026, 2, day)
    )


def timed(model, speed, days_ago=3):
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    endpoint = factories.endpoint(model)
    EndpointDay.objects.create(endpoint=endpoint, day=day, answers=10, tokens_per_s_p50=speed)


@pytest.fixture
def three():
    """best, middle and worst, in this order by rating."""
    best, middle, worst = (factories.model(slug) for slug in ("best", "middle", "worst"))
    met(best, middle, 7, 3)
    met(middle, worst, 7, 3)
    return best, middle, worst


def shown(found):
    return {row["model"]: row["on_frontier"] for row in found["rows"]}


@pytest.mark.parametrize(
    ("prices", "on_frontier"), [(("1", "2", "0.5"), {"best", "worst"}), (("0", "2", "0.5"), {"best"})]
)
def test_dearer_model_that_is_no_better_is_off_the_frontier(three, prices, on_frontier):
    for model, price in zip(three, prices, strict=True):
        priced(model, price, price)
    published()

    found = frontier.build_frontier(BoardKey(), "price")

    assert {model for model, is_on in shown(found).items() if is_on} == on_frontier
    assert (found["against"], found["left_out"], [row["rank"] for row in found["rows"]]) == ("price", [], [1, 2, 3])


def test_price_is_of_three_tokens_in_and_one_out_and_the_newest(three):
    priced(three[0], "9", "9", day=1)
    priced(three[0], "1", "3", day=2)
    published()

    [row] = frontier.build_frontier(BoardKey(), "price")["rows"]

    assert (row["value"], row["price_input"], row["price_output"]) == (1.5, 1.0, 3.0)
    assert (row["source"], row["as_of"]) == (SOURCE, date(2026, 2, 2))


def test_rows_have_the_maker_the_weights_and_whether_an_endpoint_of_the_model_is_enabled(three):
    best, middle, worst = three
    for model in three:
        priced(model, "1", "1")
    factories.endpoint(best)
    factories.endpoint(middle, enabled=False)
    LanguageModel.objects.filter(pk=best.pk).update(open_weights=True)
    LanguageModel.objects.filter(pk=worst.pk).update(organization=Organization.objects.create(name="Kiwi Lab"))
    published()

    rows = frontier.build_frontier(BoardKey(), "price")["rows"]

    assert [row["has_enabled_endpoint"] for row in rows] == [True, False, False]
    assert rows[0]["open_weights"] is True
    assert rows[2]["organization"] == "Kiwi Lab"


def test_slower_model_that_is_no_better_is_off_the_frontier(three):
    for model, speed in zip(three, (50.0, 40.0, 90.0), strict=True):
        timed(model, speed)
    today = factories.model("today")
    met(today, three[0])
    timed(today, 50.0, days_ago=0)
    published()

    assert shown(frontier.build_frontier(BoardKey(), "speed")) == {"best": True, "middle": False, "worst": True}


def test_what_is_left_out_is_named_with_its_reason(three):
    unbeaten, island, far = (factories.model(slug) for slug in ("unbeaten", "island", "far"))
    beat(unbeaten, three[0], 2)
    met(island, far, 1, 1)
    for model in (three[0], unbeaten, island, far):
        priced(model, "1", "1")
    published()

    found = frontier.build_frontier(BoardKey(), "price")

    assert shown(found) == {"best": True}
    assert {each["model"]: each["reason"] for each in found["left_out"]} == {
        "unbeaten": "unbounded",
        "middle": "unknown",
        "worst": "unknown",
        "island": "unconnected",
        "far": "unconnected",
    }


def test_model_without_a_rank_has_no_place_and_takes_none(three):
    """A newcomer with twenty wins and a low price would leave nobody else on the frontier."""
    best, middle, worst = three
    met(best, middle, 77, 43)
    met(middle, worst, 77, 43)
    newcomer = factories.model("newcomer")
    met(newcomer, best, 19, 1)
    for model, price in zip((*three, newcomer), ("3", "2", "1", "0.1"), strict=True):
        priced(model, price, price)
    published()

    found = frontier.build_frontier(BoardKey(), "price")

    assert shown(found) == {"best": True, "middle": True, "worst": True}
    assert [(each["model"], each["reason"]) for each in found["left_out"]] == [("newcomer", "unranked")]


def test_empty_board_has_nothing():
    factories.board()
    found = frontier.build_frontier(BoardKey(), "price")
    assert (found["rows"], found["left_out"], found["computed_at"]) == ([], [], None)


def test_call_says_what_the_function_says(client):
    one, other = factories.models(2)
    met(one, other)
    priced(one, "1", "2")
    published()

    answer = client.get(CALL)

    assert answer.status_code == 200
    said, found = answer.json(), frontier.build_frontier(BoardKey(), "price")
    assert [row["model"] for row in said["rows"]] == [one.slug]
    assert said["rows"][0]["as_of"] == "2026-02-01"
    assert (said["rows"][0]["rating"], said["left_out"]) == (found["rows"][0]["rating"], found["left_out"])
    assert said["computed_at"] == "2026-03-20T12:00:00Z"
