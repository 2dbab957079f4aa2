"""The page of a published battle, and its report form."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client

from arena.battles import lifecycle, review_queue, sharing
from arena.models import Battle, Report
from tests.arena import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def battle(me):
    new_battle = factories.battle(voter=me, prompt="Why red?")
    lifecycle.cast_vote(new_battle, "b")
    sharing.share_battle(new_battle, ["here"])
    return new_battle


@pytest.fixture
def reader(valkey):
    """A client of another voter without reports."""
    if keys := valkey.keys("limit:submission:*"):
        valkey.delete(*keys)
    return Client()


def test_reader_reports_it_once_and_is_thanked(reader, battle):
    address = f"/b/{battle.pk}/"
    assert "Report this battle" in reader.get(address).content.decode()
    for _ in range(2):
        answer = reader.post(f"{address}report/", follow=True)
        assert "An operator will review this battle" in answer.content.decode()

    battle.refresh_from_db()
    assert battle.review == "reported"
    assert Report.objects.count() == 1


@pytest.mark.parametrize("decision", ["listed", "unlisted"])
def test_report_of_what_an_operator_has_looked_at_promises_no_review(reader, battle, decision):
    review_queue.decide_review(battle.pk, decision)

    text = reader.post(f"/b/{battle.pk}/report/", follow=True).content.decode()

    assert "We have recorded your report." in text
    assert "An operator will review" not in text
    battle.refresh_from_db()
    assert battle.review == decision


@pytest.mark.parametrize("review", ["", "waiting", "reported", "listed"])
def test_somebody_who_reported_nothing_is_not_thanked(reader, battle, review):
    Battle.objects.filter(pk=battle.pk).update(review=review)

    text = reader.get(f"/b/{battle.pk}/?reported").content.decode()

    assert "Thank you" not in text
    assert "Report this battle" in text


def test_reports_are_limited(reader, battle, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour=3, arena_battles_per_hour_address=0)
    reader.get("/")
    answers = [reader.post(f"/b/{battle.pk}/report/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 429]
    assert answers[1].headers["X-Robots-Tag"] == "noindex"
    assert "Retry-After" in answers[1].headers


def test_report_needs_the_token_of_our_page(battle):
    strict = Client(enforce_csrf_checks=True)
    strict.get(f"/b/{battle.pk}/")
    assert strict.post(f"/b/{battle.pk}/report/").status_code == 403


@pytest.mark.parametrize("published", [True, False])
def test_what_is_not_published_cannot_be_read_or_reported(reader, battle, published):
    sharing.unshare_battle(battle)
    key = battle.pk if published else uuid4()
    assert reader.get(f"/b/{key}/").status_code == 404
    assert reader.post(f"/b/{key}/report/").status_code == 404
    assert not Report.objects.exists()


@pytest.mark.parametrize("winner", ["a", "b", "tie", "both_bad"])
def test_page_says_what_the_voter_found(reader, me, winner):
    battle = factories.battle(voter=me)
    lifecycle.cast_vote(battle, winner)
    sharing.share_battle(battle, ["here"])
    words = {"a": "chose A", "b": "chose B", "tie": "called it a tie", "both_bad": "thought that both answers were bad"}
    assert words[winner] in reader.get(f"/b/{battle.pk}/").content.decode()


def test_voter_gets_the_link_and_hears_what_it_waits_for(client, battle, settings):
    text = client.get(f"/battles/{battle.pk}/").content.decode()
    assert f'href="/b/{battle.pk}/"' in text
    assert "An operator decides" in text
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing="open")
    assert "An operator decides" not in client.get(f"/battles/{battle.pk}/").content.decode()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing="moderated")
    review_queue.decide_review(battle.pk, "unlisted")
    assert "An operator decides" not in client.get(f"/battles/{battle.pk}/").content.decode()
