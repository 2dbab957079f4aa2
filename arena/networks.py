"""Networks of clients as hashes: under a random salt of the week, in a table, which is deleted after thirty days.

What waits for an operator is counted by network: of IPv4 a /24, of IPv6 a /48, for a home's line has 256 networks of
the size of a /64. Who was here more than thirty days ago nobody can compute any more.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest

from arena import charges
from arena.models import NetworkSalt
from arena.voters import address

KEPT = timedelta(days=30)


def hashes(request: HttpRequest) -> list[str]:
    """Hashes of the client's network under all salts that there are, this week's first."""
    today = datetime.now(UTC).date()
    NetworkSalt.objects.get_or_create(
        week=today - timedelta(days=today.weekday()), defaults={"salt": secrets.token_bytes(32)}
    )
    largest, _ = charges.networks(address(request))[-1]
    name = largest.encode()
    salts = NetworkSalt.objects.order_by("-week").values_list("salt", flat=True)
    return [hmac.new(bytes(salt), name, hashlib.sha256).hexdigest() for salt in salts]


def delete_old_salts() -> int:
    """Returns how many salts were deleted."""
    return NetworkSalt.objects.filter(week__lte=datetime.now(UTC).date() - KEPT).delete()[0]
