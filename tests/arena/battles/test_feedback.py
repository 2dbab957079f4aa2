"""Reasons and comments that voters add to a vote."""

import pytest

from arena.battles import feedback, lifecycle
from arena.models import Vote
from core.http.errors import RequestError
from ratings.models import Outbox
from tests.arena import factories

pytestmark = pytest.mark.django_db
EVERY_WORD = [*feedback.PRAISE, *feedback.BLAME]
NOT_TEXT = "\ud800"


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
