"""How many wrong passwords are accepted, and from where: strangers who guess must not lock the owner out.

allauth counts failures by a key, which here is the name together with the network (`login_failed` in the settings).
Guesses from many networks add up in a second, slower count of the name alone (`login_failed_anywhere`); a browser in
which the owner has logged in before is not subject to that one.
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
MAX_LOCK_S = 3600  # the longest period in ACCOUNT_RATE_LIMITS for a failed login
_device_signer = TimestampSigner(salt="arena.device")


def build_lock_key(name: str) -> str:
    """What failures for this name are counted by: the same however it is spelled, another one after `unlock_name`."""
    return f"{_normalize_name(name)}:{cache.get(_build_unlock_key(name), 0)}"


def is_name_locked(request: HttpRequest, name: str) -> bool:
    """Whether too many networks together have guessed for this name, and this browser is not known to it."""
    if _is_known_device(request, name):
        return False
    return not ratelimit.consume(request, action=ANYWHERE_ACTION, key=build_lock_key(name), dry_run=True)


def count_failure(request: HttpRequest, name: str) -> None:
    ratelimit.consume(request, action=ANYWHERE_ACTION, key=build_lock_key(name))


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Mark the browser as one in which this account has logged in."""
    voters.set_cookie(
        response, DEVICE_COOKIE, _device_signer.sign(_hash_device_name(user.get_username())), DEVICE_COOKIE_MAX_AGE_S
    )


def unlock_name(name: str) -> None:
    """Forget all failures for this name, from every network."""
    cache.set(_build_unlock_key(name), time.time(), MAX_LOCK_S)


def _is_known_device(request: HttpRequest, name: str) -> bool:
    cookie = request.COOKIES.get(voters.get_cookie_name(DEVICE_COOKIE), "")
    try:
        return bool(_device_signer.unsign(cookie, max_age=DEVICE_COOKIE_MAX_AGE_S) == _hash_device_name(name))
    except BadSignature:
        return False


def _hash_device_name(name: str) -> str:
    return voters.keyed_hash("device", _normalize_name(name))


def _build_unlock_key(name: str) -> str:
    return f"unlocked:{voters.keyed_hash('unlocked', _normalize_name(name))}"


def _normalize_name(name: str) -> str:
    """As PostgreSQL compares names: in upper case, letter by letter, where a dotless i is an I too.

    A letter of which Python makes two stays: the name with a sharp s is another account than the one with SS.
    """
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in name)
