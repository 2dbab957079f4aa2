"""A category of a pool, fitted by each method and written out as snapshots that are not saved yet."""

from collections.abc import Mapping

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from catalog.models import LanguageModel
from ratings.boards import pair_tables
from ratings.boards.snapshots import BRADLEY_TERRY, ELO, pack_rows
from ratings.models import Board, Pool, Snapshot
from ratings.pipeline.board_rows import BoardRows, Contestants, build_elo_rows, build_fit_rows
from ratings.pipeline.pool_state import CategoryCounts, CategoryVotes, PoolState
from ratings.statistics import bradley_terry, cluster_sums, style_control
from ratings.statistics.constants import MAX_VOTES_PER_VOTER, MEAN_RATING
from ratings.statistics.likelihood import NotConverged
from ratings.statistics.style_likelihood import Separable
from ratings.statistics.style_votes import StyledVotes
from ratings.statistics.vote_arrays import Floats

STYLE_FEATURES = ("length", "headers", "bold", "list_items")

ModelsByKey = Mapping[int, LanguageModel]


def fit_board(board: Board, kept: PoolState, models: ModelsByKey) -> list[Snapshot]:
    """The board by Bradley-Terry and, where its votes have an order, by Elo. Asks no database.

    Raises NotConverged or ValueError where no fit is found.
    """
    category = board.category.slug
    counts = kept.counts(category, _map_slugs(models))
    ballots = kept.ballots(category, counts.models)
    judged = _build_contestants(board, counts, models, ballots)
    fit = _fit_bradley_terry(board, kept, judged, ballots)
    snapshot = _build_snapshot(board, BRADLEY_TERRY, _build_anchored_rows(judged, fit), _build_parameters(board))
    if not kept.ordered:
        snapshot.pairs = pair_tables.build_pair_table(fit, counts.comparisons)
        return [snapshot]
    elo = kept.elo_ratings(category)
    snapshot.pairs = pair_tables.build_pair_table(
        fit, counts.comparisons, np.array([elo[key] for key in counts.models])
    )
    return [snapshot, _build_snapshot(board, ELO, build_elo_rows(judged, elo), {"k": 4})]


def fit_style_board(board: Board, kept: PoolState, models: ModelsByKey) -> Snapshot:
    """The board under style control, of the votes whose style is known."""
    counts, ballots, features = _select_styled_votes(kept, board.category.slug, models)
    parameters = _build_parameters(board)
    votes = StyledVotes(
        counts.comparisons.labels,
        (ballots.first, ballots.second),
        ballots.twice / 2,
        features,
        weight=ballots.weight,
        voter=ballots.voter if parameters["clustered"] else None,
    )
    last, coefficients = kept.styled.get(board.category.slug, ({}, [0.0] * len(STYLE_FEATURES)))
    start = [last.get(key, MEAN_RATING) for key in counts.models]
    try:
        found = style_control.fit(votes, start=(start, coefficients))
    except (Separable, NotConverged) as problem:
        kind = "separable" if isinstance(problem, Separable) else "not_converged"
        unrated = _build_snapshot(board, BRADLEY_TERRY, BoardRows([], provisional=True), parameters | {"problem": kind})
        unrated.votes = int(counts.comparisons.votes.sum()) // 2
        return unrated
    kept.styled[board.category.slug] = (
        dict(zip(counts.models, found.fit.ratings.tolist(), strict=True)),
        [value or 0.0 for value in found.coefficients],
    )
    rows = _build_anchored_rows(_build_contestants(board, counts, models, ballots), found.fit)
    snapshot = _build_snapshot(board, BRADLEY_TERRY, rows, parameters | {"style": _build_style_effects(found)})
    snapshot.pairs = pair_tables.build_pair_table(found.fit, found.board)
    return snapshot


def _map_slugs(models: ModelsByKey) -> dict[int, str]:
    return {key: model.slug for key, model in models.items()}


def _build_parameters(board: Board) -> dict[str, object]:
    """Votes of one person are not taken for independent in a pool of our own."""
    return {"clustered": board.pool.kind != Pool.Kind.IMPORT, "anchor": settings.ENVIRONMENT.arena_anchor}


def _build_contestants(
    board: Board, counts: CategoryCounts, models: ModelsByKey, ballots: CategoryVotes
) -> Contestants:
    own = board.pool.kind != Pool.Kind.IMPORT
    votes = counts.comparisons.votes.sum(axis=1)
    people, named, capped = _count_voters(ballots, len(counts.models))
    # A vote of nobody known counts as one of somebody else.
    weight = votes - named + capped if own else votes
    return Contestants(counts, models, people.astype(np.intp), weight, few_voters=own)


def _fit_bradley_terry(board: Board, kept: PoolState, judged: Contestants, ballots: CategoryVotes) -> bradley_terry.Fit:
    counts = judged.board
    last = kept.last.get(board.category.slug, {})
    start = [last.get(key, MEAN_RATING) for key in counts.models]
    cluster = ballots.by_voter if judged.few_voters else None
    fit = bradley_terry.fit(counts.comparisons, cluster=cluster, start=start)
    kept.last[board.category.slug] = dict(zip(counts.models, fit.ratings.tolist(), strict=True))
    return fit


def _select_styled_votes(
    kept: PoolState, category: str, models: ModelsByKey
) -> tuple[CategoryCounts, CategoryVotes, NDArray[np.float32]]:
    """The votes of a category whose style is known, the models in them, and that style."""
    everybody = sorted(kept.places, key=lambda key: models[key].slug)
    ballots, features = kept.ballots(category, everybody), kept.style(category)
    known = np.isfinite(features @ np.ones(features.shape[1], features.dtype))
    if not known.all():
        ballots, features = ballots.where(known), features[known]
    return *ballots.counted(everybody, _map_slugs(models)), features


def _count_voters(ballots: CategoryVotes, size: int) -> list[Floats]:
    """(M,) each: how many known voters judged each model, by how many votes, and by how many if none has over 20."""

    def capped(votes: Floats) -> Floats:
        return np.minimum(votes, MAX_VOTES_PER_VOTER)

    cast = ballots.by_voter
    votes = cast.wins + cast.losses + cast.ties
    return cluster_sums.sum_over_voters(
        cast.voter, (cast.first, cast.second), votes, size, (np.sign, np.positive, capped)
    )


def _build_style_effects(found: style_control.StyleFit) -> dict[str, object]:
    """What a standard deviation of each style is worth, in natural log-odds; None for one that never varied."""
    values = zip(STYLE_FEATURES, found.coefficients, found.errors, found.scale.tolist(), strict=True)
    return {
        name: None if coefficient is None else {"coefficient": coefficient, "se": error, "scale": scale}
        for name, coefficient, error, scale in values
    }


def _build_anchored_rows(judged: Contestants, fit: bradley_terry.Fit) -> BoardRows:
    return build_fit_rows(judged, fit, settings.ENVIRONMENT.arena_anchor)


def _build_snapshot(board: Board, method: str, found: BoardRows, parameters: dict[str, object]) -> Snapshot:
    return Snapshot(
        board=board,
        method=method,
        votes=sum(row["votes"] for row in found.rows) // 2,
        last_vote_id=board.last_vote_id,
        code_version=settings.VERSION,
        parameters=parameters | {"provisional": found.provisional},
        rows=pack_rows(found.rows),
    )
