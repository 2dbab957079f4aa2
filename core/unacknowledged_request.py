"""A Celery request for tasks in a queue without acknowledgments (`no_ack`)."""

from celery.worker.request import Request


class UnacknowledgedRequest(Request):  # type: ignore[misc]  # Celery has no types
    """Sends no acknowledgment. Celery would send one, which has no effect and takes a round trip to Redis."""

    def acknowledge(self) -> None:
        self.acknowledged = True
