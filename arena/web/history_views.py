"""The pages of one's own battles, and what can be done with them."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from arena.battles import deletion, history
from arena.identity import accounts, invitations, quotas
from arena.identity.voters import voter_id
from core.http.errors import Refusal, refused_page
from core.storage.database import let_go

FILE = "arena-my-battles.json"


@require_safe
def battles(request: HttpRequest) -> HttpResponse:
    """My battles, the newest first; a search and the place of the page stand in the address."""
    return _list(request)


def _list(request: HttpRequest, status: int = 200, delete_error: str = "") -> HttpResponse:
    words = request.GET.get("q", "").strip()
    page = history.page(voter_id(request), words, request.GET.get("before", ""))
    context = {
        "page": page,
        "words": words,
        "older": page.older and urlencode({"q": words, "before": page.older} if words else {"before": page.older}),
        "first": "before" not in request.GET,
        "deleted": request.GET.get("deleted", ""),
        "delete_error": delete_error,
        "is_open_to_all": invitations.is_open_to_all(),
    }
    return render(request, "arena/history/history.html", context, status=status)


@require_POST
def delete_one(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    try:
        quotas.write(request)
        deletion.delete_battle(voter_id(request), battle_id)
    except Refusal as error:
        return refused_page(request, error, battle=True)
    words = request.POST.get("q", "")
    return _back({"deleted": "one", "q": words} if words else {"deleted": "one"})


@require_POST
def delete_everything(request: HttpRequest) -> HttpResponse:
    """Afterwards the browser is somebody new. An account asks for its password first."""
    try:
        quotas.write(request)
        accounts.confirm_password(request, request.POST.get("password", ""))
        deletion.delete_everything(voter_id(request))
    except Refusal as error:
        return error.on(_list(request, error.status, error.detail))
    logout(request)
    response = _back({"deleted": "all"})
    response.delete_cookie(settings.CSRF_COOKIE_NAME)
    return response


def _back(query: dict[str, str]) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('my-battles')}?{urlencode(query)}")


@require_safe
async def export(request: HttpRequest) -> HttpResponseBase:
    """All my battles in one file, written as they are read; it is charged like a file of votes."""
    try:
        await let_go(quotas.file)(request)
    except Refusal as error:
        return await let_go(refused_page)(request, error)
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"'}
    return StreamingHttpResponse(_written(voter_id(request)), content_type="application/json", headers=headers)


async def _written(voter: UUID) -> AsyncIterator[bytes]:
    read, place = let_go(history.export), None
    yield b'{"battles": ['
    while records := await read(voter, place):
        yield (b",\n" if place else b"\n") + b",\n".join(map(orjson.dumps, records))
        place = history.place_of(records[-1])
    yield b"\n]}\n"
