"""The page of the past: any board that was kept, what moved since, and how many votes came."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import LanguageModel
from core.http.errors import RequestError, field_error
from ratings.boards import (
    board_selection,
    descriptions,
    error_page,
    model_facts,
    series_table,
    snapshots,
    votes_per_day,
)
from ratings.boards.addresses import build_query_string, format_parameter, redirect_to_short_url
from ratings.reports import movements

DEFAULT_PERIODS = (timedelta(days=1), timedelta(days=7))


@require_safe
def show_history(request: HttpRequest) -> HttpResponse:
    """What moved in a day and in a week, or since the time that is asked for."""
    try:
        wanted = snapshots.parse_board_key(request.GET)
        asked, published = board_selection.select_board(wanted, request.GET)
        board = published.board
        end = asked.at or timezone.now()
        since = _parse_since(request.GET.get("then", ""), end)
        times = [since] if since else [movements.subtract_duration(end, ago) for ago in DEFAULT_PERIODS]
        compared = [movements.compare_with_earlier(asked, board, then) for then in times]
    except RequestError as error:
        return error_page.render_board_error(request, error)
    slugs = [row["model"] for row in board["rows"]]
    main = [row for row in board["rows"] if row["component"] == 0]
    whose = board_selection.build_selection(wanted, asked, published)
    categories = model_facts.list_categories(whose.pool)
    shown = {
        "asked": asked,
        "since": since,
        "board": board,
        "comparisons": compared,
        "young": not since and all(each.changes is None for each in compared),
        "retired": LanguageModel.objects.filter(slug__in=slugs, status=LanguageModel.Status.RETIRED),
        "history": series_table.build_series_table(asked, main, until=board["computed_at"]),
        "days": _build_bars(votes_per_day.count_votes_per_day(asked, end)),
        "whose": whose,
        "categories": categories,
        "said": descriptions.describe_board(asked, categories),
    }
    then = {"then": format_parameter(since)} if since else {}
    return redirect_to_short_url(request, lambda: build_query_string(whose.parameters | then)) or render(
        request, "ratings/trends/rating_history.html", shown
    )


def _parse_since(text: str, end: datetime) -> datetime | None:
    try:
        then = snapshots.parse_board_key({"at": text}).at
    except RequestError:
        raise snapshots.invalid_time_error("then") from None
    if then and then >= end:
        raise field_error("then", "then must lie before the time that it is compared with.")
    return then


def _build_bars(days: list[tuple[Any, int]]) -> list[dict[str, Any]]:
    """Newest first, with the length of each bar in per cent of the longest one; fewer votes than none have no bar."""
    most = max((votes for _, votes in days), default=0) or 1
    return [{"day": day, "votes": votes, "percent": max(0.0, 100 * votes / most)} for day, votes in reversed(days)]
