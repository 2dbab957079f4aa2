"""Statistics of feedback, and models with too few voters for them."""

import pytest

from arena.battles import feedback_stats
from arena.battles.feedback import BLAME, PRAISE
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    return factories.model("x"), factories.model("y")


def give_reasons(two, words, voters=5, **fields):
    for number in range(voters):
        factories.vote(*two, reasons=words, voter=factories.voter_id(number), **fields)


def counts(profile):
    return {str(row["label"]): row["count"] for row in [*profile.praise, *profile.blame] if row["count"]}


def test_reasons_are_counted_for_the_model_of_their_side(two):
    x, y = two
    give_reasons((x, y), {"a": ["useful", "correct"], "b": ["wrong"]})
    give_reasons((y, x), {"b": ["useful"]}, voters=3)

    of_x, of_y = feedback_stats.load_feedback_profile(x.pk, "live"), feedback_stats.load_feedback_profile(y.pk, "live")

    assert counts(of_x) == {"useful": 8, "correct": 5}
    assert counts(of_y) == {"wrong": 5}
    assert (of_x.votes, of_x.voters, of_y.votes) == (8, 5, 5)
    assert [row["percent"] for row in of_x.praise[:2]] == [100.0, 62.5]
    assert len(of_x.praise) == len(PRAISE)
    assert len(of_x.blame) == len(BLAME)


@pytest.mark.parametrize(("voters", "told"), [(4, False), (5, True)])
def test_reasons_of_few_people_are_not_told(two, voters, told):
    for _ in range(3):
        give_reasons(two, {"a": ["useful"]}, voters)
    assert (feedback_stats.load_feedback_profile(two[0].pk, "live") is not None) is told


@pytest.mark.parametrize(
    "fields", [{"pool": "api"}, {"counted": False, "reason": "stopped"}], ids=["other pool", "not counted"]
)
def test_other_votes_do_not_matter(two, fields):
    give_reasons(two, {"a": ["useful"]}, **fields)
    assert feedback_stats.load_feedback_profile(two[0].pk, "live") is None


@pytest.mark.parametrize("words", [{"a": ["my own words"]}, {"a": []}, {"b": ["useful"]}])
def test_what_says_nothing_about_a_model_is_not_a_vote_with_a_reason(two, words):
    give_reasons(two, words)
    assert feedback_stats.load_feedback_profile(two[0].pk, "live") is None


def test_reason_given_twice_in_a_vote_counts_once_and_strange_ones_do_not_show(two):
    give_reasons(two, {"a": ["useful", "useful", "my own words"]})
    assert counts(feedback_stats.load_feedback_profile(two[0].pk, "live")) == {"useful": 5}


def test_profile_is_one_query(two, django_assert_num_queries):
    give_reasons(two, {"a": ["useful"]})
    with django_assert_num_queries(1):
        feedback_stats.load_feedback_profile(two[0].pk, "live")
