"""Visitors' submissions: score files and model proposals. They wait until an operator accepts or refuses them.

A score file is parsed on arrival. An accepted file is imported like any other score file (`catalog.importers.scores`),
with the submission as its source.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim, is_in_future
from catalog.importers import lm_eval
from catalog.importers.score_row import ScoreRow
from catalog.importers.scores import import_scores
from catalog.matching.resolver import ModelLookup, NamedModels
from catalog.models import Fact, Score, Submission
from core.http.errors import RequestError
from core.storage import fair_queue
from core.storage.advisory_locks import AdvisoryLock, acquire_lock

MAX_FILE_BYTES = 1_000_000  # a file with the limit of scores and the settings of their tasks has half of that
MAX_SCORES = 2_000
MAX_PER_VOTER = 10
MAX_PER_NETWORK = 20
MAX_PENDING = 200  # across all voters; each pending submission takes up to 1 MB
MAX_ERROR_LENGTH = 300
MAX_SCORE_VALUE = 1e12
COMMUNITY_SOURCE = "community submission"
RETRY_AFTER_S = 3600


@dataclass(frozen=True)
class SubmissionContent:
    """A submission's parsed content.

    `digest` is a SHA-256 in hex. `summary` describes the file, or contains the proposal's fields. `payload` is the
    compressed file, and is empty for a proposal.
    """

    kind: Submission.Kind
    digest: str
    summary: dict[str, Any]
    payload: bytes = b""


def parse_score_file(content: bytes) -> SubmissionContent:
    """Parse a result file from lm-evaluation-harness. Raises ValueError with the location of the error."""
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(_("The file is larger than %(most)s MB.") % {"most": MAX_FILE_BYTES // 10**6})
    rows = _parse_rows(content)
    for row in rows:
        if abs(row.value) > MAX_SCORE_VALUE or not 0 <= (row.stderr or 0) <= MAX_SCORE_VALUE:
            raise ValueError(_("%(task)s: the score or its standard error is out of range") % {"task": row.task})
    if any(row.date and is_in_future(row.date) for row in rows):
        raise ValueError(_("date is in the future"))
    summary = {
        "model": rows[0].model,
        "scores": len(rows),
        "benchmarks": len({row.benchmark_names for row in rows}),
        "limited": sum(row.limited for row in rows),
    }
    return SubmissionContent(Submission.Kind.SCORES, sha256(content).hexdigest(), summary, zlib.compress(content))


def _parse_rows(content: bytes) -> list[ScoreRow]:
    """Return the scores in the file. Error messages, which can quote the file, are made printable and truncated."""
    try:
        return lm_eval.parse_scores(content, COMMUNITY_SOURCE, MAX_SCORES)
    except ValueError as error:
        message = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(error))
        raise ValueError(message[:MAX_ERROR_LENGTH]) from None


def build_proposal(fields: Mapping[str, str]) -> SubmissionContent:
    """Build the content of a proposal from the cleaned data of `catalog.importers.proposal_form.ProposalForm`."""
    name = fields["model"].lower()
    digest = sha256(f"model {name}".encode()).hexdigest()
    return SubmissionContent(Submission.Kind.MODEL, digest, dict(fields))


@transaction.atomic
def submit_content(voter: UUID, content: SubmissionContent, networks: Sequence[str]) -> Submission:
    """Store the content for an operator to review.

    If the queue is full, the newest submission from the network with the most pending submissions is deleted.
    `networks` contains the hashes of the sender's network, of which only the first is stored. Raises RequestError: 409
    for a duplicate, 429 if too many of the sender's submissions are pending, and 503 if the queue is full.
    """
    acquire_lock(AdvisoryLock.SUBMISSIONS)  # simultaneous submissions must not exceed the limits
    pending = Submission.objects.filter(state=Submission.State.PENDING)
    if pending.filter(digest=content.digest).exists():
        raise RequestError("already_sent", _("This has already been submitted and is waiting for review."), 409)
    _check_is_new(content)
    _check_quotas(pending, voter, networks)
    _make_room(pending, networks)
    submission = Submission.objects.create(voter=voter, network=networks[0], **vars(content))
    submission.refresh_from_db()  # the database sets `created_at`
    return submission


def _check_quotas(pending: QuerySet[Submission], voter: UUID, networks: Sequence[str]) -> None:
    """Raise RequestError 429 if too many submissions from the voter or one of the networks are pending."""
    detail = ""
    if pending.filter(voter=voter).count() >= MAX_PER_VOTER:
        detail = _("%(most)s of your submissions are waiting for review. Try again after one has been reviewed.")
        detail %= {"most": MAX_PER_VOTER}
    elif pending.filter(network__in=networks).count() >= MAX_PER_NETWORK:
        detail = _(
            "%(most)s submissions from people on your network are waiting for review. Try again after one has been"
            " reviewed."
        )
        detail %= {"most": MAX_PER_NETWORK}
    if detail:
        raise RequestError("too_many_waiting", detail, 429, retry_after=RETRY_AFTER_S)


def _make_room(pending: QuerySet[Submission], networks: Sequence[str]) -> None:
    """Delete a submission if the queue is full. Raises RequestError 503 if none can be deleted."""
    if pending.count() < MAX_PENDING:
        return
    evicted = fair_queue.choose_row_to_evict(pending.defer("payload"), "network", "created_at", networks)
    if evicted is None:
        detail = _("Too many submissions are waiting for review. Try again later.")
        raise RequestError("too_many_waiting", detail, 503, retry_after=RETRY_AFTER_S)
    evicted.delete()


def expire_submissions(max_age: timedelta) -> int:
    """Delete submissions that have been pending for longer than `max_age`. Return the number of deleted submissions."""
    return Submission.objects.filter(state=Submission.State.PENDING, created_at__lte=now() - max_age).delete()[0]


def _check_is_new(content: SubmissionContent) -> None:
    """Raise RequestError 409 if the catalog already has this content."""
    if content.kind == Submission.Kind.SCORES and Score.objects.filter(run=content.digest).exists():
        raise RequestError("already_sent", _("The catalog already has the scores from this file."), 409)
    if content.kind == Submission.Kind.MODEL and ModelLookup().find(content.summary["model"]) is not None:
        raise RequestError("already_sent", _("The catalog already has this model."), 409)


def load_score_rows(submission: Submission) -> list[ScoreRow]:
    """Return the scores in the submitted file, as an import would store them.

    The list is empty if the submission has no file, which is the case for proposals and refused submissions.
    """
    if not submission.payload:
        return []
    source = f"{COMMUNITY_SOURCE} {submission.pk}"
    rows = lm_eval.parse_scores(zlib.decompress(submission.payload), source)
    return [replace(row, measured_by=COMMUNITY_SOURCE, submitted=True) for row in rows]


@transaction.atomic
def accept_submission(submission_id: UUID, operator: str, note: str = "") -> Submission:
    """Import a submission into the catalog.

    Raises RequestError 409 if it has been reviewed, or if the catalog has received the same content in the meantime.
    """
    submission = _lock_pending(submission_id)
    _check_is_new(SubmissionContent(Submission.Kind(submission.kind), submission.digest, submission.summary))
    if submission.kind == Submission.Kind.SCORES:
        import_scores(load_score_rows(submission), submission.digest)
    else:
        _add_model(submission)
    return _save_decision(submission, Submission.State.ACCEPTED, operator, note)


@transaction.atomic
def refuse_submission(submission_id: UUID, operator: str, note: str = "") -> Submission:
    """Refuse a submission and delete its file. Raises RequestError 409 if it has been reviewed."""
    submission = _lock_pending(submission_id)
    submission.payload = b""
    return _save_decision(submission, Submission.State.REFUSED, operator, note)


def _lock_pending(submission_id: UUID) -> Submission:
    submission = Submission.objects.select_for_update().filter(pk=submission_id, state=Submission.State.PENDING).first()
    if submission is None:
        raise RequestError("already_decided", _("This submission has already been reviewed."), 409)
    return submission


def _save_decision(submission: Submission, state: Submission.State, operator: str, note: str) -> Submission:
    submission.state = state
    submission.decided_by = operator
    submission.decided_at = now()
    submission.note = note
    submission.network = ""
    submission.save()
    return submission


def _add_model(submission: Submission) -> None:
    """Create a model without an endpoint. The proposal becomes the source of its facts."""
    proposal = submission.summary
    key = NamedModels().get_or_create_keys([proposal["model"]])[proposal["model"]]
    values = {"organization": proposal["organization"], "license": proposal["license"]}
    if proposal["weights"]:
        values["open_weights"] = True
    source = f"{COMMUNITY_SOURCE} {submission.pk} {proposal['weights']}".strip()
    today = now().date()
    claims = [Claim(field, value, source, today) for field, value in values.items() if value]
    record_claims({key: claims}, Fact.Origin.FILE)


def move_submissions(before: UUID, after: UUID) -> None:
    """Transfer a visitor's submissions from voter `before` to voter `after` at login."""
    Submission.objects.filter(voter=before).update(voter=after)


def withdraw_submissions(voter: UUID) -> None:
    """Delete the voter's pending submissions, and remove the voter from reviewed ones."""
    submissions = Submission.objects.filter(voter=voter)
    submissions.filter(state=Submission.State.PENDING).delete()
    submissions.update(voter=None)


def list_earlier_submissions(submission: Submission) -> list[Submission]:
    """Return reviewed submissions with the same content, newest first."""
    same_content = Submission.objects.filter(digest=submission.digest).exclude(pk=submission.pk)
    return list(same_content.exclude(state=Submission.State.PENDING).defer("payload"))
