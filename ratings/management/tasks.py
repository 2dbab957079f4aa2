"""Ratings worker tasks that operators queue in the admin. Results are written to the audit log."""

from threading import Thread

from celery import shared_task
from django.db import connections

from core.admin import audit
from ratings.models import Pool

EXPIRES_S = 600


@shared_task(name="ratings.recompute", ignore_result=True)
def recompute(slug: str, username: str, *, from_scratch: bool) -> None:
    from ratings.pipeline import board_refresh  # loads scipy, which is slow to import

    pool = Pool.objects.get(slug=slug)
    published = board_refresh.recompute_boards([pool], from_scratch=from_scratch)
    audit.record_change(username, "recomputed", pool, after={"boards": len(published)})


@shared_task(name="ratings.verify", ignore_result=True)
def verify(slug: str, username: str) -> None:
    """Verify the tallies in a separate thread. This can take minutes and must not delay board updates."""
    Thread(target=_run_verification, args=(slug, username), name="verify", daemon=True).start()


def _run_verification(slug: str, username: str) -> None:
    try:
        pool = Pool.objects.get(slug=slug)
        audit.record_change(username, "verified", pool, after=_compare_with_votes(pool))
    finally:
        connections.close_all()


def _compare_with_votes(pool: Pool) -> dict[str, object]:
    from ratings.pipeline import verification

    if pool.kind == Pool.Kind.REFERENCE:
        return {"result": "a reference pool has no votes to verify"}
    try:
        return {"matches": True, "result": str(verification.verify_tallies([pool]))}
    except verification.TallyMismatch as mismatch:
        return {"matches": False, "result": str(mismatch)}
