"""The table of all models with facts, ratings, and benchmark scores."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from arena.models import LIVE_SLUG, Pool
from catalog.benchmarks.table import BenchmarkColumn, BenchmarkTable, build_table
from catalog.benchmarks.table_view import (
    CHOICES,
    FACT_SORTS,
    ScoreCell,
    TableEntry,
    TablePrice,
    TableView,
    parse_view,
    select_entries,
)
from catalog.calculators.cost_model import blend_price
from catalog.facts.prices import query_current_prices
from catalog.models import Benchmark
from core.http.errors import RequestError
from core.storage.ttl_cache import TtlCache
from core.templatetags.strips import build_scale
from ratings.boards.board_selection import has_enough_ranks
from ratings.boards.board_urls import build_query_string, build_short_url_redirect
from ratings.boards.differences import find_tiers
from ratings.boards.snapshots import list_newest_snapshots, unpack_rows
from ratings.models import Snapshot
from ratings.reports.coverage import CoverageReport, load_coverage

PAGE_SIZE = 50
COVERAGE_CACHE_S = 10.0
coverage_cache: TtlCache[CoverageReport | None] = TtlCache(1, COVERAGE_CACHE_S)
DEFAULT_COLUMNS = 6
MIN_DEFAULT_SHARE = 0.2  # of the rows on a page; emptier columns are shown only on request
MIN_SIZE_SHARE = 0.5  # of the rows on a page; if fewer have a size, the release date is shown instead
FIRST_ROWS = 12  # on the first screen
FACT_COLUMNS = ("rating", "price", "context", "size", "released")
FACT_LABELS = {
    "rating": gettext_lazy("Rating"),
    "price": gettext_lazy("Price"),
    "context": gettext_lazy("Context"),
    "size": gettext_lazy("Size"),
    "name": gettext_lazy("Name"),
    "released": gettext_lazy("Release date"),
}
NO_FILTER = ("", "any")
FILTER_LABELS = {
    "weights": gettext_lazy("Weights"),
    "kind": gettext_lazy("Kind"),
    "commercial": gettext_lazy("Commercial use"),
    "organization": gettext_lazy("Maker"),
    "license": gettext_lazy("License"),
    "precision": gettext_lazy("Precision"),
}
CHOICE_LABELS = {
    "open": gettext_lazy("open"),
    "closed": gettext_lazy("closed"),
    "base": gettext_lazy("base"),
    "chat": gettext_lazy("chat"),
    "fine-tuned": gettext_lazy("fine-tuned"),
    "merge": gettext_lazy("merge"),
    "yes": gettext_lazy("yes"),
    "conditional": gettext_lazy("conditional"),
    "no": gettext_lazy("no"),
}
Ranges = Mapping[str, tuple[float, float]]


class TableCell(NamedTuple):
    """A score in the column `key`, with the number to show and its shade from 0 to 4.

    Without a score, all but `key` are None.
    """

    key: str
    score: ScoreCell | None = None
    value: float | None = None
    shade: int | None = None


class TableFilter(NamedTuple):
    """A filter: its current value, the value `any` that turns it off, and its other values with their labels."""

    name: str
    label: Any
    value: str
    any: str
    choices: list[tuple[str, Any]]


@dataclass(frozen=True)
class ColumnChoice:
    """A column with scores, the number of listed models that have a score in it, and whether it is visible."""

    column: BenchmarkColumn
    models: int
    is_visible: bool


def _render_error(request: HttpRequest, message: str) -> HttpResponse:
    """Return the error page, or only its message if htmx refreshes the table, because a number may be half typed."""
    if request.headers.get("HX-Request"):
        return HttpResponse(format_html('<div id="models"><p class="notice" role="status">{}</p></div>', message))
    error = RequestError("invalid", message, 400)
    return render(request, "ratings/boards/board_error.html", {"error": error}, status=400)


@require_safe
def show_model_table(request: HttpRequest) -> HttpResponse:
    """Show the table. The URL contains all of its state."""
    try:
        requested = parse_view(request.GET, request.GET.getlist("column"))
        snapshots = list_newest_snapshots()
        board = _find_rated_board(snapshots)
        board_rows = {row["model"]: row for row in unpack_rows(board.rows)} if board else {}
        ratings = {slug: row["rating"] for slug, row in board_rows.items()}
        prices = query_current_prices().values_list("model_id", "input", "output", "by_hand")
        blended = {key: TablePrice(blend_price(input_, output), by_hand) for key, input_, output, by_hand in prices}
        table = build_table(requested.series, ratings, blended)
        view, is_reordered = _resolve_order(requested, table)
        entries, unknown = select_entries(table.entries, view)
        if view.series and view.sort == "rating" and not any(entry.rating for entry in entries):
            view = _sort_by_fullest_column(view, entries)
            entries, unknown = select_entries(table.entries, view)
        if is_reordered:
            entries.sort(key=lambda entry: requested.sort not in entry.cells)
        page = Paginator(entries, PAGE_SIZE).page(request.GET.get("page", "1"))
    except ValueError as error:
        return _render_error(request, str(error))
    except LookupError:
        return render(request, "404.html", {"detail": _("This series of scores does not exist.")}, status=404)
    except InvalidPage:
        detail = _("This page of the list does not exist. Go to the first page.")
        return render(request, "404.html", {"detail": detail}, status=404)
    if redirect := build_short_url_redirect(request, lambda: _build_table_query(requested)):
        return redirect
    choices = _list_column_choices(table.columns, entries, [*page], requested if is_reordered else view)
    columns = [choice.column for choice in choices if choice.is_visible]
    ranges = _find_ranges(columns, entries) if view.series else {}
    last_fact = _choose_last_fact([*page], view)
    page_rows = [board_rows[entry.slug] for entry in page if entry.slug in board_rows]
    list_query = request.GET.copy()
    list_query.pop("page", None)
    context = {
        "view": view,
        "board": board,
        "table": table,
        "unknown": unknown,
        "filtered_out": len(table.entries) - len(entries) - unknown,
        "is_reordered": is_reordered,
        "page": page,
        "list_query": list_query.urlencode(),
        "choices": choices,
        "columns": columns,
        "main_column": _get_main_column(requested if is_reordered else view, columns),
        "last_fact": last_fact,
        "last_label": FACT_LABELS.get(last_fact),
        "fact_sorts": FACT_LABELS.items(),
        "scale": build_scale(end for row in page_rows for end in (row["rating"], row["ci_low"], row["ci_high"])),
        "rows": [
            {
                "entry": entry,
                "rated": board_rows.get(entry.slug),
                "cells": [
                    _build_cell(column.key, entry.cells.get(column.key), view.scale, ranges.get(column.key))
                    for column in columns
                ],
            }
            for entry in page
        ],
        "first_tier": {slug for slug, tier in find_tiers(board_rows.values()).items() if tier == 1},
        "marks": _collect_marks([*page]),
        "coverage": coverage_cache.get_or_compute(None, lambda: load_coverage(snapshots)),
        "filter_fields": _list_filter_fields(table, view),
    }
    response = render(request, "ratings/model/model_table.html", context)
    response["HX-Replace-Url"] = request.path + _build_table_query(requested)
    return response


def _build_table_query(view: TableView) -> str:
    """Return the query string for a view, excluding default values."""
    defaults = asdict(TableView())
    changes = {name: value for name, value in asdict(view).items() if value != defaults[name]}
    return build_query_string(
        {name: f"{value:g}" if isinstance(value, float) else value for name, value in changes.items()}
    )


def _list_column_choices(
    columns: Sequence[BenchmarkColumn], entries: Sequence[TableEntry], page: Sequence[TableEntry], view: TableView
) -> list[ColumnChoice]:
    """Return the columns in which at least one entry has a score.

    The columns that the view selects are visible. If it selects none, these are the columns with the most scores on
    this page, except nearly empty ones. The column to sort by is always visible.
    """
    counts = Counter(key for entry in entries for key in entry.cells)
    page_counts = Counter(key for entry in page for key in entry.cells)
    well_filled = (key for key in page_counts if page_counts[key] >= MIN_DEFAULT_SHARE * len(page))
    fullest = sorted(well_filled, key=lambda key: (-page_counts[key], key))[:DEFAULT_COLUMNS]
    chosen = [key for key in view.column if key in counts]
    visible = {*(chosen or fullest), view.sort}
    return [ColumnChoice(column, counts[column.key], column.key in visible) for column in columns if counts[column.key]]


def _choose_last_fact(page: Sequence[TableEntry], view: TableView) -> str:
    """Return the key of the last column of facts: the size if it is known for enough rows, or else the release date.

    Return "" if no release date is known for the first rows, because the first screen would show an empty column.
    """
    if view.sort in ("size", "released"):
        return view.sort
    known = sum(entry.size is not None for entry in page)
    if known >= MIN_SIZE_SHARE * len(page):
        return "size"
    return "released" if any(entry.released for entry in page[:FIRST_ROWS]) else ""


def _get_main_column(view: TableView, columns: Sequence[BenchmarkColumn]) -> str:
    """Return the key of the column that narrow screens show: the one to sort by, or else the rating."""
    return view.sort if view.sort in {*FACT_COLUMNS, *(column.key for column in columns)} else "rating"


def _collect_marks(entries: Sequence[TableEntry]) -> dict[str, bool]:
    """Return the marks that occur in these entries, so that the page explains only these marks."""
    cells = [cell for entry in entries for cell in entry.cells.values()]
    marks = {name: any(getattr(cell, name) for cell in cells) for name in ("self_reported", "submitted")}
    return marks | {"by_hand": any(entry.by_hand or (entry.price and entry.price.by_hand) for entry in entries)}


def _find_rated_board(snapshots: Sequence[Snapshot]) -> Snapshot | None:
    """Return the newest snapshot of the board whose ratings the table shows, or None if there are no boards.

    This is the live board if it ranks enough models, else the reference board, else the board with the most votes.

    snapshots: sorted by the age of their pool, oldest first.
    """
    # If two boards have the same priority, the newer pool is used.
    return max(reversed(snapshots), key=_get_priority, default=None)


def _get_priority(snapshot: Snapshot) -> tuple[int, int]:
    pool = snapshot.board.pool
    votes = snapshot.votes or 0
    if pool.slug == LIVE_SLUG:
        return 3 if has_enough_ranks(unpack_rows(snapshot.rows)) else 0, votes
    return 2 if pool.kind == Pool.Kind.REFERENCE else 1, votes


def _resolve_order(view: TableView, table: BenchmarkTable) -> tuple[TableView, bool]:
    """Return the view with an order that is possible, and whether this replaces the requested order.

    Rows can be sorted by a score only if a series is selected and contains that score. Otherwise, they are sorted by
    rating.
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


