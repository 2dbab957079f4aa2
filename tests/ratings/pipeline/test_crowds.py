"""Votes of new voters beyond a limit have no weight until their epoch closes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID

import numpy as np
import pytest

from arena.models import LIVE_POOL, Battle, DrawTable, Vote, Voter
from ratings.boards.snapshots import unpack_rows
from ratings.models import Exclusion, Outbox, Snapshot, VoteWeight
from ratings.pipeline import board_refresh, filter_run, pool_state, tallies, verification, vote_weights
from ratings.statistics.vote_filter import crowds
from tests import factories

pytestmark = pytest.mark.django_db
MODELS, OLD_VOTES = 5, 2500
LIMIT = int(crowds.compute_open_limit(OLD_VOTES))
NETWORK_LIMIT = LIMIT // 2
NOW = datetime.now(UTC)
TODAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def models():
    return factories.contestants(MODELS)


@pytest.fixture
def table(models):
    keys = [model.pk for model in models]
    return DrawTable.objects.create(id=1, pool_id=LIVE_POOL, keys=keys, shares=[2 / MODELS] * MODELS)


@pytest.fixture
def arena(models, table):
    """An arena with many votes of established voters, which the filter has read."""
    cast_old_votes(models, table, OLD_VOTES)
    return read_board()


def cast_old_votes(models, table, number, *, start=TODAY - timedelta(days=7)):
    rng = np.random.default_rng(1)
    pairs = [*combinations(models, 2)]
    factories.cast_at_once(
        Vote(
            pool_id=LIVE_POOL,
            contestant_a=pairs[position % len(pairs)][0],
            contestant_b=pairs[position % len(pairs)][1],
            winner=str(rng.choice(["a", "b", "tie"])),
            voter=UUID(int=position // 3 + 1),
            propensity=1 / len(pairs),
            draw_table=table,
            created_at=start + timedelta(seconds=10 * position),
        )
        for position in range(number)
    )
    board_refresh.refresh()
    filter_run.filter_pool(factories.pool())
    board_refresh.refresh()


def cast_for_last_model(models, table, number, *, networks=1, start=NOW, age=timedelta(0), **fields):
    """Cast votes for the last model, each by another voter, and refresh the boards.

    age: of each voter's first battle.
    """
    votes = []
    for position in range(number):
        voter = Voter.objects.create()
        moment = start + timedelta(seconds=position)
        drawn = {
            "pool_id": LIVE_POOL,
            "voter": voter,
            "contestant_a": models[-1],
            "contestant_b": models[position % (MODELS - 1)],
            "propensity": 0.1,
        }
        if age:
            Battle.objects.create(**drawn, created_at=moment - age)
        battle = Battle.objects.create(**drawn, network=str(position % networks) * 64, created_at=moment)
        vote = {"voter": voter.pk, "battle": battle, "draw_table": table, "created_at": moment} | fields
        votes.append(factories.cast(models[-1], battle.contestant_b, "a", **vote))
    board_refresh.refresh()
    return votes


def count_with_weight(votes):
    return len(votes) - VoteWeight.objects.filter(vote__in=votes, filter_weight=0, reason="crowd").count()


def read_board():
    snapshots = Snapshot.objects.filter(board__category__slug="overall", method="bt", board__style_control=False)
    return {row["model"]: row for row in unpack_rows(snapshots.latest("computed_at", "pk").rows)}


def test_votes_from_one_network_move_a_model_by_less_than_a_standard_error(models, table, arena):
    votes = cast_for_last_model(models, table, 60)
    before, after = (board[models[-1].slug] for board in (arena, read_board()))

    assert count_with_weight(votes) == NETWORK_LIMIT
    assert after["votes"] == before["votes"] + 60
    assert 0 < after["rating"] - before["rating"] < before["se"]


def test_many_networks_share_the_limit_of_an_hour_and_the_next_hour_has_its_own(models, table, arena):
    first = cast_for_last_model(models, table, 40, networks=10, start=NOW - timedelta(minutes=90))
    same_hour = cast_for_last_model(models, table, 5, networks=10, start=NOW - timedelta(minutes=45))
    next_hour = cast_for_last_model(models, table, 40, networks=10, start=NOW - timedelta(minutes=20))

    assert [count_with_weight(votes) for votes in (first, same_hour, next_hour)] == [LIMIT, 0, LIMIT]


def test_votes_of_older_voters_and_votes_that_were_not_drawn_here_have_weight(models, table, arena):
    for fields in ({"age": timedelta(days=2)}, {"draw_table": None}, {"voter": None}, {"voter_kind": "judge"}):
        assert count_with_weight(cast_for_last_model(models, table, 40, **fields)) == 40


def test_young_arena_has_no_limit(models, table):
    cast_old_votes(models, table, 1500)

    assert count_with_weight(cast_for_last_model(models, table, 40)) == 40


def test_no_vote_waits_when_the_filter_is_off(models, table, arena, settings):
    held = cast_for_last_model(models, table, 40)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_vote_filter=False)

    assert count_with_weight(cast_for_last_model(models, table, 40)) == 40
    filter_run.filter_pool(factories.pool())
    assert count_with_weight(held) == 40


def test_votes_wait_until_their_epoch_closes(models, table, arena):
    yesterday = TODAY - timedelta(hours=3)
    cast_for_last_model(models, table, 100, age=timedelta(days=2), start=yesterday)
    votes = cast_for_last_model(models, table, 30, start=yesterday + timedelta(hours=1))
    filter_run.filter_pool(factories.pool())
    before_midnight = count_with_weight(votes)
    cast_for_last_model(models, table, 1, start=TODAY)
    filter_run.filter_pool(factories.pool())

    assert (before_midnight, count_with_weight(votes)) == (NETWORK_LIMIT, 30)


def test_run_reads_no_vote_before_it_is_decided_and_later_ones_stay_in_the_outbox(models, table, arena):
    held = cast_for_last_model(models, table, 40)
    decided = [factories.cast(*models[:2], draw_table=table).pk for _ in range(2)]
    run = filter_run.filter_pool(factories.pool())

    assert run.votes == OLD_VOTES + 40
    assert count_with_weight(held) == NETWORK_LIMIT
    waiting = [vote.id for vote in vote_weights.list_waiting_votes()]
    late = factories.cast(*models[:2])
    tallies.apply_outbox(waiting)

    assert waiting == decided
    assert list(Outbox.objects.values_list("vote", flat=True)) == [late.pk]


def test_deleted_battles_are_no_way_around_the_limit(models, table, arena):
    first = cast_for_last_model(models, table, 10)
    Battle.objects.filter(vote__in=first).delete()
    later = cast_for_last_model(models, table, 10)
    unread = [
        factories.cast(models[-1], models[0], "a", draw_table=table, voter=UUID(int=n))
        for n in range(10**6, 10**6 + 10)
    ]
    board_refresh.refresh()

    assert count_with_weight([*first, *later, *unread]) == LIMIT


def test_excluded_votes_leave_room_for_others(models, table, arena):
    votes = cast_for_last_model(models, table, NETWORK_LIMIT)
    exclusion = Exclusion.objects.create(
        pool=factories.pool(), reason="a script", created_by="op", network=votes[0].battle.network
    )
    vote_weights.apply_exclusions()

    assert exclusion.pk
    assert count_with_weight(cast_for_last_model(models, table, NETWORK_LIMIT)) == NETWORK_LIMIT


@pytest.mark.django_db(transaction=True)
def test_verification_and_a_count_from_scratch_agree_with_the_tallies(models, table, arena):
    cast_for_last_model(models, table, 40)
    board = read_board()
    assert verification.verify_tallies([factories.pool()]).waiting == 0
    pool_state.clear_pool_states()
    board_refresh.recompute_boards([factories.pool()], from_scratch=True)

    for slug, row in read_board().items():
        figures = {name: value for name, value in row.items() if isinstance(value, int | float)}
        assert figures == pytest.approx({name: board[slug][name] for name in figures}, rel=1e-9)
