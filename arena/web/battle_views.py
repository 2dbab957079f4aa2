"""A battle's page and its forms, which also work without JavaScript.

Requests from htmx get only the changed parts of the page. Other requests get the whole page, or a redirect to it.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from arena.answers import battle_view
from arena.answers.stream_events import Position, list_events
from arena.battles import (
    continuation,
    feedback,
    history,
    lifecycle,
    questions,
    reveal,
    sharing,
    suggestions,
)
from arena.battles.requests import FeedbackSchema, NewVoteSchema
from arena.battles.transcript import Transcript
from arena.endpoints import context_limit
from arena.identity import network_hashes, quotas
from arena.identity.voters import get_voter_id
from arena.models import SIDES, Answer, Battle, Contestant, Visibility, Vote, row_locks
from arena.web.reveal_cards import build_ratings, describe_card, describe_prediction
from catalog.models import Organization
from core.http.errors import RequestError

MAX_UNFOLDED_LENGTH = 320  # characters; longer prompts, and prompts with more lines, are folded
MAX_UNFOLDED_LINES = 5
PLAIN_TEXT = "text/plain; charset=utf-8"
Handler = Callable[[HttpRequest, Battle], HttpResponse]


def _battle_view(view: Handler) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """Return the view with one of the voter's battles as its argument. Writes are charged, and errors are rendered."""

    @wraps(view)
    def view_with_battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
        try:
            if request.method == "POST":
                quotas.charge("write", request)
            return view(request, lifecycle.get_battle(get_voter_id(request), battle_id))
        except RequestError as error:
            return _render_error(request, battle_id, error)

    return view_with_battle


