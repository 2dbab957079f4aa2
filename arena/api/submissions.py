"""Calls that send submissions to the catalog and return their state."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api import openapi
from arena.identity import submission_access
from arena.identity.voters import get_voter_id
from catalog.importers.proposal_form import ProposalForm
from catalog.models import Submission
from core.http.errors import RequestError, field_error, read_json_body
from core.http.pagination import NewestFirstPagination


class SubmissionListView(APIView):
    @openapi.submission_list
    def get(self, request: Request) -> Response:
        paginator = NewestFirstPagination()
        submissions = submission_access.list_submissions(get_voter_id(request))
        page = paginator.paginate_queryset(submissions, request, self) or []
        rows = [submission_access.build_submission_data(submission) for submission in page]
        return paginator.get_paginated_response(rows)

    @openapi.submission_send
    def post(self, request: Request) -> Response:
        submission = _create_submission(request)
        return Response(submission_access.build_submission_data(submission), status=201)


def _create_submission(request: Request) -> Submission:
    """The stored submission of a body with either `file`, a text, or `proposal`, an object of texts.

    Raises RequestError.
    """
    body = read_json_body(request)
    if not isinstance(body, dict) or len(body) != 1 or not body.keys() <= {"file", "proposal"}:
        raise RequestError("invalid", "The body must be a JSON object with either “file” or “proposal”.", 400)
    if "file" in body:
        return submission_access.submit_file(request, _encode_file(body["file"]))
    return submission_access.submit_proposal(request, ProposalForm(_check_proposal(body["proposal"])))


def _encode_file(text: Any) -> bytes:
    try:
        if isinstance(text, str):
            return text.encode()
    except UnicodeEncodeError:
        pass
    raise field_error("file", "“file” must be the text of the file.")


def _check_proposal(proposal: Any) -> dict[str, str]:
    fields = ProposalForm.base_fields
    if not isinstance(proposal, dict) or not all(isinstance(value, str) for value in proposal.values()):
        raise field_error("proposal", "“proposal” must be a JSON object whose values are strings.")
    if unknown := [name for name in proposal if name not in fields]:
        raise field_error(unknown[0], f"Unknown field. Allowed fields: {', '.join(fields)}.")
    return proposal


class SubmissionDetailView(APIView):
    @openapi.submission_detail
    def get(self, request: Request, key: UUID) -> Response:
        submission = submission_access.get_submission(get_voter_id(request), key)
        return Response(submission_access.build_submission_data(submission))
