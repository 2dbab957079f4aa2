"""The page of one's account, and the API keys on it."""

from dataclasses import dataclass

from allauth.account.views import LoginView
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from arena.identity import api_keys, invitations, quotas
from arena.models import ApiKey
from core.admin import second_factor
from core.http.errors import RequestError, render_error_page

SCOPE_LABELS = {
    api_keys.READ: _("boards, models and its own battles"),
    api_keys.BATTLE: _("start battles and ask on"),
    api_keys.VOTE: _("judge its battles, on a board for programs"),
}
DEFAULT_DAYS = "90"
MAX_DAYS_DIGITS = 6
login = LoginView.as_view(extra_context={"is_open_to_all": invitations.is_signup_open_to_all})


@dataclass(frozen=True)
class ApiKeyFormData:
    """What stands in the form of a new key; `days` may be empty."""

    name: str = ""
    scopes: tuple[str, ...] = (api_keys.READ,)
    days: str = DEFAULT_DAYS

    @classmethod
    def sent(cls, request: HttpRequest) -> "ApiKeyFormData":
        posted = request.POST
        return cls(posted.get("name", ""), tuple(posted.getlist("scopes")), posted.get("days", "").strip())

    @property
    def number(self) -> int | None:
        """Zero, which is refused, for what is no number."""
        is_number = self.days.isdecimal() and len(self.days) <= MAX_DAYS_DIGITS
        return (int(self.days) if is_number else 0) if self.days else None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def manage_account(request: HttpRequest) -> HttpResponse:
    """What is sent makes a key. It is shown in the answer itself: anywhere else it would have to be kept until then."""
    if request.method != "POST":
        return _render_page(request, ApiKeyFormData())
    form = ApiKeyFormData.sent(request)
    try:
        quotas.charge_write(request)
        key, secret = api_keys.create_key(form.name, form.scopes, form.number, _get_user(request))
    except RequestError as error:
        fields = error.extra.get("fields", {"name": [error.detail]})
        return error.on(_render_page(request, form, errors=fields, status=error.status))
    return _render_page(request, ApiKeyFormData(), made=key, secret=secret, status=201)


@require_POST
@login_required
def revoke_key(request: HttpRequest, key: int) -> HttpResponse:
    try:
        quotas.charge_write(request)
    except RequestError as error:
        return render_error_page(request, error)
    api_keys.revoke_keys(ApiKey.objects.filter(pk=key, user=_get_user(request)))
    return HttpResponseRedirect(f"{reverse('account')}#keys")


def _render_page(request: HttpRequest, form: ApiKeyFormData, *, status: int = 200, **shown: object) -> HttpResponse:
    keys = ApiKey.objects.filter(user=_get_user(request))
    context = {
        "form": form,
        "scopes": [(scope, SCOPE_LABELS[scope], scope in form.scopes) for scope in api_keys.SCOPES],
        "keys": [(key, _get_key_state(key)) for key in keys],
        "has_second_factor": second_factor.has_totp(request.user),
        **shown,
    }
    return render(request, "arena/account/account.html", context, status=status)


def _get_key_state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= timezone.now() else "valid"


def _get_user(request: HttpRequest) -> User:
    """Of a page that nobody sees without an account."""
    assert isinstance(request.user, User)  # noqa: S101  # for mypy; `login_required` has seen to it
    return request.user
