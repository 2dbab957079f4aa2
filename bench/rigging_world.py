"""A simulated arena with honest voters and an attacker, for `bench.rigging`.

The voters differ in their number of votes, sharpness, taste, tendency to vote for ties, side bias, and care. Pairs are
drawn uniformly or by the arena's sampler. The sampler's draw table is updated from all earlier votes, including rigged
votes. An attacker can start any number of battles, and votes only in some of them.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from arena.endpoints.pair_sampler import PairSampler
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.likelihood import build_laplacian
from ratings.statistics.vote_arrays import Floats, Indices

A_WINS, B_WINS, TIE, BOTH_BAD = range(4)
TIE_SHARE, BOTH_BAD_SHARE = 0.14, 0.08
CARELESS_SHARE = 0.05
FACTORS = 3
SESSION_VOTES, MINUTE = 8, 1 / 1440
MAX_HONEST_VOTES = 150
# The number of models above the target that the attacker tries to overtake, or below it if the target is lowered.
RIVALS = 5
INFLUENTIAL_QUARTER = 0.25
_GOLDEN_RATIO = (5**0.5 - 1) / 2
Random = np.random.Generator


def draw_honest_sizes(rng: Random, votes: int) -> Indices:
    """Return numbers of votes per voter with the sum `votes`, a mean of 3.0, a median of 2, and a maximum of 150."""
    sizes = np.ceil(np.exp(0.15 + 1.25 * rng.standard_normal(votes))).clip(max=MAX_HONEST_VOTES).astype(np.intp)
    last = int(np.searchsorted(np.cumsum(sizes), votes))
    sizes = sizes[: last + 1]
    sizes[-1] -= sizes.sum() - votes
    return sizes


@dataclass(frozen=True)
class World:
    """The parameters of an arena. Strengths and tastes are in Elo points, and times are in days.

    newcomers: the number of models that join later.
    spread: the standard deviation of the strengths.
    taste, heavy_taste: the standard deviation of the tastes, and a common taste of voters with ten or more votes.
    completion: the spread of the models' completion rates.
    adaptive: whether the arena's sampler draws the pairs. If not, they are drawn uniformly.
    renewed_after: the number of votes after which the draw table is updated.
    team: the number of people in a team and of votes per person, or None if the public votes.
    """

    models: int = 50
    newcomers: int = 0
    votes: int = 100_000
    days: float = 50.0
    spread: float = 100.0
    taste: float = 40.0
    heavy_taste: float = 20.0
    completion: float = 0.0
    adaptive: bool = False
    renewed_after: int = 1000
    team: tuple[int, int] | None = None


@dataclass(frozen=True)
class Attack:
    """The parameters of an attack.

    votes: the number of the attacker's votes.
    size: votes per account, or None for numbers like those of honest voters.
    scope: "own" (only battles with the target), "all", "quarter" (the most influential quarter of all battles), or
        "constant" (all battles, with the outcome `constant`, or a random outcome if that is None).
    direction: 1 raises the target, and -1 lowers it.
    accuracy: the share of battles in which the attacker identifies the models.
    camouflage: the share of the attacker's votes that are honest votes in any battle.
    companions: the number of models that are raised or lowered together with the target.
    decoys: the share of the attacker's accounts that choose the same battles but vote honestly.
    days: the length of the attack, or None for the whole time.
    """

    votes: int = 1000
    size: int | None = 20
    scope: str = "own"
    direction: int = 1
    accuracy: float = 1.0
    camouflage: float = 0.0
    companions: int = 0
    decoys: float = 0.0
    days: float | None = None
    constant: int | None = A_WINS


@dataclass
class Votes:
    """Simulated votes in chronological order, with the columns that `vote_filter.weigh` requires."""

    voter: Indices
    time: Floats
    rigged: NDArray[np.bool_]
    a: Indices
    b: Indices
    outcome: Indices
    draw: Indices
    shares: Floats


@dataclass
class _People:
    """The habits of all accounts. The last entry is for an attacker who votes honestly."""

    sharpness: Floats
    taste: Floats
    bias: Floats
    tie: Floats
    both_bad: Floats
    careless: NDArray[np.bool_]


@dataclass
class _Table:
    """A draw table: the pairs, their probabilities, and each model's share of the draws."""

    first: Indices
    second: Indices
    chance: Floats
    shares: Floats


