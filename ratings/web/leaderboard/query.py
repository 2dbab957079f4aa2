"""Loads the state of the leaderboard for a request."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from django.http import QueryDict

from arena.identity.pool_access import STRANGER, Viewer
from ratings.boards import board_selection, model_facts, snapshot_cache, snapshots
from ratings.boards.board_row import BoardRow
from ratings.boards.board_selection import BoardSelection
from ratings.boards.model_facts import UNKNOWN_FACTS, BoardContext
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import ELO, ELO_STYLE_CONFLICT, EMPTY_BOARD, BoardKey
from ratings.web.leaderboard import table_options
from ratings.web.leaderboard.columns import LeaderboardEntry, list_default_columns
from ratings.web.leaderboard.table_options import FilterResult, TableOptions

CURRENT_FIELDS = ("organization", "license", "open_weights")


@dataclass(frozen=True, eq=False)
class LeaderboardState:
    """The state of the leaderboard page.

    requested_key: the key of the requested board.
    board_key: the key of the board to show. It differs from `requested_key` if the request names no board and the
        default board belongs to another pool.
    conflict: an error if style control and the method cannot be combined, else empty.
    """

    requested_key: BoardKey
    board_key: BoardKey
    options: TableOptions
    published: PublishedBoard
    context: BoardContext
    conflict: str = ""

    @cached_property
    def selection(self) -> BoardSelection:
        is_substitute = self.requested_key != self.board_key
        return BoardSelection(self.board_key, self.context.pool, self.context.pools, self.published, is_substitute)

    @property
    def board(self) -> Mapping[str, Any]:
        return self.published.board

    @property
    def is_reference(self) -> bool:
        """True if the ratings were published elsewhere."""
        return self.selection.credit is not None

    @cached_property
    def all_entries(self) -> list[LeaderboardEntry]:
        """All models on the board, in board order, with their current makers, licenses, and openness."""
        entries = []
        for row in self.published.rows:
            facts = self.context.facts.get(row["model"])
            current = {name: getattr(facts, name) for name in CURRENT_FIELDS} if facts else {}
            change = self.context.changes.get(row["model"])
            entries.append(
                LeaderboardEntry(cast("BoardRow", {"setting": "", **row, **current}), facts or UNKNOWN_FACTS, change)
            )
        return entries

    @cached_property
    def filtered(self) -> FilterResult:
        return table_options.filter_entries(self.all_entries, self.options)

    @property
    def entries(self) -> list[LeaderboardEntry]:
        return self.filtered.entries

    @property
    def visible_entries(self) -> list[LeaderboardEntry]:
        """The entries that the page shows. Downloads contain all entries."""
        return self.entries[: table_options.ROW_LIMITS[self.options.rows]]

    @cached_property
    def default_columns(self) -> tuple[str, ...]:
        return list_default_columns(self.all_entries)

    @property
    def columns(self) -> list[str]:
        return table_options.list_visible_columns(self.options, self.default_columns)

    @property
    def query(self) -> str:
        return self.options.build_query(self.selection.parameters, self.default_columns)

    @property
    def newest_query(self) -> str:
        """The query string of this page with the newest board instead of an earlier one."""
        parameters = {name: value for name, value in self.selection.parameters.items() if name != "at"}
        return self.options.build_query(parameters, self.default_columns) or "?"

    def with_options(self, file: str = "", **changes: Any) -> str:
        """Return the query string of this page with changes to the options. It is never empty.

        file: the format of a file with the page's rows, or empty for the page itself.
        """
        query = replace(self.options, **changes).build_query(self.selection.parameters, self.default_columns)
        if not file:
            return query or "?"
        return f"{query}{'&' if query else '?'}format={file}"


def load_leaderboard(parameters: QueryDict, viewer: Viewer = STRANGER) -> LeaderboardState:
    """Return the state of the page for this viewer.

    Raises RequestError 400 if a parameter is invalid, and 404 if the board does not exist.
    """
    requested_key = snapshots.find_board_key(parameters, viewer)
    options = table_options.parse_table_options(parameters)
    if requested_key.style_control and requested_key.method == ELO:
        # An empty board with the form as submitted, so that one change resolves the conflict.
        plain = snapshot_cache.get_board(replace(requested_key, style_control=False))
        empty_board = PublishedBoard(None, plain.board | EMPTY_BOARD, b"", "")
        context = model_facts.load_board_context(requested_key, empty_board, viewer)
        return LeaderboardState(requested_key, requested_key, options, empty_board, context, ELO_STYLE_CONFLICT)
    board_key, board = board_selection.select_board(requested_key, parameters)
    context = model_facts.load_board_context(board_key, board, viewer)
    return LeaderboardState(requested_key, board_key, options, board, context)
