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

from arena import (
    api_keys,
    api_schema,
    battles,
    charges,
    holding,
    model_facts,
    my_battles,
    networks,
    new_sets,
    opinions,
    repeats,
    sharing,
    stored,
    streams,
)
from arena.connections import let_go
from arena.errors import Refusal, bad, body, not_read, plain_response
from arena.events import Position
from arena.models import Answer, Battle, Turn
from arena.places import event_stream, nothing
from arena.prompts import check_prompt, check_text
from arena.reveals import reveal
from arena.voters import voter, voter_id
from catalog.paging import BySlug, Newest


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
        "vote": vote and opinions.told(vote),
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
        "reason": stored.reason(battle, answer.failure) if failed else None,
    }


class Battles(APIView):
    @api_schema.battle_list
    def get(self, request: Request) -> Response:
        mine = my_battles.with_question(battles.whole().filter(voter=voter_id(request)))
        turns = Turn.objects.filter(battle=OuterRef("pk")).order_by().values("battle")
        mine = mine.annotate(turn_count=Subquery(turns.values(number=Count("pk"))))
        pages = Newest()
        found = pages.paginate_queryset(mine, request, self) or []
        return pages.get_paginated_response([_row(battle) for battle in found])

    @api_schema.battle_start
    def post(self, request: Request) -> HttpResponseBase:
        prompt, mode, models = _fields(request, "prompt", "mode", "models")
        return repeats.once(request, lambda: self._start(request, prompt, mode, models))

    def _start(self, request: Request, prompt: Any, mode: Any, models: Any) -> Response:
        check_prompt(prompt)
        mode = Battle.Mode.ANONYMOUS if mode is None else mode
        with charges.battle(request, prompt) as key:
            new_sets.charge(request, mode, models)
            pool = api_keys.open_pool(request)
            battle = battles.start(
                voter(request),
                prompt,
                mode=mode,
                models=models,
                open_pool=pool,
                key=key,
                payer=charges.payer(request),
                network=networks.current_hash(request),
            )
        holding.reread(battle)
        return Response(shown(battle), status=201)


class OneBattle(APIView):
    @api_schema.battle
    def get(self, request: Request, battle_id: UUID) -> Response:
        return Response(shown(battles.of_voter(voter_id(request), battle_id)))


class BattleVote(APIView):
    @api_schema.battle_vote
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        battle = battles.of_voter(voter_id(request), battle_id)
        winner, reasons, comment = _fields(request, "winner", "reasons", "comment")

        def cast() -> Response:
            battles.cast_vote(battle, winner, reasons, comment, api_keys.source(request))
            return Response(shown(battle), status=201)

        return repeats.once(request, cast)


class BattleTurns(APIView):
    @api_schema.battle_ask_again
    def post(self, request: Request, battle_id: UUID) -> HttpResponseBase:
        battle = battles.of_voter(voter_id(request), battle_id)
        [prompt] = _fields(request, "prompt")

        def ask() -> Response:
            check_text(prompt)
            with charges.turn(request, battle, prompt):
                battles.ask_again(battle, prompt, charges.payer(request))
            return Response(shown(battle), status=201)

        return repeats.once(request, ask)


class BattleStop(APIView):
    @api_schema.battle_stop
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = battles.of_voter(voter_id(request), battle_id)
        _no_fields(request)
        battles.stop(battle)
        return Response(shown(battle))


class BattleRetry(APIView):
    @api_schema.battle_retry
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = battles.of_voter(voter_id(request), battle_id)
        _no_fields(request)
        with charges.turn(request, battle):
            battles.retry(battle, charges.payer(request))
        return Response(shown(battle))


class BattleShare(APIView):
    @api_schema.battle_share
    def post(self, request: Request, battle_id: UUID) -> Response:
        battle = battles.of_voter(voter_id(request), battle_id)
        (shared,) = _fields(request, "shared")
        if not isinstance(shared, bool):
            raise bad("shared", "shared is true or false.")
        if shared:
            sharing.publish(battle, networks.hashes(request))
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
    @api_schema.model_list
    def get(self, request: Request) -> Response:
        pages = BySlug()
        found = pages.paginate_queryset(model_facts.models(), request)
        return pages.get_paginated_response(model_facts.told(found or []))


class SharedBattles(APIView):
    @api_schema.model_battles
    def get(self, request: Request, slug: str) -> Response:
        found = sharing.of_model(model_facts.known_model(slug).pk)
        return Response({"results": [sharing.as_json(each) for each in found]})


def _check_reader(request: HttpRequest, battle_id: UUID) -> None:
    """Opening counts, however soon the stream is closed again. Raises Refusal 429 and 404."""
    charges.stream(request)
    battles.of_voter(voter_id(request), battle_id)


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
        place = streams.hub().admit(charges.battle_stream_limits(request))
    except Refusal as error:
        return plain_response(error)
    last = request.headers.get("Last-Event-ID") or request.GET.get("from", "")
    return event_stream(streams.hub().stream(place, battle_id, Position.parse(last)))


@csrf_exempt  # so that whoever writes to a wrong address is told so
def unknown(request: HttpRequest, path: str = "") -> JsonResponse:
    meant = f"{request.path}/"
    listed = f"There is nothing here. All calls are listed at {reverse('api-calls')}."
    slash = f"There is nothing here; the call is {meant} with a slash at its end."
    detail = listed if resolve(meant).func is unknown else slash
    return JsonResponse({"error": {"code": "not_found", "detail": detail}}, status=404)
