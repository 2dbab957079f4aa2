"""What operators ask of the ratings worker in the admin; what came of it is written into the log of changes."""

from celery import shared_task

from config import changes
from ratings.models import Pool

EXPIRES_S = 600


@shared_task(name="config.recompute", ignore_result=True)
def recompute(slug: str, who: str, *, from_scratch: bool) -> None:
    from ratings import boards  # scipy is slow to load, and only this worker needs it

    pool = Pool.objects.get(slug=slug)
    published = boards.recompute([pool], from_scratch=from_scratch)
    changes.note(who, "recomputed", pool, after={"boards": len(published)})


@shared_task(name="config.verify", ignore_result=True)
def verify(slug: str, who: str) -> None:
    from ratings import verifying

    pool = Pool.objects.get(slug=slug)
    if pool.kind == Pool.Kind.REFERENCE:
        changes.note(who, "verified", pool, after={"found": "its boards are somebody else's: no votes to verify"})
        return
    try:
        result = {"as the votes say": True, "found": str(verifying.verify([pool]))}
    except verifying.Differs as difference:
        result = {"as the votes say": False, "found": str(difference)}
    changes.note(who, "verified", pool, after=result)
