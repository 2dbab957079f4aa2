"""API calls for submissions to the catalog."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from arena.api.openapi import SUBMISSIONS_TAG
from arena.api.serializers import NewSubmissionSchema, SubmissionDetailSchema, SubmissionPageSchema
from arena.identity import submission_access
from arena.identity.voters import get_voter_id
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
        fields = NewSubmissionSchema.parse(request)
        if "file" in fields:
            submission = submission_access.submit_file(request, fields["file"].encode())
        else:
            submission = submission_access.submit_proposal(request, fields["proposal"])
        return Response(SubmissionDetailSchema(submission).data, status=201)


class SubmissionDetailView(APIView):
    @describe_call("submission", tag=SUBMISSIONS_TAG, response=SubmissionDetailSchema)
    def get(self, request: Request, key: UUID) -> Response:
        """Get a submission.

        Returns one of your submissions with its state.
        """
        return Response(SubmissionDetailSchema(submission_access.get_submission(get_voter_id(request), key)).data)
