"""The pages of battles. Without JavaScript they can be read and used all the same.

What htmx asks for is answered by what has changed on the page; anyone else is led to the whole of it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from arena.answers import battle_view
from arena.answers.stream_events import LAST_STATES, BattleView, Position, SideView, between
from arena.battles import continuation, feedback, lifecycle, named_sets, sharing
from arena.battles.prompts import check_text
from arena.battles.reveal import cards
from arena.endpoints import context_limit
from arena.identity import network_hashes, quotas
from arena.identity.voters import voter_id
from arena.models import SIDES, Answer, Battle, Vote, row_locks
from core.http.color_scheme import SCHEME_COOKIE, SCHEMES
from core.http.errors import Refusal

COOKIE_AGE = 365 * 24 * 3600
STATES = {"": "waiting", "done": "finished", "failed": "failed"}
LONG_QUESTION = 320  # characters; what is longer, or has more lines, is folded at any width of the page
LINES = 5
WORDS = "text/plain; charset=utf-8"
Act = Callable[[Battle], object]
Show = Callable[[HttpRequest, Battle], HttpResponse]


@require_safe
def battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """With `?further` the box for a further question is open."""
    try:
        found = lifecycle.of_voter(voter_id(request), battle_id)
    except Refusal as error:
        return _refused(request, battle_id, error)
    return _changed(request, found) if _is_htmx(request) else _whole(request, found)


@require_POST
def vote(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """One press, one vote; a repeated press shows the stored one."""

    def cast(found: Battle) -> None:
        try:
            lifecycle.cast_vote(found, request.POST.get("winner"))
        except Refusal as error:
            if error.code != "already_voted":
                raise
            row_locks.reread(found, from_queryset=lifecycle.whole())

    return _act(request, battle_id, cast, _changed)


@require_POST
def ask_again(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    prompt = request.POST.get("prompt", "").replace("\r\n", "\n")

    def ask(found: Battle) -> None:
        check_text(prompt)
        with quotas.turn(request, found, prompt):
            lifecycle.ask_again(found, prompt, quotas.payer(request))

    return _act(request, battle_id, ask, partial(_changed, added=True))


@require_POST
def retry(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    def again(found: Battle) -> None:
        with quotas.turn(request, found):
            lifecycle.retry(found, quotas.payer(request))

    return _act(request, battle_id, again, partial(_changed, again=True))


@require_POST
def stop(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """The events tell the rest, so the page stays as it is."""
    return _act(request, battle_id, lifecycle.stop, lambda *shown: HttpResponse(status=204))


@require_POST
def opinion(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Reasons and comment, as a whole, as often as the voter likes."""
    reasons = {side: request.POST.getlist(f"reasons_{side}") for side in SIDES}
    comment = request.POST.get("comment", "").replace("\r\n", "\n")
    return _act(request, battle_id, lambda found: feedback.save(found, reasons, comment), _saved)


