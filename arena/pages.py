"""The pages of battles. Without JavaScript they can be read and used all the same."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arena import battles, stored
from arena.errors import Refusal
from arena.events import Position, between
from arena.models import Battle, Endpoint, Turn, Vote
from arena.prompts import check_prompt
from arena.reveals import reveal
from arena.voters import voter, voter_id

SCHEMES = ("light", "dark")
SCHEME_COOKIE = "scheme"
COOKIE_AGE = 365 * 24 * 3600


def scheme(request: HttpRequest) -> dict[str, str]:
    """For every template: the colour scheme that this browser has chosen, if any."""
    chosen = request.COOKIES.get(SCHEME_COOKIE, "")
    return {"scheme": chosen if chosen in SCHEMES else ""}


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The prompt box; a question starts a battle."""
    if request.method != "POST":
        return _home(request)
    prompt = request.POST.get("prompt", "").replace("\r\n", "\n")
    try:
        check_prompt(prompt)
        battle = battles.start(voter(request), prompt)
    except Refusal as error:
        return _home(request, prompt, error)
    return redirect("battle", battle.pk)


def _home(request: HttpRequest, prompt: str = "", error: Refusal | None = None) -> HttpResponse:
    context = {
        "prompt": prompt,
        "error": error and (error.extra.get("fields", {}).get("prompt") or [error.detail])[0],
        # Those that are out for a while count too: see `arena.api.model_facts`.
        "contestants": Endpoint.objects.filter(enabled=True).count(),
    }
    return render(request, "arena/home.html", context, status=error.status if error else 200)


@require_safe
def battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    try:
        found = battles.of_voter(voter_id(request), battle_id)
    except Refusal:
        return render(request, "404.html", status=404)
    return render(request, "arena/battle.html", {"battle": battle_context(found)})


@require_POST
def vote(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """One press, one vote; a repeated press shows the stored one."""
    try:
        found = battles.of_voter(voter_id(request), battle_id)
        battles.cast_vote(found, request.POST.get("winner"))
    except Refusal as error:
        if error.code != "already_voted":
            return HttpResponse(error.detail, status=error.status, content_type="text/plain; charset=utf-8")
        found = battles.of_voter(voter_id(request), battle_id)
    if not request.headers.get("HX-Request"):
        return redirect("battle", battle_id)
    return render(request, "arena/battle.html#verdict", {"battle": battle_context(found)})


def battle_context(found: Battle) -> dict[str, Any]:
    """What the template shows of a battle, and the place from which its events go on."""
    view = stored.load(found.pk)
    position = Position()
    if events := list(between(position, view)):
        position = events[-1][2]
    cast = Vote.objects.filter(battle=found).first()
    return {
        "id": found.pk,
        "mode": found.mode,
        "state": found.state,
        "events_url": f"{reverse('battle-events', args=[found.pk])}?from={position}",
        "turns": [_turn_context(turn, view.turns.get(turn.number, {})) for turn in found.turns.all()],
        "vote": cast and cast.winner,
        "reveal": _reveal_context(found, cast),
    }


def _turn_context(turn: Turn, sides: dict[str, Any]) -> dict[str, Any]:
    states = {"": "waiting", "done": "finished", "failed": "failed"}
    shown = [
        {
            "side": name,
            "state": states[side.end],
            "html": mark_safe(side.html),  # noqa: S308  # sanitised by arena.markdown
            "text": side.text,
            "reason": side.reason,
        }
        for name, side in sides.items()
    ]
    return {"number": turn.number, "prompt": turn.prompt, "sides": shown}


def _reveal_context(found: Battle, cast: Vote | None) -> list[dict[str, Any]] | None:
    revealed = reveal(found)
    return revealed and [{**each, "won": cast is not None and cast.winner == each["side"]} for each in revealed]


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system has it."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("scheme", "")
    if chosen in SCHEMES:
        response.set_cookie(SCHEME_COOKIE, chosen, max_age=COOKIE_AGE, samesite="Lax")
    else:
        response.delete_cookie(SCHEME_COOKIE)
    return response
