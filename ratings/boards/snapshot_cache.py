"""Published boards in the format that clients receive.

Snapshots never change, so each one is serialized only once.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from core.storage.ttl_cache import TtlCache
from ratings.boards import snapshots
from ratings.boards.board_row import BoardRow
from ratings.boards.snapshots import BoardKey
from ratings.models import Snapshot

MAX_BOARDS = 32
# Many clients request the same board, so its newest id is cached. A new board's announcement clears this cache.
NEWEST_CACHE_S = 0.1
board_cache: TtlCache["PublishedBoard"] = TtlCache(MAX_BOARDS)
newest_id_cache: TtlCache[int] = TtlCache(4 * MAX_BOARDS, NEWEST_CACHE_S)


@dataclass(frozen=True, eq=False)
class PublishedBoard:
    """One board. All callers of `get_board` share it, so it must not be changed.

    snapshot_id: the primary key of the board's snapshot, or None if the board has no snapshot yet.
    body, etag: the board as JSON, and its entity tag.
    """

    snapshot_id: int | None
    board: dict[str, Any]
    body: bytes
    etag: str

    @property
    def rows(self) -> list[BoardRow]:
        rows: list[BoardRow] = self.board["rows"]
        return rows


def get_board(board_key: BoardKey) -> PublishedBoard:
    """Return the newest board, or the newest one as of the key's time.

    If the newest snapshot's id and its board are cached, this runs no query. If only the board is cached, it runs one
    small query.

    Raises RequestError as `snapshots.load_newest_board` does.
    """
    snapshot_id = newest_id_cache.get(board_key)
    if snapshot_id is None:
        snapshot_id = snapshots.find_newest_id(board_key)
        if snapshot_id:
            newest_id_cache.store(board_key, snapshot_id)
    if not snapshot_id:
        return _build_published(*snapshots.load_newest_with_id(board_key))
    return board_cache.get_or_compute(
        snapshot_id, lambda: _build_published(*snapshots.load_newest_with_id(board_key, snapshot_id))
    )


def get_loaded_board(board_key: BoardKey, snapshot: Snapshot) -> PublishedBoard:
    """Return the board of a snapshot that is already loaded. `board_key` must be the key of its board."""
    return board_cache.get_or_compute(
        snapshot.pk, lambda: _build_published(snapshot.pk, snapshots.build_board(board_key, snapshot))
    )


def clear_newest_ids() -> None:
    """Make the next calls look up the newest snapshots again."""
    newest_id_cache.clear()


def _build_published(snapshot_id: int | None, board: dict[str, Any]) -> PublishedBoard:
    body = orjson.dumps(board, option=orjson.OPT_UTC_Z)
    return PublishedBoard(snapshot_id, board, body, compute_etag(body))


def compute_etag(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'
