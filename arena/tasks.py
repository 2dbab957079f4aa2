"""What Celery runs on the queue `answers`: only hints for the engine, which works in its own thread."""

from celery import shared_task

from arena import worker


@shared_task(name="arena.answer_turn", ignore_result=True)
def answer_turn(turn_id: int) -> None:
    worker.engine().submit(turn_id)
