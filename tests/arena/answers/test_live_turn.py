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


def test_result_of_a_side_that_never_began_has_no_first_token():
    side = LiveSide(side_job())
    side.end("timeout")

    assert (side.build_result().failure, side.build_result().first_token_age, side.build_result().text) == (
        "timeout",
        None,
        "",
    )


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


def test_tick_of_an_open_turn_gives_each_side_at_once():
    live = turn("a", "b", paced=False, number=2)
    live.sides["a"].feed("Hello")

    live.tick()

    assert live.unsent == [["delta", 2, "a", live.sides["a"].tag, 0, "Hello"]]


def test_tick_releases_side_a_first_however_the_sides_are_listed():
    live = turn("b", "a", paced=False)
    for side in live.sides.values():
        side.feed("Hello")

    live.tick()

    assert [event[2] for event in live.unsent] == ["a", "b"]


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


def test_tick_of_an_open_turn_with_one_side_left_to_answer_waits_for_nothing():
    live = turn("b", paced=False)
    live.sides["b"].feed("Hello")

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


def test_over_names_a_side_of_an_open_turn_by_itself_if_the_other_does_not_end_soon():
    live = turn("a", "b", paced=False)
    live.sides["a"].end("unavailable")
    live.sides["a"].ended_at += 60  # however slow this machine is
    assert live.list_ended_sides() == []

    live.sides["a"].ended_at -= 60 + JOINT_SAVE_S

    assert live.list_ended_sides() == [live.sides["a"]]


def test_over_names_both_sides_of_an_open_turn_together_if_they_end_at_almost_the_same_time():
    live = turn("a", "b", paced=False)
    live.sides["a"].end()
    live.sides["a"].ended_at += 60
    assert live.list_ended_sides() == []

    live.sides["b"].end()

    assert live.list_ended_sides() == [live.sides["a"], live.sides["b"]]


def test_over_names_the_only_side_of_an_open_turn_at_once():
    live = turn("b", paced=False)
    live.sides["b"].end()

    assert live.list_ended_sides() == [live.sides["b"]]


@pytest.mark.parametrize("paced", [True, False])
def test_over_names_no_side_twice(paced):
    live = turn("a", "b", paced=paced)
    for side in live.sides.values():
        side.end()
    for side in live.list_ended_sides():
        side.closed = True

    assert live.list_ended_sides() == []
    assert live.list_open_sides() == []


def test_repeat_tells_all_that_was_released_so_far():
    live = turn("a", "b")
    live.sides["a"].feed("Hello there")
    live.sides["b"].feed("Yes")
    for _ in range(5):
        live.tick()

    full_text = {side: text for _, _, side, _, offset, text in live.build_full_events() if offset == 0}

    assert full_text == released(live)


def test_repeat_is_silent_about_a_side_of_which_nothing_was_released():
    live = turn("a", "b", paced=False)
    live.sides["b"].feed("Yes")
    live.tick()

    assert [event[2] for event in live.build_full_events()] == ["b"]


def test_stop_ends_a_side_where_its_reader_is():
    live = turn("a", "b")
    for side in live.sides.values():
        side.feed("Hello, hello, hello" * 10)
    live.tick()
    text = released(live)

    live.stop()
    live.tick()

    assert {side.job.side: side.build_result().text for side in live.list_ended_sides()} == text
    assert all(side.build_result().stopped and not side.build_result().failure for side in live.list_ended_sides())


def test_stop_before_anything_was_shown_is_a_failure_of_no_model():
    live = turn("a", "b")
    live.sides["a"].feed("Hello")

    live.stop()

    assert [side.build_result().failure for side in live.list_ended_sides()] == ["stopped", "stopped"]


def test_stop_does_not_tell_whether_the_models_had_finished():
    """A voter who stops early could otherwise recognize pairs of fast models and vote only on them."""
    live = turn("a", "b")
    for side in live.sides.values():
        side.feed("Hello, hello, hello" * 10)
        side.end()
    live.tick()
    text = released(live)

    live.stop()
    live.tick()

    assert {side.job.side: side.build_result().text for side in live.list_ended_sides()} == text
    assert all(side.build_result().stopped for side in live.list_ended_sides())


def test_stop_leaves_an_answer_whole_that_is_all_visible():
    live = turn("a", "b", paced=False)
    live.sides["a"].feed("Hello")
    live.sides["a"].end()
    live.sides["b"].feed("Hello")
    live.tick()

    live.stop()

    assert [live.sides[side].build_result().stopped for side in "ab"] == [False, True]


@pytest.mark.parametrize("ended", ["", "timeout"])
def test_fail_ends_every_open_side_and_keeps_what_was_shown(ended):
    live = turn("a", "b", paced=False)
    live.sides["a"].feed("Hello")
    live.tick()
    live.sides["a"].feed(" there")
    live.sides["b"].end(ended)

    a, b = (side.build_result() for side in live.fail())

    assert (a.text, a.failure) == ("Hello", "unavailable")
    assert (b.text, b.failure) == ("", ended or "unavailable")
    assert all(side.lane.is_over for side in live.sides.values())


def test_fail_leaves_a_side_alone_that_has_finished():
    live = turn("a", "b", paced=False)
    live.sides["a"].feed("Hello")
    live.tick()
    live.sides["a"].end()

    a, b = (side.build_result() for side in live.fail())

    assert (a.text, a.failure) == ("Hello", "")
    assert (b.text, b.failure) == ("", "unavailable")


def test_held_names_the_open_sides_of_a_turn():
    live = turn("a", "b", paced=False)
    live.sides["b"].closed = True

    assert [lease.answer_id for lease in live.build_leases()] == [live.sides["a"].job.answer_id]


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
