"""The page that says how a vote becomes a rating, with the figures of one pool."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.errors import Refusal
from arena.jobs import MAX_TOKENS, TEMPERATURE
from arena.models import LIVE
from arena.pairing import UNIFORM_SHARE
from ratings import method, snapshots
from ratings.models import OVERALL, Pool
from ratings.snapshots import BRADLEY_TERRY

# What `./scripts/bench coverage` measured: how often intervals that should hold the truth in 95 % of cases do.
COVERAGE = {"usual": 94.9, "newcomer": 94.5, "clustered": 93.0, "plain": 85.1}
FEW = 12  # tables with more rows are folded


@require_safe
def method_page(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("pool") or LIVE
    pools = list(Pool.objects.exclude(kind=Pool.Kind.SHORTLIST).order_by("pk"))
    try:
        if reference := next((each for each in pools if (each.slug, each.kind) == (wanted, Pool.Kind.REFERENCE)), None):
            return _of_reference(request, reference, pools)
        found = method.of_pool(wanted)
    except Refusal as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    slug = found.pool.slug
    context = {
        "method": found,
        "pool": found.pool,
        "own": found.pool.kind != Pool.Kind.IMPORT,
        "pools": pools,
        "coverage": COVERAGE,
        "even_share": 100 * UNIFORM_SHARE,
        "max_tokens": MAX_TOKENS,
        "temperature": TEMPERATURE,
        "few": FEW,
        "commands": [
            f"./scripts/manage export_votes votes.jsonl --pool {slug}",
            f"./scripts/manage verify_ratings --pool {slug}",
            f"./scripts/manage recompute_ratings --pool {slug} --from-scratch",
        ],
    }
    return render(request, "ratings/method.html", context)


def _of_reference(request: HttpRequest, pool: Pool, pools: Iterable[Pool]) -> HttpResponse:
    """Whose method it is: ours has no part in it."""
    board = snapshots.newest(pool.slug, OVERALL, style_control=False, method=BRADLEY_TERRY)
    context = {"pool": pool, "pools": pools, "credit": board.get("reference"), "day": board["computed_at"]}
    return render(request, "ratings/method_reference.html", context)
