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

from catalog.facts.labels import brief, link
from core.http.errors import Refusal, bad
from core.text.number_format import dollars
from ratings.boards import board_selection, descriptions, error_page, model_facts, series_table, snapshots
from ratings.boards.addresses import shorter, source, spelled
from ratings.boards.board_selection import Whose
from ratings.boards.snapshot_cache import Published
from ratings.boards.snapshots import Asked
from ratings.reports import frontier

TOPS = {"10": 10, "20": 20, "50": 50, "all": None}
MOST_PAIRED = 30  # models of a matrix, which has as many columns
OWN = ("top", "against")
FEWEST = 2  # with fewer models there is nothing to compare

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class View:
    """What somebody sees: which board, how many of its best models, and what their ratings stand against.

    wanted: the board that was asked for, see `board_selection.found`.
    """

    asked: Asked
    wanted: Asked
    published: Published
    top: str = "20"
    against: str = frontier.PRICE


def viewed(parameters: Mapping[str, str]) -> View:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    top = parameters.get("top") or View.top
    if top not in TOPS:
        raise bad("top", "top is 10, 20, 50 or all.")
    wanted = snapshots.asked(parameters)
    asked, board = board_selection.found(wanted, parameters)
    return View(asked, wanted, board, top, parameters.get("against") or View.against)


@require_safe
def plots(request: HttpRequest) -> HttpResponse:
    """All four of the board that is asked for; what cannot be drawn says so in words."""
    try:
        view = viewed(request.GET)
        shown = _shown(view)
    except Refusal as error:
        return error_page.page(request, error)
    whose = board_selection.of(view.wanted, view.asked, view.published)
    categories = model_facts.categories(whose.pool)
    choices = {
        "view": view,
        "asked": view.asked,
        "whose": whose,
        "against": {what: _query(whose, replace(view, against=what)) for what in frontier.AGAINST},
        "categories": categories,
        "said": descriptions.of_category(view.asked, categories),
        "tops": TOPS,
    }
    return shorter(request, lambda: _query(whose, view)) or render(
        request, "ratings/trends/plots.html", shown | choices
    )


def _query(whose: Whose, view: View) -> str:
    own = {name: getattr(view, name) for name in OWN if getattr(view, name) != getattr(View, name)}
    return spelled(whose.parameters | own)


def _shown(view: View) -> dict[str, Any]:
    board = view.published.board
    main = [row for row in board["rows"] if row["component"] == 0]
    rows, at = main[: TOPS[view.top]], board["computed_at"]
    why = "problem" if "problem" in board else nothing_to_draw(main)
    return {
        "board": board,
        "rows": rows,
        "why": why,
        "unbounded": any(row["unbounded"] for row in rows),
        "unconnected": len(board["rows"]) - len(main),
        "models": ",".join(row["model"] for row in rows),
        "board_json": source("leaderboard-json", view.asked, at=at),
        "pairs": None if why or "reference" in board else _pairs(view.asked, rows),
        "history": series_table.shown(view.asked, rows, until=at),
        **_frontier(view),
    }


def nothing_to_draw(rows: Rows) -> str:
    """`empty`, `alone` or `unbounded`: why these rows of one group make no picture; else an empty string."""
    if len(rows) < FEWEST:
        return "alone" if rows else "empty"
    return "unbounded" if all(row["unbounded"] for row in rows) else ""


def _pairs(asked: Asked, rows: Rows) -> dict[str, Any] | None:
    """A table of the first of these rows: for each model its predicted win rate, and its votes, against each other.

    None where no pairs were kept at the time that is asked for.
    """
    from ratings.boards import pairwise  # scipy is slow to load

    names = {row["model"]: row["name"] for row in rows[:MOST_PAIRED]}
    found = pairwise.matrices(asked, [*names])
    if not found["models"]:
        return None
    figures = zip(found["models"], found["win_probability"], found["counts"], strict=True)
    lines = [
        {"place": place, "model": model, "name": names[model], "cells": _cells(chances, counts)}
        for place, (model, chances, counts) in enumerate(figures)
    ]
    return {
        "computed_at": found["computed_at"],
        "lines": lines,
        "columns": [names[model] for model in found["models"]],
        "names": orjson.dumps([*names.items()]).decode(),
        "json": source("leaderboard-pairwise", asked, models=",".join(names)),
    }


def _cells(chances: Sequence[float | None], counts: Sequence[int]) -> list[tuple[str, str]]:
    rates = ["\N{EN DASH}" if chance is None else f"{100 * chance:.0f} %" for chance in chances]
    return [*zip(rates, (f"{count:,}" for count in counts), strict=True)]


def _frontier(view: View) -> dict[str, Any]:
    found = frontier.against(view.asked, view.against)
    left_out = sorted(found["left_out"], key=lambda each: str(each["reason"]))
    return {
        "frontier": [row | _priced(row) for row in found["rows"]],
        "frontier_json": source("leaderboard-frontier", view.asked, at=found["computed_at"], against=view.against),
        "left_out": [
            {"reason": reason, "names": [each["name"] for each in group]}
            for reason, group in groupby(left_out, key=lambda each: each["reason"])
        ],
    }


def _priced(row: Mapping[str, Any]) -> dict[str, str]:
    """In words what the row has of prices, if it has any."""
    if "source" not in row:
        return {}
    names = {"value": "shown", "price_input": "input", "price_output": "output"}
    amounts = {shown: dollars(Decimal(f"{row[name]:.6g}")) for name, shown in names.items()}
    return amounts | {"link": link(row["source"]), "brief": brief(row["source"])}
