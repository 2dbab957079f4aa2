"""Limits on wrong passwords. Other people cannot use them to lock out the owner of an account.

allauth counts failures by username and network (`login_failed` in the settings). A second limit with a longer period
counts failures by username from all networks together (`login_failed_anywhere`). It does not apply to browsers in which
the account has logged in before.
"""

import time

from allauth.core import ratelimit
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponseBase

from arena.identity import voters

DEVICE_COOKIE = "device"
DEVICE_COOKIE_MAX_AGE_S = 365 * 24 * 3600
ANYWHERE_ACTION = "login_failed_anywhere"
MAX_LOCK_S = 3600  # the longest period for failed logins in ACCOUNT_RATE_LIMITS
_device_signer = TimestampSigner(salt="arena.device")


def build_lock_key(name: str) -> str:
    """Return the key under which failures of a username are counted.

    All spellings of a name that differ only in case have the same key. `unlock_name` gives the name a new key.
    """
    return f"{_normalize_name(name)}:{cache.get(_build_unlock_key(name), 0)}"


def is_name_locked(request: HttpRequest, name: str) -> bool:
    """Return whether the name is locked for all networks. Browsers that the account has used before are exempt."""
    if _is_known_device(request, name):
        return False
    return not ratelimit.consume(request, action=ANYWHERE_ACTION, key=build_lock_key(name), dry_run=True)


def count_failure(request: HttpRequest, name: str) -> None:
    ratelimit.consume(request, action=ANYWHERE_ACTION, key=build_lock_key(name))


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Set a cookie that marks the browser as one in which this account has logged in."""
    token = _device_signer.sign(_hash_name_for_device(user.get_username()))
    voters.set_cookie(response, DEVICE_COOKIE, token, DEVICE_COOKIE_MAX_AGE_S)


def unlock_name(name: str) -> None:
    """Discard all failures for this username from all networks."""
    cache.set(_build_unlock_key(name), time.time(), MAX_LOCK_S)


def _is_known_device(request: HttpRequest, name: str) -> bool:
    token = request.COOKIES.get(voters.get_cookie_name(DEVICE_COOKIE), "")
    try:
        name_hash = _device_signer.unsign(token, max_age=DEVICE_COOKIE_MAX_AGE_S)
    except BadSignature:
        return False
    return bool(name_hash == _hash_name_for_device(name))


def _hash_name_for_device(name: str) -> str:
    return voters.keyed_hash("device", _normalize_name(name))


def _build_unlock_key(name: str) -> str:
    return f"unlocked:{voters.keyed_hash('unlocked', _normalize_name(name))}"


def _normalize_name(name: str) -> str:
    """Return the name in uppercase, character by character, as PostgreSQL compares names.

    A dotless i also becomes I. Letters such as ß, whose uppercase form has two letters, do not change, because a name
    with ß belongs to a different account than the same name with SS.
    """
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in name)
