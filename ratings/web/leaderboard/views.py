"""The leaderboard; all of its state is in the address."""

import secrets
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from core.http.color_scheme import scheme
from core.http.errors import Refusal, bad
from core.storage.ttl_cache import Recent
from ratings.boards.addresses import shorter
from ratings.web.leaderboard import downloads, fragments, query
from ratings.web.leaderboard.query import Shown

PLACE, TOKEN = secrets.token_hex(16), secrets.token_hex(16)  # which no address can hold by chance or on purpose
FRAMES = 256  # of 6 kB each
frames: Recent[bytes] = Recent(FRAMES)


@require_safe
def leaderboard(request: HttpRequest) -> HttpResponse:
    """The board that is asked for, as a page or as a file; without the frame when htmx refreshes an open page."""
    kind = request.GET.get("format", "")
    try:
        if kind and kind not in downloads.KINDS:
            raise bad("format", f"format is one of {', '.join(downloads.KINDS)}.")
        shown = query.shown(request.GET)
        if kind and shown.refused:
            raise bad("method", shown.refused)
    except Refusal as error:
        return render(request, "ratings/boards/board_error.html", {"error": error}, status=error.status)
    if kind:
        return downloads.response(shown, kind)
    return shorter(request, lambda: shown.query) or _page(request, shown)


def _page(request: HttpRequest, shown: Shown) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(fragments.part(shown))
        if request.headers.get("HX-Trigger") != "board":  # which only asks for news of what it shows
            response.headers[_into_history(request, shown)] = request.path + shown.query
    else:
        frame = _frame(request).replace(TOKEN.encode(), get_token(request).encode())
        # Through the template a quarter of a megabyte would be copied at each level.
        response = HttpResponse(frame.replace(PLACE.encode(), fragments.whole(shown), 1))
    if shown.refused:
        response.status_code = 400
    patch_vary_headers(response, ["HX-Request"])
    return response


def _frame(request: HttpRequest) -> bytes:
    """What stands around the board, which takes as long as all else: for whoever is not logged in it is kept."""

    def made() -> bytes:
        return render_to_string(
            "ratings/leaderboard/leaderboard.html", {"content": PLACE, "csrf_token": TOKEN}, request
        ).encode()

    if request.user.is_authenticated:
        return made()
    return frames.of((request.get_full_path(), *scheme(request).values()), made)


def _into_history(request: HttpRequest, shown: Shown) -> str:
    """A choice can be taken back by "Back"; each letter that is typed into the search is no choice of its own."""
    now = urlsplit(request.headers.get("HX-Current-URL", "")).query
    old, new = ([pair for pair in parse_qsl(query) if pair[0] != "q"] for query in (now, shown.query.removeprefix("?")))
    return "HX-Replace-Url" if old == new else "HX-Push-Url"
