"""The page of the past: any board that was kept, what moved since, and how many votes came."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import LanguageModel
from core.http.errors import Refusal, bad
from ratings.boards import (
    board_selection,
    descriptions,
    error_page,
    model_facts,
    series_table,
    snapshots,
    votes_per_day,
)
from ratings.boards.addresses import said, shorter, spelled
from ratings.reports import movements

AGO = (timedelta(days=1), timedelta(days=7))


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What moved in a day and in a week, or since the time that is asked for."""
    try:
        wanted = snapshots.asked(request.GET)
        asked, published = board_selection.found(wanted, request.GET)
        board = published.board
        end = asked.at or timezone.now()
        since = _since(request.GET.get("then", ""), end)
        times = [since] if since else [movements.before(end, ago) for ago in AGO]
        compared = [movements.compared(asked, board, then) for then in times]
    except Refusal as error:
        return error_page.page(request, error)
    slugs = [row["model"] for row in board["rows"]]
    main = [row for row in board["rows"] if row["component"] == 0]
    whose = board_selection.of(wanted, asked, published)
    categories = model_facts.categories(whose.pool)
    shown = {
        "asked": asked,
        "since": since,
        "board": board,
        "comparisons": compared,
        "young": not since and all(each.changes is None for each in compared),
        "retired": LanguageModel.objects.filter(slug__in=slugs, status=LanguageModel.Status.RETIRED),
        "history": series_table.shown(asked, main, until=board["computed_at"]),
        "days": _bars(votes_per_day.by_day(asked, end)),
        "whose": whose,
        "categories": categories,
        "said": descriptions.of_category(asked, categories),
    }
    then = {"then": said(since)} if since else {}
    return shorter(request, lambda: spelled(whose.parameters | then)) or render(
        request, "ratings/trends/rating_history.html", shown
    )


def _since(text: str, end: datetime) -> datetime | None:
    try:
        then = snapshots.asked({"at": text}).at
    except Refusal:
        raise snapshots.no_time("then") from None
    if then and then >= end:
        raise bad("then", "then must lie before the time that it is compared with.")
    return then


def _bars(days: list[tuple[Any, int]]) -> list[dict[str, Any]]:
    """Newest first, with the length of each bar in per cent of the longest one; fewer votes than none have no bar."""
    most = max((votes for _, votes in days), default=0) or 1
    return [{"day": day, "votes": votes, "percent": max(0.0, 100 * votes / most)} for day, votes in reversed(days)]
