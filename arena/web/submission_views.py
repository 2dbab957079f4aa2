"""The form for submissions to the catalog, and the page that shows a submission with its status."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from arena.identity import submission_access
from arena.identity.voters import get_voter_id
from catalog.importers import submissions
from catalog.importers.proposal_form import ProposalForm
from catalog.importers.scores import preview_scores
from catalog.models import Submission
from core.http.errors import RequestError, field_error

MAX_RECENT = 20
MAX_PREVIEW_ROWS = 50


@require_http_methods(["GET", "HEAD", "POST"])
def submit_to_catalog(request: HttpRequest) -> HttpResponse:
    is_proposal = request.POST.get("kind") == Submission.Kind.MODEL
    form = ProposalForm(request.POST if is_proposal else None)
    if request.method != "POST":
        return _render_form(request, form)
    try:
        if is_proposal:
            submission = submission_access.submit_proposal(request, form)
        else:
            submission = submission_access.submit_file(request, _read_file(request))
    except RequestError as error:
        return error.add_headers(_render_form(request, form, error))
    return redirect("submission", submission.pk)


def _read_file(request: HttpRequest) -> bytes:
    """Return the content of the uploaded file. Raises RequestError 400 if there is no file.

    One byte more than the limit is read, so that the parser can reject files that are too large.
    """
    upload = request.FILES.get("file")
    if upload is None:
        raise field_error("file", _("Choose a file first."))
    content: bytes = upload.read(submissions.MAX_FILE_BYTES + 1)
    return content


def _render_form(request: HttpRequest, form: ProposalForm, error: RequestError | None = None) -> HttpResponse:
    fields = error.extra.get("fields", {}) if error else {}
    context = {
        "form": form,
        "file_error": fields.get("file", [""])[0],
        "error_message": "" if not error or fields else error.detail,
        "own_submissions": submission_access.list_submissions(get_voter_id(request))[:MAX_RECENT],
        "max_megabytes": submissions.MAX_FILE_BYTES // 10**6,
    }
    return render(request, "arena/submissions/submission_form.html", context, status=error.status if error else 200)


@require_safe
def show_submission(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a submission with its parsed content and its status."""
    submission = submission_access.get_submission(get_voter_id(request), key)
    scores = preview_scores(submissions.load_score_rows(submission))
    context = {
        "submission": submission,
        "scores": scores[:MAX_PREVIEW_ROWS],
        "hidden_score_count": max(0, len(scores) - MAX_PREVIEW_ROWS),
    }
    return render(request, "arena/submissions/submission.html", context)
