"""Published boards as they are sent: the bytes of each are made once, for a snapshot never changes."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from ratings import snapshots
from ratings.recent import Recent
from ratings.snapshots import Asked

BOARDS = 64
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
    return (key and kept.get(key)) or _read(asked)


def forget() -> None:
    """Look again: something was published."""
    newest.forget()


def _read(asked: Asked) -> Published:
    key, shown = snapshots.newest_with_key(asked)
    body = orjson.dumps(shown, option=orjson.OPT_UTC_Z)
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    read = Published(key, shown, body, etag)
    return read if key is None else kept.keep(key, read)
