"""The pages on which files of scores and models are sent for the catalogue, and what has become of them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from arena.identity import submission_access
from arena.identity.voters import voter_id
from catalog.importers import submissions
from catalog.importers.proposal_form import ProposalForm
from catalog.importers.scores import preview
from catalog.models import Submission
from core.http.errors import Refusal, bad

RECENT = 20
SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    is_proposal = request.POST.get("kind") == Submission.Kind.MODEL
    form = ProposalForm(request.POST if is_proposal else None)
    if request.method != "POST":
        return _form(request, form)
    try:
        found = (
            submission_access.send_model(request, form)
            if is_proposal
            else submission_access.send_file(request, _file(request))
        )
    except Refusal as error:
        return error.on(_form(request, form, error))
    return redirect("submission", found.pk)


def _file(request: HttpRequest) -> bytes:
    """Raises Refusal 400 where none was chosen."""
    chosen = request.FILES.get("file")
    if chosen is None:
        raise bad("file", _("Choose a file first."))
    content: bytes = chosen.read(submissions.MOST_BYTES + 1)
    return content


def _form(request: HttpRequest, form: ProposalForm, error: Refusal | None = None) -> HttpResponse:
    fields = error.extra.get("fields", {}) if error else {}
    context = {
        "form": form,
        "file_error": fields.get("file", [""])[0],
        "refusal": "" if not error or fields else error.detail,
        "mine": submission_access.mine(voter_id(request))[:RECENT],
        "most": submissions.MOST_BYTES // 10**6,
    }
    return render(request, "arena/submissions/submission_form.html", context, status=error.status if error else 200)


@require_safe
def submission(request: HttpRequest, key: UUID) -> HttpResponse:
    """What was understood, and what has become of it."""
    try:
        found = submission_access.of_voter(voter_id(request), key)
    except Refusal as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    placed = preview(submissions.rows(found))
    context = {"submission": found, "placed": placed[:SHOWN], "more": max(0, len(placed) - SHOWN)}
    return render(request, "arena/submissions/submission.html", context)
