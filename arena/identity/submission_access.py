"""Sending something for the catalogue: who may, how often, and what is said if it is not taken."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from arena.identity import network_hashes, quotas
from arena.identity.voters import voter
from arena.models import row_locks
from catalog.importers import submissions
from catalog.importers.proposal_form import ProposalForm
from catalog.importers.submissions import Content
from catalog.models import Submission
from core.http.errors import Refusal, bad

RETRY_S = 3600


def send_file(request: HttpRequest, content: bytes) -> Submission:
    """Keep a result file until somebody decides. Raises Refusal: 400 for a broken one, 409, 429, 503."""

    def read() -> Content:
        try:
            return submissions.of_file(content)
        except ValueError as error:
            raise bad("file", str(error)) from None

    return _send(request, read)


def send_model(request: HttpRequest, form: ProposalForm) -> Submission:
    """Keep a proposal until somebody decides. Raises Refusal: 400 with the fields, 409, 429, 503."""

    def read() -> Content:
        if not form.is_valid():
            detail = _("Some fields are not as they should be.")
            raise Refusal("invalid", detail, 400, fields={name: [*told] for name, told in form.errors.items()})
        return submissions.of_model(form.cleaned_data)

    return _send(request, read)


def _send(request: HttpRequest, read: Callable[[], Content]) -> Submission:
    quotas.submission(request)
    content = read()
    try:
        return _kept(voter(request).pk, content, network_hashes.hashes(request))
    except submissions.AlreadySent as error:
        raise Refusal("already_sent", str(error), 409) from None
    except submissions.TooManyWaiting as error:
        status = 429 if isinstance(error, submissions.TooManyOfYours) else 503
        raise Refusal("too_many_waiting", str(error), status, retry_after=RETRY_S) from None


@transaction.atomic
def _kept(voter_id: UUID, content: Content, hashes: Sequence[str]) -> Submission:
    row_locks.voter(voter_id)
    return submissions.send(voter_id, content, hashes)


def mine(voter_id: UUID) -> QuerySet[Submission]:
    """The newest first, without their files."""
    return Submission.objects.filter(voter=voter_id).defer("payload")


def of_voter(voter_id: UUID, key: UUID) -> Submission:
    """Raises Refusal 404 for what is not there, or of somebody else."""
    found = Submission.objects.filter(pk=key, voter=voter_id).first()
    if found is None:
        raise Refusal("not_found", _("There is nothing here, or it is not yours."), 404)
    return found


def shown(submission: Submission) -> dict[str, Any]:
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
