"""Charges requests to the limits in `arena.identity.limits`.

Each request is charged to its voter, its address, and the networks around the address, because voters can delete their
cookies and one IPv6 connection has billions of addresses. All keys of an account are charged as one voter, because the
account can create and revoke them freely. Requests with an operator's API key, and those from members of a site that
requires login, are not charged to addresses. Their senders cannot create voters freely, and a whole office might share
one address.

Words: a *charge* is taken from a rate, and refunded if the action fails. A *slot* is held while something runs.
*Work* is CPU time. A *network* is here an address or a range around it, known by a pseudonym.
"""

import ipaddress
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from arena.identity import api_keys
from arena.identity.limits import LIMITS, Rate, Slots
from arena.identity.voters import SAFE_METHODS, get_client_address, get_voter_id, is_logged_in, keyed_hash
from arena.models import Battle, battle_lengths
from core.http import outages, rate_limit
from core.http.error_pages import render_error_page
from core.http.errors import READ_METHODS, RequestError, build_error_response
from core.http.middleware import Handler
from core.http.rate_limit import Bucket
from core.storage import shared_slots
from core.storage.redis_clients import redis_circuit

CHARACTERS_PER_CHARGE = 8000
WORK_UNIT_S = 0.01  # CPU seconds per unit; requests that take less are free
MINUTES_THRESHOLD_S = 120
RUNNING_RETRY_S = 5
# A battle younger than this counts even if PostgreSQL does not have it, because it might not be committed yet.
COMMIT_GRACE_S = 3
# Quotas of networks as multiples of an address's quota, keyed by prefix length. A /24 and a /48 are the smallest
# networks that are routed separately on the internet, so they are harder to change than an address. A /56 is a typical
# home connection.
IPV4_FACTORS = {32: 1, 24: 4}
IPV6_FACTORS = {64: 1, 56: 2, 48: 4}
PORT_OR_BRACKETS = re.compile(r"\[(.*)\](?::[0-9]*)?|([0-9.]+):[0-9]*")


@contextmanager
def charge_battle(request: HttpRequest, prompt: str) -> Iterator[UUID]:
    """Charge a new battle, and refund it if the block raises. Yields the id that the battle must use.

    Raises RequestError 429 `too_many_requests`, or 429 `too_many_running` if the account of the API key, the address,
    or one of its networks has too many battles in progress.
    """
    battle_id = uuid4()
    with charge_or_refund("battle", request, _count_charges(len(prompt))):
        maximums = _list_running_maximums(request)
        reserve_battle(maximums, battle_id)
        try:
            yield battle_id
        except BaseException:
            redis_circuit.run(lambda: shared_slots.remove_slots([(str(battle_id), maximums)]), lambda: None)
            raise


@contextmanager
def charge_turn(request: HttpRequest, battle: Battle, prompt: str = "") -> Iterator[None]:
    """Charge a follow-up question, or a retry (without `prompt`), based on the length of the whole conversation.

    Raises RequestError 429 like `charge_battle`.
    """
    length = battle_lengths.measure_battle_length(battle) + len(prompt)
    with charge_or_refund("turn", request, _count_charges(length)):
        reserve_battle(_list_running_maximums(request), battle.pk)
        yield


def _count_charges(characters: int) -> int:
    return max(1, math.ceil(characters / CHARACTERS_PER_CHARGE))


def charge(name: str, request: HttpRequest, amount: int = 1) -> None:
    """Charge a rate of `limits.LIMITS`. Call this before the action. Raises RequestError 429."""
    if wait := rate_limit.charge_buckets(build_buckets(name, request), amount):
        raise quota_error(wait)


@contextmanager
def charge_work(request: HttpRequest) -> Iterator[None]:
    """Charge the CPU time that the block takes in this thread.

    Raises RequestError 429 before the block if earlier work has used up the limit. Fixed prices would be wrong on most
    sites, because the cost of a page depends on its URL and on the number of models, votes, and battles.
    """
    buckets = _check_work(request)
    start = time.thread_time()
    try:
        yield
    finally:
        _charge_time(buckets, start)


def _check_work(request: HttpRequest) -> list[Bucket]:
    buckets = build_buckets("work", request)
    if wait := rate_limit.charge_buckets(buckets, 0):
        raise quota_error(wait, _("You or other people on your network sent too many requests at once."))
    return buckets


