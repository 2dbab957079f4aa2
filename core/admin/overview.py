"""The overview on the admin index page: tiles with figures, and setup steps for a new installation.

Each app registers functions that build its tiles and steps, because `core` must not import the apps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.contrib.auth.models import AnonymousUser, User

Part = TypeVar("Part")


@dataclass(frozen=True)
class Figure:
    """A figure on a tile. `url` links to the counted rows, or is empty. `is_problem` highlights the figure."""

    label: str
    value: str
    url: str = ""
    is_problem: bool = False


@dataclass(frozen=True)
class Bar:
    """A bar of a chart. `top` is the empty space above it, as a percentage of the tallest bar's height."""

    label: str
    value: str
    top: int


@dataclass(frozen=True)
class Tile:
    """A tile with figures, and a bar chart that can be empty. Tiles with a problem come first."""

    title: str
    figures: Sequence[Figure]
    chart_title: str = ""
    bars: Sequence[Bar] = ()

    @property
    def has_problem(self) -> bool:
        return any(figure.is_problem for figure in self.figures)


@dataclass(frozen=True)
class Step:
    """A setup step for a new installation. `url` leads to the admin page for this step."""

    label: str
    url: str
    is_done: bool


class Registry(Generic[Part]):
    """Functions that build parts of the overview, and the permission that a user needs to see each part."""

    def __init__(self) -> None:
        self._builders: list[tuple[str, Callable[[], Part]]] = []

    def register(self, permission: str) -> Callable[[Callable[[], Part]], Callable[[], Part]]:
        """Return a decorator that registers a function. `build` calls the functions in the order of registration."""

        def add(builder: Callable[[], Part]) -> Callable[[], Part]:
            self._builders.append((permission, builder))
            return builder

        return add

    def build(self, user: User | AnonymousUser) -> list[Part]:
        """Return the parts that the user may see."""
        return [builder() for permission, builder in self._builders if user.has_perm(permission)]


TILES: Registry[Tile] = Registry()
STEPS: Registry[Step] = Registry()
