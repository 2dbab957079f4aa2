"""Battles with named models: the vote is kept and not rated, and the next battle is among them too."""

import re

import pytest
from django.db import IntegrityError

from arena.battles import lifecycle
from arena.models import LIVE_POOL, Answer, Battle, DrawTable, PairWeight, Vote
from ratings.models import Outbox
from tests import factories as common
from tests.arena import factories
from tests.arena.web.test_templates import Outline

pytestmark = pytest.mark.django_db
SLUGS = ["ash", "elm", "oak"]
AMONG = "/?among=ash&among=elm&among=oak"


@pytest.fixture
def three():
    return [common.fighter(common.model(slug)) for slug in SLUGS]


def judged(me, three, state="voted", named=True, **fields):
    among = [model.pk for model in three] if named else None
    battle = factories.battle(state, voter=me, contestant_a=three[0], contestant_b=three[1], among=among, **fields)
    if state == "voted":
        common.vote(three[0], three[1], battle=battle)
    return battle


def load_outline(client, battle):
    return Outline(client.get(f"/battles/{battle.pk}/").content.decode())


def post(client, path, **body):
    answer = client.post(path, body, content_type="application/json")
    assert answer.status_code == 201
    return answer.json()


def next_address(outline):
    return next(element["href"] for element in outline.all("a", id="next"))


@pytest.mark.parametrize("state", ["voted", "skipped"])
@pytest.mark.parametrize(("named", "address"), [(True, AMONG), (False, "/")])
def test_next_battle_is_drawn_among_the_same_models(client, me, three, state, named, address):
    assert next_address(load_outline(client, judged(me, three, state, named))) == address


def test_next_battle_after_one_side_by_side_is_drawn_from_all(client, me, three):
    assert next_address(load_outline(client, judged(me, three, "skipped", mode="side_by_side"))) == "/"


@pytest.mark.parametrize("state", ["voted", "skipped", "void"])
def test_same_question_again_goes_to_the_same_models(client, me, three, state):
    outline = load_outline(client, judged(me, three, state))
    assert [element["value"] for element in outline.all("input", name="among")] == SLUGS


@pytest.mark.parametrize("state", ["answering", "ready"])
def test_page_of_an_open_battle_names_nobody(client, me, three, state):
    html = client.get(f"/battles/{judged(me, three, state).pk}/").content.decode()
    assert "among=" not in html
    assert 'name="among"' not in html


@pytest.mark.parametrize(
    ("fields", "pool"),
    [({"pool": "api"}, "live"), ({"pool": "api", "named": False}, "api"), ({"named": False}, "live")],
)
def test_rank_leads_to_the_board_that_it_is_of(client, me, three, fields, pool):
    standing = {"a": {"rating": 1010.0, "ci_low": 990.0, "ci_high": 1030.0, "rank": 1, "votes": 9, "models": 3}}
    html = client.get(f"/battles/{judged(me, three, standing=standing, **fields).pk}/").content.decode()
    assert re.search(r'<a href="([^"]*)">rank 1 of 3</a>', html)[1] == f"/leaderboard/?pool={pool}"


def test_vote_is_stored_uncounted_and_the_models_are_revealed(client, me, three):
    started = post(client, "/api/v1/battles/", prompt="Why?", models=SLUGS)
    Answer.objects.update(**factories.FINISHED)
    Battle.objects.update(state="ready")
    voted = post(client, f"/api/v1/battles/{started['id']}/vote/", winner="a")

    battle, vote = Battle.objects.get(), Vote.objects.get()
    assert (started["pool"], started["models"], voted["pool"]) == (None, None, None)
    assert [model["slug"] for model in voted["models"]] == [battle.contestant_a.slug, battle.contestant_b.slug]
    assert (vote.counted, vote.reason, vote.pool.slug) == (False, "named_models", "live")
    assert not Outbox.objects.exists()


def test_pair_is_drawn_with_equal_chances_and_no_table(client, me, three):
    keys = sorted(model.pk for model in three)
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=keys, weights=[0.0, 1.0, 0.0])
    battle = lifecycle.start_battle(me, "Why?", models=SLUGS)

    assert (battle.propensity, battle.draw_table_id) == (pytest.approx(1 / 3), None)
    assert battle.among == [model.pk for model in three]
    assert not DrawTable.objects.exists()


@pytest.mark.parametrize("mode", ["anonymous", "side_by_side"])
def test_page_says_after_the_vote_that_it_is_not_rated(client, me, three, mode):
    voted = client.get(f"/battles/{judged(me, three, mode=mode).pk}/").content.decode()
    assert "This vote does not change any rating." in voted


def test_side_by_side_battle_must_name_its_models(me):
    with pytest.raises(IntegrityError, match="battle_named_models"):
        common.battle(voter=me, mode="side_by_side", among=None)
