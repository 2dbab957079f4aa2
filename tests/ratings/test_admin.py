"""Pools and boards in the admin, and the tasks that the admin starts."""

import re
import threading
from datetime import timedelta
from html import unescape

import orjson
import pytest
from celery import current_app
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from arena.models import Pool
from core.models import AuditEntry
from ratings import tasks
from ratings.admin import overview
from ratings.models import Board, Exclusion, Snapshot, Tally
from ratings.pipeline import board_refresh
from ratings.reports import alarms
from ratings.reports.alarms import Alarm
from tests import factories
from tests.processes import eventually

POOLS, BOARDS = "/admin/arena/pool/", "/admin/ratings/board/"
EMPTY_TIMES = {"start_0": "", "start_1": "", "end_0": "", "end_1": ""}


@pytest.fixture
def pool():
    for _ in range(3):
        factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()
    return Pool.objects.get(slug="live")


def logged():
    return [(row.who, row.kind, row.name, row.after) for row in AuditEntry.objects.order_by("pk")]


def verify(slug):
    """Start the verification of a pool, and wait for its thread."""
    before = AuditEntry.objects.count()
    tasks.verify(slug, "operator")
    assert eventually(lambda: AuditEntry.objects.count() > before)


def press(admin, pool, action):
    return admin.post(POOLS, {"action": action, "_selected_action": [pool.pk]}, follow=True).content.decode()


@pytest.mark.django_db
def test_recompute_publishes_and_is_logged(pool):
    before = Snapshot.objects.count()
    tasks.recompute("live", "operator", from_scratch=True)
    assert Snapshot.objects.count() > before
    [(who, kind, name, after)] = logged()
    assert (who, kind, name) == ("operator", "recomputed", pool.name)
    assert after["boards"] == Snapshot.objects.count() - before


@pytest.mark.django_db(transaction=True)
def test_verify_says_what_it_found(pool):
    verify("live")
    Tally.objects.update(wins=7)
    verify("live")
    good, bad = (row[3] for row in logged())
    assert good["matches"] is True
    assert "verified 2 tallies in 1 pool against the votes" in good["result"]
    assert bad["matches"] is False
    assert "the tally has 7 wins, but the votes add up to 3" in bad["result"]


@pytest.mark.django_db(transaction=True)
def test_boards_do_not_wait_while_votes_are_verified(pool, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def compare(pool):
        begun.set()
        go_on.wait(30)
        return {}

    monkeypatch.setattr(tasks, "_compare_with_votes", compare)
    tasks.verify("live", "operator")
    assert begun.wait(30)
    factories.cast(factories.model("x"), factories.model("y"))

    assert board_refresh.refresh()
    assert logged() == []
    go_on.set()
    assert eventually(logged)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "kind", "options"),
    [
        ("recompute", "asked to recompute", {"from_scratch": False}),
        ("recompute_from_scratch", "asked to recompute", {"from_scratch": True}),
        ("verify", "asked to verify", {}),
    ],
)
def test_actions_ask_the_worker_and_are_logged(admin, pool, valkey, action, kind, options):
    valkey.delete("ratings")
    assert "The tasks are queued." in press(admin, pool, action)
    assert logged() == [("operator", kind, pool.name, options)]
    (message,) = map(orjson.loads, valkey.lrange("ratings", 0, -1))
    assert message["headers"]["task"] in current_app.tasks


@pytest.mark.django_db
def test_actions_say_when_the_broker_is_away(admin, pool, celery_without_broker):
    assert "The broker is unavailable" in press(admin, pool, "verify")
    assert logged() == []


@pytest.mark.django_db(transaction=True)
def test_pool_without_votes_of_its_own_has_none_to_verify():
    factories.pool("theirs", kind=Pool.Kind.REFERENCE)
    verify("theirs")
    assert logged() == [("operator", "verified", "theirs", {"result": "a reference pool has no votes to verify"})]


@pytest.mark.django_db
def test_actions_on_boards_are_for_their_pools_once(admin, pool):
    chosen = [board.pk for board in Board.objects.all()]
    page = admin.post(BOARDS, {"action": "verify", "_selected_action": chosen}, follow=True).content.decode()
    assert "The tasks are queued." in page
    assert [row[2] for row in logged()] == [pool.name]


@pytest.mark.django_db
def test_who_may_only_look_asks_for_nothing(client, pool):
    watcher = User.objects.create_user("watcher", is_staff=True)
    watcher.user_permissions.add(Permission.objects.get(codename="view_board"))
    client.force_login(watcher)
    assert 'value="recompute"' not in client.get(BOARDS).content.decode()
    client.post(BOARDS, {"action": "recompute", "_selected_action": [Board.objects.first().pk]})
    assert logged() == []


@pytest.mark.django_db
def test_board_tells_its_votes_and_leads_to_its_ranking(admin, pool):
    board = Board.objects.get(category__slug="exclude-ties")
    assert str(board) == f"{pool.name} · {board.category.name}"
    assert str(Board(pool=pool, category=board.category, style_control=True)) == f"{board} · style control"
    assert str(board) in admin.get(BOARDS).content.decode()
    page = admin.get(f"{BOARDS}{board.pk}/change/")
    text = " ".join(page.content.decode().split())
    assert 'href="/leaderboard/?category=exclude-ties"' in text
    assert '<div class="readonly">3</div>' in text
    assert re.search(r'<div class="readonly">[A-Z][a-z]+ \d+, \d{4}, [\d:]{8} UTC</div>', text)
    assert admin.get("/leaderboard/?category=exclude-ties").status_code == 200


