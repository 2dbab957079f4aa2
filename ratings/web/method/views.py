"""The page that says how a vote becomes a rating, with the figures of one pool."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.endpoints.model_requests import MAX_TOKENS, TEMPERATURE
from arena.endpoints.pair_sampler import LARGEST_SHARE, UNIFORM_SHARE
from core.http.errors import Refusal
from ratings.boards import board_selection, error_page
from ratings.boards.snapshots import Asked
from ratings.models import Pool
from ratings.reports import method_figures
from ratings.statistics.constants import FEW_VOTES, MIN_VOTERS, MOST_OF_ONE_VOTER, RANKED_VOTES, WIDE

# What `./scripts/bench coverage` measured: how often intervals that should hold the truth in 95 % of cases do.
COVERAGE = {"usual": 94.9, "newcomer": 94.5, "clustered": 94.6, "plain": 85.1}
# The same where few people with tastes of their own cast 400 votes on 4 models; "heavy" with one voter of five who cast
# 60 % of the votes, "crowd" with one such voter of sixty.
FEW_VOTERS = {
    "five": 95.7,
    "five_plain": 74.1,
    "ten": 94.8,
    "twenty": 95.8,
    "heavy": 98.7,
    "heavy_plain": 61.2,
    "crowd": 98.6,
}
FEW = 12  # tables with more rows are folded


@require_safe
def method_page(request: HttpRequest) -> HttpResponse:
    try:
        wanted = Asked(pool=request.GET.get("pool") or Asked.pool)
        asked, board = board_selection.found(wanted, request.GET)
        whose = board_selection.of(wanted, asked, board)
        if whose.credit:
            return render(request, "ratings/method/method_reference.html", {"pool": whose.pool, "whose": whose})
        found = method_figures.of_pool(board.board)
    except Refusal as error:
        return error_page.page(request, error)
    slug = found.pool.slug
    context = {
        "method": found,
        "pool": found.pool,
        "whose": whose,
        "own": found.pool.kind != Pool.Kind.IMPORT,
        "coverage": COVERAGE | FEW_VOTERS,
        "provisional": {"votes": FEW_VOTES, "wide": WIDE, "voters": MIN_VOTERS},
        "even_share": 100 * UNIFORM_SHARE,
        "largest_share": 100 * LARGEST_SHARE,
        "ranked": {"votes": RANKED_VOTES, "most": MOST_OF_ONE_VOTER},
        "max_tokens": MAX_TOKENS,
        "temperature": TEMPERATURE,
        "few": FEW,
        "commands": [
            f"./scripts/manage export_votes votes.jsonl --pool {slug}",
            f"./scripts/manage verify_ratings --pool {slug}",
            f"./scripts/manage recompute_ratings --pool {slug} --from-scratch",
        ],
    }
    return render(request, "ratings/method/method.html", context)
