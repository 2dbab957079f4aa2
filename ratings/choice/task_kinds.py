"""What people want a model for, as shipped in `ratings/data/tasks.toml`. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TASKS_FILE = Path(__file__).parents[1] / "data" / "tasks.toml"


@dataclass(frozen=True)
class TaskKind:
    """`category` is that of the boards, `limits` are parameters of an address that usually come with the task."""

    slug: str
    name: str
    category: str
    benchmarks: tuple[str, ...]
    why: str
    limits: Mapping[str, str] = field(default_factory=dict)


@cache
def load_task_kinds() -> Mapping[str, TaskKind]:
    found = tomllib.loads(TASKS_FILE.read_text(encoding="utf-8"))
    return {
        slug: TaskKind(slug, **(fields | {"benchmarks": tuple(fields["benchmarks"])})) for slug, fields in found.items()
    }
