"""The account page, where people manage their API keys."""

from allauth.account.decorators import reauthentication_required
from allauth.account.views import LoginView
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from arena.identity import api_keys, invitations, quotas
from arena.identity.api_keys import ApiKeyForm
from arena.models import ApiKey
from core.admin import second_factor
from core.http.errors import RequestError
from core.http.forms import clean_form

login = LoginView.as_view(extra_context={"is_open_to_all": invitations.is_signup_open_to_all})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(enabled=lambda request: request.method == "POST")  # type: ignore[untyped-decorator]  # allauth has no types
def manage_account(request: HttpRequest) -> HttpResponse:
    """Show the account page. A POST creates a key, whose secret is shown only in this response and is never stored.

    A POST requires that the password or a code was entered within the last five minutes, and continues after that.
    """
    if request.method != "POST":
        return _render_page(request, ApiKeyForm())
    form = ApiKeyForm(request.POST)
    try:
        quotas.charge("write", request)
        key, secret = api_keys.create_key(**clean_form(form), user=_get_user(request))
    except RequestError as error:
        # Errors that belong to no field, such as an exceeded quota, are shown at the first field, which is the name.
        fields = error.extra.get("fields", {"name": [error.detail]})
        if form.is_valid() or "fields" not in error.extra:  # an invalid form already has the errors of its fields
            form.add_error(None, fields)
        return error.add_headers(_render_page(request, form, status=error.status))
    return _render_page(request, ApiKeyForm(), new_key=key, secret=secret, status=201)


@require_POST
@login_required
def revoke_key(request: HttpRequest, key: int) -> HttpResponse:
    quotas.charge("write", request)
    api_keys.revoke_keys(ApiKey.objects.filter(pk=key, user=_get_user(request)))
    return HttpResponseRedirect(f"{reverse('account')}#keys")


def _render_page(request: HttpRequest, form: ApiKeyForm, *, status: int = 200, **extra: object) -> HttpResponse:
    keys = ApiKey.objects.filter(user=_get_user(request))
    context = {
        "form": form,
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
    """Return the user from a request that has passed `login_required`."""
    assert isinstance(request.user, User)  # noqa: S101  # for mypy; `login_required` has checked this
    return request.user
