"""Access to the admin, and actions that no one may perform there."""

from uuid import uuid4

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from arena.identity import api_keys
from arena.models import ApiKey, Battle, Endpoint, Pool, Vote, Voter
from catalog.importers import submissions
from catalog.models import Benchmark, LanguageModel, License, Score, Submission
from core.models import AuditEntry
from ratings.models import Board, Category
from tests import factories
from tests.catalog.importers.test_proposal_form import GOOD
from tests.operators import PASSWORD

pytestmark = pytest.mark.django_db
MODELS = sorted(django_admin.site._registry, key=lambda model: model._meta.label)
READ_ONLY = (ApiKey, Battle, Vote, Voter, Board, AuditEntry, Submission)
NOT_ADDED = (*READ_ONLY, Pool, Category, Score)
LISTS = (Endpoint, LanguageModel, License, Benchmark, Score, Battle, Vote, Voter, Pool, Board)
LOGIN = "/accounts/login/"
by_label = {"ids": lambda model: model._meta.label}


@pytest.fixture(autouse=True)
def no_attempts():
    """Delete login attempts from other tests."""
    cache.clear()


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def log_in(client, password, name="operator"):
    return client.post(f"{LOGIN}?next=/admin/", {"login": name, "password": password})


def scored(model, benchmark=None):
    benchmark = benchmark or Benchmark.objects.create(slug=f"b-{model.pk}", name="B")
    Score.objects.create(
        model=model, benchmark=benchmark, task="x", metric="acc", value=0.5, measured_by="us", source="here", run="r"
    )


def rows():
    """Create one row of each read-only model."""
    battle = factories.battle(state="voted")
    vote = factories.vote(battle.contestant_a, battle.contestant_b, battle=battle, voter=battle.voter_id)
    sent = Submission.objects.create(kind="model", digest="x", summary=GOOD)
    change = AuditEntry.objects.create(who="operator", kind="added", what="x", key="1", name="x")
    key, _ = api_keys.create_key("nightly", ["read"])
    made = (key, battle, vote, battle.voter, factories.board(), change, sent)
    return dict(zip(READ_ONLY, made, strict=True))


@pytest.mark.parametrize("model", MODELS, **by_label)
def test_nobody_gets_in_without_a_login(client, model):
    for page in ("changelist", "add"):
        answer = client.get(address(model, page), follow=True)
        assert answer.redirect_chain[-1][0].startswith(LOGIN)


@pytest.mark.parametrize("model", MODELS, **by_label)
def test_accounts_of_others_do_not_get_in(client, model):
    client.force_login(User.objects.create_user("alice", password=PASSWORD))
    answer = client.get(address(model, "changelist"), follow=True)
    assert answer.status_code == 403
    assert "Only operators" in answer.content.decode()


@pytest.mark.parametrize("model", MODELS, **by_label)
def test_staff_sees_what_it_was_given(client, model):
    staff = User.objects.create_user("bob", password=PASSWORD, is_staff=True)
    client.force_login(staff)
    assert client.get(address(model, "changelist")).status_code == 403
    label = {"content_type__app_label": model._meta.app_label, "codename": f"view_{model._meta.model_name}"}
    staff.user_permissions.add(Permission.objects.get(**label))
    assert client.get(address(model, "changelist")).status_code == 200
    assert client.get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("model", MODELS, **by_label)
def test_operator_sees_every_list_and_form(admin, model):
    assert admin.get(address(model, "changelist")).status_code == 200
    assert admin.get(address(model, "add")).status_code == (403 if model in NOT_ADDED else 200)


def test_what_is_read_only_cannot_be_changed_or_deleted(admin):
    sent = {"post": "yes", "winner": "b", "name": "y"}
    for model, row in rows().items():
        before = model.objects.filter(pk=row.pk).values().get()
        assert admin.get(address(model, "change", row.pk)).status_code == 200
        for page in ("change", "delete"):
            assert admin.post(address(model, page, row.pk), sent).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        admin.post(address(model, "changelist"), chosen)
        assert model.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", [Pool, Category])
def test_pools_and_categories_are_not_deleted_by_hand(admin, model):
    row = factories.board().pool if model is Pool else factories.board().category
    assert admin.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    admin.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model.objects.filter(pk=row.pk).exists()


def test_what_can_be_deleted_goes_with_what_belongs_to_it(admin):
    for row in list_deletable():
        model = type(row)
        assert admin.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 302
        assert not model.objects.filter(pk=row.pk).exists()


