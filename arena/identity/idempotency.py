"""Idempotency keys. If a client repeats a request with the same `Idempotency-Key`, the request runs only once."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpResponse, HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from arena.identity.voters import get_voter_id
from arena.models import StoredResponse
from core.http.errors import RequestError
from core.storage.advisory_locks import AdvisoryLock, acquire_lock

KEY_RETENTION = timedelta(hours=24)
MAX_KEY_LENGTH = 255


def run_once(request: Request, action: Callable[[], Response]) -> HttpResponseBase:
    """Call `action` once per voter and `Idempotency-Key`, and return its response or the stored one.

    Without the header, `action` always runs. If `action` raises, no response is stored, so the client can retry the
    request. With it, only the body and the status of the response are kept.

    `action` must return the data of a battle, because the stored response is deleted with the battle.

    Raises RequestError 400 for an invalid key, and 422 `idempotency_key` if the key was used for another request.
    """
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return action()
    if not 1 <= len(header) <= MAX_KEY_LENGTH or not header.isprintable():
        raise RequestError("invalid", f"An Idempotency-Key must have 1 to {MAX_KEY_LENGTH} printable characters.", 400)
    key = _hash_parts(header)
    request_hash = _hash_parts(request.method, request.path, json.dumps(request.data, sort_keys=True))
    with transaction.atomic():
        acquire_lock(AdvisoryLock.REQUESTS, f"{get_voter_id(request)} {key}")
        responses = StoredResponse.objects.filter(voter=get_voter_id(request), key=key)
        # An expired response must not block the reuse of its key.
        responses.filter(created_at__lte=Now() - KEY_RETENTION).delete()
        if stored := responses.first():
            if stored.request != request_hash:
                detail = "This Idempotency-Key was used for another request. Use a new key."
                raise RequestError("idempotency_key", detail, 422)
            return _build_response(bytes(stored.body), stored.status)
        response = action()
        body = JSONRenderer().render(response.data)
        StoredResponse.objects.create(
            voter=get_voter_id(request),
            key=key,
            request=request_hash,
            battle_id=response.data["id"],
            status=response.status_code,
            body=body,
        )
    return _build_response(body, response.status_code)


def _hash_parts(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _build_response(body: bytes, status: int) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", status=status)


def delete_expired_responses() -> int:
    """Delete responses older than `KEY_RETENTION`. Return the number of deleted rows."""
    count, _ = StoredResponse.objects.filter(created_at__lte=Now() - KEY_RETENTION).delete()
    return count
