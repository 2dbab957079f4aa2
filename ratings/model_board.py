"""The board of models by facts, benchmark scores and rating, in one table."""

from dataclasses import asdict, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.errors import Refusal
from arena.models import LIVE
from catalog.models import Benchmark
from catalog.score_table import Table, table
from catalog.score_view import BY_FACT, Entry, View, parse, shown
from ratings.board_addresses import shorter, spelled
from ratings.models import Pool
from ratings.snapshots import newest_of_pools, unpack


@require_safe
def model_board(request: HttpRequest) -> HttpResponse:
    """Its whole state is in the address."""
    try:
        view = parse(request.GET)
        pool, ratings = _ratings()
        found = table(view.series, ratings)
        view, reordered = _with_order(view, found)
    except ValueError as error:
        refused = Refusal("invalid", str(error), 400)
        return render(request, "ratings/refused.html", {"error": refused}, status=400)
    except LookupError:
        return render(request, "404.html", {"detail": "There is no such series of scores."}, status=404)
    if short := shorter(request, _query(parse(request.GET))):
        return short
    entries, unknown = shown(found.entries, view)
    rows = [_row(entry, found, view) for entry in entries]
    context = {"view": view, "pool": pool, "table": found, "unknown": unknown, "rows": rows, "reordered": reordered}
    return render(request, "ratings/model_board.html", context | _offered(found) | {"said": _said(view)})


def _query(view: View) -> str:
    """What differs from the usual table."""
    usual = asdict(View())
    given = {name: value for name, value in asdict(view).items() if value != usual[name]}
    return spelled({name: f"{value:g}" if isinstance(value, float) else value for name, value in given.items()})


def _ratings() -> tuple[Pool | None, dict[str, float]]:
    """Of the live board if there is one, else of the largest."""
    boards = sorted(newest_of_pools(), key=lambda each: (each.board.pool.slug == LIVE and each.votes > 0, each.votes))
    if not boards:
        return None, {}
    best = boards[-1]
    return best.board.pool, {row["model"]: row["rating"] for row in unpack(best.rows)}


def _with_order(view: View, found: Table) -> tuple[View, bool]:
    """By name, and True, where the scores asked for cannot be put in order: not in this series, or not in one."""
    if view.sort in BY_FACT or (view.series and view.sort in {column.key for column in found.columns}):
        return view, False
    if not Benchmark.objects.filter(slug=view.sort.partition("~")[0]).exists():
        raise ValueError(f"sort must be one of {', '.join(BY_FACT)} or a benchmark.")
    return replace(view, sort="name", order=""), True


def _row(entry: Entry, found: Table, view: View) -> dict[str, Any]:
    cells = [entry.cells.get(column.key) for column in found.columns]
    values = [cell and (cell.normalized if view.scale == "normalized" else cell.value) for cell in cells]
    return {"entry": entry, "cells": list(zip(cells, values, strict=True))}


def _said(view: View) -> str:
    """What the filters let through, in words."""
    weights = {"open": _("open weights"), "closed": _("closed"), "any": _("any weights")}[view.weights]
    sizes = [f"≥ {view.size_from:g} B" if view.size_from else "", f"≤ {view.size_to:g} B" if view.size_to else ""]
    said = [weights, view.kind, view.organization, view.license, view.precision, *sizes]
    return " · ".join(filter(None, said))


def _offered(found: Table) -> dict[str, list[str]]:
    """What the filters can be set to."""
    fields = {"organizations": "organization", "licenses": "license", "precisions": "precision"}
    return {
        name: sorted({getattr(entry, field) for entry in found.entries} - {""}, key=str.lower)
        for name, field in fields.items()
    }
