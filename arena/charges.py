"""What is charged to whom: battles, further questions, what is sent for the catalogue and calls of the API.

Each to the voter or key, and to its address.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from arena import limits
from arena.errors import Refusal
from arena.limits import Bucket
from arena.voters import address, keyed_hash, voter_id

# Asking again costs as much as a battle; but who talks at length should not lose the battles of the hour by it.
TURNS_PER_BATTLE = 5
# Against programs that run wild, not against readers: ten a second for ever.
CALLS_PER_HOUR = 36_000
FILES_PER_HOUR = 60  # each may be a record of millions of votes
ADDRESS_FACTOR = 10  # one address may be a whole office
A_WHILE_S = 120
BATTLES_PER_SUBMISSION = 3  # a third of the battles of the hour, rounded up; no limit where these have none


@contextmanager
def battle(request: HttpRequest) -> Iterator[None]:
    """Around the making of a battle, which counts if it is made. Raises Refusal 429."""
    with _charged(_asking(request, "battle", 1)):
        yield


@contextmanager
def turn(request: HttpRequest) -> Iterator[None]:
    """Around a further question or another try: the models are asked again. Raises Refusal 429."""
    with _charged(_asking(request, "turn", TURNS_PER_BATTLE)):
        yield


def submission(request: HttpRequest) -> None:
    """Before something for the catalogue is read. Every try counts, for reading is what costs. Raises Refusal 429."""
    environment = settings.ENVIRONMENT
    each, together = environment.arena_battles_per_hour, environment.arena_battles_per_hour_address
    _take(_buckets(request, "submission", -(-each // BATTLES_PER_SUBMISSION), -(-together // BATTLES_PER_SUBMISSION)))


def write(request: HttpRequest) -> None:
    """Before a page changes something: it counts as the call of a program that does the same. Raises Refusal 429."""
    _call(request, "write")


def file(request: HttpRequest) -> None:
    """Before a whole record is sent, by a view that is not DRF's. Raises Refusal 429."""
    _take(_buckets(request, "file", FILES_PER_HOUR, FILES_PER_HOUR * ADDRESS_FACTOR))


def stream(request: HttpRequest) -> None:
    """Before a stream of events is opened: it counts as a call that reads. Raises Refusal 429."""
    _call(request, "read")


class Calls(BaseThrottle):
    """DRF asks it before each call; reads and writes have buckets of their own."""

    def allow_request(self, request: Request, view: object) -> bool:
        plain = request._request  # noqa: SLF001  # the documented way to Django's request
        _call(plain, "read" if plain.method in ("GET", "HEAD", "OPTIONS") else "write")
        return True


def _call(request: HttpRequest, kind: str) -> None:
    _take(_buckets(request, kind, CALLS_PER_HOUR, CALLS_PER_HOUR * ADDRESS_FACTOR))


def _asking(request: HttpRequest, what: str, factor: int) -> list[Bucket]:
    environment = settings.ENVIRONMENT
    each, together = environment.arena_battles_per_hour, environment.arena_battles_per_hour_address
    return _buckets(request, what, each * factor, together * factor)


def _buckets(request: HttpRequest, what: str, each: int, together: int) -> list[Bucket]:
    """A key is a voter of its own. Whoever comes as somebody new each time is still at the same address."""
    return [Bucket(f"{what}:{voter_id(request)}", each), Bucket(f"{what}:{whence(request)}", together)]


def whence(request: HttpRequest) -> str:
    """A pseudonym of the address."""
    return keyed_hash("limit", network(address(request)))


def network(address: str) -> str:
    """What one subscriber has: of IPv6 a /64, in which anybody may choose another address for every call."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed), 64), strict=False))


@contextmanager
def _charged(buckets: list[Bucket]) -> Iterator[None]:
    _take(buckets)
    try:
        yield
    except BaseException:
        limits.give_back(buckets)
        raise


def _take(buckets: list[Bucket]) -> None:
    if not (wait := limits.take(buckets)):
        return
    seconds = limits.whole_seconds(wait)
    after = _("%(number)s s") % {"number": seconds}
    if seconds > A_WHILE_S:
        after = _("%(number)s min") % {"number": -(-seconds // 60)}
    detail = _("That was a lot within an hour. Try again in %(after)s.") % {"after": after}
    raise Refusal("too_many_requests", detail, 429, retry_after=seconds)