@dataclass
class Simulation:
    """One run. `theta` (M,) contains the true strengths, and `joined` (M,) the days on which the models joined."""

    world: World
    seed: int
    rng: Random = field(init=False)
    theta: Floats = field(init=False)
    loadings: Floats = field(init=False)
    completion: Floats = field(init=False)
    joined: Floats = field(init=False)

    def __post_init__(self) -> None:
        world = self.world
        self.rng = np.random.default_rng(self.seed)
        size = world.models + world.newcomers
        self.theta = self.rng.normal(0, world.spread / ELO_SCALE, size)
        self.loadings = self.rng.normal(0, 1 / np.sqrt(FACTORS), (size, FACTORS))
        self.completion = np.exp(self.rng.normal(0, world.completion / np.sqrt(2), size))
        share = np.linspace(0.2, 0.8, world.newcomers)
        self.joined = np.append(np.zeros(world.models), share * world.days)

    def get_model_at(self, rank: int) -> int:
        """Return the model with this true rank, counted from 1, among the models that are present from the start."""
        return int(np.argsort(-self.theta[: self.world.models])[rank - 1])

    def run(self, attack: Attack | None = None, target: int = 0) -> Votes:
        """Return the votes of the honest voters and of the attacker."""
        voter, time, rigged, sizes = self._schedule(attack, target)
        people = self._draw_people(sizes)
        total = len(voter)
        votes = Votes(voter, time, rigged, *np.zeros((4, total), np.intp), np.zeros(0))
        starts = np.arange(0, total, self.world.renewed_after if self.world.adaptive else total)
        starts = np.unique(np.append(starts, np.searchsorted(time, self.joined)))
        tables = []
        score = np.zeros((len(self.theta), len(self.theta)))
        for low, high in zip(starts, np.append(starts[1:], total), strict=True):
            part = slice(low, high)
            table, ratings = self._renew_table(score, time[low])
            votes.draw[part] = len(tables)
            tables.append(table.shares)
            self._vote(votes, part, table, people, attack, target, ratings)
            _add_scores(score, votes, part)
        votes.shares = np.array(tables)
        return votes

    def _schedule(self, attack: Attack | None, target: int) -> tuple[Indices, Floats, NDArray[np.bool_], Indices]:
        world, rng = self.world, self.rng
        sizes = np.full(world.team[0], world.team[1]) if world.team else draw_honest_sizes(rng, world.votes)
        voter = np.repeat(np.arange(len(sizes)), sizes)
        number = np.arange(len(voter)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        arrival = rng.random(len(sizes)) * world.days
        session = number // SESSION_VOTES
        later = rng.random((len(sizes), session.max() + 1)) * world.days
        start = np.where(session == 0, arrival[voter], later[voter, session])
        time = start + (number % SESSION_VOTES + rng.random(len(voter))) * MINUTE
        rigged = np.zeros(len(voter), dtype=bool)
        if attack:
            account, moment, accounts = self._schedule_attack(attack, target)
            voter = np.append(voter, len(sizes) + account)
            time = np.append(time, moment)
            rigged = np.append(rigged, np.ones(len(account), dtype=bool))
            sizes = np.append(sizes, accounts)
        order = np.argsort(time, kind="stable")
        return voter[order], time[order], rigged[order], sizes

    def _schedule_attack(self, attack: Attack, target: int) -> tuple[Indices, Floats, Indices]:
        rng = self.rng
        if attack.size:
            accounts = np.full(-(-attack.votes // attack.size), attack.size)
        else:
            accounts = draw_honest_sizes(rng, attack.votes)
        account = np.repeat(np.arange(len(accounts)), accounts)
        begin = self.joined[target]
        length = self.world.days - begin if attack.days is None else attack.days
        begin += rng.random() * max(self.world.days - begin - length - 1, 0)
        start = begin + length * rng.random(len(accounts))
        return account, start[account] + 10 * MINUTE * rng.random(len(account)), accounts

    def _draw_people(self, sizes: Indices) -> _People:
        rng, number = self.rng, len(sizes) + 1
        heavy = np.append(sizes >= 10, False)
        taste = rng.normal(0, self.world.taste / ELO_SCALE, (number, FACTORS))
        taste[:, 0] += heavy * self.world.heavy_taste / ELO_SCALE * np.sqrt(FACTORS)
        taste[-1] = 0
        habit = np.exp(rng.normal(-0.18, 0.6, (number, 2)))
        tie, both_bad = np.minimum(habit * (TIE_SHARE, BOTH_BAD_SHARE), 0.45).T
        sharpness = np.exp(rng.normal(0, 0.3, number))
        return _People(
            sharpness, taste, rng.normal(0, 0.15, number), tie, both_bad, rng.random(number) < CARELESS_SHARE
        )

    def _renew_table(self, score: Floats, now: float) -> tuple[_Table, Floats]:
        """Return the draw table, and the strengths as the attacker knows them."""
        present = np.flatnonzero(self.joined <= now)
        first, second = np.array(list(combinations(present.tolist(), 2))).T
        chance = np.full(len(first), 1 / len(first))
        known_strengths = self.theta
        if score.any():
            board = Comparisons.from_counts(
                range(len(present)), score[np.ix_(present, present)], 0 * score[: len(present), : len(present)]
            )
            fit = bradley_terry.fit(board)
            known_strengths = np.zeros(len(self.theta))
            known_strengths[present] = (fit.ratings - 1000) / ELO_SCALE
            weights = compute_pair_weights(board, fit)
            keyed = {pair: float(weights[pair]) for pair in combinations(range(len(present)), 2)}
            chance = np.array(PairSampler(range(len(present)), keyed).chances)
        shares = np.bincount(first, chance, len(self.theta)) + np.bincount(second, chance, len(self.theta))
        return _Table(first, second, chance, shares), known_strengths

    def _vote(
        self,
        votes: Votes,
        part: slice,
        table: _Table,
        people: _People,
        attack: Attack | None,
        target: int,
        known: Floats,
    ) -> None:
        rng = self.rng
        number = part.stop - part.start
        completed_chance = table.chance * self.completion[table.first] * self.completion[table.second]
        pair = _choose(rng, completed_chance, number)
        voter = votes.voter[part].copy()
        rigged = np.zeros(number, dtype=bool)
        if attack:
            rigged = votes.rigged[part] & (rng.random(number) >= attack.camouflage)
            voter[votes.rigged[part]] = len(people.bias) - 1
            desired, accepted = _plan(attack, target, known, table)
            recognized = rng.random(int(rigged.sum())) < attack.accuracy
            pair[rigged] = np.where(
                recognized, _choose(rng, accepted, len(recognized)), _choose(rng, table.chance, len(recognized))
            )
        swapped = rng.random(number) < 0.5
        first, second = table.first[pair], table.second[pair]
        votes.a[part] = np.where(swapped, second, first)
        votes.b[part] = np.where(swapped, first, second)
        outcome = self._judge(votes.a[part], votes.b[part], voter, people)
        honest = outcome.copy()
        if attack and attack.scope == "constant":
            outcome[rigged] = rng.integers(0, 4, int(rigged.sum())) if attack.constant is None else attack.constant
        elif attack:
            vote_direction = np.where(recognized, desired[pair[rigged]], rng.choice((-1, 1), len(recognized)))
            known_lead = np.sign(known[first[rigged]] - known[second[rigged]])
            vote_direction = np.where(vote_direction == 0, known_lead, vote_direction)
            outcome[rigged] = np.where((vote_direction > 0) == ~swapped[rigged], A_WINS, B_WINS)
        if attack and attack.decoys:
            decoy = rigged & (_spread_evenly(votes.voter[part]) < attack.decoys)
            outcome[decoy] = honest[decoy]
        votes.outcome[part] = outcome

    def _judge(self, a: Indices, b: Indices, voter: Indices, people: _People) -> Indices:
        rng = self.rng
        lead = self.theta[a] - self.theta[b]
        lead += ((self.loadings[a] - self.loadings[b]) * people.taste[voter]).sum(axis=1)
        lead *= np.where(people.careless[voter], 0, people.sharpness[voter])
        win = rng.random(len(a)) < 1 / (1 + np.exp(-lead - people.bias[voter]))
        roll = rng.random(len(a))
        both_bad = people.both_bad[voter]
        tied = roll < both_bad + people.tie[voter]
        return np.where(roll < both_bad, BOTH_BAD, np.where(tied, TIE, np.where(win, A_WINS, B_WINS)))


def _spread_evenly(account: Indices) -> Floats:
    """Return a fixed number from 0 to 1 for each account. The numbers of all accounts are evenly spread."""
    return account * _GOLDEN_RATIO % 1


def _choose(rng: Random, weights: Floats, number: int) -> Indices:
    cumulative = np.cumsum(weights)
    return np.minimum(np.searchsorted(cumulative, rng.random(number) * cumulative[-1]), len(weights) - 1)


def _plan(attack: Attack, target: int, known: Floats, table: _Table) -> tuple[Floats, Floats]:
    """Return the desired outcome and the weight of each pair.

    The outcome is 1 if the attacker wants the first model to win, -1 if the second, and 0 if it does not matter. The
    weight is proportional to the probability that the attacker votes on the pair.
    """
    if attack.scope == "constant":
        return np.zeros(len(table.chance)), table.chance
    if attack.scope == "own":
        targets = (target + np.arange(1 + attack.companions)) % len(known)  # models are not sorted by strength
        desired = attack.direction * (1.0 * np.isin(table.first, targets) - np.isin(table.second, targets))
        return desired, table.chance * (desired != 0)
    influence = attack.direction * _compute_influence(attack, target, known, table)
    desired = np.sign(influence)
    if attack.scope == "all":
        return desired, table.chance
    order = np.argsort(-np.abs(influence), kind="stable")
    within = np.cumsum(table.chance[order]) <= INFLUENTIAL_QUARTER
    accepted = np.zeros(len(order))
    accepted[order[within]] = table.chance[order[within]]
    return desired, accepted


def _compute_influence(attack: Attack, target: int, known: Floats, table: _Table) -> Floats:
    """Return, for each pair, how far a win of its first model raises the target relative to the target's rivals."""
    present = np.unique(np.append(table.first, table.second))
    order = present[np.argsort(-known[present], kind="stable")]
    place = int(np.flatnonzero(order == target)[0]) if target in order else 0
    rivals = order[max(place - RIVALS, 0) : place] if attack.direction > 0 else order[place + 1 : place + 1 + RIVALS]
    contrast = np.zeros(len(known))
    contrast[target] = 1
    if len(rivals):
        contrast[rivals] -= 1 / len(rivals)
    p = 1 / (1 + np.exp(known[table.second] - known[table.first]))
    information = np.zeros((len(known), len(known)))
    information[table.first, table.second] = table.chance * p * (1 - p)
    laplacian = build_laplacian(information + information.T)
    direction = np.linalg.pinv(laplacian, rcond=1e-9, hermitian=True) @ contrast
    lead = direction[table.first] - direction[table.second]
    return lead * np.where(lead > 0, 1 - p, p)


def _add_scores(score: Floats, votes: Votes, part: slice) -> None:
    size = len(score)
    score += sum_scores(size, votes.a[part], votes.b[part], votes.outcome[part], np.ones(part.stop - part.start))


def sum_scores(size: int, a: Indices, b: Indices, outcome: Indices, weight: Floats) -> Floats:
    """Return the matrix (size, size) of weighted wins of one model over another. A tie is half a win for both."""
    won = np.array([1.0, 0.0, 0.5, 0.5])[outcome] * weight
    table = np.bincount(a * size + b, won, size * size) + np.bincount(b * size + a, weight - won, size * size)
    return table.reshape(size, size)
