"""Errors repeat names from a request only shortened and printable."""

import json

import pytest

from core.http import errors
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FINISHED

pytestmark = pytest.mark.django_db
API = "/api/v1/"
LONG = "x" * 300_000
HALF = "\ud800"
MOST = 1_500  # maximum bytes of a response that shows one name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("prompt", "prompt"),
        ("Größe", "Größe"),
        ("", ""),
        (HALF, "�"),
        ("a\0b\nc\u202ed", "a�b�c�d"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60 + "…"),
    ],
)
def test_shown_is_short_and_can_be_printed(name, shown):
    assert errors.sanitize_name(name) == shown


@pytest.mark.parametrize("call", ["", "turns/", "stop/", "retry/", "share/", "vote/", "submissions", "proposal"])
def test_field_that_is_not_known_is_told_back_short(client, me, call):
    battle = factories.battle(a=FINISHED, b=FINISHED, voter=me)
    address = f"{API}submissions/" if call in ("submissions", "proposal") else f"{API}battles/{battle.pk}/{call}"
    address = f"{API}battles/" if not call else address
    for name in (HALF, f"a{HALF}b", LONG, "\0", "\n"):
        body = {"proposal": {name: "x"}} if call == "proposal" else {name: 1}

        answer = client.post(address, json.dumps(body), content_type="application/json")

        assert (answer.status_code, len(answer.content) < MOST) == (400, True)
        assert all(field.isprintable() for field in answer.json()["error"].get("fields", {}))


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "x", "models": [LONG, "a"]},
        {"prompt": "x", "models": ["a", HALF]},
        {"prompt": "x", "mode": HALF},
        {"prompt": HALF},
    ],
    ids=["long", "half", "mode", "prompt"],
)
def test_value_that_is_refused_is_told_back_short(client, two_models, body):
    answer = client.post(f"{API}battles/", json.dumps(body), content_type="application/json")

    assert (answer.status_code, len(answer.content) < MOST) == (400, True)


@pytest.mark.parametrize("path", ["models/", "leaderboard/", "votes/", "votes.jsonl", "cost/", "shortlist/", "pools/"])
def test_parameter_that_is_not_known_is_told_back_short(client, path):
    for name in ("x" * 20_000, "%ED%A0%80", "%00", "%0a"):
        answer = client.get(f"{API}{path}?{name}=1")

        assert (answer.status_code, len(answer.content) < MOST) == (400, True)
        assert all(field.isprintable() for field in answer.json()["error"]["fields"])


@pytest.mark.parametrize(
    "query",
    [
        "leaderboard/?pool=", "leaderboard/?category=", "leaderboard/?method=", "leaderboard/?at=",
        "leaderboard/pairwise/?models=", "leaderboard/history/?model=", "leaderboard/frontier/?against=",
        "leaderboard/method/?pool=", "votes/?pool=", "votes.jsonl?pool=", "cost/?model=", "cost/?price_input=",
        "shortlist/?task=", "scaling/?params=", "models/", "benchmarks/",
    ],
)  # fmt: skip
def test_value_in_an_address_is_told_back_short(client, query):
    common.endpoint()
    ending = "/" if query.endswith("/") else ""

    for value in ("x" * 20_000, "%ED%A0%80", "a%0ab"):
        answer = client.get(f"{API}{query}{value}{ending}")
        assert 400 <= answer.status_code < 500
        assert len(answer.content) < MOST
