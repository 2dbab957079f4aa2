"""The contenders of the benchmark that compute ratings from counts or votes: ours, and the peers."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from bench.rating_data import SCALE, Counts, Floats, Votes
from ratings.statistics import bradley_terry
from ratings.statistics.comparisons import Comparisons

# Ratings (M,) in Elo points, in the order of the names, averaging 1000.
Run = Callable[[], Floats]
WINNERS = np.array(["model_b", "tie", "model_a"], dtype=object)


def ours_from_counts(counts: Counts, rounds: int) -> Run:
    board = Comparisons.from_counts(counts.names, *counts.matrices())
    return lambda: bradley_terry.fit(board).ratings


def ours_from_ids(counts: Counts, rounds: int) -> Run:
    """Ids of four bytes, as the service keeps them and as FastChat's method makes them."""
    votes = counts.votes()
    first, second = votes.first.astype(np.int32), votes.second.astype(np.int32)
    outcome = votes.outcome.astype(np.float32)
    return lambda: bradley_terry.fit(Comparisons.from_votes(first, second, outcome)).ratings


def ours_from_frame(counts: Counts, rounds: int) -> Run:
    """Includes turning the winner's name into an outcome, as the peers do it too."""
    frame = frame_of(counts.names, counts.votes())

    def run() -> Floats:
        outcome = np.where(frame.winner == "model_a", 1.0, np.where(frame.winner == "model_b", 0.0, 0.5))
        return bradley_terry.fit(Comparisons.from_votes(frame.model_a, frame.model_b, outcome)).ratings

    return run


def arena_rank(counts: Counts, rounds: int) -> Run:
    """The call of its README: a DataFrame of votes to ratings with sandwich intervals."""
    model, dataset = _arena_rank_classes()
    frame = frame_of(counts.names, counts.votes())
    return lambda: _rank(model, dataset.from_pandas(frame), counts.names)


def arena_rank_from_counts(counts: Counts, rounds: int) -> Run:
    """The same from its own aggregated data set, which its README makes anew each time."""
    model, dataset = _arena_rank_classes()
    from jax import numpy as jnp

    numbers = (counts.won, 1.0), (counts.tied, 0.5), (counts.lost, 0.0)
    pairs = np.column_stack([counts.first, counts.second]).astype(np.int32)
    rows = [(pairs[number > 0], np.full((number > 0).sum(), value), number[number > 0]) for number, value in numbers]
    place, outcome, number = (jnp.array(np.concatenate(part)) for part in zip(*rows, strict=True))
    number = number.astype(jnp.float64)
    kept = dataset(list(counts.names), place, outcome, number, jnp.ones_like(number), number)
    return lambda: _rank(model, kept, counts.names)


def _arena_rank_classes() -> tuple[Any, Any]:
    # The import of its models switches JAX to double precision: it must come before any data is made, and untimed.
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    return BradleyTerry, PairDataset


def _rank(model: Any, dataset: Any, names: tuple[str, ...]) -> Floats:
    found = model(n_competitors=len(dataset.competitors)).compute_ratings_and_cis(dataset)
    # Reading the interval waits for what JAX does meanwhile.
    assert np.isfinite(np.array(found["rating_upper"])).all()
    place = {name: position for position, name in enumerate(found["competitors"])}
    return mean_1000(np.array(found["ratings"])[[place[name] for name in names]])


def evalica(counts: Counts, rounds: int) -> Run:
    import evalica as peer

    frame = frame_of(counts.names, counts.votes())
    winner = {"model_a": peer.Winner.X, "model_b": peer.Winner.Y, "tie": peer.Winner.Draw}

    def run() -> Floats:
        found = peer.bradley_terry(frame.model_a, frame.model_b, [winner[name] for name in frame.winner])
        return mean_1000(SCALE * np.log(found.scores[list(counts.names)].to_numpy()))

    return run


