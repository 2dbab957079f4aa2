"""Alarms: rigged votes of a group raise one for their model, honest votes raise none."""

import numpy as np
import pytest

from ratings.statistics.vote_filter import alarms

pytestmark = pytest.mark.pure
MODELS = 30
SEEDS = range(8)
TARGET = 7


class Day:
    """A day of honest votes: an uneven draw that changes, models whose battles people leave, and groups of any size."""

    def __init__(self, seed, votes=6000, groups=40):
        self.rng = np.random.default_rng(seed)
        strength = self.rng.gamma(4, size=(24, MODELS))
        chance = strength[:, :, None] * strength[:, None, :] * (1 - np.eye(MODELS))
        self.pairs = chance / chance.sum(axis=(1, 2), keepdims=True)
        self.shares = self.pairs.sum(axis=1) + self.pairs.sum(axis=2)
        self.limits = np.cumsum(self.pairs.ravel())  # each table adds 1
        self.completion = np.exp(self.rng.normal(0, 0.1, MODELS))
        self.votes = self.draw_votes(votes)
        # A quarter of the votes are from new voters, and group sizes are as unequal as those of networks.
        self.groups = {
            "new": np.where(self.rng.random(votes) < 0.25, 0, -1),
            "networks": self.rng.choice(groups, votes, p=(weight := 1 / np.arange(1, groups + 1)) / weight.sum()),
        }

    def draw_votes(self, number, model=None):
        """Draw votes (draw, a, b). With `model`, only battles with it are judged."""
        draw = self.rng.integers(len(self.pairs), size=4 * number if model is None else 60 * number)
        chosen = np.searchsorted(self.limits, draw + self.rng.random(len(draw)))
        a, b = np.divmod(chosen % MODELS**2, MODELS)
        kept = self.rng.random(len(draw)) < 0.4 * self.completion[a] * self.completion[b]
        if model is not None:
            kept &= (a == model) | (b == model)
        return [column[kept][:number] for column in (draw, a, b)]

    def rig(self, number, kind):
        """Add votes on battles with the target by a new voter or a new network."""
        rigged = self.draw_votes(number, TARGET)
        group = 0 if kind == "new" else 999
        self.votes = [np.concatenate(columns) for columns in zip(self.votes, rigged, strict=True)]
        self.groups[kind] = np.append(self.groups[kind], np.full(len(rigged[0]), group))

    def find(self, kind):
        draw, a, b = self.votes
        return alarms.find_excesses(self.groups[kind], a, b, draw, self.shares)


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_votes_raise_no_alarm(seed):
    day = Day(seed)

    assert (day.find("new"), day.find("networks")) == ([], [])


@pytest.mark.parametrize(("kind", "rigged"), [("new", 250), ("networks", 60), ("networks", 2000)])
@pytest.mark.parametrize("seed", SEEDS)
def test_attack_raises_an_alarm_for_its_model_alone(seed, kind, rigged):
    day = Day(seed)
    day.rig(rigged, kind)

    [excess] = day.find(kind)
    assert (excess.model, excess.group) == (TARGET, 0 if kind == "new" else 999)
    assert excess.observed >= rigged > excess.expected
    assert excess.votes == np.count_nonzero(day.groups[kind] == excess.group)


@pytest.mark.parametrize(("inside", "outside"), [(49, 1000), (1000, 49)])
def test_few_votes_raise_no_alarm(inside, outside):
    group = np.repeat([0, -1], [inside, outside])
    a, b = np.zeros_like(group), np.where(group == 0, 1, 2)

    assert alarms.find_excesses(group, a, b, np.zeros_like(group), np.full((1, 40), 0.05)) == []


def test_battle_whose_opponent_was_replaced_is_expected_for_the_other_model():
    rng = np.random.default_rng(0)
    shares = np.full((2, 20), 0.1)
    shares[1] = [1.0, *[1 / 19] * 19]
    a, b = np.zeros(200, dtype=int), rng.integers(1, 20, 200)
    group = np.repeat([0, -1], 100)

    assert alarms.find_excesses(group, a, b, np.ones(200, dtype=int), shares) == []
    assert [row.model for row in alarms.find_excesses(group, a, b, np.zeros(200, dtype=int), shares)] == [0]
