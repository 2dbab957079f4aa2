"""The Celery task that submits a turn to the worker's answer engine."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

from celery import shared_task
from kombu.exceptions import OperationalError

from arena.answers import worker
from arena.answers.leases import QUEUE_TIMEOUT_S

logger = logging.getLogger(__name__)
_sender = ThreadPoolExecutor(1, "send")


@shared_task(name="arena.answer_turn", ignore_result=True)
def answer_turn(turn_id: int) -> None:
    worker.get_engine().submit(turn_id)


def enqueue_turn(turn_id: int) -> None:
    """Queue a turn for a worker. A separate thread sends it, because a Redis that hangs must not delay the request.

    If Redis is down, a worker finds the turn in the database.
    """
    _sender.submit(_send, turn_id, time.monotonic() + QUEUE_TIMEOUT_S)


def _send(turn_id: int, deadline: float) -> None:
    if time.monotonic() > deadline:  # a worker has found the turn
        return
    try:
        answer_turn.delay(turn_id)
    except OperationalError as error:
        logger.warning("The Celery broker is unreachable, so turn %s will be answered later: %s", turn_id, error)
