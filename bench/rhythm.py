"""Tests whether the panes' rhythm identifies the models, with a classifier that was fixed in advance.

The classifier knows the timing profiles and the two models of a battle. Its input is the time and the size of each
piece in each pane. It computes the time to the first piece and statistics of times and sizes. It ignores the text and
the total length, because the answers of all models have the same length on average. The features are the differences
between the panes, multiplied by the differences between the profiles. The classifier is a logistic regression with a
small ridge penalty, and its accuracy comes from tenfold cross-validation.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from arena.answers.release_clock import TICK_S, ImmediateClock, Lane, ReleaseClock
from bench.profiles import RHYTHMS, Profile, build_words

TOKENS = (60, 150)
FOLDS = 10
RIDGE = 1.0
END_S = 1.0
Array = NDArray[np.float64]


@dataclass
class Pane:
    """One side from the reader's point of view.

    times: the seconds from the question to the arrival of each piece.
    sizes: the number of characters in each piece.
    """

    model: str
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, at: float, size: int) -> None:
        self.times.append(at)
        self.sizes.append(size)


PanePair = tuple[Pane, Pane]


def simulate_battles(number: int, seed: int, *, paced: bool) -> list[PanePair]:
    """Simulate battles with the release clock alone, without the noise of real machines."""
    random = Random(seed)
    return [_simulate_battle(random, n, paced=paced) for n in range(number)]


def _simulate_battle(random: Random, number: int, *, paced: bool) -> PanePair:
    first, second = random.sample(sorted(RHYTHMS), 2)
    panes = Pane(first), Pane(second)
    lanes = (Lane(), Lane())
    clock = ReleaseClock(random=random) if paced else ImmediateClock()
    pieces_by_pane = [_generate_pieces(random, pane.model, f"question {number}") for pane in panes]
    at = random.random() * TICK_S
    while not all(lane.is_over for lane in lanes):
        for lane, due in zip(lanes, pieces_by_pane, strict=True):
            while due and due[-1][0] <= at:
                lane.waiting += due.pop()[1]
                lane.has_begun = True
            lane.has_ended = not due
        for pane, lane, step in zip(panes, lanes, clock.tick(*lanes), strict=True):
            if step:
                pane.add(at, step)
                lane.waiting -= step
        at += TICK_S
    return panes


def _generate_pieces(random: Random, model: str, prompt: str) -> list[tuple[float, int]]:
    """Return the times and sizes of the pieces of an answer, in reverse order."""
    answer_words = build_words(model, prompt, random.randint(*TOKENS))
    pieces, sent = [], 0
    for at, count in RHYTHMS[model].schedule(len(answer_words), random):
        pieces.append((at, sum(map(len, answer_words[sent : sent + count]))))
        sent += count
    return pieces[::-1]


def compute_accuracy(battles: Sequence[PanePair]) -> float:
    """Return the share of battles in which the classifier identifies the panes."""
    random = np.random.default_rng(1)
    x, y = _build_features(battles)
    fold = random.permutation(len(y)) % FOLDS
    correct = 0
    for n in range(FOLDS):
        weights = _fit(x[fold != n], y[fold != n])
        correct += int(np.sum((x[fold == n] @ weights > 0) == y[fold == n]))
    return correct / len(y)


def _build_features(battles: Sequence[PanePair]) -> tuple[Array, NDArray[np.bool_]]:
    """Return the features of each battle, and whether pane a belongs to the first model in alphabetical order."""
    pane_rows = []
    model_rows = []
    is_a_first = []
    for a, b in battles:
        first, second = sorted((a.model, b.model))
        pane_rows.append(_compute_pane_differences(a, b))
        model_rows.append(_build_profile_features(RHYTHMS[first]) - _build_profile_features(RHYTHMS[second]))
        is_a_first.append(a.model == first)
    panes = np.array(pane_rows)
    models = np.array(model_rows)
    panes /= panes.std(axis=0) + 1e-12
    models /= models.std(axis=0)
    return (panes[:, :, None] * models[:, None, :]).reshape(len(battles), -1), np.array(is_a_first)


def _build_profile_features(profile: Profile) -> Array:
    first, rate, chunk, jitter, pauses = astuple(profile)
    return np.array([np.log(first), np.log(rate), np.log(chunk), jitter, pauses])


def _fit(x: Array, y: NDArray[np.bool_]) -> Array:
    sign = np.where(y, 1.0, -1.0)

    def loss(weights: Array) -> tuple[float, Array]:
        margin = sign * (x @ weights)
        gradient = -x.T @ (sign * expit(-margin)) + RIDGE * weights
        return float(np.sum(np.logaddexp(0, -margin)) + RIDGE * weights @ weights / 2), gradient

    fitted: Array = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    return fitted


def _compute_pane_differences(a: Pane, b: Pane) -> Array:
    """Return the differences between the panes, and the changes of the longer pane when the shorter one ends."""
    longer, sign = (a, 1) if a.times[-1] > b.times[-1] else (b, -1)
    end = min(a.times[-1], b.times[-1])
    first = np.array([np.log(a.times[0] / b.times[0])])
    segments = (
        _compute_pane_features(longer, end - END_S, end),
        _compute_pane_features(longer, end, np.inf),
        _compute_pane_features(longer, 0, end),
    )
    end_changes, lone_changes = segments[0] - segments[2], segments[1] - segments[2]
    return np.concatenate(
        [first, _compute_pane_features(a) - _compute_pane_features(b), sign * end_changes, sign * lone_changes]
    )


def _compute_pane_features(pane: Pane, start: float = 0.0, end: float = np.inf) -> Array:
    """Return statistics of the times and sizes of the pieces between two times."""
    times, sizes = np.array(pane.times), np.array(pane.sizes)
    within = (times > start) & (times <= end)
    if np.sum(within) < 3:
        within = np.ones(len(times), bool) if len(times) > 2 else np.resize([True], len(times))
    times, sizes = times[within], np.log(sizes[within])
    gaps = np.log(np.maximum(np.diff(times), 1e-4)) if len(times) > 1 else np.zeros(1)
    return np.array(
        [
            *np.percentile(gaps, [50, 90]),
            gaps.std(),
            sizes.mean(),
            np.percentile(sizes, 90),
            sizes.std(),
            _compute_autocorrelation(sizes),
            np.log(np.exp(sizes).sum() / max(times[-1] - times[0], TICK_S)),
        ]
    )


def _compute_autocorrelation(values: Array) -> float:
    """Return the correlation between consecutive values."""
    centered = values - values.mean()
    return float(centered[1:] @ centered[:-1] / max(centered @ centered, 1e-9))
