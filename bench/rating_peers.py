"""Contenders in the rating benchmark that compute ratings from counts or votes: Arena and other packages."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from bench.rating_data import SCALE, Counts, Floats, Votes
from ratings.statistics import bradley_terry
from ratings.statistics.comparisons import Comparisons

# Returns ratings (M,) in Elo points with mean 1000, in the same order as the names.
Run = Callable[[], Floats]
WINNERS = np.array(["model_b", "tie", "model_a"], dtype=object)


def prepare_ours_from_counts(counts: Counts, rounds: int) -> Run:
    board = Comparisons.from_counts(counts.names, *counts.build_matrices())
    return lambda: bradley_terry.fit(board).ratings


def prepare_ours_from_ids(counts: Counts, rounds: int) -> Run:
    """Use 4-byte IDs, like the service and FastChat's method."""
    votes = counts.list_votes()
    first = votes.first.astype(np.int32)
    second = votes.second.astype(np.int32)
    outcome = votes.outcome.astype(np.float32)
    return lambda: bradley_terry.fit(Comparisons.from_votes(first, second, outcome)).ratings


def prepare_ours_from_frame(counts: Counts, rounds: int) -> Run:
    """Start from a DataFrame with the winner as text, like the other packages."""
    frame = build_frame(counts.names, counts.list_votes())

    def run() -> Floats:
        outcome = np.where(frame.winner == "model_a", 1.0, np.where(frame.winner == "model_b", 0.0, 0.5))
        names = np.unique(frame.model_a.unique().tolist() + frame.model_b.unique().tolist())
        first, second = (names.searchsorted(side) for side in (frame.model_a, frame.model_b))
        return bradley_terry.fit(Comparisons.from_votes(first, second, outcome)).ratings

    return run


def prepare_arena_rank(counts: Counts, rounds: int) -> Run:
    """Follow arena-rank's README: from a DataFrame of votes to ratings with sandwich intervals."""
    model, dataset = _load_arena_rank_classes()
    frame = build_frame(counts.names, counts.list_votes())
    return lambda: _rank(model, dataset.from_pandas(frame), counts.names)


def prepare_arena_rank_from_counts(counts: Counts, rounds: int) -> Run:
    """Start from arena-rank's aggregated data set. arena-rank's README builds the data set on every call."""
    model, dataset = _load_arena_rank_classes()
    from jax import numpy as jnp

    numbers = (counts.won, 1.0), (counts.tied, 0.5), (counts.lost, 0.0)
    pairs = np.column_stack([counts.first, counts.second]).astype(np.int32)
    rows = [(pairs[number > 0], np.full((number > 0).sum(), value), number[number > 0]) for number, value in numbers]
    pairs, outcome, number = (jnp.array(np.concatenate(part)) for part in zip(*rows, strict=True))
    number = number.astype(jnp.float64)
    data_set = dataset(list(counts.names), pairs, outcome, number, jnp.ones_like(number), number)
    return lambda: _rank(model, data_set, counts.names)


def _load_arena_rank_classes() -> tuple[Any, Any]:
    # This import switches JAX to double precision. It must come before any data is created, and is not timed.
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    return BradleyTerry, PairDataset


def _rank(model: Any, dataset: Any, names: tuple[str, ...]) -> Floats:
    result = model(n_competitors=len(dataset.competitors)).compute_ratings_and_cis(dataset)
    # Reading the interval waits for JAX's asynchronous computation.
    assert np.isfinite(np.array(result["rating_upper"])).all()
    positions = {name: position for position, name in enumerate(result["competitors"])}
    return shift_mean_to_1000(np.array(result["ratings"])[[positions[name] for name in names]])


def prepare_evalica(counts: Counts, rounds: int) -> Run:
    import evalica as peer

    frame = build_frame(counts.names, counts.list_votes())
    winner = {"model_a": peer.Winner.X, "model_b": peer.Winner.Y, "tie": peer.Winner.Draw}

    def run() -> Floats:
        result = peer.bradley_terry(frame.model_a, frame.model_b, [winner[name] for name in frame.winner])
        return shift_mean_to_1000(SCALE * np.log(result.scores[list(counts.names)].to_numpy()))

    return run


