"""What somebody sees of a board: from the parameters of a request to the rows that are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ratings.boards import board_selection, model_facts, snapshot_cache, snapshots
from ratings.boards.board_selection import Whose
from ratings.boards.model_facts import UNKNOWN, Facts, Surroundings
from ratings.boards.snapshot_cache import Published
from ratings.boards.snapshots import ELO, NOT_BOTH, NOTHING, Asked
from ratings.web.leaderboard import filters, links
from ratings.web.leaderboard.columns import Entry, usual
from ratings.web.leaderboard.filters import Filtered, Parameters, View

NOW = ("organization", "license", "open_weights")


@dataclass(frozen=True, eq=False)
class Shown:
    """`wanted` is what was asked for; `asked` another board where that has no votes yet, and `instead` is then true.

    `refused` says why there can be no such board, though each part of what was asked for can be had.
    """

    wanted: Asked
    asked: Asked
    view: View
    published: Published
    around: Surroundings
    refused: str = ""

    @cached_property
    def whose(self) -> Whose:
        around = self.around
        return Whose(self.asked, around.pool, around.pools, self.published, self.wanted != self.asked)

    @property
    def board(self) -> Mapping[str, Any]:
        return self.published.board

    @cached_property
    def all(self) -> list[Entry]:
        """Every model of the board, in its order."""
        facts, changes = self.around.facts, self.around.changes
        return [
            Entry(_today(row, facts.get(slug)), facts.get(slug, UNKNOWN), changes.get(slug))
            for row in self.published.rows
            for slug in [row["model"]]
        ]

    @cached_property
    def _filtered(self) -> Filtered:
        return filters.filtered(self.all, self.view)

    @property
    def entries(self) -> list[Entry]:
        return self._filtered.entries

    @property
    def left_out(self) -> int:
        return self._filtered.left_out

    @property
    def unknown(self) -> Mapping[str, int]:
        return self._filtered.unknown

    @cached_property
    def usual(self) -> tuple[str, ...]:
        return usual(self.all)

    @property
    def columns(self) -> list[str]:
        return filters.shown_columns(self.view, self.usual)

    @property
    def query(self) -> str:
        return links.query(self.whose.parameters, self.view, self.usual)

    def with_view(self, file: str = "", **changes: Any) -> str:
        """The address of this with something else in its view, or of it as a file; never empty."""
        query = links.query(self.whose.parameters, replace(self.view, **changes), self.usual)
        return f"{query}{'&' if query else '?'}format={file}" if file else query or "?"


def _today(row: dict[str, Any], facts: Facts | None) -> dict[str, Any]:
    """A board keeps who made a model as it was known when it was published; a reader wants it as it is known now."""
    return row | {name: getattr(facts, name) for name in NOW} if facts else row


def shown(parameters: Parameters) -> Shown:
    """Raises Refusal: 400 for what cannot be understood, 404 for what does not exist."""
    wanted, view = snapshots.asked(parameters), filters.view(parameters)  # type: ignore[arg-type]  # it has `get`
    if wanted.style_control and wanted.method == ELO:
        return _impossible(wanted, view)
    asked, board = board_selection.found(wanted, parameters)  # type: ignore[arg-type]  # it has `get`
    return Shown(wanted, asked, view, board, model_facts.around(asked, board))


def _impossible(wanted: Asked, view: View) -> Shown:
    """Nothing but what the form needs to change it: whoever has chosen much may keep the rest of it."""
    board = snapshot_cache.board(replace(wanted, style_control=False))
    nothing = Published(None, board.board | NOTHING, b"", "")
    return Shown(wanted, wanted, view, nothing, model_facts.around(wanted, nothing), NOT_BOTH)
