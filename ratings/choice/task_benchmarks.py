"""A task with its benchmarks. Each benchmark states whether any matching model has a score on it."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from catalog.benchmarks.rankings import ELO_SLUG
from catalog.models import Benchmark, Score
from ratings.choice.task_kinds import TaskKind


@dataclass(frozen=True)
class TaskBenchmark:
    """A benchmark of the task, and whether any matching model has a score on it.

    Elo, the rating from votes, always counts as scored.
    """

    benchmark: Benchmark
    scored: bool


@dataclass(frozen=True)
class TaskReport:
    """A task with its benchmarks in the order that the task lists them."""

    task: TaskKind
    benchmarks: list[TaskBenchmark]


def build_task_report(task: TaskKind, models: Collection[str]) -> TaskReport:
    """Return the report on a task. `models` are the slugs of the matching models."""
    scores = Score.objects.filter(benchmark=OuterRef("pk"), model__slug__in=models)
    benchmarks = Benchmark.objects.filter(slug__in=task.benchmarks).annotate(scored=Exists(scores))
    return TaskReport(
        task,
        [
            TaskBenchmark(benchmark, scored=benchmark.scored or benchmark.slug == ELO_SLUG)
            for benchmark in sorted(benchmarks, key=lambda benchmark: task.benchmarks.index(benchmark.slug))
        ],
    )