def _find_ranges(columns: Sequence[BenchmarkColumn], entries: Sequence[TableEntry]) -> Ranges:
    """Return each column's lowest and highest score in percent."""
    values = {
        column.key: [entry.cells[column.key].value for entry in entries if column.key in entry.cells]
        for column in columns
    }
    return {key: (min(scores), max(scores)) for key, scores in values.items()}


def _build_cell(key: str, score: ScoreCell | None, scale: str, score_range: tuple[float, float] | None) -> TableCell:
    if score is None:
        return TableCell(key)
    value = score.normalized if scale == "normalized" else score.value
    return TableCell(key, score, value, _choose_shade(score, score_range))


def _choose_shade(cell: ScoreCell, score_range: tuple[float, float] | None) -> int:
    """Return the fifth of the range that contains a score: 0 for the lowest one, 4 for the highest one.

    `score_range` is in percent. None stands for the range from chance level (or 0, if it is unknown) to 100%.
    """
    if score_range is None:
        share = (cell.value if cell.normalized is None else cell.normalized) / 100
    else:
        low, high = score_range
        share = (cell.value - low) / (high - low) if high > low else 1
    return min(4, max(0, int(5 * share)))


def _list_filter_fields(table: BenchmarkTable, view: TableView) -> list[TableFilter]:
    """Return the filters that offer a list of values. A filter with no values is omitted."""
    fields = []
    for name, label in FILTER_LABELS.items():
        values = [value for value in CHOICES.get(name, ()) if value not in NO_FILTER]
        values = values or sorted({getattr(entry, name) for entry in table.entries} - {""}, key=str.lower)
        choices = [(value, CHOICE_LABELS.get(value, value)) for value in values]
        any_value = "any" if name == "weights" else ""
        fields.append(TableFilter(name, label, getattr(view, name), any_value, choices))
    return [field for field in fields if field.choices]
