"""Sends questions like a program, each after all earlier ones have been answered."""

import json

from arena.models import Battle
from core.storage.redis_clients import get_redis_client as valkey

CALL = "/api/v1/battles/"


def ask(client, prompt="Why?", address="192.0.2.7", path=CALL, **headers):
    end_answers()
    body = json.dumps({"prompt": prompt})
    return client.post(path, body, content_type="application/json", REMOTE_ADDR=address, headers=headers)


def statuses(client, times, **how):
    return [ask(client, **how).status_code for _ in range(times)]


def made(answers):
    """Return the number of responses that created a battle or turn."""
    return [answer.status_code for answer in answers].count(201)


def end_answers():
    """End the answers of all battles."""
    Battle.objects.filter(state=Battle.State.ANSWERING).update(state=Battle.State.READY)
    forget("slots:running:*")


def forget(*patterns):
    """Delete the Redis keys that match the patterns."""
    for pattern in patterns:
        if keys := valkey().keys(pattern):
            valkey().delete(*keys)
