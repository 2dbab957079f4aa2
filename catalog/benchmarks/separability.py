"""Computes how well each stored benchmark separates today's best models."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from catalog.benchmarks.comparability import ComparableScore, Conditions, Separability, compute_separability
from catalog.benchmarks.table import REPORT_EXPRESSION
from catalog.models import Benchmark, Score

CONDITION_NAMES = [field.name for field in fields(Conditions)]
# Maps model keys to (value, number of questions, standard error), for one benchmark and one set of conditions.
ScoresByModel = dict[int, tuple[float, int | None, float | None]]


def add_separability(benchmarks: Iterable[Benchmark], best_models: Collection[int]) -> None:
    """Set the attribute `separability` of each benchmark with one query. The value is None if scores are too few.

    Only scores measured under the conditions with the most models count. `best_models` contains the primary keys of
    today's best models. Scores of other models are ignored.
    """
    by_key: dict[int, Any] = {benchmark.pk: benchmark for benchmark in benchmarks}
    scores = Score.objects.filter(benchmark__in=by_key, model__in=best_models)
    rows = scores.annotate(report=REPORT_EXPRESSION).order_by("-date", "-pk")
    # Keyed by benchmark and conditions. Tuples load several times as fast as model instances.
    groups: dict[int, dict[tuple[Any, ...], ScoresByModel]] = defaultdict(lambda: defaultdict(dict))
    names = ("benchmark_id", "model_id", "value", "n", "stderr", *CONDITION_NAMES)
    for benchmark, model, value, n, stderr, *conditions in rows.values_list(*names):
        groups[benchmark][tuple(conditions)].setdefault(model, (value, n, stderr))
    for key, benchmark in by_key.items():
        benchmark.separability = _compute_for_largest_group(groups[key])


def _compute_for_largest_group(groups: dict[tuple[Any, ...], ScoresByModel]) -> Separability | None:
    if not groups:
        return None
    # Among groups of the same size, the choice must not depend on the order of the rows.
    largest = max(groups, key=lambda conditions: (len(groups[conditions]), repr(conditions)))
    shared_conditions = Conditions(*largest)
    scores = groups[largest].items()
    return compute_separability(ComparableScore(str(model), *score, shared_conditions) for model, score in scores)
