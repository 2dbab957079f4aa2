"""Sets of models that visitors have named, and on which nobody votes any more: their boards go, their votes stay."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from arena.models import PairWeight, Standing
from ratings.models import Board, Pool, Snapshot

IDLE = timedelta(days=30)
MOST = 500  # at a time, for meanwhile no board is published


def drop() -> int:
    """Delete the sets without a vote for 30 days, with all their boards; returns how many.

    The next vote on such a set makes it anew, from all its votes (see `ratings.pipeline.tallies`).
    """
    from ratings.pipeline.board_refresh import LOCK

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        idle = dict(_idle().values_list("pk", "slug")[:MOST])
        for of_pool in (PairWeight, Standing):
            of_pool.objects.filter(pool__in=idle.values()).delete()
        Pool.objects.filter(pk__in=idle).delete()
    return len(idle)


def _idle() -> QuerySet[Pool]:
    """A board is published within seconds of each vote, so the newest snapshot tells when the last vote came."""
    of_pool = {"board__pool": OuterRef("pk")}
    published = Snapshot.objects.filter(**of_pool, computed_at__gt=Now() - IDLE)
    behind = Board.objects.filter(pool=OuterRef("pk"), behind=True)
    return Pool.objects.filter(~Exists(published), ~Exists(behind), kind=Pool.Kind.SHORTLIST).order_by("pk")
