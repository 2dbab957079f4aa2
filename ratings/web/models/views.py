"""A model's page: facts, measurements, and its placement on each board."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from arena.battles import feedback, sharing
from arena.endpoints import profiles
from arena.endpoints.performance import load_performance
from arena.identity.pool_access import Viewer, get_viewer
from arena.models import LIVE_SLUG, Contestant, find_plain
from catalog.benchmarks.rankings import load_model_scores
from catalog.calculators.cost_model import build_api_prices
from catalog.facts.labels import build_fact_rows, describe_retirement
from catalog.facts.prices import list_prices, pick_current_price
from catalog.facts.retirement import is_retired, load_successors
from catalog.matching.resolver import find_similar_models
from catalog.models import LanguageModel
from core.http.errors import RequestError, not_found_error
from core.templatetags.strips import Scale, build_scale
from core.text.word_lists import join_words
from ratings.boards import board_selection, error_page, snapshot_cache
from ratings.boards.board_row import BoardRow
from ratings.boards.board_selection import BoardSelection
from ratings.boards.board_urls import build_query_string
from ratings.boards.snapshots import BoardKey, check_visible
from ratings.reports import placements, series_table
from ratings.reports.placements import Placement
from ratings.web.models import model_facts

FEWEST_RANKS = 5  # on the axis; on a shorter axis, a difference of one rank would look large
MIN_RANKS = 3  # fewer ranks are easier to read in the table
RANK_MARGIN = 0.0685  # ticks within 6% of an end are dropped; with this margin, rank 1 has a tick
SCORE_SCALE = Scale(0, 100, "scores")
WIN_SCALE = Scale(0, 100, "wins", mark=50)


@require_safe
def show_model(request: HttpRequest, slug: str) -> HttpResponse:
    viewer, asked_pool = get_viewer(request), request.GET.get("pool", "")
    try:
        check_visible(viewer, asked_pool)
    except RequestError as error:
        return error_page.render_board_error(request, error)
    family = profiles.list_family(slug, asked_pool)
    if not family:
        missing = {"detail": not_found_error("model", slug).detail, "similar_models": find_similar_models(slug)}
        return render(request, "404.html", missing, status=404)
    contestant, *variants = family
    pool_placements = placements.list_pool_placements(slug, viewer, contestant.pool_id)
    context = {
        "contestant": contestant,
        **_build_variant_lines(contestant, variants),
        "known_facts": model_facts.list_known_facts(contestant),
        **_build_measurements(contestant),
        **(_build_facts(contestant.model) if contestant.model else {}),
        "placements": pool_placements,
        "rated_here": any(placement.pool.slug == LIVE_SLUG for placement in pool_placements),
        "score_scale": SCORE_SCALE,
        "shared_battles": sharing.list_shared_battles(contestant),
    }
    try:
        pool = request.GET.get("pool") or placements.choose_default_pool(pool_placements, request.GET)
        if pool_placements or "pool" in request.GET:
            context |= _build_pool_context(contestant, pool, viewer)
    except RequestError as error:
        return error_page.render_board_error(request, error)
    return render(request, "ratings/model/model.html", context)


def _build_variant_lines(contestant: Contestant, variants: Sequence[Contestant]) -> dict[str, Any]:
    """Return what the contestant varies if it is not a catalog model as it is, and the variants of its model if it is.

    Both are without values, because the text of a system prompt is only for operators.
    """
    if contestant.plain:
        lines = [(variant, ", ".join(profiles.list_differences(variant, contestant))) for variant in variants]
        return {"variants": lines}
    plain = find_plain(contestant.model) if contestant.model else None
    heir = contestant.successors.filter(pool=contestant.pool_id).order_by("-pk").first()
    return {
        "differences": join_words(profiles.list_differences(contestant, plain), gettext("and")),
        "older_url": _build_contestant_url(contestant.predecessor),
        "heir": heir,
        "heir_url": _build_contestant_url(heir),
    }


def _build_contestant_url(contestant: Contestant | None) -> str:
    if contestant is None:
        return ""
    pool_query = build_query_string({"pool": contestant.pool.slug}) if contestant.pool else ""
    return reverse("model-page", args=[contestant.slug]) + pool_query


def _build_measurements(contestant: Contestant) -> dict[str, Any]:
    # Speed and failures do not change while a battle is open (see `arena.endpoints.performance`).
    performance = load_performance([contestant]).get(contestant.pk) if contestant.pk else None
    settings = profiles.build_variant(contestant)
    return {
        "measurements": performance and model_facts.list_measurements(performance),
        "settings": settings and model_facts.list_variant_settings(settings),
    }


def _build_facts(model: LanguageModel) -> dict[str, Any]:
    prices = list_prices(model)
    price = pick_current_price(prices)
    fact_rows = build_fact_rows(model)
    return {
        "model": model,
        "fact_rows": fact_rows,
        "retired": is_retired(model),
        "retirement": describe_retirement(model, fact_rows),
        "successor": load_successors().get(model.slug) if model.successor else None,
        "scores": load_model_scores(model),
        "price": price,
        "terms": price and build_api_prices(price),
        "figures": model_facts.load_figures(model, price),
        "prices": [(listed, build_api_prices(listed)) for listed in prices],
    }


def _build_pool_context(contestant: Contestant, pool: str, viewer: Viewer) -> dict[str, Any]:
    """Return the contestant's placements by category, opponents, history, and feedback reasons in a pool.

    Raises RequestError 404 if the pool is unknown.
    """
    board_key = BoardKey(pool=pool)
    board = snapshot_cache.get_board(board_key)
    names = {row["model"]: row["name"] for row in board.rows}
    selection = board_selection.build_selection(board_key, board_key, board, viewer)
    opponents = [] if selection.credit else placements.list_opponents(board_key, contestant.slug)
    rows = [row for row in board.rows if row["model"] == contestant.slug]
    by_category = placements.list_category_placements(pool, contestant.slug)
    ranks = {place.row["rank"] for place in by_category}
    return {
        "pool": pool,
        "selection": selection,
        "lead": by_category[0] if by_category else None,
        "by_category": by_category,
        "rank_scale": _build_rank_scale(by_category),
        # The rank, if there are several categories and it is the same in all of them.
        "common_rank": by_category[0].row["rank"] if len(by_category) > 1 and len(ranks) == 1 else None,
        "standing": _build_standing(board.rows, rows),
        "neighbor": _find_neighbor(board.rows, contestant.slug, selection),
        "opponents": [
            opponent
            | _build_opponent_link(opponent["model"], names, contestant.slug, selection)
            | {"predicted_percents": [] if opponent["predicted"] is None else [100 * opponent["predicted"]]}
            for opponent in opponents
        ],
        "win_scale": WIN_SCALE,
        "direct_votes": sum(opponent["votes"] for opponent in opponents),
        "history": series_table.build_series_table(board_key, rows, until=board.board["computed_at"]),
        "reasons": feedback.load_feedback_profile(contestant, pool),
    }


def _build_rank_scale(by_category: Sequence[Placement]) -> Scale | None:
    """Return the axis for the model's ranks, starting at rank 1, or None if it has few or equal ranks."""
    known = [place.row["rank"] for place in by_category if place.row["rank"] is not None]
    if len(known) < MIN_RANKS or len({*known}) == 1:
        return None
    ends = [place.row[end] for place in by_category for end in ("rank", "rank_low", "rank_high")]
    ranks = [rank for rank in ends if rank is not None]
    return build_scale((1, max(FEWEST_RANKS, *ranks)), "ranks", margin=RANK_MARGIN)


