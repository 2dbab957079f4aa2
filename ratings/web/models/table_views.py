"""The board of models by facts, benchmark scores and rating, in one table."""

from dataclasses import asdict, replace
from typing import Any

from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.models import LIVE_POOL
from catalog.benchmarks.table import BenchmarkColumn, BenchmarkTable, build_table
from catalog.benchmarks.table_view import FACT_SORTS, ScoreCell, TableEntry, TableView, parse_view, select_entries
from catalog.models import Benchmark
from core.http.errors import RequestError
from ratings.boards.addresses import build_query_string, redirect_to_short_url
from ratings.boards.snapshots import list_newest_snapshots, unpack_rows
from ratings.models import Pool

PAGE_SIZE = 50


@require_safe
def show_model_table(request: HttpRequest) -> HttpResponse:
    """Its whole state is in the address."""
    try:
        view = parse_view(request.GET)
        pool, ratings = _load_ratings()
        found = build_table(view.series, ratings)
        view, reordered = _resolve_order(view, found)
        entries, unknown = select_entries(found.entries, view)
        page = Paginator(entries, PAGE_SIZE).page(request.GET.get("page", "1"))
    except ValueError as error:
        refused = RequestError("invalid", str(error), 400)
        return render(request, "ratings/boards/board_error.html", {"error": refused}, status=400)
    except LookupError:
        return render(request, "404.html", {"detail": _("There is no such series of scores.")}, status=404)
    except InvalidPage:
        return render(request, "404.html", {"detail": _("The list has no such page.")}, status=404)
    if short := redirect_to_short_url(request, lambda: _build_table_query(parse_view(request.GET))):
        return short
    columns = _drop_empty_columns(found.columns, entries)
    context: dict[str, Any] = {"view": view, "pool": pool, "table": found, "unknown": unknown, "reordered": reordered}
    context |= {"page": page, "asked": _drop_page(request.GET)}
    context |= {"columns": columns, "rows": [_build_row(entry, columns, view) for entry in page]}
    context["marks"] = _collect_marks([cell for entry in page for cell in entry.cells.values()])
    return render(
        request,
        "ratings/model/model_table.html",
        context | _list_filter_choices(found) | {"said": _describe_filters(view)},
    )


def _build_table_query(view: TableView) -> str:
    """What differs from the usual table."""
    usual = asdict(TableView())
    given = {name: value for name, value in asdict(view).items() if value != usual[name]}
    return build_query_string(
        {name: f"{value:g}" if isinstance(value, float) else value for name, value in given.items()}
    )


def _drop_empty_columns(columns: list[BenchmarkColumn], entries: list[TableEntry]) -> list[BenchmarkColumn]:
    """Those in which one of these has a score."""
    keys = set().union(*(entry.cells for entry in entries))
    return [column for column in columns if column.key in keys]


def _collect_marks(cells: list[ScoreCell]) -> dict[str, bool]:
    """Which signs the page has to explain."""
    return {name: any(getattr(cell, name) for cell in cells) for name in ("self_reported", "submitted")}


def _drop_page(asked: QueryDict) -> str:
    kept = asked.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _load_ratings() -> tuple[Pool | None, dict[str, float]]:
    """Of the live board if there is one, else of the largest."""
    boards = [(each.votes or 0, each) for each in list_newest_snapshots()]
    boards.sort(key=lambda board: (board[1].board.pool.slug == LIVE_POOL and board[0] > 0, board[0]))
    if not boards:
        return None, {}
    best = boards[-1][1]
    return best.board.pool, {row["model"]: row["rating"] for row in unpack_rows(best.rows)}


def _resolve_order(view: TableView, found: BenchmarkTable) -> tuple[TableView, bool]:
    """By rating, and True, where the scores asked for cannot be put in order: not in this series, or not in one."""
    if view.sort in FACT_SORTS or (view.series and view.sort in {column.key for column in found.columns}):
        return view, False
    if not Benchmark.objects.filter(slug=view.sort.partition("~")[0]).exists():
        raise ValueError(f"sort must be one of {', '.join(FACT_SORTS)} or a benchmark.")
    return replace(view, sort="rating", order=""), True


def _build_row(entry: TableEntry, columns: list[BenchmarkColumn], view: TableView) -> dict[str, Any]:
    cells = [entry.cells.get(column.key) for column in columns]
    values = [cell and (cell.normalized if view.scale == "normalized" else cell.value) for cell in cells]
    return {"entry": entry, "cells": list(zip(cells, values, strict=True))}


def _describe_filters(view: TableView) -> str:
    """What the filters let through, in words."""
    weights = {"open": _("open weights"), "closed": _("closed"), "any": _("any weights")}[view.weights]
    sizes = [f"≥ {view.size_from:g} B" if view.size_from else "", f"≤ {view.size_to:g} B" if view.size_to else ""]
    said = [weights, view.kind, view.organization, view.license, view.precision, *sizes]
    return " · ".join(filter(None, said))


def _list_filter_choices(found: BenchmarkTable) -> dict[str, list[str]]:
    """What the filters can be set to."""
    fields = {"organizations": "organization", "licenses": "license", "precisions": "precision"}
    return {
        name: sorted({getattr(entry, field) for entry in found.entries} - {""}, key=str.lower)
        for name, field in fields.items()
    }
