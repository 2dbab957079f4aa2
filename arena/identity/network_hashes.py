"""Networks of clients as hashes: under a random salt of the week, in a table, which is deleted after thirty days.

Each battle has the hash of the network that it was started from, and so has a row that waits for an operator. A network
is a /24 of IPv4 and a /48 of IPv6, since a home's line has 256 networks of the size of a /64. After thirty days nobody
can compute a hash any more.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from django.db.models.functions import Now
from django.http import HttpRequest

from arena.identity import quotas
from arena.identity.voters import get_client_address
from arena.models import Battle, NetworkSalt

NETWORK_HASH_RETENTION = timedelta(days=30)


def compute_network_hashes(request: HttpRequest) -> list[str]:
    """Hashes of the client's network under all salts that there are, this week's first."""
    _get_current_salt()
    salts = NetworkSalt.objects.order_by("-week").values_list("salt", flat=True)
    return [_hash_network(request, bytes(salt)) for salt in salts]


def compute_current_hash(request: HttpRequest) -> str:
    """The hash of the client's network under this week's salt, 64 hexadecimal digits."""
    return _hash_network(request, _get_current_salt())


def _get_current_salt() -> bytes:
    today = datetime.now(UTC).date()
    week = today - timedelta(days=today.weekday())
    return bytes(NetworkSalt.objects.get_or_create(week=week, defaults={"salt": secrets.token_bytes(32)})[0].salt)


def _hash_network(request: HttpRequest, salt: bytes) -> str:
    largest, _ = quotas.list_networks(get_client_address(request))[-1]
    return hmac.new(salt, largest.encode(), hashlib.sha256).hexdigest()


def delete_expired_hashes() -> int:
    """Delete the salts and the hashes of battles of more than thirty days ago; returns how many there were."""
    salts = NetworkSalt.objects.filter(week__lte=datetime.now(UTC).date() - NETWORK_HASH_RETENTION).delete()[0]
    return salts + Battle.objects.filter(created_at__lte=Now() - NETWORK_HASH_RETENTION).exclude(network="").update(
        network=""
    )
