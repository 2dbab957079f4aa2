"""The tasks that people choose a model for, as shipped in `ratings/data/tasks.toml`. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TASKS_FILE = Path(__file__).parents[1] / "data" / "tasks.toml"


@dataclass(frozen=True)
class TaskKind:
    """A task.

    category: slug of the boards that sort its shortlist. limits: query parameters of the limits that it usually has.
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
