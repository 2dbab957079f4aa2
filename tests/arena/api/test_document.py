"""The OpenAPI document describes the request and the responses of every call, and so does the page made from it."""

import json
import re
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import get_resolver

from arena.api.conventions import list_rules
from arena.api.document import _iter_fields, build_calls, build_document, render_code_spans
from arena.identity.api_keys import SCOPES
from tests.openapi import errors, operations

DOCS, SCHEMA = "/api/docs/", "/api/schema/"
NAMES = [operation["operationId"] for _, _, operation in operations()]
CALLS = pytest.mark.parametrize(("path", "method", "operation"), operations(), ids=NAMES)


@pytest.fixture(scope="module")
def docs():
    """The response with the API reference."""
    return Client().get(DOCS)


def routes(patterns, prefix=""):
    """Pairs of a route and its view."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def methods(view):
    views = getattr(view, "cls", None)
    return [name for name in ("get", "post", "put", "patch", "delete") if hasattr(views, name)] if views else ["get"]


def test_every_call_is_in_the_document():
    calls = {
        ("/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route), method)
        for route, view in routes(get_resolver().url_patterns)
        if route.startswith("api/v1/")
        for method in methods(view)
    }
    assert calls == {(path, method) for path, method, _ in operations()}


def test_names_of_calls_are_distinct():
    assert len({*NAMES}) == len(NAMES)


def list_examples(content):
    if "example" in content:
        yield content["example"]
    yield from (example["value"] for example in content.get("examples", {}).values())


@CALLS
def test_call_has_words_an_answer_with_an_example_and_errors(path, method, operation):
    assert operation["tags"]
    assert operation["summary"]
    assert operation["description"]
    answers = operation["responses"]
    assert {"401", "403", "404", "429", "503"} & answers.keys()
    assert ("304" in answers) == ("ETag" in answers[min(answers)].get("headers", ()))
    for status, answer in answers.items():
        if status == "304":
            assert "content" not in answer
            continue
        ((media, content),) = answer["content"].items()
        if int(status) < 400:
            assert list(list_examples(content))
        else:
            assert (media, content["schema"]) == ("application/json", {"$ref": "#/components/schemas/Error"})
    for parameter in operation.get("parameters", []):
        assert parameter["in"] == "path" or parameter["description"]


@CALLS
def test_examples_fit_their_shapes(path, method, operation):
    contents = [*operation.get("requestBody", {}).get("content", {}).values()]
    contents += [
        content for answer in operation["responses"].values() for content in answer.get("content", {}).values()
    ]
    for content in contents:
        for example in list_examples(content):
            assert errors(content["schema"], example) == []
            assert errors(content["schema"], 7) != []


@CALLS
def test_examples_name_every_field(path, method, operation):
    """An example of a response has every required field and no unknown one."""
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            for example in list_examples(content) if int(status) < 400 and "$ref" in content["schema"] else ():
                fields = [field for field in _iter_fields(content["schema"]) if not {*".["} & {*field.name}]
                names = {field.name for field in fields}
                optional = {field.name for field in fields if not field.required}
                assert example.keys() <= names <= example.keys() | optional


def test_parameters_with_choices_have_names_of_their_own():
    """Generated clients name such a type after its call and the parameter, and drop a call whose name is taken."""

    def camel(*names):
        return "".join(word.title() for name in names for word in name.split("_"))

    types = [
        camel(operation["operationId"], parameter["name"])
        for _, _, operation in operations()
        for parameter in operation.get("parameters", [])
        if "enum" in parameter["schema"]
    ]
    assert {"ModelShortlistTask", "ScalingEstimateLaw"} < {*types}
    assert {*types}.isdisjoint(build_document()["components"]["schemas"])


def test_calls_that_may_be_sent_again_take_a_key():
    with_422 = {operation["operationId"] for _, _, operation in operations() if "422" in operation["responses"]}
    with_header = {
        operation["operationId"]
        for _, _, operation in operations()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
    }
    assert with_header == with_422 == {"battle_start", "battle_ask_follow_up", "battle_vote"}


def test_document_says_who_may_ask():
    schemes = build_document()["components"]["securitySchemes"]
    assert (schemes["voter"]["in"], schemes["voter"]["name"]) == ("cookie", "voter")
    assert (schemes["key"]["type"], schemes["key"]["scheme"]) == ("http", "bearer")
    for _, _, operation in operations():
        assert operation["security"] == [{"voter": []}, {"key": []}, {}]


def test_document_and_page_say_what_holds_for_all_calls(docs, settings):
    page = docs.content.decode()
    description = build_document()["info"]["description"]
    for rule in list_rules():
        assert render_code_spans(rule) in page
        assert rule.partition(":")[0] in description  # which is cached, with other limits than those of tests
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour=61, arena_battles_per_hour_address=0)
    rules = " ".join(list_rules())
    assert "61 (0) battles, set by `ARENA_BATTLES_PER_HOUR`" in rules
    assert all(f"`{scope}`" in rules for scope in SCOPES)
    assert all(f"`{header}`" in rules for header in ("Retry-After", "Idempotency-Key", "ETag", "If-None-Match"))


def test_schema_is_served_as_json(client):
    response = client.get(SCHEMA)
    assert response["Content-Type"] == "application/json"
    assert response.json() == json.loads(json.dumps(build_document()))
    assert response.json()["openapi"].startswith("3.")


def test_page_has_every_call_with_its_fields(docs):
    page = docs.content.decode()
    for path, method, operation in operations():
        assert f'id="{operation["operationId"]}"' in page
        assert re.search(rf"<strong[^>]*>{method.upper()}</strong> <code>{re.escape(path)}</code>", page)
    for subject in build_calls().values():
        for call in subject:
            for field in (*call.parameters, *call.body, *call.response):
                assert f"<code>{field.name}</code>" in page


def test_fields_lead_into_what_they_hold():
    names = {field.name: field for field in _iter_fields({"$ref": "#/components/schemas/Board"})}
    assert names["rows"].type == "list of object"
    assert names["rows[].rating"].type == "number"
    assert names["rows[].ci_low"].type == "number or null"
    assert names["scale.anchor.model"].type == "string"
    assert names["computed_at"].type == "timestamp or null"
    assert names["method"].type == "bt | elo"
    assert not names["problem"].required


def test_page_keeps_to_the_policy_of_all_pages(docs):
    page = docs.content.decode()
    assert "'unsafe-inline'" not in docs["Content-Security-Policy"]
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|https?://(?!example\.com|arena\.example|testserver/)", page)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("`<b>`<i>", "<code>&lt;b&gt;</code>&lt;i&gt;"),
    ],
)
def test_words_between_backticks_are_code(text, shown):
    assert render_code_spans(text) == shown


@pytest.mark.django_db
def test_footer_leads_to_the_page(client):
    assert f'href="{DOCS}"' in client.get("/leaderboard/").content.decode()


@pytest.mark.parametrize("address", [DOCS, SCHEMA])
def test_both_can_only_be_read(client, address):
    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200


def test_address_of_the_api_lists_its_calls_and_where_more_is_said(client):
    overview = client.get("/api/v1/").json()
    assert {(call["path"], call["method"].lower()) for call in overview["calls"]} == {
        (path, method) for path, method, _ in operations()
    }
    for link in (overview["docs"], overview["schema"]):
        assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),  # a browser
        ("*/*", False),  # curl
        ("application/json", False),
        ("application/json, text/html", False),
        ("application/json, text/html;q=0.5, */*;q=0.1", False),
    ],
)
def test_browser_is_sent_from_the_list_of_calls_to_its_page(client, accept, is_page):
    answer = client.get("/api/v1/", headers={"Accept": accept})
    assert "Accept" in answer.headers["Vary"]
    if is_page:
        assert (answer.status_code, answer.headers["Location"]) == (302, DOCS)
    else:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_what_stands_above_the_api_leads_to_its_page(client):
    assert client.get("/api/").headers["Location"] == DOCS
    assert client.get("/api").headers["Location"] == "/api/"


def test_document_has_what_generators_of_clients_ask_for():
    document = build_document()
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    fields = [
        field
        for schema in document["components"]["schemas"].values()
        for field in schema.get("properties", {}).values()
    ]

    assert document["servers"] == [{"url": "/"}]
    assert {tag["name"] for tag in document["tags"]} == {tag for operation in operations for tag in operation["tags"]}
    assert not [field for field in fields if field.get("nullable") and not field.keys() & {"type", "oneOf"}]
