"""Contestants in the admin: validation, plain ones and variants, and what they send after their first answer."""

import pytest

from arena.models import Contestant, Endpoint
from core.models import AuditEntry
from tests import factories
from tests.arena import factories as arena_factories

pytestmark = pytest.mark.django_db
LIST = "/admin/arena/contestant/"


def form(**fields):
    endpoint = Endpoint.objects.first() or Endpoint.objects.create(kind="echo")
    return {"endpoint": endpoint.pk, "parameters": "{}", "headers": "{}", "enabled": "on", **fields}


def text(answer):
    return " ".join(answer.content.decode().split())


def test_plain_contestant_is_added_and_logged(admin):
    model = factories.model("x", name="The X")
    answer = admin.post(f"{LIST}add/", form(model=model.pk, max_tokens=64))
    assert answer.status_code == 302
    contestant = Contestant.objects.get()
    assert (contestant.model, contestant.slug, contestant.name, contestant.plain) == (model, "x", "The X", True)
    assert (contestant.max_tokens, contestant.endpoint, contestant.enabled) == (64, Endpoint.objects.get(), True)
    change = AuditEntry.objects.filter(what="arena.contestant").get()
    assert (change.who, change.kind, change.after["max_tokens"]) == ("operator", "changed", 64)


def test_plain_contestant_that_has_votes_gets_its_endpoint(admin):
    voted = factories.contestant(factories.model("x"))
    assert admin.post(f"{LIST}add/", form(model=voted.model_id)).status_code == 302
    voted.refresh_from_db()
    assert voted.endpoint == Endpoint.objects.get() and Contestant.objects.count() == 1


def test_variant_is_added(admin):
    plain = factories.fighter(factories.model("x"))
    fields = {"model": plain.model_id, "slug": "x-brief", "name": "X, brief", "system": "Be brief."}
    assert admin.post(f"{LIST}add/", form(**fields)).status_code == 302
    variant = Contestant.objects.get(slug="x-brief")
    assert (variant.plain, variant.model, variant.system, variant.endpoint) == (
        False, plain.model, "Be brief.", plain.endpoint,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"parameters": '{"api_key": "sk-1"}'}, "name in the endpoint&#x27;s API key variable (api_key_env)."),
        (
            {"parameters": '{"headers": {"Authorization": "Bearer sk-1"}}'},
            "must not contain &#x27;Authorization&#x27;",
        ),
        ({"max_tokens": "0"}, "It must be between"),
        ({"temperature": "3"}, "It must be between"),
        ({"parameters": "[1"}, "Enter a valid JSON"),
        ({"parameters": "[1]"}, "It must be a table."),
        ({"headers": '{"X-Api-Key": "sk-1"}'}, "must not contain &#x27;X-Api-Key&#x27;"),
        ({"conversation_field": "messages"}, "It must not be messages"),
        ({"model": ""}, "Choose the catalog model, or enter a slug and a name."),
        ({"slug": "x", "name": "X"}, "The catalog has a model with this slug."),
        ({"slug": "X!", "name": "X"}, "Use only lowercase letters"),
    ],
)
def test_wrong_contestant_is_refused_and_changes_nothing(admin, wrong, said):
    answer = admin.post(f"{LIST}add/", form(**{"model": factories.model("x").pk} | wrong))
    assert answer.status_code == 200
    assert said in text(answer)
    assert {*answer.context["adminform"].form.errors} == {*wrong} - {"name"}
    assert not Contestant.objects.exists()


@pytest.mark.parametrize(
    ("slug", "older", "said"),
    [
        ("", None, "needs its own slug and name"),
        ("own", "theirs", "belongs to another pool"),
        ("taken", None, "already"),
    ],
)
def test_wrong_contestant_of_a_pool_is_refused(admin, slug, older, said):
    pool = factories.pool("mine", kind="import")
    Contestant.objects.create(slug="taken", name="Taken", pool=pool)
    theirs = Contestant.objects.create(slug="theirs", name="Theirs", pool=factories.pool("theirs"))
    fields = {"model": factories.model("x").pk, "pool": pool.pk, "slug": slug, "name": slug and "Own"}
    answer = admin.post(f"{LIST}add/", form(**fields, predecessor=theirs.pk if older else ""))
    assert answer.status_code == 200
    assert said in text(answer)
    assert Contestant.objects.count() == 2


def test_contestant_of_a_pool_is_added_and_stays_in_it(admin):
    pool = factories.pool("mine", kind="import")
    fields = {"slug": "own", "name": "Own"}
    assert admin.post(f"{LIST}add/", form(pool=pool.pk, **fields)).status_code == 302
    own = Contestant.objects.get()
    assert admin.post(f"{LIST}{own.pk}/change/", form(pool="", **fields)).status_code == 302
    own.refresh_from_db()
    assert own.pool == pool


def test_model_has_one_plain_contestant_with_an_endpoint(admin):
    plain = factories.fighter()
    answer = admin.post(f"{LIST}add/", form(model=plain.model_id))
    assert "This model already has an endpoint." in text(answer)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("system", "Be long.", "cannot change"), ("temperature", 1, "cannot change"), ("conversation_field", "id", "")],
)
def test_variant_that_has_answered_goes_on_sending_the_same(admin, field, value, said):
    variant = factories.variant(system="Be brief.")
    same = {
        "model": variant.model_id, "slug": variant.slug, "name": variant.name, "system": "Be brief.",
        "endpoint": variant.endpoint_id,
    }  # fmt: skip
    arena_factories.battle(contestant_a=variant)
    answer = admin.post(f"{LIST}{variant.pk}/change/", form(**same | {field: value}))
    assert (answer.status_code == 302) is (not said)
    assert said in text(answer)
    if said:
        assert "give it a new slug with variant_of" in text(answer)
    server = {"kind": "echo", "upstream_id": "another"}
    answer = admin.post(f"/admin/arena/endpoint/{variant.endpoint_id}/change/", server)
    assert "What it sends cannot change" in text(answer)


def test_plain_contestant_that_has_answered_is_free(admin):
    plain = factories.fighter()
    arena_factories.battle(contestant_a=plain)
    answer = admin.post(f"{LIST}{plain.pk}/change/", form(endpoint=plain.endpoint_id, temperature=1))
    assert answer.status_code == 302
    plain.refresh_from_db()
    assert (plain.temperature, plain.name) == (1, plain.model.name)
