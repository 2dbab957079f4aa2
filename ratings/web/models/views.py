"""The page of one model: what is known of it, what the arena has measured, and where it stands on each board."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from arena.battles import feedback_stats, sharing
from arena.endpoints import profiles
from arena.endpoints.performance import load_performance
from arena.models import LIVE_POOL
from catalog.benchmarks.rankings import load_model_scores
from catalog.facts.labels import build_fact_rows, extract_link
from catalog.facts.prices import load_current_prices
from catalog.models import LanguageModel
from core.http.errors import RequestError, not_found_error
from core.text.number_format import format_count, format_dollars
from ratings.boards import board_selection, error_page, series_table, snapshot_cache
from ratings.boards.addresses import build_query_string
from ratings.boards.board_selection import BoardSelection
from ratings.boards.snapshots import BoardKey
from ratings.reports import placements


@require_safe
def show_model(request: HttpRequest, slug: str) -> HttpResponse:
    models = LanguageModel.objects.select_related("organization", "license", "base_model", "endpoint")
    model = models.filter(slug=slug).first() if slug.isprintable() else None  # anything else PostgreSQL would not take
    if model is None:
        return render(request, "404.html", {"detail": not_found_error("model", slug).detail}, status=404)
    places = placements.list_pool_placements(model.slug)
    standing = {"places": places, "rated_here": any(place.pool.slug == LIVE_POOL for place in places)}
    shown = {
        "model": model,
        **_build_facts(model),
        **_build_measurements(model),
        **standing,
        "variant": profiles.build_variant(model),
    }
    shown |= {
        "told": build_fact_rows(model),
        "scores": load_model_scores(model),
        "shared_battles": sharing.list_shared_battles(model.pk),
    }
    try:
        pool = request.GET.get("pool") or placements.choose_default_pool(places, request.GET)
        shown |= _build_pool_context(model, pool) if places or "pool" in request.GET else {}
    except RequestError as error:
        return error_page.render_board_error(request, error)
    return render(request, "ratings/model/model.html", shown)


def _build_facts(model: LanguageModel) -> dict[str, Any]:
    price = load_current_prices([model]).get(model.pk)
    return {
        "size": model.parameters_total and format_count(model.parameters_total),
        "active": model.parameters_active and format_count(model.parameters_active),
        "trained_on": model.training_tokens and format_count(model.training_tokens),
        "price": price
        and {
            "input": format_dollars(price.input),
            "output": format_dollars(price.output),
            "as_of": price.as_of,
            "source": price.source,
            "link": extract_link(price.source),
        },
    }


def _build_measurements(model: LanguageModel) -> dict[str, Any]:
    """Nothing in here changes with a battle that is open: see `arena.endpoints.performance`."""
    usual = load_performance([model.pk]).get(model.pk)
    rate = usual.failure_rate if usual else None
    return {"usual": usual, "failed_percent": None if rate is None else 100 * rate}


def _build_pool_context(model: LanguageModel, pool: str) -> dict[str, Any]:
    """By category, against its opponents and over time, and what was said of it. Raises Refusal 404."""
    asked = BoardKey(pool=pool)
    board = snapshot_cache.get_board(asked)
    names = {row["model"]: row["name"] for row in board.rows}
    whose = board_selection.build_selection(asked, asked, board)
    met = [] if whose.credit else placements.list_opponents(asked, model.slug)
    rows = [row for row in board.rows if row["model"] == model.slug]
    return {
        "pool": pool,
        "whose": whose,
        "by_category": placements.list_category_placements(pool, model.slug),
        "opponents": [each | _build_opponent_link(each["model"], names, model.slug, whose) for each in met],
        "opposed": sum(each["votes"] for each in met),
        "history": series_table.build_series_table(asked, rows, until=board.board["computed_at"]),
        "reasons": feedback_stats.load_feedback_profile(model.pk, pool),
    }


def _build_opponent_link(opponent: str, names: Mapping[str, str], own: str, whose: BoardSelection) -> dict[str, str]:
    """Its name, and the address of the two side by side on the board."""
    both = build_query_string([*whose.parameters.items(), ("pin", own), ("pin", opponent)])
    return {"name": names.get(opponent, opponent), "pair": f"{reverse('leaderboard')}{both}#compare"}