def evalica_bootstrap(counts: Counts, rounds: int) -> Run:
    """Percentile intervals; its default, BCa, would fit once for every vote."""
    import evalica as peer

    frame = frame_of(counts.names, counts.votes())
    winner = {"model_a": peer.Winner.X, "model_b": peer.Winner.Y, "tie": peer.Winner.Draw}

    def run() -> Floats:
        votes = frame.model_a, frame.model_b, [winner[name] for name in frame.winner]
        how = {"n_resamples": max(rounds // 10, 2), "bootstrap_method": "percentile", "random_state": 1}
        found = peer.bootstrap(peer.bradley_terry, *votes, **how)
        return mean_1000(SCALE * np.log(found.result.scores[list(counts.names)].to_numpy()))

    return run


def evalica_exact(counts: Counts, rounds: int) -> Run:
    import evalica as peer

    names = np.array(counts.names, dtype=object)
    first, second = (np.tile(names[side], 3).tolist() for side in (counts.first, counts.second))
    winners = np.repeat([peer.Winner.X, peer.Winner.Draw, peer.Winner.Y], len(counts.won)).tolist()
    winners = [peer.Winner(value) for value in winners]
    weights = np.concatenate([counts.won, counts.tied, counts.lost]).astype(float)

    def run() -> Floats:
        found = peer.bradley_terry(first, second, winners, weights=weights, tolerance=1e-12, limit=100_000)
        return mean_1000(SCALE * np.log(found.scores[list(counts.names)].to_numpy()))

    return run


def choix(counts: Counts, rounds: int, tolerance: float = 1e-8) -> Run:
    """Iterative Luce spectral ranking, from counts."""
    import choix as peer

    wins, ties = counts.matrices()
    taken = wins + ties / 2
    return lambda: mean_1000(SCALE * peer.ilsr_pairwise_dense(taken, tol=tolerance, max_iter=1000))


def fastchat(counts: Counts, rounds: int) -> Run:
    """The names and winners of a DataFrame to numbers, the fit, and the bootstrap for intervals."""
    import pandas as pd

    frame = frame_of(counts.names, counts.votes())

    def run() -> Floats:
        codes, names = pd.factorize(pd.concat([frame.model_a, frame.model_b]))
        outcome = np.where(frame.winner == "model_a", 2, np.where(frame.winner == "model_b", 0, 1))
        votes = np.column_stack([*codes.reshape(2, -1), outcome]).astype(np.int32)
        fitted, *drawn = fastchat_bootstrap(votes, rounds)
        assert np.isfinite(np.percentile(drawn, [2.5, 97.5], axis=0)).all()
        place = {name: position for position, name in enumerate(names)}
        return mean_1000(fitted[[place[name] for name in counts.names]])

    return run


def fastchat_bootstrap(votes: Any, rounds: int) -> Floats:
    """FastChat's bootstrap, written from its description: (1 + rounds, M) Elo points, the fit of all votes first.

    votes (N, 3): positions of both models, and 2, 1 or 0 for won, tied and lost. Equal votes become a row with a
    count; each round draws new counts from the multinomial distribution and fits a logistic regression by L-BFGS-B
    from 0, at most 100 steps, gradient tolerance 1e-6 of the mean log loss, scipy's other tolerances. The package
    on the index (fschat 0.2.36) has only the form before that, with a dense row of all models for every vote.
    """
    rows, number = np.unique(votes, axis=0, return_counts=True)
    share = number / number.sum()
    drawn = np.random.default_rng(0).multinomial(len(votes), share, size=rounds) / len(votes)
    return np.array([_logistic(rows, weight) for weight in (share, *drawn)])


def _logistic(rows: Any, weight: Floats) -> Floats:
    pair, outcome, size = rows[:, :2], rows[:, 2] / 2, int(rows[:, :2].max()) + 1

    def loss(ratings: Floats) -> tuple[float, Floats]:
        chance = expit(np.log(10) * (ratings[pair[:, 0]] - ratings[pair[:, 1]]))
        surprise = outcome * np.log(chance) + (1 - outcome) * np.log(1 - chance)
        pull, gradient = np.log(10) * weight * (chance - outcome), np.zeros(size)
        np.add.at(gradient, pair, np.column_stack([pull, -pull]))
        return -float(weight @ surprise), gradient

    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 100, "gtol": 1e-6})
    return np.asarray(1000 + 400 * found.x)


def mean_1000(ratings: Floats) -> Floats:
    return np.asarray(ratings - ratings.mean() + 1000)


def frame_of(names: tuple[str, ...], votes: Votes) -> Any:
    import pandas as pd

    known = np.array(names, dtype=object)
    columns = {"model_a": known[votes.first], "model_b": known[votes.second]}
    return pd.DataFrame(columns | {"winner": WINNERS[(2 * votes.outcome).astype(int)]})


CONTENDERS: dict[str, Callable[[Counts, int], Run]] = {
    "ours, kept counts": ours_from_counts,
    "ours, integer ids": ours_from_ids,
    "ours, DataFrame": ours_from_frame,
    "arena-rank": arena_rank,
    "arena-rank, kept counts": arena_rank_from_counts,
    "FastChat's bootstrap": fastchat,
    "evalica": evalica,
    "evalica, bootstrap": evalica_bootstrap,
    "choix": choix,
    "evalica to 1e-12": evalica_exact,
    "choix to 1e-12": partial(choix, tolerance=1e-12),
}
