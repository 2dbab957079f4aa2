"""What somebody sees of a board: from the parameters of a request to the rows that are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ratings.boards import board_selection, model_facts, snapshot_cache, snapshots
from ratings.boards.board_selection import BoardSelection
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardContext, BoardModelFacts
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import ELO, ELO_STYLE_CONFLICT, EMPTY_BOARD, BoardKey
from ratings.web.leaderboard import filters, links
from ratings.web.leaderboard.columns import LeaderboardEntry, list_default_columns
from ratings.web.leaderboard.filters import BoardView, FilterResult, QueryParameters

CURRENT_FIELDS = ("organization", "license", "open_weights")


@dataclass(frozen=True, eq=False)
class LeaderboardState:
    """`wanted` is what was asked for; `asked` another board where that has no votes yet, and `instead` is then true.

    `refused` says why there can be no such board, though each part of what was asked for can be had.
    """

    wanted: BoardKey
    asked: BoardKey
    view: BoardView
    published: PublishedBoard
    around: BoardContext
    refused: str = ""

    @cached_property
    def whose(self) -> BoardSelection:
        around = self.around
        return BoardSelection(self.asked, around.pool, around.pools, self.published, self.wanted != self.asked)

    @property
    def board(self) -> Mapping[str, Any]:
        return self.published.board

    @cached_property
    def all(self) -> list[LeaderboardEntry]:
        """Every model of the board, in its order."""
        facts, changes = self.around.facts, self.around.changes
        return [
            LeaderboardEntry(_update_facts(row, facts.get(slug)), facts.get(slug, UNKNOWN_FACTS), changes.get(slug))
            for row in self.published.rows
            for slug in [row["model"]]
        ]

    @cached_property
    def _filtered(self) -> FilterResult:
        return filters.filter_entries(self.all, self.view)

    @property
    def entries(self) -> list[LeaderboardEntry]:
        return self._filtered.entries

    @property
    def left_out(self) -> int:
        return self._filtered.left_out

    @property
    def unknown(self) -> Mapping[str, int]:
        return self._filtered.unknown

    @cached_property
    def usual(self) -> tuple[str, ...]:
        return list_default_columns(self.all)

    @property
    def columns(self) -> list[str]:
        return filters.list_visible_columns(self.view, self.usual)

    @property
    def query(self) -> str:
        return links.build_view_query(self.whose.parameters, self.view, self.usual)

    def with_view(self, file: str = "", **changes: Any) -> str:
        """The address of this with something else in its view, or of it as a file; never empty."""
        query = links.build_view_query(self.whose.parameters, replace(self.view, **changes), self.usual)
        return f"{query}{'&' if query else '?'}format={file}" if file else query or "?"


def _update_facts(row: dict[str, Any], facts: BoardModelFacts | None) -> dict[str, Any]:
    """A board keeps who made a model as it was known when it was published; a reader wants it as it is known now."""
    return row | {name: getattr(facts, name) for name in CURRENT_FIELDS} if facts else row


def load_leaderboard(parameters: QueryParameters) -> LeaderboardState:
    """Raises Refusal: 400 for what cannot be understood, 404 for what does not exist."""
    wanted, view = snapshots.parse_board_key(parameters), filters.parse_board_view(parameters)  # type: ignore[arg-type]  # it has `get`
    if wanted.style_control and wanted.method == ELO:
        return _build_refused_state(wanted, view)
    asked, board = board_selection.select_board(wanted, parameters)  # type: ignore[arg-type]  # it has `get`
    return LeaderboardState(wanted, asked, view, board, model_facts.load_board_context(asked, board))


def _build_refused_state(wanted: BoardKey, view: BoardView) -> LeaderboardState:
    """Nothing but what the form needs to change it: whoever has chosen much may keep the rest of it."""
    board = snapshot_cache.get_board(replace(wanted, style_control=False))
    nothing = PublishedBoard(None, board.board | EMPTY_BOARD, b"", "")
    return LeaderboardState(
        wanted, wanted, view, nothing, model_facts.load_board_context(wanted, nothing), ELO_STYLE_CONFLICT
    )
