"""Accounts are optional. Logging in moves what the browser did before to the account's voter; logging out leaves it.

The voter of an account is known by the session alone, and has an id that no cookie ever held: one that was planted
before the login, or copied, opens nothing of the account.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import MiddlewareNotUsed, ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from arena.identity import api_keys, invitations, login_locks, quotas, voters
from arena.models import Battle, Voter
from arena.signals import votes_moved
from catalog.importers import submissions
from core.http.errors import RequestError, render_error_page

PUBLIC_PATHS = ("/accounts/", "/appearance/", settings.STATIC_URL, *voters.COOKIELESS_PATHS)
HOUR_S = 3600
Handler = Callable[[HttpRequest], Any]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth does otherwise: who may sign up, how attempts are counted, and which of our pages follow."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: our pages say what happened themselves."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """A pseudonym of the network of the address that we trust: allauth counts by it, so no address is stored.

        In a /64 of IPv6 anybody has another address for every attempt.
        """
        return voters.keyed_hash("attempts", quotas.get_subscriber_network(voters.get_client_address(request)))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitations.can_sign_up(request)

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:  # noqa: FBT001, FBT002  # allauth's signature
        with transaction.atomic():
            _claim_signup(request)
            saved: User = super().save_user(request, user, form, commit)
        return saved

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError where too many passwords were wrong; allauth's own count goes by what it gets here."""
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


def _claim_signup(request: HttpRequest) -> None:
    """Before an account is made: use up the invitation, or one of the few that a network may make in an hour."""
    if invitations.get_signup_mode() == invitations.SIGNUP_INVITE:
        if not invitations.redeem_invitation(request):
            raise ImmediateHttpResponse(render(request, "account/signup_closed.html", status=403))
    elif not _can_create_account(request):
        raise ImmediateHttpResponse(render_error_page(request, quotas.build_quota_error(HOUR_S)))


def _can_create_account(request: HttpRequest) -> bool:
    """Whether the address and the largest network around it have made fewer accounts than they may in an hour.

    Without a limit where battles of an address have none.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return True
    largest, _ = quotas.list_networks(voters.get_client_address(request))[-1]
    by_address = ratelimit.consume(request, action="account_made")
    around = voters.keyed_hash("attempts", largest)
    return bool(by_address and ratelimit.consume(request, action="account_made_around", key=around))


def confirm_password(request: HttpRequest, password: str) -> None:
    """Check the password of whoever is logged in, under the limits of a login; without an account there is none.

    Raises Refusal 403 `wrong_password` and 429 `too_many_requests`.
    """
    if not request.user.is_authenticated:
        return
    try:
        is_right = AccountAdapter(request).reauthenticate(request.user, password)
    except ValidationError as error:
        raise RequestError("too_many_requests", str(error.message), 429, retry_after=300) from None
    if not is_right:
        raise RequestError("wrong_password", _("The password is wrong. Nothing was deleted."), 403)


def connect_signals() -> None:
    user_logged_in.connect(handle_login)
    user_logged_out.connect(handle_logout)


def handle_login(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """After a login, by whatever means; Django has given the session another key."""
    voter_id = merge_into_account(user, voters.find_cookie_voter_id(request))
    request.session[voters.SESSION_VOTER_KEY] = str(voter_id)
    voters.assign_new_voter(request, voter_id)


def handle_logout(sender: object, request: HttpRequest, **_: Any) -> None:
    voters.assign_new_voter(request)


def merge_into_account(user: User, before: UUID | None) -> UUID:
    """Give the account all that an anonymous voter has; returns the id of the account's own voter."""
    with transaction.atomic():
        voter_id = Voter.objects.get_or_create(user=user)[0].pk
        if before and (anonymous := Voter.objects.select_for_update().filter(pk=before, user=None).first()):
            _move_voter_data(anonymous, voter_id)
    return voter_id


def _move_voter_data(anonymous: Voter, voter_id: UUID) -> None:
    battles = Battle.objects.filter(voter=anonymous)
    list(battles.select_for_update().values_list("pk"))  # a vote that is being cast is waited for, and seen below
    votes = voters.list_voter_votes(anonymous.pk)
    pools = set(votes.values_list("pool", flat=True))
    battles.update(voter=voter_id)
    votes.update(voter=voter_id)
    submissions.move_submissions(anonymous.pk, voter_id)
    anonymous.delete()
    votes_moved.send(sender=Voter, pools=pools)


def login_required_middleware(get_response: Handler) -> Handler:
    """Where accounts are required nobody else comes further than the page to log in."""
    if not settings.ENVIRONMENT.is_login_required:
        raise MiddlewareNotUsed
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return _require_login(request) or await get_response(request)

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return _require_login(request) or get_response(request)

    return synchronous


login_required_middleware.sync_capable = login_required_middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


def _require_login(request: HttpRequest) -> HttpResponse | None:
    """Asks nothing of the database: whether somebody is logged in, `arena.identity.voters` has looked up before."""
    if request.path.startswith(PUBLIC_PATHS) or api_keys.get_request_key(request) or request.user.is_authenticated:
        return None
    if request.path.startswith("/api/"):
        error = {"code": "login_required", "detail": _("Log in first: this arena is for its members.")}
        return JsonResponse({"error": error}, status=401, headers={"WWW-Authenticate": "Bearer"})
    login = reverse("account_login")
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(login)
    back = urlencode({"next": request.get_full_path()}) if request.method in ("GET", "HEAD") else ""
    return HttpResponseRedirect(f"{login}?{back}".rstrip("?"))
