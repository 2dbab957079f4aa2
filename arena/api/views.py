"""REST API of battles and models. Responses about an open battle never name its models."""

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
from arena.answers.stream_events import BattleView, Position
from arena.api import openapi
from arena.battles import feedback, history, lifecycle, set_quotas, sharing
from arena.battles.prompts import check_prompt, check_text
from arena.battles.reveal import build_reveal
from arena.endpoints import profiles
from arena.identity import api_keys, idempotency, network_hashes, quotas
from arena.identity.voters import get_or_create_voter, get_voter_id
from arena.models import Answer, Battle, Turn
from core.http.errors import RequestError, build_error_response, field_error, read_json_body, reject_unsafe_method
from core.http.pagination import NewestFirstPagination, SlugPagination
from core.http.sse import build_stream_response, empty_stream
from core.storage.database import database_sync_to_async


def build_battle_data(battle: Battle) -> dict[str, Any]:
    """A battle as its voter may see it now, with all its turns."""
    prefetch_related_objects([battle], "turns__answers")
    return _build_summary(battle) | {"turns": [_build_turn(battle, turn) for turn in battle.turns.all()]}


def _build_row(battle: Battle) -> dict[str, Any]:
    """A battle as an item of a list, without the texts of its turns."""
    return _build_summary(battle) | {
        "question": battle.question or "",  # type: ignore[attr-defined]  # annotated by BattleListView
        "turn_count": battle.turn_count or 0,  # type: ignore[attr-defined]  # see above
    }


def _build_summary(battle: Battle) -> dict[str, Any]:
    vote = getattr(battle, "vote", None)
    return {
        "id": battle.pk,
        "state": battle.state,
        "mode": battle.mode,
        "pool": None if battle.mode == Battle.Mode.SIDE_BY_SIDE else battle.pool,
        "created_at": battle.created_at,
        "models": build_reveal(battle),
        "vote": vote and feedback.build_vote_data(vote),
        "shared": battle.shared_at is not None,
        "events_url": reverse("battle-events", args=[battle.pk]),
    }


def _build_turn(battle: Battle, turn: Any) -> dict[str, Any]:
    return {
        "number": turn.number,
        "prompt": turn.prompt,
        "answers": [_build_answer(battle, answer) for answer in turn.answers.all()],
    }


def _build_answer(battle: Battle, answer: Answer) -> dict[str, Any]:
    """One answer. Neither side is shown as finished before both may be."""
    states = {Answer.State.FINISHED: "finished", Answer.State.FAILED: "failed"}
    failed = answer.state == Answer.State.FAILED
    return {
        "side": answer.side,
        "state": states.get(Answer.State(answer.state), "answering"),
        "text": answer.text,
        "reason": battle_view.get_public_reason(battle, answer.failure) if failed else None,
    }


class BattleListView(APIView):
    @openapi.battle_list
    def get(self, request: Request) -> Response:
        battles = history.annotate_question(lifecycle.query_battles().filter(voter=get_voter_id(request)))
        turns = Turn.objects.filter(battle=OuterRef("pk")).order_by().values("battle")
        battles = battles.annotate(turn_count=Subquery(turns.values(number=Count("pk"))))
        paginator = NewestFirstPagination()
        page = paginator.paginate_queryset(battles, request, self) or []
        return paginator.get_paginated_response([_build_row(battle) for battle in page])

    @openapi.battle_start
    def post(self, request: Request) -> HttpResponseBase:
        prompt, mode, models = _read_fields(request, "prompt", "mode", "models")
        return idempotency.run_once(request, lambda: self._start(request, prompt, mode, models))

    def _start(self, request: Request, prompt: Any, mode: Any, models: Any) -> Response:
        check_prompt(prompt)
        mode = Battle.Mode.ANONYMOUS if mode is None else mode
        with quotas.charge_battle(request, prompt) as key:
            set_quotas.charge_named_set(request, mode, models)
            battle = lifecycle.start_battle(
                get_or_create_voter(request),
                prompt,
                mode=mode,
                models=models,
                open_pool=api_keys.get_default_pool(request),
                key=key,
                payer=quotas.get_payer(request),
                network=network_hashes.compute_current_hash(request),
            )
        return Response(build_battle_data(battle), status=201)


class BattleDetailView(APIView):
    @openapi.battle_detail
    def get(self, request: Request, battle_id: UUID) -> Response:
        return Response(build_battle_data(lifecycle.get_battle(get_voter_id(request), battle_id)))