@pytest.mark.django_db
def test_name_of_a_pool_may_be_changed_and_nothing_that_its_boards_depend_on(admin, pool):
    editable = {"name": "Ours", "provenance": "", "visibility": "everyone", "paced": "on"}
    fixed = {"slug": "z", "kind": "import", "ordered": "", "owner": "", "revision": 0}
    answer = admin.post(f"{POOLS}{pool.pk}/change/", editable | fixed)
    assert answer.status_code == 302
    changed = Pool.objects.get(pk=pool.pk)
    assert (changed.kind, changed.ordered) == ("live", True)
    assert (changed.name, changed.slug, changed.counts.revision) == ("Ours", "live", pool.counts.revision)
    assert [row[1] for row in logged()] == ["changed"]


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "visibility", "viewers"), [("ours", "invited", 1), ("live", "everyone", 0)])
def test_operator_decides_who_sees_a_pool_that_is_not_built_in(admin, slug, visibility, viewers):
    pool, viewer = factories.pool(slug), User.objects.create(username="viewer")
    if slug == "ours":
        Pool.objects.filter(pk=pool.pk).update(kind=Pool.Kind.IMPORT)
    fields = {"name": "Ours", "provenance": "", "visibility": "invited", "viewers": [viewer.pk], "paced": "on"}
    assert admin.post(f"{POOLS}{pool.pk}/change/", fields).status_code == 302
    changed = Pool.objects.get(pk=pool.pk)
    assert (changed.name, changed.visibility, changed.viewers.count()) == ("Ours", visibility, viewers)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["battle", "vote"])
def test_exclusion_of_a_network_is_applied_by_the_worker_and_can_be_withdrawn(admin_client, pool, name):
    battle = factories.battle(network="a" * 64)
    vote = factories.cast(factories.model("x"), factories.model("y"), "b", battle=battle)
    form = {"pool": pool.pk, name: {"battle": battle, "vote": vote}[name].pk, "reason": "a script"}
    admin_client.post("/admin/ratings/exclusion/add/", form | EMPTY_TIMES)
    exclusion = Exclusion.objects.get()
    tasks.apply_exclusions()
    exclusion.refresh_from_db()
    applied = (exclusion.created_by, exclusion.network, exclusion.votes, exclusion.is_in_force)
    selected = {"action": "withdraw", "_selected_action": [exclusion.pk]}
    page = admin_client.post("/admin/ratings/exclusion/", selected, follow=True).content.decode()
    tasks.apply_exclusions()
    exclusion.refresh_from_db()

    assert applied == ("admin", "a" * 64, [vote.pk], True)
    assert "count again" in page
    assert (exclusion.is_in_force, exclusion.votes) == (False, [vote.pk])
    assert {row.kind for row in AuditEntry.objects.all()} >= {"added", "withdrawn"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "Set a voter, a battle, a vote, a start, or an end."),
        ({"vote": "7"}, "There is no such vote, or its network is no longer stored"),
        ({"battle": "00000000-0000-4000-8000-000000000001"}, "its network is no longer stored"),
        ({"voter": "nobody"}, "valid UUID"),
        ({"start_0": "2026-03-02", "start_1": "00:00", "end_0": "2026-03-01", "end_1": "00:00"}, "after the start"),
    ],
)
def test_exclusion_without_a_valid_condition_is_refused(admin_client, pool, fields, problem):
    form = {"pool": pool.pk, "reason": "a script"} | EMPTY_TIMES | fields
    page = admin_client.post("/admin/ratings/exclusion/add/", form).content.decode()

    assert problem in page
    assert not Exclusion.objects.exists()


@pytest.mark.django_db
def test_alarm_leads_to_a_form_that_excludes_its_votes(admin_client, client, monkeypatch):
    pool, vote = factories.pool(), factories.vote(*factories.models(2), network="a" * 64)
    since = timezone.now() - timedelta(days=1)
    found = [Alarm("Model <X>", 200, 150, 12.4, since, vote=vote.pk)]
    monkeypatch.setattr(alarms, "find_alarms", lambda: found)
    overview.find_cached_alarms.cache_clear()

    page = admin_client.get("/admin/").content.decode()
    assert "Unusually many votes from one network on Model &lt;X&gt;" in page
    assert "150 of 200 votes, 12 expected" in page
    [url] = re.findall(r'href="(/admin/ratings/exclusion/add/[^"]*)"', page)[:1]
    fields = admin_client.get(unescape(url)).context["adminform"].form.initial
    assert (fields["pool"], fields["vote"]) == (str(pool.pk), str(vote.pk))
    assert fields["start"] == since.replace(microsecond=0)
    assert "Unusual" not in "".join(client.get(path).content.decode() for path in ("/", "/leaderboard/", "/method/"))


@pytest.mark.django_db
@pytest.mark.parametrize("start", ["", "?start=soon", "?start=2026-03-01T00:00:00%2B00:00"])
def test_exclusion_form_opens_with_any_start(admin_client, start):
    page = admin_client.get(f"/admin/ratings/exclusion/add/{start}").content.decode()

    assert ('value="2026-03-01"' in page) == start.endswith("00:00")


@pytest.mark.django_db
def test_alarms_are_only_for_operators_who_may_exclude_votes(admin_client, client):
    assert "Unusual votes in the last 24 hours" in admin_client.get("/admin/").content.decode()
    staff = User.objects.create_user("eve", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_board"))
    client.force_login(staff)
    assert "Unusual votes" not in client.get("/admin/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("failed_at", "is_problem"), [(None, False), (timezone.now(), True)])
def test_outdated_boards_are_a_problem_only_after_a_failed_fit(pool, failed_at, is_problem):
    Board.objects.update(behind=True, failed_at=failed_at)

    figure = overview.build_board_tile().figures[-1]

    assert (figure.label, figure.value) == ("Outdated boards", str(Board.objects.count()))
    assert figure.is_problem is is_problem
