"""Sets of models that visitors have named, and on which nobody votes any more: their boards go, their votes stay."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from arena.models import PairWeight, Standing
from ratings.models import Board, Pool, Snapshot

MAX_IDLE_TIME = timedelta(days=30)
MAX_SETS_PER_RUN = 500  # at a time, for meanwhile no board is published


def delete_idle_sets() -> int:
    """Delete the sets without a vote for 30 days, with all their boards; returns how many.

    The next vote on such a set makes it anew, from all its votes (see `ratings.pipeline.tallies`).
    """
    from ratings.pipeline.board_refresh import REFRESH_LOCK_ID

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFRESH_LOCK_ID])
        idle = dict(_list_idle_sets().values_list("pk", "slug")[:MAX_SETS_PER_RUN])
        for of_pool in (PairWeight, Standing):
            of_pool.objects.filter(pool__in=idle.values()).delete()
        Pool.objects.filter(pk__in=idle).delete()
    return len(idle)


def _list_idle_sets() -> QuerySet[Pool]:
    """A board is published within seconds of each vote, so the newest snapshot tells when the last vote came."""
    of_pool = {"board__pool": OuterRef("pk")}
    published = Snapshot.objects.filter(**of_pool, computed_at__gt=Now() - MAX_IDLE_TIME)
    behind = Board.objects.filter(pool=OuterRef("pk"), behind=True)
    return Pool.objects.filter(~Exists(published), ~Exists(behind), kind=Pool.Kind.SHORTLIST).order_by("pk")
