"""Creates, authenticates, and revokes API keys, and checks their scopes. Only the hash of a key is stored."""

import hashlib
import math
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from arena.identity.voters import KEY_PREFIX
from arena.models import API_POOL, LIVE_POOL, ApiKey, Vote, Voter
from core.http.errors import RequestError, field_error
from core.http.forms import clean_form
from core.text.word_lists import join_words

READ = "read"
BATTLE = "battle"
VOTE = "vote"
EVALUATE = "evaluate"
SCOPE_LABELS = {
    READ: _("Read boards and models, and the battles of this key"),
    BATTLE: _("Start battles and ask follow-up questions"),
    VOTE: _("Vote on the battles of this key (these votes have a separate board)"),
    EVALUATE: _("Create and manage the evaluations of this key's account"),
}
SCOPES = tuple(SCOPE_LABELS)
PREFIX_LENGTH = len(KEY_PREFIX) + 6  # stored characters that help owners recognize their keys
MAX_NAME_LENGTH = 100
MAX_VALID_DAYS = 3650
MAX_KEYS_PER_ACCOUNT = 20
MAX_NEW_KEYS_PER_DAY = 20  # including revoked keys, because each key is a voter of the pool `api`
DAY = timedelta(days=1)
USED_AT_PRECISION = timedelta(minutes=1)
INVALID_KEY_DETAIL = "The API key is unknown, expired, or revoked. Send a valid one as “Authorization: Bearer KEY”."
EVALUATION_VIEWS = "evaluation-"  # the URL names of their calls begin with this
VOTE_VIEWS = ("battle-cast-vote", "ready-vote")
NAME_ERROR = format_lazy(_("Enter a name of at most {limit} printable characters."), limit=MAX_NAME_LENGTH)
SCOPES_ERROR = format_lazy(_("Choose at least one scope: {scopes}."), scopes=join_words(SCOPES, "or"))
DAYS_ERROR = format_lazy(_("A key is valid for 1 to {limit} days, or does not expire."), limit=MAX_VALID_DAYS)


def validate_name(name: str) -> None:
    if not name.isprintable():
        raise ValidationError(NAME_ERROR)


class DaysField(forms.IntegerField):
    """An integer field that treats whitespace as empty."""

    def to_python(self, value: Any) -> int | None:
        return super().to_python(value.strip() if isinstance(value, str) else value)


class ApiKeyForm(forms.Form):
    """The form for a new key. Without `days`, the key does not expire."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME_LENGTH,
        validators=[validate_name],
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": NAME_ERROR, "max_length": NAME_ERROR},
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=SCOPE_LABELS.items(),
        initial=[READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": SCOPES_ERROR, "invalid_choice": SCOPES_ERROR},
    )
    days = DaysField(
        label=_("Days until the key expires"),
        help_text=_("Leave empty for a key that does not expire."),
        min_value=1,
        max_value=MAX_VALID_DAYS,
        required=False,
        initial=90,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), DAYS_ERROR),
    )


def create_key(
    name: str, scopes: Iterable[str], days: int | None = None, user: User | None = None
) -> tuple[ApiKey, str]:
    """Create a key. Return it with its secret, which cannot be recovered later.

    Raises RequestError 400 for an invalid name, scopes, or days, and if the account has too many keys or already has a
    valid key with this name. Because of the last rule, submitting the form twice does not create two keys. Raises
    RequestError 429 if the account has created too many keys within a day.
    """
    fields = clean_form(ApiKeyForm({"name": name, "scopes": list(scopes), "days": days}))
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        if user:
            # The lock serializes concurrent requests, so that each one sees the keys of the others.
            User.objects.select_for_update().get(pk=user.pk)
            _check_account_keys(list_valid_keys(user), fields["name"])
            _check_new_keys(user)
        key = ApiKey.objects.create(
            name=fields["name"],
            user=user,
            voter=Voter.objects.create(),
            digest=hash_secret(secret),
            prefix=secret[:PREFIX_LENGTH],
            scopes=[scope for scope in SCOPES if scope in fields["scopes"]],
            expires_at=timezone.now() + timedelta(days=fields["days"]) if fields["days"] else None,
        )
    return key, secret


def _check_account_keys(keys: QuerySet[ApiKey], name: str) -> None:
    if keys.count() >= MAX_KEYS_PER_ACCOUNT:
        detail = translate("You already have %(limit)s keys, which is the maximum. Revoke one first.")
        raise field_error("name", detail % {"limit": MAX_KEYS_PER_ACCOUNT})
    if keys.filter(name=name).exists():
        raise field_error("name", translate("You already have a key with this name. Choose another name."))


def _check_new_keys(user: User) -> None:
    created = list(
        ApiKey.objects.filter(user=user, created_at__gt=Now() - DAY)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:MAX_NEW_KEYS_PER_DAY]
    )
    if len(created) == MAX_NEW_KEYS_PER_DAY:
        wait = created[-1] + DAY - timezone.now()
        detail = translate("You have created %(limit)s keys within a day, which is the maximum. Try again tomorrow.")
        raise RequestError(
            "too_many_requests",
            detail % {"limit": MAX_NEW_KEYS_PER_DAY},
            429,
            retry_after=max(1, math.ceil(wait.total_seconds())),
        )


def hash_secret(secret: str) -> str:
    """Return the hexadecimal SHA-256 hash of a secret. The secret has 256 random bits, so it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def list_valid_keys(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), user=user, revoked_at=None)


def revoke_keys(keys: QuerySet[ApiKey]) -> None:
    keys.filter(revoked_at=None).update(revoked_at=Now())


def authenticate_key(secret: str) -> ApiKey:
    """Return the key with this secret and record its use. Raises RequestError 401 `bad_key` if it is not valid."""
    key = ApiKey.objects.filter(digest=hash_secret(secret)).select_related("user").first()
    now = timezone.now()
    is_expired = key is not None and key.expires_at is not None and key.expires_at <= now
    if key is None or is_expired or key.revoked_at or (key.user and not key.user.is_active):
        raise RequestError("bad_key", INVALID_KEY_DETAIL, 401)
    if key.used_at is None or key.used_at <= now - USED_AT_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def check_scope(key: ApiKey, method: str | None, view: str | None) -> None:
    """Raise RequestError 403 `scope` if the key lacks the scope for this method and view.

    view: the URL name of the view
    """
    if view and view.startswith(EVALUATION_VIEWS):
        required = EVALUATE
    elif method in ("GET", "HEAD", "OPTIONS"):
        required = READ
    elif view in VOTE_VIEWS:
        required = VOTE
    else:
        required = BATTLE
    if required not in key.scopes:
        raise RequestError("scope", f"This API key lacks the scope {required}.", 403)


def get_request_key(request: HttpRequest) -> ApiKey | None:
    """Return the request's API key, which `arena.identity.api_access` has authenticated, or None."""
    return getattr(request, "api_key", None)


def get_default_pool(request: HttpRequest) -> int:
    """Return the key of the pool of the request's battles. Votes cast with an API key never count in the live pool."""
    return API_POOL if get_request_key(request) else LIVE_POOL


def get_voter_kind(request: HttpRequest) -> str:
    return Vote.VoterKind.KEY if get_request_key(request) else Vote.VoterKind.PERSON
