"""The error page of boards: the reason, and a link to the leaderboard of the same pool."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.http.errors import RequestError
from ratings.boards.addresses import build_query_string
from ratings.models import Pool


def render_board_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    """Return the error page, with one query if the request names a pool."""
    context = {"error": error, "pool_query": _build_pool_query(request.GET.get("pool", ""))}
    return render(request, "ratings/boards/board_error.html", context, status=error.status)


def _build_pool_query(pool: str) -> str:
    # PostgreSQL rejects some unprintable characters, so such a name is never looked up.
    if pool.isprintable() and Pool.objects.filter(slug=pool).exists():
        return build_query_string({"pool": pool})
    return ""
