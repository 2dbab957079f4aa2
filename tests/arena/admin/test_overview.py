"""The overview on the admin index page."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from arena.admin.overview import _build_bar
from arena.models import Battle, Contestant, Endpoint, EndpointCall
from catalog.models import Submission
from core.models import AuditEntry
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


def read_figures(client):
    """Return {label: (value, is_problem)} of all tiles."""
    page = client.get("/admin/").content.decode()
    rows = re.findall(r"<div( class=\"problem\")?><dt>(.*?)</dt><dd>(?:<a [^>]*>)?(.*?)(?:</a>)?</dd>", page)
    return {unescape(label): (unescape(value), bool(problem)) for problem, label, value in rows}


def read_steps(client):
    page = client.get("/admin/").content.decode().partition("actionlist")[0]
    return re.findall(r"<li>(✓)? ?<(?:s|a href=\"[^\"]*\")>(.*?)</", page)


def test_activity_counts_a_week(admin):
    for age, state in ((0, "voted"), (0, "ready"), (6, "voted"), (7, "voted")):
        battle = factories.battle(state, network="n")
        Battle.objects.filter(pk=battle.pk).update(created_at=timezone.now() - timedelta(days=age))

    figures = read_figures(admin)

    assert figures["Votes today (UTC)"] == ("1", False)
    assert figures["Votes in the last 7 days"] == ("2", False)
    assert figures["Battles today (UTC)"] == ("2", False)
    assert figures["Battles in the last 7 days"] == ("3", False)


def test_activity_is_drawn_as_votes_per_day(admin):
    for age in (0, 0, 2, 9):
        battle = factories.battle("voted", network="n")
        Battle.objects.filter(pk=battle.pk).update(created_at=timezone.now() - timedelta(days=age))

    page = admin.get("/admin/").content.decode()

    bars = re.findall(r"<li><span>(\d+)</span><svg .*?M.5 100V(\d+)\"", page)
    assert bars == [*[("0", "100")] * 4, ("1", "50"), ("0", "100"), ("2", "0")]
    assert "Votes per day (UTC)" in page


def test_day_with_a_single_vote_has_a_bar():
    assert [_build_bar(timezone.now().date(), votes, 1000).top for votes in (0, 1, 500, 1000)] == [100, 99, 50, 0]


def test_endpoints_that_fail_are_named(admin):
    assert read_figures(admin)["Failing"] == ("0", False)
    good, down, off = (common.model(slug, name=slug.title()) for slug in ("good", "down", "off"))
    weak = common.model("weak", name="Weak")
    common.endpoint(good)
    common.endpoint(weak, fails_in_battles=True)
    common.endpoint(down, failed_probes=9)
    common.endpoint(off, failed_probes=9, enabled=False)
    answering = Endpoint.objects.get(contestants__model=good)
    pool = common.pool("team", kind="import")
    Contestant.objects.create(slug="own", name="Own", pool=pool, endpoint=answering)  # is in no draw
    for failure, wait in (("", 0.5), ("", 1.5), ("timeout", None)):
        EndpointCall.objects.create(endpoint=answering, failure=failure, first_token_s=wait)

    figures = read_figures(admin)

    assert figures["Ready"] == ("2", False)
    assert figures["Failing"] == ("Down, Weak", True)
    assert figures["Failed calls in the last 24 hours"] == ("33.3%", True)
    assert figures["Mean time to first token"] == ("1.00 s", False)


def test_queue_and_boards_are_counted(admin):
    factories.battle("voted", shared_at=timezone.now(), review=Battle.Review.REPORTED)
    Submission.objects.create(kind="model", digest="x", summary={"model": "X"})

    figures = read_figures(admin)

    assert figures["Submissions"] == ("1", False)
    assert figures["Published battles"] == ("0", False)
    assert figures["Reported battles"] == ("1", True)
    assert figures["Last updated"] == ("none", False)
    assert figures["Outdated boards"] == ("0", False)


def test_first_steps_disappear_when_all_are_done(admin):
    labels = ["Add a model and its endpoint", "Test the endpoint", "Cast the first vote"]
    assert read_steps(admin) == [("", label) for label in labels]
    for slug in ("x", "y"):
        common.endpoint(common.model(slug))
    assert read_steps(admin) == [("✓", labels[0]), ("", labels[1]), ("", labels[2])]
    AuditEntry.objects.create(who="bob", kind="tested", what="arena.endpoint", key="1", name="x")
    assert read_steps(admin) == [("✓", labels[0]), ("✓", labels[1]), ("", labels[2])]
    factories.battle("voted")
    assert read_steps(admin) == []


def test_tiles_need_permissions(client):
    staff = User.objects.create_user("eve", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_vote"))
    client.force_login(staff)

    figures = read_figures(client)

    assert "Votes in the last 7 days" in figures
    assert "Failing" not in figures
    assert read_steps(client) == []
