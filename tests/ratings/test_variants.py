"""Variants of one model, and a contestant without a model: they battle and are ranked like any other contestant."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from arena.battles import lifecycle, sharing
from arena.judging import vote_rules
from arena.models import Contestant, Vote
from catalog.models import Price
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.interchange.export_votes import export_file
from ratings.interchange.import_votes import import_file
from ratings.pipeline import board_refresh, certificates, pool_figures
from tests import factories
from tests.arena import factories as arena

pytestmark = pytest.mark.django_db
PAGES = ("/leaderboard/", "/leaderboard/?pin=gpt-4o&pin=brief", "/leaderboard/plots/", "/history/", "/method/")


@pytest.fixture
def three():
    """A model as it is, a variant of it, and a system of its own."""
    maker, terms = factories.organization("OpenAI"), factories.license("MIT")
    model = factories.model("gpt-4o", name="GPT-4o", organization=maker, license=terms, open_weights=True)
    Price.objects.create(model=model, source="list", input=Decimal(1), output=Decimal(3), as_of=date(2026, 1, 2))
    variant = Contestant.objects.create(slug="brief", name="Brief words", model=model)
    return factories.contestant(model), variant, Contestant.objects.create(slug="own", name="Own system")


def cast_votes(three):
    for winner, loser in (three[:2], three[1:], three[::-2]):
        for number in range(12):
            factories.cast(winner, loser, "aaab"[number % 4], voter=factories.voter_id(number))
    board_refresh.refresh()


def load_rows():
    return {row["model"]: row for row in load_newest_board(BoardKey())["rows"]}


def test_each_has_a_row_with_the_facts_of_its_model(three):
    cast_votes(three)
    names = ("variant_of", "name", "organization", "license", "open_weights", "votes")
    assert {slug: tuple(row[name] for name in names) for slug, row in load_rows().items()} == {
        "gpt-4o": (None, "GPT-4o", "OpenAI", "MIT", True, 24),
        "brief": ("gpt-4o", "Brief words", "OpenAI", "MIT", True, 24),
        "own": (None, "Own system", None, None, None, 24),
    }


def test_pages_about_boards_show_each(client, three, at_once):
    cast_votes(three)
    pool_figures.update_pool_figures()
    certificates.update_certificates(budget_s=60)
    for page in PAGES:
        html = client.get(page).content.decode()
        assert all(contestant.name in html for contestant in three) or page == "/history/", page
    rows = {row["model"]: row for row in client.get("/leaderboard/?format=json&column=price").json()["rows"]}
    assert (rows["brief"]["price"], rows["own"]["price"]) == (rows["gpt-4o"]["price"], None)
    assert rows["gpt-4o"]["price"] is not None
    for path in ("pairwise/?models=brief,own", "history/?model=brief&model=own"):
        assert client.get(f"/api/v1/leaderboard/{path}").status_code == 200


def test_model_has_the_standing_of_its_plain_contestant(client, three):
    cast_votes(three)
    profile = client.get("/api/v1/models/gpt-4o/").json()
    assert profile["arena"]["rating"] == load_rows()["gpt-4o"]["rating"]
    assert {board["rank"] for board in profile["boards"]} == {load_rows()["gpt-4o"]["rank"]}
    assert client.get("/models/gpt-4o/").status_code == 200


@pytest.mark.parametrize("pair", [(0, 1), (1, 2)])
def test_battle_reveals_names_and_facts(client, me, three, pair):
    a, b = (three[index] for index in pair)
    battle = arena.battle(contestant_a=a, contestant_b=b, voter=me)
    assert lifecycle.cast_vote(battle, "a").counted
    models = client.get(f"/api/v1/battles/{battle.pk}/").json()["models"]
    assert [(each["slug"], each["name"], each["organization"]) for each in models] == [
        (each.slug, each.name, each.model and "OpenAI") for each in (a, b)
    ]
    sharing.share_battle(battle, ["x"])
    for page in (f"/battles/{battle.pk}/", f"/b/{battle.pk}/", "/battles/"):
        assert all(each.name in client.get(page).content.decode() for each in (a, b))
    assert a.name in Client().get(f"/b/{battle.pk}/").content.decode()


@pytest.mark.parametrize(("said", "reason"), [("I am ChatGPT.", vote_rules.IDENTITY_LEAK), ("Because.", "")])
def test_variant_leaks_under_the_name_of_its_model(three, said, reason):
    battle = arena.battle(contestant_a=three[1], contestant_b=three[2], a=arena.FINISHED | {"text": said})
    assert lifecycle.cast_vote(battle, "a").reason == reason


def test_votes_are_the_same_after_export_and_import(three, tmp_path):
    cast_votes(three)
    export_file(tmp_path / "votes.jsonl", factories.pool())
    assert import_file(tmp_path / "votes.jsonl", "copy").new_models == 0
    pairs = ("contestant_a", "contestant_b", "winner")
    copied, cast = (
        Vote.objects.filter(pool__slug=pool).order_by("pk").values_list(*pairs) for pool in ("copy", "live")
    )
    assert list(copied) == list(cast)
