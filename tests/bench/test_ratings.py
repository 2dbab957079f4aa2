"""Tests the rating benchmark without its peers."""

import lzma

import numpy as np
import pytest

from bench.rating_data import STYLE, Counts, Styled, compute_differences
from bench.rating_peers import CONTENDERS, run_fastchat_bootstrap
from bench.rating_run import measure_time, prepare
from bench.rating_style import prepare_exact
from bench.ratings import (
    Measurement,
    build_growth_columns,
    build_time_columns,
    compute_max_error,
    compute_time_ratio,
    print_targets,
)
from ratings.statistics import bradley_terry
from ratings.statistics.comparisons import Comparisons

DRAWN = Counts.generate(12, 30_000, seed=1)


def fitted(counts):
    return bradley_terry.fit(Comparisons.from_counts(counts.names, *counts.build_matrices())).ratings


def measured(first, again, ratings=(1000.0,)):
    return Measurement(first, again, np.array(ratings))


def test_drawn_counts_have_as_many_votes_as_asked_for():
    assert DRAWN.total == 30_000
    assert (DRAWN.first < DRAWN.second).all()
    assert min(DRAWN.won.min(), DRAWN.tied.min(), DRAWN.lost.min()) >= 0
    assert 0.1 < DRAWN.tied.sum() / DRAWN.total < 0.3


def test_drawn_counts_of_one_seed_are_always_the_same():
    again, other = Counts.generate(12, 30_000, seed=1), Counts.generate(12, 30_000, seed=2)

    assert np.array_equal(DRAWN.won, again.won)
    assert not np.array_equal(DRAWN.won, other.won)


def test_votes_of_counts_add_up_to_the_same_board():
    votes = DRAWN.list_votes()
    board = Comparisons.from_votes(votes.first, votes.second, votes.outcome)

    assert np.array_equal([board.wins, board.ties], DRAWN.build_matrices())


@pytest.mark.parametrize(("name", "pack"), [("pairs.csv", bytes), ("pairs.csv.xz", lzma.compress)])
def test_counts_are_read_with_both_kinds_of_ties(tmp_path, name, pack):
    file = tmp_path / name
    file.write_bytes(pack(b"model_a,model_b,win_a,win_b,tie,tie_bothbad\nb,a,5,3,2,1\na,c,1,0,0,4\n"))

    counts = Counts.read(str(file))
    wins, ties = counts.build_matrices()

    assert counts.names == ("a", "b", "c")
    assert wins.tolist() == [[0, 3, 1], [5, 0, 0], [0, 0, 0]]
    assert ties.tolist() == [[0, 3, 4], [3, 0, 0], [4, 0, 0]]


@pytest.mark.parametrize("contender", ["ours, stored counts", "ours, integer ids"])
def test_contenders_of_ours_find_the_same_ratings(contender):
    assert CONTENDERS[contender](DRAWN, 0)() == pytest.approx(fitted(DRAWN), abs=1e-8)


@pytest.mark.slow
def test_fastchat_description_fits_near_the_optimum_and_its_rounds_spread_as_the_sandwich_says():
    single = DRAWN.list_votes()
    votes = np.column_stack([single.first, single.second, 2 * single.outcome]).astype(np.int32)
    whole, *rounds = run_fastchat_bootstrap(votes, 40)
    fit = bradley_terry.fit(Comparisons.from_counts(DRAWN.names, *DRAWN.build_matrices()))

    assert len(rounds) == 40
    assert whole - whole.mean() + 1000 == pytest.approx(fit.ratings, abs=3)
    centred = np.array(rounds) - np.mean(rounds, axis=1, keepdims=True)
    assert np.median(centred.std(axis=0) / fit.se) == pytest.approx(1, abs=0.2)


def test_exact_solver_without_any_pull_of_style_finds_the_ratings_of_the_votes():
    styled = Styled.generate(6, 20_000, seed=1)
    votes = styled.votes
    random = np.random.default_rng(2).poisson(5, styled.features.shape)
    plain = bradley_terry.fit(Comparisons.from_votes(votes.first, votes.second, votes.outcome))

    noise = Styled(styled.names, votes, random.astype(np.int32))

    assert prepare_exact(noise)() == pytest.approx(plain.ratings, abs=2)


def test_differences_of_style_lie_between_minus_one_and_one():
    features = np.array([[9, 0, 2, 1, 0, 0, 2, 4]], dtype=np.int32)

    assert compute_differences(features)[0] == pytest.approx([0.9, 0, 0, -0.5])
    assert STYLE.shape == (4,)


def test_style_of_ours_is_exact():
    how = {"models": 8, "votes": 20_000, "seed": 3}

    ratings = prepare("ours, style", how, 0)()

    assert ratings == pytest.approx(prepare("exact, style", how, 0)(), abs=1e-6)


def test_timed_gives_the_cpu_seconds_and_the_result():
    seconds, found = measure_time(lambda: np.arange(3))

    assert 0 <= seconds < 1
    assert found.tolist() == [0, 1, 2]


def test_ratio_compares_medians_of_one_kind_of_call():
    taken = {"ours": measured([2, 4, 90], [1]), "peer": measured([40], [3, 5, 7])}

    assert compute_time_ratio(taken, "ours", "peer", "first") == 10
    assert compute_time_ratio(taken, "ours", "peer", "again") == 5


def test_times_of_contenders_stand_beside_ratios_to_each_peer_that_ran():
    taken = {"ours": measured([0.002], [0.001]), "peer": measured([0.004], [0.003])}

    columns = build_time_columns(taken, ("peer", "not installed"))

    assert columns["again, CPU ms"]["ours"] == "1 (1 to 1)"
    assert columns["peer: times this, first; again"] == {"ours": "2; 3", "peer": "1; 1"}
    assert not any("not installed" in title for title in columns)


def test_growth_is_told_against_the_first_row():
    columns = build_growth_columns({"few": measured([1], [0.002]), "many": measured([1], [0.003])})

    assert columns["times the first row, again"] == {"few": "1.000", "many": "1.500"}


def test_farthest_ignores_where_the_mean_lies():
    assert compute_max_error(measured([], [], (10.0, 30.0)), measured([], [], (0.0, 26.0))) == pytest.approx(3)


def test_targets_say_what_was_missed(capsys):
    print_targets(
        {"ours": measured([1], [1]), "peer": measured([10], [5])}, [("ours", "peer", 8), ("ours", "absent", 2)]
    )

    lines = capsys.readouterr().out.splitlines()

    assert lines[2].split() == "ours against peer >= 8 x 10 x 5 x, missed".split()
    assert "absent" not in "".join(lines)
