import pytest
from celery.utils.imports import symbol_by_name
from kombu.message import Message

from arena.answers.tasks import answer_turn


@pytest.mark.parametrize(
    ("request_class", "acknowledgments"), [("celery.worker.request:Request", 1), (answer_turn.Request, 0)]
)
def test_turns_are_answered_without_an_acknowledgment(request_class, acknowledgments):
    message = Message(
        body="[[1], {}, {}]",
        headers={"id": "1", "task": answer_turn.name},
        content_type="application/json",
        content_encoding="utf-8",
    )
    sent = []
    request = symbol_by_name(request_class)(message, on_ack=lambda *_: sent.append(1), task=answer_turn)
    request.acknowledge()
    assert request.acknowledged
    assert len(sent) == acknowledgments