def list_deletable():
    """Create one row of each model, with dependent rows in other tables."""
    contestant, benchmark = factories.fighter(), Benchmark.objects.create(slug="b")
    user = User.objects.create_user("eve")
    factories.voter(user=user)
    api_keys.create_key("a program", ["read"], user=user)
    scored(contestant.model, benchmark)
    group = Group.objects.create(name="g")
    user.groups.add(group)
    unused = Endpoint.objects.create(kind="echo")
    return [unused, factories.license(), factories.organization(), benchmark, user, group]


def test_login_of_the_admin_takes_no_password(client, operator):
    answer = client.post("/admin/login/", {"username": "operator", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, LOGIN)
    assert "sessionid" not in client.cookies


def test_operator_logs_in_as_everybody_does_and_comes_back(client, operator):
    response = client.get("/admin/arena/vote/", follow=True)
    assert response.redirect_chain[-1][0].endswith("next=/admin/arena/vote/")
    answer = log_in(client, PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/login/").headers["Location"] == "/admin/"


def test_logins_leave_no_message_behind_that_the_admin_would_show(client, operator):
    log_in(client, PASSWORD)
    assert "messagelist" not in client.get("/admin/").content.decode()


def test_guessing_locks_the_operator_out_for_a_while(client, operator):
    for _ in range(5):
        log_in(client, "wrong")
    assert "Too many failed" in log_in(client, PASSWORD).content.decode()
    assert client.get("/admin/").status_code == 302


def test_admin_has_the_policy_of_all_pages(admin, client):
    page, public = admin.get("/admin/"), client.get("/leaderboard/")
    for header in ("Content-Security-Policy", "X-Frame-Options", "Referrer-Policy"):
        assert page.headers[header] == public.headers[header]
    assert "no-store" in page.headers["Cache-Control"]


def test_lists_ask_the_database_as_often_for_many_rows_as_for_two(admin):
    def count_queries(model):
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(address(model, "changelist")).status_code == 200
        return len(queries)

    counts = []
    for number in (2, 10):
        for _ in range(number):
            battle = factories.battle(factories.fighter(), factories.fighter(), state="voted")
            factories.vote(battle.contestant_a, battle.contestant_b, battle=battle, voter=battle.voter_id)
            factories.board(pool_slug=f"pool-{battle.pk}")
            factories.license(f"License {battle.pk}")
            scored(battle.contestant_a.model)
        counts.append({model: count_queries(model) for model in LISTS})
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", MODELS, **by_label)
def test_filters_with_nul_are_ignored_as_wrong_ones_are(admin, model):
    page = address(model, "changelist")
    wanted = (*filters(model), "pk", "x\x00", "q")
    for name in wanted:
        answer = admin.get(page, {name: "a\x00b"}, follow=True)
        assert (answer.status_code, answer.redirect_chain) == (200, [(page, 302)])


@pytest.mark.parametrize("model", MODELS, **by_label)
def test_what_can_be_no_key_is_not_selected(admin, model):
    page = address(model, "changelist")
    for key, further in (("abc", {}), ("1\x00", {"index": "0"}), ("9" * 30, {"post": "yes"})):
        sent = {"action": "delete_selected", "_selected_action": [key], **further}
        assert admin.post(page, sent, follow=True).status_code == 200


@pytest.mark.parametrize("model", [model for model in MODELS if model not in NOT_ADDED], **by_label)
def test_form_full_of_nonsense_is_understood(admin, model):
    page = address(model, "add")
    fields = admin.get(page).context["adminform"].form.fields
    for value in ("abc", "a\x00b", "9" * 30):  # the status is 302 where a name is all
        assert admin.post(page, dict.fromkeys(fields, value)).status_code in (200, 302)


def filters(model):
    """Return the filters as query strings of the list page."""
    for each in django_admin.site._registry[model].list_filter:
        name = each[0] if isinstance(each, tuple) else each
        yield f"{name}__exact" if isinstance(name, str) else name.parameter_name


def test_networks_are_not_in_the_admin(admin):
    """Hashes are not shown either, because operators do not need them."""
    pair = factories.models(2)
    shared = {"shared_at": now(), "review": "waiting", "shared_network": "znetwork" * 8}
    battle = factories.battle(*pair, state="voted", network="znetwork" * 8, **shared)
    factories.vote(*pair, battle=battle)
    sent = submissions.submit_content(uuid4(), submissions.build_proposal(GOOD), ["znetwork" * 8])
    for model, row in ((Battle, battle), (Submission, sent)):
        for page in (address(model, "changelist"), address(model, "change", row.pk)):
            shown = admin.get(page).content.decode()
            assert str(row.pk) in shown
            assert "znetwork" not in shown
