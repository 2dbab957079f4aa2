"""What strangers send: read at once, kept apart, then imported as every file is, or thrown away."""

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
from tests import factories
from tests.catalog import score_files
from tests.catalog.importers.test_proposal_form import GOOD
from tests.races import at_once

pytestmark = pytest.mark.django_db
ME = uuid4()


@pytest.fixture
def benchmarks():
    save_benchmarks(seed_files.read_tables("benchmarks.toml", "benchmark"))


def sent(content=None, voter=ME, network="here"):
    return submissions.submit_content(voter, submissions.parse_score_file(content or score_files.lm_eval()), [network])


def proposed(voter=ME, network="here", **changes):
    return submissions.submit_content(voter, submissions.build_proposal(GOOD | changes), [network])


def catalogue():
    return [kind.objects.count() for kind in (Score, LanguageModel, Benchmark, Organization, License, Fact)]


def test_file_is_understood_and_nothing_of_it_used(benchmarks):
    before = catalogue()
    found = sent()
    assert (found.kind, found.state, found.voter) == ("scores", "pending", ME)
    assert found.said == {"model": "maker/Model-7B", "scores": 3, "benchmarks": 2, "limited": 0}
    assert proposed().said == GOOD
    assert catalogue() == before


def test_accepted_file_is_imported_and_says_where_it_came_from(benchmarks):
    known = factories.model("model-7b")
    found = submissions.accept_submission(sent().pk, "operator", "Thank you.")
    assert (found.state, found.decided_by, found.note) == ("accepted", "operator", "Thank you.")
    scores = list(known.scores.all())
    assert len(scores) == 3
    assert {(score.measured_by, score.source, score.submitted) for score in scores} == {
        ("community submission", f"community submission {found.pk}", True)
    }
    assert {score.run for score in scores} == {found.digest}


def test_refused_file_leaves_nothing(benchmarks):
    before = catalogue()
    found = submissions.refuse_submission(sent().pk, "operator", "Which machine?")
    assert catalogue() == before
    found.refresh_from_db()
    assert (found.state, bytes(found.payload), submissions.load_score_rows(found)) == ("refused", b"", [])


def test_accepted_proposal_is_a_model_with_its_source():
    found = submissions.accept_submission(proposed().pk, "operator")
    model = LanguageModel.objects.get(slug="third-7b")
    assert (model.name, model.organization.name, model.license.name, model.open_weights) == (
        "Third 7B",
        "Third Lab",
        "MIT",
        True,
    )
    assert {fact.source for fact in model.facts.all()} == {f"community submission {found.pk} https://example.com/third"}


def test_proposal_without_weights_and_license_claims_neither():
    submissions.accept_submission(proposed(weights="", license="").pk, "operator")
    model = LanguageModel.objects.get()
    assert (model.open_weights, model.license) == (None, None)
    assert [fact.field for fact in model.facts.all()] == ["organization"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "line 1: this is not JSON"),
        (score_files.lm_eval(results={}), "results: there are no tasks"),
        (b" " * (submissions.MAX_FILE_BYTES + 1), "larger than 5 MB"),
        (score_files.lm_eval(results={f"t{n}": {"acc,none": 1} for n in range(2001)}), "more than 2,000 scores"),
        (score_files.lm_eval(date=(now() + timedelta(days=3)).timestamp()), "date lies in the future"),
        (score_files.lm_eval(results={"t": {"acc,none": 1e300}}), "t: this is no score"),
        (score_files.lm_eval(results={"t": {"acc,none": 1, "acc_stderr,none": -1}}), "t: this is no score"),
        (score_files.lm_eval(results={"t\ud800": 3}), "results.t� must be"),
    ],
)
def test_broken_files_are_refused_whole(content, why):
    with pytest.raises(ValueError, match=why) as caught:
        sent(content)
    assert len(str(caught.value)) <= submissions.MAX_ERROR_LENGTH
    assert str(caught.value).isprintable()
    assert not Submission.objects.exists()


def test_error_does_not_quote_a_whole_file():
    with pytest.raises(ValueError, match=r"^results\.x+$"):
        sent(score_files.lm_eval(results={"x" * 100_000: 3}))


def test_same_is_not_taken_twice(benchmarks):
    sent()
    proposed()
    for again in (lambda: sent(voter=uuid4()), lambda: proposed(uuid4(), model="THIRD 7B", why="Please.")):
        with pytest.raises(submissions.DuplicateSubmission, match="waits for a decision"):
            again()
    assert Submission.objects.count() == 2


def test_what_the_catalogue_has_is_not_taken(benchmarks):
    submissions.accept_submission(sent().pk, "operator")
    with pytest.raises(submissions.DuplicateSubmission, match="in the catalogue already"):
        sent()
    factories.model("third-7b", name="Third 7B")
    for name in ("Third 7B", "third-7B", "lab/Third-7B"):
        with pytest.raises(submissions.DuplicateSubmission, match="has this model already"):
            proposed(model=name)


def test_model_of_a_name_that_two_have_is_known():
    """Else accepting the proposal would replace what files have said of the older one."""
    factories.model("a", name="Third 7B")
    factories.model("b", name="Third 7B")
    with pytest.raises(submissions.DuplicateSubmission):
        proposed()


