"""Celery messages that bring turns to the engine."""

from celery import current_app
from kombu.message import Message

from arena.answers import worker
from arena.answers.tasks import answer_turn, enqueue_turn


class Engine:
    def __init__(self):
        self.turns = []

    def submit(self, turn_id):
        self.turns.append(turn_id)


def test_turns_are_submitted_without_an_acknowledgment(monkeypatch):
    monkeypatch.setattr(worker, "_engine", engine := Engine())
    sent = []
    message = Message(
        body="[[17], {}, {}]",
        headers={"id": "1", "task": answer_turn.name},
        content_type="application/json",
        content_encoding="utf-8",
    )

    handle = answer_turn.start_strategy(answer_turn.app, None)
    handle(message, None, lambda: sent.append("ack"), lambda: sent.append("reject"), [])

    assert engine.turns == [17]
    assert not sent


def test_enqueued_turn_reaches_the_engine_through_celerys_own_consumer(monkeypatch, valkey):
    monkeypatch.setattr(worker, "_engine", engine := Engine())
    handle = answer_turn.start_strategy(answer_turn.app, None)
    with current_app.connection() as connection, connection.SimpleQueue(worker.ANSWERS_QUEUE, no_ack=True) as queue:
        queue.clear()
        enqueue_turn(17)
        message = queue.get(timeout=5)

    handle(message)

    assert message.headers["task"] == answer_turn.name
    assert engine.turns == [17]
