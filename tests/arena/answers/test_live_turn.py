"""A turn while it is being answered."""

import pytest

from arena.answers.live_turn import JOINT_SAVE_S, LiveSide
from arena.answers.release_clock import Lane
from arena.endpoints.backends.protocol import Usage
from tests.arena.answers.turns import live_turn, side_job


def turn(*sides, paced=True, number=1):
    return live_turn(*sides, paced=paced, number=number)


def released(live):
    """The text per side in the unsent events, each of which begins where the last one ended."""
    text = {}
    for kind, _, side, _, offset, piece in live.unsent:
        assert kind == "delta"
        assert offset == len(text.setdefault(side, ""))
        text[side] += piece
    return text


def test_side_holds_text_back_until_it_is_released():
    side = LiveSide(side_job())
    side.feed("Hello")
    side.feed(" there")

    assert side.lane == Lane(waiting=11, has_begun=True)
    assert side.text() == ""
    assert (side.release(3), side.release(4)) == ("Hel", "lo t")
    assert side.text() == "Hello t"
    assert side.lane.waiting == 4


def test_held_brings_the_text_until_it_is_stored():
    turn = live_turn()
    side = turn.sides["a"]
    side.feed("Hello")
    assert side.build_lease().text is None

    side.release(2)

    assert side.build_lease().text == "He"
    lease = side.build_lease()
    assert lease.text == "He"  # the first one may have been lost
    side.release(1)
    turn.record_stored_text([lease])
    assert side.build_lease().text == "Hel"
    turn.record_stored_text([side.build_lease()])
    assert side.build_lease().text is None
    side.release(2)
    assert side.build_lease().text == "Hello"


def test_result_tells_what_came_of_an_answer():
    side = LiveSide(side_job(answer_id=5, attempt=2))
    side.feed("Hello")
    side.reasoning += ["Hm", "m"]
    side.tokens, side.cut = Usage(7, 1), True
    side.release(5)
    side.end()

    result = side.build_result()

    assert (result.answer_id, result.attempt, result.text, result.reasoning) == (5, 2, "Hello", "Hmm")
    assert (result.failure, result.input_tokens, result.output_tokens, result.cut) == ("", 7, 1, True)
    assert 0 <= result.finished_age <= result.first_token_age < 1


def test_side_takes_thoughts_for_tokens_but_does_not_begin_with_them():
    side = LiveSide(side_job())
    side.feed_reasoning("Hm")
    first = side.first_at

    assert side.last_at == first
    assert not side.lane.has_begun

    side.feed("Hello")
    assert side.first_at == first < side.last_at
    assert (side.build_result().reasoning, side.lane.has_begun) == ("Hm", True)


def test_begin_forgets_what_a_model_thought_that_failed():
    side = LiveSide(side_job())
    side.feed_reasoning("Hm")
    side.tokens, side.cut = Usage(7, 1), True

    side.begin()
    side.end("unavailable")

    result = side.build_result()
    assert (result.reasoning, result.output_tokens, result.first_token_age, result.cut) == ("", None, None, False)


def test_tick_of_a_paced_turn_waits_for_both_sides():
    live = turn("a", "b")
    live.sides["a"].feed("Hello, hello, hello")
    live.tick()
    assert live.unsent == []

    live.sides["b"].feed("Yes")
    live.tick()

    text = released(live)
    assert len(text["a"]) == len(text["b"]) > 0


def test_tick_releases_both_texts_whole_in_the_end():
    live = turn("a", "b")
    live.sides["a"].feed("Hello, hello, hello" * 20)
    live.sides["b"].feed("Yes 🙂")
    for side in live.sides.values():
        side.end()

    while not live.list_ended_sides():
        live.tick()

    assert released(live) == {"a": "Hello, hello, hello" * 20, "b": "Yes 🙂"}
    assert [side.build_result().text for side in live.list_ended_sides()] == ["Hello, hello, hello" * 20, "Yes 🙂"]


@pytest.mark.parametrize("sides", [("a", "b"), ("b", "a"), ("b",)])
def test_tick_of_an_open_turn_gives_each_side_at_once(sides):
    live = turn(*sides, paced=False, number=2)
    for side in live.sides.values():
        side.feed("Hello")

    live.tick()

    assert live.unsent == [["delta", 2, name, live.sides[name].tag, 0, "Hello"] for name in sorted(sides)]
    assert live.build_full_events() == [["delta", 2, name, live.sides[name].tag, 0, "Hello"] for name in sides]


def test_tick_of_a_paced_turn_with_one_side_left_to_answer_waits_for_its_end_alone():
    live = turn("b")
    live.sides["b"].feed("Hello")
    for _ in range(100):
        live.tick()
    assert live.unsent == []

    live.sides["b"].end()
    for _ in range(len("Hello")):
        live.tick()

    assert released(live) == {"b": "Hello"}