@require_POST
def share(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Publish it, or with `shared=0` take it back."""

    def act(found: Battle) -> None:
        if request.POST.get("shared") == "0":
            sharing.take_back(found)
        else:
            sharing.publish(found, network_hashes.hashes(request))

    return _act(request, battle_id, act, _changed)


@require_POST
def go_on(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Leads to a new battle of the same two models, where the next question can be typed at once."""
    try:
        quotas.write(request)
        with quotas.continuation(request):
            made = continuation.go_on(lifecycle.of_voter(voter_id(request), battle_id))
    except Refusal as error:
        return _refused(request, battle_id, error)
    return redirect(_opened(made, "?further"))


def _is_htmx(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _act(request: HttpRequest, battle_id: UUID, act: Act, show: Show) -> HttpResponse:
    """Do something to a battle of the reader's, and show what became of it."""
    try:
        quotas.write(request)
        found = lifecycle.of_voter(voter_id(request), battle_id)
        act(found)
    except Refusal as error:
        return _refused(request, battle_id, error)
    return show(request, found) if _is_htmx(request) else redirect(_opened(found))


def _opened(found: Battle, query: str = "") -> str:
    """The address of the page where there is something new: at the last turn, or once it is judged at the verdict."""
    place = "verdict" if found.state in LAST_STATES else f"turn-{found.turns.count()}"
    return f"{reverse('battle', args=[found.pk])}{query}#{place}"


def _refused(request: HttpRequest, battle_id: UUID, error: Refusal) -> HttpResponse:
    """A sentence for the script of the page, or the page with this sentence."""
    if _is_htmx(request):
        return error.on(HttpResponse(error.detail, status=error.status, content_type=WORDS))
    try:
        found = lifecycle.of_voter(voter_id(request), battle_id)
    except Refusal:
        return render(request, "404.html", {"battle": True}, status=404)
    fields = error.extra.get("fields", {}).values()
    problem = next((sentences[0] for sentences in fields), error.detail)
    return error.on(_whole(request, found, problem=problem, status=error.status))


def _whole(request: HttpRequest, found: Battle, problem: str = "", status: int = 200) -> HttpResponse:
    typed = request.POST.get("prompt", "")
    further = bool(typed) or "further" in request.GET
    context = {"battle": _of_reader(request, found), "problem": problem, "typed": typed, "further": further}
    return render(request, "arena/battle/battle.html", context, status=status)


def _saved(request: HttpRequest, found: Battle) -> HttpResponse:
    return HttpResponse(_("Saved"), content_type=WORDS)


def _changed(request: HttpRequest, found: Battle, **changed: bool) -> HttpResponse:
    """`added`: the last turn is new; `again`: its failed sides are being answered again."""
    return render(request, "arena/battle/_battle_update.html", {"battle": _of_reader(request, found), **changed})


def _of_reader(request: HttpRequest, found: Battle) -> dict[str, Any]:
    return battle_context(found) | {"decision": named_sets.decision_address(request, found)}


def battle_context(found: Battle) -> dict[str, Any]:
    """What the templates show of a battle, and the place from which its events go on."""
    answers = battle_view.answers_of(found.pk)
    view = battle_view.view(answers)
    among = named_sets.slugs(found)
    view.state = found.state  # what is shown; if it is not the last word, the events bring that
    cast: Vote | None = getattr(found, "vote", None)
    return {
        "id": found.pk,
        "mode": found.mode,
        "state": found.state,
        "unasked": found.state == Battle.State.READY and not lifecycle.asked_here(found),
        "named": battle_view.named(found),
        "stopped": any(answer.stopped for answer in answers),
        "stopped_early": found.stopped,
        "events_url": f"{reverse('battle-events', args=[found.pk])}?from={_position(view)}",
        "turns": _turns(found, answers, view),
        "most_turns": lifecycle.MOST_TURNS,
        "room": context_limit.room(found, answers),
        "picked": _picked(found) or [("among", slug) for slug in among],
        "next": named_sets.next_address(among),
        "board": found.pool if among else "",
        "vote": cast and cast.winner,
        "reveal": _reveal(found, answers, cast),
        "comment": cast and cast.comment,
        "shared": found.shared_at is not None,
        "awaits_listing": sharing.is_moderated() and found.review == Battle.Review.WAITING,
        "may_share": sharing.is_on() and found.review != Battle.Review.WITHDRAWN,
    }


def _picked(found: Battle) -> list[tuple[str, str]]:
    """The models that the voter had named for the two sides, as the form of the first page calls them."""
    if found.mode != Battle.Mode.SIDE_BY_SIDE:
        return []
    return [("mode", found.mode), ("model_a", found.model_a.slug), ("model_b", found.model_b.slug)]


def _position(view: BattleView) -> Position:
    events = list(between(Position(), view))
    return events[-1][2] if events else Position()


def _turns(found: Battle, answers: Sequence[Answer], view: BattleView) -> list[dict[str, Any]]:
    turns: dict[int, dict[str, Any]] = {}
    for answer in answers:
        number, prompt = answer.turn.number, answer.turn.prompt
        made = {"number": number, "key": str(number), "prompt": prompt, "long": _is_long(prompt), "sides": []}
        turns.setdefault(number, made)["sides"].append(_side(found, answer, view.side(number, answer.side)))
    return list(turns.values())


def _is_long(prompt: str) -> bool:
    return len(prompt) > LONG_QUESTION or prompt.count("\n") >= LINES


def _side(found: Battle, answer: Answer, shown: SideView) -> dict[str, Any]:
    """Who answers and what was thought are known only where the names are: not every model thinks."""
    named = battle_view.named(found)
    return {
        "side": answer.side,
        "other": "b" if answer.side == "a" else "a",
        "state": STATES[shown.end],
        "html": mark_safe(shown.html),  # noqa: S308  # sanitised by arena.answers.markdown
        "text": shown.text,
        "reason": "stopped" if answer.stopped else shown.reason,
        "name": getattr(found, f"model_{answer.side}").name if named else "",
        "reasoning": answer.reasoning if named else "",
    }


def _reveal(found: Battle, answers: Sequence[Answer], cast: Vote | None) -> list[dict[str, Any]] | None:
    revealed = cards(found, answers)
    if revealed is None:
        return None
    chips = feedback.chips(cast.reasons if cast else {})
    won = cast and cast.winner
    return [{**each, "won": won == each["side"], "chips": chips[each["side"]]} for each in revealed]


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system has it."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    chosen = request.POST.get("scheme", "")
    if chosen in SCHEMES:
        # The focus goes back to the switch, instead of to what the page gives it when it opens.
        response = HttpResponseRedirect(f"{back}#to-{SCHEMES[chosen]}")
        response.set_cookie(SCHEME_COOKIE, chosen, max_age=COOKIE_AGE, samesite="Lax", secure=settings.SECURE)
    else:
        response = HttpResponseRedirect(back)
        response.delete_cookie(SCHEME_COOKIE)
    return response
