"""The history page: changes since earlier boards, and votes per day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from arena.identity.pool_access import get_viewer
from catalog.facts.retirement import build_retired_filter
from catalog.models import LanguageModel
from core.http.errors import RequestError, field_error
from ratings.boards import board_selection, descriptions, error_page, model_facts, snapshots
from ratings.boards.board_row import get_model_slug
from ratings.boards.board_urls import build_query_string, build_short_url_redirect, format_parameter
from ratings.reports import movements, series_table, votes_per_day
from ratings.reports.movements import BoardComparison
from ratings.reports.votes_per_day import DayVotes
from ratings.statistics.constants import MAIN_COMPONENT

DEFAULT_PERIODS = (timedelta(days=1), timedelta(days=7))
HOUR = timedelta(hours=1)
PRESETS = {
    gettext_lazy("Yesterday"): timedelta(days=1),
    gettext_lazy("A week ago"): timedelta(days=7),
    gettext_lazy("A month ago"): timedelta(days=30),
}


@require_safe
def show_history(request: HttpRequest) -> HttpResponse:
    """Show the changes over the past day and the past week, or since the requested time."""
    try:
        viewer = get_viewer(request)
        requested_key = snapshots.find_board_key(request.GET, viewer)
        board_key, published = board_selection.select_board(requested_key, request.GET)
        board = published.board
        end = board_key.at or timezone.now()
        since = snapshots.parse_time("then", request.GET)
        if since and since >= end:
            raise field_error("then", "“then” must be earlier than the time of the current board.")
        times = [since] if since else [movements.subtract_duration(end, period) for period in DEFAULT_PERIODS]
        comparisons = [movements.compare_with_earlier(board_key, board, time) for time in times]
    except RequestError as error:
        return error_page.render_board_error(request, error)
    slugs = map(get_model_slug, board["rows"])
    main_rows = [row for row in board["rows"] if row["component"] == MAIN_COMPONENT]
    selection = board_selection.build_selection(requested_key, board_key, published, viewer)
    categories = model_facts.list_categories(selection.pool)
    directions = _find_directions(comparisons)
    context = {
        "board_key": board_key,
        "since": since,
        "board": board,
        "comparisons": comparisons,
        "directions": directions,
        "directions_json": orjson.dumps(directions).decode(),
        "is_new": not since and all(comparison.changes is None for comparison in comparisons),
        "retired": LanguageModel.objects.filter(build_retired_filter(), slug__in=slugs),
        "history": series_table.build_series_table(board_key, main_rows, until=board["computed_at"]),
        "days": _build_bars(votes_per_day.count_votes_per_day(board_key, end)),
        "selection": selection,
        "presets": _build_presets(selection.parameters, end, since),
        "categories": categories,
        "description": descriptions.describe_board(board_key, categories),
    }
    since_parameter = {"then": format_parameter(since)} if since else {}
    redirect = build_short_url_redirect(request, lambda: build_query_string(selection.parameters | since_parameter))
    return redirect or render(request, "ratings/trends/rating_history.html", context)


def _find_directions(comparisons: Sequence[BoardComparison]) -> dict[str, str]:
    """Return `up` or `down` for each model whose rating or rank changed significantly.

    If several comparisons have an earlier board, the one over the longest period counts.
    """
    known_changes = [comparison.changes for comparison in comparisons if comparison.changes is not None]
    significant = known_changes[-1].significant_movements if known_changes else []
    moved = [movement for movement in significant if {"rating", "rank"} & set(movement.significant or ())]
    return {movement.current["model"]: "up" if movement.change > 0 else "down" for movement in moved}


def _build_presets(parameters: Mapping[str, str], end: datetime, since: datetime | None) -> list[dict[str, Any]]:
    """Return times before `end`, each with the queries for the changes since then and for the board of that time."""
    presets = []
    for label, period in PRESETS.items():
        time = movements.subtract_duration(end, period).replace(second=0, microsecond=0)
        board_parameters = {**parameters, "at": format_parameter(time)}
        presets.append(
            {
                "label": label,
                "changes": build_query_string({**parameters, "then": format_parameter(time)}),
                "board": build_query_string(board_parameters),
                "is_current": since is not None and abs(time - since) < HOUR,
            }
        )
    return presets


def _build_bars(days: list[DayVotes]) -> list[dict[str, Any]]:
    """Return the days, newest first, with the length of each bar as a percentage of the longest.

    Negative counts have length 0.
    """
    max_votes = max((votes for _, votes in days), default=0) or 1
    return [{"day": day, "votes": votes, "percent": max(0.0, 100 * votes / max_votes)} for day, votes in reversed(days)]
