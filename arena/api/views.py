"""REST API for battles and models. Responses never name the models in an open blind battle."""

from functools import partial
from typing import Any
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import resolve, reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.answers import battle_view, stream_hub
from arena.answers.stream_events import BattleView, Position
from arena.answers.stream_hub import BattleHub
from arena.api.openapi import BATTLES_TAG, MODELS_TAG, describe_battle_call, describe_keyed_call
from arena.api.serializers import (
    BattlePageSchema,
    ModelFactsSchema,
    ModelPageSchema,
    SharedBattleListSchema,
)
from arena.battles import feedback, history, lifecycle, questions, sharing
from arena.battles.requests import NewBattleSchema, NewTurnSchema, NewVoteSchema, RequestSchema, SharingSchema
from arena.battles.reveal import build_reveal
from arena.battles.transcript import Transcript
from arena.endpoints import profiles
from arena.identity import api_keys, idempotency, network_hashes, quotas
from arena.identity.voters import get_voter_id
from arena.models import BUILT_IN_SLUGS, Battle, Turn, Visibility, row_locks
from core.http.errors import RequestError, build_error_response, reject_unsafe_method
from core.http.openapi import PAGE_PARAMETERS, WRITE_ERRORS, describe_call
from core.http.pagination import NewestFirstPagination, SlugPagination
from core.http.sse import EventStream, build_stream_response, empty_stream
from core.storage.database import database_sync_to_async, release_connection
from core.storage.shared_slots import SharedSlot


def build_battle_data(battle: Battle) -> dict[str, Any]:
    """Return a battle with all of its turns, as its voter may see it now."""
    transcript = Transcript.load(battle, Visibility.of_voter(battle.mode, battle.state))
    return _build_summary(battle) | {
        "turns": [
            {
                "number": turn.number,
                "prompt": turn.prompt,
                "answers": [
                    {"side": answer.side, "state": answer.state, "text": answer.text, "reason": answer.reason}
                    for answer in turn.answers
                ],
            }
            for turn in transcript.turns
        ]
    }


def _build_summary(battle: Battle) -> dict[str, Any]:
    vote = getattr(battle, "vote", None)
    return {
        "id": battle.pk,
        "state": battle.state,
        "mode": battle.mode,
        "pool": battle.rated_pool and BUILT_IN_SLUGS[battle.rated_pool],
        "created_at": battle.created_at,
        "models": build_reveal(battle),
        "vote": vote and feedback.build_vote_data(vote),
        "shared": battle.shared_at is not None,
        "events_url": reverse("battle-events", args=[battle.pk]),
    }


