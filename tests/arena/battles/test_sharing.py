"""Published battles: their readers, and the pages that list them."""

from dataclasses import replace

import pytest
from django.test import Client

from arena.battles import deletion, lifecycle, review_queue, sharing
from arena.models import Answer, Battle, Vote
from core.http.errors import RequestError
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db
UNVOTED = [state for state in Battle.State.values if state != "voted"]
HERE = ["network"]
AD = "Buy now at evil.example, call 555-0100"


@pytest.fixture
def mode(settings):
    """Sets ARENA_SHARING."""

    def put(value):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing=value)

    return put


@pytest.fixture
def battle(me):
    battle = factories.battle(voter=me, prompt="Why <b>red</b>?")
    lifecycle.cast_vote(battle, "b")
    return battle


def page(client, battle, side="a"):
    answer = client.get(f"/models/{getattr(battle, f'contestant_{side}').slug}/")
    assert answer.status_code == 200
    return answer.content.decode()


def list_shared(client, battle, side="a"):
    return client.get(f"/api/v1/models/{getattr(battle, f'contestant_{side}').slug}/battles/").json()["results"]


def link(client, battle):
    return client.get(f"/b/{battle.pk}/")


def listed(client, battle):
    """Whether the pages of both models and the API list the battle."""
    answers = {bool(list_shared(client, battle, side)) for side in "ab"}
    answers |= {"Sample battles" in page(client, battle, side) for side in "ab"}
    [one] = answers
    return one


def test_battle_is_for_its_voter_alone_until_it_is_published(client, battle, mode):
    mode("open")
    assert not listed(client, battle)
    assert link(client, battle).status_code == 404


def test_nobody_can_put_a_text_on_a_public_page_alone(me, client):
    """Earlier, a cookie and one vote were enough to put an advertisement on the pages of two models."""
    battle = factories.battle(voter=me, prompt=AD)
    lifecycle.cast_vote(battle, "b")
    client.post(f"/api/v1/battles/{battle.pk}/share/", {"shared": True}, content_type="application/json")
    stranger = Client()

    assert not listed(stranger, battle)
    assert AD not in page(stranger, battle)
    answer = link(stranger, battle)
    assert AD in answer.content.decode()
    assert answer.headers["X-Robots-Tag"] == "noindex"
    review_queue.record_decision(battle.pk, "listed")
    assert listed(stranger, battle)


REVIEWS = ["", "waiting", "reported", "listed", "unlisted"]
LISTED = {"off": set(), "moderated": {"listed"}, "open": {"", "waiting", "listed"}}


@pytest.mark.parametrize("setting", LISTED)
@pytest.mark.parametrize("review", REVIEWS)
def test_setting_and_operator_decide_what_is_listed(client, battle, mode, setting, review):
    sharing.share_battle(battle, HERE)
    Battle.objects.update(review=review)
    mode(setting)

    assert listed(client, battle) is (review in LISTED[setting])
    assert link(client, battle).status_code == (404 if setting == "off" else 200)


def test_nothing_is_published_where_it_is_switched_off(client, battle, mode):
    mode("off")
    with pytest.raises(RequestError) as refused:
        sharing.share_battle(battle, HERE)

    assert (refused.value.status, refused.value.code) == (403, "sharing_off")
    assert "Publish this battle" not in client.get(f"/battles/{battle.pk}/").content.decode()
    mode("moderated")
    assert "Publish this battle" in client.get(f"/battles/{battle.pk}/").content.decode()


@pytest.mark.parametrize("side", "ab")
def test_listed_battle_is_read_with_both_models_and_tells_nothing_of_its_voter(client, battle, side, me, mode):
    mode("open")
    sharing.share_battle(battle, HERE)

    [one] = list_shared(client, battle, side)
    assert one["models"] == {"a": battle.contestant_a.slug, "b": battle.contestant_b.slug}
    assert (one["winner"], one["turns"][0]["prompt"], one["turn_count"]) == ("b", "Why <b>red</b>?", 1)
    assert set(one["turns"][0]["answers"]) == {"a", "b"}
    assert set(one) == {"id", "url", "shared_at", "models", "winner", "turn_count", "turns"}
    for text in (page(client, battle, side), client.get(one["url"]).content.decode()):
        assert "Why &lt;b&gt;red&lt;/b&gt;?" in text
        assert str(me.pk) not in text
    assert ("won" if side == "b" else "lost") in page(client, battle, side)


