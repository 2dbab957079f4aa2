"""The view of the leaderboard. The URL contains all of its state."""

import secrets
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from arena.identity.pool_access import get_viewer
from core.http.color_scheme import color_scheme
from core.http.errors import RequestError, field_error
from core.storage.ttl_cache import TtlCache
from ratings.boards.board_urls import build_short_url_redirect
from ratings.web.leaderboard import downloads, fragments, query
from ratings.web.leaderboard.query import LeaderboardState

# Random, so that no URL can contain a placeholder by chance or on purpose.
CONTENT_PLACEHOLDER = secrets.token_hex(16)
CSRF_PLACEHOLDER = secrets.token_hex(16)
MAX_FRAMES = 256  # 6 kB each
frame_cache: TtlCache[bytes] = TtlCache(MAX_FRAMES)


@require_safe
def show_leaderboard(request: HttpRequest) -> HttpResponse:
    """Show the requested board as a page or return it as a file.

    If htmx refreshes an open page, return only the board.
    """
    kind = request.GET.get("format", "")
    try:
        if kind and kind not in downloads.CONTENT_TYPES:
            raise field_error("format", f"“format” must be one of: {', '.join(downloads.CONTENT_TYPES)}.")
        leaderboard = query.load_leaderboard(request.GET, get_viewer(request))
        if kind and leaderboard.conflict:
            raise field_error("method", leaderboard.conflict)
    except RequestError as error:
        return render(request, "ratings/boards/board_error.html", {"error": error}, status=error.status)
    if kind:
        return downloads.build_download(leaderboard, kind)
    return build_short_url_redirect(request, lambda: leaderboard.query) or _render_page(request, leaderboard)


def _render_page(request: HttpRequest, leaderboard: LeaderboardState) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(fragments.render_board(leaderboard))
        if request.headers.get("HX-Trigger") != "board":  # a refresh of the board does not change the URL
            response.headers[_choose_history_header(request, leaderboard)] = request.path + leaderboard.query
    else:
        frame = _render_frame(request).replace(CSRF_PLACEHOLDER.encode(), get_token(request).encode())
        # Nested templates would copy the content, up to 250 kB, at each level.
        response = HttpResponse(
            frame.replace(CONTENT_PLACEHOLDER.encode(), fragments.render_board_page(leaderboard), 1)
        )
    if leaderboard.conflict:
        response.status_code = 400
    patch_vary_headers(response, ["HX-Request"])
    return response


def _render_frame(request: HttpRequest) -> bytes:
    """Render the page around the board.

    This takes as long as the rest of the page, so it is cached for anonymous visitors.
    """

    def render_frame() -> bytes:
        return render_to_string(
            "ratings/leaderboard/leaderboard.html",
            {"content": CONTENT_PLACEHOLDER, "csrf_token": CSRF_PLACEHOLDER},
            request,
        ).encode()

    if request.user.is_authenticated:
        return render_frame()
    return frame_cache.get_or_compute((request.get_full_path(), *color_scheme(request).values()), render_frame)


def _choose_history_header(request: HttpRequest, leaderboard: LeaderboardState) -> str:
    """Return the name of the header for the new URL.

    "Back" should undo each choice, but not each letter typed into the search field.
    """
    current_query = urlsplit(request.headers.get("HX-Current-URL", "")).query
    is_search = _parse_choices(current_query) == _parse_choices(leaderboard.query.removeprefix("?"))
    return "HX-Replace-Url" if is_search else "HX-Push-Url"


def _parse_choices(query_string: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parse_qsl(query_string) if name != "q"]
