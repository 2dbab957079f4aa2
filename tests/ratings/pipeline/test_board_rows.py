"""The rows of a board: counts, facts, and what is provisional."""

import json
from collections import Counter
from math import isfinite

import numpy as np
import pytest

from ratings.pipeline.board_rows import Contestants, build_elo_rows, build_fit_rows
from ratings.pipeline.pool_state import PoolState
from ratings.statistics import bradley_terry
from ratings.statistics.comparisons import VoterCounts
from tests import factories

pytestmark = pytest.mark.django_db


def build_contestants(tallies, voters=(), *, is_own_pool=True):
    """Contestants from (slug, slug, wins, losses, ties, both_bad) and (voter, slug, slug, wins, losses, ties)."""
    models = {slug: factories.contestant(slug) for tally in tallies for slug in tally[:2]}
    state = PoolState(0, 0, ordered=False)
    for a, b, *decided, ties, bad in tallies:
        pair = [models[a].pk, models[b].pk]
        order = slice(None, None, 1 if pair == sorted(pair) else -1)
        state.add_counts([("overall", *pair[order], *decided[order], ties, bad, *[0] * 6)])
    by_key = {model.pk: model for model in models.values()}
    board = state.build_counts("overall", {key: model.slug for key, model in by_key.items()})
    cast = Counter()
    for voter, *pair, wins, losses, tied in voters:
        cast.update({(voter, slug): wins + losses + tied for slug in pair})
    people = [sum(slug == label for _, slug in cast) for label in board.comparisons.labels]
    weight = board.comparisons.votes.sum(axis=1)
    if is_own_pool:
        weight = weight - [
            sum(max(n - 20, 0) for (_, slug), n in cast.items() if slug == x) for x in board.comparisons.labels
        ]
    return Contestants(board, by_key, np.array(people, dtype=int), weight, np.zeros(len(people)), is_own_pool)


def table(*tallies, voters=(), clustered=True, anchor=None):
    """Rows by slug."""
    return {row["model"]: row for row in build_board(*tallies, voters=voters, clustered=clustered, anchor=anchor).rows}


def build_board(*tallies, voters=(), clustered=True, anchor=None):
    contestants = build_contestants(tallies, voters, is_own_pool=clustered)
    names, a, b, *numbers = zip(*voters, strict=True) if voters else ((), (), (), (), (), ())
    labels = contestants.counts.comparisons.labels
    positions = [np.array([labels.index(model) for model in side], dtype=int) for side in (a, b)]
    codes = np.unique(np.array(names, dtype=str), return_inverse=True)[1]
    cluster = VoterCounts(codes, *positions, *(np.array(column, dtype=float) for column in numbers))
    fit = bradley_terry.fit(contestants.counts.comparisons, cluster=cluster if clustered else None)
    return build_fit_rows(contestants, fit, anchor)


def repeat_for_voters(people, *votes):
    """The same votes by each of this many voters."""
    return [(f"voter {n}", *vote) for n in range(people) for vote in votes]


def test_rows_hold_the_record_of_each_model():
    rows = table(("x", "y", 3, 1, 4, 2), ("y", "z", 1, 1, 0, 0))

    record = ("votes", "wins", "losses", "ties", "both_bad", "win_rate")
    assert [rows["x"][name] for name in record] == [8, 3, 1, 4, 2, 5 / 8]
    assert [rows["y"][name] for name in record] == [10, 2, 4, 4, 2, 4 / 10]
    assert [rows["z"][name] for name in record] == [2, 1, 1, 0, 0, 1 / 2]


def test_rows_hold_the_facts_of_the_model():
    factories.model(
        "x",
        name="X One",
        organization=factories.organization("Xenon Labs"),
        license=factories.license("Apache-2.0"),
        open_weights=True,
    )
    rows = table(("x", "y", 1, 1, 0, 0))

    facts = ("name", "organization", "license", "open_weights")
    assert [rows["x"][name] for name in facts] == ["X One", "Xenon Labs", "Apache-2.0", True]
    assert [rows["y"][name] for name in facts] == ["Y", None, None, None]


