"""What voters said about a model, and about whom nothing is told."""

import pytest

from arena.battles import feedback_stats
from arena.battles.feedback import BLAME, PRAISE
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    return factories.model("x"), factories.model("y")


def said(two, words, voters=5, **fields):
    for number in range(voters):
        factories.vote(*two, reasons=words, voter=factories.voter_id(number), **fields)


def counts(profile):
    return {str(each["label"]): each["count"] for each in [*profile.praise, *profile.blame] if each["count"]}


def test_reasons_are_counted_for_the_model_of_their_side(two):
    x, y = two
    said((x, y), {"a": ["useful", "correct"], "b": ["wrong"]})
    said((y, x), {"b": ["useful"]}, voters=3)

    of_x, of_y = feedback_stats.load_feedback_profile(x.pk, "live"), feedback_stats.load_feedback_profile(y.pk, "live")

    assert counts(of_x) == {"useful": 8, "correct": 5}
    assert counts(of_y) == {"wrong": 5}
    assert (of_x.votes, of_x.voters, of_y.votes) == (8, 5, 5)
    assert [each["percent"] for each in of_x.praise[:2]] == [100.0, 62.5]
    assert len(of_x.praise) == len(PRAISE)
    assert len(of_x.blame) == len(BLAME)


@pytest.mark.parametrize(("voters", "told"), [(4, False), (5, True)])
def test_reasons_of_few_people_are_not_told(two, voters, told):
    for _ in range(3):
        said(two, {"a": ["useful"]}, voters)
    assert (feedback_stats.load_feedback_profile(two[0].pk, "live") is not None) is told


def test_reasons_of_few_people_would_be_told_without_the_limit(two, monkeypatch):
    monkeypatch.setattr(feedback_stats, "MIN_VOTERS", 1)
    said(two, {"a": ["useful"]}, voters=1)
    assert feedback_stats.load_feedback_profile(two[0].pk, "live") is not None


@pytest.mark.parametrize(
    "fields", [{"pool": "api"}, {"counted": False, "reason": "stopped"}], ids=["other pool", "not counted"]
)
def test_other_votes_do_not_matter(two, fields):
    said(two, {"a": ["useful"]}, **fields)
    assert feedback_stats.load_feedback_profile(two[0].pk, "live") is None


@pytest.mark.parametrize("words", [{"a": ["my own words"]}, {"a": []}, {"b": ["useful"]}])
def test_what_says_nothing_about_a_model_is_not_a_vote_with_a_reason(two, words):
    said(two, words)
    assert feedback_stats.load_feedback_profile(two[0].pk, "live") is None


def test_reason_given_twice_in_a_vote_counts_once_and_strange_ones_do_not_show(two):
    said(two, {"a": ["useful", "useful", "my own words"]})
    assert counts(feedback_stats.load_feedback_profile(two[0].pk, "live")) == {"useful": 5}


def test_profile_is_one_query(two, django_assert_num_queries):
    said(two, {"a": ["useful"]})
    with django_assert_num_queries(1):
        feedback_stats.load_feedback_profile(two[0].pk, "live")
