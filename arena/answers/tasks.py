"""The Celery task that submits a turn to the worker's answer engine."""

from celery import shared_task

from arena.answers import worker


@shared_task(
    name="arena.answer_turn",
    ignore_result=True,
    Request="core.unacknowledged_request:UnacknowledgedRequest",
)
def answer_turn(turn_id: int) -> None:
    worker.get_engine().submit(turn_id)