class BattleListView(APIView):
    @describe_call("battle_list", tag=BATTLES_TAG, response=BattlePageSchema, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """List your battles.

        Returns your battles, newest first. Each entry contains the start of the first question and the number of turns.
        Get a battle to see all of its turns.
        """
        battles = history.annotate_question(lifecycle.query_battles().filter(voter=get_voter_id(request)))
        turns = Turn.objects.filter(battle=OuterRef("pk")).order_by().values("battle")
        rows: QuerySet[Any] = battles.annotate(turn_count=Subquery(turns.values(number=Count("pk"))))
        paginator = NewestFirstPagination()
        page = paginator.paginate_queryset(rows, request, self) or []
        results = [
            _build_summary(battle) | {"question": battle.question or "", "turn_count": battle.turn_count or 0}
            for battle in page
        ]
        return paginator.get_paginated_response(results)

    @describe_keyed_call("battle_start", request=NewBattleSchema, errors=(400, 401, 403, 409, 413, 415, 422, 429, 503))
    def post(self, request: Request) -> HttpResponseBase:
        """Start a battle.

        Sends a question to two models. `anonymous` draws the models at random and hides their names until the vote. If
        you name two to twenty models in `models`, the pair is drawn from these. `side_by_side` uses the two models that
        you name. If you name models, the vote is stored, but not rated. 409 `voter_gone` means that the voter's data
        was deleted or moved to an account during the request. Nothing was created, so you can send the request again.
        """
        fields = NewBattleSchema.parse(request)
        return idempotency.run_once(request, partial(self._start, request, fields))

    def _start(self, request: Request, fields: dict[str, Any]) -> Response:
        return Response(build_battle_data(questions.start_battle(request, **fields)), status=201)


class BattleDetailView(APIView):
    @describe_battle_call("battle")
    def get(self, request: Request, battle_id: UUID) -> Response:
        """Get a battle.

        Returns one of your battles. Unfinished answers contain the text that has been released so far. `models` is null
        until you have voted, except in a side-by-side battle.
        """
        return Response(build_battle_data(lifecycle.get_battle(get_voter_id(request), battle_id)))


class BattleVoteView(APIView):
    @describe_keyed_call("battle_vote", request=NewVoteSchema)
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        """Cast a vote.

        Stores your vote once both sides have answered, and reveals the models: `models` contains their names and their
        ratings before this vote. Each battle has at most one vote. If it already has one, the call returns 409
        `already_voted` with the stored vote.
        """
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        fields = NewVoteSchema.parse(request)
        return idempotency.run_once(request, partial(self._cast, request, battle, fields))

    def _cast(self, request: Request, battle: Battle, fields: dict[str, Any]) -> Response:
        lifecycle.cast_vote(battle, **fields, voter_kind=api_keys.get_voter_kind(request))
        return Response(build_battle_data(battle), status=201)


class BattleTurnsView(APIView):
    @describe_keyed_call("battle_ask_follow_up", request=NewTurnSchema)
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        """Ask a follow-up question.

        Adds a turn to a battle in the state `ready`. The same two models answer, and each sees only its own side of the
        conversation. 400 `too_long` means that one side's conversation would exceed the limit that
        `ARENA_CONVERSATION_CHARACTERS` set when the battle started. In that case, neither model is asked.
        """
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        fields = NewTurnSchema.parse(request)
        return idempotency.run_once(request, partial(self._ask, request, battle, **fields))

    def _ask(self, request: Request, battle: Battle, prompt: str) -> Response:
        questions.ask_follow_up(request, battle, prompt)
        return Response(build_battle_data(battle), status=201)


class BattleStopView(APIView):
    @describe_battle_call("battle_stop", errors=WRITE_ERRORS)
    def post(self, request: Request, battle_id: UUID) -> Response:
        """Stop a battle.

        Stops both answers immediately. A later vote is stored but not counted, unless both answers had already
        finished.
        """
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        _check_no_fields(request)
        lifecycle.stop_battle(battle)
        return Response(build_battle_data(battle))


class BattleRetryView(APIView):
    @describe_battle_call("battle_retry", errors=WRITE_ERRORS)
    def post(self, request: Request, battle_id: UUID) -> Response:
        """Retry failed answers.

        Sends the question again to each model whose answer failed in the last turn. You can retry until one day after
        the question.
        """
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        _check_no_fields(request)
        questions.retry_answers(request, battle)
        return Response(build_battle_data(battle))


class BattleShareView(APIView):
    @describe_battle_call("battle_share", request=SharingSchema, errors=WRITE_ERRORS)
    def post(self, request: Request, battle_id: UUID) -> Response:
        """Publish or unpublish a battle.

        After the vote, `true` publishes the battle. Anyone with its link, `/b/{id}/`, can then read the conversation,
        but the voter stays anonymous. An operator decides whether the two models' pages list the battle, and whether
        other voters get it as a ready pair. `false` unpublishes the battle. Returns 403 if publishing is disabled or an
        operator has taken the battle down.
        """
        battle = lifecycle.get_battle(get_voter_id(request), battle_id)
        fields = SharingSchema.parse(request)
        if fields["shared"]:
            networks = network_hashes.compute_network_hashes(request)
            sharing.share_battle(battle, networks, hide_names=fields.get("hide_names", False))
        else:
            sharing.unshare_battle(battle)
        return Response(build_battle_data(battle))


def _check_no_fields(request: Request) -> None:
    """Raise RequestError 400 if a call that takes no fields gets any. Bodies that are not JSON are ignored."""
    if (request.content_type or "").startswith("application/json"):
        RequestSchema.parse(request)


class ModelListView(APIView):
    @describe_call("model_list", tag=MODELS_TAG, response=ModelPageSchema, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """List all models.

        Returns all models, sorted by slug, with sourced facts and prices, their current ratings, and the performance
        measured on this site.
        """
        paginator = SlugPagination()
        page = paginator.paginate_queryset(profiles.list_models(), request) or []
        return paginator.get_paginated_response(
            ModelFactsSchema(profiles.build_profiles([*map(profiles.represent, page)]), many=True).data
        )


class SharedBattleListView(APIView):
    @describe_call("model_battles", tag=MODELS_TAG, response=SharedBattleListSchema)
    def get(self, request: Request, slug: str) -> Response:
        """List a model's published battles.

        Returns up to five of the model's listed battles, most recently published first. By default, an operator chooses
        which battles are listed.
        """
        battles = sharing.list_shared_battles(profiles.get_contestant_or_404(slug))
        return Response(SharedBattleListSchema({"results": battles}).data)


@database_sync_to_async
def _open_stream(request: HttpRequest, battle_id: UUID, hub: BattleHub) -> tuple[BattleView | None, SharedSlot | None]:
    """Charge the quota for opening a stream. Return the view of one of the voter's battles, and a slot for the stream.

    Both are None for a HEAD request, which needs neither. Raises RequestError 404, 429, or 503.
    """
    quotas.charge("read", request)
    voter_id = get_voter_id(request)
    if request.method == "HEAD":
        if not Battle.objects.filter(id=battle_id, voter_id=voter_id).exists():
            raise row_locks.battle_not_found_error()
        return None, None
    with quotas.charge_work(request):
        view = battle_view.load_voter_view(voter_id, battle_id)
    release_connection()
    return view, hub.admit(quotas.list_maximums("battles", request))


@csrf_exempt  # so that write requests get a 405 instead of a CSRF error
async def stream_battle_events(request: ASGIRequest, battle_id: UUID) -> HttpResponseBase:
    """Stream a battle's events.

    Streams server-sent events. `delta` appends text to one side. `done` contains the whole answer as HTML. `failed`
    means that the side's answer failed, perhaps after a part of it was sent. `reset` means that the side's answer
    starts over. `ready` means that you can vote. `void` means that you cannot vote, unless a retry succeeds. `voted`
    ends the battle. Every event has an ID. After a dropped connection, send the last ID as `Last-Event-ID` to continue
    with no gaps or repeats.
    """
    if error_response := reject_unsafe_method(request, "Event streams are read-only."):
        return error_response
    hub = stream_hub.get_hub()
    try:
        view, slot = await _open_stream(request, battle_id, hub)
    except RequestError as error:
        return build_error_response(error)
    if view is None or slot is None:
        return build_stream_response(empty_stream())
    # A page that already shows part of the answers sends its position in the parameter `from`.
    position = Position.parse(request.headers.get("Last-Event-ID") or request.GET.get("from", ""))
    events = hub.follow(slot, battle_id, view, position)
    return build_stream_response(EventStream(slot, events))


@csrf_exempt  # so that write requests get a 404 instead of a CSRF error
def call_not_found(request: HttpRequest, path: str = "") -> JsonResponse:
    """Return a 404 that suggests the path with a trailing slash if that exists, or else the list of all calls."""
    path_with_slash = f"{request.path}/"
    if resolve(path_with_slash).func is call_not_found:
        detail = f"There is no such call. See {reverse('api-calls')} for a list of calls."
    else:
        detail = f"There is no such call. Did you mean {path_with_slash} with a slash at the end?"
    return build_error_response(RequestError("not_found", detail, 404))
