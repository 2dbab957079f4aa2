"""Fits the boards in a pool. The functions return unsaved snapshots."""

import time
from collections.abc import Mapping

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from arena.models import Contestant, Pool
from ratings.boards import pair_tables
from ratings.boards.snapshots import BRADLEY_TERRY, ELO, pack_rows
from ratings.models import PUBLIC_DELAY, Board, Snapshot
from ratings.pipeline.board_rows import BoardRows, Contestants, build_elo_rows, build_fit_rows
from ratings.pipeline.pool_state import CategoryCounts, CategoryVotes, PoolState
from ratings.pipeline.vote_columns import NO_PERSON, STYLE_FEATURES
from ratings.statistics import bradley_terry, cluster_sums, style_control
from ratings.statistics.constants import MAX_VOTES_PER_VOTER, MEAN_RATING
from ratings.statistics.elo import K_FACTOR
from ratings.statistics.likelihood import NotConverged
from ratings.statistics.style_control import Separable
from ratings.statistics.style_votes import StyledVotes
from ratings.statistics.vote_arrays import Floats

ContestantsByKey = Mapping[int, Contestant]


def fit_board(board: Board, state: PoolState, by_key: ContestantsByKey) -> list[Snapshot]:
    """Return a Bradley-Terry snapshot and, if the order of the votes is known, an Elo snapshot.

    This makes no database queries. Raises NotConverged or ValueError if the board cannot be fitted.
    """
    category = board.category.slug
    counts = state.build_counts(category, _map_slugs(by_key))
    votes = state.select_votes(category, counts.keys)
    contestants = _build_contestants(board, state, counts, by_key, votes)
    last_ratings = state.last_ratings.get(category, {})
    start = [last_ratings.get(key, MEAN_RATING) for key in counts.keys]
    cluster = votes.voter_counts if contestants.is_own_pool else None
    fit = bradley_terry.fit(counts.comparisons, cluster=cluster, start=start)
    state.last_ratings[category] = dict(zip(counts.keys, fit.ratings.tolist(), strict=True))
    snapshot = _build_snapshot(
        board,
        BRADLEY_TERRY,
        build_fit_rows(contestants, fit, settings.ENVIRONMENT.arena_anchor),
        _build_parameters(board),
    )
    if not state.ordered:
        snapshot.pairs = pair_tables.build_pair_table(fit, counts.counted)
        return [snapshot]
    elo = state.compute_elo_ratings(category)
    elo_column = np.array([elo[key] for key in counts.keys])
    snapshot.pairs = pair_tables.build_pair_table(fit, counts.counted, elo_column)
    return [snapshot, _build_snapshot(board, ELO, build_elo_rows(contestants, elo), {"k": K_FACTOR})]


def fit_style_board(board: Board, state: PoolState, by_key: ContestantsByKey) -> Snapshot:
    """Return a snapshot under style control, fitted to the votes with known style. If the fit fails, it has no rows."""
    counts, votes, features = _select_styled_votes(state, board.category.slug, by_key)
    parameters = _build_parameters(board)
    styled_votes = StyledVotes.from_features(
        counts.comparisons.labels,
        (votes.first, votes.second),
        votes.double_score / 2,
        features,
        weight=votes.weight,
        filter_weight=votes.filter_weight if votes.has_filter_weights else None,
        voter=votes.voter if parameters["clustered"] else None,
    )
    ratings, coefficients = state.last_style_fits.get(board.category.slug, ({}, [0.0] * len(STYLE_FEATURES)))
    start = [ratings.get(key, MEAN_RATING) for key in counts.keys]
    try:
        style_fit = style_control.fit(styled_votes, start=(start, coefficients))
    except (Separable, NotConverged) as error:
        problem = "separable" if isinstance(error, Separable) else "not_converged"
        unrated = _build_snapshot(
            board, BRADLEY_TERRY, BoardRows([], has_provisional_ranks=True), parameters | {"problem": problem}
        )
        unrated.votes = int(counts.counted.votes.sum()) // 2
        return unrated
    state.last_style_fits[board.category.slug] = (
        dict(zip(counts.keys, style_fit.fit.ratings.tolist(), strict=True)),
        [value or 0.0 for value in style_fit.coefficients],
    )
    contestants = _build_contestants(board, state, counts, by_key, votes)
    rows = build_fit_rows(contestants, style_fit.fit, settings.ENVIRONMENT.arena_anchor)
    snapshot = _build_snapshot(board, BRADLEY_TERRY, rows, parameters | {"style": _build_style_effects(style_fit)})
    snapshot.pairs = pair_tables.build_pair_table(style_fit.fit, counts.counted)
    return snapshot


