"""Each model of a board against each other one: counts, predicted win rates, differences, votes still needed."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.boards import pair_tables, snapshots
from ratings.boards.pair_tables import Table
from ratings.boards.snapshots import ELO, Asked
from ratings.models import Board, PairTable
from ratings.statistics.constants import SCALE
from ratings.statistics.likelihood import chances
from ratings.statistics.ranks import pairs
from ratings.statistics.vote_arrays import Indices

EQUAL = 1e-8  # Elo points, as of `ratings.statistics.ranks`
MOST_VOTES = 2.0**53  # of which no program loses one
Rows = slice | list[int]
ALL = slice(None)
MATRICES = ("wins", "ties", "counts", "win_probability", "diff", "diff_se", "votes_needed")


def matrices(asked: Asked, models: Collection[str] | None = None) -> dict[str, Any]:
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
    model that is not on the board is left out. Refusals as of `snapshots.newest`; 404 for a reference board, which has
    no votes.
    """
    stored = _stored(asked)
    which = {name: value for name, value in asdict(asked).items() if name != "at"}
    if stored is None:
        return which | {"computed_at": None, "models": []} | {name: [] for name in MATRICES}
    table = pair_tables.load(stored)
    order, compared = _by_elo(table) if asked.method == ELO else _by_fit(table)
    labels = [stored.slugs[place] for place in order.tolist()]
    if models is not None:
        inside = [place for place, slug in enumerate(labels) if slug in models]
        order, labels = order[inside], [labels[place] for place in inside]
    shown = {name: matrix[np.ix_(order, order)].tolist() for name, matrix in (_counts(table) | compared).items()}
    return which | {"computed_at": stored.computed_at, "models": labels} | shown


def compare_model(asked: Asked, model: str) -> dict[str, list[Any]]:
    """One row of `matrices`: for each opponent whom this model met on the board its slug and each figure of the pair.

    Without the M x M values of all others. Empty where the model is not on the board; refusals as of `matrices`.
    """
    stored = _stored(asked)
    if stored is None or model not in stored.slugs:
        return {}
    table, own = pair_tables.load(stored), stored.slugs.index(model)
    met = np.flatnonzero(table.board.votes[own])
    _, compared = _by_elo(table, [own]) if asked.method == ELO else _by_fit(table, [own])
    figures = {name: matrix[0, met].tolist() for name, matrix in (_counts(table, [own]) | compared).items()}
    return {"models": [stored.slugs[other] for other in met.tolist()]} | figures


def _stored(asked: Asked) -> PairTable | None:
    """The table of a board; raises Refusal where there is no such board, or one without votes."""
    if "reference" in snapshots.newest(**asdict(asked)):
        raise snapshots.without_votes(asked.pool)
    boards = Board.objects.filter(
        pool__slug=asked.pool, category__slug=asked.category, style_control=asked.style_control
    )
    tables = PairTable.objects.filter(board=boards.values("pk")[:1])
    return (tables.filter(computed_at__lte=asked.at) if asked.at else tables).order_by("-day").first()


def _counts(table: Table, rows: Rows = ALL) -> dict[str, NDArray[Any]]:
    found = {"wins": table.board.wins, "ties": table.board.ties, "counts": table.board.votes}
    return {name: counts[rows].astype(np.int64) for name, counts in found.items()}


def _by_fit(table: Table, rows: Rows = ALL) -> tuple[Indices, dict[str, NDArray[Any]]]:
    """The order of the board, and what the fit says of each pair."""
    found = pairs(table, table.board)
    together = table.component[:, None] == table.component
    better = (np.where(together, found.diff, 0.0) > EQUAL).sum(axis=0)
    order = np.array(sorted(range(len(better)), key=lambda at: (table.component[at], better[at], at)), dtype=np.intp)
    fitted = (together & ~(table.unbounded[:, None] | table.unbounded))[rows]
    figures = {"win_probability": found.win_rate, "diff": found.diff, "diff_se": found.diff_se}
    possible = fitted & (found.votes_needed[rows] < MOST_VOTES)
    needed = np.where(possible, found.votes_needed[rows], 0).astype(np.int64)
    return order, {
        **{name: _or_null(fitted, figure[rows]) for name, figure in figures.items()},
        "votes_needed": _or_null(possible, needed),
    }


def _or_null(known: NDArray[np.bool_], figures: NDArray[Any]) -> NDArray[Any]:
    found = figures.astype(object)
    found[~known] = None
    return found


def _by_elo(table: Table, rows: Rows = ALL) -> tuple[Indices, dict[str, NDArray[Any]]]:
    ratings = np.zeros(len(table.ratings)) if table.elo is None else table.elo
    together = table.component[:, None] == table.component
    nothing = np.full((len(ratings), len(ratings)), None)[rows]
    return np.lexsort((-ratings, table.component)), {
        "win_probability": _or_null(together[rows], chances(ratings / SCALE, ratings / SCALE)[0][rows]),
        "diff": _or_null(together[rows], (ratings[:, None] - ratings)[rows]),
        "diff_se": nothing,
        "votes_needed": nothing,
    }
