"""The pages of the boards; all of their state is in the address."""

from dataclasses import asdict
from math import ceil, floor
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from arena.errors import Refusal
from ratings import snapshots
from ratings.models import Category, Pool

MARGIN = 5


@require_safe
def leaderboard(request: HttpRequest) -> HttpResponse:
    """The board that is asked for; only its table when htmx refreshes an open page."""
    try:
        asked = snapshots.asked(request.GET)
        board = snapshots.newest(**asdict(asked))
    except Refusal as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    context = {
        "board": board,
        "axis": axis(board["rows"]),
        "pool": Pool.objects.get(slug=asked.pool),
        "pools": Pool.objects.exclude(kind=Pool.Kind.SHORTLIST).order_by("pk"),
        "category": Category.objects.get(slug=asked.category),
    }
    part = "#table" if request.headers.get("HX-Request") else ""
    response = render(request, f"ratings/leaderboard.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def axis(rows: list[dict[str, Any]]) -> dict[str, int] | None:
    """The range of ratings, in whole Elo points, that holds all intervals with a closed end; None without rows."""
    ends = [row[name] for row in rows for name in ("rating", "ci_low", "ci_high") if row[name] is not None]
    if not ends:
        return None
    low, high = floor(min(ends)) - MARGIN, ceil(max(ends)) + MARGIN
    return {"low": low, "high": high, "width": high - low}
