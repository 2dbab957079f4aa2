"""Limits on the number of open streams, for `core.http.sse.acquire_slot`.

A network's limit is a multiple of a voter's limit, as in `arena.identity.quotas`.
"""

from django.conf import settings
from django.http import HttpRequest

from arena.identity.quotas import (
    ADDRESS_FACTOR,
    get_charged_voter,
    is_only_voter_charged,
    list_charged_networks,
)


def build_battle_stream_limits(request: HttpRequest) -> dict[str, int]:
    """Return the maximum number of open battle streams (0 for no limit), keyed by voter or network."""
    per_voter = settings.ENVIRONMENT.arena_streams_per_voter
    limits = {get_charged_voter(request): per_voter}
    if settings.ENVIRONMENT.arena_battles_per_hour_address:
        for network in list_charged_networks(request):
            limits[network.key] = per_voter * ADDRESS_FACTOR * network.factor
    return limits


def build_board_stream_limits(request: HttpRequest) -> dict[str, int]:
    """Return the maximum number of open board streams (0 for no limit), keyed by voter or network.

    Only networks have a limit, because most readers of boards are not voters. If no networks are charged (see
    `quotas.is_only_voter_charged`), the voter has the limit of an address.
    """
    per_address = settings.ENVIRONMENT.arena_streams_per_voter * ADDRESS_FACTOR
    if is_only_voter_charged(request):
        return {get_charged_voter(request): per_address}
    return {network.key: per_address * network.factor for network in list_charged_networks(request)}
