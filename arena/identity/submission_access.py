"""Sending something for the catalogue: who may, how often, and what is said if it is not taken."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from arena.identity import network_hashes, quotas
from arena.identity.voters import get_or_create_voter
from arena.models import row_locks
from catalog.importers import submissions
from catalog.importers.proposal_form import ProposalForm
from catalog.importers.submissions import SubmissionContent
from catalog.models import Submission
from core.http.errors import RequestError, field_error

RETRY_AFTER_S = 3600


def submit_file(request: HttpRequest, content: bytes) -> Submission:
    """Keep a result file until somebody decides. Raises Refusal: 400 for a broken one, 409, 429, 503."""

    def read() -> SubmissionContent:
        try:
            return submissions.parse_score_file(content)
        except ValueError as error:
            raise field_error("file", str(error)) from None

    return _submit_content(request, read)


def submit_proposal(request: HttpRequest, form: ProposalForm) -> Submission:
    """Keep a proposal until somebody decides. Raises Refusal: 400 with the fields, 409, 429, 503."""

    def read() -> SubmissionContent:
        if not form.is_valid():
            detail = _("Some fields are not as they should be.")
            raise RequestError("invalid", detail, 400, fields={name: [*told] for name, told in form.errors.items()})
        return submissions.build_proposal(form.cleaned_data)

    return _submit_content(request, read)


def _submit_content(request: HttpRequest, read: Callable[[], SubmissionContent]) -> Submission:
    quotas.charge_submission(request)
    content = read()
    try:
        return _store_submission(
            get_or_create_voter(request).pk, content, network_hashes.compute_network_hashes(request)
        )
    except submissions.DuplicateSubmission as error:
        raise RequestError("already_sent", str(error), 409) from None
    except submissions.SubmissionQueueFull as error:
        status = 429 if isinstance(error, submissions.TooManySubmissions) else 503
        raise RequestError("too_many_waiting", str(error), status, retry_after=RETRY_AFTER_S) from None


@transaction.atomic
def _store_submission(voter_id: UUID, content: SubmissionContent, hashes: Sequence[str]) -> Submission:
    row_locks.lock_voter(voter_id)
    return submissions.submit_content(voter_id, content, hashes)


def list_submissions(voter_id: UUID) -> QuerySet[Submission]:
    """The newest first, without their files."""
    return Submission.objects.filter(voter=voter_id).defer("payload")


def get_submission(voter_id: UUID, key: UUID) -> Submission:
    """Raises Refusal 404 for what is not there, or of somebody else."""
    found = Submission.objects.filter(pk=key, voter=voter_id).first()
    if found is None:
        raise RequestError("not_found", _("There is nothing here, or it is not yours."), 404)
    return found


def build_submission_data(submission: Submission) -> dict[str, Any]:
    """As programs see it."""
    is_file = submission.kind == Submission.Kind.SCORES
    return {
        "id": submission.pk,
        "kind": submission.kind,
        "state": submission.state,
        "created_at": submission.created_at,
        "decided_at": submission.decided_at,
        "note": submission.note,
        "scores": submission.said if is_file else None,
        "proposal": None if is_file else submission.said,
    }