class BattleVoteView(APIView):
    @openapi.battle_vote
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        winner, reasons, comment = _read_fields(request, "winner", "reasons", "comment")

        def cast() -> Response:
            lifecycle.cast_vote(battle, winner, reasons, comment, api_keys.get_vote_source(request))
            return Response(build_battle_data(battle), status=201)

        return idempotency.run_once(request, cast)


class BattleTurnsView(APIView):
    @openapi.battle_ask_again
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        [prompt] = _read_fields(request, "prompt")

        def ask() -> Response:
            check_text(prompt)
            with quotas.charge_turn(request, battle, prompt):
                lifecycle.ask_follow_up(battle, prompt, quotas.get_payer(request))
            return Response(build_battle_data(battle), status=201)

        return idempotency.run_once(request, ask)


class BattleStopView(APIView):
    @openapi.battle_stop
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        _check_no_fields(request)
        lifecycle.stop_battle(battle)
        return Response(build_battle_data(battle))


class BattleRetryView(APIView):
    @openapi.battle_retry
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        _check_no_fields(request)
        with quotas.charge_turn(request, battle):
            lifecycle.retry_answers(battle, quotas.get_payer(request))
        return Response(build_battle_data(battle))


class BattleShareView(APIView):
    @openapi.battle_share
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        [shared] = _read_fields(request, "shared")
        if not isinstance(shared, bool):
            raise field_error("shared", "“shared” must be true or false.")
        if shared:
            sharing.share_battle(battle, network_hashes.compute_network_hashes(request))
        else:
            sharing.unshare_battle(battle)
        return Response(build_battle_data(battle))


def _read_fields(request: Request, *names: str) -> list[Any]:
    """The values of these fields of the JSON body, None for each that is absent.

    Raises RequestError 400 if the body is no object or has another field.
    """
    body = read_json_body(request)
    if not isinstance(body, dict):
        raise RequestError("invalid", "The body must be a JSON object.", 400)
    if unknown := [name for name in body if name not in names]:
        hint = f"Allowed fields: {', '.join(names)}." if names else "This call takes no fields."
        raise field_error(unknown[0], f"Unknown field. {hint}")
    return [body.get(name) for name in names]


def _check_no_fields(request: Request) -> None:
    """Reject fields in a call that takes none. Bodies that are not JSON are ignored, such as an empty form."""
    if (request.content_type or "").startswith("application/json"):
        _read_fields(request)


class ModelListView(APIView):
    @openapi.model_list
    def get(self, request: Request) -> Response:
        paginator = SlugPagination()
        page = paginator.paginate_queryset(profiles.list_models(), request) or []
        return paginator.get_paginated_response(profiles.build_profiles(page))


class SharedBattleListView(APIView):
    @openapi.model_battles
    def get(self, request: Request, slug: str) -> Response:
        battles = sharing.list_shared_battles(profiles.get_known_model(slug).pk)
        return Response({"results": [sharing.build_shared_battle_data(battle) for battle in battles]})


@database_sync_to_async
def _open_view(request: HttpRequest, battle_id: UUID) -> BattleView:
    """The view of a battle of the voter. Charges the opening of a stream, however soon it is closed again.

    Raises RequestError 429 and 404.
    """
    quotas.charge_stream(request)
    return battle_view.load_voter_view(get_voter_id(request), battle_id)


@csrf_exempt  # so that a write request gets a 405 and not an error about its token
async def stream_battle_events(request: HttpRequest, battle_id: UUID) -> HttpResponseBase:
    """Server-sent events of one battle after `Last-Event-ID`, or after `from` for a page that shows a part already."""
    if error_response := reject_unsafe_method(request, "Event streams are read-only."):
        return error_response
    try:
        view = await _open_view(request, battle_id)
        if request.method == "HEAD":
            return build_stream_response(empty_stream())
        slot = stream_hub.get_hub().admit(quotas.build_battle_stream_limits(request))
    except RequestError as error:
        return build_error_response(error)
    position = Position.parse(request.headers.get("Last-Event-ID") or request.GET.get("from", ""))
    return build_stream_response(stream_hub.get_hub().stream(slot, battle_id, view, position))


@csrf_exempt  # so that a write request gets a 404 and not an error about its token
def call_not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    """A 404 that names the call with a trailing slash if that exists, and else the list of all calls."""
    with_slash = f"{request.path}/"
    if resolve(with_slash).func is call_not_found:
        detail = f"There is no such call. All calls are listed at {reverse('api-calls')}."
    else:
        detail = f"There is no such call. Did you mean {with_slash} with a slash at the end?"
    return JsonResponse({"error": {"code": "not_found", "detail": detail}}, status=404)
