"""Deletes the pools and boards of named sets without recent votes. The votes themselves are not deleted."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from arena.models import PairWeight, Standing
from ratings.models import Board, Pool, Snapshot
from ratings.pipeline import refresh_lease

MAX_IDLE_TIME = timedelta(days=30)
MAX_SETS_PER_RUN = 500  # limits the duration of a run, because no board is published during a run


def delete_idle_sets() -> int:
    """Delete the pools and boards of sets that have had no vote for 30 days. Return the number of deleted sets.

    The next vote on a deleted set creates its pool again from all votes on the set (see `ratings.pipeline.tallies`).
    """
    # Each new vote makes a board outdated and produces a snapshot within seconds.
    recent_snapshots = Snapshot.objects.filter(board__pool=OuterRef("pk"), computed_at__gt=Now() - MAX_IDLE_TIME)
    outdated_boards = Board.objects.filter(pool=OuterRef("pk"), behind=True)
    sets = Pool.objects.filter(~Exists(recent_snapshots), ~Exists(outdated_boards), kind=Pool.Kind.SHORTLIST)
    with refresh_lease.lock_tallies():
        idle = dict(sets.order_by("pk").values_list("pk", "slug")[:MAX_SETS_PER_RUN])
        PairWeight.objects.filter(pool__in=idle.values()).delete()
        Standing.objects.filter(pool__in=idle.values()).delete()
        Pool.objects.filter(pk__in=idle).delete()
    return len(idle)
