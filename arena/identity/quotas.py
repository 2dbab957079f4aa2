"""Quotas of battles, follow-up questions, submissions and API calls, and who is charged for them.

A request is charged to its voter, its address and the networks around the address, because cookies are free and one
IPv6 line has billions of addresses. API keys, and members of a site that requires login, are charged alone: they cannot
be created at will, and a whole office may share their address.
"""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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

# A follow-up costs as much as a battle, but a long conversation should not use up the battles of the hour.
TURNS_PER_BATTLE = 5
CHARACTERS_PER_CHARGE = 8000
# Ten calls per second, without end: this stops runaway programs, not readers.
CALLS_PER_HOUR = 36_000
CALL_BURST = 600  # the calls of one minute
FILES_PER_HOUR = 60  # each file may have millions of votes
ADDRESS_FACTOR = 10  # one address may be a whole office
MINUTES_THRESHOLD_S = 120
BATTLES_PER_SUBMISSION = 3  # submissions: a third of the battles per hour, rounded up; unlimited if battles are
# Prefix lengths, and how many times the quota of an address each network has. A /24 and a /48 are the smallest networks
# that the internet routes separately, so another one is harder to get than another address. A /56 is a home line.
IPV4_NETWORKS = ((32, 1), (24, 4))
IPV6_NETWORKS = ((64, 1), (56, 2), (48, 4))


@dataclass(frozen=True)
class ClientNetwork:
    """A client's address or a network around it: its pseudonym, and how many times the quota of an address it has."""

    key: str
    factor: int


@contextmanager
def charge_battle(request: HttpRequest, prompt: str) -> Iterator[UUID]:
    """Charge a new battle, and refund it if the block raises. Yields the id that the battle must get.

    Raises RequestError 429 `too_many_requests`, or `too_many_running` if too many battles of the address or its
    networks are being answered.
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
def charge_continuation(request: HttpRequest) -> Iterator[None]:
    """Charge a battle that continues another one and asks no model yet. Raises RequestError 429."""
    with _charge_or_refund(build_battle_buckets(request)):
        yield


@contextmanager
def charge_turn(request: HttpRequest, battle: Battle, prompt: str = "") -> Iterator[None]:
    """Charge a follow-up question, or a retry without a prompt, by the length of the whole conversation sent.

    Raises RequestError 429 like `charge_battle`.
    """
    length = battle_lengths.measure_battle_length(battle) + len(prompt)
    with _charge_or_refund(build_turn_buckets(request), _count_charges(length)):
        running_battles.reserve_battle(build_running_limits(request), battle.pk)
        yield


def _count_charges(characters: int) -> int:
    return max(1, -(-characters // CHARACTERS_PER_CHARGE))


def charge_submission(request: HttpRequest) -> None:
    """Charge a submission before it is parsed. Rejected submissions count too, because the cost is in the parsing.

    Raises RequestError 429.
    """
    _charge_buckets(_build_buckets(request, "submission", lambda battles: -(-battles // BATTLES_PER_SUBMISSION)))


def charge_write(request: HttpRequest) -> None:
    """Charge a form that changes something, like a write call of the API. Raises RequestError 429."""
    _charge_fixed_quota(request, "write", CALLS_PER_HOUR)


def charge_file(request: HttpRequest) -> None:
    """Charge a file of votes or battles. Views outside of DRF call it before they send one. Raises RequestError 429."""
    _charge_fixed_quota(request, "file", FILES_PER_HOUR)


def charge_stream(request: HttpRequest) -> None:
    """Charge the opening of an event stream, like a read call of the API. Raises RequestError 429."""
    _charge_fixed_quota(request, "read", CALLS_PER_HOUR)


class CallThrottle(BaseThrottle):
    """Charges every API call of DRF. Reads and writes have separate buckets."""

    def allow_request(self, request: Request, view: object) -> bool:
        http_request = request._request  # noqa: SLF001  # the documented way to Django's request
        kind = "read" if http_request.method in SAFE_METHODS else "write"
        _charge_fixed_quota(http_request, kind, CALLS_PER_HOUR)
        return True


def _charge_fixed_quota(request: HttpRequest, kind: str, limit: int) -> None:
    """Charge buckets with a fixed limit per voter, and ten times that per address.

    A setting of 0 battles per hour also lifts these limits: of the voter or of the address.
    """
    environment = settings.ENVIRONMENT
    per_voter = limit if environment.arena_battles_per_hour else 0
    per_address = limit * ADDRESS_FACTOR if environment.arena_battles_per_hour_address else 0
    network_buckets = [
        Bucket(f"{kind}:{network.key}", per_address * network.factor, CALL_BURST * ADDRESS_FACTOR * network.factor)
        for network in list_charged_networks(request)
    ]
    _charge_buckets([Bucket(f"{kind}:{get_voter_id(request)}", per_voter, CALL_BURST), *network_buckets])


def build_battle_buckets(request: HttpRequest) -> list[Bucket]:
    """The buckets to which a battle is charged: voter, address, and its networks from small to large."""
    return _build_buckets(request, "battle", lambda battles: battles)


def build_turn_buckets(request: HttpRequest) -> list[Bucket]:
    """The buckets to which a follow-up question or a retry is charged, in the same order."""
    return _build_buckets(request, "turn", lambda battles: battles * TURNS_PER_BATTLE)


def _build_buckets(request: HttpRequest, kind: str, convert: Callable[[int], int]) -> list[Bucket]:
    """Buckets whose limits `convert` computes from the settings of battles per hour; 0 means no limit."""
    per_voter = convert(settings.ENVIRONMENT.arena_battles_per_hour)
    per_address = convert(settings.ENVIRONMENT.arena_battles_per_hour_address)
    network_buckets = [
        Bucket(f"{kind}:{network.key}", per_address * network.factor) for network in list_charged_networks(request)
    ]
    return [Bucket(f"{kind}:{get_voter_id(request)}", per_voter), *network_buckets]


def build_running_limits(request: HttpRequest) -> dict[str, int]:
    """Maximum number of battles answered at a time, by network. Empty if there is no limit."""
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return {}
    return {network.key: running_battles.MAX_PER_ADDRESS * network.factor for network in list_charged_networks(request)}


def get_payer(request: HttpRequest) -> str:
    """Pseudonym of the payer of tokens: the largest network, or the account or voter that is charged alone.

    Empty if addresses have no limit. All keys of an account share one payer, because an account may have many keys.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return ""
    if not is_charged_alone(request):
        return list_charged_networks(request)[-1].key
    key = api_keys.get_request_key(request)
    if key and key.user_id:
        return keyed_hash("payer", f"user {key.user_id}")
    return keyed_hash("payer", f"voter {get_voter_id(request)}")


