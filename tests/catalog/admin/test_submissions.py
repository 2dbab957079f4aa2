"""Submissions in the admin: preview, decision, and log."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.benchmarks.rankings import save_benchmarks
from catalog.importers import submissions
from catalog.matching import seed_files
from catalog.models import Benchmark, LanguageModel, Score, Submission
from core.models import AuditEntry
from tests import factories
from tests.catalog import score_files
from tests.catalog.importers.test_proposal_form import GOOD

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/submission/"


def scores(**changes):
    return submissions.submit_content(
        uuid4(), submissions.parse_score_file(score_files.lm_eval(**changes)), [uuid4().hex]
    )


def proposal(**changes):
    return submissions.submit_content(uuid4(), submissions.build_proposal(GOOD | changes), ["here"])


def decide(client, submission, decision, note=""):
    return client.post(f"{LIST}{submission.pk}/decide/", {"decision": decision, "note": note}, follow=True)


def test_list_shows_those_that_wait_unless_others_are_asked_for(admin):
    proposal(model="Waits 1B")
    submissions.refuse_submission(proposal(model="Refused 1B").pk, "x")
    for query, waits, refused in (("", True, False), ("?state=refused", False, True), ("?state=all", True, True)):
        text = admin.get(f"{LIST}{query}").content.decode()
        assert ("Waits 1B" in text, "Refused 1B" in text) == (waits, refused)


def test_file_is_shown_beside_what_is_there(admin):
    save_benchmarks(seed_files.read_tables("benchmarks.toml", "benchmark"))
    model = factories.model("model-7b", name="Model 7B")
    Score.objects.create(
        model=model,
        benchmark=Benchmark.objects.get(slug="mmlu"),
        task="m",
        metric="acc",
        value=0.71,
        measured_by="us",
        run="r",
    )
    results = score_files.LM_EVAL["results"] | {"own-test": {"acc,none": 0.25}}
    submission = scores(results=results, config={"limit": 9, "model_args": "pretrained=maker/Model-7B"})
    text = " ".join(admin.get(f"{LIST}{submission.pk}/change/").content.decode().split())
    new = "New benchmarks: <strong>own-test"
    for words in ("Its scores would be added to Model 7B (model-7b)", new, "0.7100 (us)", "limited run"):
        assert words in text
    assert Score.objects.count() == 1


def test_proposal_is_shown_with_what_else_would_be_new(admin):
    factories.license("MIT")
    text = admin.get(f"{LIST}{proposal(why='<b>Because</b>').pk}/change/").content.decode()
    assert "New organizations or licenses: <strong>Third Lab</strong>" in " ".join(text.split())
    assert "&lt;b&gt;Because&lt;/b&gt;" in text


def test_accepting_imports_and_is_logged(admin):
    submission = scores()
    assert "accepted." in decide(admin, submission, "accept", "Thanks").content.decode()
    assert Score.objects.filter(submitted=True).count() == 3
    submission.refresh_from_db()
    assert (submission.state, submission.decided_by, submission.note) == ("accepted", "operator", "Thanks")
    change = AuditEntry.objects.get(what="catalog.submission")
    assert {row.what for row in AuditEntry.objects.exclude(pk=change.pk)} == {"catalog.benchmark"}
    assert (change.kind, change.what, change.after["note"]) == ("accepted", "catalog.submission", "Thanks")


def test_refusing_leaves_nothing_and_is_logged(admin):
    submission = scores()
    assert "refused." in decide(admin, submission, "refuse", "No").content.decode()
    assert not Score.objects.exists()
    assert not LanguageModel.objects.exists()
    assert AuditEntry.objects.get().kind == "refused"
    assert "Earlier submissions of the same file" in admin.get(f"{LIST}{scores().pk}/change/").content.decode()


def test_second_decision_is_told(admin):
    submission = proposal()
    decide(admin, submission, "accept")
    assert "This submission has already been reviewed." in decide(admin, submission, "refuse").content.decode()
    assert Submission.objects.get().state == "accepted"


@pytest.mark.parametrize(("decision", "note"), [("accept", "x" * 501), ("refuse", "a\x00b")])
def test_note_that_cannot_be_kept_decides_nothing(admin, decision, note):
    submission = proposal()
    assert (
        "The note is too long or contains invalid characters."
        in decide(admin, submission, decision, note).content.decode()
    )
    submission.refresh_from_db()
    assert submission.state == "pending"


@pytest.mark.parametrize("decision", ["", "delete"])
def test_other_decisions_do_not_exist(admin, decision):
    assert decide(admin, proposal(), decision).status_code == 405


def test_only_who_may_decide_does(client):
    submission = proposal()
    bob = User.objects.create_user("bob", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename="view_submission"))
    client.force_login(bob)
    assert 'value="accept"' not in client.get(f"{LIST}{submission.pk}/change/").content.decode()
    assert decide(client, submission, "accept").status_code == 403
    assert not LanguageModel.objects.exists()


def test_many_are_refused_at_once(admin):
    keys = [proposal(model=f"m{number}").pk for number in range(3)]
    admin.post(LIST, {"action": "refuse_all", "_selected_action": keys})
    assert set(Submission.objects.values_list("state", flat=True)) == {"refused"}
    assert AuditEntry.objects.count() == 3


def test_list_and_page_ask_as_often_for_many_as_for_few(admin):
    query_counts = []
    for number in range(60):
        last = scores(model_name=f"m{number}", results={f"t{task}": {"acc,none": 1} for task in range(number + 1)})
        if number in (9, 59):
            with CaptureQueriesContext(connection) as queries:
                assert admin.get(LIST).status_code == 200
                assert admin.get(f"{LIST}{last.pk}/change/").status_code == 200
            query_counts.append(len(queries))
    assert query_counts[0] == query_counts[1]
