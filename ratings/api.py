"""The REST API of the boards: parse, call, show."""

from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_GET
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api import event_stream
from arena.errors import Refusal, bad
from catalog.api import parameters, refused
from ratings import choosing, history, snapshots
from ratings.choice_form import ChoiceForm
from ratings.chosen import chosen
from ratings.live import reader
from ratings.models import Category, Pool

MOST_SERIES = 20
PARAMETERS = [
    OpenApiParameter("pool", str, default="live"),
    OpenApiParameter("category", str, default="overall"),
    OpenApiParameter("style_control", bool, default=False),
    OpenApiParameter("method", str, enum=snapshots.METHODS, default="bt"),
    OpenApiParameter("at", str, description="ISO 8601; the newest board at or before then"),
]


class Leaderboard(APIView):
    @extend_schema(operation_id="leaderboard", parameters=PARAMETERS, responses={200: dict})
    def get(self, request: Request) -> HttpResponseBase:
        board = snapshots.newest(**asdict(snapshots.asked(request.query_params)))
        body = orjson.dumps(board, option=orjson.OPT_UTC_Z)
        etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        whole = HttpResponse(body, content_type="application/json", headers=headers)
        return get_conditional_response(request, etag=etag, response=whole) or whole


class Pairwise(APIView):
    @extend_schema(operation_id="leaderboard_pairwise", parameters=PARAMETERS, responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        from ratings import pairwise  # scipy is slow to load, and no other page needs it

        asked = snapshots.asked(request.query_params)
        models = chosen(request.query_params.get("models", "").split(","))
        return _as_json(pairwise.matrices(asked, models or None))


class History(APIView):
    @extend_schema(operation_id="leaderboard_history", parameters=PARAMETERS, responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        asked = snapshots.asked(request.query_params)
        models = request.query_params.getlist("model")
        if len(models) > MOST_SERIES:
            raise bad("model", f"model may be named {MOST_SERIES} times at most.")
        since, until = (_time(request, name) for name in ("since", "until"))
        return _as_json(history.series(asked, chosen(models), since, until))


def _as_json(found: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(found, option=orjson.OPT_UTC_Z), content_type="application/json")


def _time(request: Request, name: str) -> datetime | None:
    """A parameter that is a time like `at`."""
    try:
        return snapshots.asked({"at": request.query_params.get(name, "")}).at
    except Refusal:
        raise bad(name, f"{name} is a time in ISO 8601, such as 2026-01-31T12:00:00Z.") from None


class BySlug(CursorPagination):
    ordering = "slug"
    page_size = max_page_size = 100
    page_size_query_param = "page_size"


class Pools(APIView):
    @extend_schema(operation_id="pool_list", responses={200: dict})
    def get(self, request: Request) -> Response:
        return _listed(request, Pool.objects.values("slug", "name", "kind", "provenance"))


class Categories(APIView):
    @extend_schema(operation_id="category_list", responses={200: dict})
    def get(self, request: Request) -> Response:
        return _listed(request, Category.objects.values("slug", "name"))


def _listed(request: Request, rows: QuerySet[Any, Any]) -> Response:
    pages = BySlug()
    return pages.get_paginated_response(pages.paginate_queryset(rows, request))


class Shortlist(APIView):
    @extend_schema(operation_id="shortlist", parameters=parameters(ChoiceForm), responses={200: dict})
    def get(self, request: Request) -> Response:
        form = ChoiceForm(request.query_params)
        if not form.is_valid():
            raise refused(form)
        return Response(choosing.as_json(choosing.choose(form)))


@require_GET
async def events(request: HttpRequest) -> StreamingHttpResponse:
    """Server-sent events: `board` whenever a board has changed. Touches no database."""
    return event_stream(reader.follow())
