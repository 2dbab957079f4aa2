"""Battles that their voters let everybody read."""

import pytest
from django.test import Client

from arena import battles, deletion, sharing
from arena.errors import Refusal
from arena.models import Battle
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db
OPEN = [state for state in Battle.State.values if state != "voted"]


@pytest.fixture
def battle(me):
    made = factories.battle(voter=me, prompt="Why <b>red</b>?")
    battles.cast_vote(made, "b")
    return made


def page(client, battle, side="a"):
    answer = client.get(f"/models/{getattr(battle, f'model_{side}').slug}/")
    assert answer.status_code == 200
    return answer.content.decode()


def shown(client, battle, side="a"):
    return client.get(f"/api/v1/models/{getattr(battle, f'model_{side}').slug}/battles/").json()["results"]


def test_battle_is_for_its_voter_alone_until_it_is_shared(client, battle):
    assert shown(client, battle) == []
    assert "Battles to read" not in page(client, battle)


@pytest.mark.parametrize("side", "ab")
def test_shared_battle_is_read_with_both_models_and_tells_nothing_of_its_voter(client, battle, side, me):
    sharing.share(battle, shared=True)

    [one] = shown(client, battle, side)
    assert one["models"] == {"a": battle.model_a.slug, "b": battle.model_b.slug}
    assert (one["winner"], one["turns"][0]["prompt"]) == ("b", "Why <b>red</b>?")
    assert set(one["turns"][0]["answers"]) == {"a", "b"}
    assert set(one) == {"id", "shared_at", "models", "winner", "turns"}
    text = page(client, battle, side)
    assert "Why &lt;b&gt;red&lt;/b&gt;?" in text
    assert ("won" if side == "b" else "lost") in text
    assert str(me.pk) not in text


def test_what_a_model_writes_does_nothing_on_the_page(client, battle):
    battle.turns.get().answers.filter(side="a").update(text="<script>alert(1)</script> **yes**")
    sharing.share(battle, shared=True)

    text = page(client, battle)
    assert "<strong>yes</strong>" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("forget", ["take back", "delete battle", "delete voter"])
def test_battle_that_is_taken_back_or_deleted_is_gone(client, battle, me, forget):
    sharing.share(battle, shared=True)
    assert shown(client, battle)

    if forget == "take back":
        sharing.share(battle, shared=False)
    elif forget == "delete battle":
        deletion.delete_battle(me.pk, battle.pk)
    else:
        deletion.delete_everything(me.pk)

    assert shown(client, battle) == []


@pytest.mark.parametrize("state", OPEN)
def test_battle_without_a_vote_is_not_shared(me, state):
    battle = factories.battle(state, voter=me)
    with pytest.raises(Refusal, match="after the vote") as refused:
        sharing.share(battle, shared=True)

    assert refused.value.status == 409
    assert not Battle.objects.filter(shared_at__isnull=False)


def test_sharing_again_does_not_bring_it_to_the_top(client, me):
    models = [common.endpoint(common.model(name)).model for name in ("alpha", "beta")]
    made = [factories.battle(voter=me, model_a=models[0], model_b=models[1], prompt=f"No. {n}?") for n in range(7)]
    for battle in made:
        battles.cast_vote(battle, "tie")
        sharing.share(battle, shared=True)
    Battle.objects.filter(pk=made[0].pk).update(shared_at="2020-01-01T00:00Z")
    sharing.share(Battle.objects.get(pk=made[0].pk), shared=True)

    assert len(shown(client, made[0])) == sharing.SHOWN
    assert "No. 0?" not in page(client, made[0])


def test_few_queries_however_many_are_shared(client, me, django_assert_num_queries):
    models = [common.endpoint(common.model(name)).model for name in ("alpha", "beta")]
    for count in (1, 5):
        for _ in range(count):
            battle = factories.battle(voter=me, model_a=models[0], model_b=models[1])
            battles.cast_vote(battle, "a")
            sharing.share(battle, shared=True)
        with django_assert_num_queries(2):
            sharing.of_model(models[0].pk)


def test_page_shares_and_takes_back(client, battle):
    address = f"/battles/{battle.pk}/"
    for value, words in (("1", "Everybody can read"), ("0", "Let everybody read it")):
        answer = client.post(f"{address}share/", {"shared": value}, follow=True)
        assert words in answer.content.decode()


@pytest.mark.parametrize(("body", "status"), [({"shared": True}, 200), ({"shared": "yes"}, 400), ({}, 400)])
def test_call_shares_or_says_what_is_wrong(client, battle, body, status):
    answer = client.post(f"/api/v1/battles/{battle.pk}/share/", body, content_type="application/json")

    assert answer.status_code == status
    assert Battle.objects.filter(shared_at__isnull=False).exists() is (status == 200)
    if status == 200:
        assert answer.json()["shared"] is True


def test_nobody_else_shares_it(battle):
    other = Client()
    other.get("/")
    assert other.post(f"/battles/{battle.pk}/share/", {"shared": "1"}).status_code == 404
    assert not Battle.objects.filter(shared_at__isnull=False)