def _charge_time(buckets: list[Bucket], start: float) -> None:
    """Charge the CPU time of this thread since `start`."""
    if units := int((time.thread_time() - start) / WORK_UNIT_S):
        rate_limit.charge_buckets(buckets, units, overdraw=True)


class WorkMiddleware:
    """Charges pages and read calls for their CPU time, as `charge_work` does, and renders RequestErrors of views.

    Pages from a cache take almost no time and are free. Account forms are charged too, because hashing a password takes
    a third of a second. Event streams and submissions call `charge_work`
    for the part of their work that takes time.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        start = time.thread_time()
        try:
            return self.get_response(request)
        finally:
            _charge_time(getattr(request, "work_buckets", []), start)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        is_form = request.method == "POST" and request.path.startswith("/accounts/")
        if not (is_form or request.method in READ_METHODS) or request.path.startswith("/admin/"):
            return None
        if iscoroutinefunction(view):
            return None
        try:
            request.work_buckets = _check_work(request)  # type: ignore[attr-defined]  # not declared by Django
        except RequestError as error:
            return self.process_exception(request, error)
        except (OperationalError, InterfaceError):
            # The pseudonyms of networks need the hash key from the database, unless this process has loaded it already.
            # Django calls `process_exception` only for exceptions of views.
            return outages.render_unavailable(request)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RequestError):
            return None
        return build_error_response(error) if request.path.startswith("/api/") else render_error_page(request, error)


class CallThrottle(BaseThrottle):
    """A DRF throttle that charges every API call. Reads and writes have separate buckets."""

    def allow_request(self, request: Request, view: object) -> bool:
        http_request = request._request  # noqa: SLF001  # the documented way to get Django's request
        charge("read" if http_request.method in SAFE_METHODS else "write", http_request)
        return True


def list_maximums(name: str, request: HttpRequest) -> dict[str, int]:
    """Return the maximum of a limit for each client that is charged: the voter, the address, and then its networks.

    Clients without a limit are omitted.
    """
    limit = LIMITS[name]
    networks = list_charged_networks(request)
    maximums = {network: limit.address_maximum * factor for network, factor in networks.items()}
    if limit.per_voter is not None:
        maximums = {get_charged_voter(request): limit.voter_maximum, **maximums}
    elif not networks:
        maximums = {get_charged_voter(request): limit.address_maximum}
    return {client: maximum for client, maximum in maximums.items() if maximum}


def build_buckets(name: str, request: HttpRequest) -> list[Bucket]:
    """Return the buckets of a rate, in the order of `list_maximums`."""
    rate = LIMITS[name]
    assert isinstance(rate, Rate)  # noqa: S101  # for mypy
    return [rate.build_bucket(client, per_hour) for client, per_hour in list_maximums(name, request).items()]


# Battles in progress: PostgreSQL can count those of a voter, but it does not store voters' addresses. Redis therefore
# stores the ids of the battles that each network and each account has started. If there are too many, those that have
# ended according to PostgreSQL are removed. Nothing has to be released when a battle ends, so a worker that dies cannot
# reduce a network's limit permanently.


def check_running_battles(voter_id: UUID) -> None:
    """Raise RequestError 429 `too_many_running` if the voter has too many battles in progress.

    Call this in the transaction that starts the answers, after locking the voter's row. The lock lets concurrent
    requests see each other's battles.
    """
    maximum = LIMITS["running"].voter_maximum
    if maximum and Battle.objects.filter(voter=voter_id, state=Battle.State.ANSWERING).count() >= maximum:
        detail = _("You have %(limit)s battles in progress. Wait until one of them finishes, then try again.")
        raise RequestError("too_many_running", detail % {"limit": maximum}, 429, retry_after=RUNNING_RETRY_S)


def _list_running_maximums(request: HttpRequest) -> dict[str, int]:
    """Return the maximum number of battles in progress that Redis counts, keyed by `running:` and the client."""
    maximums = list_maximums("running", request)
    maximums.pop(str(get_voter_id(request)), None)  # see `check_running_battles`
    return {f"running:{client}": maximum for client, maximum in maximums.items()}


def reserve_battle(maximums: Mapping[str, int], battle_id: UUID) -> None:
    """Count a battle for its networks and its account. Raises RequestError 429 `too_many_running` if one is full.

    While Redis is down, battles are not counted, and only the voter's limit and the hourly limits apply.

    maximums: see `_list_running_maximums`
    """
    if not redis_circuit.run(lambda: _reserve(maximums, battle_id), lambda: True):
        detail = _(
            "Too many battles from your account or your network are in progress. Wait a few seconds, then try again."
        )
        raise RequestError("too_many_running", detail, 429, retry_after=RUNNING_RETRY_S)


def _reserve(maximums: Mapping[str, int], battle_id: UUID) -> bool:
    """Return whether all clients have room for the battle, perhaps after battles that have ended are removed."""
    running = LIMITS["running"]
    assert isinstance(running, Slots)  # noqa: S101  # for mypy
    for _attempt in range(len(maximums) + 1):  # all attempts but the last make room for a client that has none
        reached = shared_slots.take_slot(str(battle_id), maximums, running.ttl_s)
        if reached is None:
            return True
        battle_ids = shared_slots.list_slots(reached, running.ttl_s - COMMIT_GRACE_S)
        answering = Battle.objects.filter(pk__in=battle_ids, state=Battle.State.ANSWERING).values_list("pk", flat=True)
        ended = battle_ids - set(map(str, answering))
        if not ended:
            break
        shared_slots.remove_slots((ended_id, [reached]) for ended_id in ended)
    return False


def get_payer(request: HttpRequest) -> str:
    """Return the pseudonym of the payer, to whom tokens are charged, or "" if addresses have no limit.

    The payer is the client's largest network, unless networks are not charged (see `is_only_voter_charged`). In that
    case, the payer is the voter, or the account of the API key.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return ""
    if not is_only_voter_charged(request):
        return list(list_charged_networks(request))[-1]
    return keyed_hash("payer", f"voter {get_charged_voter(request)}")


