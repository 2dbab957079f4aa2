"""The pages of the boards; all of their state is in the address."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from arena.errors import Refusal
from ratings import snapshots
from ratings.models import Category, Pool


@require_safe
def leaderboard(request: HttpRequest) -> HttpResponse:
    """The board that is asked for; only its table when htmx refreshes an open page."""
    try:
        asked = snapshots.asked(request.GET)
        board = snapshots.newest(**asdict(asked))
    except Refusal as error:
        return render(request, "404.html", {"detail": error.detail}, status=404)
    context = {
        "board": board,
        "pool": Pool.objects.get(slug=asked.pool),
        "category": Category.objects.get(slug=asked.category),
    }
    part = "#table" if request.headers.get("HX-Request") else ""
    response = render(request, f"ratings/leaderboard.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
