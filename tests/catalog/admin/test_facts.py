"""Facts in the admin: values set by hand with their source, and decisions on conflicts."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.facts.claims import record_claims
from catalog.facts.conflicts import find_conflicts
from catalog.facts.fields import Claim
from catalog.models import Fact, Price
from core.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/fact/"
DAY = date(2026, 1, 2)


def disagree(*models):
    said = [
        Claim("context_window", value, f"https://s{number}.example", DAY) for number, value in enumerate((1000, 2000))
    ]
    record_claims({model.pk: said for model in models}, Fact.Origin.SHIPPED)


def staff(client, *codenames):
    user = User.objects.create_user("bob", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)


def test_value_is_set_with_its_source_and_logged(admin):
    model = factories.model("x")
    disagree(model)
    said = {"model": model.pk, "field": "context_window", "value": "3000", "source": "https://maker.example"}
    said["as_of"] = "2026-02-03"
    assert admin.post(f"{LIST}add/", said).status_code == 302
    record_claims({model.pk: [Claim("context_window", 4000, "s", DAY)]}, Fact.Origin.SHIPPED)
    model.refresh_from_db()
    assert model.context_window == 3000
    [change] = AuditEntry.objects.all()
    assert (change.kind, change.what, change.who) == ("added", "catalog.fact", "operator")
    assert (change.after["value"], change.after["source"]) == (3000, "https://maker.example")
    assert (str(change.after["as_of"]), change.after["origin"]) == ("2026-02-03", "hand")


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "size"},
        {"value": "many"},
        {"value": ""},
        {"source": ""},
        {"source": "x" * 501},
        {"source": "a\x00b"},
        {"as_of": ""},
        {"as_of": "2999-01-01"},
        {"model": 0},
    ],
)
def test_what_is_no_fact_is_refused(admin, wrong):
    model = factories.model("x")
    said = {"model": model.pk, "field": "context_window", "value": "3000", "source": "memo", "as_of": "2026-02-03"}
    assert admin.post(f"{LIST}add/", said | wrong).status_code == 200
    assert not Fact.objects.exists()
    assert not AuditEntry.objects.exists()


def test_facts_are_neither_edited_nor_deleted(admin):
    model = factories.model("x")
    disagree(model)
    fact = Fact.objects.first()
    for page in ("change", "delete"):
        assert admin.post(f"{LIST}{fact.pk}/{page}/", {"post": "yes", "value": "1"}).status_code == 403
    assert Fact.objects.count() == 2


def test_model_leads_to_its_facts(admin):
    model = factories.model("x")
    disagree(model)
    text = admin.get(f"/admin/catalog/languagemodel/{model.pk}/change/").content.decode()
    assert f"{LIST}?model__id__exact={model.pk}" in text
    shown = admin.get(f"{LIST}?model__id__exact={model.pk}").content.decode()
    assert "https://s0.example" in shown
    assert "https://s1.example" in shown


def test_conflict_is_shown_and_decided_by_a_button(admin):
    model = factories.model("x", name="The <i>X</i>")
    disagree(model)
    text = admin.get(f"{LIST}conflicts/").content.decode()
    for said in ("The &lt;i&gt;X&lt;/i&gt;", "1,000", "2,000", "https://s1.example", "1 conflict is waiting"):
        assert said in text
    [conflict] = find_conflicts()
    assert admin.get(f"{LIST}conflicts/take/").status_code == 405
    answer = admin.post(
        f"{LIST}conflicts/take/", {"field": "context_window", "key": conflict.others[0].pk}, follow=True
    )
    assert "is now set by hand" in answer.content.decode()
    assert "0 conflicts are waiting" in answer.content.decode()
    model.refresh_from_db()
    assert model.context_window == 2000
    assert [(row.kind, row.what) for row in AuditEntry.objects.all()] == [("added", "catalog.fact")]


def test_price_is_taken_too(admin):
    model = factories.model("x")
    for number, by_hand in ((1, False), (2, True)):
        Price.objects.create(model=model, input=number, output=1, source=f"s{number}", as_of=DAY, by_hand=by_hand)
    [conflict] = find_conflicts()
    admin.post(f"{LIST}conflicts/take/", {"field": "price", "key": conflict.others[0].pk})
    assert list(Price.objects.filter(by_hand=True).values_list("source", flat=True)) == ["s1"]
    assert {row.what for row in AuditEntry.objects.all()} == {"catalog.price"}


@pytest.mark.parametrize(
    ("field", "key"), [("context_window", "0"), ("price", "0"), ("x", ""), ("x", "a"), ("x", "9" * 5000), ("x", "-1")]
)
def test_what_is_not_there_cannot_be_taken(admin, field, key):
    assert admin.post(f"{LIST}conflicts/take/", {"field": field, "key": key}).status_code == 404


def test_only_who_may_change_models_decides(client):
    model = factories.model("x")
    disagree(model)
    key = find_conflicts()[0].others[0].pk
    assert client.get(f"{LIST}conflicts/").status_code == 302
    staff(client, "view_fact")
    page = client.get(f"{LIST}conflicts/")
    assert page.status_code == 200
    assert "Use this value" not in page.content.decode()
    assert client.post(f"{LIST}conflicts/take/", {"field": "context_window", "key": key}).status_code == 403
    assert find_conflicts()[0].decided is False


def test_pages_ask_as_often_for_many_models_as_for_few(admin):
    asked = []
    for number in (10, 50):
        disagree(*factories.models(number))
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(f"{LIST}conflicts/").status_code == 200
            assert admin.get(LIST).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
    assert "Page 1 of 2" in admin.get(f"{LIST}conflicts/").content.decode()
