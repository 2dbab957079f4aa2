"""Replacement of a model that failed before its first visible word."""

import pytest

from arena.answers import failover, jobs
from arena.models import Endpoint
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def claimed():
    """A turn that a worker has claimed, with the jobs of its sides."""
    turn = factories.turn()
    [job] = jobs.claim_jobs([turn.pk])
    return turn, dict(zip("ab", job.sides, strict=True))


def replaced(side):
    [job] = failover.replace_contestants([(side, "unavailable")])
    return job


def test_replace_asks_another_model_and_notes_the_one_that_failed(claimed):
    turn, sides = claimed
    third = common.fighter()

    job = replaced(sides["a"])

    battle = turn.battle
    failed, other = battle.contestant_a_id, battle.contestant_b_id
    battle.refresh_from_db()
    assert (job.endpoint.pk, job.answer_id, job.attempt) == (
        third.endpoint.pk,
        sides["a"].answer_id,
        sides["a"].attempt,
    )
    assert (battle.contestant_a_id, battle.contestant_b_id) == (third.pk, other)
    assert battle.replaced == [{"side": "a", "contestant": failed, "reason": "unavailable", "propensity": 0.5}]
    assert factories.side(turn, "a").contestant_id == third.pk


def test_replace_is_possible_once_a_side(claimed):
    _, sides = claimed
    for _ in range(2):
        common.endpoint()

    assert replaced(sides["a"]) is not None
    assert replaced(sides["a"]) is None
    assert replaced(sides["b"]) is not None


def test_replace_of_an_answer_that_another_worker_has_changes_nothing(claimed):
    turn, sides = claimed
    common.endpoint()
    turn.answers.update(attempt=9)

    assert replaced(sides["a"]) is None


def test_replace_without_anyone_else_is_none(claimed):
    assert replaced(claimed[1]["a"]) is None


def test_replace_finds_an_opponent_for_a_model_that_is_out_of_the_draw_itself(claimed):
    turn, sides = claimed
    third = common.endpoint()
    Endpoint.objects.filter(contestants=turn.battle.contestant_b).update(failed_probes=2)

    assert replaced(sides["a"]).endpoint.pk == third.pk
