"""Every call rejects parameters that the document does not describe."""

import re

import pytest
from django.http import QueryDict
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter

from core.http.openapi import find_parameter_errors

STREAMS = {"/api/v1/battles/{battle_id}/events", "/api/v1/leaderboard/events"}
SOMETHING = {"battle_id": "00000000-0000-4000-8000-000000000000", "key": "00000000-0000-4000-8000-000000000000"}


def reads():
    """Return each read call with its parameters: the name, and whether it can be repeated."""
    for path, operations in SchemaGenerator().get_schema(public=True)["paths"].items():
        if "get" in operations and path not in STREAMS:
            listed = operations["get"].get("parameters", [])
            again = {each["name"]: _again(each) for each in listed if each["in"] == "query"}
            yield re.sub(r"{(\w+)}", lambda name: SOMETHING.get(name[1], "some"), path), again


def _again(parameter):
    return parameter["schema"].get("type") == "array" and parameter.get("explode", True)


@pytest.mark.django_db
def test_parameter_that_no_call_has_is_refused_by_every_call(client):
    calls = list(reads())
    assert len(calls) >= 20
    for path, again in calls:
        answer = client.get(path, {"pools": "live"})
        known = f"This call accepts: {', '.join(again)}." if again else "This call accepts no parameters."
        assert answer.status_code == 400, path
        (sentence,) = answer.json()["error"]["fields"]["pools"]
        assert sentence.endswith(known)


@pytest.mark.django_db
def test_parameter_that_has_one_value_is_refused_twice_by_every_call(client):
    for path, again in reads():
        answer = client.get(path, {name: ["x", "y"] for name in again})
        once = {name for name, may in again.items() if not may}
        if once:
            assert (answer.status_code, answer.json()["error"]["fields"].keys()) == (400, once), path


ONE, MANY = OpenApiParameter("pool"), OpenApiParameter("model", many=True)
LISTED = OpenApiParameter("models", many=True, explode=False)


@pytest.mark.parametrize(
    ("given", "known", "told"),
    [
        ("", [], {}),
        ("x=1", [], {"x": "Unknown parameter. This call accepts no parameters."}),
        ("pools=1&pool=1", [ONE, MANY], {"pools": "Unknown parameter. This call accepts: pool, model."}),
        ("pool=1&model=1&model=2&models=a,b", [ONE, MANY, LISTED], {}),
        ("pool=1&pool=1", [ONE], {"pool": "Send this parameter once."}),
        ("pool=1&pool=", [ONE], {"pool": "Send this parameter once."}),
        ("models=a&models=b", [LISTED], {"models": "Send this parameter once, and separate values with commas."}),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said(given, known, told):
    assert find_parameter_errors(QueryDict(given), known) == {name: [sentence] for name, sentence in told.items()}


@pytest.mark.parametrize("query", ["pools=live", "format=csv", "format=json"])
@pytest.mark.parametrize("call", ["", "votes.jsonl", "leaderboard/pairwise/", "models/"])
@pytest.mark.django_db
def test_sentence_names_the_parameter(client, call, query):
    error = client.get(f"/api/v1/{call}?{query}").json()["error"]
    assert error["code"] == "invalid"
    assert "Unknown parameter." in error["detail"]
    assert list(error["fields"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("models/nope/", "There is no model 'nope'. See /api/v1/models/ for a list of models."),
        ("models/nope/battles/", "There is no model 'nope'. See /api/v1/models/ for a list of models."),
        ("models/%00/", "There is no model '\\x00'. See /api/v1/models/ for a list of models."),
        ("leaderboard/history/?model=nope", "There is no model 'nope'. See /api/v1/models/ for a list of models."),
        ("benchmarks/nope/", "There is no benchmark 'nope'. See /api/v1/benchmarks/ for a list of benchmarks."),
        ("benchmarks/%00/", "There is no benchmark '\\x00'. See /api/v1/benchmarks/ for a list of benchmarks."),
        (
            "benchmarks/nope/disagreement/",
            "There is no benchmark 'nope'. See /api/v1/benchmarks/ for a list of benchmarks.",
        ),
    ],
)
@pytest.mark.django_db
def test_what_there_is_not_is_named_with_a_list_of_what_there_is(client, call, hint):
    answer = client.get(f"/api/v1/{call}")
    assert (answer.status_code, answer.json()["error"]) == (404, {"code": "not_found", "detail": hint})


@pytest.mark.django_db
def test_file_of_votes_takes_one_pool(client):
    error = client.get("/api/v1/votes.jsonl?pool=live&pool=api").json()["error"]
    assert error["fields"] == {"pool": ["Send this parameter once."]}
