"""Endpoints in the admin: validation, health, and the button that sends a probe."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from arena.admin.endpoints import TEST_SLOT_LIMITS, EndpointAdmin, describe_probe
from arena.endpoints import call_stats
from arena.endpoints.call_stats import CallRecord
from arena.endpoints.probe import NO_KEY, ProbeResult
from arena.models import Answer, Endpoint, EndpointCall, EndpointDay
from core.models import AuditEntry
from core.storage.redis_clients import get_redis_client
from core.storage.shared_slots import SharedSlots
from tests import factories
from tests.arena import factories as arena_factories
from tests.processes import eventually

pytestmark = pytest.mark.django_db
LIST = "/admin/arena/endpoint/"
KEY = "zkey-of-somebody"


def form(**fields):
    return {
        "kind": "openai",
        "base_url": "https://api.example.com/v1",
        "upstream_id": "m",
        "api_key_env": "OPENAI_API_KEY",
        **fields,
    }


def text(answer):
    return " ".join(answer.content.decode().split())


def test_endpoint_is_added_and_logged(admin):
    answer = admin.post(f"{LIST}add/", form(max_concurrency=64))
    assert answer.status_code == 302
    endpoint = Endpoint.objects.get()
    assert (endpoint.max_concurrency, endpoint.api_key_env) == (64, "OPENAI_API_KEY")
    change = AuditEntry.objects.get()
    assert (change.who, change.kind, change.what, change.after["max_concurrency"]) == (
        "operator", "added", "arena.endpoint", 64,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"base_url": "https://api.example.com/v1?key=sk-abc"}, "It contains a query or a fragment"),
        ({"upstream_id": ""}, "It is missing."),
        ({"base_url": "http://169.254.169.254/latest"}, "not a public address"),
        ({"base_url": "ftp://api.example.com"}, "not an http or https URL"),
        ({"base_url": "https://me:pass@api.example.com/v1"}, "contains a user name or password"),
        ({"base_url": ""}, "It is missing."),
        ({"api_key_env": "sk-abc.123"}, "name of an environment variable, not a key"),
        ({"kind": "carrier-pigeon"}, "Select a valid choice"),
        ({"max_concurrency": "0"}, "It must be between"),
        ({"tokens_per_day": "0"}, "It must be between"),
        ({"first_token_timeout_s": "601"}, "It must be above 0"),
    ],
)
def test_wrong_endpoint_is_refused_and_changes_nothing(admin, wrong, said):
    answer = admin.post(f"{LIST}add/", form(**wrong))
    assert answer.status_code == 200
    assert said in text(answer)
    assert {*answer.context["adminform"].form.errors} == {*wrong}
    assert not Endpoint.objects.exists()
    assert not AuditEntry.objects.exists()


def test_list_tells_how_endpoints_do(admin):
    endpoint = factories.endpoint(failed_probes=2)
    today = timezone.now().date()
    for day, answers, failures, public_answers, public_failures, speed in (
        (0, 6, {"timeout": 2, "refused": 1}, 3, 1, None),
        (1, 1, {}, 1, 0, 40.0),
        (5, 90, {}, 90, 0, 1.0),
    ):
        EndpointDay.objects.create(
            endpoint=endpoint, day=today - timedelta(days=day), answers=answers, failures=failures,
            public_answers=public_answers, public_failures=public_failures, first_token_p50=0.25,
            tokens_per_s_p50=speed,
        )  # fmt: skip
    page_text = text(admin.get(LIST))
    state = "no, it did not answer the last 2 probes"
    for words in (state, '"field-calls">10<', '"field-failure_rate">20.0%<', ">0.25<", ">40<"):
        assert words in page_text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "yes"),
        ({"enabled": False}, "disabled"),
        ({"failed_probes": 1, "fails_in_battles": True}, "yes, though the last probe failed"),
        ({"failed_probes": 3}, "no, it did not answer the last 3 probes"),
        (
            {"fails_in_battles": True},
            "yes; probes pass, but most battles in the last 24 hours failed",
        ),
    ],
)
def test_state_is_told_in_words(fields, said):
    assert EndpointAdmin.state(None, factories.endpoint(**fields)) == said


def test_button_asks_once_and_shows_how_quick_it_was(admin, provider, monkeypatch):
    monkeypatch.setenv("Z_API_KEY", KEY)
    endpoint = factories.endpoint(
        kind="openai", base_url=provider.base_url, upstream_id="steady-203", api_key_env="Z_API_KEY"
    )
    assert "Send a test question" in text(admin.get(f"{LIST}{endpoint.pk}/change/"))

    answer = admin.post(f"{LIST}{endpoint.pk}/ask/", follow=True)

    assert "answered: first token after" in text(answer)
    assert "tokens/s" in text(answer)
    [provider_request] = provider.requests("steady-203")
    assert KEY in str(provider_request)
    change = AuditEntry.objects.get()
    assert (change.who, change.kind) == ("operator", "tested")
    assert change.after["first_token_s"] > 0
    assert KEY not in text(answer) + str(change.after)


def test_button_shows_what_a_provider_says_to_an_error_without_the_key(admin, provider, monkeypatch):
    monkeypatch.setenv("Z_API_KEY", KEY)
    endpoint = factories.endpoint(
        kind="openai", base_url=provider.base_url, upstream_id="error-401", api_key_env="Z_API_KEY"
    )
    answer = admin.post(f"{LIST}{endpoint.pk}/ask/", follow=True)
    assert "did not answer: Unavailable. The provider" in text(answer)
    assert "unavailable, status 401: " in text(answer)
    assert KEY not in text(answer)
    assert AuditEntry.objects.get().after["failure"] == "unavailable"


def test_button_is_for_two_endpoints_at_a_time_in_all_web_processes(admin):
    another_process = SharedSlots("tests")
    slots = [another_process.acquire(TEST_SLOT_LIMITS) for _ in range(2)]

    answer = admin.post(f"{LIST}{factories.endpoint().pk}/ask/", follow=True)

    assert "Two endpoints are being tested. Try again when" in text(answer)
    assert not AuditEntry.objects.exists()
    for slot in slots:
        slot.release()
    assert eventually(lambda: not get_redis_client().exists("slots:tests:all"), 5)


def test_button_is_pressed_and_not_followed(admin):
    endpoint = factories.endpoint()
    assert admin.get(f"{LIST}{endpoint.pk}/ask/").status_code == 405
    assert admin.post(f"{LIST}{endpoint.pk + 1}/ask/").status_code == 404
    assert not AuditEntry.objects.exists()


def test_button_is_for_those_who_may_change(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("bob", is_staff=True))
    assert client.post(f"{LIST}{factories.endpoint().pk}/ask/").status_code == 403


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ProbeResult(NO_KEY), "X was not called, because the variable Z_API_KEY is not set in the web service."),
        (ProbeResult("timeout"), "X did not answer: Timeout. The provider"),
        (ProbeResult(first_token_s=0.5), "X answered: first token after 0.50 s."),
        (
            ProbeResult(first_token_s=0.5, tokens_per_s=41.6, tokens=9),
            "X answered: first token after 0.50 s, 42 tokens/s.",
        ),
    ],
)
def test_told_in_our_words(found, said):
    assert describe_probe(factories.fighter(factories.model("x"), api_key_env="Z_API_KEY"), found).startswith(said)


@pytest.mark.parametrize("left", ["nothing", "call", "day"])
def test_endpoint_that_was_called_is_kept(admin, left):
    endpoint = Endpoint.objects.create(kind="echo")
    if left == "call":
        EndpointCall.objects.create(endpoint=endpoint)
    if left == "day":
        EndpointDay.objects.create(endpoint=endpoint, day=timezone.now().date(), answers=1)
    status = {"nothing": 302}.get(left, 403)

    assert admin.post(f"{LIST}{endpoint.pk}/delete/", {"post": "yes"}).status_code == status
    assert Endpoint.objects.exists() is (left != "nothing")


def test_slots_go_with_their_endpoint_and_a_failed_single_answer_has_no_battle(admin):
    endpoint = factories.endpoint(max_concurrency=2)
    EndpointCall.objects.create(endpoint=endpoint, failure="timeout", answer=17)

    assert "single answer 17: " in admin.get(f"{LIST}{endpoint.pk}/change/").content.decode()

    EndpointCall.objects.all().delete()
    endpoint.contestants.all().delete()
    admin.post(f"{LIST}{endpoint.pk}/delete/", {"post": "yes"})
    assert not Endpoint.objects.exists()


def test_no_other_way_deletes_an_endpoint_that_was_called(admin):
    contestant = factories.fighter()
    endpoint = contestant.endpoint
    EndpointCall.objects.create(endpoint=endpoint)

    admin.post(LIST, {"action": "delete_selected", "_selected_action": [endpoint.pk], "post": "yes"})
    admin.post(f"/admin/catalog/languagemodel/{contestant.model_id}/delete/", {"post": "yes"})

    assert EndpointCall.objects.exists()


@pytest.fixture
def editor(client, django_user_model):
    """A client whose user may only view and change endpoints."""
    bob = django_user_model.objects.create_user("bob", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=("view_endpoint", "change_endpoint")))
    client.force_login(bob)
    return client


@pytest.mark.parametrize("variable", ["SECRET_KEY", "DATABASE_URL", "POSTGRES_PASSWORD", "HOME"])
def test_no_variable_of_the_service_is_sent_to_a_listener(editor, provider, monkeypatch, variable):
    """An editor of endpoints could point one at their own server and press the button."""
    monkeypatch.setenv(variable, "zsecret-of-the-service")
    endpoint = factories.endpoint(kind="openai", base_url=provider.base_url, upstream_id=f"says:{variable}")
    fields = {"base_url": provider.base_url, "upstream_id": f"says:{variable}", "api_key_env": variable}

    answer = editor.post(f"{LIST}{endpoint.pk}/change/", form(**fields))
    editor.post(f"{LIST}{endpoint.pk}/ask/")

    assert "zsecret-of-the-service" not in str(provider.requests(f"says:{variable}"))
    assert f"It names {variable}, but ARENA_KEY_NAMES allows only *_API_KEY." in text(answer)
    assert Endpoint.objects.get().api_key_env == ""


def test_variable_that_was_stored_before_it_was_forbidden_is_not_sent_either(editor, provider, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "zsecret-of-the-service")
    endpoint = factories.endpoint(
        kind="openai", base_url=provider.base_url, upstream_id="says:stored", api_key_env="SECRET_KEY"
    )

    answer = editor.post(f"{LIST}{endpoint.pk}/ask/", follow=True)

    assert provider.requests("says:stored") == []
    assert "The variable SECRET_KEY cannot be used as a key, because ARENA_KEY_NAMES allows only *_API_KEY." in text(
        answer
    )


@pytest.mark.parametrize(
    ("base_url", "again", "accepted"),
    [
        ("https://evil.example/v1", "", False),
        ("https://evil.example/v1", "ANTHROPIC_API_KEY", False),
        ("https://evil.example/v1", "OPENAI_API_KEY", True),
        ("http://api.example.com/v1", "", False),
        ("https://api.example.com:8443/v1", "", False),
        ("https://api.example.com/v2", "", True),
        ("https://API.example.com/v1", "", True),
    ],
)
def test_key_follows_to_another_host_only_if_its_name_is_typed_again(editor, base_url, again, accepted):
    endpoint = factories.endpoint(
        kind="openai", base_url="https://api.example.com/v1", upstream_id="m", api_key_env="OPENAI_API_KEY"
    )

    answer = editor.post(f"{LIST}{endpoint.pk}/change/", form(base_url=base_url, api_key_env_again=again))

    assert (answer.status_code == 302) is accepted
    assert (Endpoint.objects.get().base_url == base_url) is accepted
    if not accepted:
        assert "To confirm, enter the name of the environment variable again." in text(answer)


def test_endpoint_without_a_key_moves_freely(editor):
    endpoint = factories.endpoint(kind="openai", base_url="https://api.example.com/v1", upstream_id="m")

    answer = editor.post(f"{LIST}{endpoint.pk}/change/", form(base_url="https://other.example", api_key_env=""))

    assert answer.status_code == 302


@pytest.mark.django_db(transaction=True)
def test_button_holds_no_connection_of_the_database_while_it_waits(admin, provider):
    endpoint = factories.endpoint(kind="openai", base_url=provider.base_url, upstream_id="steady-99")
    connection.close()

    def press():
        admin.post(f"{LIST}{endpoint.pk}/ask/")
        connection.close()

    asking = Thread(target=press)
    asking.start()
    assert eventually(lambda: provider.requests("steady-99"))
    is_idle = eventually(are_all_connections_idle, 1)  # the pool may still be opening one
    [state] = [asked["state"] for asked in provider.requests("steady-99")]
    asking.join()

    assert (state, is_idle) == ("open", True)


def are_all_connections_idle():
    pool = connection.pool.get_stats()
    return pool["pool_available"] == pool["pool_size"]


def test_words_of_a_failed_answer_stand_on_the_pages_of_its_battle_and_its_endpoint(admin):
    endpoint = factories.endpoint()
    battle = arena_factories.battle("ready")
    answer = Answer.objects.filter(turn__battle=battle).first()
    call = CallRecord(endpoint.pk, str(battle.pk), answer.pk)
    asked_for = {"status": 400, "failure": "rejected"}  # whose words could quote the question
    told = {"status": 503, "failure": "unavailable", "detail": "status 503: overloaded & tired"}
    call_stats.record_calls([replace(call, **told), replace(call, **asked_for)])

    for page in (f"/admin/arena/battle/{battle.pk}/change/", f"{LIST}{endpoint.pk}/change/"):
        shown = admin.get(page).content.decode()
        assert "Unavailable, <q>status 503: overloaded &amp; tired</q>" in shown
        assert "Rejected, status 400, without the provider" in shown


@pytest.mark.parametrize(("called", "state"), [(False, "never called"), (True, ">yes<")])
def test_ready_tells_an_endpoint_that_was_never_called(admin, called, state):
    endpoint = factories.endpoint()
    if called:
        call_stats.record_calls([CallRecord(endpoint.pk, str(uuid4()), 7, first_token_s=0.5)])
    assert state in admin.get(LIST).content.decode()
