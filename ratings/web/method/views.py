"""The method page. It explains how votes become ratings, with figures from one pool."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS, DEFAULT_TEMPERATURE
from arena.endpoints.pair_sampler import MAX_SHARE, UNIFORM_SHARE
from arena.identity.pool_access import get_viewer
from arena.models import Pool
from core.http.errors import RequestError
from core.templatetags.strips import build_scale
from ratings.boards import board_selection, error_page
from ratings.boards.board_row import BoardRow
from ratings.boards.board_selection import BoardSelection
from ratings.boards.differences import compute_interval_tiers
from ratings.boards.snapshots import BoardKey, check_visible
from ratings.reports import method_figures, order_certificate
from ratings.reports.method_figures import MethodFigures
from ratings.statistics.constants import (
    MAX_VOTES_PER_VOTER,
    MIN_VOTERS,
    MIN_VOTES_FOR_RANK,
    PROVISIONAL_HALF_WIDTH,
    PROVISIONAL_VOTES,
)

# The percentage of 95% intervals that contain the true rating, measured by `./scripts/bench coverage`.
INTERVAL_COVERAGE = {"usual": 94.9, "newcomer": 94.5, "clustered": 94.6, "plain": 85.1}
# The same percentage for a few people with different tastes who cast 400 votes on 4 models. In "heavy", one of five
# voters cast 60% of the votes. In "crowd", one of sixty voters did.
FEW_VOTERS_COVERAGE = {
    "five": 95.7,
    "five_plain": 74.1,
    "ten": 94.8,
    "twenty": 95.8,
    "heavy": 98.7,
    "heavy_plain": 61.2,
    "crowd": 98.6,
}
MAX_LEADERS = 8  # models in the figure about tiers
MAX_UNFOLDED_ROWS = 12  # tables with more rows are folded


@require_safe
def show_method(request: HttpRequest) -> HttpResponse:
    try:
        viewer = get_viewer(request)
        check_visible(viewer, request.GET.get("pool", ""))
        requested_key = BoardKey(pool=request.GET.get("pool") or BoardKey.pool)
        board_key, board = board_selection.select_board(requested_key, request.GET)
        selection = board_selection.build_selection(requested_key, board_key, board, viewer)
        if selection.credit:
            return render(request, "ratings/method/method.html", _build_reference_context(selection))
        figures = method_figures.load_method_figures(board.board)
    except RequestError as error:
        return error_page.render_board_error(request, error)
    return render(request, "ratings/method/method.html", _build_context(figures, selection))


def _build_context(figures: MethodFigures, selection: BoardSelection) -> dict[str, Any]:
    slug = figures.pool.slug
    return {
        "method": figures,
        "pool": figures.pool,
        "selection": selection,
        "first_place": _describe_first_place(figures),
        "own": figures.pool.kind != Pool.Kind.IMPORT,
        "coverage": INTERVAL_COVERAGE | FEW_VOTERS_COVERAGE,
        "provisional": {"votes": PROVISIONAL_VOTES, "wide": PROVISIONAL_HALF_WIDTH, "voters": MIN_VOTERS},
        "even_share": 100 * UNIFORM_SHARE,
        "largest_share": 100 * MAX_SHARE,
        "ranked": {"votes": MIN_VOTES_FOR_RANK, "most": MAX_VOTES_PER_VOTER},
        "max_tokens": DEFAULT_MAX_TOKENS,
        "temperature": DEFAULT_TEMPERATURE,
        "max_unfolded_rows": MAX_UNFOLDED_ROWS,
        "commands": [
            f"./scripts/manage export_votes votes.jsonl --pool {slug}",
            f"./scripts/manage verify_ratings --pool {slug}",
            f"./scripts/manage recompute_ratings --pool {slug} --from-scratch",
        ],
    }


def _build_reference_context(selection: BoardSelection) -> dict[str, Any]:
    """Return the context for a board that was published elsewhere: its first models, with their tiers."""
    best_rows: dict[str, BoardRow] = {}
    for row in selection.published.rows:
        best_rows.setdefault(row["model"], row)  # a model can have several settings
    tiers = compute_interval_tiers(best_rows.values())
    leaders = [(row, tiers[row["model"]]) for row in [*best_rows.values()][:MAX_LEADERS]]
    ends = [end for row, _tier in leaders for end in (row["ci_low"], row["ci_high"])]
    return {
        "pool": selection.pool,
        "selection": selection,
        "model_count": len(best_rows),
        "leaders": leaders,
        "scale": build_scale(ends, has_end_ticks=True),
    }


def _describe_first_place(figures: MethodFigures) -> str:
    certificate = order_certificate.find_certificate(BoardKey(pool=figures.pool.slug))
    names = {row["model"]: row["name"] for row in figures.board["rows"]}
    return order_certificate.describe_first_place(certificate.first if certificate else None, names)
