"""The page of a published battle, and its report form."""

import re
from dataclasses import replace
from html import unescape
from uuid import UUID, uuid4

import pytest
from django.test import Client

from arena.battles import lifecycle, review_queue, sharing
from arena.models import LIVE_POOL, Battle, Report, Standing, Vote
from arena.ready import shipped_pairs
from tests import factories as common
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
    review_queue.record_decision(battle.pk, decision)

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


@pytest.mark.parametrize("published", [True, False])
def test_what_is_not_published_cannot_be_read_or_reported(reader, battle, published):
    sharing.unshare_battle(battle)
    key = battle.pk if published else uuid4()
    for answer in (reader.get(f"/b/{key}/"), reader.post(f"/b/{key}/report/")):
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert not Report.objects.exists()


@pytest.mark.parametrize("winner", ["a", "b", "tie", "both_bad"])
def test_page_says_what_the_voter_found(reader, me, winner):
    battle = factories.battle(voter=me)
    lifecycle.cast_vote(battle, winner)
    sharing.share_battle(battle, ["here"])
    names = {"a": battle.contestant_a.name, "b": battle.contestant_b.name}
    words = {"tie": "called it a tie", "both_bad": "rated both as bad"}
    expected = words.get(winner) or f"preferred <bdi>{names[winner]}</bdi>"
    assert f"The person who asked {expected}." in reader.get(f"/b/{battle.pk}/").content.decode()


def test_voter_gets_the_link_and_hears_what_it_waits_for(client, battle, settings):
    text = client.get(f"/battles/{battle.pk}/").content.decode()
    assert f'href="/b/{battle.pk}/"' in text
    assert "An operator decides" in text
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing="open")
    assert "An operator decides" not in client.get(f"/battles/{battle.pk}/").content.decode()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing="moderated")
    review_queue.record_decision(battle.pk, "unlisted")
    assert "An operator decides" not in client.get(f"/battles/{battle.pk}/").content.decode()


def read(client, address, status=200):
    answer = client.get(address, follow=True)
    assert answer.status_code == status
    return answer.content.decode()


def judge(client, key, winner):
    return client.post(f"/b/{key}/vote/", {"winner": winner}, follow=True).content.decode()


def test_first_vote_takes_one_press_on_the_page_of_a_pair_and_the_next_pair_one_more(reader):
    text = read(reader, "/ready/")
    assert "Which answer is better?" in text
    [key] = re.findall(r'action="/b/([^/]+)/vote/"', text)
    pair = shipped_pairs.load_pairs()[UUID(key)]
    answers = pair.answers
    assert [unescape(heading) for heading in re.findall("<h1.*?>(.*?)</h1>", text)] == [pair.prompt]
    assert not any(answer.name in text or answer.slug in text for answer in answers.values())

    text = judge(reader, key, "a")

    assert f"You preferred <bdi>{answers['a'].name}</bdi>." in text
    assert f'href="/models/{answers["b"].slug}/"' in text
    assert "You are the first to judge this pair." in text
    assert f'action="/b/{key}/vote/"' not in text
    assert key not in reader.get(f"/ready/?skip={key}").url
    vote = Vote.objects.get()
    assert (vote.pool.slug, vote.winner) == ("ready", "a")


@pytest.mark.parametrize(("hide_names", "address"), [(True, "/b/{}/"), (False, "/b/{}/?judge")])
def test_names_are_hidden_until_the_reader_has_voted(reader, me, hide_names, address):
    models = [common.fighter(common.model(f"zebraslug-{side}", name=f"Zebraname {side}")) for side in "ab"]
    battle = factories.battle(voter=me, contestant_a=models[0], contestant_b=models[1])
    lifecycle.cast_vote(battle, "a", {"a": ["correct"]})
    sharing.share_battle(battle, ["here"], hide_names=hide_names)

    text = read(reader, address.format(battle.pk))
    assert not re.search("zebraslug|zebraname|preferred|correct", text, re.IGNORECASE)

    judge(Client(), battle.pk, "b")
    text = judge(reader, battle.pk, "b")
    assert "You preferred <bdi>Zebraname b</bdi>." in text
    assert "Others who voted as you did: 1 of 1." in text
    assert "The person who asked preferred <bdi>Zebraname a</bdi>." in text
    assert "A: correct." in text
    assert "Zebraname" in read(reader, address.format(battle.pk))


