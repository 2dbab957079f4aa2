"""The table of all models with facts, ratings, and benchmark scores."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.models import LIVE_POOL
from catalog.benchmarks.table import BenchmarkColumn, BenchmarkTable, build_table
from catalog.benchmarks.table_view import FACT_SORTS, TableEntry, TablePrice, TableView, parse_view, select_entries
from catalog.calculators.cost_model import blend_price
from catalog.facts.prices import load_current_prices
from catalog.models import Benchmark, LanguageModel
from core.http.errors import RequestError
from ratings.boards.board_selection import has_enough_ranks
from ratings.boards.board_urls import build_query_string, build_short_url_redirect
from ratings.boards.snapshots import list_newest_snapshots, unpack_rows
from ratings.models import Pool, Snapshot
from ratings.reports.coverage import load_coverage

PAGE_SIZE = 50


@require_safe
def show_model_table(request: HttpRequest) -> HttpResponse:
    """Show the table. Its whole state is in the URL."""
    try:
        view = parse_view(request.GET)
        board = _load_rated_board()
        ratings = {row["model"]: row["rating"] for row in unpack_rows(board.rows)} if board else {}
        table = build_table(view.series, ratings, _load_prices())
        view, is_reordered = _resolve_order(view, table)
        entries, unknown = select_entries(table.entries, view)
        if view.series and view.sort == "rating" and not any(entry.rating for entry in entries):
            view = _sort_by_fullest_column(view, entries)
            entries, unknown = select_entries(table.entries, view)
        page = Paginator(entries, PAGE_SIZE).page(request.GET.get("page", "1"))
    except ValueError as error:
        request_error = RequestError("invalid", str(error), 400)
        return render(request, "ratings/boards/board_error.html", {"error": request_error}, status=400)
    except LookupError:
        return render(request, "404.html", {"detail": _("This series of scores does not exist.")}, status=404)
    except InvalidPage:
        return render(request, "404.html", {"detail": _("There is no such page in this list.")}, status=404)
    if redirect := build_short_url_redirect(request, lambda: _build_table_query(parse_view(request.GET))):
        return redirect
    columns = _drop_empty_columns(table.columns, entries)
    context = {
        "view": view,
        "board": board,
        "table": table,
        "unknown": unknown,
        "failing": len(table.entries) - len(entries) - unknown,
        "is_reordered": is_reordered,
        "page": page,
        "list_query": _drop_page(request.GET),
        "columns": columns,
        "rows": [_build_row(entry, columns, view) for entry in page],
        "marks": _collect_marks([*page]),
        "description": _describe_filters(view),
        "coverage": load_coverage(),
        **_list_filter_choices(table),
    }
    return render(request, "ratings/model/model_table.html", context)


def _build_table_query(view: TableView) -> str:
    """Return the query string for a view, excluding default values."""
    defaults = asdict(TableView())
    changes = {name: value for name, value in asdict(view).items() if value != defaults[name]}
    return build_query_string(
        {name: f"{value:g}" if isinstance(value, float) else value for name, value in changes.items()}
    )


def _drop_empty_columns(columns: list[BenchmarkColumn], entries: list[TableEntry]) -> list[BenchmarkColumn]:
    """Return the columns in which at least one entry has a score."""
    keys = set().union(*(entry.cells for entry in entries))
    return [column for column in columns if column.key in keys]


def _collect_marks(entries: Sequence[TableEntry]) -> dict[str, bool]:
    """Return the marks that occur in these entries, so that the page explains only these marks."""
    cells = [cell for entry in entries for cell in entry.cells.values()]
    marks = {name: any(getattr(cell, name) for cell in cells) for name in ("self_reported", "submitted")}
    return marks | {"by_hand": any(entry.by_hand or (entry.price and entry.price.by_hand) for entry in entries)}


def _drop_page(query: QueryDict) -> str:
    parameters = query.copy()
    parameters.pop("page", None)
    return parameters.urlencode()


def _load_rated_board() -> Snapshot | None:
    """Return the board for the ratings: the live one if it ranks enough models, else the reference board, else the one
    with the most votes.
    """
    # If two boards have the same priority, the newer pool is used.
    return max(reversed(list_newest_snapshots()), key=_get_priority, default=None)


def _load_prices() -> dict[int, TablePrice]:
    """Return the current price of each model by its key, blended 3:1 (input to output)."""
    prices = load_current_prices(LanguageModel.objects.all())
    return {key: TablePrice(blend_price(price.input, price.output), price.by_hand) for key, price in prices.items()}


def _get_priority(snapshot: Snapshot) -> tuple[int, int]:
    pool, votes = snapshot.board.pool, snapshot.votes or 0
    if pool.slug == LIVE_POOL:
        return 3 if has_enough_ranks(unpack_rows(snapshot.rows)) else 0, votes
    return 2 if pool.kind == Pool.Kind.REFERENCE else 1, votes


def _resolve_order(view: TableView, table: BenchmarkTable) -> tuple[TableView, bool]:
    """Return the view, sorted by rating if it cannot be sorted by the requested score, and whether the order was
    replaced.

    Scores can be sorted only if a series is selected and has the score.
    """
    if view.sort in FACT_SORTS or (view.series and view.sort in {column.key for column in table.columns}):
        return view, False
    if not Benchmark.objects.filter(slug=view.sort.partition("~")[0]).exists():
        raise ValueError(f"“sort” must be a benchmark slug or one of: {', '.join(FACT_SORTS)}.")
    return replace(view, sort="rating", order=""), True


def _sort_by_fullest_column(view: TableView, entries: Sequence[TableEntry]) -> TableView:
    """Return the view, sorted by the column with the most scores. It is unchanged if there are no scores."""
    counts = Counter(key for entry in entries for key in entry.cells)
    # If two columns have the same number of scores, the first one by key is used.
    fullest = min(counts, key=lambda key: (-counts[key], key), default=view.sort)
    return replace(view, sort=fullest, order="")


def _build_row(entry: TableEntry, columns: list[BenchmarkColumn], view: TableView) -> dict[str, Any]:
    cells = [entry.cells.get(column.key) for column in columns]
    values = [cell and (cell.normalized if view.scale == "normalized" else cell.value) for cell in cells]
    return {"entry": entry, "cells": list(zip(cells, values, strict=True))}


def _describe_filters(view: TableView) -> str:
    """Return a short description of the active filters."""
    search = f"“{view.q}”" if view.q else ""
    weights = {"open": _("open weights"), "closed": _("closed"), "any": ""}[view.weights]
    size_from = f"≥ {view.size_from:g}B" if view.size_from else ""
    size_to = f"≤ {view.size_to:g}B" if view.size_to else ""
    descriptions = [search, weights, view.kind, view.organization, view.license, view.precision, size_from, size_to]
    return " · ".join(filter(None, descriptions)) or _("all models")


def _list_filter_choices(table: BenchmarkTable) -> dict[str, list[str]]:
    """Return the possible values of each filter."""
    fields = {"organizations": "organization", "licenses": "license", "precisions": "precision"}
    return {
        name: sorted({getattr(entry, field) for entry in table.entries} - {""}, key=str.lower)
        for name, field in fields.items()
    }
