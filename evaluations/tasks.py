"""Celery tasks for evaluations."""

from celery import shared_task


@shared_task(name="evaluations.advance", ignore_result=True)
def advance() -> None:
    """Request further answers, and open the evaluations whose answers are all made."""
    from evaluations.rating import stages

    stages.advance_all()
