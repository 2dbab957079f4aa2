"""Renders the best models of the default board, for the home page.

That page belongs to the arena app, which does not import ratings, so its template gets the HTML from a context
processor.
"""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from core.http.errors import RequestError
from ratings.boards import board_selection, model_facts
from ratings.boards.snapshots import BoardKey
from ratings.web.leaderboard.fragments import fragment_cache
from ratings.web.leaderboard.query import LeaderboardState
from ratings.web.leaderboard.table_options import TableOptions
from ratings.web.leaderboard.table_rows import build_rating_scale

MAX_LEADERS = 10


def add_leaders(_request: HttpRequest) -> dict[str, Any]:
    """Return a template variable with the HTML of the best models. It is rendered only if a template uses it."""
    return {"leaders": render_leaders}


def render_leaders() -> str:
    """Return the best models of the default board with their ratings as HTML, or "" if no board has models."""
    try:
        board_key, board = board_selection.select_board(BoardKey(), {})
    except RequestError:  # the home page does not depend on a board
        return ""
    if not board.rows:
        return ""
    context = model_facts.load_board_context(board_key, board)
    leaderboard = LeaderboardState(BoardKey(), board_key, TableOptions(), board, context)
    html = fragment_cache.get_or_compute(("leaders", context), lambda: _render(leaderboard).encode())
    return SafeString(html.decode())


def _render(leaderboard: LeaderboardState) -> str:
    entries = leaderboard.all_entries[:MAX_LEADERS]
    context = {
        "entries": entries,
        "board": leaderboard.board,
        "selection": leaderboard.selection,
        "scale": build_rating_scale(entries, "leaders"),
    }
    return render_to_string("ratings/leaderboard/_leaders.html", context)
