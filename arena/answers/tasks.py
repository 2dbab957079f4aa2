"""The Celery task that hands a turn to the answer engine of its worker."""

from celery import shared_task

from arena.answers import worker


@shared_task(name="arena.answer_turn", ignore_result=True)
def answer_turn(turn_id: int) -> None:
    worker.get_engine().submit(turn_id)
