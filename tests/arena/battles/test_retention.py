"""Automatic deletion: texts, idle voters, hashes of networks."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from arena import tasks
from arena.answers import announcements
from arena.battles import lifecycle, retention, sharing
from arena.identity import api_keys
from arena.models import Answer, Battle, NetworkSalt, StoredResponse, Vote, Voter
from catalog.importers import submissions
from catalog.models import Submission
from tests import factories as common
from tests.arena import factories
from tests.arena.battles.test_deletion import CANARY, places_of
from tests.catalog.importers.test_proposal_form import GOOD

pytestmark = pytest.mark.django_db
OLD = timedelta(days=31)


@pytest.fixture
def keep(settings):
    """Sets ARENA_RETENTION_DAYS."""

    def put(days):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_retention_days=days)

    return put


def fought(age=OLD, state="voted"):
    """Creates a battle of this age with texts in every field that can have one."""
    battle = factories.battle("ready", prompt=CANARY, voter=common.voter())
    Answer.objects.filter(turn__battle=battle).update(text=CANARY, reasoning=CANARY)
    if state == "voted":
        lifecycle.cast_vote(battle, "a", {"a": ["useful"]}, CANARY)
    StoredResponse.objects.create(
        voter=battle.voter_id, key=uuid4().hex, request="x", battle=battle, status=201, body=CANARY.encode()
    )
    Battle.objects.filter(pk=battle.pk).update(created_at=now() - age, state=state)
    battle.refresh_from_db()
    return battle


@pytest.mark.parametrize("state", Battle.State.values)
def test_texts_of_old_battles_go_and_their_votes_stay(keep, state, valkey, django_capture_on_commit_callbacks):
    keep(30)
    battle = fought(state=state)
    announcements.announce_events(battle.pk, ["delta", 1, "a", "t", 0, CANARY])

    with django_capture_on_commit_callbacks(execute=True):
        assert retention.delete_old_battles() == 1

    assert places_of(CANARY) == set()
    assert not (Battle.objects.exists() or StoredResponse.objects.exists())
    assert 0 < valkey.ttl(announcements.EVENT_STREAM) <= 60
    votes = list(Vote.objects.values_list("battle", "winner", "counted", "comment", "voter"))
    assert votes == ([(None, "a", True, "", battle.voter_id)] if state == "voted" else [])


@pytest.mark.parametrize(("days", "left"), [(0, 2), (30, 1), (32, 2)])
def test_only_what_is_older_than_the_setting_goes(keep, days, left):
    fought()
    fought(timedelta(days=29))
    keep(days)
    retention.delete_old_battles()
    assert Battle.objects.count() == left


def test_published_battle_stays_as_long_as_it_is_published(keep):
    keep(30)
    battle = fought()
    sharing.share_battle(battle, ["here"])
    assert retention.delete_old_battles() == 0
    sharing.unshare_battle(battle)
    assert retention.delete_old_battles() == 1


def test_so_many_go_at_once_and_the_oldest_first(keep, monkeypatch):
    monkeypatch.setattr(retention, "BATTLE_BATCH_SIZE", 2)
    keep(30)
    battles = [fought(timedelta(days=days)) for days in (40, 60, 50)]
    assert retention.delete_old_battles() == 2
    assert list(Battle.objects.all()) == [battles[0]]


def test_few_queries_however_many_go(keep, django_assert_max_num_queries):
    keep(30)
    for _ in range(10):
        fought()
    with django_assert_max_num_queries(20):
        assert retention.delete_old_battles() == 10


def aged(voter):
    Voter.objects.filter(pk=voter.pk).update(created_at=now() - OLD)
    return voter


def with_battle():
    return factories.battle(voter=common.voter()).voter


def with_vote_of_a_deleted_battle():
    voter = common.voter()
    common.vote(*common.models(2), voter=voter.pk, prompt_hash="x")
    return voter


def with_key():
    return api_keys.create_key("key", ["read"])[0].voter


def with_account():
    return Voter.objects.create(user=User.objects.create_user("alice"))


@pytest.mark.parametrize("make", [with_battle, with_vote_of_a_deleted_battle, with_key, with_account])
def test_voters_without_anything_go_after_thirty_days(make):
    old, young = aged(make()), common.voter()
    for _ in range(2):
        aged(common.voter())

    assert retention.delete_idle_voters() == 2
    assert set(Voter.objects.all()) == {old, young}


def test_beat_deletes_hashes_of_networks_and_what_waited_too_long():
    battle = factories.battle("voted", shared_at=now() - OLD, review="waiting", shared_network="x")
    sent = submissions.submit_content(uuid4(), submissions.build_proposal(GOOD), ["x"])
    Submission.objects.update(created_at=now() - OLD)
    NetworkSalt.objects.create(week=(now() - 2 * OLD).date(), salt=b"x")

    tasks.apply_retention()

    battle.refresh_from_db()
    assert (battle.review, battle.shared_network) == ("", "")
    assert not (NetworkSalt.objects.exists() or Submission.objects.filter(pk=sent.pk).exists())


def test_beat_deletes_idle_voters():
    aged(common.voter())
    tasks.delete_idle_voters()
    assert not Voter.objects.exists()
