"""The admin site. It uses the login page that all accounts share, and logs each change with the operator's name."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import audit, second_factor
from core.admin.overview import STEPS, TILES
from core.http.error_pages import render_error_page
from core.http.errors import RequestError
from core.models import AuditEntry

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

MAX_LATEST_CHANGES = 8
MAX_COUNTED_ROWS = 10_000
ENCODED_NUL = "%00"
OTHER_GROUP = gettext_lazy("More")
MODEL_GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Models"), ("Contestant", "Endpoint", "LanguageModel")),
    (gettext_lazy("Activity"), ("Battle", "Vote", "Voter")),
    (gettext_lazy("Ratings"), ("Pool", "Board", "Category", "Exclusion")),
    (gettext_lazy("Catalog"), ("Submission", "Fact", "Organization", "License", "Benchmark", "Score")),
    (gettext_lazy("Operators"), ("AuditEntry", "ApiKey", "User", "Group")),
)


def _count_rows(model: type[Model]) -> str:
    """Return the number of rows as text. Counting stops at `MAX_COUNTED_ROWS`, because counting more would be slow."""
    number = model._default_manager.order_by()[: MAX_COUNTED_ROWS + 1].count()
    return f"{MAX_COUNTED_ROWS:,}+" if number > MAX_COUNTED_ROWS else f"{number:,}"


def _drop_invalid_keys(view: Any, request: HttpRequest) -> None:
    """Remove invalid primary keys from the rows selected for an action. Django shows an error if none are left."""
    page = getattr(view, "__self__", None)  # the admin page, if the view is one of its methods
    if isinstance(page, admin.ModelAdmin) and ACTION_CHECKBOX_NAME in request.POST:
        from core.admin.classes import is_valid_key  # avoids a circular import

        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        form_data = request.POST.copy()
        form_data.setlist(ACTION_CHECKBOX_NAME, [key for key in selected if is_valid_key(page.model, key)])
        request.POST = form_data  # type: ignore[assignment]  # the copy is mutable


class ArenaAdminSite(admin.AdminSite):
    site_header = site_title = gettext_lazy("Arena administration")
    index_title = gettext_lazy("Administration")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models grouped by `MODEL_GROUPS` rather than by app. Models with no group come last."""
        positions = {name: position for _, names in MODEL_GROUPS for position, name in enumerate(names)}
        groups: dict[str, list[Any]] = {str(title): [] for title, _ in MODEL_GROUPS}
        entries = [entry for app in super().get_app_list(request, app_label) for entry in app["models"]]
        for entry in entries:
            name = entry["model"].__name__
            title = next((title for title, names in MODEL_GROUPS if name in names), OTHER_GROUP)
            groups.setdefault(str(title), []).append(entry)
        return [
            {"name": title, "models": sorted(group, key=lambda entry: positions.get(entry["object_name"], 0))}
            for title, group in groups.items()
            if group
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        can_view = request.user.has_perm("core.view_auditentry")
        latest = AuditEntry.objects.all()[:MAX_LATEST_CHANGES] if can_view else None
        steps = STEPS.build(request.user)
        groups = self.get_app_list(request)
        for group in groups:
            for entry in group["models"]:
                entry["number"] = _count_rows(entry["model"])
        context = {
            "app_list": groups,
            "latest": latest,
            "tiles": sorted(TILES.build(request.user), key=lambda tile: not tile.has_problem),
            "steps": [] if all(step.is_done for step in steps) else steps,
        }
        return super().index(request, {**(extra_context or {}), **context})

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not second_factor.is_totp_missing(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the shared login page, which counts attempts and locks out attackers.

        Operators who are logged in are redirected to the admin index, or to the setup of a required authenticator app.
        Other users who are logged in get status 403.
        """
        if self.has_permission(request):
            return redirect("admin:index")
        if second_factor.is_totp_missing(request.user):
            return redirect("mfa_activate_totp")
        if request.user.is_authenticated:
            return render_error_page(request, RequestError("forbidden", _("Only operators can open this page."), 403))
        target = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(target, login_url=reverse("account_login"))

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002  # Django's signature
        inner = super().admin_view(view, cacheable)

        def audited_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # PostgreSQL rejects NUL characters, and most admin filters do not check for them.
            if ENCODED_NUL in request.META["QUERY_STRING"]:
                return redirect(request.path)
            _drop_invalid_keys(view, request)
            with audit.log_changes_as(request.user.get_username()):
                return inner(request, *args, **kwargs)

        return cast("View", update_wrapper(audited_view, inner))
