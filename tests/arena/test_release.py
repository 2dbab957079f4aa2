"""The rhythm of the panes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.release import LONE_PACE, Clock, Lane, Open


class Source:
    """A model as the clock sees it: pieces that come at certain ticks, then an end."""

    def __init__(self, pieces, ends_at=None):
        self.pieces = sorted(pieces)
        self.ends_at = max([tick for tick, _ in pieces], default=0) + 1 if ends_at is None else ends_at
        self.total = sum(size for _, size in pieces)


def play(clock, a, b, limit=20_000):
    """What each tick releases for both sides, until both are over."""
    lanes, released = (Lane(), Lane()), []
    for tick in range(limit):
        for lane, source in zip(lanes, (a, b), strict=True):
            arrived = sum(size for at, size in source.pieces if at == tick)
            lane.waiting += arrived
            lane.began |= arrived > 0
            lane.ended |= tick >= source.ends_at
        steps = clock.tick(*lanes)
        for lane, step in zip(lanes, steps, strict=True):
            assert 0 <= step <= lane.waiting
            lane.waiting -= step
        released.append(steps)
        if all(lane.over for lane in lanes):
            return released
    raise AssertionError(f"not over after {limit} ticks")


sources = st.builds(Source, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), max_size=12))


@given(sources, sources)
def test_tick_releases_everything_and_comes_to_an_end(a, b):
    released = play(Clock(), a, b)

    assert (sum(x for x, _ in released), sum(y for _, y in released)) == (a.total, b.total)


@given(sources, sources)
def test_tick_releases_nothing_before_both_sides_have_begun_or_one_is_at_its_end(a, b):
    released = play(Clock(), a, b)

    first = next((tick for tick, steps in enumerate(released) if any(steps)), len(released))
    heard = [min([tick for tick, _ in source.pieces], default=source.ends_at) for source in (a, b)]
    assert first >= min(max(heard), max(a.ends_at, b.ends_at))


@given(sources, sources)
def test_tick_goes_in_step_until_one_side_has_nothing_more(a, b):
    left = [a.total, b.total]
    for x, y in play(Clock(), a, b):
        if all(left):
            assert x == y
        left = [left[0] - x, left[1] - y]


@given(sources, sources)
def test_tick_treats_both_sides_alike_while_they_go_in_step(a, b):
    def together(steps):
        shared, total = [], 0
        for x, y in steps:
            if total == min(a.total, b.total):
                break
            shared.append({x, y})
            total += x
        return shared

    assert together(play(Clock(), a, b)) == together(play(Clock(), b, a))


@given(sources, sources)
def test_tick_gives_a_lone_side_no_more_at_a_time_than_both_had_together(a, b):
    clock, left = Clock(), [a.total, b.total]
    alone = [0]
    for x, y in play(clock, a, b):
        if min(left) == 0:
            alone.append(x + y)
        left = [left[0] - x, left[1] - y]

    assert max(alone) <= max(clock.steps, default=LONE_PACE)


@pytest.mark.parametrize("silent", [0, 1, 100, 3000])
def test_tick_lets_the_healthy_side_come_to_its_end_though_the_other_was_silent_for_long(silent):
    healthy, stalled = Source([(0, 2000)], ends_at=1), Source([(0, 1)], ends_at=silent)

    released = play(Clock(), healthy, stalled)

    assert len(released) <= silent + 2100


def test_tick_gives_a_quick_side_away_by_no_hurry_once_the_slow_one_is_over():
    slow = Source([(n, 2) for n in range(0, 200, 2)])
    for quick in (Source([(0, 1000)], ends_at=1), Source([(n, 50) for n in range(20)])):
        alone = [x for x, y in play(Clock(), quick, slow) if x and not y]
        assert max(alone) <= 3


def test_tick_smooths_a_large_chunk():
    a, b = Source([(0, 1000)], ends_at=500), Source([(0, 1000)], ends_at=500)

    released = play(Clock(), a, b)

    assert max(x for x, _ in released) == 100
    assert released[0] == (100, 100)


def test_tick_does_not_trickle_the_last_characters():
    a, b = Source([(0, 400)], ends_at=3), Source([(0, 400)], ends_at=3)

    steps = Counter(x for x, _ in play(Clock(), a, b))

    assert sum(count for step, count in steps.items() if step < 10) <= 1


def test_open_clock_releases_what_waits_at_once():
    assert Open().tick(Lane(waiting=7), Lane()) == (7, 0)
