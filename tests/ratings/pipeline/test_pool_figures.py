"""Figures of the method page."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils.timezone import now

from arena.models import Battle, Vote
from ratings.models import Pool, PoolFigures
from ratings.pipeline import board_refresh, pool_figures
from tests import factories
from tests.ratings.statistics.test_propensity_audit import audit_by_votes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """A round of figures does not wait for the previous one."""
    monkeypatch.setattr(pool_figures, "PAUSE_FACTOR", 0)
    monkeypatch.setattr(pool_figures, "_next_round_at", 0.0)


def update_figures(pool="live"):
    pool_figures.update_pool_figures()
    return PoolFigures.objects.get(pool__slug=pool).figures


def three():
    x, y, z = (factories.model(slug) for slug in "xyz")
    factories.cast(x, y, "a", multiplicity=3)
    factories.cast(y, x, "a")
    factories.cast(y, z, "b")
    factories.cast(z, x, "tie")
    factories.cast(z, x, "both_bad")
    factories.cast(x, y, "a", counted=False, created_at=factories.LONG_AGO, reason="identity_leak")
    factories.cast(x, z, "b", counted=False, created_at=factories.LONG_AGO, reason="stopped", multiplicity=2)
    factories.cast(x, y, pool="elsewhere")
    board_refresh.refresh()
    return x, y, z


def test_votes_are_counted_by_outcome_reason_and_model():
    three()
    figures = update_figures()
    assert figures["outcomes"] == {"a": 4, "b": 1, "tie": 1, "both_bad": 1}
    assert figures["reasons"] == {"identity_leak": 1, "stopped": 2}
    assert figures["models"] == {
        "x": {"counted": 6, "reasons": {"identity_leak": 1, "stopped": 2}},
        "y": {"counted": 5, "reasons": {"identity_leak": 1}},
        "z": {"counted": 3, "reasons": {"stopped": 2}},
    }


def test_vote_that_does_not_count_is_told_of_after_a_day_alone():
    """Otherwise a voter could see within a minute that their vote did not count, for which reason and model."""
    x, y = factories.models(2)
    factories.pool()
    vote = factories.vote(x, y, counted=False, reason="identity_leak")
    figures = update_figures()
    assert (figures["reasons"], figures["models"]) == ({}, {})

    factories.let_votes_change()
    Vote.objects.update(created_at=now() - timedelta(hours=25))
    PoolFigures.objects.update(mark=[vote.pk, 0, {}, now().hour - 1])  # the mark of an hour ago
    assert update_figures()["reasons"] == {"identity_leak": 1}
    assert pool_figures.update_pool_figures() == ["live"]
    assert pool_figures.update_pool_figures() == []


def test_blind_battles_are_counted_by_state_and_replacements_where_they_are_judged():
    x, y = factories.models(2)
    replaced = [{"side": "a", "model": 1, "reason": "timeout", "propensity": 0.5}]
    for state, swapped, number in (("voted", True, 2), ("voted", False, 3), ("skipped", True, 1), ("void", True, 1)):
        for _ in range(number):
            factories.battle(x, y, state=state, replaced=replaced if swapped else [])
    factories.battle(x, y, state="voted", mode=Battle.Mode.SIDE_BY_SIDE)
    factories.pool()
    assert update_figures()["battles"] == {"voted": 5, "skipped": 1, "void": 1, "replaced": 3}


def test_chances_are_those_of_the_next_draw():
    for model in three():
        factories.endpoint(model)
    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    chances = update_figures()["chances"]
    assert chances["pairs"] == 3
    assert sum(chances["models"].values()) == pytest.approx(2)
    assert 0.1 / 3 <= chances["least"] <= 1 / 3 <= chances["most"]


def test_audit_is_of_the_votes_whose_chance_is_known():
    x, y, _ = three()
    assert update_figures()["audit"] is None
    for _ in range(4):
        factories.cast(x, y, "a", propensity=0.5)
        factories.cast(x, y, "b", propensity=0.1)
    board_refresh.refresh()
    audit = update_figures()["audit"]
    assert audit["votes"] == 8
    moved, error, flagged = audit["models"]["x"]
    # Pairs that y won were drawn a fifth as often, so each vote has five times the weight: odds of one to five.
    assert moved == pytest.approx(-200 * 0.69897, rel=1e-4)
    assert error > 0
    assert not flagged


def test_weights_are_capped():
    x, y = factories.models(2)
    for _ in range(3):
        factories.cast(x, y, "a", propensity=1.0)
        factories.cast(x, y, "b", propensity=0.001)
    board_refresh.refresh()
    moved, *_ = update_figures()["audit"]["models"][x.slug]
    assert moved == pytest.approx(-200 * 1.30103, rel=1e-4)  # odds of one to twenty, not one to a thousand


def test_only_what_has_changed_is_counted_anew():
    x, y, _ = three()
    assert pool_figures.update_pool_figures() == ["live", "api"]
    assert pool_figures.update_pool_figures() == []
    factories.vote(x, y, counted=False, created_at=factories.LONG_AGO, reason="stopped")
    assert pool_figures.update_pool_figures() == ["live"]
    factories.battle(x, y, state="skipped")
    assert pool_figures.update_pool_figures() == ["live"]


def test_a_long_round_is_not_followed_at_once(monkeypatch):
    x, y, _ = three()
    monkeypatch.setattr(pool_figures, "PAUSE_FACTOR", 1_000_000)
    assert pool_figures.update_pool_figures() == ["live", "api"]
    factories.cast(x, y)
    assert pool_figures.update_pool_figures() == []


def test_votes_of_an_import_are_counted_too():
    factories.pool("public", kind=Pool.Kind.IMPORT)
    factories.cast(*factories.models(2), pool="public", source="import")
    board_refresh.refresh()
    figures = update_figures("public")
    assert figures["outcomes"] == {"a": 1}
    assert (figures["battles"], figures["chances"], figures["audit"]) == ({}, None, None)


def voted_by(people):
    """The audit of the same votes by this many voters, or by unknown voters if 0."""
    x, y, z = three()
    pairs = [(x, y, "a", 0.5), (y, z, "b", 0.1), (x, z, "tie", 0.3), (x, y, "b", 0.2), (y, z, "a", 0.4)] * 8
    for number, (a, b, winner, chance) in enumerate(pairs):
        voter = factories.voter_id(7 * number % people) if people else None
        factories.cast(a, b, winner, propensity=chance, voter=voter)
    board_refresh.refresh()
    return update_figures()["audit"]


@pytest.mark.parametrize(("people", "clustered"), [(0, False), (4, False), (9, True)])
def test_audit_is_clustered_by_voter_where_the_intervals_are(people, clustered):
    audit = voted_by(people)
    assert audit["clustered"] is clustered
    assert audit["votes"] == 40


def test_audit_by_voter_is_that_of_the_votes_themselves():
    figures = voted_by(9)
    votes = Vote.objects.exclude(propensity=None).values_list(
        "model_a__slug", "model_b__slug", "winner", "propensity", "voter"
    )
    a, b, winner, chance, voter = (np.array(column) for column in zip(*votes, strict=True))
    place, outcome = {"x": 0, "y": 1, "z": 2}, np.select([winner == "a", winner == "b"], [1.0, 0.0], 0.5)
    plain = [(place[i], place[j], score) for i, j, score in zip(a, b, outcome, strict=True)]
    moved, errors = audit_by_votes(plain, np.minimum(1 / (chance.astype(float) * 3), 20), voter.astype(str), 3)
    for slug, position in place.items():
        assert figures["models"][slug][:2] == pytest.approx([moved[position], errors[position]], rel=1e-6)
