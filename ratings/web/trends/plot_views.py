"""The page of plots: four views of one board, each a drawing of what the API says, above a table with its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.facts.labels import extract_link, shorten_source
from core.http.errors import RequestError, field_error
from core.text.number_format import format_dollars
from ratings.boards import board_selection, descriptions, error_page, model_facts, series_table, snapshots
from ratings.boards.addresses import build_board_url, build_query_string, redirect_to_short_url
from ratings.boards.board_selection import BoardSelection
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BoardKey
from ratings.reports import frontier

TOP_CHOICES = {"10": 10, "20": 20, "50": 50, "all": None}
MAX_PAIRED_MODELS = 30  # models of a matrix, which has as many columns
PLOT_PARAMETERS = ("top", "against")
MIN_MODELS = 2  # with fewer models there is nothing to compare

BoardRows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class PlotView:
    """What somebody sees: which board, how many of its best models, and what their ratings stand against.

    wanted: the board that was asked for, see `board_selection.select_board`.
    """

    asked: BoardKey
    wanted: BoardKey
    published: PublishedBoard
    top: str = "20"
    against: str = frontier.PRICE


def parse_plot_view(parameters: Mapping[str, str]) -> PlotView:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    top = parameters.get("top") or PlotView.top
    if top not in TOP_CHOICES:
        raise field_error("top", "top is 10, 20, 50 or all.")
    wanted = snapshots.parse_board_key(parameters)
    asked, board = board_selection.select_board(wanted, parameters)
    return PlotView(asked, wanted, board, top, parameters.get("against") or PlotView.against)


@require_safe
def show_plots(request: HttpRequest) -> HttpResponse:
    """All four of the board that is asked for; what cannot be drawn says so in words."""
    try:
        view = parse_plot_view(request.GET)
        shown = _build_context(view)
    except RequestError as error:
        return error_page.render_board_error(request, error)
    whose = board_selection.build_selection(view.wanted, view.asked, view.published)
    categories = model_facts.list_categories(whose.pool)
    choices = {
        "view": view,
        "asked": view.asked,
        "whose": whose,
        "against": {what: _build_plot_query(whose, replace(view, against=what)) for what in frontier.AXES},
        "categories": categories,
        "said": descriptions.describe_board(view.asked, categories),
        "tops": TOP_CHOICES,
    }
    return redirect_to_short_url(request, lambda: _build_plot_query(whose, view)) or render(
        request, "ratings/trends/plots.html", shown | choices
    )


def _build_plot_query(whose: BoardSelection, view: PlotView) -> str:
    own = {name: getattr(view, name) for name in PLOT_PARAMETERS if getattr(view, name) != getattr(PlotView, name)}
    return build_query_string(whose.parameters | own)


def _build_context(view: PlotView) -> dict[str, Any]:
    board = view.published.board
    main = [row for row in board["rows"] if row["component"] == 0]
    rows, at = main[: TOP_CHOICES[view.top]], board["computed_at"]
    why = "problem" if "problem" in board else find_plot_problem(main)
    return {
        "board": board,
        "rows": rows,
        "why": why,
        "unbounded": any(row["unbounded"] for row in rows),
        "unconnected": len(board["rows"]) - len(main),
        "models": ",".join(row["model"] for row in rows),
        "board_json": build_board_url("leaderboard-json", view.asked, at=at),
        "pairs": None if why or "reference" in board else _build_pair_table(view.asked, rows),
        "history": series_table.build_series_table(view.asked, rows, until=at),
        **_build_frontier_context(view),
    }


def find_plot_problem(rows: BoardRows) -> str:
    """`empty`, `alone` or `unbounded`: why these rows of one group make no picture; else an empty string."""
    if len(rows) < MIN_MODELS:
        return "alone" if rows else "empty"
    return "unbounded" if all(row["unbounded"] for row in rows) else ""


def _build_pair_table(asked: BoardKey, rows: BoardRows) -> dict[str, Any] | None:
    """A table of the first of these rows: for each model its predicted win rate, and its votes, against each other.

    None where no pairs were kept at the time that is asked for.
    """
    from ratings.boards import pairwise  # scipy is slow to load

    names = {row["model"]: row["name"] for row in rows[:MAX_PAIRED_MODELS]}
    found = pairwise.build_matrices(asked, [*names])
    if not found["models"]:
        return None
    figures = zip(found["models"], found["win_probability"], found["counts"], strict=True)
    lines = [
        {"place": place, "model": model, "name": names[model], "cells": _format_cells(chances, counts)}
        for place, (model, chances, counts) in enumerate(figures)
    ]
    return {
        "computed_at": found["computed_at"],
        "lines": lines,
        "columns": [names[model] for model in found["models"]],
        "names": orjson.dumps([*names.items()]).decode(),
        "json": build_board_url("leaderboard-pairwise", asked, models=",".join(names)),
    }


def _format_cells(chances: Sequence[float | None], counts: Sequence[int]) -> list[tuple[str, str]]:
    rates = ["\N{EN DASH}" if chance is None else f"{100 * chance:.0f} %" for chance in chances]
    return [*zip(rates, (f"{count:,}" for count in counts), strict=True)]


def _build_frontier_context(view: PlotView) -> dict[str, Any]:
    found = frontier.build_frontier(view.asked, view.against)
    left_out = sorted(found["left_out"], key=lambda each: str(each["reason"]))
    return {
        "frontier": [row | _format_prices(row) for row in found["rows"]],
        "frontier_json": build_board_url(
            "leaderboard-frontier", view.asked, at=found["computed_at"], against=view.against
        ),
        "left_out": [
            {"reason": reason, "names": [each["name"] for each in group]}
            for reason, group in groupby(left_out, key=lambda each: each["reason"])
        ],
    }


def _format_prices(row: Mapping[str, Any]) -> dict[str, str]:
    """In words what the row has of prices, if it has any."""
    if "source" not in row:
        return {}
    names = {"value": "shown", "price_input": "input", "price_output": "output"}
    amounts = {shown: format_dollars(Decimal(f"{row[name]:.6g}")) for name, shown in names.items()}
    return amounts | {"link": extract_link(row["source"]), "brief": shorten_source(row["source"])}
