"""How many streams may be open in one process, those of one reader and all of a kind together."""

import weakref
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass
from typing import Any

from arena.errors import Refusal

MOST_OPEN = 2000  # of a kind: the hub would look at each of more battles every 0.4 s, at its MOST_SENT_PER_S
FULL_RETRY_S = 5
LONGEST_S = 300.0


class Place:
    """A stream that somebody may have open here; given up once, at its end or when nobody holds the place any more:
    a request may be cut off before it has a response that could be closed."""

    def __init__(self, taken: dict[int, Any], whose: Hashable) -> None:
        taken[id(self)] = whose
        self.give_up = weakref.finalize(self, taken.pop, id(self), None)


def take(taken: dict[int, Any], whose: Hashable, most: int) -> Place:
    """One more; taken: place → whose, changed from any thread by single steps. most: of one, 0 is no limit.

    Raises Refusal 429 and 503.
    """
    if len(taken) >= MOST_OPEN:
        raise Refusal("busy", "Too many streams are open here.", 503, retry_after=FULL_RETRY_S)
    if most and list(taken.values()).count(whose) >= most:
        detail = "Too many streams of yours are open at once."
        raise Refusal("too_many_streams", detail, 429, retry_after=FULL_RETRY_S)
    return Place(taken, whose)


@dataclass(eq=False)
class Stream:
    """The events of one connection as a response holds them: closed at its end, even if nobody began to read."""

    place: Place
    events: AsyncIterator[bytes]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.events

    def close(self) -> None:
        self.place.give_up()
