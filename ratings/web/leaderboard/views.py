"""The leaderboard; all of its state is in the address."""

import secrets
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from core.http.color_scheme import color_scheme
from core.http.errors import RequestError, field_error
from core.storage.ttl_cache import TtlCache
from ratings.boards.addresses import redirect_to_short_url
from ratings.web.leaderboard import downloads, fragments, query
from ratings.web.leaderboard.query import LeaderboardState

CONTENT_PLACEHOLDER, CSRF_PLACEHOLDER = (
    secrets.token_hex(16),
    secrets.token_hex(16),
)  # which no address can hold by chance or on purpose
MAX_FRAMES = 256  # of 6 kB each
frame_cache: TtlCache[bytes] = TtlCache(MAX_FRAMES)


@require_safe
def show_leaderboard(request: HttpRequest) -> HttpResponse:
    """The board that is asked for, as a page or as a file; without the frame when htmx refreshes an open page."""
    kind = request.GET.get("format", "")
    try:
        if kind and kind not in downloads.CONTENT_TYPES:
            raise field_error("format", f"format is one of {', '.join(downloads.CONTENT_TYPES)}.")
        shown = query.load_leaderboard(request.GET)
        if kind and shown.refused:
            raise field_error("method", shown.refused)
    except RequestError as error:
        return render(request, "ratings/boards/board_error.html", {"error": error}, status=error.status)
    if kind:
        return downloads.build_download(shown, kind)
    return redirect_to_short_url(request, lambda: shown.query) or _render_page(request, shown)


def _render_page(request: HttpRequest, shown: LeaderboardState) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(fragments.render_board(shown))
        if request.headers.get("HX-Trigger") != "board":  # which only asks for news of what it shows
            response.headers[_choose_history_header(request, shown)] = request.path + shown.query
    else:
        frame = _render_frame(request).replace(CSRF_PLACEHOLDER.encode(), get_token(request).encode())
        # Through the template a quarter of a megabyte would be copied at each level.
        response = HttpResponse(frame.replace(CONTENT_PLACEHOLDER.encode(), fragments.render_board_page(shown), 1))
    if shown.refused:
        response.status_code = 400
    patch_vary_headers(response, ["HX-Request"])
    return response


def _render_frame(request: HttpRequest) -> bytes:
    """What stands around the board, which takes as long as all else: for whoever is not logged in it is kept."""

    def made() -> bytes:
        return render_to_string(
            "ratings/leaderboard/leaderboard.html",
            {"content": CONTENT_PLACEHOLDER, "csrf_token": CSRF_PLACEHOLDER},
            request,
        ).encode()

    if request.user.is_authenticated:
        return made()
    return frame_cache.of((request.get_full_path(), *color_scheme(request).values()), made)


def _choose_history_header(request: HttpRequest, shown: LeaderboardState) -> str:
    """A choice can be taken back by "Back"; each letter that is typed into the search is no choice of its own."""
    now = urlsplit(request.headers.get("HX-Current-URL", "")).query
    old, new = ([pair for pair in parse_qsl(query) if pair[0] != "q"] for query in (now, shown.query.removeprefix("?")))
    return "HX-Replace-Url" if old == new else "HX-Push-Url"
