"""Admin pages for visitors' submissions, with a preview of the import."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from catalog.importers import submissions
from catalog.importers.scores import preview_scores
from catalog.models import License, Organization, Submission
from core.admin import audit
from core.admin.read_only import Lookups, ReadOnlyAdmin
from core.http.errors import RequestError

MAX_NOTE_LENGTH = 500
DECISIONS: dict[str, Callable[..., Submission]] = {
    "accept": submissions.accept_submission,
    "refuse": submissions.refuse_submission,
}


class SubmissionStateFilter(admin.SimpleListFilter):
    """Filters submissions by state. By default, it shows pending submissions."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        decided = (Submission.State.ACCEPTED, Submission.State.REFUSED)
        return [*((state.value, str(state.label)) for state in decided), ("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *rest = super().choices(changelist)
        yield {**first, "display": Submission.State.PENDING.label}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        state = self.value() or Submission.State.PENDING
        return queryset if state == "all" else queryset.filter(state=state)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "state", "scores", "created_at", "decided_by")
    list_filter = (SubmissionStateFilter, "kind")
    search_fields = ("=id",)
    fields = ("id", "kind", "state", "voter", "created_at", "note", "decided_by", "decided_at")
    change_form_template = "admin/catalog/submission/inspect.html"
    actions = ("refuse_all",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        return super().get_queryset(request).defer("payload")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.change_submission")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide)
        decide_path = path("<uuid:key>/decide/", view, name="catalog_submission_decide")
        return [decide_path, *super().get_urls()]

    @admin.display(description="scores")
    def scores(self, submission: Submission) -> str:
        return str(submission.summary.get("scores", ""))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the submission and a preview of its import next to the current catalog."""
        submission = self.get_object(request, object_id)
        preview = _build_preview(submission) if submission and request.method == "GET" else {}
        form_context = {"may_decide": self.has_decide_permission(request), "max_note_length": MAX_NOTE_LENGTH}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | preview | form_context)

    def decide(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Accept or refuse the submission, depending on which button was pressed."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        decision = request.POST.get("decision", "")
        if decision not in DECISIONS:
            return HttpResponseNotAllowed(["POST"])
        submission = get_object_or_404(Submission.objects.defer("payload"), pk=key)
        if self._decide(request, submission, decision, request.POST.get("note", "").strip()):
            return redirect("admin:catalog_submission_changelist")
        return redirect("admin:catalog_submission_change", key)

    @admin.action(description="Refuse selected submissions without a note", permissions=["decide"])
    def refuse_all(self, request: HttpRequest, selected: Sequence[Submission]) -> None:
        for submission in selected:
            self._decide(request, submission, "refuse", "")

    def _decide(self, request: HttpRequest, submission: Submission, decision: str, note: str) -> bool:
        """Record the decision, log it, and show a message. Return True if this succeeded."""
        operator = request.user.get_username()
        if len(note) > MAX_NOTE_LENGTH or "\x00" in note:
            self.message_user(request, _("The note is too long or contains invalid characters."), messages.ERROR)
            return False
        try:
            decided = DECISIONS[decision](submission.pk, operator, note)
        except RequestError as error:
            self.message_user(request, f"{submission}: {error}", messages.ERROR)
            return False
        audit.record_change(operator, decided.state, decided, after={"note": note, **decided.summary})
        message = _("%(name)s: accepted.") if decision == "accept" else _("%(name)s: refused.")
        self.message_user(request, message % {"name": submission})
        return True


def _build_preview(submission: Submission) -> dict[str, Any]:
    previews = preview_scores(submissions.load_score_rows(submission))
    return {
        "placed": previews,
        "new_benchmarks": sorted({preview.row.task for preview in previews if not preview.benchmark}),
        "earlier": submissions.list_earlier_submissions(submission),
        "new_names": _list_new_names(submission),
    }


def _list_new_names(submission: Submission) -> list[str]:
    """Return the names of the organizations and licenses that accepting a proposal would create."""
    if submission.kind != Submission.Kind.MODEL:
        return []
    proposed_names = ((Organization, submission.summary["organization"]), (License, submission.summary["license"]))
    return [name for kind, name in proposed_names if name and not kind.objects.filter(name=name).exists()]