def _build_standing(board_rows: Sequence[BoardRow], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return all ratings that are comparable with the model's, and their axis.

    Return None if no rating is comparable. `rows` has the model's row, or is empty if the model is not on the board.
    """
    ratings = [
        row["rating"]
        for row in board_rows
        if rows and not row["unbounded"] and row["component"] == rows[0]["component"]
    ]
    scale = build_scale([*ratings, *(row[end] for row in rows for end in ("ci_low", "ci_high"))], "standing")
    return {"scale": scale, "ratings": ratings} if ratings else None


def _find_neighbor(rows: Sequence[BoardRow], model: str, selection: BoardSelection) -> dict[str, str] | None:
    """Return the name of the model just above this one (below it, if it is the first), and their comparison's URL."""
    slugs = [row["model"] for row in rows]
    if model not in slugs or len(slugs) == 1:
        return None
    place = slugs.index(model)
    neighbor = rows[place - 1 if place else 1]
    return _build_opponent_link(neighbor["model"], {neighbor["model"]: neighbor["name"]}, model, selection)


def _build_opponent_link(
    opponent: str, names: Mapping[str, str], model: str, selection: BoardSelection
) -> dict[str, str]:
    """Return the opponent's name, and the URL of the two models' comparison on the leaderboard."""
    query = build_query_string([*selection.parameters.items(), ("pin", model), ("pin", opponent)])
    return {"name": names.get(opponent, opponent), "pair": f"{reverse('leaderboard')}{query}#compare"}
