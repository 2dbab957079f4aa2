"""Votes for the rating benchmark: the counts of a real board, or random counts of any size. Requires only NumPy."""

import csv
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
SCALE = 400 / np.log(10)
# In Elo points: the standard deviation of model strengths, and the effect of each style difference.
SPREAD = 120.0
STYLE = np.array([150.0, 20.0, 15.0, -10.0])
# The typical length of an answer, and its typical numbers of headers, bold marks, and list items.
HABIT = np.array([300.0, 3.0, 8.0, 6.0])


@dataclass(frozen=True, eq=False)
class Votes:
    """N votes: the positions of both models (N,), and the outcome for the first model (N,): 1, 0.5, or 0."""

    first: Whole
    second: Whole
    outcome: Floats


@dataclass(frozen=True, eq=False)
class Counts:
    """P pairs of M models: positions (P,), and the number of wins, ties, and losses of the first model (P,)."""

    names: tuple[str, ...]
    first: Whole
    second: Whole
    won: Whole
    tied: Whole
    lost: Whole

    @classmethod
    def read(cls, path: str) -> Self:
        """Read a CSV file (optionally .xz) with the columns model_a, model_b, win_a, win_b, tie, and tie_bothbad."""
        with lzma.open(path, "rt") if path.endswith(".xz") else Path(path).open() as file:
            rows = list(csv.DictReader(file))
        names = sorted({row[side] for row in rows for side in ("model_a", "model_b")})
        position = {name: place for place, name in enumerate(names)}
        first, second = (np.array([position[row[side]] for row in rows]) for side in ("model_a", "model_b"))
        counts = {name: np.array([int(row[name]) for row in rows]) for name in ("win_a", "win_b", "tie", "tie_bothbad")}
        tied = counts["tie"] + counts["tie_bothbad"]
        return cls(tuple(names), first, second, counts["win_a"], tied, counts["win_b"])

    @classmethod
    def generate(cls, models: int, votes: int, seed: int) -> Self:
        """Generate random counts. Models appear with different frequencies, and about a fifth of the votes are ties."""
        random = np.random.default_rng(seed)
        strength = random.normal(0, SPREAD / SCALE, models)
        popularity = np.exp(random.normal(0, 0.5, models))
        first, second = np.triu_indices(models, 1)
        share = popularity[first] * popularity[second]
        counts = random.multinomial(votes, share / share.sum())
        first, second, counts = (values[counts > 0] for values in (first, second, counts))
        chance = 1 / (1 + np.exp(strength[second] - strength[first]))
        tie = 0.5 * np.minimum(chance, 1 - chance)
        tied = random.binomial(counts, tie)
        won = random.binomial(counts - tied, (chance - tie / 2) / (1 - tie))
        return cls(_build_names(models), first, second, won, tied, counts - tied - won)

    @property
    def total(self) -> int:
        return int((self.won + self.tied + self.lost).sum())

    def build_matrices(self) -> tuple[Floats, Floats]:
        """Return the wins and ties (M, M) for `Comparisons.from_counts`."""
        wins, ties = np.zeros((2, len(self.names), len(self.names)))
        np.add.at(wins, (self.first, self.second), self.won)
        np.add.at(wins, (self.second, self.first), self.lost)
        np.add.at(ties, (self.first, self.second), self.tied)
        return wins, ties + ties.T

    def list_votes(self) -> Votes:
        """Return one entry per vote, in random order with a fixed seed."""
        outcome_counts = self.won, self.tied, self.lost
        pair = np.concatenate([np.repeat(np.arange(len(counts)), counts) for counts in outcome_counts])
        outcome = np.repeat([1.0, 0.5, 0.0], [counts.sum() for counts in outcome_counts])
        order = np.random.default_rng(1).permutation(len(pair))
        pair = pair[order]
        return Votes(self.first[pair], self.second[pair], outcome[order])


@dataclass(frozen=True, eq=False)
class Styled:
    """Votes that also depend on style.

    `features` (N, 8) contains the length of the first answer and its numbers of headers, bold marks, and list items,
    followed by the same values for the second answer.
    """

    names: tuple[str, ...]
    votes: Votes
    features: NDArray[np.int32]

    @classmethod
    def generate(cls, models: int, votes: int, seed: int) -> Self:
        """Generate random votes. Models differ in style, and the answers to some prompts are longer than to others."""
        random = np.random.default_rng(seed)
        strength = random.normal(0, SPREAD / SCALE, models)
        habit = HABIT * np.exp(random.normal(0, 0.4, (models, 4)))
        first = random.integers(0, models, votes)
        second = (first + random.integers(1, models, votes)) % models
        verbosity = random.gamma(2, 0.5, (votes, 1))
        features = np.hstack([random.poisson(habit[side] * verbosity) for side in (first, second)]).astype(np.int32)
        lead = strength[first] - strength[second] + compute_differences(features) @ (STYLE / SCALE)
        chance = 1 / (1 + np.exp(-lead))
        margin = chance - random.random(votes)
        outcome = np.where(np.abs(margin) < 0.2 * np.minimum(chance, 1 - chance), 0.5, margin > 0)
        return cls(_build_names(models), Votes(first, second, outcome), features)


def compute_differences(features: NDArray[np.int32]) -> Floats:
    """Return (a - b) / (a + b + 1) for each feature, (N, 4)."""
    a, b = np.hsplit(features.astype(float), 2)
    return np.asarray((a - b) / (a + b + 1))


def _build_names(models: int) -> tuple[str, ...]:
    return tuple(f"organization/model-{number:04d}-chat" for number in range(models))
