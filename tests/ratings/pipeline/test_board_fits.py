"""Boards under style control from stored votes."""

from random import Random

import pytest

from arena.models import LIVE_SLUG, Pool, Vote
from ratings.boards import snapshots
from ratings.boards.snapshots import BoardKey
from ratings.models import VoteWeight
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db
SHORT, LONG = [100.0, 0.0, 1.0, 2.0], [300.0, 0.0, 4.0, 2.0]


def draw_style(random):
    """Features of both sides: lengths, no headers, bold marks, list items."""
    return [float(n) for _ in "ab" for n in (random.randrange(50, 500), 0, random.randrange(5), random.randrange(9))]


def cast_styled_votes(random, models, number, pool=LIVE_SLUG, **more):
    """Votes of seven people between two of x, y and z, in this order of strength; longer answers win more often."""
    votes, of_pool = [], factories.pool(pool)
    for position in range(number):
        a, b = random.sample(range(3), 2)
        features = draw_style(random)
        winner = "a" if random.random() < 0.5 + 0.1 * (b - a) + (0.15 if features[0] > features[4] else -0.15) else "b"
        fields = {"pool": of_pool, "features": features, "voter": factories.voter_id(position % 7), **more}
        votes.append(Vote(contestant_a=models[a], contestant_b=models[b], winner=winner, **fields))
    factories.cast_at_once(votes)


@pytest.fixture
def models():
    return [factories.contestant(slug) for slug in "xyz"]


def create_style_board(pool="live", category="overall"):
    assert board_refresh.refresh()
    while board_refresh.refresh_style_board():
        pass
    return snapshots.load_newest_board(BoardKey(pool, category, True, "bt"))


def test_styled_board_says_what_style_is_worth(models):
    cast_styled_votes(Random(1), models, 300)
    board = create_style_board()

    assert board["votes"] == 300
    assert {row["model"] for row in board["rows"]} == {"x", "y", "z"}
    assert {row["interval"] for row in board["rows"]} == {"clustered"}
    assert board["style"].keys() == {"length", "headers", "bold", "list_items"}
    length = board["style"]["length"]
    assert length["coefficient"] > 2 * length["se"] > 0 < length["scale"]
    assert board["style"]["headers"] is None


def test_styled_board_leaves_out_votes_whose_style_is_unknown_and_models_whose_votes_weigh_nothing(models):
    random = Random(2)
    cast_styled_votes(random, models, 60)
    cast_styled_votes(random, models, 5, features=None)
    factories.cast(factories.contestant("w"), models[0])
    rigged = factories.cast(factories.contestant("v"), models[0], features=draw_style(random))
    VoteWeight.objects.create(vote=rigged, filter_weight=0, reason="voter")

    board = create_style_board()

    assert board["votes"] == 60
    assert {row["model"] for row in board["rows"]} == {"x", "y", "z"}
    assert sum(row["votes"] for row in board["rows"]) == 120


def test_styled_board_counts_both_bad_ones(models):
    x, y, _ = models
    random = Random(7)
    for winner in ("a", "b", "tie", "both_bad"):
        factories.cast(x, y, winner, features=draw_style(random), multiplicity=2)
        factories.cast(x, y, winner, features=draw_style(random))

    row = create_style_board()["rows"][0]

    assert [row[name] for name in ("votes", "wins", "losses", "ties", "both_bad")] == [12, 3, 3, 6, 3]


def test_styled_board_that_has_no_maximum_says_so(models):
    """The longer answer always wins."""
    x, y, _ = models
    for _ in range(4):
        factories.cast(x, y, "b", features=SHORT + LONG)
        factories.cast(x, y, "a", features=LONG + SHORT, multiplicity=2)
        factories.cast(x, y, "a")

    board = create_style_board()

    assert (board["rows"], board["problem"], board["votes"]) == ([], "separable", 12)


def test_styled_board_without_any_style_is_empty(models):
    factories.cast(*models[:2])
    board = create_style_board()
    assert (board["rows"], board["votes"]) == ([], 0)
    assert board["style"] == dict.fromkeys(("length", "headers", "bold", "list_items"))
    assert "problem" not in board


def test_styled_board_of_an_imported_pool_takes_its_votes_one_by_one(models):
    factories.pool("old", kind=Pool.Kind.IMPORT)
    cast_styled_votes(Random(3), models, 60, pool="old")

    assert {row["interval"] for row in create_style_board("old")["rows"]} == {"plain"}


def test_styled_boards_come_one_by_one_and_not_too_often(models, monkeypatch):
    random = Random(5)
    cast_styled_votes(random, models, 30, categories=["coding"])
    board_refresh.refresh()
    results = [board_refresh.refresh_style_board() for _ in range(5)]
    assert results == [True, True, True, False, False]  # overall, exclude-ties, coding

    cast_styled_votes(random, models, 1)
    board_refresh.refresh()
    assert not board_refresh.refresh_style_board()

    monkeypatch.setattr(board_refresh, "STYLE_INTERVAL_RANGE_S", (0, 0))
    assert [board_refresh.refresh_style_board() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(("took", "waits"), [(0.01, 10), (0.1, 20), (5, 50)])
def test_styled_board_that_takes_long_comes_more_seldom(monkeypatch, took, waits):
    monkeypatch.setitem(board_refresh._style_fit_seconds, 1, took)
    assert board_refresh._compute_style_interval(1).total_seconds() == waits


def test_styled_board_is_as_old_as_the_plain_one_of_the_same_votes(models):
    random = Random(6)
    cast_styled_votes(random, models, 30)
    plain = max(snapshot.computed_at for snapshot in board_refresh.refresh())
    cast_styled_votes(random, models, 1)
    while board_refresh.refresh_style_board():
        pass

    board = snapshots.load_newest_board(BoardKey("live", "overall", True, "bt"))
    assert (board["computed_at"], board["votes"]) == (plain, 30)


@pytest.mark.parametrize(("pool", "voters", "to_rank"), [("ready", 6, 94), ("api", 7, 74)])
def test_keys_rank_models_in_their_own_pool_alone(models, pool, voters, to_rank):
    factories.pool(pool, kind=pool)
    for number in range(6):
        factories.cast(*models[:2], "ab"[number % 2], pool=pool, voter=factories.voter_id(number))
    for number in range(40):
        key = {"voter": factories.voter_id(99), "voter_kind": "key"}
        factories.cast(*models[:2], "ab"[number % 2], pool=pool, **key)
    board_refresh.refresh()

    (row, _) = snapshots.load_newest_board(BoardKey(pool, "overall", False, "bt"))["rows"]
    assert (row["votes"], row["voters"], row["votes_to_rank"]) == (46, voters, to_rank)
