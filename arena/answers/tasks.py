"""The Celery task that submits a turn to the worker's answer engine, and its messages."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
from celery import shared_task

from arena.answers import worker
from core.storage.redis_clients import get_redis_client, suppress_redis_errors


def build_handler(_task: Any, _app: Any, _consumer: Any, **_options: Any) -> Callable[..., None]:
    """Return the function that handles the task's messages.

    The function replaces Celery's own strategy, which takes two fifths of the CPU time of receiving a message. The
    queue has no acknowledgments, and the task only passes on a turn's id, so it needs no request, signals, or result.
    """

    def handle(message: Any, *_: Any) -> None:
        [turn_id], *_rest = message.payload
        worker.get_engine().submit(turn_id)

    return handle


@shared_task(name="arena.answer_turn", ignore_result=True, Strategy="arena.answers.tasks:build_handler")
def answer_turn(turn_id: int) -> None:
    worker.get_engine().submit(turn_id)


def enqueue_turn(turn_id: int) -> None:
    """Queue a turn for a worker. If Redis is down, a worker finds the turn in the database.

    This writes the message of Celery's protocol itself, because `apply_async` takes eight times as long. Source:
    https://docs.celeryq.dev/en/stable/internals/protocol.html
    """
    message_id = str(uuid4())
    message = {
        "headers": {"id": message_id, "task": answer_turn.name},
        "properties": {
            "delivery_tag": message_id,
            "delivery_info": {"exchange": "", "routing_key": worker.ANSWERS_QUEUE},
        },
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "body": orjson.dumps([[turn_id], {}, {}]).decode(),
    }
    with suppress_redis_errors():
        get_redis_client().lpush(worker.ANSWERS_QUEUE, orjson.dumps(message))
