"""Standard errors of benchmark scores, and rankings of comparable scores. This module does not use Django.

Scores are comparable only if they were measured under the same conditions. If the harness is known, the conditions are
the task, metric, filter, number of shots, task version, and use of a chat template. If it is unknown, two scores are
comparable only if they come from one report that states the same method for both.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from hashlib import blake2b
from itertools import combinations
from math import sqrt

from core.text.proportions import Z95

# Separability is computed for the ten best scores. Fewer than five scores form fewer than ten pairs, which are too few.
BEST_MODELS = 10
MIN_SEPARABLE_MODELS = 5


@dataclass(frozen=True, order=True)
class Conditions:
    """The conditions under which a score was measured. Unknown numbers are -1, so that conditions can be sorted."""

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
        """A short digest for URLs. It is the same in every process."""
        return blake2b(repr(astuple(self)).encode(), digest_size=5).hexdigest()


@dataclass(frozen=True)
class ComparableScore:
    """A score with its conditions.

    `value` is from 0 to 1 if the metric is a proportion. `n` is the number of questions. `n` and `stderr` are None if
    unknown.
    """

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
        """Half the width of the 95% interval, in percentage points, or None if unknown."""
        return compute_margin(self.value, self.n, self.stderr)

    @property
    def low_percent(self) -> float | None:
        """The lower end of the 95% interval, at least 0, or None if unknown."""
        return None if self.margin is None else max(0.0, self.percent - self.margin)

    @property
    def high_percent(self) -> float | None:
        """The upper end of the 95% interval, at most 100, or None if unknown."""
        return None if self.margin is None else min(100.0, self.percent + self.margin)


@dataclass(frozen=True)
class RankedScore:
    """A row in a ranking.

    `low` and `high` are the ends of the 95% interval, or None if unknown. `same_as_best` is True for scores after the
    first one that are not significantly lower than it.
    """

    comparable: ComparableScore
    place: int
    low: float | None
    high: float | None
    same_as_best: bool


@dataclass(frozen=True)
class Separability:
    """How well a benchmark separates the models with the highest scores.

    `share` is the proportion of pairs of models whose scores differ significantly. `models` is the number of models.
    """

    share: float
    models: int


def compute_binomial_error(value: float, n: int | None) -> float | None:
    """Return the standard error of a proportion measured on `n` questions.

    Returns None if `value` is not between 0 and 1 or `n` is unknown. For a mean of grades between 0 and 1, this is an
    upper bound.
    """
    if n is None or n < 1 or not 0 <= value <= 1:
        return None
    return sqrt(value * (1 - value) / n)


def compute_standard_error(score: ComparableScore) -> float | None:
    """Return the reported standard error, else the binomial standard error, or None if both are unknown."""
    return _choose_error(score.value, score.n, score.stderr)


def _choose_error(value: float, n: int | None, stderr: float | None) -> float | None:
    return compute_binomial_error(value, n) if stderr is None else stderr


def compute_margin(value: float, n: int | None, stderr: float | None) -> float | None:
    """Return half the width of a score's 95% interval in percentage points, or None if unknown."""
    error = _choose_error(value, n, stderr)
    return None if error is None else 100 * Z95 * error


def is_difference_significant(one: ComparableScore, other: ComparableScore) -> bool | None:
    """Return True if two scores differ significantly (two-sided, 5% level), or None if a standard error is unknown.

    The test assumes that the models answered independent sets of questions. It is slightly conservative if they
    answered the same questions.
    """
    one_error = compute_standard_error(one)
    other_error = compute_standard_error(other)
    if one_error is None or other_error is None:
        return None
    return abs(one.value - other.value) > Z95 * sqrt(one_error**2 + other_error**2)


def compute_separability(scores: Iterable[ComparableScore]) -> Separability | None:
    """Return how well a benchmark separates the models with the highest scores, or None if there are too few models.

    `scores` must contain one score per model, all measured under the same conditions. Scores with an unknown standard
    error are ignored.

    The measure is from T. Li et al., https://arxiv.org/abs/2406.11939, who count intervals that do not overlap. The
    test of the difference is from E. Miller, https://arxiv.org/abs/2411.00640.
    """
    with_errors = [score for score in scores if compute_standard_error(score) is not None]
    best = sorted(with_errors, key=lambda score: -score.value)[:BEST_MODELS]
    if len(best) < MIN_SEPARABLE_MODELS:
        return None
    verdicts = [is_difference_significant(one, other) is True for one, other in combinations(best, 2)]
    return Separability(sum(verdicts) / len(verdicts), len(best))


def rank_scores(scores: Iterable[ComparableScore]) -> dict[Conditions, list[RankedScore]]:
    """Group scores by their conditions and rank each group from the best score down.

    The largest groups come first. If a model has several scores in a group, only the first one is used.
    """
    groups: dict[Conditions, dict[str, ComparableScore]] = defaultdict(dict)
    for score in scores:
        groups[score.conditions].setdefault(score.model, score)
    by_size = sorted(groups, key=lambda conditions: (-len(groups[conditions]), conditions))
    return {conditions: _rank_group(list(groups[conditions].values())) for conditions in by_size}


def _rank_group(scores: list[ComparableScore]) -> list[RankedScore]:
    best_first = sorted(scores, key=lambda score: (-score.value, score.model))
    places: dict[float, int] = {}  # equal scores share the same place
    for place, score in enumerate(best_first, 1):
        places.setdefault(score.value, place)
    return [_build_ranked_score(score, best_first[0], places[score.value]) for score in best_first]


def _build_ranked_score(score: ComparableScore, first: ComparableScore, place: int) -> RankedScore:
    error = compute_standard_error(score)
    return RankedScore(
        comparable=score,
        place=place,
        low=None if error is None else max(0.0, score.value - Z95 * error),
        high=None if error is None else min(1.0, score.value + Z95 * error),
        same_as_best=score is not first and is_difference_significant(score, first) is False,
    )


def normalize_score(raw: float, chance: float) -> float:
    """Scale a raw score so that 0 is chance level and 100 is perfect, as the Open LLM Leaderboard does.

    Scores below chance level become 0.
    """
    return max(0.0, (raw - chance) / (1 - chance) * 100)
