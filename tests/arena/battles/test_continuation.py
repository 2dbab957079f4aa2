"""Conversations that continue with both models after the vote."""

import pytest

from arena.answers import jobs
from arena.battles import continuation, lifecycle
from arena.models import Answer, Battle, Contestant, Turn
from core.http.errors import RequestError
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED

pytestmark = pytest.mark.django_db
SAID = FINISHED | {"text": "Because.", "reasoning": "Hm.", "input_tokens": 3, "output_tokens": 5}


@pytest.fixture
def battle():
    """A voted battle of three turns; one side failed the second."""
    voted_battle = factories.battle(prompt="Why?", a=SAID, b=FINISHED)
    factories.turn(voted_battle, 2, prompt="And then?", a=SAID, b=FAILED)
    factories.turn(voted_battle, 3, prompt="At last?", a=FINISHED, b=SAID)
    lifecycle.cast_vote(voted_battle, "a")
    return voted_battle


def list_answers(battle):
    return list(
        Answer.objects.filter(turn__battle=battle)
        .order_by("turn__number", "side")
        .values_list(
            "turn__number", "turn__prompt", "side", "contestant", "state", "text", "reasoning", "output_tokens"
        )
    )


def test_go_on_makes_an_unrated_battle_of_the_same_two_in_the_same_places(battle):
    copy = continuation.continue_battle(battle)

    copy.refresh_from_db()
    assert (copy.mode, copy.state, copy.propensity) == ("side_by_side", "ready", 1.0)
    assert (copy.voter_id, copy.contestant_a_id, copy.contestant_b_id) == (
        battle.voter_id,
        battle.contestant_a_id,
        battle.contestant_b_id,
    )
    assert copy.among == [battle.contestant_a_id, battle.contestant_b_id]
    assert (copy.pool, copy.rated_pool) == (battle.pool, None)


@pytest.mark.parametrize("winner", ["a", "both_bad", "skip"])
def test_nothing_is_judged_before_something_was_asked_here(battle, winner):
    copy = continuation.continue_battle(battle)

    with pytest.raises(RequestError) as refusal:
        lifecycle.cast_vote(lifecycle.get_battle(copy.voter_id, copy.pk), winner)

    assert (refusal.value.status, refusal.value.code) == (409, "not_ready")
    copy.refresh_from_db()
    assert copy.state == "ready"


def test_what_was_asked_here_is_judged_and_not_rated(battle):
    copy = continuation.continue_battle(battle)
    turn = lifecycle.ask_follow_up(copy, "And now?")
    Answer.objects.filter(turn=turn).update(**SAID)
    Battle.objects.filter(pk=copy.pk).update(state="ready")

    assert lifecycle.cast_vote(lifecycle.get_battle(copy.voter_id, copy.pk), "b").counted is False


def test_go_on_copies_the_turns_that_both_have_finished(battle):
    before = list_answers(battle)

    copy = continuation.continue_battle(battle)

    a, b = battle.contestant_a_id, battle.contestant_b_id
    assert list_answers(copy) == [
        (1, "Why?", "a", a, "finished", "Because.", "Hm.", 5),
        (1, "Why?", "b", b, "finished", "An answer.", "", None),
        (2, "At last?", "a", a, "finished", "An answer.", "", None),
        (2, "At last?", "b", b, "finished", "Because.", "Hm.", 5),
    ]
    assert list_answers(battle) == before
    assert Battle.objects.get(pk=battle.pk).state == "voted"


def test_next_question_is_asked_with_the_history(battle):
    copy = continuation.continue_battle(battle)

    turn = lifecycle.ask_follow_up(copy, "And now?")

    [job] = jobs.claim_jobs([turn.pk])
    assert (turn.number, job.visibility.names, job.replaceable) == (3, True, False)
    assert [message.content for message in job.sides[0].request.messages] == [
        *("Why?", "Because.", "At last?", "An answer.", "And now?")
    ]


@pytest.mark.parametrize("state", ["answering", "ready", "void", "skipped", "expired"])
def test_go_on_comes_after_the_vote(state):
    with pytest.raises(RequestError) as refusal:
        continuation.continue_battle(factories.battle(state))

    assert (refusal.value.status, refusal.value.code) == (409, "not_voted")
    assert Turn.objects.count() == 1


@pytest.mark.parametrize("missing", ["switched off", "gone"])
def test_go_on_needs_both_models(battle, missing):
    contestants = Contestant.objects.filter(pk=battle.contestant_b_id)
    contestants.update(**({"enabled": False} if missing == "switched off" else {"endpoint": None}))

    with pytest.raises(RequestError) as refusal:
        continuation.continue_battle(battle)

    assert (refusal.value.status, refusal.value.code) == (409, "model_unavailable")
    assert Battle.objects.count() == 1
