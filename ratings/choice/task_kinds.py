"""The tasks that users can choose a model for, from `ratings/data/tasks.toml`, and their benchmarks."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from catalog.benchmarks.rankings import ELO_SLUG
from catalog.models import Benchmark, Score

TASKS_FILE = Path(__file__).parents[1] / "data" / "tasks.toml"


@dataclass(frozen=True)
class TaskKind:
    """A task.

    categories: the slugs of the categories whose boards can sort the shortlist, closest to the task first.
    icon: the path data of an SVG icon, 24 by 24 units.
    limits: query parameters for the task's usual limits.
    """

    slug: str
    name: str
    categories: Sequence[str]
    benchmarks: Sequence[str]
    why: str
    icon: str
    limits: Mapping[str, str] = field(default_factory=dict)


@cache
def load_task_kinds() -> Mapping[str, TaskKind]:
    tasks = tomllib.loads(TASKS_FILE.read_text(encoding="utf-8"))
    return {slug: TaskKind(slug, **fields) for slug, fields in tasks.items()}


def list_task_benchmarks(task: TaskKind, models: Collection[str]) -> list[Benchmark]:
    """Return the benchmarks of the task in its order.

    Their attribute `scored` says whether any of the models with these slugs has a score. Elo, the rating from votes,
    always counts as scored.
    """
    scores = Score.objects.filter(benchmark=OuterRef("pk"), model__slug__in=models)
    scored = ExpressionWrapper(Exists(scores) | Q(slug=ELO_SLUG), output_field=BooleanField())
    benchmarks = Benchmark.objects.filter(slug__in=task.benchmarks).annotate(scored=scored)
    return sorted(benchmarks, key=lambda benchmark: task.benchmarks.index(benchmark.slug))
