"""Requests that are sent again because their answer was lost: with an `Idempotency-Key` they happen once."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import HttpResponse, HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from arena.identity.voters import voter_id
from arena.models import Told
from core.http.errors import Refusal

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
LOCK = 7_298_544  # the first key of the advisory lock under which requests of one key follow each other


def once(request: Request, act: Callable[[], Response]) -> HttpResponseBase:
    """Do it, or tell again what was told when the same voter sent the same request with the same key.

    What was refused has changed nothing, so it is not kept and may be tried again. The answer must show a battle.
    Raises Refusal: 400 for a key that is none, 422 `idempotency_key` for one that came with another request.
    """
    chosen = request.headers.get("Idempotency-Key")
    if chosen is None:
        return act()
    if not 1 <= len(chosen) <= LONGEST_KEY or not chosen.isprintable():
        raise Refusal("invalid", f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.", 400)
    key, asked = _digest(chosen), _digest(request.method, request.path, json.dumps(request.data, sort_keys=True))
    with transaction.atomic():
        _wait_for_others(voter_id(request), key)
        if told := _told(request, key):
            return _again(told, asked)
        response = act()
        body = JSONRenderer().render(response.data)
        Told.objects.create(
            voter=voter_id(request),
            key=key,
            request=asked,
            battle_id=response.data["id"],
            status=response.status_code,
            body=body,
        )
    return _as_told(body, response.status_code)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _wait_for_others(voter: object, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, f"{voter} {key}"])


def _told(request: Request, key: str) -> Told | None:
    mine = Told.objects.filter(voter=voter_id(request), key=key)
    mine.filter(created_at__lte=Now() - KEPT).delete()
    return mine.first()


def _again(told: Told, asked: str) -> HttpResponse:
    if told.request != asked:
        raise Refusal("idempotency_key", "This Idempotency-Key came with another request before.", 422)
    return _as_told(bytes(told.body), told.status)


def _as_told(body: bytes, status: int) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", status=status)


def forget() -> int:
    """Delete what is kept no longer; gives how many."""
    return Told.objects.filter(created_at__lte=Now() - KEPT).delete()[0]
