"""Comparisons of all pairs of models on a board: counts, predicted win rates, differences, and votes still needed."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.boards import pair_tables, snapshots
from ratings.boards.pair_tables import PairArrays
from ratings.boards.snapshots import ELO, BoardKey
from ratings.models import PairTable
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.likelihood import compute_chances
from ratings.statistics.ranks import RATING_TOLERANCE, compare_pairs
from ratings.statistics.vote_arrays import Flags, Indices

MAX_VOTES_NEEDED = 2.0**53  # floats represent all integers up to this number exactly
MaskedMatrices = dict[str, tuple[NDArray[Any], Flags]]  # matrix name → values, and whether each is known
MATRIX_NAMES = ("wins", "ties", "counts", "win_probability", "diff", "diff_se", "votes_needed")


def build_matrices(board_key: BoardKey, models: Collection[str] | None = None) -> dict[str, Any]:
    """Return (M, M) matrices for a board or some of its models, row against column, best model first.

    wins: votes for the row's model.
    ties: votes without a winner, including both-bad votes.
    counts: all votes on the pair.
    win_probability: the predicted score of the row's model. A tie is half a win.
    diff, diff_se: the difference in Elo points and its standard error, from the joint covariance and the effective
        number of voters. 1.96 times the standard error is half the width of the 95% interval.
    votes_needed: how many more direct votes would separate the two models if the estimates did not change.

    In the last four matrices, the values are null for pairs that are not connected, and for pairs with an unbounded
    model (except with Elo). votes_needed is also null if there is no difference or if 2**53 votes are not enough. With
    Elo, diff_se and votes_needed are null, because Elo has no standard errors.

    If the key has a time, the matrices are from the newest stored table that was computed at or before that time
    (see `pair_tables`), and `computed_at` is the table's time. Models that are not on the board are omitted.

    votes_needed is the smallest n >= 0 with |diff| >= 1.96 * se(n), where

        1 / se(n)**2 = 1 / diff_se**2 + n * p * q / (k * (400 / ln 10)**2)

    Here p and q = 1 - p are the predicted scores, and k is the sum of the squared residuals of all votes on the board
    divided by its expectation. k is below 1 because of ties. If the models are not separated yet, the solution is

        n = floor(k * (400 / ln 10)**2 * ((1.96 / diff)**2 - 1 / diff_se**2) / (p * q)) + 1

    Raises RequestError as `snapshots.load_newest_board` does, and 404 for a reference board, which has no votes.
    """
    stored_table = _find_pair_table(board_key)
    key_fields = snapshots.build_key_fields(board_key)
    if stored_table is None:
        return key_fields | {"computed_at": None, "models": []} | {name: [] for name in MATRIX_NAMES}
    table = pair_tables.load_pair_arrays(stored_table)
    order, comparisons = _compare_by_elo(table) if board_key.method == ELO else _compare_by_fit(table)
    slugs = [stored_table.slugs[index] for index in order.tolist()]
    if models is not None:
        order = order[[position for position, slug in enumerate(slugs) if slug in models]]
        slugs = [slug for slug in slugs if slug in models]
    figures = _select_figures(table, comparisons, np.ix_(order, order))
    return key_fields | {"computed_at": stored_table.computed_at, "models": slugs} | figures


def compare_model(board_key: BoardKey, model: str) -> dict[str, list[Any]]:
    """Return one model's row of each matrix in `build_matrices`, restricted to the opponents with direct votes.

    Also returns the opponents' slugs, as `models`. The result is empty if the model is not on the board. Raises
    RequestError as `build_matrices` does.
    """
    stored_table = _find_pair_table(board_key)
    if stored_table is None or model not in stored_table.slugs:
        return {}
    table = pair_tables.load_pair_arrays(stored_table)
    row = stored_table.slugs.index(model)
    opponents = np.flatnonzero(table.board.votes[row])
    _, comparisons = _compare_by_elo(table) if board_key.method == ELO else _compare_by_fit(table)
    slugs = [stored_table.slugs[opponent] for opponent in opponents.tolist()]
    return {"models": slugs} | _select_figures(table, comparisons, (row, opponents))


def _find_pair_table(board_key: BoardKey) -> PairTable | None:
    """Return a board's newest table, or the newest one as of the key's time, or None if there is none.

    Raises RequestError if the board does not exist or is a reference board, which has no votes.
    """
    if "reference" in snapshots.load_newest_board(board_key):
        raise snapshots.no_votes_error(board_key.pool)
    tables = PairTable.objects.filter(board=snapshots.select_board_id(board_key))
    if board_key.at:
        tables = tables.filter(computed_at__lte=board_key.at)
    return tables.order_by("-day").first()


def _select_figures(table: PairArrays, comparisons: MaskedMatrices, cells: Any) -> dict[str, list[Any]]:
    """Return the counts and the comparisons at these cells, with None where a figure is unknown."""
    counts = {"wins": table.board.wins, "ties": table.board.ties, "counts": table.board.votes}
    figures = {name: matrix[cells].astype(np.int64) for name, matrix in counts.items()}
    for name, (matrix, is_known) in comparisons.items():
        figures[name] = np.where(is_known[cells], matrix[cells].astype(object), None)
    return {name: matrix.tolist() for name, matrix in figures.items()}


def _compare_by_fit(table: PairArrays) -> tuple[Indices, MaskedMatrices]:
    """Return the order of the models on the board, and the matrices that depend on the fit."""
    comparison = compare_pairs(table.board, table.ratings, table.difference_se, table.component)
    is_connected = table.component[:, None] == table.component
    better_models = (np.where(is_connected, comparison.diff, 0.0) > RATING_TOLERANCE).sum(axis=0)
    order = sorted(range(len(better_models)), key=lambda index: (table.component[index], better_models[index], index))
    is_fitted = is_connected & ~(table.unbounded[:, None] | table.unbounded)
    is_reachable = is_fitted & (comparison.votes_needed < MAX_VOTES_NEEDED)
    return np.array(order, dtype=np.intp), {
        "win_probability": (comparison.win_rate, is_fitted),
        "diff": (comparison.diff, is_fitted),
        "diff_se": (comparison.diff_se, is_fitted),
        "votes_needed": (np.where(is_reachable, comparison.votes_needed, 0).astype(np.int64), is_reachable),
    }


def _compare_by_elo(table: PairArrays) -> tuple[Indices, MaskedMatrices]:
    ratings = np.zeros(len(table.ratings)) if table.elo is None else table.elo
    is_connected = table.component[:, None] == table.component
    chances, _ = compute_chances(ratings / ELO_SCALE, ratings / ELO_SCALE)
    unknown = np.zeros_like(chances), np.zeros_like(is_connected)
    return np.lexsort((-ratings, table.component)), {
        "win_probability": (chances, is_connected),
        "diff": (ratings[:, None] - ratings, is_connected),
        "diff_se": unknown,
        "votes_needed": unknown,
    }
