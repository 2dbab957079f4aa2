"""The REST API of battles and models: parse, call, show. What it shows of an open battle names no model."""

from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery, prefetch_related_objects
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import resolve, reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.answers import battle_view, stream_hub
from arena.answers.stream_events import Position
from arena.api import openapi
from arena.battles import feedback, history, lifecycle, set_quotas, sharing
from arena.battles.prompts import check_prompt, check_text
from arena.battles.reveal import reveal
from arena.endpoints import profiles
from arena.identity import api_keys, idempotency, network_hashes, quotas
from arena.identity.voters import voter, voter_id
from arena.models import Answer, Battle, Turn, row_locks
from core.http.errors import Refusal, bad, body, not_read, plain_response
from core.http.pagination import BySlug, Newest
from core.http.sse import event_stream, nothing
from core.storage.database import let_go


def shown(battle: Battle) -> dict[str, Any]:
    """A battle as its voter may see it now."""
    prefetch_related_objects([battle], "turns__answers")
    return _facts(battle) | {"turns": [_turn(battle, turn) for turn in battle.turns.all()]}


def _row(battle: Battle) -> dict[str, Any]:
    """A battle in a list, without the texts of its turns."""
    return _facts(battle) | {
        "question": battle.question or "",  # type: ignore[attr-defined]  # annotated by the list
        "turn_count": battle.turn_count or 0,  # type: ignore[attr-defined]  # see above
    }


def _facts(battle: Battle) -> dict[str, Any]:
    vote = getattr(battle, "vote", None)
    return {
        "id": battle.pk,
        "state": battle.state,
        "mode": battle.mode,
        "pool": None if battle.mode == Battle.Mode.SIDE_BY_SIDE else battle.pool,
        "created_at": battle.created_at,
        "models": reveal(battle),
        "vote": vote and feedback.told(vote),
        "shared": battle.shared_at is not None,
        "events_url": reverse("battle-events", args=[battle.pk]),
    }


def _turn(battle: Battle, turn: Any) -> dict[str, Any]:
    return {
        "number": turn.number,
        "prompt": turn.prompt,
        "answers": [_answer(battle, answer) for answer in turn.answers.all()],
    }


def _answer(battle: Battle, answer: Answer) -> dict[str, Any]:
    """Before both sides may be seen to be finished, neither is."""
    states = {Answer.State.FINISHED: "finished", Answer.State.FAILED: "failed"}
    failed = answer.state == Answer.State.FAILED
    return {
        "side": answer.side,
        "state": states.get(Answer.State(answer.state), "answering"),
        "text": answer.text,
        "reason": battle_view.reason(battle, answer.failure) if failed else None,
    }


class Battles(APIView):
    @openapi.battle_list
    def get(self, request: Request) -> Response:
        mine = history.with_question(lifecycle.whole().filter(voter=voter_id(request)))
        turns = Turn.objects.filter(battle=OuterRef("pk")).order_by().values("battle")
        mine = mine.annotate(turn_count=Subquery(turns.values(number=Count("pk"))))
        pages = Newest()
        found = pages.paginate_queryset(mine, request, self) or []
        return pages.get_paginated_response([_row(battle) for battle in found])

    @openapi.battle_start
    def post(self, request: Request) -> HttpResponseBase:
        prompt, mode, models = _fields(request, "prompt", "mode", "models")
        return idempotency.once(request, lambda: self._start(request, prompt, mode, models))

    def _start(self, request: Request, prompt: Any, mode: Any, models: Any) -> Response:
        check_prompt(prompt)
        mode = Battle.Mode.ANONYMOUS if mode is None else mode
        with quotas.battle(request, prompt) as key:
            set_quotas.charge(request, mode, models)
            pool = api_keys.open_pool(request)
            battle = lifecycle.start(
                voter(request),
                prompt,
                mode=mode,
                models=models,
                open_pool=pool,
                key=key,
                payer=quotas.payer(request),
                network=network_hashes.current_hash(request),
            )
        row_locks.reread(battle)
        return Response(shown(battle), status=201)


class OneBattle(APIView):
    @openapi.battle
    def get(self, request: Request, battle_id: UUID) -> Response:
        return Response(shown(lifecycle.of_voter(voter_id(request), battle_id)))


