"""Who may see a pool. Every list, page, call, file, and stream that shows something of a pool asks `visible_to`.

Pools that not everyone may see are used only where a viewer has chosen them, never by default.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from arena.identity.api_keys import get_request_key
from arena.identity.voters import get_account
from arena.models import Pool
from core.admin import second_factor


@dataclass(frozen=True)
class Viewer:
    """Someone who looks at pools. Viewers who see the same pools are equal, so caches can be keyed by them.

    granted: the keys of the pools to which this viewer is invited
    sees_all: whether the viewer is an operator
    """

    granted: frozenset[int] = frozenset()
    sees_all: bool = False

    def may_see(self, pool: int, visibility: str) -> bool:
        """Return whether `visible_to` includes the pool with this key and visibility."""
        is_granted = visibility == Pool.Visibility.INVITED and pool in self.granted
        return self.sees_all or visibility == Pool.Visibility.EVERYONE or is_granted


STRANGER = Viewer()


def get_viewer(request: HttpRequest) -> Viewer:
    """Return who sent the request. An API key sees what its account sees, but not as an operator.

    Here, operators are those who may see pools in the admin. This takes queries for accounts alone.
    """
    key = get_request_key(request)
    account = key.user if key else get_account(request)
    if account is None:
        return STRANGER
    is_operator = not key and account.is_staff and account.has_perm("arena.view_pool")
    if is_operator and not second_factor.is_totp_missing(account):
        return Viewer(sees_all=True)
    invited = Pool.objects.filter(visibility=Pool.Visibility.INVITED)
    viewed = Pool.viewers.through.objects.filter(user=account.pk)
    granted = invited.filter(Q(owner__user=account.pk) | Q(pk__in=viewed.values("pool")))
    return Viewer(frozenset(granted.values_list("pk", flat=True)))


def visible_to(viewer: Viewer) -> QuerySet[Pool]:
    """Return the pools that the viewer may see."""
    if viewer.sees_all:
        return Pool.objects.all()
    return Pool.objects.filter(Q(visibility=Pool.Visibility.EVERYONE) | Q(pk__in=viewer.granted))
