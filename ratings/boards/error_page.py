"""The error page for boards. It shows the reason and a link to the leaderboard of the same pool."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from arena.identity.pool_access import get_viewer, visible_to
from core.http.errors import RequestError
from ratings.boards.board_urls import build_query_string


def render_board_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    """Render the error page. This runs at most two queries."""
    pool = request.GET.get("pool", "")
    # PostgreSQL rejects some nonprintable characters, so names with such characters are not looked up.
    is_known = pool.isprintable() and visible_to(get_viewer(request)).filter(slug=pool).exists()
    context = {"error": error, "pool_query": build_query_string({"pool": pool}) if is_known else ""}
    return render(request, "ratings/boards/board_error.html", context, status=error.status)
