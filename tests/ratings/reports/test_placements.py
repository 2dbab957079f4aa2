"""Where a model stands in a pool."""

import pytest

from core.text.proportions import Proportion
from ratings.boards import pairwise
from ratings.boards.snapshots import BoardKey
from ratings.reports import placements
from tests import factories
from tests.ratings.board_history import beat, met, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def three():
    return [factories.model(slug) for slug in ("x", "y", "z")]


def test_categories_come_after_the_whole(three):
    x, y, z = three
    met(x, y, categories=["maths"])
    met(x, z, categories=["coding"])
    met(y, z, categories=["coding"])
    published()

    found = placements.list_category_placements("live", "x")

    slugs = [place.category for place in found]
    assert slugs[0] == "overall"
    assert set(slugs) == {"overall", "coding", "maths", "exclude-ties"}
    assert {place.category: place.ranked_models for place in found}["maths"] == 2
    assert {place.category: place.row["votes"] for place in found}["coding"] == 10
    assert "maths" not in {place.category for place in placements.list_category_placements("live", "z")}
    assert placements.list_category_placements("live", "nobody") == []


def test_opponents_are_those_it_met_most_votes_first(three):
    x, y, z = three
    met(x, y, 3, 1)
    factories.cast(x, y, "tie")
    met(x, z, 6, 4)
    beat(z, factories.model("stranger"), 2)
    published()

    found = {each["model"]: each for each in placements.list_opponents(BoardKey(), "x")}

    assert list(found) == ["z", "y"]
    assert [found["y"][name] for name in ("votes", "wins", "losses", "ties")] == [5, 3, 1, 1]
    assert found["y"]["actual"] == Proportion(3.5, 5)
    matrix = pairwise.build_matrices(BoardKey(), ["x", "y"])
    place, other = matrix["models"].index("x"), matrix["models"].index("y")
    assert found["y"]["predicted"] == matrix["win_probability"][place][other]
    assert found["y"]["diff"] == matrix["diff"][place][other]
    assert found["y"]["error"] == pytest.approx(1.959964 * matrix["diff_se"][place][other])


def test_opponent_without_a_prediction_is_shown_by_its_record(three):
    x, y, z = three
    met(x, y)
    beat(z, x, 2)
    published()
    [unbeaten] = [each for each in placements.list_opponents(BoardKey(), "x") if each["model"] == "z"]
    assert [unbeaten[name] for name in ("losses", "predicted", "diff", "error")] == [2, None, None, None]
    factories.model("nobody")
    assert placements.list_opponents(BoardKey(), "nobody") == []
