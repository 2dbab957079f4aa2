"""Hashes clients' networks with a random weekly salt, which is deleted after 30 days.

A battle stores the hash of the network that it was started from, and its vote keeps it even if the battle is deleted.
While a submission or a published battle waits for review, it stores the hash of the sender's network. A network is a
/24 in IPv4 or a /48 in IPv6, the smallest networks that are routed separately on the internet. After a salt is deleted,
its hashes can no longer be recomputed from addresses.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest

from arena.identity import quotas
from arena.identity.voters import get_client_address
from arena.models import Battle, NetworkSalt, Vote

NETWORK_HASH_RETENTION = timedelta(days=30)
_salts: dict[date, bytes] = {}  # this week's salt, keyed by the week's Monday


def compute_network_hashes(request: HttpRequest) -> list[str]:
    """Return the hashes of the client's network with all stored salts, newest first."""
    _get_current_salt()
    salts = NetworkSalt.objects.order_by("-week").values_list("salt", flat=True)
    return [_hash_network(request, bytes(salt)) for salt in salts]


def compute_current_hash(request: HttpRequest) -> str:
    """Return the hash of the client's network with this week's salt, as 64 hexadecimal digits."""
    return _hash_network(request, _get_current_salt())


def _get_current_salt() -> bytes:
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    salt = _salts.get(monday)
    if salt is None:
        row, _created = NetworkSalt.objects.get_or_create(week=monday, defaults={"salt": secrets.token_bytes(32)})
        salt = bytes(row.salt)
        if not connection.in_atomic_block:  # otherwise, the row could be rolled back
            _salts.clear()
            _salts[monday] = salt
    return salt


def _hash_network(request: HttpRequest, salt: bytes) -> str:
    largest_network = list(quotas.list_networks(get_client_address(request)))[-1]
    return hmac.new(salt, largest_network.encode(), hashlib.sha256).hexdigest()


def delete_expired_hashes() -> int:
    """Delete salts, and network hashes of battles and votes, that are older than 30 days. Return how many."""
    last_expired_day = datetime.now(UTC).date() - NETWORK_HASH_RETENTION
    salt_count, _ = NetworkSalt.objects.filter(week__lte=last_expired_day).delete()
    expired = {"created_at__lte": Now() - NETWORK_HASH_RETENTION}
    battle_count = Battle.objects.filter(**expired).exclude(network="").update(network="")
    vote_count = Vote.objects.filter(**expired).exclude(network="").update(network="")
    return salt_count + battle_count + vote_count
