"""Sign-up, login, and logout of accounts, which are optional unless the site requires login.

Login moves data from the browser's anonymous voter to the account's voter. After logout, the data stays with the
account. An account's voter is identified only by the session and never by the voter cookie, so a copied or planted
cookie gives no access to the account.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.account import forms as allauth_forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import MiddlewareNotUsed, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.dispatch import receiver
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect

from arena.identity import api_keys, invitations, login_locks, quotas, voters
from arena.models import ApiKey, Battle, Pool, QuestionSet, Vote, Voter
from arena.signals import votes_moved
from catalog.importers import submissions
from core.http.errors import RequestError, build_error_response
from core.http.middleware import Handler

PUBLIC_PATHS = ("/accounts/", "/appearance/", settings.STATIC_URL, *voters.COOKIELESS_PATHS, *voters.LINK_PATHS)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Adapts allauth to Arena's sign-up rules, limits on login attempts, and pages."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy("The username or the password is wrong."),
    }

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing, because Arena's pages show the result of a form themselves."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return a pseudonym of the client's IPv4 address or IPv6 /64. allauth counts attempts per pseudonym.

        An IPv6 client can use a different address in its /64 for every attempt.
        """
        return voters.keyed_hash("attempts", quotas.get_subscriber_network(voters.get_client_address(request)))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitations.can_sign_up(request)

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:  # noqa: FBT001, FBT002  # allauth's signature
        with transaction.atomic():
            _admit_signup(request)
            account: User = super().save_user(request, user, form, commit)
        return account

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raise ValidationError after too many wrong passwords.

        allauth counts failures by username, so it gets the name's lock key and the network in place of the username.
        """
        name = credentials["username"]
        if login_locks.is_name_locked(request, name):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, username=f"{login_locks.build_lock_key(name)} {self.get_client_ip(request)}")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        login_locks.count_failure(request, credentials["username"])

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **options)
        login_locks.remember_device(response, user)
        return response


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """Changes the password and, unless the user declines, revokes the account's API keys.

    Someone who knew the old password might have created a key that does not expire.
    """

    revoke_keys = forms.BooleanField(label=gettext_lazy("Revoke all my API keys"), required=False, initial=True)

    def save(self) -> None:
        super().save()
        if self.cleaned_data["revoke_keys"]:
            api_keys.revoke_keys(ApiKey.objects.filter(user=self.user))


def _admit_signup(request: HttpRequest) -> None:
    """Redeem the invitation, or charge the limit on new accounts.

    Raises ImmediateHttpResponse if the invitation is not valid, and RequestError 429.
    """
    if invitations.get_signup_mode() != invitations.SIGNUP_INVITE:
        quotas.charge("account", request)
    elif not invitations.redeem_invitation(request):
        raise ImmediateHttpResponse(render(request, "account/signup_closed.html", status=403))


def confirm_password(request: HttpRequest, password: str) -> None:
    """Check the user's password before their account is deleted. Do nothing for visitors without an account.

    Wrong passwords count toward the limits on login attempts.

    Raises RequestError 403 `wrong_password` or 429 `too_many_requests`.
    """
    if not request.user.is_authenticated:
        return
    try:
        is_correct = AccountAdapter(request).reauthenticate(request.user, password)
    except ValidationError as error:
        raise RequestError("too_many_requests", str(error.message), 429, retry_after=300) from None
    if not is_correct:
        raise RequestError("wrong_password", _("The password is wrong. Nothing was deleted. Try again."), 403)


@receiver(user_logged_in)
def handle_login(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Move the browser's data to the account after a login or sign-up."""
    voter_id = merge_into_account(user, voters.find_cookie_voter_id(request))
    request.session[voters.SESSION_VOTER_KEY] = str(voter_id)
    voters.assign_new_voter(request, voter_id)


@receiver(user_logged_out)
def handle_logout(sender: object, request: HttpRequest, **_: Any) -> None:
    voters.assign_new_voter(request)


def merge_into_account(user: User, anonymous_id: UUID | None) -> UUID:
    """Move an anonymous voter's data, if any, to the account's voter, and return the id of the account's voter."""
    with transaction.atomic():
        account_voter, _created = Voter.objects.get_or_create(user=user)
        if anonymous_id is not None:
            anonymous = Voter.objects.select_for_update().filter(pk=anonymous_id, user=None).first()
            if anonymous:
                Voter.objects.select_for_update().get(pk=account_voter.pk)  # waits for its votes on ready pairs
                _move_voter_data(anonymous, account_voter.pk)
    return account_voter.pk


def _move_voter_data(anonymous: Voter, voter_id: UUID) -> None:
    battles = Battle.objects.filter(voter=anonymous)
    # The lock waits for votes that are being cast, so that they are also moved.
    list(battles.select_for_update().values_list("pk"))
    votes = voters.list_voter_votes(anonymous.pk)
    pools = set(votes.values_list("pool_id", flat=True))
    battles.update(voter=voter_id)
    # A vote on an item that the account has judged, too, keeps its voter, and goes on counting.
    judged = Vote.objects.filter(voter=voter_id, item=OuterRef("item"))
    votes.filter(~Exists(judged)).update(voter=voter_id)
    submissions.move_submissions(anonymous.pk, voter_id)
    QuestionSet.objects.filter(owner=anonymous).update(owner=voter_id)
    Pool.objects.filter(owner=anonymous).update(owner=voter_id)
    anonymous.delete()
    votes_moved.send(sender=Voter, pools=pools)


def login_required_middleware(get_response: Handler) -> Handler:
    """If the site requires login, reject requests with no account or API key, except those to public paths."""
    if not settings.ENVIRONMENT.is_login_required:
        raise MiddlewareNotUsed

    def handle(request: HttpRequest) -> HttpResponseBase:
        return _require_login(request) or get_response(request)

    return handle


def _require_login(request: HttpRequest) -> HttpResponse | None:
    """Return a response that requires login, or None if the request is allowed.

    This needs no query, because `arena.identity.voters` has already loaded the session.
    """
    if request.path.startswith(PUBLIC_PATHS) or api_keys.get_request_key(request) or request.user.is_authenticated:
        return None
    if request.path.startswith("/api/"):
        detail = _("This site requires login. Log in, or send an API key.")
        return build_error_response(RequestError("login_required", detail, 401))
    login_url = reverse("account_login")
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(login_url)
    if request.method in ("GET", "HEAD"):
        login_url += "?" + urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(login_url)
