"""Positions, and the events between a position and a view."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.answers.stream_events import (
    BattleView,
    Position,
    SidePosition,
    SideView,
    StreamEvent,
    encode_event,
    list_events,
)

SIDES = ("a", "b")


class Reader:
    """A page: applies its events, and can be cut off after any of them."""

    def __init__(self):
        self.position = Position()
        self.text, self.end, self.said = {}, {}, []

    def take(self, events):
        for name, data, position in events:
            self.position = Position.parse(str(position))
            self.said.append(name)
            where = data.get("turn"), data.get("side")
            if name == "reset":
                self.text.pop(where, None)
                self.end.pop(where, None)
            elif name == "delta":
                assert where not in self.end
                self.text[where] = self.text.get(where, "") + data["text"]
            elif name in ("done", "failed"):
                assert where not in self.end
                self.end[where] = name, data.get("html", data.get("reason"))


class Arena:
    """Publishes a battle like the workers: it applies raw events to a view."""

    def __init__(self):
        self.view, self.turn, self.state, self.attempts = BattleView(), 1, "answering", 0
        self.tags, self.length, self.ended = {}, {}, {}
        self._ask()

    def _ask(self):
        self.ended = dict.fromkeys(SIDES, False)
        for side in SIDES:
            self._attempt(side)

    def _attempt(self, side):
        self.attempts += 1
        self.tags[side], self.length[side] = f"{self.attempts:08x}", 0

    def _apply(self, *event):
        assert self.view.apply(list(event))

    def do(self, action, side, text):
        if self.state == "answering" and not self.ended[side]:
            if action == "say":
                self._apply("delta", self.turn, side, self.tags[side], self.length[side], text)
                self.length[side] += len(text)
            elif action == "again":
                self._attempt(side)
            elif action in ("done", "failed"):
                self._apply(action, self.turn, side, self.tags[side], self.length[side], f"<p>{text}</p>")
                self.ended[side] = True
                self._settle()
        elif self.state == "ready" and action == "next":
            self.turn, self.state = self.turn + 1, "answering"
            self._ask()
        elif self.state == "ready" and action in ("voted", "skipped", "expired"):
            self._state(action)

    def _settle(self):
        if all(self.ended.values()):
            ends = {self.view.side(self.turn, side).end for side in SIDES}
            self._state("void" if self.turn == 1 and "failed" in ends else "ready")

    def _state(self, state):
        self.state = state
        self._apply("state", state)


texts = st.text(min_size=1, max_size=8)
actions = st.sampled_from(
    ["say"] * 6 + ["again", "done", "done", "failed", "next", "next", "voted", "skipped", "expired"]
)
steps = st.lists(st.tuples(actions, st.sampled_from(SIDES), texts, st.integers(0, 4)), max_size=60)


def released_content(view):
    text = {(n, s): side.text for n, sides in view.turns.items() for s, side in sides.items() if side.text}
    end = {
        (n, s): (side.end, side.html or side.reason)
        for n, sides in view.turns.items()
        for s, side in sides.items()
        if side.end
    }
    return text, end


@given(steps)
def test_between_leads_a_reader_who_is_cut_off_anywhere_to_the_whole(script):
    arena, reader, late = Arena(), Reader(), Reader()
    for action, side, text, received in script:
        arena.do(action, side, text)
        reader.take(list_events(reader.position, arena.view)[:received])

    reader.take(list_events(reader.position, arena.view))
    late.take(list_events(late.position, arena.view))

    assert (reader.text, reader.end) == released_content(arena.view)
    assert (late.text, late.end) == released_content(arena.view)
    assert "reset" not in late.said
    assert list_events(reader.position, arena.view) == list_events(late.position, arena.view) == []


@given(steps)
def test_between_ends_a_battle_with_the_word_that_its_state_calls_for(script):
    arena, reader = Arena(), Reader()
    for action, side, text, received in script:
        arena.do(action, side, text)
        reader.take(list_events(reader.position, arena.view)[:received])
    reader.take(list_events(reader.position, arena.view))

    words = [name for name in reader.said if name in ("ready", "voted", "void")]
    last = {"answering": None, "ready": "ready", "voted": "voted"}.get(arena.state, "void")
    assert last is None or words[-1] == last
    assert "voted" not in words or words[-2] == "ready"
    assert words.count("voted") <= 1


def test_between_gives_a_delta_for_each_side_then_the_ends_then_ready():
    view = BattleView("ready")
    view.turns[1] = {"a": SideView("t1", "Hi.", "done", "<p>Hi.</p>"), "b": SideView("t2", "No", "failed", reason="x")}

    events = list_events(Position(), view)

    assert [(name, data) for name, data, _ in events] == [
        ("delta", {"turn": 1, "side": "a", "text": "Hi."}),
        ("done", {"turn": 1, "side": "a", "html": "<p>Hi.</p>"}),
        ("delta", {"turn": 1, "side": "b", "text": "No"}),
        ("failed", {"turn": 1, "side": "b", "reason": "x"}),
        ("ready", {}),
    ]
    assert [str(position) for *_, position in events] == [
        "1.t1-3-0.-0-0.0",
        "1.t1-3-1.-0-0.0",
        "1.t1-3-1.t2-2-0.0",
        "1.t1-3-1.t2-2-1.0",
        "1.t1-3-1.t2-2-1.1",
    ]


FRESH, NOTHING = SideView("new", "Fresh"), SideView()
SHOWN = Position(1, SidePosition("t1", 1, 1), SidePosition("t2", 1, 1), step=2)


@pytest.mark.parametrize(
    ("position", "state", "a", "b", "events"),
    [
        (Position(1, SidePosition("old", 4)), "answering", FRESH, NOTHING, "reset delta:Fresh"),
        (Position(1, SidePosition("old", 0)), "answering", FRESH, NOTHING, "delta:Fresh"),
        (Position(1, SidePosition("new", 9)), "answering", FRESH, NOTHING, "reset delta:Fresh"),
        (SHOWN, "ready", SideView("t1", "x", "done"), SideView("t3", "z", "done"), "reset delta:z done ready"),
        (SHOWN, "void", SideView("t1", "x", "done"), SideView("t3", "", "failed"), "reset failed void"),
        (Position(7), "answering", FRESH, NOTHING, "delta:Fresh"),
        (Position(), "ready", SideView("t", "Hello", "done"), SideView("u", "He"), "delta:Hello done delta:He"),
    ],
    ids=[
        "another attempt",
        "another, unseen",
        "less stored text",
        "answered anew",
        "failed again",
        "beyond",
        "not over",
    ],
)
def test_between_leads_to_the_view_of_now(position, state, a, b, events):
    view = BattleView(state)
    view.turns[1] = {"a": a, "b": b}

    said = [f"{name}:{data['text']}" if "text" in data else name for name, data, _ in list_events(position, view)]

    assert " ".join(said) == events


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "1", "5-0", "0.-0-0.-0-0.0", "00.-0-0.-0-0.0", "-1.-0-0.-0-0.0", "1.-0-0.-0-0", "1.-0-0.-0-0.4"),
        *("1.-0-0.-0-2.0", "1.--1-0.-0-0.0", "1000.-0-0.-0-0.0", "1.-12345678-0.-0-0.0", "1.ninechars-0-0.-0-0.0"),
        *("1.t t-0-0.-0-0.0", "1.é-0-0.-0-0.0", "١.-0-0.-0-0.0", " 1.-0-0.-0-0.0", "1.-0-0.-0-0.0\n"),
        *("1.-0-0.-0-0.0\x00", "1.a-3-1.b-2-0.0.0", "1." * 100_000),
    ],
)
def test_position_of_a_malformed_id_is_the_start(text):
    assert Position.parse(text) == Position()


side_positions = st.builds(
    SidePosition, st.from_regex(r"[0-9a-f]{0,8}", fullmatch=True), st.integers(0, 9_999_999), st.integers(0, 1)
)


@given(st.builds(Position, st.integers(1, 999), side_positions, side_positions, st.integers(0, 3)))
def test_position_survives_its_own_text(position):
    assert Position.parse(str(position)) == position


@given(st.builds(Position, st.integers(1, 999), side_positions, side_positions, st.integers(0, 3)))
def test_between_leads_from_any_forged_position_to_the_whole(position):
    view = BattleView("ready")
    view.turns[1] = {"a": SideView("aaaaaaaa", "Hello", "done", "<p>Hello"), "b": SideView("bbbbbbbb", "Bye", "done")}

    last = list_events(position, view)[-1:]

    assert not last or list_events(last[0][2], view) == []


@pytest.mark.parametrize(("at", "text"), [(0, "Hello"), (1, "ello"), (3, "lo, you"), (5, " there"), (0, "He")])
def test_apply_takes_what_is_said_again_only_once(at, text):
    view = BattleView()
    view.apply(["delta", 1, "a", "t", 0, "Hello"])

    assert view.apply(["delta", 1, "a", "t", at, text])

    assert view.side(1, "a").text == max("Hello", "Hello"[:at] + text, key=len)


@pytest.mark.parametrize(
    "event",
    [
        ["delta", 1, "a", "t", 6, "late"],
        ["delta", 1, "a", "u", 1, "late"],
        ["delta", 1, "b", "v", 1, "late"],
        ["done", 1, "a", "t", 6, "<p>late</p>"],
        ["failed", 1, "a", "u", 1, "unavailable"],
        ["done", 1, "b", "v", 1, "<p>late</p>"],
    ],
)
def test_apply_reports_a_gap_and_keeps_what_it_has(event):
    view = BattleView()
    view.apply(["delta", 1, "a", "t", 0, "Hello"])

    assert not view.apply(event)

    assert view.turns[1] == {"a": SideView("t", "Hello"), "b": SideView()}


def test_apply_drops_an_attempt_for_the_next_one():
    view = BattleView()
    view.apply(["delta", 1, "a", "t", 0, "Hello"])
    view.apply(["failed", 1, "a", "t", 5, "unavailable"])

    view.apply(["delta", 1, "a", "u", 0, "Hi"])
    view.apply(["done", 1, "a", "u", 2, "<p>Hi</p>"])

    assert view.side(1, "a") == SideView("u", "Hi", "done", "<p>Hi</p>", "")


@pytest.mark.parametrize("last", ["voted", "skipped", "expired"])
def test_apply_keeps_a_state_after_which_nothing_comes(last):
    view = BattleView()
    view.apply(["state", last])

    view.apply(["state", "ready"])

    assert view.state == last


@given(st.text(max_size=50))
def test_encode_puts_any_text_on_one_line_of_data(text):
    position = Position(2, SidePosition("t", 4, 1))
    lines = encode_event(StreamEvent("delta", {"turn": 2, "side": "a", "text": text}, position)).split(b"\n")

    assert lines[:2] == [b"id: 2.t-4-1.-0-0.0", b"event: delta"]
    assert orjson.loads(lines[2].removeprefix(b"data: "))["text"] == text
    assert lines[3:] == [b"", b""]
