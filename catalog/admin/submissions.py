"""What strangers have sent for the catalogue: what it would add or change, and the decision."""

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

MAX_NOTE_LENGTH = 500
DECISIONS: dict[str, Callable[..., Submission]] = {
    "accept": submissions.accept_submission,
    "refuse": submissions.refuse_submission,
}


class SubmissionStateFilter(admin.SimpleListFilter):
    """Those that wait, unless others are asked for."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        decided = (Submission.State.ACCEPTED, Submission.State.REFUSED)
        return [*((state.value, str(state.label)) for state in decided), ("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *rest = super().choices(changelist)
        yield {**first, "display": Submission.State.PENDING.label}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = self.value() or Submission.State.PENDING
        return queryset if wanted == "all" else queryset.filter(state=wanted)


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
        decide = path("<uuid:key>/decide/", self.admin_site.admin_view(self.decide), name="catalog_submission_decide")
        return [decide, *super().get_urls()]

    @admin.display(description="scores")
    def scores(self, submission: Submission) -> str:
        return str(submission.said.get("scores", ""))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With what it would bring, and what is there now."""
        found = self.get_object(request, object_id)
        seen = _build_preview(found) if found and request.method == "GET" else {}
        may = {"may_decide": self.has_decide_permission(request), "longest_note": MAX_NOTE_LENGTH}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | seen | may)

    def decide(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The two buttons."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        decision = request.POST.get("decision", "")
        if decision not in DECISIONS:
            return HttpResponseNotAllowed(["POST"])
        found = get_object_or_404(Submission.objects.defer("payload"), pk=key)
        if self._decide(request, found, decision, request.POST.get("note", "").strip()):
            return redirect("admin:catalog_submission_changelist")
        return redirect("admin:catalog_submission_change", key)

    @admin.action(description="Refuse what is selected, without a note", permissions=["decide"])
    def refuse_all(self, request: HttpRequest, found: Sequence[Submission]) -> None:
        for each in found:
            self._decide(request, each, "refuse", "")

    def _decide(self, request: HttpRequest, found: Submission, decision: str, note: str) -> bool:
        who = request.user.get_username()
        if len(note) > MAX_NOTE_LENGTH or "\x00" in note:
            self.message_user(request, _("The note is too long, or no text."), messages.ERROR)
            return False
        try:
            decided = DECISIONS[decision](found.pk, who, note)
        except (submissions.AlreadyDecided, submissions.DuplicateSubmission) as error:
            self.message_user(request, f"{found}: {error}", messages.ERROR)
            return False
        audit.record_change(who, decided.state, decided, after={"note": note, **decided.said})
        told = _("%(name)s: accepted.") if decision == "accept" else _("%(name)s: refused.")
        self.message_user(request, told % {"name": found})
        return True


def _build_preview(found: Submission) -> dict[str, Any]:
    placed = preview_scores(submissions.load_score_rows(found))
    return {
        "placed": placed,
        "new_benchmarks": sorted({each.row.task for each in placed if not each.benchmark}),
        "earlier": submissions.list_earlier_submissions(found),
        "new_names": _list_new_names(found),
    }


def _list_new_names(found: Submission) -> list[str]:
    """Makers and licenses that a proposal would bring beside its model."""
    if found.kind != Submission.Kind.MODEL:
        return []
    kinds = ((Organization, "organization"), (License, "license"))
    named = [(kind, found.said[field]) for kind, field in kinds if found.said[field]]
    return [name for kind, name in named if not kind.objects.filter(name=name).exists()]
