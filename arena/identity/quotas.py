"""Quotas for battles, follow-up questions, submissions, and API calls.

Each request is charged to its voter, its address, and the networks around the address, because voters can delete their
cookies and one IPv6 connection has billions of addresses. All keys of an account are charged as one voter, because the
account can create and revoke them freely. Requests with an operator's API key, and those from members of a site that
requires login, are not charged to addresses. Their senders cannot create voters freely, and a whole office might share
one address.
"""

import ipaddress
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from arena.identity import api_keys, running_battles
from arena.identity.voters import SAFE_METHODS, get_client_address, get_voter_id, is_logged_in, keyed_hash
from arena.models import Battle, battle_lengths
from core.http import rate_limit
from core.http.errors import RequestError
from core.http.rate_limit import Bucket

# Follow-up questions have a separate quota, so that a long conversation does not use up the hour's battles.
TURNS_PER_BATTLE = 5
CHARACTERS_PER_CHARGE = 8000
CALLS_PER_HOUR = 36_000  # ten calls per second: enough for readers, but not for runaway programs
CALL_BURST = 600  # one minute's calls
FILES_PER_HOUR = 60  # low, because a file can contain millions of votes
ADDRESS_FACTOR = 10  # because a whole office might share an address
MINUTES_THRESHOLD_S = 120
BATTLES_PER_SUBMISSION = 3  # the quota of submissions is a third of the quota of battles, rounded up
# (prefix length, quota as a multiple of an address's quota). A /24 and a /48 are the smallest networks that are routed
# separately on the internet, so they are harder to change than an address. A /56 is a typical home connection.
IPV4_NETWORKS = ((32, 1), (24, 4))
PORT_OR_BRACKETS = re.compile(r"\[(.*)\](?::[0-9]*)?|([0-9.]+):[0-9]*")
IPV6_NETWORKS = ((64, 1), (56, 2), (48, 4))


@dataclass(frozen=True)
class ClientNetwork:
    """A client's address or a network around it.

    key: the pseudonym of the network
    factor: the network's quota as a multiple of an address's quota
    """

    key: str
    factor: int


@contextmanager
def charge_battle(request: HttpRequest, prompt: str) -> Iterator[UUID]:
    """Charge a new battle, and refund it if the block raises. Yields the id that the battle must use.

    Raises RequestError 429 `too_many_requests`, or 429 `too_many_running` if the address or one of its networks has too
    many battles in progress.
    """
    battle_id = uuid4()
    with _charge_or_refund(build_battle_buckets(request), _count_charges(len(prompt))):
        limits = build_running_limits(request)
        running_battles.reserve_battle(limits, battle_id)
        try:
            yield battle_id
        except BaseException:
            running_battles.release_battle(limits, battle_id)
            raise


@contextmanager
def charge_battle_without_answers(request: HttpRequest) -> Iterator[None]:
    """Charge a continued battle, or a judgment of a ready pair. Neither requests answers. Raises RequestError 429."""
    with _charge_or_refund(build_battle_buckets(request)):
        yield


@contextmanager
def charge_turn(request: HttpRequest, battle: Battle, prompt: str = "") -> Iterator[None]:
    """Charge a follow-up question, or a retry (without `prompt`), based on the length of the whole conversation.

    Raises RequestError 429 like `charge_battle`.
    """
    length = battle_lengths.measure_battle_length(battle) + len(prompt)
    with _charge_or_refund(build_turn_buckets(request), _count_charges(length)):
        running_battles.reserve_battle(build_running_limits(request), battle.pk)
        yield


def _count_charges(characters: int) -> int:
    return max(1, math.ceil(characters / CHARACTERS_PER_CHARGE))


def charge_submission(request: HttpRequest) -> None:
    """Charge a submission before it is parsed. Rejected submissions also count, because parsing is the expensive part.

    Raises RequestError 429.
    """
    _charge_buckets(_build_buckets(request, "submission", lambda battles: math.ceil(battles / BATTLES_PER_SUBMISSION)))


def charge_write(request: HttpRequest) -> None:
    """Charge a form that changes data, like a write call to the API. Raises RequestError 429."""
    _charge_fixed_quota(request, "write", CALLS_PER_HOUR)


def charge_file(request: HttpRequest) -> None:
    """Charge a download of votes or battles. Call this before sending the file. Raises RequestError 429."""
    _charge_fixed_quota(request, "file", FILES_PER_HOUR)


def charge_stream(request: HttpRequest) -> None:
    """Charge for opening an event stream, like a read call to the API. Raises RequestError 429."""
    _charge_fixed_quota(request, "read", CALLS_PER_HOUR)


class CallThrottle(BaseThrottle):
    """A DRF throttle that charges every API call. Reads and writes have separate buckets."""

    def allow_request(self, request: Request, view: object) -> bool:
        http_request = request._request  # noqa: SLF001  # the documented way to get Django's request
        kind = "read" if http_request.method in SAFE_METHODS else "write"
        _charge_fixed_quota(http_request, kind, CALLS_PER_HOUR)
        return True


