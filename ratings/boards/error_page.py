"""The page for a board that cannot be had: why, and a way back that stays with the same votes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.http.errors import Refusal
from ratings.boards.addresses import spelled
from ratings.models import Pool


def page(request: HttpRequest, error: Refusal) -> HttpResponse:
    """By one query where a pool is named."""
    shown = {"error": error, "pool_query": _pool_query(request.GET.get("pool", ""))}
    return render(request, "ratings/boards/board_error.html", shown, status=error.status)


def _pool_query(pool: str) -> str:
    askable = pool.isprintable()  # anything else PostgreSQL might not take
    return spelled({"pool": pool}) if askable and Pool.objects.filter(slug=pool).exists() else ""