def test_listings_cut_what_the_page_of_the_battle_has_in_full(client, battle, mode):
    mode("open")
    factories.turn(battle, 2, "second question", a=factories.FINISHED, b=factories.FINISHED)
    Answer.objects.filter(turn__battle=battle, turn__number=1, side="a").update(text="x" * 5_000)
    battle.turns.filter(number=1).update(prompt="y" * 5_000)
    sharing.share_battle(battle, HERE)

    [one] = list_shared(client, battle)
    assert [len(one["turns"]), one["turn_count"]] == [1, 2]
    cut = [one["turns"][0]["prompt"], one["turns"][0]["answers"]["a"]]
    assert [len(text) for text in cut] == [sharing.MAX_EXCERPT_LENGTH + 2] * 2
    assert all(text.endswith(" …") for text in cut)
    text = page(client, battle)
    assert "x" * 601 not in text
    assert "second question" not in text
    whole = link(client, battle).content.decode()
    assert "x" * 5_000 in whole
    assert "second question" in whole


def test_what_a_model_writes_does_nothing_on_the_pages(client, battle, mode):
    mode("open")
    battle.turns.get().answers.filter(side="a").update(text="<script>alert(1)</script> **yes**")
    sharing.share_battle(battle, HERE)

    whole = link(client, battle).content.decode()
    assert "<strong>yes</strong>" in whole
    for text in (page(client, battle), whole):
        assert "<script>alert" not in text


@pytest.mark.parametrize("forget", ["take back", "delete battle", "delete voter", "withdraw"])
def test_battle_that_is_taken_back_or_deleted_is_gone(client, battle, me, mode, forget):
    mode("open")
    sharing.share_battle(battle, HERE)
    assert listed(client, battle)

    if forget == "take back":
        sharing.unshare_battle(battle)
    elif forget == "delete battle":
        deletion.delete_battle(me.pk, battle.pk)
    elif forget == "delete voter":
        deletion.delete_voter_data(me.pk)
    else:
        review_queue.record_decision(battle.pk, "withdrawn")

    assert list_shared(client, battle) == []
    assert link(client, battle).status_code == 404


def test_what_an_operator_took_down_is_not_published_again(client, battle):
    sharing.share_battle(battle, HERE)
    review_queue.record_decision(battle.pk, "withdrawn")

    with pytest.raises(RequestError) as refused:
        sharing.share_battle(battle, HERE)

    assert (refused.value.status, refused.value.code) == (403, "withdrawn")
    assert link(client, battle).status_code == 404
    assert "Publish this battle" not in client.get(f"/battles/{battle.pk}/").content.decode()


def test_vote_remembers_that_its_battle_was_published(battle):
    """Readers can find its row in the public record by the texts, so it has a pseudonym of its own there."""
    sharing.share_battle(battle, HERE)
    sharing.unshare_battle(battle)
    assert Vote.objects.get().published


@pytest.mark.parametrize("state", UNVOTED)
def test_battle_without_a_vote_is_not_published(me, state):
    battle = factories.battle(state, voter=me)
    with pytest.raises(RequestError, match="after you vote") as refused:
        sharing.share_battle(battle, HERE)

    assert refused.value.status == 409
    assert not Battle.objects.filter(shared_at__isnull=False)


def test_publishing_again_does_not_bring_it_to_the_top(client, me, mode):
    mode("open")
    models = [common.fighter(common.model(name)) for name in ("alpha", "beta")]
    battles = [
        factories.battle(voter=me, contestant_a=models[0], contestant_b=models[1], prompt=f"No. {n}?") for n in range(7)
    ]
    for battle in battles:
        lifecycle.cast_vote(battle, "tie")
        sharing.share_battle(battle, HERE)
    Battle.objects.filter(pk=battles[0].pk).update(shared_at="2020-01-01T00:00Z")
    sharing.share_battle(Battle.objects.get(pk=battles[0].pk), HERE)

    assert len(list_shared(client, battles[0])) == sharing.MAX_LISTED
    assert "No. 0?" not in page(client, battles[0])


def test_few_queries_however_many_are_listed(client, me, mode, django_assert_num_queries):
    mode("open")
    models = [common.fighter(common.model(name)) for name in ("alpha", "beta")]
    for count in (1, 5):
        for _ in range(count):
            battle = factories.battle(voter=me, contestant_a=models[0], contestant_b=models[1])
            lifecycle.cast_vote(battle, "a")
            sharing.share_battle(battle, HERE)
        with django_assert_num_queries(2):
            sharing.list_shared_battles(models[0])


def test_page_shares_and_takes_back(client, battle):
    address = f"/battles/{battle.pk}/"
    for value, words in (("1", "can read this battle"), ("0", "Publish this battle")):
        answer = client.post(f"{address}share/", {"shared": value}, follow=True)
        assert words in answer.content.decode()


def test_nobody_else_shares_it(battle):
    other = Client()
    other.get("/")
    assert other.post(f"/battles/{battle.pk}/share/", {"shared": "1"}).status_code == 404
    assert not Battle.objects.filter(shared_at__isnull=False)