def is_charged_alone(request: HttpRequest) -> bool:
    """Whether the request has an API key, or comes from a member of a site that requires login."""
    if api_keys.get_request_key(request):
        return True
    return settings.ENVIRONMENT.is_login_required and is_logged_in(request)


def list_charged_networks(request: HttpRequest) -> list[ClientNetwork]:
    """The networks charged besides the voter: the address and the networks around it, smallest first."""
    return [] if is_charged_alone(request) else list_client_networks(request)


def list_client_networks(request: HttpRequest) -> list[ClientNetwork]:
    """The client's address and the networks around it, smallest first, no matter who is charged."""
    return [
        ClientNetwork(keyed_hash("limit", name), factor) for name, factor in list_networks(get_client_address(request))
    ]


def get_subscriber_network(address: str) -> str:
    """The network of one subscriber: the IPv4 address, or the IPv6 /64, where every call may use another address."""
    return list_networks(address)[0][0]


def list_networks(address: str) -> list[tuple[str, int]]:
    """The networks around an address with their quota factors, smallest first.

    Text that isn't an address is returned as is, as the only entry.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return [(address, 1)]
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    number = int(parsed)
    if isinstance(parsed, ipaddress.IPv4Address):
        return [(str(ipaddress.IPv4Network((number, bits), strict=False)), factor) for bits, factor in IPV4_NETWORKS]
    return [(str(ipaddress.IPv6Network((number, bits), strict=False)), factor) for bits, factor in IPV6_NETWORKS]


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
    """A 429 to retry after `wait` seconds. `reason` is a sentence that replaces "Hourly limit reached."."""
    seconds = rate_limit.round_up_seconds(wait)
    if seconds > MINUTES_THRESHOLD_S:
        delay = _("%(number)s min") % {"number": -(-seconds // 60)}
    else:
        delay = _("%(number)s s") % {"number": seconds}
    reason = reason or _("Hourly limit reached.")
    detail = _("%(reason)s Try again in %(delay)s.") % {"reason": reason, "delay": delay}
    return RequestError("too_many_requests", detail, 429, retry_after=seconds)
