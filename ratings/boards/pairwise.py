"""Each model of a board against each other one: counts, predicted win rates, differences, votes still needed."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.boards import pair_tables, snapshots
from ratings.boards.pair_tables import PairArrays
from ratings.boards.snapshots import ELO, BoardKey
from ratings.models import Board, PairTable
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.likelihood import compute_chances
from ratings.statistics.ranks import compare_pairs
from ratings.statistics.vote_arrays import Indices

TIE_TOLERANCE = 1e-8  # Elo points, as of `ratings.statistics.ranks`
MAX_VOTES_NEEDED = 2.0**53  # of which no program loses one
RowIndex = slice | list[int]
ALL_ROWS = slice(None)
MATRIX_NAMES = ("wins", "ties", "counts", "win_probability", "diff", "diff_se", "votes_needed")


def build_matrices(asked: BoardKey, models: Collection[str] | None = None) -> dict[str, Any]:
    """All pairs of a board, or of these models of it, best first; matrices M x M, row against column.

    wins of the row, ties (both-bad ones included) and counts (all votes) of the pair; win_probability, the predicted
    score, a tie being half a win; diff in Elo points with diff_se, of which 1.96 are half of its 95 % interval, by the
    joint covariance and the voters in effect; votes_needed: how many more direct votes would separate the two at
    today's estimate.

    votes_needed is the least n >= 0 with |diff| >= 1.96 * se(n), where 1 / se(n)**2 = 1 / diff_se**2 + n * p * q /
    (k * (400 / ln 10)**2): a vote has the information p * q on the difference in natural units, p and q = 1 - p being
    the predicted scores, and k (one for the whole board, squared residuals over expected ones) says how much less a
    vote varies than a coin because of ties. So n = floor(k * (400 / ln 10)**2 * ((1.96 / diff)**2 - 1 / diff_se**2) /
    (p * q)) + 1, and 0 where the two can be told apart already.

    Null: the last four for a pair of which one is unbounded (but not with Elo), or that no chain of votes connects;
    votes_needed where there is no difference, or where no number of votes below 2**53 would do; with Elo, which has no
    errors, diff_se and votes_needed. With `at` the table is the last one of a day: `computed_at` says of when it is. A
    model that is not on the board is left out. Refusals as of `snapshots.load_newest_board`; 404 for a reference board,
    which has no votes."""
    stored = _find_pair_table(asked)
    which = {name: value for name, value in asdict(asked).items() if name != "at"}
    if stored is None:
        return which | {"computed_at": None, "models": []} | {name: [] for name in MATRIX_NAMES}
    table = pair_tables.load_pair_arrays(stored)
    order, compared = _compare_by_elo(table) if asked.method == ELO else _compare_by_fit(table)
    labels = [stored.slugs[place] for place in order.tolist()]
    if models is not None:
        inside = [place for place, slug in enumerate(labels) if slug in models]
        order, labels = order[inside], [labels[place] for place in inside]
    shown = {
        name: matrix[np.ix_(order, order)].tolist()
        for name, matrix in (_build_count_matrices(table) | compared).items()
    }
    return which | {"computed_at": stored.computed_at, "models": labels} | shown


def compare_model(asked: BoardKey, model: str) -> dict[str, list[Any]]:
    """One row of `build_matrices`: for each opponent whom this model met on the board its slug and each figure of the
    pair.

    Without the M x M values of all others. Empty where the model is not on the board; refusals as of `build_matrices`.
    """
    stored = _find_pair_table(asked)
    if stored is None or model not in stored.slugs:
        return {}
    table, own = pair_tables.load_pair_arrays(stored), stored.slugs.index(model)
    met = np.flatnonzero(table.board.votes[own])
    _, compared = _compare_by_elo(table, [own]) if asked.method == ELO else _compare_by_fit(table, [own])
    figures = {
        name: matrix[0, met].tolist() for name, matrix in (_build_count_matrices(table, [own]) | compared).items()
    }
    return {"models": [stored.slugs[other] for other in met.tolist()]} | figures


def _find_pair_table(asked: BoardKey) -> PairTable | None:
    """The table of a board; raises Refusal where there is no such board, or one without votes."""
    if "reference" in snapshots.load_newest_board(**asdict(asked)):
        raise snapshots.no_votes_error(asked.pool)
    boards = Board.objects.filter(
        pool__slug=asked.pool, category__slug=asked.category, style_control=asked.style_control
    )
    tables = PairTable.objects.filter(board=boards.values("pk")[:1])
    return (tables.filter(computed_at__lte=asked.at) if asked.at else tables).order_by("-day").first()


def _build_count_matrices(table: PairArrays, rows: RowIndex = ALL_ROWS) -> dict[str, NDArray[Any]]:
    found = {"wins": table.board.wins, "ties": table.board.ties, "counts": table.board.votes}
    return {name: counts[rows].astype(np.int64) for name, counts in found.items()}


def _compare_by_fit(table: PairArrays, rows: RowIndex = ALL_ROWS) -> tuple[Indices, dict[str, NDArray[Any]]]:
    """The order of the board, and what the fit says of each pair."""
    found = compare_pairs(table, table.board)
    together = table.component[:, None] == table.component
    better = (np.where(together, found.diff, 0.0) > TIE_TOLERANCE).sum(axis=0)
    order = np.array(sorted(range(len(better)), key=lambda at: (table.component[at], better[at], at)), dtype=np.intp)
    fitted = (together & ~(table.unbounded[:, None] | table.unbounded))[rows]
    figures = {"win_probability": found.win_rate, "diff": found.diff, "diff_se": found.diff_se}
    possible = fitted & (found.votes_needed[rows] < MAX_VOTES_NEEDED)
    needed = np.where(possible, found.votes_needed[rows], 0).astype(np.int64)
    return order, {
        **{name: _mask_unknown(fitted, figure[rows]) for name, figure in figures.items()},
        "votes_needed": _mask_unknown(possible, needed),
    }


def _mask_unknown(known: NDArray[np.bool_], figures: NDArray[Any]) -> NDArray[Any]:
    found = figures.astype(object)
    found[~known] = None
    return found


def _compare_by_elo(table: PairArrays, rows: RowIndex = ALL_ROWS) -> tuple[Indices, dict[str, NDArray[Any]]]:
    ratings = np.zeros(len(table.ratings)) if table.elo is None else table.elo
    together = table.component[:, None] == table.component
    nothing = np.full((len(ratings), len(ratings)), None)[rows]
    return np.lexsort((-ratings, table.component)), {
        "win_probability": _mask_unknown(
            together[rows], compute_chances(ratings / ELO_SCALE, ratings / ELO_SCALE)[0][rows]
        ),
        "diff": _mask_unknown(together[rows], (ratings[:, None] - ratings)[rows]),
        "diff_se": nothing,
        "votes_needed": nothing,
    }