@require_safe
@_battle_view
def show_battle(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Show a battle. `?further` opens the box for a follow-up question."""
    return _render_update(request, battle) if _is_htmx(request) else _render_page(request, battle)


@require_POST
@_battle_view
def cast_vote(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Store a vote. If the battle already has a vote, show the stored vote."""
    try:
        lifecycle.cast_vote(battle, **NewVoteSchema.check(winner=request.POST.get("winner")))
    except RequestError as error:
        if error.code != "already_voted":
            raise
        row_locks.refresh_battle(battle, from_queryset=lifecycle.query_battles())
    return _show_change(request, battle)


@require_POST
@_battle_view
def ask_follow_up(request: HttpRequest, battle: Battle) -> HttpResponse:
    questions.ask_follow_up(request, battle, request.POST.get("prompt", "").replace("\r\n", "\n"))
    return _show_change(request, battle, is_turn_added=True)


@require_POST
@_battle_view
def retry_answers(request: HttpRequest, battle: Battle) -> HttpResponse:
    questions.retry_answers(request, battle)
    return _show_change(request, battle, is_retry=True)


@require_POST
@_battle_view
def stop_battle(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Stop both answers. The page gets the result from its event stream, so the response is empty."""
    lifecycle.stop_battle(battle)
    return HttpResponse(status=204) if _is_htmx(request) else redirect(_build_battle_url(battle))


@require_POST
@_battle_view
def save_feedback(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Replace a vote's reasons and comment. Voters can do this as often as they like."""
    reasons = {side: request.POST.getlist(f"reasons_{side}") for side in SIDES}
    fields = FeedbackSchema.check(reasons=reasons, comment=request.POST.get("comment", "").replace("\r\n", "\n"))
    feedback.save_feedback(battle, **fields)
    if _is_htmx(request):
        return HttpResponse(_("Saved"), content_type=PLAIN_TEXT)
    return redirect(_build_battle_url(battle))


@require_POST
@_battle_view
def share_battle(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Publish a battle, or unpublish it if `shared` is 0."""
    if request.POST.get("shared") == "0":
        sharing.unshare_battle(battle)
    else:
        networks = network_hashes.compute_network_hashes(request)
        sharing.share_battle(battle, networks, hide_names=request.POST.get("hide_names") == "1")
    return _show_change(request, battle)


@require_safe
@_battle_view
def show_ratings(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Render the changes in both ratings since the vote, or return 204 if no board is newer than the vote."""
    vote: Vote | None = getattr(battle, "vote", None)
    changes = vote and reveal.load_rating_changes(battle, vote)
    if not changes or not changes.board_time:
        return HttpResponse(status=204)
    ratings = build_ratings(battle.contestants_by_side, changes)
    return render(request, "arena/reveal/_ratings.html", {"ratings": ratings})


@require_POST
@_battle_view
def continue_battle(request: HttpRequest, battle: Battle) -> HttpResponse:
    """Start a new battle with the same two models, and redirect to its box for the next question."""
    with quotas.charge_or_refund("battle", request):
        new_battle = continuation.continue_battle(battle)
    return redirect(_build_battle_url(new_battle, "?further"))


def _is_htmx(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _show_change(request: HttpRequest, battle: Battle, **changes: bool) -> HttpResponse:
    """Return the changed parts of the page for htmx (see `_render_update`), or else a redirect to the page."""
    return _render_update(request, battle, **changes) if _is_htmx(request) else redirect(_build_battle_url(battle))


def _build_battle_url(battle: Battle, query: str = "") -> str:
    """Return the URL of the battle's page. Its anchor is the verdict if the battle has ended, or else the last turn."""
    anchor = "verdict" if battle.state not in Battle.UNJUDGED else f"turn-{battle.turns.count()}"
    return f"{reverse('battle', args=[battle.pk])}{query}#{anchor}"


def _render_error(request: HttpRequest, battle_id: UUID, error: RequestError) -> HttpResponse:
    """Return the error as plain text for htmx, or else as part of the battle's page."""
    if _is_htmx(request):
        return error.add_headers(HttpResponse(error.detail, status=error.status, content_type=PLAIN_TEXT))
    try:
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
    except RequestError:
        return render(request, "404.html", {"battle": True}, status=404)
    field_messages = error.extra.get("fields", {}).values()
    problem = next((messages[0] for messages in field_messages), error.detail)
    return error.add_headers(_render_page(request, battle, problem=problem, status=error.status))


def _render_page(request: HttpRequest, battle: Battle, problem: str = "", status: int = 200) -> HttpResponse:
    typed_prompt = request.POST.get("prompt", "")
    context = {
        "battle": _build_voter_context(request, battle),
        "problem": problem,
        "typed_prompt": typed_prompt,
        "is_follow_up_open": bool(typed_prompt) or "further" in request.GET,
    }
    return render(request, "arena/battle/battle.html", context, status=status)


def _render_update(request: HttpRequest, battle: Battle, **changes: bool) -> HttpResponse:
    """Render the changed parts of the page.

    changes: `is_turn_added` if the last turn is new, or `is_retry` if its failed sides are being answered again
    """
    context = {"battle": _build_voter_context(request, battle), **changes}
    return render(request, "arena/battle/_battle_update.html", context)


def _build_voter_context(request: HttpRequest, battle: Battle) -> dict[str, Any]:
    context = build_battle_context(battle) | {
        "link": request.build_absolute_uri(reverse("published-battle", args=[battle.pk])),
    }
    if context["reveal"]:
        context["own_record"] = history.build_voter_record(history.load_voter_models(get_voter_id(request)))
    return context


def build_battle_context(battle: Battle) -> dict[str, Any]:
    """Return the template context of a battle. `events_url` streams the events that the page does not show yet."""
    answers = battle_view.load_answers(battle.pk)
    visibility = Visibility.of_voter(battle.mode, battle.state)
    named_fields = _list_named_fields(battle)
    suggestion_key = _find_suggestion_key(battle, answers)
    next_query = urlencode([*named_fields, *([("like", suggestion_key)] if suggestion_key else [])])
    vote: Vote | None = getattr(battle, "vote", None)
    return {
        "id": battle.pk,
        "mode": battle.mode,
        "state": battle.state,
        "needs_question": battle.state == Battle.State.READY and not lifecycle.has_own_answer(battle),
        "is_revealed": visibility.names,
        "is_rated": battle.rated_pool is not None,
        "has_stopped_answer": any(answer.stopped for answer in answers),
        "was_stopped": battle.stopped,
        "events_url": f"{reverse('battle-events', args=[battle.pk])}?from={_find_last_position(battle, answers)}",
        "turns": _build_turns(battle, answers, visibility),
        "max_turns": lifecycle.MAX_TURNS,
        "remaining_characters": context_limit.compute_remaining_length(battle, answers),
        # The home page's form fields, as (name, value), that choose the same models again.
        "rematch_fields": named_fields
        if battle.mode == Battle.Mode.ANONYMOUS
        else [("mode", battle.mode), ("model_a", battle.contestant_a.slug), ("model_b", battle.contestant_b.slug)],
        # The same named models, and another suggestion from the same category.
        "next_url": reverse("home") + (f"?{next_query}" if next_query else ""),
        "vote": vote and vote.winner,
        "reveal": _build_reveal_cards(battle, answers, vote),
        "prediction": vote and describe_prediction(battle, vote.winner),
        "ratings": vote and build_ratings(battle.contestants_by_side, reveal.load_rating_changes(battle, vote)),
        "comment": vote and vote.comment,
        "shared": battle.shared_at is not None,
        "hides_names": battle.hide_names,
        "awaits_listing": sharing.is_moderated() and battle.review == Battle.Review.WAITING,
        "may_share": sharing.is_sharing_on() and battle.review != Battle.Review.WITHDRAWN,
    }


def _list_named_fields(battle: Battle) -> list[tuple[str, str]]:
    """Return the home page's fields that name the models of a blind battle, by name, or none if it has all models."""
    if battle.mode != Battle.Mode.ANONYMOUS or battle.among is None:
        return []
    contestants = Contestant.objects.filter(pk__in=battle.among).order_by("name")
    return [("among", slug) for slug in contestants.values_list("slug", flat=True)]


def _find_suggestion_key(battle: Battle, answers: Sequence[Answer]) -> int:
    """Return the key of the suggestion with which an ended battle began, or 0 if there is none."""
    if battle.state in Battle.UNJUDGED or battle.prompt_source != Battle.PromptSource.SUGGESTION:
        return 0
    return suggestions.find_card_key(answers[0].turn.prompt)


def _find_last_position(battle: Battle, answers: Sequence[Answer]) -> Position:
    """Return the position of a reader who has seen these answers and the battle's state, as the page shows both."""
    view = battle_view.build_battle_view(answers, with_html=False)
    view.state = battle.state
    events = list_events(Position(), view)
    return events[-1].position if events else Position()


def _build_turns(battle: Battle, answers: Sequence[Answer], visibility: Visibility) -> list[dict[str, Any]]:
    return [
        {
            "number": turn.number,
            "key": str(turn.number),
            "prompt": turn.prompt,
            "is_long": len(turn.prompt) > MAX_UNFOLDED_LENGTH or turn.prompt.count("\n") >= MAX_UNFOLDED_LINES,
            "sides": [
                {
                    "side": answer.side,
                    "other": "b" if answer.side == "a" else "a",
                    "state": answer.state,
                    "html": answer.html,
                    "lang": answer.lang,
                    "text": answer.text,
                    "reason": "stopped" if answer.stopped else answer.reason,
                    "name": answer.contestant.name if answer.contestant else "",
                    "maker": _get_maker(answer.contestant) if visibility.ratings else None,
                    "reasoning": answer.reasoning,
                }
                for answer in turn.answers
            ],
        }
        for turn in Transcript.build(battle, answers, visibility).turns
    ]


def _get_maker(contestant: Contestant | None) -> Organization | None:
    model = contestant and contestant.model
    return model.organization if model else None


def _build_reveal_cards(battle: Battle, answers: Sequence[Answer], vote: Vote | None) -> list[dict[str, Any]] | None:
    cards = reveal.build_reveal_cards(battle, answers)
    if cards is None:
        return None
    chips = feedback.build_reason_chips(vote.reasons if vote else {})
    winner = vote.winner if vote else None
    return [
        card | describe_card(card) | _build_side_feedback(card["side"], winner, chips[card["side"]]) for card in cards
    ]


def _build_side_feedback(side: str, winner: str | None, chips: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the template context for a side's feedback. Blame comes first if the side lost or both answers are bad.

    chips: the chips for praise, and the chips for blame
    """
    is_disliked = winner == Vote.Winner.BOTH_BAD or (winner in SIDES and winner != side)
    first, second = reversed(chips) if is_disliked else chips
    has_chosen_second = any(chip["chosen"] for chip in second)
    return {"won": winner == side, "chips": [first, second], "has_more_reasons": has_chosen_second}
