"""Deletion of named sets on which nobody votes anymore."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from arena.models import LIVE_POOL, PairWeight, Standing, Vote
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.models import Board, Pool, Snapshot, Tally
from ratings.pipeline import board_refresh, idle_sets, pool_state
from tests import factories

pytestmark = pytest.mark.django_db
SET = "set-1"


@pytest.fixture
def pair():
    return [factories.endpoint(factories.model(slug)).model for slug in "xy"]


def shown(pool=SET):
    return {row["model"]: row["wins"] for row in load_newest_board(BoardKey(pool, "overall", False, "bt"))["rows"]}


def age(days, pool=SET):
    Snapshot.objects.filter(board__pool__slug=pool).update(computed_at=Now() - timedelta(days=days))


@pytest.mark.parametrize(("days", "dropped"), [(29, 0), (31, 1)])
def test_set_goes_after_thirty_days_without_a_vote_and_its_votes_stay(pair, days, dropped):
    factories.cast(*pair, pool=SET)
    board_refresh.refresh()
    age(days)

    assert idle_sets.delete_idle_sets() == dropped

    assert Pool.objects.filter(slug=SET).exists() == (not dropped)
    assert [kind.objects.exists() for kind in (Board, Snapshot, Tally, Standing, PairWeight)] == [not dropped] * 5
    assert Vote.objects.filter(pool=SET).count() == 1


def test_next_vote_makes_it_anew_from_all_its_votes(pair):
    for winner in "aab":
        factories.cast(*pair, winner, pool=SET)
    factories.cast(*pair, pool=SET, counted=False)
    board_refresh.refresh()
    age(31)
    idle_sets.delete_idle_sets()

    factories.cast(*pair, "b", pool=SET)
    board_refresh.refresh()

    assert shown() == {"x": 2, "y": 2}
    assert Standing.objects.get().ratings.keys() == {"x", "y"}
    pool_state.clear_pool_states()
    factories.cast(*pair, "b", pool=SET)
    board_refresh.refresh()
    assert shown() == {"x": 2, "y": 3}


def test_set_with_a_vote_that_waits_is_not_lost(pair):
    factories.cast(*pair, pool=SET)
    board_refresh.refresh()
    age(31)
    factories.cast(*pair, pool=SET)
    idle_sets.delete_idle_sets()
    board_refresh.refresh()

    assert shown() == {"x": 2, "y": 0}


@pytest.mark.parametrize(("slug", "kind"), [(LIVE_POOL, Pool.Kind.LIVE), ("elsewhere", Pool.Kind.IMPORT)])
def test_other_pools_stay(pair, slug, kind):
    factories.pool(slug, kind=kind)
    factories.cast(*pair, pool=slug)
    board_refresh.refresh()
    age(400, slug)

    assert idle_sets.delete_idle_sets() == 0
    assert shown(slug) == {"x": 1, "y": 0}
