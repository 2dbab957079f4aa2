"""Deletion of named sets without recent votes: their boards are deleted, their votes stay."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from arena.models import PairWeight, Standing
from ratings.models import Board, Pool, Snapshot

MAX_IDLE_TIME = timedelta(days=30)
MAX_SETS_PER_RUN = 500  # a limit, because no board is published during a run


def delete_idle_sets() -> int:
    """Delete sets without a vote for 30 days, with all their boards; returns the number of deleted sets.

    The next vote on such a set creates it again from all its votes (see `ratings.pipeline.tallies`).
    """
    from ratings.pipeline.board_refresh import REFRESH_LOCK_ID

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFRESH_LOCK_ID])
        idle = dict(_list_idle_sets().values_list("pk", "slug")[:MAX_SETS_PER_RUN])
        PairWeight.objects.filter(pool__in=idle.values()).delete()
        Standing.objects.filter(pool__in=idle.values()).delete()
        Pool.objects.filter(pk__in=idle).delete()
    return len(idle)


def _list_idle_sets() -> QuerySet[Pool]:
    """Sets without a recent snapshot. Each vote leads to a snapshot within seconds, so these sets have no new votes."""
    published = Snapshot.objects.filter(board__pool=OuterRef("pk"), computed_at__gt=Now() - MAX_IDLE_TIME)
    behind = Board.objects.filter(pool=OuterRef("pk"), behind=True)
    return Pool.objects.filter(~Exists(published), ~Exists(behind), kind=Pool.Kind.SHORTLIST).order_by("pk")
