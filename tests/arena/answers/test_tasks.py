"""Celery messages that bring turns to the engine."""

import os
import signal
import time
from dataclasses import replace

from celery import current_app
from celery.contrib.testing.worker import start_worker

from arena.answers import tasks
from arena.answers.tasks import enqueue_singles, enqueue_turn
from tests.processes import eventually


class Engine:
    def __init__(self):
        self.turns = []

    def submit(self, turn_id):
        self.turns.append(turn_id)

    def look_for_singles(self):
        self.turns.append("singles")


def test_enqueued_turn_reaches_the_engine_through_celerys_own_worker(monkeypatch, valkey, settings):
    monkeypatch.setattr(tasks, "_engine", engine := Engine())
    settings.DATABASE_OPTIONS = {**settings.DATABASE_OPTIONS}  # which the worker changes
    valkey.delete(tasks.ANSWERS_QUEUE)
    with start_worker(current_app, queues=[tasks.ANSWERS_QUEUE], pool="solo", perform_ping_check=False):
        enqueue_turn(17)
        enqueue_turn(18)
        enqueue_singles()
        assert eventually(lambda: engine.turns == [17, 18, "singles"])
    assert not valkey.exists("unacked")


def test_turn_that_a_worker_has_found_meanwhile_is_not_sent(valkey):
    valkey.delete(tasks.ANSWERS_QUEUE)

    tasks._send(tasks.answer_turn, [17], "turn 17", time.monotonic() - 1)
    tasks._send(tasks.answer_turn, [18], "turn 18", time.monotonic() + 1)

    assert valkey.llen(tasks.ANSWERS_QUEUE) == 1
    valkey.delete(tasks.ANSWERS_QUEUE)


def test_turn_that_cannot_be_sent_is_logged(caplog):
    enqueue_turn(object())
    assert eventually(lambda: "was not queued" in caplog.text)


def test_second_signal_ends_the_wait_for_running_answers(monkeypatch, settings):
    waits = []

    class Running:
        draining = False

        def drain(self, seconds):
            waits.append(seconds)
            self.draining = True
            if len(waits) == 1:
                os.kill(os.getpid(), signal.SIGUSR1)

    monkeypatch.setattr(tasks, "_engine", Running())
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_drain_s=33)
    previous = signal.signal(signal.SIGUSR1, lambda *_: tasks._drain_engine())
    try:
        tasks._drain_engine()
    finally:
        signal.signal(signal.SIGUSR1, previous)

    assert waits == [33, 0]
