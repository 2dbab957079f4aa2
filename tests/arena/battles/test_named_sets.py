"""Blind battles among named models: the next one draws among them too, and the reveal leads back to their shortlist."""

import re

import pytest

from arena.battles.lifecycle import derive_set_pool
from tests import factories as common
from tests.arena import factories
from tests.arena.web.test_templates import Outline

pytestmark = pytest.mark.django_db
SLUGS = ["ash", "elm", "oak"]
SHORTLIST = "task=coding&context=200k"
SET = "among=ash&among=elm&among=oak"
AMONG = f"/?{SET}"
DECISION = f"/choose/decision/?{SHORTLIST}&{SET}"


@pytest.fixture
def three():
    return [common.endpoint(common.model(slug)).model for slug in SLUGS]


def judged(me, three, state="voted", named=True, **fields):
    among = [model.pk for model in three] if named else None
    pool = derive_set_pool(SLUGS) if named else "live"
    battle = factories.battle(
        state, voter=me, model_a=three[0], model_b=three[1], **({"among": among, "pool": pool} | fields)
    )
    if state == "voted":
        common.vote(three[0], three[1], battle=battle, pool=battle.pool)
    return battle


def load_outline(client, battle):
    return Outline(client.get(f"/battles/{battle.pk}/").content.decode())


def decisions(outline):
    hrefs = [element.get("href", "") for element in outline.all("a")]
    return [href for href in hrefs if "/choose/decision/" in href]


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
def test_page_of_an_open_battle_names_nobody_of_the_set(client, me, three, state):
    html = client.get(f"/battles/{judged(me, three, state).pk}/").content.decode()
    assert "among=" not in html
    assert 'name="among"' not in html


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({}, f"/leaderboard/?pool={derive_set_pool(SLUGS)}"),
        ({"named": False}, "/leaderboard/?pool=live"),
        ({"mode": "side_by_side"}, "/leaderboard/?pool=live"),
    ],
)
def test_rank_leads_to_the_board_that_it_is_of(client, me, three, fields, address):
    standing = {"a": {"rating": 1010.0, "ci_low": 990.0, "ci_high": 1030.0, "rank": 1, "votes": 9, "models": 3}}
    html = client.get(f"/battles/{judged(me, three, standing=standing, **fields).pk}/").content.decode()
    assert re.search(r'<a href="([^"]*)">rank 1 of 3</a>', html)[1] == address


def test_battle_of_a_shortlist_leads_back_to_its_decision(client, me, three):
    client.get(f"{AMONG}&choice={SHORTLIST.replace('=', '%3D').replace('&', '%26')}")
    battle = judged(me, three)
    for headers in ({}, {"HX-Request": "true"}):
        outline = Outline(client.get(f"/battles/{battle.pk}/", headers=headers).content.decode())
        assert decisions(outline) == [DECISION]


def test_decision_is_about_the_models_that_met_and_no_others(client, me, three):
    client.get(f"{AMONG}&choice=price%3D2%26among%3Delm%26among%3Dfir")
    assert decisions(load_outline(client, judged(me, three))) == [f"/choose/decision/?price=2&{SET}"]


def test_battle_of_no_or_another_shortlist_leads_to_no_decision(client, me, three):
    battle = judged(me, three)
    for before in (AMONG, f"/?among=ash&among=elm&choice={SHORTLIST}", f"/?choice={SHORTLIST}"):
        client.get(before)
        assert decisions(load_outline(client, battle)) == []


@pytest.mark.parametrize(
    ("choice", "address"),
    [
        ("//evil.example/%23", f"/choose/decision/?%2F%2Fevil.example%2F%23=&{SET}"),
        ("why%3D%22%3E%3Cscript%3E", f"/choose/decision/?why=%22%3E%3Cscript%3E&{SET}"),
        ("why%3D%D0%B4%0D%0Ax", f"/choose/decision/?why=%D0%B4%0D%0Ax&{SET}"),
        ("why%3D" + "x" * 3000, None),
    ],
)
def test_way_back_is_nothing_but_the_query_of_our_own_page(client, me, three, choice, address):
    client.get(f"{AMONG}&choice={choice}")
    assert decisions(load_outline(client, judged(me, three))) == ([address] if address else [])


def test_way_back_that_somebody_else_has_written_is_ignored(client, me, three):
    battle = judged(me, three)
    for cookie in ("", "x", f"{derive_set_pool(SLUGS)}", f"{derive_set_pool(SLUGS)}:"):
        client.cookies["choice"] = cookie
        assert decisions(load_outline(client, battle)) == []


def test_way_back_cannot_be_planted_by_another_host_behind_https(client, me, three, settings):
    settings.SECURE = True
    answer = client.get(f"{AMONG}&choice={SHORTLIST.replace('=', '%3D').replace('&', '%26')}")

    assert answer.cookies["__Host-choice"]["secure"]
    assert "choice" not in answer.cookies
