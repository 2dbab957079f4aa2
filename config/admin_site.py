"""The site itself: one login for all, and whoever changes something is known to `config.changes`."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config import changes

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Site(admin.AdminSite):
    site_header = site_title = gettext_lazy("Arena, for operators")
    index_title = gettext_lazy("What this arena runs on")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No password is taken here: the login of all accounts counts attempts, and locks out who guesses."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            return render(request, "404.html", {"detail": _("This part is for operators.")}, status=403)
        back = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(back, login_url=reverse("account_login"))

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002  # Django's signature
        inner = super().admin_view(view, cacheable)

        def written_down(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with changes.by(request.user.get_username()):
                return inner(request, *args, **kwargs)

        return cast("View", update_wrapper(written_down, inner))
