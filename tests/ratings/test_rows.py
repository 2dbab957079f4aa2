"""The rows of a board: counts, facts, and what is provisional."""

import json
from math import isfinite

import pytest

from ratings.folding import VoterCount
from ratings.models import Tally
from ratings.rows import counts, rows
from tests import factories

pytestmark = pytest.mark.django_db


def table(*tallies, voters=(), clustered=True):
    """Rows by slug from (slug, slug, wins, losses, ties, both_bad) and (voter, slug, slug, wins, losses, ties)."""
    models = {slug: factories.model(slug) for tally in tallies for slug in tally[:2]}
    key = {slug: model.pk for slug, model in models.items()}
    stored = [
        Tally(model_a=models[a], model_b=models[b], wins=won, losses=lost, ties=ties, both_bad=bad)
        for a, b, won, lost, ties, bad in tallies
    ]
    by_voter = [VoterCount(voter, key[a], key[b], *numbers) for voter, a, b, *numbers in voters]
    return {row["model"]: row for row in rows(counts(list(models.values()), stored), by_voter, clustered=clustered)}


def crowd(people, *votes):
    """The same votes by so many people."""
    return [(f"voter {n}", *vote) for n in range(people) for vote in votes]


def test_rows_hold_the_record_of_each_model():
    found = table(("x", "y", 3, 1, 4, 2), ("y", "z", 1, 1, 0, 0))

    record = ("votes", "wins", "losses", "ties", "both_bad", "win_rate")
    assert [found["x"][name] for name in record] == [8, 3, 1, 4, 2, 5 / 8]
    assert [found["y"][name] for name in record] == [10, 2, 4, 4, 2, 4 / 10]
    assert [found["z"][name] for name in record] == [2, 1, 1, 0, 0, 1 / 2]


def test_rows_hold_the_facts_of_the_model():
    factories.model(
        "x",
        name="X One",
        organization=factories.organization("Xenon Labs"),
        license=factories.license("Apache-2.0"),
        open_weights=True,
    )
    found = table(("x", "y", 1, 1, 0, 0))

    facts = ("name", "organization", "license", "open_weights")
    assert [found["x"][name] for name in facts] == ["X One", "Xenon Labs", "Apache-2.0", True]
    assert [found["y"][name] for name in facts] == ["Y", None, None, None]


def test_rows_come_best_first():
    found = table(("x", "y", 20, 80, 0, 0), ("y", "z", 20, 80, 0, 0))
    assert list(found) == ["z", "y", "x"]
    assert [row["rank"] for row in found.values()] == [1, 2, 3]


def test_rows_of_a_tie_come_by_slug_and_share_the_rank():
    found = table(("b", "a", 0, 0, 5, 0), ("a", "c", 0, 0, 5, 0))
    assert list(found) == ["a", "b", "c"]
    assert {(row["rank"], row["rating"]) for row in found.values()} == {(1, 1000.0)}


def test_rows_of_another_component_come_after_those_of_the_main_one():
    found = table(("y", "z", 1, 1, 0, 0), ("a", "b", 5, 5, 0, 0))
    assert [(slug, row["component"]) for slug, row in found.items()] == [("a", 0), ("b", 0), ("y", 1), ("z", 1)]


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
    found = table(*tallies)
    json.dumps(found, allow_nan=False)
    assert all(isfinite(row["rating"]) and isfinite(row["se"]) for row in found.values())


def test_rows_of_a_model_that_never_lost_have_an_open_end():
    found = table(("x", "y", 50, 50, 0, 0), ("x", "z", 0, 9, 0, 0))
    assert found["z"]["unbounded"]
    assert found["z"]["ci_high"] is None
    assert found["z"]["ci_low"] > 1000
    assert not found["x"]["unbounded"]


def test_rows_of_no_tallies_are_none():
    assert table() == {}


@pytest.mark.parametrize(
    ("people", "clustered", "interval"),
    [(4, True, "plain"), (5, True, "clustered"), (5, False, "plain"), (0, True, "plain")],
)
def test_rows_are_clustered_by_voter_from_five_voters_on(people, clustered, interval):
    """Every voter always votes the same way, so the plain interval is much too narrow."""
    voters = [(f"voter {n}", "x", "y", 20 * (n % 2), 20 * (1 - n % 2), 0) for n in range(people)]
    wins = sum(row[3] for row in voters) or 40
    losses = sum(row[4] for row in voters) or 40
    board = ("x", "y", wins, losses, 0, 0)
    plain = table(board)["x"]["se"]

    found = table(board, voters=voters, clustered=clustered)["x"]

    assert found["interval"] == interval
    assert (found["se"] > 3 * plain) == (interval == "clustered")


def test_rows_count_people_per_model():
    voters = [*crowd(3, ("x", "y", 1, 0, 0), ("y", "z", 1, 0, 0)), ("another", "x", "y", 0, 2, 0)]
    found = table(("x", "y", 3, 2, 0, 0), ("y", "z", 3, 0, 0, 0), voters=voters)
    assert {slug: row["voters"] for slug, row in found.items()} == {"x": 4, "y": 4, "z": 3}


def test_rows_do_not_claim_to_know_how_many_people_there_were():
    assert table(("x", "y", 50, 50, 0, 0), clustered=False)["x"]["voters"] is None


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
    voters = crowd(people, ("x", "y", tally[2] // people, tally[3] // people, 0)) if people else ()
    found = table(tally, voters=voters, clustered=clustered)
    assert found["x"]["provisional"] is provisional


def test_rows_refuse_voters_of_votes_that_the_board_has_not():
    with pytest.raises(ValueError, match="votes that the board has not"):
        table(("x", "y", 1, 1, 0, 0), voters=crowd(5, ("x", "y", 1, 0, 0)))