def test_rows_of_a_tie_come_by_slug_and_share_the_rank():
    rows = table(("b", "a", 0, 0, 5, 0), ("a", "c", 0, 0, 5, 0))
    assert list(rows) == ["a", "b", "c"]
    assert {(row["rank"], row["rating"]) for row in rows.values()} == {(1, 1000.0)}


def test_rows_of_another_component_come_after_those_of_the_main_one():
    rows = table(("y", "z", 1, 1, 0, 0), ("a", "b", 5, 5, 0, 0))
    assert [(slug, row["component"]) for slug, row in rows.items()] == [("a", 0), ("b", 0), ("y", 1), ("z", 1)]


@pytest.mark.parametrize(
    "tallies",
    [
        [("x", "y", 1, 0, 0, 0)],
        [("x", "y", 0, 0, 1, 1)],
        [("x", "y", 5, 5, 0, 0), ("x", "z", 4, 0, 0, 0)],
        [("a", "b", 1, 0, 0, 0), ("c", "d", 1, 0, 0, 0)],
    ],
    ids=["one vote", "one tie", "one never won", "two components"],
)
def test_rows_are_json_without_nan_or_infinity(tallies):
    rows = table(*tallies)
    json.dumps(rows, allow_nan=False)
    assert all(isfinite(row["rating"]) and isfinite(row["se"]) for row in rows.values())


