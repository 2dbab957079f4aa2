"""Published boards as they are sent: the bytes of each are made once, for a snapshot never changes."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from core.storage.ttl_cache import Recent
from ratings.boards import snapshots
from ratings.boards.snapshots import Asked

BOARDS = 32
# Many readers a second ask for the same board; whoever has been told of a new one asks later than this.
SAME_S = 0.1
kept: Recent["Published"] = Recent(BOARDS)
newest: Recent[int] = Recent(4 * BOARDS, SAME_S)


@dataclass(frozen=True, eq=False)
class Published:
    """One board. `board` is shared by all who ask, so nobody may change it; `snapshot` is None before the first one."""

    snapshot: int | None
    board: dict[str, Any]
    body: bytes
    etag: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.board["rows"]
        return rows


def board(asked: Asked) -> Published:
    """The board that is asked for, by one small query if it is in memory, and by none if that was asked just now.

    Raises Refusal as `snapshots.newest` does.
    """
    key = newest.get(asked)
    if key is None and (key := snapshots.newest_key(asked)):
        newest.keep(asked, key)
    return kept.of(key, lambda: _read(asked, key)) if key else _made(*snapshots.newest_with_key(asked))


def forget() -> None:
    """Look again: something was published."""
    newest.forget()


def _read(asked: Asked, key: int) -> Published:
    """That very snapshot, whatever was published meanwhile; if it was thinned out just now, what stands for it."""
    shown = snapshots.of_key(asked, key)
    return _made(key, shown) if shown else _made(*snapshots.newest_with_key(asked))


def _made(key: int | None, shown: dict[str, Any]) -> Published:
    body = orjson.dumps(shown, option=orjson.OPT_UTC_Z)
    return Published(key, shown, body, etag(body))


def etag(body: bytes) -> str:
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'
