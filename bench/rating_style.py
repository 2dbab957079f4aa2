"""Contenders in the rating benchmark with style control: Arena, arena-rank, and an exact solver."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from bench.rating_data import SCALE, Floats, Styled, compute_differences
from bench.rating_peers import Run, build_frame, shift_mean_to_1000

STYLES = ["length", "headers", "bold", "lists"]


def prepare_ours(styled: Styled) -> Run:
    """Start from positions and eight features per vote. The time includes computing the style differences."""
    from ratings.statistics import style_control
    from ratings.statistics.style_votes import StyledVotes

    votes = styled.votes

    def run() -> Floats:
        styled_votes = StyledVotes.from_features(
            styled.names, (votes.first, votes.second), votes.outcome, styled.features
        )
        return style_control.fit(styled_votes).fit.ratings

    return run


def prepare_arena_rank(styled: Styled) -> Run:
    """Follow arena-rank's README with its defaults: centered features, reweighted pairs, and shrunken coefficients."""
    model, dataset = _load_arena_rank_classes()
    frame = _build_frame(styled, compute_differences(styled.features))
    return lambda: _rank(model, dataset.from_pandas(frame, feature_cols=STYLES), styled.names, reg=1.0)


def prepare_arena_rank_same(styled: Styled) -> Run:
    """Run arena-rank with the same statistical model as Arena."""
    model, dataset = _load_arena_rank_classes()
    frame = _build_frame(styled, _compute_scaled_differences(styled))
    options = {"feature_cols": STYLES, "reweighted": False, "normalize_features": False}
    return lambda: _rank(model, dataset.from_pandas(frame, **options), styled.names, reg=0.0)


def prepare_arena_rank_prepared(styled: Styled) -> Run:
    """Run arena-rank with the same statistical model, on a data set that is built before the timing starts."""
    model, dataset = _load_arena_rank_classes()
    options = {"feature_cols": STYLES, "reweighted": False, "normalize_features": False}
    prepared = dataset.from_pandas(_build_frame(styled, _compute_scaled_differences(styled)), **options)
    return lambda: _rank(model, prepared, styled.names, reg=0.0)


def _load_arena_rank_classes() -> tuple[Any, Any]:
    from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
    from arena_rank.utils.data_utils import ContextualPairDataset

    return ContextualBradleyTerry, ContextualPairDataset


def _build_frame(styled: Styled, features: Floats) -> Any:
    return build_frame(styled.names, styled.votes).assign(**dict(zip(STYLES, features.T, strict=True)))


def _compute_scaled_differences(styled: Styled) -> Floats:
    x = compute_differences(styled.features)
    return np.asarray(x / x.std(axis=0))


def _rank(model: Any, dataset: Any, names: tuple[str, ...], reg: float) -> Floats:
    result = model(len(dataset.competitors), n_features=dataset.n_features, reg=reg).compute_ratings_and_cis(dataset)
    assert np.isfinite(np.array(result["rating_upper"])).all()
    positions = {name: position for position, name in enumerate(result["competitors"])}
    return shift_mean_to_1000(np.array(result["ratings"])[[positions[name] for name in names]])


def prepare_exact(styled: Styled) -> Run:
    """Run Newton's method on a sparse matrix of votes until the step is at most 1e-12. Computes no intervals."""
    return lambda: _fit_by_newton(_build_design(styled), styled.votes.outcome, len(styled.names))


def _build_design(styled: Styled) -> csr_array:
    """Return the design matrix (N, M + 4): +1 and -1 for the two models, and the scaled style differences."""
    votes, x = styled.votes, _compute_scaled_differences(styled)
    size, styles = x.shape
    columns = np.column_stack([votes.first, votes.second, np.tile(len(styled.names) + np.arange(styles), (size, 1))])
    values = np.column_stack([np.ones(size), -np.ones(size), x])
    ends = np.arange(size + 1) * columns.shape[1]
    return csr_array((values.ravel(), columns.ravel(), ends), shape=(size, len(styled.names) + styles))


def _fit_by_newton(design: csr_array, outcome: Floats, models: int) -> Floats:
    parameters, step = np.zeros(design.shape[1]), np.ones(1)
    while np.abs(step).max() > 1e-12:
        chance = expit(design @ parameters)
        information = (design.T @ design.multiply((chance * (1 - chance))[:, None]).tocsr()).toarray()
        step = np.linalg.pinv(information, rcond=1e-12, hermitian=True) @ (design.T @ (outcome - chance))
        parameters += step
    return shift_mean_to_1000(SCALE * parameters[:models])


CONTENDERS: dict[str, Callable[[Styled], Run]] = {
    "ours, style": prepare_ours,
    "arena-rank, style": prepare_arena_rank,
    "arena-rank, style, same model": prepare_arena_rank_same,
    "arena-rank, style, same model, prepared": prepare_arena_rank_prepared,
    "exact, style": prepare_exact,
}
