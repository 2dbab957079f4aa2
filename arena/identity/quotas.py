"""Who is charged for what: battles, further questions, submissions, calls of the API and the work of pages.

A voter is charged, and with the voter the address and the networks that it lies in: cookies cost nothing, and of IPv6
addresses one line has billions. An API key, and a member of an arena that requires a login, is charged alone: they
cannot be made at will, and a whole office may share their address.
"""

import ipaddress
from collections.abc import Iterator
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

# Asking again costs as much as a battle; but who talks at length should not lose the battles of the hour by it.
TURNS_PER_BATTLE = 5
CHARACTERS_PER_CHARGE = 8000
# Against programs that run wild, not against readers: ten a second for ever.
CALLS_PER_HOUR = 36_000
CALL_BURST = 600  # of a minute
FILES_PER_HOUR = 60  # each may be a record of millions of votes
ADDRESS_FACTOR = 10  # one address may be a whole office
MINUTES_THRESHOLD_S = 120
BATTLES_PER_SUBMISSION = 3  # a third of the battles of the hour, rounded up; no limit where these have none
# What an address may do times so much is what its network may. A /24 and a /48 are the smallest networks that the
# internet routes by themselves, so that nobody gets another one as easily as another address; a /56 is a home's line.
IPV4_NETWORKS = ((32, 1), (24, 4))
IPV6_NETWORKS = ((64, 1), (56, 2), (48, 4))


@dataclass(frozen=True)
class ClientNetwork:
    """A client's address, or a network that it lies in: a pseudonym, and how many addresses it counts as."""

    key: str
    factor: int


@contextmanager
def charge_battle(request: HttpRequest, prompt: str) -> Iterator[UUID]:
    """Around the making of a battle, which is charged if it is made. Gives the id that it must get.

    Raises Refusal 429 `too_many_requests`, and `too_many_running` while too many of the address are being answered.
    """
    key = uuid4()
    with _charge_or_refund(build_battle_buckets(request), _count_charges(len(prompt))):
        running_battles.reserve_battle(build_running_limits(request), key)
        yield key


@contextmanager
def charge_continuation(request: HttpRequest) -> Iterator[None]:
    """Around the making of a battle that goes on from another one: no model is asked yet. Raises Refusal 429."""
    with _charge_or_refund(build_battle_buckets(request)):
        yield


@contextmanager
def charge_turn(request: HttpRequest, of: Battle, prompt: str = "") -> Iterator[None]:
    """Around a further question, or without one another try: the models are sent all that came before, too.

    Raises Refusal 429 as `charge_battle` does.
    """
    with _charge_or_refund(
        build_turn_buckets(request), _count_charges(battle_lengths.measure_battle_length(of) + len(prompt))
    ):
        running_battles.reserve_battle(build_running_limits(request), of.pk)
        yield


