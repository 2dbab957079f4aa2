"""Why an interval is as wide as it is: each cause is named with its figure, and nothing else is."""

import pytest

from ratings.boards.interval_explanations import (
    compute_half_width,
    describe_missing_votes,
    describe_rank_rule,
    explain_interval,
    explain_provisional,
)
from tests.ratings.board_rows import row

NEVER_LOST = {"unbounded": True, "ci_high": None, "losses": 0, "ties": 0, "provisional": True}
NEVER_WON = {"unbounded": True, "ci_low": None, "wins": 0, "ties": 0, "provisional": True}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ["± 22 is due to 1,280 votes. Four times as many would halve it."]),
        ({"votes": 42}, ["only 42 votes. Ratings with fewer than 100 votes", "± 22 is due to 42 votes"]),
        ({"votes": 1}, ["only 1 vote. Ratings with fewer than 100 votes", "due to 1 vote."]),
        ({"voters": 3}, ["Only 3 people have voted on it", "± 22"]),
        ({"voters": 1}, ["Only 1 person has voted on it", "± 22"]),
        ({"voters": None}, ["± 22"]),
        ({"win_rate": 0.93}, ["won 93% of its votes. Such one-sided", "± 22"]),
        ({"win_rate": 0.04}, ["won 4% of its votes. Such one-sided", "± 22"]),
        (
            {"ci_low": 900.0, "ci_high": 1100.0, "votes": 30},
            ["only 30 votes", "± 100. Ratings with an interval wider than ± 50 are provisional", "± 100 is due to"],
        ),
        (NEVER_LOST, ["never lost", "closes once chains of votes put the model both above and below"]),
        (NEVER_WON, ["never won", "The interval closes"]),
        (NEVER_LOST | {"ties": 3}, ["puts it below the other models", "The interval closes"]),
        (NEVER_WON | {"ties": 3}, ["puts it above the other models", "The interval closes"]),
        (
            NEVER_LOST | {"ci_low": None, "losses": 1},
            ["above or below the other models, so both ends are open", "The interval closes"],
        ),
        (
            {"ci_low": 950.0, "ci_high": 1050.0, "interval": "plain"},
            [
                "The interval is ± 50. The model's own votes (1,280) account for about ± 20 of that.",
                "other models with few votes",
            ],
        ),
        (
            {"ci_low": 950.0, "ci_high": 1050.0},
            ["own votes (1,280)", "correlated votes from the same people, or to other"],
        ),
        (NEVER_LOST | {"votes": 7, "win_rate": 1.0}, ["never lost", "only 7 votes", "The interval closes"]),
        (dict.fromkeys(["rank_low", "ci_low", "ci_high"]), ["Elo ratings have no interval"]),
    ],
)
def test_reasons_name_each_cause_with_its_figure(fields, words):
    found = explain_interval(row(**fields))
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"votes": 42}, "It has only 42 votes. Ratings with fewer than 100 votes are provisional."),
        (NEVER_LOST, "It has never lost, so its votes set no upper limit on its strength. The upper end is open."),
        ({"ci_low": 900.0}, "The interval is ± 72. Ratings with an interval wider than ± 50 are provisional."),
        ({"win_rate": 0.99}, ""),
    ],
)
def test_provisional_says_only_what_makes_it_so(fields, words):
    assert explain_provisional(row(**fields)) == words


@pytest.mark.parametrize(("own", "words"), [(True, "Only 3 people have voted on it, so"), (False, "")])
def test_few_people_make_it_so_in_pools_of_ours(own, words):
    assert explain_provisional(row(voters=3), is_own_pool=own).startswith(words)
    assert bool(explain_provisional(row(voters=3), is_own_pool=own)) == own


@pytest.mark.parametrize(("low", "high", "half"), [(990.0, 1010.0, 10.0), (None, 1010.0, None), (990.0, None, None)])
def test_half_width_is_that_of_a_closed_interval(low, high, half):
    assert compute_half_width(row(ci_low=low, ci_high=high)) == half


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"rank": None, "votes_to_rank": 1}, "1 more vote"),
        ({"rank": None, "votes_to_rank": 80}, "80 more votes"),
        ({"rank": None, "votes_to_rank": 80, "unbounded": True}, "80 more votes (some with the opposite result)"),
        ({"rank": None, "votes_to_rank": 0, "unbounded": True}, "needs both wins and losses"),
        ({"rank": None, "votes_to_rank": 0}, "needs both wins and losses"),  # by Elo nothing is unbounded
    ],
)
def test_missing_for_rank_says_what_a_rank_takes(fields, words):
    assert describe_missing_votes(row(**fields)) == words


@pytest.mark.parametrize(("own", "people"), [(True, True), (False, False)])
def test_rank_rule_speaks_of_people_where_they_are_known(own, people):
    assert describe_rank_rule(is_own_pool=own).startswith("To be ranked, a model needs 100 votes")
    assert ("at most 20 of them from the same person" in describe_rank_rule(is_own_pool=own)) is people