def _charge_fixed_quota(request: HttpRequest, kind: str, limit: int) -> None:
    """Charge buckets with a fixed limit per voter, and `ADDRESS_FACTOR` times that limit per address.

    If battles have no per-voter or per-address limit, these buckets have none either.
    """
    environment = settings.ENVIRONMENT
    per_voter = limit if environment.arena_battles_per_hour else 0
    per_address = limit * ADDRESS_FACTOR if environment.arena_battles_per_hour_address else 0
    network_buckets = [
        Bucket(f"{kind}:{network.key}", per_address * network.factor, CALL_BURST * ADDRESS_FACTOR * network.factor)
        for network in list_charged_networks(request)
    ]
    _charge_buckets([Bucket(f"{kind}:{get_charged_voter(request)}", per_voter, CALL_BURST), *network_buckets])


def build_battle_buckets(request: HttpRequest) -> list[Bucket]:
    """Return the buckets to charge for a battle: the voter's, the address's, and then its networks', smallest first."""
    return _build_buckets(request, "battle", lambda battles: battles)


def build_turn_buckets(request: HttpRequest) -> list[Bucket]:
    """Return the buckets to charge for a follow-up question or a retry, in the order of `build_battle_buckets`."""
    return _build_buckets(request, "turn", lambda battles: battles * TURNS_PER_BATTLE)


def _build_buckets(request: HttpRequest, kind: str, convert: Callable[[int], int]) -> list[Bucket]:
    """Return buckets with limits that `convert` computes from the hourly limits on battles (0 for no limit)."""
    per_voter = convert(settings.ENVIRONMENT.arena_battles_per_hour)
    per_address = convert(settings.ENVIRONMENT.arena_battles_per_hour_address)
    network_buckets = [
        Bucket(f"{kind}:{network.key}", per_address * network.factor) for network in list_charged_networks(request)
    ]
    return [Bucket(f"{kind}:{get_charged_voter(request)}", per_voter), *network_buckets]


def build_running_limits(request: HttpRequest) -> dict[str, int]:
    """Return the maximum number of battles in progress, keyed by network and account; those without limit are omitted.

    The battles of a single voter are counted by `running_battles.check_voter_limit`.
    """
    limits = {}
    if _get_key_account(request) and settings.ENVIRONMENT.arena_battles_per_hour:
        limits[get_charged_voter(request)] = running_battles.MAX_PER_VOTER
    if settings.ENVIRONMENT.arena_battles_per_hour_address:
        for network in list_charged_networks(request):
            limits[network.key] = running_battles.MAX_PER_ADDRESS * network.factor
    return limits


def get_payer(request: HttpRequest) -> str:
    """Return the pseudonym of the payer, to whom tokens are charged, or "" if addresses have no limit.

    The payer is the client's largest network, unless networks are not charged (see `is_only_voter_charged`). In that
    case, the payer is the voter, or the account of the API key.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return ""
    if not is_only_voter_charged(request):
        return list_charged_networks(request)[-1].key
    return keyed_hash("payer", f"voter {get_charged_voter(request)}")


def is_only_voter_charged(request: HttpRequest) -> bool:
    """Return whether networks are not charged: for keys without an account, and for accounts if login is required."""
    key = api_keys.get_request_key(request)
    if key and not key.user_id:
        return True
    return settings.ENVIRONMENT.is_login_required and (key is not None or is_logged_in(request))


def get_charged_voter(request: HttpRequest) -> str:
    """Return the voter who is charged: the account of the API key, so that all its keys share limits, or the voter."""
    account = _get_key_account(request)
    return f"user:{account}" if account else str(get_voter_id(request))


def _get_key_account(request: HttpRequest) -> int | None:
    key = api_keys.get_request_key(request)
    return key.user_id if key else None


def list_charged_networks(request: HttpRequest) -> list[ClientNetwork]:
    """Return the networks that are charged in addition to the voter, smallest first."""
    return [] if is_only_voter_charged(request) else list_client_networks(request)


def list_client_networks(request: HttpRequest) -> list[ClientNetwork]:
    """Return the client's address and the networks around it, smallest first."""
    networks = list_networks(get_client_address(request))
    return [ClientNetwork(keyed_hash("limit", network.name), network.factor) for network in networks]


def get_subscriber_network(address: str) -> str:
    """Return the IPv4 address or the IPv6 /64, because one IPv6 subscriber can use all addresses of a /64."""
    return list_networks(address)[0].name


class Network(NamedTuple):
    """An address or a network around it, and its quota as a multiple of an address's quota."""

    name: str
    factor: int


def list_networks(address: str) -> list[Network]:
    """Return the networks around an address, smallest first.

    A port and brackets, which some proxies add, are ignored. All text that is not an address is one network.
    """
    if match := PORT_OR_BRACKETS.fullmatch(address):
        address = match[1] or match[2]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return [Network("", 1)]
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    number = int(parsed)
    if isinstance(parsed, ipaddress.IPv4Address):
        return [
            Network(str(ipaddress.IPv4Network((number, bits), strict=False)), factor) for bits, factor in IPV4_NETWORKS
        ]
    return [Network(str(ipaddress.IPv6Network((number, bits), strict=False)), factor) for bits, factor in IPV6_NETWORKS]


@contextmanager
def _charge_or_refund(buckets: list[Bucket], amount: int = 1) -> Iterator[None]:
    _charge_buckets(buckets, amount)
    try:
        yield
    except BaseException:
        rate_limit.refund_buckets(buckets, amount)
        raise


def _charge_buckets(buckets: list[Bucket], amount: int = 1) -> None:
    if wait := rate_limit.charge_buckets(buckets, amount):
        raise quota_error(wait)


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
