"""Summarizes the battles of simulated users and the CPU time of processes in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.load import BattleRecord
from bench.processes import PARTS


@dataclass(frozen=True)
class Mark:
    """The boundary between two time windows, with the CPU seconds that each part has used so far."""

    at: float
    cpu: dict[str, float]


Figures = dict[str, str]
SERVICE = "service, % of a core per battle"
SERVICE_MS = "service, ms of CPU time per battle"


def summarize(records: Sequence[BattleRecord], marks: Sequence[Mark]) -> Figures:
    """Return each figure as a median over the windows, with the minimum and maximum."""
    windows = [_summarize_window(records, *pair) for pair in pairwise(marks)]
    totals = {
        "battles": f"{len(records)}",
        "errors": f"{sum(bool(record.error) for record in records)}",
        "answers identical to the mock's": f"{sum(record.checked for record in records)} of {2 * len(records)}",
        "votes": f"{sum(record.voted for record in records)}",
    }
    if causes := sorted({record.error for record in records if record.error}):
        totals["first errors"] = "; ".join(causes[:3])
    return totals | {name: _format_spread([window[name] for window in windows]) for name in windows[0]}


def _summarize_window(records: Sequence[BattleRecord], start: Mark, end: Mark) -> dict[str, float]:
    """Return the figures for one time window.

    In figures about the start of battles, a battle belongs to the window in which its question was sent. In figures
    about the end of battles, it belongs to the window in which it became ready.
    """
    started_records = [record for record in records if record.added and start.at <= record.asked < end.at]
    added = np.array([delay for record in started_records for delay in record.added]) * 1000
    finished_records = [record for record in records if start.at <= record.ready < end.at]
    measured_lags = [record.lags for record in finished_records if len(record.lags)]
    lags = np.concatenate(measured_lags) * 1000 if measured_lags else np.zeros(1)
    open_s = sum(
        max(0.0, min(record.ready or end.at, end.at) - max(record.asked, start.at))
        for record in records
        if record.asked
    )
    share = {name: 100 * (end.cpu[name] - start.cpu[name]) / (open_s or np.nan) for name in end.cpu}
    machine_share = share.pop("machine")
    share["others"] = machine_share - sum(share.values())
    service = {name: share[name] for name in (*PARTS, "up") if name in share}
    ms_each = {name: 1000 * (end.cpu[name] - start.cpu[name]) / (len(finished_records) or np.nan) for name in end.cpu}
    return {
        "battles begun per s": sum(start.at <= record.asked < end.at for record in records) / (end.at - start.at),
        "concurrent battles": open_s / (end.at - start.at),
        "added time to first token p50, ms": float(np.percentile(added, 50)) if len(added) else 0.0,
        "added time to first token p95, ms": float(np.percentile(added, 95)) if len(added) else 0.0,
        "delivery lag p50, ms": float(np.percentile(lags, 50)),
        "delivery lag p95, ms": float(np.percentile(lags, 95)),
        "starting a battle p95, ms": _compute_p95_ms(
            [record.started - record.asked for record in started_records if record.started]
        ),
        "voting p95, ms": _compute_p95_ms([record.vote_s for record in finished_records if record.voted]),
        **_summarize_pieces(finished_records),
        **({SERVICE_MS: sum(ms_each[name] for name in service)} if service else {}),
        **{f"  ms of {name}": ms_each[name] for name in service},
        "mock and client, ms per battle": ms_each["mock"] + ms_each["client"],
        **({SERVICE: sum(service.values())} if service else {}),
        **{f"  {name}": value for name, value in service.items()},
        "mock, % of a core per battle": share["mock"],
        "client, % of a core per battle": share["client"],
        "other programs, % of a core": share["others"] * open_s / (end.at - start.at),
    }


def _compute_p95_ms(seconds: Sequence[float]) -> float:
    return float(np.percentile(seconds, 95)) * 1000 if len(seconds) else 0.0


def _summarize_pieces(finished: Sequence[BattleRecord]) -> dict[str, float]:
    """Return the rate at which pieces are added to a pane, and the 95th percentile of the gaps between pieces."""
    panes = [np.array(pane.times) for record in finished for pane in record.panes.values() if len(pane.times) > 1]
    gaps = np.concatenate([np.diff(times) for times in panes]) if panes else np.zeros(1)
    return {
        "pieces per pane per s": float(1 / np.mean(gaps)) if np.mean(gaps) else 0.0,
        "gap between pieces p95, ms": float(np.percentile(gaps, 95)) * 1000,
    }


def _format_spread(values: Sequence[float]) -> str:
    digits = 3 if max(values) < 10 else 0
    return f"{np.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def get_service_cpu(column: Figures) -> float:
    """Return the service's median CPU share per battle."""
    return float(column[SERVICE].split()[0])


def render_table(columns: dict[str, Figures]) -> str:
    """Return a table with a row for each figure, in the order of the last column. Missing figures are dashes."""
    names = dict.fromkeys(name for column in reversed(columns.values()) for name in column)
    rows = [["", *columns], *([name, *(column.get(name, "-") for column in columns.values())] for name in names)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
