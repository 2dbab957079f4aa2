"""Published boards as they are sent: the bytes of each are made once, for a snapshot never changes."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from core.storage.ttl_cache import TtlCache
from ratings.boards import snapshots
from ratings.boards.snapshots import BoardKey

MAX_BOARDS = 32
# Many readers a second ask for the same board; whoever has been told of a new one asks later than this.
NEWEST_CACHE_SECONDS = 0.1
board_cache: TtlCache["PublishedBoard"] = TtlCache(MAX_BOARDS)
newest_id_cache: TtlCache[int] = TtlCache(4 * MAX_BOARDS, NEWEST_CACHE_SECONDS)


@dataclass(frozen=True, eq=False)
class PublishedBoard:
    """One board. `get_board` is shared by all who ask, so nobody may change it; `snapshot` is None before the first
    one."""

    snapshot: int | None
    board: dict[str, Any]
    body: bytes
    etag: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.board["rows"]
        return rows


def get_board(asked: BoardKey) -> PublishedBoard:
    """The board that is asked for, by one small query if it is in memory, and by none if that was asked just now.

    Raises Refusal as `snapshots.load_newest_board` does.
    """
    key = newest_id_cache.get(asked)
    if key is None and (key := snapshots.find_newest_id(asked)):
        newest_id_cache.keep(asked, key)
    return (
        board_cache.of(key, lambda: _load_board(asked, key))
        if key
        else _build_published(*snapshots.load_newest_with_id(asked))
    )


def clear_newest_ids() -> None:
    """Look again: something was published."""
    newest_id_cache.forget()


def _load_board(asked: BoardKey, key: int) -> PublishedBoard:
    """That very snapshot, whatever was published meanwhile; if it was thinned out just now, what stands for it."""
    shown = snapshots.find_board_by_id(asked, key)
    return _build_published(key, shown) if shown else _build_published(*snapshots.load_newest_with_id(asked))


def _build_published(key: int | None, shown: dict[str, Any]) -> PublishedBoard:
    body = orjson.dumps(shown, option=orjson.OPT_UTC_Z)
    return PublishedBoard(key, shown, body, compute_etag(body))


def compute_etag(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'
