"""The model for answers: what a worker makes for a contestant.

An answer is a side of a turn in a battle, or a *single answer* to a question of a question set, made outside battles.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from arena.models.battles import SIDES, Turn
from arena.models.contestants import Contestant
from arena.models.questions import Question


class Answer(models.Model):
    """The answer of one side in one turn, or a single answer to a question of a set.

    At most one worker owns it at a time (see `arena.answers.leases`).
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    class Failure(models.TextChoices):
        TIMEOUT = "timeout"
        UNAVAILABLE = "unavailable"
        REFUSED = "refused"
        TOO_LONG = "too_long"
        EMPTY = "empty"
        REJECTED = "rejected"  # the provider rejected the request as invalid for an unknown reason
        STOPPED = "stopped"  # the voter stopped the answer before its first word
        BUSY = "busy"  # no slot became free, so the model was not called

        @property
        def public_reason(self) -> str:
            """The reason that the voter sees after the models are revealed."""
            if self in (self.REJECTED, self.STOPPED, self.BUSY):
                return Answer.Failure.UNAVAILABLE.value
            return self.value

    # Failures that the endpoint caused. Only these count toward the public failure rate.
    CAUSED_BY_ENDPOINT = frozenset({Failure.TIMEOUT, Failure.UNAVAILABLE})
    # Failures that a voter can cause on purpose, for one model but not for another.
    CAUSED_BY_QUESTION = frozenset({Failure.REFUSED, Failure.TOO_LONG, Failure.EMPTY, Failure.REJECTED})

    turn: "models.ForeignKey[Turn | None, Turn]" = models.ForeignKey(  # type: ignore[misc]  # its readers know which it has
        Turn, models.CASCADE, null=True, related_name="answers"
    )
    side = models.CharField(max_length=1, blank=True, db_default="", choices=[(side, side) for side in SIDES])
    question: "models.ForeignKey[Question | None, Question]" = models.ForeignKey(  # type: ignore[misc]  # as above
        Question, models.CASCADE, null=True, db_index=False, related_name="answers"
    )
    contestant = models.ForeignKey(Contestant, models.PROTECT, db_index=False, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveIntegerField(
        default=0, help_text="Increases with each claim, so that late writes are ignored."
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="Number of claims since the answer was requested.")
    lease_until = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(db_default=Now())
    text = models.TextField(blank=True, help_text="While the answer is running, the text released so far.")
    reasoning = models.TextField(blank=True)
    stopped = models.BooleanField(default=False, help_text="Whether the voter stopped the answer early.")
    cut = models.BooleanField(default=False, db_default=False, help_text="Whether the answer ended at a length limit.")
    failure = models.CharField(max_length=12, blank=True, choices=Failure)
    started_at = models.DateTimeField(null=True)
    first_token_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("side",)
        indexes = [
            models.Index("id", condition=Q(state="running"), name="answer_running"),
            models.Index("queued_at", condition=Q(state="queued", turn__isnull=False), name="answer_queued"),
            models.Index("turn", condition=Q(state="failed"), name="answer_failed"),
            models.Index(
                "contestant", "id", condition=Q(state__in=("queued", "running"), turn=None), name="answer_queued_single"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=("turn", "side"), name="answer_unique"),
            models.UniqueConstraint(
                fields=("question", "contestant"), condition=Q(question__isnull=False), name="answer_single_unique"
            ),
            models.CheckConstraint(
                condition=Q(turn__isnull=False, question__isnull=True, side__in=SIDES)
                | Q(turn__isnull=True, question__isnull=False, side=""),
                name="answer_of_turn_or_question",
            ),
        ]

    def __str__(self) -> str:
        return f"side {self.side} of turn {self.turn_id}" if self.side else f"answer to question {self.question_id}"
