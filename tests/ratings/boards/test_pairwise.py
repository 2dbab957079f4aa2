"""Each model against each other one, as the API gives it."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from arena.models import LIVE_POOL, Vote
from ratings.boards.pairwise import build_matrices, compare_model
from ratings.boards.snapshots import BoardKey
from ratings.models import PairTable
from ratings.pipeline import board_refresh
from tests import factories
from tests.ratings.pipeline.test_board_fits import cast_styled_votes

pytestmark = pytest.mark.django_db

PAIRWISE = "/api/v1/leaderboard/pairwise/"
Z = 1.959963984540054
MATRICES = ("wins", "ties", "counts", "win_probability", "diff", "diff_se", "votes_needed")


@pytest.fixture
def voted():
    """Votes of nine people on four models, among which all can be rated."""
    random, models = Random(5), [factories.contestant(slug) for slug in "dcba"]
    votes = []
    for number in range(400):
        a, b = random.sample(range(4), 2)
        winner = random.choices(("a", "b", "tie", "both_bad"), (5 + a - b, 5 + b - a, 2, 1))[0]
        voter = factories.voter_id(number % 9)
        votes.append(
            Vote(pool_id=LIVE_POOL, contestant_a=models[a], contestant_b=models[b], winner=winner, voter=voter)
        )
    factories.cast_at_once(votes)
    board_refresh.refresh()


def of(board):
    """The rows of a board by model."""
    return {row["model"]: row for row in board["rows"]}


def test_pairwise_agrees_with_the_board(client, voted):
    found, board = client.get(PAIRWISE).json(), client.get("/api/v1/leaderboard/").json()

    assert [found[name] for name in ("pool", "category", "style_control", "method", "computed_at")] == [
        *("live", "overall", False, "bt", board["computed_at"])
    ]
    assert found["models"] == [row["model"] for row in board["rows"]]
    for name in MATRICES:
        assert np.array(found[name]).shape == (4, 4)
    for place, row in enumerate(board["rows"]):
        assert sum(found["wins"][place]) == row["wins"]
        assert sum(line[place] for line in found["wins"]) == row["losses"]
        assert sum(found["ties"][place]) == row["ties"]
        assert sum(found["counts"][place]) == row["votes"]
        for other, against in enumerate(board["rows"]):
            diff = row["rating"] - against["rating"]
            assert found["diff"][place][other] == pytest.approx(diff, abs=1e-9)
            assert found["win_probability"][place][other] == pytest.approx(1 / (1 + 10 ** (-diff / 400)))
    assert sum(map(sum, found["counts"])) == 2 * 400


def test_pairwise_errors_are_those_by_which_the_board_ranks(client, voted):
    """The rank range counts who is better or worse by the same test of the difference."""
    found, board = client.get(PAIRWISE).json(), client.get("/api/v1/leaderboard/").json()
    diff, error = np.array(found["diff"], float), np.array(found["diff_se"], float)
    better = diff > Z * error
    assert [row["rank_low"] for row in board["rows"]] == (1 + (better & (diff > 0)).sum(axis=0)).tolist()
    assert [row["rank_high"] for row in board["rows"]] == (4 - (better & (diff > 0)).sum(axis=1)).tolist()
    # The variance of a sum of differences from the mean, which is fixed, is that of the rating itself.
    assert np.all(error <= np.add.outer(*[[row["se"] for row in board["rows"]]] * 2) + 1e-9)


def test_votes_needed_are_the_fewest_that_separate(client, voted):
    found = client.get(PAIRWISE).json()
    counts, ties, wins = (np.array(found[name], float) for name in ("counts", "ties", "wins"))
    p = np.array(found["win_probability"], float)
    residuals = wins * (1 - p) ** 2 + wins.T * p**2 + ties * (0.5 - p) ** 2
    spread = residuals.sum() / (counts * p * (1 - p)).sum()
    for row in range(4):
        assert found["votes_needed"][row][row] is None
        for column in range(4):
            if row != column:
                diff, error, needed = (found[name][row][column] for name in ("diff", "diff_se", "votes_needed"))
                told = p[row, column] * (1 - p[row, column]) / (spread * (400 / np.log(10)) ** 2)

                def separated(votes, diff=diff, error=error, told=told):
                    return abs(diff) > Z / np.sqrt(error**-2 + votes * told)

                assert needed == next(votes for votes in range(10**7) if separated(votes))


def test_models_restrict_the_matrices_to_themselves(client, voted):
    whole, part = client.get(PAIRWISE).json(), client.get(f"{PAIRWISE}?models=b,d,b").json()
    places = [place for place, slug in enumerate(whole["models"]) if slug in "bd"]
    assert part["models"] == [whole["models"][place] for place in places]
    for name in MATRICES:
        assert part[name] == [[whole[name][row][column] for column in places] for row in places]


@pytest.mark.parametrize("method", ["bt", "elo"])
def test_row_is_one_of_the_matrices(voted, method):
    board_key = BoardKey(method=method)
    whole, own = build_matrices(board_key), compare_model(board_key, "b")
    place = whole["models"].index("b")

    assert sorted(own["models"]) == ["a", "c", "d"]
    for name in MATRICES:
        figures = dict(zip(whole["models"], whole[name][place], strict=True))
        assert dict(zip(own["models"], own[name], strict=True)) == {slug: figures[slug] for slug in own["models"]}
    assert compare_model(board_key, "nobody") == {}


def test_unbounded_models_and_other_components_have_no_figures(client):
    names = ("x", "y", "best", "p", "q")
    x, y, best, p, q = (factories.contestant(slug) for slug in names)
    for a, b, times in ((x, y, 3), (y, x, 3), (best, x, 2), (p, q, 1), (q, p, 1)):
        factories.cast(a, b, multiplicity=times)
    board_refresh.refresh()
    found = client.get(PAIRWISE).json()
    place = {slug: number for number, slug in enumerate(found["models"])}

    assert found["models"] == ["best", "x", "y", "p", "q"]
    for a, b in (("best", "x"), ("best", "y"), ("best", "best"), ("x", "p"), ("best", "q")):
        for name in ("win_probability", "diff", "diff_se", "votes_needed"):
            assert found[name][place[a]][place[b]] is found[name][place[b]][place[a]] is None
    assert found["diff"][place["x"]][place["y"]] == pytest.approx(0, abs=1e-9)
    assert found["votes_needed"][place["x"]][place["y"]] is None
    assert found["win_probability"][place["p"]][place["q"]] == pytest.approx(0.5)
    assert found["wins"][place["best"]][place["x"]] == 2


def test_elo_predicts_without_errors(client, voted):
    found = client.get(f"{PAIRWISE}?method=elo").json()
    board = client.get("/api/v1/leaderboard/?method=elo").json()
    assert found["models"] == [row["model"] for row in board["rows"]]
    ratings = of(board)
    for row, slug in enumerate(found["models"]):
        for column, other in enumerate(found["models"]):
            diff = ratings[slug]["rating"] - ratings[other]["rating"]
            assert found["diff"][row][column] == pytest.approx(diff)
            assert found["win_probability"][row][column] == pytest.approx(1 / (1 + 10 ** (-diff / 400)))
    assert {value for name in ("diff_se", "votes_needed") for line in found[name] for value in line} == {None}
    assert sum(map(sum, found["counts"])) == 2 * 400


def test_elo_predicts_nothing_between_models_that_no_votes_connect(client):
    x, y, p, q = (factories.contestant(slug) for slug in "xypq")
    for a, b, times in ((x, y, 3), (y, x, 3), (p, q, 5)):
        factories.cast(a, b, multiplicity=times)
    board_refresh.refresh()

    found, board = (client.get(f"{path}?method=elo").json() for path in (PAIRWISE, "/api/v1/leaderboard/"))

    assert found["models"] == [row["model"] for row in board["rows"]]
    assert found["models"][2:] == ["p", "q"]
    for name in ("win_probability", "diff"):
        assert [found[name][0][2], found[name][3][1]] == [None, None]
        assert None not in (found[name][0][1], found[name][2][3])


def test_boards_under_style_control_have_pairs_too(client):
    random, models = Random(1), [factories.contestant(slug) for slug in "xyz"]
    cast_styled_votes(random, models, 100)
    board_refresh.refresh()
    while board_refresh.refresh_style_board():
        pass
    found = client.get(f"{PAIRWISE}?style_control=true").json()
    board = of(client.get("/api/v1/leaderboard/?style_control=true").json())
    assert found["computed_at"]
    assert len(found["models"]) == 3
    first, second = (board[slug] for slug in found["models"][:2])
    assert found["diff"][0][1] == pytest.approx(first["rating"] - second["rating"])
    assert 0 < found["diff_se"][0][1] < first["se"] + second["se"]
    assert found["diff"] != client.get(PAIRWISE).json()["diff"]


def test_past_pairs_are_the_last_of_a_day(voted):
    table = PairTable.objects.get(board__category__slug="overall")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for day in (0, 1):
        table.pk, table.computed_at = None, noon + timedelta(days=day)
        table.day = table.computed_at.date()
        table.save()

    def at(**later):
        return build_matrices(BoardKey(at=noon + timedelta(**later)))["computed_at"]

    assert at(seconds=-1) is None
    assert at(hours=5) == at(hours=23) == noon
    assert at(days=1) == at(days=2) == noon + timedelta(days=1)
