"""Calls that send something for the catalogue, and tell what has become of it: parse, call, show."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api import openapi
from arena.identity import submission_access
from arena.identity.voters import voter_id
from catalog.importers.proposal_form import ProposalForm
from catalog.models import Submission
from core.http.errors import Refusal, bad, body
from core.http.pagination import Newest


class Submissions(APIView):
    @openapi.submission_list
    def get(self, request: Request) -> Response:
        pages = Newest()
        found = pages.paginate_queryset(submission_access.mine(voter_id(request)), request, self) or []
        return pages.get_paginated_response([submission_access.shown(each) for each in found])

    @openapi.submission_send
    def post(self, request: Request) -> Response:
        return Response(submission_access.shown(_sent(request)), status=201)


def _sent(request: Request) -> Submission:
    """Either `file`, a text, or `proposal`, an object of texts. Raises Refusal."""
    sent = body(request)
    if not isinstance(sent, dict) or len(sent) != 1 or not sent.keys() <= {"file", "proposal"}:
        raise Refusal("invalid", "The body must be a JSON object with either file or proposal.", 400)
    if "file" in sent:
        return submission_access.send_file(request, _bytes(sent["file"]))
    return submission_access.send_model(request, ProposalForm(_texts(sent["proposal"])))


def _bytes(text: Any) -> bytes:
    try:
        if isinstance(text, str):
            return text.encode()
    except UnicodeEncodeError:
        pass
    raise bad("file", "It must be the text of the file.")


def _texts(proposal: Any) -> dict[str, str]:
    fields = ProposalForm.base_fields
    if not isinstance(proposal, dict) or not all(isinstance(each, str) for each in proposal.values()):
        raise bad("proposal", "It must be a JSON object of texts.")
    if unknown := [name for name in proposal if name not in fields]:
        raise bad(unknown[0], f"There is no such field; known are {', '.join(fields)}.")
    return proposal


class OneSubmission(APIView):
    @openapi.submission
    def get(self, request: Request, key: UUID) -> Response:
        return Response(submission_access.shown(submission_access.of_voter(voter_id(request), key)))
