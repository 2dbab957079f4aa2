"""Tables of the evaluations app.

An *evaluation* lets invited *raters* judge contestants blind, on a question set with answers made beforehand. It has a
pool of its own, which holds its contestants (`Contestant.pool`), its owner (`Pool.owner`), and its votes. An *entry* is
a contestant that takes part. An *item* is a question with the answers of two entries, which several raters can judge.
An *assignment* is an item in the hands of a rater. Its verdict becomes a vote when it can no longer be undone.
"""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Random

from arena.models import Answer, Contestant, Pool, Question, QuestionSet, Vote

# The choices that constraints name stand outside the models, because `Meta` cannot see names in its model.


class _Stage(models.TextChoices):
    DRAFT = "draft"
    ANSWERING = "answering"
    OPEN = "open"
    CLOSED = "closed"


class _Verdict(models.TextChoices):
    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"
    SKIP = "skip"


class Evaluation(models.Model):
    """Contestants, questions, and raters, and the rules by which items are handed out.

    Contestants, questions, and instructions do not change after the draft. The name and the slug are those of the pool.
    """

    State = _Stage

    pool = models.OneToOneField(Pool, models.PROTECT, related_name="evaluation")
    question_set = models.OneToOneField(QuestionSet, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=_Stage, default=_Stage.DRAFT)
    per_rater = models.PositiveIntegerField(null=True, blank=True, help_text="Questions per rater. Empty: all.")
    overlap = models.FloatField(default=0.2, help_text="Share of the items that a second rater gets, too.")
    margin = models.FloatField(default=70.0, help_text="The difference that matters, in Elo points.")
    instructions = models.TextField(blank=True, help_text="For raters.")
    budget_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    budget_usd = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="Since when items are handed out.")
    closed_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the results were first opened, which can be before the close."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=_Stage.values), name="evaluation_state"),
            models.CheckConstraint(condition=Q(overlap__gte=0, overlap__lte=1), name="evaluation_overlap"),
        ]

    def __str__(self) -> str:
        return self.pool.name


class Entry(models.Model):
    """A contestant that takes part in an evaluation. It belongs to the evaluation's pool.

    source: the slug of the shared contestant from which its settings were copied. Empty if its answers were made
        elsewhere.
    control_of: the entry that is entered again as a control, with the same settings
    """

    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="entries")
    contestant = models.OneToOneField(Contestant, models.PROTECT, related_name="entry")
    position = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200, blank=True)
    control_of = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="controls")

    class Meta:
        ordering = ("position",)
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.contestant.name


class Rater(models.Model):
    """A person who judges under a link. The link is the only proof of who it is, and only its hash is stored.

    id: the voter of the rater's votes
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="raters")
    number = models.PositiveSmallIntegerField(help_text="Names the rater in files, as rater-1.")
    label = models.CharField(max_length=100, blank=True, help_text="Seen by the owner and viewers only.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 hash of the token in the link.")
    had_seen_results = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Since when the link is dead.")

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("evaluation", "number"), name="rater_number")]

    def __str__(self) -> str:
        return self.label or f"rater-{self.number}"


class Item(models.Model):
    """A question with two finished, different answers: what a rater judges. All are made when rating opens.

    handed: the number of assignments, without those given back
    overlap: whether it was drawn for a second rater
    draw: a random number that breaks ties
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    evaluation = models.ForeignKey(Evaluation, models.CASCADE, db_index=False, related_name="items")
    question = models.ForeignKey(Question, models.CASCADE, related_name="+")
    contestant_a = models.ForeignKey(Contestant, models.PROTECT, db_index=False, related_name="+")
    contestant_b = models.ForeignKey(Contestant, models.PROTECT, db_index=False, related_name="+")
    # The items go with their questions. DO_NOTHING lets answers of battles be deleted without a look at this table.
    answer_a = models.ForeignKey(Answer, models.DO_NOTHING, db_index=False, related_name="+")
    answer_b = models.ForeignKey(Answer, models.DO_NOTHING, db_index=False, related_name="+")
    overlap = models.BooleanField(db_default=False)
    handed = models.PositiveIntegerField(db_default=0)
    draw = models.FloatField(db_default=Random())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(contestant_a__lt=F("contestant_b")), name="item_order"),
            models.UniqueConstraint(
                fields=("evaluation", "question", "contestant_a", "contestant_b"), name="item_unique"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Assignment(models.Model):
    """An item that a rater holds, has judged, or has skipped for good (the verdict `skip`).

    flipped: whether answer a of the item is shown on side b. The verdict names sides as shown.
    until: when a held item goes back
    vote: the vote of a verdict that can no longer be undone
    """

    Verdict = _Verdict

    item = models.ForeignKey(Item, models.CASCADE, db_index=False, related_name="assignments")
    rater = models.ForeignKey(Rater, models.CASCADE, related_name="assignments")
    flipped = models.BooleanField()
    skips = models.PositiveSmallIntegerField(default=0)
    handed_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    verdict = models.CharField(max_length=8, blank=True, choices=_Verdict)
    reasons = models.JSONField(default=dict)
    comment = models.TextField(blank=True)
    judged_at = models.DateTimeField(null=True)
    vote = models.OneToOneField(Vote, models.PROTECT, null=True, related_name="assignment")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("item", "rater"), name="assignment_once"),
            models.CheckConstraint(condition=Q(verdict__in=("", *_Verdict.values)), name="assignment_verdict"),
            models.CheckConstraint(condition=Q(verdict="") ^ Q(judged_at__isnull=False), name="assignment_judged"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} of {self.rater_id}"


class Look(models.Model):
    """Who first opened the results, and when. A voter is an account's voter or a browser's."""

    evaluation = models.ForeignKey(Evaluation, models.CASCADE, related_name="looks")
    voter = models.UUIDField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=("evaluation", "voter"), name="look_once")]

    def __str__(self) -> str:
        return f"{self.voter} at {self.at:%Y-%m-%d %H:%M}"
