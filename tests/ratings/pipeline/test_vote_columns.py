"""The votes of a pool as columns, sorted by id, whenever they commit."""

import numpy as np
import pytest

from arena.models import LIVE_SLUG
from core.storage import binary_copy
from ratings.interchange.vote_fields import VOTER_KINDS
from ratings.pipeline.vote_columns import NO_PERSON, UNKNOWN_VOTER, VoteColumns
from tests import factories

pytestmark = pytest.mark.django_db
STYLE = [10.0, 1.0, 2.0, 3.0, 20.0, 0.0, 0.0, 4.0]


@pytest.fixture
def models():
    return [factories.contestant(slug) for slug in "xyz"]


def load_columns(pool=LIVE_SLUG):
    columns = VoteColumns()
    columns.load(factories.pool(pool).pk)
    return columns


def are_equal(one, other):
    """Whether both have the same votes; codes of voters and of category sets may differ."""
    plain = ("id", "a", "b", "double_score", "both_bad", "weight")
    alike = all(np.array_equal(one[name], other[name]) for name in plain)
    styles = np.array_equal(one["style"], other["style"], equal_nan=True)
    kinds = [[each.category_sets[kind] for kind in each["category_set"]] for each in (one, other)]
    partners = [np.equal.outer(each["voter"], each["voter"]) for each in (one, other)]
    unknown = [each["voter"] == UNKNOWN_VOTER for each in (one, other)]
    return alike and styles and kinds[0] == kinds[1] and np.array_equal(*partners) and np.array_equal(*unknown)


def test_columns_hold_what_the_votes_say(models):
    x, y, z = models
    cast = [
        factories.cast(x, y, "a", voter=factories.voter_id(1), categories=["coding"], features=STYLE),
        factories.cast(y, z, "b", voter=factories.voter_id(2), multiplicity=3),
        factories.cast(z, x, "tie", voter=factories.voter_id(1)),
        factories.cast(z, x, "both_bad"),
    ]
    factories.drain_outbox()
    columns = load_columns()

    assert columns["id"].tolist() == [vote.pk for vote in cast]
    assert columns["a"].tolist() == [x.pk, y.pk, z.pk, z.pk]
    assert columns["b"].tolist() == [y.pk, z.pk, x.pk, x.pk]
    assert columns["double_score"].tolist() == [2, 0, 1, 1]
    assert columns["both_bad"].tolist() == [False, False, False, True]
    assert columns["weight"].tolist() == [1, 3, 1, 1]
    one, two, again, nobody = columns["voter"].tolist()
    assert one == again != two
    assert nobody == UNKNOWN_VOTER
    assert columns["style"][0].tolist() == STYLE
    assert np.isnan(columns["style"][1:]).all()


def test_columns_are_the_same_if_they_come_in_pieces(models, monkeypatch):
    x, y, z = models
    for number in range(9):
        pair = [(x, y), (y, z), (z, x)][number % 3]
        factories.cast(*pair, "ab"[number % 2], voter=factories.voter_id(number % 2), features=STYLE)
    factories.drain_outbox()
    whole = load_columns()
    monkeypatch.setattr(binary_copy, "BATCH_BYTES", 500)

    assert are_equal(load_columns(), whole)
    assert len(whole) == 9


def test_columns_leave_out_what_is_not_counted_not_folded_or_of_another_pool(models):
    x, y, _ = models
    factories.vote(x, y, counted=False)
    factories.cast(x, y, pool="api")
    mine = factories.cast(x, y)
    factories.drain_outbox()
    factories.cast(x, y)

    assert load_columns()["id"].tolist() == [mine.pk]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 3, 1, 2, 5, 4], [2, 0, 5, 1, 3, 4]])
def test_columns_that_votes_are_added_to_are_those_that_are_loaded(models, order):
    x, y, z = models
    pairs = [(x, y), (y, z), (z, x)] * 2
    votes = [
        factories.vote(
            *pair, "ab"[n % 2], voter=factories.voter_id(n % 3), categories=["math"][: n % 2], features=STYLE
        )
        for n, pair in enumerate(pairs)
    ]
    for at_once in (1, 2, 6):
        columns = VoteColumns()
        for n in range(0, 6, at_once):
            columns.add([votes[place].pk for place in order[n : n + at_once]])

        assert are_equal(columns, load_columns())


def test_columns_say_from_where_on_something_is_new(models):
    x, y, _ = models
    first, late, last = (factories.vote(x, y) for _ in range(3))
    columns = VoteColumns()

    assert columns.add([first.pk, last.pk]) == 0
    assert columns.add([late.pk]) == 1
    assert columns.add([factories.vote(x, y).pk]) == 3
    assert columns.add([factories.vote(x, y, counted=False).pk]) == 4
    assert len(columns) == 4


@pytest.mark.parametrize(
    ("pool", "kinds"),
    [("live", {"person"}), ("ready", {"person"}), ("api", set(VOTER_KINDS)), ("mine", set(VOTER_KINDS))],
)
def test_only_persons_are_voters_except_in_the_pools_of_keys_and_of_imports(models, pool, kinds):
    factories.pool(pool, kind="import" if pool == "mine" else pool)
    for number, kind in enumerate(VOTER_KINDS):
        factories.cast(*models[:2], pool=pool, voter=factories.voter_id(number), voter_kind=kind)
    factories.cast(*models[:2], pool=pool)
    factories.drain_outbox()

    *voters, unknown = load_columns(pool)["voter"].tolist()

    assert {kind for kind, voter in zip(VOTER_KINDS, voters, strict=True) if voter != NO_PERSON} == kinds
    assert unknown == UNKNOWN_VOTER
