"""The page of one model: what is known of it, what the arena has measured, and where it stands on each board."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from arena.battles import feedback_stats, sharing
from arena.endpoints import profiles
from arena.endpoints.performance import typical
from arena.models import LIVE
from catalog.benchmarks.rankings import of_model
from catalog.facts.labels import link, told
from catalog.facts.prices import newest_prices
from catalog.models import LanguageModel
from core.http.errors import Refusal, unknown
from core.text.number_format import count, dollars
from ratings.boards import board_selection, error_page, series_table, snapshot_cache
from ratings.boards.addresses import spelled
from ratings.boards.board_selection import Whose
from ratings.boards.snapshots import Asked
from ratings.reports import placements


@require_safe
def model_page(request: HttpRequest, slug: str) -> HttpResponse:
    models = LanguageModel.objects.select_related("organization", "license", "base_model", "endpoint")
    model = models.filter(slug=slug).first() if slug.isprintable() else None  # anything else PostgreSQL would not take
    if model is None:
        return render(request, "404.html", {"detail": unknown("model", slug).detail}, status=404)
    places = placements.in_pools(model.slug)
    standing = {"places": places, "rated_here": any(place.pool.slug == LIVE for place in places)}
    shown = {"model": model, **_facts(model), **_measured(model), **standing, "variant": profiles.variant(model)}
    shown |= {"told": told(model), "scores": of_model(model), "shared_battles": sharing.of_model(model.pk)}
    try:
        pool = request.GET.get("pool") or placements.usual_pool(places, request.GET)
        shown |= _in_pool(model, pool) if places or "pool" in request.GET else {}
    except Refusal as error:
        return error_page.page(request, error)
    return render(request, "ratings/model/model.html", shown)


def _facts(model: LanguageModel) -> dict[str, Any]:
    price = newest_prices([model]).get(model.pk)
    return {
        "size": model.parameters_total and count(model.parameters_total),
        "active": model.parameters_active and count(model.parameters_active),
        "trained_on": model.training_tokens and count(model.training_tokens),
        "price": price
        and {
            "input": dollars(price.input),
            "output": dollars(price.output),
            "as_of": price.as_of,
            "source": price.source,
            "link": link(price.source),
        },
    }


def _measured(model: LanguageModel) -> dict[str, Any]:
    """Nothing in here changes with a battle that is open: see `arena.endpoints.performance`."""
    usual = typical([model.pk]).get(model.pk)
    rate = usual.failure_rate if usual else None
    return {"usual": usual, "failed_percent": None if rate is None else 100 * rate}


def _in_pool(model: LanguageModel, pool: str) -> dict[str, Any]:
    """By category, against its opponents and over time, and what was said of it. Raises Refusal 404."""
    asked = Asked(pool=pool)
    board = snapshot_cache.board(asked)
    names = {row["model"]: row["name"] for row in board.rows}
    whose = board_selection.of(asked, asked, board)
    met = [] if whose.credit else placements.opponents(asked, model.slug)
    rows = [row for row in board.rows if row["model"] == model.slug]
    return {
        "pool": pool,
        "whose": whose,
        "by_category": placements.by_category(pool, model.slug),
        "opponents": [each | _linked(each["model"], names, model.slug, whose) for each in met],
        "opposed": sum(each["votes"] for each in met),
        "history": series_table.shown(asked, rows, until=board.board["computed_at"]),
        "reasons": feedback_stats.profile(model.pk, pool),
    }


def _linked(opponent: str, names: Mapping[str, str], own: str, whose: Whose) -> dict[str, str]:
    """Its name, and the address of the two side by side on the board."""
    both = spelled([*whose.parameters.items(), ("pin", own), ("pin", opponent)])
    return {"name": names.get(opponent, opponent), "pair": f"{reverse('leaderboard')}{both}#compare"}
