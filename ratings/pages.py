"""The leaderboard; all of its state is in the address."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from arena.errors import Refusal, bad
from ratings import board_content, board_files, board_shown
from ratings.board_addresses import shorter
from ratings.board_shown import Shown

PLACE = secrets.token_hex(16)  # which no address can hold by chance or on purpose


@require_safe
def leaderboard(request: HttpRequest) -> HttpResponse:
    """The board that is asked for, as a page or as a file; without the frame when htmx refreshes an open page."""
    kind = request.GET.get("format", "")
    try:
        if kind and kind not in board_files.KINDS:
            raise bad("format", f"format is one of {', '.join(board_files.KINDS)}.")
        shown = board_shown.shown(request.GET)
        if kind and shown.refused:
            raise bad("method", shown.refused)
    except Refusal as error:
        return render(request, "ratings/refused.html", {"error": error}, status=error.status)
    if kind:
        return board_files.response(shown, kind)
    return shorter(request, lambda: shown.query) or _page(request, shown)


def _page(request: HttpRequest, shown: Shown) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(board_content.part(shown))
        if request.headers.get("HX-Trigger") != "board":  # which only asks for news of what it shows
            response.headers["HX-Replace-Url"] = request.path + shown.query
    else:
        response = render(request, "ratings/leaderboard.html", {"content": PLACE})
        # Through the template a quarter of a megabyte would be copied at each level.
        response.content = response.content.replace(PLACE.encode(), board_content.whole(shown), 1)
    if shown.refused:
        response.status_code = 400
    patch_vary_headers(response, ["HX-Request"])
    return response
