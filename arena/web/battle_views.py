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
from arena.answers.stream_events import FINAL_STATES, BattleView, Position, SideView, iter_events
from arena.battles import continuation, feedback, lifecycle, named_sets, sharing
from arena.battles.prompts import check_text
from arena.battles.reveal import build_reveal_cards
from arena.endpoints import context_limit
from arena.identity import network_hashes, quotas
from arena.identity.voters import get_voter_id
from arena.models import SIDES, Answer, Battle, Vote, row_locks
from core.http.color_scheme import OPPOSITE_SCHEMES, SCHEME_COOKIE
from core.http.errors import RequestError

SCHEME_COOKIE_MAX_AGE_S = 365 * 24 * 3600
SIDE_STATES = {"": "waiting", "done": "finished", "failed": "failed"}
MAX_UNFOLDED_LENGTH = 320  # characters; what is longer, or has more lines, is folded at any width of the page
MAX_UNFOLDED_LINES = 5
PLAIN_TEXT = "text/plain; charset=utf-8"
BattleAction = Callable[[Battle], object]
BattleRenderer = Callable[[HttpRequest, Battle], HttpResponse]


@require_safe
def show_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """With `?further` the box for a further question is open."""
    try:
        found = lifecycle.get_battle(get_voter_id(request), battle_id)
    except RequestError as error:
        return _render_error(request, battle_id, error)
    return _render_update(request, found) if _is_htmx(request) else _render_page(request, found)


