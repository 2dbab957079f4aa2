"""What a reader of a battle sees, and from where on: views, positions, and the events between them. Pure.

An event id is a position in the text: turn, per side the attempt's tag with the characters and the end already
sent, and the battle's step. Any process that can rebuild the view can continue from any position.
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
    """One answer as far as it is released; `tag` names the attempt without counting it."""

    tag: str = ""
    text: str = ""
    end: str = ""  # "", "done" or "failed"
    html: str = ""
    reason: str = ""


@dataclass
class BattleView:
    """A whole battle as far as it is released: turn number → side → view, and the battle's state."""

    state: str = "answering"
    turns: dict[int, dict[str, SideView]] = field(default_factory=dict)

    def side(self, turn: int, side: str) -> SideView:
        if turn not in self.turns:
            self.turns[turn] = {s: SideView() for s in SIDES}
        return self.turns[turn][side]

    def apply(self, event: list[Any]) -> bool:
        """Take in one released event (see `arena.answers.announcements`); False if it leaves a gap before it."""
        if event[0] == "state":
            self.state = self.state if self.state in FINAL_STATES else event[1]
            return True
        kind, turn, side, tag, *rest = event
        view = self.side(turn, side)
        if view.tag != tag:
            if kind == "delta" and rest[0]:
                return False
            view.tag, view.text, view.end = tag, "", ""
        if kind == "delta":
            return _append_text(view, *rest)
        view.end = kind
        view.html, view.reason = (rest[0], "") if kind == "done" else ("", rest[0])
        return True


def _append_text(view: SideView, at: int, text: str) -> bool:
    if at > len(view.text):
        return False
    view.text += text[len(view.text) - at :]
    return True


class SidePosition(NamedTuple):
    tag: str = ""
    characters: int = 0
    ended: int = 0


class Position(NamedTuple):
    """Tuples, because each event to each reader makes new ones."""

    turn: int = 1
    a: SidePosition = SidePosition()
    b: SidePosition = SidePosition()
    step: int = 0

    def __str__(self) -> str:
        sides = ".".join(f"{s.tag}-{s.characters}-{s.ended}" for s in (self.a, self.b))
        return f"{self.turn}.{sides}.{self.step}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position of an event id; anything that is none means the start."""
        if not (match := EVENT_ID.fullmatch(text)):
            return cls()
        turn, tag_a, length_a, end_a, tag_b, length_b, end_b, step = match.groups()
        a, b = SidePosition(tag_a, int(length_a), int(end_a)), SidePosition(tag_b, int(length_b), int(end_b))
        return cls(int(turn), a, b, int(step))

    def with_side(self, side: str, seen: SidePosition) -> "Position":
        return self._replace(a=seen) if side == "a" else self._replace(b=seen)


EVENT_ID = re.compile(r"([1-9]\d{0,2})" + r"\.(\w{0,8})-(\d{1,7})-([01])" * 2 + r"\.([0-3])", re.ASCII)
StreamEvent = tuple[str, dict[str, Any], Position]


def iter_events(position: Position, view: BattleView) -> Iterator[StreamEvent]:
    """The events that lead a reader from his position to the view, each with the position after it."""
    last = max(view.turns, default=1)
    position = position if position.turn <= last else Position()
    while True:
        for side in SIDES:
            for event in _iter_side_events(position, side, view.side(position.turn, side)):
                position = event[2]
                yield event
        if position.turn >= last or not (position.a.ended and position.b.ended):
            break
        position = Position(position.turn + 1)
    yield from _iter_battle_events(position, view)


def _iter_side_events(position: Position, side: str, view: SideView) -> Iterator[StreamEvent]:
    seen: SidePosition = getattr(position, side)
    data: dict[str, Any] = {"turn": position.turn, "side": side}
    if seen.tag != view.tag or len(view.text) < seen.characters:
        shown = seen.characters or seen.ended
        seen = SidePosition(view.tag)
        position = position.with_side(side, seen)._replace(step=0)
        if shown:
            yield "reset", data, position
    if len(view.text) > seen.characters:
        text = view.text[seen.characters :]
        seen = seen._replace(characters=len(view.text))
        position = position.with_side(side, seen)
        yield "delta", {**data, "text": text}, position
    if view.end and not seen.ended:
        position = position.with_side(side, seen._replace(ended=1))
        yield (
            view.end,
            data | ({"html": view.html} if view.end == "done" else {"reason": view.reason}),
            position,
        )


def _iter_battle_events(position: Position, view: BattleView) -> Iterator[StreamEvent]:
    step = STATE_STEPS.get(view.state, 0)
    if step and step != position.step and position.a.ended and position.b.ended:
        name = {"skipped": "void", "expired": "void"}.get(view.state, view.state)
        if name == "voted" and position.step == 0:
            yield "ready", {}, position._replace(step=1)
        yield name, {}, position._replace(step=step)


def encode_event(event: StreamEvent) -> bytes:
    """One event in the wire format of server-sent events."""
    name, data, position = event
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(position).encode(), name.encode(), orjson.dumps(data))
