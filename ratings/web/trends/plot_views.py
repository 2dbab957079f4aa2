"""The plots page: four plots of one board.

A script draws them from API data, and tables below have the same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from arena.identity.pool_access import STRANGER, Viewer, get_viewer
from core.http.errors import RequestError, field_error
from core.text.number_format import format_dollars
from ratings.boards import board_selection, descriptions, error_page, model_facts, snapshots
from ratings.boards.board_row import BoardRow
from ratings.boards.board_selection import BoardSelection
from ratings.boards.board_urls import build_board_url, build_query_string, build_short_url_redirect
from ratings.boards.differences import find_tiers
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BoardKey
from ratings.reports import frontier, series_table
from ratings.statistics.constants import MAIN_COMPONENT

TOP_CHOICES = {"10": 10, "20": 20, "50": 50, "all": None}
MAX_PAIRED_MODELS = 30  # number of rows and columns in a matrix
PLOT_PARAMETERS = ("top", "against")
MAX_SLANTED_PX = 124  # the space above a matrix for its slanted column names; longer names are cut off
MIN_MODELS = 2  # a plot compares at least two models

PRICE_FIELDS = {"price": "value", "input": "price_input", "output": "price_output"}

BoardRows = Sequence[BoardRow]
Text = str | Promise


# The texts of the plot for each axis. `dominated` is the reason why a model is not on the frontier, `missing` replaces
# the plot if there are too few models, and `unknown` is the reason why a model without a figure is omitted.
AXIS_TEXTS: dict[str, dict[str, Text]] = {
    frontier.PRICE: {
        "title": _("Best models for the price"),
        "origin": _("Prices are in US dollars per million tokens, blended 3:1 (input to output)."),
        "dominated": _("outperformed by a model that costs no more"),
        "label": _("Dollars per million tokens (logarithmic)"),
        "readout": _("{name}|{about}|{rating} · rank {rank}|{figure} per million tokens ({month})"),
        "missing": _("Fewer than two models on this board have a known price, so there is no plot."),
        "column": _("Price"),
        "unknown": _("Omitted (price unknown):"),
    },
    frontier.SPEED: {
        "title": _("Best models at each speed"),
        "origin": _("Speeds are measured in the battles on this site, over a 30-day window ending two days ago."),
        "dominated": _("outperformed by a model that is at least as fast"),
        "label": _("Tokens per second (logarithmic)"),
        "readout": _("{name}|{about}|{rating} · rank {rank}|{figure} tokens per second"),
        "missing": _("Fewer than two models on this board have a measured speed, so there is no plot."),
        "column": _("Tokens per second"),
        "unknown": _("Omitted (speed not measured):"),
    },
}
EXCLUSION_TEXTS = {
    "unconnected": _("Omitted (not connected to the others by a chain of votes):"),
    "unbounded": _("Omitted (interval with an open end):"),
    "unranked": _("Omitted (too few votes for a rank):"),
}


@dataclass(frozen=True, eq=False)
class PlotView:
    """The state of the page.

    requested_key: the key of the requested board (see `board_selection.select_board`).
    top: a key of `TOP_CHOICES`: how many of the best models to show.
    against: the axis that ratings are plotted against.
    """

    board_key: BoardKey
    requested_key: BoardKey
    published: PublishedBoard
    top: str = "20"
    against: str = frontier.PRICE


def parse_plot_view(parameters: Mapping[str, str], viewer: Viewer = STRANGER) -> PlotView:
    """Return the view from a request's parameters.

    Raises RequestError 400 if a parameter is invalid, and 404 if the board does not exist.
    """
    top = parameters.get("top") or PlotView.top
    if top not in TOP_CHOICES:
        raise field_error("top", "“top” must be 10, 20, 50, or all.")
    requested_key = snapshots.find_board_key(parameters, viewer)
    board_key, board = board_selection.select_board(requested_key, parameters)
    return PlotView(board_key, requested_key, board, top, parameters.get("against") or PlotView.against)


@require_safe
def show_plots(request: HttpRequest) -> HttpResponse:
    """Show all four plots. If a plot cannot be drawn, a sentence replaces it."""
    try:
        viewer = get_viewer(request)
        view = parse_plot_view(request.GET, viewer)
        plots = _build_context(view)
    except RequestError as error:
        return error_page.render_board_error(request, error)
    selection = board_selection.build_selection(view.requested_key, view.board_key, view.published, viewer)
    categories = model_facts.list_categories(selection.pool)
    context = plots | {
        "view": view,
        "board_key": view.board_key,
        "selection": selection,
        "compare_url": f"{reverse('leaderboard')}{build_query_string(selection.parameters | {'pin': 'MODEL'})}#compare",
        "against": {axis: _build_plot_query(selection, replace(view, against=axis)) for axis in frontier.AXES},
        "categories": categories,
        "description": descriptions.describe_board(view.board_key, categories),
        "tops": TOP_CHOICES,
    }
    redirect = build_short_url_redirect(request, lambda: _build_plot_query(selection, view))
    return redirect or render(request, "ratings/trends/plots.html", context)


def _build_plot_query(selection: BoardSelection, view: PlotView) -> str:
    parameters = dict(selection.parameters)
    for name in PLOT_PARAMETERS:
        if getattr(view, name) != getattr(PlotView, name):
            parameters[name] = getattr(view, name)
    return build_query_string(parameters)


def _build_context(view: PlotView) -> dict[str, Any]:
    board = view.published.board
    main_rows = [row for row in board["rows"] if row["component"] == MAIN_COMPONENT]
    rows = main_rows[: TOP_CHOICES[view.top]]
    computed_at = board["computed_at"]
    problem = "problem" if "problem" in board else find_plot_problem(main_rows)
    return {
        "board": board,
        "rows": rows,
        "problem": problem,
        "unconnected": len(board["rows"]) - len(main_rows),
        "models": ",".join(row["model"] for row in rows),
        "tiers": orjson.dumps(find_tiers(main_rows)).decode(),
        "board_json": build_board_url("leaderboard-json", view.board_key, at=computed_at),
        "pairs": None if problem or "reference" in board else _build_pair_table(view.board_key, rows),
        "history": series_table.build_series_table(view.board_key, rows, until=computed_at),
        **_build_frontier_context(view),
    }


def find_plot_problem(rows: BoardRows) -> str:
    """Return the reason why the rows of one component cannot be plotted (`empty`, `alone`, or `unbounded`), or ""."""
    if len(rows) < MIN_MODELS:
        return "alone" if rows else "empty"
    return "unbounded" if all(row["unbounded"] for row in rows) else ""


def _build_pair_table(board_key: BoardKey, rows: BoardRows) -> dict[str, Any] | None:
    """Return a table of the first `MAX_PAIRED_MODELS` rows, with each pair's predicted win rate and votes.

    Return None if no pairs are stored for the requested time.
    """
    from ratings.boards import pairwise  # loads scipy, which is slow to import

    names = {row["model"]: row["name"] for row in rows[:MAX_PAIRED_MODELS]}
    matrices = pairwise.build_matrices(board_key, [*names])
    if not matrices["models"]:
        return None
    figures = zip(matrices["models"], matrices["win_probability"], matrices["counts"], strict=True)
    lines = [
        {"model": model, "name": names[model], "cells": _format_cells(chances, counts)}
        for model, chances, counts in figures
    ]
    return {
        "computed_at": matrices["computed_at"],
        "lines": lines,
        "slanted_px": min(MAX_SLANTED_PX, 5 * max(map(len, names.values())) + 24),
        "columns": [names[model] for model in matrices["models"]],
        "names": orjson.dumps([*names.items()]).decode(),
        "json": build_board_url("leaderboard-pairwise", board_key, models=",".join(names)),
    }


def _format_cells(chances: Sequence[float | None], counts: Sequence[int]) -> list[tuple[str, str]]:
    rates = ["\N{EN DASH}" if chance is None else f"{100 * chance:.0f}%" for chance in chances]
    return [*zip(rates, (f"{count:,}" for count in counts), strict=True)]


def _build_frontier_context(view: PlotView) -> dict[str, Any]:
    report = frontier.build_frontier(view.board_key, view.against)
    measured = frontier.count_models_with_speed(view.published.board)
    axis = AXIS_TEXTS[view.against]
    left_out = sorted(report["left_out"], key=lambda model: str(model["reason"]))
    return {
        "axis": axis,
        "has_speeds": view.against == frontier.SPEED or measured >= MIN_MODELS,
        "frontier": [row | _format_prices(row) for row in report["rows"]],
        "weights": {row["open_weights"] for row in report["rows"]},
        "availability": {row["has_enabled_endpoint"] for row in report["rows"]},
        "frontier_json": build_board_url(
            "leaderboard-frontier", view.board_key, at=report["computed_at"], against=view.against
        ),
        "left_out": [
            {"reason": EXCLUSION_TEXTS.get(reason, axis["unknown"]), "names": [model["name"] for model in group]}
            for reason, group in groupby(left_out, key=lambda model: model["reason"])
        ],
    }


def _format_prices(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the prices of a row as text, or an empty dict if the rows have speeds."""
    if "source" not in row:
        return {}
    return {name: format_dollars(Decimal(f"{row[field]:.6g}")) for name, field in PRICE_FIELDS.items()}
