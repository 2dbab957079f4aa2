"""The daily limit on new named sets, each of which adds a board."""

from dataclasses import replace
from itertools import combinations

import pytest
from django.db.models.functions import Now
from django.test import Client

from arena.battles import lifecycle
from arena.models import Battle, Standing
from tests import factories as common
from tests.arena.questions import forget

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"


@pytest.fixture
def pairs():
    slugs = [common.endpoint().model.slug for _ in range(8)]
    return [list(pair) for pair in combinations(slugs, 2)]


@pytest.fixture(autouse=True)
def limited(settings):
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, arena_battles_per_hour=10_000, arena_battles_per_hour_address=100_000
    )
    forget("slots:*", "limit:*")


def ask(client, models, address="192.0.2.7", **fields):
    Battle.objects.update(state=Battle.State.READY)  # so that all earlier ones count as answered
    body = {"prompt": "Why?", "models": models, **fields}
    return client.post(CALL, body, content_type="application/json", REMOTE_ADDR=address)


def statuses(client, many, **options):
    return [ask(client, models, **options).status_code for models in many]


def test_voter_names_five_new_sets_a_day(client, pairs):
    assert statuses(client, pairs[:6]) == [201] * 5 + [429]

    answer = ask(client, pairs[6])
    assert answer.json()["error"]["code"] == "too_many_sets"
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
    assert Battle.objects.count() == 5


def test_page_says_so(client, pairs):
    statuses(client, pairs[:5])
    page = client.post("/", {"prompt": "Why?", "among": pairs[5]}, REMOTE_ADDR="192.0.2.7")

    assert page.status_code == 429
    assert "You or other people on your network have chosen too many new sets of models today." in page.content.decode()


def test_network_names_twenty_new_sets_a_day_whoever_comes(pairs):
    answers = [ask(Client(), models, f"2001:db8::{number}") for number, models in enumerate(pairs[:22])]

    assert [answer.status_code for answer in answers] == [201] * 20 + [429] * 2
    assert ask(Client(), pairs[22], "2001:db8:1::1").status_code == 201


def test_sets_that_are_known_cost_nothing(client, pairs):
    statuses(client, pairs[:5])
    Standing.objects.create(pool=lifecycle.derive_set_pool(pairs[5]), ratings={}, updated_at=Now())

    assert statuses(client, [pairs[0], pairs[0][::-1], pairs[5]]) == [201] * 3


def test_battles_without_a_set_cost_nothing(client, pairs):
    side_by_side = [ask(client, models, mode="side_by_side").status_code for models in pairs[:7]]

    assert side_by_side == [201] * 7
    assert ask(client, None).status_code == 201
    assert statuses(client, pairs[:5]) == [201] * 5
