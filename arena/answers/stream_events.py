"""Views of a battle, reader positions, and the events that bring a reader up to date.

An event id is a position, such as `1.5d3e1f0c-13-0.90c277ab-0-0.0`. Its parts are:

- the number of the turn
- for side a, the tag of the attempt, the number of characters sent, and 1 if the end was sent, or else 0
- the same for side b
- the last step of the battle that was sent (see `STATE_STEPS`)

Any process that can load the view can continue a stream from any position.

This module does no I/O and does not import Django.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

SIDES = ("a", "b")
FINAL_STATES = ("voted", "skipped", "expired")
STATE_STEPS = {"ready": 1, "void": 2, "voted": 3, "skipped": 3, "expired": 3}


@dataclass
class SideView:
    """The released part of one answer. `tag` identifies the attempt (see `arena.answers.attempt_tags`)."""

    tag: str = ""
    text: str = ""
    end: str = ""  # "", "done" or "failed"
    html: str = ""
    reason: str = ""


@dataclass
class BattleView:
    """The released part of a battle: its state, and the views of its answers, keyed by turn number and side."""

    state: str = "answering"
    turns: dict[int, dict[str, SideView]] = field(default_factory=dict)

    def side(self, turn: int, side: str) -> SideView:
        if turn not in self.turns:
            self.turns[turn] = {name: SideView() for name in SIDES}
        return self.turns[turn][side]

    def apply(self, event: list[Any]) -> bool:
        """Apply one event (see `arena.answers.announcements`). Return False if earlier text is missing."""
        if event[0] == "state":
            if self.state not in FINAL_STATES:
                self.state = event[1]
            return True
        kind, turn, side, tag, *rest = event
        view = self.side(turn, side)
        if view.tag != tag:
            if kind == "delta" and rest[0]:
                return False
            view.tag = tag
            view.text = ""
            view.end = ""
        if kind == "delta":
            return _append_text(view, *rest)
        view.end = kind
        view.html = rest[0] if kind == "done" else ""
        view.reason = rest[0] if kind == "failed" else ""
        return True


def _append_text(view: SideView, offset: int, text: str) -> bool:
    if offset > len(view.text):
        return False
    view.text += text[len(view.text) - offset :]
    return True


class SidePosition(NamedTuple):
    """A reader's position in one answer. `ended` is 1 if the end of the answer was sent, or else 0."""

    tag: str = ""
    characters: int = 0
    ended: int = 0


class Position(NamedTuple):
    """A reader's position. It is a tuple for speed, because each event that a reader gets creates a new one."""

    turn: int = 1
    a: SidePosition = SidePosition()
    b: SidePosition = SidePosition()
    step: int = 0

    def __str__(self) -> str:
        a, b = self.a, self.b
        sides = f"{a.tag}-{a.characters}-{a.ended}.{b.tag}-{b.characters}-{b.ended}"
        return f"{self.turn}.{sides}.{self.step}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an event id. If it is invalid, return the start of the battle."""
        match = EVENT_ID.fullmatch(text)
        if not match:
            return cls()
        turn, tag_a, length_a, end_a, tag_b, length_b, end_b, step = match.groups()
        a = SidePosition(tag_a, int(length_a), int(end_a))
        b = SidePosition(tag_b, int(length_b), int(end_b))
        return cls(int(turn), a, b, int(step))

    def with_side(self, side: str, side_position: SidePosition) -> "Position":
        a, b = (side_position, self.b) if side == "a" else (self.a, side_position)
        return Position(self.turn, a, b, self.step)


EVENT_ID = re.compile(r"([1-9]\d{0,2})" + r"\.(\w{0,8})-(\d{1,7})-([01])" * 2 + r"\.([0-3])", re.ASCII)


class StreamEvent(NamedTuple):
    """One server-sent event. `position` is the reader's position after the event."""

    name: str
    data: dict[str, Any]
    position: Position


def encode_events(position: Position, view: BattleView) -> tuple[bytes, Position]:
    """Return the encoded events that bring a reader from a position to the current view, and the position after them.

    If the reader is up to date, there are no events, and the position stays the same.
    """
    events = list(iter_events(position, view))
    return b"".join(map(encode_event, events)), events[-1].position if events else position


def iter_events(position: Position, view: BattleView) -> Iterator[StreamEvent]:
    """Yield the events that bring a reader from a position to the current view."""
    last_turn = max(view.turns, default=1)
    if position.turn > last_turn:
        position = Position()
    while True:
        for side in SIDES:
            for event in _iter_side_events(position, side, view.side(position.turn, side)):
                position = event.position
                yield event
        if position.turn >= last_turn or not (position.a.ended and position.b.ended):
            break
        position = Position(position.turn + 1)
    yield from _iter_battle_events(position, view)


def _iter_side_events(position: Position, side: str, view: SideView) -> Iterator[StreamEvent]:
    sent_position = position.a if side == "a" else position.b
    data: dict[str, Any] = {"turn": position.turn, "side": side}
    if sent_position.tag != view.tag or len(view.text) < sent_position.characters:
        needs_reset = sent_position.characters or sent_position.ended
        sent_position = SidePosition(view.tag)
        position = position.with_side(side, sent_position)._replace(step=0)
        if needs_reset:
            yield StreamEvent("reset", data, position)
    if len(view.text) > sent_position.characters:
        text = view.text[sent_position.characters :]
        sent_position = SidePosition(sent_position.tag, len(view.text), sent_position.ended)
        position = position.with_side(side, sent_position)
        yield StreamEvent("delta", {**data, "text": text}, position)
    if view.end and not sent_position.ended:
        position = position.with_side(side, sent_position._replace(ended=1))
        outcome = {"html": view.html} if view.end == "done" else {"reason": view.reason}
        yield StreamEvent(view.end, data | outcome, position)


def _iter_battle_events(position: Position, view: BattleView) -> Iterator[StreamEvent]:
    step = STATE_STEPS.get(view.state, 0)
    if not step or step == position.step or not (position.a.ended and position.b.ended):
        return
    name = "void" if view.state in ("skipped", "expired") else view.state
    if name == "voted" and position.step == 0:
        yield StreamEvent("ready", {}, position._replace(step=1))
    yield StreamEvent(name, {}, position._replace(step=step))


def encode_event(event: StreamEvent) -> bytes:
    """Encode an event in the wire format of server-sent events."""
    event_id = str(event.position).encode()
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event_id, event.name.encode(), orjson.dumps(event.data))
