"""Reasons and comments that voters add to a vote."""

import pytest

from arena.battles import feedback, lifecycle
from arena.models import Vote
from core.http.errors import RequestError
from ratings.models import Outbox
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def battle():
    battle = factories.battle()
    lifecycle.cast_vote(battle, "a")
    return battle


def stored():
    vote = Vote.objects.get()
    return vote.reasons, vote.comment


def test_opinion_is_kept_beside_the_vote_and_moves_nothing(battle):
    before = Vote.objects.values("winner", "counted", "created_at", "categories").get()
    waiting = Outbox.objects.count()

    feedback.save_feedback(battle, {"a": ["useful", "correct"], "b": []}, "  Short and right.\n")

    assert stored() == ({"a": ["useful", "correct"]}, "Short and right.")
    assert Vote.objects.values("winner", "counted", "created_at", "categories").get() == before
    assert Outbox.objects.count() == waiting


def test_opinion_may_be_changed_and_taken_back(battle):
    feedback.save_feedback(battle, {"a": ["useful"], "b": ["wrong"]}, "Hm.")
    feedback.save_feedback(battle, {"a": [], "b": ["too_long", "too_long", "shallow"]}, "")
    assert stored() == ({"b": ["too_long", "shallow"]}, "")

    feedback.save_feedback(battle, {"a": [], "b": []}, "")
    assert stored() == ({}, "")


@pytest.mark.parametrize(
    ("reasons", "comment", "kept"),
    [
        (None, None, ({}, "")),
        ({}, "", ({}, "")),
        ({"a": ["useful"], "b": []}, "Good.", ({"a": ["useful"]}, "Good.")),
        (None, "y" * feedback.MAX_COMMENT_LENGTH, ({}, "y" * feedback.MAX_COMMENT_LENGTH)),
    ],
)
def test_opinion_may_come_with_the_vote_as_after_it(reasons, comment, kept):
    lifecycle.cast_vote(factories.battle(), "a", reasons, comment)

    assert stored() == kept


@pytest.mark.parametrize("state", ["answering", "ready", "void", "skipped", "expired"])
def test_opinion_comes_after_the_vote(state):
    with pytest.raises(RequestError) as refusal:
        feedback.save_feedback(factories.battle(state), {"a": ["useful"]}, "")

    assert (refusal.value.status, refusal.value.code) == (409, "not_voted")


def test_chips_hold_both_lists_for_both_sides_and_what_was_chosen():
    chips = feedback.build_reason_chips({"b": ["wrong", "a word from elsewhere"]})

    assert [[chip["word"] for chip in words] for words in chips["a"]] == [[*feedback.PRAISE], [*feedback.BLAME]]
    assert [chip["word"] for words in chips["b"] for chip in words if chip["chosen"]] == ["wrong"]
    assert not [chip for words in chips["a"] for chip in words if chip["chosen"]]


@pytest.fixture
def two():
    return common.contestants(2)


def give_reasons(two, words, voters=5, **fields):
    for number in range(voters):
        common.vote(*two, reasons=words, voter=common.voter_id(number), **fields)


def counts(profile):
    return {str(row["label"]): row["count"] for row in [*profile.praise, *profile.blame] if row["count"]}


def test_reasons_are_counted_for_the_model_of_their_side(two):
    x, y = two
    give_reasons((x, y), {"a": ["useful", "correct"], "b": ["wrong"]})
    give_reasons((y, x), {"b": ["useful"]}, voters=3)

    of_x, of_y = feedback.load_feedback_profile(x, "live"), feedback.load_feedback_profile(y, "live")

    assert counts(of_x) == {"useful": 8, "correct": 5}
    assert counts(of_y) == {"wrong": 5}
    assert (of_x.votes, of_x.voters, of_y.votes) == (8, 5, 5)
    assert [row["percent"] for row in of_x.praise[:2]] == [100.0, 62.5]
    assert len(of_x.praise) == len(feedback.PRAISE)
    assert len(of_x.blame) == len(feedback.BLAME)


@pytest.mark.parametrize(("voters", "told"), [(4, False), (5, True)])
def test_reasons_of_few_people_are_not_told(two, voters, told):
    for _ in range(3):
        give_reasons(two, {"a": ["useful"]}, voters)
    assert (feedback.load_feedback_profile(two[0], "live") is not None) is told


@pytest.mark.parametrize(
    "fields", [{"pool": "api"}, {"counted": False, "reason": "stopped"}], ids=["other pool", "not counted"]
)
def test_other_votes_do_not_matter(two, fields):
    give_reasons(two, {"a": ["useful"]}, **fields)
    assert feedback.load_feedback_profile(two[0], "live") is None


@pytest.mark.parametrize("words", [{"a": ["my own words"]}, {"a": []}, {"b": ["useful"]}])
def test_what_says_nothing_about_a_model_is_not_a_vote_with_a_reason(two, words):
    give_reasons(two, words)
    assert feedback.load_feedback_profile(two[0], "live") is None


def test_reason_given_twice_in_a_vote_counts_once_and_strange_ones_do_not_show(two):
    give_reasons(two, {"a": ["useful", "useful", "my own words"]})
    assert counts(feedback.load_feedback_profile(two[0], "live")) == {"useful": 5}


def test_profile_is_one_query(two, django_assert_num_queries):
    give_reasons(two, {"a": ["useful"]})
    with django_assert_num_queries(1):
        feedback.load_feedback_profile(two[0], "live")
