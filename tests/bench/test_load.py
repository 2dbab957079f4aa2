"""Tests the load client and the mock without a service between them."""

from random import Random

import numpy as np
import pytest

from bench import processes
from bench.figures import Mark, render_table, summarize
from bench.load import BattleRecord, Load, make_direct_runner
from bench.processes import PARTS
from bench.profiles import RHYTHMS, build_words
from bench.rhythm import Pane

QUICK = ["spark", "flash"]


@pytest.fixture(scope="module")
def mock():
    with processes.run_mock(10, 20) as (url, _):
        yield url


def build_record(asked, ready, added=0.5, lag=0.1):
    return BattleRecord("?", asked=asked, ready=ready, added=[added], lags=np.array([lag]), checked=2, voted=True)


def marks(*moments):
    """Build windows in which each part of the service uses one CPU second per second."""
    return [Mark(at, dict.fromkeys((*PARTS, "up", "mock", "client"), at) | {"machine": 20.0 * at}) for at in moments]


@pytest.mark.slow
async def test_straight_load_finds_every_text_as_the_mock_wrote_it(mock):
    load = Load(make_direct_runner(mock, QUICK), users=3, ramp_s=0.1, max_battles=6)

    await load.run()

    assert [each.error for each in load.records] == [""] * len(load.records)
    assert {each.checked for each in load.records} == {2}
    for each in load.records:
        assert {pane.model for pane in each.panes.values()} == set(QUICK)
        assert 0 <= each.lags.min() <= each.lags.max() < 0.5
        assert all(-0.001 < delay < 0.5 for delay in each.added)


@pytest.mark.slow
async def test_load_notes_an_error_when_a_text_is_not_what_the_mock_wrote(mock):
    async def lying(battle, cookies):
        battle.text["a"] = "Something else. "
        await make_direct_runner(mock, QUICK)(battle, cookies)

    load = Load(lying, users=1, ramp_s=0, max_battles=1)
    await load.run()

    assert "an answer differs from the mock's" in load.records[0].error


@pytest.mark.parametrize("name", RHYTHMS)
def test_schedule_of_a_profile_brings_every_token_at_about_its_rate(name):
    profile = RHYTHMS[name]
    steps = list(profile.schedule(600, Random(1)))

    assert sum(count for _, count in steps) == 600
    assert steps[0][0] == pytest.approx(profile.first_s, rel=0.5)
    assert 600 / (steps[-1][0] - steps[0][0]) == pytest.approx(profile.rate, rel=0.5)


def test_words_of_a_model_are_its_own_and_always_the_same():
    assert build_words("one", "?", 20) == build_words("one", "?", 20) != build_words("other", "?", 20)


def test_seen_panes_count_from_the_question():
    battle = BattleRecord("?", asked=100.0)
    battle.panes["a"] = Pane("spark", [101.0, 102.5], [3, 4])

    assert battle.build_relative_panes()[0] == Pane("spark", [1.0, 2.5], [3, 4])


def test_figures_give_cpu_for_each_battle_that_is_open():
    column = summarize([build_record(100, 110), build_record(105, 110)], marks(100, 105, 110))

    assert column["concurrent battles"] == "1.500 (1.000 to 2.000)"
    assert column["  web"] == "75 (50 to 100)"
    assert column["service, % of a core per battle"] == "525 (350 to 700)"
    assert column["other programs, % of a core"] == "1100 (1100 to 1100)"
    assert column["added time to first token p95, ms"] == "500 (500 to 500)"
    assert (column["errors"], column["votes"], column["answers identical to the mock's"]) == ("0", "2", "4 of 4")


def test_table_shows_what_one_column_lacks_as_a_dash():
    lines = render_table({"no arena": {"errors": "0"}, "clock off": {"errors": "1", "votes": "7"}}).splitlines()

    assert [line.split() for line in lines[1:]] == [["errors", "0", "1"], ["votes", "-", "7"]]