class BattleVote(APIView):
    @openapi.battle_vote
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        battle = lifecycle.of_voter(voter_id(request), battle_id)
        winner, reasons, comment = _fields(request, "winner", "reasons", "comment")

        def cast() -> Response:
            lifecycle.cast_vote(battle, winner, reasons, comment, api_keys.source(request))
            return Response(shown(battle), status=201)

        return idempotency.once(request, cast)


class BattleTurns(APIView):
    @openapi.battle_ask_again
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        battle = lifecycle.of_voter(voter_id(request), battle_id)
        [prompt] = _fields(request, "prompt")

        def ask() -> Response:
            check_text(prompt)
            with quotas.turn(request, battle, prompt):
                lifecycle.ask_again(battle, prompt, quotas.payer(request))
            return Response(shown(battle), status=201)

        return idempotency.once(request, ask)


class BattleStop(APIView):
    @openapi.battle_stop
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = lifecycle.of_voter(voter_id(request), battle_id)
        _no_fields(request)
        lifecycle.stop(battle)
        return Response(shown(battle))


class BattleRetry(APIView):
    @openapi.battle_retry
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = lifecycle.of_voter(voter_id(request), battle_id)
        _no_fields(request)
        with quotas.turn(request, battle):
            lifecycle.retry(battle, quotas.payer(request))
        return Response(shown(battle))


class BattleShare(APIView):
    @openapi.battle_share
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = lifecycle.of_voter(voter_id(request), battle_id)
        (shared,) = _fields(request, "shared")
        if not isinstance(shared, bool):
            raise bad("shared", "shared is true or false.")
        if shared:
            sharing.publish(battle, network_hashes.hashes(request))
        else:
            sharing.take_back(battle)
        return Response(shown(battle))


def _fields(request: Request, *names: str) -> list[Any]:
    """These fields of the body, None where one is absent; the first that we do not know is refused."""
    sent = body(request)
    if not isinstance(sent, dict):
        raise Refusal("invalid", "The body must be a JSON object.", 400)
    if unknown := [name for name in sent if name not in names]:
        known = f"known are {', '.join(names)}" if names else "nothing is taken here"
        raise bad(unknown[0], f"There is no such field; {known}.")
    return [sent.get(name) for name in names]


def _no_fields(request: Request) -> None:
    """Where nothing is taken, an empty form is as good as no body."""
    if (request.content_type or "").startswith("application/json"):
        _fields(request)


class Models(APIView):
    @openapi.model_list
    def get(self, request: Request) -> Response:
        pages = BySlug()
        found = pages.paginate_queryset(profiles.models(), request)
        return pages.get_paginated_response(profiles.told(found or []))


class SharedBattles(APIView):
    @openapi.model_battles
    def get(self, request: Request, slug: str) -> Response:
        found = sharing.of_model(profiles.known_model(slug).pk)
        return Response({"results": [sharing.as_json(each) for each in found]})


def _check_reader(request: HttpRequest, battle_id: UUID) -> None:
    """Opening counts, however soon the stream is closed again. Raises Refusal 429 and 404."""
    quotas.stream(request)
    lifecycle.of_voter(voter_id(request), battle_id)


_may_follow = let_go(_check_reader)


@csrf_exempt  # so that whoever sends something is told that nothing can be sent
async def events(request: HttpRequest, battle_id: UUID) -> HttpResponseBase:
    """Server-sent events of one battle, from `Last-Event-ID` on (or `from`, for a page that shows a part)."""
    if refused := not_read(request, "Events can only be read."):
        return refused
    try:
        await _may_follow(request, battle_id)
        if request.method == "HEAD":
            return event_stream(nothing())
        place = stream_hub.hub().admit(quotas.battle_stream_limits(request))
    except Refusal as error:
        return plain_response(error)
    last = request.headers.get("Last-Event-ID") or request.GET.get("from", "")
    return event_stream(stream_hub.hub().stream(place, battle_id, Position.parse(last)))


@csrf_exempt  # so that whoever writes to a wrong address is told so
def unknown(request: HttpRequest, path: str = "") -> JsonResponse:
    meant = f"{request.path}/"
    listed = f"There is nothing here. All calls are listed at {reverse('api-calls')}."
    slash = f"There is nothing here; the call is {meant} with a slash at its end."
    detail = listed if resolve(meant).func is unknown else slash
    return JsonResponse({"error": {"code": "not_found", "detail": detail}}, status=404)
