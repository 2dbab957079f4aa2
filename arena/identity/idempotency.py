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

from arena.identity.voters import get_voter_id
from arena.models import StoredResponse
from core.http.errors import RequestError

KEY_RETENTION = timedelta(hours=24)
MAX_KEY_LENGTH = 255
ADVISORY_LOCK_ID = 7_298_544  # the first key of the advisory lock under which requests of one key follow each other


def run_once(request: Request, act: Callable[[], Response]) -> HttpResponseBase:
    """Do it, or tell again what was told when the same voter sent the same request with the same key.

    What was refused has changed nothing, so it is not kept and may be tried again. The answer must show a battle.
    Raises Refusal: 400 for a key that is none, 422 `idempotency_key` for one that came with another request.
    """
    chosen = request.headers.get("Idempotency-Key")
    if chosen is None:
        return act()
    if not 1 <= len(chosen) <= MAX_KEY_LENGTH or not chosen.isprintable():
        raise RequestError("invalid", f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} printable characters.", 400)
    key, asked = (
        _hash_parts(chosen),
        _hash_parts(request.method, request.path, json.dumps(request.data, sort_keys=True)),
    )
    with transaction.atomic():
        _lock_key(get_voter_id(request), key)
        if told := _find_stored_response(request, key):
            return _replay_response(told, asked)
        response = act()
        body = JSONRenderer().render(response.data)
        StoredResponse.objects.create(
            voter=get_voter_id(request),
            key=key,
            request=asked,
            battle_id=response.data["id"],
            status=response.status_code,
            body=body,
        )
    return _build_response(body, response.status_code)


def _hash_parts(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _lock_key(voter: object, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ADVISORY_LOCK_ID, f"{voter} {key}"])


def _find_stored_response(request: Request, key: str) -> StoredResponse | None:
    mine = StoredResponse.objects.filter(voter=get_voter_id(request), key=key)
    mine.filter(created_at__lte=Now() - KEY_RETENTION).delete()
    return mine.first()


def _replay_response(told: StoredResponse, asked: str) -> HttpResponse:
    if told.request != asked:
        raise RequestError("idempotency_key", "This Idempotency-Key came with another request before.", 422)
    return _build_response(bytes(told.body), told.status)


def _build_response(body: bytes, status: int) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", status=status)


def delete_expired_responses() -> int:
    """Delete what is kept no longer; gives how many."""
    return StoredResponse.objects.filter(created_at__lte=Now() - KEY_RETENTION).delete()[0]