def test_page_that_hides_the_names_and_the_home_page_have_no_model_that_a_template_could_show(reader, battle):
    shipped = next(iter(shipped_pairs.load_pairs()))
    contexts = [reader.get(address).context for address in (f"/b/{battle.pk}/?judge", f"/b/{shipped}/?judge", "/")]

    for content in (contexts[0]["battle"], contexts[1]["battle"], contexts[2]["pair"]):
        assert content.contestants == {}
        assert [answer.contestant for turn in content.turns for answer in turn.answers] == [None, None]
    for context in contexts[:2]:
        assert (context["verdicts"], context["prediction"], context["ratings"]) == ([], "", None)


def test_names_of_a_published_battle_are_shown_by_default_and_to_its_voter(client, reader, battle):
    assert battle.contestant_a.name in read(reader, f"/b/{battle.pk}/")
    sharing.share_battle(battle, ["here"], hide_names=True)
    assert battle.contestant_a.name in read(client, f"/b/{battle.pk}/")
    assert battle.contestant_a.name not in read(reader, f"/b/{battle.pk}/")
    assert "You preferred" not in judge(client, battle.pk, "a")


def test_second_vote_shows_the_first_one(reader, battle):
    judge(reader, battle.pk, "a")
    assert f"You preferred <bdi>{battle.contestant_a.name}</bdi>." in judge(reader, battle.pk, "b")
    assert Vote.objects.filter(pool__slug="ready").count() == 1


def test_names_stay_hidden_after_a_vote_that_is_refused(reader, me):
    models = [common.fighter(common.model(f"zebraslug-{side}", name=f"Zebraname {side}")) for side in "ab"]
    battle = factories.battle(voter=me, contestant_a=models[0], contestant_b=models[1])
    lifecycle.cast_vote(battle, "a")
    sharing.share_battle(battle, ["here"])
    text = reader.post(f"/b/{battle.pk}/vote/", {"winner": "skip"}).content.decode()
    assert "A is better" in text
    assert not re.search("zebraslug|zebraname|preferred", text, re.IGNORECASE)


def test_votes_on_pairs_are_charged_like_battles(reader, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour=2, arena_battles_per_hour_address=0)
    reader.get("/")
    keys = list(shipped_pairs.load_pairs())[:3]
    assert [reader.post(f"/b/{key}/vote/", {"winner": "a"}).status_code for key in keys] == [302, 302, 429]


def test_page_tells_other_sites_the_question_and_no_name(reader, battle):
    text = read(reader, f"/b/{battle.pk}/")
    tags = "".join(re.findall(r"<meta property=.og:.*?>|<meta name=.twitter.*?>", text))
    for part in ('og:title" content="Why red?"', f"http://testserver/b/{battle.pk}/", 'card" content="summary"'):
        assert part in tags
    assert battle.contestant_a.name not in tags
    assert f'value="http://testserver/b/{battle.pk}/"' in text
    assert f'href="/?pair={battle.pk}"' in text


def test_reader_who_has_judged_every_pair_is_told(reader):
    for key in shipped_pairs.load_pairs():
        judge(reader, key, "tie")
    assert "You have judged every pair" in read(reader, "/ready/")


def test_ratings_and_the_predicted_result_are_shown_with_the_names_and_not_before(me, reader):
    models = [common.fighter(common.model(side)) for side in ("alpha", "beta")]
    row = {"ci_low": 1000.0, "ci_high": 1200.0, "rank": 1, "votes": 9}
    ratings = {"alpha": row | {"rating": 1012.0}, "beta": row | {"rating": 1345.0}}
    Standing.objects.create(pool_id=LIVE_POOL, ratings=ratings)
    battle = factories.battle(voter=me, contestant_a=models[0], contestant_b=models[1])
    lifecycle.cast_vote(battle, "a")
    sharing.share_battle(battle, ["here"], hide_names=True)
    assert not re.search("1,012|win rate", read(reader, f"/b/{battle.pk}/"))

    text = judge(reader, battle.pk, "b")

    assert "<strong>1,012</strong>" in text
    assert "<strong>1,345</strong>" in text
    assert "<strong>As expected.</strong>" in text
    assert f"Predicted win rate of <bdi>{models[1].name}</bdi>: 87%." in text