def is_only_voter_charged(request: HttpRequest) -> bool:
    """Return whether networks are not charged: for keys without an account, and for accounts if login is required."""
    key = api_keys.get_request_key(request)
    if key and not key.user_id:
        return True
    return settings.ENVIRONMENT.is_login_required and (key is not None or is_logged_in(request))


def get_charged_voter(request: HttpRequest) -> str:
    """Return the voter who is charged: the account of the API key, so that all its keys share limits, or the voter."""
    key = api_keys.get_request_key(request)
    return f"user:{key.user_id}" if key and key.user_id else str(get_voter_id(request))


def list_charged_networks(request: HttpRequest) -> dict[str, int]:
    """Return the client's address and the networks around it, if they are charged, smallest first.

    The values are their quotas as multiples of an address's quota, keyed by pseudonym.
    """
    networks = {} if is_only_voter_charged(request) else list_networks(get_client_address(request))
    return {keyed_hash("limit", name): factor for name, factor in networks.items()}


def get_subscriber_network(address: str) -> str:
    """Return the IPv4 address or the IPv6 /64, because one IPv6 subscriber can use all addresses of a /64."""
    return next(iter(list_networks(address)))


def list_networks(address: str) -> dict[str, int]:
    """Return an address and the networks around it, smallest first, with their quotas as multiples of an address's.

    A port and brackets, which some proxies add, are ignored. All text that is not an address is one network.
    """
    if match := PORT_OR_BRACKETS.fullmatch(address):
        address = match[1] or match[2]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return {"": 1}
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    factors = IPV4_FACTORS if isinstance(parsed, ipaddress.IPv4Address) else IPV6_FACTORS
    return {str(ipaddress.ip_network((parsed.packed, bits), strict=False)): factor for bits, factor in factors.items()}


@contextmanager
def charge_or_refund(name: str, request: HttpRequest, amount: int = 1) -> Iterator[None]:
    """Charge a rate of `limits.LIMITS`, and refund it if the block raises. Raises RequestError 429."""
    charge(name, request, amount)
    try:
        yield
    except BaseException:
        rate_limit.charge_buckets(build_buckets(name, request), -amount)
        raise


def quota_error(wait: float, reason: str = "") -> RequestError:
    """Return a 429 error with a delay of `wait` seconds.

    reason: a sentence that replaces "Hourly limit reached."
    """
    seconds = rate_limit.round_up_seconds(wait)
    if seconds > MINUTES_THRESHOLD_S:
        delay = _("%(number)s min") % {"number": math.ceil(seconds / 60)}
    else:
        delay = _("%(number)s s") % {"number": seconds}
    reason = reason or _("Hourly limit reached.")
    detail = _("%(reason)s Try again in %(delay)s.") % {"reason": reason, "delay": delay}
    return RequestError("too_many_requests", detail, 429, retry_after=seconds)
