"""The rhythm of the panes."""

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arena.answers.release_clock import SINGLE_SIDE_PACE, SMOOTHING_TICKS, ImmediateClock, Lane, ReleaseClock
from bench import rhythm


class Even(Random):
    """No randomness: always the middle, and always the quickest piece, because repeating a slow one would never end."""

    def random(self):
        return 0.5

    def choice(self, pieces):
        return max(pieces, key=lambda piece: piece[1] / max(piece[0], 1))


def seeded():
    return Random(1)  # the same in every run


class Source:
    """A model as the clock sees it: pieces at certain ticks, then an end."""

    def __init__(self, pieces, ends_at=None):
        self.pieces = sorted(pieces)
        self.ends_at = max([tick for tick, _ in pieces], default=0) + 1 if ends_at is None else ends_at
        self.total = sum(size for _, size in pieces)


def play(a, b, random=None, limit=20_000, is_single_sided=False):
    """The characters that each tick releases for both sides, until both are over."""
    clock, lanes, released = ReleaseClock(random or seeded(), is_single_sided=is_single_sided), (Lane(), Lane()), []
    for tick in range(limit):
        for lane, source in zip(lanes, (a, b), strict=True):
            arrived = sum(size for arrival, size in source.pieces if arrival == tick)
            lane.waiting += arrived
            lane.has_begun |= arrived > 0
            lane.has_ended |= tick >= source.ends_at
        steps = clock.tick(*lanes)
        for lane, step in zip(lanes, steps, strict=True):
            assert 0 <= step <= lane.waiting
            lane.waiting -= step
        released.append(steps)
        if all(lane.is_over for lane in lanes):
            return released
    raise AssertionError(f"not over after {limit} ticks")


def even(pace, ticks, start=0):
    """A model that sends `2 * pace` characters every second tick."""
    return Source([(start + tick, 2 * pace) for tick in range(0, ticks, 2)])


def pace_of(steps):
    """The mean step, from the first nonzero one."""
    first = next(n for n, step in enumerate(steps) if step)
    return sum(steps[first:]) / len(steps[first:])


def split(released, a, b):
    """The steps of both sides together, and then those of the longer side alone."""
    end = 1 + max(n for n, steps in enumerate(released) if all(steps))
    longer = 0 if a.total > b.total else 1
    return [x for x, _ in released[:end]], [steps[longer] for steps in released[end:]]


sources = st.builds(Source, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), max_size=12))


@given(sources, sources)
def test_tick_releases_everything_and_comes_to_an_end(a, b):
    released = play(a, b)

    assert (sum(x for x, _ in released), sum(y for _, y in released)) == (a.total, b.total)


@given(sources, sources)
def test_tick_releases_nothing_before_both_sides_have_begun_or_one_is_at_its_end(a, b):
    released = play(a, b)

    first = next((tick for tick, steps in enumerate(released) if any(steps)), len(released))
    first_ticks = [min([tick for tick, _ in source.pieces], default=source.ends_at) for source in (a, b)]
    assert first >= min(max(first_ticks), max(a.ends_at, b.ends_at))


@given(sources, sources)
def test_tick_goes_in_step_until_one_side_has_nothing_more(a, b):
    left = [a.total, b.total]
    for x, y in play(a, b):
        assert x == y or min(left) <= min(x, y)
        left = [left[0] - x, left[1] - y]


@given(sources, sources)
@example(Source([(0, 1), (1, 400), (59, 1), (60, 400)]), Source([(tick, 400) for tick in range(5)]))
def test_tick_treats_both_sides_alike(a, b):
    assert play(a, b, Even()) == [(x, y) for y, x in play(b, a, Even())]


@pytest.mark.parametrize("silent", [0, 1, 100, 3000])
def test_tick_lets_the_healthy_side_come_to_its_end_though_the_other_was_silent_for_long(silent):
    healthy, stalled = Source([(0, 2000)], ends_at=1), Source([(0, 1)], ends_at=silent)

    assert len(play(healthy, stalled)) <= silent + 2100