@require_POST
def cast_vote(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """One press, one vote; a repeated press shows the stored one."""

    def cast(found: Battle) -> None:
        try:
            lifecycle.cast_vote(found, request.POST.get("winner"))
        except RequestError as error:
            if error.code != "already_voted":
                raise
            row_locks.refresh_battle(found, from_queryset=lifecycle.query_battles())

    return _run_action(request, battle_id, cast, _render_update)


@require_POST
def ask_follow_up(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    prompt = request.POST.get("prompt", "").replace("\r\n", "\n")

    def ask(found: Battle) -> None:
        check_text(prompt)
        with quotas.charge_turn(request, found, prompt):
            lifecycle.ask_follow_up(found, prompt, quotas.get_payer(request))

    return _run_action(request, battle_id, ask, partial(_render_update, added=True))


@require_POST
def retry_answers(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    def again(found: Battle) -> None:
        with quotas.charge_turn(request, found):
            lifecycle.retry_answers(found, quotas.get_payer(request))

    return _run_action(request, battle_id, again, partial(_render_update, again=True))


@require_POST
def stop_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """The events tell the rest, so the page stays as it is."""
    return _run_action(request, battle_id, lifecycle.stop_battle, lambda *shown: HttpResponse(status=204))


@require_POST
def save_feedback(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Reasons and comment, as a whole, as often as the voter likes."""
    reasons = {side: request.POST.getlist(f"reasons_{side}") for side in SIDES}
    comment = request.POST.get("comment", "").replace("\r\n", "\n")
    return _run_action(request, battle_id, lambda found: feedback.save_feedback(found, reasons, comment), _render_saved)


@require_POST
def share_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Publish it, or with `shared=0` take it back."""

    def act(found: Battle) -> None:
        if request.POST.get("shared") == "0":
            sharing.unshare_battle(found)
        else:
            sharing.share_battle(found, network_hashes.compute_network_hashes(request))

    return _run_action(request, battle_id, act, _render_update)


@require_POST
def continue_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Leads to a new battle of the same two models, where the next question can be typed at once."""
    try:
        quotas.charge_write(request)
        with quotas.charge_continuation(request):
            made = continuation.continue_battle(lifecycle.get_battle(get_voter_id(request), battle_id))
    except RequestError as error:
        return _render_error(request, battle_id, error)
    return redirect(_build_battle_url(made, "?further"))


def _is_htmx(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _run_action(request: HttpRequest, battle_id: UUID, act: BattleAction, show: BattleRenderer) -> HttpResponse:
    """Do something to a battle of the reader's, and show what became of it."""
    try:
        quotas.charge_write(request)
        found = lifecycle.get_battle(get_voter_id(request), battle_id)
        act(found)
    except RequestError as error:
        return _render_error(request, battle_id, error)
    return show(request, found) if _is_htmx(request) else redirect(_build_battle_url(found))


def _build_battle_url(found: Battle, query: str = "") -> str:
    """The address of the page where there is something new: at the last turn, or once it is judged at the verdict."""
    place = "verdict" if found.state in FINAL_STATES else f"turn-{found.turns.count()}"
    return f"{reverse('battle', args=[found.pk])}{query}#{place}"


def _render_error(request: HttpRequest, battle_id: UUID, error: RequestError) -> HttpResponse:
    """A sentence for the script of the page, or the page with this sentence."""
    if _is_htmx(request):
        return error.on(HttpResponse(error.detail, status=error.status, content_type=PLAIN_TEXT))
    try:
        found = lifecycle.get_battle(get_voter_id(request), battle_id)
    except RequestError:
        return render(request, "404.html", {"battle": True}, status=404)
    fields = error.extra.get("fields", {}).values()
    problem = next((sentences[0] for sentences in fields), error.detail)
    return error.on(_render_page(request, found, problem=problem, status=error.status))


def _render_page(request: HttpRequest, found: Battle, problem: str = "", status: int = 200) -> HttpResponse:
    typed = request.POST.get("prompt", "")
    further = bool(typed) or "further" in request.GET
    context = {"battle": _build_reader_context(request, found), "problem": problem, "typed": typed, "further": further}
    return render(request, "arena/battle/battle.html", context, status=status)


def _render_saved(request: HttpRequest, found: Battle) -> HttpResponse:
    return HttpResponse(_("Saved"), content_type=PLAIN_TEXT)


def _render_update(request: HttpRequest, found: Battle, **changed: bool) -> HttpResponse:
    """`added`: the last turn is new; `again`: its failed sides are being answered again."""
    return render(
        request, "arena/battle/_battle_update.html", {"battle": _build_reader_context(request, found), **changed}
    )


def _build_reader_context(request: HttpRequest, found: Battle) -> dict[str, Any]:
    return build_battle_context(found) | {"decision": named_sets.build_decision_url(request, found)}


def build_battle_context(found: Battle) -> dict[str, Any]:
    """What the templates show of a battle, and the place from which its events go on."""
    answers = battle_view.load_answers(found.pk)
    view = battle_view.build_battle_view(answers)
    among = named_sets.list_set_slugs(found)
    view.state = found.state  # what is shown; if it is not the last word, the events bring that
    cast: Vote | None = getattr(found, "vote", None)
    return {
        "id": found.pk,
        "mode": found.mode,
        "state": found.state,
        "unasked": found.state == Battle.State.READY and not lifecycle.has_own_answer(found),
        "named": battle_view.is_revealed(found),
        "stopped": any(answer.stopped for answer in answers),
        "stopped_early": found.stopped,
        "events_url": f"{reverse('battle-events', args=[found.pk])}?from={_get_position(view)}",
        "turns": _build_turns(found, answers, view),
        "most_turns": lifecycle.MAX_TURNS,
        "room": context_limit.compute_remaining_length(found, answers),
        "picked": _list_picked_models(found) or [("among", slug) for slug in among],
        "next": named_sets.build_next_url(among),
        "board": found.pool if among else "",
        "vote": cast and cast.winner,
        "reveal": _build_reveal_cards(found, answers, cast),
        "comment": cast and cast.comment,
        "shared": found.shared_at is not None,
        "awaits_listing": sharing.is_moderated() and found.review == Battle.Review.WAITING,
        "may_share": sharing.is_sharing_on() and found.review != Battle.Review.WITHDRAWN,
    }


def _list_picked_models(found: Battle) -> list[tuple[str, str]]:
    """The models that the voter had named for the two sides, as the form of the first page calls them."""
    if found.mode != Battle.Mode.SIDE_BY_SIDE:
        return []
    return [("mode", found.mode), ("model_a", found.model_a.slug), ("model_b", found.model_b.slug)]


def _get_position(view: BattleView) -> Position:
    events = list(iter_events(Position(), view))
    return events[-1][2] if events else Position()


def _build_turns(found: Battle, answers: Sequence[Answer], view: BattleView) -> list[dict[str, Any]]:
    turns: dict[int, dict[str, Any]] = {}
    for answer in answers:
        number, prompt = answer.turn.number, answer.turn.prompt
        made = {"number": number, "key": str(number), "prompt": prompt, "long": _is_long_prompt(prompt), "sides": []}
        turns.setdefault(number, made)["sides"].append(_build_side(found, answer, view.side(number, answer.side)))
    return list(turns.values())


def _is_long_prompt(prompt: str) -> bool:
    return len(prompt) > MAX_UNFOLDED_LENGTH or prompt.count("\n") >= MAX_UNFOLDED_LINES


def _build_side(found: Battle, answer: Answer, shown: SideView) -> dict[str, Any]:
    """Who answers and what was thought are known only where the names are: not every model thinks."""
    named = battle_view.is_revealed(found)
    return {
        "side": answer.side,
        "other": "b" if answer.side == "a" else "a",
        "state": SIDE_STATES[shown.end],
        "html": mark_safe(shown.html),  # noqa: S308  # sanitised by arena.answers.markdown
        "text": shown.text,
        "reason": "stopped" if answer.stopped else shown.reason,
        "name": getattr(found, f"model_{answer.side}").name if named else "",
        "reasoning": answer.reasoning if named else "",
    }


def _build_reveal_cards(found: Battle, answers: Sequence[Answer], cast: Vote | None) -> list[dict[str, Any]] | None:
    revealed = build_reveal_cards(found, answers)
    if revealed is None:
        return None
    chips = feedback.build_reason_chips(cast.reasons if cast else {})
    won = cast and cast.winner
    return [{**each, "won": won == each["side"], "chips": chips[each["side"]]} for each in revealed]


@require_POST
def set_color_scheme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system has it."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    chosen = request.POST.get("scheme", "")
    if chosen in OPPOSITE_SCHEMES:
        # The focus goes back to the switch, instead of to what the page gives it when it opens.
        response = HttpResponseRedirect(f"{back}#to-{OPPOSITE_SCHEMES[chosen]}")
        response.set_cookie(
            SCHEME_COOKIE, chosen, max_age=SCHEME_COOKIE_MAX_AGE_S, samesite="Lax", secure=settings.SECURE
        )
    else:
        response = HttpResponseRedirect(back)
        response.delete_cookie(SCHEME_COOKIE)
    return response