def test_over_names_both_sides_of_a_paced_turn_together():
    live = turn("a", "b")
    live.sides["a"].end("unavailable")
    assert live.list_ended_sides() == []

    live.sides["b"].feed("Hi")
    live.sides["b"].end()
    assert live.list_ended_sides() == []
    for _ in range(len("Hi")):
        live.tick()

    assert live.list_ended_sides() == [live.sides["a"], live.sides["b"]]
    live.sides["a"].closed = live.sides["b"].closed = True
    assert live.list_ended_sides() == live.list_open_sides() == []


@pytest.mark.parametrize("later", ["nothing", "the other side ends", "time passes"])
def test_over_names_a_side_of_an_open_turn_by_itself_if_the_other_does_not_end_soon(later):
    live = turn("a", "b", paced=False)
    a, b = live.sides.values()
    a.end("unavailable")
    a.ended_at += 60  # however slow this machine is
    if later == "the other side ends":
        b.end()
    elif later == "time passes":
        a.ended_at -= 60 + JOINT_SAVE_S

    assert live.list_ended_sides() == {"nothing": [], "the other side ends": [a, b], "time passes": [a]}[later]
    a.closed = True
    assert [lease.answer_id for lease in live.build_leases()] == [b.job.answer_id]


def test_repeat_tells_all_that_was_released_so_far():
    live = turn("a", "b")
    live.sides["a"].feed("Hello there")
    live.sides["b"].feed("Yes")
    for _ in range(5):
        live.tick()

    full_text = {side: text for _, _, side, _, offset, text in live.build_full_events() if offset == 0}

    assert full_text == released(live)


@pytest.mark.parametrize("have_finished", [False, True])
@pytest.mark.parametrize("is_shown", [False, True])
def test_stop_does_not_tell_whether_the_models_had_finished(have_finished, is_shown):
    """It ends a side where its reader is. Otherwise, a voter who stops early could recognize fast models."""
    live = turn("a", "b")
    for side in live.sides.values():
        side.feed("Hello, hello, hello" * 10)
        if have_finished:
            side.end()
    if is_shown:
        live.tick()
    text = released(live)

    live.stop()
    live.tick()

    results = {side.job.side: side.build_result() for side in live.list_ended_sides()}
    assert {name: result.text for name, result in results.items() if result.text} == text
    assert all(result.stopped for result in results.values())
    assert {result.failure for result in results.values()} == {"" if is_shown else "stopped"}


def test_stop_leaves_an_answer_whole_that_is_all_visible():
    live = turn("a", "b", paced=False)
    live.sides["a"].feed("Hello")
    live.sides["a"].end()
    live.sides["b"].feed("Hello")
    live.tick()

    live.stop()

    assert [live.sides[side].build_result().stopped for side in "ab"] == [False, True]


@pytest.mark.parametrize("ended", ["", "timeout"])
@pytest.mark.parametrize("has_finished", [False, True])
def test_fail_ends_every_open_side_and_keeps_what_was_shown(ended, has_finished):
    live = turn("a", "b", paced=False)
    live.sides["a"].feed("Hello")
    live.tick()
    if has_finished:
        live.sides["a"].end()
    else:
        live.sides["a"].feed(" there")
    live.sides["b"].end(ended)

    a, b = (side.build_result() for side in live.fail())

    assert (a.text, a.failure) == ("Hello", "" if has_finished else "unavailable")
    assert (b.text, b.failure, b.first_token_age) == ("", ended or "unavailable", None)
    assert all(side.lane.is_over for side in live.sides.values())


@pytest.mark.parametrize(("since", "closed", "speaks"), [(-1, False, True), (1, False, False), (1, True, True)])
def test_turn_is_silent_when_another_worker_may_have_it(since, closed, speaks):
    """After the save, no other worker can claim it, so the remaining events may be published."""
    live = turn("a", "b")
    for side in live.sides.values():
        side.closed = closed

    live.lease_deadline = 100.0

    assert live.may_publish(100.0 + since) is speaks


@pytest.mark.parametrize(("ended", "whole"), [("ab", True), ("a", False)])
def test_tick_holds_nothing_back_when_the_time_for_the_answer_is_over(ended, whole):
    """Not while more may come: that would reveal its rhythm."""
    live = turn("a", "b")
    for name, side in live.sides.items():
        side.feed(f"{name} says a lot. " * 1000)
        if name in ended:
            side.end()
    live.pacing_deadline = 0.0

    live.tick()

    assert all(side.lane.is_over for side in live.sides.values()) is whole
