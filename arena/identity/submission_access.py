"""Stores and returns a voter's submissions to the catalog. Enforces quotas."""

from collections.abc import Callable
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
from core.http.forms import clean_form


def submit_file(request: HttpRequest, content: bytes) -> Submission:
    """Store a result file as a submission, which then waits for an operator's review.

    Raises RequestError 400 for an invalid file, 409 for a duplicate, 429 if the quota is used up or the voter has too
    many submissions waiting, and 503 if the queue is full.
    """

    def parse() -> SubmissionContent:
        try:
            return submissions.parse_score_file(content)
        except ValueError as error:
            raise field_error("file", str(error)) from None

    return _submit_content(request, parse)


def submit_proposal(request: HttpRequest, form: ProposalForm) -> Submission:
    """Store a proposed model as a submission, which then waits for an operator's review.

    Raises RequestError 400 with the invalid fields, 409 for a duplicate, 429 if the quota is used up or the voter has
    too many submissions waiting, and 503 if the queue is full.
    """
    return _submit_content(request, lambda: submissions.build_proposal(clean_form(form)))


def _submit_content(request: HttpRequest, parse: Callable[[], SubmissionContent]) -> Submission:
    quotas.charge("submission", request)
    with quotas.charge_work(request):
        content = parse()
        voter_id = get_or_create_voter(request).pk
        with transaction.atomic():
            row_locks.lock_voter(voter_id)
            return submissions.submit_content(voter_id, content, network_hashes.compute_network_hashes(request))


def list_submissions(voter_id: UUID) -> QuerySet[Submission]:
    """Return the voter's submissions, newest first, excluding file contents."""
    return Submission.objects.filter(voter=voter_id).defer("payload")


def get_submission(voter_id: UUID, key: UUID) -> Submission:
    """Return one of the voter's submissions. Raises RequestError 404 if it is not theirs or does not exist."""
    submission = Submission.objects.filter(pk=key, voter=voter_id).first()
    if submission is None:
        raise RequestError("not_found", _("This submission does not exist, or it belongs to someone else."), 404)
    return submission
