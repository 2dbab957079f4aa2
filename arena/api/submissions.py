"""Calls that send something for the catalogue, and tell what has become of it: parse, call, show."""

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
        pages = NewestFirstPagination()
        found = pages.paginate_queryset(submission_access.list_submissions(get_voter_id(request)), request, self) or []
        return pages.get_paginated_response([submission_access.build_submission_data(each) for each in found])

    @openapi.submission_send
    def post(self, request: Request) -> Response:
        return Response(submission_access.build_submission_data(_create_submission(request)), status=201)


def _create_submission(request: Request) -> Submission:
    """Either `file`, a text, or `proposal`, an object of texts. Raises Refusal."""
    sent = read_json_body(request)
    if not isinstance(sent, dict) or len(sent) != 1 or not sent.keys() <= {"file", "proposal"}:
        raise RequestError("invalid", "The body must be a JSON object with either file or proposal.", 400)
    if "file" in sent:
        return submission_access.submit_file(request, _encode_file(sent["file"]))
    return submission_access.submit_proposal(request, ProposalForm(_check_proposal(sent["proposal"])))


def _encode_file(text: Any) -> bytes:
    try:
        if isinstance(text, str):
            return text.encode()
    except UnicodeEncodeError:
        pass
    raise field_error("file", "It must be the text of the file.")


def _check_proposal(proposal: Any) -> dict[str, str]:
    fields = ProposalForm.base_fields
    if not isinstance(proposal, dict) or not all(isinstance(each, str) for each in proposal.values()):
        raise field_error("proposal", "It must be a JSON object of texts.")
    if unknown := [name for name in proposal if name not in fields]:
        raise field_error(unknown[0], f"There is no such field; known are {', '.join(fields)}.")
    return proposal


class SubmissionDetailView(APIView):
    @openapi.submission_detail
    def get(self, request: Request, key: UUID) -> Response:
        return Response(
            submission_access.build_submission_data(submission_access.get_submission(get_voter_id(request), key))
        )
