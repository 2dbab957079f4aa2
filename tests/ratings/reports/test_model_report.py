"""One model as programs get it: where it stands, what voters said, and its scores."""

import pytest

from arena.models import Pool
from catalog.models import Benchmark, Score
from tests import factories
from tests.ratings.board_history import beat, met, published

pytestmark = pytest.mark.django_db


def told(client, slug, **query):
    answer = client.get(f"/api/v1/models/{slug}/", query)
    assert answer.status_code == 200
    return answer.json()


def where(found):
    return [(place["pool"], place["category"]) for place in found["boards"]]


@pytest.fixture
def two():
    """On the boards of this arena and of a file."""
    factories.pool("old", kind=Pool.Kind.IMPORT)
    x, y = factories.model("x"), factories.model("y")
    met(x, y, categories=["coding"])
    met(x, y, pool="old", categories=["maths"])
    published()
    return x, y


def test_boards_are_those_of_its_page(client, two):
    page = client.get("/models/x/").context
    found = told(client, "x")
    assert where(found)[:2] == [("live", "overall"), ("old", "overall")]
    assert {*where(found)[2:]} == {("live", "coding"), ("live", "exclude-ties")}
    row = page["placements"][0].row
    assert found["boards"][0] == {
        "pool": "live", "category": "overall", "among": 2,
        **{name: row[name] for name in found["boards"][0].keys() - {"pool", "category", "among"}},
    }  # fmt: skip
    assert (found["boards"][0]["rank_high"], found["boards"][0]["votes"]) == (2, 10)


def test_pool_that_is_asked_for_is_told_in_every_category(client, two):
    found = where(told(client, "x", pool="old"))
    assert found[:2] == [("live", "overall"), ("old", "overall")]
    assert {*found[2:]} == {("old", "maths"), ("old", "exclude-ties")}


def test_model_that_stands_elsewhere_alone_is_told_in_that_pool(client):
    factories.board()
    factories.pool("old", kind=Pool.Kind.IMPORT)
    beat(factories.model("x"), factories.model("y"), pool="old")
    published()
    first = told(client, "x")["boards"][0]
    assert {pool for pool, _ in where(told(client, "x"))} == {"old"}
    assert (first["unbounded"], first["ci_high"], first["provisional"]) == (True, None, True)


def test_model_without_votes_stands_nowhere(client):
    factories.model("x")
    found = told(client, "x")
    assert (found["boards"], found["reasons"], found["scores"]) == ([], None, [])


@pytest.mark.parametrize(("voters", "pool", "known"), [(5, "live", True), (4, "live", False), (5, "old", False)])
def test_reasons_are_those_of_the_pool(client, two, voters, pool, known):
    for number in range(voters):
        factories.vote(*two, reasons={"a": ["useful", "too_long"]}, voter=factories.voter_id(number))
    found = told(client, "x", pool=pool)["reasons"]
    assert (found is not None) == known
    if known:
        assert (found["pool"], found["votes"], found["voters"]) == ("live", 5, 5)
        assert (found["praise"][0], found["blame"][0]) == (
            {"reason": "useful", "votes": 5},
            {"reason": "too_long", "votes": 5},
        )


def test_scores_come_with_their_conditions(client, two):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    Score.objects.create(
        benchmark=benchmark, model=two[0], value=0.75, n=100, task="t", metric="acc", shots=5, source="here"
    )
    (found,) = told(client, "x")["scores"]
    assert (found["benchmark"], found["name"], found["value"], found["n"]) == ("b", "B", 0.75, 100)
    assert found["stderr"] == pytest.approx(0.0433, abs=1e-4)
    assert (found["conditions"]["task"], found["conditions"]["shots"]) == ("t", 5)
    assert told(client, "y")["scores"] == []
