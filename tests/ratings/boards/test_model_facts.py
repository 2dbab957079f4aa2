"""What stands around a board: facts, the change over the past day, by as many queries for any number of models."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from arena.models import EndpointDay, Pool
from catalog.models import Price
from ratings.boards import model_facts, snapshot_cache
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardModelFacts, compute_changes, load_board_context, load_facts
from ratings.boards.snapshots import BoardKey
from ratings.models import Snapshot
from ratings.pipeline import board_refresh
from tests import factories
from tests.ratings.board_rows import row

LIVE = BoardKey()


@pytest.mark.parametrize(
    ("given", "price"),
    [({}, None), ({"price_input": Decimal(1)}, None), ({"price_input": Decimal(1), "price_output": Decimal(5)}, 2)],
)
def test_price_is_of_three_parts_read_and_one_written(given, price):
    assert BoardModelFacts(**given).price == price


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "retired"), [(0, True), (1, False)])
def test_a_model_is_retired_from_its_day_of_retirement_on(days, retired):
    factories.contestant(factories.model("x", retires_on=timezone.now().date() + timedelta(days=days)))
    assert load_facts([{"model": "x"}])["x"].retired is retired


@pytest.mark.django_db
def test_facts_are_those_of_the_catalogue_and_of_settled_days():
    model = factories.model(
        "x",
        license=factories.license("MIT", commercial="yes"),
        parameters_total=7,
        context_window=8192,
        release_date=date(2026, 1, 2),
        status="retired",
    )
    factories.contestant(factories.model("y"))
    for day, dollars in ((1, "1"), (2, "3")):
        Price.objects.create(model=model, input=dollars, output="7", source="s", as_of=date(2026, 1, day))
    endpoint = factories.endpoint(model)
    for days, answers in ((5, 10), (1, 500)):
        day = timezone.now().date() - timedelta(days=days)
        EndpointDay.objects.create(
            endpoint=endpoint, day=day, answers=answers, public_answers=answers, public_failures=2
        )

    found = load_facts([{"model": slug} for slug in "xyz"])

    assert found.keys() == {"x", "y"}
    assert found["y"] == UNKNOWN_FACTS
    assert (found["x"].commercial, found["x"].retired, found["x"].size, found["x"].context) == ("yes", True, 7, 8192)
    assert (found["x"].released, found["x"].price) == (date(2026, 1, 2), Decimal(4))
    assert (found["x"].measured.answers, found["x"].measured.failure_rate) == (10, 2 / 12)


def board(*rows, **fields):
    places = enumerate(rows, 1)
    return {"votes": 9, "rows": [
        row(**{"model": model, "rating": rating, "ci_low": rating - 15, "ci_high": rating + 15, "rank": place,
               "rank_low": place - 1, "rank_high": place + 1} | fields)
        for place, (model, rating) in places
    ]}  # fmt: skip


def test_changes_count_places_upwards_and_know_the_new():
    found = compute_changes(board(("b", 1030.5), ("c", 1020.0), ("a", 1000.0)), board(("a", 1010.0), ("b", 990.0)))
    assert {model: (each.rating, each.rank) for model, each in found.items()} == {
        "b": (40.5, 1), "c": (None, None), "a": (-10.0, -2),
    }  # fmt: skip
    assert [each for each in found if found[each].is_new] == ["c"]


@pytest.mark.parametrize(
    ("fields", "beyond"),
    [
        ({}, {"b": True, "a": None, "c": False, "d": False}),
        ({"rank_low": None}, dict.fromkeys("abcd")),
        ({"component": 1}, dict.fromkeys("abcd")),
    ],
)
def test_changes_are_beyond_noise_by_the_rule_of_the_history(fields, beyond):
    """b leaves its interval, c and d stay within theirs; a is new."""
    then = board(("b", 1100.0), ("c", 1000.0), ("d", 900.0), **fields)
    now = board(("b", 1130.0), ("a", 1010.0), ("c", 995.0), ("d", 897.0), **fields)
    assert {model: each.is_significant for model, each in compute_changes(now, then).items()} == beyond


def test_changes_count_no_places_of_a_model_that_had_or_has_no_rank():
    ranked, unranked = board(("a", 1010.0)), board(("a", 1000.0), rank=None)
    assert [compute_changes(*boards)["a"].rank for boards in ((ranked, unranked), (unranked, ranked))] == [None, None]
    assert compute_changes(ranked, unranked)["a"].rating == 10.0


def publish(*, hours, **votes):
    for _ in range(votes.get("x", 0)):
        factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    newest = Snapshot.objects.filter(method="bt", board__category__slug="overall").latest("pk")
    Snapshot.objects.filter(pk=newest.pk).update(computed_at=timezone.now() - timedelta(hours=hours))


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "known"), [(30, True), (25, True), (23, False), (1, False)])
def test_change_is_against_the_newest_board_of_a_day_ago(hours, known):
    publish(hours=40, x=1)
    Snapshot.objects.filter(board__category__slug="overall").delete()
    publish(hours=hours, x=1)
    factories.cast(factories.model("y"), factories.model("x"))
    factories.cast(factories.model("z"), factories.model("x"))
    board_refresh.refresh()

    found = load_board_context(LIVE, snapshot_cache.get_board(LIVE)).changes

    assert bool(found) == known
    if known:
        assert [slug for slug in found if found[slug].is_new] == ["z"]


@pytest.mark.django_db
def test_board_that_has_not_moved_for_a_day_has_no_change():
    publish(hours=30, x=1)
    assert load_board_context(LIVE, snapshot_cache.get_board(LIVE)).changes == {}


@pytest.mark.django_db
def test_surroundings_have_pools_and_the_categories_of_this_one():
    factories.cast(factories.model("x"), factories.model("y"), categories=["coding"])
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT)
    factories.cast(factories.model("x"), factories.model("y"), pool="elsewhere", categories=["math"])
    board_refresh.refresh()
    found = load_board_context(LIVE, snapshot_cache.get_board(LIVE))
    assert found.pool.slug == "live"
    assert {"live", "elsewhere"} <= {pool.slug for pool in found.pools}
    assert {category.slug for category in found.categories} == {"overall", "exclude-ties", "coding"}
    empty = replace(LIVE, category="math")
    shown = load_board_context(empty, snapshot_cache.get_board(empty)).categories
    assert {category.slug for category in shown} == {"overall", "exclude-ties", "coding", "math"}


@pytest.mark.django_db
def test_surroundings_are_shared_for_some_seconds(django_assert_num_queries):
    publish(hours=0, x=1)
    board = snapshot_cache.get_board(LIVE)
    model_facts.context_cache.seconds = 60.0
    first = load_board_context(LIVE, board)
    with django_assert_num_queries(0):
        assert load_board_context(LIVE, board) is first
