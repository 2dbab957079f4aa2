"""Scores on benchmarks: how certain they are, and which may be compared. Pure.

Two scores are in one ranking only if they were run under the same conditions. Where the harness is known, these are the
task, the metric and its filter, the number of examples shown, the version of the task, and whether a chat template was
used. Where it is not, only scores of one report agree, if that report names the same method for both.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from hashlib import blake2b
from math import sqrt

Z_95 = 1.959964  # of a two-sided 95 % interval


@dataclass(frozen=True, order=True)
class Conditions:
    """What must agree. Unknown numbers are -1, so that conditions have an order."""

    task: str
    metric: str
    filter: str
    shots: int
    version: str
    chat_template: int
    harness: str
    measured_by: str
    method: str
    report: str
    limited: bool

    @property
    def key(self) -> str:
        """For addresses; the same from start to start."""
        return blake2b(repr(astuple(self)).encode(), digest_size=5).hexdigest()


@dataclass(frozen=True)
class ComparableScore:
    """One score: `value` from 0 to 1 for shares, `n` how many questions it is of; None where unknown."""

    model: str
    value: float
    n: int | None
    stderr: float | None
    conditions: Conditions

    @property
    def percent(self) -> float:
        return 100 * self.value

    @property
    def margin(self) -> float | None:
        """Half of its 95 % interval, in points of a hundred."""
        return margin_of_error(self.value, self.n, self.stderr)


@dataclass(frozen=True)
class RankedScore:
    """A row of a ranking. `same_as_best`: not the first, and within the noise of the first."""

    scored: ComparableScore
    place: int
    low: float | None
    high: float | None
    same_as_best: bool


def binomial_error(value: float, n: int | None) -> float | None:
    """Standard error of a share of n questions; of a mean of marks between 0 and 1 it is the largest possible one.

    None for what is no share, or of unknown n.
    """
    if n is None or n < 1 or not 0 <= value <= 1:
        return None
    return sqrt(value * (1 - value) / n)


def standard_error(scored: ComparableScore) -> float | None:
    """Its standard error."""
    return _measured_or_binomial(scored.value, scored.n, scored.stderr)


def _measured_or_binomial(value: float, n: int | None, stderr: float | None) -> float | None:
    """The one measured, else the binomial one."""
    return binomial_error(value, n) if stderr is None else stderr


def margin_of_error(value: float, n: int | None, stderr: float | None) -> float | None:
    """Half of the 95 % interval of such a score, in points of a hundred."""
    error = _measured_or_binomial(value, n, stderr)
    return None if error is None else 100 * Z_95 * error


def is_difference_significant(one: ComparableScore, other: ComparableScore) -> bool | None:
    """Whether the difference is outside of its noise (two-sided 5 %); None if the noise of one is unknown.

    As if the questions of both were other ones: with the same questions differences are a little more certain.
    """
    errors = [standard_error(one), standard_error(other)]
    if None in errors:
        return None
    spread = sqrt(sum(error * error for error in errors if error is not None))
    return abs(one.value - other.value) > Z_95 * spread


def rank_scores(scores: Iterable[ComparableScore]) -> dict[Conditions, list[RankedScore]]:
    """Conditions → its scores from the best; conditions with most scores first. Of a model the first given counts."""
    groups: dict[Conditions, dict[str, ComparableScore]] = defaultdict(dict)
    for scored in scores:
        groups[scored.conditions].setdefault(scored.model, scored)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {conditions: _rank_group(list(models.values())) for conditions, models in ordered}


def _rank_group(scores: list[ComparableScore]) -> list[RankedScore]:
    best_first = sorted(scores, key=lambda scored: (-scored.value, scored.model))
    places: dict[float, int] = {}  # equal scores share the best place among them
    for place, scored in enumerate(best_first, 1):
        places.setdefault(scored.value, place)
    return [_build_ranked_score(scored, best_first[0], places[scored.value]) for scored in best_first]


def _build_ranked_score(scored: ComparableScore, first: ComparableScore, place: int) -> RankedScore:
    error = standard_error(scored)
    low = None if error is None else max(0.0, scored.value - Z_95 * error)
    high = None if error is None else min(1.0, scored.value + Z_95 * error)
    return RankedScore(
        scored, place, low, high, same_as_best=scored is not first and is_difference_significant(scored, first) is False
    )


def normalize_score(raw: float, chance: float) -> float:
    """From 0 (chance and below) to 100 (all right), as the Open LLM Leaderboard has it."""
    return max(0.0, (raw - chance) / (1 - chance) * 100)
