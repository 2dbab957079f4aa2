"""Lists, searches, deletes, and exports the voter's own battles."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from arena.battles import deletion, history
from arena.battles.suggestions import draw_cards
from arena.identity import accounts, quotas
from arena.identity.voters import get_voter_id
from arena.models import Battle, Contestant, Visibility, Vote
from core.http.error_pages import render_error_page
from core.http.errors import RequestError
from core.storage.database import database_sync_to_async

EXPORT_FILE_NAME = "arena-my-battles.json"
MAX_LISTED_MODELS = 8
# A vote for one side has no label (see `_describe_state`).
STATE_LABELS: dict[str, Promise] = {
    Battle.State.ANSWERING: _("answers in progress"),
    Battle.State.READY: _("waiting for your vote"),
    Battle.State.SKIPPED: _("you skipped it"),
    Battle.State.VOID: _("failed"),
    Battle.State.EXPIRED: _("closed without a vote"),
    Vote.Winner.TIE: _("tie"),
    Vote.Winner.BOTH_BAD: _("both bad"),
}


@require_safe
def list_battles(request: HttpRequest) -> HttpResponse:
    """List the voter's battles, newest first.

    `q` is the search text, `show` is a key of `history.KINDS`, and `before` is the cursor of an older page.
    """
    return _render_list(request)


def _render_list(request: HttpRequest, status: int = 200, delete_error: str = "") -> HttpResponse:
    search = request.GET.get("q", "").strip()
    kind = request.GET.get("show", "")
    voter = get_voter_id(request)
    models = history.load_voter_models(voter)
    page = history.load_page(request, search, kind)
    if not (page.battles or search or kind):
        # The default list omits closed battles. A voter who has no other battles sees them here.
        page = history.load_page(request, kind="closed")
        kind = "closed" if page.battles else ""
    context = {
        "page": page,
        "entries": [(battle, _list_contestants(battle), _describe_state(battle)) for battle in page.battles],
        "search": search,
        "kinds": {kind: label for kind, (label, _condition) in history.KINDS.items()},
        "kind": kind if kind in history.KINDS else "",
        "models": sorted(models[:MAX_LISTED_MODELS], key=lambda model: model.losses - model.wins),
        "most_battles": models[0].battles if models else 0,
        "record": history.build_voter_record(models),
        "agreement": history.load_agreement(voter),
        "cards": [] if page.battles else [card.without_code_marks() for card in draw_cards()],
        "is_first_page": "before" not in request.GET,
        "deleted": request.GET.get("deleted", ""),
        "delete_error": delete_error,
    }
    return render(request, "arena/history/history.html", context, status=status)


def _list_contestants(battle: Battle) -> list[Contestant]:
    """Return the revealed contestants of a battle, with the winner of the vote first."""
    if not Visibility.of_voter(battle.mode, battle.state).names:
        return []
    contestants = list(battle.contestants_by_side.values())
    is_b_chosen = battle.state == Battle.State.VOTED and battle.vote.winner == Vote.Winner.B
    return contestants[::-1] if is_b_chosen else contestants


def _describe_state(battle: Battle) -> str:
    """Return the label of a battle's state or of its vote, or "" if one of its models has won."""
    if battle.state == Battle.State.READY and battle.mode == Battle.Mode.SIDE_BY_SIDE:
        return gettext("side by side, open")
    key = battle.vote.winner if battle.state == Battle.State.VOTED else battle.state
    return str(STATE_LABELS.get(key, ""))


@require_POST
def delete_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    try:
        quotas.charge("write", request)
        deletion.delete_battle(get_voter_id(request), battle_id)
    except RequestError as error:
        return render_error_page(request, error, battle=True)
    query = {"deleted": "one"}
    if search := request.POST.get("q", ""):
        query["q"] = search
    return _redirect_to_list(query)


@require_POST
def delete_voter_data(request: HttpRequest) -> HttpResponse:
    """Delete all of the voter's data. Logged-in voters must enter their password.

    The response gives the browser a new voter identity.
    """
    try:
        quotas.charge("write", request)
        accounts.confirm_password(request, request.POST.get("password", ""))
        deletion.delete_voter_data(get_voter_id(request))
    except RequestError as error:
        return error.add_headers(_render_list(request, error.status, error.detail))
    logout(request)
    response = _redirect_to_list({"deleted": "all"})
    response.delete_cookie(settings.CSRF_COOKIE_NAME)
    return response


def _redirect_to_list(query: dict[str, str]) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('my-battles')}?{urlencode(query)}")


@require_safe
async def export_battles(request: HttpRequest) -> HttpResponseBase:
    """Stream all of the voter's battles as a JSON file. The export shares a quota with downloads of votes."""
    try:
        await database_sync_to_async(quotas.charge)("file", request)
    except RequestError as error:
        return await database_sync_to_async(render_error_page)(request, error)
    headers = {"Content-Disposition": f'attachment; filename="{EXPORT_FILE_NAME}"'}
    return StreamingHttpResponse(
        _stream_export(get_voter_id(request)), content_type="application/json", headers=headers
    )


async def _stream_export(voter: UUID) -> AsyncIterator[bytes]:
    load_batch = database_sync_to_async(history.load_export_batch)
    last = None
    yield b'{"battles": ['
    while records := await load_batch(voter, last):
        yield (b",\n" if last else b"\n") + b",\n".join(map(orjson.dumps, records))
        last = records[-1]
    yield b"\n]}\n"
