"""Tests whether the rhythm of the panes reveals the models, with one classifier that was chosen beforehand.

The classifier knows the timing profiles and the two models of the battle. Its input is the time and size of each growth
of each pane, from which it computes the time to the first byte and statistics of the ticks and pieces. It ignores the
text and the total lengths, and all models answer equally long. The differences between the panes times the differences
between the two profiles are the features of a logistic regression with a small ridge penalty. The accuracy is that of
tenfold cross-validation.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from arena.answers.release_clock import TICK_S, ImmediateClock, Lane, ReleaseClock
from bench.profiles import RHYTHMS, Profile, words

TOKENS = (60, 150)
FOLDS = 10
RIDGE = 1.0
END_S = 1.0
Array = NDArray[np.float64]


@dataclass
class Pane:
    """What a reader sees of one side: seconds since the question, and the characters that came then."""

    model: str
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, at: float, size: int) -> None:
        self.times.append(at)
        self.sizes.append(size)


Fight = tuple[Pane, Pane]


def simulated(number: int, seed: int, *, paced: bool) -> list[Fight]:
    """So many battles through the release clock alone, in simulated time and without any noise of machines."""
    random = Random(seed)
    return [_fight(random, n, paced=paced) for n in range(number)]


def _fight(random: Random, number: int, *, paced: bool) -> Fight:
    first, second = random.sample(sorted(RHYTHMS), 2)
    panes = Pane(first), Pane(second)
    lanes, clock = (Lane(), Lane()), ReleaseClock(random=random) if paced else ImmediateClock()
    coming = [_coming(random, pane.model, f"question {number}") for pane in panes]
    at = random.random() * TICK_S
    while not all(lane.is_over for lane in lanes):
        for lane, due in zip(lanes, coming, strict=True):
            while due and due[-1][0] <= at:
                lane.waiting += due.pop()[1]
                lane.began = True
            lane.ended = not due
        for pane, lane, step in zip(panes, lanes, clock.tick(*lanes), strict=True):
            if step:
                pane.add(at, step)
                lane.waiting -= step
        at += TICK_S
    return panes


def _coming(random: Random, model: str, prompt: str) -> list[tuple[float, int]]:
    """When how many characters come from the model, the last first."""
    said = words(model, prompt, random.randint(*TOKENS))
    pieces, sent = [], 0
    for at, count in RHYTHMS[model].schedule(len(said), random):
        pieces.append((at, sum(map(len, said[sent : sent + count]))))
        sent += count
    return pieces[::-1]


def accuracy(fights: Sequence[Fight]) -> float:
    """Share of battles in which the classifier says rightly which pane is which."""
    random = np.random.default_rng(1)
    x, y = _table(fights)
    fold = random.permutation(len(y)) % FOLDS
    right = 0
    for n in range(FOLDS):
        weights = _fit(x[fold != n], y[fold != n])
        right += int(np.sum((x[fold == n] @ weights > 0) == y[fold == n]))
    return right / len(y)


def _table(fights: Sequence[Fight]) -> tuple[Array, NDArray[np.bool_]]:
    """Per battle: pane a less pane b, times first less second model of the pair; whether a is the first."""
    x, d, y = [], [], []
    for a, b in fights:
        first, second = sorted((a.model, b.model))
        x.append(_difference(a, b))
        d.append(_known(RHYTHMS[first]) - _known(RHYTHMS[second]))
        y.append(a.model == first)
    panes, models = np.array(x), np.array(d)
    panes /= panes.std(axis=0) + 1e-12
    models /= models.std(axis=0)
    return (panes[:, :, None] * models[:, None, :]).reshape(len(y), -1), np.array(y)


def _known(profile: Profile) -> Array:
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


def _difference(a: Pane, b: Pane) -> Array:
    """What is not alike: the panes as wholes, and how the longer one goes on around the end of the shorter."""
    longer, sign = (a, 1) if a.times[-1] > b.times[-1] else (b, -1)
    end = min(a.times[-1], b.times[-1])
    first = np.array([np.log(a.times[0] / b.times[0])])
    around = _character(longer, end - END_S, end), _character(longer, end, np.inf), _character(longer, 0, end)
    end_changes, lone_changes = around[0] - around[2], around[1] - around[2]
    return np.concatenate([first, _character(a) - _character(b), sign * end_changes, sign * lone_changes])


def _character(pane: Pane, start: float = 0.0, end: float = np.inf) -> Array:
    """The ticks and pieces of a pane between two moments."""
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
            _echo(sizes),
            np.log(np.exp(sizes).sum() / max(times[-1] - times[0], TICK_S)),
        ]
    )


def _echo(values: Array) -> float:
    """How much a value is like the one before it."""
    centred = values - values.mean()
    return float(centred[1:] @ centred[:-1] / max(centred @ centred, 1e-9))
