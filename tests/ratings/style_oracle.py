"""Votes with style for tests, and another method for `ratings.statistics.style_control`: one dense row per vote."""

import numpy as np
from scipy.optimize import minimize, root
from scipy.special import expit, log_expit

from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.style_votes import StyledVotes

WORTH = np.array([0.5, -0.3])


def simulate_votes(seed, models=5, votes=400, worth=WORTH):
    """Return the columns of random votes (first, second, outcome, features), and the true strengths."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.5, models)
    first = rng.integers(0, models, votes)
    second = (first + rng.integers(1, models, votes)) % models
    features = rng.poisson(rng.gamma(2, 4, (votes, 2 * len(worth)))).astype(float)
    x = compute_differences(features)
    lead = theta[first] - theta[second] + x @ (worth / x.std(axis=0))
    margin = expit(lead) - rng.random(votes)
    outcome = np.where(np.abs(margin) < 0.2 * expit(-np.abs(lead)), 0.5, margin > 0)
    return (first, second, outcome, features), theta


def compute_differences(features):
    a, b = np.hsplit(np.asarray(features, dtype=float), 2)
    return (a - b) / (a + b + 1)


def build_styled_votes(columns, models=5, **more):
    first, second, outcome, features = columns
    return StyledVotes.from_features(range(models), (first, second), outcome, np.asarray(features), **more)


def build_design(columns, models=5):
    """Return rows (N, M + K): 1 for the first model, -1 for the second, and the style in standard deviations."""
    first, second, _, features = columns
    x = compute_differences(features)
    return np.hstack((np.eye(models)[first] - np.eye(models)[second], x / x.std(axis=0)))


def find_maximum(design, outcome, fixed=0):
    """Return the parameters at the maximum from two general solvers, with one parameter fixed at 0."""
    free = np.delete(np.arange(design.shape[1]), fixed)
    design = design[:, free]

    def loss(values):
        lead = design @ values
        return -(outcome * log_expit(lead) + (1 - outcome) * log_expit(-lead)).mean()

    def slope(values):
        return design.T @ (expit(design @ values) - outcome) / len(outcome)

    start = minimize(loss, np.zeros(len(free)), jac=slope, method="BFGS").x
    parameters = np.zeros(len(free) + 1)
    parameters[free] = root(slope, start, tol=1e-14).x
    return parameters


def sandwich_by_rows(design, outcome, parameters, voter=None):
    """Return the covariance in natural units. Votes are summed by voter, except those of unknown voters (below 0)."""
    chance = expit(design @ parameters)
    bread = np.linalg.pinv(design.T @ (design * (chance * (1 - chance))[:, None]), rcond=1e-10)
    scores = (outcome - chance)[:, None] * design
    voter = np.full(len(outcome), -1) if voter is None else np.asarray(voter)
    meat = scores[voter < 0].T @ scores[voter < 0]
    people = sorted(set(voter[voter >= 0].tolist()))
    for person in people:
        total = scores[voter == person].sum(axis=0)
        meat = meat + len(people) / (len(people) - 1) * np.outer(total, total)
    return bread @ meat @ bread


def to_elo_points(covariance, models=5):
    return ELO_SCALE**2 * covariance[:models, :models]
