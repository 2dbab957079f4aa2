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
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

SIDES = ("a", "b")
FINAL_STATES = ("voted", "skipped", "expired")
STATE_STEPS = {"ready": 1, "void": 2, "voted": 3, "skipped": 3, "expired": 3}


@dataclass
class SideView:
    """The released part of one answer. `tag` identifies the attempt (see `arena.answers.announcements`)."""

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
        views = self.turns.get(turn)
        if views is None:
            views = self.turns[turn] = {name: SideView() for name in SIDES}
        return views[side]

    def apply(self, event: list[Any]) -> bool:
        """Apply one event (see `arena.answers.announcements`). Return False if earlier text is missing."""
        if event[0] == "state":
            if self.state not in FINAL_STATES:
                self.state = event[1]
            return True
        kind, turn, side, tag, offset, content = event
        view = self.side(turn, side)
        if offset > (len(view.text) if view.tag == tag else 0):
            return False
        if view.tag != tag:
            view.tag = tag
            view.text = ""
            view.end = ""
        if kind == "delta":
            view.text += content[len(view.text) - offset :]
        else:
            view.end = kind
            view.html = content if kind == "done" else ""
            view.reason = content if kind == "failed" else ""
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
        turn, (tag_a, length_a, end_a), (tag_b, length_b, end_b), step = self
        return f"{turn}.{tag_a}-{length_a}-{end_a}.{tag_b}-{length_b}-{end_b}.{step}"

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
        turn, a, b, step = self
        return Position(turn, side_position, b, step) if side == "a" else Position(turn, a, side_position, step)


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
    events = list_events(position, view)
    return b"".join(map(encode_event, events)), events[-1].position if events else position


def list_events(position: Position, view: BattleView) -> list[StreamEvent]:
    """Return the events that bring a reader from a position to the current view."""
    events: list[StreamEvent] = []
    last_turn = max(view.turns, default=1)
    if position.turn > last_turn:
        position = Position()
    while True:
        for side in SIDES:
            position = _add_side_events(events, position, side, view.side(position.turn, side))
        if position.turn >= last_turn or not (position.a.ended and position.b.ended):
            break
        position = Position(position.turn + 1)
    _add_battle_events(events, position, view)
    return events


# The functions below append to a list, which takes less time per event than nested generators.


def _add_side_events(events: list[StreamEvent], position: Position, side: str, view: SideView) -> Position:
    """Append the events of one side, and return the position after them."""
    tag, characters, ended = position.a if side == "a" else position.b
    length = len(view.text)
    if tag != view.tag or length < characters:
        needs_reset = characters or ended
        tag, characters, ended = view.tag, 0, 0
        position = position.with_side(side, SidePosition(tag))._replace(step=0)
        if needs_reset:
            events.append(StreamEvent("reset", {"turn": position.turn, "side": side}, position))
    if length > characters:
        position = position.with_side(side, SidePosition(tag, length, ended))
        data = {"turn": position.turn, "side": side, "text": view.text[characters:]}
        events.append(StreamEvent("delta", data, position))
    if view.end and not ended:
        position = position.with_side(side, SidePosition(tag, length, 1))
        outcome = {"html": view.html} if view.end == "done" else {"reason": view.reason}
        events.append(StreamEvent(view.end, {"turn": position.turn, "side": side, **outcome}, position))
    return position


def _add_battle_events(events: list[StreamEvent], position: Position, view: BattleView) -> None:
    step = STATE_STEPS.get(view.state, 0)
    if not step or step == position.step or not (position.a.ended and position.b.ended):
        return
    name = "void" if view.state in ("skipped", "expired") else view.state
    if name == "voted" and position.step == 0:
        events.append(StreamEvent("ready", {}, position._replace(step=1)))
    events.append(StreamEvent(name, {}, position._replace(step=step)))


def encode_event(event: StreamEvent) -> bytes:
    """Encode an event in the wire format of server-sent events."""
    name, data, position = event
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(position).encode(), name.encode(), orjson.dumps(data))
