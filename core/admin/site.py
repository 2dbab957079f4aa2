"""The site itself: one login for all, and whoever changes something is known to `core.admin.audit`."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import audit, second_factor
from core.models import AuditEntry

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


MAX_LATEST_CHANGES = 8
ENCODED_NUL = "%00"
OTHER_GROUP = gettext_lazy("More")
MODEL_GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Who answers"), ("Endpoint", "LanguageModel")),
    (gettext_lazy("What happened"), ("Battle", "Vote", "Voter")),
    (gettext_lazy("Ratings"), ("Pool", "Board", "Category")),
    (
        gettext_lazy("Catalogue"),
        ("Submission", "Fact", "Organization", "License", "Benchmark", "Score"),
    ),
    (gettext_lazy("Operators"), ("AuditEntry", "ApiKey", "User", "Group")),
)


def _drop_invalid_keys(view: Any, request: HttpRequest) -> None:
    """What is left after that Django says in its words, also where it is nothing."""
    page = getattr(view, "__self__", None)
    if isinstance(page, admin.ModelAdmin) and ACTION_CHECKBOX_NAME in request.POST:
        from core.admin.classes import is_valid_key  # its package registers pages with the site that is made here

        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        sent = request.POST.copy()
        sent.setlist(ACTION_CHECKBOX_NAME, [key for key in selected if is_valid_key(page.model, key)])
        request.POST = sent  # type: ignore[assignment]  # a copy can be changed, which nobody does


class ArenaAdminSite(admin.AdminSite):
    site_header = site_title = gettext_lazy("Arena, for operators")
    index_title = gettext_lazy("What this arena runs on")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What operators look after, by what they do with it; what has no place there comes last."""
        kinds = {
            kind["model"]: kind for app in self._build_app_dict(request, app_label).values() for kind in app["models"]
        }
        places = {name: place for _, names in MODEL_GROUPS for place, name in enumerate(names)}
        grouped: dict[str, list[Any]] = {str(title): [] for title, _ in MODEL_GROUPS}
        for model, kind in kinds.items():
            title = next((title for title, names in MODEL_GROUPS if model.__name__ in names), OTHER_GROUP)
            grouped.setdefault(str(title), []).append(kind)
        return [
            {"name": title, "models": sorted(found, key=lambda kind: places.get(kind["object_name"], 0))}
            for title, found in grouped.items()
            if found
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        may = request.user.has_perm("core.view_auditentry")
        latest = AuditEntry.objects.all()[:MAX_LATEST_CHANGES] if may else None
        return super().index(request, {**(extra_context or {}), "latest": latest})

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not second_factor.is_totp_missing(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No password is taken here: the login of all accounts counts attempts, and locks out who guesses."""
        if self.has_permission(request):
            return redirect("admin:index")
        if second_factor.is_totp_missing(request.user):
            return redirect("mfa_activate_totp")
        if request.user.is_authenticated:
            return render(request, "404.html", {"detail": _("This part is for operators.")}, status=403)
        back = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(back, login_url=reverse("account_login"))

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002  # Django's signature
        inner = super().admin_view(view, cacheable)

        def written_down(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if ENCODED_NUL in request.META["QUERY_STRING"]:  # PostgreSQL would not take it, and few filters ask
                return redirect(f"{request.path}?{ERROR_FLAG}=1")
            _drop_invalid_keys(view, request)
            with audit.log_changes_as(request.user.get_username()):
                return inner(request, *args, **kwargs)

        return cast("View", update_wrapper(written_down, inner))
