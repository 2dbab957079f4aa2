"""Single answers: answers to the questions of a set, one by one and outside battles.

They are rows of `Answer` with a question and without a turn. They wait in the database until a worker claims them,
which it does only if they can begin at once: their endpoint has a slot for them (see `EndpointSlots.take`), budget
left, and is healthy. While they wait, they use up no try. Each claim leads to one call. After a failure, they return to
the queue (see `arena.answers.failover.plan_retry`).
"""

from collections.abc import Iterable

from django.db import transaction

from arena.answers import tasks
from arena.models import Answer, Contestant, Question


def request_singles(pairs: Iterable[tuple[Question, Contestant]]) -> None:
    """Request contestants' answers to questions. Those that have been requested before stay as they are."""
    answers = [Answer(question=question, contestant=contestant) for question, contestant in pairs]
    with transaction.atomic():
        # Waits for changes of the questions, and lets none begin before the answers are stored.
        questions = Question.objects.select_for_update(no_key=True).order_by("pk")
        list(questions.filter(pk__in={answer.question_id for answer in answers}).values_list("pk"))
        Answer.objects.bulk_create(answers, ignore_conflicts=True)
        transaction.on_commit(tasks.enqueue_singles, robust=True)
