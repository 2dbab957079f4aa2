"""The page of the past: any board that was kept, what moved since, and how many votes came."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from arena.errors import Refusal, bad
from catalog.models import LanguageModel
from ratings import board_descriptions, board_facts, moved, over_time, refusals, snapshots, vote_days, whose_votes
from ratings.board_addresses import said, shorter, spelled

AGO = (timedelta(days=1), timedelta(days=7))


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What moved in a day and in a week, or since the time that is asked for."""
    try:
        wanted = snapshots.asked(request.GET)
        asked, published = whose_votes.found(wanted, request.GET)
        board = published.board
        end = asked.at or timezone.now()
        since = _since(request.GET.get("then", ""), end)
        times = [since] if since else [moved.before(end, ago) for ago in AGO]
        compared = [moved.compared(asked, board, then) for then in times]
    except Refusal as error:
        return refusals.page(request, error)
    slugs = [row["model"] for row in board["rows"]]
    main = [row for row in board["rows"] if row["component"] == 0]
    whose = whose_votes.of(wanted, asked, published)
    categories = board_facts.categories(whose.pool)
    shown = {
        "asked": asked,
        "since": since,
        "board": board,
        "comparisons": compared,
        "young": not since and all(each.changes is None for each in compared),
        "retired": LanguageModel.objects.filter(slug__in=slugs, status=LanguageModel.Status.RETIRED),
        "history": over_time.shown(asked, main, until=board["computed_at"]),
        "days": _bars(vote_days.by_day(asked, end)),
        "whose": whose,
        "categories": categories,
        "said": board_descriptions.of_category(asked, categories),
    }
    then = {"then": said(since)} if since else {}
    return shorter(request, lambda: spelled(whose.parameters | then)) or render(request, "ratings/history.html", shown)


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
