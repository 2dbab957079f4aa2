"""The page for a board that cannot be had: why, and a way back that stays with the same votes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.http.errors import RequestError
from ratings.boards.addresses import build_query_string
from ratings.models import Pool


def render_board_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    """By one query where a pool is named."""
    shown = {"error": error, "pool_query": _build_pool_query(request.GET.get("pool", ""))}
    return render(request, "ratings/boards/board_error.html", shown, status=error.status)


def _build_pool_query(pool: str) -> str:
    askable = pool.isprintable()  # anything else PostgreSQL might not take
    return build_query_string({"pool": pool}) if askable and Pool.objects.filter(slug=pool).exists() else ""
