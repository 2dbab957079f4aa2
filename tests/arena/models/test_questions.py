"""Question sets, and single answers to their questions."""

import pytest
from django.db import IntegrityError, transaction

from arena.models import Answer, Question
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


def change(question, **fields):
    with transaction.atomic():
        Question.objects.filter(pk=question.pk).update(**fields)


@pytest.mark.parametrize("fields", [{"text": "Why not?"}, {"key": "q2"}, {"position": 2}, {"category": "coding"}])
def test_question_changes_only_before_an_answer_is_requested(fields):
    question = factories.question()
    change(question, **fields)
    change(question, key="q1", position=1, text="Why?", category="")
    Answer.objects.create(question=question, contestant=common.contestant())

    change(question, text="Why?")
    with pytest.raises(IntegrityError, match="stays: it has been answered"):
        change(question, **fields)

    question.set.delete()
    assert not Answer.objects.exists()


def test_keys_are_unique_in_a_set_and_sets_outlive_their_owner():
    question = factories.question(key="q1")
    factories.question(key="q1")

    question.set.owner.delete()
    question.set.refresh_from_db()

    assert question.set.owner is None
    with pytest.raises(IntegrityError, match="question_unique"):
        factories.question(set=question.set, key="q1")


@pytest.mark.parametrize("fields", [{"side": "a"}, {"turn": True}, {"turn": True, "side": "a"}, {"question": None}])
def test_answer_has_a_turn_and_a_side_or_a_question(fields):
    of_question = {"question": factories.question(), "contestant": common.contestant()}
    turn = factories.turn()
    turn.answers.all().delete()

    with pytest.raises(IntegrityError, match="answer_of_turn_or_question"):
        Answer.objects.create(**of_question | fields | ({"turn": turn} if "turn" in fields else {}))


def test_contestant_answers_a_question_once():
    single = Answer.objects.create(question=factories.question(), contestant=common.contestant())
    Answer.objects.create(question=factories.question(), contestant=single.contestant)

    assert str(single) == f"answer to question {single.question_id}"
    with pytest.raises(IntegrityError, match="answer_single_unique"):
        Answer.objects.create(question=single.question, contestant=single.contestant)