def _count_charges(characters: int) -> int:
    return max(1, -(-characters // CHARACTERS_PER_CHARGE))


def charge_submission(request: HttpRequest) -> None:
    """Before something for the catalogue is read. Every try counts, for reading is what costs. Raises Refusal 429."""
    environment = settings.ENVIRONMENT
    each, together = environment.arena_battles_per_hour, environment.arena_battles_per_hour_address
    _charge_buckets(
        _buckets(request, "submission", -(-each // BATTLES_PER_SUBMISSION), -(-together // BATTLES_PER_SUBMISSION))
    )


def charge_write(request: HttpRequest) -> None:
    """Before a page changes something: it counts as the call of a program that does the same. Raises Refusal 429."""
    _charge_call(request, "write")


def charge_file(request: HttpRequest) -> None:
    """Before a whole record is sent, by a view that is not DRF's. Raises Refusal 429."""
    _charge_buckets(_build_fixed_buckets(request, "file", FILES_PER_HOUR))


def charge_stream(request: HttpRequest) -> None:
    """Before a stream of events is opened: it counts as a call that reads. Raises Refusal 429."""
    _charge_call(request, "read")


class CallThrottle(BaseThrottle):
    """DRF asks it before each call; reads and writes have buckets of their own."""

    def allow_request(self, request: Request, view: object) -> bool:
        plain = request._request  # noqa: SLF001  # the documented way to Django's request
        _charge_call(plain, "read" if plain.method in SAFE_METHODS else "write")
        return True


def _charge_call(request: HttpRequest, kind: str) -> None:
    _charge_buckets(_build_fixed_buckets(request, kind, CALLS_PER_HOUR))


def _build_fixed_buckets(request: HttpRequest, what: str, each: int) -> list[Bucket]:
    """Limits that hang on the two settings only by their zero: then there are none of a voter, or of an address."""
    environment = settings.ENVIRONMENT
    of_voter = each if environment.arena_battles_per_hour else 0
    of_address = each * ADDRESS_FACTOR if environment.arena_battles_per_hour_address else 0
    of_origins = [
        Bucket(f"{what}:{origin.key}", of_address * origin.factor, CALL_BURST * ADDRESS_FACTOR * origin.factor)
        for origin in list_charged_networks(request)
    ]
    return [Bucket(f"{what}:{get_voter_id(request)}", of_voter, CALL_BURST), *of_origins]


def build_battle_buckets(request: HttpRequest) -> list[Bucket]:
    """What a battle is charged to: the voter, the address, and its networks from small to large."""
    return _build_scaled_buckets(request, "battle", 1)


def build_turn_buckets(request: HttpRequest) -> list[Bucket]:
    """The same for a further question."""
    return _build_scaled_buckets(request, "turn", TURNS_PER_BATTLE)


def _build_scaled_buckets(request: HttpRequest, what: str, factor: int) -> list[Bucket]:
    environment = settings.ENVIRONMENT
    each, together = environment.arena_battles_per_hour, environment.arena_battles_per_hour_address
    return _buckets(request, what, each * factor, together * factor)


def _buckets(request: HttpRequest, what: str, each: int, together: int) -> list[Bucket]:
    of_origins = [Bucket(f"{what}:{origin.key}", together * origin.factor) for origin in list_charged_networks(request)]
    return [Bucket(f"{what}:{get_voter_id(request)}", each), *of_origins]


def build_running_limits(request: HttpRequest) -> dict[str, int]:
    """Origin → how many of its battles may be answered at a time; empty where there is no limit."""
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return {}
    return {each.key: running_battles.MAX_PER_ADDRESS * each.factor for each in list_charged_networks(request)}


def build_board_stream_limits(request: HttpRequest) -> dict[str, int]:
    """Who is charged for a stream of boards → how many of them may be open. Most who read boards have no voter."""
    most = settings.ENVIRONMENT.arena_streams_per_voter * ADDRESS_FACTOR
    if is_charged_alone(request):
        return {str(get_voter_id(request)): most}
    return {each.key: most * each.factor for each in list_charged_networks(request)}


def build_battle_stream_limits(request: HttpRequest) -> dict[str, int]:
    """Who is charged for a stream of a battle → how many of them may be open."""
    most = settings.ENVIRONMENT.arena_streams_per_voter
    of_voter = {str(get_voter_id(request)): most}
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return of_voter
    return of_voter | {each.key: most * ADDRESS_FACTOR * each.factor for each in list_charged_networks(request)}


def get_payer(request: HttpRequest) -> str:
    """A pseudonym of whom tokens are charged to: the largest network, or the account or voter that is charged alone.

    Empty where addresses have no limit. All keys of an account pay together, for it may have many.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return ""
    if not is_charged_alone(request):
        return list_charged_networks(request)[-1].key
    key = api_keys.get_request_key(request)
    return keyed_hash("payer", f"user {key.user_id}" if key and key.user_id else f"voter {get_voter_id(request)}")


def is_charged_alone(request: HttpRequest) -> bool:
    """Whether the request comes with an API key, or from a member of an arena that requires a login."""
    if api_keys.get_request_key(request):
        return True
    return settings.ENVIRONMENT.is_login_required and is_logged_in(request)


def list_charged_networks(request: HttpRequest) -> list[ClientNetwork]:
    """What is charged beside the voter: the address and its networks, the smallest first."""
    return [] if is_charged_alone(request) else list_client_networks(request)


def list_client_networks(request: HttpRequest) -> list[ClientNetwork]:
    """Where the request comes from, whoever sends it: the address and its networks, the smallest first."""
    return [
        ClientNetwork(keyed_hash("limit", name), factor) for name, factor in list_networks(get_client_address(request))
    ]


def get_subscriber_network(address: str) -> str:
    """What one subscriber has: of IPv6 a /64, in which anybody may choose another address for every call."""
    return list_networks(address)[0][0]


def list_networks(address: str) -> list[tuple[str, int]]:
    """The networks of an address with their factors, the smallest first; of what is no address it alone."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return [(address, 1)]
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if isinstance(parsed, ipaddress.IPv4Address):
        return [
            (str(ipaddress.IPv4Network((int(parsed), bits), strict=False)), factor) for bits, factor in IPV4_NETWORKS
        ]
    return [(str(ipaddress.IPv6Network((int(parsed), bits), strict=False)), factor) for bits, factor in IPV6_NETWORKS]


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
        raise build_quota_error(wait)


def build_quota_error(wait: float, reached: str = "") -> RequestError:
    """A 429 to try again after `wait` seconds; `reached` is the sentence that names the limit, if not an hourly one."""
    seconds = rate_limit.round_up_seconds(wait)
    after = _("%(number)s s") % {"number": seconds}
    if seconds > MINUTES_THRESHOLD_S:
        after = _("%(number)s min") % {"number": -(-seconds // 60)}
    reached = reached or _("Hourly limit reached.")
    detail = _("%(reached)s Try again in %(after)s.") % {"reached": reached, "after": after}
    return RequestError("too_many_requests", detail, 429, retry_after=seconds)