@pytest.mark.parametrize(
    ("a", "b", "pace"),
    [
        pytest.param(even(4, 400), even(4, 800), 4, id="the same speed"),
        pytest.param(even(4, 400), even(40, 80), 4, id="the longer is quicker"),
        pytest.param(even(40, 40), even(4, 800), 4, id="the longer is slower"),
        pytest.param(even(4, 400), Source([(0, 3200)]), 4, id="the longer came at once"),
        pytest.param(Source([(0, 1600)]), even(4, 800), 4, id="the shorter came at once"),
        pytest.param(even(4, 400), even(40, 80, start=300), 4, id="the longer began late"),
    ],
)
def test_tick_goes_on_at_the_pace_of_the_slower_side_when_the_shorter_is_at_its_end(a, b, pace):
    together, alone = split(play(a, b), a, b)

    assert sum(together[50:]) / len(together[50:]) == pytest.approx(pace, rel=0.3)
    assert sum(alone) / len(alone) == pytest.approx(pace, rel=0.3)


def test_tick_lets_a_lone_side_go_at_a_pace_that_is_the_same_for_all_quick_models():
    released = [x for x, _ in play(Source([(0, 4000)]), Source([], ends_at=10))]

    assert pace_of(released) == pytest.approx(SINGLE_SIDE_PACE, rel=0.15)
    assert max(released) <= 2 * SINGLE_SIDE_PACE


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(even(1, 2000), id="slow"),
        pytest.param(even(40, 50), id="quick"),
        pytest.param(Source([(tick, 200) for tick in range(0, 500, 50)]), id="in large pieces"),
        pytest.param(Source([(300, 2000)]), id="late"),
    ],
)
@pytest.mark.parametrize("pane", [0, 1])
def test_tick_of_a_side_asked_again_by_itself_shows_nothing_of_its_rhythm(source, pane):
    """Readers know the pane, so the release may depend on nothing but the length."""
    nobody = Source([], ends_at=0)
    sides = (source, nobody) if pane == 0 else (nobody, source)

    released = [steps[pane] for steps in play(*sides, is_single_sided=True)]

    at_once = [x for x, _ in play(Source([(0, source.total)], ends_at=0), nobody, is_single_sided=True)]
    assert not any(released[: source.ends_at])
    assert released[source.ends_at :] == at_once
    assert pace_of(released) == pytest.approx(SINGLE_SIDE_PACE, rel=0.2)


@given(sources)
def test_tick_of_a_side_asked_again_by_itself_comes_to_its_end(source):
    released = play(source, Source([], ends_at=0), is_single_sided=True)

    assert sum(x for x, _ in released) == source.total


def test_tick_smooths_a_large_piece():
    a, b = Source([(0, 1000)], ends_at=500), Source([(0, 1000)], ends_at=500)

    released = [x for x, _ in play(a, b)]

    assert max(released) <= 2 * 1000 / SMOOTHING_TICKS
    assert released[0] > 0


def test_tick_does_not_trickle_the_last_characters():
    a, b = even(8, 200), even(8, 200)

    released = play(a, b)

    assert len(released) <= 200 + 2 * SMOOTHING_TICKS
    assert pace_of([x for x, _ in released[-SMOOTHING_TICKS:]]) >= 6


def test_tick_gives_up_what_was_dropped_when_the_voter_stopped():
    clock, stopped, ended = (
        ReleaseClock(seeded()),
        Lane(waiting=500, has_begun=True),
        Lane(waiting=500, has_begun=True, has_ended=True),
    )
    clock.tick(stopped, ended)
    stopped.waiting, stopped.has_ended = 0, True

    assert clock.tick(stopped, ended)[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize(("paced", "least", "most"), [(False, 0.85, 1), (True, 0.45, 0.55)])
def test_rhythm_tells_which_model_is_which_without_the_clock_and_is_chance_with_it(paced, least, most):
    assert least <= rhythm.compute_accuracy(rhythm.simulate_battles(600, seed=4, paced=paced)) <= most


def test_open_clock_releases_what_waits_at_once():
    assert ImmediateClock().tick(Lane(waiting=7), Lane()) == (7, 0)
