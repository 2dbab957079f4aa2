"""Visitors' submissions: parsed when sent, stored until a decision, and then imported or discarded."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from catalog.benchmarks.rankings import save_benchmarks
from catalog.importers import submissions
from catalog.importers.scores import import_scores, preview_scores
from catalog.matching import seed_files
from catalog.models import Benchmark, Fact, LanguageModel, License, Organization, Score, Submission
from core.http.errors import RequestError
from tests import factories
from tests.catalog import score_files
from tests.catalog.importers.test_proposal_form import GOOD
from tests.races import at_once

pytestmark = pytest.mark.django_db
ME = uuid4()


@pytest.fixture
def benchmarks():
    save_benchmarks(seed_files.read_tables("benchmarks.toml", "benchmark"))


@pytest.fixture
def limit(monkeypatch):
    """Return a function that changes limits of the module."""

    def change(**maximums):
        for name, maximum in maximums.items():
            monkeypatch.setattr(submissions, name, maximum)

    return change


def send_file(content=None, voter=ME, network="here"):
    return submissions.submit_content(voter, submissions.parse_score_file(content or score_files.lm_eval()), [network])


def send_proposal(voter=ME, network="here", **changes):
    return submissions.submit_content(voter, submissions.build_proposal(GOOD | changes), [network])


def count_rows():
    return [kind.objects.count() for kind in (Score, LanguageModel, Benchmark, Organization, License, Fact)]


def test_file_is_understood_and_nothing_of_it_used(benchmarks):
    before = count_rows()
    submission = send_file()
    assert (submission.kind, submission.state, submission.voter) == ("scores", "pending", ME)
    assert submission.summary == {"model": "maker/Model-7B", "scores": 3, "benchmarks": 2, "limited": 0}
    assert send_proposal().summary == GOOD
    assert count_rows() == before


def test_accepted_file_is_imported_and_says_where_it_came_from(benchmarks):
    known = factories.model("model-7b")
    submission = submissions.accept_submission(send_file().pk, "operator", "Thank you.")
    assert (submission.state, submission.decided_by, submission.note) == ("accepted", "operator", "Thank you.")
    scores = list(known.scores.all())
    assert len(scores) == 3
    assert {(score.measured_by, score.source, score.submitted) for score in scores} == {
        ("community submission", f"community submission {submission.pk}", True)
    }
    assert {score.run for score in scores} == {submission.digest}


def test_refused_file_leaves_nothing(benchmarks):
    before = count_rows()
    submission = submissions.refuse_submission(send_file().pk, "operator", "Which machine?")
    assert count_rows() == before
    submission.refresh_from_db()
    rows = submissions.load_score_rows(submission)
    assert (submission.state, bytes(submission.payload), rows) == ("refused", b"", [])


def test_accepted_proposal_is_a_model_with_its_source():
    submission = submissions.accept_submission(send_proposal().pk, "operator")
    model = LanguageModel.objects.get(slug="third-7b")
    told = (model.name, model.organization.name, model.license.name, model.open_weights)
    assert told == ("Third 7B", "Third Lab", "MIT", True)
    source = f"community submission {submission.pk} https://example.com/third"
    assert {fact.source for fact in model.facts.all()} == {source}


def test_proposal_without_weights_and_license_claims_neither():
    submissions.accept_submission(send_proposal(weights="", license="").pk, "operator")
    model = LanguageModel.objects.get()
    assert (model.open_weights, model.license) == (None, None)
    assert [fact.field for fact in model.facts.all()] == ["organization"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "line 1: invalid JSON"),
        (score_files.lm_eval(results={}), "results: this file contains no task results"),
        (b" " * (submissions.MAX_FILE_BYTES + 1), "larger than 1 MB"),
        (score_files.lm_eval(results={f"t{n}": {"acc,none": 1} for n in range(2001)}), "more than 2,000 scores"),
        (score_files.lm_eval(date=(now() + timedelta(days=3)).timestamp()), "date is in the future"),
        (score_files.lm_eval(results={"t": {"acc,none": 1e300}}), "t: the score or its standard error is out of range"),
        (
            score_files.lm_eval(results={"t": {"acc,none": 1, "acc_stderr,none": -1}}),
            "t: the score or its standard error is out of range",
        ),
        (score_files.lm_eval(results={"t\ud800": 3}), "results.t� must be"),
    ],
)
def test_broken_files_are_refused_whole(content, why):
    with pytest.raises(ValueError, match=why) as caught:
        send_file(content)
    assert len(str(caught.value)) <= submissions.MAX_ERROR_LENGTH
    assert str(caught.value).isprintable()
    assert not Submission.objects.exists()


def test_same_is_not_taken_twice(benchmarks):
    send_file()
    send_proposal()
    for again in (lambda: send_file(voter=uuid4()), lambda: send_proposal(uuid4(), model="THIRD 7B", why="Please.")):
        with pytest.raises(RequestError, match="is waiting for review"):
            again()
    assert Submission.objects.count() == 2


def test_what_the_catalog_has_is_not_taken(benchmarks):
    submissions.accept_submission(send_file().pk, "operator")
    with pytest.raises(RequestError, match="already has the scores"):
        send_file()
    factories.model("third-7b", name="Third 7B")
    for name in ("Third 7B", "third-7B", "lab/Third-7B"):
        with pytest.raises(RequestError, match="already has this model"):
            send_proposal(model=name)


def test_model_of_a_name_that_two_have_is_known():
    """Otherwise, accepting the proposal would replace file claims about the older model."""
    factories.model("a", name="Third 7B")
    factories.model("b", name="Third 7B")
    with pytest.raises(RequestError):
        send_proposal()


def test_what_was_refused_may_be_sent_again_and_the_operator_sees_that():
    first = submissions.refuse_submission(send_file().pk, "operator", "No.")
    assert [earlier.note for earlier in submissions.list_earlier_submissions(send_file())] == ["No."]
    assert first.pk != Submission.objects.get(state="pending").pk


def test_so_many_of_one_wait_and_no_more(limit):
    limit(MAX_PER_VOTER=2, MAX_PENDING=3)
    first = send_proposal(model="a")
    send_proposal(model="b")
    with pytest.raises(RequestError, match="2 of your submissions"):
        send_proposal(model="c")
    send_proposal(uuid4(), model="c")
    limit(MAX_PER_NETWORK=3)
    with pytest.raises(RequestError, match="3 submissions from people on your network"):
        send_proposal(uuid4(), model="d")
    limit(MAX_PER_NETWORK=4)
    with pytest.raises(RequestError, match="Too many"):
        send_proposal(uuid4(), model="d")
    submissions.refuse_submission(first.pk, "operator")
    assert send_proposal(model="d")


def test_full_queue_makes_room_for_whoever_is_not_from_its_largest_network(limit):
    """Otherwise, two addresses could block the queue permanently."""
    limit(MAX_PENDING=6)
    early = send_proposal(uuid4(), "small", model="early")
    for number in range(5):
        send_proposal(uuid4(), "flood", model=f"flood {number}")

    honest = send_proposal(uuid4(), "honest", model="honest")
    with pytest.raises(RequestError, match="Too many"):
        send_proposal(uuid4(), "flood", model="one more")

    assert {early, honest} <= set(Submission.objects.all())
    assert Submission.objects.count() == 6
    assert not Submission.objects.filter(summary__model="flood 4").exists()  # the newest one


def test_what_nobody_decides_goes_after_a_while():
    old, new, decided = send_proposal(model="a"), send_proposal(model="b"), send_proposal(model="c")
    submissions.refuse_submission(decided.pk, "operator")
    Submission.objects.exclude(pk=new.pk).update(created_at=now() - timedelta(days=31))

    assert submissions.expire_submissions(timedelta(days=30)) == 1
    assert set(Submission.objects.all()) == {new, decided}
    assert not Submission.objects.filter(pk=old.pk).exists()


def test_network_is_kept_no_longer_than_it_waits():
    assert send_file(network="there").network == "there"
    assert submissions.refuse_submission(sent_again := send_proposal().pk, "operator").network == ""
    assert Submission.objects.get(pk=sent_again).network == ""


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_more_than_may_wait(limit):
    limit(MAX_PER_VOTER=3)

    def send(number):
        try:
            send_proposal(model=f"m{number % 5}")
        except RequestError:
            return

    at_once(10, send)
    assert Submission.objects.count() == 3


def test_database_itself_keeps_one_of_the_same_waiting():
    submission = send_proposal()
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(kind="model", digest=submission.digest, summary={})


@pytest.mark.parametrize("first", [submissions.accept_submission, submissions.refuse_submission])
@pytest.mark.parametrize("second", [submissions.accept_submission, submissions.refuse_submission])
def test_decision_is_made_once(benchmarks, first, second):
    submission = send_file()
    first(submission.pk, "one")
    before = count_rows()
    with pytest.raises(RequestError):
        second(submission.pk, "two")
    assert count_rows() == before
    assert Submission.objects.get().decided_by == "one"


def test_file_that_came_by_another_way_meanwhile_is_not_imported_again(benchmarks):
    submission = send_file()
    import_scores(submissions.load_score_rows(submission), submission.digest)
    before = count_rows()
    with pytest.raises(RequestError):
        submissions.accept_submission(submission.pk, "operator")
    assert count_rows() == before
    assert Submission.objects.get().state == "pending"


def test_login_moves_and_deletion_takes_back(benchmarks):
    other = uuid4()
    decided = submissions.accept_submission(send_file().pk, "operator")
    waiting = send_proposal()
    submissions.move_submissions(ME, other)
    assert set(Submission.objects.values_list("voter", flat=True)) == {other}
    submissions.withdraw_submissions(other)
    decided.refresh_from_db()
    assert decided.voter is None
    assert not Submission.objects.filter(pk=waiting.pk).exists()


def test_preview_says_where_scores_would_go_and_changes_nothing(benchmarks, django_assert_max_num_queries):
    known = factories.model("model-7b")
    mmlu = Benchmark.objects.get(slug="mmlu")
    there = Score.objects.create(
        model=known, benchmark=mmlu, task="mmlu", metric="acc", value=0.7, measured_by="us", source="s", run="r"
    )
    results = dict(score_files.LM_EVAL["results"]) | {"my-own": {"acc,none": 0.5}}
    submission = send_file(score_files.lm_eval(results=results))
    before = count_rows()
    with django_assert_max_num_queries(6):
        previews = {preview.row.task: preview for preview in preview_scores(submissions.load_score_rows(submission))}
    assert count_rows() == before
    assert {preview.model for preview in previews.values()} == {known}
    assert (previews["mmlu"].benchmark, previews["mmlu"].existing) == (mmlu, (there,))
    assert (previews["my-own"].benchmark, previews["my-own"].existing) == (None, ())


def test_largest_file_is_read_quickly():
    """A web process parses the file when it is sent and when its page is opened."""
    results = {f"t{number}": {"acc,none": 1} for number in range(submissions.MAX_SCORES)}
    configs = {f"c{number}": {"description": "x" * 1000} for number in range(850)}
    content = score_files.lm_eval(results=results, configs=configs)
    assert 0.9 < len(content) / submissions.MAX_FILE_BYTES < 1
    started = time.process_time()
    submission = send_file(content)
    assert len(submissions.load_score_rows(submission)) == submissions.MAX_SCORES
    assert time.process_time() - started < 1
    assert len(submission.payload) < len(content) / 20
