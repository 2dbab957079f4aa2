"""What the document does not know is refused, by every call that it describes."""

import re

import pytest
from drf_spectacular.generators import SchemaGenerator

from catalog.api_call import unknown

STREAMS = {"/api/v1/battles/{battle_id}/events", "/api/v1/leaderboard/events"}
SOMETHING = {"battle_id": "00000000-0000-4000-8000-000000000000", "key": "00000000-0000-4000-8000-000000000000"}


def reads():
    """Address and known parameters of every call that reads."""
    for path, operations in SchemaGenerator().get_schema(public=True)["paths"].items():
        if "get" in operations and path not in STREAMS:
            listed = operations["get"].get("parameters", [])
            names = [each["name"] for each in listed if each["in"] == "query"]
            yield re.sub(r"{(\w+)}", lambda name: SOMETHING.get(name[1], "some"), path), names


@pytest.mark.django_db
def test_parameter_that_no_call_has_is_refused_by_every_call(client):
    told = {}
    for path, names in reads():
        answer = client.get(path, {"pools": "live"})
        assert answer.status_code == 400, path
        told[path] = (answer.json()["error"]["fields"], names)
    assert len(told) >= 20
    assert all(fields == unknown(["pools"], names) for fields, names in told.values())


def test_what_is_known_is_said():
    assert unknown(["pool", "pools", "x"], ["pool", "at"]) == {
        name: ["There is no such parameter. Known are: pool, at."] for name in ("pools", "x")
    }
    assert unknown(["x"], []) == {"x": ["There is no such parameter: none is known here."]}
    assert unknown([], []) == {}


@pytest.mark.parametrize("call", ["", "votes.jsonl", "leaderboard/pairwise/"])
@pytest.mark.django_db
def test_sentence_names_the_parameter(client, call):
    error = client.get(f"/api/v1/{call}", {"pools": "live"}).json()["error"]
    assert error["code"] == "invalid"
    assert "no such parameter" in error["detail"]
    assert list(error["fields"]) == ["pools"]