def prepare_evalica_bootstrap(counts: Counts, rounds: int) -> Run:
    """Compute percentile intervals. The default, BCa, needs one fit per vote."""
    import evalica as peer

    frame = build_frame(counts.names, counts.list_votes())
    winner = {"model_a": peer.Winner.X, "model_b": peer.Winner.Y, "tie": peer.Winner.Draw}

    def run() -> Floats:
        votes = frame.model_a, frame.model_b, [winner[name] for name in frame.winner]
        options = {"n_resamples": max(rounds // 10, 2), "bootstrap_method": "percentile", "random_state": 1}
        result = peer.bootstrap(peer.bradley_terry, *votes, **options)
        return shift_mean_to_1000(SCALE * np.log(result.result.scores[list(counts.names)].to_numpy()))

    return run


def prepare_evalica_exact(counts: Counts, rounds: int) -> Run:
    import evalica as peer

    names = np.array(counts.names, dtype=object)
    first, second = (np.tile(names[side], 3).tolist() for side in (counts.first, counts.second))
    winners = np.repeat([peer.Winner.X, peer.Winner.Draw, peer.Winner.Y], len(counts.won)).tolist()
    winners = [peer.Winner(value) for value in winners]
    weights = np.concatenate([counts.won, counts.tied, counts.lost]).astype(float)

    def run() -> Floats:
        result = peer.bradley_terry(first, second, winners, weights=weights, tolerance=1e-12, limit=100_000)
        return shift_mean_to_1000(SCALE * np.log(result.scores[list(counts.names)].to_numpy()))

    return run


def prepare_choix(counts: Counts, rounds: int, tolerance: float = 1e-8) -> Run:
    """Run iterative Luce spectral ranking on counts."""
    import choix as peer

    wins, ties = counts.build_matrices()
    wins_with_ties = wins + ties / 2
    return lambda: shift_mean_to_1000(SCALE * peer.ilsr_pairwise_dense(wins_with_ties, tol=tolerance, max_iter=1000))


def prepare_fastchat(counts: Counts, rounds: int) -> Run:
    """Convert a DataFrame to numbers, fit, and bootstrap intervals."""
    import pandas as pd

    frame = build_frame(counts.names, counts.list_votes())

    def run() -> Floats:
        codes, names = pd.factorize(pd.concat([frame.model_a, frame.model_b]))
        outcome = np.where(frame.winner == "model_a", 2, np.where(frame.winner == "model_b", 0, 1))
        votes = np.column_stack([*codes.reshape(2, -1), outcome]).astype(np.int32)
        fitted, *resampled = run_fastchat_bootstrap(votes, rounds)
        assert np.isfinite(np.percentile(resampled, [2.5, 97.5], axis=0)).all()
        positions = {name: position for position, name in enumerate(names)}
        return shift_mean_to_1000(fitted[[positions[name] for name in counts.names]])

    return run


def run_fastchat_bootstrap(votes: Any, rounds: int) -> Floats:
    """Run FastChat's bootstrap, reimplemented from its description.

    Returns ratings in Elo points (1 + rounds, M). The first row is the fit to all votes. `votes` (N, 3) contains the
    positions of both models and the outcome: 2 for a win of the first model, 1 for a tie, and 0 for a loss.

    Equal votes are merged into one row with a count. Each round draws new counts from the multinomial distribution, and
    fits a logistic regression with L-BFGS-B, starting from 0, with at most 100 steps and a gradient tolerance of 1e-6
    for the mean log loss. The published package (fschat 0.2.36) contains only an older version, which uses a dense row
    per vote.
    """
    rows, number = np.unique(votes, axis=0, return_counts=True)
    share = number / number.sum()
    drawn_shares = np.random.default_rng(0).multinomial(len(votes), share, size=rounds) / len(votes)
    return np.array([_fit_logistic(rows, weight) for weight in (share, *drawn_shares)])


def _fit_logistic(rows: Any, weight: Floats) -> Floats:
    pair = rows[:, :2]
    outcome = rows[:, 2] / 2
    size = int(rows[:, :2].max()) + 1

    def loss(ratings: Floats) -> tuple[float, Floats]:
        chance = expit(np.log(10) * (ratings[pair[:, 0]] - ratings[pair[:, 1]]))
        surprise = outcome * np.log(chance) + (1 - outcome) * np.log(1 - chance)
        pull = np.log(10) * weight * (chance - outcome)
        gradient = np.zeros(size)
        np.add.at(gradient, pair, np.column_stack([pull, -pull]))
        return -float(weight @ surprise), gradient

    result = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 100, "gtol": 1e-6})
    return np.asarray(1000 + 400 * result.x)


def shift_mean_to_1000(ratings: Floats) -> Floats:
    return np.asarray(ratings - ratings.mean() + 1000)


def build_frame(names: tuple[str, ...], votes: Votes) -> Any:
    import pandas as pd

    name_array = np.array(names, dtype=object)
    columns = {"model_a": name_array[votes.first], "model_b": name_array[votes.second]}
    return pd.DataFrame(columns | {"winner": WINNERS[(2 * votes.outcome).astype(int)]})


CONTENDERS: dict[str, Callable[[Counts, int], Run]] = {
    "ours, stored counts": prepare_ours_from_counts,
    "ours, integer ids": prepare_ours_from_ids,
    "ours, DataFrame": prepare_ours_from_frame,
    "arena-rank": prepare_arena_rank,
    "arena-rank, stored counts": prepare_arena_rank_from_counts,
    "FastChat's bootstrap": prepare_fastchat,
    "evalica": prepare_evalica,
    "evalica, bootstrap": prepare_evalica_bootstrap,
    "choix": prepare_choix,
    "evalica to 1e-12": prepare_evalica_exact,
    "choix to 1e-12": partial(prepare_choix, tolerance=1e-12),
}