@pytest.mark.parametrize(
    ("tally", "people", "clustered", "provisional"),
    [
        (("x", "y", 200, 200, 0, 0), 200, True, False),
        (("x", "y", 200, 200, 0, 0), 4, True, True),
        (("x", "y", 200, 200, 0, 0), 0, False, False),
        (("x", "y", 48, 48, 0, 0), 0, False, True),
        (("x", "y", 0, 0, 99, 0), 0, False, True),
        (("x", "y", 0, 0, 100, 0), 0, False, False),
        (("x", "y", 52, 52, 0, 0), 0, False, False),
        (("x", "y", 110, 2, 0, 0), 0, False, True),
        (("x", "y", 200, 0, 0, 0), 0, False, True),
    ],
    ids=[
        "enough",
        "four people",
        "imported",
        "96 votes",
        "99 votes",
        "100 votes",
        "104 votes",
        "too wide",
        "unbounded",
    ],
)
def test_rows_say_what_is_provisional(tally, people, clustered, provisional):
    voters = repeat_for_voters(people, ("x", "y", tally[2] // people, tally[3] // people, 0)) if people else ()
    rows = table(tally, voters=voters, clustered=clustered)
    assert rows["x"]["provisional"] is provisional


def test_rows_with_an_anchor_are_shifted_in_its_component_alone():
    tallies = [("x", "y", 60, 40, 0, 0), ("a", "b", 5, 5, 0, 0)]
    plain, anchored = table(*tallies), table(*tallies, anchor=("y", 1500.0))

    shift = 1500 - plain["y"]["rating"]
    for slug in "xy":
        for name in ("rating", "ci_low", "ci_high"):
            assert anchored[slug][name] == pytest.approx(plain[slug][name] + shift)
        assert anchored[slug]["se"] == plain[slug]["se"]
    assert anchored["a"] == plain["a"]


def test_rows_of_a_rating_without_errors_claim_none():
    contestants = build_contestants([("x", "y", 200, 100, 0, 0), ("y", "z", 100, 0, 300, 100)])
    ratings = {key: {"x": 1010.5, "y": 1002.25, "z": 1002.25}[model.slug] for key, model in contestants.by_key.items()}

    x, y, z = build_elo_rows(contestants, ratings).rows

    assert [(row["model"], row["rank"], row["rating"]) for row in (x, y, z)] == [
        ("x", 1, 1010.5),
        ("y", 2, 1002.25),
        ("z", 2, 1002.25),
    ]
    for name in ("rank_low", "rank_high", "rank_ub", "tier", "ci_low", "ci_high", "se", "interval"):
        assert x[name] is None
    assert (x["votes"], z["both_bad"], z["win_rate"]) == (300, 100, 3 / 8)
    json.dumps([x, y, z], allow_nan=False)


def test_rows_of_a_rating_without_errors_are_ranked_where_votes_connect_them():
    contestants = build_contestants([("x", "y", 3, 1, 0, 0), ("a", "b", 9, 9, 0, 0), ("a", "best", 0, 4, 0, 0)])
    ratings = dict.fromkeys(contestants.by_key, 1000.0) | {
        key: 1100.0 for key, each in contestants.by_key.items() if each.slug == "x"
    }

    rows = {row["model"]: row for row in build_elo_rows(contestants, ratings).rows}

    assert [(slug, row["component"], row["rank"]) for slug, row in rows.items()] == [
        *(("a", 0, 1), ("b", 0, 1), ("best", 0, 1)),
        *(("x", 1, 1), ("y", 1, 2)),
    ]
    fit = bradley_terry.fit(contestants.counts.comparisons)
    assert fit.component.tolist() == [rows[slug]["component"] for slug in contestants.counts.comparisons.labels]


SETTLED = [("x", "y", 300, 200, 0, 0), ("y", "z", 300, 200, 0, 0), ("x", "z", 300, 150, 0, 0)]


def test_rows_of_a_newcomer_have_no_rank_whatever_it_wins():
    """The votes of one voter are capped at twenty, so a hundred votes of five voters are too few if one cast forty."""
    few = [*SETTLED, ("new", "x", 19, 1, 0, 0)]
    many = [*SETTLED, ("new", "x", 95, 5, 0, 0)]
    voters = [("heavy", "new", "x", 40, 0, 0), *[(f"voter {n}", "new", "x", 15, 0, 0) for n in range(3)]]

    for tallies, cast, missing in ((few, (), 80), (many, voters, 20)):
        board = build_board(*tallies, voters=cast)
        rows = {row["model"]: row for row in board.rows}

        assert rows["new"]["rating"] > rows["x"]["rating"]
        assert [rows["new"][name] for name in ("rank", "rank_ub", "tier")] == [None, None, None]
        assert (rows["new"]["rank_low"], rows["new"]["votes_to_rank"]) == (1, missing)
        assert [(rows[slug]["rank"], rows[slug]["rank_high"]) for slug in "xyz"] == [(1, 1), (2, 2), (3, 3)]
        assert [row["model"] for row in board.rows] == ["x", "y", "z", "new"]
        assert not board.has_provisional_ranks


def test_rows_of_a_model_without_bounds_have_no_rank_however_many_votes_it_has():
    new = table(*SETTLED, ("new", "x", 500, 0, 0, 0), clustered=False)["new"]
    assert (new["rank"], new["tier"], new["votes_to_rank"]) == (None, None, 0)


@pytest.mark.parametrize(("second", "provisional"), [(45, True), (55, False)])
def test_rows_are_all_ranked_where_fewer_than_two_models_have_votes_enough(second, provisional):
    board = build_board(("x", "y", 5 + second, 40, 0, 0), ("x", "z", 10, 5, 0, 0))
    assert board.has_provisional_ranks is provisional
    assert [row["rank"] is None for row in board.rows] == [False, False, not provisional]


def test_rows_of_a_rating_without_errors_rank_the_same_models():
    contestants = build_contestants([*SETTLED, ("new", "x", 20, 0, 0, 0), ("many", "x", 500, 0, 0, 0)])
    ratings = {
        key: {"new": 1300.0, "many": 1200.0, "x": 1010.0}.get(each.slug, 900.0)
        for key, each in contestants.by_key.items()
    }

    board = build_elo_rows(contestants, ratings)

    rows = [(row["model"], row["rank"], row["votes_to_rank"]) for row in board.rows]
    assert rows == [("x", 1, 0), ("y", 2, 0), ("z", 2, 0), ("new", None, 80), ("many", None, 0)]
    assert not board.has_provisional_ranks
