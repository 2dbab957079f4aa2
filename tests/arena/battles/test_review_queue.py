"""The review queue of published battles: places, reports, decisions, and expiry."""

from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils.timezone import now

from arena.battles import deletion, review_queue, sharing
from arena.identity import network_hashes
from arena.models import Battle, Report
from core.http.errors import RequestError
from tests import factories as common
from tests.arena import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db


def published(voter=None, network="here"):
    battle = factories.battle("voted", voter=voter or common.voter())
    common.vote(battle.contestant_a, battle.contestant_b, battle=battle, voter=battle.voter_id)
    sharing.share_battle(battle, [network])
    return battle


def waiting():
    return set(review_queue.list_waiting().values_list("pk", flat=True))


def test_three_of_a_voter_wait_and_more_are_published_without_a_place(me):
    battles = [published(me) for _ in range(5)]

    assert waiting() == {battle.pk for battle in battles[:3]}
    assert {battle.review for battle in battles[3:]} == {""}
    assert all(sharing.find_shared_battle(battle.pk) for battle in battles)


def test_ten_of_a_network_wait_whoever_they_are(monkeypatch):
    battles = [published(network="here") for _ in range(12)]
    other = published(network="there")

    assert waiting() == {*(battle.pk for battle in battles[:10]), other.pk}


def test_network_of_earlier_weeks_is_known_again():
    for _ in range(review_queue.MAX_PER_NETWORK):
        published(network="last week's hash")
    battle = factories.battle("voted")
    sharing.share_battle(battle, ["this week's hash", "last week's hash"])
    assert battle.review == ""


def test_full_queue_makes_room_at_the_cost_of_its_largest_network(monkeypatch):
    monkeypatch.setattr(review_queue, "MAX_WAITING", 6)
    early = published(network="small")
    flood = [published(network="flood") for _ in range(5)]

    honest = published(network="honest")
    one_more = published(network="flood")

    assert waiting() == {early.pk, honest.pk, *(battle.pk for battle in flood[:4])}
    flood[4].refresh_from_db()
    assert (flood[4].review, flood[4].shared_network, one_more.review) == ("", "", "")
    assert sharing.find_shared_battle(flood[4].pk)


def test_one_line_of_ipv6_does_not_fill_the_queue(monkeypatch):
    monkeypatch.setattr(review_queue, "MAX_WAITING", 6)
    for number in range(6):  # each from another /64 of one /56, as a home has
        published(network=network_of(f"2001:db8:0:{number:x}::1"))

    assert published(network=network_of("192.0.2.7")).review == "waiting"


def network_of(address):
    return network_hashes.compute_network_hashes(RequestFactory().get("/", REMOTE_ADDR=address))[0]


def test_place_is_free_again_after_a_decision_or_when_it_is_taken_back(me):
    battles = [published(me) for _ in range(3)]
    review_queue.record_decision(battles[0].pk, "unlisted")
    sharing.unshare_battle(battles[1])

    assert len(waiting() | {published(me).pk, published(me).pk}) == 3


@pytest.mark.parametrize("review", ["listed", "unlisted", "reported"])
def test_what_was_decided_or_reported_stays_when_it_is_taken_back_and_published_again(review):
    battle = published()
    Battle.objects.update(review=review)
    sharing.unshare_battle(battle)
    battle.refresh_from_db()
    assert battle.shared_network == ""
    sharing.share_battle(battle, ["here"])
    assert battle.review == review


@pytest.mark.parametrize(
    ("review", "then"),
    [("", "reported"), ("waiting", "reported"), ("reported", "reported"), ("listed", "listed"),
     ("unlisted", "unlisted")],
)  # fmt: skip
def test_report_takes_down_only_what_no_operator_has_looked_at(review, then):
    battle, reader = published(), common.voter()
    Battle.objects.update(review=review)

    for _ in range(3):
        review_queue.report_battle(battle, reader.pk)
    review_queue.report_battle(battle, common.voter().pk)

    battle.refresh_from_db()
    assert battle.review == then
    assert Report.objects.count() == 2
    assert sharing.find_shared_battle(battle.pk)


def test_report_does_not_say_who_reported():
    battle, reader = published(), common.voter()
    review_queue.report_battle(battle, reader.pk)
    review_queue.report_battle(other := published(), reader.pk)
    reporters = set(Report.objects.values_list("reporter", flat=True))
    assert len(reporters) == 2
    assert not {str(reader.pk), reader.pk.hex} & reporters
    assert other.reports.count() == 1


def test_battle_that_is_deleted_at_this_very_moment_is_not_reported():
    battle, loaded = published(), Battle.objects.get()
    deletion.delete_battle(battle.voter_id, battle.pk)
    with pytest.raises(RequestError) as refused:
        review_queue.report_battle(loaded, common.voter().pk)
    assert refused.value.status == 404


def test_nothing_is_decided_about_what_nobody_publishes():
    battle = published()
    sharing.unshare_battle(battle)
    assert not any(review_queue.record_decision(battle.pk, decision) for decision in review_queue.DECISIONS)


def test_what_waits_for_thirty_days_leaves_the_queue_and_its_network_goes():
    old, reported, young = published(), published(), published()
    review_queue.report_battle(reported, common.voter().pk)
    Battle.objects.exclude(pk=young.pk).update(shared_at=now() - timedelta(days=31))

    assert review_queue.expire_reviews() == 2
    assert review_queue.expire_reviews() == 0
    rows = {battle.pk: (battle.review, battle.shared_network) for battle in Battle.objects.all()}
    assert rows == {old.pk: ("", ""), reported.pk: ("reported", ""), young.pk: ("waiting", "here")}
    assert sharing.find_shared_battle(old.pk)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_places_than_there_are():
    me = common.voter()
    battles = [factories.battle("voted", voter=me) for _ in range(6)]

    results = at_once(6, lambda number: sharing.share_battle(battles[number], ["here"]))

    assert results == [None] * 6
    assert len(waiting()) == review_queue.MAX_PER_VOTER
