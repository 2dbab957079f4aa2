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
DEVICE_AGE_S = 365 * 24 * 3600
ANYWHERE = "login_failed_anywhere"
LONGEST_LOCK_S = 3600  # the longest period in ACCOUNT_RATE_LIMITS for a failed login
_signer = TimestampSigner(salt="arena.device")


def key_of_name(name: str) -> str:
    """What failures for this name are counted by: the same however it is spelled, another one after `unlock`."""
    return f"{_spelled_once(name)}:{cache.get(_unlocked_key(name), 0)}"


def is_locked_anywhere(request: HttpRequest, name: str) -> bool:
    """Whether too many networks together have guessed for this name, and this browser is not known to it."""
    if _is_known_device(request, name):
        return False
    return not ratelimit.consume(request, action=ANYWHERE, key=key_of_name(name), dry_run=True)


def count_failure(request: HttpRequest, name: str) -> None:
    ratelimit.consume(request, action=ANYWHERE, key=key_of_name(name))


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Mark the browser as one in which this account has logged in."""
    voters.set_cookie(response, DEVICE_COOKIE, _signer.sign(_mark(user.get_username())), DEVICE_AGE_S)


def unlock(name: str) -> None:
    """Forget all failures for this name, from every network."""
    cache.set(_unlocked_key(name), time.time(), LONGEST_LOCK_S)


def _is_known_device(request: HttpRequest, name: str) -> bool:
    cookie = request.COOKIES.get(voters.cookie_name(DEVICE_COOKIE), "")
    try:
        return bool(_signer.unsign(cookie, max_age=DEVICE_AGE_S) == _mark(name))
    except BadSignature:
        return False


def _mark(name: str) -> str:
    return voters.keyed_hash("device", _spelled_once(name))


def _unlocked_key(name: str) -> str:
    return f"unlocked:{voters.keyed_hash('unlocked', _spelled_once(name))}"


def _spelled_once(name: str) -> str:
    """As PostgreSQL compares names: in upper case, letter by letter, where a dotless i is an I too.

    A letter of which Python makes two stays: the name with a sharp s is another account than the one with SS.
    """
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in name)
