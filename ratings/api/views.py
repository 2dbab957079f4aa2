"""The REST API of boards, models, votes and choices."""

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

from arena.endpoints.profiles import get_known_model
from arena.identity import quotas, stream_limits
from arena.models import LIVE_POOL
from catalog.api.views import check_form
from core.http.errors import RequestError, build_error_response, field_error, reject_unsafe_method
from core.http.openapi import find_parameter_errors
from core.http.pagination import SlugPagination
from core.http.sse import build_stream_response, empty_stream
from core.storage.database import database_sync_to_async
from ratings.api import openapi
from ratings.api.parameters import parse_model_slugs
from ratings.boards import snapshot_cache, snapshots, time_series
from ratings.boards.board_events import event_reader
from ratings.choice import shortlists
from ratings.choice.form import ChoiceForm
from ratings.interchange import public_record
from ratings.models import Board, Category, Pool
from ratings.reports import benchmark_agreement, frontier, method_report, model_report, movements

MAX_SERIES = 20


class ModelDetailView(APIView):
    @openapi.model_detail
    def get(self, request: Request, slug: str) -> Response:
        return Response(model_report.build_model_report(get_known_model(slug), request.query_params))


class LeaderboardView(APIView):
    @openapi.leaderboard
    def get(self, request: Request) -> HttpResponseBase:
        board = snapshot_cache.get_board(snapshots.parse_api_board_key(request.query_params))
        return _build_conditional_response(request, board.body, board.etag)


class PairwiseView(APIView):
    @openapi.leaderboard_pairwise
    def get(self, request: Request) -> HttpResponseBase:
        from ratings.boards import pairwise  # scipy is slow to load, and no other page needs it

        board_key = snapshots.parse_api_board_key(request.query_params)
        models = parse_model_slugs(request.query_params.get("models", "").split(","))
        return _build_json_response(request, pairwise.build_matrices(board_key, models or None))


class FrontierView(APIView):
    @openapi.leaderboard_frontier
    def get(self, request: Request) -> HttpResponseBase:
        board_key = snapshots.parse_api_board_key(request.query_params)
        return _build_json_response(
            request, frontier.build_frontier(board_key, request.query_params.get("against") or frontier.PRICE)
        )


class MovementReportView(APIView):
    @openapi.leaderboard_moved
    def get(self, request: Request) -> HttpResponseBase:
        since, until = (_parse_time(request, name) for name in ("since", "until"))
        return _build_json_response(
            request, movements.build_movement_report(snapshots.parse_api_board_key(request.query_params), since, until)
        )


class MethodReportView(APIView):
    @openapi.leaderboard_method
    def get(self, request: Request) -> HttpResponseBase:
        return _build_json_response(
            request, method_report.load_method_report(request.query_params.get("pool") or LIVE_POOL)
        )


class RatingHistoryView(APIView):
    @openapi.leaderboard_history
    def get(self, request: Request) -> HttpResponseBase:
        board_key = snapshots.parse_api_board_key(request.query_params)
        models = request.query_params.getlist("model")
        if len(models) > MAX_SERIES:
            raise field_error("model", f"You can give model at most {MAX_SERIES} times.")
        since, until = (_parse_time(request, name) for name in ("since", "until"))
        return _build_json_response(
            request, time_series.load_series(board_key, parse_model_slugs(models), since, until)
        )


def _build_json_response(request: Request, data: dict[str, Any]) -> HttpResponseBase:
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return _build_conditional_response(request, body, snapshot_cache.compute_etag(body))


def _build_conditional_response(request: Request, body: bytes, etag: str) -> HttpResponseBase:
    """Return 304 if the client has this version, else the body. Clients may store it, but must revalidate it."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    response = HttpResponse(body, content_type="application/json", headers=headers)
    return get_conditional_response(request, etag=etag, response=response) or response


def _parse_time(request: Request, name: str) -> datetime | None:
    """Return a parameter that is a time, like `at`."""
    try:
        return snapshots.parse_board_key({"at": request.query_params.get(name, "")}).at
    except RequestError:
        raise snapshots.invalid_time_error(name) from None


class PoolListView(APIView):
    @openapi.pool_list
    def get(self, request: Request) -> Response:
        boards = Board.objects.filter(pool=OuterRef("pk"), style_control=False)
        categories = ArraySubquery(boards.order_by("category__slug").values("category__slug"))
        pools = Pool.objects.exclude(kind=Pool.Kind.SHORTLIST)
        return _paginate_rows(request, pools.values("slug", "name", "kind", "provenance", categories=categories))


class CategoryListView(APIView):
    @openapi.category_list
    def get(self, request: Request) -> Response:
        return _paginate_rows(request, Category.objects.values("slug", "name"))


def _paginate_rows(request: Request, rows: QuerySet[Any, Any]) -> Response:
    pages = SlugPagination()
    return pages.get_paginated_response(pages.paginate_queryset(rows, request))


class VoteListView(APIView):
    @openapi.vote_list
    def get(self, request: Request) -> Response:
        pool = request.query_params.get("pool") or LIVE_POOL
        size = SlugPagination().get_page_size(request) or public_record.PAGE_SIZE
        page = public_record.load_page(pool, request.query_params.get("after", ""), size)
        address = request.build_absolute_uri()
        next_address = replace_query_param(address, "after", page.after) if page.after else None
        return Response({"next": next_address, "results": page.votes})


@csrf_exempt  # a POST must get the error of `reject_unsafe_method`
async def download_votes(request: HttpRequest) -> HttpResponseBase:
    """Return the whole record of a pool as JSON Lines."""
    if method_error := reject_unsafe_method(request, "The record is read-only."):
        return method_error
    pool = request.GET.get("pool") or LIVE_POOL
    try:
        for name, sentences in find_parameter_errors(request.GET, openapi.BOARD_PARAMETERS[:1]).items():
            raise field_error(name, *sentences)
        await database_sync_to_async(_check_download)(request, pool)
        file: Any = (
            public_record.RecordStream(pool, quotas.list_client_networks(request)[0].key)
            if request.method == "GET"
            else ()
        )
    except RequestError as error:
        return build_error_response(error)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{slugify(pool)}.jsonl"'}
    return StreamingHttpResponse(file, content_type="application/x-ndjson", headers=headers)


def _check_download(request: HttpRequest, pool: str) -> None:
    quotas.charge_file(request)
    public_record.check_pool(pool)


class DisagreementView(APIView):
    @openapi.disagreement
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        query = benchmark_agreement.parse_agreement_query(request.query_params)
        comparison = benchmark_agreement.compare_benchmark(benchmark_agreement.get_benchmark(slug), query)
        return _build_json_response(request, benchmark_agreement.build_comparison_data(comparison))


class ShortlistView(APIView):
    @openapi.shortlist
    def get(self, request: Request) -> Response:
        form = ChoiceForm(request.query_params)
        check_form(form)
        return Response(shortlists.build_shortlist_data(shortlists.choose_models(form)))


@csrf_exempt  # see above
async def stream_board_events(request: HttpRequest) -> HttpResponseBase:
    """Return server-sent events: `board` whenever a board changes. Opening the stream counts as one API call."""
    if method_error := reject_unsafe_method(request, "The event stream is read-only."):
        return method_error
    if request.method == "HEAD":
        return build_stream_response(empty_stream())
    try:
        await database_sync_to_async(quotas.charge_stream)(request)
        slot = event_reader.acquire_slot(stream_limits.build_board_stream_limits(request))
        return build_stream_response(event_reader.stream(slot))
    except RequestError as error:
        return build_error_response(error)