def _map_slugs(by_key: ContestantsByKey) -> dict[int, str]:
    return {key: contestant.slug for key, contestant in by_key.items()}


def _build_parameters(board: Board) -> dict[str, object]:
    """Return the parameters to store with a fit. Standard errors are clustered by voter, except for imported votes."""
    return {"clustered": board.pool.kind != Pool.Kind.IMPORT, "anchor": settings.ENVIRONMENT.arena_anchor}


def _build_contestants(
    board: Board, state: PoolState, counts: CategoryCounts, by_key: ContestantsByKey, votes: CategoryVotes
) -> Contestants:
    is_own_pool = board.pool.kind != Pool.Kind.IMPORT
    vote_counts = counts.comparisons.votes.sum(axis=1)
    voters, known_votes, capped_votes = _count_voters(votes, len(counts.keys))
    # A vote from an unknown voter counts as a vote from a separate voter, and one of no person does not count.
    weight = vote_counts
    if is_own_pool:
        others = votes.select(votes.voter == NO_PERSON)
        sides = np.concatenate((others.first, others.second))
        votes_of_others = np.bincount(sides, np.tile(others.weight * others.filter_weight, 2), len(weight))
        weight = vote_counts - votes_of_others - known_votes + capped_votes
    end = time.time() - PUBLIC_DELAY.total_seconds()
    lost_weight = state.sum_old_lost_weights(board.category.slug, counts.keys, end, styled=board.style_control)
    return Contestants(counts, by_key, voters.astype(np.intp), weight, lost_weight, is_own_pool=is_own_pool)


def _select_styled_votes(
    state: PoolState, category: str, by_key: ContestantsByKey
) -> tuple[CategoryCounts, CategoryVotes, NDArray[np.float32]]:
    """Return the votes in a category with known style: their counts, the votes themselves, and their style features."""
    keys = sorted(state.positions, key=lambda key: by_key[key].slug)
    votes = state.select_votes(category, keys)
    features = state.select_style(category)
    # The sum of a vote's features is finite only if all of them are known.
    has_style = np.isfinite(features @ np.ones(features.shape[1], features.dtype))
    if not has_style.all():
        votes = votes.select(has_style)
        features = features[has_style]
    if votes.has_filter_weights:
        features = features[votes.is_between_weighted]
        votes = votes.select(votes.is_between_weighted)
    counts, votes = votes.count_contestants(keys, _map_slugs(by_key))
    return counts, votes, features


def _count_voters(votes: CategoryVotes, size: int) -> list[Floats]:
    """Return three counts per model, as arrays (M,).

    These are the known voters, their votes, and their votes capped at `MAX_VOTES_PER_VOTER` per voter.
    """

    def cap_votes(numbers: Floats) -> Floats:
        return np.minimum(numbers, MAX_VOTES_PER_VOTER)

    rows = votes.voter_counts
    functions = (np.sign, np.positive, cap_votes)
    return cluster_sums.sum_over_voters(rows.voter, (rows.first, rows.second), rows.votes, size, functions)


def _build_style_effects(style_fit: style_control.StyleFit) -> dict[str, object]:
    """Return the effect of one standard deviation of each style feature, in natural log-odds.

    The effect of a constant feature is None.
    """
    values = zip(STYLE_FEATURES, style_fit.coefficients, style_fit.errors, style_fit.scale.tolist(), strict=True)
    return {
        name: None if coefficient is None else {"coefficient": coefficient, "se": error, "scale": scale}
        for name, coefficient, error, scale in values
    }


def _build_snapshot(board: Board, method: str, board_rows: BoardRows, parameters: dict[str, object]) -> Snapshot:
    return Snapshot(
        board=board,
        method=method,
        votes=sum(row["votes"] for row in board_rows.rows) // 2,
        last_vote_id=board.last_vote_id,
        code_version=settings.VERSION,
        parameters=parameters | {"provisional": board_rows.has_provisional_ranks},
        rows=pack_rows(board_rows.rows),
    )
