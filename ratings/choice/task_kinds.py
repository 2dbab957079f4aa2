"""The tasks that users can choose a model for, from `ratings/data/tasks.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TASKS_FILE = Path(__file__).parents[1] / "data" / "tasks.toml"


@dataclass(frozen=True)
class TaskKind:
    """A task.

    category: the slug of the category whose board sorts the shortlist.
    limits: query parameters for the task's usual limits.
    """

    slug: str
    name: str
    category: str
    benchmarks: tuple[str, ...]
    why: str
    limits: Mapping[str, str] = field(default_factory=dict)


@cache
def load_task_kinds() -> Mapping[str, TaskKind]:
    tasks = tomllib.loads(TASKS_FILE.read_text(encoding="utf-8"))
    return {
        slug: TaskKind(slug, **(fields | {"benchmarks": tuple(fields["benchmarks"])})) for slug, fields in tasks.items()
    }