def test_what_was_refused_may_be_sent_again_and_the_operator_sees_that():
    first = submissions.refuse_submission(sent().pk, "operator", "No.")
    assert [each.note for each in submissions.list_earlier_submissions(sent())] == ["No."]
    assert first.pk != Submission.objects.get(state="pending").pk


def test_so_many_of_one_wait_and_no_more(monkeypatch):
    monkeypatch.setattr(submissions, "MAX_PER_VOTER", 2)
    monkeypatch.setattr(submissions, "MAX_PENDING", 3)
    first = proposed(model="a")
    proposed(model="b")
    with pytest.raises(submissions.SubmissionQueueFull, match="2 of your submissions"):
        proposed(model="c")
    proposed(uuid4(), model="c")
    monkeypatch.setattr(submissions, "MAX_PER_NETWORK", 3)
    with pytest.raises(submissions.TooManySubmissions, match="3 submissions from your network"):
        proposed(uuid4(), model="d")
    monkeypatch.setattr(submissions, "MAX_PER_NETWORK", 4)
    with pytest.raises(submissions.SubmissionQueueFull, match="Too many"):
        proposed(uuid4(), model="d")
    submissions.refuse_submission(first.pk, "operator")
    assert proposed(model="d")


def test_full_queue_makes_room_for_whoever_is_not_from_its_largest_network(monkeypatch):
    """Two addresses could fill it for good before."""
    monkeypatch.setattr(submissions, "MAX_PENDING", 6)
    early = proposed(uuid4(), "small", model="early")
    for number in range(5):
        proposed(uuid4(), "flood", model=f"flood {number}")

    honest = proposed(uuid4(), "honest", model="honest")
    with pytest.raises(submissions.SubmissionQueueFull, match="Too many"):
        proposed(uuid4(), "flood", model="one more")

    assert {early, honest} <= set(Submission.objects.all())
    assert Submission.objects.count() == 6
    assert not Submission.objects.filter(said__model="flood 4").exists()  # the newest: it came last


def test_what_nobody_decides_goes_after_a_while():
    old, new, decided = proposed(model="a"), proposed(model="b"), proposed(model="c")
    submissions.refuse_submission(decided.pk, "operator")
    Submission.objects.exclude(pk=new.pk).update(created_at=now() - timedelta(days=31))

    assert submissions.expire_submissions(timedelta(days=30)) == 1
    assert set(Submission.objects.all()) == {new, decided}
    assert not Submission.objects.filter(pk=old.pk).exists()


def test_network_is_kept_no_longer_than_it_waits():
    assert sent(network="there").network == "there"
    assert submissions.refuse_submission(sent_again := proposed().pk, "operator").network == ""
    assert Submission.objects.get(pk=sent_again).network == ""


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_more_than_may_wait(monkeypatch):
    monkeypatch.setattr(submissions, "MAX_PER_VOTER", 3)

    def send(number):
        try:
            proposed(model=f"m{number % 5}")
        except (submissions.SubmissionQueueFull, submissions.DuplicateSubmission):
            return

    at_once(10, send)
    assert Submission.objects.count() == 3


def test_database_itself_keeps_one_of_the_same_waiting():
    found = proposed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(kind="model", digest=found.digest, said={})


@pytest.mark.parametrize("first", [submissions.accept_submission, submissions.refuse_submission])
@pytest.mark.parametrize("second", [submissions.accept_submission, submissions.refuse_submission])
def test_decision_is_made_once(benchmarks, first, second):
    found = sent()
    first(found.pk, "one")
    before = catalogue()
    with pytest.raises(submissions.AlreadyDecided):
        second(found.pk, "two")
    assert catalogue() == before
    assert Submission.objects.get().decided_by == "one"


def test_file_that_came_by_another_way_meanwhile_is_not_imported_again(benchmarks):
    found = sent()
    import_scores(submissions.load_score_rows(found), found.digest)
    before = catalogue()
    with pytest.raises(submissions.DuplicateSubmission):
        submissions.accept_submission(found.pk, "operator")
    assert catalogue() == before
    assert Submission.objects.get().state == "pending"


def test_login_moves_and_deletion_takes_back(benchmarks):
    other = uuid4()
    decided = submissions.accept_submission(sent().pk, "operator")
    waiting = proposed()
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
    found = sent(score_files.lm_eval(results=results))
    before = catalogue()
    with django_assert_max_num_queries(6):
        placed = {each.row.task: each for each in preview_scores(submissions.load_score_rows(found))}
    assert catalogue() == before
    assert {each.model for each in placed.values()} == {known}
    assert (placed["mmlu"].benchmark, placed["mmlu"].here) == (mmlu, (there,))
    assert (placed["my-own"].benchmark, placed["my-own"].here) == (None, ())


def test_largest_file_is_read_quickly():
    """A web process does it: a file of five megabytes takes no second of its time."""
    configs = {f"c{number}": {"description": "x" * 1000} for number in range(4_600)}
    content = score_files.lm_eval(configs=configs)
    begun = time.process_time()
    found = sent(content)
    assert time.process_time() - begun < 2
    assert len(found.payload) < len(content) / 20
