"""The account page with its API keys."""

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
    api_keys.READ: _("read boards, models and its own battles"),
    api_keys.BATTLE: _("start battles and ask follow-up questions"),
    api_keys.VOTE: _("vote on its battles; the votes count on a board for programs"),
}
DEFAULT_DAYS = "90"
MAX_DAYS_DIGITS = 6
login = LoginView.as_view(extra_context={"is_open_to_all": invitations.is_signup_open_to_all})


@dataclass(frozen=True)
class ApiKeyFormData:
    """The submitted form for a new key. An empty `days` means that the key does not expire."""

    name: str = ""
    scopes: tuple[str, ...] = (api_keys.READ,)
    days: str = DEFAULT_DAYS

    @classmethod
    def from_post(cls, request: HttpRequest) -> "ApiKeyFormData":
        return cls(
            name=request.POST.get("name", ""),
            scopes=tuple(request.POST.getlist("scopes")),
            days=request.POST.get("days", "").strip(),
        )

    def parse_days(self) -> int | None:
        """The number of days, None for an empty field, and 0, which is refused, if the text is not a number."""
        if not self.days:
            return None
        is_number = self.days.isdecimal() and len(self.days) <= MAX_DAYS_DIGITS
        return int(self.days) if is_number else 0


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def manage_account(request: HttpRequest) -> HttpResponse:
    """The account page. A POST creates a key and shows its secret in the response, so that it is stored nowhere."""
    if request.method != "POST":
        return _render_page(request, ApiKeyFormData())
    form = ApiKeyFormData.from_post(request)
    try:
        quotas.charge_write(request)
        key, secret = api_keys.create_key(form.name, form.scopes, form.parse_days(), _get_user(request))
    except RequestError as error:
        fields = error.extra.get("fields", {"name": [error.detail]})
        return error.add_headers(_render_page(request, form, errors=fields, status=error.status))
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


def _render_page(request: HttpRequest, form: ApiKeyFormData, *, status: int = 200, **extra: object) -> HttpResponse:
    keys = ApiKey.objects.filter(user=_get_user(request))
    context = {
        "form": form,
        "scopes": [(scope, SCOPE_LABELS[scope], scope in form.scopes) for scope in api_keys.SCOPES],
        "keys": [(key, _get_key_state(key)) for key in keys],
        "has_second_factor": second_factor.has_totp(request.user),
        **extra,
    }
    return render(request, "arena/account/account.html", context, status=status)


def _get_key_state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    if key.expires_at and key.expires_at <= timezone.now():
        return "expired"
    return "valid"


def _get_user(request: HttpRequest) -> User:
    """The account of a request that has passed `login_required`."""
    assert isinstance(request.user, User)  # noqa: S101  # tells mypy what `login_required` has checked
    return request.user
