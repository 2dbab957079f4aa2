"""Weights of votes: from the filter, from operators, and in the tallies and boards that follow."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ratings.boards.snapshots import unpack_rows
from ratings.models import Exclusion, RefreshLease, Snapshot, VoteWeight
from ratings.pipeline import board_refresh, pool_state, verification, vote_weights
from ratings.pipeline.vote_weights import FilterWeight
from tests import factories
from tests.processes import eventually
from tests.races import in_thread
from tests.ratings.concurrency import lease_elsewhere

pytestmark = pytest.mark.django_db


@pytest.fixture
def models():
    return [factories.contestant(slug) for slug in "xyz"]


def cast_round(models, **fields):
    """Cast a win, a loss, and a tie on each pair, so that all ratings are finite. Return the votes."""
    x, y, z = models
    pairs = [(x, y), (y, z), (z, x)]
    winners = ("a", "b", "tie")
    return [factories.cast(*pair, winner, categories=["math"], **fields) for pair in pairs for winner in winners]


def read_board(category="overall", method="bt"):
    """The newest rows of a board by model."""
    snapshots = Snapshot.objects.filter(board__category__slug=category, method=method, board__style_control=False)
    return {row["model"]: row for row in unpack_rows(snapshots.latest("computed_at", "pk").rows)}


def store(weights):
    return vote_weights.store_filter_weights(
        factories.pool(), {vote.pk: FilterWeight(*weight) for vote, weight in weights.items()}, version="1", votes=9
    )


def exclude(**conditions):
    return Exclusion.objects.create(pool=factories.pool(), reason="a script", created_by="op", **conditions)


def test_weights_change_the_ratings_but_elo_and_taking_them_back_restores_them_exactly(models):
    votes = cast_round(models) + cast_round(models)
    extra = [factories.cast(models[0], models[1], "a") for _ in range(5)]
    board_refresh.refresh()
    before = {category: read_board(category) for category in ("overall", "math", "exclude-ties")}
    elo = {slug: row["rating"] for slug, row in read_board(method="elo").items()}

    assert store(dict.fromkeys(extra, (64, "voter")) | {votes[0]: (0, "wins")}) == 6
    board_refresh.refresh()
    weighed = read_board()
    assert {slug: row["rating"] for slug, row in read_board(method="elo").items()} == elo
    assert store({}) == 6
    board_refresh.refresh()

    assert weighed["x"]["rating"] < before["overall"]["x"]["rating"] - 10
    assert [weighed["x"][name] for name in ("votes", "wins")] == [before["overall"]["x"][n] for n in ("votes", "wins")]
    assert {category: read_board(category) for category in before} == before
    assert not VoteWeight.objects.exists()


def test_fit_by_weight_is_that_of_the_pool_read_anew(models):
    votes = cast_round(models)
    board_refresh.refresh()
    store({votes[0]: (100, "voter"), votes[5]: (0, "appearances"), votes[8]: (3, "wins")})
    factories.cast(models[0], models[2], "b")
    board_refresh.refresh()
    rows = read_board()
    pool_state.clear_pool_states()
    board_refresh.recompute_boards([factories.pool()], from_scratch=True)

    assert read_board() == rows
    won, tied, lost = 100 / 256 + 1, 1 + 3 / 256, 3
    assert rows["x"]["win_rate"] == pytest.approx((won + tied / 2) / (won + tied + lost))


@pytest.mark.parametrize("waiting", [True, False])
def test_exclusion_takes_votes_out_and_withdrawing_it_restores_the_board(models, waiting):
    cheat = uuid4()
    cast_round(models)
    board_refresh.refresh()
    cheats = [factories.cast(models[2], models[0], "a", voter=cheat) for _ in range(4)]
    if not waiting:
        board_refresh.refresh()
    exclusion = exclude(voter=cheat)
    assert vote_weights.apply_exclusions() == 1
    board_refresh.refresh()
    without = read_board()
    Exclusion.objects.update(withdrawn_at=timezone.now())
    assert vote_weights.apply_exclusions() == 1
    board_refresh.refresh()
    rows = read_board()

    exclusion.refresh_from_db()
    assert (exclusion.votes, exclusion.is_in_force) == ([vote.pk for vote in cheats], False)
    assert without["z"]["rating"] == pytest.approx(1000, abs=1e-9)
    assert rows["z"]["rating"] > 1050
    assert not VoteWeight.objects.exists()
    assert vote_weights.apply_exclusions() == 0


def test_exclusion_leaves_the_filter_weight_alone_and_both_end_separately(models):
    vote, *_ = votes = cast_round(models, voter=uuid4())
    board_refresh.refresh()
    store({vote: (128, "voter")})
    first, second = exclude(voter=vote.voter), exclude(end=votes[-1].created_at + timedelta(seconds=9))
    vote_weights.apply_exclusions()
    store({vote: (64, "voter")})
    excluded = VoteWeight.objects.get(vote=vote)
    Exclusion.objects.filter(pk=first.pk).update(withdrawn_at=timezone.now())
    vote_weights.apply_exclusions()
    still = VoteWeight.objects.get(vote=vote)
    Exclusion.objects.filter(pk=second.pk).update(withdrawn_at=timezone.now())
    vote_weights.apply_exclusions()

    assert (excluded.filter_weight, excluded.excluded, still.excluded) == (64, True, True)
    assert list(VoteWeight.objects.values_list("vote", "filter_weight", "excluded")) == [(vote.pk, 64, False)]


def test_exclusion_chooses_votes_that_meet_all_conditions(models):
    now = timezone.now()
    x, y, _ = models
    votes = [
        factories.cast(x, y, voter=uuid4(), battle=factories.battle(network=network * 64), created_at=now - age)
        for network, age in zip("aba", (timedelta(days=days) for days in (1, 2, 3)), strict=True)
    ]
    factories.cast(x, y, pool="api", voter=votes[0].voter)
    factories.cast(x, y, voter=votes[0].voter, counted=False)

    def choose(**conditions):
        return [vote.pk for vote in vote_weights.select_votes(Exclusion(pool=factories.pool(), **conditions))]

    first, second, third = (vote.pk for vote in votes)
    assert choose(voter=votes[0].voter) == [first]
    assert choose(network="a" * 64) == [first, third]
    assert choose(network="a" * 64, end=now - timedelta(days=2)) == [third]
    assert choose(start=now - timedelta(days=2, hours=1)) == [first, second]


def test_weight_of_a_row_leaves_out_only_what_old_votes_lack(models):
    cast_round(models)
    old, new = (factories.cast(*models[:2], created_at=timezone.now() - timedelta(hours=hours)) for hours in (25, 23))
    board_refresh.refresh()
    store({old: (64, "voter"), new: (0, "voter")})
    board_refresh.refresh()
    rows = read_board()

    assert [rows[model]["votes"] for model in "xyz"] == [8, 8, 6]
    assert [rows[model]["weight"] for model in "xyz"] == [7.25, 7.25, 6]


@pytest.mark.django_db(transaction=True)
def test_verification_finds_weights_that_the_tallies_do_not_have(models):
    vote, *_ = cast_round(models)
    board_refresh.refresh()
    store({vote: (77, "voter")})
    pool = factories.pool()
    assert verification.verify_tallies([pool]).tallies > 0
    VoteWeight.objects.update(filter_weight=78)

    with pytest.raises(verification.TallyMismatch, match="lost_squared_wins"):
        verification.verify_tallies([pool])


def test_what_is_sent_to_the_database_under_the_lock_does_not_grow_with_the_number_of_weights(models):
    votes = [vote for _ in range(20) for vote in cast_round(models)]
    board_refresh.refresh()

    def measure(number):
        with CaptureQueriesContext(connection) as captured:
            store(dict.fromkeys(votes[:number], (64, "voter")))
        statements = [query["sql"] for query in captured]
        [lock] = (n for n, statement in enumerate(statements) if "UPDATE ratings_refreshlease" in statement)
        return len(statements) - lock, sum(map(len, statements[lock:]))

    assert measure(180) == pytest.approx(measure(18), rel=0.01)


def store_while_the_lease_is_held(weights, work):
    """Store weights in a thread. When it waits for the lease, call `work`, and then let it go on."""
    waiting = "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%ratings_refreshlease%'"
    with lease_elsewhere(), connection.cursor() as cursor:
        thread = in_thread(lambda: store(weights))
        assert eventually(lambda: cursor.execute(waiting) or cursor.rowcount)
        with transaction.atomic():
            RefreshLease.objects.update(busy=False)
            work()
    thread.join(20)


def apply_new_votes(models, votes):
    cast_round(models)
    board_refresh.refresh()


def exclude_some(models, votes):
    exclude(voter=votes[0].voter)
    vote_weights.apply_exclusions()


def store_others(models, votes):
    store({votes[1]: (32, "wins"), votes[4]: (0, "wins")})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("work", [apply_new_votes, exclude_some, store_others])
def test_what_changes_while_weights_are_prepared_is_kept(models, work):
    votes = cast_round(models, voter=uuid4())
    board_refresh.refresh()
    waiting = cast_round(models)
    weights = {votes[0]: (64, "voter"), votes[1]: (128, "voter"), waiting[0]: (16, "voter"), waiting[3]: (0, "voter")}
    store_while_the_lease_is_held(weights, lambda: work(models, votes))
    board_refresh.refresh()

    assert verification.verify_tallies([factories.pool()]).tallies > 0
    reduced = VoteWeight.objects.filter(filter_weight__lt=256)
    assert dict(reduced.values_list("vote", "filter_weight")) == {v.pk: weight for v, (weight, _) in weights.items()}
    assert VoteWeight.objects.filter(excluded=True).count() == (9 if work is exclude_some else 0)
