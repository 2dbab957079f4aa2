"""The REST API of the boards: parse, call, show."""

from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.text import slugify
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from arena.endpoints.profiles import known_model
from arena.identity import quotas
from arena.models import LIVE
from catalog.api.views import check
from core.http.errors import Refusal, bad, not_read, plain_response
from core.http.openapi import wrong
from core.http.pagination import BySlug
from core.http.sse import event_stream, nothing
from core.storage.database import let_go
from ratings.api import openapi
from ratings.api.parameters import chosen
from ratings.boards import snapshot_cache, snapshots, time_series
from ratings.boards.board_events import reader
from ratings.choice import shortlists
from ratings.choice.form import ChoiceForm
from ratings.interchange import public_record
from ratings.models import Board, Category, Pool
from ratings.reports import benchmark_agreement, frontier, method_report, model_report, movements

MOST_SERIES = 20


class OneModel(APIView):
    @openapi.model
    def get(self, request: Request, slug: str) -> Response:
        return Response(model_report.as_json(known_model(slug), request.query_params))


class Leaderboard(APIView):
    @openapi.leaderboard
    def get(self, request: Request) -> HttpResponseBase:
        board = snapshot_cache.board(snapshots.asked_by_program(request.query_params))
        return _if_changed(request, board.body, board.etag)


class Pairwise(APIView):
    @openapi.leaderboard_pairwise
    def get(self, request: Request) -> HttpResponseBase:
        from ratings.boards import pairwise  # scipy is slow to load, and no other page needs it

        asked = snapshots.asked_by_program(request.query_params)
        models = chosen(request.query_params.get("models", "").split(","))
        return _as_json(request, pairwise.matrices(asked, models or None))


class Frontier(APIView):
    @openapi.leaderboard_frontier
    def get(self, request: Request) -> HttpResponseBase:
        asked = snapshots.asked_by_program(request.query_params)
        return _as_json(request, frontier.against(asked, request.query_params.get("against") or frontier.PRICE))


class Moved(APIView):
    @openapi.leaderboard_moved
    def get(self, request: Request) -> HttpResponseBase:
        since, until = (_time(request, name) for name in ("since", "until"))
        return _as_json(request, movements.between(snapshots.asked_by_program(request.query_params), since, until))


class Method(APIView):
    @openapi.leaderboard_method
    def get(self, request: Request) -> HttpResponseBase:
        return _as_json(request, method_report.of_pool(request.query_params.get("pool") or LIVE))


class History(APIView):
    @openapi.leaderboard_history
    def get(self, request: Request) -> HttpResponseBase:
        asked = snapshots.asked_by_program(request.query_params)
        models = request.query_params.getlist("model")
        if len(models) > MOST_SERIES:
            raise bad("model", f"model may be named {MOST_SERIES} times at most.")
        since, until = (_time(request, name) for name in ("since", "until"))
        return _as_json(request, time_series.series(asked, chosen(models), since, until))


def _as_json(request: Request, found: dict[str, Any]) -> HttpResponseBase:
    body = orjson.dumps(found, option=orjson.OPT_UTC_Z)
    return _if_changed(request, body, snapshot_cache.etag(body))


def _if_changed(request: Request, body: bytes, etag: str) -> HttpResponseBase:
    """To be kept by whoever likes, and asked for anew each time."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    whole = HttpResponse(body, content_type="application/json", headers=headers)
    return get_conditional_response(request, etag=etag, response=whole) or whole


def _time(request: Request, name: str) -> datetime | None:
    """A parameter that is a time like `at`."""
    try:
        return snapshots.asked({"at": request.query_params.get(name, "")}).at
    except Refusal:
        raise snapshots.no_time(name) from None


class Pools(APIView):
    @openapi.pool_list
    def get(self, request: Request) -> Response:
        boards = Board.objects.filter(pool=OuterRef("pk"), style_control=False)
        categories = ArraySubquery(boards.order_by("category__slug").values("category__slug"))
        listed = Pool.objects.exclude(kind=Pool.Kind.SHORTLIST)
        return _listed(request, listed.values("slug", "name", "kind", "provenance", categories=categories))


class Categories(APIView):
    @openapi.category_list
    def get(self, request: Request) -> Response:
        return _listed(request, Category.objects.values("slug", "name"))


def _listed(request: Request, rows: QuerySet[Any, Any]) -> Response:
    pages = BySlug()
    return pages.get_paginated_response(pages.paginate_queryset(rows, request))


class Votes(APIView):
    @openapi.vote_list
    def get(self, request: Request) -> Response:
        pool, after = (request.query_params.get(name, "") for name in ("pool", "after"))
        size = BySlug().get_page_size(request) or public_record.PAGE
        page = public_record.page(pool or LIVE, after, size)
        address = request.build_absolute_uri()
        following = replace_query_param(address, "after", page.after) if page.after else None
        return Response({"next": following, "results": page.votes})


@csrf_exempt  # so that whoever sends something is told that nothing can be sent
async def votes_file(request: HttpRequest) -> HttpResponseBase:
    """The whole record of a pool as JSON Lines."""
    if refused := not_read(request, "The record can only be read."):
        return refused
    pool = request.GET.get("pool") or LIVE
    try:
        for name, sentences in wrong(request.GET, openapi.WHICH[:1]).items():
            raise bad(name, *sentences)
        await let_go(_may_have)(request, pool)
        file: Any = public_record.File(pool, quotas.whence(request)[0].key) if request.method == "GET" else ()
    except Refusal as error:
        return plain_response(error)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{slugify(pool)}.jsonl"'}
    return StreamingHttpResponse(file, content_type="application/x-ndjson", headers=headers)


def _may_have(request: HttpRequest, pool: str) -> None:
    quotas.file(request)
    public_record.known(pool)


class OneDisagreement(APIView):
    @openapi.disagreement
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        asked = benchmark_agreement.wanted(request.query_params)
        found = benchmark_agreement.compare(benchmark_agreement.known(slug), asked)
        return _as_json(request, benchmark_agreement.as_json(found))


class Shortlist(APIView):
    @openapi.shortlist
    def get(self, request: Request) -> Response:
        form = ChoiceForm(request.query_params)
        check(form)
        return Response(shortlists.as_json(shortlists.choose(form)))


@csrf_exempt  # see above
async def events(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: `board` whenever a board has changed. Touches no database, and opening counts as a call."""
    if refused := not_read(request, "Events can only be read."):
        return refused
    if request.method == "HEAD":
        return event_stream(nothing())
    try:
        await let_go(quotas.stream)(request)
        return event_stream(reader.stream(reader.admit(quotas.board_stream_limits(request))))
    except Refusal as error:
        return plain_response(error)
