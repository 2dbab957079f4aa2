"""Hashes of networks: comparable for thirty days, then deleted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from arena.identity import network_hashes
from arena.models import Battle, NetworkSalt, Vote
from tests import factories


class Forgetful(dict):
    """What another thread may do between two steps."""

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.clear()


pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()


def compute_hashes(address):
    return network_hashes.compute_network_hashes(RequestFactory().get("/", REMOTE_ADDR=address))


def test_one_network_has_one_hash_and_others_have_others():
    assert compute_hashes("2001:db8::1") == compute_hashes("2001:db8:0:ffff::2") != compute_hashes("2001:db8:1::1")
    assert compute_hashes("192.0.2.7") == compute_hashes("::ffff:192.0.2.9") != compute_hashes("192.0.3.7")
    [network_hash] = compute_hashes("192.0.2.7")
    assert "192.0.2" not in network_hash
    assert len(network_hash) == 64


def test_hashes_of_earlier_weeks_are_found_again():
    NetworkSalt.objects.create(week=TODAY - timedelta(days=TODAY.weekday() + 7), salt=b"earlier")
    this_week, earlier = compute_hashes("192.0.2.7")
    assert this_week != earlier

    NetworkSalt.objects.filter(salt=b"earlier").delete()
    assert compute_hashes("192.0.2.7") == [this_week]


def test_nobody_can_compute_a_hash_after_thirty_days():
    for days in (29, 30, 40):
        NetworkSalt.objects.create(week=TODAY - timedelta(days=days), salt=b"x")
    compute_hashes("192.0.2.7")

    assert network_hashes.delete_expired_hashes() == 2
    assert NetworkSalt.objects.count() == 2


def test_hashes_of_battles_and_votes_go_after_thirty_days():
    models = factories.models(2)
    for days in (29, 30):
        stored = {"network": "x" * 64, "created_at": timezone.now() - timedelta(days=days)}
        factories.vote(*models, battle=factories.battle(*models, **stored), **stored)

    assert network_hashes.delete_expired_hashes() == 2
    for model in (Battle, Vote):
        assert list(model.objects.order_by("created_at").values_list("network", flat=True)) == ["", "x" * 64]


def test_salts_are_random():
    first_hashes = compute_hashes("192.0.2.7")
    NetworkSalt.objects.all().delete()
    assert compute_hashes("192.0.2.7") != first_hashes


@pytest.mark.django_db(transaction=True)
def test_salt_that_another_thread_forgets_is_used_all_the_same(rf, monkeypatch):
    monkeypatch.setattr(network_hashes, "_salts", Forgetful())

    assert network_hashes.compute_current_hash(rf.get("/")) == network_hashes.compute_current_hash(rf.get("/"))
