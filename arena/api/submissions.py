"""API calls for submissions to the catalog."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.openapi import SUBMISSIONS_TAG
from arena.api.serializers import NewSubmissionSchema, SubmissionDetailSchema, SubmissionPageSchema
from arena.identity import submission_access
from arena.identity.voters import get_voter_id
from catalog.importers.proposal_form import ProposalForm
from catalog.models import Submission
from core.http.api_errors import read_json_body
from core.http.errors import RequestError, field_error
from core.http.openapi import PAGE_PARAMETERS, WRITE_ERRORS, describe_call
from core.http.pagination import NewestFirstPagination


class SubmissionListView(APIView):
    @describe_call("submission_list", tag=SUBMISSIONS_TAG, response=SubmissionPageSchema, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        """List your submissions.

        Returns your submissions with their state, newest first.
        """
        submissions = submission_access.list_submissions(get_voter_id(request))
        return NewestFirstPagination().render_page(submissions, request, SubmissionDetailSchema)

    @describe_call(
        "submission_send",
        tag=SUBMISSIONS_TAG,
        request=NewSubmissionSchema,
        response=SubmissionDetailSchema,
        status=201,
        errors=WRITE_ERRORS,
    )
    def post(self, request: Request) -> Response:
        """Submit to the catalog.

        Submits either a result file from lm-evaluation-harness (`file`, the text of the file) or a missing model
        (`proposal`). The submission is validated immediately, and an invalid file is rejected as a whole. Arena uses
        nothing from a submission until an operator accepts it. 409 `already_sent` means that the same content is
        already waiting or in the catalog. 429 `too_many_waiting` means that you have too many submissions waiting, and
        503 `too_many_waiting` means that the site has too many.
        """
        return Response(SubmissionDetailSchema(_create_submission(request)).data, status=201)


def _create_submission(request: Request) -> Submission:
    """Store the submission in a request. The body has either `file` (a string) or `proposal` (an object of strings).

    Raises RequestError 400 if the body is invalid, and the errors from `submission_access`.
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
    raise field_error("file", "“file” must contain the file's text.")


def _check_proposal(proposal: Any) -> dict[str, str]:
    fields = ProposalForm.base_fields
    if not isinstance(proposal, dict) or not all(isinstance(value, str) for value in proposal.values()):
        raise field_error("proposal", "“proposal” must be a JSON object whose values are strings.")
    if unknown := [name for name in proposal if name not in fields]:
        raise field_error(unknown[0], f"Unknown field. Allowed fields: {', '.join(fields)}.")
    return proposal


class SubmissionDetailView(APIView):
    @describe_call("submission", tag=SUBMISSIONS_TAG, response=SubmissionDetailSchema)
    def get(self, request: Request, key: UUID) -> Response:
        """Get a submission.

        Returns one of your submissions with its state.
        """
        return Response(SubmissionDetailSchema(submission_access.get_submission(get_voter_id(request), key)).data)
